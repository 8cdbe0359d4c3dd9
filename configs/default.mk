# Everything, small.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse passfs
# What fmount and fumount do besides the plain thing; a small build does without.
PARTS ?= fmount_check fmount_like fmount_userns fumount_all fumount_recover fuse_info_kernel fuse_info_mount
CONFIG_CFLAGS = $(SMALL)
