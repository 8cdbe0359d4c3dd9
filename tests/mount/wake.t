#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake: processes that wait for a server that does not answer get an error and go on; the
# mount, its open files and the server stay, and the server loses and repeats nothing.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/wake.sh"
start 300
begin_wake

# Servers that are stuck in their one thread, that read on, of many threads, and with clones; stopped.
for how in '' -a '-t 4' '-t 4 -c' '-t 40 -c' stopped; do
	read -ra options <<<"${how#stopped}"
	serve "${options[@]}"
	begin
	if [ "$how" = stopped ]; then stop "$server"; else hang; fi
	go
	within 5 all_wait
	exits 0 "backend $how: woken" wake mnt
	like 'fumount --wake reports how many requests it ended' "$err" 'requests? ended with ETIMEDOUT in [0-9]+ ms; the mount and its server stay'
	ok 'all waiting processes have ended' within 1 all_over
	is 'each waiting process got the error' "$(results)" "$every"
	ok 'mnt is mounted' mounted "$T/mnt"
	if [ "$how" = stopped ]; then
		ok 'the server is stopped as it was' stopped "$server"
		kill -CONT "$server"
	else
		unlike 'the server runs as it did' "$(state_of "$server")" '[Tt]'
		come_back
	fi
	is 'after the wake the mount answers' "$(timeout 5 ls mnt 2>&1 | wc -l)" 5
	ok 'after the wake files can be opened' timeout 5 head -c 10 mnt/f1
	ok 'no file is left open in the server' within 5 is_count handles 0
	is 'the server got no second RELEASE of a file' "$(stat_of twice)" 0
	is 'the kernel refused no answer of the server for another reason than being late' "$(stat_of refused)" 0
	is 'no request waits in the kernel any more' "$(waiting)" 0
	finished
	over
done

# Before Linux 6.10 the kernel does not send requests again: their numbers are tried, on each clone.
echo 6.1.0-9 >release
mount --bind release /proc/sys/kernel/osrelease
for how in '' -a '-t 4 -c' stopped; do
	read -ra options <<<"${how#stopped}"
	serve "${options[@]}"
	begin
	if [ "$how" = stopped ]; then stop "$server"; else hang; fi
	go
	within 5 all_wait
	exits 32 "an old kernel, backend $how: it takes more than --wake" wake -f mnt
	like 'the error: 6.10 does not show what waits; --wake=ERRNO -f ends all of it unseen' "$err" '6.10 does not show what waits; --wake=ERRNO -f ends all of it unseen'
	exits 32 'an old kernel: --dry-run is refused with -f' timeout 20 fumount --wake=EIO -f --dry-run mnt
	is 'an old kernel: the refused --wake wakes no process' "$(results)" ''
	exits 0 'an old kernel: --wake -f' timeout 20 fumount --wake=ETIMEDOUT -f mnt
	like 'fumount --wake -f reports how many requests it ended' "$err" 'requests ended with ETIMEDOUT in [0-9]+ ms; the mount and its server stay'
	ok 'an old kernel: all waiting processes have ended' within 1 all_over
	is 'an old kernel: each waiting process got the error' "$(results)" "$every"
	is 'an old kernel: no request waits any more' "$(waiting)" 0
	if [ "$how" = stopped ]; then kill -CONT "$server"; else come_back; fi
	is 'an old kernel: after the wake the mount answers' "$(timeout 5 ls mnt 2>&1 | wc -l)" 5
	ok 'an old kernel: after the wake files can be opened' timeout 5 head -c 10 mnt/f1
	is 'an old kernel: the server closes no file twice' "$(stat_of twice)" 0
	is 'an old kernel: the kernel refused only late answers' "$(stat_of refused)" 0
	finished
	over
done
umount /proc/sys/kernel/osrelease

# A file that was open goes on. Nothing else may inherit it, since to close it may wait.
serve -a
mkfifo later
{ read -r _; head -c 5 <&7 | wc -c >got; } <later 7<mnt/f1 & holder=$!
pids+=("$holder")
exec 9>later
within 5 open_in "$T/mnt" "$holder"
hang
timeout 10 cat mnt/f2 >/dev/null 2>&1 9>&- & reader=$!
within 5 waits_for 1
exits 0 '--wake of a mount whose server runs on' wake mnt
wait "$reader"
come_back
echo >&9
exec 9>&-
wait "$holder"
is 'a file that was open before can be read after it' "$(cat got)" 5

# It does nothing where there is nothing to do.
exits 0 '--wake where nothing waits' wake mnt
like 'fumount --wake reports that nothing waits' "$err" 'mnt: nothing waits'
exits 32 '--wake of a directory that is no mount' wake ctl
exits 1 '--wake with an unknown error' timeout 5 fumount --wake=ENOWHERE mnt
exits 1 '--wake with ENOSYS, which the kernel would remember' timeout 5 fumount --wake=ENOSYS mnt
like 'fumount --wake refuses an error that the kernel would remember' "$err" 'no such error, or not one to answer with'
exits 1 '--older without --wake' timeout 5 fumount --older=3 mnt
exits 1 '--wake leaves the mount' timeout 5 fumount --wake -l mnt
over
exits 0 'hellofs' hellofs -b mnt
(while :; do cat mnt/hello || break; done >/dev/null 2>&1) & busy=$!
pids+=("$busy")
exits 0 '--wake of a mount whose server answers' wake mnt
like '--wake of a server that answers wakes nothing' "$err" 'nothing (is woken|waits)|may still answer'
kill "$busy"; wait "$busy" 2>/dev/null
timeout 5 fumount -l mnt

# Other errors.
for name in EIO=5 EINTR=4 EAGAIN=11; do
	serve
	begin -k read,stat
	hang; go
	within 5 all_wait
	exits 0 "--wake=${name%=*}" timeout 20 fumount "--wake=${name%=*}" mnt
	ok "--wake=${name%=*}: all waiting processes have ended" within 1 all_over
	is "--wake=${name%=*}: each got that error" "$(results)" "read=${name#*=}*1 stat=${name#*=}*1 "
	finished
	over
done

# Some of them.
serve -a
begin -k open,stat,read
hang; go
within 5 all_wait
exits 0 '--dry-run' wake --dry-run mnt
like '--dry-run prints what waits' "$err" 'READ of node 100 by [0-9]+ \(waiters\) for [0-9.]+ s: waits'
like 'the error: LOOKUP "f2" of node 1' "$err" 'LOOKUP "f2" of node 1'
is '--dry-run wakes no process' "$(results)" ''
exits 0 '--dry-run --json' wake --dry-run --json mnt
ok 'the output of --dry-run --json is JSON' python3 -m json.tool "$T/.out"
like '--dry-run --json has each request' "$out" '"op":"READ","name":null,"node":100,"pid":[0-9]+,"command":"waiters"'
exits 0 '--older with an age that no request has' wake --older=100 mnt
is '--older wakes no process that has waited less' "$(results)" ''
exits 0 '--node' wake --node=100 mnt
ok '--node wakes the process that waits for that node' within 1 grep -q 'read 110' waited
is '--node wakes no other process' "$(results)" 'read=110*1 '
sleep 1.2
exits 0 '--older' wake --older=1 mnt
ok '--older wakes the process that has waited as long' within 1 all_over
come_back
ok 'no file is left open in the server' within 5 is_count handles 0
is 'the server got no second RELEASE of a file' "$(stat_of twice)" 0
finished
over

serve -t 2
begin -k read,stat
hang; go
within 5 all_wait
pid=$(wake --dry-run mnt 2>&1 | sed -n 's/.*READ of node 100 by \([0-9]*\) .*/\1/p')
exits 0 '--pid' wake --pid="$pid" mnt
ok '--pid wakes that process' within 1 grep -q 'read 110' waited
is '--pid wakes no other process' "$(results)" 'read=110*1 '
exits 0 '--wake of the rest' wake mnt
ok '--wake of the rest wakes all' within 1 all_over
come_back
finished
over

# Many, who look up the same name: the kernel lets one after the other ask the server.
serve -a
begin -k stat -n 300
hang; go
within 5 all_wait
sleep 0.5
exits 0 '--wake of 300 processes that wait for each other' timeout 60 fumount --wake -f mnt
ok 'all of the 300 are woken' within 5 all_over
is 'each of the 300 gets the error' "$(results)" 'stat=110*300 '
come_back
finished
over

# All of them.
serve
begin -k stat
hang; go
within 5 all_wait
exits 0 '-a' wake -a
like '--wake -a reports the connection where a request waited' "$err" "^fumount: conn:$conn: (1 request|[0-9]+ requests) ended"
unlike '--wake -a reports no other connection' "$err" 'nothing'
ok '--wake -a wakes the process' within 1 all_over
exits 1 '--wake -a with -O is refused' timeout 5 fumount --wake -a -O ro
finished
over

# Each of them is told by its own count.
mkdir mnt2
serve -a
bg backend -a "$T/stats2" "$T/mnt2"
second=$bg
within 5 mounted "$T/mnt2"
kill -USR1 "$second"
within 5 test -e stats2.hung
hang
timeout 30 stat mnt/f1 >/dev/null 2>&1 & waiting=($!)
timeout 30 stat mnt2/f1 >/dev/null 2>&1 & waiting+=($!)
pids+=("${waiting[@]}")
within 5 waits_for 1
within 5 grep -q '^1$' "ctl/$(conn_of "$T/mnt2")/waiting"
exits 0 '-a, of two mounts' wake -a -f
like 'one request of the first' "$err" "conn:$conn: 1 request ended"
like 'and one of the second' "$err" "conn:$(conn_of "$T/mnt2"): 1 request ended"
abort_detach "$T/mnt2"
over

# The unit that runs before the machine sleeps.
serve -a
begin -k stat,read
hang; go
within 5 all_wait
read -ra unit <<<"$(sed -n 's,^ExecStart=-/usr/bin/,,p' "$top/configs/systemd/fuse-wake.service")"
exits 0 'the command of the systemd unit, too early' timeout 20 "${unit[@]}"
is 'the command of the unit wakes no process too early' "$(results)" ''
sleep 1.2
exits 0 'the command of the unit, once the requests are old enough' timeout 20 "${unit[@]/--older=10/--older=1}"
ok 'the command of the unit wakes the processes' within 1 all_over
ok 'the command of the unit unmounts nothing' mounted "$T/mnt"
come_back
finished
over

# A ring of io_uring is out of reach.
uring=/sys/module/fuse/parameters/enable_uring
if [ "$(id -u)" = 0 ] && [ -w "$uring" ]; then
	machine exclusive
	uring_was=$(cat "$uring")
	echo Y >"$uring"
	bg passfs --transport=uring "$T" "$T/mnt"
	server=$bg
	within 5 mounted "$T/mnt"
	echo "$uring_was" >"$uring"
	machine free
	timeout 5 stat mnt/ctl >/dev/null
	stop "$server"
	timeout 20 ls mnt >/dev/null 2>&1 & reader=$!
	conn=$(conn_of "$T/mnt")
	within 5 waits_for 1
	exits 32 '--wake of a request in a ring of io_uring' wake mnt
	like 'the error about the ring suggests --abort' "$err" 'out of reach, in a ring of io_uring perhaps; fumount --abort ends it'
	ok 'the server is stopped as it was' stopped "$server"
	timeout 5 fumount --abort mnt
	kill -CONT "$server"
	ok '--abort ends the request in the ring' within 5 gone "$reader"
	timeout 5 umount -l mnt
else
	skip 'a ring of io_uring' 'it takes root, and a kernel that has it'
fi

# passfs, whose SOURCE hangs: what it opened for an answer that was refused is closed again.
mkdir src
bg backend -t 8 "$T/stats" "$T/src"
server=$bg
within 5 mounted "$T/src"
conn=$(conn_of "$T/src")
exits 0 'passfs' passfs -b --threads=8 --no-passthrough src mnt
timeout 5 ls mnt >/dev/null
for round in first second third; do
	begin -k stat,open,read,readdir,close
	hang; go
	within 5 all_wait
	exits 0 "passfs on a source that hangs, for the $round time: woken" wake -f mnt
	ok "no process waits after the $round wake of passfs" within 1 all_over
	come_back
	is 'after the wake, ls gets an answer' "$(timeout 5 ls mnt 2>&1 | wc -l)" 5
	finished
done
ok 'no file is left open in the source' within 5 is_count handles 0
timeout 10 fumount mnt || timeout 10 fumount -R mnt
abort_detach "$T/src"

# How long after the call the last of 220 waiters is free, at best: in microseconds.
best=9999999
for _ in 1 2 3; do
	serve -t 4
	begin -n 20
	hang; go
	within 5 all_wait
	began=${EPOCHREALTIME/./}
	wake -f mnt >/dev/null 2>&1
	within 5 all_over
	last=$(stat -c %.6Y waited); took=$((${last/./} - began))
	[ "$took" -gt "$best" ] || best=$took
	come_back; finished; over
done
ok 'twenty waiters of each kind are free within 0.18 s' test "$best" -lt $((180000 * SLOWNESS))
diag "$best microseconds"

# By other names, and detached.
serve
begin -k stat
hang; go
within 5 all_wait
umount -l mnt
exits 0 '--wake of a connection that is detached' wake "conn:$conn"
ok '--wake of a detached connection wakes the process' within 1 all_over
finished
kill -KILL "$server"

finish
