/* SPDX-License-Identifier: MIT */
/* fumount: unmount FUSE file systems, and report the processes that hold them. */
#include <errno.h>

#include "applet.h"
#include "fumount.h"
#include "msg.h"
#include "wait_holders.h"
#include "wake.h"

static const struct opt options[] = {
	OPT('l', "lazy", OPT_FLAG, struct fumount, lazy, "", "detach now; processes that hold it go on"),
	OPT('f', "force", OPT_FLAG, struct fumount, force, "", "abort the connection, so that requests fail; then unmount"),
	OPT('R', "recover", OPT_FLAG, struct fumount, recover, "", "clear a dead or hung mount, all its layers and binds"),
	OPT(0, "abort", OPT_FLAG, struct fumount, abort, "", "abort the connection, and keep the mount"),
	OPT(0, "wake", OPT_MAYBE, struct fumount, wake, "ERRNO", "end what waits with an error; mount and server stay"),
	OPT(0, "older", OPT_NUMBER, struct fumount, older, "SECONDS", "--wake: only what has waited for so long"),
	OPT(0, "pid", OPT_STRING, struct fumount, pid, "PID", "--wake: only this process"),
	OPT(0, "node", OPT_STRING, struct fumount, node, "N", "--wake: only requests for this node"),
	OPT(0, "dry-run", OPT_FLAG, struct fumount, dry_run, "", "--wake, -R: tell what would be done; do nothing"),
	OPT('a', "all", OPT_FLAG, struct fumount, all, "", "all FUSE mounts"),
	OPT('t', "types", OPT_STRING, struct fumount, types, "TYPES", "only these types: fuse.a,fuse.b; nofuse.a: all others"),
	OPT('O', "test-opts", OPT_STRING, struct fumount, options, "OPTS", "with -a: only mounts with these options"),
	OPT('w', "wait", OPT_NUMBER, struct fumount, wait, "SECONDS", "wait until no process holds it"),
	OPT('k', "kill", OPT_MAYBE, struct fumount, kill, "SIGNAL", "signal the processes that hold it first (TERM)"),
	OPT('N', "namespace", OPT_STRING, struct fumount, namespace, "NS", "in the mount namespace of a process, or at a path"),
	OPT('i', "", OPT_FLAG, struct fumount, any, "", "also unmount what is not FUSE"),
	OPT('q', "quiet", OPT_FLAG, struct fumount, quiet, "", "print nothing; the exit status tells"),
	OPT('v', "verbose", OPT_FLAG, struct fumount, verbose, "", "report what was done"),
	OPT(0, "json", OPT_FLAG, struct fumount, json, "", "print JSON"),
	OPT('r', "read-only", OPT_FLAG, struct fumount, read_only, "", "if it is busy, make it read-only"),
	OPT('n', "", OPT_FLAG, struct fumount, ignored, "", ""),
	OPT('z', "", OPT_FLAG, struct fumount, lazy, "", "same as -l, as in fusermount3"),
	OPT('u', "", OPT_FLAG, struct fumount, ignored, "", ""),
	OPT_END
};

/* ---- The command line ---- */

static const char *find_contradiction(const struct fumount *f, char **operands)
{
	if (f->lazy + f->force * !f->recover + f->abort + f->recover > 1)
		return "-l, -f, -R and --abort exclude each other";
	if ((f->kill || f->wait >= 0) && f->lazy + f->force + f->abort + f->recover)
		return "-w and -k exclude -l, -f, -R and --abort";
	if (f->kill && f->all)
		return "-k excludes -a";
	if ((f->kill || f->wait >= 0) && !wait_holders)
		return "this build has no -k and -w";
	if (f->kill && wait_holders_signal_number(f->kill) < 0)
		return "-k: no such signal";
	if ((f->recover && !fumount_recover) || (f->all && !fumount_all))
		return "this build has no -a and -R";
	if (f->all && *operands)
		return "-a takes no target";
	if (f->all && f->abort)
		return "-a excludes --abort";
	if (f->types && f->recover && !f->all)
		return "-t with -R needs -a";
	if (f->options && !f->all)
		return "-O needs -a";
	if (f->read_only && f->lazy + f->force + f->abort + f->recover)
		return "-r excludes -l, -f, -R and --abort";
	if (f->wake && (f->lazy + f->recover + f->abort + f->read_only || f->kill || f->wait >= 0 || f->options))
		return "--wake excludes -l, -R, -r, -k, -w, -O and --abort";
	if (f->dry_run && !f->wake && !f->recover)
		return "--dry-run goes with --wake and -R";
	if (f->wake && !fumount_wake)
		return "this build has no --wake";
	return f->all || *operands ? fumount_wake_contradiction ? fumount_wake_contradiction(f) : NULL
				   : "no mountpoint is given";
}

static int run_word(const struct fumount *f, const struct report *to)
{
	if (f->wake)
		return fumount_wake(f, to, f->all ? NULL : to->object);
	return f->all ? fumount_all(f, to) : fumount_target(f, to);
}

/* Each target is one JSON object: {"target":…,"events":[…],"status":0}. */
static int run_reported(const struct fumount *f, struct report *to)
{
	int status;

	if (!to->json)
		return run_word(f, to);
	json_open(to->json, NULL, '{');
	json_text(to->json, "target", to->object);
	json_open(to->json, "events", '[');
	status = run_word(f, to);
	json_close(to->json, ']');
	json_number(to->json, "status", status);
	json_close(to->json, '}');
	return status;
}

static int run(struct fumount *f, char **operands)
{
	char text[4096];
	struct out out = OUT_FD(text, 1);
	struct json json = { .out = &out };
	struct report to = { .object = "-a", .json = f->json ? &json : NULL, .quiet = f->quiet };
	struct fumount_tally tally = { 0, 0, 0 };
	int status = FUMOUNT_OK;

	if (f->json)
		json_open(&json, NULL, '[');
	if (f->all)
		status = run_reported(f, &to);
	for (; !f->all && *operands; operands++) {
		to.object = *operands;
		f->settling = tally.good > 0;
		fumount_count(&tally, run_reported(f, &to));
	}
	if (!f->all)
		status = fumount_total(&tally);
	if (f->json) {
		json_close(&json, ']');
		out_char(&out, '\n');
		if (msg_flush(&out))
			return FUMOUNT_SYSTEM;
	}
	return status;
}

/* -N: run in that mount namespace. */
static int enter_and_run(struct fumount *f, char **operands)
{
	int err = f->namespace ? fumount_enter(f, f->namespace) : 0;

	if (!err)
		return run(f, operands);
	msg("%s: %s", f->namespace, err == -EINVAL ? "not a mount namespace" : msg_reason(err));
	return FUMOUNT_FAILED;
}

static int fumount_main(char **argv)
{
	struct fumount f = { .wait = -1, .older = -1 };
	struct opt_rest rest;
	const char *why;

	if (!applet_parse(options, &f, argv, &rest))
		return FUMOUNT_USAGE;
	why = find_contradiction(&f, rest.operands);
	if (why)
		return applet_usage(why);
	return enter_and_run(&f, rest.operands);
}

#define MORE "TARGET: a mountpoint, conn:N, mnt-id:N, or the source of a mount\n\n" \
	"Examples:\n" \
	"  fumount -R mnt           clear a dead or hung mount\n" \
	"  fumount -k -w 5 mnt      end the processes that hold it, then unmount\n" \
	"Exit status: 0: unmounted; 1: usage, or no permission; 2: system error;\n" \
	"  32: not unmounted; 64: some of the targets were\n"

APPLET(fumount, "fumount", "usr/bin", "TARGET...", "unmount, and name the processes that hold the mount", options, MORE)

/* The options that umount(8) passes to its helpers; those without a meaning here are ignored. */
static const struct opt helper_options[] = {
	OPT('f', "", OPT_FLAG, struct fumount, force, "", "abort the connection"),
	OPT('l', "", OPT_FLAG, struct fumount, lazy, "", "detach now"),
	OPT('n', "", OPT_FLAG, struct fumount, ignored, "", ""),
	OPT('r', "", OPT_FLAG, struct fumount, read_only, "", "if it is busy, make it read-only"),
	OPT('v', "", OPT_FLAG, struct fumount, verbose, "", "report what was done"),
	OPT('t', "", OPT_STRING, struct fumount, options, "TYPE", "ignored: any FUSE type will do"),
	OPT('N', "", OPT_STRING, struct fumount, namespace, "NS", "the mount namespace, a path or a process"),
	OPT_END
};

static int umount_fuse_main(char **argv)
{
	struct fumount f = { .wait = -1, .older = -1 };
	struct opt_rest rest;

	if (!applet_parse(helper_options, &f, argv, &rest))
		return FUMOUNT_USAGE;
	if (!rest.operands[0] || rest.operands[1])
		return applet_usage("wanted: one mountpoint");
	return enter_and_run(&f, rest.operands);
}

APPLET(umount_fuse, "umount.fuse", "sbin", "MOUNTPOINT", "unmount, as umount(8) calls it",
       helper_options, "Example: umount -t fuse.sshfs mnt\nExit status: as fumount\n")
