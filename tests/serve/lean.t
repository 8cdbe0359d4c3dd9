#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The system calls of passfs for the life of one file: create, write 4 KiB, close, stat, open, read,
# close, rename, unlink. Each count is a limit, which a change may lower.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root only'; exit 0; }
start 60
need strace setpriv perl
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"

live() # live UID COUNT: the lives of COUNT files in mnt/d
{
	as "$1" perl -e 'use Fcntl; chdir "mnt/d" or die; for (1 .. shift) {
		sysopen F, "a$_", O_CREAT | O_EXCL | O_WRONLY, 0644 or die "$!"; syswrite F, "x" x 4096; close F; stat "a$_";
		sysopen F, "a$_", O_RDONLY or die "$!"; sysread F, $data, 4096; close F; rename "a$_", "z$_"; unlink "z$_" }' "$2"
}
count() { grep -cE '^[0-9]+ +(<\.\.\. )?'"($1)"'[( ]' trace; }

# Another test that drops the machine's caches would cause requests here.
machine shared
mkdir -m 777 src/d
while read -r uid most caps spare options; do
	# shellcheck disable=SC2086 # words
	up --transport=dev --threads=1 -o allow_other $options
	live "$uid" 2
	strace -qq -f -p "$server" -o trace & tracer=$!
	pids+=("$tracer")
	within 5 traced
	ok "uid $uid $options: ten lives" live "$uid" 10
	kill "$tracer"; wait "$tracer" 2>/dev/null
	all=$(grep -vc 'unfinished\|poll\|EAGAIN' trace)
	ok "uid $uid $options: strace has seen them" [ "$(count openat)" -ge 10 ]
	ok "uid $uid $options: at most $most system calls a life" [ "$all" -le $((most * 10)) ]
	diag "$all calls in 10 lives"
	ok "uid $uid $options: at most $caps of capget and capset" [ "$(count 'capget|capset')" -le "$caps" ]
	ok "uid $uid $options: at most $spare of fcntl" [ "$(count 'fcntl|fcntl64')" -le "$spare" ]
	down
done <<'END'
0 52 2 0
0 57 2 0 --no-passthrough
1777 80 0 0
1777 85 0 0 --no-passthrough
END
finish
