/* SPDX-License-Identifier: MIT */
/* map_writers FILE PROCESSES PAGES ROUNDS: several processes write to one file through shared mappings,
   and one more by pwrite(2); each has a word of its own in every page. Each process must see the
   others' words, never an older one after a newer one, and the last round's words must stay. Exits
   with 0 if so. At most 255 rounds: a word changes in one byte only from round to round, so no process
   can see half of a change. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8 };

static const char *file;
static int writers, pages, rounds;

static uint64_t word(int round, int page, int writer)
{
	return (uint64_t)round << 40 | (uint64_t)writer << 32 | (uint64_t)page;
}

static int round_of(uint64_t seen) { return (int)(seen >> 40); }

/* The word is zero or one that the writer wrote to that page, and no older than the last one
   seen. */
static void check(uint64_t seen, int page, int writer, int *last)
{
	if (seen != 0 && seen != word(round_of(seen), page, writer))
		printf("page %d: %llx is not of writer %d\n", page, (unsigned long long)seen, writer), exit(1);
	if (round_of(seen) < *last)
		printf("page %d: round %d of writer %d after %d\n", page, round_of(seen), writer, *last), exit(1);
	*last = round_of(seen);
}

static void write_word(int fd, volatile uint64_t *map, int page, int writer, uint64_t value)
{
	off_t at = (off_t)page * PAGE + writer * 8;

	if (writer > 0)
		map[page * WORDS + writer] = value;
	else if (pwrite(fd, &value, 8, at) != 8)
		perror("pwrite"), exit(1);
}

/* Writer 0 has a descriptor instead of a mapping; every writer reads its neighbour's word. */
static void work(int writer)
{
	int fd = open(file, O_RDWR), out = open(file, O_WRONLY), neighbour = (writer + 1) % writers, *last = calloc((size_t)pages, sizeof(*last));
	volatile uint64_t *map = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd < 0 || out < 0 || map == MAP_FAILED || !last)
		perror(file), exit(1);
	for (int round = 1; round <= rounds; round++) {
		for (int i = 0; i < pages; i++) {
			int page = (i * 7919 + writer * 31 + round) % pages;

			write_word(out, map, page, writer, word(round, page, writer));
			check(map[page * WORDS + neighbour], page, neighbour, &last[page]);
		}
		if (round % 4 == writer % 4 && msync((void *)map, (size_t)pages * PAGE, round % 8 < 4 ? MS_SYNC : MS_ASYNC) < 0)
			perror("msync"), exit(1);
	}
	exit(0);
}

static int all_is_there(int fd)
{
	for (int page = 0; page < pages; page++) {
		uint64_t words[WORDS];

		if (pread(fd, words, PAGE, (off_t)page * PAGE) != PAGE)
			return 0;
		for (int writer = 0; writer < writers; writer++) {
			if (words[writer] != word(rounds, page, writer)) {
				printf("page %d, writer %d: %llx at the end\n", page, writer, (unsigned long long)words[writer]);
				return 0;
			}
		}
	}
	return 1;
}

int main(int argc, char **argv)
{
	int fd, status, failed = 0;

	if (argc != 5)
		return 2;
	file = argv[1];
	writers = atoi(argv[2]) + 1;
	pages = atoi(argv[3]);
	rounds = atoi(argv[4]);
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || ftruncate(fd, (off_t)pages * PAGE) < 0)
		perror(file), exit(2);
	for (int i = 0; i < writers; i++)
		if (fork() == 0)
			work(i);
	while (wait(&status) > 0)
		failed |= status;
	if (fsync(fd) < 0)
		perror("fsync"), failed = 1;
	return failed || !all_is_there(fd);
}
