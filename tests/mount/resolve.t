#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount finds its target without asking a server anything: every spelling of a
# path to a mount that never answers, or to another below it.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir -p mnt a/b/c other "a b"$'\n'c
ln -s mnt link
ln -s a/b/../../link chain
ln -s loop1 loop2
ln -s loop2 loop1
ln -s "$T/mnt" absolute
ln -s ../../mnt a/b/up
hung() { commfd 'exec sleep 100' "$BUILD/fusermount3" "$1" >/dev/null 2>&1 & within 5 mounted "$T/${1#"$T"/}"; server=$!; }
free() { kill "$server" 2>/dev/null; pkill -P "$server" 2>/dev/null; wait "$server" 2>/dev/null; }

for path in mnt ./mnt mnt/ mnt/. .//mnt//./ mnt/.. a/../mnt a/b/../../mnt link link/ chain absolute a/b/up a/b/up/ \
	"$T/mnt" "$T/./a/..//mnt" mnt/x/.. mnt/x/../ mnt/../mnt mnt/x/../../mnt mnt/../link; do
	hung mnt
	case $path in
	mnt/..)	exits 32 "$path is not the mount" timeout 5 fumount "$path"
		umount -l mnt ;;
	*)	exits 0 "$path" timeout 5 fumount "$path" ;;
	esac
	ok 'the mount at that path is unmounted' unmounted "$T/mnt"
	free
done
hung mnt
for path in mnt/x mnt/x/y mnt/x/../y chain/x nope a/b mnt/../nope; do
	exits 32 "a path that leads elsewhere: $path" timeout 5 fumount "$path"
	ok 'the mount stays after the path that leads elsewhere' mounted "$T/mnt"
done
exits 32 'fumount through a loop of symbolic links' timeout 5 fumount loop1
like 'the error: Too many levels of symbolic links' "$err" 'Too many levels of symbolic links'
exits 32 'fumount of a path below a file' timeout 5 fumount /etc/passwd/x
like 'the error: Not a directory' "$err" 'Not a directory'
exits 32 'fumount of an empty path' timeout 5 fumount ''
exits 32 'fumount of a name that is too long' timeout 5 fumount "$(printf %0300d 1)"
like 'the error: File name too long' "$err" 'File name too long'
# From inside of it.
exits 0 'fumount by a path with ..' bash -c 'cd a/b/c && exec timeout "$0" fumount ../../../mnt' "$(longer 5)"
ok 'the mount is unmounted by the path with ..' unmounted "$T/mnt"
free
hung "$T/a b"$'\n'c
exits 0 'fumount of a path with blanks and newlines' timeout 5 fumount "a b"$'\n'c
free

# By names other than a path, and by fusermount's options.
line() { mount_line "$T/mnt"; }
hellofs -b some:source mnt
exits 0 'conn:N' fumount "conn:$(conn_of "$T/mnt")"
ok 'conn:N unmounts it' unmounted "$T/mnt"
hellofs -b some:source mnt
exits 0 'mnt-id:N' fumount "mnt-id:$(line | cut -d' ' -f1)"
ok 'mnt-id:N unmounts it' unmounted "$T/mnt"
hellofs -b some:source mnt
exits 0 'the source' fumount some:source
ok 'the source unmounts it' unmounted "$T/mnt"
hellofs -b some:source mnt
mount --bind mnt other
exits 32 'fumount of a source that several mounts have' fumount some:source
like 'the error: several mounts have this' "$err" 'several mounts have this'
umount other
mount -t tmpfs none mnt
exits 32 'fumount of a source whose mount is covered' fumount some:source
like 'the error: covered by tmpfs' "$err" 'covered by tmpfs'
exits 32 'fumount of a mount that is not FUSE' fumount mnt
exits 0 'fumount -i of a mount that is not FUSE' fumount -i mnt
exits 0 'fumount -u' fumount -u mnt
hellofs -b mnt
exec 7<mnt/hello
exits 32 'fumount -q of a busy mount' fumount -q mnt
is 'fumount -q prints nothing' "$err" ''
exits 0 'fumount -uz of a busy mount' fumount -uz mnt
ok 'fumount -uz detaches the busy mount' unmounted "$T/mnt"
exec 7<&-
for word in conn:999999 conn:x mnt-id: mnt-id:1 no:such; do exits 32 "a target that does not exist: $word" fumount "$word"; done

# A FUSE mount inside another one: the inner one is found lexically.
mkdir tree tree/in tree2
hellofs -b -o rw mnt
mount -t tmpfs none tree
mkdir tree/in
mount --bind tree other
hung other/in
exits 0 'below a bind' timeout 5 fumount other/in
free
umount other tree mnt
# Resolving a path sends no request: no system call has a name below the mount.
hung mnt
strace -f -o trace -e trace=file fumount mnt/x/y mnt >/dev/null 2>&1
unlike 'fumount makes no system call on a path below the mount' "$(grep -v execve trace)" '"x"|mnt/x|/y"'
free
finish
