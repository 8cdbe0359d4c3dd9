#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a kept passfs has open when it is killed: files, removed ones, directories that are half read,
# locks; and what becomes of them when the process that holds its descriptors is killed as well.
. "$(dirname "$0")/../lib.sh"
start 200
mkdir src mnt
mount -t tmpfs none src
up()
{
	rm -rf src/*
	mkdir src/d
	seq 2000 >src/text
	bg fmount --keep --keep-tries 0 -o allow_other,default_permissions mnt -- passfs "$@" src 2>log
	keeper=$bg
	within 5 mounted "$T/mnt" && timeout 5 stat mnt/d >/dev/null && server=$(child_named passfs "$keeper")
}
down() { fumount mnt && within 5 gone "$keeper"; }
another() { server=$(child_named passfs "$keeper") && [ "$server" ] && [ "$server" != "$was" ]; }
blow() { was=$server; kill -KILL "$server"; within 5 another; }
locked() { ! timeout 5 flock -n "$1" true; }

goes_on()
{
	exec 5>mnt/new 6<mnt/text 7<>mnt/gone
	echo one >&5; read -r -N 100 first <&6; echo kept >&7
	rm mnt/gone
	touch mnt/lock
	exec 8>mnt/lock
	flock 8
	ok 'the server is killed and another one serves' blow
	echo two >&5
	is 'a file that was open for writing can be written on' "$(cat src/new)" $'one\ntwo'
	is 'a file that was open for reading can be read on' "$first$(cat <&6)" "$(seq 2000)"
	is 'a removed file that is open can be read' "$(cat "/proc/$BASHPID/fd/7" 2>/dev/null || timeout 5 cat /dev/fd/7)" kept
	ok 'the lock of flock(2) is still held' locked mnt/lock
	[[ $* != *--locks* ]] || ok 'the lock is still held in SOURCE' locked src/lock
	exec 8>&-
	ok 'the lock can be given up' timeout 5 flock -w 3 mnt/lock true
	[[ $* != *--locks* ]] || ok 'the lock is given up in SOURCE' timeout 5 flock -n src/lock true
	exec 5>&- 6<&- 7<&-
	for i in $(seq 500); do : >"mnt/d/$i"; done
	is 'a listing while it is killed again and again is whole' \
		"$({ for _ in 1 2 3 4 5; do sleep 0.02; kill -KILL "$(child_named passfs "$keeper")"; done & } 2>/dev/null
		for _ in 1 2 3 4 5 6 7 8 9 10; do ls mnt/d; done | sort | uniq -c | awk '$1 != 10' | wc -l)" 0
	ok 'rm -r goes on while the server is killed again and again' rm -r mnt/d
	was=0; another
}

for options in '' --no-passthrough '--no-passthrough --locks' --writeback --sandbox; do
	# shellcheck disable=SC2086 # words
	ok "passfs $options" up $options
	goes_on "$options"
	ok 'unmounts' down
done

# ---- The holder of the descriptors is killed as well ----
ok 'passfs --no-passthrough' up --no-passthrough
exec 6<mnt/text 8>mnt/new
read -r -N 100 first <&6
store=$(child_named fuse-store "$server")
kill -KILL "$store"
ok 'server and store are killed, and another server serves' blow
is 'the mount goes on after server and store were killed' "$(timeout 5 cat mnt/text | md5sum)" "$(seq 2000 | md5sum)"
ok 'a new file can be written after server and store were killed' eval 'echo x >mnt/newer && [ "$(cat src/newer)" = x ]'
exits 1 'an open file is lost' timeout 5 sh -c 'echo y >&8'
like 'the error: I/O error|Input/output error' "$err" 'I/O error|Input/output error'
exec 6<&- 8>&-
ok 'files that are opened afterwards work' eval 'rm mnt/newer && mkdir mnt/e && [ -d src/e ]'
ok 'the server is killed once more' blow
ok 'the mount answers after that' test -d mnt/e
ok 'unmounts' down
finish
