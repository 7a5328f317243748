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
	if (how == 1)
		check_stream(c);
	else if (how == 2 ? !tls_parse_dtls(&c, &first) : !tls_parse_hello(&c, &first))
		check_again();
	return 0;
}
