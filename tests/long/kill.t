#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# While several read and write, one of them in SOURCE, the server is killed, or stopped, or its connection is
# aborted: nobody waits for long, what fsync(2) called safe is in the source, and the mount
# can be taken away and made again.
. "$(dirname "$0")/lib.sh"
start 420
begin_configs
seconds=${KILL_SECONDS:-1}
mkdir src mnt ctl logs
mount -t fusectl none ctl
mount -t tmpfs none src
workers=(replace.1 replace.2 append.1 append.2 map.1 stir.1 stir.2 stir.3)

begin()
{
	exits 0 "passfs $config" passfs -b "${options[@]}" src mnt
	server=$(newest passfs)
	pids+=("$server")
	start_neighbour src mnt
	conn=$(conn_of "$T/mnt")
	clients=()
	for worker in "${workers[@]}"; do
		mkdir -p "src/$worker"
		durable "${worker%.*}" "mnt/$worker" "logs/$worker" >"logs/$worker.out" 2>&1 &
		clients+=($!)
		pids+=($!)
	done
	# Strike at a different moment in each round.
	sleep "$seconds.$((RANDOM % 1000))"
}
all_work() { local i; for i in "${clients[@]}"; do ! gone "$i" || return; done; }
# These processes are the shell's children: a zombie has ended, and only its status is left.
ended() { ! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"; }
all_ended() { local i; for i in "${clients[@]}"; do ended "$i" || return; done; }
# Prints the processes that have not ended, and where in the kernel each waits.
left()
{
	local i
	for i in "${!clients[@]}"; do
		ended "${clients[i]}" || echo "${workers[i]}: $(cat "/proc/${clients[i]}/wchan") $(cat "logs/${workers[i]}.out")"
	done
}
all_failed() { local i; for i in "${clients[@]}"; do wait "$i"; [ $? = 1 ] || return; done; }
all_safe() { local w; for w in "${workers[@]}"; do durable -c "${w%.*}" "src/$w" "logs/$w" || return; done; }
# How many versions are confirmed so far: the sum of the last numbers of the logs.
written() { for log in logs/*.[0-9]; do [ ! -e "$log" ] || tail -c 8 "$log"; done | od -An -tu8 -w8 -v | awk '{ n += $1 } END { print n + 0 }'; }

# Abort by the connection's own control file, after checking that the connection is ours.
abort_own() { [ "$(stat -c %d "$T/mnt")" = "$conn" ] && echo 1 >"$T/ctl/$conn/abort"; }
blow()
{
	case $1 in
	kill) kill -KILL "$server" ;;
	abort) abort_own ;;
	fumount-abort) timeout 10 fumount --abort mnt ;;
	fumount-force) timeout 10 fumount -f mnt ;;
	fumount-recover) timeout 10 fumount -R -f mnt ;;
	stop) kill -STOP "$server"; sleep 0.5; timeout 10 fumount -R mnt ;;
	esac
}

round()
{
	local how=$1 before began
	before=$(written)
	began=${EPOCHREALTIME/./}
	begin
	ok "$how: all clients work" all_work || diag "$(head -n 3 logs/*.out)"
	ok "$how: the blow succeeds" blow "$how"
	ok 'all clients have ended' within 5 all_ended || { diag "$(left)"; kill -KILL "$server" "${clients[@]}"; } 2>/dev/null
	ok 'each client has ended with an error' all_failed || diag "$(head -n 3 logs/*.out)"
	ok 'what another process did in SOURCE meanwhile is whole' end_neighbour src
	case $how in
	fumount-[fr]*|stop) unmounted "$T/mnt" || ok "the mount is gone after $how" false ;;
	*)
		exits 1 'the mount is dead' timeout 5 stat mnt/append.1
		exits 0 'fumount unmounts the dead mount' timeout 10 fumount mnt
		;;
	esac
	is 'nothing is mounted' "$(own_mounts)" ''
	[ "$how" != stop ] || kill -KILL "$server"
	ok 'the server is gone' within 5 gone "$server"
	ok 'all data that was safe is in SOURCE' all_safe
	ok "much data was safe: $(($(written) - before)) in $(((${EPOCHREALTIME/./} - began) / 1000)) ms" \
		test $(($(written) - before)) -gt 50
}

for config in "${configs[@]}"; do
	configured "$config" || continue
	for how in kill abort stop; do round "$how"; done
	[ -n "$config" ] || for how in fumount-abort fumount-force fumount-recover kill; do round "$how"; done
done

# A new server works on the same SOURCE after all that.
config='' options=()
begin
ok 'all clients work' all_work
kill "${clients[@]}"
wait "${clients[@]}" 2>/dev/null
ok 'what another process did in SOURCE meanwhile is whole' end_neighbour src
ok 'all data that was safe can be read through the mount' eval 'for w in "${workers[@]}"; do durable -c "${w%.*}" "mnt/$w" "logs/$w" || exit; done'
exits 0 'fumount unmounts' fumount mnt
ok 'the server ends' within 5 gone "$server"
umount src ctl
finish
