/* SPDX-License-Identifier: MIT */
/* sys, priv, policy, user, env, map: what makes system calls and mounts nothing of FUSE. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/env.h"
#include "cli/map.h"
#include "cli/user.h"
#include "mount/mount.h"
#include "mount/policy.h"
#include "mount/table.h"
#include "place.h"
#include "sys.h"
#include "sys/dir.h"
#include "sys/priv.h"

static void over(const char *path, const char *text)
{
	put("over", text, 0644);
	assert_int_equal(mount("over", path, NULL, MS_BIND, NULL), 0);
	unlink("over");
}

/* Two descriptors in one message, which no peer should send. */
static void send_two(int socket, int fd)
{
	union { struct cmsghdr header; char room[CMSG_SPACE(2 * sizeof(int))]; } control = { .room = { 0 } };
	struct iovec iov = { (char[]) { 0 }, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(&control.header), (int[2]) { fd, fd }, 2 * sizeof(int));
	assert_int_equal(sendmsg(socket, &message, 0), 1);
}

static void descriptors_go_over_sockets(void **state)
{
	int pair[2], fd, free_one;
	char byte;

	(void)state;
	assert_int_equal(sys_socketpair(pair), 0);
	assert_int_equal(sys_is_unix_socket(pair[0]), 0);
	fd = open("/dev/null", O_RDONLY);
	assert_int_equal(sys_is_unix_socket(fd), -ENOTSOCK);
	assert_int_equal(sys_poll_in(pair[1], 0), 0);
	assert_int_equal(sys_poll_either(pair[0], pair[1], 0), -ETIMEDOUT);
	assert_int_equal(sys_send_fd(pair[0], fd), 0);
	assert_int_equal(sys_poll_in(pair[1], 0), 1);
	assert_int_equal(sys_poll_either(pair[0], pair[1], 0), 1);
	fd = sys_receive_fd(pair[1]);
	assert_true(fd > 2);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	free_one = dup(fd);
	close(free_one);
	send_two(pair[0], fd);
	assert_int_equal(sys_receive_fd(pair[1]), -EPROTO);
	assert_int_equal(fcntl(free_one, F_GETFD), -1);
	assert_int_equal(fcntl(free_one + 1, F_GETFD), -1);
	assert_int_equal(sys_send_as(pair[0], getuid(), "x", 1, -1), 0);
	assert_int_equal(sys_receive_fd(pair[1]), -EPROTO);
	close(pair[0]);
	assert_int_equal(sys_receive_fd(pair[1]), -EPROTO);
	assert_int_equal(sys_send_fd(pair[1], fd), -EPIPE);
	assert_int_equal(sys_read_all(pair[1], &byte, 1), 0);
	close(pair[1]);
	close(fd);
}

static void files_say_what_is_wrong(void **state)
{
	char text[8], path[32];
	struct sys_stat st;

	(void)state;
	assert_int_equal(sys_open("none", O_RDONLY, 0), -ENOENT);
	assert_int_equal(sys_close(-1), -EBADF);
	put("file", "0123456789", 0600);
	assert_int_equal(sys_read_file("file", text, sizeof(text)), 7);
	assert_string_equal(text, "0123456");
	assert_string_equal(sys_fd_path(path, 0), "/proc/self/fd/0");
	assert_string_equal(sys_fd_path(path, 2147483647), "/proc/self/fd/2147483647");
	assert_int_equal(sys_stat_path("file", O_NOFOLLOW, true, &st), 0);
	assert_true(S_ISREG(st.mode) && st.inside);
	assert_int_equal(sys_stat_path("/", 0, true, &st), 0);
	assert_false(st.inside);
}

/* Runs fn in a child, and returns fn's result. */
static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	assert_int_equal(sys_wait(pid, &status), pid);
	return WEXITSTATUS(status);
}

static int capability_lines(void)
{
	char text[4096];

	return sys_read_file("/proc/self/status", text, sizeof(text)) > 0
	       && strstr(text, "CapEff:\t0000000000000000")
	       && strstr(text, "CapPrm:\t0000000000000000");
}

static int become_nobody(void)
{
	gid_t group = 7;

	if (geteuid() != 0)
		return 0;
	priv_lock_caps();
	if (priv_become(65534, 65533, &group, 1) != 0 || priv_drop_caps() != 0 || priv_no_new() != 0)
		return 1;
	return !(getuid() == 65534 && geteuid() == 65534 && getgid() == 65533
		 && getgroups(0, NULL) == 1 && setuid(0) < 0 && capability_lines() && !priv_may_mount());
}

static int drop_nothing(void)
{
	return priv_drop() != 0 || getuid() != geteuid();
}

static void privileges_go_for_good(void **state)
{
	(void)state;
	assert_int_equal(in_child(become_nobody), 0);
	assert_int_equal(in_child(drop_nothing), 0);
	assert_true(priv_may_mount());
}

/* A thread starts while its creator has a user's credentials, and the kernel had no memory for going back. */
static int start_as_user(void)
{
	const gid_t group = 7;

	priv_thread_starts();
	if (geteuid() != 0 || setgroups(1, &group) < 0)
		return 0;
	if (setresgid((gid_t)-1, 1777, (gid_t)-1) < 0)
		return 1;
	setfsuid(1777);
	priv_thread_starts();
	return setfsuid((uid_t)-1) != 0 || getegid() != getgid() || getgroups(0, NULL) != 0 || priv_use_reserve(true) != 0;
}

static void new_threads_are_roots(void **state)
{
	(void)state;
	assert_int_equal(in_child(start_as_user), 0);
}

static int notes;
static void count_note(const char *fmt, ...)
{
	(void)fmt;
	notes++;
}

static void fuse_conf(void **state)
{
	struct policy p;
	char text[512];
	struct out why = OUT_TEXT(text);
	static struct mountpoint at;

	(void)state;
	if (access(POLICY_FILE, F_OK) < 0)
		skip();
	over(POLICY_FILE, "# user_allow_other\n\n\tmount_max = 3 \r\nallow_fstype = foo\n"
			  "allow_fstype=proc\nbogus\nmount_max = x\nuser_allow_other");
	assert_int_equal(policy_read(&p, count_note), -EINVAL);
	umount(POLICY_FILE);
	assert_true(p.user_allow_other);
	assert_int_equal(p.mount_max, 3);
	assert_string_equal(p.allowed, " foo proc ");
	assert_int_equal(notes, 2);
	p.mount_max = table_count_fuse();
	assert_int_equal(policy_count(&p, 0, &why), 0);
	assert_int_equal(policy_count(&p, 1, &why), -EUSERS);
	p.mount_max = -1;
	assert_int_equal(policy_count(&p, 100, &why), 0);

	at.under = open("/proc/self/task", O_PATH);
	at.uid = getuid();
	strcpy(at.path, "/proc/self/task");
	if (geteuid() == 0)	/* root may write there, but another user may not mount */
		assert_int_equal(policy_mountpoint(&p, &at, &why), 0);
	strcpy(p.allowed, " procfs pro roc ");
	why.len = 0;
	assert_true(policy_mountpoint(&p, &at, &why) < 0);
	close(at.under);
}

/* A directory service may write passwd files of any size: the last line counts, wherever a read
   ends. */
static void users_in_a_long_file(void **state)
{
	static char text[2 << 20];
	struct user u;
	char *at = text;

	(void)state;
	for (int i = 0; i < 30000; i++)
		at += sprintf(at, "user%d:x:%d:%d::/home/%0*d:\n", i, 10000 + i, i, i % 40 + 1, i);
	strcpy(at, "last:x:77:78::/home/last:/bin/sh");
	over("/etc/passwd", text);
	over("/etc/group", "");
	assert_int_equal(user_find("last", &u), 0);
	assert_int_equal(u.uid * 1000 + u.gid, 77078);
	assert_int_equal(user_find("user29999", &u), 0);
	assert_int_equal(u.uid, 39999);
	umount("/etc/passwd");
	memset(text, 'x', 70000);
	over("/etc/passwd", text);
	assert_int_equal(user_find("last", &u), -E2BIG);
	umount("/etc/group");
	umount("/etc/passwd");
}

static void users_by_name_and_number(void **state)
{
	struct user u;

	(void)state;
	over("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:100::/home/alice:/bin/sh\n"
			    "bad:x:nan:1::/:\nbob:x:1001:101:::\nshort\n");
	over("/etc/group", "users:x:100:\naudio:x:29:alice,bob\nvideo:x:44:malice,alice\nx:x:5:alic\n");
	assert_int_equal(user_find("alice", &u), 0);
	assert_int_equal(u.uid, 1000);
	assert_int_equal(u.gid, 100);
	assert_int_equal(u.group_count, 2);
	assert_int_equal(u.groups[0], 29);
	assert_int_equal(u.groups[1], 44);
	assert_string_equal(u.home, "/home/alice");
	assert_int_equal(user_find("alice:video", &u), 0);
	assert_int_equal(u.gid, 44);
	assert_int_equal(u.group_count, 0);
	assert_int_equal(user_find("1001", &u), 0);
	assert_int_equal(u.gid, 101);
	assert_string_equal(u.home, "/");
	assert_int_equal(user_find("4711:99", &u), 0);
	assert_int_equal(u.uid * 1000 + u.gid, 4711 * 1000 + 99);
	assert_int_equal(user_find("4711", &u), 0);
	assert_int_equal(u.gid, 4711);
	assert_int_equal(user_find("ali", &u), -ENOENT);
	assert_int_equal(user_find("bad", &u), -ENOENT);
	assert_int_equal(user_find("alice:nogroup", &u), -ENOENT);
	assert_int_equal(user_find("4294967295", &u), -ENOENT);
	assert_int_equal(user_find("", &u), -ENOENT);
	umount("/etc/group");
	umount("/etc/passwd");
}

static void names_of_users(void **state)
{
	char user[32];

	(void)state;
	assert_string_equal(user_name(0, user), "root");
	assert_string_equal(user_name(4000000, user), "4000000");
	assert_string_equal(user_name(-1, user), "?");
}

static void variables(void **state)
{
	static char one[] = "FUSEBOX_UNIT=1", two[] = "FUSEBOX_UNIT=2", longer[] = "FUSEBOX_UNITS=3";

	(void)state;
	assert_int_equal(env_set(one), 0);
	assert_int_equal(env_set(longer), 0);
	assert_int_equal(env_set(two), 0);
	assert_string_equal(getenv("FUSEBOX_UNIT"), "2");
	assert_string_equal(getenv("FUSEBOX_UNITS"), "3");
}

static void directories_are_read(void **state)
{
	struct sys_dir dir;
	const char *entry;
	int count = 0;

	(void)state;
	mkdir("names", 0755);
	for (int i = 0; i < 300; i++) {
		char path[64];

		snprintf(path, sizeof(path), "names/%0*d", 1 + i % 40, i);
		put(path, "", 0600);
	}
	assert_int_equal(sys_opendir(&dir, AT_FDCWD, "names"), 0);
	while ((entry = sys_readdir(&dir)))
		count += *entry != '.';
	close(dir.fd);
	assert_int_equal(count, 300);
	assert_int_equal(sys_opendir(&dir, AT_FDCWD, "none"), -ENOENT);
}

/* Compares the map with a linear search while it grows, with colliding keys too. */
static void maps(void **state)
{
	struct map map = { 0 };

	(void)state;
	assert_null(map_find(&map, 7));
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(map_add(&map, (uint64_t)i * 4096, i), 0);
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(*map_find(&map, (uint64_t)i * 4096), i);
		assert_null(map_find(&map, (uint64_t)i * 4096 + 1));
	}
	assert_int_equal(map_add(&map, 4096, 99), 0);
	assert_int_equal(*map_find(&map, 4096), 99);
	assert_int_equal(map.count, 5000);
	assert_int_equal(map_add(&map, 0, 3), 0);
	assert_int_equal(*map_find(&map, 0), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_go_over_sockets),
		cmocka_unit_test(files_say_what_is_wrong),
		cmocka_unit_test(privileges_go_for_good),
		cmocka_unit_test(new_threads_are_roots),
		cmocka_unit_test(fuse_conf),
		cmocka_unit_test(users_in_a_long_file),
		cmocka_unit_test(users_by_name_and_number),
		cmocka_unit_test(names_of_users),
		cmocka_unit_test(variables),
		cmocka_unit_test(directories_are_read),
		cmocka_unit_test(maps),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
