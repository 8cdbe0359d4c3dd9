/* env: the environment, and what is found through it. */
#ifndef FUSEBOX_CLI_ENV_H
#define FUSEBOX_CLI_ENV_H

#include <stdbool.h>
#include <stddef.h>

/* Sets a variable, "NAME=VALUE", for the next exec; the text stays the caller's,
   and must last. 0 or -ENOMEM. */
int env_set(char *assignment);

/* Finds a program in $PATH; setuid: only a set-uid root file. Returns 0 and the
   path in found[size], or -ENOENT. */
int env_find(const char *program, bool setuid, char *found, size_t size);

#endif
