/* SPDX-License-Identifier: MIT */
/* swap A B: exchanges the two names over and over until it is killed, and goes on if an exchange
   fails, as it does while one of them is a mountpoint. */
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	while (argc == 3)
		renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
	return 2;
}
