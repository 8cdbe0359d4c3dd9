/* SPDX-License-Identifier: MIT */
/* raise: give the set-uid helper root's rights for a short stretch of code.
 *
 * Code between helper_raise() and helper_lower() looks up no path that the caller chooses. Both
 * functions exit with a message if they cannot change the rights.
 */
#ifndef FUSEBOX_FUSERMOUNT_RAISE_H
#define FUSEBOX_FUSERMOUNT_RAISE_H

#include <stdbool.h>

/* `shielded`: until helper_lower(), the caller cannot signal the process. Needed from the mount to
   the hand-over of its descriptor: a helper that ends in between leaves a mount without a server.
   See priv_raise(). */
void helper_raise(bool shielded);
void helper_lower(void);

#endif
