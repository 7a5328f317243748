// SPDX-License-Identifier: GPL-2.0-or-later
/* memory - large libraries are touched once by the dynamic linker: a router has better
 * use for those pages. */
#include "proc/memory.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Gives the pages of one library's code and constants back. Segments that were ever
 * writable stay: their relocations exist in memory alone. */
static int image_return(struct dl_phdr_info *image, size_t size, void *ctx)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)ctx;
	for (unsigned i = 0; i < image->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &image->dlpi_phdr[i];
		if (h->p_type != PT_LOAD || h->p_flags & PF_W)
			continue;
		uintptr_t from = (image->dlpi_addr + h->p_vaddr) & ~(page - 1);
		uintptr_t to =
			(image->dlpi_addr + h->p_vaddr + h->p_memsz) & ~(page - 1);
		if (from < to)
			(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void memory_return(void)
{
	malloc_trim(0);
	dl_iterate_phdr(image_return, NULL);
}
