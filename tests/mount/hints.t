#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is said of a mount that is busy, hung, stopped or dead points to what helps.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir mnt src other
# serve: starts a server, $server, and a process that keeps the mount busy.
serve() { bg hellofs mnt 2>/dev/null; server=$bg; within 5 mounted "$T/mnt"; cat mnt/hello >/dev/null; hold; }
hold() { bg bash -c 'cd mnt && exec sleep 100'; holder=$bg; within 5 open_in "$T/mnt" "$holder"; }
over() { kill -KILL "$server" "$holder"; fumount -qR mnt; } 2>/dev/null

serve
exits 32 'fumount of a busy mount' fumount mnt
is 'a busy mount whose server answers: the error suggests -l' "$(head -n 1 <<<"$err")" 'fumount: mnt: busy; fumount -l detaches it'
exits 32 'fumount --json of a busy mount' fumount --json mnt
like '--json has the name of the error' "$out" '\{"event":"busy","error":"EBUSY","text":"busy; fumount -l detaches it"\}'
exits 32 'fumount -a with a busy mount' fumount -a
like '-a suggests -l as well' "$err" "^fumount: $T/mnt: busy; fumount -l detaches it"
# /proc shows the server by its descriptor: requests may wait at other mounts of the machine, too.
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
	like 'the error names the stopped server, and suggests -R' "$(head -n 1 <<<"$err")" \
		": busy: its server $server \\(hellofs\\) is stopped, 1 request waits; fumount -R recovers it \\(kill -CONT $server resumes the server\\)$"
done
exits 32 'fumount of a busy mount with a stopped server' fumount mnt
like 'fumount names the process that waits for the mount' "$err" "fumount: mnt: $bg [(]python3[.0-9]*[)] of root waits for it: [a-z]+, for [0-9]+[.][0-9] s"
exits 0 'fuse-info of a mount with a stopped server' fuse-info mnt
like 'fuse-info names the process that waits' "$out" "waits_for_it +$bg [(]python3[.0-9]*[)] of root: [a-z]+, for [0-9]+[.][0-9] s"
# A process of another test may be named, too, if it begins to wait elsewhere just then.
like 'fuse-info --json names the process that waits' "$(fuse-info --json mnt)" "\"waiters\":\\[.*\{\"pid\":$bg,\"user\":\"root\",\"command\":\"python3[.0-9]*\",\"call\":\"[a-z]+\",\"waited_ms\":[0-9]+\}.*\],\"holders"
like 'fuse-info suggests the same steps' "$out" "to_resume +kill -CONT $server"$'\n'"  to_clear +fumount -R $T/mnt"
exits 1 'hellofs over a mount with a stopped server' hellofs mnt
like 'the error suggests -R and --replace-stale' "$err" 'hellofs: .*mnt: already mounted; .*fumount -R or --replace-stale'
exits 0 'fumount -R of a mount with a stopped server' fumount -R mnt
like '-R reports that it resumes the server' "$err" "fumount: mnt: its server, process $server, is resumed by SIGCONT"
like '-R reports that waiting processes get an error' "$err" 'is aborted: waiting processes get an error'
unlike '-R prints no count of zero' "$err" ' 0 waiting'
over

faulty mute "$T/mnt"
server=$(newest faulty)
pids+=("$server")
bg stat mnt/none
within 5 blocked "$bg"
exits 0 'fuse-info of a hung mount' fuse-info mnt
like 'fuse-info says how to keep it, and how to clear it' "$out" $'\n'"  to_keep +fumount --wake $T/mnt"$'\n'"  to_clear +fumount -R $T/mnt"
exits 0 'fumount -R of a hung mount' fumount -R mnt

serve
stop "$server"
conn=$(conn_of "$T/mnt")
bg cat mnt/none
within 5 blocked "$bg"
exits 0 'fumount -l of a mount with a stopped server' fumount -l mnt
like '-l reports that a request still waits' "$err" "connection $conn stays, and 1 of its requests still waits; fumount -R conn:$conn ends that"
exits 0 'the command that -l suggests succeeds' fumount -R "conn:$conn"
ok 'the process that waited ends' within 5 gone "$bg"
over

serve
kill -KILL "$server"
within 5 gone "$server"
exits 32 'fumount of a busy mount with a dead server' fumount mnt
# A process that still has the device of an earlier connection of this number cannot be told from a
# server whose connection was aborted.
like 'the error about a dead server suggests -R' "$(head -n 1 <<<"$err")" '^fumount: mnt: busy: its (server is dead|connection is over); fumount -R recovers it$'
over

# So no process is called the server of a connection that is over.
serve
stop "$server"
fumount --abort mnt 2>/dev/null
exits 32 'fumount of a busy, aborted mount with a stopped server' fumount mnt
is 'the error about an aborted mount suggests -R, and names no process' "$(head -n 1 <<<"$err")" 'fumount: mnt: busy: its connection is over; fumount -R recovers it'
over

# ---- -r ----

passfs -b src mnt
hold
exits 0 'fumount -r of a busy mount' fumount -r mnt
is 'the error: fumount: mnt: busy: now read-only' "$err" 'fumount: mnt: busy: now read-only'
like 'the mount table shows for mnt: ro,nosuid,nodev,relatime .* ro,' "$(mount_line "$T/mnt")" ' ro,nosuid,nodev,relatime .* ro,'
ok 'after -r no file can be written' eval '! touch mnt/file 2>/dev/null'
kill "$holder"; within 5 gone "$holder"
exits 0 'fumount -r of a mount that is not busy' fumount -r mnt
ok '-r unmounts a mount that is not busy' unmounted "$T/mnt"
passfs -b src mnt
hold
exits 0 'fumount -a -r of a busy mount' fumount -ar
is '-a -r reports that the mount is read-only now' "$err" "fumount: $T/mnt: busy: now read-only"
exec 7<mnt
exits 0 'umount.fuse -r' umount.fuse -r mnt
exec 7<&-
kill "$holder"; within 5 gone "$holder"
fumount mnt
passfs -b src mnt
exec 7>mnt/open
exits 32 'fumount -r while a file is open for writing' fumount -r mnt
like 'the error: busy; fumount -l detaches it' "$err" 'busy; fumount -l detaches it'
exec 7>&-
exits 1 '-r -l' fumount -rl mnt
is 'the error tells that -r excludes -l' "$err" 'fumount: -r excludes -l, -f, -R and --abort; see fumount --help'
fumount mnt

# ---- Servers ----

exits 1 '--threads=0' hellofs --threads=0 mnt
is 'the error: hellofs: --threads: wanted 1 to 64; see hellofs --help' "$err" 'hellofs: --threads: wanted 1 to 64; see hellofs --help'
exits 1 '--ready-fd=77' hellofs --ready-fd=77 mnt
is 'the error: hellofs: --ready-fd: not an open descriptor; see hellofs --help' "$err" 'hellofs: --ready-fd: not an open descriptor; see hellofs --help'
exits 0 '-b' hellofs -b -s mnt
is 'hellofs -b -s prints nothing' "$err" ''
fumount mnt
exits 0 '-b -v' hellofs -bv mnt
is 'the error: Mounting hellofs on "mnt"' "$err" 'Mounting hellofs on "mnt"'
exits 0 'fumount --json of a mount that is not busy' fumount --json mnt
like '--json has the event unmounted' "$out" '"events":\[\{"event":"unmounted","text":"unmounted"\}\],"status":0'
exits 0 'mount.hellofs' mount.hellofs none mnt
is 'mount.hellofs prints nothing' "$err" ''
fumount mnt
exits 0 'mount.hellofs -v' mount.hellofs none mnt -v
is 'mount.hellofs -v prints what it mounts' "$err" 'Mounting hellofs on "mnt"'
fumount mnt
exits 0 '-o auto_unmount' hellofs -b -o auto_unmount mnt
server=$(fuse-info --json mnt | sed 's/.*"pid":\([0-9]*\).*/\1/')
kill -KILL "$server"
ok '-o auto_unmount unmounts when the server is killed' within 5 unmounted "$T/mnt"

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
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("notify")
while True: print(repr(s.recv(200).decode()), flush=True)
PY
pids+=($!)
ok 'the notify socket exists' within 5 test -S notify
export NOTIFY_SOCKET=$T/notify
hellofs -b mnt
unset NOTIFY_SOCKET
server=$(fuse-info --json mnt | sed 's/.*"pid":\([0-9]*\).*/\1/')
ok 'hellofs -b tells systemd its process' within 5 grep -qx "'READY=1.nMAINPID=$server'" heard
hold
kill -TERM "$server"
ok 'a busy mount at the stop is told to systemd' within 5 grep -qx "'STOPPING=1.nSTATUS=busy: served until no process holds it'" heard
kill "$holder"
within 5 gone "$server"
bg env NOTIFY_SOCKET="$T/notify" fmount --keep mnt -- hellofs
keeper=$bg
ok 'fmount --keep tells systemd that it is ready' within 5 grep -qx "'READY=1.nSTATUS=serving; started again 0 times'" heard
hold
kill -TERM "$keeper"
ok 'fmount --keep tells systemd that it stops' within 5 grep -qx "'STOPPING=1'" heard
ok 'fmount --keep tells systemd that the mount is busy' within 5 grep -qx "'STATUS=busy: served until no process holds it'" heard
kill "$holder"
ok 'the keeper ends once no process holds the mount' within 5 gone "$keeper"
finish
