#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A command that has found a connection by its number stands still until the connection is gone and a new
# mount has the number: the command leaves the new mount alone, in this mount namespace and in others.
. "$(dirname "$0")/../lib.sh"
start 300
[ "$(id -u)" = 0 ] || { skip 'all' 'not root'; finish; }
mkdir mnt other fill fresh
waiter=

# What at_call runs meanwhile: the mount at mnt goes, and `other` gets a mount that has its number. Another process of
# the machine may take the number first: then there is no file `reused`.
cat >reuse <<'R'
. "$0.lib"
number=$(conn_of "$T/mnt")
ending
umount -l mnt
for i in {1..20}; do
	mount_new
	[ "$(conn_of "$T/$place")" != "$number" ] || break
	mkdir -p "fill/$i"
	mount --move "$place" "fill/$i"
done
umount -l fill/*
[ "$(conn_of "$T/$place")" = "$number" ] || exit
unshare -m --propagation private sleep 1000 <&- >&- 2>&- &
echo $! >elsewhere
within 10 entered $!
beginning
touch reused
R
entered() { [ "$(readlink "/proc/$1/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ] && [ "$(cat "/proc/$1/comm")" = sleep ]; }
in_table() { grep -q " $T/$2 .* - fuse" "/proc/$1/mountinfo"; }

# To be redefined by a case: what precedes the command; what ends before the mount goes, which a waiter or an open
# file would keep; the new mount; and what the new mount then has.
plain() { preparing() { :; }; ending() { :; }; mount_new() { faulty good "$T/other"; }; beginning() { :; }; place=other; }

# meanwhile CALL NTH COMMAND...: COMMAND is held before its NTH system call CALL.
meanwhile()
{
	local call=$1 nth=$2 i
	shift 2
	for i in {1..8}; do	# others on this machine may get the number first
		rm -f reused
		faulty good "$T/mnt"
		old=$(newest faulty)
		preparing
		{ declare -f; declare -p T place old waiter SLOWNESS; } >reuse.lib
		at_call -c "$call" -n "$nth" -a "bash $T/reuse 2>/dev/null" timeout 60 "${@//@/$(conn_of "$T/mnt")}" >said 2>&1
		[ ! -e reused ] || return 0
		umount -l mnt other
	done 2>/dev/null
}
# stays NAME: the new mount does, in both mount namespaces, and its server answers.
stays()
{
	local where
	where=$(cat elsewhere)
	ok "$1: a new mount has got the number meanwhile" test -e reused
	ok "$1: the new mount stays" in_table self "$place"
	ok "$1: the new mount stays in another mount namespace" in_table "$where" "$place"
	is "$1: the new mount's server answers" "$(timeout 5 ls -A "$place")" "${2:-file}"
	kill -KILL "$where"
	umount "$place"
}

plain
for words in '-R mnt' '-R -f mnt'; do
	# shellcheck disable=SC2086 # words
	meanwhile fstatfs 1 fumount $words
	stays "fumount $words, before it knows the connection"
done
for words in '-R mnt' '-R conn:@' '-a -R' '-a' '-f mnt'; do
	# shellcheck disable=SC2086 # words
	meanwhile umount2 1 fumount $words
	stays "fumount $words, about to unmount"
done

# fumount -a -t: the new mount, of another type, has the number, the mount id and the path.
mount_new() { hellofs -b "$T/mnt"; }
place=mnt
meanwhile fstatfs 1 fumount -a -t fuse.faulty
stays 'fumount -a -t, before it knows the connection' hello

# What waits for the new mount goes on waiting.
plain
preparing()
{
	cat mnt/file >/dev/null; stop "$old"
	bg cat mnt/none; waiter=$bg
	within 10 blocked "$waiter"
}
ending() { kill -KILL "$old" "$waiter"; within 10 gone "$waiter"; }
beginning()
{
	local new
	new=$(newest faulty)
	cat other/file >/dev/null; stop "$new"
	cat other/none </dev/null >/dev/null 2>&1 & echo "$! $new" >both
	within 10 blocked "$!"
}
for call in fstatfs pidfd_open; do
	meanwhile "$call" 1 fumount --wake -f mnt
	read -r waits new <both
	ok "fumount --wake, at $call: what waits for the new mount still does" blocked "$waits"
	kill -CONT "$new"
	ok 'and ends once its server answers' within 10 gone "$waits"
	stays "fumount --wake, at $call"
done

# fmount --reattach: a new and healthy mount is not taken for the dead one.
plain
hellofs -b fresh
preparing() { kill -KILL "$old"; within 10 gone "$old"; }
meanwhile setns 1 fmount --reattach=conn:@ fresh
stays 'fmount --reattach=conn:N'
umount fresh
finish
