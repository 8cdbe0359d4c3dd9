/* SPDX-License-Identifier: MIT */
/* store: see store.h. */
#include "serve/store.h"

#include <errno.h>
#include <signal.h>

#include "health/server.h"
#include "sys.h"
#include "sys/keep.h"
#include "sys/priv.h"

enum { END = -1 };	/* in place of a tag */

/* Sends the tag, numbers[0], and those of the descriptors that are open. */
static void send_open(int socket, int *numbers, size_t count)
{
	size_t open = 0;

	for (size_t i = 1; i < count; i++)
		if (sys_fd_valid(numbers[i]) == 0)
			numbers[++open] = numbers[i];
	sys_send_fds(socket, numbers, open);
}

/* The server is this process's parent, so nobody else has its number. */
static void kill_server(int server)
{
	if (sys_getppid() == server)
		sys_kill(server, SIGKILL);
}

static void __attribute__((noreturn)) hold(int socket, int server)
{
	int numbers[1 + SYS_FDS_EACH];
	ssize_t n;

	sys_block_signals();
	sys_name_process(SERVER_STORE);
	sys_chdir("/");
	if (priv_keep_only(0) < 0)
		sys_exit(1);
	sys_release_program();
	while ((n = sys_read(socket, numbers, sizeof(numbers))) != 0) {
		if (n == -EINTR)
			continue;
		if (n < (ssize_t)sizeof(*numbers) || *numbers == END)
			sys_exit(0);
		send_open(socket, numbers, (size_t)n / sizeof(*numbers));
	}
	kill_server(server);
	sys_exit(0);
}

int store_start(int socket)
{
	int server = sys_getpid(), child = sys_fork_sharing_files();

	if (child == 0)
		hold(socket, server);
	return child < 0 ? child : 0;
}

void store_end(int socket)
{
	if (socket >= 0)
		sys_write(socket, &(int) { END }, sizeof(int));
}

/* Moves fds[i] to its number. Another one that has just been received may have that number: then it
   moves away first. */
static bool place(int *fds, int count, int i, int number)
{
	if (fds[i] != number) {
		for (int k = i + 1; k < count; k++) {
			if (fds[k] != number)
				continue;
			fds[k] = sys_dup_above(number, number + 1);
			sys_close(number);
			if (fds[k] < 0)
				return false;
		}
		if (sys_dup2(fds[i], number) < 0)
			return false;
		sys_close(fds[i]);
	}
	return sys_set_cloexec(number, true) == 0;
}

static int find(const int *numbers, int count, int number)
{
	for (int i = 0; i < count; i++)
		if (numbers[i] == number)
			return i;
	return -1;
}

/* A store that is killed may leave its end of the socket to another process for a moment. */
enum { ANSWER_MS = 5000 };
static bool is_gone;

/* Receives the answer. Others may be there before it, for a process that was killed meanwhile, and the byte of
   resume_serving(), if the keeper was killed before it read that. */
static int receive(int socket, int tag, int *numbers, int *fds)
{
	uint64_t end = sys_clock_ns() + (uint64_t)ANSWER_MS * NS_PER_MS;
	int got;

	while (sys_clock_ns() < end && sys_poll_in(socket, ANSWER_MS) > 0) {
		got = sys_receive_fds(socket, numbers, fds);
		if (got == -EPROTO)
			continue;
		if (got < 0 || numbers[0] == tag)
			return got;
		while (got)
			sys_close(fds[--got]);
	}
	return -ETIMEDOUT;
}

/* A former server that was taken over may have noted numbers that this process has in use: those are
   not asked for. */
static int ask(int socket, int tag, const int *wanted, int count)
{
	int request[1 + SYS_FDS_EACH] = { tag };
	size_t used = 1;

	for (int i = 0; i < count; i++)
		if (sys_fd_valid(wanted[i]) < 0)
			request[used++] = wanted[i];
	return sys_write(socket, request, used * sizeof(*request)) < 0 ? -EPIPE : 0;
}

void store_fetch(int socket, int tag, const int *wanted, int count, bool *ok)
{
	int numbers[1 + SYS_FDS_EACH], fds[SYS_FDS_EACH], got = 0, at;

	for (int i = 0; i < count; i++)
		ok[i] = false;
	if (is_gone || socket < 0 || count == 0)
		return;
	got = ask(socket, tag, wanted, count);
	if (!got)
		got = receive(socket, tag, numbers, fds);
	is_gone = got < 0;
	for (int i = 0; i < got; i++) {
		at = find(wanted, count, numbers[1 + i]);
		if (at >= 0)
			ok[at] = place(fds, got, i, numbers[1 + i]);
	}
}
