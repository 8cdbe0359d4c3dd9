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

exits 0 'nothing is mounted' hellofs -b --replace-stale mnt
is 'serves' "$(cat mnt/hello)" hello
exits 1 'a server that answers' hellofs -b --replace-stale mnt
is 'is left alone' "$err" "hellofs: mnt: not stale: process $(server_of mnt) serves it"
is 'and serves' "$(cat mnt/hello)" hello
crash
exits 1 'without the option a dead mount' hellofs -b mnt
like 'is refused' "$err" 'already mounted; .*--replace-stale'
exits 0 'replaced' hellofs -b --replace-stale mnt
is 'the next serves' "$(cat mnt/hello)" hello
is 'alone' "$(layers)" 1
crash
exits 0 'another server, by -o' passfs -b -o replace-stale src mnt
is 'serves, too' "$(cat mnt/file)" data
is 'alone, too' "$(layers)" 1
kill -KILL "$(server_of mnt)"
within 5 is_dead
exits 0 'in the sandbox' passfs -b --sandbox --replace-stale src mnt
is 'it serves' "$(cat mnt/file)" data
fumount mnt

# Two dead ones, one on the other.
hellofs -b mnt
below=$(server_of mnt)
fmount --beneath --wait mnt -- hellofs
is 'two layers' "$(layers)" 2
pids+=("$below")
for pid in $(fuse-info --json -n | grep -o '"server":{"pid":[0-9]*' | grep -o '[0-9]*$'); do kill -KILL "$pid"; within 5 gone "$pid"; done
within 5 is_dead
exits 0 'a stack of dead ones' hellofs -b --replace-stale mnt
is 'is cleared' "$(layers)" 1
is 'and served' "$(cat mnt/hello)" hello
fumount mnt

# One that hangs, and its waiter.
faulty mute "$T/mnt"
bg stat mnt/none 2>/dev/null; waiter=$bg
within 5 blocked "$waiter"
exits 0 'one that hangs' hellofs -b --replace-stale mnt
ok 'its waiter gets an error' within 5 gone "$waiter"
is 'the next server answers' "$(cat mnt/hello)" hello

# The word is a path, and never the source of another mount.
exits 1 'a directory that is not there' hellofs -b --replace-stale hellofs
like 'is named' "$err" '^hellofs: hellofs: .*make the directory first'
is 'a mount by that source stays' "$(cat mnt/hello)" hello
fumount mnt

# ---- The unit ----

unit=$top/configs/systemd/passfs@.service
value() { sed -n "s/^$1=//p" "$unit"; }
is 'the process beside the server may tell' "$(value Type) $(value NotifyAccess) $(value Restart)" 'notify all on-failure'
python3 - >heard <<'PY' &
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("notify"); s.settimeout(60)
while True: print(repr(s.recv(200).decode()), flush=True)
PY
pids+=($!)
within 5 test -S notify
# As systemd does: $WORD is split, ${WORD} is not.
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
	ok "start $times" within 5 eval '[ "$(grep -c READY=1 heard)" = "$times" ]'
	is 'serves' "$(cat mnt/file)" data
	is 'alone' "$(layers)" 1
	[ "$times" = 3 ] || { kill -KILL "$bg"; within 5 is_dead; }
done
kill -TERM "$bg"
ok 'the stop is told' within 5 grep -qx "'STOPPING=1'" heard
ok 'and unmounts' within 5 unmounted "$T/mnt"
if command -v systemd-analyze >/dev/null; then
	sed "s,/usr/bin/,$BUILD/bin/," "$unit" >'passfs@.service'
	is 'systemd finds nothing wrong' "$(systemd-analyze verify --man=no "$T/passfs@.service" 2>&1)" ''
fi
finish
