#!/usr/bin/env bash
# The oldest of Debian's kernels that is cared for, and the newest: each applet is used
# on each of them, by the file tour beside this one; and what a kernel lacks is done
# without as promised. In the end it prints which has what. KERNEL_SUITES takes others;
# tests/long/kernels.t takes all.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/machine.sh"

suites=${KERNEL_SUITES:-bullseye sid}
limit=180	# seconds for a boot; it takes some fifteen, emulated
machine+=(-smp 2)

need qemu-system-x86_64 busybox cpio xz zstd
start 900	# the first run fetches the kernels

[ -x "$BUILD/fusebox" ] || bail "no $BUILD/fusebox"
[ "$(checks_of "$boot/tour" | wc -l)" -gt 100 ] || bail 'the checks in tour are not understood'

# $1: a suite.
visit()
{
	local paths
	mapfile -t paths < <("$boot/kernel" "$1" 2>"$T/fetch")
	if [ "${#paths[@]}" != 2 ]; then
		diag "$(cat "$T/fetch")"
		skip "the kernel of $1" 'it cannot be fetched'
		return
	fi
	make_image "$boot/tour" "${paths[1]}" bin="$BUILD/fusebox" helper="$BUILD/fusermount3" \
		bb="$BUILD/tests/boot/probe" || bail 'no image'
	boots "$1" "$limit" "${paths[0]}"
	tour_checks "$1"
	tour_column "$(tour_release | grep -oE '^[0-9]+\.[0-9]+')"
}

for suite in $suites; do visit "$suite"; done
tour_matrix
finish
