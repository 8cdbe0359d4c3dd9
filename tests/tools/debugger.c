/* SPDX-License-Identifier: MIT */
/* debugger [-r] PID: trace each thread of a process as a debugger does, and leave them stopped, or running
   with -r. Prints "ready" then, and lets go of them at the end of its input. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int attach(pid_t thread, int run)
{
	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL))
		return -1;
	if (run)
		return 0;
	return ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) || waitpid(thread, NULL, __WALL) != thread ? -1 : 0;
}

int main(int argc, char **argv)
{
	int run = argc > 1 && strcmp(argv[1], "-r") == 0;
	char path[64], c;
	struct dirent *entry;
	DIR *threads;

	if (argc != 2 + run)
		return 2;
	snprintf(path, sizeof(path), "/proc/%d/task", atoi(argv[1 + run]));
	threads = opendir(path);
	while (threads && (entry = readdir(threads)))
		if (*entry->d_name != '.' && attach(atoi(entry->d_name), run))
			return perror(entry->d_name), 1;
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
