# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For the tests of fumount --wake, after lib.sh: a server that hangs (tests/tools/backend.c), and those
# who wait for it (tests/tools/waiters.c).
# shellcheck disable=SC2034,SC2154 # for the tests; T and bg are lib.sh's

# Before start(): runs the test once more in a PID namespace of its own. The first process there is a shell,
# which reaps all others.
own_pids()
{
	[ -z "${FUSEBOX_TEST_PIDS:-}" ] && [ "$(id -u)" = 0 ] || return 0
	FUSEBOX_TEST_PIDS=1 exec unshare -m -p -f --mount-proc --kill-child --propagation private bash -c 'bash "$0"; exit' "$0"
}

begin_wake()
{
	mkdir mnt ctl
	mount -t fusectl none ctl
}

# With the server's pid in $server and the connection in $conn. It is never asked for through
# this shell, whose children would inherit what it has open.
serve() # serve [backend's options]
{
	bg backend "$@" "$T/stats" "$T/mnt"
	server=$bg
	within 5 mounted "$T/mnt" || bail 'backend does not mount'
	conn=$(conn_of "$T/mnt")
	timeout 5 ls mnt >/dev/null
}
over()
{
	abort_detach "$T/mnt"
	within 5 gone "$server" || kill -KILL "$server"
	within 5 unmounted "$T/mnt" || umount -l mnt
}
hang() { rm -f stats.hung; kill -USR1 "$server"; within 5 test -e stats.hung; }
come_back() { kill -USR2 "$server"; }
# The server's counts: stat_of NAME.
stat_of()
{
	local all
	rm -f stats
	kill -HUP "$server"
	within 5 test -e stats || return
	all=" $(cat stats) "
	all=${all#* "$1"=}
	echo "${all%% *}"
}
is_count() { [ "$(stat_of "$1")" = "$2" ]; }
waiting() { cat "ctl/$conn/waiting"; }
waits_for() { [ "$(waiting)" -ge "$1" ]; }

# No thread of the process stands still.
none_stopped() { ! grep -q '^[^)]*) [Tt]' "/proc/$1/task"/*/stat; }

# Where each waiter and each thread of the server that is left sleeps, for whoever looks into a failure.
show_left() # show_left WAITERS
{
	local process task
	echo "waiting: $(waiting)"
	for process in $(timeout 5 pgrep -P "$1") "$server"; do
		for task in "/proc/$process/task"/*; do
			echo "$task $(cut -d ' ' -f 2,3 "$task/stat") $(cat "$task/syscall"): $(cut -d ' ' -f 2 "$task/stack" | tr '\n' ' ')"
		done
	done 2>/dev/null
}

# waiters of each kind, in $T/waited; input to start them is descriptor 8, which none inherits.
begin() # begin [waiters' options]
{
	rm -f in waited
	mkfifo in
	waiters "$@" mnt <in >waited 2>waited.err & waiters=$!
	pids+=("$waiters")
	exec 8>in
	within 5 grep -q ready waited || bail "waiters: $(cat waited.err)"
}
go() { echo >&8; }
# Whether each of the waiters waits for the server, or in the kernel for another waiter.
all_wait()
{
	local process children
	read -ra children <"/proc/$waiters/task/$waiters/children"
	for process in "${children[@]}"; do
		! grep -qsE 'pipe_read|^0' "/proc/$process/wchan" || return
	done
}
results() { grep -v 'ready\|over' waited | sort | uniq -c | awk '{ print $2 "=" $3 "*" $1 }' | tr '\n' ' '; }
all_over() { grep -q over waited; }
finished() { exec 8>&-; wait "$waiters" 2>/dev/null; }
wake() { timeout 20 fumount --wake "$@"; }

# What each kind gets by default, as results prints it.
every='close=110*1 fsync=110*1 lock=110*1 mkdir=110*1 mmap=7*1 open=110*1 read=110*1 readdir=110*1 rename=110*1 stat=110*1 write=110*1 '
