#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuse-info --trace and --top count what strace sees of the server, over 100,000 requests; and 1,000
# replacements under readers, here and in mount namespaces like containers', who never find nothing.
. "$(dirname "$0")/../lib.sh"
start 2400
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

# What a reader gets, each change once: a reader that meets the dead mount again, once it has been
# replaced, has more changes than there are replacements. The one in this mount namespace makes no pause.
rounds=${REPLACEMENTS:-1000}
cat >read.py <<'P'
import errno, os, sys, time
last, pause = None, 0.001 if sys.argv[2:] else 0
while not os.path.exists('stop'):
    if pause: time.sleep(pause)
    try: now = open(sys.argv[1]).read()
    except OSError as e: now = errno.errorcode[e.errno]
    if now != last: print(now, flush=True)
    last = now
P
server_of() { fuse-info --json "$1" | sed -n 's/.*"server":{"pid":\([0-9]*\).*/\1/p'; }
kill_server() { local pid; pid=$(server_of mnt) && [ -n "$pid" ] && kill -KILL "$pid"; }
dead() { ! head -c 1 mnt/hello; }
declare -A inside=() place=()
# container NAME PLACE OPTIONS COMMANDS: a mount namespace with unshare's OPTIONS, and a reader of PLACE there.
container()
{
	# shellcheck disable=SC2086
	bg unshare -m $3 bash -c "$4
		touch ready.$1; exec python3 read.py $2/hello pause >seen.$1"
	within 10 test -e "ready.$1"
	inside[$1]=$bg place[$1]=$2
}
mkdir binds
# --reattach finds the dead mounts of this source in all mount namespaces, and leaves those of other tests alone.
fmount --wait -s "${T##*.}" mnt -- hellofs
container private mnt '--propagation private' :
container slave mnt '--propagation slave' :
container readonly binds '--propagation private' "mount --bind mnt binds; mount -o remount,bind,ro,noexec binds"
container user mnt '-Ur --propagation slave' :
container pivoted /data '--propagation private' "mkdir root; mount -t tmpfs none root; mkdir root/{old,data}
	for d in bin lib lib64 usr proc; do mkdir root/\$d; mount --rbind /\$d root/\$d; done
	mkdir -p root/$T; mount --bind $T root/$T; mount --bind mnt root/data
	pivot_root root root/old; umount -l /old; cd $T"
bg python3 read.py mnt/hello >seen.outside; outside=$bg
for _ in $(seq "$rounds"); do
	within 5 kill_server || echo 'no server'
	within 5 dead || echo 'not dead'
	fmount --wait --replace-stale -s "${T##*.}" mnt -- hellofs || echo 'not replaced'
	cat mnt/hello >/dev/null || echo 'not served'
	fmount --reattach mnt >/dev/null || echo 'not reattached'
	for name in "${!inside[@]}"; do
		at=${place[$name]}
		[ "$at" = /data ] || at=$T/$at
		nsenter -t "${inside[$name]}" -m /bin/cat "$at/hello" >/dev/null || echo "not served in $name"
	done
done >failures 2>&1
touch stop
wait "$outside" "${inside[@]}"
is "each of $rounds replacements serves, here and in each mount namespace" "$(sort failures | uniq -c)" ''
for name in outside "${!inside[@]}"; do
	is "$name: a reader gets the dead mount or the new one, and nothing else" \
		"$(sort -u "seen.$name" | grep -vx 'ECONNABORTED\|ENOTCONN')" hello
	ok "$name: the dead mount is not met again once it is replaced" [ "$(grep -c ENOTCONN "seen.$name")" -le "$rounds" ]
	ok "$name: the reader meets many of the mounts" [ "$(grep -c hello "seen.$name")" -gt $((rounds / 2)) ]
done
finish
