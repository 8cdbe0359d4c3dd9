/* SPDX-License-Identifier: MIT */
/* hold_path PATH COMMAND...: runs COMMAND while an O_PATH descriptor of PATH is open, which
   keeps the mount busy and sends no request. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3 || open(argv[1], O_PATH) < 0)
		return perror("hold_path"), 2;
	execvp(argv[2], argv + 2);
	return 127;
}
