/* SPDX-License-Identifier: MIT */
/* Resolving a mountpoint, mounting with privilege or through the helper, and unmounting, on a
   kernel where any call may fail: after a failure no descriptor may be left open. */
#include "mount/mount.h"

#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fuzz.h"
#include "target/resolve.h"
#include "mount/table.h"
#include "mount/umount.h"

/* The resolved path is absolute, and is that of its descriptor. */
static void walk(const char *path)
{
	static struct resolved r;
	unsigned int before = fake_open();

	if (resolve_path(path, &r) == 0) {
		MUST(r.fd >= 0);
		MUST(memchr(r.path, '\0', sizeof(r.path)));
		MUST(*r.path == '/' || *r.path == '.');
		MUST(!r.below || r.parent < 0);
		resolve_close(&r);
	}
	MUST(fake_open() == before);
}

static void mount_and_unmount(const char *path, const struct optlist *options, int how)
{
	static struct mountpoint at;
	unsigned int before = fake_open();
	char text[1024];
	struct out why = OUT_TEXT(text);
	int device;

	if (mount_pin(&at, path, &why) != 0) {
		MUST(why.len && fake_open() == before);
		return;
	}
	MUST(memchr(at.path, '\0', sizeof(at.path)));
	why.len = 0;
	device = mount_fuse(&at, options, &why);
	MUST(device >= 0 || why.len);
	MUST(fake_open() == before + 1 + (device >= 0));
	fuzz_touch_text(out_text(&why));
	if (device >= 0) {
		commfd_umount_known(&at, how % 3);
		sys_close(device);
	}
	sys_close(at.under);
	MUST(fake_open() == before);
}

/* A byte that selects the case, a path and a source; then the results of the calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char table[] =
		"1 0 0:5 / / rw - ext4 x rw\n"
		"2 1 0:38 / /m rw - fuse.x x rw,user_id=0\n"
		"3 1 0:39 / /n rw - fuse y rw\n";
	struct input in = { data, size };
	uint8_t how = input_byte(&in);
	char *path = input_text(&in, '\n'), *name = input_text(&in, '\n');
	struct optlist options = {
		.flags = (uint32_t)how << 8 | (how & 7),
		.allow_other = how & 1,
		.default_permissions = how & 2,
		.max_read = how & 4 ? 4096 : 0,
		.blkdev = how & 8,
		.fsname = name,
		.subtype = how & 16 ? name : NULL,
	};

	fake_start();
	setenv("PATH", "/bin:relative::/usr/bin", 1);
	if (!(how & 32))
		fake_file("/proc/self/mountinfo", table, sizeof(table) - 1);
	fake.uid = how & 64 ? 0 : 1000;
	fake.decisions = in;
	walk(path);
	mount_and_unmount(path, &options, how >> 5);
	free(path);
	free(name);
	return 0;
}
