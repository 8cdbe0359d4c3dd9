#!/bin/sh
# SPDX-License-Identifier: MIT
# Mounts the root file system, once: dracut runs its mount hooks over and over.
. /lib/fusebox/fuse-root

# shellcheck disable=SC2154 # dracut's
if fuse_root_wanted && ! ismounted "$NEWROOT"; then
	fuse_root_mount "$NEWROOT" || die 'the FUSE root file system is not mounted'
fi
