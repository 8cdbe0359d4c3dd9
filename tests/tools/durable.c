/* SPDX-License-Identifier: MIT */
/* durable KIND DIR LOG: works in DIR until a call fails, prints the error, and exits with 1. It writes
   versions, and appends a version's number to LOG, which lies elsewhere, once fsync(2) or msync(2) has
   confirmed that version.
   durable -c KIND DIR LOG: checks that DIR has every version that LOG confirms, and none in part.

   Kinds: replace (writes a new file and renames it), append (records), map (pages of a mapping), stir
   (reads, lists, creates and removes, and confirms nothing). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THINGS = 64, LARGEST = 96 * 1024, RECORD = 1000, RECORDS = 20000, PAGE = 4096 };

/* The content of LOG: the version of each thing, and how many versions were confirmed in all. */
static struct { uint64_t safe[THINGS], count; } told;
static uint64_t *const safe = told.safe;
static int log_fd;

static void __attribute__((noreturn)) fail(const char *what)
{
	printf("%s: %s\n", what, strerrorname_np(errno));
	exit(1);
}

static void is_safe(int thing, uint64_t version)
{
	safe[thing] = version;
	told.count++;
	if (pwrite(log_fd, &told, sizeof(told), 0) != sizeof(told))
		abort();
}

/* The content of a version: its number, and bytes derived from it. */
static size_t content(unsigned char *bytes, int thing, uint64_t version)
{
	size_t size = 16 + (version * 7919 + (uint64_t)thing * 104729) % (LARGEST - 16);

	memcpy(bytes, &version, 8);
	for (size_t i = 8; i < size; i++)
		bytes[i] = (unsigned char)(version + i * 31 + (uint64_t)thing);
	return size;
}

static void write_all(int fd, const unsigned char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size < 10000 ? size : 10000);

		if (n < 0)
			fail("write");
		bytes += n;
		size -= (size_t)n;
	}
}

/* ---- replace ---- */

static void replace(void)
{
	static unsigned char bytes[LARGEST];

	for (uint64_t i = 0; ; i++) {
		int thing = (int)(i % THINGS), fd = open("new", O_WRONLY | O_CREAT | O_TRUNC, 0644);
		uint64_t version = safe[thing] + 1;
		char name[32];

		if (fd < 0)
			fail("open");
		write_all(fd, bytes, content(bytes, thing, version));
		if (fsync(fd) < 0)
			fail("fsync");
		if (close(fd) < 0)
			fail("close");
		sprintf(name, "thing%d", thing);
		if (rename("new", name) < 0)
			fail("rename");
		is_safe(thing, version);
	}
}

static int replaced(void)
{
	static unsigned char got[LARGEST], want[LARGEST];

	for (int thing = 0; thing < THINGS; thing++) {
		char name[32];
		uint64_t version = 0;
		int fd;
		ssize_t n;

		sprintf(name, "thing%d", thing);
		fd = open(name, O_RDONLY);
		n = fd < 0 ? -1 : read(fd, got, sizeof(got));
		if (n >= 8)
			memcpy(&version, got, 8);
		if (fd >= 0)
			close(fd);
		if (safe[thing] == 0 && n < 0)
			continue;
		if (version < safe[thing] || version > safe[thing] + 1
		    || (size_t)n != content(want, thing, version) || memcmp(got, want, (size_t)n) != 0) {
			printf("%s: %zd bytes of version %llu, safe was %llu\n", name, n,
			       (unsigned long long)version, (unsigned long long)safe[thing]);
			return 1;
		}
	}
	return 0;
}

/* ---- append: each record is its number, written over and over ---- */

static void fill(uint64_t *record, uint64_t number)
{
	for (int i = 0; i < RECORD / 8; i++)
		record[i] = number;
}

static void append(void)
{
	uint64_t record[RECORD / 8];
	int fd = open("records", O_WRONLY | O_CREAT | O_APPEND, 0644);

	/* What the last round may have left beyond the confirmed versions. */
	if (fd < 0 || ftruncate(fd, (off_t)(safe[0] * RECORD)) < 0)
		fail("open");
	for (;;) {
		for (uint64_t i = 0; i < 4; i++) {
			fill(record, safe[0] + i);
			if (write(fd, record, RECORD) != RECORD)
				fail("write");
		}
		if (fdatasync(fd) < 0)
			fail("fdatasync");
		is_safe(0, safe[0] + 4);
		if (safe[0] < RECORDS)
			continue;
		is_safe(0, 0);
		if (ftruncate(fd, 0) < 0)
			fail("ftruncate");
	}
}

static int appended(void)
{
	uint64_t got[RECORD / 8], want[RECORD / 8];
	int fd = open("records", O_RDONLY);

	for (uint64_t i = 0; i < safe[0]; i++) {
		fill(want, i);
		if (pread(fd, got, RECORD, (off_t)(i * RECORD)) != RECORD || memcmp(got, want, RECORD) != 0) {
			printf("record %llu of %llu is not there\n", (unsigned long long)i, (unsigned long long)safe[0]);
			return 1;
		}
	}
	return 0;
}

/* ---- map ---- */

static void __attribute__((noreturn)) on_bus(int signal)
{
	static const char text[] = "SIGBUS\n";

	(void)signal;
	_exit(write(1, text, sizeof(text) - 1) > 0 ? 1 : 1);
}

static void map(void)
{
	int fd = open("mapped", O_RDWR | O_CREAT, 0644);
	volatile uint64_t *at;

	signal(SIGBUS, on_bus);
	if (fd < 0 || ftruncate(fd, THINGS * PAGE) < 0)
		fail("open");
	at = mmap(NULL, THINGS * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		fail("mmap");
	for (uint64_t i = 0; ; i++) {
		int thing = (int)(i % THINGS);
		volatile uint64_t *page = at + thing * (PAGE / 8);

		page[0] = page[PAGE / 8 - 1] = safe[thing] + 1;
		if (msync((void *)page, PAGE, MS_SYNC) < 0)
			fail("msync");
		is_safe(thing, safe[thing] + 1);
		/* With passthrough a mapping needs no server any more; fsync(2) does. */
		if (fsync(fd) < 0)
			fail("fsync");
	}
}

static int mapped(void)
{
	int fd = open("mapped", O_RDONLY);

	for (int thing = 0; thing < THINGS; thing++) {
		uint64_t page[PAGE / 8];

		if (safe[thing] == 0)
			continue;
		if (pread(fd, page, PAGE, thing * PAGE) != PAGE || page[0] < safe[thing] || page[PAGE / 8 - 1] < safe[thing]) {
			printf("page %d: %llu, safe was %llu\n", thing, (unsigned long long)page[0], (unsigned long long)safe[thing]);
			return 1;
		}
	}
	return 0;
}

/* ---- stir ---- */

static void list(void)
{
	DIR *dir = opendir(".");
	struct dirent *e;
	struct stat st;

	if (!dir)
		fail("opendir");
	errno = 0;
	while ((e = readdir(dir)))
		if (lstat(e->d_name, &st) < 0 && errno != ENOENT)
			fail("lstat");
	if (errno && errno != ENOENT)
		fail("readdir");
	closedir(dir);
}

static void stir(void)
{
	static unsigned char bytes[LARGEST];

	for (uint64_t i = 0; ; i++) {
		char name[32], other[32];
		int fd;

		sprintf(name, "dir%d", (int)(i % 8));
		sprintf(other, "dir%d/file", (int)(i % 8));
		if (mkdir(name, 0755) < 0 && errno != EEXIST)
			fail("mkdir");
		fd = open(other, O_RDWR | O_CREAT, 0644);
		if (fd < 0)
			fail("open");
		if (pwrite(fd, bytes, content(bytes, 1, i), 0) < 0)
			fail("pwrite");
		if (pread(fd, bytes, sizeof(bytes), 0) < 0)
			fail("pread");
		close(fd);
		list();
		if (unlink(other) < 0)
			fail("unlink");
		if (rmdir(name) < 0)
			fail("rmdir");
	}
}

static const struct { const char *name; void (*work)(void); int (*check)(void); } kinds[] = {
	{ "replace", replace, replaced }, { "append", append, appended }, { "map", map, mapped }, { "stir", stir, NULL },
};

int main(int argc, char **argv)
{
	int check = argc == 5 && strcmp(argv[1], "-c") == 0;

	argv += check;
	if (argc - check != 4)
		return 2;
	log_fd = open(argv[3], O_RDWR | O_CREAT, 0644);
	if (log_fd < 0 || pread(log_fd, &told, sizeof(told), 0) < 0 || chdir(argv[2]) < 0)
		perror(argv[3]), exit(2);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		if (check)
			return kinds[i].check ? kinds[i].check() : 0;
		kinds[i].work();
	}
	return 2;
}
