#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Images of initramfs-tools, dracut and the cpio recipe, made with configs/initramfs, each
# booted in QEMU under a kernel of Debian's, onto a root file system that passfs serves: of
# busybox, or a Debian with systemd. What is tried there stands in root-checks, root-init and
# after-shutdown beside this file. mkinitcpio is not in Debian: its hooks meet what it is
# documented to offer them. IMAGES takes some of them: "cpio dracut".
# shellcheck disable=SC2317 # what is handed to ok and bg is reached
. "$(dirname "$0")/../lib.sh"
. "$top/tests/boot/machine.sh"

configs=$top/configs/initramfs
long=$top/tests/long
limit=900	# seconds for a boot; it takes some twenty, with systemd eighty, emulated
machine=(qemu-system-x86_64 -m 1024 -smp 2)
need qemu-system-x86_64 cc busybox cpio xz zstd mmdebstrap mke2fs e2fsck dumpe2fs
start 7200	# the first run fetches a kernel, and makes a Debian

mapfile -t paths < <("$boot/kernel" bookworm 2>"$T/fetch")
[ "${#paths[@]}" = 2 ] || bail "no kernel: $(cat "$T/fetch")"
kernel=${paths[0]} modules=${paths[1]} version=${paths[1]##*/}
debian=$T/debian

# --- What is booted into

make_small()
{
	local root=$T/small
	mkdir -p "$root"/{bin,sbin,dev,etc,proc,run,sys,tmp,usr/bin,var}
	cp "$busybox" "$root/bin/busybox"
	cp "$BUILD/fusebox" "$root/bin/fusebox"
	chroot "$root" /bin/busybox --install -s /bin
	chroot "$root" /bin/fusebox --install -s /bin
	install "$long"/{root-checks,after-shutdown} "$configs/shutdown" "$root/sbin"
	install "$long/root-init" "$root/sbin/init"
	echo 'ID=fusebox-test' >"$root/etc/os-release"	# systemd wants one
}

# Install the hooks where a package would.
make_debian()
{
	"$long/root" bookworm "$debian" initramfs-tools-core busybox dracut-core systemd \
		systemd-sysv udev kmod cpio || return
	install -D "$BUILD/fusebox" "$debian/usr/bin/fusebox"
	chroot "$debian" fusebox --install -s /usr/bin
	install -D -m 644 "$configs/fuse-root" "$debian/usr/share/fusebox/fuse-root"
	install "$configs/shutdown" "$debian/usr/share/fusebox/shutdown"
	install -D "$configs/initramfs-tools/hook" "$debian/etc/initramfs-tools/hooks/fusebox"
	install -D -m 644 "$configs/initramfs-tools/script" \
		"$debian/usr/share/initramfs-tools/scripts/fusebox"
	install -D -t "$debian/usr/lib/dracut/modules.d/90fusebox" "$configs"/dracut/*.sh
	install -D -m 644 "$configs/mkinitcpio/install" "$debian/usr/lib/initcpio/install/fusebox"
	install -D -m 644 "$configs/mkinitcpio/hook" "$debian/usr/lib/initcpio/hooks/fusebox"
	# Install the hooks for the boot as well.
	install "$long"/{root-checks,after-shutdown} "$debian/sbin"
	install -D -m 644 -t "$debian/usr/lib/systemd/system" "$configs/fuse-shutdown.service"
	cat >"$debian/etc/systemd/system/checks.service" <<-'END'
		[Service]
		Type=oneshot
		ExecStart=/sbin/root-checks
		ExecStart=cp --remove-destination /sbin/after-shutdown /run/initramfs/bin/poweroff
		ExecStart=systemctl --no-block poweroff
		[Install]
		WantedBy=multi-user.target
	END
	chroot "$debian" systemctl enable fuse-shutdown.service checks.service &&
		chroot "$debian" systemctl mask serial-getty@ttyS0.service
}

# Image generators run in the root before it has a kernel.
make_disks()
{
	mke2fs -q -t ext4 -d "$T/small" "$T/small.disk" 128M &&
		mke2fs -q -t ext4 -d "$debian" "$T/debian.disk" 1200M
}
add_kernel()
{
	mkdir -p "$debian/lib/modules" "$debian/boot"
	cp -R "$modules" "$debian/lib/modules/"
	cp "${kernel%/*}/config-$version" "$debian/boot/"
	in_debian depmod "$version"
}

in_debian()
{
	unshare --mount bash -c '
		mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && mount -t sysfs sys "$1/sys"
		exec chroot "$@"' - "$debian" "$@"
}

# --- Booting

# A journal that is not empty shows that the file system was not unmounted.
clean() { e2fsck -fn "$1" && ! dumpe2fs -h "$1" 2>/dev/null | grep needs_recovery; }

# into NAME IMAGE DISK FILE... WORD...: boots the image with a copy of that disk and these
# words on the kernel's command line; all checks of these files must come.
into()
{
	local name=$1 image=$2 disk=$3 before=$failures files=() file line; shift 3
	while [ -f "$long/$1" ]; do files+=("$long/$1"); shift; done
	cp --sparse=always "$T/$disk.disk" "$T/disk"
	words=$*
	cp "$image" "$T/image"
	boots "$name" "$limit" "$kernel"
	for file in "${files[@]}"; do
		while read -r line; do
			ok "$name: $line" grep -qxF -e "CHECK ok $line" "$T/console"
		done < <(checks_of "$file")
	done
	ok "$name: no complaint of the kernel" calm
	ok "$name: the disk is clean" clean "$T/disk"
	[ "$failures" = "$before" ] || diag "$(tail -n 200 "$T/console" | cat -v)"
}
# As in machine.sh, with a disk.
run_machine()
{
	exec "${machine[@]}" -nographic -no-reboot -nic none -kernel "$1" -initrd "$T/image" \
		-append "console=$console quiet panic=-1 $words" \
		-drive "file=$T/disk,format=raw,if=virtio" </dev/null >"$T/console.raw" 2>&1
}
small=(small root-checks root-init after-shutdown)
systemd=(debian root-checks after-shutdown)
quiet='systemd.show_status=no'
on_disk='fuselower=/dev/vda,ext4 fuseroot=passfs,/run/fuse/lower'

from_cpio()
{
	local cc=cc
	! command -v musl-gcc >/dev/null || cc=musl-gcc
	ok 'cpio: init.c is compiled' \
		"$cc" -static -Wall -Wextra -Werror -O2 -o "$T/init" "$configs/cpio/init.c"
	mkdir -p "$T/root"
	add_modules "$modules"
	set -- "$BUILD/fusebox" "$T/init" "modules=$T/root/modules" "lower=$T/small"
	"$configs/cpio/make-image" "$@" >"$T/cpio.img"
	sleep 1.1	# a second later the image is the same
	"$configs/cpio/make-image" "$@" >"$T/again.img"
	ok 'cpio: the same files give the same image' cmp "$T/cpio.img" "$T/again.img"
	into cpio "$T/cpio.img" "${small[@]}" fuseroot=passfs,/lower
}

from_initramfs_tools()
{
	ok 'initramfs-tools makes an image' in_debian mkinitramfs -o /it.img "$version"
	into initramfs-tools "$debian/it.img" "${small[@]}" boot=fusebox "$on_disk"
	into 'initramfs-tools, systemd' "$debian/it.img" "${systemd[@]}" boot=fusebox "$on_disk" "$quiet"
}

from_dracut()
{
	local dracut=(in_debian dracut --quiet --force --no-hostonly --add fusebox --kver "$version")
	ok 'dracut makes an image' "${dracut[@]}" --omit systemd /sh.img
	into dracut "$debian/sh.img" "${small[@]}" "$on_disk"
	ok 'dracut makes an image with systemd' "${dracut[@]}" /systemd.img
	into 'dracut with systemd, systemd' "$debian/systemd.img" "${systemd[@]}" "$on_disk" "$quiet"
}

# --- mkinitcpio

# mkinitcpio must have each function that build() calls; the calls are recorded.
mkinitcpio_calls='
	for call in add_module add_binary add_symlink add_file add_runscript; do
		eval "$call() { echo \"$call\${*:+ \$*}\"; }"
	done
	command_not_found_handle() { echo "unknown $*"; }
	. /usr/lib/initcpio/install/fusebox
	build; help'
# Like init, sources the hook, calls run_hook, and runs the mount command that it sets.
mkinitcpio_boots()
{
	echo "quiet $1 ro" >"$debian/proc/cmdline"
	chroot "$debian" busybox ash -c '
		fmount() { echo "fmount $*"; }; modprobe() { :; }
		default_mount_handler() { echo default; }
		mount_handler=default_mount_handler
		. /usr/lib/initcpio/hooks/fusebox
		run_hook
		"$mount_handler" /sysroot'
	rm "$debian/proc/cmdline"
}
from_mkinitcpio()
{
	local calls fmount='fmount --root-daemon --wait --timeout 60'
	calls=$(in_debian bash -c "$mkinitcpio_calls" 2>&1)
	unlike 'mkinitcpio: the hook calls only functions that exist' "$calls" 'unknown|not found'
	like 'mkinitcpio: the image has the module' "$calls" $'(^|\n)add_module fuse\n'
	like 'mkinitcpio: the image has the binary' "$calls" $'\nadd_binary /usr/bin/fusebox /usr/bin/fusebox\n'
	like 'mkinitcpio: the image has a link for fmount' "$calls" $'\nadd_symlink /usr/bin/fmount fusebox\n'
	like 'mkinitcpio: the image has a link for passfs' "$calls" $'\nadd_symlink /usr/bin/passfs fusebox\n'
	unlike 'mkinitcpio: the image has no link for mount(8)' "$calls" 'mount\.fuse'
	like 'mkinitcpio: the image has the run-time hook' "$calls" $'\nadd_runscript\n'
	like 'mkinitcpio: the run-time hook can be sourced' "$calls" \
		$'\nadd_file /usr/share/fusebox/fuse-root /lib/fusebox/fuse-root 644\n'
	like 'mkinitcpio: the hook has a help text' "$calls" 'fuseroot='
	install -D -t "$debian/lib/fusebox" "$configs/fuse-root"
	is 'mkinitcpio: the run-time hook mounts fuseroot=' "$(mkinitcpio_boots 'fuseroot=passfs,/x')" \
		"$fmount -o suid,dev,allow_other,default_permissions /sysroot -- passfs /x"
	is 'mkinitcpio: the run-time hook mounts with fuseflags=' "$(mkinitcpio_boots 'fuseroot=hellofs,a,b fuseflags=ro')" \
		"$fmount -o ro /sysroot -- hellofs a b"
	is 'mkinitcpio: the run-time hook leaves other roots alone' "$(mkinitcpio_boots 'root=/dev/sda1')" default
}

make_small || bail 'no root file system'
make_debian >"$T/log" 2>&1 || bail "no Debian: $(tail "$T/log")"
make_disks >"$T/log" 2>&1 || bail "no disk: $(tail "$T/log")"
add_kernel >"$T/log" 2>&1 || bail "no modules: $(tail "$T/log")"
for one in ${IMAGES:-mkinitcpio cpio initramfs_tools dracut}; do "from_$one"; done
finish
