# Everything, small.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse
CONFIG_CFLAGS = $(SMALL)
