#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A user moves the directory of their FUSE mount so deep that its line in the mount table is
# longer than any buffer. It and the mounts that follow in the table are seen all the same.
. "$(dirname "$0")/../lib.sh"
start 120
need python3
need setpriv
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

mkdir home home/a home/a/mnt later
chown -R 65534:65534 home
chmod 755 .
own_dev
mkdir bin
install -m 4755 "$BUILD/fusermount3" bin/
cp "$BUILD/fusebox" bin/hellofs
as() { PATH=$T/bin:$PATH setpriv --reuid "$1" --regid "$1" --clear-groups --inh-caps=-all "${@:2}"; }
exits 0 'the mount of a user' as 65534 hellofs -b -o fsname=users home/a/mnt
exits 0 'a later one' hellofs -b -o fsname=roots later
id=$(awk -v at="$T/home/a/mnt" '$5 == at { print $1 }' /proc/self/mountinfo)
move_deep()
{
	cat >move.py <<-'EOF'
	import os, sys
	os.setgroups([]); os.setgid(65534); os.setuid(65534)
	os.chdir(sys.argv[1])
	top = os.open('.', os.O_RDONLY)
	for i in range(600):
	    os.mkdir('d' * 250)
	    os.chdir('d' * 250)
	os.rename('a', 'a', src_dir_fd=top)
	EOF
	python3 move.py "$T/home"
}
exits 0 'a user moves the directory that it is in' move_deep
ok 'its line is longer than what is read at a time' [ "$(wc -L </proc/self/mountinfo)" -gt 131072 ]

fuse-info -l >list
ok 'fuse-info lists the later one' grep -q "roots *$T/later" list
ok 'fuse-info lists the deep one' grep -q "users *$T/home/ddd" list
fuse-info --json >json
later_id=$(awk -v at="$T/later" '$5 == at { print $1 }' /proc/self/mountinfo)
is 'the deep one is listed with its connection and type' "$(python3 -c 'import json
for m in json.load(open("json"))["mounts"]: print(m["source"], m["mount_id"], len(m["mountpoint"]) > 16000)' | sort | paste -sd,)" \
	"roots $later_id False,users $id True"
# Without /proc fuse-info lists mounts by statmount(2).
unlisted() { unshare -m --propagation private sh -c 'umount -l /proc; exec fuse-info -l'; }
unlisted >list
ok 'fuse-info without /proc lists the later mount' grep -q "roots *$T/later" list
ok 'fuse-info without /proc lists the deep mount' grep -q ' users ' list

exits 64 'fumount -a unmounts the later one, and fails' fumount -a
ok 'later is unmounted' unmounted "$T/later"
hellofs -b later
exits 0 '-R finds the later one' fumount -R later
ok 'later is unmounted' unmounted "$T/later"

# The set-uid helper holds open the directories on the path, so that the mountpoint's name stays the
# same, unless the path is too deep.
mkdir theirs theirs/mnt
chown 65533:65533 theirs theirs/mnt
exits 0 'another user mounts in a shared directory' as 65533 hellofs -b theirs/mnt
exits 0 'another user unmounts in a shared directory' as 65533 fusermount3 -u theirs/mnt
ok 'theirs/mnt is unmounted' unmounted "$T/theirs/mnt"
give_dev_back

python3 -c 'import os, sys, ctypes
os.chdir(sys.argv[1])
for i in range(600): os.chdir("d" * 250)
os.chdir("a")
ctypes.CDLL(None).umount2(b"mnt", 2)' "$T/home"
finish
