/* SPDX-License-Identifier: MIT */
/* timing: the time, and the median of times. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int less(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Calls once(data) count times, and prints the median of its results. */
__attribute__((unused)) static int print_median(int count, int64_t (*once)(char **data), char **data)
{
	int64_t *took = calloc((size_t)count + 1, sizeof(*took));

	for (int i = 0; i < count; i++)
		took[i] = once(data);
	qsort(took, (size_t)count, sizeof(*took), less);
	return printf("%lld\n", (long long)took[count / 2]) < 0;
}
