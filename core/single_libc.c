/* SPDX-License-Identifier: MIT */
/* single_libc: functions of libc for the set-uid helper where configs/setuid.ld links it: x86-64 with musl.
 *
 * musl's are faster and can be points of cancellation of a thread, and are three times as large. The Makefile
 * compiles this file with -fno-builtin, lest a loop become a call of the function that it is in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Moves the arguments from the registers of a C call to those of a system call. __syscall_ret(), of musl, sets errno. */
__asm__(".section .text.syscall, \"ax\"\n.globl syscall\n"
	"syscall:\n\tmov %rdi, %rax\n\tmov %rsi, %rdi\n\tmov %rdx, %rsi\n\tmov %rcx, %rdx\n\tmov %r8, %r10\n"
	"\tmov %r9, %r8\n\tmov 8(%rsp), %r9\n\tsyscall\n\tmov %rax, %rdi\n\tjmp __syscall_ret\n\t.text");

ssize_t read(int fd, void *to, size_t size) { return syscall(SYS_read, fd, to, size); }
ssize_t write(int fd, const void *from, size_t size) { return syscall(SYS_write, fd, from, size); }
int close(int fd) { return (int)syscall(SYS_close, fd); }
int poll(struct pollfd *fds, nfds_t count, int ms) { return (int)syscall(SYS_poll, fds, count, ms); }
pid_t waitpid(pid_t pid, int *status, int flags) { return (pid_t)syscall(SYS_wait4, pid, status, flags, NULL); }
int munmap(void *at, size_t size) { return (int)syscall(SYS_munmap, at, size); }

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list list;
	int mode;

	va_start(list, flags);
	mode = va_arg(list, int);
	va_end(list);
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

void *memset(void *to, int byte, size_t size)
{
	char *at = to;

	while (size--)
		*at++ = (char)byte;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	return memmove(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
	const char *source = from;
	char *at = to;

	if (at <= source)
		while (size--)
			*at++ = *source++;
	else
		while (size--)
			at[size] = source[size];
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *left = a, *right = b;

	for (; size; size--, left++, right++)
		if (*left != *right)
			return *left - *right;
	return 0;
}

void *memchr(const void *text, int byte, size_t size)
{
	const unsigned char *at = text;

	for (; size; size--, at++)
		if (*at == (unsigned char)byte)
			return (void *)at;
	return NULL;
}

size_t strnlen(const char *text, size_t most)
{
	size_t len = 0;

	while (len < most && text[len])
		len++;
	return len;
}

size_t strlen(const char *text)
{
	return strnlen(text, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size; size--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *text, int letter)
{
	for (; *text != (char)letter; text++)
		if (!*text)
			return NULL;
	return (char *)text;
}

char *strrchr(const char *text, int letter)
{
	const char *last = NULL;

	do
		if (*text == (char)letter)
			last = text;
	while (*text++);
	return (char *)last;
}

size_t strspn(const char *text, const char *letters)
{
	size_t len = 0;

	while (text[len] && strchr(letters, text[len]))
		len++;
	return len;
}

size_t strcspn(const char *text, const char *letters)
{
	size_t len = 0;

	while (!strchr(letters, text[len]))
		len++;
	return len;
}

char *getenv(const char *name)
{
	size_t len = strlen(name);

	for (char **at = environ; *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return *at + len + 1;
	return NULL;
}
