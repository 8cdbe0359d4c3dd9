/* SPDX-License-Identifier: MIT */
/* serve: parse a server's command line, plan the session and the mount, and run. See serve.h. */
#include "serve/serving.h"

#include <string.h>

#include "applet.h"
#include "msg.h"
#include "serve/resume.h"
#include "sys.h"

const struct opt serve_options[] = { SERVE_OPTIONS, OPT_END };

/* Linux raises a shorter timeout to LEAST_TIMEOUT seconds; INIT's reply has 16 bits for it. */
enum { MOST_THREADS = 64, LEAST_TIMEOUT = 15, MOST_TIMEOUT = UINT16_MAX };

static const char *set_transport(void *to, char *value, const char **bad)
{
	int which = opt_word("auto|dev|uring", value);

	(void)bad;
	if (which < 0)
		return "not auto, dev or uring";
	*(enum fuse_transport *)to = (enum fuse_transport)which;
	return NULL;
}

/* fstab(5) has one field for options, so a server's own options may be in the list of mount
   options. */
static bool take_server_option(struct optlist *list, char *option, const char **why)
{
	const char *bad, *wrong;

	(void)list;
	*why = NULL;
	if (strcmp(option, "auto_unmount") == 0)
		return serving.args->auto_unmount = true;
	wrong = opt_named(serving.options, serving.args, option, &bad);
	*why = wrong == opt_unknown ? optlist_label(option) : wrong;
	return *why || wrong != opt_unknown || optlist_is_for_mount(option);
}

static const char *set_options(void *to, char *value, const char **bad)
{
	const char *wrong = optlist_parse(to, value, bad);

	return wrong == opt_unknown ? optlist_unknown(serving.options, *bad) : wrong;
}

static void set_defaults(const struct fuse_ops *ops)
{
	serving.args->ready_fd = serving.args->threads = -1;
	serving.args->options = (struct opt_set) { set_options, &serving.args->mount };
	serving.args->transport = (struct opt_set) { set_transport, &serving.session.transport };
	serving.args->mount = (struct optlist) {
		.flags = MOUNT_NOSUID | MOUNT_NODEV | (ops->immutable ? MOUNT_RDONLY : 0),
		.default_permissions = ops->immutable || ops->kernel_checks,
		.allow_other = sys_geteuid() == 0,
		.subtype = msg_applet,
		.first = take_server_option,
	};
}

int serve(char **argv, const struct fuse_ops *ops, void *fs)
{
	static struct serve_args args;

	return serve_with(argv, serve_options, &args, ops, fs);
}

/* Returns NULL, or what is wrong with the command line. */
static const char *plan_session(void)
{
	const struct fuse_ops *ops = serving.session.ops;
	enum fuse_transport *transport = &serving.session.transport;

	if (serving.args->single)	/* libfuse's -s */
		serving.args->threads = 1;
	if (serving.args->threads == 0 || serving.args->threads > MOST_THREADS)
		return "--threads: wanted 1 to 64";
	if (serving.args->ready_fd >= 0 && sys_fd_valid(serving.args->ready_fd) < 0)
		return "--ready-fd: not an open descriptor";
	if (serving.args->request_timeout
	    && (serving.args->request_timeout < LEAST_TIMEOUT || serving.args->request_timeout > MOST_TIMEOUT))
		return "--request-timeout: wanted 15 to 65535 seconds";
	serving.session.request_timeout = (uint16_t)serving.args->request_timeout;
	serving.args->threads *= serving.args->threads > 0;
	serving.session.threads = (uint32_t)serving.args->threads;
	/* seccomp does not filter io_uring operations. */
	if (serving.args->sandbox && *transport == FUSE_TRANSPORT_URING)
		return "--sandbox needs --transport=dev";
	/* An io_uring cannot deliver SIGCONT on input. */
	if (serving.args->sandbox || (serving.below_all && *transport == FUSE_TRANSPORT_AUTO))
		*transport = FUSE_TRANSPORT_DEV;
	return ops->settle ? ops->settle(serving.session.fs, &serving.session) : NULL;
}

static void plan_mount(const char *source)
{
	struct optlist *mount = &serving.args->mount;

	/* Without allow_other only the server's own user has access, and the permissions of the
	   server decide. */
	if (serving.session.ops->kernel_checks && !mount->allow_other)
		mount->default_permissions = false;
	if (!mount->fsname)
		mount->fsname = source ? source : msg_applet;
}

/* SOURCE is the first of two operands. Returns 0, or the exit status after a message. */
static int plan_operands(char **operands, const char **source, const char **where)
{
	int count = 0;

	while (count < 3 && operands[count])
		count++;
	if (count < 1)
		return applet_usage("no mountpoint is given");
	if (count > 2)
		return applet_usage("too many operands");
	*source = count == 2 ? operands[0] : NULL;
	*where = operands[count - 1];
	return 0;
}

static int prepare(const char *source)
{
	const struct fuse_ops *ops = serving.session.ops;
	int err = ops->prepare ? ops->prepare(serving.session.fs, source) : 0;

	if (!err)
		return 0;
	return source ? msg_errno(1, source, err) : applet_usage("no source is given");
}

static int plan(char **operands, const char **where)
{
	const char *source = NULL, *wrong = plan_session();
	int status = wrong ? applet_usage(wrong) : plan_operands(operands, &source, where);

	if (!status && serving_is_device(*where) && serving_take_device(*where) >= 0)
		status = resume_adopt(&serving.session);
	if (status)
		return status;
	serving.args->background &= !serving.session.kept;	/* the keeper waits for this very process */
	status = prepare(source);
	plan_mount(source);
	return status;
}

int serve_with(char **argv, const struct opt *options, struct serve_args *args,
	       const struct fuse_ops *ops, void *fs)
{
	struct opt_rest rest;
	const char *where = NULL;
	int status;

	serving.session.ops = ops;
	serving.session.fs = fs;
	serving.args = args;
	serving.options = options;
	serving.below_all = *argv[0] == '@';
	set_defaults(ops);
	if (!applet_parse(options, args, argv, &rest))
		return 1;
	args->background |= !args->foreground && background_is_wanted();
	status = plan(rest.operands, &where);
	if (status)
		return status;
	if (args->background && (status = background_fork()) >= 0)
		return status;
	return run(where);
}
