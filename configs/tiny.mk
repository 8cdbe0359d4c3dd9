# SPDX-License-Identifier: MIT
# Only mounting and unmounting.
APPLETS ?= fmount fumount
# The parts of these applets to leave out: applets/NAME.c; % stands for any rest of a name.
WITHOUT ?= fmount/check fmount/as_mount fmount/userns fmount/reattach% fmount/keep% fumount/all fumount/recover% fumount/wake%
CONFIG_CFLAGS = $(SMALL)
