/* SPDX-License-Identifier: MIT */
/* probe_init: see probe_init.h. */
#include "probe_init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "fuse/session.h"
#include "mount/mount.h"
#include "msg.h"
#include "sys.h"
#include "mount/userns.h"

enum { LIMIT_MS = 2000 };

struct answer { int err; char object[24]; struct fuse_init_in in; };

static int note_failure(struct answer *a, const char *object, int err)
{
	struct out out = OUT_TEXT(a->object);

	out_str(&out, object);
	out_text(&out);
	return err;
}

/* Before 5.2 a mount must be attached: do so in a new mount namespace. */
static int attach_privately(const struct mountpoint *at, const struct optlist *options, int device)
{
	struct mountpoint root = *at;
	struct mount_log said;
	int err = sys_new_mount_namespace();

	if (!err)
		err = sys_mount("none", "/", NULL, 1 << 18 | 1 << 14 /* MS_PRIVATE, MS_REC */, NULL);
	root.under = err ? err : sys_open("/", O_PATH | O_DIRECTORY, 0);
	return root.under < 0 ? root.under : mount_attach(&root, options, device, &said);
}

static int read_init(int device, struct answer *a)
{
	static union { struct fuse_in_header header; char bytes[FUSE_MIN_READ_BUFFER]; } buf;
	ssize_t n = sys_poll_in(device, LIMIT_MS) > 0 ? sys_read(device, &buf, sizeof(buf)) : -ETIMEDOUT;

	if (n < 0)
		return note_failure(a, "INIT", (int)n);
	if ((size_t)n < sizeof(buf.header) + FUSE_INIT_SHORT || buf.header.opcode != FUSE_INIT)
		return note_failure(a, "INIT", -EPROTO);
	memcpy(&a->in, buf.bytes + sizeof(buf.header),
	       (size_t)n - sizeof(buf.header) < sizeof(a->in) ? (size_t)n - sizeof(buf.header) : sizeof(a->in));
	return 0;
}

static int request_init(struct answer *a)
{
	struct mountpoint at = { .mode = S_IFDIR | 0755, .uid = sys_geteuid(), .gid = sys_getegid() };
	struct optlist options = { .flags = MOUNT_NOSUID | MOUNT_NODEV, .fsname = "fuse-info" };
	struct mount_log said;
	int device = sys_open("/dev/fuse", O_RDWR, 0), err;

	if (device < 0)
		return note_failure(a, "/dev/fuse", device);
	err = mount_create(&at, &options, device, &said);
	if (err == -ENOSYS)
		err = attach_privately(&at, &options, device);
	return err < 0 ? note_failure(a, "mount", err) : read_init(device, a);
}

static void __attribute__((noreturn)) answer(int to)
{
	struct answer a = { .err = 0 };
	const char *object;

	if (sys_geteuid() != 0 && (a.err = userns_enter(&object)) != 0)
		note_failure(&a, object, a.err);
	else
		a.err = request_init(&a);
	sys_write_all(to, &a, sizeof(a));
	sys_exit(0);
}

int probe_init_ask(struct fuse_init_in *in, struct out *why)
{
	struct answer a = { .err = -EIO };
	int pipe[2], err = sys_pipe(pipe), child;

	child = err ? err : sys_fork();
	if (child < 0)
		return child;
	if (child == 0)
		answer(pipe[1]);
	sys_close(pipe[1]);
	sys_read_all(pipe[0], &a, sizeof(a));
	sys_close(pipe[0]);
	sys_wait(child, &err);
	*in = a.in;
	if (a.err)
		out_fmt(why, "%s: %s", a.object, msg_reason(a.err));
	return a.err;
}
