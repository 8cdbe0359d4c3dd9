/* SPDX-License-Identifier: MIT */
/* release: the kernel's release. See sys.h. */
#include "sys.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

int sys_kernel_release(char text[SYS_RELEASE])
{
	struct utsname name;

	if (uname(&name) < 0)
		return -errno;
	memcpy(text, name.release, SYS_RELEASE);
	return 0;
}
