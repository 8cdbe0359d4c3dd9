# To mount and to unmount, and nothing else.
APPLETS ?= fmount fumount
# Parts of these applets that are left out: applets/NAME.c.
WITHOUT ?= fmount/check fmount/as_mount fmount/userns fumount/all fumount/recover
CONFIG_CFLAGS = $(SMALL)
