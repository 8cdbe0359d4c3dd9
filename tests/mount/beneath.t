#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --replace-stale and --beneath: a new mount takes the place of another, and there is never
# a moment with neither.
. "$(dirname "$0")/../lib.sh"
start 240
need strace
need python3
mkdir mnt fresh
first_pid_namespace() { [ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ]; }
layers() { own_mounts | grep -c " $T/mnt$"; }
# Finds the server's process without pgrep, which could block on a process of others.
server_of() { fuse-info --json "$1" | sed -n 's/.*"server":{"pid":\([0-9]*\).*/\1/p'; }
cat >read.py <<'P'
import errno, os, sys
# What a reader gets, each change once: "dead dead ... hello hello".
last = None
print('ready', flush=True)
while not os.path.exists('stop'):
    try:
        now = open('mnt/hello').read()
    except OSError as e:
        now = errno.errorcode[e.errno]
    if now != last: print(now, flush=True)
    last = now
P
kill_server() { kill -KILL "$(server_of mnt)" && within 5 bash -c '! cat mnt/hello 2>/dev/null'; }

# ---- --replace-stale ----

if ! first_pid_namespace; then
	skip '--replace-stale' 'not the first PID namespace'
else
	hellofs -b mnt
	bg python3 read.py >readers
	reader=$bg
	within 5 grep -q hello readers
	for round in {1..50}; do
		kill_server
		fmount --wait --replace-stale mnt -- hellofs 2>>errors || echo "round $round" >>errors
		within 5 cat mnt/hello
	done
	touch stop; wait "$reader"; rm stop
	is 'fifty dead mounts are replaced' "$(cat errors 2>/dev/null)" ''
	is 'a reader meets the dead one and the next, and nothing else' "$(sort -u readers | grep -v ECONNABORTED | paste -sd,)" ENOTCONN,hello,ready
	ok 'once a mount is replaced, a reader does not meet the dead one again' [ "$(grep -c ENOTCONN readers)" -le 50 ]
	is 'one mount is left after fifty replacements' "$(layers)" 1
	# Without --wait, fmount replaces the mount before the server answers.
	kill_server
	bg fmount --replace-stale mnt -- hellofs -f
	ok '--replace-stale without --wait: the new mount serves' within 5 cat mnt/hello
	is '--replace-stale without --wait leaves one mount' "$(layers)" 1
	fumount mnt
	# If the new server fails, the dead mount stays.
	hellofs -b mnt
	kill_server
	exits 1 '--replace-stale with a program that fails' fmount --wait --replace-stale mnt -- false
	is 'the dead mount stays if the new server fails' "$(layers)" 1
	like 'the mount that stays is dead as before' "$(head mnt/hello 2>&1)" 'not connected'
	exits 0 '--replace-stale without MOVE_MOUNT_BENEATH' forbid 22 429:4:512 "$BUILD/bin/fmount" --wait --replace-stale mnt -- hellofs
	is 'without MOVE_MOUNT_BENEATH one mount is left' "$(layers)" 1
	is 'without MOVE_MOUNT_BENEATH the new mount serves' "$(cat mnt/hello)" hello
	fumount -a -t fuse.hellofs >/dev/null 2>&1
fi

# A server is stopped while a process waits for it.
faulty mute "$T/mnt"
bg stat mnt/none
waiter=$bg
within 5 blocked "$waiter"
sleep 0.2
exits 0 '--replace-stale of one that hangs' fmount --wait --replace-stale mnt -- hellofs
is 'after --replace-stale of a hung mount, the new mount serves' "$(timeout 5 cat mnt/hello)" hello
ok 'the process that waited for the hung mount gets an error' within 5 gone "$waiter"
exits 0 'what the fmount above tells its own program is not handed on' \
	env FUSEBOX_LATER=1:/elsewhere fmount fresh -- sh -c 'echo "[${FUSEBOX_LATER:-}]" >handed'
is 'to another one' "$(cat handed)" '[]'
umount -l fresh 2>/dev/null
# The server starts before its mount is in the mount table, and unmounts it at SIGTERM all the same.
for how in '' --keep; do
	umount -l mnt
	faulty good "$T/mnt"
	kill -KILL "$(newest faulty)"
	within 5 bash -c '! cat mnt/file 2>/dev/null'
	# shellcheck disable=SC2086 # none, or a word
	exits 0 "--replace-stale ${how:-alone}" fmount --wait $how --replace-stale mnt -- hellofs
	ender=$(server_of mnt)
	[ -z "$how" ] || ender=$(sed -n 's/^PPid:\t//p' "/proc/$ender/status")
	kill "$ender"
	ok "--replace-stale ${how:-alone}: SIGTERM unmounts, and ends the process" within 10 gone "$ender"
	is "--replace-stale ${how:-alone}: nothing is left" "$(layers)" 0
	hellofs -b mnt
done
# SIGTERM reaches the server, or its keeper, when fmount is about to attach the mount: at once, or after the server has ended.
name_when_kept() { [ "$1" ] && echo fuse-keep:0 || echo hellofs; }
for how in '' --keep; do
	for delay in 100000 5000000; do
		ender=$(server_of mnt)
		umount -l mnt
		within 5 gone "$ender"
		faulty good "$T/mnt"
		kill -KILL "$(newest faulty)"
		within 5 bash -c '! cat mnt/file 2>/dev/null'
		rm -f attaches
		# shellcheck disable=SC2086 # none, or a word
		bg strace -f -qq -o attaches -e trace=move_mount -e "inject=move_mount:delay_enter=$delay" \
			fmount --wait $how --replace-stale mnt -- hellofs 2>said
		within 10 grep -q move_mount attaches
		kill -TERM "$(newest "$(name_when_kept "$how")")"
		ok "SIGTERM before the mount is attached, ${how:-alone}, $delay us: fmount ends" within 20 gone "$bg"
		ok "SIGTERM before the mount is attached, ${how:-alone}, $delay us: no dead mount is left" within 10 eval '[ "$(layers)" = 0 ]'
		hellofs -b mnt
	done
done
exits 1 '--replace-stale of a mount whose server answers is refused' fmount --wait --replace-stale mnt -- hellofs
fumount mnt

# ---- --beneath ----

hellofs -b mnt
exits 0 '--beneath' fmount --beneath --wait mnt -- passfs "$top/tests"
is 'the new mount and the old one are both there' "$(layers)" 2
is '--beneath: the mount on top serves' "$(cat mnt/hello)" hello
fumount mnt
ok '--beneath: the mount below is the new one' test -e mnt/lib.sh
exits 1 '--beneath with a program that fails' fmount --beneath --wait mnt -- false
is 'a failed --beneath leaves only the old mount' "$(layers)" 1
fumount mnt
mount -t tmpfs none mnt
exits 0 '--beneath below a file system that is not FUSE' fmount --beneath --wait mnt -- hellofs
umount -i mnt
is 'the mount that was below tmpfs serves' "$(cat mnt/hello)" hello
fumount mnt
exits 1 '--beneath where nothing is mounted' fmount --beneath --wait mnt -- hellofs
is 'the error: fmount: mnt: nothing is mounted there; --beneath takes a mount to go below' "$err" 'fmount: mnt: nothing is mounted there; --beneath takes a mount to go below'
exits 1 '--beneath without --wait' fmount --beneath mnt -- hellofs
mount -t tmpfs none mnt
exits 1 '--beneath where the kernel has no MOVE_MOUNT_BENEATH' forbid 22 429:4:512 "$BUILD/bin/fmount" --beneath --wait mnt -- hellofs
like '--beneath names the kernel that it needs' "$err" 'mnt: the kernel cannot mount beneath this; it takes Linux 6.5'
is 'a refused --beneath leaves no FUSE mount' "$(layers)" 0
umount -i mnt
# The parent mount is shared: the new mount propagates to its peers.
mkdir shared
mount -t tmpfs none shared
mount --make-shared shared
mkdir shared/at peer
hellofs -b shared/at
mount --rbind shared peer
exits 0 '--beneath in a shared directory' fmount --beneath --wait shared/at -- passfs "$top/tests"
fumount shared/at
ok 'the new mount propagates beneath the old one in the peer, too' test -e peer/at/lib.sh -a -e shared/at/lib.sh
umount -l peer shared
finish
