#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a user may do between two system calls of the set-uid fusermount3. strace delays one
# call, so that the moment lasts a second: none of these tests depends on luck.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../late.sh"
start 300
need setpriv strace chrt nsenter

mkdir bin home tools
install -m 4755 "$BUILD/fusermount3" bin/fusermount3
chown 65534:65534 home
own_dev
[ -e /etc/fuse.conf ] || : >/etc/fuse.conf
: >conf
mount --bind conf /etc/fuse.conf
cp "$BUILD"/tests/tools/{commfd,creds,syncpeer,hold_path} tools/
cp "$STATIC_BOX" tools/passfs
chmod -R go+rX tools
cd home || exit
PATH=$T/bin:$T/tools:/usr/sbin:/usr/bin:/sbin:/bin

user() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all "$@"; }
# late CALL COMMAND...: runs COMMAND as the user; strace delays each CALL by a second.
late() { local call=$1; shift; strace -f -u nobody -o "$T/trace" -e "inject=$call" "$@"; }
detach_all()
{
	local at
	while read -r at; do umount -l "$at"; done < <(awk -v h="$T/home/" 'index($5, h) == 1 { print $5 }' /proc/self/mountinfo | tac)
}
fresh() { detach_all; rm -rf --one-file-system "${T:?}"/home/*; user mkdir mnt; }
mount_fuse() { user commfd true fusermount3 "${1:-mnt}" >/dev/null; }
roots() { mount -t tmpfs -o uid=65534,mode=700 roots "${1:-mnt}"; }
roots_is_there() { grep -q " $T/home/${1:-mnt} .* - tmpfs roots" /proc/self/mountinfo; }
fuse_mounts() { awk -v h="$T/home/" 'index($5, h) == 1 && / - fuse/' /proc/self/mountinfo | wc -l; }
no_fuse_mounts() { [ "$(fuse_mounts)" = 0 ]; }

# ---- The mount is gone before it is unmounted; root's is below it ----

for how in -uqz -uq; do
	fresh
	roots
	mount_fuse
	late umount2:delay_enter=1s fusermount3 $how mnt &
	begun umount2
	user fusermount3 -uqz mnt
	wait $!
	ok "$how: two at once: root's mount below is there" roots_is_there
	is "$how: the mount of the user is gone" "$(fuse_mounts)" 0
done
fresh
roots
user commfd 'sleep 0.2' fusermount3 -o auto_unmount mnt >/dev/null &
sleep 0.1
wait
within 3 no_fuse_mounts
ok 'auto_unmount: root'"'"'s mount below is there' roots_is_there
is "auto_unmount: the user's is not" "$(fuse_mounts)" 0

# root runs a plain umount(8) while the user unmounts.
fresh
roots
mount_fuse
strace -f -o "$T/trace" -e inject=umount2:delay_enter=1s "$BUILD/bin/fumount" mnt &
begun umount2 fumount
user fusermount3 -uqz mnt
wait $!
ok "fumount by root, and the user's helper: root's mount below is there" roots_is_there

# ---- Another mountpoint has the name: renamed where nothing is mounted on it ----

fresh
unshare -m --propagation private sleep 60 &
elsewhere=$!
pids+=("$elsewhere")
within 5 grep -q sleep "/proc/$elsewhere/comm"
user mkdir other
roots other
for how in -uq -uqz; do
	mount_fuse
	late umount2:delay_enter=1s fusermount3 $how mnt &
	begun umount2
	user true
	nsenter -t "$elsewhere" -m setpriv --reuid 65534 --regid 65534 --clear-groups \
		bash -c "cd $T/home; mv mnt third; mv other mnt; mv third other"
	wait $!
	ok "$how: a name exchanged elsewhere: root's mount is there" roots_is_there mnt
	nsenter -t "$elsewhere" -m bash -c "cd $T/home; mv mnt third; mv other mnt; mv third other"
	awk -v m="$T/home/mnt" '$5 == m && / - fuse/ { print $5 }' /proc/self/mountinfo | xargs -rn1 umount -l
done
kill "$elsewhere"

# ---- Root's mount covers it, once the helper has looked what is on top ----

# More options than fit into what the helper reads of a mount.
roots_long()
{
	python3 - "$T" "$PWD/mnt" <<-'END'
		import ctypes, os, sys
		libc = ctypes.CDLL(None)
		context = libc.syscall(430, b'overlay', 0)	# fsopen
		for lower in ['%s/lower/%s%d' % (sys.argv[1], 'd' * 200, i) for i in range(150)]:
		 os.makedirs(lower)
		 libc.syscall(431, context, 1, b'lowerdir+', lower.encode(), 0)	# fsconfig
		libc.syscall(431, context, 6, None, None, 0)
		mount = libc.syscall(432, context, 0, 0)	# fsmount
		sys.exit(libc.syscall(429, mount, b'', -100, sys.argv[2].encode(), 4) != 0)	# move_mount
	END
}
if fresh; mount_fuse; roots_long; then
	umount mnt
	strace -f -o "$T/trace" -e inject=fcntl:delay_enter=3s:when=4 \
		setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all fusermount3 -uz mnt >"$T/got" 2>&1 &
	begun fcntl
	rm -rf "$T/lower"
	roots_long
	wait $!
	like '-uz: root mounts over it, with many options: that mount is there' "$(tail -n 1 /proc/self/mountinfo)" " $T/home/mnt .* - overlay "
	umount mnt
else
	skip 'a cover with many options' 'overlay takes no lowerdir+ here'
fi
rm -rf "$T/lower"

# With listmount(2), and without it.
for without in 999 457,458; do
	fresh
	mount_fuse
	strace -f -o "$T/trace" -e inject=fcntl:delay_enter=1s:when=4 "$BUILD/tests/tools/forbid" 38 "$without" \
		setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all fusermount3 -uz mnt >"$T/got" 2>&1 &
	begun fcntl
	roots
	wait $!
	ok "-uz: root mounts over it: that mount is there (without $without)" roots_is_there
	like 'the helper reports that the mount is busy' "$(cat "$T/got")" 'failed to unmount .*: Device or resource busy'
	is 'the helper leaves the mount of the user' "$(fuse_mounts)" 1
	umount mnt
	user fusermount3 -uz mnt
	is 'the mount of the user can be unmounted once uncovered' "$(fuse_mounts)" 0
done

# ---- Before Linux 6.8 the numbers of a mount are given again ----

# numbers MOUNTPOINT: the bytes of statx(2)'s result for the mount there, from stx_mask to
# stx_mnt_id.
numbers()
{
	local id device
	read -r id _ device _ < <(mount_line "$PWD/$1")
	printf '00100000%0264d%s' 0 "$(python3 -c 'import struct, sys; print(struct.pack("<IIQ", *map(int, sys.argv[1:])).hex())' "${device%:*}" "${device#*:}" "$id")"
}
# watched INJECTION: mount with auto_unmount, without listmount(2) and statmount(2); the server ends
# once there is $T/over.
watched()
{
	strace -f -o "$T/trace" -e "inject=$1" "$BUILD/tests/tools/forbid" 38 457,458 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all \
		commfd "until [ -e $T/over ]; do sleep 0.05; done" fusermount3 -o auto_unmount mnt >"$T/got" 2>&1
}
fresh
touch "$T/over"
watched move_mount:delay_exit=1
# The statx(2) call that identifies the new mount.
when=$(awk '/execve\(.*bin\/fusermount3/ { pid = $1 } $1 == pid && /statx\(/ { n++; if (moved && / = 0$/) { print n; exit } } $1 == pid && /move_mount\(/ { moved = 1 }' "$T/trace")
rm "$T/over" "$T/got"
fresh
user mkdir volume
roots volume
watched "statx:poke_exit=@arg5=$(numbers volume):when=${when:-1}" &
job=$!
within 5 grep -qs "received: byte 0" "$T/got"
like "the helper is told the numbers of root's mount" "$(grep INJECTED "$T/trace")" 'statx\([0-9]+, "".* = 0 \(INJECTED: args\)'
umount -l mnt
mount --move volume mnt
touch "$T/over"
wait "$job"
like 'auto_unmount: the server is gone' "$(cat "$T/got")" 'received: byte 0'
sleep 0.5
ok "root's mount that has got both numbers is there" roots_is_there

# ---- mount(2) does not tell what it mounted ----

fresh
roots
long=$(printf %0300d 1)
for option in fsname=$long fsname=short; do
	inject=mount:delay_exit=1s
	[ "$option" = fsname=short ] && inject="$inject -e inject=fsopen:error=ENOSYS"
	# shellcheck disable=SC2086
	late $inject commfd true fusermount3 -o "auto_unmount,$option" mnt >"$T/got" 2>&1 &
	begun mount
	user fusermount3 -uqz mnt
	wait $!
	sleep 0.3
	ok "auto_unmount by mount(2), ${option:0:14}: root's mount is there" roots_is_there
	is 'no mount of the user is left' "$(fuse_mounts)" 0
done
fresh
got=$(user commfd true fusermount3 -o "fsname=$long" mnt 2>&1)
like 'a long name alone is mounted' "$got" 'received: byte 0, /dev/fuse.*exit 0'

# ---- What is undone is what was mounted ----

fresh
late move_mount:delay_enter=1s commfd -x true fusermount3 mnt >"$T/got" 2>&1 &
begun move_mount
user mv mnt moved
wait $!
like 'the mountpoint renamed, the peer gone: refused' "$(cat "$T/got")" 'sending file descriptor'
is 'the mount at the renamed mountpoint is undone' "$(fuse_mounts)" 0

fresh
user mkdir second
echo "mount_max = $(($(grep -cE ' - fuse(blk)?[. ]' /proc/self/mountinfo) + 1))" >"$T/conf"
late move_mount:delay_enter=1s commfd true fusermount3 mnt >"$T/got" 2>&1 &
begun move_mount
ok 'another mount meanwhile, as many as are allowed' mount_fuse second
wait $!
like 'one mount too many: refused' "$(cat "$T/got")" 'too many FUSE filesystems mounted'
is 'and undone' "$(fuse_mounts)" 1
: >"$T/conf"

# ---- fuse.conf, and the count ----

refused() # refused NAME PATTERN COMMAND...
{
	local name=$1 pattern=$2 got; shift 2
	got=$("$@" 2>&1)
	like "$name: refused" "$got" "$pattern"
	is "$name: nothing is mounted" "$(fuse_mounts)" 0
	detach_all
}
fresh
chmod 600 "$T/conf"
refused 'fuse.conf cannot be read' 'failed to read /etc/fuse.conf: Permission denied; .*exit 1' user commfd true fusermount3 mnt
chmod 644 "$T/conf"
echo 'mount_max = many' >"$T/conf"
refused 'mount_max is no number' "unknown parameter in /etc/fuse.conf at line 1.*exit 1" user commfd true fusermount3 mnt
printf 'mount_max = 0\n%020000d' 1 | tr 1 '#' >"$T/conf"
refused 'fuse.conf is too long' 'failed to read /etc/fuse.conf: File too large.*exit 1' user commfd true fusermount3 mnt
printf '\0\nmount_max = 0\n' >"$T/conf"
refused 'fuse.conf is no text' 'failed to read /etc/fuse.conf: Invalid argument.*exit 1' user commfd true fusermount3 mnt
: >"$T/conf"
# The kernel has neither listmount(2) nor a readable mountinfo.
refused 'the mounts cannot be counted' 'cannot be counted: Input/output error.*exit 1' unshare -m bash -c 'mount -t tmpfs none /proc
	exec "$0" 5 457,458 setpriv --reuid 65534 --regid 65534 --clear-groups commfd true fusermount3 mnt' "$BUILD/tests/tools/forbid"

# ---- A mountpoint in the file system that the user serves ----

# Only with allow_other may the helper enter the mount, since its saved uid is root's.
fresh
echo user_allow_other >"$T/conf"
user mkdir src src/in
for how in undo -uqz -u; do
	user passfs --cache=none -o allow_other -b src mnt || break
	server=$(newest passfs)
	if [ "$how" = undo ]; then
		late move_mount:delay_enter=1s commfd -x true fusermount3 mnt/in >"$T/got" 2>&1 &
		job=$! call=move_mount
	else
		mount_fuse mnt/in
		late umount2:delay_enter=1s fusermount3 $how mnt/in >"$T/got" 2>&1 &
		job=$! call=umount2
	fi
	# With a plain -u the helper never gets that far.
	if [ "$how" = -u ]; then sleep 0.5; else begun "$call"; fi
	kill -STOP "$server"
	ok "$how below a server that stops: the helper ends" within 3 gone "$job"
	kill -CONT "$server"
	wait "$job"
	[ "$how" = -u ] && like 'a plain unmount there is refused' "$(cat "$T/got")" 'served by FUSE itself; use -z'
	detach_all
	kill "$server" 2>/dev/null
	wait
done

# ---- Signals, limits, ids ----

fresh
strace -f -u nobody -o "$T/trace" env --ignore-signal=CHLD timeout "$(longer 20)" syncpeer mute fusermount3 --sync-init --comm-fd @ mnt >"$T/got" 2>&1
like 'the server has ended over INIT' "$(cat "$T/got")" 'the server went away'
like 'the child is killed through a pidfd' "$(cat "$T/trace")" 'pidfd_send_signal\([0-9]+, SIGKILL'
unlike 'the helper kills no process by its number' "$(grep -v timeout "$T/trace")" 'kill\([0-9]+, SIGKILL'
# The ids of the killing process are those of its last setresuid(2).
like 'the helper kills its child as the caller' "$(awk '/setresuid\(/ { ids[$1] = $0 } /pidfd_send_signal\(/ { print ids[$1] }' "$T/trace")" 'setresuid\(65534, 65534, 0\)'
mount_fuse
# shellcheck disable=SC2016
got=$(user env --ignore-signal=CHLD,PIPE nice -n 19 chrt -i 0 \
	commfd -u 'sleep 0.5; helper=$(pgrep -P $PPID -x fusermount3); grep SigIgn /proc/$helper/status; chrt -p $helper; echo nice $(ps -o ni= -p $helper)' \
	fusermount3 --auto-unmount mnt)
like 'no disposition is inherited' "$got" $'SigIgn:\t0000000000000000'
like 'no scheduling policy is inherited' "$got" SCHED_OTHER
like 'no nice value is inherited' "$got" 'nice +0$'
# Setting this limit needs CAP_SYS_RESOURCE, which a container's root may lack.
like 'no limit of CPU time is inherited' "$(strace -u nobody fusermount3 -V 2>&1)" 'prlimit64\(0, RLIMIT_CPU, \{rlim_cur=RLIM64_INFINITY, rlim_max=RLIM64_INFINITY\}'
for option in '' --sync-init; do
	# shellcheck disable=SC2086
	got=$(timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups creds fusermount3 $option mnt 2>&1)
	is "$option the ids that come with the descriptor" "$(sort -u <<<"$got")" 'uid 65534 gid 65534'
	detach_all
done
umount /etc/fuse.conf
give_dev_back
finish
