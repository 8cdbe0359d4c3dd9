/* devices: loop devices and swap areas on a file, which keep its file system busy with no
 * process. Told by paths, in sysfs and /proc: asking a loop device for its file would ask the
 * file system.
 */
#ifndef FUSEBOX_HEALTH_DEVICES_H
#define FUSEBOX_HEALTH_DEVICES_H

#include "health/holders.h"

/* Calls fn for each whose file is on device major:minor, by a path of this mount namespace:
   pid is 0, the command "loop0" or "swap". Until fn returns non-zero; returns that, or 0. Uses
   the mount table: not from within table_each(). */
int devices_each(uint32_t major, uint32_t minor,
		 int (*fn)(const struct holder *holder, void *data), void *data);

#endif
