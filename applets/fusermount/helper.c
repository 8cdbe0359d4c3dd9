/* SPDX-License-Identifier: MIT */
/* helper: see helper.h. */
#include "helper.h"
#include "raise.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "opt.h"
#include "sys/priv.h"
#include "sys.h"
#include "mount/table.h"

/* The last component of a path, without trailing slashes. NULL if it cannot be the name of a
   mountpoint: "", "/", ".", "a/..". */
static char *last_component(char *path)
{
	char *end = path + strlen(path), *name;

	while (end > path && end[-1] == '/')
		*--end = '\0';
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? NULL : name;
}

/* Replace path by its absolute name without symbolic links. */
static int canonicalize(char *path, size_t size)
{
	int fd = sys_open(path, O_PATH | O_DIRECTORY, 0);
	int err = fd < 0 ? fd : mount_path_of(fd, path, size);

	if (fd >= 0)
		sys_close(fd);
	return err;
}

/* Change to the directory part of path; set h->at.path to its absolute name, and name[256] to the
   last component. */
static int enter_parent(struct helper *h, char *path, size_t size, char *name)
{
	char *last = last_component(path);
	size_t len;
	int err = 0;

	if (!last) {
		if (!*path)
			memcpy(path, "/", 2);
		err = canonicalize(path, size);
		last = err ? NULL : last_component(path);
	}
	if (!last)
		return err ? err : -EBUSY;
	len = strlen(last);
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, last, len + 1);
	*last = '\0';
	err = *path ? sys_chdir(path) : 0;
	if (!err)
		err = sys_getcwd(h->at.path, sizeof(h->at.path) - (NAME_MAX + 2));
	return err;
}

int helper_enter(struct helper *h, const char *given)
{
	static char path[sizeof(h->at.path) + 2], name[NAME_MAX + 1];
	size_t len = strlen(given);
	int err = len < sizeof(h->at.path) ? 0 : -ENAMETOOLONG;

	h->at.top = -1;
	if (len == 0) {
		msg("invalid mountpoint '%s'", given);
		return 1;
	}
	if (!err) {
		memcpy(path, given, len + 1);
		err = enter_parent(h, path, sizeof(path), name);
	}
	if (err) {
		msg("bad mount point %s: %s", given, msg_reason(err));
		return 1;
	}
	len = strlen(h->at.path);
	if (h->at.path[len - 1] != '/')
		h->at.path[len++] = '/';
	memcpy(h->at.path + len, name, strlen(name) + 1);
	h->name = name;
	return 0;
}

static int pin_mountpoint(struct helper *h)
{
	struct sys_stat st;
	int err;

	h->at.gid = sys_getgid();
	h->at.under = sys_open(h->name, O_PATH | (h->root ? 0 : O_NOFOLLOW), 0);
	err = h->at.under < 0 ? h->at.under : sys_statx(h->at.under, "", true, &st);
	if (err) {
		msg("failed to access mountpoint %s: %s", h->at.path, msg_reason(err));
		return 1;
	}
	h->at.mode = st.mode;
	return 0;
}

static bool has_prefix(const char *option, const char *with)
{
	return strncmp(option, with, strlen(with)) == 0;
}

/* The reason for an option whose refusal is already reported. */
static const char already_reported[] = "";

static bool handle_privileged(const struct helper *h, const char *option, const char **why)
{
	if (strcmp(option, "dev") == 0 || strcmp(option, "suid") == 0) {
		msg("unsafe option %s ignored", option);
		return true;
	}
	if (strcmp(option, "blkdev") == 0) {
		msg("option blkdev is privileged");
		*why = already_reported;
		return true;
	}
	if (h->policy.user_allow_other
	    || (strcmp(option, "allow_other") != 0 && strcmp(option, "allow_root") != 0))
		return false;
	msg("option %s only allowed if 'user_allow_other' is set in " POLICY_FILE, option);
	*why = already_reported;
	return true;
}

/* Handle the options that only the helper knows, that need privilege, or that it sets itself. */
static bool handle_option(struct optlist *o, char *option, const char **why)
{
	struct helper *h = (struct helper *)(void *)((char *)o - offsetof(struct helper, mount));

	if (!h->root && handle_privileged(h, option, why))
		return true;
	if (strcmp(option, "auto_unmount") == 0)
		return h->auto_unmount = true;
	if (strcmp(option, "blkdev") == 0)
		return o->blkdev = true;
	return has_prefix(option, "fd=") || has_prefix(option, "rootmode=")
	       || has_prefix(option, "user_id=") || has_prefix(option, "group_id=")
	       || strcmp(option, "nonempty") == 0 || strcmp(option, "large_read") == 0;
}

static int parse_options(struct helper *h)
{
	struct optlist *o = &h->mount;
	const char *bad, *why;

	*o = (struct optlist) { .flags = MOUNT_NOSUID | MOUNT_NODEV, .first = handle_option };
	why = optlist_parse(o, h->list, &bad);
	if (why == opt_unknown)
		msg("unknown option '%s'", bad);
	else if (why && why != already_reported)
		msg("%s: %s", bad, why);
	if (!o->fsname)
		o->fsname = o->subtype ? o->subtype : "/dev/fuse";
	return why != NULL;
}

static int open_device(struct helper *h)
{
	const char *advice;

	h->device = sys_open("/dev/fuse", O_RDWR, 0);
	if (h->device >= 0)
		return 0;
	advice = mount_device_advice(h->device);
	if (h->device == -ENOENT || h->device == -ENODEV)
		msg("fuse device not found, try 'modprobe fuse' first; %s", advice);
	else
		msg("failed to open /dev/fuse: %s%s%s", msg_reason(h->device),
		    advice ? "; " : "", advice ? advice : "");
	return 1;
}

int helper_find_socket(struct helper *h)
{
	const char *number = getenv("_FUSE_COMMFD");
	uint64_t n = (uint64_t)h->socket;

	if (h->socket < 0 && !number)
		return msg_refuse("old style mounting not supported");
	if (h->socket < 0 && opt_number(number, INT32_MAX, &n) < 0) {
		msg("invalid _FUSE_COMMFD: %s", number);
		return 1;
	}
	h->socket = (int)n;
	if (sys_is_unix_socket(h->socket) == 0)
		return 0;
	msg("file descriptor %d is not a socket, can't send fuse fd", h->socket);
	return 1;
}

int helper_prepare(struct helper *h, struct out *why)
{
	if (helper_find_socket(h) != 0 || open_device(h) != 0)
		return 1;
	if (!h->root) {
		if (policy_read(&h->policy, msg) != 0 || policy_count(&h->policy, 1, why) != 0)
			return 1;
	}
	if (pin_mountpoint(h) != 0)
		return 1;
	if (!h->root && policy_mountpoint(&h->policy, &h->at, why) != 0)
		return 1;
	return parse_options(h);
}

int helper_send(const struct helper *h, const void *data, size_t size, int fd)
{
	return sys_send_as(h->socket, h->at.uid, data, size, fd);
}

int helper_keep(struct helper *h, int (*hand_over)(struct helper *), struct out *why)
{
	int err = h->root ? 0 : policy_count(&h->policy, 0, why);

	if (!err) {
		err = hand_over(h);
		if (err)
			out_fmt(why, "sending file descriptor: %s", msg_reason(err));
	}
	if (err)
		mount_undo(&h->at);
	return err;
}

void helper_mount_failed(const struct helper *h, int err, const char *kernel, struct out *why)
{
	if (h->mount.blkdev && err == -ENODEV)
		out_str(why, "'fuseblk' support missing");
	else
		out_fmt(why, "mount failed: %s%s%s", msg_reason(err), *kernel ? "; " : "", kernel);
}

static int send_device(struct helper *h)
{
	return helper_send(h, "", 1, h->device);
}

int helper_mount(struct helper *h, struct out *why)
{
	struct mount_log kernel = { "" };
	int err = helper_open_turn(h);

	helper_raise(true);
	if (!err)
		err = mount_attach(&h->at, &h->mount, h->device, &kernel);
	if (err)
		helper_mount_failed(h, err, kernel.text, why);
	else
		err = helper_keep(h, send_device, why);
	mount_release(&h->at);	/* while shielded: the caller could stop the process and keep the turn */
	helper_lower();
	sys_close(h->device);
	return err;
}

int helper_watch(struct helper *h)
{
	int parent = sys_open(".", O_PATH | O_DIRECTORY, 0), err;

	if (h->at.under)
		sys_close(h->at.under);
	sys_setsid();
	sys_chdir("/");
	sys_block_signals();
	sys_poll_hangup(h->socket);	/* the server has closed its end */
	err = parent < 0 ? parent : sys_fchdir(parent);
	if (!err) {
		err = helper_open_known(h);
		if (err >= 0)
			err = helper_detach(h, err);
	}
	/* The server may have unmounted it already: success. */
	return !err || err == -ESTALE || err == -ENOENT ? 0 : msg_errno(1, h->at.path, err);
}
