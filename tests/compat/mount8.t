#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mount(8) and umount(8), util-linux's and BusyBox's, with our helpers, in a root
# directory that has no shell: a type in fstab is served by hellofs.
. "$(dirname "$0")/../lib.sh"
start 120
need busybox strace

root=$T/root
for dir in bin sbin usr/bin usr/sbin usr/lib lib64 etc dev proc sys run tmp mnt mnt2 mnt3; do mkdir -p "$root/$dir"; done
mkdir -p "$root/lib"
with_libraries() # with_libraries PROGRAM TO
{
	cp "$1" "$root/$2"
	ldd "$1" | grep -o '/[^ ]*' | while read -r lib; do
		mkdir -p "$root/$(dirname "$lib")"
		cp -L "$lib" "$root/$lib"
	done
}
with_libraries "$(PATH=/bin:/usr/bin command -v mount)" bin/mount
with_libraries "$(PATH=/bin:/usr/bin command -v umount)" bin/umount
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$STATIC_BOX" "$root/usr/bin/fusebox"
ln -s /usr/bin/fusebox "$root/usr/bin/hellofs"
ln -s /usr/bin/fusebox "$root/usr/bin/passfs"
for helper in mount.fuse mount.fuse3 umount.fuse mount.hellofs mount.fuse.hellofs mount.passfs mount.fuse.passfs; do
	ln -s /usr/bin/fusebox "$root/sbin/$helper"
done
mknod -m 666 "$root/dev/fuse" c 10 229
mknod -m 666 "$root/dev/null" c 1 3
mount -t proc none "$root/proc"
ln -s /proc/self/mounts "$root/etc/mtab"
in_root() { chroot "$root" "$@"; }
hello() { timeout 5 cat "$root/$1/hello"; }
ok 'no shell there' test ! -e "$root/bin/sh"

for mount in /bin/mount '/bin/busybox mount'; do
	umount=${mount/mount/umount}
	read -ra m <<<"$mount"
	read -ra u <<<"$umount"
	for type in fuse.hellofs hellofs; do
		exits 0 "$mount -t $type" in_root "${m[@]}" -t "$type" src /mnt
		is "$mount -t $type: serves, the mount having answered" "$(hello mnt)" hello
		like 'the mount table has type and source' "$(mount_line "$root/mnt")" '- fuse.hellofs src '
		exits 0 "$mount -o remount,rw" in_root "${m[@]}" -o remount,rw,noatime /mnt
		like 'remount,rw changes the mount' "$(mount_line "$root/mnt")" ' rw,.*noatime.* - fuse.hellofs src rw'
		is 'remount makes no second mount' "$(own_mounts | wc -l)" 1
		exits 0 "$umount" in_root "${u[@]}" /mnt
		ok '/mnt is unmounted' unmounted "$root/mnt"
	done
	# BusyBox's mount runs the server itself instead of a helper, and waits until it exits.
	exits 0 "$mount -t fuse passfs#/usr" timeout 10 chroot "$root" "${m[@]}" -t fuse 'passfs#/usr' /mnt
	ok 'the server of passfs#/usr serves once mount has returned' timeout 5 test -e "$root/mnt/bin/fusebox"
	exits 0 "$umount" in_root "${u[@]}" /mnt
	for type in fuse.passfs passfs; do
		exits 0 "$mount -t $type, with an option of its own" timeout 10 chroot "$root" "${m[@]}" -t "$type" -o hide=sbin /usr /mnt
		is 'the server gets its own option from mount(8)' "$(ls "$root/mnt")" "$(printf '%s\n' bin lib)"
		exits 0 "$umount" in_root "${u[@]}" /mnt
	done
	# BusyBox's mount does not pass ro, noexec and the like to the helper.
	second='hellofs#src2 /mnt2 fuse'
	if [ "$mount" = /bin/mount ]; then
		exits 0 "$mount -t fuse TYPE#SOURCE" in_root "${m[@]}" -t fuse 'hellofs#thing' /mnt
		like 'TYPE#SOURCE: the mount table has the source' "$(mount_line "$root/mnt")" '- fuse.hellofs thing '
		exits 0 "$umount again" in_root "${u[@]}" /mnt
	else
		second='src2 /mnt2 fuse.hellofs'
	fi

	cat >"$root/etc/fstab" <<-END
		src1 /mnt fuse.hellofs nofail,_netdev,x-systemd.automount,comment=hi 0 0
		$second ro,noexec 0 0
		src3 /mnt3 fuse.hellofs noauto,rw 0 0
	END
	exits 0 "$mount -a" in_root "${m[@]}" -a
	is 'mount -a: the first entry of fstab serves' "$(hello mnt)" hello
	is 'mount -a: the second entry of fstab serves' "$(hello mnt2)" hello
	[ "$mount" != /bin/mount ] || like 'with its options' "$(mount_line "$root/mnt2")" 'noexec.* - fuse.hellofs src2 ro'
	ok 'mount -a leaves out a noauto entry' unmounted "$root/mnt3"
	exits 0 "$mount of a noauto entry" in_root "${m[@]}" /mnt3
	[ "$mount" != /bin/mount ] || like 'writable, as it says' "$(mount_line "$root/mnt3")" '- fuse.hellofs src3 rw'
	for d in mnt mnt2 mnt3; do exits 0 "$umount $d" in_root "${u[@]}" "/$d"; done
	ok 'umount leaves no FUSE mount' test -z "$(own_mounts)"
done

# umount.fuse itself, by the words of both
for words in '' '-l' '-f -l' '-n -r -v' '-t fuse.hellofs' "-N $$" '-N /proc/self/ns/mnt'; do
	exits 0 'hellofs, for umount.fuse' hellofs -b "$root/mnt2"
	read -ra w <<<"$words"
	exits 0 "umount.fuse $words" umount.fuse "$root/mnt2" "${w[@]}"
	ok 'umount.fuse unmounts it' unmounted "$root/mnt2"
done
exits 32 'umount.fuse of nothing' umount.fuse "$root/mnt2"
exits 32 'umount.fuse in no namespace' umount.fuse "$root/mnt2" -N /nope
exits 1 'umount.fuse without a mountpoint' umount.fuse

# mount.fuse3 and servers of every kind
mkdir bin
cat >bin/dies <<'END'
#!/bin/sh
exit 7
END
cat >bin/late <<'END'
#!/bin/sh
sleep 0.5
exec hellofs "$@"
END
chmod 755 bin/*
PATH=$T/bin:$PATH
exits 7 'a server that fails' mount.fuse3 'dies#x' "$root/mnt"
exits 0 'a server in the foreground, and slow' mount.fuse3 'late#x' "$root/mnt"
is 'a slow server in the foreground answers once mount.fuse3 returns' "$(hello mnt)" hello
exits 0 'over a mount that is there: only a new one counts' umount.fuse "$root/mnt"
exits 0 '-f does all but mount' mount.fuse3 'late#x' "$root/mnt" -f
ok 'mount.fuse3 -f mounts nothing' unmounted "$root/mnt"

exits 0 'no environment at all, as at boot' env -i "$(command -v chroot)" "$root" /sbin/mount.fuse3 'hellofs#x' /mnt
is 'with no environment the server serves' "$(hello mnt)" hello
exits 0 'umount.fuse' umount.fuse "$root/mnt"

# SELinux labels: no server of fusebox takes one, and with drop_privileges no server mounts.
for word in context=a:b:c:d fscontext=a:b:c:d defcontext=a:b:c:d rootcontext=a:b:c:d; do
	exits 1 "$word" mount.fuse3 hellofs#x "$root/mnt" -o "$word"
	like "$word is refused in words" "$err" "$word: SELinux labels cannot be set by mount options here"
	exits 1 "$word,drop_privileges" mount.fuse3 hellofs#x "$root/mnt" -o "$word,drop_privileges"
	like "$word,drop_privileges, too" "$err" "$word: SELinux labels cannot be set by mount options here"
	exits 1 "fmount -o $word" fmount -o "$word" "$root/mnt" -- hellofs
	like "fmount -o $word, too" "$err" "$word: SELinux labels cannot be set by mount options here"
done
# drop_privileges
exits 0 'drop_privileges' mount.fuse3 hellofs#x "$root/mnt" -o drop_privileges,setuid=nobody
is 'with drop_privileges the server serves' "$(hello mnt)" hello
server=$(newest hellofs)
status=$(cat "/proc/$server/status")
like 'with drop_privileges the server runs as the other user' "$status" 'Uid:.65534.65534.65534.65534'
like 'with drop_privileges the server has no capability and can gain none' "$status" 'CapEff:.0+.CapBnd:.0+.CapAmb:.0+.NoNewPrivs:.1'
kill "$server"
within 5 unmounted "$root/mnt" || umount -l "$root/mnt"
umount "$root/proc"
finish
