/* SPDX-License-Identifier: MIT */
/* faults: runs a scenario once to see which system calls it makes, and then once for each call and each
 * errno with which the call may fail. Whatever happens, no mount, process, connection or descriptor
 * may be left that should not be there; a command that reports success must have done its work; one
 * that fails must print why, and exit with the right status.
 *
 *	faults -e | -s | -o PROCESS:CALL:ERRNO BUILD CLEAN-BUILD SCENARIO
 *
 * -e: every fault. -s: about sixty, one errno for each call, and one call of those with the same call
 * path.
 * -o: only that fault. Without arguments: prints the names of all scenarios. Each runs in a directory
 * and a mount namespace of its own; ./ctl is fusectl.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../faults/plan.h"
#include "../faults/errnos.h"
#include "../faults/world.h"
#include "../faults/scenes.h"

static void play(void (*scene)(void), const struct plan_record *record, int how)
{
	hit = record;
	plan->how = how;
	plan->fired = 0;
	unmounter_may_be = false;
	plan->process = record && !is_lacking(record, how) ? record->process : 0;
	plan->call = record ? record->call : 0;
	plan->number = record ? record->number : 0;
	plan->file = record ? record->file : 0;
	plan->always = record && is_lacking(record, how) ? record->number : 0;
	memset(plan->execs, 0, sizeof(plan->execs));
	*errors = *output = '\0';
	scene();
	nothing_left();
}

/* Named as make install names it. */
static void copy_helper(void)
{
	static char bytes[1 << 20];
	char path[700];
	int from, to;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/../fusermount3", faulty);
	from = open(path, O_RDONLY | O_CLOEXEC);
	to = open("helper/fusermount3", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (from < 0 || to < 0)
		die(path);
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			die("write");
	fchmod(to, 04755);
	close(from);
	close(to);
}

static void prepare(void)
{
	int fd = open("plan", O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (!getcwd(here, sizeof(here)) || fd < 0 || ftruncate(fd, sizeof(*plan)) < 0)
		die("plan");
	fchmod(fd, 0666);
	plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (plan == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die("mmap");
	close(fd);
	snprintf(mnt, sizeof(mnt), "%s/mnt", here);
	if (mkdir(mnt, 0755) < 0 || chown(mnt, 65534, 65534) < 0 || mkdir("helper", 0755) < 0)
		die("mkdir");
	copy_helper();
}

/* The kernel does not refuse the reply to INIT. */
static bool cannot_be(const struct plan_record *records, uint32_t n, int how)
{
	if (how != EINVAL || records[n].number != SYS_writev)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (records[i].number == SYS_writev && records[i].process == records[n].process)
			return false;
	return true;
}

/* Whether an earlier call was made with the same call path. */
static bool is_repeated(const struct plan_record *records, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (records[i].stack == records[n].stack && records[i].number == records[n].number)
			return true;
	return false;
}

enum { ENOUGH = 60 };

struct tally { uint32_t runs, fired, distinct; };

/* Records the calls that the scene makes when none of them fails. Returns their number. */
static uint32_t record_calls(void (*scene)(void), struct plan_record *records)
{
	uint32_t count;

	plan->recording = 1;
	plan->count = 0;
	play(scene, NULL, 0);
	plan->recording = 0;
	count = plan->count > PLAN_RECORDS ? PLAN_RECORDS : plan->count;
	memcpy(records, plan->records, count * sizeof(*records));
	return count;
}

static void play_fault(void (*scene)(void), const struct plan_record *record, int fault, struct tally *tally)
{
	play(scene, record, fault);
	tally->runs++;
	tally->fired += plan->fired;
}

static bool is_chosen(const struct plan_record *record, int error, const char *only)
{
	char name[64];

	snprintf(name, sizeof(name), "%llx:%u:%s", (unsigned long long)record->process, record->call, error_name(error));
	return !only || strcmp(only, name) == 0;
}

/* Lets a call fail in each way that it can; `brief`: in one of them. */
static void fail_call(void (*scene)(void), const struct plan_record *records, uint32_t n, bool brief, const char *only,
		      struct tally *tally)
{
	const int *how = may_fail_with(records + n);
	uint32_t choices = 0;

	while (how[choices])
		choices++;
	for (uint32_t i = 0; i < choices; i++)
		if (!cannot_be(records, n, how[i]) && (!brief || i == tally->distinct % choices)
		    && is_chosen(records + n, how[i], only))
			play_fault(scene, records + n, how[i], tally);
	if (scene == fumount_wake && (!only || strstr(only, "KILLED")))
		play_fault(scene, records + n, PLAN_KILLED, tally);
	tally->distinct++;
}

static int run(void (*scene)(void), bool brief, const char *only)
{
	static struct plan_record records[PLAN_RECORDS];
	uint32_t count, ways = 0, way = 0;
	struct tally tally = { 0 };
	int64_t began = now_ms();

	count = record_calls(scene, records);
	if (!only && !complaints) {
		play(scene, NULL, PLAN_ALL_INTERRUPTED);
		play(scene, NULL, PLAN_ALL_SHORT);
	}
	for (uint32_t n = 0; n < count; n++)
		ways += !is_repeated(records, n);
	for (uint32_t n = 0; n < count; n++)
		if (!brief || (!is_repeated(records, n) && way++ % (ways / ENOUGH + 1) == 0))
			fail_call(scene, records, n, brief, only, &tally);
	printf("# %s: %u calls, %u runs, %u faults, %lld ms, %d complaints\n", scenario, count, tally.runs, tally.fired,
	       (long long)(now_ms() - began), complaints);
	/* Where threads take different paths in each run, most of the calls are met all the
	   same. */
	if (tally.runs == 0 || tally.fired * 4 < tally.runs)
		complain("too few faults");
	return complaints != 0;
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	bool brief = false;
	int option;

	while ((option = getopt(argc, argv, "eso:")) != -1) {
		brief |= option == 's';
		if (option == 'o')
			only = optarg;
	}
	argv += optind;
	if (argc - optind == 0) {
		for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
			puts(scenarios[i].name);
		return 0;
	}
	if (argc - optind != 3)
		return 2;
	snprintf(faulty, sizeof(faulty), "%s/bin", argv[0]);
	snprintf(clean, sizeof(clean), "%s/bin", argv[1]);
	prepare();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (strcmp(scenarios[i].name, scenario = argv[2]) == 0)
			return run(scenarios[i].play, brief, only);
	die(argv[2]);
}
