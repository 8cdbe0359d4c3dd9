/* SPDX-License-Identifier: MIT */
/* notify: see notify.h. */
#include "cli/notify.h"

#include <stdlib.h>
#include <string.h>

#include "sys.h"

void notify_systemd(const char *text)
{
	const char *socket = getenv("NOTIFY_SOCKET");

	if (socket)
		sys_unix_datagram(socket, text, strlen(text));
}
