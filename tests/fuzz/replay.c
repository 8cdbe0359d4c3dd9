/* SPDX-License-Identifier: MIT */
/* replay: runs a target on files, and on the files of directories, without a fuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#pragma weak LLVMFuzzerInitialize

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	if (!file || fstat(fileno(file), &st) < 0) {
		perror(path);
		return -1;
	}
	data = malloc((size_t)st.st_size + !st.st_size);	/* memory of the exact size, for the
								   sanitizer */
	size = fread(data, 1, (size_t)st.st_size, file);
	fclose(file);
	if (getenv("REPLAY_SHOW"))
		fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 1;
}

/* Returns how many files there were, or -1. */
static int replay_all(const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, NULL, alphasort), done = 0;

	if (count < 0)
		return replay(path);
	for (int i = 0; i < count; i++) {
		char *file = malloc(strlen(path) + strlen(names[i]->d_name) + 2);
		int n = 0;

		sprintf(file, "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			n = replay(file);
		done = n < 0 || done < 0 ? -1 : done + n;
		free(file);
		free(names[i]);
	}
	free(names);
	return done;
}

int main(int argc, char **argv)
{
	int sum = 0;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		int n = replay_all(argv[i]);

		if (n < 0)
			return 1;
		sum += n;
	}
	printf("%d inputs\n", sum);
	return sum ? 0 : 1;
}
