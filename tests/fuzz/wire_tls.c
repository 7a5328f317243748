// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_tls.c - fuzz target: ClientHellos. The first octet says how it is carried: 0 the
 * message alone, 1 a stream, 2 a datagram. What is read survives being written. */
#include "wire/tls.h"
#include "wire_fuzz.h"

static uint8_t built[2 * TLS_HELLO_MAX], collected[TLS_HELLO_MAX];
static struct tls_hello first, second;

static void check_again(void)
{
	struct writer w = writer_of(built, sizeof(built));
	FUZZ_ASSERT(first.cipher_count && first.cipher_count <= TLS_CIPHERS_MAX);
	FUZZ_ASSERT(first.is_dtls ? !tls_build_dtls(&w, &first)
				  : !tls_build_hello(&w, &first));
	struct cursor c = cursor_of(built, w.len);
	FUZZ_ASSERT(first.is_dtls ? !tls_parse_dtls(&c, &second)
				  : !tls_parse_hello(&c, &second));
	FUZZ_ASSERT(!memcmp(&first, &second, sizeof(first)));
}

static bool starts(const void *whole, size_t count, const void *part, size_t part_count)
{
	return part_count <= count && !memcmp(whole, part, part_count * sizeof(uint16_t));
}

/* What the start of a message says, the message says, too; of all of it nothing is
 * missing. first holds the message. */
static void check_prefix(struct cursor c, bool is_dtls, bool is_whole)
{
	bool is_part = false;
	int r = is_dtls ? tls_parse_dtls_prefix(&c, &second, &is_part)
			: tls_parse_hello_prefix(&c, &second, &is_part);
	FUZZ_ASSERT(!is_whole || (!r && !is_part && !memcmp(&first, &second, sizeof(first))));
	if (r)
		return;
	FUZZ_ASSERT(first.cipher_count == second.cipher_count);
	FUZZ_ASSERT(starts(first.ciphers, first.cipher_count, second.ciphers,
		second.cipher_count));
	FUZZ_ASSERT(starts(first.extensions, first.extension_count, second.extensions,
		second.extension_count));
	FUZZ_ASSERT(starts(first.groups, first.group_count, second.groups,
		second.group_count));
	FUZZ_ASSERT(starts(first.versions, first.version_count, second.versions,
		second.version_count));
	FUZZ_ASSERT(second.alpn_count <= first.alpn_count);
}

/* A whole message is never "truncated", and a shorter stream never says more. */
static void check_stream(struct cursor stream)
{
	struct writer w = writer_of(collected, sizeof(collected));
	struct writer half = writer_of(built, TLS_HELLO_MAX);
	struct cursor part = cursor_of(stream.start, cursor_left(&stream) / 2);
	int r = tls_stream_hello(stream, &w);
	int early = tls_stream_hello(part, &half);
	FUZZ_ASSERT(early == CARDEA_ETRUNCATED || early == r);
	if (r)
		return;
	struct cursor c = cursor_of(collected, w.len);
	r = tls_parse_hello(&c, &first);
	FUZZ_ASSERT(r != CARDEA_ETRUNCATED && !cursor_left(&c));
	if (!r)
		check_again();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size);
	uint8_t how = cursor_u8(&c);
	if (c.error)
		return 0;
	c = cursor_of(c.pos, size - 1);
	struct cursor whole = c;
	if (how == 1) {
		check_stream(c);
	} else if (how == 2 ? !tls_parse_dtls(&c, &first) : !tls_parse_hello(&c, &first)) {
		check_again();
		check_prefix(cursor_of(whole.pos, cursor_offset(&c)), how == 2, true);
		check_prefix(cursor_of(whole.pos, cursor_offset(&c) / 2), how == 2, false);
	} else { /* sanitizers see what it does with the rest */
		bool is_part;
		int r = how == 2 ? tls_parse_dtls_prefix(&whole, &second, &is_part)
				 : tls_parse_hello_prefix(&whole, &second, &is_part);
		FUZZ_ASSERT(r || second.cipher_count);
	}
	return 0;
}
