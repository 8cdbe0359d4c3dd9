# SPDX-License-Identifier: MIT
# For valgrind: a dynamic glibc, symbols, no sanitizers.
include configs/debug.mk
CONFIG_CFLAGS = -O1 -g
CONFIG_LDFLAGS =
