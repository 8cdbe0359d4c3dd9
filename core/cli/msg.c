/* SPDX-License-Identifier: MIT */
/* msg: messages to users. See msg.h. */
#include "msg.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "out.h"
#include "setuid.h"

#ifdef FUSEBOX_SETUID
const char *msg_applet;	/* without an initial value, which would be relocated */
#else
const char *msg_applet = "fusebox";
#endif

static void write_message(bool named, const char *fmt, va_list args)
{
	char line[1024];
	struct out out = OUT_FD(line, 2);

	out.escape = true;
	if (named)
		out_fmt(&out, "%s: ", msg_applet);
	out_vfmt(&out, fmt, args);
	out_char(&out, '\n');
	out_flush(&out);
}

void msg(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_message(true, fmt, args);
	va_end(args);
}

void msg_plain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_message(false, fmt, args);
	va_end(args);
}

int msg_errno(int status, const char *object, int err)
{
	msg("%s: %s", object, msg_reason(err));
	return status;
}

int msg_refuse(const char *text)
{
	msg("%s", text);
	return 1;
}

int msg_flush(struct out *out)
{
	int err = out_flush(out);

	return err ? msg_errno(1, "standard output", err) : 0;
}

/* One row for each error: name and meaning. */
#define ERRORS(X)							\
	X(EPERM, "Operation not permitted")				\
	X(ENOENT, "No such file or directory")				\
	X(ESRCH, "No such process")					\
	X(EINTR, "Interrupted system call")				\
	X(EIO, "Input/output error")					\
	X(ENXIO, "No such device or address")				\
	X(EBADF, "Bad file descriptor")					\
	X(EAGAIN, "Resource temporarily unavailable")			\
	X(ENOMEM, "Out of memory")					\
	X(EACCES, "Permission denied")					\
	X(ENOTBLK, "Block device required")				\
	X(EBUSY, "Device or resource busy")				\
	X(EEXIST, "File exists")					\
	X(EXDEV, "Invalid cross-device link")				\
	X(ENODEV, "No such device")					\
	X(ENOTDIR, "Not a directory")					\
	X(EISDIR, "Is a directory")					\
	X(EINVAL, "Invalid argument")					\
	X(ENFILE, "Too many open files in the system")			\
	X(EMFILE, "Too many open files")				\
	X(EFBIG, "File too large")					\
	X(ENOSPC, "No space left on device")				\
	X(EROFS, "Read-only file system")				\
	X(EPIPE, "Broken pipe")						\
	X(ERANGE, "Result too large")					\
	X(ENAMETOOLONG, "File name too long")				\
	X(ENOSYS, "Function not implemented")				\
	X(ELOOP, "Too many levels of symbolic links")			\
	X(ENODATA, "No data available")					\
	X(EPROTO, "Protocol error")					\
	X(EOVERFLOW, "Value too large for data type")			\
	X(EOPNOTSUPP, "Operation not supported")			\
	X(ECONNABORTED, "Software caused connection abort")		\
	X(ENOTCONN, "Transport endpoint is not connected")		\
	X(ETIMEDOUT, "Connection timed out")				\
	X(ESTALE, "Stale file handle")					\
	BOX_ERRORS(X)

/* Those that the set-uid helper does not meet. It does not print the names of the others either. */
#ifdef FUSEBOX_SETUID
#define BOX_ERRORS(X)
#define TEXTS(number, text) text "\0"
#else
#define BOX_ERRORS(X)							\
	X(E2BIG, "Argument list too long")				\
	X(ENOEXEC, "Exec format error")					\
	X(ENOTTY, "Inappropriate ioctl for device")			\
	X(EMLINK, "Too many links")					\
	X(ENOTEMPTY, "Directory not empty")				\
	X(EADDRINUSE, "Address already in use")				\
	X(ECONNREFUSED, "Connection refused")
#define TEXTS(number, text) #number "\0" text "\0"
#endif

enum { NAMED = !FOR_HELPER };

/* Names and meanings in one string, in the order of `numbers`: without pointers, which would
   need relocation, and without padding. */
static const char texts[] = ERRORS(TEXTS);
static const uint8_t numbers[] = {
#define ROW(number, text) number,
	ERRORS(ROW)
#undef ROW
};

/* NULL in a small build. */
extern __typeof__(msg_rare_error) msg_rare_error __attribute__((weak));

static const char *next_text(const char *text)
{
	return text + strlen(text) + 1;
}

static const char *next_error(const char *text)
{
	return next_text(NAMED ? next_text(text) : text);
}

/* The name of an error, which its meaning follows; the meaning if no error is named. */
static const char *find_name(int err)
{
	const char *name = texts;

	for (unsigned int i = 0; i < sizeof(numbers); i++, name = next_error(name))
		if (numbers[i] == -err)
			return name;
	return NULL;
}

const char *msg_errno_name(int err)
{
	const char *name = find_name(err);

	if (!name && msg_rare_error)
		name = msg_rare_error(err);
	return name ? name : "error";
}

int msg_errno_of(const char *name)
{
	const char *at = texts;

	for (unsigned int i = 0; i < sizeof(numbers); i++, at = next_error(at))
		if (strcmp(at, name) == 0)
			return -numbers[i];
	return 0;
}

const char *msg_reason(int err)
{
	static char other[24];
	const char *name = find_name(err);

	if (name)
		return NAMED ? next_text(name) : name;
	name = msg_rare_error ? msg_rare_error(err) : NULL;
	if (name)
		return name;
	return text_fmt(other, sizeof(other), "error %d", -err);
}
