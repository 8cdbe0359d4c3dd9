#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Servers in a cage: what rights they go on with, the unmounter that unmounts for them, and
# what one that was taken over can do (escapefs.c), in --sandbox and out of it.
. "$(dirname "$0")/../lib.sh"
start 100
need setpriv getfattr strace
ln -s "$BUILD/tests/escapefs" escapefs
mkdir mnt src outside
export OUTSIDE=$T/outside
of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
unmounter_of() { pgrep -x -P "$1" fuse-unmounter; }
rights() { echo "$(of "$1" CapPrm) $(of "$1" CapEff) $(of "$1" NoNewPrivs) $(of "$1" Seccomp)"; }
none=0000000000000000

hellofs -b mnt
server=$(newest hellofs)
is 'hellofs: no capability, no_new_privs' "$(rights "$server")" "$none $none 1 0"
unmounter=$(unmounter_of "$server")
isnt() { ok "$1" [ "$2" != "$3" ]; }
isnt 'its unmounter has them' "$(of "$unmounter" CapPrm)" "$none"
is 'holds neither /dev/fuse nor the terminal' "$(find "/proc/$unmounter/fd" -lname '/dev/[ftp]*')" ''
is 'nor a directory' "$(readlink "/proc/$unmounter/cwd")" /
kill -TERM "$unmounter"; kill -INT "$unmounter"
ok 'is not meant by signals' kill -0 "$unmounter"
exits 0 'unmounts for it' kill "$server"
ok 'mnt is unmounted in time' within 5 unmounted "$T/mnt"
ok 'the server ends' within 5 gone "$server"
ok 'the unmounter ends' within 5 gone "$unmounter"

hellofs -b mnt
server=$(newest hellofs) unmounter=$(unmounter_of "$server")
kill -9 "$server"
ok 'ends with the server' within 5 gone "$unmounter"
ok 'and leaves a dead mount to fumount' mounted "$T/mnt"
fumount -R mnt 2>/dev/null

hellofs mnt 2>log & server=$!
pids+=("$server")
within 5 grep -q hello mnt/hello
unmounter=$(unmounter_of "$server")
kill -9 "$unmounter"
within 5 gone "$unmounter"	# or it is told, and can do nothing any more
kill "$server"
wait "$server"
is 'without an unmounter: exit 1' $? 1
like 'says what is left' "$(cat log)" 'mnt: still mounted, since its unmounter process is gone'
fumount mnt 2>/dev/null || fumount -l mnt

# What holds the mount keeps it; a second signal aborts.
hellofs mnt 2>log & server=$!
pids+=("$server")
within 5 grep -q hello mnt/hello
exec 7<mnt/hello
kill "$server"
ok 'busy: detached' within 5 unmounted "$T/mnt"
ok 'told' within 5 grep -q 'signal again to abort' log
is 'and served on' "$(cat <&7)" hello
kill "$server"
wait "$server"
is 'again: aborted, exit 1' $? 1
exec 7<&-

# passfs as root keeps what it acts with, of what it has.
held() { printf '%016x' $((16#$(of $$ CapPrm) & $1)); }
passfs -b src mnt
is 'passfs: a few' "$(rights "$(newest passfs)")" "$(held 0x892002df) $(held 0x892002df) 1 0"
fumount mnt
passfs -b --sandbox src mnt
server=$(newest passfs)
is 'in the sandbox without those that open everything' "$(rights "$server")" "$(held 0x810002df) $(held 0x810002df) 1 2"
is 'SOURCE is all that there is' "$(readlink "/proc/$server/root")" "$T/src"
echo text >mnt/file
ln mnt/file mnt/link
mkdir mnt/dir
ok 'a directory changes' mv mnt/link mnt/dir/moved
ok 'an attribute' setfattr -n user.a -v b mnt/file
ok 'a mode and a time' touch -d 2020-01-01 mnt/dir
is 'the links, the mode, the time and the moved file are in SOURCE' "$(stat -c '%h %Y' src/file src/dir | tr '\n' ' ')$(cat src/dir/moved)" "2 $(stat -c %Y src/file) 2 1577836800 text"
ok 'a symbolic link' ln -s dir/moved mnt/symlink
is 'is followed' "$(cat mnt/symlink)" text
exits 1 'no device node' mknod mnt/node b 8 0
like 'the error: Operation not permitted' "$err" 'Operation not permitted'
exits 0 'many threads' bash -c 'for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of="mnt/big$i" bs=1M count=4 status=none & done; wait'
is 'whole' "$(cat src/big* | wc -c)" 33554432
kill "$server"
ok 'mnt is unmounted in time' within 5 unmounted "$T/mnt"
ok 'the server ends' within 5 gone "$server"
for wrong in --transport=uring --export; do
	exits 1 "--sandbox $wrong" passfs --sandbox $wrong src mnt
	like 'the error: --sandbox|--transport' "$err" '--sandbox|--transport'
done
# A kernel without Landlock.
strace -f -o /dev/null -e inject=444:error=ENOSYS "$BUILD/bin/hellofs" --sandbox mnt 2>log
is 'exit 1' $? 1
like 'says so' "$(cat log)" 'sandbox: .*Landlock'
ok 'and nothing is mounted' unmounted "$T/mnt"

# Taken over.
report() # report OPTION...: what it could do, in $got
{
	echo secret >outside/file
	rm -rf src/* outside/new
	./escapefs -b "$@" src mnt 2>/dev/null
	got=$(cat "mnt/report.$(unmounter_of "$(newest escapefs)")")
	fumount mnt
}
report
done_of() { sed -n 's/: done$//p' <<<"$got"; }
ok 'a report' test "$(wc -l <<<"$got")" -gt 40
for what in 'kill(unmounter, 0)' 'read outside' 'fork' 'cut short'; do
	ok "without a sandbox: $what" grep -qxF "$what" <(done_of)
done
for what in 'ptrace(PTRACE_SEIZE, unmounter, 0, 0)' 'by handle' 'make a device' 'sethostname("taken", 5)' "read by init's root"; do
	ok "but not: $what" grep -qxF "$what: refused" <<<"$got"
done
report --sandbox
is 'in the sandbox nothing' "$(done_of)" ''
is 'is refused for any other reason' "$(grep -v 'refused$' <<<"$got")" ''
is 'the files outside SOURCE are unchanged' "$(cat outside/file) $(ls outside)" 'secret file'
report --sandbox --files
is 'with files: those inside' "$(done_of)" inside
is 'the others are not there, or refused' "$(grep -Ev '(inside: done|refused|error 20?|descriptor: error 9)$' <<<"$got")" ''
is 'the files outside SOURCE are unchanged' "$(cat outside/file) $(ls outside)" 'secret file'
rm -rf src/*
chmod 777 src
echo secret >outside/file
chown -R 65534 outside
fmount --wait -u nobody --drop-caps -o allow_other mnt -- "$T/escapefs" --sandbox --files src
got=$(setpriv --reuid 65534 --regid 65534 --clear-groups cat mnt/report.1)
fumount mnt
is 'as a user: modes of files of the same owner, which Landlock does not restrict' "$(done_of)" \
	$'inside\nchmod\nsetxattr\nchown of here\nchmod by a descriptor'
is 'their data is as it was' "$(cat outside/file) $(ls outside)" 'secret file'
finish
