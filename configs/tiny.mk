# To mount and to unmount, and nothing else.
APPLETS ?= fmount fumount
CONFIG_CFLAGS = $(SMALL)
