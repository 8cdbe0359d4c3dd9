# Only mounting and unmounting.
APPLETS ?= fmount fumount
# The parts of these applets to leave out: applets/NAME.c.
WITHOUT ?= fmount/check fmount/as_mount fmount/userns fmount/reattach fumount/all fumount/recover
CONFIG_CFLAGS = $(SMALL)
