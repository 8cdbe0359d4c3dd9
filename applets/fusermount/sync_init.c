/* SPDX-License-Identifier: MIT */
/* sync_init: mount while the server answers INIT. See helper.h. */
#include <errno.h>
#include <signal.h>

#include "helper.h"
#include "raise.h"
#include "msg.h"
#include "sys.h"

/* The limits for the server's byte to mount, and then for its answer to INIT. */
enum { PATIENCE_MS = 300 * 1000 };

/* fsconfig(2) waits for the server's answer to INIT, which may never come, so a child calls it and
   can be killed, which closes its /dev/fuse descriptor. The new mount is not attached yet. */
static void __attribute__((noreturn)) create_in_child(struct helper *h, int to)
{
	struct mount_log kernel;
	int mount;

	helper_raise(false);
	sys_die_with_parent();	/* after the change of ids, which clears it */
	mount = mount_create(&h->at, &h->mount, h->device, &kernel);
	helper_lower();
	if (mount >= 0)
		mount = sys_send_fd(to, mount);
	sys_exit(mount < 0 ? -mount : 0);
}

/* The child's real uid is the caller's, so the caller's rights suffice. Without pidfds (before 5.3)
   the pid remains the child's until sys_wait(), since SIGCHLD is not ignored. */
static void kill_child(int child, int pidfd)
{
	if (pidfd < 0)
		sys_kill(child, SIGKILL);
	else
		sys_pidfd_kill(pidfd, SIGKILL);
}

/* Wait for the mount's descriptor from the child, and kill the child if the peer closes its socket
   or the time is over. Returns the descriptor or -errno. */
static int await_child(struct helper *h, int child, int from)
{
	int pidfd = sys_pidfd_open(child);
	int ready = sys_poll_either(from, h->socket, PATIENCE_MS), status = 0;
	int mount = ready == 0 ? sys_receive_fd(from) : ready < 0 ? ready : -ECANCELED;

	if (ready != 0)
		kill_child(child, pidfd);
	if (pidfd >= 0)
		sys_close(pidfd);
	if (sys_wait(child, &status) == child && ready == 0 && mount < 0)
		mount = sys_exit_signal(status) ? -EINTR : -sys_exit_code(status);
	return mount;
}

static int create_mount(struct helper *h)
{
	int pair[2], child, mount, err = sys_socketpair(pair);

	if (err)
		return err;
	child = sys_fork();
	if (child == 0)
		create_in_child(h, pair[1]);
	sys_close(pair[1]);
	sys_close(h->device);	/* it would keep the connection alive after the server */
	mount = child < 0 ? child : await_child(h, child, pair[0]);
	sys_close(pair[0]);
	return mount;
}

static int send_status(struct helper *h, int32_t status)
{
	return helper_send(h, &status, sizeof(status), -1);
}

static int send_success(struct helper *h)
{
	return send_status(h, 0);
}

int helper_mount_when_told(struct helper *h, struct out *why)
{
	char byte;
	int mount, err = helper_send(h, "", 1, h->device);

	if (err) {
		out_fmt(why, "sending file descriptor: %s", msg_reason(err));
		return err;
	}
	if (sys_poll_in(h->socket, PATIENCE_MS) <= 0 || sys_read(h->socket, &byte, 1) != 1) {
		out_str(why, "the server gave no word to mount");
		return -ETIMEDOUT;
	}
	mount = create_mount(h);
	err = helper_open_turn(h);
	helper_raise(true);
	if (!err)
		err = mount < 0 ? mount : mount_place(&h->at, mount);
	if (err == -ECANCELED)
		out_str(why, "the server went away");
	else if (err)
		helper_mount_failed(h, err, "", why);
	else
		err = helper_keep(h, send_success, why);
	mount_release(&h->at);	/* while shielded: the caller could stop the process and keep the turn */
	helper_lower();
	if (err)
		send_status(h, err);
	return err;
}
