/* SPDX-License-Identifier: MIT */
/* mount8: the options of -o that are not the mount's own: those that only mount(8) and fstab(5) know, and auto_unmount. */
#include <string.h>

#include "fmount.h"
#include "mount_args.h"
#include "optlist.h"

/* libfuse's name for --auto-unmount. */
const char fmount_auto_unmount[] = "auto_unmount";

bool fmount_skip_option(struct optlist *mount, char *option, const char **why)
{
	(void)mount;
	*why = mount_args_unmet(option);
	if (!*why)
		*why = optlist_label(option);
	return *why || optlist_is_for_mount(option) || (fmount_start_options && strcmp(option, fmount_auto_unmount) == 0);
}
