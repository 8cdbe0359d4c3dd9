/* keeper: see keeper.h. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "conn.h"
#include "msg.h"
#include "report.h"
#include "sys.h"
#include "umount.h"

void leave_terminal(void)
{
	int null = sys_open("/dev/null", O_RDWR, 0);

	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		sys_dup2(null, fd);
	if (null > 2)
		sys_close(null);
}

static int unmount(const struct keeper *k, int server)
{
	const struct sys_stat *mounted = &k->at->mounted;
	struct report to = { .object = k->shown, .except = server };
	int err = commfd_umount_known(k->at, UMOUNT_PLAIN);

	if (err == -EBUSY) {
		report_holders(&to, mounted->dev_major, mounted->dev_minor);
		err = commfd_umount_known(k->at, UMOUNT_LAZY);
		if (!err)
			msg("%s: busy: detached, and served until the last one lets go; "
			    "signal again to abort", k->shown);
	}
	if (err == -ESTALE) {
		msg("%s: this mount is not on top there any more; served until the last one "
		    "lets go; signal again to abort", k->shown);
		report_holders(&to, mounted->dev_major, mounted->dev_minor);
	} else if (err) {
		msg_errno(1, k->shown, err);
	}
	if (err == -EPERM && k->adopted) {
		msg("%s: left mounted, and served no longer", k->shown);
		sys_kill(server, SIGUSR1);
	}
	return err != 0;
}

static void detach_and_abort(const struct keeper *k, int server)
{
	commfd_umount_known(k->at, UMOUNT_LAZY);
	/* Where the control file system is out of reach, the server's end is the abort:
	   the last descriptor of the connection goes with it. */
	if (conn_abort(k->at->mounted.dev_minor) < 0) {
		msg("%s: aborted", k->shown);
		sys_kill(server, SIGUSR1);
	}
}

/* Unmounting may take as long as the server does, which may be asked to abort meanwhile. */
static void in_child(const struct keeper *k, int server)
{
	int child = sys_fork();

	if (child < 0)
		commfd_umount_known(k->at, UMOUNT_LAZY);
	if (child)
		return;
	sys_signal(SIGCHLD, SIG_DFL);	/* this one waits for its helpers */
	sys_exit(unmount(k, server));
}

static void __attribute__((noreturn)) keep(const struct keeper *k, int pipe, int server)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD };
	char what;

	/* It is the server whom they are meant for. */
	for (unsigned int i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sys_signal(ignored[i], SIG_IGN);
	sys_name_process("fuse-keeper");
	sys_chdir("/");
	sys_release_program();
	while (sys_read_all(pipe, &what, 1) == 1) {
		if (what == KEEPER_BACKGROUND)
			leave_terminal();
		else if (what == KEEPER_UNMOUNT)
			in_child(k, server);
		else if (what == KEEPER_DETACH)
			commfd_umount_known(k->at, UMOUNT_LAZY);
		else
			detach_and_abort(k, server);
	}
	sys_wait(-1, NULL);	/* none is left behind for init */
	sys_exit(0);
}

int keeper_start(struct keeper *k)
{
	int server = sys_getpid(), pipe[2], err = sys_pipe(pipe);
	const int not_kept[] = { k->device, k->ready, k->ready_fd };

	if (err)
		return err;
	err = sys_fork();
	if (err == 0) {
		sys_close(pipe[1]);
		for (unsigned int i = 0; i < sizeof(not_kept) / sizeof(*not_kept); i++)
			if (not_kept[i] >= 0)
				sys_close(not_kept[i]);
		keep(k, pipe[0], server);
	}
	sys_close(pipe[0]);
	if (err < 0)
		sys_close(pipe[1]);
	else
		k->pipe = pipe[1];
	return err < 0 ? err : 0;
}

void keeper_end(const struct keeper *k)
{
	if (k->pipe < 0)
		return;
	sys_close(k->pipe);
	sys_wait(-1, NULL);
}

int keeper_ask(const struct keeper *k, enum keeper_ask what)
{
	return sys_write_all(k->pipe, &(char) { (char)what }, 1);
}
