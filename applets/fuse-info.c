/* fuse-info: which FUSE file systems are mounted. */
#include "applet.h"
#include "conn.h"
#include "msg.h"
#include "out.h"
#include "table.h"

static const struct opt options[] = { OPT_END };

static int show(const struct table_row *row, void *data)
{
	struct out *out = data;
	uint64_t connection = table_connection(row);
	int64_t waiting;

	if (!table_is_fuse(row))
		return 0;
	waiting = conn_waiting(connection);
	out_fmt(out, "%6llu %8llu ", (unsigned long long)row->id, (unsigned long long)connection);
	if (waiting < 0)
		out_fmt(out, "%7s", "?");
	else
		out_fmt(out, "%7llu", (unsigned long long)waiting);
	out_fmt(out, " %-16s %-16s %s\n", row->type, row->source, row->mountpoint);
	return 0;
}

static int fuse_info_main(char **argv)
{
	char text[4096];
	struct out out = OUT_FD(text, 1);
	struct opt_rest rest;
	int err;

	if (!applet_parse(options, NULL, argv, &rest))
		return 1;
	if (rest.operands[0])
		return applet_usage("no operands are known yet");
	out.escape = true;
	out_fmt(&out, "%6s %8s %7s %-16s %-16s %s\n", "MOUNT", "CONN", "WAITING", "TYPE", "SOURCE",
		"MOUNTPOINT");
	err = table_each(NULL, show, &out);
	if (err)
		return msg_errno(1, "/proc/self/mountinfo", err);
	return out_flush(&out) < 0;
}

APPLET(fuse_info, "fuse-info", "usr/bin", "", "list the FUSE file systems that are mounted", options)
