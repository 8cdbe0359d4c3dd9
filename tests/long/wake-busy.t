#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake, of threads to which the processor is denied for longer than it settles after a pass: the first
# has the lock of the directory, so the second sends its request only once the first has run. And of processes that
# come again and again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../mount/wake.sh"
own_pids	# whose first process reaps them
start 300
begin_wake

# Each process that is woken leaves a child that waits: those have never been woken before.
cat >come.py <<'END'
import errno, os
for chain in range(40):
    if os.fork():
        continue
    while True:
        try:
            os.statvfs("mnt")
            os._exit(0)
        except OSError as e:
            if e.errno != errno.ETIMEDOUT:
                os._exit(0)
        if os.fork():
            os._exit(0)
END
serve -t 4
hang
python3 come.py
within 10 waits_for 40
command timeout 100 fumount --wake -f mnt >woken 2>&1	# not as long as this machine needs: 20 seconds are meant
is 'fumount --wake ends, although new processes wait each time' "$?" 0
like 'it says that there are more' "$(cat woken)" '[0-9]+ requests? still waits?; run this again'
ok 'the server is not held any more' within 2 none_stopped "$server"
over

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
