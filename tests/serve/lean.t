#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The system calls of passfs for the life of one file: create, write 4 KiB, close, stat, open, read,
# close, rename, unlink. Each count is a limit, which a change may lower.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root only'; exit 0; }
start 120
need strace setpriv
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"

live() { (cd mnt/d && as "$1" "$life" "$2"); }	# live UID COUNT
count() { grep -cE '^[0-9]+ +(<\.\.\. )?'"($1)"'[( ]' trace; }
count_all() { grep -vc 'unfinished\|poll\|EAGAIN' trace; }

watch_ten() # watch_ten UID: the calls of ten lives, in trace
{
	strace -qq -f -p "$server" -o trace & tracer=$!
	pids+=("$tracer")
	within 5 traced
	live "$1" 10 || lived=1
	kill "$tracer"; wait "$tracer" 2>/dev/null
}

judge() # judge UID MOST CAPS SPARE IDS TRANSPORT [OPTION...]
{
	local uid=$1 most=$2 caps=$3 spare=$4 ids=$5 what="uid $1 $6 ${*:7}" lived=0 round
	up --transport="$6" --threads=1 -o allow_other "${@:7}"
	live "$uid" 2
	# What the kernel caches ends after a second, which costs some calls more on a slow machine.
	for round in 1 2 3; do
		watch_ten "$uid"
		[ "$(count_all)" -gt $((most * 10 + 9)) ] || break
	done
	is "$what: ten lives" "$lived" 0
	ok "$what: strace has seen them" [ "$(count openat)" -ge 10 ]
	ok "$what: at most $most system calls a life" [ "$(count_all)" -le $((most * 10 + 9)) ]
	diag "$(count_all) calls in 10 lives, round $round"
	ok "$what: at most $caps of capget and capset" [ "$(count 'capget|capset')" -le "$caps" ]
	ok "$what: at most $spare of fcntl" [ "$(count 'fcntl|fcntl64')" -le "$spare" ]
	ok "$what: at most $ids that change ids" [ "$(count 'set(fsuid|resgid|groups)(32)?')" -le "$ids" ]
	down
}

# Another test that drops the machine's caches would cause requests here.
machine exclusive
life=$(command -v life)
mkdir -m 777 src/d
judge 0 43 2 0 0 dev
judge 0 48 2 0 0 dev --no-passthrough
judge 1777 52 0 0 5 dev
judge 1777 65 0 0 80 dev --no-passthrough

params=/sys/module/fuse/parameters/enable_uring
if [ -e "$params" ]; then
	before=$(cat "$params")
	trap 'echo "$before" >"$params"; cleanup' EXIT
	echo Y >"$params"
	judge 0 31 2 0 0 uring
	judge 1777 37 0 0 5 uring
	echo "$before" >"$params"
fi
finish
