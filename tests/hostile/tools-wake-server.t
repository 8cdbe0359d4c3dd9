#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# While root wakes who waits for an ordinary user's server, the server closes, executes, forks, swaps and answers
# as it likes: root's fumount ends in time, and nobody else is woken, nor stopped.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../mount/wake.sh"
own_pids	# what the server does to those who look at processes shall harm no other test
start 300
need strace
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }
begin_wake
own_dev
mkdir trap trap2
rounds=${WAKE_ROUNDS:-3}

waits_at() { [ "$(cat "ctl/$(conn_of "$T/$1")/waiting")" -ge 1 ]; }
waits_on() { ! gone "$1"; }
none_left() { ! pgrep --ns $$ -x fumount; }

# The neighbour: root's own server, which hangs.
serve -t 1
begin -k stat,read
hang
go
within 5 all_wait

echo 6.1.0-9 >release
for mode in ${WAKE_MODES:-close swap exec fork threads late forget}; do for walk in '' =EIO; do
	bg wake_trap "$mode" "$T/trap" "$T/trap2"
	trap=$bg
	within 5 mounted "$T/trap2" || bail "wake_trap $mode does not mount"
	[ -z "$walk" ] || mount --bind release /proc/sys/kernel/osrelease
	timeout 120 stat trap2/hang >/dev/null 2>&1 & own=$!
	within 5 waits_at trap2
	client=
	if [ "$mode" = forget ]; then
		(while :; do for f in trap/f{1..50}; do [ -e "$f" ]; done; done 2>/dev/null) & client=$!
		pids+=("$client")
	fi
	for ((i = 0; i < rounds; i++)); do
		timeout 120 stat "trap/hang$i" >/dev/null 2>&1 & pids+=($!)
		timeout 60 fumount "--wake$walk" -f trap >said 2>&1 & fumount=$!
		within 20 gone "$fumount" || break
	done
	[ -z "$walk" ] || umount /proc/sys/kernel/osrelease
	is "$mode${walk:+, before Linux 6.10}: root's fumount ends each time" "$i" "$rounds"
	ok "who waits for the server's other mount waits on" waits_on "$own"
	[ -z "$client" ] || kill "$client"
	abort_detach "$T/trap"
	abort_detach "$T/trap2"
	kill -KILL "$trap" 2>/dev/null
	within 5 gone "$trap"
	ok 'no process of fumount is left' within 5 none_left
	is 'who waits for the neighbour waits on' "$(results)" ''
	ok 'the neighbour does not stand still' none_stopped "$server"
done; done

# ---- Between the moment when the device is found and the one when it is fetched, the number gets the other mount's ----
bg wake_trap trade "$T/trap" "$T/trap2"
trap=$bg
within 5 mounted "$T/trap2" || bail 'wake_trap trade does not mount'
timeout 120 stat trap2/hang >/dev/null 2>&1 & own=$!
timeout 120 stat trap/hang >/dev/null 2>&1 & pids+=($!)
within 5 waits_at trap2 && within 5 waits_at trap
strace -f -qq -o trace -e trace=pidfd_getfd -e inject=pidfd_getfd:delay_enter=3000000 timeout 60 fumount --wake -f trap >said 2>&1 & fumount=$!
# Two children look at the server and its health; the third one holds the server.
fetches() { [ "$(grep -c 'getfd(' trace)" = 3 ]; }
ok 'trade: a descriptor is fetched by the child that holds the server' within 15 fetches
kill -USR1 "$trap"
ok "trade: root's fumount ends" within 20 gone "$fumount"
like 'trade: the descriptor was fetched with the number that was found' "$(grep 'getfd(' trace | tail -n 1)" 'getfd\([0-9]+, 100, 0'
ok "trade: who waits for the server's other mount waits on" waits_on "$own"
within 5 waits_at trap2
abort_detach "$T/trap"
abort_detach "$T/trap2"
kill -KILL "$trap" 2>/dev/null
within 5 gone "$trap"

is 'the neighbour got nothing a second time' "$(stat_of resent)" 0
come_back
ok 'who waited for it goes on' within 5 all_over
is 'without an error' "$(results)" 'read=0*1 stat=0*1 '
finished
over
give_dev_back
finish
