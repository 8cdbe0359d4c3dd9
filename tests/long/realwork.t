#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Work as people do it on a passfs mount: git, make, databases, archives, copies, mappings
# and load. Data is compared by checksum, with the mount's source and with originals.
# Another process works in SOURCE meanwhile. LONG_SECONDS is how long each pair of stress-ng's
# stressors runs, and LONG_OPTIONS are options for passfs; "each": one set after the other. LONG_QUICK=1
# does less, and takes one stressor of two for enough: some need 10 seconds for a round.
. "$(dirname "$0")/lib.sh"
seconds=${LONG_SECONDS:-20} gc=--aggressive size=48M both=2
[ -z "${LONG_QUICK:-}" ] || gc=--no-aggressive size=16M both=1
if [ "${LONG_OPTIONS:-}" = each ]; then
	start $(((600 + 20 * seconds) * ${#configs[@]}))
	each LONG_OPTIONS $((600 + 20 * seconds)) 'work with passfs'
fi
start $((600 + 20 * seconds))
begin_configs
for tool in git make sqlite3 tar rsync setfattr setfacl fio stress-ng dbench; do
	command -v "$tool" >/dev/null || bail "$tool is missing: tests/deps-long"
done

mkdir src mnt native home
mount -t tmpfs -o size=4g none src
mount -t tmpfs -o size=1g none native
configured "${LONG_OPTIONS:-}" || finish
exits 0 "passfs ${LONG_OPTIONS:-}" passfs -b "${options[@]}" src mnt
server=$(newest passfs)
pids+=("$server")
fds() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
few_fds() { [ "$(fds)" -lt 20 ]; }
start_neighbour src mnt

# Describes a tree: names, kinds, modes, owners, links, sizes, times, attributes, contents.
tree()
(
	cd "$1" || exit
	find . -mindepth 1 ! -type d -printf '%p %y %m %U %G %n %s %T@ %l\n' | sort
	find . -mindepth 1 -type d -printf '%p %y %m %U %G %T@\n' | sort
	find . -mindepth 1 -links +1 ! -type d -printf '%i %p\n' | sort -k2 |
		awk '{ if (!($1 in first)) first[$1] = $2; print $2, "is", first[$1] }'
	find . -mindepth 1 ! -type l -print0 | sort -z | xargs -0r getfattr -h -d -m - --
	find . -mindepth 1 ! -type l -print0 | sort -z | xargs -0r getfacl -p --
	find . -type f -print0 | sort -z | xargs -0r sha256sum
)
same_trees() { diff <(tree "$1" 2>&1) <(tree "$2" 2>&1); }
sums() (cd "$1" && find . -type f -print0 | sort -z | xargs -0r sha256sum)
same_data() { diff <(sums "$1") <(sums "$2"); }

# git, with settings of its own instead of the caller's.
export HOME=$T/home
git config --global safe.directory '*'
git config --global advice.detachedHead false
ok 'git clone' git clone -q "file://$top" mnt/repo
is 'git log on the mount shows the same commits' "$(git -C mnt/repo log --format=%H | sha256sum)" "$(git -C "$top" log --format=%H | sha256sum)"
older=$(git -C mnt/repo rev-list --skip=3 -n 1 HEAD)
ok 'git checkout of an older commit' git -C mnt/repo checkout -q "${older:?needs some history}"
is 'git status finds the older commit complete' "$(git -C mnt/repo status --porcelain)" ''
ok 'git checkout of the newest commit' git -C mnt/repo checkout -q -
ok 'git gc' git -C mnt/repo gc -q "$gc" --prune=now
ok 'git fsck' git -C mnt/repo fsck --full --strict
ok 'archived as the original is' cmp <(git -C mnt/repo archive HEAD) <(git -C "$top" archive HEAD)
ok 'SOURCE has the same repository' same_data mnt/repo src/repo

# make with a job for each processor, and the same program as outside the mount.
build() { env -u BUILD -u MAKEFLAGS make -s -C "$1" -j2 CONFIG=default all; }
ok 'make on the mount' build mnt/repo
git clone -q "file://$top" native/repo
ok 'make beside the mount' build native/repo
ok 'make beside the mount gives the same program' cmp native/repo/build/fusebox mnt/repo/build/fusebox
is 'the program that was built on the mount runs' "$(mnt/repo/build/fusebox --list)" "$(native/repo/build/fusebox --list)"
ok 'make on the mount has nothing to do a second time' env -u BUILD -u MAKEFLAGS make -C mnt/repo -q build/fusebox
ok 'SOURCE has the same build' same_data mnt/repo src/repo

# SQLite with its write-ahead log in a shared mapping, and two processes that write at once.
sql() { sqlite3 -batch -bail -cmd '.timeout 20000' mnt/db "$@"; }
is 'sqlite3 with a write-ahead log' "$(sql 'PRAGMA journal_mode=WAL' 'CREATE TABLE t (who INT, n INT, data BLOB)')" wal
insert() { for ((n = 0; n < 300; n++)); do echo "INSERT INTO t VALUES ($1, $n, randomblob($((n * 37 % 9000))));"; done | sql; }
insert 1 & one=$!
insert 2 & two=$!
ok 'one process inserts into the database' wait "$one"
ok 'another process inserts at the same time' wait "$two"
is "both writers' rows are in the database" "$(sql 'SELECT who, count(*), sum(n) FROM t GROUP BY who' | paste -sd' ')" '1|300|44850 2|300|44850'
is 'the database passes its integrity check' "$(sql 'PRAGMA integrity_check')" ok
sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
is 'the database in SOURCE passes its integrity check' "$(sqlite3 src/db 'PRAGMA integrity_check' 'SELECT count(*) FROM t' | paste -sd' ')" 'ok 600'

# A tree with everything that archives can store.
mkdir -p native/tree/{dir,'a directory',empty}
mapfile -t names < <(printf 'file%s\n' {1..60})
for name in "${names[@]}"; do head -c $((RANDOM * 4)) /dev/urandom >"native/tree/dir/$name"; done
head -c 9M /dev/urandom >native/tree/large
truncate -s 64M native/tree/sparse
printf x | dd of=native/tree/sparse bs=1 seek=33333333 conv=notrunc 2>/dev/null
ln native/tree/large 'native/tree/a directory/link'
ln native/tree/dir/file1 native/tree/file1
ln -s dir/file2 native/tree/symlink
ln -s /nowhere native/tree/dangling
mkfifo -m 640 native/tree/fifo
chmod 4755 native/tree/dir/file3
chmod 2711 native/tree/dir/file4
chmod 0 native/tree/dir/file5
chmod 1777 native/tree/empty
chown 1001:1002 native/tree/dir/file6
chown -h 1003:1004 native/tree/symlink
touch -d '1999-12-31 23:59:59.987654321' native/tree/dir/file7 native/tree/dir
setfattr -n user.one -v value native/tree/dir/file8
setfattr -n user.two -v 0sAAECAwQ= native/tree/dir/file8
setfattr -n user.dir -v "$(printf 'v%.0s' {1..2000})" native/tree/dir
# A server in its sandbox cannot set these attributes: passfs(8).
[[ " ${LONG_OPTIONS:-} " = *' --sandbox '* ]] || setfattr -n trusted.x -v y native/tree/large
setfacl -m u:1001:rw,g:1002:r native/tree/dir/file9
setfacl -d -m u:1001:rwx native/tree/empty

packed() { tar --xattrs --xattrs-include='*' --acls --sparse --numeric-owner -C "$1" -cf "$2" .; }
unpacked() { mkdir -p "$2" && tar --xattrs --xattrs-include='*' --acls --numeric-owner -C "$2" -xpf "$1"; }
ok 'tar packs a tree with all attributes' packed native/tree native/in.tar
ok 'tar unpacks it on the mount' unpacked native/in.tar mnt/tree
ok 'the unpacked tree is the same' same_trees native/tree mnt/tree
ok 'the unpacked tree is the same in SOURCE' same_trees native/tree src/tree
is 'the unpacked tree has the same holes' "$(du -k src/tree/sparse | cut -f1)" "$(du -k native/tree/sparse | cut -f1)"
ok 'tar packs the tree on the mount' packed mnt/tree mnt/out.tar
ok 'tar unpacks that beside the mount' unpacked mnt/out.tar native/out
ok 'the tree that was packed on the mount is the same' same_trees native/tree native/out

copied() { rsync -aHAX --sparse "$1/" "$2/"; }
is_copied() { [ -z "$(rsync -aHAXnic --delete "$1/" "$2/" | tee "$T/differences")" ] || { cat "$T/differences"; false; }; }
ok 'rsync to the mount' copied native/tree mnt/copy
ok 'rsync finds no difference on the mount' is_copied native/tree mnt/copy
ok 'the tree that rsync copied is the same in SOURCE' same_trees native/tree src/copy
ok 'rsync from the mount' copied mnt/copy native/copy
ok 'rsync finds no difference from the mount' is_copied mnt/copy native/copy
ok 'the tree that rsync copied from the mount is the same' same_trees native/tree native/copy
echo changed >>mnt/copy/dir/file1
setfattr -x user.one mnt/copy/dir/file8
rm mnt/copy/symlink
is 'rsync finds data, attributes and a link that were changed' "$(rsync -aHAXnic native/tree/ mnt/copy/ |
	awk '!/^\.d/ { print $2 }' | sort | paste -sd' ')" 'dir/file1 dir/file8 file1 symlink'
ok 'rsync to the mount again' copied native/tree mnt/copy
ok 'rsync has mended all differences' is_copied native/tree src/copy

# Access lists let the listed user in, and keep other users out.
as() { setpriv --reuid "$1" --regid "$2" --clear-groups "${@:3}"; }
chmod 755 src
echo secret >src/listed
chown 0:1002 src/listed
chmod 600 src/listed
setfacl -m u:1001:rw src/listed
for who in '1001 5' '5 1002' '5 5'; do
	# shellcheck disable=SC2086 # a user and a group
	is "user and group $who" "$(as $who cat mnt/listed 2>&1 | sed 's/.*: //')" \
		"$(as $who cat src/listed 2>&1 | sed 's/.*: //')"
done
touch mnt/mode
chmod 644 mnt/mode
setfacl -m u:1001:rwx mnt/mode
is 'what a list does to the mode is seen at once' "$(stat -c %a mnt/mode)" "$(stat -c %a src/mode)"
mkdir mnt/default
setfacl -d -m u:1001:rwx,g::rwx,o::r mnt/default
(umask 077; touch mnt/default/our-file src/default/native-file; mkdir mnt/default/our-dir src/default/native-dir)
is 'a default list counts, and not the umask' "$(stat -c %a mnt/default/our*)" "$(stat -c %a src/default/native*)"
is 'a new directory inherits the default list' "$(getfacl -c mnt/default/our-dir)" "$(getfacl -c src/default/native-dir)"

# fio checks each block, and then the file in SOURCE.
verified()
{
	local engine=$1 direct=$2 file; shift 2
	file=fio.$engine.$direct.$*
	file=${file// /}
	run_fio --name=x --filename="mnt/$file" --ioengine="$engine" --direct="$direct" --rw=randwrite \
		--bsrange=4k-256k --size="$size" --verify=crc32c --do_verify=1 --verify_fatal=1 --verify_dump=0 \
		--fallocate=none --invalidate=1 --output=fio.out "$@" || { cat fio.out; return 1; }
	cmp "mnt/$file" "src/$file"
}
for direct in 0 1; do
	ok "fio psync, direct $direct" verified psync "$direct"
	ok "fio io_uring, direct $direct" verified io_uring "$direct" --iodepth=16
	ok "fio libaio, direct $direct" verified libaio "$direct" --iodepth=16
done
ok 'fio mmap' verified mmap 0 --bsrange=4k-64k
ok 'fio writes and verifies sequentially' verified psync 0 --rw=write --bs=1M
ok 'two fio jobs at once, with fsync' run_fio --name=x --directory="$T/mnt" --numjobs=2 --rw=randrw --bs=8k --size=16M \
	--verify=crc32c --verify_fatal=1 --fsync=64 --output=fio.out

# Mappings: several processes that write to one file.
ok 'three processes write through shared mappings' timeout 120 map_writers mnt/map 3 512 200
ok 'SOURCE has what the mappings stored' cmp mnt/map src/map
ok 'two processes write through shared mappings of many pages' timeout 120 map_writers mnt/map 2 16384 4
ok 'SOURCE has what the mappings of many pages stored' cmp mnt/map src/map

# Two stressors of stress-ng at once, with their own checks; each has to finish a round.
worked() { [ "$(awk -v a="$1" -v b="$2" '/metrc/ && ($4 == a || $4 == b) && $5 ~ /^[1-9][0-9]*$/' stress.out | wc -l)" -ge "$both" ]; }
stressed()
{
	mkdir -p mnt/stress
	if ! stress-ng --"$1" 1 --"$2" 1 --timeout "$seconds" --temp-path "$T/mnt/stress" --verify --metrics-brief \
		>stress.out 2>&1 || ! worked "$@"; then
		cat stress.out
		return 1
	fi
}
for two in 'dentry dir' 'rename link' 'symlink fallocate' 'hdd seek' 'xattr flock' 'lockf utime' 'chmod open' \
	'copy-file getdent'; do
	# shellcheck disable=SC2086 # two words
	ok "stress-ng: $two" stressed $two
	is 'stress-ng leaves no file' "$(ls -A mnt/stress)" ''
done

mkdir mnt/dbench
exits 0 'dbench' dbench -D "$T/mnt/dbench" -t 10 2
like 'dbench reports a throughput' "$out" 'Throughput [0-9.]*[1-9]'
# The id of a machine's first semaphore is 0, which dbench takes for a failure.
unlike 'dbench reports no failure' "$(grep -v 'barrier semaphore' <<<"$out")" '[Ff]ailed|ERROR'

# All files are removed, and no descriptor of them is left open.
ok 'what another process did in SOURCE meanwhile is whole' end_neighbour src
rm -rf mnt/*
is 'nothing is left in the source' "$(ls -A src)" ''
sync -f mnt
echo 2 >/proc/sys/vm/drop_caches
ok 'the server has closed the descriptors of all files' within 5 few_fds || diag "$(fds) descriptors"
ok 'the server still answers' test "$(stat -c %F mnt)" = directory
exits 0 'unmounted' fumount mnt
ok 'the server ends' within 5 gone "$server"
umount src native
finish
