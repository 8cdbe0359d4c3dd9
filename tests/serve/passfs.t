#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs against the file system that it mirrors: the same results, call by call, for
# thousands of calls by root and two users; and what such a table does not reach.
. "$(dirname "$0")/../lib.sh"
start 300
mkdir src mnt native
mount -t tmpfs none src
mount -t tmpfs none native
chmod 777 "$T" src native

exits 0 'passfs' passfs -b src mnt
server=$(newest passfs)
pids+=("$server")
like 'the mount table has type, source and options' "$(mount_line "$T/mnt")" "fuse.passfs $T/src rw,.*default_permissions"
fds() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
few_fds() { [ "$(fds)" -lt 20 ]; }

count() { find "$1" -mindepth 1 -maxdepth 1 -printf x | wc -c; }

# The table, each half by a worker and a server of its own. A chown to nobody and no group
# (4 and 9) takes set-id bits, which a kernel that leaves those to the server does not tell
# it. Where it writes by itself (passthrough), they go for root as well, who would keep them:
# it writes with one right for all, and they must go for the others.
table() # table SIDE WORKER
{
	mkdir -p "$1/$2"
	chmod 777 "$1/$2"
	posix "$1/$2" "$2" 2
}
served() # served WORKER OPTION...
{
	local worker=$1; shift
	mkdir -p "mnt.$worker"
	passfs -b "$@" src "mnt.$worker" 2>/dev/null && table "mnt.$worker" "$worker" >"ours.$worker"
	within 5 fumount "mnt.$worker"	# the workers may still be on their way out
}
calls() { grep -Ev '^chown setid +[49] ' "$1" | sed "$2"; }
same() # same SED-SCRIPT OPTION...
{
	local worker edit=$1; shift
	for worker in 0 1; do served "$worker" "$@" & done
	wait
	for worker in 0 1; do
		calls "native.$worker" "$edit" >want
		calls "ours.$worker" "$edit" >got
		ok "$(wc -l <want) calls, the same results ($*)" cmp want got ||
			diag "$(diff want got | head -n 20 | cut -c1-400)"
		ok 'the table has thousands of calls' test "$(wc -l <want)" -gt 3000
		rmdir "src/$worker"
	done
}
for worker in 0 1; do table native "$worker" >"native.$worker" & done
for worker in $(jobs -p); do wait "$worker"; done
same 's/ setid:10[0-7]/ setid:10x/'
same '' --no-passthrough
# In a user namespace root makes no device nodes, and has no trusted.* attributes.
same '/^mknod .* 3 0: /d; /^xattr .* [59] 0: /d' --sandbox
is 'the calls leave nothing in the mount' "$(ls -A mnt)" ''

# Names, sizes, many entries.
name=$(printf 'n%.0s' {1..255})
ok 'a name of 255 bytes can be made' touch "mnt/$name"
ok 'the name of 255 bytes is in SOURCE' test -e "src/$name"
exits 1 'a name of 256 bytes is refused' touch "mnt/n$name"
like 'the error: File name too long' "$err" 'File name too long'
ok 'a name with a newline and a byte that is no UTF-8 can be made' touch "mnt/"$'\n\377 \\'
is 'names of odd bytes are in SOURCE' "$(count src)" "$(count mnt)"
rm -f mnt/*
dd if=/dev/urandom of=native/data bs=1M count=24 2>/dev/null
ok '24 MiB are written' cp native/data mnt/data
ok 'SOURCE has the 24 MiB that were written' cmp native/data src/data
ok '24 MiB are read back' cmp native/data mnt/data
ok 'data are written beyond 4 GiB' dd if=native/data of=mnt/far bs=1M count=1 seek=5000 conv=notrunc
ok 'the data beyond 4 GiB are at their offset' cmp <(head -c 1M native/data) <(tail -c 1M mnt/far)
is 'SEEK_DATA finds the hole before them' "$(perl -e 'open F, "mnt/far"; print sysseek F, 0, 3')" $((5000 << 20))
perl -e 'open F, ">", "mnt/many$_" or die for 1 .. 5000'
is 'find lists five thousand entries' "$(find mnt -name 'many*' | wc -l)" 5000
is 'find lists no entry twice' "$(find mnt | sort | uniq -d)" ''
is 'the mount lists as many entries as SOURCE' "$(count mnt)" "$(count src)"
find mnt -name 'many*' -delete
is 'five thousand entries can be removed while they are listed' "$(find src -name 'many*' | wc -l)" 0

# One inode a file.
echo one >mnt/a
ln mnt/a mnt/b
is 'hard links are one' "$(stat -c %i mnt/a)" "$(stat -c %i mnt/b)"
mkdir mnt/dir
mv mnt/b mnt/dir/c
echo two >>mnt/dir/c
is 'a write by one name is read by another' "$(paste -sd' ' mnt/a)" 'one two'
exec 7<>mnt/a
rm mnt/a mnt/dir/c
echo three >&7
is 'a file without a name can be written' "$(perl -e 'open F, "<&=7"; seek F, 0, 0; print <F>' | paste -sd' ')" 'three o'
exec 7<&-
machine exclusive
echo 3 >/proc/sys/vm/drop_caches
ok 'what the kernel forgets is closed' within 5 few_fds || diag "$(fds) descriptors"
machine free
mkdir -p mnt/dir/deeper src/outside
ln -s "$T/native" mnt/away
is 'a symbolic link out of SOURCE is shown as it is' "$(readlink mnt/away)" "$T/native"
is '..: the root has nothing above' "$(stat -c %i mnt/..)" "$(stat -c %i "$T")"
rm -r mnt/dir src/outside mnt/away
echo behind >src/behind
is 'a file that was made in SOURCE is seen' "$(cat mnt/behind)" behind

# Copies, holes and attributes go through to the file system below.
cp --sparse=always mnt/far mnt/far2
is 'holes stay holes' "$(du -k src/far2 | cut -f1)" 1024
rm mnt/far mnt/far2
setfattr -n user.x -v y mnt/behind 2>/dev/null && is 'an extended attribute is in SOURCE' "$(getfattr --only-values -n user.x src/behind 2>/dev/null)" y
ok 'a file is written with O_SYNC and fsync' dd if=native/data of=mnt/sync bs=64k oflag=sync conv=fsync count=16
ok 'a file is written through a mapping' perl -e 'exit !(-s "mnt/data" == 24 << 20)'

ok 'a file is written with O_DIRECT' dd if=native/data of=mnt/direct bs=64k oflag=direct count=16
ok 'SOURCE has what was written with O_DIRECT' cmp <(head -c 1M native/data) src/direct

# passfs mounted inside its own SOURCE: it does not wait for itself.
mkdir src/inside
exits 0 'mounted in what it mirrors' passfs -b src src/inside
exits 1 'itself is not shown in itself' timeout 5 stat src/inside/inside
like 'the error: Too many levels of symbolic links' "$err" 'Too many levels of symbolic links'
is 'all but the mount itself is shown in the mount inside SOURCE' "$(timeout 5 cat src/inside/behind)" behind
fumount src/inside

# Other file systems are mounted in SOURCE: the same inode number in two of them means two files.
mkdir src/one src/two src/dir
mount -t tmpfs none src/one
mount -t tmpfs none src/two
for fs in one two; do mkdir src/$fs/dir; echo "$fs" >src/$fs/f; done
is 'two file systems in SOURCE have a file of the same inode number' "$(stat -c %i src/one/f)" "$(stat -c %i src/two/f)"
ok 'cp takes files of the same inode number for two files' cp mnt/one/f mnt/two/f
is 'the copy is in the other file system' "$(cat src/two/f)" one
exits 0 'find descends into no directory twice' find mnt -ls
is 'find reports no error' "$err" ''
is 'no inode number is shown twice' "$(stat -c %i mnt/{,one/,two/}{,f,dir,behind} 2>/dev/null | sort | uniq -d)" ''
numbers='import os
for top, dirs, files in os.walk("mnt"):
    for e in os.scandir(top):
        if not os.path.ismount(e.path.replace("mnt", "src", 1)) and e.inode() != os.lstat(e.path).st_ino: print(e.path)'
is 'readdir and lstat show the same inode number' "$(python3 -c "$numbers")" ''
is 'statx(2) shows the same inode number, and the birth time' "$(stat -c '%i %W' mnt/one/f)" "$(stat -c %i mnt/one/f) $(stat -c %W src/one/f)"
is 'inode numbers of SOURCE itself stay as they are' "$(stat -c %i mnt mnt/behind mnt/dir)" "$(stat -c %i src src/behind src/dir)"
named='import ctypes, os
fd = os.open("mnt/two", os.O_TMPFILE | os.O_RDWR)
ctypes.CDLL(None).linkat(-100, b"/proc/self/fd/%d" % fd, -100, b"mnt/two/named", 0x400)
print(os.fstat(fd).st_ino, os.stat("mnt/two/named").st_ino)'
is 'a file of O_TMPFILE keeps its inode number when linkat(2) names it' "$(python3 -c "$named" | tr ' ' '\n' | uniq | wc -l)" 1
umount -l src/one src/two
rm -r src/one src/two src/dir

# As it says.
exits 1 'a SOURCE that does not exist' passfs nowhere mnt
like 'the error: passfs: nowhere: No such file or directory' "$err" 'passfs: nowhere: No such file or directory'
exits 1 'passfs without a SOURCE' passfs mnt
exits 1 'a SOURCE that is a file' passfs native/data mnt
fumount mnt
ok 'the server ends' within 2 gone "$server"
exits 0 'passfs -o ro' passfs -b -o ro src mnt
exits 1 'with -o ro no file can be made' touch mnt/x
like 'the error is: Read-only file system' "$err" 'Read-only file system'
fumount mnt

# An ordinary user mirrors a directory of their own.
own_dev
mkdir helper theirs
install -m 4755 "$BUILD/fusermount3" helper/fusermount3
chown 65534 theirs
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$T/helper:$PATH" "$@"; }
nobody passfs -b src theirs
ok 'an ordinary user serves a mount and writes to it' nobody sh -c 'echo x >theirs/his'
is 'the file in SOURCE belongs to that user' "$(stat -c '%u %g' src/his)" '65534 65534'
exits 2 'that user cannot write to files of others' nobody sh -c 'echo x >theirs/behind'
nobody fumount theirs
give_dev_back
finish
