/* SPDX-License-Identifier: MIT */
/* notify: see notify.h. */
#include "cli/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "out.h"
#include "sys.h"

enum { PATIENCE_S = 5 };
static int patience = PATIENCE_S;

/* A manager whose queue stays full costs one wait, until it takes a message again. */
static void adapt(int err)
{
	if (err == -EAGAIN && patience)
		msg("NOTIFY_SOCKET: the service manager takes no messages; going on without it");
	patience = err == -EAGAIN ? 0 : PATIENCE_S;
}

static void send_to_manager(const char *text, const int *fds, size_t count)
{
	const char *socket = getenv("NOTIFY_SOCKET");

	if (socket)
		adapt(sys_unix_datagram(socket, text, strlen(text), fds, count, patience));
}

void notify_systemd(const char *text)
{
	send_to_manager(text, NULL, 0);
}

static uint64_t number_of(const char *variable)
{
	const char *text = getenv(variable);

	return text ? text_number(text) : 0;
}

static void send_named(const char *what, const char *name, const int *fds, size_t count)
{
	char text[NOTIFY_NAME + 64];
	struct out out = OUT_TEXT(text);

	if (!number_of("FDSTORE"))
		return;
	out_fmt(&out, "%s=1\nFDNAME=%s", what, name);
	/* A poll of /dev/fuse by the manager would wake it at each request. */
	out_str(&out, count ? "\nFDPOLL=0" : "");
	send_to_manager(out_text(&out), fds, count);
}

void notify_store(const char *name, const int *fds, size_t count)
{
	send_named("FDSTORE", name, fds, count);
}

void notify_unstore(const char *name)
{
	send_named("FDSTOREREMOVE", name, NULL, 0);
}

void notify_each_stored(void (*fn)(const char *name, int fd))
{
	enum { FIRST = 3, MOST = 1024 };
	const char *names = getenv("LISTEN_FDNAMES");
	uint64_t count = number_of("LISTEN_FDS");
	char name[NOTIFY_NAME + 1];

	if (!names || number_of("LISTEN_PID") != (uint64_t)sys_getpid())
		return;
	for (int fd = FIRST; *names && fd < FIRST + MOST && (uint64_t)(fd - FIRST) < count; fd++) {
		size_t len = strcspn(names, ":");

		if (len < sizeof(name)) {
			memcpy(name, names, len);
			name[len] = '\0';
			fn(name, fd);
		}
		names += len + (names[len] == ':');
	}
}
