/* SPDX-License-Identifier: MIT */
/* wake_server: hold the servers of a connection still, and duplicate their /dev/fuse. */
#ifndef FUSEBOX_FUMOUNT_WAKE_SERVER_H
#define FUSEBOX_FUMOUNT_WAKE_SERVER_H

#include "wake_hold.h"
#include "wake_pass.h"

struct wake_servers {
	struct hold holds[WAKE_SERVERS];	/* one for each process */
	int hold_count;
	int devices[WAKE_SERVERS];	/* duplicates of their descriptors of the connection */
	int count;
	int pid;	/* of the process that was held, or tried, last */
};

/* Holds the processes of job->servers that serve job->connection, and fills in *servers. 0 or -errno:
   that of hold_process() for a process that certainly serves it; -ESRCH or -ESTALE: none does any
   more; -ENODATA: none of the candidates does, if job->untold. The caller calls
   servers_release() in any case, which lets them all go on; the devices stay open. */
int servers_hold(struct wake_servers *servers, const struct wake_job *job);
void servers_release(struct wake_servers *servers);

#endif
