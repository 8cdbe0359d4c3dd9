/* SPDX-License-Identifier: MIT */
/* single_relro: protect the set-uid helper's relocated constants where it has any, that is where configs/setuid.ld
   does not link it. glibc does so itself; musl only in its dynamic linker. */
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>

#include "sys.h"

/* Defined by the linker: the ELF header, at the program's first page. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static void __attribute__((constructor)) protect_constants(void)
{
	uintptr_t base = (uintptr_t)&__ehdr_start, page = sys_page_size();
	const ElfW(Phdr) *segment = (const ElfW(Phdr) *)(base + __ehdr_start.e_phoff);

	for (int i = 0; i < __ehdr_start.e_phnum; i++, segment++) {
		uintptr_t start = (base + segment->p_vaddr) & ~(page - 1);
		uintptr_t end = (base + segment->p_vaddr + segment->p_memsz) & ~(page - 1);

		if (segment->p_type == PT_GNU_RELRO && end > start && mprotect((void *)start, end - start, PROT_READ) < 0)
			sys_exit(1);
	}
}
