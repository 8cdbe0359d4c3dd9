#!/usr/bin/env bash
# An initramfs of busybox's shell and fusebox, booted in QEMU under a kernel of
# Debian's. What is tried there stands in the file init beside this one; here is
# checked that each of its lines came. KERNEL_SUITE takes another kernel.
# shellcheck disable=SC2317 # what is handed to ok and bg is reached
. "$(dirname "$0")/../lib.sh"

suite=${KERNEL_SUITE:-bookworm}
boot=$top/tests/boot
limit=120	# seconds for a boot; it takes some five, emulated

need qemu-system-x86_64 busybox cpio xz
start 400	# the first run fetches a kernel

# The module, unless it is built in. Unpacked here: not every insmod can.
add_modules()
{
	local file
	mkdir "$T/root/modules"
	while read -r file; do
		case $file in
		*.xz) xz -dc "$file" >"$T/root/modules/fuse.ko" ;;
		*) cp "$file" "$T/root/modules/" ;;
		esac
	done < <(find "$1" -name 'fuse.ko*')
}

make_tree()
{
	mkdir -p "$T"/root/{bin,bb,dev,proc,sys,tmp,mnt,mnt2}
	cp "$boot/init" "$T/root/init"
	cp "$(command -v busybox)" "$T/root/bb/busybox"
	cp "$BUILD/fusebox" "$T/root/bin/fusebox"
	chmod 755 "$T/root/init" "$T/root/bb/busybox" "$T/root/bin/fusebox"
	add_modules "$1"
}

# The same tree gives the same image.
make_image()
{
	find "$T/root" -exec touch -h -d @0 {} +
	(cd "$T/root" && find . | sort | cpio -o -H newc -R 0:0 --reproducible --quiet) >"$T/image"
}

run_machine()
{
	exec qemu-system-x86_64 -m 256 -nographic -no-reboot -nic none \
		-kernel "$1" -initrd "$T/image" -append 'console=ttyS0 quiet panic=-1' \
		</dev/null >"$T/console.raw" 2>&1
}

# A kernel that cannot be had (no network) is no fault of fusebox, but CI has one.
mapfile -t paths < <("$boot/kernel" "$suite" 2>"$T/fetch")
if [ "${#paths[@]}" != 2 ]; then
	diag "$(cat "$T/fetch")"
	[ "${CI:-}" = true ] && bail "no kernel of $suite"
	echo "1..0 # SKIP no kernel of $suite"
	exit 0
fi
[ -x "$BUILD/fusebox" ] || bail "no $BUILD/fusebox"
mapfile -t names < <(sed -n "s/^check '\([^']*\)' .*/\1/p" "$boot/init")
[ "${#names[@]}" -gt 20 ] || bail 'the checks in init are not understood'

make_tree "${paths[1]}"
make_image || bail 'no image'
began=$SECONDS
bg run_machine "${paths[0]}"
ok "the machine turns itself off within $limit s" within "$limit" gone "$bg"
{ kill -9 "$bg"; wait "$bg"; } 2>/dev/null
tr -d '\r' <"$T/console.raw" >"$T/console"
diag "$((SECONDS - began)) s; $(grep '^KERNEL ' "$T/console")"

for name in "${names[@]}"; do
	ok "$name" grep -qxF -e "CHECK ok $name" "$T/console"
done
complains() { grep -E 'Kernel panic|BUG:|Oops|Call Trace' "$T/console"; }
calm() { ! complains; }
ok 'no complaint of the kernel on the console' calm

[ "$failures" = 0 ] || diag "$(cat -v "$T/console")"
finish
