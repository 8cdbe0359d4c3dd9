#!/bin/sh
# SPDX-License-Identifier: MIT
# Tells dracut that there is no root=, and no device to wait for.
. /lib/fusebox/fuse-root

if fuse_root_wanted; then
	# shellcheck disable=SC2034 # dracut's
	rootok=1
	# shellcheck disable=SC2034,SC2154
	root=fuse
	# shellcheck disable=SC2016,SC2154
	echo 'true' >"$hookdir/initqueue/finished/fuse-root.sh"
fi
