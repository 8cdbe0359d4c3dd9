#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An initramfs of busybox's shell and fusebox, booted in QEMU under a kernel of
# Debian's. What is tried there stands in the file init beside this one; here is
# checked that each of its lines came. KERNEL_SUITE takes another kernel.
# shellcheck disable=SC2317 # what is handed to ok and bg is reached
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/machine.sh"

suite=${KERNEL_SUITE:-bookworm}
limit=120	# seconds for a boot; it takes some five, emulated

need qemu-system-x86_64 busybox cpio xz
start 400	# the first run fetches a kernel

# Without a network no kernel can be fetched. That is no fault of fusebox, but CI has a kernel.
mapfile -t paths < <("$boot/kernel" "$suite" 2>"$T/fetch")
if [ "${#paths[@]}" != 2 ]; then
	diag "$(cat "$T/fetch")"
	[ "${CI:-}" = true ] && bail "no kernel of $suite"
	echo "1..0 # SKIP no kernel of $suite"
	exit 0
fi
[ -x "$BUILD/fusebox" ] || bail "no $BUILD/fusebox"
mapfile -t names < <(checks_of "$boot/init")
[ "${#names[@]}" -gt 20 ] || bail 'the checks in init are not understood'

make_image "$boot/init" "${paths[1]}" bin="$BUILD/fusebox" || bail 'no image'
boots "$suite" "$limit" "${paths[0]}"
for name in "${names[@]}"; do
	ok "$name" grep -qxF -e "CHECK ok $name" "$T/console"
done
ok 'no complaint of the kernel on the console' calm

[ "$failures" = 0 ] || diag "$(cat -v "$T/console")"
finish
