/* priv: see priv.h. */
#define _GNU_SOURCE
#include "priv.h"

#include <errno.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By system call: libc's wrappers bring the machinery for threads along. On
   some 32-bit machines the plain numbers are those of 16-bit ids. */
#ifdef SYS_setresuid32
enum { SETRESUID = SYS_setresuid32, SETRESGID = SYS_setresgid32 };
#else
enum { SETRESUID = SYS_setresuid, SETRESGID = SYS_setresgid };
#endif

static int drop_capabilities(void)
{
	const struct { uint32_t version; int pid; } header = { 0x20080522, 0 };
	const struct { uint32_t effective, permitted, inheritable; } none[2] = { { 0, 0, 0 } };

	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static int still_privileged(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return 1;
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid || sg != gid)
		return 1;
	return uid != 0 && syscall(SETRESUID, -1, 0, -1) == 0;
}

int priv_drop(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	int err = 0;

	if (!getauxval(AT_SECURE) && uid == geteuid() && gid == getegid())
		return 0;
	if (syscall(SETRESGID, gid, gid, gid) < 0 || syscall(SETRESUID, uid, uid, uid) < 0)
		return -errno;
	if (uid != 0)
		err = drop_capabilities();
	return err ? err : still_privileged(uid, gid) ? -EPERM : 0;
}
