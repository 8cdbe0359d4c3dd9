#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The AppArmor profile of the set-uid helper: it is understood, and under Debian's kernels,
# booted in QEMU, the helper does its work with it, and nothing else would. What is tried
# stands in the file apparmor beside this one. APPARMOR_SUITES takes other kernels.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/boot/machine.sh"

suites=${APPARMOR_SUITES:-bookworm sid}
profile=$top/configs/package/apparmor/fusermount3
init=$here/long/apparmor
need apparmor_parser qemu-system-x86_64 busybox cpio xz zstd cc
start 900	# the first run fetches the kernels

exits 0 'apparmor_parser takes the profile' apparmor_parser -Q -K "$profile"
unlike 'apparmor_parser has no warning' "$err" '[Ww]arning'
mkdir compiled
# Compile for a kernel with all features of that ABI, whatever the running kernel has.
ok 'apparmor_parser compiles the profile' apparmor_parser -Q -K --kernel-features /etc/apparmor.d/abi/3.0 \
	--ofile "$T/compiled/fusermount3" "$profile"
ok 'forbid is built' cc -O2 -static -o "$T/forbid" "$top/tests/tools/forbid.c"

visit()
{
	local paths name
	mapfile -t paths < <("$boot/kernel" "$1" 2>"$T/fetch")
	if [ "${#paths[@]}" != 2 ]; then
		diag "$(tail -n 5 "$T/fetch")"
		skip "the kernel of $1" 'it cannot be fetched'
		return
	fi
	make_image "$init" "${paths[1]}" bin="$BUILD/fusebox" usr/bin="$BUILD/fusermount3" \
		bb="$BUILD/tests/boot/probe" bb="$T/forbid" policy="$T/compiled/fusermount3" || bail 'no image'
	boots "$1" 180 "${paths[0]}"
	while read -r name; do
		ok "$1: $name" grep -qxF -e "CHECK ok $name" "$T/console"
	done < <(checks_of "$init")
	ok "$1: no complaint of the kernel" calm
	grep -A 10 '^CHECK failed' "$T/console" | head -n 60 | sed 's/^/# /'
}
for suite in $suites; do visit "$suite"; done
finish
