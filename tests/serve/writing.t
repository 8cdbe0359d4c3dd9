#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# applets/WRITING.md: the file system in it, built as the page says, mounted and read.
. "$(dirname "$0")/../lib.sh"
start 200
need git make cc
page=$top/applets/WRITING.md
unset MAKEFLAGS MAKELEVEL MFLAGS

code() { sed -n '/^```c$/,/^```$/{/^```/d;p}' "$page"; }
is 'the page has one program' "$(grep -c '^```c$' "$page")" 1
build=$(sed -n 's/^\(make APPLETS="fumount clockfs" BUILD=[a-z/]*\) .*/\1/p' "$page")
like 'the page has the command that builds it' "$build" '^make .*BUILD=build/clock$'
mkdir copy
(cd "$top" && git ls-files -z Makefile configs core include applets tests/tests.mk | xargs -0 tar -cf - --ignore-failed-read 2>/dev/null) | tar -xf - -C copy
code >copy/applets/clockfs.c
exits 0 'the program of the page builds' bash -c "cd copy && unset BUILD && $build"
is 'the compiler has no warning' "$(grep -i warning <<<"$err")" ''
PATH=$T/copy/build/clock/bin:$PATH
is 'the box has the applets that the command names' "$(copy/build/clock/fusebox --list | sort | paste -sd' ')" 'clockfs fumount umount.fuse'
exits 0 'clockfs --help' clockfs --help
like '--help has the option of the page' "$out" '-a, --ahead HOURS +hours before UTC'

mkdir mnt
exits 0 'clockfs mounts' clockfs -b mnt
is 'clockfs lists its file' "$(ls -a mnt)" $'.\n..\ntime'
within_a_second() { local now; now=$(date -u +%s); for s in 0 1; do [ "$(date -u -d "@$((now - s))" +%T)" != "$1" ] || return 0; done; return 1; }
time=$(timeout 5 cat mnt/time)
ok 'clockfs tells the time' within_a_second "$time"
is 'the file has as many bytes as stat(2) says' "$(stat -c %s mnt/time)" "$(printf '%s\n' "$time" | wc -c)"
# The file is opened again within the same second.
while time=$(timeout 5 cat mnt/time); exec 7<mnt/time; [ "$(timeout 5 cat mnt/time)" != "$time" ]; do :; done
IFS= read -r -n 4 -u 7 begin
sleep 1.1
unlike 'clockfs tells another time a second later' "$(timeout 5 cat mnt/time)" "^$time\$"
is 'an open file keeps the time of its open' "$begin$(cat <&7)" "$time"
exec 7<&-
exits 1 'the file cannot be written' bash -c 'echo x >mnt/time'
like 'the error: Permission denied' "$err" 'Permission denied'
exits 1 'no other file exists' cat mnt/other
exits 0 'fumount of clockfs' fumount mnt
exits 0 'clockfs --ahead' clockfs -b --ahead 5 mnt
five_earlier() { date -u -d "$1 5 hours ago" +%T; }
ok '--ahead shifts the time' within_a_second "$(five_earlier "$(timeout 5 cat mnt/time)")"
fumount mnt
exits 0 'fmount starts clockfs as nobody' fmount --wait -u nobody --drop-caps -o allow_other mnt -- "$T/copy/build/clock/bin/clockfs"
ok 'clockfs as nobody tells the time' within_a_second "$(timeout 5 cat mnt/time)"
fumount mnt

# The page shows how to do without options of its own.
own='return serve(argv, &clock_ops, NULL);'
ok 'the page has the shorter way' grep -qF "\`$own\`" "$page"
code | sed -e '/^	static struct clockfs fs;$/,/^$/d' -e '/^static const struct opt options/,/^};$/d' \
	-e '/^	struct serve_args serve;/d' -e 's/"serve the time", options)/"serve the time", serve_options)/' \
	-e '/const struct clockfs \*fs/d' -e 's/fs->ahead/0/' |
	OWN=$own perl -pe 's/return serve_with.*/$ENV{OWN}/' >copy/applets/clockfs.c
exits 0 'the shorter program builds' bash -c "cd copy && unset BUILD && $build"
is 'the compiler has no warning about the shorter program' "$(grep -i warning <<<"$err")" ''
exits 0 'the shorter program mounts' clockfs -b mnt
ok 'the shorter program tells the time' within_a_second "$(timeout 5 cat mnt/time)"
fumount mnt
finish
