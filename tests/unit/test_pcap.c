// SPDX-License-Identifier: GPL-2.0-or-later
/* The capture reader: formats, byte orders, clocks, and files that break off or lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "sensors/pcap.h"
#include "fuzz/pcap_build.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t file[3 << 20];
static int fd;
static struct pcap *in;

static void open_bytes(const struct pcap_build *b, size_t len)
{
	assert_int_equal(b->w.error, 0);
	fd = memfd_create("capture", 0);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, file, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(pcap_open(fd, &in), 0);
}

static void open_built(const struct pcap_build *b)
{
	open_bytes(b, b->w.len);
}

static void close_in(void)
{
	pcap_close(in);
	close(fd);
}

static struct pcap_build builder(bool big)
{
	return (struct pcap_build){writer_of(file, sizeof file), big};
}

static void next_is(uint32_t linktype, nstime time, const char *data, uint32_t len)
{
	struct pcap_record r;

	assert_int_equal(pcap_next(in, &r), 1);
	assert_int_equal(r.linktype, linktype);
	assert_int_equal(r.time, time);
	assert_int_equal(r.caplen, strlen(data));
	assert_memory_equal(r.data, data, r.caplen);
	assert_int_equal(r.len, len);
}

static void ends(void)
{
	struct pcap_record r;

	assert_int_equal(pcap_next(in, &r), 0);
	assert_int_equal(pcap_next(in, &r), 0);
	close_in();
}

static void fails(int error, const char *words)
{
	struct pcap_record r;

	assert_int_equal(pcap_next(in, &r), error);
	if (!strstr(pcap_error(in), words))
		fail_msg("\"%s\" does not say \"%s\"", pcap_error(in), words);
	assert_non_null(strstr(pcap_error(in), "at byte "));
	assert_int_equal(pcap_next(in, &r), error);
	close_in();
}

static void reads_classic(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct pcap_build b = builder(i & 1);
		bool nano = i & 2;
		pb_classic(&b, nano, 101);
		pb_record(&b, 1700000000, 123456, "abc", 3, 1500);
		pb_record(&b, 1700000001, 0, "", 0, 0);
		open_built(&b);
		next_is(101, 1700000000 * NS_PER_SEC + (nano ? 123456 : 123456000),
			"abc", 1500);
		assert_int_equal(pcap_offset(in), 24 + 16 + 3);
		next_is(101, 1700000001 * NS_PER_SEC, "", 0);
		assert_int_equal(pcap_offset(in), b.w.len);
		ends();
	}
}

static void classic_repairs_small_lies(void **state)
{
	(void)state;
	struct pcap_build b = builder(true);

	pb_classic(&b, false, 0xf4000001); /* frame check sequences, Ethernet */
	pb_record(&b, 1, 5000000, "abc", 3, 1);
	open_built(&b);
	next_is(1, 1 * NS_PER_SEC + 999999999, "abc", 3);
	ends();
}

static void reads_pcapng(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct pcap_build b = builder(big);
		pb_section(&b);
		pb_interface(&b, 1, 0, 0, 0);
		pb_interface(&b, 101, 0, 9, 3600);
		pb_interface(&b, 113, 0, 0x80 | 40, 0);
		pb_packet(&b, 0, 7000001, "abcde", 5, 99);
		pb_packet(&b, 1, 7000000001, "x", 1, 1);
		pb_packet(&b, 2, (7ULL << 40) + (1ULL << 39), "y", 1, 1);
		pb_packet_old(&b, 1, 1, "old", 3, 4);
		pb_end(&b, pb_begin(&b, 0x0bad));
		b.big = !big; /* sections choose their own order */
		pb_section(&b);
		pb_interface(&b, 228, 2, 3, 0);
		pb_packet_simple(&b, "ab", 2, 6);
		pb_packet(&b, 0, 2001, "z", 1, 1);
		open_built(&b);
		next_is(1, 7 * NS_PER_SEC + 1000, "abcde", 99);
		next_is(101, 3607 * NS_PER_SEC + 1, "x", 1);
		next_is(113, 7 * NS_PER_SEC + NS_PER_SEC / 2, "y", 1);
		next_is(101, 3600 * NS_PER_SEC + 1, "old", 4);
		next_is(228, 3600 * NS_PER_SEC + 1, "ab", 6);
		next_is(228, 2 * NS_PER_SEC + NS_PER_MS, "z", 1);
		assert_int_equal(pcap_offset(in), b.w.len);
		ends();
	}
}

static void clocks_do_not_overflow(void **state)
{
	(void)state;
	static const uint8_t resolutions[] = {6, 9, 12, 19, 20, 0x80, 0x80 | 63, 0xff};
	struct pcap_build b = builder(false);

	pb_section(&b);
	for (unsigned i = 0; i < sizeof resolutions; i++)
		pb_interface(&b, 1, 0, resolutions[i], UINT32_MAX);
	for (unsigned i = 0; i < sizeof resolutions; i++)
		pb_packet(&b, i, UINT64_MAX, "x", 1, 1);
	open_built(&b);
	struct pcap_record r;
	for (unsigned i = 0; i < sizeof resolutions; i++) {
		assert_int_equal(pcap_next(in, &r), 1);
		assert_true(r.time > 0);
	}
	ends();
}

/* Every place where a file may break off. */
static void truncation_is_told_and_the_rest_counts(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct pcap_build b = builder(false);
		size_t ends_at[3];
		if (kind == 0) {
			pb_classic(&b, false, 1);
		} else {
			pb_section(&b);
			pb_interface(&b, 1, 0, 0, 0);
		}
		ends_at[0] = b.w.len;
		for (unsigned i = 1; i < 3; i++) {
			if (kind == 0)
				pb_record(&b, 1, 1, "abcdef", 6, 6);
			else
				pb_packet(&b, 0, 1, "abcdef", 6, 6);
			ends_at[i] = b.w.len;
		}
		for (size_t n = ends_at[0]; n <= b.w.len; n++) {
			unsigned whole = (n >= ends_at[1]) + (n >= ends_at[2]);
			open_bytes(&b, n);
			for (unsigned i = 0; i < whole; i++)
				next_is(1, kind ? 1000 : NS_PER_SEC + 1000, "abcdef",
					6);
			if (n == ends_at[whole])
				ends();
			else
				fails(CARDEA_ETRUNCATED, "middle of a");
		}
		open_bytes(&b, 5);
		fails(CARDEA_ETRUNCATED, "middle of");
	}
}

static void refuses_what_is_no_capture(void **state)
{
	(void)state;
	struct pcap_build b = builder(true);

	open_built(&b);
	fails(CARDEA_ETRUNCATED, "empty");
	writer_bytes(&b.w, "GIF89a", 6);
	open_built(&b);
	fails(CARDEA_EMALFORMED, "not a pcap");
	b = builder(true);
	writer_bytes(&b.w, "\x1f\x8b\x08\x00", 4);
	open_built(&b);
	fails(CARDEA_EUNSUPPORTED, "compressed");
	b = builder(true);
	pb_u32(&b, 0x0a0d0d0a);
	for (unsigned i = 0; i < 7; i++)
		pb_u32(&b, 28);
	open_built(&b);
	fails(CARDEA_EMALFORMED, "byte order");
	assert_int_equal(pcap_open(-1, &in), 0);
	struct pcap_record r;
	assert_int_equal(pcap_next(in, &r), -EBADF);
	pcap_close(in);
	pcap_close(NULL);
}

static void refuses_false_lengths(void **state)
{
	(void)state;
	struct pcap_build b = builder(false);

	pb_classic(&b, false, 1);
	pb_u32(&b, 0);
	pb_u32(&b, 0);
	pb_u32(&b, 262145);
	pb_u32(&b, 0);
	open_built(&b);
	fails(CARDEA_EMALFORMED, "262145");
#define NG(body, error, words)                                                         \
	b = builder(false);                                                            \
	pb_section(&b);                                                                \
	pb_interface(&b, 1, 0, 0, 0);                                                  \
	body;                                                                          \
	open_built(&b);                                                                \
	fails(error, words)
	NG(pb_packet(&b, 1, 0, "x", 1, 1), CARDEA_EMALFORMED, "interface 1");
	NG(pb_u32(&b, 6); pb_u32(&b, 13); pb_u32(&b, 0), CARDEA_EMALFORMED, "13 bytes");
	NG(pb_u32(&b, 6); pb_u32(&b, 8); pb_u32(&b, 0), CARDEA_EMALFORMED, "8 bytes");
	NG(pb_end(&b, pb_begin(&b, 6)), CARDEA_EMALFORMED, "too short");
	NG(pb_end(&b, pb_begin(&b, 3)), CARDEA_EMALFORMED, "too short");
	NG(pb_end(&b, pb_begin(&b, 1)), CARDEA_EMALFORMED, "too short");
	NG(pb_packet_simple(&b, "ab", 2, 77), CARDEA_EMALFORMED, "77 bytes");
	NG(pb_packet(&b, 0, 0, "x", 1, 1);
		file[b.w.len - 4]++, CARDEA_EMALFORMED, "lengths differ");
	NG(pb_u32(&b, 6); pb_u32(&b, 0x7ffffffc), CARDEA_ELIMIT, "2147483644");
	NG(pb_u32(&b, 99); pb_u32(&b, 0x7ffffffc);
		pb_u32(&b, 1), CARDEA_ETRUNCATED, "middle of a block");
	NG(for (unsigned i = 0; i < 256; i++) pb_interface(&b, 1, 0, 0, 0),
		CARDEA_ELIMIT, "256 interfaces");
}

/* Options that stick out end quietly: the interface itself is sound. */
static void bounds_options(void **state)
{
	(void)state;
	struct pcap_build b = builder(false);

	pb_section(&b);
	size_t at = pb_begin(&b, 1);
	pb_u32(&b, 1);
	pb_u32(&b, 0);
	pb_u16(&b, 9);
	pb_u16(&b, 0xffff);
	pb_end(&b, at);
	pb_packet(&b, 0, 1, "x", 1, 1);
	open_built(&b);
	next_is(1, 1000, "x", 1);
	ends();
}

/* Larger than the buffer, so that packets lie across its end; and a long unknown block.
 */
static void reads_across_the_buffer(void **state)
{
	(void)state;
	static uint8_t data[60001];
	struct pcap_build b = builder(false);
	struct pcap_record r;

	pb_section(&b);
	pb_interface(&b, 1, 0, 0, 0);
	for (unsigned i = 0; i < 25; i++) {
		memset(data, (int)i, sizeof data);
		pb_packet(&b, 0, i, data, 60001 - i, 60001);
	}
	size_t at = pb_begin(&b, 77);
	memset(writer_room(&b.w, 1200000), 6, 1200000);
	pb_end(&b, at);
	pb_packet(&b, 0, 99, "end", 3, 3);
	open_built(&b);
	for (unsigned i = 0; i < 25; i++) {
		assert_int_equal(pcap_next(in, &r), 1);
		assert_int_equal(r.caplen, 60001 - i);
		assert_int_equal(r.data[0], i);
		assert_int_equal(r.data[r.caplen - 1], i);
	}
	next_is(1, 99000, "end", 3);
	ends();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_classic),
		cmocka_unit_test(classic_repairs_small_lies),
		cmocka_unit_test(reads_pcapng),
		cmocka_unit_test(clocks_do_not_overflow),
		cmocka_unit_test(truncation_is_told_and_the_rest_counts),
		cmocka_unit_test(refuses_what_is_no_capture),
		cmocka_unit_test(refuses_false_lengths),
		cmocka_unit_test(bounds_options),
		cmocka_unit_test(reads_across_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
