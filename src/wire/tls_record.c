// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* tls_record.c - finds the ClientHello in what carries it: a stream, a datagram. */
#include "wire/tls.h"
#include "wire/tls_priv.h"

/* RFC 8446 5.1: a plaintext record's fragment. */
#define TLS_RECORD_MAX 16384
/* TLS 1.x has 3 here, DTLS 1.x 254 (RFC 9147 5.2 keeps that of 1.2). */
#define TLS_MAJOR 3
#define DTLS_MAJOR 254

static uint32_t tls_read_u24(struct cursor *c)
{
	uint32_t high = cursor_u8(c);
	return high << 16 | cursor_u16(c);
}

/* The head of a handshake message that must be a ClientHello, to its length. */
static int tls_read_head(struct cursor *c, uint32_t *ret_len)
{
	uint8_t type = cursor_u8(c);
	if (!c->error && type != TLS_HANDSHAKE_CLIENT_HELLO)
		return CARDEA_EUNSUPPORTED;
	uint32_t len = tls_read_u24(c);
	if (c->error)
		return c->error;
	if (len > TLS_HELLO_MAX - TLS_HANDSHAKE_HEAD_LEN)
		return CARDEA_ELIMIT;
	*ret_len = len;
	return 0;
}

int tls_parse_hello(struct cursor *c, struct tls_hello *ret)
{
	uint32_t len = 0;
	int r = tls_read_head(c, &len);
	struct cursor body = cursor_sub(c, len);
	if (r || body.error)
		return r ? r : body.error;
	return tls_parse_body(&body, false, NULL, ret);
}

int tls_parse_hello_prefix(struct cursor *c, struct tls_hello *ret, bool *ret_is_part)
{
	uint32_t len = TLS_HELLO_MAX;
	int r = tls_read_head(c, &len);
	if (r && r != CARDEA_ELIMIT)
		return r;
	bool part = r || cursor_left(c) < len;
	struct cursor body = cursor_sub(c, part ? cursor_left(c) : len);
	r = tls_parse_body(&body, false, &part, ret);
	if (!r)
		*ret_is_part = part;
	return r;
}

/* What is there of the next record's fragment, written behind the message. */
static int tls_take_record(struct cursor *stream, struct writer *message)
{
	uint8_t type = cursor_u8(stream);
	if (!stream->error && type != TLS_RECORD_HANDSHAKE)
		return CARDEA_EMALFORMED;
	uint8_t major = cursor_u8(stream);
	if (!stream->error && major != TLS_MAJOR)
		return CARDEA_EMALFORMED;
	cursor_skip(stream, 1);
	uint16_t len = cursor_u16(stream);
	if (stream->error)
		return stream->error;
	/* RFC 8446 5.1: handshake fragments are not empty. */
	if (!len || len > TLS_RECORD_MAX)
		return CARDEA_EMALFORMED;
	size_t there = cursor_left(stream) < len ? cursor_left(stream) : len;
	size_t room = message->cap - message->len;
	writer_bytes(message, cursor_take(stream, there), there < room ? there : room);
	return 0;
}

/* 0 once the message is whole; it then ends where it ends. */
static int tls_is_whole(struct writer *message)
{
	struct cursor c = cursor_of(message->start, message->len);
	uint32_t len = 0;
	int r = tls_read_head(&c, &len);
	if (r)
		return r;
	if (message->cap - TLS_HANDSHAKE_HEAD_LEN < len)
		return CARDEA_ELIMIT;
	if (cursor_left(&c) < len)
		return CARDEA_ETRUNCATED;
	message->len = TLS_HANDSHAKE_HEAD_LEN + len;
	return 0;
}

int tls_stream_hello(struct cursor stream, struct writer *message)
{
	for (unsigned i = 0; i < TLS_RECORDS_MAX; i++) {
		int r = tls_take_record(&stream, message);
		if (!r)
			r = tls_is_whole(message);
		if (r != CARDEA_ETRUNCATED || !cursor_left(&stream))
			return r;
	}
	return CARDEA_ELIMIT;
}

/* RFC 6347 4.1: type, version, epoch, sequence number, length. */
static struct cursor tls_dtls_record(struct cursor *c, int *ret_error)
{
	uint8_t type = cursor_u8(c);
	uint8_t major = cursor_u8(c);
	cursor_skip(c, 1);
	uint16_t epoch = cursor_u16(c);
	cursor_skip(c, 6);
	uint16_t len = cursor_u16(c);
	struct cursor fragment = cursor_sub(c, len);
	if (fragment.error)
		*ret_error = fragment.error;
	else if (type != TLS_RECORD_HANDSHAKE || major != DTLS_MAJOR)
		*ret_error = CARDEA_EMALFORMED;
	else if (epoch)
		*ret_error = CARDEA_EUNSUPPORTED;
	return fragment;
}

/* The body in the first record of a datagram; with part, also its first fragment. */
static int tls_dtls_body(struct cursor *c, bool *part, struct cursor *ret_body)
{
	int r = 0;
	uint32_t len = 0;
	struct cursor fragment = tls_dtls_record(c, &r);
	if (!r)
		r = tls_read_head(&fragment, &len);
	if (r)
		return r == CARDEA_ETRUNCATED && !c->error ? CARDEA_EMALFORMED : r;
	cursor_skip(&fragment, 2); /* message_seq */
	uint32_t fragment_offset = tls_read_u24(&fragment);
	uint32_t fragment_len = tls_read_u24(&fragment);
	if (!fragment.error && (fragment_offset || fragment_len > len ||
				       (!part && fragment_len != len)))
		return CARDEA_EUNSUPPORTED;
	/* The record is whole, so what is missing in it will not come. */
	struct cursor body = cursor_sub(&fragment, fragment_len);
	if (body.error)
		return CARDEA_EMALFORMED;
	if (part)
		*part = fragment_len != len;
	*ret_body = body;
	return 0;
}

int tls_parse_dtls(struct cursor *c, struct tls_hello *ret)
{
	struct cursor body = {0};
	int r = tls_dtls_body(c, NULL, &body);
	return r ? r : tls_parse_body(&body, true, NULL, ret);
}

int tls_parse_dtls_prefix(struct cursor *c, struct tls_hello *ret, bool *ret_is_part)
{
	bool part = false;
	struct cursor body = {0};
	int r = tls_dtls_body(c, &part, &body);
	if (!r)
		r = tls_parse_body(&body, true, &part, ret);
	if (!r)
		*ret_is_part = part;
	return r;
}

static void tls_write_u24(struct writer *w, size_t v)
{
	writer_u8(w, (uint8_t)(v >> 16));
	writer_u16(w, (uint16_t)v);
}

/* A length of three octets, known late. */
static void tls_patch24(struct writer *w, size_t at, size_t v)
{
	if (w->error)
		return;
	w->start[at] = (uint8_t)(v >> 16);
	writer_patch16(w, at + 1, (uint16_t)v);
}

int tls_build_hello(struct writer *w, const struct tls_hello *h)
{
	writer_u8(w, TLS_HANDSHAKE_CLIENT_HELLO);
	size_t at = w->len;
	tls_write_u24(w, 0);
	tls_write_body(w, h);
	tls_patch24(w, at, w->len - at - 3);
	return w->error;
}

int tls_build_dtls(struct writer *w, const struct tls_hello *h)
{
	writer_u8(w, TLS_RECORD_HANDSHAKE);
	writer_u16(w, DTLS_VERSION_1_0); /* RFC 9147 4: of the first hello */
	writer_u64(w, 0); /* epoch and sequence number */
	size_t length_at = w->len;
	writer_u16(w, 0);
	writer_u8(w, TLS_HANDSHAKE_CLIENT_HELLO);
	size_t at = w->len;
	tls_write_u24(w, 0);
	writer_u16(w, 0); /* message_seq */
	tls_write_u24(w, 0);
	tls_write_u24(w, 0);
	size_t body = w->len;
	tls_write_body(w, h);
	tls_patch24(w, at, w->len - body);
	tls_patch24(w, body - 3, w->len - body);
	writer_patch16(w, length_at, (uint16_t)(w->len - length_at - 2));
	return w->error;
}
