/* mountargs: how mount(8) calls a helper, that of util-linux and that of BusyBox:
 *
 *	mount.TYPE SOURCE MOUNTPOINT [-sfnv] [-t TYPE] [-o OPTIONS]
 */
#ifndef FUSEBOX_MOUNT_ARGS_H
#define FUSEBOX_MOUNT_ARGS_H

#include <stdbool.h>

#include "opt.h"

struct mountargs {
	const char *source;		/* NULL: none was given */
	const char *mountpoint;
	const char *type;		/* of -t, without "fuse." or "fuseblk."; NULL: no -t */
	bool fake;			/* -f: do all but mount */
	/* Of -o, what the server is to see: not what mount(8) alone understands. */
	char options[4096];
	const char *setuid;		/* setuid=USER; NULL: not given */
	bool drop_privileges, nodev, nosuid;
	bool remount;			/* no server is wanted */
	bool alone;			/* no mount(8) has read the options: what "user" implies is still to come */
};

/* What --help shows. */
extern const struct opt mountargs_options[];

/* Reads argv, which it changes; what is kept points into it. Returns 0, or 1
   when it was said what is wrong. */
int mountargs_parse(char **argv, struct mountargs *args);

/* Adds a list of options, which it changes and keeps pointers into, as those of
   -o are. The same as the call of an opt_set. */
const char *mountargs_take(void *args, char *list, const char **bad);

/* Runs the server of args->type (NULL: of TYPE#SOURCE in args->source), and
   returns when the mount answers: the exit status. */
int mountargs_serve(struct mountargs *args);

/* "fuse.sshfs": "sshfs". */
const char *mountargs_type(const char *type);

/* Adds an option to args->options. Returns 0, or 1 when it was said that there
   are too many. */
int mountargs_add(struct mountargs *args, const char *option);

#endif
