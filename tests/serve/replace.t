#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --replace-stale of the servers: one that crashed is started again. And systemd's unit that does it.
. "$(dirname "$0")/../lib.sh"
start 120
need python3
mkdir mnt src
echo data >src/file
server_of() { fuse-info --json "$1" | sed -n 's/.*"server":{"pid":\([0-9]*\).*/\1/p'; }
layers() { own_mounts | grep -c " $T/mnt$"; }
is_dead() { ! head -c1 mnt/hello && [[ $(head -c1 mnt/hello 2>&1) = *'not connected' ]]; }
crash() { kill -KILL "$(server_of mnt)"; within 5 is_dead; }

exits 0 '--replace-stale where nothing is mounted' hellofs -b --replace-stale mnt
is 'hellofs serves where nothing was mounted' "$(cat mnt/hello)" hello
exits 1 '--replace-stale over a server that answers' hellofs -b --replace-stale mnt
is 'the error names the server that answers' "$err" "hellofs: mnt: not stale: process $(server_of mnt) serves it"
is 'the server that answers still serves' "$(cat mnt/hello)" hello
crash
exits 1 'hellofs over a dead mount, without --replace-stale' hellofs -b mnt
like 'the error suggests --replace-stale' "$err" 'already mounted; .*--replace-stale'
exits 0 '--replace-stale over a dead mount' hellofs -b --replace-stale mnt
is 'the new hellofs serves' "$(cat mnt/hello)" hello
is 'one mount is left' "$(layers)" 1
crash
exits 0 'passfs -o replace-stale over a dead hellofs' passfs -b -o replace-stale src mnt
is 'the new passfs serves' "$(cat mnt/file)" data
is 'one mount of passfs is left' "$(layers)" 1
kill -KILL "$(server_of mnt)"
within 5 is_dead
exits 0 'passfs --sandbox --replace-stale' passfs -b --sandbox --replace-stale src mnt
is 'the caged passfs serves' "$(cat mnt/file)" data
fumount mnt

# Two dead mounts, one on top of the other.
hellofs -b mnt
below=$(server_of mnt)
fmount --beneath --wait mnt -- hellofs
is 'two dead mounts are stacked' "$(layers)" 2
pids+=("$below")
for pid in $(fuse-info --json -n | grep -o '"server":{"pid":[0-9]*' | grep -o '[0-9]*$'); do kill -KILL "$pid"; within 5 gone "$pid"; done
within 5 is_dead
exits 0 '--replace-stale over a stack of dead mounts' hellofs -b --replace-stale mnt
is 'one mount is left of the stack' "$(layers)" 1
is 'the mount in place of the stack serves' "$(cat mnt/hello)" hello
fumount mnt

# A hung mount, and a process that waits for it.
faulty mute "$T/mnt"
bg stat mnt/none 2>/dev/null; waiter=$bg
within 5 blocked "$waiter"
exits 0 '--replace-stale over a hung mount' hellofs -b --replace-stale mnt
ok 'the process that waited gets an error' within 5 gone "$waiter"
is 'the new server answers' "$(cat mnt/hello)" hello

# The operand is a path, never the source of another mount.
exits 1 '--replace-stale with a mountpoint that does not exist' hellofs -b --replace-stale hellofs
like 'the error names the mountpoint that does not exist' "$err" '^hellofs: hellofs: .*make the directory first'
is 'a mount by that source stays' "$(cat mnt/hello)" hello
fumount mnt

# ---- The unit ----

unit=$top/configs/systemd/passfs@.service
value() { sed -n "s/^$1=//p" "$unit"; }
is 'the unit lets the process beside the server notify systemd' "$(value Type) $(value NotifyAccess) $(value Restart)" 'notify all on-failure'
python3 - >heard <<'PY' &
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("notify"); s.settimeout(60)
while True: print(repr(s.recv(200).decode()), flush=True)
PY
pids+=($!)
within 5 test -S notify
# Expands the unit's command as systemd does: $WORD is split, ${WORD} is not.
serve_unit()
{
	local word words=()
	for word in $(value ExecStart); do
		case $word in
		/usr/bin/*) words+=("$BUILD/bin/${word#/usr/bin/}") ;;
		\$OPTIONS) words+=(--ro '--hide=*.key') ;;
		\$\{SOURCE\}) words+=("$T/src") ;;
		\$\{MOUNTPOINT\}) words+=("$T/mnt") ;;
		*) words+=("$word") ;;
		esac
	done
	bg env NOTIFY_SOCKET="$T/notify" "${words[@]}" 2>said
}
for times in 1 2 3; do
	serve_unit
	ok "start $times tells systemd READY=1" within 5 eval '[ "$(grep -c READY=1 heard)" = "$times" ]'
	is 'the mount serves after the start' "$(cat mnt/file)" data
	is 'one mount is there after the start' "$(layers)" 1
	[ "$times" = 3 ] || { kill -KILL "$bg"; within 5 is_dead; }
done
kill -TERM "$bg"
ok 'the stop tells systemd STOPPING=1' within 5 grep -qx "'STOPPING=1'" heard
ok 'the stop unmounts' within 5 unmounted "$T/mnt"
if command -v systemd-analyze >/dev/null; then
	sed "s,/usr/bin/,$BUILD/bin/," "$unit" >'passfs@.service'
	is 'systemd-analyze verify finds no fault in the unit' "$(systemd-analyze verify --man=no "$T/passfs@.service" 2>&1)" ''
	sed "s,/usr/bin/,$BUILD/bin/," "${unit%@*}-keep@.service" >'passfs-keep@.service'
	is 'nor in that of fmount --keep' "$(systemd-analyze verify --man=no "$T/passfs-keep@.service" 2>&1)" ''
fi
finish
