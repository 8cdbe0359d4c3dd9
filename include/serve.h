/* serve: what every applet that serves a file system shares: its options, the
 * mounting, going to the background, readiness, signals and the end. */
#ifndef FUSEBOX_SERVE_H
#define FUSEBOX_SERVE_H

#include <stdbool.h>

#include "fuse_fs.h"
#include "opt.h"
#include "optlist.h"

struct serve_args {
	bool foreground, background, debug, sandbox;
	int ready_fd, threads;
	struct opt_set options, transport;
	struct optlist mount;
};

/* The rows of an option table, for a struct that begins with a serve_args. */
#define SERVE_OPTIONS \
	OPT('f', "foreground", OPT_FLAG, struct serve_args, foreground, NULL, "stay in the foreground (the default)"), \
	OPT('b', "background", OPT_FLAG, struct serve_args, background, NULL, "go to the background once the mount answers"), \
	OPT('d', "debug", OPT_FLAG, struct serve_args, debug, NULL, "show each request and its reply"), \
	OPT('o', "options", OPT_CALL, struct serve_args, options, "LIST", "mount options, such as rw,fsname=NAME"), \
	OPT(0, "ready-fd", OPT_NUMBER, struct serve_args, ready_fd, "N", "write a newline to descriptor N once the mount answers"), \
	OPT(0, "threads", OPT_NUMBER, struct serve_args, threads, "N", "at most N threads"), \
	OPT(0, "transport", OPT_CALL, struct serve_args, transport, "HOW", "auto, dev (/dev/fuse) or uring (io_uring)"), \
	OPT(0, "sandbox", OPT_FLAG, struct serve_args, sandbox, NULL, "only the files and system calls that serving takes")

extern const struct opt serve_options[];

/* Mounts the file system at the mountpoint that argv names, or takes the
   descriptor /dev/fd/N that is already mounted, and serves it to its end.
   Returns the exit status: 0 after a clean end. */
int serve(char **argv, const struct fuse_ops *ops, void *fs);

/* The same with options of the file system's own beside SERVE_OPTIONS. */
int serve_with(char **argv, const struct opt *options, struct serve_args *args,
	       const struct fuse_ops *ops, void *fs);

/* The same for mount.NAME, as mount(8) calls it: in the background, and back when
   the mount answers. See mount_args.h. */
int serve_for_mount(char **argv, const struct fuse_ops *ops, void *fs);

/* The same for a server with options of its own: serve_words gets the words of its own
   command line. */
int serve_as_mount(char **argv, int (*serve_words)(char **argv));

#endif
