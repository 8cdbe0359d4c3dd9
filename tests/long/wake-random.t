#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake is killed at random moments, and then run once more: no thread of the server is left stopped, each
# waiter gets the error, and the server works. With the server of the tests, with passfs, whose SOURCE hangs, and with
# sshfs, whose far side is stopped. WAKE_KILLS: how often in all.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../mount/wake.sh"
own_pids
start $((300 + ${WAKE_KILLS:-80} * 3))
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }
need sshfs
kills=$((${WAKE_KILLS:-80} / 5))
mkdir src far
begin_wake
kinds=stat,open,read,write,readdir,fsync
for i in 0 1 2 3 4 5 6 7 8 9; do dd if=/dev/zero of=far/f$i bs=64k count=16 status=none; done

some_wait() { [ "$(waiting)" -ge 2 ] && all_wait; }
works() { [ "$(timeout 5 ls mnt 2>/dev/null | grep -c '^f[0-9]$')" -ge 5 ]; }

# Sends SIGKILL after up to 60 ms, or as long as it takes: to fumount, or its process group; with $all, to its child, too.
kill_one()
{
	local ms=$((RANDOM % most)) pid children=()
	setsid fumount --wake -f mnt >first 2>&1 8>&- & pid=$!
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	[ -z "$all" ] || read -ra children <"/proc/$pid/task/$pid/children"
	if [ $((RANDOM % 2)) = 0 ]; then kill -KILL "$pid" "${children[@]}"; else kill -KILL -- "-$pid" "${children[@]}"; fi
	wait "$pid"
	[ $? != 137 ] || echo >>hits
} 2>/dev/null

# A second time if need be: on a busy machine, what the first run has woken may wait again once the next one has looked.
wake_again() { timeout 20 fumount --wake -f mnt >second 2>&1 8>&- || echo "the next run fails: $(cat second)"; }

# What went wrong in one round, a line each.
strike()
{
	begin -k "$kinds"
	pids=("${pids[@]:0:8}" "$waiters")
	silence
	go
	within 10 some_wait || echo "they do not wait: $(cat waited)"
	"$@"
	within 2 none_stopped "$server" || echo 'a thread of the server is left stopped'
	all_over || wake_again
	within 2 all_over || wake_again
	within 2 all_over || { echo "a waiter is left: $(cat first second waited)"; show_left "$waiters"; }
	within 2 none_stopped "$server" || echo 'the next run leaves a thread of the server stopped'
	[ "$(grep -c ' 110$' waited)" = 6 ] || echo "not each got the error: $(results)"
	revive
	finished
	within 10 works || echo 'the mount does not work'
	! gone "$server" || echo 'the server has ended'
} 2>&1

# How many milliseconds an undisturbed run takes, at least 60.
measure()
{
	local began=${EPOCHREALTIME/./}
	timeout 20 fumount --wake -f mnt >first 2>&1 8>&-
	most=$(((${EPOCHREALTIME/./} - began) / 1000))
	[ "$most" -ge 60 ] || most=60
}

# killed NAME: the server's pid is in $server; silence and revive stop and resume what it depends on.
killed()
{
	local i
	conn=$(conn_of "$T/mnt")
	within 10 works
	: >hits
	strike measure >wrong
	for ((i = 0; i < kills; i++)); do
		strike kill_one >judged
		[ ! -s judged ] || { echo "round $i, of up to $most ms:"; cat judged; } >>wrong
	done
	is "$1: nothing goes wrong in $kills rounds" "$(head -n 20 wrong)" ''
	ok "$(grep -c '' hits) of them are killed, within $most ms" [ "$(grep -c '' hits)" -ge $((kills / 4)) ]
}

silence() { hang; }
revive() { come_back; }
for how in '-t 3' '-a -c' '-t 3 -c'; do
	read -ra options <<<"$how"
	serve "${options[@]}"
	all=
	[ "$how" != '-t 3 -c' ] || all=yes
	killed "backend $how"
	[ -n "$all" ] || ok 'no file is left open in the server' within 5 is_count handles 0
	is 'the server got no second RELEASE of a file' "$(stat_of twice)" 0
	is 'the kernel refused only late answers' "$(stat_of refused)" 0
	over
done

bg backend -t 16 "$T/stats" "$T/src"
backend=$bg
within 5 mounted "$T/src"
silence() { rm -f stats.hung; kill -USR1 "$backend"; within 5 test -e stats.hung; }
revive() { kill -USR2 "$backend"; }
bg passfs --threads=8 --no-passthrough src mnt
server=$bg
within 10 mounted "$T/mnt"
killed passfs
timeout 10 fumount mnt || abort_detach "$T/mnt"
within 5 gone "$server" || kill -KILL "$server"
abort_detach "$T/src"
within 5 unmounted "$T/mnt"

printf '#!/bin/sh\necho $$ >%s/far.pid\nexec /usr/lib/openssh/sftp-server\n' "$T" >fakessh
chmod +x fakessh
silence() { stop "$(cat far.pid)"; }
revive() { kill -CONT "$(cat far.pid)"; }
bg sshfs -f -o "ssh_command=$T/fakessh,dir_cache=no,sshfs_sync" "x:$T/far" "$T/mnt"
server=$bg
within 10 mounted "$T/mnt"
killed sshfs
timeout 10 fumount mnt || abort_detach "$T/mnt"
finish
