#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Hundreds of rounds of servers, holders, binds and deaths as they come, then fumount -R:
# it ends within 2 seconds, and afterwards there is no mount, no connection, and nobody
# who was blocked. CHAOS_ROUNDS and CHAOS_SEED repeat a run.
. "$(dirname "$0")/../lib.sh"
start 900
rounds=${CHAOS_ROUNDS:-240} seed=${CHAOS_SEED:-$RANDOM} workers=4
mkdir ctl
mount -t fusectl none ctl
diag "CHAOS_ROUNDS=$rounds CHAOS_SEED=$seed"

chance() { [ $((RANDOM % $1)) = 0 ]; }
one_of() { local i=$((RANDOM % $# + 1)); echo "${!i}"; }
try() { "$@" & others+=($!); } >/dev/null 2>&1 </dev/null

# Mounts one server on top of the others; $story describes it.
add_server()
{
	local mode pid log
	mode=$(one_of good good good mute silent gone slow spin)
	[ "$mode" != spin ] || flags=-f
	log=$(faulty ${1:+"$1"} "$mode" "$dir/mnt" 2>&1) || { story+=" ($log)"; return; }
	conns+=("$(identity "$(conn_of "$dir/mnt")")")
	pid=$(grep -ls "^fuse_connection:[[:space:]]*${conns[-1]%:*}\$" /proc/[0-9]*/fdinfo/3 | head -n 1)
	pid=${pid#/proc/} pid=${pid%%/*}
	[ -z "$pid" ] || servers+=("$pid")
	story+=" $mode"
	case $mode in
	good|slow) chance 2 || { timeout 5 cat "$dir/mnt/file" >/dev/null 2>&1; story+=" read"; } ;;
	esac
	case $(one_of none none stop kill mute) in
	stop) kill -STOP "$pid"; story+=" stopped" ;;
	kill) kill -KILL "$pid"; story+=" killed" ;;
	mute) kill -USR1 "$pid"; story+=" mute" ;;
	esac 2>/dev/null
}

add_people()
{
	local n=$((RANDOM % 5)) what
	while [ $((n--)) -gt 0 ]; do
		what=$(one_of cat ls dd map write cwd stat)
		story+=" +$what"
		case $what in
		cat) try cat "$dir/mnt/none" ;;
		ls) try ls -l "$dir/mnt" ;;
		dd) try dd if=/dev/zero of="$dir/mnt/file" bs=64k count=4 conv=notrunc ;;
		map) try hold_map "$dir/mnt/file" ;;
		write) try shared_write "$dir/mnt/file" ;;
		cwd) try env -C "$dir/mnt" sleep 1000 ;;
		stat) try stat "$dir/mnt" ;;
		esac
	done
}

add_places()
{
	if chance 3; then mount --bind "$dir/mnt" "$dir/bind" && story+=" bind"; fi
	if chance 4; then try unshare -m --propagation private sleep 1000; story+=" namespace"; sleep 0.05; fi
} 2>/dev/null

complain() { echo "round $1:$story: $2" >>"$dir/complaints"; }

# A blocked process waits for FUSE; a process that holds a mount merely sleeps.
nobody_blocked() { local p; for p in "${others[@]}"; do ! grep -qsE 'request_wait_answer|fuse_get_req' "/proc/$p/wchan" || return 1; done; }
# A connection's number is soon reused, the inode of its control file is not.
identity() { echo "$1:$(stat -c %i "$T/ctl/$1" 2>/dev/null)"; }
no_conns() { local c; for c in "${conns[@]}"; do [ "$(identity "${c%:*}")" != "$c" ] || return 1; done; }
no_mounts() { ! grep -q " $dir/.* - fuse" /proc/self/mountinfo; }

round()
{
	local began took status patience
	others=() servers=() conns=() story='' flags=''
	add_server "$(one_of '' -w)"
	chance 3 && add_server
	add_people
	add_places
	sleep 0.0$((RANDOM % 10))
	began=${EPOCHREALTIME/./}
	# shellcheck disable=SC2086 # none, or one
	timeout 20 fumount -R $flags "$dir/mnt" >"$dir/log" 2>&1
	status=$?
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	echo "$took" >>"$dir/times"
	[ "$status" = 0 ] || complain "$1" "exit $status: $(paste -sd'|' "$dir/log")"
	[ "$took" -lt 2000 ] || complain "$1" "took $took ms: $(paste -sd'|' "$dir/log")"
	no_mounts || complain "$1" 'still mounted'
	# Slow servers are healthy, and answer in the end; any other blocked process would wait for
	# ever.
	case $story in *slow*) patience=30 ;; *) patience=5 ;; esac
	within $patience nobody_blocked || complain "$1" "somebody is blocked: $(paste -sd'|' "$dir/log")"
	{ kill -KILL "${others[@]}"; wait "${others[@]}"; } 2>/dev/null
	within $((patience + 1)) no_conns || complain "$1" "a connection is left: $(paste -sd'|' "$dir/log")"
	for i in "${servers[@]}"; do kill -KILL "$i"; done 2>/dev/null
}

worker()
{
	dir=$T/$1
	mkdir -p "$dir"/{mnt,bind}
	: >"$dir/complaints"
	RANDOM=$((seed + $1))
	for ((r = 0; r < rounds / workers; r++)); do round "$1.$r"; done
}
for ((w = 0; w < workers; w++)); do worker "$w" & pids+=($!); done 2>/dev/null
wait
for ((w = 0; w < workers; w++)); do
	is "worker $w: $(wc -l <"$T/$w/times") rounds, the longest $(sort -n "$T/$w/times" | tail -n 1) ms" \
		"$(cat "$T/$w/complaints")" ''
	is "worker $w has done all its rounds" "$(wc -l <"$T/$w/times")" $((rounds / workers))
done
is 'no FUSE mount is left' "$(own_mounts)" ''
finish
