#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# rm -r removes as it reads. In ramfs the places of the other entries change with each one
# that goes, and passfs still shows them all.
# shellcheck disable=SC2317 # what is handed to ok and bg is reached
. "$(dirname "$0")/../lib.sh"

need busybox perl lsattr
start 120

mkdir src mnt
mount -t ramfs none src
empty() { [ -z "$(ls -A "$1")" ]; }

for options in '' --cache=none --threads=4 '--hide=1*'; do
	read -ra words <<<"$options"
	ok "passfs $options" passfs -b "${words[@]}" src mnt
	# The kernel's READDIR buffer is larger than SIZE, or much smaller.
	for size in 300 2048 32768; do
		mkdir mnt/many
		(cd src/many && seq 2000 3999 | sed "s/$/$(printf %060d 0)/" | xargs touch)
		is "$size bytes at a time" "$(removing mnt/many "$size")" 2000
		ok 'the directory is empty after the removals' rmdir mnt/many
	done
	mkdir mnt/many
	(cd src/many && seq 2000 3999 | xargs touch)
	exits 0 'rm -r' busybox rm -r mnt/many
	ok 'rm -r leaves nothing in SOURCE' empty src
	fumount mnt
done
umount -l src	# the server may not have ended

# rewinddir(3) shows new entries, and seekdir(3) finds the place.
again='opendir D, "mnt"; @one = grep !/^\./, readdir D;
	open F, ">", "mnt/new"; rewinddir D; @two = grep !/^\./, readdir D;
	rewinddir D; readdir D for 1 .. 500; $at = telldir D; @rest = readdir D;
	seekdir D, $at; @same = readdir D; print 0 + @one, " ", 0 + @two, " ", "@rest" eq "@same"'
for type in ramfs tmpfs; do
	mount -t "$type" none src
	passfs -b src mnt
	(cd src && seq 2000 2999 | xargs touch)
	is "$type: rewinddir and seekdir" "$(perl -e "$again")" '1000 1001 1'
	is "$type: ioctl of a directory" "$(cd mnt && lsattr -d . 2>&1)" "$(cd src && lsattr -d . 2>&1)"
	ok 'fsync of a directory' sync mnt
	fumount mnt
	umount -l src	# the server may not have ended
done
finish
