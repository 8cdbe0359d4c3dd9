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
is 'the caged hellofs has no capability, and no_new_privs' "$(rights "$server")" "$none $none 1 0"
unmounter=$(unmounter_of "$server")
isnt() { ok "$1" [ "$2" != "$3" ]; }
isnt 'the unmounter has capabilities' "$(of "$unmounter" CapPrm)" "$none"
is 'the unmounter holds neither /dev/fuse nor the terminal' "$(find "/proc/$unmounter/fd" -lname '/dev/[ftp]*')" ''
is 'the working directory of the unmounter is /' "$(readlink "/proc/$unmounter/cwd")" /
kill -TERM "$unmounter"; kill -INT "$unmounter"
ok 'a signal to the process group leaves the unmounter' kill -0 "$unmounter"
exits 0 'the caged server ends with status 0 on SIGTERM' kill "$server"
ok 'mnt is unmounted in time' within 5 unmounted "$T/mnt"
ok 'the server ends' within 5 gone "$server"
ok 'the unmounter ends' within 5 gone "$unmounter"

hellofs -b mnt
server=$(newest hellofs) unmounter=$(unmounter_of "$server")
kill -9 "$server"
ok 'the unmounter ends with a killed server' within 5 gone "$unmounter"
ok 'a killed server leaves a dead mount' mounted "$T/mnt"
fumount -R mnt 2>/dev/null

hellofs mnt 2>log & server=$!
pids+=("$server")
within 5 grep -q hello mnt/hello
unmounter=$(unmounter_of "$server")
kill -9 "$unmounter"
within 5 gone "$unmounter"	# or it is told, and can do nothing any more
kill "$server"
wait "$server"
is 'a caged server without its unmounter exits with 1' $? 1
like 'a caged server without its unmounter reports the mount that is left' "$(cat log)" 'mnt: still mounted, since its unmounter process is gone'
fumount mnt 2>/dev/null || fumount -l mnt

# While a process holds the mount, it stays served; a second signal aborts it.
hellofs mnt 2>log & server=$!
pids+=("$server")
within 5 grep -q hello mnt/hello
exec 7<mnt/hello
kill "$server"
ok 'a busy mount is detached' within 5 unmounted "$T/mnt"
ok 'the server reports that a second signal aborts' within 5 grep -q 'signal again to abort' log
is 'the detached mount is still served' "$(cat <&7)" hello
sleep 0.3
kill "$server"
wait "$server"
is 'a second signal aborts, and the server exits with 1' $? 1
exec 7<&-

# passfs as root keeps only the capabilities with which it acts.
held() { printf '%016x' $((16#$(of $$ CapPrm) & $1)); }
passfs -b src mnt
is 'the caged passfs keeps a few capabilities' "$(rights "$(newest passfs)")" "$(held 0x892002df) $(held 0x892002df) 1 0"
fumount mnt
passfs -b --sandbox src mnt
server=$(newest passfs)
is 'the caged passfs has no capability that opens every file' "$(rights "$server")" "$(held 0x810002df) $(held 0x810002df) 1 2"
is 'the root directory of the caged passfs is SOURCE' "$(readlink "/proc/$server/root")" "$T/src"
echo text >mnt/file
ln mnt/file mnt/link
mkdir mnt/dir
ok 'a caged passfs renames' mv mnt/link mnt/dir/moved
ok 'a caged passfs sets an extended attribute' setfattr -n user.a -v b mnt/file
ok 'a caged passfs sets times' touch -d 2020-01-01 mnt/dir
is 'the links, the mode, the time and the moved file are in SOURCE' "$(stat -c '%h %Y' src/file src/dir | tr '\n' ' ')$(cat src/dir/moved)" "2 $(stat -c %Y src/file) 2 1577836800 text"
ok 'a caged passfs makes a symbolic link' ln -s dir/moved mnt/symlink
is 'the symbolic link is followed' "$(cat mnt/symlink)" text
exits 1 'a caged passfs makes no device node' mknod mnt/node b 8 0
like 'the error: Operation not permitted' "$err" 'Operation not permitted'
exits 0 'a caged passfs serves eight writers at once' bash -c 'for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of="mnt/big$i" bs=1M count=4 status=none & done; wait'
is 'all that the eight wrote is in SOURCE' "$(cat src/big* | wc -c)" 33554432
kill "$server"
ok 'mnt is unmounted in time' within 5 unmounted "$T/mnt"
ok 'the server ends' within 5 gone "$server"
for wrong in --transport=uring --export; do
	exits 1 "--sandbox $wrong" passfs --sandbox $wrong src mnt
	like 'the error: --sandbox|--transport' "$err" '--sandbox|--transport'
done
# A kernel without Landlock.
strace -f -o /dev/null -e inject=444:error=ENOSYS "$BUILD/bin/hellofs" --sandbox mnt 2>log
is 'passfs --sandbox without Landlock exits with 1' $? 1
like 'passfs --sandbox without Landlock reports the reason' "$(cat log)" 'sandbox: .*Landlock'
ok 'passfs --sandbox without Landlock mounts nothing' unmounted "$T/mnt"

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
ok 'escapefs reports what it tried' test "$(wc -l <<<"$got")" -gt 40
for what in 'kill(unmounter, 0)' 'read outside' 'fork' 'cut short'; do
	ok "without a sandbox: $what" grep -qxF "$what" <(done_of)
done
for what in 'ptrace(PTRACE_SEIZE, unmounter, 0, 0)' 'by handle' 'make a device' 'sethostname("taken", 5)' "read by init's root"; do
	ok "in the sandbox: $what is refused" grep -qxF "$what: refused" <<<"$got"
done
report --sandbox
is 'in the sandbox nothing of it succeeds' "$(done_of)" ''
is 'in the sandbox each try fails with a refusal' "$(grep -v 'refused$' <<<"$got")" ''
is 'the files outside SOURCE are unchanged' "$(cat outside/file) $(ls outside)" 'secret file'
report --sandbox --files
is 'in the sandbox with --files only files inside SOURCE can be changed' "$(done_of)" inside
is 'files outside SOURCE are missing or refused' "$(grep -Ev '(inside: done|refused|error 20?|descriptor: error 9)$' <<<"$got")" ''
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
is 'the data of the files outside is unchanged' "$(cat outside/file) $(ls outside)" 'secret file'
finish
