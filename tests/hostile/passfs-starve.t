#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs for many users: what waits, or is held, for one of them does not stop the others.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root only'; exit 0; }
need setpriv taskset
start 240
up() { mkdir -p src/u src/v src/w mnt; passfs -b "$@" src mnt 2>err || { cat err; return 1; }; }
on_one_cpu() { taskset -c 0 "$(command -v passfs)" -b src mnt; }
# Waits until the mount is gone from the mount table, and the server has ended.
down() { abort_detach mnt; within 10 unmounted "$T/mnt"; }
threads() { find "/proc/$(newest passfs)/task" -mindepth 1 -maxdepth 1 | wc -l; }
threads_are() { test "$(threads)" "$@"; }

mkdir -p src/u src/v src/w src/mine mnt
chmod 777 src src/mine
echo hi >src/mine/file

# ---- A file system below that does not answer ----

# hang UID COUNT [DIRECTORY]: starts COUNT requests of this user that wait there.
hang()
{
	local i
	for ((i = 0; i < $2; i++)); do bg setpriv --reuid="$1" stat "mnt/${3:-u}/x$i" >/dev/null 2>&1; done
}
works() # works UID
{
	[ "$(timeout -s KILL 5 setpriv --reuid="$1" cat mnt/mine/file)" = hi ] &&
		timeout -s KILL 5 setpriv --reuid="$1" touch "mnt/mine/of.$1"
}

# In the sandbox all threads start at the beginning.
for how in '' 'on one CPU' --no-passthrough --locks --writeback --sandbox --threads=8; do
	kept=0
	[ "$how" != --sandbox ] || kept=36
	# shellcheck disable=SC2086 # words
	if [ "$how" = 'on one CPU' ]; then ok "$how: up" on_one_cpu; else ok "${how:-default}: up" up $how; fi
	faulty mute src/u
	hang 1777 40
	sleep 0.5
	ok "${how:-default}: others go on while a user's file system hangs" works 1778
	ok "${how:-default}: root is served meanwhile" works 0
	[ "$how" = --sandbox ] || ok "${how:-default}: a user who lists the directory of the hung mount is served" \
		timeout -s KILL 5 setpriv --reuid=1778 ls mnt
	ok "${how:-default}: the user of the hung mount is served beside it" works 1777
	ok "${how:-default}: no more than the user's share of threads wait" threads_are -le $((kept + 30))
	abort_detach src/u
	ok "${how:-default}: the threads that waited end" within 5 threads_are -le $((kept + 12))
	{ wait "${pids[@]}"; } 2>/dev/null; pids=()
	ok "${how:-default}: the user is served once the hung mount is gone" works 1777
	down
done

# Many users' requests wait at one file system, and one user's at many.
ok 'passfs starts with --transport=dev' up --transport=dev
faulty mute src/u
for uid in 2001 2002 2003 2004 2005 2006 2007 2008 2009 2010 2011 2012; do hang "$uid" 12; done
sleep 1
ok 'others go on while twelve users wait at one' works 1778
ok 'root is served meanwhile' works 0
# A caller whose request waits for its turn can be killed.
ended() { local i n=0; for i in "${pids[@]}"; do kill -0 "$i" 2>/dev/null || n=$((n + 1)); done; [ "$n" -ge 100 ]; }
# bash reports each killed job on its standard error, until it has waited for all.
{
	kill -9 "${pids[@]}"
	ok 'who waits for a turn can be killed' within 20 ended
	abort_detach src/u
	wait "${pids[@]}"
} 2>/dev/null
pids=()
for i in 1 2 3 4 5 6 7 8 9 10; do mkdir "src/w/$i"; faulty mute "src/w/$i"; hang 1777 6 "w/$i"; done
sleep 1
ok 'others go on while a user waits at ten file systems' works 1778
faulty mute src/u
hang 1778 1
ok 'one user keeps at most their share of the threads busy' threads_are -le 24

# The server ends even if all its workers wait.
server=$(newest passfs)
kill -TERM "$server"
ok 'SIGTERM takes the mount away' within 5 unmounted "$T/mnt"
for i in u w/1 w/2 w/3 w/4 w/5 w/6 w/7 w/8 w/9 w/10; do abort_detach "src/$i"; done
ok 'the server ends although threads wait' within 5 gone "$server"
{ wait "${pids[@]}"; } 2>/dev/null; pids=()
finish
