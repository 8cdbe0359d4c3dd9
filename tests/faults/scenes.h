/* SPDX-License-Identifier: MIT */
/* scenes: the commands that are run, and how their results are judged. */
/* SIGTERM ends the server and unmounts. If it cannot unmount, the server reports that, and a
   second SIGTERM ends it all the same. */
static void end_server(void)
{
	int patience = may_fail() ? 200 : 3000;

	each_child(getpid(), tell_to_end);
	if (WITHIN(patience, all_ended()))
		return;
	if (!may_fail())
		complain("it does not end when it is told to");
	each_child(getpid(), tell_to_end);
	if (!WITHIN(3000, all_ended()))
		complain("it does not end when it is told to twice");
}

/* Judges a command that mounts and returns. */
static void judge_mount(int status)
{
	if (status != 0) {
		failed_well(status);
		return;
	}
	if (!WITHIN(may_fail() ? 500 : 3000, mounted())) {
		complain("succeeded, and nothing is mounted");
		return;
	}
	if (!answers("hello", "hello") && !answers("hello", "hello"))
		complain("succeeded, and does not answer");
	same_descriptors();
	end_server();
}

/* Runs a command that serves until a signal ends it. */
static void judge_foreground(int pid)
{
	int status = 0;

	if (!WITHIN(LIMIT_MS, (mounted() && answers("hello", "hello")) || waitpid(pid, &status, WNOHANG) == pid)) {
		heard();
		complain("neither serves nor ends");
		return;
	}
	heard();
	if (WIFEXITED(status) && WEXITSTATUS(status)) {
		failed_well(WEXITSTATUS(status));
		return;
	}
	if (WIFSIGNALED(status))
		complain("ended by signal %d", WTERMSIG(status));
	if (status == 0 && !mounted())
		return;
	same_descriptors();
	end_server();
	heard();
}

static void hellofs_back(void) { judge_mount(RUN(FAULTY, "hellofs", "-b", mnt)); }
static void hellofs_front(void) { judge_foreground(start(FAULTY, ARGV("hellofs", mnt))); }
static void fmount_wait(void) { judge_mount(RUN(FAULTY, "fmount", "--wait", mnt, "--", "hellofs")); }
static void fmount_front(void) { judge_foreground(start(FAULTY, ARGV("fmount", mnt, "--", "hellofs"))); }
static void fmount_other(void)
{
	judge_foreground(start(FAULTY, ARGV("fmount", "--user", "nobody", "--drop-caps", "--no-new-privs", "--clones",
					    "2", "--auto-unmount", mnt, "--", "hellofs")));
}

/* The mount to unmount: its server has no faults, and a process may hold it. */
static int holder = -1;

static void serve_clean(bool busy)
{
	char path[700];

	if (RUN(0, "hellofs", "-b", mnt) != 0)
		die("a server without faults");
	snprintf(path, sizeof(path), "%s/hello", mnt);
	if (busy)
		holder = open(path, O_RDONLY | O_CLOEXEC);
}

static void let_go(void)
{
	if (holder >= 0)
		close(holder);
	holder = -1;
	if (mounts(NULL, false))
		mounts(NULL, true);
}

static bool is_rights(const struct plan_record *r)
{
	return r->number == SYS_setresuid || r->number == SYS_setfsuid;
}

/* Judges a command that unmounts or recovers. After the unmount it goes on to look for other
   mounts, which may fail. */
static void judge(int status, bool recovers)
{
	if (status == 0 && mounted())
		complain("succeeded, and is mounted still");
	if (status > 0)
		failed_well(status);
	/* If the helper fails to drop its privileges, it does nothing more. */
	if (status > 0 && !mounted() && !recovers && !(hit && is_rights(hit)))
		complain("failed, and is unmounted");
	let_go();
}
static void judge_unmount(int status) { judge(status, false); }

static void fumount_plain(void) { serve_clean(false); judge_unmount(RUN(FAULTY, "fumount", mnt)); }
static void fumount_lazy(void) { serve_clean(true); judge_unmount(RUN(FAULTY, "fumount", "-l", mnt)); }
static void fumount_force(void) { serve_clean(true); judge_unmount(RUN(FAULTY, "fumount", "-f", mnt)); }
static void fumount_helper(void) { serve_clean(false); judge_unmount(RUN(FAULTY, "umount.fuse", mnt)); }
static void fumount_all(void) { serve_clean(false); judge_unmount(RUN(FAULTY, "fumount", "-a", "-t", "fuse.hellofs")); }
static void fumount_recover(void) { serve_clean(false); judge(RUN(FAULTY, "fumount", "-R", mnt), true); }

static void fumount_recover_dead(void)
{
	serve_clean(true);
	each_child(getpid(), kill_it);
	judge(RUN(FAULTY, "fumount", "-R", mnt), true);
}

static void fumount_busy(void)
{
	int status;

	serve_clean(true);
	status = RUN(FAULTY, "fumount", mnt);
	if (status != 32 && (status <= 0 || !may_fail()))
		complain("status %d when it is busy", status);
	if (!mounted())
		complain("unmounted when it is busy");
	if (status > 0 && !*errors && !(hit && hit->number == SYS_write && hit->first == 2))
		complain("nothing is said");
	let_go();
}

/* ---- fmount, and who mounts by it ---- */

static void fmount_auto(void)
{
	judge_foreground(start(FAULTY, ARGV("fmount", "--auto-unmount", mnt, "--", "hellofs")));
}
static void fmount_plain(void) { judge_mount(RUN(FAULTY, "fmount", "-t", "hellofs", "-o", "ro,noatime", "source", mnt)); }
static void mount_fuse(void) { judge_mount(RUN(FAULTY, "mount.fuse3", "hellofs#source", mnt, "-o", "ro,noatime")); }
static void mount_hellofs(void) { judge_mount(RUN(FAULTY, "mount.hellofs", "source", mnt, "-o", "ro")); }
/* This kind of server cannot unmount by itself. */
static void mount_fuse_dropped(void)
{
	int status = RUN(FAULTY, "mount.fuse3", "hellofs#source", mnt, "-o", "drop_privileges");

	if (status > 0)
		failed_well(status);
	if (status == 0 && !answers("hello", "hello") && !answers("hello", "hello"))
		complain("succeeded, and does not answer");
	if (status == 0)
		mounts(NULL, true);
}

static void fmount_fstab(void)
{
	char line[700];
	int fd = open("fstab", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	snprintf(line, sizeof(line), "source %s fuse.hellofs ro,noatime 0 0\n", mnt);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		die("fstab");
	close(fd);
	judge_mount(RUN(FAULTY, "fmount", "-a", "-T", "fstab"));
}

static void serve_clean(bool busy);

static void fmount_stale(void)
{
	serve_clean(false);
	each_child(getpid(), kill_it);
	WITHIN(3000, all_ended());
	unmounter_may_be = true;
	judge_mount(RUN(FAULTY, "fmount", "--replace-stale", "--wait", mnt, "--", "hellofs"));
	if (mounts(NULL, false) && has_message())
		mounts(NULL, true);	/* the dead mount is left */
}

static void fmount_userns(void)
{
	int status = RUN(FAULTY, "fmount", "--userns", mnt, "--", "true");

	if (status)
		failed_well(status);
}

static void fmount_check(void)
{
	int status = RUN(FAULTY, "fmount", "--check", mnt);

	if (status && !may_fail())
		complain("status %d", status);
	if (!*output && !(hit && hit->number == SYS_write))
		complain("says nothing");
}

#include "hand_over.h"

/* ---- What only looks ---- */

static void judge_info(int status, const char *word)
{
	if (status)
		failed_well(status);
	else if (!strstr(output, word))
		complain("does not tell of %s", word);
	let_go();
}

static void info_all(void) { serve_clean(true); judge_info(RUN(FAULTY, "fuse-info"), mnt); }
static void info_json(void) { serve_clean(true); judge_info(RUN(FAULTY, "fuse-info", "--json"), mnt); }
static void info_list(void) { serve_clean(false); judge_info(RUN(FAULTY, "fuse-info", "-l"), mnt); }
static void info_one(void) { serve_clean(true); judge_info(RUN(FAULTY, "fuse-info", mnt), mnt); }
static void info_kernel(void) { judge_info(RUN(FAULTY, "fuse-info", "-k"), "file_systems"); }

#include "wake.h"

/* ---- The box ---- */

static void install(void)
{
	static const char *const links[] = { "fmount", "fumount", "hellofs", "passfs", "fusermount3", "mount.fuse3" };
	int status = RUN(FAULTY, "../fusebox", "--install", "-s", "--force", "installed/bin");
	char path[64];

	if (status)
		failed_well(status);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		struct stat st;

		snprintf(path, sizeof(path), "installed/bin/%s", links[i]);
		if (status == 0 && stat(path, &st) < 0)
			complain("succeeded, without %s", links[i]);
	}
	if (system("rm -rf installed"))
		die("rm");
}

#include "passfs.h"

static const struct { const char *name; void (*play)(void); } scenarios[] = {
	{ "hellofs -b", hellofs_back },
	{ "hellofs", hellofs_front },
	{ "fmount --wait", fmount_wait },
	{ "fmount", fmount_front },
	{ "fmount --user", fmount_other },
	{ "fumount", fumount_plain },
	{ "fumount -l", fumount_lazy },
	{ "fumount -f", fumount_force },
	{ "fumount -a", fumount_all },
	{ "fumount -R", fumount_recover },
	{ "fumount -R, dead", fumount_recover_dead },
	{ "fumount, busy", fumount_busy },
	{ "umount.fuse", fumount_helper },
	{ "fumount by a user", fumount_user },
	{ "fumount --wake", fumount_wake },
	{ "fmount --auto-unmount", fmount_auto },
	{ "fmount -t", fmount_plain },
	{ "fmount -a", fmount_fstab },
	{ "fmount --replace-stale", fmount_stale },
	{ "fmount --userns", fmount_userns },
	{ "fmount --check", fmount_check },
	{ "fmount --fd-socket", fmount_socket },
	{ "mount.fuse3", mount_fuse },
	{ "mount.fuse3 -o drop_privileges", mount_fuse_dropped },
	{ "mount.hellofs", mount_hellofs },
	{ "fusermount3 by root", helper_root },
	{ "fusermount3", helper_user },
	{ "fusermount3 -o auto_unmount", helper_watches },
	{ "fusermount3 -u", helper_unmounts_plainly },
	{ "fusermount3 -uz", helper_detaches },
	{ "hellofs by a user", hellofs_user },
	{ "fuse-info", info_all },
	{ "fuse-info --json", info_json },
	{ "fuse-info -l", info_list },
	{ "fuse-info TARGET", info_one },
	{ "fuse-info -k", info_kernel },
	{ "fusebox --install", install },
	{ "passfs", passfs_plain },
	{ "passfs by io_uring", passfs_uring },
	{ "passfs --no-passthrough", passfs_bare },
	{ "passfs --writeback", passfs_writeback },
	{ "passfs --export", passfs_export },
	{ "passfs --threads", passfs_threads },
	{ "passfs --threads by io_uring", passfs_rings },
};

