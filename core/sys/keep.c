/* SPDX-License-Identifier: MIT */
/* keep: see keep.h. */
#define _GNU_SOURCE
#include "sys/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "sys.h"

enum { MEMORY_FLAGS = 3 /* MFD_CLOEXEC | MFD_ALLOW_SEALING */ };
enum { ADD_SEALS = 1033, GET_SEALS, KEEP_SIZE = 7 /* F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW */ };

int sys_memory_file(const char *name, uint64_t size)
{
	int fd = (int)call_result(syscall(SYS_memfd_create, name, MEMORY_FLAGS)), err;

	if (fd < 0)
		return fd;
	err = (int)call_result(ftruncate(fd, (off_t)size));
	if (!err)
		err = (int)call_result(syscall(NR_FCNTL, fd, ADD_SEALS, KEEP_SIZE));
	if (err)
		sys_close(fd);
	return err ? err : fd;
}

int sys_memory_check(int fd, uint64_t size)
{
	int seals = (int)call_result(syscall(NR_FCNTL, fd, GET_SEALS));

	if (seals < 0)
		return seals;
	return (seals & KEEP_SIZE) == KEEP_SIZE && (uint64_t)lseek(fd, 0, SEEK_END) == size ? 0 : -EINVAL;
}

void *sys_map_shared(int fd, uint64_t offset, size_t size)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, (off_t)offset);

	return pages == MAP_FAILED ? NULL : pages;
}

int sys_message_pair(int fd[2])
{
	return (int)call_result(syscall(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd));
}

/* SO_PASSRIGHTS of asm-generic/socket.h; these two have numbers of their own. */
static int pass_rights(int socket, int on)
{
#if defined(__sparc__) || defined(__hppa__)
	(void)socket, (void)on;
	return -ENOPROTOOPT;
#else
	enum { PASSRIGHTS = 83 };

	return (int)call_result(setsockopt(socket, SOL_SOCKET, PASSRIGHTS, &on, sizeof(on)));
#endif
}

int sys_refuse_fds(int socket)
{
	return pass_rights(socket, 0);
}

int sys_accept_fds(int socket)
{
	return pass_rights(socket, 1);
}

/* Into no room, neither for data nor for descriptors: those of a message that is only looked at stay in it. */
int sys_next_has_fds(int socket)
{
	struct msghdr message = { .msg_iov = NULL };
	long n;

	do
		n = call_result(syscall(SYS_recvmsg, socket, &message, MSG_PEEK | MSG_DONTWAIT));
	while (n == -EINTR);
	return n == -EAGAIN ? 0 : n < 0 ? (int)n : (message.msg_flags & MSG_CTRUNC) != 0;
}

/* The kernel doubles the size that it is told, and the room includes its own headers. */
static int set_buffer(int socket, int option, int forced, size_t size)
{
	int want = size < INT32_MAX / 4 ? (int)size * 2 : INT32_MAX / 2, got = 0;
	socklen_t length = sizeof(got);

	if (setsockopt(socket, SOL_SOCKET, forced, &want, sizeof(want)) < 0
	    && setsockopt(socket, SOL_SOCKET, option, &want, sizeof(want)) < 0)
		return -errno;
	if (getsockopt(socket, SOL_SOCKET, option, &got, &length) < 0)
		return -errno;
	return got < want ? -ENOBUFS : 0;
}

int sys_set_buffers(int socket, size_t size)
{
	return set_buffer(socket, SO_SNDBUF, SO_SNDBUFFORCE, size);
}

int sys_poll_several(struct sys_poll *polls, size_t count, int milliseconds)
{
	int n;

	_Static_assert(sizeof(*polls) == sizeof(struct pollfd) && offsetof(struct sys_poll, revents) == offsetof(struct pollfd, revents)
		       && SYS_POLL_IN == POLLIN && SYS_POLL_OUT == POLLOUT && SYS_POLL_END == (POLLERR | POLLHUP | POLLNVAL), "poll(2)");
	do
		n = (int)call_result(poll((struct pollfd *)polls, (nfds_t)count, milliseconds));
	while (n == -EINTR);
	return n;
}

/* epoll_wait(2) takes what fd has to read now. */
int sys_edge_fd(int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int edge = (int)call_result(syscall(SYS_epoll_create1, EPOLL_CLOEXEC)), err;

	if (edge < 0)
		return edge;
	err = (int)call_result(syscall(SYS_epoll_ctl, edge, EPOLL_CTL_ADD, fd, &event));
	if (!err)
		err = (int)call_result(syscall(SYS_epoll_pwait, edge, &event, 1, 0, NULL, 0));
	if (err < 0)
		sys_close(edge);
	return err < 0 ? err : edge;
}

pid_t sys_ended_child(bool *succeeded)
{
	siginfo_t info = { .si_code = 0 };
	int err = (int)call_result(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT));

	*succeeded = info.si_code == CLD_EXITED && !info.si_status;
	return err ? err : info.si_pid;
}

/* clone(2): on s390 the stack comes first. */
#ifdef __s390__
#define SHARING_ARGUMENTS 0, CLONE_WITH_FILES | SIGCHLD
#else
#define SHARING_ARGUMENTS CLONE_WITH_FILES | SIGCHLD, 0
#endif
enum { CLONE_WITH_FILES = 0x400 };

CALL(pid_t, sys_fork_sharing_files, (void), syscall(SYS_clone, SHARING_ARGUMENTS, 0, 0, 0))

/* A control message with as many descriptors as one message may carry here. */
union many_fds { struct cmsghdr header; char room[CMSG_SPACE(SYS_FDS_EACH * sizeof(int))]; };

int sys_send_fds(int socket, const int *fds, size_t count)
{
	union many_fds control = { .header = {
		.cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(*fds)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { .iov_base = (void *)fds, .iov_len = (1 + count) * sizeof(*fds) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	long n;

	memcpy(control.room + CMSG_LEN(0), fds + 1, count * sizeof(*fds));
	if (count) {
		message.msg_control = &control;
		message.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(*fds));
	}
	do
		n = call_result(syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL));
	while (n == -EINTR);
	return n < 0 ? (int)n : 0;
}

static int count_received(const struct msghdr *message, int fds[SYS_FDS_EACH])
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(message);
	size_t size = c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS ? c->cmsg_len - CMSG_LEN(0) : 0;

	if (size)
		memcpy(fds, CMSG_DATA(c), size);
	return (int)(size / sizeof(*fds));
}

int sys_receive_fds(int socket, int numbers[1 + SYS_FDS_EACH], int fds[SYS_FDS_EACH])
{
	union many_fds control;
	struct iovec iov = { .iov_base = numbers, .iov_len = (1 + SYS_FDS_EACH) * sizeof(*numbers) };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};
	long n;
	int count;

	do
		n = call_result(syscall(SYS_recvmsg, socket, &message, MSG_CMSG_CLOEXEC));
	while (n == -EINTR);
	if (n <= 0)
		return n ? (int)n : -EPIPE;
	count = count_received(&message, fds);
	if ((size_t)n == (1 + (size_t)count) * sizeof(*numbers))
		return count;
	while (count)
		sys_close(fds[--count]);
	return -EPROTO;
}

int sys_renumber(int fd)
{
	enum { FIRST = 600 };
	int renumbered = fd < 0 ? fd : sys_dup_above(fd, FIRST);

	if (renumbered < 0)
		return fd;
	sys_close(fd);
	return renumbered;
}

static uint64_t set_of_heeded(const int *signals, size_t count)
{
	uint64_t set = 0;

	for (size_t i = 0; i < count; i++)
		if (!sys_ignores_signal(signals[i]))
			set |= (uint64_t)1 << (signals[i] - 1);
	return set;
}

int sys_signal_fd(const int *signals, size_t count)
{
	uint64_t set;

	/* A blocked signal is discarded all the same while SIGCHLD is ignored. */
	for (size_t i = 0; i < count; i++)
		if (signals[i] == SIGCHLD)
			sys_signal(SIGCHLD, SIG_DFL);
	set = set_of_heeded(signals, count);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, sizeof(set));
	return (int)call_result(syscall(SYS_signalfd4, -1, &set, sizeof(set), O_CLOEXEC));
}

int sys_read_signal(int fd)
{
	uint32_t info[32];	/* struct signalfd_siginfo, which begins with the signal */
	ssize_t n = sys_read(fd, info, sizeof(info));

	return n < 0 ? (int)n : n == sizeof(info) ? (int)info[0] : -EIO;
}

void sys_unblock_signals(void)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &(const uint64_t) { 0 }, NULL, sizeof(uint64_t));
}
