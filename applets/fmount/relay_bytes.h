/* SPDX-License-Identifier: MIT */
/* relay_bytes: words of messages. */
#ifndef FUSEBOX_FMOUNT_RELAY_BYTES_H
#define FUSEBOX_FMOUNT_RELAY_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* The 64 bits at this offset of a message of `size` bytes, or NULL. */
static inline uint64_t *word(void *message, size_t size, size_t at)
{
	return at + sizeof(uint64_t) <= size ? (uint64_t *)(void *)((char *)message + at) : NULL;
}

#endif
