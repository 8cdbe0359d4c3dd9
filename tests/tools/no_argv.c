/* SPDX-License-Identifier: MIT */
/* no_argv PROGRAM: executes PROGRAM with an empty argv. */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *nothing[] = { NULL };

	return argc < 2 || execv(argv[1], nothing) < 0 ? perror("no_argv"), 127 : 0;
}
