# SPDX-License-Identifier: MIT
# Like debug, but with ThreadSanitizer, which detects data races.
include configs/debug.mk
CONFIG_CFLAGS = -O1 -g -fsanitize=thread
CONFIG_LDFLAGS = -fsanitize=thread
