/* SPDX-License-Identifier: MIT */
/* cost COMMAND...: runs COMMAND with its output discarded, and prints how many nanoseconds it
   took and its peak memory in KiB. Exits with COMMAND's status. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"

int main(int argc, char **argv)
{
	unsigned long long began = now();
	struct rusage usage;
	pid_t child = argc > 1 ? vfork() : -1;
	int status;

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return 2;
	printf("%llu %ld\n", now() - began, usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
