# SPDX-License-Identifier: MIT
# Only mounting and unmounting.
APPLETS ?= fmount fumount
# The parts of these applets to leave out: applets/NAME.c.
WITHOUT ?= fmount/check fmount/as_mount fmount/userns fmount/reattach fmount/reattach_clone fmount/keep \
	fmount/keep_queue fumount/all fumount/recover fumount/wake fumount/wake_pass fumount/wake_queue \
	fumount/wake_hold fumount/wake_request fumount/wake_caller
CONFIG_CFLAGS = $(SMALL)
