/* SPDX-License-Identifier: MIT */
/* relay_bytes: sets of opcodes, and words of messages. */
#ifndef FUSEBOX_FMOUNT_RELAY_BYTES_H
#define FUSEBOX_FMOUNT_RELAY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BIT(opcode) (UINT64_C(1) << (opcode))

static inline bool is_in(uint64_t set, uint32_t opcode)
{
	return opcode < 64 && set & BIT(opcode);
}

/* The 64 bits at this offset of a message of `size` bytes, or NULL. */
static inline uint64_t *word(void *message, size_t size, size_t at)
{
	return at + sizeof(uint64_t) <= size ? (uint64_t *)(void *)((char *)message + at) : NULL;
}

#endif
