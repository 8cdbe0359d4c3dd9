/* SPDX-License-Identifier: MIT */
/* resume: the server's side of fmount --keep: what it is handed at its start. See fuse_resume.h. */
#ifndef FUSEBOX_SERVE_RESUME_H
#define FUSEBOX_SERVE_RESUME_H

#include "fuse/session.h"

/* Without FUSE_RESUME does nothing. Else maps the memory as session->kept and takes over the
   descriptors that FUSE_RESUME and FUSE_RESUME_STORE name. Returns 0, or 1 once the error is
   printed. */
int resume_adopt(struct fuse_session *session);

/* Starts the process that holds this server's descriptors for the next one. 0 or -errno. */
int resume_hold(const struct fuse_session *session);

/* Tells the keeper that this server serves. */
void resume_serving(struct fuse_session *session);

#endif
