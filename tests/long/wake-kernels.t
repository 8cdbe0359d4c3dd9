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
	boots_suite "$1" "$limit" "$boot/wake" bin="$BUILD/fusebox" bb="$T/backend" bb="$T/waiters" && console_checks "$1" "$boot/wake"
}

for suite in ${KERNEL_SUITES:-bullseye bookworm trixie sid}; do visit "$suite"; done
finish
