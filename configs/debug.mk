# For looking into it: symbols, no optimisation, the sanitizers. They need a
# dynamic libc, and names in what they report.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse passfs
# What fmount and fumount do besides the plain thing; a small build does without.
PARTS ?= fmount_check fmount_like fmount_userns fumount_all fumount_recover fuse_info_kernel fuse_info_mount \
	passfs_file passfs_limit passfs_lock passfs_name passfs_owner
MUSL = no
STATIC =
STRIP = cp-instead
CONFIG_CFLAGS = -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
CONFIG_LDFLAGS = -fsanitize=address,undefined
