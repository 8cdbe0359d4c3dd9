/* SPDX-License-Identifier: MIT */
/* raise: see raise.h. */
#include "raise.h"

#include "msg.h"
#include "sys.h"
#include "sys/priv.h"

static void exit_on_error(int err)
{
	if (!err)
		return;
	msg("cannot take the caller's rights");
	sys_exit(1);
}

void helper_raise(bool shielded)
{
	if (shielded)
		sys_block_signals();
	exit_on_error(priv_raise(shielded));
}

void helper_lower(void)
{
	exit_on_error(priv_lower());
}
