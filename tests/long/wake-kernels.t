#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake on kernels that do not send requests again (5.10, where only poll(2) finds out whose a device is,
# and 6.1), that do but do not tell whose a device is (6.12), and that do both: tests/boot/wake, booted in QEMU. KERNEL_SUITES takes others.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../boot/machine.sh"

limit=240	# seconds for a boot; it takes some twenty, emulated
machine+=(-smp 2)
need qemu-system-x86_64 busybox cpio xz zstd
start 1800	# the first run fetches the kernels

cc -static -w -O2 -D_GNU_SOURCE -o "$T/backend" "$here/tools/backend.c" -lpthread || bail 'no static libc'
cc -static -w -O2 -D_GNU_SOURCE -o "$T/waiters" "$here/tools/waiters.c" || bail 'no static libc'

visit()
{
	local paths name
	mapfile -t paths < <("$boot/kernel" "$1" 2>"$T/fetch")
	if [ "${#paths[@]}" != 2 ]; then
		diag "$(cat "$T/fetch")"
		skip "the kernel of $1" 'it cannot be fetched'
		return
	fi
	make_image "$boot/wake" "${paths[1]}" bin="$BUILD/fusebox" bb="$T/backend" bb="$T/waiters" || bail 'no image'
	boots "$1" "$limit" "${paths[0]}"
	while read -r name; do
		ok "$1: $name" grep -qxF -e "CHECK ok $name" "$T/console"
	done < <(checks_of "$boot/wake")
	grep -A 10 '^CHECK failed' "$T/console" | head -n 60 | sed 's/^/# /'
	ok "$1: no complaint of the kernel" calm
}

for suite in ${KERNEL_SUITES:-bullseye bookworm trixie sid}; do visit "$suite"; done
finish
