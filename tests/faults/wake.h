/* SPDX-License-Identifier: MIT */
/* wake: fumount --wake, which may be killed at any moment. */
static bool is_there(const char *name)
{
	char path[700];
	struct statx st;

	snprintf(path, sizeof(path), "%s/%s", mnt, name);
	return syscall(SYS_statx, AT_FDCWD, path, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st) == 0;
}

static int start_waiter(const char *name)
{
	int pid = fork();

	if (pid == 0)
		_exit(is_there(name) ? 0 : errno);
	return pid;
}

static char state_of(int pid)
{
	char path[64], text[512] = "";
	const char *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	slurp(path, text, sizeof(text));
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

static int start_backend(void)
{
	char path[700];
	int pid = fork();

	snprintf(path, sizeof(path), "%s/../tests/tools/backend", clean);
	if (pid == 0) {
		execl(path, "backend", "-t", "2", "stats", mnt, NULL);
		_exit(127);
	}
	if (pid < 0 || !WITHIN(3000, mounted() && is_there("f1")))
		die("backend");
	return pid;
}

static bool waits_in_fuse(int pid)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	slurp(path, text, sizeof(text));
	return strstr(text, "request_wait_answer") || strstr(text, "fuse");
}

static bool has_ended(int *pid, int *status)
{
	if (*pid && waitpid(*pid, status, WNOHANG) == *pid)
		*pid = 0;
	return !*pid;
}

/* When --wake failed, waiting processes may or may not be woken. The server runs, and a second
   --wake wakes the rest. */
static void fumount_wake(void)
{
	int server = start_backend(), waiters[4], status, why = 0;
	bool all = true;

	unlink("stats.hung");
	kill(server, SIGUSR1);
	if (!WITHIN(3000, access("stats.hung", F_OK) == 0))
		die("the server does not hang");
	for (int i = 0; i < 4; i++)
		waiters[i] = start_waiter((const char *const[]) { "f4", "f5", "f6", "f7" }[i]);
	for (int i = 0; i < 4; i++)
		if (!WITHIN(3000, waits_in_fuse(waiters[i])))
			die("a waiter does not wait");
	status = RUN(FAULTY, "fumount", "--wake", "-f", mnt);
	if (status > 0)
		failed_well(status);
	if (!WITHIN(1000, strchr("SR", state_of(server))))
		complain("the server is left in state %c", state_of(server));
	for (int i = 0; i < 4 && status == 0 && !may_fail(); i++)
		if (!WITHIN(1000, has_ended(waiters + i, &why)))
			complain("a waiter was not woken");
	if (plan->how == PLAN_KILLED)
		RUN(0, "fumount", "--wake", "-f", mnt);
	for (int i = 0; i < 4; i++)
		all &= WITHIN(plan->how == PLAN_KILLED ? 1000 : 100, has_ended(waiters + i, &why));
	if (plan->how == PLAN_KILLED && !all)
		complain("a waiter is left after the second run");
	kill(server, SIGUSR2);
	for (int i = 0; i < 4; i++)
		if (!WITHIN(1000, has_ended(waiters + i, &why)))
			complain("a waiter is left when the server is back");
	if (!is_there("f3"))
		complain("the server does not serve any more");
	mounts(NULL, true);
	kill(server, SIGKILL);
	waitpid(server, &status, 0);
}
