#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake, of threads to which the processor is denied for longer than it settles after a pass: the first
# has the lock of the directory, so the second sends its request only once the first has run.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../mount/wake.sh"
start 60
begin_wake
read -ra processors < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
[ "${#processors[@]}" -ge 2 ] || { skip 'threads without a processor' 'it takes two processors'; finish; exit; }
busy=${processors[0]}
# The kernel ends the real-time process after these microseconds; less than the 950,000 after which it lets others run.
spin='ulimit -S -R 300000; while :; do :; done'
chrt -f 1 true 2>/dev/null || { skip 'threads without a processor' 'it takes the right to real-time priority'; finish; exit; }

# Whoever is not to be denied a processor has another one, with the same priority, so that other load does not matter.
taskset -cp "${processors[1]}" $$ >/dev/null
for round in 1 2 3; do
	serve -t 2
	begin -k mkdir -n 3
	hang; go
	within 5 all_wait
	sleep 0.2
	for pid in $(pgrep -P "$waiters"); do taskset -cp "$busy" "$pid" >/dev/null; done
	is "one thread waits for the server, round $round" "$(waiting)" 1
	chrt -a -f -p 1 "$server"
	chrt -f -p 1 $$
	taskset -c "$busy" bash -c "$spin" & spinner=$!
	pids+=("$spinner")
	exits 0 'it is woken while another process has its processor' wake -f mnt
	chrt -o -p 0 $$
	wait "$spinner" 2>/dev/null
	is 'the other process had it all the time' $? 152
	ok 'whoever came later is woken as well' within 1 all_over
	is 'each of them got the error' "$(results)" 'mkdir=110*3 '
	come_back
	finished
	over
done
finish
