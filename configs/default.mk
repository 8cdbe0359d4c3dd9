# Everything, small.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse
# What fmount does besides mounting and running; a small build does without.
PARTS ?= fmount_check fmount_like fmount_userns
CONFIG_CFLAGS = $(SMALL)
