/* proc: directories and names in /proc. See proc.h. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "sys.h"

struct dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

bool proc_mounted(void)
{
	struct sys_stat st;

	return sys_statx(AT_FDCWD, "/proc/self", false, &st) == 0;
}

int proc_opendir(struct proc_dir *dir, int dirfd, const char *path)
{
	dir->at = dir->end = 0;
	dir->fd = sys_openat(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
	return dir->fd < 0 ? dir->fd : 0;
}

const char *proc_readdir(struct proc_dir *dir)
{
	for (;;) {
		const struct dirent64 *entry;

		if (dir->at >= dir->end) {
			dir->at = 0;
			dir->end = sys_getdents(dir->fd, dir->buf, sizeof(dir->buf));
			if (dir->end <= 0)
				return NULL;
		}
		entry = (const void *)((const char *)dir->buf + dir->at);
		dir->at += entry->reclen;
		if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
			return entry->name;
	}
}

void proc_command(int pid, char command[16])
{
	char path[32], text[32];
	struct out out = OUT_TEXT(path);
	size_t len;

	out_fmt(&out, "/proc/%d/comm", pid);
	if (sys_read_file(out_text(&out), text, sizeof(text)) <= 0)
		text[0] = '?', text[1] = '\0';
	len = strcspn(text, "\n");
	len = len < 15 ? len : 15;
	memcpy(command, text, len);
	command[len] = '\0';
}

int proc_connection(const char *pid, const char *fd, uint64_t *connection)
{
	static const char key[] = "fuse_connection:";
	char path[64], text[512], *at;
	struct out out = OUT_TEXT(path);
	ssize_t n;

	out_fmt(&out, "/proc/%s/fdinfo/%s", pid, fd);
	n = sys_read_file(out_text(&out), text, sizeof(text));
	if (n < 0)
		return (int)n;
	at = text_find(text, key);
	if (!at)
		return -ENODATA;
	at += sizeof(key) - 1;
	at += strspn(at, " \t");
	at[strcspn(at, "\n")] = '\0';
	return opt_number(at, UINT64_MAX, connection) < 0 ? -ENODATA : 0;
}
