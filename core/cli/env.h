/* SPDX-License-Identifier: MIT */
/* env: environment variables, and programs in $PATH. */
#ifndef FUSEBOX_CLI_ENV_H
#define FUSEBOX_CLI_ENV_H

#include <stdbool.h>
#include <stddef.h>

/* Sets a variable, "NAME=VALUE", for a later exec. The environment points to the
   caller's string, which must stay valid. 0 or -ENOMEM. */
int env_set(char *assignment);

/* Returns the value of a variable, or NULL, and removes it: it tells something of this process alone, and a program
   that it starts must not read it. */
const char *env_take(const char *name);

/* Finds a program in $PATH; `setuid`: only a set-uid root file. Returns 0 and writes
   the path to found[size], or returns -ENOENT. */
int env_find(const char *program, bool setuid, char *found, size_t size);

#endif
