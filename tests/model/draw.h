/* SPDX-License-Identifier: MIT */
/* draw: the random arguments of a step. Each call uses those that it takes. */
struct draw {
	char path[64], other[64], target[64];
	int slot, other_slot;
	int flags, pick, pick2;
	mode_t mode;
	off_t offset, other_offset;
	size_t length;
	uint64_t bytes;		/* the seed of the written data */
	unsigned int user;
	int look;		/* whether attributes are compared after the call */
};

/* What a call returned on one side. */
struct outcome {
	char call[400];
	long value;
	int error;
	size_t size;
	char seen[16384];
	unsigned char data[LONGEST];
};

struct side {
	const char *path;
	int root;
	int fds[SLOTS];
	struct outcome outcome;
};
static struct side sides[2];

static uint64_t state;

static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int below(int n) { return (int)(next() % (unsigned int)n); }
static int chance(int percent) { return below(100) < percent; }

/* Few names, so that calls meet: 8 in the root, 4 in each of those, 2 in each of these. */
static void draw_path(char *path)
{
	int depth = chance(45) ? 1 : chance(70) ? 2 : 3;

	*path++ = (char)('a' + below(8));
	for (int i = 1; i < depth; i++) {
		*path++ = '/';
		*path++ = (char)('a' + below(i == 1 ? 4 : 2));
	}
	*path = '\0';
}

static void draw_target(char *target)
{
	if (chance(80))
		sprintf(target, "%s%c", chance(30) ? "../" : "", 'a' + below(8));
	else
		draw_path(target);
}

static off_t draw_offset(void)
{
	off_t at = chance(60) ? below(16384) : below(256 * 1024);

	return chance(40) ? at & -PAGE : at;
}

static size_t draw_length(void)
{
	int most = chance(50) ? PAGE + 100 : chance(80) ? 64 * 1024 : chance(95) ? 300 * 1024 : LONGEST;

	return chance(40) ? (size_t)(below(most) & -PAGE) : (size_t)below(most);
}

static int draw_flags(void)
{
	static const struct { int percent, flag; } all[] = {
		{ 55, O_CREAT }, { 15, O_EXCL }, { 20, O_TRUNC }, { 20, O_APPEND }, { 6, O_DIRECTORY },
		{ 15, O_NOFOLLOW }, { 5, O_DIRECT }, { 5, O_SYNC }, { 3, O_NOATIME }, { 3, O_PATH },
	};
	int flags = chance(75) ? O_RDWR : below(3);

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		flags |= chance(all[i].percent) ? all[i].flag : 0;
	return flags | O_NONBLOCK | O_CLOEXEC;	/* O_NONBLOCK: opening a FIFO without a peer must
						   not wait */
}

/* In three of five cases a file that exists, if a few tries find one. */
static void draw_known_path(char *path)
{
	struct stat st;
	int tries = chance(60) ? 5 : 1;

	do
		draw_path(path);
	while (--tries && fstatat(sides[1].root, path, &st, AT_SYMLINK_NOFOLLOW) < 0);
}

/* With MODEL_USERS, root and two users in turn, each for a few calls. */
static unsigned int draw_user(void)
{
	static const unsigned int users[] = { 0, OTHER_USER, THIRD_USER };
	static unsigned int last;

	if (!getenv("MODEL_USERS"))
		return chance(25) ? OTHER_USER : 0;
	if (chance(40))
		last = users[below(3)];
	return last;
}

static struct draw draw(void)
{
	static const mode_t modes[] = { 0644, 0666, 0600, 0777, 0755, 04755, 02755, 01777, 02777, 0, 0444 };
	struct draw d = {
		.slot = below(SLOTS), .other_slot = below(SLOTS), .flags = draw_flags(),
		.pick = below(1 << 20), .pick2 = below(1 << 20),
		.mode = modes[below(sizeof(modes) / sizeof(*modes))] & (getenv("MODEL_WRITEBACK") ? 01777 : 07777),
		.offset = draw_offset(), .other_offset = draw_offset(), .length = draw_length(),
		.bytes = next(), .user = draw_user(), .look = chance(50),
	};

	draw_known_path(d.path);
	draw_path(d.other);
	draw_target(d.target);
	return d;
}
