/* SPDX-License-Identifier: MIT */
/* forbid ERRNO CALL[-][,CALL...] PROGRAM...: runs PROGRAM with a seccomp filter, as a container's, in
   which these system calls, given by number, fail with ERRNO. "424-" is call 424 and all later ones;
   "429:4:512" fails if argument 4, counted from 0, has one of the bits 512 (little-endian only). */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct sock_filter load_number = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO);
	struct sock_filter filter[64];
	unsigned short n = 0;
	struct sock_fprog program = { .filter = filter };

	if (argc < 4)
		return 2;
	refuse.k |= (unsigned int)atoi(argv[1]) & SECCOMP_RET_DATA;
	filter[n++] = load_number;
	for (char *at = argv[2]; *at && n < 60; at += *at == ',') {
		unsigned int number = (unsigned int)strtoul(at, &at, 10);
		unsigned short test = *at == '-' ? BPF_JGE : BPF_JEQ;

		at += *at == '-';
		if (*at == ':') {
			unsigned int argument = (unsigned int)strtoul(at + 1, &at, 10);
			unsigned int bits = (unsigned int)strtoul(at + 1, &at, 10);

			filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, number, 0, 4);
			filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
				(unsigned int)offsetof(struct seccomp_data, args) + argument * 8);
			filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
			filter[n++] = refuse;
			filter[n++] = load_number;
		} else {
			filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, number, 0, 1);
			filter[n++] = refuse;
		}
	}
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return perror("forbid"), 2;
	execvp(argv[3], argv + 3);
	return 127;
}
