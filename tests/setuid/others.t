#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What one user's mounts and stopped helpers may do to another user's: nothing.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../late.sh"
start 200
need setpriv strace prlimit

mkdir bin tools shared mine
install -m 4755 "$BUILD/fusermount3" bin/fusermount3
chmod 1777 shared
chown 65534:65534 mine
own_dev
[ -e /etc/fuse.conf ] || : >/etc/fuse.conf
: >conf
mount --bind conf /etc/fuse.conf
cp "$BUILD"/tests/tools/{commfd,swap} tools/
cp "$STATIC_BOX" tools/passfs
chmod -R go+rX tools
PATH=$T/bin:$T/tools:/usr/sbin:/usr/bin:/sbin:/bin

as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all)
user() { "${as_user[@]}" "$@"; }
other() { setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps -all "$@"; }
fuse_at() { grep -c " $1 .* - fuse" /proc/self/mountinfo; }
detach_all()
{
	local at
	while read -r at; do umount -l "$at"; done < <(awk -v t="$T/" '(index($5, t "mine/") == 1 || index($5, t "shared/") == 1) && / - (fuse|tmpfs)/ { print $5 }' /proc/self/mountinfo | tac)
}
fresh() { detach_all; rm -rf --one-file-system "${T:?}"/mine/* "${T:?}"/shared/*; user mkdir mine/mnt; }
# unmounts NAME COMMAND...: the user's own mount is unmounted without an error.
unmounts()
{
	local name=$1 got; shift
	user commfd true fusermount3 mine/mnt >/dev/null
	got=$("$@" fusermount3 -u mine/mnt 2>&1)
	is "$name: a plain unmount says nothing" "$got" ''
	is "$name: a plain unmount unmounts" "$(fuse_at "$T/mine/mnt")" 0
}

# ---- Mounts of others, which the user could perhaps rename ----

fresh
other mkdir -p shared/dir/in
other commfd true fusermount3 shared/dir/in >/dev/null
other commfd true fusermount3 shared/dir >/dev/null
is "another's mount is hidden by another" "$(grep -c " $T/shared/dir.* - fuse" /proc/self/mountinfo)" 2
unmounts "another's hidden mount" user

# Their paths lead to the mounts only now and then.
fresh
other mkdir shared/one shared/two
for i in {1..30}; do
	other mkdir "shared/one/$i"
	other commfd true fusermount3 "shared/one/$i" >/dev/null
done
bg setpriv --reuid 12345 --regid 12345 --clear-groups swap shared/one shared/two
unmounts "another's mounts that move all the time" strace -f -u nobody -o trace -e inject=openat:delay_exit=500
kill "$bg"

# ---- Mounts of root's, which the user renames in another namespace once they were looked for ----

mkdir disk
mount -t tmpfs -o mode=1777 disk disk
unshare -m --propagation private sleep 150 &
elsewhere=$!
pids+=("$elsewhere")
within 5 grep -q sleep "/proc/$elsewhere/comm"
as_user_elsewhere() { nsenter -t "$elsewhere" -m setpriv --reuid 65534 --regid 65534 --clear-groups bash -c "cd $T/mine; $1"; }
roots_are() { grep -c "$T/mine/.* - tmpfs roots" /proc/self/mountinfo; }
# exchanged NAME DIRECTORY THERE HERE: root's mount is DIRECTORY/other. At the last moment the user
# runs THERE in the other namespace and HERE in this one.
exchanged()
{
	local job
	strace -f -u nobody -o trace -e inject=umount2:delay_enter=1s fusermount3 -uq mine/mnt &
	job=$!
	begun_or_over umount2 "$job"
	user bash -c "$4"
	as_user_elsewhere "$3; mv mnt third; mv $2/other mnt; mv third $2/other"
	wait "$job"
	is "$1: root's mount is there" "$(roots_are)" 1
	as_user_elsewhere "mv mnt third; mv $2/other mnt; mv third $2/other"
}
fresh
user mkdir -p mine/a/b/other
mount -t tmpfs roots mine/a/b/other
user commfd true fusermount3 mine/mnt >/dev/null
user chmod 0 mine/a
exchanged 'a directory that was closed to its own user' a/b 'chmod 700 a' true

fresh
user mkdir -p mine/a/other
mount -t tmpfs -o uid=65534 roots mine/a/other
user commfd true fusermount3 mine/a/other >/dev/null
user commfd true fusermount3 mine/mnt >/dev/null
exchanged "the user's own mount on top of root's goes" a true 'fusermount3 -uz mine/a/other'

# While the helper reads the mount table, the mountpoint is outside the bind mount, so no path leads
# to it.
fresh
user mkdir -p disk/part/other disk/part/mnt mine/bind
mount --bind disk/part mine/bind
mount -t tmpfs roots mine/bind/other
user commfd true fusermount3 mine/bind/mnt >/dev/null
as_user_elsewhere "mv $T/disk/part/other $T/disk/"
strace -f -u nobody -o trace -e inject=umount2:delay_enter=1s fusermount3 -u mine/bind/mnt >got 2>&1 &
job=$!
begun_or_over umount2 "$job"
as_user_elsewhere "cd $T/disk; mv part/mnt third; mv other part/mnt"
wait "$job"
is "a mountpoint out of sight: root's mount is there" "$(roots_are)" 1
like 'the helper refuses, and suggests -z' "$(cat got)" 'use -z$'
umount -l disk
kill "$elsewhere"

fresh
for i in {1..40}; do
	mkdir "mine/$i"
	mount -t tmpfs none "mine/$i"
done
unmounts 'more mounts than the limit of descriptors' user prlimit --nofile=30:1000

# ---- A helper that stands still has the turn of a number that is another mount's by now ----

# number PATH: prints the number of the FUSE mount at PATH.
number() { awk -v m="$1" '$5 == m && / - fuse/ { print $3 }' /proc/self/mountinfo; }
fresh
user commfd true fusermount3 mine/mnt >/dev/null
strace -f -u nobody -o trace -e inject=fcntl:delay_exit=3s:when=4 fusermount3 -u mine/mnt &
job=$!
within 10 grep -q 'fcntl(.*F_OFD_SETLK' trace
helper=$(pgrep -P $job -x fusermount3)
ok 'the helper has taken its turn' grep -q "^$helper .*fcntl(.*F_OFD_SETLK" trace
exits 1 'the user cannot stop the helper in its turn' user kill -STOP "$helper"
kill -CONT "$helper" 2>/dev/null
wait "$job"

# lowest MINOR: let the next mount get this number, 0:MINOR, by mounts that take what is free below. Fails
# if another on this machine has it.
lowest()
{
	local n i
	for i in {1..200}; do
		mkdir -p "fill/$i"
		mount -t tmpfs filler "fill/$i" || return
		n=$(awk -v m="$T/fill/$i" '$5 == m { sub("0:", "", $3); print $3 }' /proc/self/mountinfo)
		[ "$n" -ge "$1" ] || continue
		umount "fill/$i"
		[ "$n" -eq "$1" ]
		return
	done
}
empty() { umount fill/* 2>/dev/null; }

# The helper stands still in its turn for 6 seconds, as a cgroup's freezer or a lock on a directory
# of the caller could make it, while the mount is unmounted otherwise. gone_in_turn [PROGRAM...]:
# PROGRAM runs the helper.
gone_in_turn()
{
	fresh
	user commfd true fusermount3 mine/mnt >/dev/null
	was=$(number "$T/mine/mnt")
	connection=$(stat -c %i "fusectl/${was#*:}")
	strace -f -o trace -e inject=umount2:delay_enter=6s "$@" "${as_user[@]}" fusermount3 -uq mine/mnt &
	job=$!
	begun umount2
	unshare -m --propagation private bash -c "umount -l $T/mine/mnt; exec setpriv --reuid 65534 --regid 65534 --clear-groups rmdir $T/mine/mnt"
}
mkdir fusectl
mount -t fusectl none fusectl
gone_in_turn
is 'nothing is mounted there' "$(fuse_at "$T/mine/mnt")" 0
is 'the connection still has its number' "$(stat -c %i "fusectl/${was#*:}" 2>&1)" "$connection"
wait "$job"

# The kernel lacks open_tree(2), with which the helper keeps the connection's number in use.
for try in 1 2 3 4 5; do	# others on this machine may get the number first
	empty
	gone_in_turn "$BUILD/tests/tools/forbid" 38 428
	other mkdir shared/mnt
	lowest "${was#*:}"
	begun=$EPOCHREALTIME
	got=$(other commfd true fusermount3 shared/mnt 2>&1)
	took=$(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))
	now=$(number "$T/shared/mnt")
	wait "$job"
	if [ -z "$now" ] || [ "$was" = "$now" ]; then break; fi
done
is "another mount gets the same number, after $try tries" "$now" "$was"
like 'the mount of another user is made' "$got" 'received: byte 0, /dev/fuse'
ok "the other mount is made at once: $took ms" [ "$took" -lt 3000 ]
empty
umount fusectl

# ---- Once the caller may stop the helper again, it has no turn any more ----

# shellcheck disable=SC2016 # for that shell
stop_at_once='until kill -STOP "$0" 2>/dev/null; do [ -e "/proc/$0" ] || exit 1; done'
# A helper that was stopped unmounts the mount that has the number by then.
how=-uq	# with -uqz the helper keeps the number as well, by a descriptor, and with open_tree(2)
for try in 1 2 3 4 5; do	# others on this machine may get the number first
	empty
	fresh
	user commfd true fusermount3 mine/mnt >/dev/null
	was=$(number "$T/mine/mnt")
	rm -f trace
	strace -f -o trace -e inject=setresuid:delay_exit=1500ms "$BUILD/tests/tools/forbid" 38 428 "${as_user[@]}" fusermount3 $how mine/mnt &
	job=$!
	within 10 grep -qs 'umount2(' trace
	helper=$(pgrep --ns $$ --nslist mnt -n -x fusermount3)
	user bash -c "$stop_at_once" "$helper"
	other mkdir shared/mnt
	lowest "${was#*:}"
	other commfd true fusermount3 shared/mnt >/dev/null
	now=$(number "$T/shared/mnt")
	begun=$EPOCHREALTIME
	got=$(other fusermount3 -uz shared/mnt 2>&1)
	took=$(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))
	stopped=no
	! kill -CONT "$helper" || stopped=yes
	wait "$job"
	if [ $stopped = yes ] && [ "$was" = "$now" ]; then break; fi
done
empty
is "$how: its caller stops it" "$stopped" yes
is "$how: stopped after its turn: another's mount has the number" "$now" "$was"
is "$how: the mount of the other user is unmounted" "$got" ''
ok "$how: the other mount is unmounted at once: $took ms" [ "$took" -lt 3000 ]

fresh
umount /etc/fuse.conf
give_dev_back
finish
