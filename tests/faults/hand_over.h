/* SPDX-License-Identifier: MIT */
/* hand_over: fmount gives the descriptor to another process, and the set-uid helper mounts for a user. */
/* The descriptor that was received over a socket; -1: none. */
static int receive(int from)
{
	union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct pollfd p = { .fd = from, .events = POLLIN };
	int fd = -1;

	if (poll(&p, 1, LIMIT_MS) == 1 && recvmsg(from, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void fmount_socket(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int pid, peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), device = -1, status;

	unlink("socket");
	pid = start(FAULTY, ARGV("fmount", "--fd-socket", "socket", mnt));
	if (WITHIN(1000, connect(peer, (struct sockaddr *)&at, sizeof(at)) == 0
			 || waitpid(pid, &status, WNOHANG | WNOWAIT) == pid))
		device = receive(peer);
	close(peer);
	status = finish(pid, LIMIT_MS);
	if (status == 0 && (device < 0 || !mounted()))
		complain("succeeded, and nothing came");
	if (status > 0)
		failed_well(status);
	if (status == 0)
		mounts(NULL, true);
	if (device >= 0)
		close(device);
}

/* Mounts in the way libfuse does. */
static void helper_mounts(int how, const char *options, bool watches)
{
	int pair[2], device, pid, status;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	comm = pair[1];
	pid = start(FAULTY | how, ARGV("fusermount3", "-o", options, "--", mnt));
	comm = -1;
	close(pair[1]);
	device = receive(pair[0]);
	if (device >= 0 && !mounted())
		complain("the descriptor came, and nothing is mounted");
	if (watches) {
		close(device);
		device = -1;
		close(pair[0]);
	}
	status = finish(pid, LIMIT_MS);
	if (status > 0)
		failed_well(status);
	if (status == 0 && !watches && device < 0)
		complain("succeeded, and no descriptor came");
	if ((status == 0 && !watches) || (hit && is_rights(hit)))
		mounts(NULL, true);
	/* The command reported its failure; or the error says that the mount is gone, or that
	   the caller may not look. Before 4.19 the kernel returns that each time. */
	if (watches && ((status > 0 && strstr(errors, mnt))
			|| (may_fail() && (plan->how == ENOENT || plan->how == EACCES))))
		mounts(NULL, true);
	if (!watches)
		close(pair[0]);
	if (device >= 0)
		close(device);
}

static void helper_root(void) { helper_mounts(0, "ro,fsname=a,subtype=b", false); }
static void helper_user(void) { helper_mounts(HELPER | AS_NOBODY, "ro,fsname=a,subtype=b", false); }
static void helper_watches(void) { helper_mounts(HELPER | AS_NOBODY, "auto_unmount", true); }

static void hellofs_user(void)
{
	of_nobody = true;
	judge_mount(RUN(FAULTY | HELPER | AS_NOBODY, "hellofs", "-b", mnt));
}

static void helper_unmounts(bool lazy)
{
	const int pid = start(HELPER | AS_NOBODY, ARGV("hellofs", "-b", mnt));

	if (finish(pid, LIMIT_MS) != 0)
		die("a user's server without faults");
	judge_unmount(RUN(FAULTY | HELPER | AS_NOBODY, "fusermount3", lazy ? "-uz" : "-u", "--", mnt));
}
static void helper_unmounts_plainly(void) { helper_unmounts(false); }
static void helper_detaches(void) { helper_unmounts(true); }

static void fumount_user(void)
{
	const int pid = start(HELPER | AS_NOBODY, ARGV("hellofs", "-b", mnt));

	if (finish(pid, LIMIT_MS) != 0)
		die("a user's server without faults");
	judge_unmount(RUN(FAULTY | HELPER | AS_NOBODY, "fumount", mnt));
}
