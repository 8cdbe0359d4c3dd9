/* SPDX-License-Identifier: MIT */
/* turn: see turn.h. */
#include "mount/turn.h"
#include "mount/row.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static bool only_root_writes(int fd, mode_t type, mode_t others)
{
	struct sys_stat st;

	return sys_statx(fd, "", true, &st) == 0 && (st.mode & S_IFMT) == type && st.uid == 0
	       && !(st.mode & others);
}

/* No caller can cause these errors, so every process skips the same directories. */
static bool is_no_place(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EACCES || err == -EPERM || err == -EROFS;
}

static int open_in(const char *place)
{
	int dir = sys_open(place, O_PATH | O_DIRECTORY, 0), file;

	if (dir < 0)
		return dir;
	file = only_root_writes(dir, S_IFDIR, 022) ? sys_open_private(dir, ".fusebox-turns") : -ENOENT;
	sys_close(dir);
	if (file < 0 || only_root_writes(file, S_IFREG, 077))
		return file;
	sys_close(file);
	return -ENOENT;
}

int turn_open(void)
{
	static const char places[][8] = { "/run", "/dev", "/etc" };
	int file = -ENOENT;

	for (unsigned int i = 0; i < sizeof(places) / sizeof(*places); i++) {
		file = open_in(places[i]);
		if (file >= 0 || !is_no_place(file))
			return file;
	}
	return -ENOENT;
}

int turn_try(int file, const struct sys_stat *mount)
{
	int err = sys_lock_byte(file, connection_of_device(mount->dev_major, mount->dev_minor));

	return err == -EACCES ? -EAGAIN : err;
}

int turn_take(int file, const struct sys_stat *mount)
{
	enum { PATIENCE_MS = 10 * 1000, PAUSE_MS = 20 };

	for (int waited = 0;; waited += PAUSE_MS) {
		int err = turn_try(file, mount);

		if (err != -EAGAIN)
			return err;
		if (waited >= PATIENCE_MS)
			return -ETIMEDOUT;
		sys_sleep_ms(PAUSE_MS);
	}
}
