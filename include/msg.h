/* msg: what an applet says to people: one line, one write, on stderr.
 *
 *	fumount: /mnt: not mounted
 *	hellofs: /dev/fuse: No such file or directory; ...
 *
 * Strings that come from outside are shown with control characters escaped,
 * so a mountpoint's name cannot add a line of its own.
 */
#ifndef FUSEBOX_MSG_H
#define FUSEBOX_MSG_H

/* The name before the first colon; argv[0]'s, set once by main. */
extern const char *msg_applet;

/* "applet: ", the text, a newline. */
void msg(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same without "applet: ". */
void msg_plain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "applet: object: what -errno means". Returns status, for return statements. */
int msg_errno(int status, const char *object, int negative_errno);
/* Writes what is left in out, and says so if that or what came before failed. Returns 0 or 1. */
struct out;
int msg_flush(struct out *out);

/* What -errno means, as in strerror(3) but for the errors that fusebox can
   meet, which is a tenth of the size; and its name, "ENOENT". Never NULL. */
const char *msg_reason(int negative_errno);
const char *msg_errno_name(int negative_errno);

#endif
