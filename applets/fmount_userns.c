/* fmount --userns: mounts with no privilege at all, in a user and a mount namespace
 * of its own, as who the caller is. user_namespaces(7).
 */
#include <errno.h>
#include <fcntl.h>

#include "env.h"
#include "fmount.h"
#include "msg.h"
#include "out.h"
#include "priv.h"
#include "say.h"
#include "sys.h"

static int write_file(const char *path, const char *text, size_t size)
{
	int fd = sys_open(path, O_WRONLY, 0), err;

	if (fd < 0)
		return fd;
	err = sys_write_all(fd, text, size);
	sys_close(fd);
	return err;
}

/* One user, one group, who are outside who they are inside. */
static int map(const char *path, uint32_t id)
{
	char text[32];
	struct out out = OUT_TEXT(text);

	out_fmt(&out, "%u %u 1", id, id);
	return write_file(path, text, out.len);
}

static int enter(void)
{
	uint32_t uid = sys_geteuid(), gid = sys_getegid();
	int err = sys_new_user_namespace();

	if (err) {
		msg("user namespace: %s; fmount --check says what forbids it", msg_reason(err));
		return err;
	}
	write_file("/proc/self/setgroups", "deny", 4);	/* not there before 3.19 */
	err = map("/proc/self/uid_map", uid);
	if (!err)
		err = map("/proc/self/gid_map", gid);
	return err ? msg_errno(err, "/proc/self/uid_map", err) : 0;
}

int fmount_userns(struct fmount *f, const char *where, char **program)
{
	static struct mountpoint at;
	struct optlist mount;
	char **argv;
	int device, err;

	if (fmount_options(f, program[0], &mount) != 0 || enter() != 0)
		return 1;
	/* /dev/fuse must be opened inside: it remembers by whom. */
	device = say_mount(&at, where, &mount);
	if (device < 0)
		return 1;
	argv = fmount_place(program, device);
	err = f->launch.drop_caps ? 0 : priv_keep_mounting();
	if (err)
		return msg_errno(1, "CAP_SYS_ADMIN", err);
	if (!argv || launch_become(&f->launch) != 0)
		return 1;
	return launch_exec(program[0], argv);
}
