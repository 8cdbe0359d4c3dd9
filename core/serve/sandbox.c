/* SPDX-License-Identifier: MIT */
/* sandbox: --sandbox: prepare before the mount answers, and enter once it does. */
#include "serve/serving.h"

#include <errno.h>

#include "msg.h"
#include "sys.h"
#include "sys/cage.h"
#include "sys/filter.h"
#include "thread.h"

/* Threads beside the session's own: one retries locks, one frees descriptors. With allow_other,
   spare threads serve requests while the session's threads are blocked; each reserved thread
   takes memory even if it never runs. */
enum { OTHER_THREADS = 2, SPARE_THREADS = 30 };

/* Create every thread before the last seccomp filter, which forbids clone(2): RLIMIT_NPROC does
   not limit root, so compromised server code could start any number of processes. Where a limit
   leaves fewer threads, do without spare threads first. */
static int reserve_threads(struct fuse_session *session)
{
	uint32_t others = session->ops->sandbox ? OTHER_THREADS : 0;
	uint32_t workers = session->threads == 1 ? 0
			   : session->threads + (serving.args->mount.allow_other ? SPARE_THREADS : 0);
	uint32_t started = thread_reserve(workers + others);

	if (started < others + (workers > 0))
		return -EAGAIN;
	session->most = started - others;
	if (workers && session->most < session->threads)
		session->threads = session->most;
	return 0;
}

static int close_cage(struct fuse_session *session)
{
	const struct fuse_ops *ops = session->ops;
	int err = cage_close(ops->sandbox ? ops->sandbox(session->fs) : -1, ops->capabilities);

	if (!err)
		err = reserve_threads(session);
	return err ? err : filter_seal();
}

void sandbox_report(int err)
{
	msg("sandbox: %s%s", msg_reason(err), err == -EPERM ? "; root needs CAP_SYS_ADMIN and CAP_SYS_CHROOT for it" : "");
}

/* The server has read only its command line and the kernel's INIT so far, no user's request. */
void sandbox_enter(struct fuse_session *session)
{
	int err = close_cage(session);
	unsigned char code = (unsigned char)-err;

	if (!err)
		return;
	if (serving.args->background)	/* Standard error is /dev/null: the parent reports. */
		sys_write_all(serving.ready[1], &code, 1);
	else
		sandbox_report(err);
	serving_detach();
	sys_exit(1);
}

/* A sandboxed server that reaches its descriptors through /proc/self/fd could change the mode and
   owner of /dev/fuse. Ignore EPERM: cage_close() reports it to root, and drops every capability
   of other users. */
int sandbox_protect_device(int device)
{
	int err = serving.session.ops->sandbox ? sys_move_device_to_read_only_mount(device) : 0;

	return err == -EPERM ? 0 : err;
}
