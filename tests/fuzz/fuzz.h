/* SPDX-License-Identifier: MIT */
/* fuzz: what the targets share.
 *
 * A target is a file here with LLVMFuzzerTestOneInput(): libFuzzer calls it with bytes that
 * it makes up, AFL++ through libFuzzer's interface, and replay.c with those of files. It
 * returns 0, or ends by abort() or a sanitizer's report when something is wrong. */
#ifndef FUSEBOX_FUZZ_H
#define FUSEBOX_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuse_fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once before, where a target has it. Ends the process with SKIPPED when this
   machine cannot run the target. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
enum { SKIPPED = 77 };

/* A condition that has to hold; the text explains it in the report. */
#define MUST(what, ...) ((what) ? (void)0 : fuzz_failed(#what, __FILE__, __LINE__))
void fuzz_failed(const char *what, const char *file, int line) __attribute__((noreturn));

/* Takes the next bytes of the input; after its end come zeros. */
struct input { const uint8_t *at; size_t left; };
uint8_t input_byte(struct input *in);
uint32_t input_number(struct input *in);		/* four bytes */
size_t input_bytes(struct input *in, void *to, size_t size);
/* Takes bytes up to one that is `end` or NUL, or the end of the input. Returns a string in
   memory of its exact size, which the caller frees. */
char *input_text(struct input *in, char end);
char *input_rest(struct input *in);

/* Reads every byte, so that the sanitizer checks that it may be read. */
void fuzz_touch(const void *bytes, size_t size);
void fuzz_touch_text(const char *text);			/* NULL: none */

/* How many of the first descriptors are open: the same number before and after an input. */
unsigned int fuzz_descriptors(void);

/* Requests, one after another: two bytes with the size; one that selects the form; one with the
   size of the opcode's structure in the parts form, in units of four bytes; then the request. */
struct record {
	uint8_t *bytes;		/* the whole request with its header, `size` bytes in memory of
				   that size, owned by the caller */
	size_t size, arg_size;
	bool parts;		/* as io_uring delivers it, else as /dev/fuse does */
};
enum { RECORD_PARTS = 1, RECORD_LEN_AS_IT_IS = 2 };
bool record_next(struct input *in, struct record *record);

/* Dispatches the request and checks that the kernel would take the reply. space: room for the
   reply's data, part of which holds the payload in the parts form. Returns whether there is a
   reply. */
bool record_dispatch(const struct record *record, struct fuse_req *req, char *space, size_t size);

#endif
