# Everything, small.
APPLETS ?= fmount fumount fuse-info fusermount hellofs
CONFIG_CFLAGS = $(SMALL)
