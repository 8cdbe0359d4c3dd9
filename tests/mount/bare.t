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
like '--check tells what /dev/fuse is, and why' "$out" 'no +device +/dev/fuse: a directory \(docker -v makes one\); remove it, and use --device /dev/fuse'$'\n'
like '--check reports as not known what it cannot read' "$out" '- +kernel +not known: /proc/filesystems cannot be read'$'\n''- +module +not known'
unlike 'no line of --check ends in a semicolon' "$out" '; *('$'\n''|$)'
exits 1 'hellofs where /dev/fuse is a directory' in_root hellofs /mnt
is 'hellofs gives the same reason as --check' "$err" 'hellofs: /dev/fuse: a directory (docker -v makes one); remove it, and use --device /dev/fuse'
exits 0 'fuse-info -k where /dev/fuse is a directory' in_root fuse-info -k
like 'fuse-info shows that /dev/fuse is a directory' "$out" '/dev/fuse +a directory'
like 'fuse-info -k shows the release without /proc' "$out" "linux +$(uname -r)"
rmdir root/dev/fuse
for other in 'touch root/dev/fuse' 'mknod root/dev/fuse c 1 3'; do
	$other
	chk 1 "$other"
	like '--check tells that /dev/fuse is another device' "$out" 'no +device +/dev/fuse: not the device 10:229; replace it: mknod'
	exits 1 'hellofs where /dev/fuse is another device' in_root hellofs /mnt
	is 'the error: hellofs: /dev/fuse: not the device 10:229; replace it: mknod -m 666 /dev/fuse c 10 229' "$err" 'hellofs: /dev/fuse: not the device 10:229; replace it: mknod -m 666 /dev/fuse c 10 229'
	rm root/dev/fuse
done
if [ "$(id -u)" = 0 ]; then
	mount -t tmpfs -o nodev nodev root/dev
	mknod root/dev/fuse c 10 229
	chk 1 'on a file system mounted nodev'
	like '--check tells that the file system of /dev/fuse is nodev' "$out" 'no +device access +Permission denied; it is on a file system mounted nodev'
	exits 1 'hellofs where the file system of /dev/fuse is nodev' in_root hellofs /mnt
	like 'a server names the nodev mount of /dev/fuse' "$err" '^hellofs: /dev/fuse: Permission denied; it is on a file system mounted nodev'
	mount -o remount,dev root/dev
fi

# Without /proc, statmount(2) gives a mount's options from Linux 6.8 on.
exits 0 'hellofs -b without /proc' in_root hellofs -b -o noexec,noatime /mnt
exits 0 'fuse-info of a mount without /proc' in_root fuse-info /mnt
like 'fuse-info without /proc shows the options' "$out" $'\n''  options +ro,nosuid,nodev,noexec,noatime'$'\n'
exits 0 'fumount without /proc' in_root fumount /mnt
exits 32 'fumount without /proc where nothing is mounted' in_root fumount /mnt
is 'the error: fumount: /mnt: nothing is mounted there' "$err" 'fumount: /mnt: nothing is mounted there'
exits 0 'hellofs -b, whose server is then killed' in_root hellofs -b /mnt
kill -KILL "$(fuse-info --json root/mnt | sed 's/.*"pid":\([0-9]*\).*/\1/')"
within 5 eval 'fuse-info root/mnt | grep -q "state *dead"'
exits 1 'hellofs over a dead mount' in_root hellofs /mnt
like 'the error over a dead mount names fumount -R' "$err" 'fumount -R'
exits 0 'fumount -R of a dead mount' in_root fumount -R /mnt
ok 'root/mnt is unmounted' unmounted "$T/root/mnt"
finish
