/* SPDX-License-Identifier: MIT */
/* idmap: fmount --idmap. */
#ifndef FUSEBOX_FMOUNT_IDMAP_H
#define FUSEBOX_FMOUNT_IDMAP_H

/* Clones the mount of the directory or file `fd`, from there on, as a detached mount whose ids are mapped
   by `map`: FROM:TO:COUNT, several of them joined by commas, or the path of a user namespace. `source`
   names fd in messages. Returns a descriptor, which the caller closes, or -1 once the error is printed. */
int idmap_clone(const char *source, int fd, const char *map);

#endif
