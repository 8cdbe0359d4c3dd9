# As debug, but with the sanitizer that sees races between threads.
include configs/debug.mk
CONFIG_CFLAGS = -O1 -g -fsanitize=thread
CONFIG_LDFLAGS = -fsanitize=thread
