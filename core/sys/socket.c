/* SPDX-License-Identifier: MIT */
/* socket: Unix sockets, and passing descriptors over them. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "call.h"
#include "sys/keep.h"

int sys_socketpair(int fd[2])
{
	return (int)call_result(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
}

/* Creates a socket and fills in the address for path (a leading '@': abstract). Returns the socket,
   or -errno. */
static int unix_socket(int type, const char *path, struct sockaddr_un *address, socklen_t *size)
{
	size_t length = strlen(path);

	if (length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length);
	if (*path == '@')
		address->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return (int)call_result(syscall(SYS_socket, AF_UNIX, type | SOCK_CLOEXEC, 0));
}

/* Adds a control message to those in `room`, which take `at` bytes so far. Returns how many they take then. */
static size_t add_control(char *room, size_t at, int type, const void *data, size_t size)
{
	struct cmsghdr header = { .cmsg_len = (socklen_t)CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = type };

	memcpy(room + at, &header, sizeof(header));
	memcpy(room + at + CMSG_LEN(0), data, size);
	return at + CMSG_SPACE(size);
}

union datagram_fds { struct cmsghdr header; char room[CMSG_SPACE(SYS_DATAGRAM_FDS * sizeof(int))]; };

int sys_unix_datagram(const char *path, const void *data, size_t size, const int *fds, size_t count, int seconds)
{
	union datagram_fds control = { .room = { 0 } };
	const struct timeval limit = { .tv_sec = seconds };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	struct sockaddr_un to;
	struct msghdr message = { .msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = unix_socket(SOCK_DGRAM, path, &to, &message.msg_namelen);
	long sent;

	if (fd < 0)
		return fd;
	if (count) {
		message.msg_control = &control;
		message.msg_controllen = (socklen_t)add_control(control.room, 0, SCM_RIGHTS, fds, count * sizeof(*fds));
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	sent = call_result(syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL | (seconds ? 0 : MSG_DONTWAIT)));
	close(fd);
	return sent < 0 ? (int)sent : 0;
}

/* Changes the owner of a new socket file to uid. The owner of the directory may have replaced the
   socket by another file, so check that it is a socket of mode 0600 that belongs to this process. */
static int chown_socket(const char *path, uid_t uid, struct sys_stat *made)
{
	int fd = sys_open(path, O_PATH | O_NOFOLLOW, 0);
	int err = fd < 0 ? fd : sys_statx(fd, "", true, made);

	if (!err && (made->mode != (S_IFSOCK | 0600) || made->uid != geteuid()))
		err = -ESTALE;
	if (!err && uid != geteuid())
		err = (int)call_result(fchownat(fd, "", uid, (gid_t)-1, AT_EMPTY_PATH));
	if (fd >= 0)
		sys_close(fd);
	return err;
}

int sys_listen(const char *path, uid_t uid, struct sys_stat *made)
{
	struct sockaddr_un at;
	socklen_t length;
	int fd = unix_socket(SOCK_STREAM, path, &at, &length), err = 0;
	mode_t mask;

	if (fd < 0)
		return fd;
	sys_refuse_fds(fd);
	mask = umask(0177);
	if (syscall(SYS_bind, fd, &at, length) < 0)
		err = -errno;
	umask(mask);
	if (!err && *path != '@')
		err = chown_socket(path, uid, made);
	if (!err)
		err = (int)call_result(syscall(SYS_listen, fd, 8));
	if (err)
		close(fd);
	return err ? err : fd;
}

int64_t sys_peer_uid(int socket)
{
	struct { int32_t pid; uint32_t uid, gid; } peer;	/* struct ucred */
	socklen_t size = sizeof(peer);

	return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? -errno : (int64_t)peer.uid;
}

int sys_accept(int socket)
{
	int fd;

	do
		fd = (int)call_result(syscall(SYS_accept4, socket, NULL, NULL, SOCK_CLOEXEC));
	while (fd == -EINTR);
	return fd;
}

int sys_is_unix_socket(int fd)
{
	int family;
	socklen_t size = sizeof(family);
	int err = (int)call_result(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size));

	return !err && family != AF_UNIX ? -ENOTSOCK : err;
}

/* A control message with one descriptor. */
union one_fd { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; };

/* Control messages with the sender's ids, and then one descriptor. */
struct ids { int32_t pid; uint32_t uid, gid; };
union sent { struct cmsghdr header; char room[CMSG_SPACE(sizeof(struct ids)) + CMSG_SPACE(sizeof(int))]; };

int sys_send_as(int socket, uid_t uid, const void *data, size_t size, int fd)
{
	union sent control = { .room = { 0 } };
	struct ids ids = { getpid(), uid, getgid() };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };
	size_t used = 0;
	long n;

	/* Without SCM_CREDENTIALS the kernel sends the real ids. */
	if (uid != getuid())
		used = add_control(control.room, used, 2 /* SCM_CREDENTIALS */, &ids, sizeof(ids));
	if (fd >= 0)
		used = add_control(control.room, used, SCM_RIGHTS, &fd, sizeof(fd));
	message.msg_controllen = (socklen_t)used;
	n = call_result(syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
	return n < 0 ? (int)n : (size_t)n == size ? 0 : -EPIPE;
}

int sys_send_fd(int socket, int fd)
{
	return sys_send_as(socket, getuid(), "", 1, fd);
}

/* The padding of a control message for one descriptor has room for a second one, which the
   kernel fills in if the peer sends two: close both. */
static void close_received(const struct cmsghdr *c)
{
	for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
		int fd;

		memcpy(&fd, (const char *)c + at, sizeof(fd));
		close(fd);
	}
}

int sys_receive_fd(int socket)
{
	union one_fd control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	const struct cmsghdr *c;
	ssize_t n;
	int fd;

	do
		n = syscall(SYS_recvmsg, socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&message);
	if (n == 0 || !c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	if (c->cmsg_len != CMSG_LEN(sizeof(int))) {
		close_received(c);
		return -EPROTO;
	}
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}
