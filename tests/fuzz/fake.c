/* SPDX-License-Identifier: MIT */
/* fake: see fake.h. */
#define _GNU_SOURCE
#include "fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sys.h"
#include "sys/keep.h"
#include "sys/trace.h"

enum { FILES = 8, DESCRIPTORS = 64, FIRST = 100, NO_FILE = -1, KEPT = 64 };

struct fake fake;

static struct { const char *path; const uint8_t *bytes; size_t size; } files[FILES];
static unsigned int file_count;
static struct { bool open; int file; size_t at; } descriptors[DESCRIPTORS];

void fake_start(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(descriptors, 0, sizeof(descriptors));
	file_count = 0;
}

void fake_file(const char *path, const void *bytes, size_t size)
{
	MUST(file_count < FILES);
	files[file_count].path = path;
	files[file_count].bytes = bytes;
	files[file_count++].size = size;
}

unsigned int fake_open(void)
{
	unsigned int count = 0;

	for (int i = 0; i < DESCRIPTORS; i++)
		count += descriptors[i].open;
	return count;
}

/* 0, or an error. */
static int decide(void)
{
	static const int errors[] = {
		ENOENT, EPERM, EACCES, EBUSY, EINVAL, ENOSYS, EIO,
		ENOMEM, ENOTDIR, ENODEV, EEXIST, ENOTCONN, EMFILE, ESTALE,
	};
	uint8_t how = input_byte(&fake.decisions);

	return how < 0xc0 ? 0 : -errors[how % (sizeof(errors) / sizeof(*errors))];
}

static int descriptor(int file)
{
	for (int i = 0; i < DESCRIPTORS; i++) {
		if (!descriptors[i].open) {
			descriptors[i].open = true;
			descriptors[i].file = file;
			descriptors[i].at = 0;
			return FIRST + i;
		}
	}
	return -EMFILE;
}

static int new_descriptor(void)
{
	int err = decide();

	return err ? err : descriptor(NO_FILE);
}

/* Descriptors below this number belong to the process itself, and are open from the start. */
static void check(int fd)
{
	MUST(fd < FIRST || (fd < FIRST + DESCRIPTORS && descriptors[fd - FIRST].open));
}

static int on(int fd)
{
	check(fd);
	return fd < 0 ? -EBADF : decide();
}

#include "fake_files.h"

/* ---- Mounts ---- */

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	      const void *data)
{
	(void)flags;
	fuzz_touch_text(source);
	fuzz_touch_text(type);
	fuzz_touch_text(data);
	return of_path(target);
}

int sys_umount2(const char *target, int flags) { (void)flags; return of_path(target); }
int sys_enter_mount_namespace(int fd) { return on(fd); }
int sys_new_mount_namespace(void) { return decide(); }
int sys_new_user_namespace(void) { return decide(); }
int sys_fsopen(const char *type) { fuzz_touch_text(type); return new_descriptor(); }

int sys_fsconfig(int fs, enum fsconfig_op op, const char *key, const char *value)
{
	(void)op;
	fuzz_touch_text(key);
	fuzz_touch_text(value);
	return on(fs);
}

int sys_fsmount(int fs, unsigned int attrs) { (void)attrs; check(fs); return new_descriptor(); }
int sys_move_mount(int from, int to) { check(to); return on(from); }
int sys_set_mount(int mount, uint64_t set, uint64_t clear, uint64_t propagation, int user_namespace)
{
	(void)set, (void)clear, (void)propagation, (void)user_namespace;
	return on(mount);
}
int sys_move_mount_beneath(int from, int to) { check(to); return on(from); }

int sys_statmount(uint64_t id, uint64_t mask, void *buf, size_t size)
{
	return fake.statmount ? fake.statmount(id, mask, buf, size) : -ENOSYS;
}

int sys_listmount(uint64_t below, uint64_t after, uint64_t *ids, size_t count, bool newest_first)
{
	(void)below;
	return fake.listmount ? fake.listmount(after, ids, count, newest_first) : -ENOSYS;
}

int sys_clone_device(int device) { check(device); return new_descriptor(); }
int sys_move_device_to_read_only_mount(int device) { return on(device); }
int sys_reopen_read_only_mount(int fd, int flags) { (void)flags; check(fd); return new_descriptor(); }

/* ---- Processes ---- */

pid_t sys_fork(void)
{
	int err = decide();
	uint8_t how = input_byte(&fake.decisions);

	return err ? err : fake.may_fork_child && how & 1 ? 0 : 4711;
}

void sys_exit(int status)
{
	(void)status;
	MUST(fake.ends);
	longjmp(fake.end, 1);
}

int sys_exec(const char *path, char **argv, char **envp)
{
	int err = of_path(path);

	for (; *argv; argv++)
		fuzz_touch_text(*argv);
	(void)envp;
	if (!err && fake.ends)
		longjmp(fake.end, 1);
	return err ? err : -ENOEXEC;
}

pid_t sys_wait(pid_t pid, int *status)
{
	int err = decide();
	uint8_t how = input_byte(&fake.decisions), exited = input_byte(&fake.decisions) & 1;

	if (status)
		*status = exited ? how << 8 : how;
	return err ? err : pid;
}

pid_t sys_wait_ended(pid_t pid, int *status) { return sys_wait(pid, status); }
int sys_pidfd_open(pid_t pid) { MUST(pid > 0); return new_descriptor(); }
int sys_pidfd_kill(int pidfd, int sig) { (void)sig; return on(pidfd); }
int sys_kill(pid_t pid, int sig) { (void)sig; MUST(pid > 0); return decide(); }
pid_t sys_getpid(void) { return 4710; }
pid_t sys_setsid(void) { return decide(); }
int sys_signal_after_parent(int sig) { (void)sig; return decide(); }
int sys_die_with_parent(void) { return decide(); }
int sys_share_files(pid_t a, pid_t b) { (void)a, (void)b; return decide(); }
int sys_adopt_orphans(void) { return decide(); }
int sys_name_process(const char *name) { fuzz_touch_text(name); return decide(); }
int sys_block_signals(void) { return decide(); }
uid_t sys_getuid(void) { return fake.uid; }
uid_t sys_geteuid(void) { return fake.uid; }
gid_t sys_getgid(void) { return fake.uid; }
gid_t sys_getegid(void) { return fake.uid; }
void sys_reset_signals(void) { }
int sys_signal(int sig, void (*handler)(int)) { (void)sig, (void)handler; return 0; }
int sys_poll_now(int fd) { return on(fd); }
int trace_seize(int thread) { MUST(thread > 0); return -EPERM; }
int trace_interrupt(int thread) { MUST(thread > 0); return -ESRCH; }
int trace_is_still(int thread, int *signal) { MUST(thread > 0); *signal = 0; return -ECHILD; }
int trace_release(int thread, int signal) { MUST(thread > 0 && signal >= 0); return -ESRCH; }
int trace_fetch_fd(int pidfd, int fd) { MUST(pidfd >= 0 && fd >= 0); return new_descriptor(); }
ssize_t trace_read(int fd, void *buf, size_t size, int milliseconds)
{
	MUST(milliseconds > 0);
	return sys_read(fd, buf, size);
}
int sys_fetch_fd(pid_t pid, int fd) { MUST(pid > 0 && fd >= 0); return new_descriptor(); }
int sys_sigcont_on_input(int fd) { return fd < 0 ? -EBADF : 0; }

int sys_poll_in(int fd, int milliseconds)
{
	int err = on(fd);

	(void)milliseconds;
	return err ? err : input_byte(&fake.decisions) & 1 ? 0 : 1;
}

int sys_poll_alive(int fd, int milliseconds) { return sys_poll_in(fd, milliseconds); }
void sys_poll_hangup(int socket) { check(socket); }

int sys_poll_either(int first, int second, int milliseconds)
{
	check(second);
	return sys_poll_in(first, milliseconds);
}

void sys_sleep_ms(int milliseconds) { (void)milliseconds; }
uint64_t sys_clock_ns(void) { static uint64_t now; return now += 1000000000; }
uint64_t sys_since_boot(void) { return 1000; }
uint64_t sys_cpu_time_ns(pid_t pid) { return (uint64_t)pid; }
uint64_t sys_today(void) { return 1000000; }
uint64_t sys_today_us(void) { return 1700000000000000; }
int sys_terminal_width(int fd) { (void)fd; return 0; }
void sys_release_program(void) { }
void sys_release_stack(void) { }
uint64_t sys_memory(void) { return 0; }
uint64_t sys_secret(void) { return 0x9e3779b97f4a7c15u; }
uint32_t sys_page_size(void) { return fake.page ? fake.page : 4096; }

/* ---- Memory: with the sanitizer's borders ---- */

static void *kept[KEPT];

static void *keep(void *pages)
{
	for (int i = 0; pages && i < KEPT; i++) {
		if (!kept[i]) {
			kept[i] = pages;
			return pages;
		}
	}
	return pages;
}

static void give_back(void *pages)
{
	for (int i = 0; i < KEPT; i++)
		if (kept[i] == pages)
			kept[i] = NULL;
	free(pages);
}

void fake_free_pages(void)
{
	for (int i = 0; i < KEPT; i++)
		give_back(kept[i]);
}

void *sys_shared_pages(size_t size) { return sys_pages(size); }
void *sys_pages(size_t size) { return size < (size_t)1 << 30 ? keep(calloc(1, size)) : NULL; }

void *sys_more_pages(void *pages, size_t size, size_t new_size)
{
	char *more = sys_pages(new_size);

	if (more && size) {
		memcpy(more, pages, size);
		give_back(pages);
	}
	return more;
}

void sys_free_pages(void *pages, size_t size) { (void)size; give_back(pages); }

/* ---- Sockets ---- */

bool sys_has_terminal(int fd) { return on(fd) == 0; }
int sys_give_up_terminal(int fd) { return on(fd); }
bool sys_leads_session(void) { return decide() == 0; }
int64_t sys_peer_uid(int socket) { return on(socket); }
int sys_catch_signal(int sig, void (*handler)(int)) { return sys_signal(sig, handler); }
int sys_listen(const char *path, uid_t uid, struct sys_stat *made)
{
	(void)uid;
	*made = (struct sys_stat) { .inode = 1 };
	fuzz_touch_text(path);
	return new_descriptor();
}
int sys_accept(int socket) { check(socket); return new_descriptor(); }

int sys_unix_datagram(const char *path, const void *data, size_t size, const int *fds, size_t count, int seconds)
{
	(void)seconds;
	for (size_t i = 0; i < count; i++)
		check(fds[i]);
	fuzz_touch(data, size);
	return of_path(path);
}

int sys_receive_fd(int socket) { check(socket); return new_descriptor(); }
int sys_send_fd(int socket, int fd) { check(fd); return on(socket); }
int sys_send_as(int socket, uid_t uid, const void *data, size_t size, int fd)
{
	(void)uid;
	if (fd >= 0)
		check(fd);
	fuzz_touch(data, size);
	return on(socket);
}
/* A descriptor may be any number that the caller got: only those that were open from the start
   may be sockets. */
int sys_is_unix_socket(int fd) { return fd < 0 || fd >= FIRST ? -EBADF : decide(); }

/* fmount --keep: no server is started. */
int sys_memory_file(const char *name, uint64_t size) { (void)size; fuzz_touch_text(name); return new_descriptor(); }
int sys_memory_check(int fd, uint64_t size) { (void)size; return on(fd); }
void *sys_map_shared(int fd, uint64_t offset, size_t size) { (void)offset, (void)size; check(fd); return NULL; }
int sys_message_pair(int fd[2]) { fd[0] = fd[1] = -1; return -EMFILE; }
pid_t sys_fork_sharing_files(void) { return -EAGAIN; }
int sys_send_fds(int socket, const int *fds, size_t count) { (void)fds, (void)count; return on(socket); }
int sys_receive_fds(int socket, int numbers[1 + SYS_FDS_EACH], int fds[SYS_FDS_EACH])
{
	(void)numbers, (void)fds;
	check(socket);
	return -EPIPE;
}
int sys_renumber(int fd) { return fd; }
int sys_dup_above(int fd, int least) { (void)least; check(fd); return new_descriptor(); }
int sys_signal_fd(const int *signals, size_t count) { (void)signals, (void)count; return new_descriptor(); }
int sys_read_signal(int fd) { check(fd); return -EIO; }
void sys_unblock_signals(void) { }
int sys_refuse_fds(int socket) { check(socket); return decide() ? 0 : -ENOPROTOOPT; }
int sys_accept_fds(int socket) { check(socket); return decide() ? 0 : -ENOPROTOOPT; }
int sys_next_has_fds(int socket) { check(socket); return 0; }
int sys_set_buffers(int socket, size_t size) { (void)socket, (void)size; return decide() ? 0 : -ENOBUFS; }
int sys_poll_several(struct sys_poll *polls, size_t count, int milliseconds)
{
	(void)milliseconds;
	for (size_t i = 0; i < count; i++)
		polls[i].revents = 0;
	return -EIO;
}
int sys_edge_fd(int fd) { check(fd); return new_descriptor(); }
pid_t sys_ended_child(bool *succeeded) { *succeeded = false; return -ECHILD; }
