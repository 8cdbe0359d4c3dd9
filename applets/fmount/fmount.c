/* SPDX-License-Identifier: MIT */
/* fmount: mount, and run the server with the /dev/fuse descriptor. */
#include <errno.h>
#include <string.h>

#include "applet.h"
#include "fmount.h"
#include "hand_out.h"
#include "mount_args.h"
#include "msg.h"
#include "out.h"
#include "launch/mount_or_report.h"
#include "sys.h"
#include "sys/keep.h"
#include "cli/env.h"
#include "cli/user.h"
#include "auto_unmount.h"
#include "beneath.h"
#include "clones.h"
#include "command.h"
#include "wait_server.h"

enum { TIMEOUT_S = 30, KEEP_TRIES = 10 };

static const char *append_options(void *to, char *value, const char **bad)
{
	struct fmount *f = to;
	struct out list = { .buf = f->list, .size = sizeof(f->list), .len = strlen(f->list), .fd = -1 };

	(void)bad;
	if (list.len + strlen(value) + 2 > list.size)
		return "longer than the kernel's page of options";
	out_fmt(&list, "%s%s", list.len ? "," : "", value);
	out_text(&list);
	return NULL;
}

/* A callback, so that the last of -r and -o rw counts. */
static const char *append_read_only(void *to, char *value, const char **bad)
{
	(void)value;
	return append_options(to, (char *)"ro", bad);
}

static const struct opt options[] = {
	OPT('o', "options", OPT_CALL, struct fmount, collect, "LIST", "mount options, such as ro,allow_other"),
	OPT('t', "type", OPT_STRING, struct fmount, type, "TYPE", "the type in the mount table: fuse.TYPE"),
	OPT('s', "source", OPT_STRING, struct fmount, source, "SOURCE", "the source in the mount table"),
	OPT('r', "read-only", OPT_CALL, struct fmount, read_only, "", "same as -o ro"),
	OPT('v', "verbose", OPT_FLAG, struct fmount, verbose, "", "report what was mounted"),
	OPT('n', "", OPT_FLAG, struct fmount, ignored, "", ""),
	OPT('u', "user", OPT_STRING, struct fmount, launch.user, "USER[:GROUP]", "run the program as this user"),
	OPT(0, "drop-caps", OPT_FLAG, struct fmount, launch.drop_caps, "", "run it without any capability"),
	OPT(0, "no-new-privs", OPT_FLAG, struct fmount, launch.no_new_privs, "", "run it with no_new_privs"),
	OPT(0, "clones", OPT_NUMBER, struct fmount, clones, "N", "N more descriptors, in FUSE_CLONE_FDS"),
	OPT(0, "fd-socket", OPT_STRING, struct fmount, fd_socket, "PATH", "hand the descriptor to a server over this socket"),
	OPT('w', "wait", OPT_FLAG, struct fmount, wait, "", "run it in the background; return once it answers"),
	OPT(0, "timeout", OPT_NUMBER, struct fmount, timeout, "SECONDS", "for --wait and --fd-socket (30; 0: none)"),
	OPT(0, "root-daemon", OPT_FLAG, struct fmount, root_daemon, "", "survive switch_root and the SIGKILL of shutdown"),
	OPT(0, "auto-unmount", OPT_FLAG, struct fmount, auto_unmount, "", "unmount when the program ends"),
	OPT(0, "keep", OPT_MAYBE, struct fmount, keep, "HOW", "start the program again when it ends (direct, relay)"),
	OPT(0, "keep-tries", OPT_NUMBER, struct fmount, keep_tries, "N", "but not after N deaths in a minute (10)"),
	OPT(0, "replace-stale", OPT_FLAG, struct fmount, replace_stale, "", "take the place of a dead or hung mount there"),
	OPT(0, "beneath", OPT_FLAG, struct fmount, beneath, "", "with --wait: mount below the mount that is there"),
	OPT(0, "reattach", OPT_MAYBE, struct fmount, reattach, "OLD", "put what is at MOUNTPOINT wherever a dead mount still is"),
	OPT(0, "dry-run", OPT_FLAG, struct fmount, dry_run, "", "with --reattach: only tell where that is"),
	OPT(0, "userns", OPT_FLAG, struct fmount, userns, "", "mount in a new user and mount namespace"),
	OPT(0, "check", OPT_FLAG, struct fmount, check, "", "report what mounting needs, and what is missing"),
	OPT(0, "json", OPT_FLAG, struct fmount, json, "", "with --check: print JSON"),
	OPT('a', "all", OPT_FLAG, struct fmount, all, "", "mount the FUSE entries of fstab (-t TYPES)"),
	OPT('O', "test-opts", OPT_STRING, struct fmount, option_filter, "LIST", "with -a: only entries with these options"),
	OPT('T', "fstab", OPT_STRING, struct fmount, fstab, "FILE", "another fstab"),
	OPT('B', "bind", OPT_FLAG, struct fmount, bind, "", "mount the directory SOURCE at MOUNTPOINT as well"),
	OPT('R', "rbind", OPT_FLAG, struct fmount, rbind, "", "same as -B, with the mounts below it"),
	OPT('M', "move", OPT_FLAG, struct fmount, move, "", "move the mount at SOURCE to MOUNTPOINT"),
	OPT(0, "idmap", OPT_STRING, struct fmount, idmap, "MAP", "bind with ids mapped: FROM:TO:COUNT, or a user namespace's file"),
	OPT(0, "make-shared", OPT_FLAG, struct fmount, propagation[0], "", ""),
	OPT(0, "make-slave", OPT_FLAG, struct fmount, propagation[1], "", ""),
	OPT(0, "make-private", OPT_FLAG, struct fmount, propagation[2], "", "set propagation: --make-[r]{shared,slave,private,unbindable}"),
	OPT(0, "make-unbindable", OPT_FLAG, struct fmount, propagation[3], "", ""),
	OPT(0, "make-rshared", OPT_FLAG, struct fmount, propagation[4], "", ""),
	OPT(0, "make-rslave", OPT_FLAG, struct fmount, propagation[5], "", ""),
	OPT(0, "make-rprivate", OPT_FLAG, struct fmount, propagation[6], "", ""),
	OPT(0, "make-runbindable", OPT_FLAG, struct fmount, propagation[7], "", ""),
	OPT_END
};

/* libfuse's name for --auto-unmount. */
static const char auto_unmount[] = "auto_unmount";

/* Ignore the options that only mount(8) interprets, so that -o takes the options of an fstab line. */
static bool skip_mount8_option(struct optlist *mount, char *option, const char **why)
{
	(void)mount;
	*why = mount_args_unmet(option);
	if (!*why)
		*why = optlist_label(option);
	return *why || optlist_is_for_mount(option) || strcmp(option, auto_unmount) == 0;
}

/* Collect the options of the mount; its default type and source are the program's name. 0, or 1 once
   the error is printed. */
static int mount_options(struct fmount *f, const char *program, struct optlist *mount)
{
	const char *bad, *why, *name = strrchr(program, '/');

	*mount = (struct optlist) { .flags = MOUNT_NOSUID | MOUNT_NODEV, .first = skip_mount8_option };
	why = optlist_parse(mount, f->list, &bad);
	if (why)
		return applet_refuse(bad, why == opt_unknown ? optlist_unknown(NULL, bad) : why);
	if (f->type)
		mount->subtype = mount_args_type(f->type);
	else if (!mount->subtype)
		mount->subtype = name ? name + 1 : program;
	if (f->source)
		mount->fsname = f->source;
	else if (!mount->fsname)
		mount->fsname = mount->subtype;
	return 0;
}

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

static int start(const struct fmount *f, struct mountpoint *at, int device, char **program)
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
static bool can_attach_later(const struct fmount *f)
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
	if (!can_attach_later(f)) {
		err = beneath_place(&beneath, &at);
		beneath_close(&beneath);
	}
	return err ? 1 : start(f, &at, device, program);
}

static int run(struct fmount *f, const char *where, char **program)
{
	static struct mountpoint at;
	struct optlist mount;
	int device = f->keep ? fmount_keep_stored(&at, where, f->relay) : -1, held;

	if (device >= 0)
		return start(f, &at, device, program);
	f->auto_unmount |= text_in_list(f->list, auto_unmount);
	if (make_point_or_report(where, f->list, &held) != 0 || mount_options(f, program ? program[0] : "fuse", &mount) != 0)
		return 1;
	if (f->fd_socket && (device = hand_out_prepare()) < 0)
		return msg_errno(1, f->fd_socket, device);
	if (f->replace_stale || f->beneath) {
		int status = run_beneath(f, held, where, &mount, program);

		if (status >= 0)
			return status;
	}
	device = mount_or_report(&at, held, where, &mount);
	if (device < 0)
		return 1;
	if (f->verbose)
		msg("%s: mounted, type fuse.%s", at.path, mount.subtype);
	return start(f, &at, device, program);
}

static int refuse_missing_part(const char *what)
{
	msg("%s: not in this build", what);
	return 1;
}

static bool is_for_program(const struct fmount *f)
{
	return f->keep || f->clones || f->wait || f->root_daemon || f->auto_unmount || f->launch.drop_caps || f->launch.no_new_privs;
}

static int run_like_mount(struct fmount *f, char **operands)
{
	if (is_for_program(f) || f->userns || f->replace_stale || f->beneath || f->launch.user)
		return applet_usage("the options of a program, such as --wait, take MOUNTPOINT -- PROGRAM");
	return fmount_like ? fmount_like(f, operands) : applet_usage("wanted: MOUNTPOINT -- PROGRAM ARGUMENTS");
}

static int fmount_main(char **argv)
{
	static struct fmount f;
	struct opt_rest rest;
	char **program;
	int how;

	f.collect = (struct opt_set) { append_options, &f };
	f.read_only = (struct opt_set) { append_read_only, &f };
	f.timeout = TIMEOUT_S;
	f.keep_tries = KEEP_TRIES;
	if (!applet_parse(options, &f, argv, &rest))
		return 1;
	program = rest.after && rest.after[0] ? rest.after : NULL;
	if (f.check)
		return fmount_check ? fmount_check(&f, rest.operands[0]) : refuse_missing_part("--check");
	if (f.reattach) {
		if (program || rest.count != 1 || !rest.operands[0])
			return applet_usage("--reattach: wanted: MOUNTPOINT");
		return fmount_reattach ? fmount_reattach(&f, rest.operands[0]) : refuse_missing_part("--reattach");
	}
	if (rest.after && !program && rest.count == 1 && !f.fd_socket)
		return applet_usage("wanted: a program after --");
	if (!program && !f.fd_socket)
		return run_like_mount(&f, rest.operands);
	if (rest.count != 1 || (program && f.fd_socket) || f.idmap)
		return applet_usage("wanted: MOUNTPOINT -- PROGRAM ARGUMENTS, or --fd-socket PATH MOUNTPOINT");
	if (f.fd_socket && is_for_program(&f))
		return applet_usage("--fd-socket: it starts no program, and takes no option of one");
	if (f.keep && !fmount_keep)
		return refuse_missing_part("--keep");
	how = f.keep && *f.keep ? opt_word("direct|relay", f.keep) : 0;
	if (how < 0)
		return applet_usage("--keep: wanted: direct or relay");
	f.relay = how == 1;
	if (f.clones && f.relay)
		return applet_usage("--keep=relay takes no --clones");
	if (f.beneath && (f.keep || !can_attach_later(&f) || f.userns || f.replace_stale))
		return applet_usage("--beneath takes --wait, without --keep, --auto-unmount, --user, --drop-caps, --userns and --replace-stale");
	if (f.userns && (fmount_userns ? fmount_userns() : refuse_missing_part("--userns")) != 0)
		return 1;
	return run(&f, rest.operands[0], program);
}

#define MORE "Examples:\n" \
	"  fmount mnt -- sshfs host: {}   mount, and run sshfs without fusermount3\n" \
	"  fmount --check                 whether a mount would work here\n" \
	"  fmount -t sshfs host: mnt      as mount(8) does, by mount.fuse3\n" \
	"Exit status: that of PROGRAM; 127: not found; 1: usage, or not mounted; 32, 64: as mount(8)\n"

APPLET(fmount, "fmount", "usr/bin", "[SOURCE] MOUNTPOINT | MOUNTPOINT -- PROGRAM [ARGUMENTS]",
       "mount, and run the program that serves ({}: the descriptor)", options, MORE)
