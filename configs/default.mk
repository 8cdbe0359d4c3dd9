# Everything, small.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse passfs
# What fmount and fumount do besides the plain thing; a small build does without.
PARTS ?= fmount_check fmount_like fmount_userns fumount_all fumount_recover fuse_info_kernel fuse_info_mount \
	passfs_file passfs_limit passfs_lock passfs_name passfs_owner
CONFIG_CFLAGS = $(SMALL)
