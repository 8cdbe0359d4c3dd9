/* SPDX-License-Identifier: MIT */
/* hold_thread cwd|file PATH: a single thread holds PATH, by a working directory or a descriptor
   table of its own. Prints "held". */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char **words;

static void *hold(void *data)
{
	int err = *words[1] == 'c' ? unshare(CLONE_FS) || chdir(words[2])
				   : unshare(CLONE_FILES) || open(words[2], O_RDONLY | O_CLOEXEC) < 0;

	if (err)
		exit(1);
	puts("held");
	fflush(stdout);
	pause();
	return data;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	words = argv;
	if (argc != 3 || pthread_create(&thread, NULL, hold, NULL))
		return 1;
	pause();
	return 0;
}
