/* SPDX-License-Identifier: MIT */
/* command: see command.h. */
#include "command.h"

#include <errno.h>
#include <string.h>

#include "msg.h"
#include "out.h"
#include "sys.h"

char **command_place(char **program, int device)
{
	static char path[32];
	size_t n = 0;
	bool placed = false;
	char **argv;

	while (program[n])
		n++;
	argv = sys_pages((n + 2) * sizeof(*argv));
	if (!argv) {
		msg_errno(1, program[0], -ENOMEM);
		return NULL;
	}
	text_fmt(path, sizeof(path), "/dev/fd/%d", device);
	for (size_t i = 0; i < n; i++) {
		bool here = strcmp(program[i], "{}") == 0;

		argv[i] = here ? path : program[i];
		placed |= here;
	}
	if (!placed)
		argv[n] = path;
	sys_set_cloexec(device, false);
	return argv;
}

int command_exec(const struct fmount *f, char **argv)
{
	const char *file = argv[0];

	return fmount_start_options && fmount_become(f, argv) != 0 ? 1 : launch_exec(file, argv);
}

int command_serve(const struct fmount *f, const struct mountpoint *at, int device, char **argv)
{
	return f->keep ? fmount_keep(f, at, device, argv, command_exec) : command_exec(f, argv);
}

int command_report_end(const char *program, int status)
{
	if (status == LAUNCH_NOT_EXECUTABLE || status == LAUNCH_NOT_FOUND)
		return status;	/* The child has told why. */
	if (status > 128)
		msg("%s: ended by signal %d before it answered", program, status - 128);
	else
		msg("%s: exited with status %d before it answered", program, status > 0 ? status : 0);
	return 1;
}
