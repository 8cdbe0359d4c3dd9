# Every system call goes by way of tests/faults/seam.c, which makes those fail that
# tests/tools/faults.c chooses. What is undefined for the compiler stops the program.
include configs/default.mk
CONFIG_SOURCES = tests/faults/seam.c
CONFIG_CFLAGS = -O1 -g -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-inline -fno-lto \
	-fsanitize=undefined -fsanitize-undefined-trap-on-error
LDFLAGS += $(shell sed -n 's/^WRAPPED.[^,]*, \([a-z0-9_]*\),.*/-Wl,--wrap=\1/p' tests/faults/seam.c)
