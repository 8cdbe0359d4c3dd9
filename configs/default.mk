# SPDX-License-Identifier: MIT
# All applets, optimised for size.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse passfs
CONFIG_CFLAGS = $(SMALL)
