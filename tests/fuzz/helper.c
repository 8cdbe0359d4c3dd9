/* SPDX-License-Identifier: MIT */
/* fusermount3 as a whole: set-uid root, called with any command line, environment and fuse.conf,
   on a kernel in which any call may fail. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "sys/filter.h"
#include "fake.h"
#include "fuzz.h"
#include "mount/policy.h"
#include "sys/priv.h"
#include "sys.h"

enum { WORDS = 12 };

const bool applet_boxed = false;

/* ---- Privileges: what is raised is lowered, and raised for as little as there is ---- */

static bool raised;

int priv_caller(void) { raised = false; return 0; }
int priv_drop(void) { return 0; }
int filter_helper(void) { return 0; }
bool priv_may_mount(void) { return true; }

int priv_raise(bool shielded)
{
	(void)shielded;
	MUST(!raised);
	raised = true;
	return 0;
}

int priv_open_as_root(void)
{
	MUST(raised);
	return 0;
}

int priv_lower(void)
{
	MUST(raised);
	raised = false;
	return 0;
}

static void run(char **argv, struct input decisions, bool root)
{
	fake.uid = root ? 0 : 1000;
	fake.decisions = decisions;
	fake.ends = true;
	fake.may_fork_child = true;
	if (setjmp(fake.end) == 0) {
		int status = (*__start_applets)->main(argv);

		MUST(status == 0 || status == 1);
		MUST(!raised);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char plain[] =
		"1 0 0:5 / / rw - ext4 x rw\n2 0 0:38 / /d/mnt rw - fuse.x x rw,user_id=1000\n";
	struct input in = { data, size };
	uint8_t how = input_byte(&in);
	char *conf = input_text(&in, '\0'), *table = input_text(&in, '\0');
	char *socket = input_text(&in, '\n');
	char *words[WORDS + 2], *argv[WORDS + 2];
	int count = 1;

	fake_start();
	fake_file(POLICY_FILE, conf, strlen(conf));
	if (how & 1)
		fake_file("/proc/self/mountinfo", table, strlen(table));
	else
		fake_file("/proc/self/mountinfo", plain, sizeof(plain) - 1);
	if (how & 2)
		setenv("_FUSE_COMMFD", socket, 1);
	else
		unsetenv("_FUSE_COMMFD");
	words[0] = strdup("fusermount3");
	for (int n = how >> 4 & 7; n && count <= WORDS; n--)
		words[count++] = input_text(&in, '\n');
	words[count] = NULL;
	memcpy(argv, words, sizeof(argv));
	run(argv, in, how & 4);
	while (count)
		free(words[--count]);
	free(conf);
	free(table);
	free(socket);
	return 0;
}
