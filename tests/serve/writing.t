#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# applets/WRITING.md: the file system in it, built as the page says, mounted and read.
. "$(dirname "$0")/../lib.sh"
start 200
need git make cc
page=$top/applets/WRITING.md
unset MAKEFLAGS MAKELEVEL MFLAGS

code() { sed -n '/^```c$/,/^```$/{/^```/d;p}' "$page"; }
is 'one program in the page' "$(grep -c '^```c$' "$page")" 1
build=$(sed -n 's/^\(make APPLETS="fumount clockfs" BUILD=[a-z/]*\) .*/\1/p' "$page")
like 'and how to build it' "$build" '^make .*BUILD=build/clock$'
mkdir copy
(cd "$top" && git ls-files -z Makefile configs core include applets tests/tests.mk | xargs -0 tar -cf - --ignore-failed-read 2>/dev/null) | tar -xf - -C copy
code >copy/applets/clockfs.c
exits 0 'builds' bash -c "cd copy && unset BUILD && $build"
is 'without a warning' "$(grep -i warning <<<"$err")" ''
PATH=$T/copy/build/clock/bin:$PATH
is 'a box of these' "$(copy/build/clock/fusebox --list | sort | paste -sd' ')" 'clockfs fumount umount.fuse'
exits 0 '--help' clockfs --help
like 'has its option' "$out" '-a, --ahead HOURS +hours before UTC'

mkdir mnt
exits 0 'mounts' clockfs -b mnt
is 'lists' "$(ls -a mnt)" $'.\n..\ntime'
within_a_second() { local now; now=$(date -u +%s); for s in 0 1; do [ "$(date -u -d "@$((now - s))" +%T)" != "$1" ] || return 0; done; return 1; }
time=$(timeout 5 cat mnt/time)
ok 'tells the time' within_a_second "$time"
is 'as many bytes as it says' "$(stat -c %s mnt/time)" "$(printf '%s\n' "$time" | wc -c)"
# Opened within one second.
while time=$(timeout 5 cat mnt/time); exec 7<mnt/time; [ "$(timeout 5 cat mnt/time)" != "$time" ]; do :; done
IFS= read -r -n 4 -u 7 begin
sleep 1.1
unlike 'goes on' "$(timeout 5 cat mnt/time)" "^$time\$"
is 'one open, one time' "$begin$(cat <&7)" "$time"
exec 7<&-
exits 1 'cannot be written' bash -c 'echo x >mnt/time'
like 'the error: Permission denied' "$err" 'Permission denied'
exits 1 'has no other file' cat mnt/other
exits 0 'unmounts' fumount mnt
exits 0 'its option' clockfs -b --ahead 5 mnt
five_earlier() { date -u -d "$1 5 hours ago" +%T; }
ok 'counts' within_a_second "$(five_earlier "$(timeout 5 cat mnt/time)")"
fumount mnt
exits 0 'by fmount, as nobody' fmount --wait -u nobody --drop-caps -o allow_other mnt -- "$T/copy/build/clock/bin/clockfs"
ok 'tells the time, too' within_a_second "$(timeout 5 cat mnt/time)"
fumount mnt

# Without options of its own, as the page says.
own='return serve(argv, &clock_ops, NULL);'
ok 'the shorter way is in the page' grep -qF "\`$own\`" "$page"
code | sed -e '/^	static struct clockfs fs;$/,/^$/d' -e '/^static const struct opt options/,/^};$/d' \
	-e '/^	struct serve_args serve;/d' -e 's/"serve the time", options)/"serve the time", serve_options)/' \
	-e '/const struct clockfs \*fs/d' -e 's/fs->ahead/0/' |
	OWN=$own perl -pe 's/return serve_with.*/$ENV{OWN}/' >copy/applets/clockfs.c
exits 0 'builds, too' bash -c "cd copy && unset BUILD && $build"
is 'without a warning' "$(grep -i warning <<<"$err")" ''
exits 0 'and mounts' clockfs -b mnt
ok 'and tells the time' within_a_second "$(timeout 5 cat mnt/time)"
fumount mnt
finish
