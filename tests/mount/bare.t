#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Without /proc, and with something else than the device at /dev/fuse: in a chroot that has neither.
. "$(dirname "$0")/../lib.sh"
start 60
mkdir -p root/bin root/dev/fuse root/mnt
cp "$STATIC_BOX" root/bin/fusebox || bail 'no box'
if ! chroot root /bin/fusebox --version >/dev/null 2>&1; then
	skip 'everything' 'the box is not static'
	finish
	exit
fi
in_root() { chroot root /bin/fusebox "$@"; }
chk() { exits "$1" "--check: $2" in_root fmount --check; }

chk 1 'a directory'
like 'what it is, and why' "$out" 'no +device +/dev/fuse: a directory \(docker -v makes one\); remove it, and use --device /dev/fuse'$'\n'
like 'what cannot be read is not missing' "$out" '- +kernel +not known: /proc/filesystems cannot be read'$'\n''- +module +not known'
unlike 'nothing dangles' "$out" '; *('$'\n''|$)'
exits 1 'a server' in_root hellofs /mnt
is 'says the same' "$err" 'hellofs: /dev/fuse: a directory (docker -v makes one); remove it, and use --device /dev/fuse'
exits 0 'fuse-info' in_root fuse-info -k
like 'fuse-info shows that /dev/fuse is a directory' "$out" '/dev/fuse +a directory'
like 'and the release without /proc' "$out" "linux +$(uname -r)"
rmdir root/dev/fuse
for other in 'touch root/dev/fuse' 'mknod root/dev/fuse c 1 3'; do
	$other
	chk 1 "$other"
	like 'is not the device' "$out" 'no +device +/dev/fuse: not the device 10:229; replace it: mknod'
	exits 1 'a server' in_root hellofs /mnt
	is 'the error: hellofs: /dev/fuse: not the device 10:229; replace it: mknod -m 666 /dev/fuse c 10 229' "$err" 'hellofs: /dev/fuse: not the device 10:229; replace it: mknod -m 666 /dev/fuse c 10 229'
	rm root/dev/fuse
done
if [ "$(id -u)" = 0 ]; then
	mount -t tmpfs -o nodev nodev root/dev
	mknod root/dev/fuse c 10 229
	chk 1 'on a file system mounted nodev'
	like 'is told' "$out" 'no +device access +Permission denied; it is on a file system mounted nodev'
	exits 1 'a server' in_root hellofs /mnt
	like 'a server names the nodev mount of /dev/fuse' "$err" '^hellofs: /dev/fuse: Permission denied; it is on a file system mounted nodev'
	mount -o remount,dev root/dev
fi

# Without /proc, the kernel's statmount(2) tells a mount's options, 6.8 on.
exits 0 'mounting' in_root hellofs -b -o noexec,noatime /mnt
exits 0 'fuse-info' in_root fuse-info /mnt
like 'the options' "$out" $'\n''  options +ro,nosuid,nodev,noexec,noatime'$'\n'
exits 0 'unmounting' in_root fumount /mnt
exits 32 'once more' in_root fumount /mnt
is 'the error: fumount: /mnt: nothing is mounted there' "$err" 'fumount: /mnt: nothing is mounted there'
exits 0 'mounting' in_root hellofs -b /mnt
kill -KILL "$(fuse-info --json root/mnt | sed 's/.*"pid":\([0-9]*\).*/\1/')"
within 5 eval 'fuse-info root/mnt | grep -q "state *dead"'
exits 1 'mounting over a dead one' in_root hellofs /mnt
like 'names what helps' "$err" 'fumount -R'
exits 0 'which helps' in_root fumount -R /mnt
ok 'root/mnt is unmounted' unmounted "$T/root/mnt"
finish
