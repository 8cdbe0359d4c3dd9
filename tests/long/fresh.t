#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `make run` and `make test`, in fresh minimal Debians with a C compiler and
# make, and nothing else: `make run` in all FRESH_SUITES, and `make test`, which takes a
# quarter of an hour, in FRESH_TEST. FRESH_TEST='bookworm trixie sid' tries it in all.
. "$(dirname "$0")/../lib.sh"
need mmdebstrap git
start 14400	# the first run makes the Debians

unset MAKEFLAGS MAKELEVEL MFLAGS
long=$here/long

make_root()
{
	root=$T/$1
	"$long/root" "$1" "$root" gcc libc6-dev make 2>"$T/fetch" || { diag "$(tail -n 5 "$T/fetch")"; return 1; }
	# Fetch packages as this machine's apt does, for example through a proxy.
	apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/99here" || true
	git clone -q "$top" "$root/src"
	(cd "$top" && git ls-files -z | xargs -0 tar -c) | tar -x -C "$root/src"
}
in_root() { "$long/enter" "$root" "$@"; }

# Serve, read and unmount.
run_and_read='cd /src
	make run >/run.log 2>&1 &
	until [ -e mnt/hello ] || ! kill -0 $!; do sleep 0.1; done
	echo "$(cat mnt/hello)"
	make -s umount && wait && ! [ -e mnt/hello ] && echo unmounted'

runs()
{
	is "$1: make run serves, make umount ends it" \
		"$(in_root timeout 600 sh -c "$run_and_read" 2>&1)" $'hello\nunmounted' ||
		diag "$(tail -n 5 "$root/run.log" | cut -c1-200)"
	like "$1: it says what it does" "$(grep -v "^cc" "$root/run.log")" 'static glibc.*Mounting hellofs on "./mnt"'
	is "$1: no warning" "$(grep 'warning:' "$root/run.log")" ''
}

tests_pass()
{
	exits 0 "$1: make test" in_root timeout 4000 sh -c 'cd /src && make test' ||
		diag "$(sed -n '/^Test Summary/,$p' <<<"$out")"
	diag "$(grep '^Files=' <<<"$out")"
	is "$1: no file of tests is skipped" "$(grep 'skipped: ' <<<"$out")" ''
}

for suite in ${FRESH_SUITES:-bookworm trixie sid}; do
	ok "$suite: a fresh Debian" make_root "$suite" || continue
	runs "$suite"
	case " ${FRESH_TEST-trixie} " in *" $suite "*) tests_pass "$suite" ;; esac
	rm -rf --one-file-system "$root"
done
finish
