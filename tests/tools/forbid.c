/* forbid ERRNO CALL[-][,CALL...] PROGRAM...: runs PROGRAM with these system calls, by
   number, failing with ERRNO, as a container's seccomp filter has them. "424-" is that
   one and all that came later. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sock_filter filter[64];
	unsigned short n = 0;
	struct sock_fprog program = { .filter = filter };

	if (argc < 4)
		return 2;
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (char *at = argv[2]; *at && n < 60; at += *at == ',') {
		unsigned int number = (unsigned int)strtoul(at, &at, 10);
		unsigned short test = *at == '-' ? BPF_JGE : BPF_JEQ;

		at += *at == '-';
		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, number, 0, 1);
		filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
			SECCOMP_RET_ERRNO | ((unsigned int)atoi(argv[1]) & SECCOMP_RET_DATA));
	}
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return perror("forbid"), 2;
	execvp(argv[3], argv + 3);
	return 127;
}
