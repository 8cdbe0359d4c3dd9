/* SPDX-License-Identifier: MIT */
/* wake_report: what fumount --wake says. See waking.h. */
#include "waking.h"

#include <errno.h>
#include <fcntl.h>

#include "fuse/proto.h"
#include "msg.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/task.h"
#include "sys.h"

/* ---- Why not ---- */

int waking_refuse(const struct waking *w, int status, const char *why)
{
	if (status != FUMOUNT_OK || !w->f->all || w->f->verbose)
		report(w->to, status == FUMOUNT_OK ? "nothing" : "refused", "%s", why);
	return status;
}

/* The rule by which the kernel refuses to trace the server: ptrace(2), "Ptrace access mode checking". */
static int refuse_tracing(const struct waking *w, int pid)
{
	char command[16], scope[8] = "", path[32];
	struct out out = OUT_TEXT(path);
	struct sys_stat st = { .uid = sys_geteuid() };
	int tracer = task_tracer(pid);

	out_fmt(&out, "/proc/%d", pid);
	sys_statx(AT_FDCWD, out_text(&out), true, &st);
	if (tracer) {
		proc_command(tracer, command);
		report(w->to, "refused", "its server, process %d, is traced by process %d (%s); end that first", pid,
		       tracer, command);
	} else if (sys_geteuid() != 0 && st.uid != sys_geteuid()) {
		report(w->to, "refused", "its server, process %d, is another user's; run this as root", pid);
	} else if (sys_read_file("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope)) > 0 && *scope > '0') {
		report(w->to, "refused", "its server, process %d, may not be traced: kernel.yama.ptrace_scope is %c; "
		       "%s", pid, *scope, *scope == '3' ? "only a reboot changes that" : "run this as root");
	} else {
		report(w->to, "refused", "its server, process %d, may not be traced: it has more capabilities, or is "
		       "in another user namespace; run this there as root with CAP_SYS_PTRACE", pid);
	}
	return FUMOUNT_USAGE;
}

int waking_refuse_holding(const struct waking *w, int err)
{
	int pid = w->job.pass->server;

	if (err == -EACCES && !w->job.pass->server_count)
		return waking_refuse(w, FUMOUNT_USAGE, sys_geteuid() == 0
				     ? "its server is not visible; run this with CAP_SYS_PTRACE, outside of PID namespaces"
				     : "its server is not visible to this user; run this as root");
	switch (err) {
	case -EPERM: case -EACCES:
		return refuse_tracing(w, pid);
	case -ENODATA:
		return waking_refuse(w, FUMOUNT_FAILED, "none of the processes with /dev/fuse open is known to serve it; run "
				     "this again");
	case -ENXIO:
		return waking_refuse(w, FUMOUNT_FAILED, "no request can be sent to it, as waking needs on this kernel; "
				     "fumount --abort ends the connection");
	case -E2BIG:
		return waking_refuse(w, FUMOUNT_FAILED, "too many processes have /dev/fuse open; fumount --abort ends the "
				     "connection");
	case -ENOSYS:
		return waking_refuse(w, FUMOUNT_FAILED, "waking needs Linux 5.6; fumount --abort ends the connection");
	case -ESRCH: case -ESTALE:
		return waking_refuse(w, FUMOUNT_FAILED, "its server ended or changed meanwhile; run this again");
	case -EBUSY:
		report(w->to, "failed", "its server, process %d, does not stand still; run this again", pid);
		return FUMOUNT_FAILED;
	}
	report(w->to, "failed", "%s", msg_reason(err));
	return FUMOUNT_FAILED;
}

/* ---- Reports ---- */

static const char *fate_text(const struct waking *w, const struct wake_request *r)
{
	return r->fate == WAKE_ENDED ? msg_errno_name(w->order.error)
	       : r->fate == WAKE_DONE ? "left to the server, which has read it"
	       : w->order.peek ? "waits" : "given back to the server";
}

static void report_request_json(const struct waking *w, const struct wake_request *r)
{
	static const char *const fates[] = { "back", "woken", "read" };
	struct json *json = w->to->json;

	json_open(json, NULL, '{');
	json_text(json, "event", "request");
	json_text(json, "op", proto_name(r->opcode));
	json_text(json, "name", *r->name ? r->name : NULL);
	json_number(json, "node", (int64_t)r->node);
	json_number(json, "pid", r->pid ? (int64_t)r->pid : -1);
	json_text(json, "command", *r->command ? r->command : NULL);
	json_number(json, "uid", r->uid);
	json_number(json, "waited_ms", r->waited);
	json_text(json, "fate", fates[r->fate]);
	json_close(json, '}');
}

void waking_report_request(const struct waking *w, const struct wake_request *r)
{
	char text[256];
	struct out out = OUT_TEXT(text);

	if (w->to->quiet)
		return;
	if (w->to->json) {
		report_request_json(w, r);
		return;
	}
	out_fmt(&out, "%s", proto_name(r->opcode));
	if (*r->name)
		out_fmt(&out, " \"%s\"", r->name);
	out_fmt(&out, " of node %llu", (unsigned long long)r->node);
	if (r->pid)
		out_fmt(&out, " by %u%s%s%s", r->pid, *r->command ? " (" : "", r->command, *r->command ? ")" : "");
	else
		out_str(&out, w->job.pass->own_space ? " by the kernel" : " by the kernel, or from outside of its PID namespace");
	if (r->waited >= 0)
		out_fmt(&out, " for %d.%d s", r->waited / 1000, r->waited % 1000 / 100);
	report(w->to, "request", "%s: %s", out_text(&out), fate_text(w, r));
}

void waking_report_losses(const struct waking *w)
{
	if (w->forgotten)
		report(w->to, "forgotten", "the kernel forgot %u node%s without telling the server, which keeps what it has of them "
		       "until it ends", w->forgotten, out_plural(w->forgotten));
	if (w->unreleased)
		report(w->to, "unreleased", "the kernel closed %u file%s without telling the server, which keeps them open "
		       "until it ends", w->unreleased, out_plural(w->unreleased));
	if (w->unasked)
		report(w->to, "lost", "the server does not get %u answer%s to FUSE_NOTIFY_RETRIEVE", w->unasked, out_plural(w->unasked));
}
