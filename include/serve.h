/* SPDX-License-Identifier: MIT */
/* serve: the part that all applets that serve a file system share: options, mounting, the
 * background process, readiness, signals and unmounting. */
#ifndef FUSEBOX_SERVE_H
#define FUSEBOX_SERVE_H

#include <stdbool.h>

#include "fuse_fs.h"
#include "opt.h"
#include "optlist.h"

struct serve_args {
	bool foreground, background, debug, sandbox, verbose, single, auto_unmount, replace_stale;
	int ready_fd, threads, request_timeout;
	struct opt_set options, transport;
	struct optlist mount;
};

/* Rows for an option table whose struct begins with a struct serve_args. */
#define SERVE_OPTIONS \
	OPT('f', "foreground", OPT_FLAG, struct serve_args, foreground, "", "stay in the foreground (the default)"), \
	OPT('b', "background", OPT_FLAG, struct serve_args, background, "", "go to the background once the mount answers"), \
	OPT('v', "verbose", OPT_FLAG, struct serve_args, verbose, "", "with -b: report what is mounted"), \
	OPT('s', "", OPT_FLAG, struct serve_args, single, "", ""), \
	OPT('d', "debug", OPT_FLAG, struct serve_args, debug, "", "show each request and its reply"), \
	OPT('o', "options", OPT_CALL, struct serve_args, options, "LIST", "mount options, such as rw,fsname=NAME"), \
	OPT(0, "ready-fd", OPT_NUMBER, struct serve_args, ready_fd, "N", "write a newline to descriptor N once the mount answers"), \
	OPT(0, "replace-stale", OPT_FLAG, struct serve_args, replace_stale, "", "unmount a dead or hung mount that is there"), \
	OPT(0, "threads", OPT_NUMBER, struct serve_args, threads, "N", "at most N threads"), \
	OPT(0, "transport", OPT_CALL, struct serve_args, transport, "HOW", "auto, dev (/dev/fuse) or uring (io_uring)"), \
	OPT(0, "request-timeout", OPT_NUMBER, struct serve_args, request_timeout, "SECONDS", "the kernel aborts the connection if an answer takes longer"), \
	OPT(0, "sandbox", OPT_FLAG, struct serve_args, sandbox, "", "allow only the files and system calls that serving needs")

/* The last argument of APPLET() for a server. */
#define SERVE_MORE(example) "Example: " example "\nExit status: 0: unmounted; 1: usage, or it failed\n"

extern const struct opt serve_options[];

/* Mounts the file system at the mountpoint in argv, or uses the descriptor of a file system that
   is already mounted (/dev/fd/N), and serves it until it is unmounted. The caller keeps ops
   and fs, which is passed on to the operations (fuse_fs()). Reports errors on stderr and returns
   the exit status: 0 after a clean unmount. */
int serve(char **argv, const struct fuse_ops *ops, void *fs);

/* The same for a file system with its own options: `options` contains SERVE_OPTIONS, and args holds
   the defaults. */
int serve_with(char **argv, const struct opt *options, struct serve_args *args,
	       const struct fuse_ops *ops, void *fs);

/* The same for mount.NAME, as mount(8) calls it: the server runs in the background, and the
   function returns once the mount answers. See mount_args.h. */
int serve_for_mount(char **argv, const struct fuse_ops *ops, void *fs);

/* The same for a server with its own options: calls serve_words with the command line that the
   server would have without mount(8). */
int serve_as_mount(char **argv, int (*serve_words)(char **argv));

#endif
