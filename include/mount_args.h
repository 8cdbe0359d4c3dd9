/* SPDX-License-Identifier: MIT */
/* mount_args: parse the command line with which mount(8), of util-linux or BusyBox, calls a helper:
 *
 *	mount.TYPE SOURCE MOUNTPOINT [-sfnv] [-t TYPE] [-o OPTIONS]
 */
#ifndef FUSEBOX_MOUNT_ARGS_H
#define FUSEBOX_MOUNT_ARGS_H

#include <stdbool.h>

#include "opt.h"

struct mount_args {
	const char *source;		/* NULL: not given */
	const char *mountpoint;
	const char *type;		/* from -t, without "fuse." or "fuseblk."; NULL: no -t */
	bool verbose;			/* -v */
	bool fake;			/* -f: do everything except mounting */
	/* From -o, the options for the server, without those that only mount(8) understands. */
	char options[4096];
	const char *setuid;		/* setuid=USER; NULL: not given */
	bool drop_privileges, nodev, nosuid;
	bool remount;			/* remount: do not start a server */
	int held;			/* a descriptor open on mountpoint; -1: none */
	bool alone;			/* mount(8) has not processed the options: add those that "user" implies */
};

/* The last argument of APPLET() for mount.NAME. */
#define MOUNT_MORE(what) "Example: mount -t fuse." what " mnt\nExit status: 0: mounted; 1: not\n"

/* The options, for --help. */
extern const struct opt mount_args_options[];

/* Parses argv, which it changes, and keeps pointers into it. Returns 0, or 1 after it has
   reported a mistake. */
int mount_args_parse(char **argv, struct mount_args *args);

/* Returns why a mount with an X-mount.* option must not be made, or NULL: without idmap= it would have other owners,
   without subdir= it would show more. Reports others that only mount(8) implements, and that are left out. */
const char *mount_args_unmet(const char *option);

/* Adds a list of options in the same way as -o; it changes the list and keeps pointers
   into it. Its type is that of opt_set.call. */
const char *mount_args_take(void *args, char *list, const char **bad);

/* Runs the server of args->type (NULL: of TYPE#SOURCE in args->source), and waits until
   the mount answers. Returns the exit status. */
int mount_args_serve(struct mount_args *args);

/* Skips "fuse." or "fuseblk." at the beginning of a type: "sshfs" for "fuse.sshfs". */
const char *mount_args_type(const char *type);

/* Adds an option to args->options. Returns 0, or 1 after it has reported that there is
   no room. */
int mount_args_add(struct mount_args *args, const char *option);

#endif
