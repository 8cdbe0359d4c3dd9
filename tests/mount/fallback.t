#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Where the new mount calls are missing (ENOSYS) or a sandbox forbids them (EPERM),
# mount(2) does it; where there is no statmount(2), mountinfo; and what the names
# hold arrives whole by either way.
. "$(dirname "$0")/../lib.sh"
start 90
mkdir mnt
read_it() { timeout 5 cat mnt/hello; }
new_calls=428,429,430,431,432,433,442
statmount=457,458
# Calls are forbidden by number: since 5.2 new calls have the same number on every architecture.
for errno in 38 1; do
	for calls in "$new_calls" "$new_calls,$statmount" "$statmount"; do
		with="forbid $errno $calls"
		read -ra f <<<"$with"
		for name in plain 'a,b' 'a\b' $'a\nb' 'a b' "$(printf %0300d 7)"; do
			escaped=${name//\\/\\\\}
			escaped=${escaped//,/\\,}
			exits 0 "$with: $(printf %q "${name:0:20}")" "${f[@]}" hellofs -b -o "subtype=x,fsname=$escaped" mnt
			is 'hellofs with such a name serves' "$(read_it)" hello
			is 'the mount table has the whole name' "$(awk -v m="$T/mnt" '$5 == m { print $(NF - 1) }' /proc/self/mountinfo)" "$(escaped "$name")"
			exits 0 'fumount of a mount with such a name' "${f[@]}" fumount mnt
		done
		exits 0 "$with: fmount" "${f[@]}" fmount --wait --auto-unmount mnt -- hellofs
		kill -9 "$(newest hellofs)"
		ok 'auto-unmount detaches the mount of a killed server' within 5 unmounted "$T/mnt"
	done
done
exits 1 'mount(2) forbidden too' forbid 1 "$new_calls,165" hellofs mnt
like 'the error: mount failed: Operation not permitted.*mnt: .* did not mount it' "$err" 'mount failed: Operation not permitted.*mnt: .* did not mount it'
exits 1 'a mount option that the kernel refuses' bash -c 'hellofs -o blksize=512 mnt'
like 'the error has the reason that the kernel gives' "$err" 'mnt: Invalid argument; .*blksize'

# fuseblk, on a block device
if device=$(truncate -s 1M disk && losetup -f --show disk 2>/dev/null); then
	got=$(commfd "grep ' $T/mnt ' /proc/self/mountinfo" "$BUILD/fusermount3" \
		-o "blkdev,fsname=$device,subtype=x,blksize=1024" mnt 2>&1)
	like 'fuseblk with the blksize of its option' "$got" "received: byte 0.* - fuseblk.x $device rw,user_id=0,group_id=0,blksize="
	umount -l mnt
	got=$(commfd true "$BUILD/fusermount3" -o "blkdev,fsname=$T/disk" mnt 2>&1)
	like 'fuseblk on what is no block device' "$got" 'mount failed: Block device required.*exit 1'
	losetup -d "$device"
else
	diag 'no loop device: fuseblk is not tried'
fi
finish
