/* SPDX-License-Identifier: MIT */
/* resume: continue a connection whose server has ended while another process kept /dev/fuse open
 * (fmount --keep). See fuse_resume.h. */
#ifndef FUSEBOX_FUSE_RESUME_ROOM_H
#define FUSEBOX_FUSE_RESUME_ROOM_H

#include "fuse/session.h"

/* Has the kernel deliver again what earlier servers have read and not answered. Before Linux 6.9 it
   does not, and those requests stay without an answer. */
void resume_requests(struct fuse_session *session);

#endif
