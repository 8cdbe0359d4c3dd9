# Everything, small.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse passfs
CONFIG_CFLAGS = $(SMALL)
