/* SPDX-License-Identifier: MIT */
/* cage: see cage.h. */
#include "sys/cage.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys/filter.h"
#include "sys/priv.h"
#include "sys/streams.h"
#include "sys.h"

/* ---- Landlock: restrict access to files ---- */

enum { NR_CREATE_RULESET = 444, NR_ADD_RULE, NR_RESTRICT_SELF };
enum { TRUNCATE_VERSION = 3 /* Linux 6.2 */, TCP_VERSION, IOCTL_VERSION, SCOPE_VERSION /* 6.12 */ };
enum {
	EXECUTE = 1, FILES = 0x7fff, IOCTL_ON_DEVICES = 0x8000, BIND_AND_CONNECT = 3, ABSTRACT_SOCKETS_AND_SIGNALS = 3,
	PATH_BENEATH = 1, ASK_VERSION = 1,
};

static int landlock_version(void)
{
	return (int)call_result(syscall(NR_CREATE_RULESET, NULL, 0, ASK_VERSION));
}

int cage_offered(void)
{
	return landlock_version() < TRUNCATE_VERSION ? -ENOSYS : filter_offered();
}

static int restrict_files(int root)
{
	int version = landlock_version(), rules, err = 0;
	/* A kernel accepts a larger structure than its own if the unknown fields are 0. */
	const struct { uint64_t files, tcp, scopes; } handled = {
		version < IOCTL_VERSION ? FILES : FILES | IOCTL_ON_DEVICES,
		version < TCP_VERSION ? 0 : BIND_AND_CONNECT,
		version < SCOPE_VERSION ? 0 : ABSTRACT_SOCKETS_AND_SIGNALS,
	};
	const struct __attribute__((packed)) { uint64_t allowed; int32_t fd; } rule = { FILES & ~EXECUTE, root };

	rules = (int)call_result(syscall(NR_CREATE_RULESET, &handled, sizeof(handled), 0));
	if (rules < 0)
		return rules;
	if (root >= 0)
		err = (int)call_result(syscall(NR_ADD_RULE, rules, PATH_BENEATH, &rule, 0));
	if (!err)
		err = (int)call_result(syscall(NR_RESTRICT_SELF, rules, 0));
	sys_close(rules);
	return err;
}

/* ---- All of it ---- */

/* Capabilities that would open the cage: with CAP_MKNOD a server could create a node of the disk. */
enum { CAP_SYS_ADMIN_BIT = 21, CAP_MKNOD_BIT = 27 };

/* A user other than root may not clone mounts: then the server keeps its root directory, where
   it still sees all names, and drops all capabilities, which would apply to all of them. Root
   must not go on like that, since root owns most files. */
static int chroot_or_drop_caps(int root, uint64_t *capabilities)
{
	int err = sys_chroot_with_proc(root);

	if (err != -EPERM || sys_geteuid() == 0)
		return err;
	*capabilities = 0;
	return 0;
}

int cage_close(int root, uint64_t capabilities)
{
	const uint64_t excluded = (uint64_t)1 << CAP_SYS_ADMIN_BIT | (uint64_t)1 << CAP_MKNOD_BIT;
	int err = streams_replace();

	if (!err && root >= 0)
		err = chroot_or_drop_caps(root, &capabilities);
	if (!err)
		err = priv_keep_only(capabilities & ~excluded);
	if (!err)
		err = restrict_files(root);
	return err ? err : filter_server(root >= 0);
}
