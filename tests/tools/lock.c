/* SPDX-License-Identifier: MIT */
/* lock FILE r|w START LENGTH [wait]: takes a POSIX lock, prints "got" or the error, and holds it
   until its standard input ends. lock FILE ? START LENGTH: prints the conflicting lock. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct flock l = { .l_whence = SEEK_SET };
	int fd, how;
	char c;

	if (argc < 5 || (fd = open(argv[1], *argv[2] == 'r' ? O_RDONLY : O_RDWR)) < 0)
		return perror("lock"), 2;
	l.l_type = *argv[2] == 'r' ? F_RDLCK : F_WRLCK;
	l.l_start = atoll(argv[3]);
	l.l_len = atoll(argv[4]);
	how = *argv[2] == '?' ? F_GETLK : argc > 5 ? F_SETLKW : F_SETLK;
	if (fcntl(fd, how, &l) < 0)
		return puts(strerror(errno)), 1;
	if (how == F_GETLK) {
		printf("%s %lld %lld %d\n", l.l_type == F_UNLCK ? "free" : l.l_type == F_RDLCK ? "read" : "write",
		       (long long)l.l_start, (long long)l.l_len, (int)l.l_pid);
		return 0;
	}
	puts("got");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
