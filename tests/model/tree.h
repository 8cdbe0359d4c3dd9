/* SPDX-License-Identifier: MIT */
/* tree: what a call shows, and trees as text: a line for each file. */
static void __attribute__((format(printf, 2, 3))) see(struct outcome *o, const char *format, ...)
{
	size_t used = strlen(o->seen);
	va_list list;

	va_start(list, format);
	vsnprintf(o->seen + used, sizeof(o->seen) - used, format, list);
	va_end(list);
}

static void __attribute__((format(printf, 2, 3))) call(struct outcome *o, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(o->call, sizeof(o->call), format, list);
	va_end(list);
}

/* Descriptor numbers and the like are not compared: only whether the call failed. */
static long only_whether(long value) { return value < 0 ? -1 : 0; }

/* File systems differ in a directory's size. Data in a FIFO does not reach a FUSE server, and
   does not change the file's times there. */
static int attributes(char *text, size_t room, const struct stat *st)
{
	char when[64] = "now";

	if (st->st_mtim.tv_sec < LONG_AGO && !S_ISFIFO(st->st_mode))
		snprintf(when, sizeof(when), "%ld.%09ld", (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	return snprintf(text, room, "mode %o links %lu owner %u:%u size %lld device %lx time %s", st->st_mode,
			(unsigned long)st->st_nlink, st->st_uid, st->st_gid,
			S_ISDIR(st->st_mode) ? 0 : (long long)st->st_size, (unsigned long)st->st_rdev, when);
}

static void see_attributes(struct outcome *o, const char *of, int result, const struct stat *st)
{
	char text[300];

	if (result == 0)
		attributes(text, sizeof(text), st);
	else
		snprintf(text, sizeof(text), "%s", strerrorname_np(errno));
	see(o, " [%s: %s]", of, text);
}


struct text { char *bytes; size_t size, room; };

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *format, ...)
{
	va_list list;
	int n;

	if (t->size + 2048 > t->room)
		t->bytes = realloc(t->bytes, t->room = t->room * 2 + 65536);
	va_start(list, format);
	n = vsnprintf(t->bytes + t->size, t->room - t->size, format, list);
	va_end(list);
	t->size += (size_t)n;
}

static struct { ino_t number; char path[256]; } known[4096];
static int known_count;

/* The first path of each inode: later paths are hard links. */
static const char *same_as(ino_t number, const char *path)
{
	for (int i = 0; i < known_count; i++)
		if (known[i].number == number)
			return known[i].path;
	known[known_count].number = number;
	snprintf(known[known_count].path, sizeof(known->path), "%s", path);
	return known[known_count++].path;
}

static uint64_t mix(uint64_t hash, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

static void add_content(struct text *t, int fd)
{
	static unsigned char buf[128 * 1024];
	uint64_t hash = 0xcbf29ce484222325u;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		hash = mix(hash, buf, (size_t)n);
		at += n;
	}
	add(t, " content %lld:%016lx%s", (long long)at, (unsigned long)hash, n < 0 ? strerrorname_np(errno) : "");
}

static void add_xattrs(struct text *t, const char *path)
{
	char names[4096], value[1024];
	ssize_t size = llistxattr(path, names, sizeof(names));

	for (char *name = names; name < names + size; name += strlen(name) + 1) {
		ssize_t n = lgetxattr(path, name, value, sizeof(value));

		add(t, " %s=%ld:%lx", name, (long)n, n < 0 ? (unsigned long)errno : mix(0, (unsigned char *)value, (size_t)n));
	}
	if (size < 0)
		add(t, " xattrs %s", strerrorname_np(errno));
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void add_tree(struct text *t, const char *path);

static void add_entries(struct text *t, const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, by_name);

	if (n < 0)
		add(t, "%s: scandir %s\n", path, strerrorname_np(errno));
	for (int i = 0; i < n; i++) {
		char name[600];

		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		if (strcmp(list[i]->d_name, ".") != 0 && strcmp(list[i]->d_name, "..") != 0)
			add_tree(t, name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void add_tree(struct text *t, const char *path)
{
	struct stat st;
	char text[300], target[256] = "";

	if (lstat(path, &st) < 0) {
		add(t, "%s: lstat %s\n", path, strerrorname_np(errno));
		return;
	}
	attributes(text, sizeof(text), &st);
	add(t, "%s: %s is %s", path, text, same_as(st.st_ino, path));
	if (S_ISLNK(st.st_mode))
		add(t, " to %ld:%s", (long)readlink(path, target, sizeof(target) - 1), target);
	add_xattrs(t, path);
	if (S_ISREG(st.st_mode)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			add(t, " open %s", strerrorname_np(errno));
		else
			add_content(t, fd), close(fd);
	}
	add(t, "\n");
	if (S_ISDIR(st.st_mode))
		add_entries(t, path);
}

/* The open files, with or without a name. */
static void add_open(struct text *t, const struct side *s)
{
	for (int i = 0; i < SLOTS; i++) {
		struct stat st;
		char text[300], name[32];

		if (s->fds[i] < 0 || fstat(s->fds[i], &st) < 0)
			continue;
		attributes(text, sizeof(text), &st);
		snprintf(name, sizeof(name), "descriptor %d", i);
		add(t, "%s: %s is %s", name, text, same_as(st.st_ino, name));
		if (S_ISREG(st.st_mode) && (fcntl(s->fds[i], F_GETFL) & (O_ACCMODE | O_PATH)) != O_WRONLY)
			add_content(t, s->fds[i]);
		add(t, "\n");
	}
}

static struct text tree_of(struct side *s)
{
	struct text t = { NULL, 0, 0 };

	if (fchdir(s->root) < 0)
		perror(s->path), exit(2);
	known_count = 0;
	add(&t, "\n");
	add_tree(&t, ".");
	add_open(&t, s);
	return t;
}

/* The first line that only one of them has. */
static int trees_differ(void)
{
	struct text a = tree_of(&sides[0]), b = tree_of(&sides[1]);
	size_t line = 0, i = 0;

	while (i < a.size && i < b.size && a.bytes[i] == b.bytes[i])
		if (a.bytes[i++] == '\n')
			line = i;
	if (i < a.size || i < b.size) {
		printf("the trees differ:\n%s: %.*s\n%s: %.*s\n",
		       sides[0].path, (int)strcspn(a.bytes + line, "\n"), a.bytes + line,
		       sides[1].path, (int)strcspn(b.bytes + line, "\n"), b.bytes + line);
		i = SIZE_MAX;
	}
	free(a.bytes);
	free(b.bytes);
	return i == SIZE_MAX;
}
