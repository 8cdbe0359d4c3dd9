/* SPDX-License-Identifier: MIT */
/* bind: fmount --bind, --rbind, --move and --make-*. */
#ifndef FUSEBOX_FMOUNT_BIND_H
#define FUSEBOX_FMOUNT_BIND_H

#include "fmount.h"

/* Mounts source at target as well, or moves the mount at source there, with the options of f, whose
   list it changes. Returns mount(8)'s exit status, after printing any error. */
int bind_or_move(struct fmount *f, const char *source, const char *target);

/* Sets the propagation of the mount at target by f->propagation. Returns mount(8)'s exit status, after
   printing any error. */
int bind_set_propagation(const struct fmount *f, const char *target);

#endif
