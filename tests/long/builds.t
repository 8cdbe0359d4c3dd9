#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The configurations of the build, with musl, glibc, gcc and clang: each is made from a copy
# of what git has, without a warning, serves and unmounts (tests/cli/tiny.t has CONFIG=tiny); CONTRIBUTING.md tells their sizes, and `make size` those of each function.
. "$(dirname "$0")/../lib.sh"
start 500
need git cc make clang strace
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD

mkdir one
(cd "$top" && git ls-files -z | xargs -0 tar -cf - --ignore-failed-read 2>/dev/null) | tar -xf - -C one
cp -r one two
mkdir mnt
exits 0 'make in one directory' make -s -j2 -C one
exits 0 'make, in another directory' make -s -j2 -C two
for file in fusebox fusermount3; do
	ok "$file is the same to the byte in both" cmp "one/build/$file" "two/build/$file"
done
(cd one && git init -q && git add -f . ':!build' && git -c user.name=t -c user.email=t@t commit -qm all)
exits 0 'make size' make -s -C one size
like 'symbols by module, and the whole' "$out" 'hello_read +[0-9]+.*applets/hellofs +[0-9]+.*fusebox: [0-9]+ bytes'
if [ -e "$(command -v musl-gcc)" ]; then
	exits 0 'the helper linked as for other machines' make -s -j2 -C two BUILD=build/relocated LEAN= build/relocated/fusermount3
	like 'its relocated constants are made read-only' "$(strace -e trace=mprotect two/build/relocated/fusermount3 -V 2>&1)" 'PROT_READ\) += 0'
else
	skip 'the helper linked as for other machines' 'no musl-gcc'
fi
exits 0 'APPLETS=' make -s -j2 -C one BUILD=build/few 'APPLETS=fumount hellofs' 'WITHOUT=fumount/all fumount/recover'
is 'APPLETS= builds only these applets' "$(one/build/few/fusebox --list | sort | tr '\n' ' ')" 'fumount hellofs mount.hellofs umount.fuse '
exits 1 'WITHOUT= takes the options of a part along' one/build/few/fusebox fumount -a
is 'the error: -a: this build has no such option' "$err" 'fumount: -a: this build has no such option; see fumount --help'
exits 0 'CONFIG=debug' make -s -j2 -C one CONFIG=debug
exits 0 'sanitized, it serves' one/build/debug/bin/hellofs -b mnt
is 'the sanitized hellofs answers' "$(timeout 5 cat mnt/hello)" hello
exits 0 'the sanitized fumount unmounts' one/build/debug/bin/fumount mnt
exits 0 'make with clang' make -s -j2 -C two BUILD=build/clang CC=clang MUSL=no
is 'clang gives no warning' "$(grep -i warning <<<"$err")" ''
exits 0 'hellofs from clang mounts' two/build/clang/bin/hellofs -b mnt
is 'hellofs from clang answers' "$(timeout 5 cat mnt/hello)" hello
exits 0 'fumount from clang unmounts' two/build/clang/bin/fumount mnt
exits 0 'CONFIG=tiny with clang, which does not optimise across files' make -s -j2 -C two BUILD=build/few CONFIG=tiny CC=clang MUSL=no
exits 0 'gcc with glibc' make -j2 -C two BUILD=build/glibc MUSL=no
like 'make says static glibc' "$out" 'static glibc'
is 'gcc gives no warning with static glibc' "$(grep -i warning <<<"$err")" ''
# glibc's threads make a system call that musl's do not: the sandbox must not kill them for it.
mkdir src
echo text >src/file
exits 0 'sandboxed passfs of several threads' two/build/glibc/bin/passfs -b --sandbox src mnt
is 'sandboxed passfs with static glibc answers' "$(timeout 5 cat mnt/file)" text
exits 0 'fumount with static glibc unmounts it' two/build/glibc/bin/fumount mnt

exits 0 'with the glibc that is there, dynamically' make -j2 -C two BUILD=build/dynamic MUSL=no STATIC=
like 'make says dynamic glibc' "$out" 'dynamic glibc'
is 'gcc gives no warning with dynamic glibc' "$(grep -i warning <<<"$err")" ''
exits 0 'hellofs with dynamic glibc mounts' two/build/dynamic/bin/hellofs -b mnt
is 'hellofs with dynamic glibc answers' "$(timeout 5 cat mnt/hello)" hello
exits 0 'fumount with dynamic glibc unmounts' two/build/dynamic/bin/fumount mnt

# The sizes that CONTRIBUTING gives, within a fifth: compilers and libcs differ.
near() { local off=$(($1 - $2)); [ $((${off#-} * 5)) -le "$2" ]; }
sizes() # sizes LINKED DIRECTORY: its line of the table
{
	local box helper
	IFS='|' read -r _ _ box helper _ < <(grep -F "| $1 |" "$top/.github/CONTRIBUTING.md")
	ok "$1: fusebox is of CONTRIBUTING's size" near "$(wc -c <"$2/fusebox")" $((${box% KB*} * 1000))
	[[ $helper != *KB* ]] ||
		ok "$1: fusermount3 is of CONTRIBUTING's size" near "$(wc -c <"$2/fusermount3")" $((${helper% KB*} * 1000))
}
if [ -e "$(command -v musl-gcc)" ]; then sizes 'musl, static' one/build; else skip 'musl, static' 'no musl-gcc'; fi
sizes 'glibc, static' two/build/glibc
sizes 'glibc, dynamic' two/build/dynamic
finish
