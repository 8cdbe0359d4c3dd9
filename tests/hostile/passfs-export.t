#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What passfs --export remembers of files that are no more: nothing that grows.
. "$(dirname "$0")/../lib.sh"
start 250
need python3
[ "$(id -u)" = 0 ] || need root
# Makes and unlinks this many files.
many=${MANY:-40000}
mkdir src mnt
mount -t tmpfs none src
exits 0 'a mount' passfs -b --export src mnt
server=$(newest passfs)
pids+=("$server")
rss() { awk '$1 == "RssAnon:" { print $2 }' "/proc/$server/status"; }
# KiB; an inode number takes about 150 bytes.
grew() { local now; now=$(rss); echo $((${now:-9999999} - before)); }
few_open() { [ "$(find "/proc/$server/fd" -lname "$T/src/*" 2>/dev/null | wc -l)" -lt 100 ]; }
work() # work OPERATION COUNT
{
	python3 - "$@" <<-'END'
		import os, sys
		for i in range(int(sys.argv[2])):
		    if sys.argv[1] == "make":
		        os.close(os.open(f"src/{i}", os.O_CREAT | os.O_EXCL, 0o600))
		    elif sys.argv[1] == "look":
		        os.stat(f"mnt/{i}")
		    elif sys.argv[1] == "remove":
		        os.unlink(f"src/{i}")
		    else:
		        os.close(os.open(f"mnt/{i}", os.O_CREAT | os.O_EXCL, 0o600))
		        os.unlink(f"mnt/{i}")
	END
}
work cycle 1000
before=$(rss)
work cycle "$many"
ok "$many files made and unlinked: grown by $(grew) KiB" test "$(grew)" -lt 1500

# The files are removed in SOURCE after the kernel has forgotten them.
for round in 1 2 3 4 5 6; do
	work make 5000
	work look 5000
	echo 2 >/proc/sys/vm/drop_caches
	within 20 few_open
	work remove 5000
	[ "$round" != 3 ] || before=$(rss)
done
ok "six times as many, removed in SOURCE: grown by $(grew) KiB since the third time" test "$(grew)" -lt 1000
echo kept >src/kept
handle take mnt/kept >kept
echo 2 >/proc/sys/vm/drop_caches
work make 5000
work look 5000
is 'what is there is found by its handle all the same' "$(handle open mnt <kept)" kept
fumount mnt
umount src
finish
