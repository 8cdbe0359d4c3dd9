/* SPDX-License-Identifier: MIT */
/* sys, priv, mount, umount, table, statmount, conn, commfd, policy, holders, server, user, env:
   the modules that make system calls, on the real kernel, in a mount namespace of their own. */
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
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health/fusectl.h"
#include "cli/env.h"
#include "health/holders.h"
#include "cli/map.h"
#include "mount/mount.h"
#include "msg.h"
#include "mount/policy.h"
#include "sys/priv.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "proc/task.h"
#include "target/resolve.h"
#include "target/unmount.h"
#include "health/server.h"
#include "sys.h"
#include "sys/dir.h"
#include "mount/statmount.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "cli/user.h"

static char top[] = "/tmp/fusebox-unit.XXXXXX";

static void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	chmod(path, mode);
}

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
	assert_int_equal(sys_is_socket(pair[0]), 0);
	fd = open("/dev/null", O_RDONLY);
	assert_int_equal(sys_is_socket(fd), -ENOTSOCK);
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

static void a_mount_from_end_to_end(void **state)
{
	static struct mountpoint at, again;
	static const struct optlist options = { .fsname = "a,b\\c\nd", .subtype = "unit",
						.flags = MOUNT_NOSUID | MOUNT_NODEV };
	char text[512];
	struct out why = OUT_TEXT(text);
	struct sys_stat other;
	struct table_row row;
	int before = table_count_fuse(), device, fd, server;

	(void)state;
	mkdir("mnt", 0755);
	assert_int_equal(mount_pin(&at, "none", &why), -ENOENT);
	assert_string_equal(out_text(&why), "none: No such file or directory; make the directory first");
	why.len = 0;
	assert_int_equal(mount_pin(&at, "file", &why), -ENOTDIR);
	assert_int_equal(mount_pin(&at, "mnt", &why), 0);
	assert_int_equal(strncmp(at.path, top, strlen(top)), 0);
	device = mount_fuse(&at, &options, &why);
	assert_true(device > 2);
	close(at.under);
	assert_int_equal(table_count_fuse(), before + 1);

	fd = sys_open("mnt", O_PATH, 0);
	assert_int_equal(table_of_fd(fd, &row, true), 0);
	assert_string_equal(row.type, "fuse.unit");
	assert_string_equal(row.source, "a,b\\c\nd");
	assert_string_equal(row.mountpoint, at.path);
	assert_true(table_is_fuse(&row));
	assert_int_equal(table_owner(&row), getuid());
	assert_int_equal(table_connection(&row), at.mounted.dev_minor);
	assert_int_equal(table_identify(fd, &other), 0);
	assert_int_equal(other.mount_id, at.mounted.mount_id);
	close(fd);

	/* INIT waits, and only this process could answer it. */
	if (fusectl_waiting(at.mounted.dev_minor) >= 0)
		assert_int_equal(fusectl_waiting(at.mounted.dev_minor), 1);
	server = server_find(at.mounted.dev_minor);
	assert_true(server == getpid() || server == -EAGAIN);
	why.len = 0;
	assert_int_equal(mount_pin(&again, "mnt", &why), -EBUSY);
	assert_non_null(strstr(out_text(&why), "already mounted; unmount it first"));

	other = at.mounted;
	other.mount_id++;
	assert_int_equal(umount_known("mnt", &other, UMOUNT_LAZY), -ESTALE);
	fd = sys_open("mnt", O_PATH, 0);
	assert_int_equal(umount_known("mnt", &at.mounted, UMOUNT_PLAIN), -EBUSY);
	close(fd);
	assert_int_equal(umount_known("mnt", &at.mounted, UMOUNT_PLAIN), 0);
	assert_int_equal(umount_known("mnt", &at.mounted, UMOUNT_LAZY), -ESTALE);
	assert_int_equal(umount_path("mnt", UMOUNT_PLAIN), -EINVAL);
	assert_int_equal(table_count_fuse(), before);
	assert_int_equal(fusectl_waiting(at.mounted.dev_minor) < 0, 1);
	close(device);
}

static void aborting_wakes(void **state)
{
	static struct mountpoint at;
	static const struct optlist options = { .fsname = "x", .subtype = "unit" };
	char text[512], byte[8192];
	struct out why = OUT_TEXT(text);
	int device, held, err;

	(void)state;
	assert_int_equal(mount_pin(&at, "mnt", &why), 0);
	device = mount_fuse(&at, &options, &why);
	assert_true(device > 2);
	/* A child holds the mount: the abort ends the connection. */
	held = open("mnt", O_PATH);
	assert_int_equal(sys_set_nonblocking(device), 0);
	assert_true(sys_read(device, byte, sizeof(byte)) > 0);	/* INIT */
	assert_int_equal(sys_read(device, byte, sizeof(byte)), -EAGAIN);
	assert_int_equal(umount_path("mnt", UMOUNT_ABORT), 0);
	assert_int_equal(sys_read(device, byte, sizeof(byte)), -ENODEV);
	close(held);
	close(device);
	close(at.under);
	assert_int_equal(mount_pin(&at, "mnt", &why), 0);
	device = mount_fuse(&at, &options, &why);
	err = fusectl_abort(at.mounted.dev_minor);
	if (err == 0)
		assert_int_equal(sys_read(device, byte, sizeof(byte)), -ENODEV);
	assert_int_equal(fusectl_abort(999999999), err == 0 ? -ENOENT : err);
	assert_int_equal(umount_path("mnt", UMOUNT_ABORT), 0);
	close(device);
	close(at.under);
}

/* The kernel gives the next mount the lowest free number. */
static void a_number_is_used_again(void **state)
{
	static struct mountpoint at;
	static struct target t;
	static const struct optlist options = { .fsname = "x", .subtype = "unit" };
	char text[512], byte[8192];
	struct out why = OUT_TEXT(text);
	int device = -1;
	bool same = false;

	(void)state;
	for (int i = 0; i < 50 && !same; i++) {
		assert_int_equal(mount_pin(&at, "mnt", &why), 0);
		device = mount_fuse(&at, &options, &why);
		assert_true(device > 2);
		close(at.under);
		same = i % 2 && at.mounted.dev_minor == t.minor;
		if (same)
			break;
		if (i % 2 == 0) {
			assert_int_equal(target_find("mnt", &t), 0);
			assert_true(target_is_same(&t));
			target_close(&t);
		}
		assert_int_equal(umount_path("mnt", UMOUNT_PLAIN), 0);
		close(device);
	}
	if (!same || !t.identity)
		skip();
	assert_false(target_is_same(&t));
	assert_int_equal(unmount_abort(&t), -ENOENT);
	assert_int_equal(sys_set_nonblocking(device), 0);
	assert_true(sys_read(device, byte, sizeof(byte)) > 0);	/* INIT */
	assert_int_equal(umount_path("mnt", UMOUNT_ABORT), 0);
	close(device);
}

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
	static const struct optlist options = { .fsname = "x", .subtype = "unit" };
	char text[512], byte[8192];
	struct out why = OUT_TEXT(text);
	int device, caller, server;

	(void)state;
	assert_int_equal(mount_pin(&at, "mnt", &why), 0);
	device = mount_fuse(&at, &options, &why);
	assert_true(device > 2);
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

static void assert_not_found(const char *word, enum target_result want, int err, const char *why)
{
	static struct target t;

	assert_int_equal(target_find(word, &t), want);
	assert_int_equal(target_errno(&t, want), err);
	assert_string_equal(target_why(&t, want), why);
	assert_int_equal(t.at.fd, -1);
}

static void why_a_target_is_not_found(void **state)
{
	(void)state;
	assert_not_found("conn:x", TARGET_BAD_NUMBER, -EINVAL, "not a number");
	assert_not_found("mnt-id:", TARGET_BAD_NUMBER, -EINVAL, "not a number");
	assert_not_found("conn:999999999", TARGET_UNKNOWN, -ENOENT, "no FUSE mount has this number");
	assert_not_found("none", TARGET_UNKNOWN, -ENOENT, msg_reason(-ENOENT));
	assert_not_found("mnt", TARGET_NOT_MOUNTED, -EINVAL, "nothing is mounted there");
	assert_not_found("/etc/passwd/x", TARGET_FAILED, -ENOTDIR, msg_reason(-ENOTDIR));
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

static void a_helper_that_fails(void **state)
{
	static struct mountpoint at = { .path = "/nowhere" };
	static const struct optlist options = { .fsname = "x", .subtype = "unit" };
	char text[512], path[4096], found[4096];
	struct out why = OUT_TEXT(text);

	(void)state;
	mkdir("bin", 0755);
	snprintf(path, sizeof(path), "PATH=/nonexistent:%s/bin", top);
	assert_int_equal(env_set(path), 0);
	assert_int_equal(env_find("fusermount3", false, found, sizeof(found)), -ENOENT);
	assert_int_equal(commfd_mount(&at, &options, &why), -EPERM);
	assert_non_null(strstr(out_text(&why), "no fusermount3 in PATH"));
	put("bin/fusermount", "#!/bin/sh\nexit 1\n", 0755);
	why.len = 0;
	assert_int_equal(commfd_mount(&at, &options, &why), -EPROTO);
	assert_non_null(strstr(out_text(&why), "/bin/fusermount did not mount it"));
	assert_int_equal(commfd_unmount("/nowhere", true), -EPERM);
	put("bin/fusermount3", "#!/bin/sh\n[ \"$*\" = '-u -qz -- /nowhere' ] && [ \"$_FUSE_COMMFD\" = -1 ]\n", 0755);
	assert_int_equal(commfd_unmount("/nowhere", true), 0);
	assert_int_equal(env_find("fusermount3", true, found, sizeof(found)), -ENOENT);
	chmod("bin/fusermount3", 04755);
	assert_int_equal(env_find("fusermount3", true, found, sizeof(found)), geteuid() ? -ENOENT : 0);
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

static void directories_and_names(void **state)
{
	struct sys_dir dir;
	char name[16];
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
	proc_command(getpid(), name);
	assert_string_equal(name, "system");
	proc_command(2147483647, name);
	assert_string_equal(name, "?");
	assert_true(proc_mounted());
}

/* In a user namespace mounting is allowed, and propagates to no other namespace. */
static int set_up(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return mkdtemp(top) && chmod(top, 0755) == 0 && chdir(top) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	umount2("mnt", MNT_FORCE | MNT_DETACH);
	snprintf(command, sizeof(command), "/bin/rm -rf --one-file-system '%s'", top);
	return chdir("/") < 0 || system(command) != 0;
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
	char user[32];

	(void)state;
	assert_int_equal(proc_facts(getpid(), &facts), 0);
	assert_string_equal(facts.command, "system");
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
	assert_string_equal(user_name(0, user), "root");
	assert_string_equal(user_name(4000000, user), "4000000");
	assert_string_equal(user_name(-1, user), "?");
}

static int same_id(const struct table_row *row, void *data)
{
	const struct table_row *want = data;

	return row->id == want->id && strcmp(row->mountpoint, want->mountpoint) == 0
	       && strcmp(row->type, want->type) == 0;
}

static int count_row(const struct table_row *row, void *count)
{
	(void)row;
	++*(int *)count;
	return 0;
}

static int is_listed(const struct table_row *row, void *count)
{
	struct table_row copy = *row;

	/* A nested table_each() has buffers of its own. */
	assert_int_equal(statmount_each(same_id, &copy), 1);
	++*(int *)count;
	return 0;
}

/* statmount(2) returns everything that mountinfo has. */
static void the_table_without_proc(void **state)
{
	int count = 0;

	(void)state;
	if (statmount_each(same_id, &(struct table_row) { .id = 0 }) == -ENOSYS)
		skip();
	assert_int_equal(table_each(NULL, is_listed, &count), 0);
	assert_true(count > 0);
}

static int has_its_own_rows(const struct table_row *row, void *count)
{
	struct table_row copy = *row;

	assert_int_equal(table_each(NULL, same_id, &copy), 1);
	assert_true(same_id(row, &copy));
	++*(int *)count;
	return 0;
}

static void the_table_within_a_walk(void **state)
{
	int count = 0, rows = 0;

	(void)state;
	assert_int_equal(table_each(NULL, has_its_own_rows, &count), 0);
	assert_int_equal(table_each(NULL, count_row, &rows), 0);
	assert_int_equal(count, rows);
}

static void a_path_is_walked(void **state)
{
	static struct resolved at;
	char here[4096], want[4200];

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(mkdir("walk", 0755), 0);
	assert_int_equal(mkdir("walk/in", 0755), 0);
	assert_int_equal(symlink("../walk/in", "walk/link"), 0);
	assert_int_equal(resolve_path("walk/./link/../link", &at), 0);
	snprintf(want, sizeof(want), "%s/walk/in", here);
	assert_string_equal(at.path, want);
	assert_true(at.fd >= 0 && at.parent >= 0 && !at.below);
	resolve_close(&at);
	assert_true(at.fd < 0 && at.parent < 0);
	assert_int_equal(resolve_path("/", &at), 0);
	assert_string_equal(at.path, "/");
	assert_int_equal(at.parent, -1);
	resolve_close(&at);
	assert_int_equal(resolve_path("", &at), -ENOENT);
	assert_int_equal(resolve_path("walk/none", &at), -ENOENT);
	assert_int_equal(resolve_path("/etc/passwd/x", &at), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_go_over_sockets),
		cmocka_unit_test(files_say_what_is_wrong),
		cmocka_unit_test(privileges_go_for_good),
		cmocka_unit_test(a_mount_from_end_to_end),
		cmocka_unit_test(aborting_wakes),
		cmocka_unit_test(a_number_is_used_again),
		cmocka_unit_test(why_a_target_is_not_found),
		cmocka_unit_test(an_idle_server_waits_for_no_server),
		cmocka_unit_test(holders_are_found),
		cmocka_unit_test(mappings_are_read_by_their_fields),
		cmocka_unit_test(fuse_conf),
		cmocka_unit_test(users_by_name_and_number),
		cmocka_unit_test(users_in_a_long_file),
		cmocka_unit_test(variables),
		cmocka_unit_test(directories_and_names),
		cmocka_unit_test(a_helper_that_fails),
		cmocka_unit_test(maps), cmocka_unit_test(processes_are_told),
		cmocka_unit_test(the_table_without_proc),
		cmocka_unit_test(the_table_within_a_walk), cmocka_unit_test(a_path_is_walked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
