# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# TAP for the shell tests. A test file is
#
#	#!/usr/bin/env bash
#	. "$(dirname "$0")/../lib.sh"
#	start                       # private mount namespace, time limit, $T
#	exits 0 'mounts' hellofs -b "$T/mnt"
#	is 'reads' "$(cat "$T/mnt/hello")" hello
#	finish
#
# Each file runs in a mount namespace and a directory ($T) of its own. Whatever
# it mounts or leaves running is aborted, detached and killed when it ends,
# however it ends: a hung mount left behind freezes every tool that walks it.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
BUILD=${BUILD:-$top/build}
STATIC_BOX=${STATIC_BOX:-$BUILD/fusebox}
# The tools of the packages that tests/deps installs: a python3 that comes before them may be
# a script that takes half a second to start.
PATH=$BUILD/bin:$BUILD/tests/tools:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
LC_ALL=C
export PATH BUILD STATIC_BOX LC_ALL
tests=0 failures=0 T='' pids=()
# SECONDS below are those of an idle machine: every limit is SLOWNESS times as long, which
# tests/harness measures once for all files.
SLOWNESS=${SLOWNESS:-$("$here/slowness")}
export SLOWNESS

# start [SECONDS]: enter the namespace, once; SECONDS is the limit for the file.
start()
{
	if [ -z "${FUSEBOX_TEST_NS:-}" ]; then
		export FUSEBOX_TEST_NS=1
		local user=-U
		[ "$(id -u)" != 0 ] || user=
		exec unshare ${user:+-Ur} -m --propagation private \
			timeout --foreground -k 10 "$(longer "${1:-120}")" bash "$0"
	fi
	detach_neighbours
	T=$(mktemp -d "${TMPDIR:-/tmp}/fusebox-test.XXXXXX") || bail 'no temporary directory'
	chmod 755 "$T"
	trap cleanup EXIT
	trap 'exit 124' TERM INT HUP
	cd "$T" || bail "cannot enter $T"
}

# The copies that the new namespace has of the machine's FUSE mounts: their servers may hang,
# and `fumount -a` is not meant for them. Detaching a copy asks no server, nor wakes anybody.
detach_neighbours()
{
	local at
	while read -r at; do
		abort_detach -d "$(printf '%b' "${at//\\/\\0}")" 2>/dev/null
	done < <(awk '/ - fuse(blk)?[. ]/ { print $5 }' /proc/self/mountinfo)
}

# longer SECONDS: prints the time limit for this machine. longer 0.5 prints 2 where SLOWNESS is 4.
longer()
{
	local ms whole=${1%.*} part=
	[ "$whole" = "$1" ] || part=${1#*.}
	part=${part}000
	ms=$(((whole * 1000 + 10#${part:0:3}) * SLOWNESS))
	printf '%d.%03d' $((ms / 1000)) $((ms % 1000))
}

# timeout [-k SECONDS] [-s SIGNAL] SECONDS COMMAND...: timeout(1), as long as this machine needs.
timeout()
{
	local ending=()
	while [[ $1 = -* ]]; do ending+=("$1" "$2"); shift 2; done
	command timeout "${ending[@]}" "$(longer "$1")" "${@:2}"
}

# The FUSE mounts below $T, the outermost first: "MAJOR:MINOR MOUNTPOINT".
own_mounts()
{
	[ -n "$T" ] || return 0
	awk -v t="$T/" '/ - fuse(blk)?[. ]/ && index($5, t) == 1 { print $3, $5 }' /proc/self/mountinfo
}

cleanup()
{
	local mnt i
	cd /
	# MNT_FORCE|MNT_DETACH wakes all waiting processes, without a lookup on the mount.
	for i in 1 2 3 4 5 6 7 8; do
		[ -n "$(own_mounts)" ] || break
		while read -r _ mnt; do
			mnt=$(printf '%b' "${mnt//\\/\\0}")
			abort_detach "$mnt" || umount -l "$mnt"
		done < <(own_mounts) 2>/dev/null
	done
	for i in "${pids[@]}"; do kill -9 "$i" 2>/dev/null; done
	[ -z "${machine_lock:-}" ] || machine free	# which a child that hangs would keep
	[ -n "$T" ] && [ -z "$(own_mounts)" ] || return
	awk -v t="$T/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo | tac | xargs -rn 1 umount -l 2>/dev/null
	rm -rf --one-file-system "$T"
}

bail() { echo "Bail out! $*"; exit 1; }
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# ok NAME COMMAND...: passes when COMMAND exits 0.
ok()
{
	local name=$1; shift
	tests=$((tests + 1))
	if "$@" >"${T:-/tmp}/.ok" 2>&1; then
		echo "ok $tests - $name"
	else
		echo "not ok $tests - $name"
		failures=$((failures + 1))
		diag "failed: $*"
		diag "$(head -n 20 "${T:-/tmp}/.ok")"
		return 1
	fi
}

# is NAME GOT WANT; like NAME GOT EXTENDED-REGEX; unlike likewise.
is()
{
	ok "$1" [ "$2" = "$3" ] || { diag "got:  $2"; diag "want: $3"; return 1; }
}
matches() { [[ $1 =~ $2 ]]; }
like() { ok "$1" matches "$2" "$3"; }
differs() { ! [[ $1 =~ $2 ]]; }
unlike() { ok "$1" differs "$2" "$3"; }

# exits CODE NAME COMMAND...: runs it; its output is left in $out and $err.
exits()
{
	local want=$1 name=$2 code; shift 2
	"$@" >"$T/.out" 2>"$T/.err" </dev/null
	code=$?
	# shellcheck disable=SC2034 # for the caller
	out=$(cat "$T/.out") err=$(cat "$T/.err")
	ok "$name" [ "$code" = "$want" ] || {
		diag "exit $code, wanted $want: $*"; diag "$err"; return 1
	}
}

# bg COMMAND...: start it, remember it for the clean-up; its pid is $bg.
bg() { "$@" & bg=$!; pids+=("$bg"); }
# bg_timeout SECONDS COMMAND...: the same; $bg is timeout(1)'s pid.
bg_timeout() { command timeout -k 1 "$(longer "$1")" "${@:2}" & bg=$!; pids+=("$bg"); }

# The pid of the newest process of this name in this test's own mount namespace:
# others may be at work on the machine.
newest()
{
	local pid parent
	pid=$(pgrep --ns $$ --nslist mnt -n -x "$1") || return
	# Until it runs for the first time, a server's unmounter has the server's name.
	parent=$(ps -o ppid= -p "$pid")
	if pgrep --ns $$ --nslist mnt -x "$1" | grep -qx "${parent// /}"; then pid=${parent// /}; fi
	echo "$pid"
}

# child_named NAME PID: the oldest child of this process that has this name: until it runs for the first time, a
# server's unmounter has it as well. It reads only what no process can hold up, unlike pgrep(1).
child_named()
{
	local child children
	read -ra children <"/proc/$2/task/$2/children"
	for child in "${children[@]}"; do
		[ "$(cat "/proc/$child/comm")" != "$1" ] || { echo "$child"; return; }
	done
} 2>/dev/null

# within SECONDS COMMAND...: wait until COMMAND succeeds.
within()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000 * SLOWNESS)); shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# The mount table, without touching a mount. The path is given unescaped.
escaped()
{
	local p=$1
	p=${p//\\/\\134} p=${p// /\\040} p=${p//$'\t'/\\011} p=${p//$'\n'/\\012}
	printf %s "$p"
}
mount_line() { M=$(escaped "$1") awk '$5 == ENVIRON["M"]' /proc/self/mountinfo | tail -n 1; }
mounted() { [ -n "$(mount_line "$1")" ]; }
unmounted() { ! mounted "$1"; }
# state_of PID: R, S, D, T, Z as in proc(5); nothing when there is no such process.
state_of() { local line; read -r line <"/proc/$1/stat" && line=${line##*) } && echo "${line:0:1}"; } 2>/dev/null
# A process that has ended stays a zombie until its parent waits for it: a container's process 1
# takes seconds.
gone() { local state; state=$(state_of "$1"); [[ $state = [ZX] || -z $state ]]; }
stopped() { [ "$(state_of "$1")" = T ]; }
# blocked PID: whether the process waits for a FUSE server, or to send its request.
blocked() { grep -qs 'request_wait_answer\|fuse_get_req\|fuse_simple_request' "/proc/$1/task"/*/wchan; }
# open_in MOUNTPOINT PID: a thread has its root, its working directory or a file there.
open_in() { readlink "/proc/$2/task"/*/{root,cwd,fd/*} 2>/dev/null | grep -q "^$1"; }
# stop PID: sends SIGSTOP, and returns once the process has stopped.
stop() { kill -STOP "$1" && within 5 stopped "$1"; }
# since MICROSECONDS SECONDS: less than SECONDS have passed since MICROSECONDS of EPOCHREALTIME.
since() { [ $((${EPOCHREALTIME/./} - $1)) -lt $(($2 * 1000000 * SLOWNESS)) ]; }
conn_of() { local d; d=$(mount_line "$1" | cut -d' ' -f3); echo "${d#*:}"; }

# machine exclusive | shared | free: locks the settings of the whole machine (the io_uring switch, the
# kernel's caches). A test that changes one takes the lock exclusively, tests that rely on them share
# it. An ordinary user's test cannot open the lock file, but cannot change the settings either.
machine()
{
	[ "${machine_lock:-}" ] || { exec {machine_lock}>>/run/lock/fusebox-tests; } 2>/dev/null || return 0
	case $1 in
	exclusive) flock -x -w "$(longer 300)" "$machine_lock" ;;
	shared) flock -s -w "$(longer 300)" "$machine_lock" ;;
	free) flock -u "$machine_lock" ;;
	esac
}

# Mounts a /dev in which every user may open /dev/fuse; give_dev_back unmounts it.
own_dev()
{
	local device name major minor
	mkdir "$T/dev"
	mount -t tmpfs none "$T/dev"
	for device in 'fuse 10 229' 'null 1 3' 'zero 1 5' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
		read -r name major minor <<<"$device"
		mknod -m 666 "$T/dev/$name" c "$major" "$minor"
	done
	ln -s /proc/self/fd "$T/dev/fd"
	mkdir "$T/dev/pts"
	mount --rbind "$T/dev" /dev
}
give_dev_back() { umount -l /dev; umount -l "$T/dev"; rmdir "$T/dev"; }

# need TOOL...: skips the file if one of the tools is missing; in CI that is a failure.
need()
{
	local tool
	for tool; do
		command -v "$tool" >/dev/null && continue
		[ "${CI:-}" = true ] && bail "$tool is missing"
		echo "1..0 # SKIP no $tool"
		exit 0
	done
}
skip() # skip NAME REASON
{
	tests=$((tests + 1))
	if [ "${CI:-}" = true ]; then
		failures=$((failures + 1))
		echo "not ok $tests - $1 (skipped in CI: $2)"
	else
		echo "ok $tests - $1 # SKIP $2"
	fi
}

finish()
{
	echo "1..$tests"
	[ "$failures" = 0 ]
	exit
}
