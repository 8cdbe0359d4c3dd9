/* SPDX-License-Identifier: MIT */
/* left_out: refuse the options of parts that tiny leaves out, where the rest calls them without asking whether
   they are there. */
#include <errno.h>

#include "../../applets/fmount/beneath.h"
#include "../../applets/fmount/hand_out.h"
#include "../../applets/fmount/wait_server.h"
#include "../../applets/fumount/fumount.h"
#include "msg.h"
#include "mount/mount.h"
#include "sys.h"

/* Before anything is mounted or unmounted. */
static void __attribute__((noreturn)) refuse(const char *option)
{
	msg("%s: not in this build", option);
	sys_exit(1);
}

int fumount_enter(const struct fumount *f, const char *namespace)
{
	(void)f, (void)namespace;
	refuse("-N");
}

bool fumount_is_outside(uint64_t connection)
{
	(void)connection;
	return false;
}

bool fumount_refuse_outside(const struct fumount *f, const struct report *to, uint64_t connection)
{
	(void)f, (void)to, (void)connection;
	return false;
}

int hand_out_prepare(void)
{
	refuse("--fd-socket");
}

int hand_out_send(const char *path, uid_t uid, int device, int milliseconds)
{
	(void)path, (void)uid, (void)device, (void)milliseconds;
	return -ENOSYS;
}

int beneath_open(struct beneath *beneath, int held, const char *path, bool stale)
{
	(void)beneath, (void)held, (void)path;
	refuse(stale ? "--replace-stale" : "--beneath");
}

int beneath_create(struct beneath *beneath, struct mountpoint *at, const char *path, const struct optlist *options)
{
	(void)beneath, (void)at, (void)path, (void)options;
	return -ENOSYS;
}

int beneath_place(struct beneath *beneath, struct mountpoint *at)
{
	(void)beneath, (void)at;
	return -ENOSYS;
}

int beneath_remove(struct beneath *beneath)
{
	(void)beneath;
	return -ENOSYS;
}

void beneath_close(struct beneath *beneath)
{
	(void)beneath;
}

int wait_server_run(const struct fmount *f, struct mountpoint *at, int device, char **argv, struct beneath *beneath)
{
	(void)f, (void)device, (void)argv;
	msg("--wait: not in this build");
	return wait_server_undo(at, beneath);
}

int wait_server_undo(const struct mountpoint *at, const struct beneath *beneath)
{
	(void)beneath;
	commfd_umount_known(at, UMOUNT_LAZY);
	return 1;
}
