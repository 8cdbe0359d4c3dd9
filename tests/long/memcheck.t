#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The main paths of each applet under valgrind, in a dynamic build (CONFIG=dynamic): nothing
# that was not written is read, nothing beyond its end.
. "$(dirname "$0")/../lib.sh"
need valgrind
start 600
mkdir src mnt
box=$BUILD/dynamic/fusebox

# Valgrind does not know the newest system calls and reports that: they fail, and the program uses
# older ones. fmount --check calls mount(2) with no type on purpose.
checked() { valgrind -q --error-exitcode=99 --log-file="$T/valgrind.%p" "$box" "$@"; }
clean()
{
	local said
	said=$(cat valgrind.* 2>/dev/null | grep -vE 'mount\(type\)|Address 0x0 is not|unhandled|bug_reports|You may be able to write|Read the file README|Nevertheless|support for|syscall: *[0-9]+|at 0x.*: syscall|^==[0-9]+== +(by|at) 0x' | sed 's/^[=-]*[0-9]*[=-]* *//' | grep -v '^$')
	is "$1: clean" "$said" ''
	rm -f valgrind.*
}
ends() { checked "$@"; code=$?; [ "$code" != 99 ]; }

exits 0 'hellofs runs without an error of memory' checked hellofs -b mnt
is 'hellofs answers under memcheck' "$(timeout 20 cat mnt/hello)" hello
for line in 'fuse-info' 'fuse-info --json' 'fuse-info -k' 'fuse-info mnt' 'fmount' 'fmount --check mnt'; do
	# shellcheck disable=SC2086 # words
	ok "$line" ends $line
done
exits 0 'fumount runs without an error of memory' checked fumount mnt
sleep 1
clean 'hellofs, fuse-info, fumount'

exits 0 'passfs runs without an error of memory' checked passfs -b --threads=1 src mnt
echo text >mnt/a
ln mnt/a mnt/b
mkdir mnt/d
setfattr -n user.a -v b mnt/a 2>/dev/null
is 'passfs reads, lists, renames and removes under memcheck' "$(cat mnt/b; ls mnt; mv mnt/b mnt/d/b; rm -r mnt/d)" "$(printf 'text\na\nb\nd')"
exits 0 'fumount -R runs without an error of memory' checked fumount -R mnt
sleep 1
clean 'passfs, fumount -R'

exits 0 'mount.hellofs' checked mount.hellofs source mnt
exits 0 'fumount -l' checked fumount -l mnt
exits 0 'fmount --wait' checked fmount --wait mnt -- hellofs
exits 0 'umount.fuse' checked umount.fuse mnt
exits 0 'fumount -a' checked fumount -a -t fuse.hellofs
exits 0 '--install' checked --install -s --force "$T/bin"
ok 'commfd: fusermount3' ends fusermount3 --version
sleep 1
clean 'fmount, mount.hellofs, fumount -l, umount.fuse, --install, fusermount3'
finish
