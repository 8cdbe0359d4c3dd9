/* server: see server.h. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "proc.h"
#include "sys.h"

/* The inode of /proc/PID/ns/pid in the first namespace: PROC_PID_INIT_INO. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

static bool is_device(int fds, const char *name)
{
	char target[16];
	ssize_t n = sys_readlinkat(fds, name, target, sizeof(target));

	return n == 9 && memcmp(target, "/dev/fuse", 9) == 0;
}

/* 1: this connection's; 0: another's or none's; -EAGAIN: the kernel does not tell. */
static int compare(const char *pid, const char *name, uint64_t connection)
{
	uint64_t number;
	int err = proc_connection(pid, name, &number);

	return err == -ENODATA ? -EAGAIN : err == 0 && number == connection;
}

static int look_at(int proc, const char *pid, uint64_t connection)
{
	char path[32];
	struct out out = OUT_TEXT(path);
	struct proc_dir fds;
	const char *name;
	int result;

	out_fmt(&out, "%s/fd", pid);
	result = proc_opendir(&fds, proc, out_text(&out));
	if (result < 0)
		return result == -ENOENT || result == -ESRCH ? 0 : -EAGAIN;
	while (result <= 0 && (name = proc_readdir(&fds))) {
		int one = is_device(fds.fd, name) ? compare(pid, name, connection) : 0;

		result = one ? one : result;
	}
	sys_close(fds.fd);
	return result;
}

int server_find(uint64_t connection)
{
	struct proc_dir all;
	struct sys_stat ns;
	const char *pid;
	uint64_t number;
	int result = proc_opendir(&all, AT_FDCWD, "/proc"), unknown = 0;

	if (result < 0)
		return -EAGAIN;
	if (sys_statx(AT_FDCWD, "/proc/self/ns/pid", true, &ns) < 0 || ns.inode != FIRST_PID_NAMESPACE)
		unknown = -EAGAIN;
	while ((pid = proc_readdir(&all))) {
		if (opt_number(pid, INT32_MAX, &number) < 0)
			continue;
		result = look_at(all.fd, pid, connection);
		if (result > 0) {
			sys_close(all.fd);
			return (int)number;
		}
		unknown = result < 0 ? result : unknown;
	}
	sys_close(all.fd);
	return unknown;
}
