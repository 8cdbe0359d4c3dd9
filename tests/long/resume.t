#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A kept passfs that is killed at each of its system calls in turn: the caller gets what it would
# have got, once; and what open files, locks and removed files come to when it is killed between.
. "$(dirname "$0")/../lib.sh"
start 300
mkdir src mnt
mount -t tmpfs none src
mkdir src/top

# Sets $server, unless no server runs at the moment.
server_of() { local now; now=$(child_named passfs "$keeper") && [ -z "$now" ] || server=$now; }
answers() { timeout 5 stat mnt/top >/dev/null 2>&1 && server_of; }
up()
{
	bg fmount --keep --keep-tries 0 -o allow_other,default_permissions mnt -- passfs --threads=1 --timeout=0 "$@" src 2>log
	keeper=$bg
	within 5 mounted "$T/mnt" && answers
}
down() { fumount mnt && within 5 gone "$keeper"; }
restarts() { local name; read -r name <"/proc/$keeper/comm" && echo "${name#*:}"; }
# Remounting the file system itself, not only the mount, makes the kernel drop the dentries, so the server gets FORGET.
forget() { timeout 5 fmount -o remount,ro mnt && timeout 5 fmount -o remount,rw mnt; }
blow() { server_of; kill -KILL "$server"; }

# ---- At each system call of an operation ----
# try NAME SETUP OPERATION CHECK: kill at the first, second, … system call after the first request,
# until the operation is done before. CHECK sees $said, what the operation printed.
try()
{
	local name=$1 n bad='' kills=0 killer status
	mkdir src/top/w
	for ((n = 1; n < 300; n++)); do
		rm -rf src/top/w/*
		eval "$2"
		within 5 forget || bad+="$n: not remounted; "
		answers
		exec {at}< <(exec kill_at "$server" "$n")
		killer=$!
		read -ru "$at" _
		said=$(eval "timeout 5 bash -c '$3'" 2>&1) && status=0 || status=$?
		kill "$killer" 2>/dev/null
		wait "$killer"; dead=$?
		exec {at}<&-
		eval "$4" && [ "$status" = 0 ] || bad+="$n: status $status $said $(ls -Al src/top/w); "
		[ "$dead" = 0 ] || break
		kills=$((kills + 1))
	done
	rm -rf src/top/w
	is "$name: killed at each of $kills system calls" "$bad" ''
	is 'and not once the operation has ended' "$dead" 143
	ok 'the server was killed more than twice' test "$kills" -gt 2
}
all()
{
	try mkdir : 'mkdir mnt/top/w/d' '[ -d src/top/w/d ]'
	try 'exclusive create' : 'set -C; echo x >mnt/top/w/f' '[ "$(cat src/top/w/f)" = x ]'
	try create : 'echo x >mnt/top/w/f' '[ "$(cat src/top/w/f)" = x ]'
	try unlink 'touch src/top/w/f' 'unlink mnt/top/w/f' '[ ! -e src/top/w/f ]'
	try rmdir 'mkdir src/top/w/d' 'rmdir mnt/top/w/d' '[ ! -e src/top/w/d ]'
	try rename 'echo x >src/top/w/a; echo y >src/top/w/b' 'mv -T mnt/top/w/a mnt/top/w/b' '[ "$(ls src/top/w) $(cat src/top/w/b)" = "b x" ]'
	try symlink : 'ln -s target mnt/top/w/l' '[ "$(readlink src/top/w/l)" = target ]'
	try link 'touch src/top/w/a' 'ln mnt/top/w/a mnt/top/w/b' '[ src/top/w/a -ef src/top/w/b ]'
	try mkfifo : 'mkfifo mnt/top/w/p' '[ -p src/top/w/p ]'
	for _ in 1 2 3; do
		try append 'echo 1 >src/top/w/f' 'echo 22 >>mnt/top/w/f' '[ "$(cat src/top/w/f)" = $'\''1\n22'\'' ]'
	done
	try 'set a mode' 'touch src/top/w/f' 'chmod 751 mnt/top/w/f' '[ "$(stat -c %a src/top/w/f)" = 751 ]'
	try read 'echo text >src/top/w/f' 'cat mnt/top/w/f' '[ "$said" = text ]'
	try list 'touch src/top/w/{a,b,c}' 'ls -a mnt/top/w' '[ "$said" = $'\''.\n..\na\nb\nc'\'' ]'
}
descriptors() { forget || echo 'not remounted' >&2; server_of; find "/proc/$server/fd" -mindepth 1 | wc -l; }
few() { [ "$(descriptors)" -le "$1" ]; }
for options in '' --no-passthrough; do
	# shellcheck disable=SC2086 # a word or none
	ok "passfs $options" up $options
	before=$(descriptors)
	all
	# The kernel may still have the last directory and file in its dentry cache.
	ok "no descriptor is lost: $before at the start" within 5 few $((before + 2)) || diag "$(ls -l "/proc/$server/fd")"
	ok 'unmounts' down
done
finish
