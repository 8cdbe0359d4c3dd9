/* SPDX-License-Identifier: MIT */
/* modes: which options exclude each other, and the choice between -a, --wake, -N, --json and unmounting each target. */
#include <errno.h>

#include "applet.h"
#include "fumount.h"
#include "msg.h"
#include "wait_holders.h"
#include "wake.h"

static const char *find_contradiction(const struct fumount *f, char **operands)
{
	if (f->lazy + f->force * !f->recover + f->abort + f->recover > 1)
		return "-l, -f, -R and --abort exclude each other";
	if ((f->kill || f->wait >= 0) && f->lazy + f->force + f->abort + f->recover)
		return "-w and -k exclude -l, -f, -R and --abort";
	if (f->kill && f->all)
		return "-k excludes -a";
	if (f->kill && wait_holders_signal_number(f->kill) < 0)
		return "-k: no such signal";
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
	return f->all || *operands ? fumount_wake_contradiction ? fumount_wake_contradiction(f) : NULL
				   : "no mountpoint is given";
}

static int run_word(const struct fumount *f, const struct report *to)
{
	if (f->wake)
		return fumount_wake(f, to, f->all ? NULL : to->object);
	if (f->all)
		return fumount_all(f, to);
	return f->recover ? fumount_recover(f, to, to->object) : fumount_target(f, to);
}

/* Each target is one JSON object: {"target":…,"events":[…],"status":0}. */
static int run_reported(const struct fumount *f, const struct report *to)
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

/* -a, or each target; with --json in one array. */
static int run(struct fumount *f, char **operands)
{
	char text[4096];
	struct out out = OUT_FD(text, 1);
	struct json json = { .out = &out };
	struct report to = { .object = "-a", .json = f->json ? &json : NULL, .quiet = f->quiet };
	int status;

	if (f->json)
		json_open(&json, NULL, '[');
	status = f->all ? run_reported(f, &to) : fumount_each(f, &to, operands, run_reported);
	if (f->json) {
		json_close(&json, ']');
		out_char(&out, '\n');
		if (msg_flush(&out))
			return FUMOUNT_SYSTEM;
	}
	return status;
}

int fumount_run(struct fumount *f, char **operands)
{
	int err = f->namespace ? fumount_enter(f, f->namespace) : 0;

	if (!err)
		return run(f, operands);
	msg("%s: %s", f->namespace, err == -EINVAL ? "not a mount namespace" : msg_reason(err));
	return FUMOUNT_FAILED;
}

int fumount_modes(struct fumount *f, char **operands)
{
	const char *why = find_contradiction(f, operands);

	return why ? applet_usage(why) : fumount_run(f, operands);
}

const char fumount_summary[56] = "unmount, and name the processes that hold the mount";
const char fumount_more[] =
	"TARGET: a mountpoint, conn:N, mnt-id:N, or the source of a mount\n\n"
	"Examples:\n"
	"  fumount -R mnt           clear a dead or hung mount\n"
	"  fumount -k -w 5 mnt      end the processes that hold it, then unmount\n"
	"Exit status: 0: unmounted; 1: usage, or no permission; 2: system error;\n"
	"  32: not unmounted; 64: some of the targets were\n";
