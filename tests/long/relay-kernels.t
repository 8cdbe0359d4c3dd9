#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --keep=relay on kernels that do not send requests again (5.10, 6.1), and that do (6.12 and later):
# tests/boot/relay, booted in QEMU. KERNEL_SUITES takes others.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../boot/machine.sh"

limit=240	# seconds for a boot; it takes some twenty, emulated
machine+=(-smp 2)
need qemu-system-x86_64 busybox cpio xz zstd
start 1800	# the first run fetches the kernels

visit()
{
	local paths name
	mapfile -t paths < <("$boot/kernel" "$1" 2>"$T/fetch")
	if [ "${#paths[@]}" != 2 ]; then
		diag "$(cat "$T/fetch")"
		skip "the kernel of $1" 'it cannot be fetched'
		return
	fi
	make_image "$boot/relay" "${paths[1]}" bin="$BUILD/fusebox" || bail 'no image'
	boots "$1" "$limit" "${paths[0]}"
	while read -r name; do
		ok "$1: $name" grep -qxF -e "CHECK ok $name" "$T/console"
	done < <(checks_of "$boot/relay")
	grep -A 10 '^CHECK failed' "$T/console" | head -n 60 | sed 's/^/# /'
	ok "$1: no complaint of the kernel" calm
}

for suite in ${KERNEL_SUITES:-bullseye bookworm trixie sid}; do visit "$suite"; done
finish
