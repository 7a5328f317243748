// SPDX-License-Identifier: GPL-2.0-or-later
/* pcap - fuzz target: any bytes as a capture file. Every record must be readable to its
 * last byte, time must not overflow, and an error must stick and have words. */
#include "sensors/pcap.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static int fd_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", 0);

	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fd_of(data, size);
	struct pcap_record rec;
	struct pcap *p;
	unsigned sum = 0;
	int r;

	must(pcap_open(fd, &p) == 0);
	while ((r = pcap_next(p, &rec)) == 1) {
		must(rec.len >= rec.caplen && rec.caplen <= size);
		for (uint32_t i = 0; i < rec.caplen; i++)
			sum += rec.data[i];
		must(pcap_offset(p) <= size);
	}
	must(r <= 0 && pcap_error(p)[0]);
	must(pcap_next(p, &rec) == r);
	pcap_close(p);
	must(close(fd) == 0);
	/* the bytes must really be read */
	__asm__ volatile("" : : "r"(sum));
	return 0;
}
