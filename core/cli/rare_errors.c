/* SPDX-License-Identifier: MIT */
/* rare_errors: names of the errors that fusebox itself does not meet, but that a server may answer
 * with. The set-uid helper does without them. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "msg.h"

#define ERRORS(X)									\
	X(ECHILD) X(EFAULT) X(ETXTBSY) X(ESPIPE) X(EDOM) X(EDEADLK) X(ENOLCK) X(ENOMSG)	\
	X(EIDRM) X(ENOSTR) X(ETIME) X(ENOSR) X(ENONET) X(EREMOTE) X(ENOLINK) X(ECOMM)	\
	X(EMULTIHOP) X(EBADMSG) X(ENOTUNIQ) X(EBADFD) X(ELIBACC) X(EILSEQ) X(ERESTART)	\
	X(EUSERS) X(ENOTSOCK) X(EDESTADDRREQ) X(EMSGSIZE) X(EPROTOTYPE) X(ENOPROTOOPT)	\
	X(EPROTONOSUPPORT) X(ESOCKTNOSUPPORT) X(EPFNOSUPPORT) X(EAFNOSUPPORT)		\
	X(EADDRNOTAVAIL) X(ENETDOWN) X(ENETUNREACH) X(ENETRESET) X(ECONNRESET) X(ENOBUFS)	\
	X(EISCONN) X(ESHUTDOWN) X(ETOOMANYREFS) X(EHOSTDOWN) X(EHOSTUNREACH) X(EALREADY)	\
	X(EINPROGRESS) X(EUCLEAN) X(EREMOTEIO) X(EDQUOT) X(ENOMEDIUM) X(EMEDIUMTYPE)	\
	X(ECANCELED) X(ENOKEY) X(EKEYEXPIRED) X(EKEYREVOKED) X(EKEYREJECTED) X(EOWNERDEAD)	\
	X(ENOTRECOVERABLE) X(ERFKILL) X(EHWPOISON)

static const char names[] =
#define NAME(error) #error "\0"
	ERRORS(NAME);
static const uint16_t numbers[] = {	/* MIPS has an EDQUOT of 1133. */
#define NUMBER(error) error,
	ERRORS(NUMBER)
};

const char *msg_rare_error(int err)
{
	const char *name = names;

	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(*numbers); i++, name += strlen(name) + 1)
		if (numbers[i] == -err)
			return name;
	return NULL;
}
