/* SPDX-License-Identifier: MIT */
/* opcodes: sets of opcodes. */
#ifndef FUSEBOX_FUSE_OPCODES_H
#define FUSEBOX_FUSE_OPCODES_H

#include <stdbool.h>
#include <stdint.h>

#define BIT(opcode) (UINT64_C(1) << (opcode))

static inline bool is_in(uint64_t set, uint32_t opcode)
{
	return opcode < 64 && set & BIT(opcode);
}

#endif
