// SPDX-License-Identifier: GPL-2.0-or-later
/* pcap_seeds DIR - writes the seed corpus of the pcap fuzz target: each kind of file in
 * both byte orders, and one of each kind that is broken. */
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "fuzz/pcap_build.h"

#define SEED_MAX 4096

static const char frame[] = "\x45\0\0\x14 0123456789abcdef";

static void make_classic(struct pcap_build *b)
{
	pb_classic(b, false, 101);
	pb_record(b, 1700000000, 123456, frame, sizeof frame, 1500);
	pb_record(b, 1700000001, 999999, frame, 0, 0);
}

static void make_nano(struct pcap_build *b)
{
	pb_classic(b, true, 0xf0000001);
	pb_record(b, UINT32_MAX, 999999999, frame, sizeof frame, sizeof frame);
}

static void make_ng(struct pcap_build *b)
{
	pb_section(b);
	pb_interface(b, 1, 0, 0, 0);
	pb_interface(b, 101, 8, 9, 3600);
	pb_interface(b, 113, 0, 0x80 | 40, 0);
	pb_packet(b, 1, UINT64_MAX, frame, sizeof frame, sizeof frame);
	pb_packet(b, 2, 1ULL << 41, frame, 1, 2);
	pb_packet_old(b, 0, 5, frame, 7, 7);
	pb_end(b, pb_begin(b, 0x0bad));
	pb_section(b);
	pb_interface(b, 1, 4, 6, 0);
	pb_packet_simple(b, frame, 4, 9);
}

static void make_truncated(struct pcap_build *b)
{
	make_ng(b);
	b->w.len -= 5;
}

static void make_huge(struct pcap_build *b)
{
	pb_classic(b, false, 1);
	pb_record(b, 0, 0, frame, 0, 0);
	pb_record(b, 0, UINT32_MAX, frame, 4, 1);
	pb_u32(b, 0);
	pb_u32(b, 0);
	pb_u32(b, UINT32_MAX);
	pb_u32(b, 0);
}

static void make_odd_block(struct pcap_build *b)
{
	pb_section(b);
	pb_u32(b, 6);
	pb_u32(b, 13);
	pb_u32(b, 0);
}

static const struct {
	const char *name;
	void (*make)(struct pcap_build *b);
} seeds[] = {
	{"classic", make_classic},
	{"nano", make_nano},
	{"ng", make_ng},
	{"truncated", make_truncated},
	{"huge", make_huge},
	{"odd_block", make_odd_block},
};

static int write_seed(const char *dir, size_t i, bool big)
{
	static uint8_t bytes[SEED_MAX];
	struct pcap_build b = {writer_of(bytes, sizeof bytes), big};
	char path[4096];

	seeds[i].make(&b);
	if (b.w.error || str_print(path, sizeof path, "%s/%s.%s", dir, seeds[i].name,
				 big ? "be" : "le"))
		return -1;
	FILE *f = fopen(path, "wb");
	if (!f)
		return -1;
	size_t written = fwrite(bytes, 1, b.w.len, f);
	return fclose(f) || written != b.w.len ? -1 : 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: pcap_seeds DIR\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
		if (write_seed(argv[1], i, false) || write_seed(argv[1], i, true)) {
			fprintf(stderr, "pcap_seeds: cannot write the seed %s\n",
				seeds[i].name);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
