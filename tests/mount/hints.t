#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is said of a mount that is busy, hung, stopped or dead points to what helps.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir mnt src other
# serve: a server whose pid is $server, and a process that holds the mount.
serve() { bg hellofs mnt 2>/dev/null; server=$bg; within 5 mounted "$T/mnt"; cat mnt/hello >/dev/null; hold; }
hold() { bg bash -c 'cd mnt && exec sleep 100'; holder=$bg; within 5 open_in "$T/mnt" "$holder"; }
over() { kill -KILL "$server" "$holder"; fumount -qR mnt; } 2>/dev/null

serve
exits 32 'busy' fumount mnt
is 'a server that answers: -l' "$(head -n 1 <<<"$err")" 'fumount: mnt: busy; fumount -l detaches it'
exits 32 'in JSON' fumount --json mnt
like 'with the name of the error' "$out" '\{"event":"busy","error":"EBUSY","text":"busy; fumount -l detaches it"\}'
exits 32 '-a' fumount -a
like 'says the same' "$err" "^fumount: $T/mnt: busy; fumount -l detaches it"
# By a descriptor, which /proc shows: requests may wait at other mounts of the machine, too.
bg python3 -c 'import os, time
fd = os.open("mnt", os.O_RDONLY)
while not os.path.exists("go"): time.sleep(0.02)
os.stat("none", dir_fd=fd)' 2>/dev/null
within 5 open_in "$T/mnt" "$bg"
stop "$server"
touch go
within 5 blocked "$bg"
for how in "mnt" "-a"; do
	exits 32 "busy, and stopped: $how" fumount "$how"
	like 'names the server, and -R' "$(head -n 1 <<<"$err")" \
		": busy: its server $server \\(hellofs\\) is stopped, 1 request waits; fumount -R recovers it \\(kill -CONT $server resumes the server\\)$"
done
exits 32 'busy, and stopped' fumount mnt
like 'names who waits' "$err" "fumount: mnt: $bg [(]python3[.0-9]*[)] of root waits for it: [a-z]+, for [0-9]+[.][0-9] s"
exits 0 'fuse-info' fuse-info mnt
like 'names it, too' "$out" "waits_for_it +$bg [(]python3[.0-9]*[)] of root: [a-z]+, for [0-9]+[.][0-9] s"
like 'in JSON' "$(fuse-info --json mnt)" "\"waiters\":\\[\{\"pid\":$bg,\"user\":\"root\",\"command\":\"python3[.0-9]*\",\"call\":\"[a-z]+\",\"waited_ms\":[0-9]+\}\]"
like 'has the same steps' "$out" "to_resume +kill -CONT $server"$'\n'"  to_clear +fumount -R $T/mnt"
exits 1 'mounting over it' hellofs mnt
like 'names -R and --replace-stale' "$err" 'hellofs: .*mnt: already mounted; .*fumount -R or --replace-stale'
exits 0 '-R' fumount -R mnt
like 'tells that the server is resumed' "$err" "fumount: mnt: its server, process $server, is resumed by SIGCONT"
like 'and what waiting processes get' "$err" 'is aborted: waiting processes get an error'
unlike 'and counts nothing that is not there' "$err" ' 0 waiting'
over

serve
stop "$server"
conn=$(conn_of "$T/mnt")
bg cat mnt/none
within 5 blocked "$bg"
exits 0 '-l' fumount -l mnt
like 'says that processes stay stuck' "$err" "connection $conn stays, and 1 of its requests still waits; fumount -R conn:$conn ends that"
exits 0 'as that says' fumount -R "conn:$conn"
ok 'the process in the background ends' within 5 gone "$bg"
over

serve
kill -KILL "$server"
within 5 gone "$server"
exits 32 'busy, and dead' fumount mnt
# A process that still has the device of an earlier connection of this number cannot be told from a
# server that was cut off.
like 'names -R' "$(head -n 1 <<<"$err")" '^fumount: mnt: busy: its server (is dead|[0-9]+ .* is cut off); fumount -R recovers it$'
over

# ---- -r ----

passfs -b src mnt
hold
exits 0 '-r' fumount -r mnt
is 'the error: fumount: mnt: busy: now read-only' "$err" 'fumount: mnt: busy: now read-only'
like 'the mount table shows for mnt: ro,nosuid,nodev,relatime .* ro,' "$(mount_line "$T/mnt")" ' ro,nosuid,nodev,relatime .* ro,'
ok 'nothing is written' eval '! touch mnt/file 2>/dev/null'
kill "$holder"; within 5 gone "$holder"
exits 0 '-r, not busy' fumount -r mnt
ok 'unmounts' unmounted "$T/mnt"
passfs -b src mnt
hold
exits 0 '-a -r' fumount -ar
is 'as well' "$err" "fumount: $T/mnt: busy: now read-only"
exec 7<mnt
exits 0 'umount.fuse -r' umount.fuse -r mnt
exec 7<&-
kill "$holder"; within 5 gone "$holder"
fumount mnt
passfs -b src mnt
exec 7>mnt/open
exits 32 '-r, and a file is open for writing' fumount -r mnt
like 'the error: busy; fumount -l detaches it' "$err" 'busy; fumount -l detaches it'
exec 7>&-
exits 1 '-r -l' fumount -rl mnt
is 'exclude each other' "$err" 'fumount: -r excludes -l, -f, -R and --abort; see fumount --help'
fumount mnt

# ---- Servers ----

exits 1 '--threads=0' hellofs --threads=0 mnt
is 'the error: hellofs: --threads: wanted 1 to 64; see hellofs --help' "$err" 'hellofs: --threads: wanted 1 to 64; see hellofs --help'
exits 1 '--ready-fd=77' hellofs --ready-fd=77 mnt
is 'the error: hellofs: --ready-fd: not an open descriptor; see hellofs --help' "$err" 'hellofs: --ready-fd: not an open descriptor; see hellofs --help'
exits 0 '-b' hellofs -b -s mnt
is 'says nothing' "$err" ''
fumount mnt
exits 0 '-b -v' hellofs -bv mnt
is 'the error: Mounting hellofs on "mnt"' "$err" 'Mounting hellofs on "mnt"'
exits 0 'in JSON' fumount --json mnt
like 'unmounted is told without -v' "$out" '"events":\[\{"event":"unmounted","text":"unmounted"\}\],"status":0'
exits 0 'mount.hellofs' mount.hellofs none mnt
is 'says nothing' "$err" ''
fumount mnt
exits 0 'mount.hellofs -v' mount.hellofs none mnt -v
is 'does' "$err" 'Mounting hellofs on "mnt"'
fumount mnt
exits 0 '-o auto_unmount' hellofs -b -o auto_unmount mnt
server=$(fuse-info --json mnt | sed 's/.*"pid":\([0-9]*\).*/\1/')
kill -KILL "$server"
ok 'unmounts when the server is killed' within 5 unmounted "$T/mnt"

# ---- Names of connections ----

for said in 'conn:abc: not a number' 'conn:9999999: no FUSE mount has this number' 'mnt-id:x: not a number' 'mnt-id:1: no FUSE mount has this number'; do
	exits 32 "fumount ${said%%: *}" fumount "${said%%: *}"
	is "says: ${said#*: }" "$err" "fumount: $said"
	exits 1 "fuse-info ${said%%: *}" fuse-info "${said%%: *}"
	is "says: ${said#*: }" "$err" "fuse-info: $said"
done
exits 32 '--abort of none' fumount --abort conn:9999999
is 'the error: fumount: conn:9999999: no such connection' "$err" 'fumount: conn:9999999: no such connection'

# ---- systemd ----

python3 - >heard 2>/dev/null <<'PY' &
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("notify"); s.settimeout(20)
while True: print(repr(s.recv(200).decode()), flush=True)
PY
pids+=($!)
ok 'a notify socket' within 5 test -S notify
export NOTIFY_SOCKET=$T/notify
hellofs -b mnt
unset NOTIFY_SOCKET
server=$(fuse-info --json mnt | sed 's/.*"pid":\([0-9]*\).*/\1/')
ok '-b names its process' within 5 grep -qx "'READY=1.nMAINPID=$server'" heard
hold
kill -TERM "$server"
ok 'busy: that and why' within 5 grep -qx "'STOPPING=1.nSTATUS=busy: served until no process holds it'" heard
kill "$holder"
finish
