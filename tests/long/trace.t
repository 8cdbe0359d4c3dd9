#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuse-info --trace and --top count what strace sees of the server, over 100,000 requests; and 1,000
# replacements under readers, who never find nothing.
. "$(dirname "$0")/../lib.sh"
start 900
need strace python3
mkdir mnt tracefs
mount -t tracefs none tracefs
recording() { local d; for d in tracefs/instances/fusebox-"$1"-*; do [ "$(cat "$d/events/fuse/fuse_request_send/enable")" = 1 ]; done; }

bg strace -f -xx -s 8 -e trace=read -o strace hellofs --transport=dev -f "$T/mnt"
within 20 mounted "$T/mnt"
fuse-info --trace "$T/mnt" >trace 2>traced & tracer=$!; pids+=("$tracer")
within 10 recording "$tracer"
fuse-info --top=600 --json "$T/mnt" >top & counter=$!; pids+=("$counter")
within 10 recording "$counter"
python3 -c 'import os
for i in range(99000): os.statvfs("mnt")
for i in range(1000):
    try: os.stat("mnt/none%d" % i)
    except OSError: pass
os.listdir("mnt"); open("mnt/hello").read()'
fumount "$T/mnt"
wait "$tracer" "$counter"
# In strace's output the second word of what the server reads is the operation.
python3 - >counts <<'P'
import collections, json, re
names = {1: 'LOOKUP', 3: 'GETATTR', 14: 'OPEN', 15: 'READ', 17: 'STATFS', 18: 'RELEASE', 22: 'GETXATTR', 25: 'FLUSH',
         27: 'OPENDIR', 28: 'READDIR', 29: 'RELEASEDIR', 39: 'IOCTL', 44: 'READDIRPLUS'}
seen = collections.Counter()
for line in open('strace'):
    m = re.search(r'\\x\w\w\\x\w\w\\x\w\w\\x\w\w\\x(\w\w)\\x(\w\w)\\x00\\x00".*= (\d+)$', line)
    if m and int(m[3]) >= 40: seen[int(m[1], 16) + 256 * int(m[2], 16)] += 1
strace = {names[n]: c for n, c in seen.items() if n in names}
trace = collections.Counter(line.split()[3] for line in open('trace') if not line.lstrip().startswith('TIME'))
top = {o['operation']: o['count'] for o in json.load(open('top'))['mounts'][0]['operations']}
print('strace', sorted(strace.items()))
print('trace ', sorted(trace.items()))
print('top   ', sorted(top.items()))
trace.pop('INIT', None), top.pop('INIT', None)
lost = int(re.search(r'(\d+) events? lost', open('traced').read())[1])
missing = sum((collections.Counter(strace) - trace).values())
print(sum(strace.values()) >= 100000, missing <= lost and not trace - collections.Counter(strace), top == strace)
P
diag "$(head -n 3 counts)"
is 'fuse-info counts as many of each operation as strace' "$(tail -n 1 counts)" 'True True True'

# ---- Replacements ----

cat >read.py <<'P'
import errno, os
seen = set()
while not os.path.exists('stop'):
    try: seen.add(open('mnt/hello').read())
    except OSError as e: seen.add(errno.errorcode[e.errno])
print(sorted(seen))
P
server_of() { fuse-info --json "$1" | sed -n 's/.*"server":{"pid":\([0-9]*\).*/\1/p'; }
kill_server() { local pid; pid=$(server_of mnt) && [ -n "$pid" ] && kill -KILL "$pid"; }
dead() { ! head -c 1 mnt/hello; }
fmount --wait mnt -- hellofs
bg unshare -m --propagation private bash -c 'touch ready; exec python3 read.py >seen.inside'
within 10 test -e ready
inside=$bg
bg python3 read.py; outside=$bg
for _ in $(seq "${REPLACEMENTS:-1000}"); do
	within 5 kill_server || echo 'no server'
	within 5 dead || echo 'not dead'
	fmount --wait --replace-stale mnt -- hellofs || echo bad
	fmount --reattach mnt >/dev/null || echo bad
	cat mnt/hello >/dev/null || echo bad
	nsenter -t "$inside" -m cat "$T/mnt/hello" >/dev/null || echo bad
done >failures 2>&1
touch stop
wait "$inside" "$outside"
is 'each replacement of a dead mount serves, here and in another mount namespace' "$(sort failures | uniq -c)" ''
unlike 'a reader in the other mount namespace never gets ENOENT' "$(cat seen.inside)" ENOENT
finish
