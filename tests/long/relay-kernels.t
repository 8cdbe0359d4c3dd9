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
	boots_suite "$1" "$limit" "$boot/relay" bin="$BUILD/fusebox" && console_checks "$1" "$boot/relay"
}

for suite in ${KERNEL_SUITES:-bullseye bookworm trixie sid}; do visit "$suite"; done
finish
