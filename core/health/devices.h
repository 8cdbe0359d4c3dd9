/* SPDX-License-Identifier: MIT */
/* devices: loop devices and swap areas on a file, which keep its file system busy without a
 * process. It compares the paths in sysfs and /proc: an ioctl(2) on the loop device would send a
 * request to the file system.
 */
#ifndef FUSEBOX_HEALTH_DEVICES_H
#define FUSEBOX_HEALTH_DEVICES_H

#include "health/holders.h"

/* Calls fn for each loop device and swap area whose file is on device major:minor according to its
   path in this mount namespace; pid is 0, the command "loop0" or "swap". Ends when fn returns
   non-zero; returns that, or 0. Reads the mount table: do not call it within table_each(). */
int devices_each(uint32_t major, uint32_t minor,
		 int (*fn)(const struct holder *holder, void *data), void *data);

#endif
