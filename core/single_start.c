/* SPDX-License-Identifier: MIT */
/* single_start: the first code of the set-uid helper where configs/setuid.ld links it: x86-64 with musl.
 *
 * musl's start code also relocates the program, allocates thread-local variables, and calls constructors and
 * destructors. The helper has none of them. musl opens descriptors 0 to 2 as well; so does single.c.
 */
#include <elf.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "sys.h"

extern char **environ;
int main(int argc, char **argv);

/* Internal functions of musl. The first one makes `thread` a struct pthread, which holds errno and the stack
   protector's canary, and points the thread pointer to it. The second one sets the canary. */
int __init_tp(void *thread);
void __init_ssp(const void *random);

static const Elf64_auxv_t *auxiliary;

unsigned long getauxval(unsigned long type)
{
	const Elf64_auxv_t *a = auxiliary;

	while (a->a_type != AT_NULL && a->a_type != type)
		a++;
	return a->a_type == type ? a->a_un.a_val : 0;
}

/* On the stack of a new program: argc, argv and a NULL, the environment and a NULL, the auxiliary vector. */
static void __attribute__((used, noreturn)) start_program(char **stack)
{
	static _Alignas(64) char thread[2048];	/* a struct pthread has fewer than 256 bytes */
	int argc = (int)(intptr_t)stack[0];
	char **after;

	environ = stack + 1 + argc + 1;
	for (after = environ; *after; after++)
		;
	auxiliary = (const Elf64_auxv_t *)(const void *)(after + 1);
	if (__init_tp(thread) < 0)
		__builtin_trap();
	__init_ssp((const void *)getauxval(AT_RANDOM));
	sys_exit(main(argc, stack + 1));
}

void __attribute__((naked, noreturn, used)) _start(void)
{
	__asm__("xor %ebp, %ebp\n\tmov %rsp, %rdi\n\tcall start_program");
}
