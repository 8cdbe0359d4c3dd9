/* SPDX-License-Identifier: MIT */
/* fmount --check: report each thing that mounting needs here, and whether it is available. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "applet.h"
#include "cli/env.h"
#include "fmount.h"
#include "json.h"
#include "msg.h"
#include "out.h"
#include "mount/policy.h"
#include "sys.h"
#include "mount/table.h"

const struct opt fmount_check_options[] = {
	OPT(0, "check", OPT_FLAG, struct fmount, check, "", "report what mounting needs, and what is missing"),
	OPT(0, "json", OPT_FLAG, struct fmount, json, "", "with --check: print JSON"),
};

struct report { struct out out; struct json list; bool json; };

enum verdict { BAD, GOOD, INFO };

static void __attribute__((format(printf, 4, 5)))
report_check(struct report *r, enum verdict verdict, const char *name, const char *fmt, ...)
{
	char text[512] = "";
	struct out detail = OUT_TEXT(text);
	va_list args;

	va_start(args, fmt);
	out_vfmt(&detail, fmt, args);
	va_end(args);
	out_text(&detail);
	if (!r->json) {
		out_fmt(&r->out, "%-5s%-18s%s\n", verdict == BAD ? "no" : verdict == GOOD ? "ok" : "-",
			name, text);
		return;
	}
	json_open(&r->list, NULL, '{');
	json_text(&r->list, "name", name);
	if (verdict == INFO)
		json_text(&r->list, "ok", NULL);
	else
		json_bool(&r->list, "ok", verdict == GOOD);
	json_text(&r->list, "detail", text);
	json_close(&r->list, '}');
}

/* The rest of the line after `key`, or "". */
static const char *line_of(char *text, const char *key, char value[64])
{
	struct out out = out_in(value, 64);
	const char *at = text_find(text, key);

	if (at)
		at += strlen(key) + strspn(at + strlen(key), " \t");
	for (; at && *at && *at != '\n'; at++)
		out_char(&out, *at);
	return out_text(&out);
}

static const char *file_line(const char *path, char value[64])
{
	char text[256];

	return sys_read_file(path, text, sizeof(text)) < 0 ? NULL : line_of(text, "", value);
}

static void check_kernel(struct report *r)
{
	char value[64];
	struct sys_stat st;
	int there = mount_kernel_has("fuse");

	report_check(r, there < 0 ? INFO : there ? GOOD : BAD, "kernel", "%s", there < 0
		     ? "not known: /proc/filesystems cannot be read" : there ? "fuse is in /proc/filesystems"
		     : "fuse is not in /proc/filesystems: load the module fuse (for a container, on the host)");
	report_check(r, INFO, "module", "%s", sys_stat_path("/sys/module", 0, false, &st) < 0
		     ? "not known: /sys is not mounted" : sys_stat_path("/sys/module/fuse", 0, false, &st) < 0
		     ? "/sys/module/fuse is not there" : file_line("/sys/module/fuse/initstate", value)
		     ? "loaded" : "built in");
}

static int check_device(struct report *r)
{
	struct sys_stat st;
	const char *fault = mount_device_fault(), *advice;
	int err = sys_stat_path("/dev/fuse", 0, true, &st);
	int fd = err ? err : fault ? -ENXIO : sys_open("/dev/fuse", O_RDWR, 0);

	if (fault) {
		report_check(r, BAD, "device", "/dev/fuse: %s", fault);
		return fd;
	}
	advice = fd < 0 ? mount_device_advice(fd) : NULL;
	if (err)
		report_check(r, BAD, "device", "/dev/fuse: %s%s%s", msg_reason(err), advice ? "; " : "",
			     advice ? advice : "");
	else
		report_check(r, GOOD, "device", "/dev/fuse, mode %o, user %u", st.mode & 07777, st.uid);
	if (!err)
		report_check(r, fd < 0 ? BAD : GOOD, "device access", "%s%s%s",
			     fd < 0 ? msg_reason(fd) : "can be opened", advice ? "; " : "", advice ? advice : "");
	/* The device cgroup denies with EPERM what the mode of the file allows. */
	report_check(r, fd == -EPERM ? BAD : fd < 0 ? INFO : GOOD, "device cgroup", "%s", fd == -EPERM
		     ? "forbids c 10:229" : fd < 0 ? "not known" : "does not forbid it");
	return fd;
}

static bool has_mount_capability(const char *hex)
{
	size_t len = strlen(hex);

	/* CAP_SYS_ADMIN is bit 21: bit 1 of the sixth hex digit from the right. */
	return len >= 6 && strchr("2367abefABEF", hex[len - 6]);
}

/* Returns whether this process may mount but for a seccomp filter. */
static bool check_process(struct report *r)
{
	static const char *const seccomp[] = { "off", "strict", "a filter is set" };
	char text[4096], effective[64], bounding[64], value[64];
	bool filtered;

	if (sys_read_file("/proc/self/status", text, sizeof(text)) < 0) {
		report_check(r, INFO, "proc", "/proc is not mounted: most is not known");
		return false;
	}
	line_of(text, "CapEff:", effective);
	line_of(text, "CapBnd:", bounding);
	report_check(r, INFO, "capabilities", "CAP_SYS_ADMIN %s (CapEff %s)",
		     has_mount_capability(effective) ? "in effect" : "not in effect", effective);
	report_check(r, has_mount_capability(bounding) ? GOOD : INFO, "bounding set",
		     "CAP_SYS_ADMIN %s (CapBnd %s)", has_mount_capability(bounding)
		     ? "is in it" : "is not in it: no set-uid helper can mount", bounding);
	line_of(text, "Seccomp:", value);
	report_check(r, INFO, "seccomp", "%s", *value >= '0' && *value <= '2' && !value[1]
		     ? seccomp[*value - '0'] : "not known");
	filtered = *value == '2' && has_mount_capability(effective);
	line_of(text, "NoNewPrivs:", value);
	report_check(r, INFO, "no_new_privs", *value == '1' ? "set: a set-uid helper gains nothing" : "not set");
	report_check(r, INFO, "LSM", "%s",
		     file_line("/proc/self/attr/current", value) && *value ? value : "no profile");
	return filtered;
}

static bool try_userns(void)
{
	int child = sys_fork(), status = 1;

	if (child == 0)
		sys_exit(sys_new_user_namespace() != 0);
	return child > 0 && sys_wait(child, &status) == child && status == 0;
}

static bool check_userns(struct report *r)
{
	static const struct { const char *path, *forbids; } knobs[] = {
		{ "/proc/sys/user/max_user_namespaces", "0" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1" },
	};
	bool works = try_userns();
	char value[64];

	report_check(r, works ? GOOD : INFO, "user namespaces", works ? "can be made (--userns)" : "cannot be made");
	for (unsigned int i = 0; i < sizeof(knobs) / sizeof(*knobs); i++)
		if (file_line(knobs[i].path, value))
			report_check(r, INFO, "sysctl", "%s = %s%s", knobs[i].path + sizeof("/proc/sys"), value,
				     strcmp(value, knobs[i].forbids) == 0 ? ": forbids them" : "");
	return works;
}

struct found { uint64_t id; bool nosuid; };

static int is_nosuid(const struct table_row *row, void *data)
{
	struct found *f = data;

	f->nosuid |= row->id == f->id && text_find(row->options, "nosuid");
	return 0;
}

static bool check_helper(struct report *r)
{
	char path[4096], status[4096], value[64];
	struct found found = { .nosuid = false };
	struct sys_stat st;

	if (env_find("fusermount3", true, path, sizeof(path)) != 0
	    && env_find("fusermount", true, path, sizeof(path)) != 0) {
		report_check(r, INFO, "helper", "%s", env_find("fusermount3", false, path, sizeof(path)) == 0
			     ? "the fusermount3 in PATH is not set-uid root" : "no fusermount3 in PATH");
		return false;
	}
	if (sys_stat_path(path, 0, false, &st) == 0) {
		found.id = st.mount_id;
		table_each(NULL, is_nosuid, &found);
	}
	report_check(r, found.nosuid ? BAD : GOOD, "helper", "%s%s", path,
		     found.nosuid ? " is on a file system mounted nosuid" : ", set-uid root");
	return !found.nosuid && sys_read_file("/proc/self/status", status, sizeof(status)) > 0
	       && *line_of(status, "NoNewPrivs:", value) != '1'
	       && has_mount_capability(line_of(status, "CapBnd:", value));
}

static void ignore_note(const char *fmt, ...)
{
	(void)fmt;
}

/* Returns whether the helper mounts at all: it refuses one mount more than mount_max. */
static bool check_policy(struct report *r, struct policy *policy)
{
	char text[256];
	struct out why = OUT_TEXT(text);
	int count = table_count_fuse(), err = policy_read(policy, ignore_note);

	if (err)
		out_str(&why, msg_reason(err));
	else
		err = policy_count(policy, 1, &why);
	report_check(r, INFO, "fuse.conf", "user_allow_other %s, mount_max %d, %d mounted%s%s%s",
		     policy->user_allow_other ? "on" : "off", (int)policy->mount_max, count,
		     err ? "; " : "", out_text(&why), err ? " (so the helper mounts nothing)" : "");
	return !err;
}

/* Mount without attaching: a mount that mount_create() makes goes once its descriptor is closed. */
static int try_mount(int device, struct mount_log *said)
{
	const struct mountpoint nowhere = { .mode = 0040000, .uid = sys_getuid(), .gid = sys_getgid() };
	const struct optlist options = { .fsname = "check", .subtype = "check" };
	int mount = mount_create(&nowhere, &options, device, said);

	if (mount >= 0)
		sys_close(mount);
	return mount < 0 ? mount : 0;
}

static bool check_mount(struct report *r, int device, bool filtered)
{
	struct mount_log said = { "" };
	int err = device < 0 ? device : try_mount(device, &said);

	/* Before 5.2 there is only mount(2), which needs a mountpoint: guess. */
	if (err == -ENOSYS)
		err = sys_geteuid() == 0 ? 0 : -EPERM;
	if (!err)
		report_check(r, GOOD, "mounting", "works for this process");
	else
		report_check(r, INFO, "mounting", "%s (%s)%s%s%s", msg_reason(err), msg_errno_name(err),
			     filtered && device >= 0 ? "; the seccomp filter may forbid it" : "",
			     *said.text ? "; " : "", said.text);
	return err == 0;
}

/* policy: what the set-uid helper demands of a mountpoint, beyond what the kernel demands; NULL for root, of whom it
   demands nothing. *helper: whether the helper would mount; becomes false if it would refuse this mountpoint. */
static bool check_mountpoint(struct report *r, const char *path, const struct policy *policy, bool *helper)
{
	struct mountpoint at;
	char text[512];
	struct out why = OUT_TEXT(text);
	int err = mount_pin(&at, path, &why);
	bool refused = !err && policy && *helper && policy_mountpoint(policy, &at, &why) < 0;

	if (!err)
		sys_close(at.under);
	*helper &= !refused;
	report_check(r, err || refused ? BAD : GOOD, "mountpoint", "%s", err || refused ? out_text(&why) : at.path);
	return err == 0;
}

int fmount_check(const struct fmount *f, const char *mountpoint)
{
	char text[4096];
	struct report r = { .out = OUT_FD(text, 1), .list = { &r.out, false }, .json = f->json };
	bool direct, helper, userns, mountpoint_ok, filtered, permitted;
	struct policy policy;
	const char *way;
	int device;

	r.out.escape = !f->json;
	if (r.json) {
		json_open(&r.list, NULL, '{');
		json_open(&r.list, "checks", '[');
	}
	check_kernel(&r);
	device = check_device(&r);
	filtered = check_process(&r);
	direct = check_mount(&r, device, filtered);
	helper = check_helper(&r) && device >= 0;
	userns = check_userns(&r) && device >= 0;
	permitted = check_policy(&r, &policy);
	helper = !direct && helper && (permitted || sys_getuid() == 0);
	mountpoint_ok = !mountpoint || check_mountpoint(&r, mountpoint, sys_getuid() ? &policy : NULL, &helper);
	if (device >= 0)
		sys_close(device);
	way = !mountpoint_ok ? "none" : direct ? "direct" : helper ? "helper" : userns ? "userns" : "none";
	if (r.json) {
		json_close(&r.list, ']');
		json_text(&r.list, "way", way);
		json_bool(&r.list, "works", *way != 'n');
		json_close(&r.list, '}');
		out_char(&r.out, '\n');
	} else {
		out_fmt(&r.out, *way == 'n' ? "a mount would fail\n" : "a mount would work: %s\n", way);
	}
	return msg_flush(&r.out) || *way == 'n';
}
