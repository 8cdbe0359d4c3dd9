/* SPDX-License-Identifier: MIT */
/* wake_server: hold the servers of a connection still, and duplicate their /dev/fuse. */
#ifndef FUSEBOX_FUMOUNT_WAKE_SERVER_H
#define FUSEBOX_FUMOUNT_WAKE_SERVER_H

#include "wake_hold.h"
#include "wake_pass.h"

enum wake_how { BY_POLL, BY_READING, BY_ELIMINATION };

struct wake_servers {
	struct hold *holds;	/* one for each process */
	int hold_count;
	int *devices;		/* duplicates of their descriptors of the connection */
	int count;
	int pid;	/* of the process that was held, or tried, last */
	enum wake_how how;	/* to find out whose device it is */
	int unknown;	/* processes with a device whose connection is not known */
	struct wake_queue *q;
};

/* Holds the processes of job->servers that serve job->connection, and fills in *servers. 0 or -errno: the
   result of hold_process() for a process that certainly serves it; -ESRCH or -ESTALE: no process serves it
   any more; -ENODATA: with job->untold, no candidate is known to serve it; -ENXIO: the same, and no request
   can be sent to the mount to find out. *q is closed; if the search has to read requests, it opens *q,
   which then has them. The caller calls servers_release() in any case, which releases the processes; the
   devices stay open, and their memory allocated, until this process ends. */
int servers_hold(struct wake_servers *servers, const struct wake_job *job, struct wake_queue *q);
void servers_release(struct wake_servers *servers);

#endif
