/* serve: what every applet that serves a file system shares: its options, the
 * mounting, going to the background, readiness, signals and the end. */
#ifndef FUSEBOX_SERVE_H
#define FUSEBOX_SERVE_H

#include "fuse_fs.h"
#include "opt.h"

extern const struct opt serve_options[];

/* Mounts the file system at the mountpoint that argv names, or takes the
   descriptor /dev/fd/N that is already mounted, and serves it to its end.
   Returns the exit status: 0 after a clean end. */
int serve(char **argv, const struct fuse_ops *ops, void *fs);

/* The same for mount.NAME, as mount(8) calls it: in the background, and back when
   the mount answers. See mountargs.h. */
int serve_for_mount(char **argv, const struct fuse_ops *ops, void *fs);

#endif
