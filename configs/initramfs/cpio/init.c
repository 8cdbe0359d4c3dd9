/* SPDX-License-Identifier: MIT */
/* init: the first process of an initramfs without a shell. It loads /modules/fuse.ko, if
   there is one, has fmount mount the root file system, and goes over to it.

	cc -static -o init init.c
	./make-image fusebox init modules/fuse.ko=FILE lower=DIRECTORY >image

   The kernel hands it the words of its command line that it does not know itself as
   environment: fuseroot=passfs,/lower says what serves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_WORDS = 64 };

static const char *const early[][2] = {
	{ "/proc", "proc" }, { "/sys", "sysfs" }, { "/dev", "devtmpfs" }, { "/run", "tmpfs" },
};
enum { EARLY = sizeof(early) / sizeof(early[0]) };

/* The end of process 1 is a panic, which panic=10 on the command line turns into a reboot. */
static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		fail(path);
	close(fd);
}

static int run(char **argv)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

/* fmount returns when the server answers; the server stays. */
static void mount_root(char *server)
{
	static char *argv[MOST_WORDS + 1] = {
		"/bin/fmount", "--root-daemon", "--wait", "-o",
		"suid,dev,allow_other,default_permissions", "/root", "--",
	};
	int count = 7;

	for (char *word = strtok(server, ","); word && count < MOST_WORDS; word = strtok(NULL, ","))
		argv[count++] = word;
	if (run(argv) != 0)
		fail("the root file system is not mounted");
}

static void change_root(void)
{
	char to[64];

	if (chdir("/root") < 0)
		fail("/root");
	for (int i = 0; i < EARLY; i++) {
		snprintf(to, sizeof(to), ".%s", early[i][0]);
		if (mount(early[i][0], to, NULL, MS_MOVE, NULL) < 0)
			fail(to);
	}
	/* The initramfs stays below, for the server: it has its files from there. */
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		fail("change of the root directory");
}

int main(void)
{
	char *server = getenv("fuseroot");
	char *argv[] = { "/sbin/init", NULL };

	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	for (int i = 0; i < EARLY; i++)
		if (mount(early[i][1], early[i][0], early[i][1], 0, NULL) < 0)
			fail(early[i][0]);
	mkdir("/run/sendsigs.omit.d", 0755);
	load("/modules/fuse.ko");
	if (!server) {
		errno = EINVAL;
		fail("fuseroot= is not on the kernel's command line");
	}
	mount_root(server);
	change_root();
	execv(argv[0], argv);
	fail(argv[0]);
}
