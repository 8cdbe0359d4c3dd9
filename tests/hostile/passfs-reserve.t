#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs for many users: the blocks that a file system reserves for root, and quotas, hold for
# those who write by the mount as well.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root only'; exit 0; }
need setpriv mkfs.ext4
start 200
user() { setpriv --reuid=1777 --regid=1777 --clear-groups "$@"; }
left() { stat -f -c %f src; }	# blocks, with the reserve

# 32 MiB, of which a quarter is reserved; the user has filled the rest.
truncate -s 32M disk
mkfs.ext4 -q -b 4096 -O ^has_journal -m 25 disk
mkdir src mnt
mount -o loop disk src || bail 'no loop device'
chmod 777 src
user dd if=/dev/zero of=src/fill bs=64k 2>/dev/null
user dd if=/dev/zero of=src/fill bs=4k oflag=append conv=notrunc 2>/dev/null
sync -f src
: >src/roots; chmod 666 src/roots
before=$(left)
ok 'the disk is full for the user, not for root' [ "$before" -gt 500 ]

for how in '' --no-passthrough --threads=1 --writeback --locks --cache=none; do
	ok "${how:-default}: passfs starts" passfs -b --transport=dev $how src mnt
	user dd if=/dev/zero of=mnt/fill bs=64k count=8 conv=notrunc oflag=append 2>/dev/null
	user dd if=/dev/zero of=mnt/new bs=64k count=8 conv=fsync 2>/dev/null
	user dd if=/dev/zero of=mnt/roots bs=64k count=8 conv=notrunc,fsync 2>/dev/null
	user fallocate -l 1M mnt/room 2>/dev/null
	user dd if=/dev/zero of=mnt/fill bs=64k count=8 conv=notrunc,fsync seek=1000 2>/dev/null
	sync -f mnt
	ok "${how:-default}: a user's writes take none of the reserve" [ "$(left)" -ge $((before - 8)) ]
	diag "$before blocks before, $(left) after"
	ok "${how:-default}: root writes into the reserve" dd if=/dev/zero of=mnt/mine bs=64k count=8 conv=fsync
	rm -f mnt/mine mnt/new mnt/room
	umount mnt || umount -l mnt
	within 10 unmounted "$T/mnt"
done
finish
