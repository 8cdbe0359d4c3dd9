# SPDX-License-Identifier: MIT
# For debugging: symbols, no optimisation, sanitizers. The sanitizers need a
# dynamic libc, and symbols for their reports.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse passfs
MUSL = no
STATIC =
STRIP = cp-instead
CONFIG_CFLAGS = -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
CONFIG_LDFLAGS = -fsanitize=address,undefined
