#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Neither applet makes a call by path on a FUSE mount that might ask its server: seen by
# strace, on mounts that hang. What is allowed on one is listed here; see resolve.h.
. "$(dirname "$0")/../lib.sh"
need strace
start 60
mkdir hung other tree
mount -t tmpfs none tree
mkdir tree/hung

# System calls with a file name, and their arguments, of any process.
traced() { timeout 10 strace -f -qq -y -o trace -e trace=%file,%desc,umount2,fchdir "$@" >/dev/null 2>&1; }

# The calls on a mount or on a file in it: by a path that contains its name, or by a descriptor that
# strace shows to be there. Leaves out the calls that cannot reach a server: O_PATH, statx with
# DONT_SYNC, readlinkat of an O_PATH descriptor itself, umount2, close, and readlink of links in
# /proc.
asking()
{
	grep -E "$T/(hung|tree/hung)|\"(hung|tree/hung)" trace | grep -vE \
		-e '^[0-9]+ +execve\(' \
		-e 'openat\([^,]*, "[^/"]*", [^)]*O_PATH' \
		-e "openat\([^,]*, \"$T/(tree/)?hung\", [^)]*O_PATH" -e '<... openat resumed>' \
		-e 'statx\([^,]*, "", AT_STATX_DONT_SYNC\|AT_EMPTY_PATH' \
		-e 'statx\([0-9]+</proc/[0-9]+(/fd)?>, "[a-z0-9]+", AT_STATX_DONT_SYNC, ' \
		-e 'readlinkat\([0-9]+<[^>]*>, "",' \
		-e 'readlinkat\([0-9]+</proc/' \
		-e 'umount2\(' -e 'close\(' -e ' (read|write)\([0-9]+<(/proc/|socket:|pipe:)' \
		-e 'write\([12]<' -e 'fcntl\('
}

hang()
{
	faulty good "$T/hung"; server=$(newest faulty); pids+=("$server")
	faulty silent "$T/tree/hung"; pids+=("$(newest faulty)")
	mount --bind hung other
	stop "$server"
	bg stat hung/none
	within 5 blocked "$bg"
}
over() { kill -KILL "$server"; pkill -9 --ns $$ --nslist mnt -x faulty; umount -l hung other tree/hung; } 2>/dev/null

for command in 'fuse-info' 'fuse-info -l' 'fuse-info hung tree/hung' 'fuse-info --json hung/file' 'fuse-info -A' 'fuse-info --stuck=1' \
	"fuse-info faulty" 'fumount hung' 'fumount ./hung/../hung tree/hung' 'fumount -l hung tree/hung' 'fumount -f hung tree/hung' \
	'fumount --abort hung' 'fumount -R hung tree/hung' 'fumount -a' 'fumount -a -l' 'fumount -a -R' 'fumount -w 1 hung' \
	'fumount hung/file hung/x/y' 'fumount faulty' 'fumount -kUSR2 hung'; do
	hang
	read -ra words <<<"$command"
	traced "${words[@]}"
	ok "$command ends in time" test $? != 124
	ok "strace has traced $command" test -s trace
	found=$(asking)
	is "$command sends no request to the mount" "$found" ''
	over
done
# Commands that do send a request are found by the same check.
hellofs -b hung
for command in 'stat hung' 'cat hung/hello' 'ls hung' 'df hung'; do
	read -ra words <<<"$command"
	traced "${words[@]}"
	ok "a command that asks the mount is noticed: $command" test -n "$(asking)"
done
finish
