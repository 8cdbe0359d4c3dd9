#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuse-info --metrics: what Prometheus' parser reads, of every state, without touching a mount.
. "$(dirname "$0")/../lib.sh"
start 60
need python3
mkdir kept good dead mute $'odd "\\\n\033name'
odd="$T/"$'odd "\\\n\033name'
hellofs -b "$T/good"
hellofs -b "$odd"
faulty good "$T/dead"
abort_detach -a "$T/dead" 2>/dev/null || { mkdir ctl; mount -t fusectl none ctl; echo 1 >"ctl/$(conn_of "$T/dead")/abort"; }
faulty mute "$T/mute"
bg stat mute/none
within 5 blocked "$bg"
bg fmount --keep kept -- hellofs 2>/dev/null
keeper=$bg
served() { server=$(child_named hellofs "$keeper") && [ "$server" ]; }
within 5 served && cat kept/hello >kept.hello
kill -KILL "$server"
within 5 grep -qx fuse-keep:1 "/proc/$keeper/comm" && cat kept/hello >kept.hello
mount --bind good good	# two mounts on one directory

# Parses the text format strictly: HELP and TYPE once, all samples of a metric together, each once.
cat >parse.py <<'P'
import re, sys
samples, done, now, seen = {}, set(), None, set()
label = r'([a-z_]+)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
for line in sys.stdin.buffer.read().decode().split('\n')[:-1]:
    if line.startswith('# HELP '):
        assert line.split()[2] not in done, line
        now = line.split()[2]; done.add(now)
    elif line.startswith('# TYPE '):
        assert line == '# TYPE %s %s' % (now, 'counter' if now.endswith('_total') else 'gauge'), line
    else:
        m = re.fullmatch(r'([a-z_]+)\{(%s(?:,%s)*)\} (\d+)' % (label, label), line)
        assert m and m[1] == now, repr(line)
        key = (m[1], m[2])
        assert key not in seen, line
        seen.add(key)
        labels = {k: re.sub(r'\\(.)', r'\1', v) for k, v in re.findall(label, m[2])}
        samples.setdefault(m[1], []).append((labels, int(m[m.lastindex])))
def of(name, end, **more): return [v for l, v in samples.get(name, []) if l['mountpoint'].endswith(end) and all(l[k] == x for k, x in more.items())]
def state(end): return sorted({l['state'] for l, v in samples['fuse_mount_state'] if l['mountpoint'].endswith(end) and v})
print(eval(sys.argv[1]))
P
exits 0 'fuse-info --metrics succeeds' fuse-info --metrics
say() { python3 parse.py "$1" <<<"$out" 2>&1 | tail -n 1; }
is '--metrics has all metrics' "$(say 'sorted(samples)')" "['fuse_mount_info', 'fuse_mount_server_age_seconds', 'fuse_mount_server_pid', 'fuse_mount_server_restarts_total', 'fuse_mount_state', 'fuse_mount_waiting_requests', 'fusebox_build_info']"
is 'state of a mount that serves' "$(say 'state("/good")')" "['serving']"
is 'state of a dead mount' "$(say 'state("/dead")[0] in ("dead", "aborted")')" True
is 'state of a hung mount' "$(say 'state("/mute")')" "['hung']"
is 'each possible state of a mount is a sample' "$(say 'len(of("fuse_mount_state", "/mute"))')" 8
is 'each mount is in one state' "$(say '{sum(of("fuse_mount_state", end)) for end in ("/mute", "/dead", "/kept", "name")}')" '{1}'
is 'the metric of waiting requests' "$(say 'of("fuse_mount_waiting_requests", "/mute"), of("fuse_mount_waiting_requests", "/good")')" '([1], [0, 0])'
is 'pid of the server' "$(say 'len(of("fuse_mount_server_pid", "/good")) == 2 and all(p > 1 for p in of("fuse_mount_server_pid", "/good"))')" True
is 'age of the server' "$(say 'max(of("fuse_mount_server_age_seconds", "/good")) < 100')" True
is 'restarts of a mount that is kept' "$(say 'of("fuse_mount_server_restarts_total", "/kept"), samples["fuse_mount_server_restarts_total"][1:]')" '([1], [])'
is 'type and connection of a mount' "$(say 'of("fuse_mount_info", "/good", type="fuse.hellofs", connection="'"$(conn_of "$T/good")"'")')" '[1, 1]'
is 'a name is escaped as in the tables' "$(say '[l["mountpoint"] for l, v in samples["fuse_mount_info"] if "odd" in l["mountpoint"]][0].split("/")[-1]')" 'odd "\\\n\033name'
unlike 'no escape character of a name is printed' "$out" $'\033'
# The keeper is about to start a server, and does not.
server=$(child_named hellofs "$keeper")
stop "$keeper"
kill -KILL "$server"
within 5 gone "$server"
exits 0 'fuse-info --metrics while a server is started again' fuse-info --metrics
is 'state of a mount whose server is started again' "$(say 'state("/kept")')" "['restarting']"
kill -CONT "$keeper"
exits 1 '--metrics with a target is refused' fuse-info --metrics good
exits 1 '--metrics with --json is refused' fuse-info --metrics --json
bg unshare -m --propagation private sh -c 'mkdir in; hellofs -b "$PWD/in"; touch ready; exec sleep 60'
within 10 test -e ready
exits 0 '-A' fuse-info -A --metrics
is '-A --metrics has the mounts of other namespaces' "$(say 'len(of("fuse_mount_info", "/in"))')" 1
nsenter -t "$bg" -m fumount "$T/in" 2>/dev/null
# Where nothing is mounted, a monitor gets complete output, too.
exits 0 '--metrics where nothing is mounted' unshare -m --propagation private bash -c 'umount -lt fuse.hellofs,fuse.faulty -a; fuse-info --metrics'
is '--metrics has the version where nothing is mounted' "$(say 'samples["fusebox_build_info"][0][0]["version"] != ""')" True
finish
