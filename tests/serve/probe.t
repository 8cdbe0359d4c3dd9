#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hellofs by the calls that a shell has no words for; readiness; what is missing.
. "$(dirname "$0")/../lib.sh"
start 60
mkdir mnt

# With rw the server answers; with ro the kernel refuses many calls itself.
for how in ro rw; do
	hellofs -b -o "$how" mnt
	got=$(probe_fs mnt hello)
	answer() { sed -n "s/^$1: //p" <<<"$got"; }
	is "$how: entries one by one" "$(answer names)" '. .. hello'
	is "$how: readdir goes on from any offset" "$(answer again)" 'end hello .. .'
	is "$how: readdir with a buffer that is too small for an entry" "$(answer 'getdents, no room')" EINVAL
	is "$how: SEEK_DATA, SEEK_HOLE" "$(answer 'SEEK_DATA 0') $(answer 'SEEK_HOLE 0') $(answer 'SEEK_DATA at the end')" '0 5 ENXIO'
	is "$how: reading behind the end" "$(answer 'pread behind the end')" 0
	# Without ro the kernel decides by the mode, and sends no request.
	[ $how = ro ] && writing='EROFS' xattr=EROFS || writing=0 xattr=EOPNOTSUPP
	is "$how: access(2) by the mode" "$(answer 'access R') $(answer 'access W') $(answer 'access X')" "0 $writing EACCES"
	is "$how: extended attributes cannot be set or removed" "$(answer setxattr) $(answer removexattr)" "$xattr $xattr"
	is "$how: no attributes of a user" "$(answer getxattr) $(answer listxattr)" 'EOPNOTSUPP EOPNOTSUPP'
	for call in 'open W' 'open TRUNC' truncate chmod utimensat unlink link symlink mkdir rename; do
		is "$how: $call fails with EROFS" "$(answer "$call")" EROFS
	done
	is "$how: a file is no directory, nor a link" "$(answer 'open as directory') $(answer readlink)" 'ENOTDIR EINVAL'
	is "$how: statfs" "$(answer statfs) $(grep ^blocks <<<"$got")" '0 blocks 0 files 0 namelen 255'
	fumount mnt
done

# systemd's readiness protocol, over a path and an abstract socket name.
for address in "$T/notify" "@fusebox-test-$$"; do
	bg perl -MIO::Socket::UNIX -MSocket -e '
		$a = $ARGV[0]; $a =~ s/^@/\0/;
		$s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $a) or die;
		open F, ">", "bound"; close F;
		alarm 10; $s->recv($m, 99); print $m' "$address" >got
	within 5 test -e bound
	NOTIFY_SOCKET=$address hellofs -b mnt
	wait "$bg"
	like "NOTIFY_SOCKET=$address" "$(cat got)" $'^READY=1\nMAINPID=[0-9]+$'
	fumount mnt
	rm -f bound
done
exits 0 'NOTIFY_SOCKET where nobody listens' env NOTIFY_SOCKET="$T/nobody" hellofs -b mnt
fumount mnt
exits 0 'NOTIFY_SOCKET of a name too long' env NOTIFY_SOCKET="$(printf /%0200d 1)" hellofs -b mnt
fumount mnt

# The error names what is missing, and what to do.
mkdir dev
mount -t tmpfs none dev
mknod -m 666 dev/null c 1 3
mount --bind dev /dev
exits 1 'hellofs where /dev/fuse does not exist' hellofs mnt
like 'the error: hellofs: /dev/fuse: No such file or directory; make it: mknod -m 666 /dev/fuse c 10 229' "$err" '^hellofs: /dev/fuse: No such file or directory; make it: mknod -m 666 /dev/fuse c 10 229'
mknod dev/fuse c 10 250
exits 1 'hellofs where /dev/fuse is another device' hellofs mnt
like 'the error: hellofs: /dev/fuse: not the device 10:229; replace it: mknod' "$err" '^hellofs: /dev/fuse: not the device 10:229; replace it: mknod'
rm dev/fuse
mknod -m 600 dev/fuse c 10 229
chmod 777 mnt
exits 1 'a device that the user may not open, and no helper' \
	setpriv --reuid 65534 --regid 65534 --clear-groups env PATH=/nonexistent "$BUILD/fusebox" hellofs mnt
like 'the error tells that the mode of /dev/fuse does not let the user open it' "$err" '/dev/fuse: Permission denied; its mode does not let this user open it \(chmod 666 /dev/fuse\), and there is no fusermount3 in PATH'
chmod 666 dev/fuse
exits 1 'hellofs by a user without a helper' \
	setpriv --reuid 65534 --regid 65534 --clear-groups env PATH=/nonexistent "$BUILD/fusebox" hellofs mnt
like 'the error tells that there is no fusermount3' "$err" 'mnt: Operation not permitted; mounting needs CAP_SYS_ADMIN, and there is no fusermount3 in PATH'
umount -l /dev
umount dev
cat >filesystems <<<"nodev	proc"
mount --bind filesystems /proc/filesystems
mount -t tmpfs none dev
mknod dev/null c 1 3
mount --bind dev /dev
exits 1 'hellofs where the kernel has no FUSE' hellofs mnt
like 'the error: this kernel has no FUSE: load its module fuse' "$err" 'this kernel has no FUSE: load its module fuse'
umount -l /dev
umount dev /proc/filesystems
finish
