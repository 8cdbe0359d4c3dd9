/* turn: unmount by name while nobody else of ours unmounts the same mount.
 *
 * A plain umount2(2) takes no descriptor that holds the mount: the name that it takes means
 * whatever is on top there at that moment. Whoever has a mount's turn may rely on the mount
 * that was just found by a name being there still, as far as fusebox is concerned.
 */
#ifndef FUSEBOX_MOUNT_TURN_H
#define FUSEBOX_MOUNT_TURN_H

#include "sys.h"

/* Opens the file that turns are taken by: in the first directory that only root can write,
   of a fixed list. Call it as root (priv_open_as_root). Returns a descriptor, the caller's;
   -ENOENT if there is no such directory, which is so for everybody; or another -errno. */
int turn_open(void);

/* Takes the turn of a mount, whose device alone counts, and waits for it 10 seconds at
   most. The turn ends when the descriptor `file` is closed. 0 or -errno: -ETIMEDOUT when
   somebody else has it all the time. */
int turn_take(int file, const struct sys_stat *mount);

/* The same without waiting: -EAGAIN when somebody else has it. */
int turn_try(int file, const struct sys_stat *mount);

#endif
