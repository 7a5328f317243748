// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_tls.c - ClientHellos: lists, bounds, records, datagrams. */
#include "test_wire_util.h"
#include "wire/tls.h"

/* Type, length, version, random, no session id, two ciphers, null compression. */
#define BODY_AT 4
#define EXTENSIONS_AT (4 + 2 + 32 + 1 + 2 + 4 + 2)

static int parse(struct cursor c)
{
	static struct tls_hello h;
	return tls_parse_hello(&c, &h);
}

static int parse_dtls(struct cursor c)
{
	static struct tls_hello h;
	return tls_parse_dtls(&c, &h);
}

static int parse_stream(struct cursor c)
{
	static uint8_t b[TLS_HELLO_MAX];
	struct writer w = writer_of(b, sizeof(b));
	return tls_stream_hello(c, &w);
}

static void set(struct octets *o, const char *text)
{
	o->len = (uint16_t)strlen(text);
	memcpy(o->b, text, o->len);
}

static uint8_t fill(uint16_t *list, uint16_t first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		list[i] = (uint16_t)(first + i);
	return (uint8_t)count;
}

/* Everything that is read, and an extension that is not. */
static void sample(struct tls_hello *h)
{
	static const uint16_t types[] = {0x2a2a, TLS_EXT_SERVER_NAME,
		TLS_EXT_SUPPORTED_GROUPS, 23, TLS_EXT_SIGNATURE_ALGORITHMS, TLS_EXT_ALPN,
		TLS_EXT_COMPRESS_CERTIFICATE, TLS_EXT_SUPPORTED_VERSIONS,
		TLS_EXT_PSK_KEY_EXCHANGE_MODES, TLS_EXT_SIGNATURE_ALGORITHMS_CERT,
		TLS_EXT_KEY_SHARE};
	memset(h, 0, sizeof(*h));
	h->legacy_version = TLS_VERSION_1_2;
	h->session_id_len = 32;
	h->cipher_count = fill(h->ciphers, 0x1301, 3);
	h->extension_count = sizeof(types) / sizeof(types[0]);
	memcpy(h->extensions, types, sizeof(types));
	set(&h->server_name, "cloud.acme.example");
	h->group_count = fill(h->groups, 29, 2);
	h->signature_count = fill(h->signatures, 0x0403, 4);
	h->signature_cert_count = fill(h->signatures_cert, 0x0804, 3);
	h->version_count = fill(h->versions, TLS_VERSION_1_2, 2);
	h->compression_count = fill(h->compressions, 1, 3);
	h->share_count = fill(h->shares, 29, 1);
	h->mode_count = 2;
	h->modes[1] = 1;
	h->alpn_count = 2;
	set(&h->alpn[0], "h2");
	set(&h->alpn[1], "http/1.1");
}

static void test_round_trip(void **state)
{
	(void)state;
	static struct tls_hello h, back;
	uint8_t b[1500];
	struct writer w = writer_of(b, sizeof(b));
	sample(&h);
	assert_int_equal(tls_build_hello(&w, &h), 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_hello(&c, &back), 0);
	assert_memory_equal(&back, &h, sizeof(h));
	for (size_t n = 0; n < w.len; n++)
		assert_int_equal(parse(cursor_of(b, n)), CARDEA_ETRUNCATED);
	test_truncations(b, w.len, parse);
	w = writer_of(b, 100);
	assert_int_equal(tls_build_hello(&w, &h), CARDEA_ELIMIT);
}

static void test_dtls(void **state)
{
	(void)state;
	static struct tls_hello h, back;
	uint8_t b[1500];
	struct writer w = writer_of(b, sizeof(b));
	sample(&h);
	h.is_dtls = true;
	h.legacy_version = DTLS_VERSION_1_2;
	h.cookie_len = 20;
	assert_int_equal(tls_build_dtls(&w, &h), 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_dtls(&c, &back), 0);
	assert_memory_equal(&back, &h, sizeof(h));
	test_truncations(b, w.len, parse_dtls);
	assert_int_equal(parse_dtls(cursor_of(b, 40)), CARDEA_ETRUNCATED);
	b[21]++; /* fragment offset */
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EUNSUPPORTED);
	b[21]--;
	b[24]--; /* fragment length */
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EUNSUPPORTED);
	b[24]++;
	b[4] = 1; /* epoch: encrypted */
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EUNSUPPORTED);
	b[4] = 0;
	b[13] = 3; /* HelloVerifyRequest */
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EUNSUPPORTED);
	b[13] = 1;
	b[1] = 3; /* a TLS version */
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[1] = 254;
	b[12]--; /* a record that ends within the message */
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[11] = 0; /* or within its head */
	b[12] = 2;
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[12] = 11; /* or within what DTLS adds to the head */
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[0] = 21; /* an alert */
	assert_int_equal(parse_dtls(cursor_of(b, w.len)), CARDEA_EMALFORMED);
}

/* A message cut into records of at most piece octets. */
static size_t records(uint8_t *out, size_t cap, const uint8_t *b, size_t len,
	size_t piece)
{
	struct writer w = writer_of(out, cap);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		writer_u8(&w, 22);
		writer_u16(&w, TLS_VERSION_1_0);
		writer_u16(&w, (uint16_t)n);
		writer_bytes(&w, b + at, n);
	}
	assert_int_equal(w.error, 0);
	return w.len;
}

static void check_stream(const uint8_t *message, size_t len, size_t piece)
{
	static uint8_t stream[4000], got[TLS_HELLO_MAX];
	size_t n = records(stream, sizeof(stream), message, len, piece);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(parse_stream(cursor_of(stream, i)), CARDEA_ETRUNCATED);
	stream[n] = 0x17; /* what follows is not looked at */
	struct writer w = writer_of(got, sizeof(got));
	assert_int_equal(tls_stream_hello(cursor_of(stream, n + 1), &w), 0);
	assert_int_equal(w.len, len);
	assert_memory_equal(got, message, len);
}

static void test_stream(void **state)
{
	(void)state;
	static struct tls_hello h;
	uint8_t b[1500], stream[4000], small[16];
	struct writer w = writer_of(b, sizeof(b));
	sample(&h);
	assert_int_equal(tls_build_hello(&w, &h), 0);
	check_stream(b, w.len, w.len);
	check_stream(b, w.len, 100);
	check_stream(b, w.len, w.len / TLS_RECORDS_MAX + 1);
	size_t n = records(stream, sizeof(stream), b, w.len, w.len / TLS_RECORDS_MAX - 1);
	assert_int_equal(parse_stream(cursor_of(stream, n)), CARDEA_ELIMIT);
	n = records(stream, sizeof(stream), b, w.len, 100);
	struct writer tight = writer_of(small, sizeof(small));
	assert_int_equal(tls_stream_hello(cursor_of(stream, n), &tight), CARDEA_ELIMIT);
}

static void test_no_stream(void **state)
{
	(void)state;
#define STREAM(text) parse_stream(cursor_of(text, sizeof(text) - 1))
	assert_int_equal(STREAM("GET / HTTP/1.1"), CARDEA_EMALFORMED);
	assert_int_equal(STREAM("\x16\2\0\0\4\1\0\0\0"), CARDEA_EMALFORMED);
	assert_int_equal(STREAM("\x16\3\1\0\0"), CARDEA_EMALFORMED);
	assert_int_equal(STREAM("\x16\3\1\x40\1\1"), CARDEA_EMALFORMED);
	assert_int_equal(STREAM("\x16\3\1\x40\0\1"), CARDEA_ETRUNCATED);
	assert_int_equal(STREAM("\x16\3\1\0\x40\2"), CARDEA_EUNSUPPORTED);
	assert_int_equal(STREAM("\x16\3\1\0\x40\1\0\x3f\xfc"), CARDEA_ETRUNCATED);
	assert_int_equal(STREAM("\x16\3\1\0\x40\1\0\x3f\xfd"), CARDEA_ELIMIT);
	assert_int_equal(STREAM("\x16\3\1\0\2\1\0\x15\3\1\0\1x"), CARDEA_EMALFORMED);
#undef STREAM
	assert_int_equal(parse(cursor_of("\2\0\0\0", 4)), CARDEA_EUNSUPPORTED);
	assert_int_equal(parse(cursor_of("\1\1\0\0", 4)), CARDEA_ELIMIT);
}

/* A hello with these extensions' octets, its lengths set. */
static int parse_with(const char *extensions, size_t len)
{
	static uint8_t b[20000];
	struct writer w = writer_of(b, sizeof(b));
	writer_u32(&w, 1u << 24 | (uint32_t)(EXTENSIONS_AT - BODY_AT + 2 + len));
	writer_u16(&w, TLS_VERSION_1_2);
	memset(writer_room(&w, 32), 0, 32);
	writer_u8(&w, 0);
	writer_u16(&w, 4);
	writer_u32(&w, 0xc02bc02c);
	writer_u16(&w, 1 << 8);
	writer_u16(&w, (uint16_t)len);
	writer_bytes(&w, extensions, len);
	assert_int_equal(w.error, 0);
	uint8_t *exact = test_exact(b, w.len);
	int r = parse(cursor_of(exact, w.len));
	free(exact);
	return r;
}
#define WITH(text) parse_with(text, sizeof(text) - 1)

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(WITH(""), 0);
	assert_int_equal(WITH("\0\0\0\6\0\4\0\0\1a"), 0);
	assert_int_equal(WITH("\0\0\0\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\0\0\5\0\3\0\0\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\0\0\6\0\4\1\0\1a"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\0\0\6\0\4\0\0\2a"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\0\0\6\0\3\0\0\1a"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\0\0\x0a\0\x08\0\0\1a\0\0\1b"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x10\0\5\0\3\2h2"), 0);
	assert_int_equal(WITH("\0\x10\0\2\0\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x10\0\3\0\1\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x10\0\5\0\3\3h2"), CARDEA_EMALFORMED);
}

static void test_lists(void **state)
{
	(void)state;
	assert_int_equal(WITH("\0\x0a\0\4\0\2\0\x1d"), 0);
	assert_int_equal(WITH("\0\x0a\0\2\0\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x0a\0\5\0\3\0\x1d\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x0a\0\4\0\4\0\x1d"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x0a\0\5\0\2\0\x1d\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x2b\0\3\2\3\4"), 0);
	assert_int_equal(WITH("\0\x2b\0\3\1\3\4"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x2b\0\1\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x2d\0\2\1\1"), 0);
	assert_int_equal(WITH("\0\x2d\0\1\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x2d\0\2\3\1"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x33\0\2\0\0"), 0); /* RFC 8446 4.2.8: no key yet */
	assert_int_equal(WITH("\0\x33\0\7\0\5\0\x1d\0\1k"), 0);
	assert_int_equal(WITH("\0\x33\0\6\0\4\0\x1d\0\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x33\0\7\0\5\0\x1d\0\2k"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x33\0\0"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x17\0\0\0\x17\0\0"), CARDEA_EMALFORMED); /* twice */
	assert_int_equal(WITH("\0\x17\0\1"), CARDEA_EMALFORMED);
	assert_int_equal(WITH("\0\x17\0"), CARDEA_EMALFORMED);
}

/* One more than is kept, of everything that is counted. */
static void test_limits(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		uint8_t max, width;
		bool is_short;
	} lists[] = {{TLS_EXT_SUPPORTED_GROUPS, TLS_LIST_MAX, 2, false},
		{TLS_EXT_SIGNATURE_ALGORITHMS, TLS_LIST_MAX, 2, false},
		{TLS_EXT_SIGNATURE_ALGORITHMS_CERT, TLS_LIST_MAX, 2, false},
		{TLS_EXT_SUPPORTED_VERSIONS, TLS_VERSIONS_MAX, 2, true},
		{TLS_EXT_COMPRESS_CERTIFICATE, TLS_COMPRESSIONS_MAX, 2, true},
		{TLS_EXT_PSK_KEY_EXCHANGE_MODES, TLS_MODES_MAX, 1, true},
		{TLS_EXT_ALPN, TLS_ALPN_MAX, 2, false}, /* a length of 1, an octet */
		{TLS_EXT_KEY_SHARE, TLS_LIST_MAX, 5, false}};
	char b[1000];
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (unsigned more = 0; more < 2; more++) {
			size_t len = (lists[i].max + more) * (size_t)lists[i].width;
			struct writer w = writer_of(b, sizeof(b));
			writer_u16(&w, lists[i].type);
			writer_u16(&w, (uint16_t)(len + (lists[i].is_short ? 1 : 2)));
			if (!lists[i].is_short)
				writer_u8(&w, (uint8_t)(len >> 8));
			writer_u8(&w, (uint8_t)len);
			for (size_t k = 0; k < len; k++) /* key share: group 1, 1 octet */
				writer_u8(&w, lists[i].width == 5
						? (k % 5 == 1 || k % 5 == 3)
						: 1);
			assert_int_equal(parse_with(b, w.len), more ? CARDEA_ELIMIT : 0);
		}
}

static void test_more_limits(void **state)
{
	(void)state;
	static struct tls_hello h;
	static uint8_t b[TLS_HELLO_MAX];
	char extensions[4 * (TLS_EXTENSIONS_MAX + 1)] = {0};
	for (unsigned i = 0; i <= TLS_EXTENSIONS_MAX; i++) {
		extensions[(size_t)4 * i] = 0x77;
		extensions[(size_t)4 * i + 1] = (char)i;
	}
	assert_int_equal(parse_with(extensions, (size_t)4 * TLS_EXTENSIONS_MAX), 0);
	assert_int_equal(parse_with(extensions, sizeof(extensions)), CARDEA_ELIMIT);
	char name[9 + 256] = "\0\0\1\5\1\3\0\1";
	memset(name + 9, 'n', 256);
	assert_int_equal(parse_with(name, sizeof(name)), CARDEA_ELIMIT);
	memset(&h, 0, sizeof(h));
	h.legacy_version = TLS_VERSION_1_0;
	h.cipher_count = TLS_CIPHERS_MAX;
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(tls_build_hello(&w, &h), 0);
	assert_int_equal(parse(cursor_of(b, w.len)), 0);
	memmove(b + 43, b + 41, w.len - 41); /* one cipher more */
	b[3] += 2;
	b[40] += 2;
	assert_int_equal(parse(cursor_of(b, w.len + 2)), CARDEA_ELIMIT);
}

static void test_fixed(void **state)
{
	(void)state;
	static struct tls_hello h;
	uint8_t b[200];
	memset(&h, 0, sizeof(h));
	h.legacy_version = TLS_VERSION_1_0;
	h.cipher_count = fill(h.ciphers, 0x2f, 1);
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(tls_build_hello(&w, &h), 0);
	assert_int_equal(w.len, 45); /* no extensions at all: an old client */
	assert_int_equal(parse(cursor_of(b, w.len)), 0);
	b[44] = 1; /* without null compression */
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[44] = 0;
	b[43] = 2; /* past the end of a whole message */
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[43] = 1;
	b[3] -= 1;
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[3] = 33; /* ends within the random */
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[3] = 43;
	writer_u16(&w, 0); /* a list of extensions, without any */
	assert_int_equal(parse(cursor_of(b, w.len)), 0);
	b[46] = 1; /* longer than the message */
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	h.session_id_len = 33;
	w = writer_of(b, sizeof(b));
	assert_int_equal(tls_build_hello(&w, &h), 0);
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	h.session_id_len = 0;
	h.cipher_count = 0;
	w = writer_of(b, sizeof(b));
	assert_int_equal(tls_build_hello(&w, &h), 0);
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	assert_int_equal(parse_with("\0\x17\0\0\0", 5), CARDEA_EMALFORMED);
}

static bool starts(const uint16_t *whole, unsigned count, const uint16_t *part,
	unsigned part_count)
{
	return part_count <= count && memcmp(whole, part, part_count * sizeof(*part)) == 0;
}

static void assert_starts(const struct tls_hello *h, const struct tls_hello *part)
{
	assert_int_equal(part->legacy_version, h->legacy_version);
	assert_int_equal(part->cipher_count, h->cipher_count);
	assert_memory_equal(part->ciphers, h->ciphers, 2 * (size_t)h->cipher_count);
	assert_true(starts(h->extensions, h->extension_count, part->extensions,
		part->extension_count));
	for (unsigned i = 0; i < part->extension_count; i++)
		if (part->extensions[i] == TLS_EXT_SUPPORTED_VERSIONS)
			assert_int_equal(part->version_count, h->version_count);
	assert_true(part->alpn_count == 0 || part->alpn_count == h->alpn_count);
}

/* Every start of a message: more and more of it, never anything else. */
static void test_prefix(void **state)
{
	(void)state;
	static struct tls_hello h, back;
	uint8_t b[1500];
	struct writer w = writer_of(b, sizeof(b));
	unsigned read = 0, known = 0;
	bool part;
	sample(&h);
	assert_int_equal(tls_build_hello(&w, &h), 0);
	for (size_t n = 0; n < w.len; n++) {
		uint8_t *exact = test_exact(b, n);
		struct cursor c = cursor_of(exact, n);
		int r = tls_parse_hello_prefix(&c, &back, &part);
		free(exact);
		if (r) {
			assert_int_equal(r, CARDEA_ETRUNCATED);
			assert_int_equal(read, 0); /* readable once, always so */
			continue;
		}
		read++;
		assert_true(part);
		assert_starts(&h, &back);
		assert_true(back.extension_count >= known);
		known = back.extension_count;
	}
	assert_int_equal(known, h.extension_count - 1);
	/* fixed part: head, version, random, session id, three ciphers, compression */
	assert_int_equal(w.len - read, 4 + 2 + 32 + 1 + 32 + 2 + 6 + 2);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_hello_prefix(&c, &back, &part), 0);
	assert_false(part);
	assert_memory_equal(&back, &h, sizeof(h));
	b[0] = 2;
	c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_hello_prefix(&c, &back, &part), CARDEA_EUNSUPPORTED);
}

/* Of too much, the start; the rest of the message is read all the same. */
static void test_prefix_limits(void **state)
{
	(void)state;
	static struct tls_hello back;
	static uint8_t b[TLS_HELLO_MAX];
	struct writer w = writer_of(b, sizeof(b));
	unsigned ciphers = TLS_CIPHERS_MAX + 1, groups = TLS_LIST_MAX + 1;
	bool part = false;
	writer_u32(&w, 1u << 24 | 0xffff); /* longer than we keep, too */
	writer_u16(&w, TLS_VERSION_1_2);
	memset(writer_room(&w, 33), 0, 33);
	writer_u16(&w, (uint16_t)(2 * ciphers));
	for (unsigned i = 0; i < ciphers; i++)
		writer_u16(&w, (uint16_t)i);
	writer_u16(&w, 0x100);
	writer_u16(&w, 0xf000);
	writer_u16(&w, TLS_EXT_SUPPORTED_GROUPS);
	writer_u16(&w, (uint16_t)(2 * groups + 2));
	writer_u16(&w, (uint16_t)(2 * groups));
	for (unsigned i = 0; i < groups; i++)
		writer_u16(&w, (uint16_t)i);
	writer_u32(&w, TLS_EXT_SUPPORTED_VERSIONS << 16 | 3);
	writer_u8(&w, 2);
	writer_u16(&w, TLS_VERSION_1_3);
	assert_int_equal(w.error, 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_hello_prefix(&c, &back, &part), 0);
	assert_true(part);
	assert_int_equal(back.cipher_count, TLS_CIPHERS_MAX);
	assert_int_equal(back.ciphers[TLS_CIPHERS_MAX - 1], TLS_CIPHERS_MAX - 1);
	assert_int_equal(back.group_count, TLS_LIST_MAX);
	assert_int_equal(back.groups[TLS_LIST_MAX - 1], TLS_LIST_MAX - 1);
	assert_int_equal(back.version_count, 1);
	b[w.len - 5] = 255; /* an extension that goes on */
	c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_hello_prefix(&c, &back, &part), 0);
	assert_int_equal(back.version_count, 0);
	assert_false(tls_hello_has(&back, TLS_EXT_SUPPORTED_VERSIONS));
}

static void test_dtls_prefix(void **state)
{
	(void)state;
	static struct tls_hello h, back;
	uint8_t b[1500];
	struct writer w = writer_of(b, sizeof(b));
	bool part = true;
	sample(&h);
	h.is_dtls = true;
	assert_int_equal(tls_build_dtls(&w, &h), 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_dtls_prefix(&c, &back, &part), 0);
	assert_false(part);
	assert_memory_equal(&back, &h, sizeof(h));
	for (uint8_t n = 0; n < 200; n++) { /* the first fragment, of every length */
		b[11] = 0;
		b[12] = (uint8_t)(12 + n);
		b[22] = b[23] = 0;
		b[24] = n;
		c = cursor_of(b, 13 + 12 + (size_t)n);
		int r = tls_parse_dtls_prefix(&c, &back, &part);
		assert_true(n < 78 ? r == CARDEA_ETRUNCATED : !r && part);
		if (!r)
			assert_starts(&h, &back);
	}
	b[21] = 1; /* a later one */
	c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_dtls_prefix(&c, &back, &part), CARDEA_EUNSUPPORTED);
	b[21] = 0;
	b[22] = 1; /* longer than the message */
	c = cursor_of(b, w.len);
	assert_int_equal(tls_parse_dtls_prefix(&c, &back, &part), CARDEA_EUNSUPPORTED);
}

/* All values of RFC 8701 2, and no other. */
static void test_grease(void **state)
{
	(void)state;
	static const uint8_t modes[] = {0x0b, 0x2a, 0x49, 0x68, 0x87, 0xa6, 0xc5, 0xe4};
	unsigned found = 0, at = 0;
	for (unsigned v = 0; v <= 0xffff; v++) {
		bool is = v % 0x1010 == 0x0a0a;
		found += is;
		assert_int_equal(tls_is_grease((uint16_t)v), is);
	}
	assert_int_equal(found, 16);
	for (unsigned v = 0; v <= 0xff; v++) {
		bool is = at < sizeof(modes) && modes[at] == v;
		at += is;
		assert_int_equal(tls_is_grease_mode((uint8_t)v), is);
	}
	struct octets name = {.len = 2, .b = "\x8a\x8a"};
	assert_true(tls_is_grease_alpn(&name));
	name.b[1] = 'h';
	assert_false(tls_is_grease_alpn(&name));
	set(&name, "\x8a\x8a\x8a");
	assert_false(tls_is_grease_alpn(&name));
	static struct tls_hello h;
	sample(&h);
	assert_true(tls_hello_has(&h, 23));
	assert_true(tls_hello_has(&h, TLS_EXT_KEY_SHARE));
	assert_false(tls_hello_has(&h, TLS_EXT_ENCRYPTED_HELLO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_dtls),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_no_stream),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_more_limits),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_prefix_limits),
		cmocka_unit_test(test_dtls_prefix),
		cmocka_unit_test(test_grease),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
