#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake is killed before each system call of its two processes: the server is not left stopped, a
# second run wakes whoever still waits, and the server still answers.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../mount/wake.sh"
# In a PID namespace of its own, where /proc is small; its first process is a shell, which reaps all others.
if [ -z "${FUSEBOX_TEST_PIDS:-}" ] && [ "$(id -u)" = 0 ]; then
	FUSEBOX_TEST_PIDS=1 exec unshare -m -p -f --mount-proc --kill-child --propagation private bash -c 'bash "$0"; exit' "$0"
fi
start 3600
begin_wake
export AT_CALL_COUNT=$T/count

hang_waiters()
{
	begin -k stat,open,read,readdir,fsync
	hang
	go
	within 5 all_wait
}
# What is wrong after the first run, a line each.
judge()
{
	within 2 none_stopped "$server" || echo "a thread of the server is left stopped"
	timeout 20 fumount "${how_to_wake[@]}" -f mnt >woken 2>&1 || echo "the second run fails: $(cat woken)"
	within 2 all_over || { echo "a waiter is left: $(cat first woken waited)"; show_left "$waiters"; }
	none_stopped "$server" || echo 'the second run leaves a thread of the server stopped'
	come_back
	[ "$(timeout 5 ls mnt 2>&1 | wc -l)" = 5 ] || echo 'the server does not answer a new request'
	finished
	! grep -v ' \(110\|0\)$\|ready\|over' waited
}

# killed NAME: at a call each time; at each of those of the first moments in which a server is held, and at
# one in seven of the others: on the way there, and of the passes that repeat the first one.
killed()
{
	local name=$1 n=0 calls first held=1000 hits
	: >wrong
	: >hits
	while :; do
		serve "${options[@]}"	# anew, so that there are few numbers to try
		hang_waiters
		timeout 20 at_call -n "$n" -a 'kill -KILL $CALLER; echo >>hits' fumount "${how_to_wake[@]}" -f mnt >first 2>&1 8>&-
		judge >judged
		over
		[ ! -s judged ] || { echo "call $n:"; cat judged; } >>wrong
		read -r calls first <count
		[ "$calls" -ge "$n" ] || break
		[ "$n" != 0 ] || held=$((first - 40))
		n=$((n + (n < held || n > held + 350 ? 7 : 1)))
	done
	hits=$(grep -c '' hits)
	is "$name: nothing goes wrong" "$(head -n 20 wrong)" ''
	ok "at any of $hits calls, of $calls" [ "$hits" -gt 300 ]
}

how_to_wake=(--wake)
for how in '-t 2' '-t 2 -c'; do
	read -ra options <<<"$how"
	killed "backend $how"
done

# By the numbers of the requests.
echo 6.1.0-9 >release
mount --bind release /proc/sys/kernel/osrelease
how_to_wake=(--wake=ETIMEDOUT)
for how in '-t 2' '-t 2 -c'; do
	read -ra options <<<"$how"
	killed "before Linux 6.10, backend $how"
done
umount /proc/sys/kernel/osrelease
finish
