/* fmount: mount, and hand the descriptor to the program that serves. */
#include <errno.h>
#include <string.h>

#include "applet.h"
#include "env.h"
#include "mount.h"
#include "msg.h"
#include "out.h"
#include "sys.h"
#include "umount.h"

extern char **environ;

struct args { struct opt_set options; struct optlist mount; const char *type, *source; };

static const struct opt options[] = {
	OPT('o', "options", OPT_CALL, struct args, options, "LIST", "mount options, such as ro,allow_other"),
	OPT('t', "type", OPT_STRING, struct args, type, "SUBTYPE", "the type in the mount table: fuse.SUBTYPE"),
	OPT('s', "source", OPT_STRING, struct args, source, "SOURCE", "the source in the mount table"),
	OPT_END
};

static const char *basename_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Puts /dev/fd/N in place of each {}, or behind the last argument. */
static void place(char **argv, char *fd_path)
{
	bool placed = false;
	char **word = argv;

	for (; *word; word++) {
		if (strcmp(*word, "{}") == 0) {
			*word = fd_path;
			placed = true;
		}
	}
	if (!placed) {
		word[0] = fd_path;
		word[1] = NULL;
	}
}

static int run(char **program, int device)
{
	char path[4096], fd_path[32];
	struct out out = OUT_TEXT(fd_path);
	int err = 0;
	const char *file = program[0];

	if (!strchr(file, '/')) {
		err = env_find(file, false, path, sizeof(path));
		file = path;
	}
	if (err)
		return err;
	out_fmt(&out, "/dev/fd/%d", device);
	out_text(&out);
	place(program, fd_path);
	sys_set_cloexec(device, false);
	return sys_exec(file, program, environ);
}

static int mount_and_run(const struct args *args, const char *where, char **program)
{
	static struct mountpoint at;
	char text[1024];
	struct out why = OUT_TEXT(text);
	int device = mount_pin(&at, where, &why), err;

	if (device == 0)
		device = mount_fuse(&at, &args->mount, &why);
	if (device < 0) {
		msg("%s", out_text(&why));
		return 1;
	}
	err = run(program, device);
	if (umount_known(at.path, &at.mounted, UMOUNT_LAZY) == -EPERM)
		commfd_unmount(at.path, true);
	return msg_errno(err == -ENOENT ? 127 : 126, program[0], err);
}

static int fmount_main(char **argv)
{
	static char *program[4096];
	struct args args = { .options = { optlist_option, &args.mount },
			     .mount = { .flags = MOUNT_NOSUID | MOUNT_NODEV } };
	struct opt_rest rest;
	size_t n = 0;

	if (!applet_parse(options, &args, argv, &rest))
		return 1;
	if (rest.count != 1 || !rest.after || !rest.after[0])
		return applet_usage("wanted: MOUNTPOINT -- PROGRAM ARGUMENTS");
	for (; rest.after[n]; n++) {
		if (n + 3 > sizeof(program) / sizeof(*program))
			return applet_usage("too many arguments");
		program[n] = rest.after[n];
	}
	args.mount.subtype = args.type ? args.type :
			     args.mount.subtype ? args.mount.subtype : basename_of(program[0]);
	if (args.source)
		args.mount.fsname = args.source;
	if (!args.mount.fsname)
		args.mount.fsname = args.mount.subtype;
	return mount_and_run(&args, rest.operands[0], program);
}

APPLET(fmount, "fmount", "usr/bin", "MOUNTPOINT -- PROGRAM [ARGUMENTS]",
       "mount, and run the program that serves ({}: the descriptor)", options)
