# For looking into it: symbols, no optimisation, the sanitizers. They need a
# dynamic libc, and names in what they report.
APPLETS ?= fmount fumount fuse-info fusermount hellofs mount.fuse passfs
MUSL = no
STATIC =
STRIP = cp-instead
CONFIG_CFLAGS = -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
CONFIG_LDFLAGS = -fsanitize=address,undefined
