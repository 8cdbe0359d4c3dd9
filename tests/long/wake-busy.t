#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake on a busy machine: each thread gets the lock of a directory from the one before, once that one
# has run, and only then sends its request.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../mount/wake.sh"
start 120
begin_wake
for round in 1 2 3; do
	serve -t 2
	begin -k mkdir,rename -n 2
	hang; go
	within 5 waits_for 1
	sleep 0.2
	spinners=()
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		timeout 15 taskset -c "$cpu" sh -c 'while :; do :; done' & spinners+=("$!")
	done
	pids+=("${spinners[@]}")
	for pid in $(pgrep -P "$waiters"); do chrt -i -p 0 "$pid"; done
	exits 0 "waking threads that the processor is withheld from, round $round" wake -f mnt
	kill "${spinners[@]}"
	ok 'each of them is woken, the last one too' within 10 all_over
	come_back
	finished
	over
done
finish
