# Everything, small.
APPLETS ?= fmount fumount fuse-info hellofs
CONFIG_CFLAGS = $(SMALL)
