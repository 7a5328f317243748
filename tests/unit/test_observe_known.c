// SPDX-License-Identifier: GPL-2.0-or-later
/* A frame of a known conversation goes a short way of its own, one with a VLAN tag the
 * long way of all others. Whatever comes, from honest and broken senders alike: both
 * ways must make the same records of it. */
#include "test_wire_util.h"
#include "model/record.h"
#include "observe/observe.h"
#include "wire/link.h"

#define RUNS 60
#define FRAMES 3000
#define RECORDS_MAX 8192
#define FRAME_MAX 256
#define TAG_LEN 4
#define AT_TYPE 12

struct seen {
	struct record records[RECORDS_MAX];
	size_t count;
};

static struct seen seen[2];
static uint64_t state;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % below;
}

static bool rarely(uint32_t once_in)
{
	return any(once_in) == 0;
}

static void on_record(void *ctx, const struct record *r)
{
	struct seen *s = ctx;

	assert_true(s->count < RECORDS_MAX);
	record_copy(&s->records[s->count++], r);
}

static struct observe *observer(struct seen *s)
{
	struct observe_config c = {.record = on_record, .ctx = s, .flows = 64};
	struct observe *o;

	memset(s, 0, sizeof *s);
	assert_int_equal(observe_new(&c, &o), 0);
	return o;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* What a conversation may begin with, or nothing of the kind. */
static size_t payload(uint8_t *p)
{
#define TEXT(t) {t, sizeof(t) - 1}
	static const struct {
		const char *bytes;
		size_t len;
	} texts[] = {TEXT(""), TEXT(""), TEXT(""), TEXT("x"),
		TEXT("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"),
		TEXT("\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0"), TEXT("\x16\x03\x01\0\x05\x01"),
		TEXT("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01" "a\0\0\x01\0\x01")};
	size_t which = any(sizeof texts / sizeof *texts);

	memcpy(p, texts[which].bytes, texts[which].len);
	return texts[which].len;
}

static size_t put_tcp(uint8_t *p)
{
	static const uint8_t flags[] = {0x10, 0x10, 0x10, 0x18, 0x18, 0x02, 0x12, 0x11, 0x04,
		0x00};
	size_t head = 20 + (rarely(4) ? 12 : 0);

	put16(p + 6, any(40)); /* of the sequence number */
	p[12] = (uint8_t)((rarely(40) ? any(16) : head / 4) << 4);
	p[13] = flags[any(sizeof flags)];
	return head + payload(p + head);
}

static size_t put_udp(uint8_t *p)
{
	size_t len = 8 + payload(p + 8);

	put16(p + 4, rarely(20) ? any(64) : (uint32_t)len);
	return len;
}

/* Of few senders and ports, so that most frames are of what is known. */
static size_t frame(uint8_t *p)
{
	static const uint16_t ports[] = {443, 53, 123, 40000, 40001, 5353, 80, 1900};
	bool tcp = any(3), turned = any(2);
	uint8_t *ip = p + 14, *transport = ip + 20;
	uint32_t a = any(rarely(8) ? 8 : 2), b = any(rarely(8) ? 8 : 2);
	size_t len;

	memset(p, 0, FRAME_MAX);
	p[turned ? 0 : 6] = p[turned ? 6 : 0] = 2;
	p[turned ? 11 : 5] = (uint8_t)(rarely(60) ? any(4) : 1);
	p[turned ? 5 : 11] = (uint8_t)(0x10 + a);
	put16(p + AT_TYPE, rarely(60) ? any(65536) : 0x0800);
	ip[0] = rarely(60) ? (uint8_t)any(256) : 0x45;
	put16(ip + 6, rarely(60) ? any(65536) : 0x4000);
	ip[8] = 64;
	ip[9] = rarely(60) ? (uint8_t)any(64) : tcp ? 6 : 17;
	memcpy(ip + (turned ? 16 : 12), (uint8_t[]){192, 168, 7, (uint8_t)(20 + a)}, 4);
	memcpy(ip + (turned ? 12 : 16), (uint8_t[]){203, 0, 113, (uint8_t)b}, 4);
	put16(transport + (turned ? 2 : 0), ports[any(rarely(4) ? 8 : 2)] + 1000U);
	put16(transport + (turned ? 0 : 2), ports[any(rarely(4) ? 8 : 3)]);
	len = 20 + (tcp ? put_tcp(transport) : put_udp(transport));
	put16(ip + 2, rarely(40) ? any(200) : (uint32_t)len);
	return 14 + len + (rarely(4) ? 6 : 0);
}

static nstime later(nstime now)
{
	if (rarely(300))
		return now + any(9000) * NS_PER_SEC;
	if (rarely(300))
		return now > 20 * NS_PER_SEC ? now - any(20) * NS_PER_SEC : now;
	return now + any(400) * (NS_PER_SEC / 1000);
}

static void show(struct observe *const o[2], const uint8_t *p, size_t len, uint32_t wire,
	nstime now)
{
	uint8_t *plain = test_exact(p, len), tagged[FRAME_MAX + TAG_LEN];

	observe_frame(o[0], LINK_ETHERNET, plain, len, wire, now);
	free(plain);
	if (len < AT_TYPE) {
		observe_frame(o[1], LINK_ETHERNET, p, len, wire, now);
		return;
	}
	memcpy(tagged, p, AT_TYPE);
	memcpy(tagged + AT_TYPE, (uint8_t[]){0x81, 0, 0, 5}, TAG_LEN);
	memcpy(tagged + AT_TYPE + TAG_LEN, p + AT_TYPE, len - AT_TYPE);
	plain = test_exact(tagged, len + TAG_LEN);
	observe_frame(o[1], LINK_ETHERNET, plain, len + TAG_LEN, wire + TAG_LEN, now);
	free(plain);
}

static void compare(uint64_t seed)
{
	if (seen[0].count != seen[1].count)
		fail_msg("seed %llu: %zu records, and %zu", (unsigned long long)seed,
			seen[0].count, seen[1].count);
	for (size_t i = 0; i < seen[0].count; i++)
		if (memcmp(&seen[0].records[i], &seen[1].records[i], sizeof *seen[0].records))
			fail_msg("seed %llu: record %zu differs", (unsigned long long)seed, i);
}

static void test_both_ways_agree(void **unused)
{
	uint64_t packets = 0;

	(void)unused;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct observe *o[2] = {observer(&seen[0]), observer(&seen[1])};
		nstime now = 1000 * NS_PER_SEC;
		uint8_t p[FRAME_MAX];

		state = seed * 0x9e3779b97f4a7c15;
		for (int i = 0; i < FRAMES; i++) {
			size_t len = frame(p), cut = rarely(30) ? any((uint32_t)len + 1) : len;

			now = later(now);
			show(o, p, cut, (uint32_t)len, now);
		}
		observe_end(o[0]);
		observe_end(o[1]);
		compare(seed);
		for (size_t i = 0; i < seen[0].count; i++)
			packets += seen[0].records[i].packets[0] +
				   seen[0].records[i].packets[1];
		observe_free(o[0]);
		observe_free(o[1]);
	}
	/* most of what was made is of conversations, and most of those are long */
	assert_true(packets > RUNS * FRAMES / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
