#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake on a busy machine: each thread gets the lock of a directory from the one before, once that one
# has run, and only then sends its request.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../mount/wake.sh"
start 120
begin_wake
read -ra processors < <(python3 -c 'import os; print(*os.sched_getaffinity(0))')
for round in 1 2 3; do
	serve -t 2
	begin -k mkdir,rename -n 2
	hang; go
	within 5 waits_for 1
	sleep 0.2
	spinners=()
	for cpu in "${processors[@]}"; do
		bg taskset -c "$cpu" sh -c 'ulimit -t 30; while :; do :; done' >/dev/null
		spinners+=("$bg")
	done
	for pid in $(pgrep -P "$waiters"); do chrt -i -p 0 "$pid"; done
	exits 0 "waking threads that the processor is withheld from, round $round" wake -f mnt
	ok 'every processor was busy' kill "${spinners[@]}"
	ok 'each of them is woken, the last one too' within 10 all_over
	come_back
	finished
	over
done
finish
