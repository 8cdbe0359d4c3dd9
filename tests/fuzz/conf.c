/* SPDX-License-Identifier: MIT */
/* fuse.conf, /etc/passwd and /etc/group with any content. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fuzz.h"
#include "msg.h"
#include "mount/policy.h"
#include "cli/user.h"

static void policy(const struct input *in)
{
	struct policy p;
	char text[1024];
	struct out why = OUT_TEXT(text);

	fake_file(POLICY_FILE, in->at, in->left);
	policy_read(&p, msg);
	MUST(p.mount_max >= -1 && p.mount_max <= INT32_MAX);
	MUST(memchr(p.allowed, '\0', sizeof(p.allowed)));
	policy_count(&p, 1, &why);
	fuzz_touch_text(out_text(&why));
}

static void users(struct input in)
{
	char *name = input_text(&in, '\n'), found[32];
	struct user user;

	fake_file("/etc/passwd", in.at, in.left);
	fake_file("/etc/group", in.at, in.left);
	if (user_find(name, &user) == 0) {
		MUST(user.group_count <= USER_GROUPS);
		MUST(user.uid != (uid_t)-1 && user.gid != (gid_t)-1);	/* -1 means "unchanged" to the kernel */
		MUST(memchr(user.home, '\0', sizeof(user.home)));
		user_name(user.uid, found);
		MUST(memchr(found, '\0', sizeof(found)));
	}
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t how = input_byte(&in);

	fake_start();
	if (how & 1)
		users(in);
	else
		policy(&in);
	MUST(fake_open() == 0);
	return 0;
}
