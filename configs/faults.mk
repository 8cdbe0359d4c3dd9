# SPDX-License-Identifier: MIT
# tests/faults/seam.c wraps every system call, and makes those fail that
# tests/tools/faults.c selects. Undefined behaviour traps.
include configs/default.mk
CONFIG_SOURCES = tests/faults/seam.c
CONFIG_CFLAGS = -O1 -g -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-inline -fno-lto \
	-fsanitize=undefined -fsanitize-undefined-trap-on-error
LDFLAGS += $(shell sed -n 's/^WRAPPED.[^,]*, \([a-z0-9_]*\),.*/-Wl,--wrap=\1/p' tests/faults/seam.c)
