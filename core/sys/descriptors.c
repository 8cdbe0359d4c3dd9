/* SPDX-License-Identifier: MIT */
/* descriptors: close the descriptors that this process does not need. See sys.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys/places.h"
#include "sys.h"

struct entry { uint64_t ino; int64_t next; uint16_t size; uint8_t type; char name[]; };

/* This process opens all files close-on-exec, so a descriptor without the flag is inherited. */
static bool was_inherited(int fd)
{
	return call_result(syscall(NR_FCNTL, fd, F_GETFD)) == 0;
}

static bool is_kept(int fd, const int *kept, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kept[i] == fd)
			return true;
	return false;
}

static int number(const char *name)
{
	int n = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		n = n * 10 + *name - '0';
	return n;
}

static void close_other(int fd, const int *kept, size_t count, bool inherited)
{
	if (fd > 2 && !is_kept(fd, kept, count) && (!inherited || was_inherited(fd)))
		sys_close(fd);
}

/* The lowest kept descriptor that is not below `from`, or -1. */
static int first_kept(int from, const int *kept, size_t count)
{
	int first = -1;

	for (size_t i = 0; i < count; i++)
		if (kept[i] >= from && (first < 0 || kept[i] < first))
			first = kept[i];
	return first;
}

/* Closes all descriptors from `from` on but the kept ones, by close_range(2). -ENOSYS before
   Linux 5.9. */
static int close_from(int from, const int *kept, size_t count)
{
	int end, err = 0;

	while (!err && (end = first_kept(from, kept, count)) >= 0) {
		if (end > from)
			err = (int)call_result(syscall(NR_CLOSE_RANGE, from, end - 1, 0));
		from = end + 1;
	}
	return err ? err : (int)call_result(syscall(NR_CLOSE_RANGE, from, INT32_MAX, 0));
}

/* Without /proc/self/fd: try each number. From LIKELY on all descriptors are closed, as if they
   were inherited. If so many are inherited that the process's own lie there, it loses them and
   fails, but it keeps no inherited descriptor. */
static void close_by_number(const int *kept, size_t count, bool inherited)
{
	enum { LIKELY = 4096, MOST = 1 << 20 /* the default of fs.nr_open */ };
	int fd;

	for (fd = 3; fd < LIKELY; fd++)
		close_other(fd, kept, count, inherited);
	if (close_from(LIKELY, kept, count) == 0)
		return;
	for (; fd < MOST; fd++)
		close_other(fd, kept, count, inherited);
}

/* Closes the descriptors listed in /proc/self/fd. 0, or -errno: some may be left. */
static int close_listed(int dir, const int *kept, size_t count, bool inherited)
{
	_Alignas(struct entry) char list[1024];
	int n;

	while ((n = sys_getdents(dir, list, sizeof(list))) > 0) {
		for (int i = 0; i < n; ) {
			const struct entry *e = (const void *)(list + i);
			int fd = number(e->name);	/* 0 for "." and "..", which is always kept */

			if (fd != dir)
				close_other(fd, kept, count, inherited);
			i += e->size;
		}
	}
	return n;
}

void sys_close_others(const int *kept, size_t count, bool inherited)
{
	int dir, err;

	if (!inherited && close_from(3, kept, count) == 0)
		return;
	dir = sys_open(FD_DIRECTORY, O_RDONLY | O_DIRECTORY, 0);
	err = dir < 0 ? dir : close_listed(dir, kept, count, inherited);
	if (err)
		close_by_number(kept, count, inherited);
	if (dir >= 0)
		sys_close(dir);
}

void sys_close_stdio(const int *kept, size_t count)
{
	for (int fd = 0; fd <= 2; fd++)
		if (!is_kept(fd, kept, count))
			sys_close(fd);
}

void sys_silence_stdio(void)
{
	int null = sys_open("/dev/null", O_RDWR, 0);

	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		sys_dup2(null, fd);
	if (null > 2)
		sys_close(null);
}
