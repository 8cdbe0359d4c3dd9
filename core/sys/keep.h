/* SPDX-License-Identifier: MIT */
/* keep: system calls for processes that replace each other: shared memory, and descriptors that
 * outlive the process that opened them. As in sys.h, each function returns what the system call
 * returns, or -errno. */
#ifndef FUSEBOX_SYS_KEEP_H
#define FUSEBOX_SYS_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Creates a memory file (memfd_create(2)) of `size` bytes, of which only pages that were written take
   memory. Returns a close-on-exec descriptor, which the caller closes, or -errno. */
int sys_memory_file(const char *name, uint64_t size);

/* Whether fd is such a file of `size` bytes, which no process can change: 0 or -errno. */
int sys_memory_check(int fd, uint64_t size);

/* Maps `size` bytes of the file fd from `offset` on (a multiple of the page size), shared: the file
   has what is written to them as soon as it is written. NULL: no memory or address space. The
   caller unmaps them with sys_free_pages(). */
void *sys_map_shared(int fd, uint64_t offset, size_t size);

/* AF_UNIX, SOCK_SEQPACKET: messages keep their bounds. Close-on-exec. 0 or -errno. */
int sys_message_pair(int fd[2]);

/* After sys_refuse_fds() the kernel accepts no message with descriptors for this AF_UNIX socket, nor for the
   sockets that accept(2) makes of it: sendmsg(2) fails with EPERM (SO_PASSRIGHTS). sys_accept_fds() allows such
   messages again. 0 or -errno; before Linux 6.16 -ENOPROTOOPT. */
int sys_refuse_fds(int socket);
int sys_accept_fds(int socket);

/* Looks at the next message of the socket, which stays there. 1: it has descriptors, which whoever reads the message
   or closes the socket also closes, and that can block: see child_hold(); 0: it has none, or there is no message;
   or -errno. */
int sys_next_has_fds(int socket);

/* Makes room for messages of `size` bytes in both directions of a socket, beyond the limits that the
   administrator has set if this process has CAP_NET_ADMIN. 0; -ENOBUFS: there is less; or -errno. */
int sys_set_buffers(int socket, size_t size);

/* struct pollfd. sys_poll_several() waits for `milliseconds`, or with -1 for ever, and starts anew after
   EINTR. Returns how many are ready, or -errno. */
struct sys_poll { int fd; short events, revents; };
enum { SYS_POLL_IN = 1, SYS_POLL_OUT = 4, SYS_POLL_END = 8 | 16 | 32 /* POLLERR, POLLHUP, POLLNVAL: always reported */ };
int sys_poll_several(struct sys_poll *polls, size_t count, int milliseconds);

/* A close-on-exec descriptor, the caller's, that becomes readable each time fd does so anew: what fd has to read now
   does not count. Whoever polls it while fd is not readable makes it forget (EPOLLET). -errno. */
int sys_edge_fd(int fd);

/* The pid of a child that has ended; 0: none; or -errno. *succeeded: with status 0. It stays a zombie until sys_wait(), so that its
   number, and that of its process group, belong to no other process. */
pid_t sys_ended_child(bool *succeeded);

/* As sys_fork(), but parent and child share one descriptor table (CLONE_FILES): what either opens or
   closes, the other has, and the table lives until both have ended. */
pid_t sys_fork_sharing_files(void);

/* Sends one message: fds[0], which is any number, then the numbers of `count` descriptors, at most
   SYS_FDS_EACH, from fds[1] on, and the descriptors themselves (SCM_RIGHTS). 0 or -errno; -EBADF: one of
   them is not open, and none was sent. */
enum { SYS_FDS_EACH = 64 };
int sys_send_fds(int socket, const int *fds, size_t count);

/* Receives such a message: the sender's numbers in numbers[], this process's close-on-exec
   descriptors in fds[], from 0 on, which the caller closes. Returns their count, or -errno: -EPIPE
   if the peer has closed the socket; -EPROTO if numbers and descriptors do not agree: that message is gone. */
int sys_receive_fds(int socket, int numbers[1 + SYS_FDS_EACH], int fds[SYS_FDS_EACH]);

/* Moves a descriptor that a server inherits to the first number that is free from 600 on, close-on-exec, and returns
   that. The descriptors that a service manager passes are below it, so each server of --keep finds its own under the
   same numbers, none of which a file can have that an earlier server opened. Where the limit of descriptors is lower
   the descriptor stays; an error is handed through. */
int sys_renumber(int fd);

/* A descriptor (close-on-exec, the caller's) from which each of these signals can be read that this
   process does not ignore, and which is readable while one is pending; the signals no longer interrupt
   this process. SIGCHLD is no longer ignored. -errno. */
int sys_signal_fd(const int *signals, size_t count);
int sys_read_signal(int fd);		/* the next pending signal, or -errno */
void sys_unblock_signals(void);		/* for a child, before exec: all signals are delivered again */

#endif
