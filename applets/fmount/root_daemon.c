/* SPDX-License-Identifier: MIT */
/* root_daemon: see root_daemon.h. At shutdown, systemd spares a process whose argv[0] begins with "@",
 * and sysvinit the pids listed in /run/sendsigs.omit.d; oom_score_adj exempts it from the OOM
 * killer.
 */
#include "root_daemon.h"

#include <fcntl.h>
#include <string.h>

#include "out.h"
#include "sys.h"
#include "sys/vfs.h"

static void write_file(int fd, const char *text)
{
	if (fd < 0)
		return;
	sys_write_all(fd, text, strlen(text));
	sys_close(fd);
}

/* ---- The entry of sysvinit ---- */

struct entry { int dir; const char *name; char number[12]; };

/* Whether the entry still has this server's pid: a later server of the same name may have written its own. */
static bool is_own(const struct entry *e)
{
	char text[sizeof(e->number)] = "";
	int fd = sys_openat(e->dir, e->name, O_RDONLY | O_NOFOLLOW, 0);

	if (fd < 0)
		return false;
	sys_read_all(fd, text, sizeof(text) - 1);
	sys_close(fd);
	return strcmp(text, e->number) == 0;
}

static void leave_parent(void)
{
	sys_silence_stdio();
	sys_setsid();
	sys_name_process("fuse-omit");
	sys_release_program();
}

/* Another process may get the server's pid later, and the shutdown would then spare that process. The child
   keeps no descriptor of the mount, or the connection would outlive its server. At the shutdown SIGTERM
   ends the child, and the entry stays. */
static void __attribute__((noreturn)) remove_at_end(const struct entry *e, int server)
{
	const int kept[] = { e->dir, server };

	sys_close_others(kept, sizeof(kept) / sizeof(*kept), false);
	leave_parent();
	if (sys_poll_in(server, -1) == 1 && is_own(e))
		vfs_unlink(e->dir, e->name, false);
	sys_exit(0);
}

/* Forks twice: the server has no child that it does not know. */
static void start_watcher(const struct entry *e)
{
	int server = sys_pidfd_open(sys_getpid()), child = server < 0 ? server : sys_fork();

	if (child == 0) {
		if (sys_fork() == 0)
			remove_at_end(e, server);
		sys_exit(0);
	}
	if (child > 0)
		sys_wait(child, NULL);
	if (server >= 0)
		sys_close(server);
}

static void add_entry(const char *program)
{
	const char *base = strrchr(program, '/');
	struct entry e = { .dir = sys_open("/run/sendsigs.omit.d", O_RDONLY | O_DIRECTORY, 0), .name = base ? base + 1 : program };

	if (e.dir < 0)
		return;
	text_fmt(e.number, sizeof(e.number), "%d\n", sys_getpid());
	write_file(sys_openat(e.dir, e.name, O_WRONLY | O_CREAT | O_TRUNC, 0644), e.number);
	start_watcher(&e);
	sys_close(e.dir);
}

void root_daemon_protect(char **argv)
{
	static char name[4096];

	add_entry(argv[0]);
	write_file(sys_open("/proc/self/oom_score_adj", O_WRONLY, 0), "-1000");
	text_fmt(name, sizeof(name), "@%s", argv[0]);
	argv[0] = name;
}
