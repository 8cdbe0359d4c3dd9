/* SPDX-License-Identifier: MIT */
/* msg: messages to users: one line on stderr, in one write(2).
 *
 *	fumount: /mnt: not mounted
 *	hellofs: /dev/fuse: No such file or directory; ...
 *
 * Control characters in the arguments are escaped, so that the name of a
 * mountpoint cannot add a line.
 */
#ifndef FUSEBOX_MSG_H
#define FUSEBOX_MSG_H

/* The applet's name, which precedes the first colon. main() sets it from argv[0]. */
extern const char *msg_applet;

/* Writes "applet: ", the text and a newline. */
void msg(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same without "applet: ". */
void msg_plain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Writes "applet: object: meaning of the error". Returns status, for use in return statements. */
int msg_errno(int status, const char *object, int negative_errno);
/* Writes "applet: ", the text and a newline. Returns 1, an exit status. */
int msg_refuse(const char *text);
/* Flushes out, and reports if this or an earlier write failed. Returns 0 or 1. */
struct out;
int msg_flush(struct out *out);

/* The meaning of -errno, like strerror(3), and its name, such as "ENOENT". Neither returns
   NULL. An error that fusebox itself does not meet has no meaning but its name. */
const char *msg_reason(int negative_errno);
const char *msg_errno_name(int negative_errno);
/* The name of such an error, or NULL. */
const char *msg_rare_error(int negative_errno);
/* -errno for the name of an error that fusebox meets, such as "EIO"; 0: none. */
int msg_errno_of(const char *name);

#endif
