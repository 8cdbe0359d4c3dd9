#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the kernel may keep of passfs's files, as its options say; and what passfs is asked then.
. "$(dirname "$0")/../lib.sh"
start 300
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"
echo 1 >src/one; chmod 640 src/one
# Another test that drops the machine's caches would cause requests here.
machine shared

# How long the kernel may cache.
reads() { grep -c ' READ node' log; }
log() # log OPTION...: mounted, each request in the log
{
	passfs -d --threads=1 --no-passthrough "$@" src mnt 2>log & server=$!
	pids+=("$server")
	within 5 grep -q Mounting log
	within 5 mountpoint -q mnt
}
head -c 100000 /dev/urandom >src/data
touch -d '1 hour ago' src/data; sleep 3	# what has just changed is not trusted
for cache in auto none always; do
	log --cache=$cache
	cat mnt/data >/dev/null; cat mnt/data >/dev/null; first=$(reads)
	cat mnt/data >/dev/null
	case $cache in
	none) ok 'none: read again' test "$(reads)" -gt "$first" ;;
	*) is "$cache: an unchanged file is not read again" "$(reads)" "$first" ;;
	esac
	head -c 100000 /dev/urandom >src/data
	case $cache in
	auto) sleep 1.1; ok 'auto: a changed one is' cmp mnt/data src/data ;;
	none) ok 'none: a changed one is' cmp mnt/data src/data ;;
	always) exits 1 'always: that is not noticed' cmp mnt/data src/data ;;
	esac
	fumount mnt; wait "$server"
	sleep 2.5
done
log --timeout=100
stat mnt/one >/dev/null; chmod 600 src/one
is 'attributes kept for as long as is said' "$(stat -c %a mnt/one)" 640
fumount mnt; wait "$server"
chmod 640 src/one
log
( exec 3<mnt/data; exec 3<&- )
is 'a close that wrote nothing is not told' "$(grep -c FLUSH log)" 0
echo x >mnt/written
is 'a close on a file system that ignores FLUSH sends none' "$(grep -c FLUSH log)" 0
is 'what is only written asks for no attribute' "$(grep -c GETXATTR log)" 0
echo x 1<>mnt/written
is 'otherwise the first write asks for one' "$(grep -c GETXATTR log)" 1
echo x 1<>mnt/written
is 'one GETXATTR is sent, and none for the next file' "$(grep -c GETXATTR log)" 1
# A writer that truncates a file bypasses the page cache, whatever else has it open; all readers see
# the same data.
mapped='import mmap, os, sys
fd = os.open("mnt/both", os.O_RDWR)
map = mmap.mmap(fd, 12)
map[8:12] = b"maps"
print(os.pread(fd, 12, 0).decode(), map[:12].decode())'
both() { python3 -c "$mapped"; cat src/both; }
exec 6>mnt/both
echo written anew >&6
is 'mapped while it is written anew' "$(both)" $'written maps written maps\nwritten maps'
echo more >&6
is 'open files go on reading and writing' "$(both; cat mnt/both)" $'written maps written maps\nwritten maps\nmore\nwritten maps\nmore'
exec 5<>mnt/both 6>&-
exec 6>mnt/both
echo by the cache >&6
is 'written anew while somebody might map it' "$(both)" $'by the cmaps by the cmaps\nby the cmaps'
exec 5<&- 6>&-
fumount mnt; wait "$server"

log --no-xattrs -o noallow_other
mkdir src/private; touch src/private/{1,2,3}
perl -e 'rename "mnt/private/$_", "mnt/private/to$_" or die for 1 .. 3'
ok 'the file is renamed in SOURCE' test -e src/private/to3
exits 1 'setfattr fails in a mount without extended attributes' setfattr -n user.x -v y mnt/one
like 'the error is: Operation not supported' "$err" 'Operation not supported'
is 'nobody else comes in: no attributes are asked for to check' "$(grep -c 'GETATTR node [^1]' log)" 0
exits 2 'another user cannot list the mount' as 1001 ls mnt
fumount mnt; wait "$server"
finish
