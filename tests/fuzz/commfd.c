/* SPDX-License-Identifier: MIT */
/* Both ends of _FUSE_COMMFD, over real sockets: receiving, with messages that a peer other than
   fusermount3 may send, which must leave no received descriptor open; and asking, with a helper
   whose end of the socket is in this process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "mount/mount.h"
#include "sys.h"

enum { MOST = 8 };

static int null = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	setenv("PATH", "/bin:/usr/bin", 1);
	return 0;
}

/* One message: bytes, and that many descriptors in each of two control messages. */
static void send_one(int socket, struct input *in)
{
	union { struct cmsghdr header; char room[2 * CMSG_SPACE(MOST * sizeof(int))]; } control;
	char bytes[4] = { 0 };
	uint8_t how = input_byte(in);
	struct iovec iov = { bytes, how & 3 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	unsigned int count = how >> 2 & 7;

	memset(&control, 0, sizeof(control));
	if (count) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		for (unsigned int i = 0; i < count; i++)
			memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &null, sizeof(int));
	}
	sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void send_all(int socket, struct input *in)
{
	for (int i = 0; i < MOST && in->left; i++)
		send_one(socket, in);
}

/* ---- The helper: a child that was never made ---- */

static struct input *helper_says;
static int helper_socket = -1;	/* a duplicate of the end that the helper was given */
static int helper_status;

int __wrap_sys_fork(void);
int __wrap_sys_fork(void)
{
	if (helper_socket >= 0)
		send_all(helper_socket, helper_says);
	return 1 << 22;		/* a pid that no process has */
}

int __real_sys_socketpair(int fd[2]);
int __wrap_sys_socketpair(int fd[2]);
int __wrap_sys_socketpair(int fd[2])
{
	int err = __real_sys_socketpair(fd);

	helper_socket = err ? -1 : fd[1];
	return err;
}

pid_t __wrap_sys_wait(pid_t pid, int *status);
pid_t __wrap_sys_wait(pid_t pid, int *status)
{
	*status = helper_status;
	return pid;
}

int __wrap_sys_executable(const char *path, bool *setuid_root);
int __wrap_sys_executable(const char *path, bool *setuid_root)
{
	*setuid_root = true;
	return strcmp(path, "/bin/fusermount3") == 0 ? 0 : -ENOENT;
}

static void ask(struct input *in)
{
	static const struct mountpoint at = { .path = "/mnt" };
	struct optlist options = { .fsname = "a,b", .subtype = "x" };
	char text[256];
	struct out why = OUT_TEXT(text);
	int fd;

	helper_status = input_byte(in) << 8;
	helper_says = in;
	fd = commfd_mount(&at, &options, &why);
	fuzz_touch_text(out_text(&why));
	MUST(fd >= 0 || why.len);
	if (fd >= 0)
		close(fd);
	commfd_unmount(at.path, helper_status & 0x100);
	helper_socket = -1;
}

static void receive(struct input *in)
{
	int pair[2], fd;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	send_all(pair[1], in);
	close(pair[1]);
	for (int i = 0; i < 4 * MOST; i++) {
		fd = sys_receive_fd(pair[0]);
		MUST(fd >= 0 || fd == -EPROTO);
		if (fd >= 0) {
			MUST(fcntl(fd, F_GETFD) == FD_CLOEXEC);
			close(fd);
		}
	}
	close(pair[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int before = fuzz_descriptors();

	if (input_byte(&in) & 1)
		ask(&in);
	else
		receive(&in);
	MUST(fuzz_descriptors() == before);
	return 0;
}
