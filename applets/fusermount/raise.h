/* raise: the stretches in which the set-uid helper has root's rights.
 *
 * What runs between helper_raise() and helper_lower() looks up nothing that the caller names.
 * Both end the process where the rights cannot be had, or not be given up.
 */
#ifndef FUSEBOX_FUSERMOUNT_RAISE_H
#define FUSEBOX_FUSERMOUNT_RAISE_H

#include <stdbool.h>

/* `shielded`: no signal of the caller's can stop or end the process from here on, as between
   the mount and the hand-over of its descriptor, where no moment is a good one to end. See
   priv_raise(). */
void helper_raise(bool shielded);
void helper_lower(void);

#endif
