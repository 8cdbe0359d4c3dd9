#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What `make cross` builds, booted on each machine (emulated) under Debian's kernel for it:
# the tour of tests/boot, with that machine's busybox. Words of 32 bits, big-endian ones,
# pages of 16 and 64 KiB. MACHINES takes some of them: "s390x:sid arm64:bookworm".
. "$(dirname "$0")/../lib.sh"
. "$top/tests/boot/machine.sh"

limit=600	# seconds for a boot; it takes some fifty

need qemu-system-aarch64 qemu-system-arm qemu-system-i386 qemu-system-s390x \
	qemu-system-ppc64 qemu-system-riscv64 cpio xz zstd
start 7200

# Each machine boots one kernel that lacks much and, if there is one, a kernel that lacks nothing.
all='i386:bookworm
	armhf:bookworm armhf:sid
	arm64:bookworm arm64:sid arm64:sid:arm64-16k
	s390x:bookworm s390x:sid
	ppc64el:bookworm ppc64el:sid ppc64el:sid:powerpc64le-64k
	riscv64:trixie riscv64:sid'

# Sets $machine and $console for an architecture by Debian's name.
choose()
{
	case $1 in
	amd64) machine=(qemu-system-x86_64 -m 256) console=ttyS0 ;;
	i386) machine=(qemu-system-i386 -m 256) console=ttyS0 ;;
	arm64) machine=(qemu-system-aarch64 -M virt -cpu cortex-a76 -m 512) console=ttyAMA0 ;;
	armhf) machine=(qemu-system-arm -M virt -m 512) console=ttyAMA0 ;;
	s390x) machine=(qemu-system-s390x -m 512) console=ttysclp0 ;;
	ppc64el) machine=(qemu-system-ppc64 -M pseries -m 1024) console=hvc0 ;;
	riscv64) machine=(qemu-system-riscv64 -M virt -m 512) console=ttyS0 ;;
	*) bail "unknown machine $1" ;;
	esac
	machine+=(-smp 2)
}

visit()
{
	local name suite flavour paths tools built
	IFS=: read -r name suite flavour <<<"$1"
	built=$BUILD/cross/$name
	# shellcheck disable=SC2086 # there may be none
	mapfile -t paths < <("$boot/kernel" "$suite" "$name" $flavour 2>"$T/fetch")
	tools=$("$here/fetch" "$suite:$name" busybox-static 2>>"$T/fetch")
	if [ "${#paths[@]}" != 2 ] || [ -z "$tools" ]; then
		diag "$(tail -n 5 "$T/fetch")"
		ok "$1: its kernel and busybox can be fetched" false
		return
	fi
	ok "$1: it builds" "$top/configs/cross/build" "$name" || return
	choose "$name"
	busybox=$(find "$tools" -path '*bin/busybox')
	make_image "$boot/tour" "${paths[1]}" bin="$built/fusebox" helper="$built/fusermount3" \
		bb="$built/tests/boot/probe" || bail 'no image'
	boots "$1" "$limit" "${paths[0]}"
	tour_checks "$1"
	tour_column "$name $(tour_release | grep -oE '^[0-9]+\.[0-9]+')${flavour:+ ${flavour##*-}}"
}

for one in ${MACHINES:-$all}; do visit "$one"; done
tour_matrix
finish
