/* SPDX-License-Identifier: MIT */
/* mount, umount, table, statmount, target, fusectl, commfd: mounting and unmounting on the real kernel. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/env.h"
#include "health/fusectl.h"
#include "health/server.h"
#include "mount/mount.h"
#include "mount/statmount.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "msg.h"
#include "place.h"
#include "sys.h"
#include "target/resolve.h"
#include "target/unmount.h"

static struct mountpoint at;
static char text[512];

static int mount_unit(void)
{
	static const struct optlist options = { .fsname = "a,b\\c\nd", .subtype = "unit",
						.flags = MOUNT_NOSUID | MOUNT_NODEV };
	struct out why = OUT_TEXT(text);
	int device;

	assert_int_equal(mount_pin(&at, "mnt", &why), 0);
	device = mount_fuse(&at, &options, &why);
	assert_true(device > 2);
	close(at.under);
	return device;
}

static void a_mountpoint_is_a_directory_that_exists(void **state)
{
	struct out why = OUT_TEXT(text);

	(void)state;
	put("file", "", 0600);
	assert_int_equal(mount_pin(&at, "none", &why), -ENOENT);
	assert_string_equal(out_text(&why), "none: No such file or directory; make the directory first");
	why.len = 0;
	assert_int_equal(mount_pin(&at, "file", &why), -ENOTDIR);
	assert_int_equal(mount_pin(&at, "mnt", &why), 0);
	assert_int_equal(strncmp(at.path, top, strlen(top)), 0);
	close(at.under);
}

static void a_mount_is_in_the_table(void **state)
{
	int before = table_count_fuse(), device = mount_unit(), fd = sys_open("mnt", O_PATH, 0);
	struct sys_stat same;
	struct table_row row;

	(void)state;
	assert_int_equal(table_count_fuse(), before + 1);
	assert_int_equal(table_of_fd(fd, &row, true), 0);
	assert_string_equal(row.type, "fuse.unit");
	assert_string_equal(row.source, "a,b\\c\nd");
	assert_string_equal(row.mountpoint, at.path);
	assert_true(table_is_fuse(&row));
	assert_int_equal(table_owner(&row), getuid());
	assert_int_equal(table_connection(&row), at.mounted.dev_minor);
	assert_int_equal(table_identify(fd, &same), 0);
	assert_int_equal(same.mount_id, at.mounted.mount_id);
	close(fd);
	assert_int_equal(umount_path("mnt", UMOUNT_PLAIN), 0);
	assert_int_equal(table_count_fuse(), before);
	close(device);
}

/* INIT waits, and only this process could answer it. */
static void a_mount_has_a_connection_and_a_server(void **state)
{
	int device = mount_unit(), server = server_find(at.mounted.dev_minor);
	struct out why = OUT_TEXT(text);
	static struct mountpoint again;

	(void)state;
	if (fusectl_waiting(at.mounted.dev_minor) >= 0)
		assert_int_equal(fusectl_waiting(at.mounted.dev_minor), 1);
	assert_true(server == getpid() || server == -EAGAIN);
	assert_int_equal(mount_pin(&again, "mnt", &why), -EBUSY);
	assert_non_null(strstr(out_text(&why), "already mounted; unmount it first"));
	assert_int_equal(umount_path("mnt", UMOUNT_PLAIN), 0);
	close(device);
}

static void only_the_known_mount_is_unmounted(void **state)
{
	int device = mount_unit(), fd = sys_open("mnt", O_PATH, 0);
	struct sys_stat other = at.mounted;

	(void)state;
	other.mount_id++;
	assert_int_equal(umount_known("mnt", &other, UMOUNT_LAZY), -ESTALE);
	assert_int_equal(umount_known("mnt", &at.mounted, UMOUNT_PLAIN), -EBUSY);
	close(fd);
	assert_int_equal(umount_known("mnt", &at.mounted, UMOUNT_PLAIN), 0);
	assert_int_equal(umount_known("mnt", &at.mounted, UMOUNT_LAZY), -ESTALE);
	assert_int_equal(umount_path("mnt", UMOUNT_PLAIN), -EINVAL);
	close(device);
}

static void aborting_wakes(void **state)
{
	char byte[8192];
	int device = mount_mnt(&at), held, err;

	(void)state;
	/* This descriptor keeps the mount busy: the abort ends the connection. */
	held = open("mnt", O_PATH);
	assert_int_equal(sys_set_nonblocking(device), 0);
	assert_true(sys_read(device, byte, sizeof(byte)) > 0);	/* INIT */
	assert_int_equal(sys_read(device, byte, sizeof(byte)), -EAGAIN);
	assert_int_equal(umount_path("mnt", UMOUNT_ABORT), 0);
	assert_int_equal(sys_read(device, byte, sizeof(byte)), -ENODEV);
	close(held);
	close(device);
	close(at.under);
	device = mount_mnt(&at);
	err = fusectl_abort(at.mounted.dev_minor);
	if (err == 0)
		assert_int_equal(sys_read(device, byte, sizeof(byte)), -ENODEV);
	assert_int_equal(fusectl_abort(999999999), err == 0 ? -ENOENT : err);
	assert_int_equal(umount_path("mnt", UMOUNT_ABORT), 0);
	close(device);
	close(at.under);
}

/* The kernel gives the next mount the lowest free number. */
static void a_number_is_used_again(void **state)
{
	static struct target t;
	char byte[8192];
	int device = -1;
	bool same = false;

	(void)state;
	for (int i = 0; i < 50 && !same; i++) {
		device = mount_mnt(&at);
		close(at.under);
		same = i % 2 && at.mounted.dev_minor == t.minor;
		if (same)
			break;
		if (i % 2 == 0) {
			assert_int_equal(target_find("mnt", &t), 0);
			assert_true(target_is_same(&t));
			target_close(&t);
		}
		assert_int_equal(umount_path("mnt", UMOUNT_PLAIN), 0);
		close(device);
	}
	if (!same || !t.identity)
		skip();
	assert_false(target_is_same(&t));
	assert_int_equal(unmount_abort(&t), -ENOENT);
	assert_int_equal(sys_set_nonblocking(device), 0);
	assert_true(sys_read(device, byte, sizeof(byte)) > 0);	/* INIT */
	assert_int_equal(umount_path("mnt", UMOUNT_ABORT), 0);
	close(device);
}

static void assert_not_found(const char *word, enum target_result want, int err, const char *why)
{
	static struct target t;

	assert_int_equal(target_find(word, &t), want);
	assert_int_equal(target_errno(&t, want), err);
	assert_string_equal(target_why(&t, want), why);
	assert_int_equal(t.at.fd, -1);
}

static void why_a_target_is_not_found(void **state)
{
	(void)state;
	assert_not_found("conn:x", TARGET_BAD_NUMBER, -EINVAL, "not a number");
	assert_not_found("mnt-id:", TARGET_BAD_NUMBER, -EINVAL, "not a number");
	assert_not_found("conn:999999999", TARGET_UNKNOWN, -ENOENT, "no FUSE mount has this number");
	assert_not_found("none", TARGET_UNKNOWN, -ENOENT, msg_reason(-ENOENT));
	assert_not_found("mnt", TARGET_NOT_MOUNTED, -EINVAL, "nothing is mounted there");
	assert_not_found("/etc/passwd/x", TARGET_FAILED, -ENOTDIR, msg_reason(-ENOTDIR));
}

static void a_helper_that_fails(void **state)
{
	static struct mountpoint nowhere = { .path = "/nowhere" };
	static const struct optlist options = { .fsname = "x", .subtype = "unit" };
	char path[4096], found[4096];
	struct out why = OUT_TEXT(text);

	(void)state;
	mkdir("bin", 0755);
	snprintf(path, sizeof(path), "PATH=/nonexistent:%s/bin", top);
	assert_int_equal(env_set(path), 0);
	assert_int_equal(env_find("fusermount3", false, found, sizeof(found)), -ENOENT);
	assert_int_equal(commfd_mount(&nowhere, &options, &why), -EPERM);
	assert_non_null(strstr(out_text(&why), "no fusermount3 in PATH"));
	put("bin/fusermount", "#!/bin/sh\nexit 1\n", 0755);
	why.len = 0;
	assert_int_equal(commfd_mount(&nowhere, &options, &why), -EPROTO);
	assert_non_null(strstr(out_text(&why), "/bin/fusermount did not mount it"));
	assert_int_equal(commfd_unmount("/nowhere", true), -EPERM);
	put("bin/fusermount3", "#!/bin/sh\n[ \"$*\" = '-u -qz -- /nowhere' ] && [ \"$_FUSE_COMMFD\" = -1 ]\n", 0755);
	assert_int_equal(commfd_unmount("/nowhere", true), 0);
	assert_int_equal(env_find("fusermount3", true, found, sizeof(found)), -ENOENT);
	chmod("bin/fusermount3", 04755);
	assert_int_equal(env_find("fusermount3", true, found, sizeof(found)), geteuid() ? -ENOENT : 0);
}

static int same_id(const struct table_row *row, void *data)
{
	const struct table_row *want = data;

	return row->id == want->id && strcmp(row->mountpoint, want->mountpoint) == 0
	       && strcmp(row->type, want->type) == 0;
}

static int count_row(const struct table_row *row, void *count)
{
	(void)row;
	++*(int *)count;
	return 0;
}

static int is_listed(const struct table_row *row, void *count)
{
	struct table_row copy = *row;

	/* A nested table_each() has buffers of its own. */
	assert_int_equal(statmount_each(same_id, &copy), 1);
	++*(int *)count;
	return 0;
}

/* statmount(2) returns everything that mountinfo has. */
static void the_table_without_proc(void **state)
{
	int count = 0;

	(void)state;
	if (statmount_each(same_id, &(struct table_row) { .id = 0 }) == -ENOSYS)
		skip();
	assert_int_equal(table_each(NULL, is_listed, &count), 0);
	assert_true(count > 0);
}

static int has_its_own_rows(const struct table_row *row, void *count)
{
	struct table_row copy = *row;

	assert_int_equal(table_each(NULL, same_id, &copy), 1);
	assert_true(same_id(row, &copy));
	++*(int *)count;
	return 0;
}

static void the_table_within_a_walk(void **state)
{
	int count = 0, rows = 0;

	(void)state;
	assert_int_equal(table_each(NULL, has_its_own_rows, &count), 0);
	assert_int_equal(table_each(NULL, count_row, &rows), 0);
	assert_int_equal(count, rows);
}

static void a_path_is_walked(void **state)
{
	static struct resolved found;
	char here[4096], want[4200];

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(mkdir("walk", 0755), 0);
	assert_int_equal(mkdir("walk/in", 0755), 0);
	assert_int_equal(symlink("../walk/in", "walk/link"), 0);
	assert_int_equal(resolve_path("walk/./link/../link", &found), 0);
	snprintf(want, sizeof(want), "%s/walk/in", here);
	assert_string_equal(found.path, want);
	assert_true(found.fd >= 0 && found.parent >= 0 && !found.below);
	resolve_close(&found);
	assert_true(found.fd < 0 && found.parent < 0);
	assert_int_equal(resolve_path("/", &found), 0);
	assert_string_equal(found.path, "/");
	assert_int_equal(found.parent, -1);
	resolve_close(&found);
	assert_int_equal(resolve_path("", &found), -ENOENT);
	assert_int_equal(resolve_path("walk/none", &found), -ENOENT);
	assert_int_equal(resolve_path("/etc/passwd/x", &found), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mountpoint_is_a_directory_that_exists),
		cmocka_unit_test(a_mount_is_in_the_table),
		cmocka_unit_test(a_mount_has_a_connection_and_a_server),
		cmocka_unit_test(only_the_known_mount_is_unmounted),
		cmocka_unit_test(aborting_wakes),
		cmocka_unit_test(a_number_is_used_again),
		cmocka_unit_test(why_a_target_is_not_found),
		cmocka_unit_test(a_helper_that_fails),
		cmocka_unit_test(the_table_without_proc),
		cmocka_unit_test(the_table_within_a_walk),
		cmocka_unit_test(a_path_is_walked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
