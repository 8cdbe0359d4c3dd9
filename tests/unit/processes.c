/* SPDX-License-Identifier: MIT */
/* proc, task, holders: what /proc tells of other processes. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health/holders.h"
#include "mount/umount.h"
#include "place.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "proc/task.h"
#include "sys.h"

/* Forks a child that runs `fn` on the descriptor. Returns its pid once it is in this kernel
   function, within two seconds. */
static int child_in(int (*fn)(int fd), int fd, const char *function)
{
	char dir[12], where[64];
	int child = fork();

	if (child == 0)
		_exit(fn(fd));
	for (int i = 0; i < 200; i++) {
		if (read_proc(read_name(child, dir), "wchan", where, sizeof(where)) > 0 && strstr(where, function))
			return child;
		usleep(10000);
	}
	return -1;
}

static int read_device(int fd)
{
	char byte[8192];

	return read(fd, byte, sizeof(byte)) < 0;
}

static int look_up(int nothing)
{
	(void)nothing;
	return access("mnt/name", F_OK) < 0;
}

static bool waits_for_server(int pid)
{
	char dir[12], wchan[64];

	return read_proc(read_name(pid, dir), "wchan", wchan, sizeof(wchan)) > 0 && task_waits_for_server(wchan);
}

static void an_idle_server_waits_for_no_server(void **state)
{
	static struct mountpoint at;
	char byte[8192];
	int device = mount_mnt(&at), caller, server;

	(void)state;
	assert_true(read(device, byte, sizeof(byte)) > 0);	/* INIT, which gets no answer */
	server = child_in(read_device, device, "fuse_dev");
	caller = child_in(look_up, -1, "fuse");
	assert_true(server > 0 && caller > 0);
	assert_false(waits_for_server(server));
	assert_true(waits_for_server(caller));
	close(at.under);
	assert_int_equal(umount_path("mnt", UMOUNT_ABORT), 0);
	close(device);
	waitpid(server, NULL, 0);
	waitpid(caller, NULL, 0);
}

static int is_wanted(const struct holder *holder, void *pid)
{
	return holder->pid == *(int *)pid ? (int)holder->how : 0;
}

static void holders_are_found(void **state)
{
	struct sys_stat st;
	int ready[2], child;
	char byte;

	(void)state;
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, NULL), 0);
	assert_int_equal(sys_stat_path("mnt", 0, true, &st), 0);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		if (chdir("mnt") < 0 || open("held", O_CREAT | O_RDWR, 0600) < 0
		    || write(ready[1], "", 1) < 0)
			_exit(1);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(holders_each(st.dev_major, st.dev_minor, is_wanted, &child),
			 HOLDER_CWD | HOLDER_FILE);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(holders_each(st.dev_major, st.dev_minor, is_wanted, &child), 0);
	assert_int_equal(umount("mnt"), 0);
	close(ready[0]);
	close(ready[1]);
}

/* Maps a file, and closes its descriptor. */
static void map_file(const char *name)
{
	int fd = open(name, O_CREAT | O_RDWR, 0600);

	if (fd < 0 || ftruncate(fd, 1) < 0 || mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		_exit(1);
	close(fd);
}

/* A path of 10,000 bytes, longer than PATH_MAX. */
static void map_deep(void)
{
	char name[251];

	if (chdir("deep") < 0)
		_exit(1);
	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 40; i++)
		if ((mkdir(name, 0700) < 0 && errno != EEXIST) || chdir(name) < 0)
			_exit(1);
	map_file("long");
}

/* What holders_each() reports of a child that maps `first`, and then another file. */
static int held_by_maps(const struct sys_stat *st, const char *first, const char *other)
{
	int ready[2], child, how;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		map_file(first);
		if (other)
			map_file(other);
		else
			map_deep();
		if (chdir("/") < 0 || write(ready[1], "", 1) < 0)
			_exit(1);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	how = holders_each(st->dev_major, st->dev_minor, is_wanted, &child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	return how;
}

static void mappings_are_read_by_their_fields(void **state)
{
	struct sys_stat st;
	char looks_like[64];

	(void)state;
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, NULL), 0);
	assert_int_equal(sys_stat_path("mnt", 0, true, &st), 0);
	assert_int_equal(mkdir("deep", 0700), 0);
	assert_int_equal(mount("none", "deep", "tmpfs", 0, NULL), 0);
	assert_int_equal(held_by_maps(&st, "mnt/held", "deep/short"), HOLDER_MAP);
	/* The kernel lists later mappings first. */
	assert_int_equal(held_by_maps(&st, "mnt/held", NULL), HOLDER_MAP);
	snprintf(looks_like, sizeof(looks_like), "deep/a %02x:%02x 1 ", st.dev_major, st.dev_minor);
	assert_int_equal(held_by_maps(&st, looks_like, "deep/short"), 0);
	assert_int_equal(umount("mnt"), 0);
	assert_int_equal(umount("deep"), 0);
	assert_int_equal(rmdir("deep"), 0);
}

static void processes_have_names(void **state)
{
	char name[16];

	(void)state;
	proc_command(getpid(), name);
	assert_string_equal(name, "processes");
	proc_command(2147483647, name);
	assert_string_equal(name, "?");
	assert_true(proc_mounted());
}

static int note_pid(uint64_t number, int pid, void *data)
{
	(void)pid;
	*(uint64_t *)data = number;
	return number == proc_namespace();
}

/* The list of groups makes /proc/PID/status longer than one read. */
static void check_switches_with_groups(void)
{
	enum { GROUPS = 2000 };
	static gid_t many[GROUPS];
	int status, pid;

	for (int i = 0; i < GROUPS; i++)
		many[i] = 100000 + (gid_t)i;
	pid = fork();
	if (pid == 0) {
		uint64_t before;

		if (setgroups(GROUPS, many) < 0)
			_exit(2);
		before = proc_activity(getpid());
		usleep(1000);
		_exit(proc_activity(getpid()) <= before);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* The kernel preempts a spinning real-time thread a few times a second at most. */
static void check_activity_of_spinner(void)
{
	const struct sched_param first = { .sched_priority = 1 };
	uint64_t before, now;
	int pid = fork(), still = 0;

	if (pid == 0) {
		if (sched_setscheduler(0, SCHED_FIFO, &first) < 0)
			_exit(0);
		for (;;)
			;
	}
	usleep(50000);
	if (waitpid(pid, NULL, WNOHANG) == pid)
		return;	/* this machine does not allow a real-time policy */
	before = proc_activity(pid);
	for (int i = 0; i < 8; i++) {
		usleep(150000);
		now = proc_activity(pid);
		still += now == before;
		before = now;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(still, 0);
}

static void processes_are_told(void **state)
{
	struct proc_facts facts;
	uint64_t switches, number = 0;
	bool hidden = false;

	(void)state;
	assert_int_equal(proc_facts(getpid(), &facts), 0);
	assert_string_equal(facts.command, "processes");
	assert_int_equal(facts.state, 'R');
	assert_int_equal(facts.threads, 1);
	assert_int_equal(facts.uid, geteuid());
	assert_in_range(proc_age(getpid()), 0, 600);
	assert_int_equal(proc_age(999999999), -1);
	assert_true(proc_facts(999999999, &facts) < 0);
	switches = proc_activity(getpid());
	usleep(1000);
	assert_true(proc_activity(getpid()) > switches);
	if (geteuid() == 0) {
		check_switches_with_groups();
		check_activity_of_spinner();
	}
	assert_true(proc_namespace() != 0);
	assert_int_equal(proc_each_namespace(note_pid, &number, &hidden), 1);
	assert_int_equal(number, proc_namespace());
	assert_int_equal(proc_field("a:\t1\nkey:\t 42\n", "key"), 42);
	assert_int_equal(proc_field("key:\tx\n", "key"), -1);
	assert_int_equal(proc_field("", "key"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_server_waits_for_no_server),
		cmocka_unit_test(holders_are_found),
		cmocka_unit_test(mappings_are_read_by_their_fields),
		cmocka_unit_test(processes_have_names),
		cmocka_unit_test(processes_are_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
