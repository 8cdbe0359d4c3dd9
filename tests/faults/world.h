/* SPDX-License-Identifier: MIT */
/* world: starts processes, looks at mounts and connections, and reports what is wrong. */
enum { LIMIT_MS = 5000, OUTPUT = 16384 };

static struct plan *plan;
static char here[512], faulty[600], clean[600], mnt[600];
static const char *scenario;
static const struct plan_record *hit;	/* the call that fails; NULL: each in turn, or none */
static int complaints, baseline;
static char output[OUTPUT], errors[OUTPUT];

/* ---- What is said ---- */

static const char *error_name(int how)
{
	return how == PLAN_SHORT ? "SHORT" : how == PLAN_ALL_INTERRUPTED ? "all are interrupted"
	       : how == PLAN_ALL_SHORT ? "all are short" : how == PLAN_KILLED ? "KILLED" : strerrorname_np(how);
}

static void __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	va_list args;

	complaints++;
	if (hit)
		printf("# %s: call %u of %llx, number %u (%lld, %lld), %s: ", scenario, hit->call,
		       (unsigned long long)hit->process, hit->number, (long long)hit->first,
		       (long long)hit->second, error_name(plan->how));
	else
		printf("# %s: %s: ", scenario, plan->how ? error_name(plan->how) : "no fault");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	if (*errors)
		printf(" [%.*s]", (int)strcspn(errors, "\n"), errors);
	puts("");
	fflush(stdout);
}

static void die(const char *what)
{
	printf("Bail out! faults: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Whether a call may fail in this run. */
static bool may_fail(void) { return hit && plan->fired; }

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int milliseconds) { poll(NULL, 0, milliseconds); }

#define WITHIN(milliseconds, condition) ({						\
	int64_t end = now_ms() + (milliseconds);					\
	int pause = 1;									\
	bool met;									\
	while (!(met = (condition)) && now_ms() < end) {				\
		sleep_ms(pause);							\
		pause += pause < 20;							\
	}										\
	met; })

/* ---- Processes: all are this one's children in the end ---- */

static int slurp(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);

	if (fd >= 0)
		close(fd);
	to[n > 0 ? n : 0] = '\0';
	return (int)n;
}

/* Calls fn for each descendant of this process. */
static int each_child(int of, int (*fn)(int pid))
{
	char path[64], list[4096], *at = list;
	int count = 0, pid, used;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", of, of);
	slurp(path, list, sizeof(list));
	for (; sscanf(at, "%d%n", &pid, &used) == 1; at += used) {
		count += each_child(pid, fn);
		count += fn(pid);
	}
	return count;
}

static int kill_it(int pid) { kill(pid, SIGKILL); return 1; }

static int show_it(int pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	slurp(path, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	printf("#	%d (%s):", pid, text);
	puts("");
	for (int tid = pid; tid < pid + 30; tid++) {	/* most likely the process's threads */
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stack", pid, tid);
		if (slurp(path, text, sizeof(text)) <= 0)
			continue;
		for (char *c = text; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
		printf("#		%d: %s\n", tid, text);
	}
	return 1;
}

static int descriptors_of(int pid)
{
	char path[64];
	DIR *dir;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

/* With HELPER the set-uid helper is in PATH. */
enum { FAULTY = 1, AS_NOBODY = 2, HELPER = 4, COMM_FD = 9 };
static int comm = -1;	/* the end of a socket that the next process gets in _FUSE_COMMFD */

static char *const *environment(int how)
{
	static char path[2000], plan_path[600], comm_fd[32], *env[8];
	int n = 0;

	snprintf(path, sizeof(path), "PATH=%s%s%s:/usr/bin:/bin", how & HELPER ? here : "",
		 how & HELPER ? "/helper:" : "", how & FAULTY ? faulty : clean);
	snprintf(plan_path, sizeof(plan_path), "FAULTS=%s/plan", here);
	snprintf(comm_fd, sizeof(comm_fd), "_FUSE_COMMFD=%d", COMM_FD);
	env[n++] = path;
	if (how & FAULTY)
		env[n++] = plan_path;
	if (comm >= 0)
		env[n++] = comm_fd;
	env[n] = NULL;
	return env;
}

static int start(int how, const char *const *argv)
{
	char path[700];
	int pid;

	snprintf(path, sizeof(path), "%s/%s", how & HELPER && strncmp(argv[0], "fusermount", 10) == 0
		 ? "helper" : how & FAULTY ? faulty : clean, argv[0]);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		const char *to[2] = { how & FAULTY ? "output" : "/dev/null", how & FAULTY ? "errors" : "/dev/null" };

		close(0);
		open("/dev/null", O_RDONLY);
		for (int fd = 1; fd <= 2; fd++) {
			close(fd);
			open(to[fd - 1], O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, 0666);
		}
		if (comm >= 0)
			dup2(comm, COMM_FD);
		if (how & AS_NOBODY && (setgid(65534) || setuid(65534)))
			_exit(125);
		execve(path, (char *const *)argv, environment(how));
		_exit(124);
	}
	return pid;
}

static void heard(void)
{
	slurp("output", output, sizeof(output));
	slurp("errors", errors, sizeof(errors));
}

/* Waits for the end of the process. Returns its status; -1: it hangs; -2: a signal ended it.
   Both are reported. */
static int finish(int pid, int milliseconds)
{
	int status = 0, got;

	if (!WITHIN(milliseconds, (got = waitpid(pid, &status, WNOHANG)) != 0)) {
		heard();
		complain("it hangs");
		each_child(getpid(), show_it);
		return -1;
	}
	heard();
	if (got != pid || WIFEXITED(status))
		return got == pid ? WEXITSTATUS(status) : 0;
	if (plan->how != PLAN_KILLED)
		complain("ended by signal %d", WTERMSIG(status));
	return -2;
}

#define ARGV(...) (const char *const[]) { __VA_ARGS__, NULL }
#define RUN(how, ...) finish(start(how, ARGV(__VA_ARGS__)), LIMIT_MS)

#include "mounts.h"

/* Whether the output has a line "applet: object: reason". */
static bool has_message(void)
{
	for (const char *line = errors; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line + strspn(line, "abcdefghijklmnopqrstuvwxyz3.-"), ": ", 2) == 0)
			return true;
	return false;
}

static void failed_well(int status)
{
	if (status < 0)
		return;
	if (!may_fail())
		complain("failed, with %d", status);
	if (status >= 128)
		complain("status %d", status);
	/* An error that was reported although the command succeeded. */
	if (hit && hit->number == SYS_write && hit->first == 2)
		return;
	if (!has_message())
		complain("failed with %d, without a message", status);
}

/* In the recording the server was mounted for only after it had answered. A server that mounts
   itself has an unmounter process, and one end of the pipe to it. */
static bool unmounter_may_be;

static int descriptors_of_unmounter(int pid)
{
	char path[64], name[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, name, sizeof(name) - 1) < 0)
		*name = '\0';
	if (fd >= 0)
		close(fd);
	return strncmp(name, "fuse-unmounter", 14) == 0 ? descriptors_of(pid) + 1 : 0;
}

static int descriptors_open(void)
{
	return each_child(getpid(), descriptors_of) - (unmounter_may_be ? each_child(getpid(), descriptors_of_unmounter) : 0);
}

/* Checks that as many descriptors are open as when no call fails, and that neither `pid` nor the
   other counts grow. The kernel refuses a malformed reply with EINVAL; a file that such a reply
   opened stays open. */
static void same_descriptors(void)
{
	int now = descriptors_open();

	if (hit && hit->number == SYS_writev)
		return;
	if (plan->recording)
		baseline = now;
	else if (now > baseline && !WITHIN(3000, (now = descriptors_open()) <= baseline))
		complain("%d descriptors are open, not %d", now, baseline);
}

/* Signals the process that serves, not one that only watches. */
static int tell_to_end(int pid)
{
	char path[64], link[32] = "";
	bool serves = false;

	for (int fd = 0; fd < 64 && !serves; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		serves = readlink(path, link, sizeof(link) - 1) == 9 && strncmp(link, "/dev/fuse", 9) == 0;
	}
	return serves && kill(pid, SIGTERM) == 0;
}

