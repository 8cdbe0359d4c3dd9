/* SPDX-License-Identifier: MIT */
/* mounts: the mounts and connections of a scene, and whether any is left at its end. */
/* The connections that were seen mounted. A number is soon reused, the inode of its fusectl
   directory is not. */
static struct { unsigned int number; ino_t identity; } seen[64];
static size_t seen_count;

static ino_t identity(unsigned int number)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "ctl/%u", number);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static void see(unsigned int number)
{
	ino_t now = identity(number);

	for (size_t i = 0; i < seen_count; i++)
		if (seen[i].number == number && seen[i].identity == now)
			return;
	if (now && seen_count < sizeof(seen) / sizeof(*seen)) {
		seen[seen_count].number = number;
		seen[seen_count++].identity = now;
	}
}

static bool connections_left(void)
{
	for (size_t i = 0; i < seen_count; i++)
		if (identity(seen[i].number) == seen[i].identity)
			return true;
	return false;
}

/* Returns how many FUSE mounts below the working directory have a path that ends in `suffix`;
   detaches all if asked. */
static int mounts(const char *suffix, bool detach)
{
	char line[8192], path[4096], type[256];
	unsigned int number;
	size_t length = strlen(here);
	FILE *table = fopen("/proc/self/mountinfo", "re");
	int count = 0;

	while (table && fgets(line, sizeof(line), table)) {
		const char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*s %*s 0:%u %*s %4095s", &number, path) != 2 || sscanf(dash, " - %255s", type) != 1
		    || strncmp(type, "fuse", 4) != 0 || strcmp(type, "fusectl") == 0
		    || strncmp(path, here, length) != 0 || path[length] != '/')
			continue;
		if (suffix && (strlen(path) < strlen(suffix) || strcmp(path + strlen(path) - strlen(suffix), suffix)))
			continue;
		count++;
		see(number);
		if (detach)
			umount2(path, MNT_FORCE | MNT_DETACH);
	}
	if (table)
		fclose(table);
	return count;
}

static bool mounted(void) { return mounts("/mnt", false) > 0; }

static bool of_nobody;	/* Whether the mount answers. A child asks, so a server that hangs cannot
			   block this process. */

/* Whether the mount answers. A child asks, so a server that hangs cannot block this process. */
static bool answers(const char *file, const char *text)
{
	char got[64] = "", path[700];
	int pid = fork(), status = 1;

	if (pid == 0) {
		if (of_nobody && (setgid(65534) || setuid(65534)))
			_exit(1);
		snprintf(path, sizeof(path), "%s/%s", mnt, file);
		slurp(path, got, sizeof(got));
		_exit(strcmp(got, text) != 0);
	}
	if (WITHIN(LIMIT_MS, waitpid(pid, &status, WNOHANG) == pid))
		return status == 0;
	complain("%s is read for ever", file);
	each_child(getpid(), show_it);
	mounts(NULL, true);
	return false;
}

static bool all_ended(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* Checks what must hold however the command ended. */
static void nothing_left(void)
{
	/* The process that watches may notice a moment later. */
	bool gone = WITHIN(500, !mounts(NULL, false));

	heard();
	if (!gone) {
		if (!strstr(errors, ": still mounted") && !strstr(errors, ": not unmounted, since "))
			complain("a mount is left");
		mounts(NULL, true);
	}
	if (!WITHIN(3000, all_ended())) {
		complain("a process is left");
		each_child(getpid(), show_it);
		mounts(NULL, true);
		each_child(getpid(), kill_it);
		WITHIN(3000, all_ended());
	}
	if (!WITHIN(3000, !connections_left()))
		complain("a connection is left");
	seen_count = 0;
}
