/* descriptors: which of them this process keeps. See sys.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys.h"

struct entry { uint64_t ino; int64_t next; uint16_t size; uint8_t type; char name[]; };

/* Whatever is opened here is close-on-exec: what is not came over an exec. */
static bool was_inherited(int fd)
{
	return call_result(fcntl(fd, F_GETFD)) == 0;
}

static bool is_kept(int fd, const int *kept, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kept[i] == fd)
			return true;
	return fd <= 2;
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
	if (!is_kept(fd, kept, count) && (!inherited || was_inherited(fd)))
		sys_close(fd);
}

/* Without /proc: as far as descriptors are likely to be. */
static void close_by_number(const int *kept, size_t count, bool inherited)
{
	enum { LIKELY = 4096 };

	for (int fd = 3; fd < LIKELY; fd++)
		close_other(fd, kept, count, inherited);
}

void sys_close_others(const int *kept, size_t count, bool inherited)
{
	int dir = sys_open("/proc/self/fd", O_RDONLY | O_DIRECTORY, 0), n;
	_Alignas(struct entry) char list[1024];

	if (dir < 0) {
		close_by_number(kept, count, inherited);
		return;
	}
	while ((n = sys_getdents(dir, list, sizeof(list))) > 0) {
		for (int i = 0; i < n; ) {
			const struct entry *e = (const void *)(list + i);
			int fd = number(e->name);	/* 0 of "." and ".." */

			if (fd != dir)
				close_other(fd, kept, count, inherited);
			i += e->size;
		}
	}
	sys_close(dir);
}
