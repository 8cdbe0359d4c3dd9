#!/bin/bash
# SPDX-License-Identifier: MIT
# fusebox in an image of dracut: install this directory as
# /usr/lib/dracut/modules.d/90fusebox. Other programs that serve: install_items+=" sshfs ".
# On a machine whose root is FUSE already dracut does not see what is below it: hostonly=no,
# or add_drivers+=" virtio_blk ext4 ".

check() { require_binaries fusebox; }
depends() { echo base; }

installkernel() { hostonly='' instmods fuse; }

install()
{
	local applet
	inst_multiple sleep mkdir
	inst "$(command -v fusebox)" /usr/bin/fusebox
	for applet in $(fusebox --list); do
		case $applet in
		*mount.*|fusermount*) ;;
		*) ln_r /usr/bin/fusebox "/usr/bin/$applet" ;;
		esac
	done
	inst_simple /usr/share/fusebox/fuse-root /lib/fusebox/fuse-root
	# shellcheck disable=SC2154 # dracut's
	inst_hook cmdline 90 "$moddir/parse-root.sh"
	inst_hook mount 90 "$moddir/mount-root.sh"
}
