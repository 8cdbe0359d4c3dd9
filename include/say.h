/* say: what several applets tell in the same words. */
#ifndef FUSEBOX_SAY_H
#define FUSEBOX_SAY_H

#include <stdint.h>

#include "mount.h"

/* One line for each process that holds device major:minor, but `except` (a pid;
   0: none): "applet: shown: held by 4711 (sleep): cwd". Or, without /proc, that
   it is not known. Of the time limits, see holders.h. */
void say_holders(const char *shown, uint32_t major, uint32_t minor, int except);

/* Mounts options at path: mount_pin() and mount_fuse(). Returns the descriptor, or
   -1 when it was said what is wrong. */
int say_mount(struct mountpoint *at, const char *path, const struct optlist *options);

#endif
