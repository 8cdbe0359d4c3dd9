/* SPDX-License-Identifier: MIT */
/* hellofs: serves one directory with one file of five bytes. Copy this file to write your own. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "applet.h"
#include "fuse_fs.h"
#include "mount_args.h"
#include "serve.h"

enum { HELLO = FUSE_ROOT_ID + 1 };

static const char text[] = "hello";

static int hello_attr(struct fuse_req *req, uint64_t node, struct fuse_attr *attr)
{
	(void)req;
	switch (node) {
	case FUSE_ROOT_ID: return fuse_dir(attr, node, 0755);
	case HELLO:        return fuse_file(attr, node, 0644, strlen(text));
	default:           return -ENOENT;
	}
}

static int hello_lookup(struct fuse_req *req, uint64_t parent, const char *name)
{
	if (parent != FUSE_ROOT_ID || strcmp(name, "hello") != 0)
		return -ENOENT;
	return fuse_entry(req, HELLO);
}

static int hello_readdir(struct fuse_req *req, uint64_t node, uint64_t offset)
{
	static const struct { uint64_t node; uint32_t type; const char *name; } entries[] = {
		{ FUSE_ROOT_ID, DT_DIR, "." },
		{ FUSE_ROOT_ID, DT_DIR, ".." },
		{ HELLO, DT_REG, "hello" },
	};

	if (node != FUSE_ROOT_ID)
		return -ENOTDIR;
	while (offset < 3 && fuse_dirent(req, entries[offset].node, entries[offset].type,
					 entries[offset].name, offset + 1))
		offset++;
	return 0;
}

static int hello_read(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	if (node != HELLO)
		return -EISDIR;
	return fuse_bytes(req, text, strlen(text), offset, size);
}

static const struct fuse_ops hello_ops = {
	.attr = hello_attr, .lookup = hello_lookup, .readdir = hello_readdir, .read = hello_read,
	.immutable = true,	/* the kernel may cache everything for ever */
	.want = FUSE_ALLOW_IDMAP,	/* no operation looks at the caller's ids, which the kernel hides then */
	.durable_nodes = true,	/* any process of this program can go on for another one */
};

static int hellofs_main(char **argv)
{
	return serve(argv, &hello_ops, NULL);
}

APPLET(hellofs, "hellofs", "usr/bin", "[SOURCE] MOUNTPOINT", "serve one file that says hello",
       serve_options, SERVE_MORE("hellofs mnt"))

static int mount_hellofs_main(char **argv)
{
	return serve_for_mount(argv, &hello_ops, NULL);
}

APPLET(mount_hellofs, "mount.hellofs", "sbin", "SOURCE MOUNTPOINT",
       "hellofs as mount(8) calls it", mount_args_options, MOUNT_MORE("hellofs none"))
