/* SPDX-License-Identifier: MIT */
/* How much memory a process may use, by the limits of its cgroup and of those above it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proc/proc.h"
#include "sys.h"

static const char *cgroup;
static struct { const char *path, *text; } limits[2];

static ssize_t read_fake(const char *path, char *buf, size_t size)
{
	const char *text = strcmp(path, "/proc/self/cgroup") == 0 ? cgroup : NULL;

	for (int i = 0; i < 2 && !text; i++)
		text = limits[i].path && strcmp(path, limits[i].path) == 0 ? limits[i].text : NULL;
	return text ? snprintf(buf, size, "%s", text) : -2 /* ENOENT */;
}

#define sys_read_file read_fake
#define sys_memory() ((uint64_t)8 << 30)
#include "../../core/proc/memory.c"

static uint64_t memory(const char *own, const char *path, const char *text, const char *path2, const char *text2)
{
	cgroup = own;
	limits[0].path = path;
	limits[0].text = text;
	limits[1].path = path2;
	limits[1].text = text2;
	return proc_memory();
}

#define AT(path) "/sys/fs/cgroup" path "/memory.max"

static void bounded(void **state)
{
	(void)state;
	assert_int_equal(memory("0::/a/b\n", AT("/a/b"), "1000\n", AT("/a"), "max\n"), 1000);
	assert_int_equal(memory("0::/a/b\n", AT("/a/b"), "max\n", AT("/a"), "2000\n"), 2000);
	assert_int_equal(memory("0::/a/b\n", AT("/a/b"), "3000\n", AT("/a"), "2000\n"), 2000);
	assert_int_equal(memory("4:memory:/x\n0::/\n", AT(""), "4000\n", NULL, NULL), 4000);
}

static void unbounded(void **state)
{
	const uint64_t all = sys_memory();

	(void)state;
	assert_int_equal(memory("0::/a\n", AT("/a"), "max\n", AT("/b"), "1000\n"), all);
	assert_int_equal(memory("0::/a\n", NULL, NULL, NULL, NULL), all);
	assert_int_equal(memory("0::/a\n", AT("/a"), "99999999999999\n", NULL, NULL), all);
	assert_int_equal(memory("4:memory:/x\n", AT("/x"), "1000\n", NULL, NULL), all);
	assert_int_equal(memory(NULL, NULL, NULL, NULL, NULL), all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounded),
		cmocka_unit_test(unbounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
