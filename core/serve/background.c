/* SPDX-License-Identifier: MIT */
/* background: -b. The parent waits until the mount answers, so that its caller need not. */
#include "serve/serving.h"

#include <string.h>

#include "applet.h"
#include "cli/env.h"
#include "msg.h"
#include "sys.h"

/* Runs in the parent: waits until the server is ready or dead. Returns the exit status. */
static int wait_until_ready(int child)
{
	unsigned char code = 0;	/* errno of a failed sandbox */
	int status;

	sys_close(serving.ready[1]);
	if (sys_read_all(serving.ready[0], &code, 1) == 1 && !code)
		return 0;
	if (code)
		sandbox_report(-code);
	if (sys_wait(child, &status) < 0 || sys_exit_signal(status))
		return 1;
	return sys_exit_code(status);
}

int background_fork(void)
{
	int child, err = sys_pipe(serving.ready);

	child = err ? err : sys_fork();
	if (child < 0)
		return msg_errno(1, "fork", child);
	if (child > 0)
		return wait_until_ready(child);
	sys_close(serving.ready[0]);
	sys_setsid();
	return -1;
}

void background_ready(void)
{
	sys_write_all(serving.ready[1], "", 1);
	sys_close(serving.ready[1]);
}

/* mount.fuse3 and fmount -t say so. With -o debug the server stays in the foreground, where its messages are seen. */
static bool is_asked_for(void)
{
	const char *pid = env_take("FUSEBOX_BACKGROUND");

	return pid && text_number(pid) == (uint64_t)sys_getpid();
}

/* BusyBox's mount starts the server of TYPE#SOURCE itself and waits until it exits, because
   libfuse servers go to the background by default. */
static bool is_parent_mount(void)
{
	char path[32], words[256] = "";
	const char *name;

	text_fmt(path, sizeof(path), "/proc/%d/cmdline", sys_getppid());
	if (sys_read_file(path, words, sizeof(words)) <= 0)
		return false;
	name = applet_name(words);
	if (strcmp(name, "busybox") == 0 && words + sizeof(words) > strchr(name, '\0') + 1)
		name = applet_name(strchr(name, '\0') + 1);
	return strcmp(name, "mount") == 0;
}

bool background_is_wanted(void)
{
	return (is_asked_for() && !serving.args->debug) || is_parent_mount();
}
