// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* quic.c - headers and frames. */
#include "wire/quic.h"

#define QUIC_LONG 0x80
#define QUIC_FIXED 0x40
#define QUIC_TYPE_INITIAL 0 /* as version 1 numbers them */
#define QUIC_TYPE_RETRY 3
/* RFC 9001 5.4.2: behind four octets of number there is a sample of 16. */
#define QUIC_SAMPLE_END 20

enum quic_frame {
	QUIC_PADDING = 0x00,
	QUIC_PING = 0x01,
	QUIC_ACK = 0x02,
	QUIC_ACK_ECN = 0x03,
	QUIC_CRYPTO = 0x06,
	QUIC_CLOSE = 0x1c,
};

uint64_t quic_varint(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	uint64_t v = first & 0x3f;
	for (unsigned i = 1; i < 1U << (first >> 6); i++)
		v = v << 8 | cursor_u8(c);
	return c->error ? 0 : v;
}

/* A claimed length that is more than there is fails; it is never cut to size_t. */
static void quic_skip(struct cursor *c, uint64_t len)
{
	if (len > cursor_left(c))
		cursor_fail(c, CARDEA_ETRUNCATED);
	else
		cursor_skip(c, (size_t)len);
}

static int quic_cid(struct cursor *c, struct quic_cid *ret)
{
	uint8_t len = cursor_u8(c);
	if (len > QUIC_CID_MAX)
		return CARDEA_EMALFORMED;
	*ret = (struct quic_cid){.len = len};
	cursor_copy(c, ret->b, len);
	return c->error;
}

/* RFC 9000 17.2, RFC 9369 3.2: the four types are numbered anew in version 2. */
static unsigned quic_type(uint8_t first, uint32_t version)
{
	unsigned type = first >> 4 & 3;
	return version == QUIC_V2 ? (type + 3) & 3 : type;
}

static int quic_header(struct cursor *c, struct quic_initial *p, unsigned *ret_type)
{
	uint8_t first = cursor_u8(c);
	p->version = cursor_u32(c);
	if (c->error)
		return c->error;
	if (!(first & QUIC_LONG) || !(first & QUIC_FIXED))
		return CARDEA_EMALFORMED;
	if (p->version != QUIC_V1 && p->version != QUIC_V2)
		return CARDEA_ELIMIT;
	int r = quic_cid(c, &p->dcid);
	if (!r)
		r = quic_cid(c, &p->scid);
	*ret_type = quic_type(first, p->version);
	return r;
}

int quic_next_initial(struct cursor *datagram, struct quic_initial *ret)
{
	struct quic_initial p;
	unsigned type = 0;
	const uint8_t *start = datagram->pos;
	struct cursor c = *datagram;
	int r = quic_header(&c, &p, &type);
	if (r)
		return r;
	if (type == QUIC_TYPE_RETRY) { /* which has no length: it ends the datagram */
		cursor_skip(datagram, cursor_left(datagram));
		return CARDEA_EUNSUPPORTED;
	}
	if (type == QUIC_TYPE_INITIAL)
		quic_skip(&c, quic_varint(&c)); /* the token */
	uint64_t len = quic_varint(&c);
	const uint8_t *number = c.pos;
	if (!c.error && len < QUIC_SAMPLE_END)
		return CARDEA_EMALFORMED;
	quic_skip(&c, len);
	if (c.error)
		return c.error;
	p.packet = cursor_of(start, (size_t)(c.pos - start));
	p.number_at = (size_t)(number - start);
	*datagram = c;
	if (type != QUIC_TYPE_INITIAL)
		return CARDEA_EUNSUPPORTED;
	*ret = p;
	return 0;
}

/* RFC 9000 19.3 */
static void quic_skip_ack(struct cursor *c, bool ecn)
{
	(void)quic_varint(c);
	(void)quic_varint(c);
	uint64_t ranges = quic_varint(c);
	(void)quic_varint(c);
	for (; ranges && !c->error; ranges--) {
		(void)quic_varint(c);
		(void)quic_varint(c);
	}
	for (int i = 0; ecn && i < 3; i++)
		(void)quic_varint(c);
}

static int quic_take_crypto(struct cursor *c, struct quic_crypto *ret)
{
	uint64_t offset = quic_varint(c), len = quic_varint(c);
	if (!c->error && len > cursor_left(c))
		return CARDEA_ETRUNCATED;
	struct cursor data = cursor_sub(c, (size_t)len);
	if (c->error)
		return c->error;
	ret->offset = offset;
	ret->data = data;
	return 1;
}

int quic_next_crypto(struct cursor *c, unsigned *left, struct quic_crypto *ret)
{
	while (cursor_left(c)) {
		uint64_t type = quic_varint(c);
		if (type == QUIC_PADDING)
			continue;
		if (!*left)
			return CARDEA_ELIMIT;
		(*left)--;
		if (type == QUIC_CRYPTO)
			return quic_take_crypto(c, ret);
		if (type == QUIC_CLOSE)
			return 0; /* nothing of use comes behind it */
		if (type == QUIC_ACK || type == QUIC_ACK_ECN)
			quic_skip_ack(c, type == QUIC_ACK_ECN);
		else if (type != QUIC_PING)
			return CARDEA_EMALFORMED;
	}
	return c->error;
}
