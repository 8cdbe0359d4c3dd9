/* SPDX-License-Identifier: MIT */
/* handle take PATH >HANDLE: writes PATH's file handle. handle open MOUNT <HANDLE: opens the
   handle in MOUNT, and prints the file's content. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	union { struct file_handle handle; char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ]; } h;
	int mount_id, fd, mount;
	char buf[4096];
	ssize_t n;

	memset(&h, 0, sizeof(h));
	if (argc == 3 && strcmp(argv[1], "take") == 0) {
		h.handle.handle_bytes = MAX_HANDLE_SZ;
		if (name_to_handle_at(AT_FDCWD, argv[2], &h.handle, &mount_id, 0) < 0)
			return perror("handle"), 1;
		return write(1, &h, sizeof(h)) < 0;
	}
	if (argc != 3 || read(0, &h, sizeof(h)) != sizeof(h))
		return 2;
	mount = open(argv[2], O_RDONLY | O_DIRECTORY);
	fd = open_by_handle_at(mount, &h.handle, O_RDONLY);
	if (mount < 0 || fd < 0)
		return perror("handle"), 1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(1, buf, (size_t)n) < 0)
			return 1;
	return n < 0;
}
