/* SPDX-License-Identifier: MIT */
/* start: the ways to mount for a server and to run it, beyond executing it in this process. */
#include "fmount.h"

#include <errno.h>

#include "applet.h"
#include "auto_unmount.h"
#include "beneath.h"
#include "cli/env.h"
#include "cli/user.h"
#include "clones.h"
#include "command.h"
#include "hand_out.h"
#include "msg.h"
#include "sys.h"
#include "sys/keep.h"
#include "wait_server.h"

static struct beneath beneath = { .top = -1, .mount = -1 };

static int undo_mount(const struct mountpoint *at)
{
	return wait_server_undo(at, &beneath);
}

/* --fd-socket: send the descriptor to a server that is already running. */
static int hand_out(const struct fmount *f, const struct mountpoint *at, int device)
{
	struct user user = { .uid = sys_geteuid() };
	int err = f->launch.user ? user_find(f->launch.user, &user) : 0;

	if (err) {
		undo_mount(at);
		return launch_no_user(f->launch.user, err);
	}
	err = hand_out_send(f->fd_socket, user.uid, device, f->timeout ? f->timeout * 1000 : -1);
	if (!err)
		return 0;
	if (err == -EADDRINUSE)
		msg("%s: %s; remove it, or choose another name", f->fd_socket, msg_reason(err));
	else if (err < 0)
		msg_errno(1, f->fd_socket, err);
	undo_mount(at);
	return err > 0 ? 128 + err : 1;
}

/* The new namespaces end with the program. */
static int run_in_userns(const struct fmount *f, const struct mountpoint *at, int device, char **argv)
{
	int err = fmount_userns_run();

	return err ? msg_errno(1, argv[0], err) : command_serve(f, at, device, argv);
}

int fmount_start(const struct fmount *f, struct mountpoint *at, int device, char **program)
{
	int watch = -1, status;
	char **argv;

	if (!program)
		return hand_out(f, at, device);
	env_take("FUSEBOX_LATER");	/* meant for this process, if another fmount runs it as its program */
	if (f->keep)
		device = sys_renumber(device);
	argv = command_place(program, device);
	if (!argv || clones_make(device, f->clones) != 0)
		return undo_mount(at);
	/* Once this process has changed its user or capabilities, only the watcher can unmount. */
	if (f->auto_unmount || (!f->wait && !f->keep && (f->launch.user || f->launch.drop_caps)))
		watch = auto_unmount_start(at, f->auto_unmount);
	if (watch < -1) {
		msg_errno(1, "--auto-unmount", watch);
		return undo_mount(at);
	}
	if (f->wait)
		return wait_server_run(f, at, device, argv, &beneath);
	if (f->userns)
		return run_in_userns(f, at, device, argv);
	status = command_serve(f, at, device, argv);
	if (f->keep)
		return status;
	if (watch >= 0)
		auto_unmount_undo(watch);
	else
		undo_mount(at);
	return status;
}

/* Whether the mount can be attached once its server has answered: neither the watcher nor a server without
   privileges needs it in its place before. */
bool fmount_can_attach_later(const struct fmount *f)
{
	return f->wait && !f->auto_unmount && !f->launch.user && !f->launch.drop_caps;
}

/* --beneath and --replace-stale: returns an exit status; -1: nothing is mounted there, or the caller
   shall mount as if nothing were. */
static int run_beneath(struct fmount *f, int held, const char *where, const struct optlist *mount, char **program)
{
	static struct mountpoint at;
	int found = beneath_open(&beneath, held, where, !f->beneath), device, err = 0;

	if (found <= 0) {
		if (found == 0 && f->beneath)
			msg("%s: nothing is mounted there; --beneath takes a mount to go below", where);
		return found < 0 || f->beneath ? 1 : -1;
	}
	device = beneath_create(&beneath, &at, where, mount);
	if ((device == -ENOSYS || device == -EPERM) && !f->beneath) {
		err = beneath_remove(&beneath);
		return err ? msg_errno(1, where, err) : -1;
	}
	if (device < 0) {
		if (device == -ENOSYS || device == -EPERM)
			msg("%s: %s; --beneath takes Linux 6.5 and CAP_SYS_ADMIN", where, msg_reason(device));
		return 1;
	}
	if (!fmount_can_attach_later(f)) {
		err = beneath_place(&beneath, &at);
		beneath_close(&beneath);
	}
	return err ? 1 : fmount_start(f, &at, device, program);
}

int fmount_prepare(struct fmount *f, int held, const char *where, const struct optlist *mount, char **program)
{
	int err = f->fd_socket ? hand_out_prepare() : 0;

	if (err < 0)
		return msg_errno(1, f->fd_socket, err);
	return f->replace_stale || f->beneath ? run_beneath(f, held, where, mount, program) : -1;
}
