/* SPDX-License-Identifier: MIT */
/* memory: allocate pages, and release those of the program file. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "call.h"

/* Defined by the linker: the ELF header, at the program's first page. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));

void sys_release_program(void)
{
	const char *base = (const char *)&__ehdr_start;
	const ElfW(Phdr) *segment;

	if (!base || __ehdr_start.e_type != ET_EXEC)
		return;
	segment = (const void *)(base + __ehdr_start.e_phoff);
	for (int i = 0; i < __ehdr_start.e_phnum; i++, segment++)
		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			syscall(SYS_madvise, segment->p_vaddr, segment->p_filesz, MADV_DONTNEED);
}

void sys_release_stack(void)
{
	enum { DEEPEST = 128 * 1024 };
	uintptr_t page = sys_page_size(), here = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);

	syscall(SYS_madvise, here - DEEPEST, DEEPEST - page, MADV_DONTNEED);
}

uint32_t sys_page_size(void)
{
	return (uint32_t)getauxval(AT_PAGESZ);
}

uint64_t sys_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) < 0 ? 0 : (uint64_t)info.totalram * info.mem_unit;
}

/* Of the 16 random bytes of AT_RANDOM libc uses the first half for the stack protector, and glibc the second half as its pointer
   guard. The number stays in this process, so sharing it does no harm. */
uint64_t sys_secret(void)
{
	const char *random = (const char *)getauxval(AT_RANDOM);
	uint64_t secret = 0;

	if (random)
		memcpy(&secret, random + sizeof(secret), sizeof(secret));
	return secret;
}

static void *map_pages(size_t size, int flags)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

void *sys_pages(size_t size) { return map_pages(size, MAP_PRIVATE); }
void *sys_shared_pages(size_t size) { return map_pages(size, MAP_SHARED | MAP_NORESERVE); }

void *sys_more_pages(void *pages, size_t size, size_t new_size)
{
	if (!size)
		return sys_pages(new_size);
	pages = (void *)syscall(SYS_mremap, pages, size, new_size, MREMAP_MAYMOVE);
	return pages == MAP_FAILED ? NULL : pages;
}

void sys_free_pages(void *pages, size_t size)
{
	munmap(pages, size);
}
