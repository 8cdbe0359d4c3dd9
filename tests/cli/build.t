#!/usr/bin/env bash
# The build: to the byte the same anywhere, its configurations, clang, install,
# and `make run` and `make umount` from every end. Of a copy of what git has.
. "$(dirname "$0")/../lib.sh"
start 500
need git cc make
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD
box=build/fusebox

copy() { mkdir -p "$1" && (cd "$top" && git ls-files -z | xargs -0 tar -cf - --ignore-failed-read 2>/dev/null) | tar -xf - -C "$1"; }
copy one
copy a/deeper/two
exits 0 'make' make -s -j2 -C one
like 'says what it made' "$out" 'build/fusebox: static (musl|glibc), [0-9]+ bytes'
is 'without a warning' "$(grep -i warning <<<"$err")" ''
exits 0 'make, in another directory' make -s -j2 -C a/deeper/two
for file in fusebox fusermount3; do
	ok "$file is the same to the byte" cmp "one/build/$file" "a/deeper/two/build/$file"
done
exits 0 'make again' make -C one
unlike 'makes nothing' "$out" ' -c '
like 'static' "$(file -b one/$box)" 'statically linked.*stripped'

# ---- install, size ----
exits 0 'make install' make -s -C one install "DESTDIR=$T/root" PREFIX=/usr
ok 'links' test "$(readlink "$T/root/usr/bin/fumount") $(readlink "$T/root/usr/sbin/mount.fuse3")" = 'fusebox ../bin/fusebox'
is 'that lead to the box' "$("$T/root/usr/sbin/mount.fuse3" 2>&1)" \
	'usage: mount.fuse3 type#[source] destination [-t type] [-o opt[,opts...]]'
ok 'not the set-uid one' test ! -e "$T/root/usr/bin/fusermount3"
share=$T/root/usr/share
is 'a page for each name of the box, but for that one' "$(cd "$share/man/man8" && printf '%s\n' ./*.8 | sed 's/^..//; s/.8$//' | LC_ALL=C sort | paste -sd' ')" \
	"$(one/$box --list | grep -v '^fusermount' | cat - <(echo fusebox) | LC_ALL=C sort | paste -sd' ')"
is 'completion by each name, for bash' "$(for a in $(one/$box --list); do cmp -s "$share/bash-completion/completions/$a" one/build/completion/fusebox.bash || echo "$a"; done)" ''
is 'and for fish' "$(for a in $(one/$box --list); do cmp -s "$share/fish/vendor_completions.d/$a.fish" one/build/completion/fusebox.fish || echo "$a"; done)" ''
ok 'and for zsh' cmp "$share/zsh/site-functions/_fusebox" one/build/completion/_fusebox
exits 0 'make install-setuid' make -s -C one install-setuid "DESTDIR=$T/root"
is 'set-uid root, a file of its own' "$(stat -c '%a %u %F' "$T/root/usr/bin/fusermount3")" '4755 0 regular file'
ok 'with its page, twice' cmp "$share/man/man1/fusermount3.1" "$share/man/man1/fusermount.1"
(cd one && git init -q && git add -f . ':!build' && git -c user.name=t -c user.email=t@t commit -qm all)
exits 0 'make size' make -s -C one size
like 'symbols by module, and the whole' "$out" 'hello_read +[0-9]+.*applets/hellofs +[0-9]+.*fusebox: [0-9]+ bytes'

# ---- run, umount ----
hello() { timeout 5 cat one/mnt/hello; }
running() { bg make -s -C one run >/dev/null 2>&1; within 20 mounted "$T/one/mnt" && within 5 hello; }
running
is 'make run serves' "$(hello)" hello
exits 0 'make umount' make -s -C one umount
ok 'unmounts' unmounted "$T/one/mnt"
running
kill -9 "$(newest hellofs)"
exits 0 'make umount after kill -9' make -s -C one umount
ok 'unmounts' unmounted "$T/one/mnt"
running
bg sleep 60 7<one/mnt/hello
exits 0 'make umount of a busy one' make -s -C one umount
ok 'unmounts' unmounted "$T/one/mnt"
exits 0 'make umount of nothing' make -s -C one umount

# ---- Configurations ----
exits 0 'CONFIG=tiny' make -s -j2 -C one CONFIG=tiny
is 'fmount and fumount, no more' "$(one/build/tiny/fusebox --list | sort | tr '\n' ' ')" 'fmount fumount umount.fuse '
exits 0 'APPLETS=' make -s -j2 -C one BUILD=build/few 'APPLETS=fumount hellofs' PARTS=
is 'these' "$(one/build/few/fusebox --list | sort | tr '\n' ' ')" 'fumount hellofs mount.hellofs umount.fuse '
exits 0 'CONFIG=debug' make -s -j2 -C one CONFIG=debug
mkdir mnt
exits 0 'sanitized, it serves' one/build/debug/bin/hellofs -b mnt
is 'hello' "$(timeout 5 cat mnt/hello)" hello
exits 0 'and unmounts' one/build/debug/bin/fumount mnt
if command -v clang >/dev/null; then
	exits 0 'clang' make -s -j2 -C a/deeper/two BUILD=build/clang CC=clang MUSL=no
	is 'without a warning' "$(grep -i warning <<<"$err")" ''
	exits 0 'serves' a/deeper/two/build/clang/bin/hellofs -b mnt
	is 'hello' "$(timeout 5 cat mnt/hello)" hello
	exits 0 'and unmounts' a/deeper/two/build/clang/bin/fumount mnt
else
	skip 'clang' 'no clang'
fi
exits 0 'gcc with glibc' make -s -j2 -C a/deeper/two BUILD=build/glibc MUSL=no
like 'says so' "$out" 'static glibc'
is 'without a warning' "$(grep -i warning <<<"$err")" ''
# Its threads make a system call that musl's do not: no reason to die in the sandbox.
mkdir src
echo text >src/file
exits 0 'sandboxed passfs of several threads' a/deeper/two/build/glibc/bin/passfs -b --sandbox src mnt
is 'serves' "$(timeout 5 cat mnt/file)" text
exits 0 'and is unmounted' a/deeper/two/build/glibc/bin/fumount mnt

exits 0 'with the glibc that is there, dynamically' make -s -j2 -C a/deeper/two BUILD=build/dynamic MUSL=no STATIC=
like 'says so' "$out" 'dynamic glibc'
is 'without a warning' "$(grep -i warning <<<"$err")" ''
exits 0 'serves' a/deeper/two/build/dynamic/bin/hellofs -b mnt
is 'hello' "$(timeout 5 cat mnt/hello)" hello
exits 0 'and unmounts' a/deeper/two/build/dynamic/bin/fumount mnt

# README's sizes, to a fifth: other compilers and libcs differ.
near() { local off=$(($1 - $2)); [ $((${off#-} * 5)) -le "$2" ]; }
sizes() # sizes LINKED DIRECTORY: its line of the table
{
	local box helper
	IFS='|' read -r _ _ box helper _ < <(grep -F "| $1 |" "$top/README.md")
	ok "$1: fusebox is of README's size" near "$(wc -c <"$2/fusebox")" $((${box% KB*} * 1000))
	[[ $helper != *KB* ]] ||
		ok "$1: fusermount3 is of README's size" near "$(wc -c <"$2/fusermount3")" $((${helper% KB*} * 1000))
}
if [ -e "$(command -v musl-gcc)" ]; then sizes 'musl, static' one/build; else skip 'musl, static' 'no musl-gcc'; fi
sizes 'glibc, static' a/deeper/two/build/glibc
sizes 'glibc, dynamic' a/deeper/two/build/dynamic
finish
