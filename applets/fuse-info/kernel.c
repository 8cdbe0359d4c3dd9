/* SPDX-License-Identifier: MIT */
/* fuse-info: the version and features of the kernel's FUSE. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "health/fusectl.h"
#include "fuse_info.h"
#include "probe_init.h"
#include "msg.h"
#include "proc/proc.h"
#include "fuse/proto.h"
#include "mount/mount.h"
#include "sys.h"
#include "sys/dir.h"

/* The first line of a file, or "". */
static const char *read_line(const char *path, char text[256])
{
	if (sys_read_file(path, text, 256) < 0)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void show_file_systems(struct view *v)
{
	static const char *const names[] = { "fuse", "fuseblk", "fusectl", "virtiofs" };

	view_words_begin(v, "file_systems");
	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (mount_kernel_has(names[i]) > 0)
			view_word(v, names[i]);
	view_words_end(v);
}

/* Show each file of a directory as NAME=VALUE, in JSON as members of an object. */
static void show_values(struct view *v, const char *label, const char *path)
{
	char file[160], value[256], word[512];
	struct sys_dir dir;
	const char *name;

	if (v->json)
		json_open(v->json, label, '{');
	else
		view_words_begin(v, label);
	if (sys_opendir(&dir, AT_FDCWD, path) == 0) {
		while ((name = sys_readdir(&dir))) {
			struct out at = OUT_TEXT(file), out = OUT_TEXT(word);

			out_fmt(&at, "%s/%s", path, name);
			read_line(out_text(&at), value);
			out_fmt(&out, "%s=%s", name, value);
			if (v->json)
				json_text(v->json, name, value);
			else
				view_word(v, out_text(&out));
		}
		sys_close(dir.fd);
	}
	if (v->json)
		json_close(v->json, '}');
	else
		view_words_end(v);
}

static const char *device_text(void)
{
	const char *fault = mount_device_fault();
	int fd = fault ? -ENXIO : sys_open("/dev/fuse", O_RDWR, 0);

	if (fd < 0)
		return fault ? fault : msg_reason(fd);
	sys_close(fd);
	return "opens";
}

static uint64_t init_flags(const struct fuse_init_in *in)
{
	return in->flags | (uint64_t)in->flags2 << 32;
}

static void show_flags(struct view *v, uint64_t flags)
{
	char unknown[16];

	view_words_begin(v, "init_flags");
	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *name = proto_flag(bit);

		if (!(flags >> bit & 1))
			continue;
		if (!name)
			text_fmt(unknown, sizeof(unknown), "bit_%u", bit);
		view_word(v, name ? name : unknown);
	}
	view_words_end(v);
}

static const char *protocol_text(const struct fuse_init_in *in, char text[32])
{
	return text_fmt(text, 32, "%u.%u", in->major, in->minor);
}

static int count_flags(uint64_t flags)
{
	int count = 0;

	for (; flags; flags &= flags - 1)
		count++;
	return count;
}

/* "Linux 6.18.0, FUSE 7.45 with 37 flags of INIT, /dev/fuse opens". */
static void show_line(struct view *v, const char *release, const struct fuse_init_in *in, const char *why)
{
	char version[32];

	out_fmt(v->out, "Linux %s, FUSE ", release);
	if (in)
		out_fmt(v->out, "%s with %d flags of INIT", protocol_text(in, version),
			count_flags(init_flags(in)));
	else
		out_fmt(v->out, "version not known (%s)", why);
	out_fmt(v->out, ", /dev/fuse: %s\n", device_text());
}

void info_kernel(struct view *v, bool full)
{
	char release[256], version[32], reason[256];
	struct out why = OUT_TEXT(reason);
	struct fuse_init_in in;
	int err = probe_init_ask(&in, &why);
	bool known = err == 0;

	if (sys_kernel_release(release) < 0)
		release[0] = '\0';
	if (!full && !v->json) {
		show_line(v, release, known ? &in : NULL, out_text(&why));
		return;
	}
	view_text(v, "linux", release);
	show_file_systems(v);
	view_text(v, "/dev/fuse", device_text());
	show_values(v, "parameters", "/sys/module/fuse/parameters");
	show_values(v, "sysctls", "/proc/sys/fs/fuse");
	if (!known) {
		view_text(v, "protocol", v->json ? NULL : "not known:");
		if (v->json)
			json_text(v->json, "error", msg_errno_name(err));
		view_text(v, "why", out_text(&why));
		return;
	}
	view_text(v, "protocol", protocol_text(&in, version));
	view_number(v, "max_readahead", in.max_readahead);
	show_flags(v, init_flags(&in));
}
