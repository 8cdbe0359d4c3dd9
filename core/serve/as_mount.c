/* SPDX-License-Identifier: MIT */
/* as_mount: serve as mount(8) calls a server: mount.NAME SOURCE MOUNTPOINT -o OPTIONS. */
#include "serve/serving.h"

#include <string.h>

#include "applet.h"
#include "launch/remount.h"
#include "mount_args.h"
#include "msg.h"

int serve_as_mount(char **argv, int (*serve_words)(char **argv))
{
	static struct mount_args args;
	char *words[8] = { argv[0] };
	size_t n = 1;

	if (mount_args_parse(argv, &args) != 0)
		return 1;
	if (args.fake)
		return 0;
	if (args.remount)
		return remount(args.mountpoint, args.options, false, true);
	if (args.setuid || args.drop_privileges)
		return applet_usage("setuid= and drop_privileges are for other servers: mount.fuse3 starts those");
	words[n++] = (char *)(args.verbose ? "-bv" : "-b");
	msg_applet += strlen("mount.");
	if (*args.options) {
		words[n++] = (char *)"-o";
		words[n++] = args.options;
	}
	words[n++] = (char *)"--";
	if (args.source)
		words[n++] = (char *)args.source;
	words[n] = (char *)args.mountpoint;
	return serve_words(words);
}

static int serve_self(char **argv)
{
	return serve(argv, serving.session.ops, serving.session.fs);
}

int serve_for_mount(char **argv, const struct fuse_ops *ops, void *fs)
{
	serving.session.ops = ops;
	serving.session.fs = fs;
	return serve_as_mount(argv, serve_self);
}
