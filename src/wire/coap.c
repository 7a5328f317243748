// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* coap.c - header and options; the payload is nobody's business. */
#include "wire/coap.h"

#define COAP_VERSION 1
#define COAP_TOKEN_MAX 8
#define COAP_URI_PATH 11
#define COAP_PAYLOAD_MARK 0xff

const char *coap_method(uint8_t code)
{
	/* RFC 7252 12.1.1, RFC 8132 6 */
	static const char *const methods[] = {
		NULL, "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "IPATCH"};
	return code < sizeof(methods) / sizeof(*methods) ? methods[code] : NULL;
}

/* RFC 7252 3.1: four bits, or one or two octets more. */
static int coap_extended(struct cursor *c, unsigned nibble, uint32_t *ret)
{
	if (nibble == 15)
		return CARDEA_EMALFORMED;
	*ret = nibble;
	if (nibble == 13)
		*ret = 13U + cursor_u8(c);
	else if (nibble == 14)
		*ret = 269U + cursor_u16(c);
	return c->error;
}

static void coap_segment(struct cursor value, struct coap *m, size_t *at)
{
	if (*at < COAP_PATH_MAX)
		m->path[(*at)++] = '/';
	while (cursor_left(&value) && *at < COAP_PATH_MAX) {
		uint8_t b = cursor_u8(&value);
		m->path[(*at)++] = b > ' ' && b < 0x7f ? (char)b : '?';
	}
}

static int coap_options(struct cursor *c, struct coap *m)
{
	uint32_t number = 0, delta = 0, len = 0;
	size_t at = 0;
	for (int i = 0; cursor_left(c); i++) {
		uint8_t head = cursor_u8(c);
		if (head == COAP_PAYLOAD_MARK)
			break;
		if (i == COAP_OPTIONS_MAX)
			return CARDEA_ELIMIT;
		int r = coap_extended(c, head >> 4, &delta);
		if (!r)
			r = coap_extended(c, head & 15, &len);
		struct cursor value = cursor_sub(c, r ? 0 : len);
		if (r || c->error)
			return CARDEA_EMALFORMED;
		number += delta;
		if (number == COAP_URI_PATH)
			coap_segment(value, m, &at);
	}
	if (!at)
		m->path[at++] = '/';
	return 0;
}

int coap_parse(struct cursor *c, struct coap *ret)
{
	struct coap m = {0};
	uint8_t first = cursor_u8(c);
	m.type = first >> 4 & 3;
	m.token_len = first & 15;
	m.code = cursor_u8(c);
	m.id = cursor_u16(c);
	if (c->error)
		return c->error;
	if (first >> 6 != COAP_VERSION || m.token_len > COAP_TOKEN_MAX)
		return CARDEA_EMALFORMED;
	cursor_skip(c, m.token_len);
	if (c->error || (!m.code && (m.token_len || cursor_left(c))))
		return CARDEA_EMALFORMED; /* RFC 7252 4.1: empty is empty */
	int r = coap_options(c, &m);
	if (!r)
		*ret = m;
	return r;
}
