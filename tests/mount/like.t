#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount as mount(8) is called: types, fstab, binds, propagation, remount, the list.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir mnt mnt2 'a b' bin
read_it() { timeout 5 cat "$1/hello"; }
propagation() { mount_line "$T/$1" | grep -o 'shared:\|master:\|unbindable' | head -n 1; }
cat >bin/shows <<'END'
#!/bin/sh
for word; do printf '<%s>' "$word"; done
echo
exec hellofs -b "$2" 2>/dev/null
END
# A server that goes to the background, as libfuse's servers do.
cat >bin/daemonizes <<'END'
#!/bin/sh
exec hellofs -b "$@"
END
chmod 755 bin/*
PATH=$T/bin:$PATH

exits 0 '-t fuse.TYPE SOURCE MOUNTPOINT' fmount -t fuse.hellofs -o noexec src mnt
is '-t fuse.TYPE returns once the server answers' "$(read_it mnt)" hello
like '-t fuse.TYPE: type, source and options in the mount table' "$(mount_line "$T/mnt")" 'noexec.* - fuse.hellofs src ro'
exits 0 'fmount without arguments lists mounts' fmount
like 'the list has the new mount' "$out" "src on $T/mnt type fuse.hellofs \(ro,"
exits 0 '-o remount,rw' fmount -o remount,rw mnt
like 'remount,rw makes mount and file system writable' "$(mount_line "$T/mnt")" ' rw,.* - fuse.hellofs src rw'
like 'the mount table shows for mnt: noexec' "$(mount_line "$T/mnt")" 'noexec'
exits 0 '-o remount,ro' fmount -o remount,ro mnt
like 'remount,ro makes mount and file system read-only, and keeps noexec' "$(mount_line "$T/mnt")" ' ro,.*noexec.* - fuse.hellofs src ro'

exits 0 '--bind' fmount --bind mnt mnt2
is 'the bind shows the same file' "$(read_it mnt2)" hello
exits 0 'fumount of the bind mount' fumount mnt2
exits 0 '--bind -o ro' fmount --bind -o ro,noatime mnt mnt2
like 'the mount table shows for mnt2: ro,.*noexec,noatime - fuse.hellofs src' "$(mount_line "$T/mnt2")" ' ro,.*noexec,noatime - fuse.hellofs src'
exits 0 'fumount of the read-only bind mount' fumount mnt2
exits 1 '--bind, an unknown option' fmount --bind -o bogus mnt mnt2
ok 'an unknown option of --bind leaves nothing mounted' unmounted "$T/mnt2"
exits 1 '--move takes no options' fmount --move -o ro mnt mnt2
# The bind mount is read-only, the file system is not.
exits 0 'remount,rw' fmount -o remount,rw mnt
exits 0 '--bind -o ro' fmount -B -o ro mnt mnt2
exits 0 'remount,nodiratime of a read-only bind mount' fmount -o remount,nodiratime mnt2
like 'the mount table shows for mnt2: ro,.*nodiratime.* - fuse.hellofs src rw' "$(mount_line "$T/mnt2")" ' ro,.*nodiratime.* - fuse.hellofs src rw'
like 'the mount table shows for mnt: rw,.* - fuse.hellofs src rw' "$(mount_line "$T/mnt")" ' rw,.* - fuse.hellofs src rw'
exits 0 'remount,bind' fmount -o remount,bind,rw mnt2
like 'remount,bind,rw changes the flags of the bind mount' "$(mount_line "$T/mnt2")" ' rw,.*nodiratime'
exits 0 'remount,ro of the bind mount' fmount -o remount,ro mnt2
like 'remount,ro without bind changes the file system' "$(mount_line "$T/mnt")" ' - fuse.hellofs src ro'
exits 0 'fumount of the bind mount, after the remounts' fumount mnt2
is 'the first mount still serves' "$(read_it mnt)" hello
exits 0 '--move' fmount --move mnt mnt2
is '--move: the mount serves in its new place' "$(read_it mnt2)" hello
ok 'mnt is unmounted' unmounted "$T/mnt"
for kind in shared slave private unbindable; do
	exits 0 '--make-shared' fmount --make-shared mnt2
	exits 0 "--make-$kind" fmount "--make-$kind" mnt2
	case $kind in
	shared) is 'is so' "$(propagation mnt2)" shared: ;;
	unbindable) is 'is so' "$(propagation mnt2)" unbindable ;;
	*) is 'is so' "$(propagation mnt2)" '' ;;
	esac
	exits 0 "--make-r$kind" fmount "--make-r$kind" mnt2
done
exits 0 '--rbind' fmount --make-private mnt2
exits 0 '--rbind' fmount -R mnt2 mnt
is 'the recursive bind shows the same file' "$(read_it mnt)" hello
exits 0 'fumount of both' fumount mnt mnt2

exits 0 'a server that daemonizes' fmount -t fuse.daemonizes src mnt
is 'the server that daemonizes serves' "$(read_it mnt)" hello
fumount mnt
exits 0 'what the server is told' fmount -t fuse.shows -o 'a=b c,x-foo,_netdev,nosuid' -o nofail 'so urce' 'a b'
fumount 'a b'
is 'the server gets its own options, with blanks, and none that only mount(8) reads' "$out" '<so urce><a b><-o><a=b c,nosuid,dev>'
exits 0 'TYPE#SOURCE' fmount 'shows#src' mnt
fumount mnt
is 'TYPE#SOURCE: the server gets SOURCE, MOUNTPOINT and -o' "$out" '<src><mnt><-o><dev,suid>'
# cat ends when no process can write to the pipe any more.
for how in 'fmount -t fuse.hellofs src' 'mount.fuse3 hellofs#src' 'mount.fuse3 -o drop_privileges hellofs#src'; do
	# shellcheck disable=SC2086 # words
	exits 0 "$how | cat: ends, and leaves the server in the background" timeout 10 sh -c '"$@" 2>&1 | cat' sh $how mnt
	is "$how | cat: the mount answers" "$(read_it mnt)" hello
	exits 0 "fumount of what $how has mounted" fumount mnt
done
# mount.fuse3 also returns where another user runs the server, from whom /proc hides the process that started it.
mount -t proc -o hidepid=2 proc /proc
own_dev
chown 65534 mnt
exits 0 'mount.fuse3 -o setuid=65534 | cat, with hidepid: ends' timeout 10 sh -c 'mount.fuse3 hellofs#src mnt -o setuid=65534 2>&1 | cat'
ok 'and it has mounted' mounted "$T/mnt"
umount -l mnt
chown 0 mnt
give_dev_back
umount /proc
timeout 10 mount.fuse3 'hellofs#src' mnt -o debug >requests 2>&1
is 'with -o debug the mount answers' "$(read_it mnt)" hello
ok 'and the server goes on to print requests' within 5 grep -q READ requests
exits 0 'fumount of it' fumount mnt
exits 1 'no type' fmount src mnt
exits 127 'no such server' fmount -t fuse.nosuch src mnt
exits 1 'three operands' fmount a b c
exits 32 'a directory that is not there, --bind' fmount --bind nope mnt
exits 32 'remount where nothing is' fmount -o remount,ro nope
exits 1 'remount, an unknown option' fmount -o remount,bogus mnt
exits 1 'a page of options and more' fmount -o "$(printf %04200d 0)" -t fuse.shows s mnt
like 'the error: longer than the kernel.s page' "$err" 'longer than the kernel.s page'

# ---- fstab ----
mkdir m1 m2 m3 m4 'm 5'
cat >fstab <<END
# a comment
src1 $T/m1 fuse.hellofs _netdev,x-systemd.requires=foo,comment=bar 0 0

hellofs#src2	$T/m2	fuse	noexec,nofail
src3 $T/m3 fuse3.hellofs noauto 0 0
none $T/m4 tmpfs defaults 0 0
src5 $T/m\0405 fuse.daemonizes extra,nofail 0 0
END
sed -i 's/extra,//' fstab
exits 0 '-a' fmount -a -T fstab
is 'fstab: fuse.TYPE is mounted' "$(read_it m1)" hello
is 'fstab: TYPE#SOURCE is mounted' "$(read_it m2)" hello
is 'fstab: a mountpoint with a blank is mounted' "$(read_it 'm 5')" hello
ok 'm3 is unmounted' unmounted "$T/m3"
ok 'm4 is unmounted' unmounted "$T/m4"
exits 0 'fmount -a -T fstab a second time' fmount -a -T fstab
is 'what is mounted is left alone' "$(own_mounts | wc -l)" 3
exits 0 'an entry by its mountpoint' fmount -T fstab "$T/m3"
is 'fstab: fuse3.TYPE is mounted' "$(read_it m3)" hello
exits 0 'fumount' fumount m1 m2 m3 'm 5'
exits 0 'an entry by its source' fmount -T fstab src3
ok 'm3 is mounted' mounted "$T/m3"
exits 0 'fumount' fumount m3
exits 0 '-t' fmount -a -T fstab -t fuse,fuse.daemonizes
is '-a -t mounts only entries of these types' "$(own_mounts | wc -l)" 2
exits 0 'fumount' fumount m2 'm 5'
exits 0 '-t no…' fmount -a -T fstab -t nofuse,fuse.daemonizes
is '-a -t no… mounts only entries of other types' "$(own_mounts | wc -l)" 1
exits 0 'fumount' fumount m1
exits 0 '-O' fmount -a -T fstab -O nofail,no_netdev
is '-a -O mounts only entries with these options' "$(own_mounts | wc -l)" 2
exits 0 'fumount' fumount m2 'm 5'
echo "x $T/m4 fuse.nosuch nofail" >>fstab
exits 0 'nofail: no failure' fmount -a -T fstab
echo "x $T/mnt fuse.nosuch rw" >>fstab
fumount m1
exits 64 '-a: some entries fail' fmount -a -T fstab
fumount m1 m2 'm 5'
exits 32 '-a: all entries fail' fmount -a -T fstab -t fuse.nosuch
exits 32 'no such entry' fmount -T fstab "$T/nope"
exits 32 'no fstab' fmount -a -T nope
fumount m1 m2 'm 5' 2>/dev/null

# Entries that fmount reads itself, without mount(8).
ln -s "$T/m2" link
printf '%s\n' "x $T/m1/ fuse.hellofs user,exec 0 0" "y $T/link fuse.hellofs owner,noauto 0 0" "z $T/m3 fuse.shows noauto,group,dev" >fstab
exits 0 '-a' fmount -a -T fstab
like 'user: nosuid, nodev' "$(mount_line "$T/m1")" ' ro,nosuid,nodev,relatime '
exits 0 '-a again: an entry whose mountpoint ends in a slash is mounted already' fmount -a -T fstab
exits 0 'an entry of fstab by the symbolic link that it names' fmount -T fstab -o noatime link
like 'the mount table shows for m2: ro,nosuid,nodev,noatime' "$(mount_line "$T/m2")" ' ro,nosuid,nodev,noatime '
exits 0 'fumount of both' fumount m2 m1
exits 0 'what a server is told' fmount -T fstab -o ro m3
fumount m3
is 'the server gets the implied options before those of fstab and -o' "$out" "<z><$T/m3><-o><nosuid,nodev,dev,ro>"
# No server gets the options that are meant for mount(8), however it is started.
words=defaults,auto,noauto,nofail,_netdev,user,users,user=joe,nouser,owner,group,comment=a,x-gvfs-show,X-a.b=c,uhelper=udisks2,silent,loud,mand,nomand,iversion,noiversion
exits 0 'words of fstab' fmount -t fuse.shows -o "nosuid,nodev,$words" s mnt
fumount mnt
is 'words for mount(8) are not passed to the server' "$out" "<s><mnt><-o><nosuid,nodev,nosuid,nodev,noexec,nosuid,nodev,noexec,nosuid,nodev,noexec,nosuid,nodev,nosuid,nodev>"
exits 0 'given to a server of the box' hellofs -b -o "$words" mnt
exits 0 'in a remount' fmount -o "remount,$words,noatime" mnt
like 'the remount sets noatime beside the ignored words' "$(mount_line "$T/mnt")" noatime
fumount mnt
exits 0 'before a program' fmount --wait -o "$words,noexec" mnt -- hellofs
like 'noexec is set beside the ignored words' "$(mount_line "$T/mnt")" noexec
fumount mnt

# X-mount.mkdir
rmdir m3; rm -rf deep
echo "x $T/deep/a/b fuse.hellofs X-mount.mkdir,ro 0 0" >fstab
exits 0 'X-mount.mkdir' fmount -a -T fstab
is 'X-mount.mkdir makes the mountpoint' "$(read_it deep/a/b)" hello
is 'X-mount.mkdir makes directories of mode 0755' "$(stat -c %a deep deep/a | paste -sd' ')" '755 755'
exits 0 'fumount' fumount deep/a/b
echo "x $T/m3/in fuse.hellofs x-mount.mkdir=0711 0 0" >fstab
exits 0 'x-mount.mkdir=MODE' fmount -T fstab "$T/m3/in"
is 'the directory is made with the MODE of x-mount.mkdir' "$(stat -c %a m3)" 711
fumount m3/in; rm -rf m3 deep
exits 0 'X-mount.mkdir with a program' fmount --wait -o X-mount.mkdir deep/m -- hellofs
fumount deep/m; rm -rf deep
exits 0 'X-mount.mkdir with --bind' fmount --bind -o X-mount.mkdir bin deep/m
ok 'the bind in the new directory is mounted' test -e deep/m/shows
umount deep/m; rm -rf deep
exits 32 'X-mount.mkdir with a mode that is not octal' fmount -t fuse.hellofs -o X-mount.mkdir=rwx s deep/m
like 'the error: fmount: X-mount.mkdir: not an octal mode' "$err" '^fmount: X-mount.mkdir: not an octal mode'
ok 'X-mount.mkdir with such a mode makes no directory' test ! -e deep
exits 0 'an option that only mount(8) implements is left out' fmount -t fuse.shows -o X-mount.owner=joe s mnt
fumount mnt
like 'the error: fmount: X-mount.owner=joe: only mount(8) does that; left out' "$err" '^fmount: X-mount.owner=joe: only mount\(8\) does that; left out$'
# Without these, the mount would have other owners, or show more.
for option in X-mount.idmap=b:0:1000:1 X-mount.subdir=a; do
	exits 1 "$option" fmount -t fuse.hellofs -o "$option" s mnt
	is "$option is refused" "$err" "fmount: $option: only mount(8) does that; see fmount --help"
	exits 1 "$option with a program" fmount -o "$option" mnt -- hellofs
	is "$option with a program is refused" "$err" "fmount: $option: only mount(8) does that; see fmount --help"
	echo "s $T/mnt fuse.hellofs $option 0 0" >fstab
	exits 32 "$option in fstab" fmount -a -T fstab
	ok "$option mounts nothing" unmounted "$T/mnt"
done
echo "s $T/mnt fuse.hellofs defaults 0 0" >fstab
for option in '--idmap 0:1000:1' --bind --rbind --move; do
	# shellcheck disable=SC2086 # two words
	exits 1 "-a $option" fmount -a -T fstab $option
	is "-a $option is refused" "$err" 'fmount: --bind, --rbind, --move and --idmap: wanted: SOURCE MOUNTPOINT; see fmount --help'
done
for words in '-a -T fstab --make-private' --make-rshared; do
	# shellcheck disable=SC2086 # words
	exits 1 "$words" fmount $words
	is "$words is refused" "$err" 'fmount: --make-*: wanted: MOUNTPOINT; see fmount --help'
done
ok 'neither mounts what fstab has' unmounted "$T/mnt"

# root follows no link of another user to a new mountpoint, but its own links.
mkdir -p users roots victim
chown 65534 users
ln -s "$T/victim" users/link
ln -s "$T/victim" roots/link
exits 32 'X-mount.mkdir through the link of another user' fmount -t fuse.hellofs -o X-mount.mkdir s users/link/new
is 'nothing is made behind the link of another user' "$(ls victim)" ''
exits 0 'X-mount.mkdir through a link of root' fmount -t fuse.hellofs -o X-mount.mkdir s roots/link/new
is 'the link of root is followed' "$(read_it victim/new)" hello
fumount victim/new
chmod 1777 users; chown 0 users
exits 32 'X-mount.mkdir through a link in a directory like /tmp' fmount -t fuse.hellofs -o X-mount.mkdir s users/link/other
is 'nothing is made behind a link in a directory like /tmp' "$(ls victim)" new
# A file system served by a user claims that root owns its links.
mkdir served
mkdir served.src
ln -s "$T/victim" served.src/link
exits 0 'a user serves a FUSE mount with a link in it' fmount --wait --user nobody -o allow_other served -- passfs --force-user=0 served.src
is 'a link that is shown as root'"'"'s' "$(stat -c %u served served/link | xargs)" '0 0'
exits 32 'X-mount.mkdir through a link in the FUSE mount of a user' fmount -t fuse.hellofs -o X-mount.mkdir s served/link/fuse
is 'nothing is made behind a link in the FUSE mount of a user' "$(ls victim)" new
fumount served
mkdir m3
for option in -w --userns --replace-stale --beneath --auto-unmount --drop-caps '--user nobody' '--clones 1'; do
	# shellcheck disable=SC2086 # two words
	exits 1 "$option without a program" fmount $option -t fuse.hellofs src m1
done
ok "$option without a program mounts nothing" unmounted "$T/m1"

# ---- --check ----
exits 0 '--check' fmount --check
like '--check lists what mounting depends on' "$out" 'kernel.*device.*device cgroup.*capabilities.*bounding set.*seccomp.*no_new_privs.*LSM.*helper.*user namespaces.*fuse.conf'
like '--check concludes that a mount would work' "$out" 'a mount would work: direct'
exits 0 '--check MOUNTPOINT' fmount --check mnt
exits 1 '--check of what is no mountpoint' fmount --check nope
like '--check gives the reason' "$out" 'no +mountpoint +nope: No such file or directory'
like '--check --json has the same in JSON' "$(fmount --check --json mnt | perl -MJSON::PP -e '
	$r = decode_json(join "", <>); print "$r->{way} ", $r->{works} ? 1 : 0, " ", scalar @{$r->{checks}}')" '^direct 1 1[0-9]$'
without() { setpriv --bounding-set -all --inh-caps -all --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$@"; }
chmod 755 "$T"
cp "$BUILD/fusebox" bin/fmount
own_dev
chmod 600 /dev/fuse
exits 1 '--check where nothing works' without "$T/bin/fmount" --check
like '--check shows no_new_privs' "$out" 'no_new_privs +set: a set-uid helper gains nothing'
like '--check shows that CAP_SYS_ADMIN is not in the bounding set' "$out" 'bounding set +CAP_SYS_ADMIN is not in it'
like '--check concludes that a mount would fail' "$out" 'a mount would fail$'
give_dev_back
mkdir dev
mount -t tmpfs none dev
mknod dev/null c 1 3
mount --bind dev /dev
exits 1 '--check without the device' fmount --check
like '--check tells how to make /dev/fuse' "$out" 'no +device +/dev/fuse: No such file or directory; make it: mknod'
umount -l /dev
umount dev
rmdir dev

# ---- --wait ----
# The server answers and dies in the background while fmount is stopped.
cat >bin/dies <<'END'
#!/bin/sh
kill -STOP $PPID
hellofs -b "$1" && kill -9 $(pgrep --ns $$ --nslist mnt -x hellofs)
END
chmod 755 bin/dies
ended() { local child; child=$(child_named dies "$1") && [ "$(state_of "$child")" = Z ]; }
for with in '' '--clones 2'; do
	# shellcheck disable=SC2086 # words
	bg env PATH="$T/bin:$BUILD/bin:/usr/bin:/bin" "$BUILD/bin/fmount" --wait $with mnt -- dies 2>log
	within 5 ended "$bg"
	kill -CONT "$bg"
	wait "$bg"
	is "--wait $with: a server that has died does not serve" "$? $(own_mounts)" '1 '
done

# ---- --userns ----
own_dev
cat >bin/session <<'END'
#!/bin/sh
hellofs "$1" & server=$!
echo "uid=$(id -u) $(cat mnt/hello) $(grep CapAmb /proc/self/status)"
fumount mnt && echo unmounted || { kill -9 $server; sleep 0.1; exit 0; }
wait $server
END
chmod 755 bin/session
chown 65534 mnt
as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$T/bin:$BUILD/bin:/usr/bin:/bin" "$@"; }
rm -f bin/fmount
# What fmount tells the server alone: the server's helper inherits none of it.
printf '#!/bin/sh\nenv -u FUSEBOX_TEST_NS >helper-env\n' >bin/fusermount3
chmod 755 bin/fusermount3
install -d -o 65534 as-nobody
exits 1 'a server whose helper does not mount' as_user sh -c 'cd as-nobody && fmount -t fuse.hellofs -o X-mount.mkdir src new'
is 'its helper runs without the variables of the server' "$(grep -o '^_*FUSE[A-Z_]*' as-nobody/helper-env | sort -u)" _FUSE_COMMFD
rm bin/fusermount3
exits 0 '--userns' as_user fmount --userns mnt -- session
like '--userns: the program has the same uid, the mount, and a capability' "$out" $'uid=65534 hello CapAmb:\t0000000000200000'
like '--userns: the program can unmount' "$out" 'unmounted'
ok '--userns: the mount is not visible outside' unmounted "$T/mnt"
# The processes that the command leaves behind end with it.
cat >bin/leaves <<'END'
#!/bin/sh
hellofs -o fsname=31417.NR "$1" 2>/dev/null &
sh -c 'trap "" TERM; sleep 31415.NR & sleep 31415.NR' &
while [ ! -e mnt/hello ]; do sleep 0.1; done
cat mnt/hello
exit 5
END
sed -i "s/NR/$$/g" bin/leaves
chmod 755 bin/leaves
left_behind() { pgrep -c -u 65534 -f "$1"; }
exits 5 '--userns: a command that leaves processes behind' timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups \
	env PATH="$T/bin:$BUILD/bin:/usr/bin:/bin" fmount --userns mnt -- leaves
is '--userns: the command runs' "$out" hello
is '--userns: no process of the command is left' "$(left_behind "sleep 31415.$$")" 0
is '--userns: the pipe of the command reaches its end' "$(timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups \
	env PATH="$T/bin:$BUILD/bin:/usr/bin:/bin" fmount --userns mnt -- leaves | cat)" hello
bg setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$BUILD/bin:/usr/bin:/bin" fmount --userns mnt -- hellofs
server_runs() { pgrep -P "$(child_named fmount "$bg")" -x hellofs; }
within 5 server_runs
serves_inside() { as_user nsenter -t "$(child_named fmount "$bg")" -U -m --preserve-credentials cat "$T/mnt/hello"; }
within 5 serves_inside
kill -TERM "$bg"
wait "$bg"
is '--userns: a signal is passed on' $? 0
cat >bin/stays <<'END'
#!/bin/sh
leaves "$@"
exec sleep 31416.NR
END
sed -i "s/NR/$$/g" bin/stays
chmod 755 bin/stays
for victim in fmount guard; do
	bg setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$T/bin:$BUILD/bin:/usr/bin:/bin" fmount --userns mnt -- stays >/dev/null
	fmount=$bg
	ok "--userns: the command runs ($victim)" within 10 eval '[ "$(left_behind "^sleep 31416.$$")" = 1 ]'
	# shellcheck disable=SC2034 # ${!victim}
	guard=$(child_named fmount "$fmount")
	kill -9 "${!victim}"
	ok "--userns: its processes end when $victim is killed" within 10 eval '[ "$(left_behind "sleep 3141[56].$$")" = 0 ]'
	ok "--userns: and the server ($victim)" within 10 eval '[ "$(left_behind "fsname=31417.$$")" = 0 ]'
	wait "$fmount"
done
exits 0 '--userns --wait: the server stays' as_user env "HERE=$T" fmount --userns --wait mnt -- hellofs
server=
for pid in $(pgrep -u 65534 -x hellofs); do ! grep -qsz "^HERE=$T\$" "/proc/$pid/environ" || server=$pid; done
is '--userns --wait: the server serves in its namespace' "$(as_user nsenter -t "$server" -U -m --preserve-credentials cat "$T/mnt/hello")" hello
kill "$server"
exits 143 '--userns: fmount exits with the status of the program' as_user fmount --userns mnt -- sh -c 'kill $$'
exits 0 '--userns --drop-caps' as_user fmount --userns --drop-caps mnt -- session
like '--userns --drop-caps: the program has no capability' "$out" $'uid=65534 hello CapAmb:\t0000000000000000'
unlike '--userns --drop-caps: the program cannot unmount' "$out" 'unmounted'
exits 1 '--userns on a mountpoint that does not exist' as_user fmount --userns nope -- session
exits 127 '--userns, no such program' as_user fmount --userns mnt -- nosuch
give_dev_back
finish
