#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs with few descriptors: more files are looked at than it can hold, and none fails (EMFILE).
. "$(dirname "$0")/../lib.sh"
start 180
mkdir src mnt
mount -t tmpfs none src
mkdir src/d
for ((i = 0; i < 1500; i++)); do echo "$i" >"src/d/f$i"; done

serve_with() # serve_with LIMIT OPTIONS...
{
	local limit=$1; shift
	(ulimit -n "$limit" && exec passfs -b "$@" src mnt)
}
# Since Linux 6.18 a server can ask the kernel to forget inodes (FUSE_NOTIFY_PRUNE).
ls src/d >names
if [ "$(printf '6.18\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.18 ]; then
	for options in '' --threads=1 --transport=uring --sandbox --no-passthrough --writeback; do
		for limit in 64 128 300; do
			# shellcheck disable=SC2086 # words
			exits 0 "passfs $options, $limit descriptors" serve_with "$limit" $options
			is 'stat of more files than descriptors reports no error' "$(find mnt/d -type f -size +1 2>&1 | head -n 3)" ''
			is 'cat of more files than descriptors reports no error' "$(cat mnt/d/* 2>&1 >/dev/null | head -n 3)" ''
			is 'several processes that read them report no error' "$(xargs -P 6 -n 50 sh -c 'cd mnt/d && cat "$@"' sh <names 2>&1 >/dev/null | head -n 3)" ''
			exits 0 'unmounted' fumount mnt
		done
	done
else
	skip 'as many files as there are' 'Linux 6.18 forgets on demand'
fi
within 5 umount src
finish
