// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* lldp.c - reads and writes LLDP data units. */
#include "wire/lldp.h"

/* IEEE 802.1AB 8.4: seven bits of type, nine of length. */
#define LLDP_LEN_BITS 9
#define LLDP_LEN_MASK 0x1ff
/* RFC 8520 17.8: IANA's OUI, subtype 1. */
#define LLDP_OUI_IANA 0x00005e
#define LLDP_IANA_MUD_URL 1

enum lldp_tlv {
	LLDP_TLV_END = 0,
	LLDP_TLV_CHASSIS_ID,
	LLDP_TLV_PORT_ID,
	LLDP_TLV_TTL,
	LLDP_TLV_PORT_DESC,
	LLDP_TLV_SYSTEM_NAME,
	LLDP_TLV_SYSTEM_DESC,
	LLDP_TLV_ORGANISATION = 127,
};

/* A subtype octet and 1 to 255 octets of identifier (802.1AB 8.5.2, 8.5.3). */
static int lldp_read_id(struct cursor value, uint8_t *subtype, struct octets *id)
{
	*subtype = cursor_u8(&value);
	size_t len = cursor_left(&value);
	if (!len || len > OCTETS_MAX)
		return CARDEA_EMALFORMED;
	id->len = (uint16_t)len;
	cursor_copy(&value, id->b, len);
	return 0;
}

static int lldp_read_ttl(struct cursor value, uint16_t *ttl_s)
{
	/* 802.1AB 8.5.4: longer ones are from a later version, read what we know. */
	if (cursor_left(&value) < sizeof(*ttl_s))
		return CARDEA_EMALFORMED;
	*ttl_s = cursor_u16(&value);
	return 0;
}

static int lldp_read_text(struct cursor value, struct octets *text)
{
	size_t len = cursor_left(&value);
	if (len > OCTETS_MAX)
		return CARDEA_EMALFORMED;
	text->len = (uint16_t)len;
	cursor_copy(&value, text->b, len);
	return 0;
}

/* RFC 8520 12 has the string of its section 10: the URL, and perhaps a space and
 * something reserved. */
static int lldp_read_mud_url(struct cursor value, struct octets_url *url)
{
	size_t len = cursor_left(&value);
	if (url->len || !len)
		return CARDEA_EMALFORMED;
	const uint8_t *b = cursor_take(&value, len);
	const uint8_t *space = memchr(b, ' ', len);
	if (space == b)
		return CARDEA_EMALFORMED;
	url->len = (uint16_t)(space ? space - b : (ptrdiff_t)len);
	memcpy(url->b, b, url->len);
	return 0;
}

static int lldp_read_organisation(struct cursor value, struct lldp *l)
{
	uint32_t oui = (uint32_t)cursor_u16(&value) << 8;
	oui |= cursor_u8(&value);
	uint8_t subtype = cursor_u8(&value);
	if (value.error)
		return CARDEA_EMALFORMED;
	if (oui != LLDP_OUI_IANA || subtype != LLDP_IANA_MUD_URL)
		return 0;
	return lldp_read_mud_url(value, &l->mud_url);
}

static int lldp_read_tlv(unsigned type, struct cursor value, struct lldp *l)
{
	switch (type) {
	case LLDP_TLV_CHASSIS_ID:
		return lldp_read_id(value, &l->chassis_subtype, &l->chassis_id);
	case LLDP_TLV_PORT_ID:
		return lldp_read_id(value, &l->port_subtype, &l->port_id);
	case LLDP_TLV_TTL:
		return lldp_read_ttl(value, &l->ttl_s);
	case LLDP_TLV_PORT_DESC:
		return lldp_read_text(value, &l->port_desc);
	case LLDP_TLV_SYSTEM_NAME:
		return lldp_read_text(value, &l->system_name);
	case LLDP_TLV_SYSTEM_DESC:
		return lldp_read_text(value, &l->system_desc);
	case LLDP_TLV_ORGANISATION:
		return lldp_read_organisation(value, l);
	default:
		return 0;
	}
}

/* 802.1AB 8.2: chassis, port and TTL come first and once; the descriptions once. */
static bool lldp_is_in_place(unsigned type, unsigned index, unsigned *seen)
{
	if (index < LLDP_TLV_TTL)
		return type == index + 1;
	if (type > LLDP_TLV_SYSTEM_DESC)
		return true;
	bool again = *seen >> type & 1;
	*seen |= 1u << type;
	return type > LLDP_TLV_TTL && !again;
}

static int lldp_read_all(struct cursor *c, struct lldp *l)
{
	unsigned seen = 0;
	for (unsigned i = 0; i < LLDP_TLVS_MAX; i++) {
		uint16_t head = cursor_u16(c);
		unsigned type = head >> LLDP_LEN_BITS;
		struct cursor value = cursor_sub(c, head & LLDP_LEN_MASK);
		if (c->error)
			return c->error;
		if (type == LLDP_TLV_END && i >= LLDP_TLV_TTL)
			return cursor_left(&value) ? CARDEA_EMALFORMED : 0;
		if (!lldp_is_in_place(type, i, &seen))
			return CARDEA_EMALFORMED;
		int r = lldp_read_tlv(type, value, l);
		if (r)
			return r;
	}
	return CARDEA_ELIMIT;
}

int lldp_parse(struct cursor *c, struct lldp *ret)
{
	struct lldp l;
	memset(&l, 0, sizeof(l));
	int r = lldp_read_all(c, &l);
	if (!r)
		*ret = l;
	return r;
}

static void lldp_write_head(struct writer *w, unsigned type, size_t len)
{
	writer_u16(w, (uint16_t)(type << LLDP_LEN_BITS | len));
}

static void lldp_write_id(struct writer *w, unsigned type, uint8_t subtype,
	const struct octets *id)
{
	lldp_write_head(w, type, 1u + id->len);
	writer_u8(w, subtype);
	writer_bytes(w, id->b, id->len);
}

static void lldp_write_text(struct writer *w, unsigned type, const struct octets *text)
{
	if (!text->len)
		return;
	lldp_write_head(w, type, text->len);
	writer_bytes(w, text->b, text->len);
}

static void lldp_write_mud_url(struct writer *w, const struct octets_url *url)
{
	if (!url->len)
		return;
	if (url->len > LLDP_MUD_URL_MAX) {
		w->error = CARDEA_ELIMIT;
		return;
	}
	lldp_write_head(w, LLDP_TLV_ORGANISATION, 4u + url->len);
	writer_u16(w, LLDP_OUI_IANA >> 8);
	writer_u8(w, LLDP_OUI_IANA & 0xff);
	writer_u8(w, LLDP_IANA_MUD_URL);
	writer_bytes(w, url->b, url->len);
}

int lldp_build(struct writer *w, const struct lldp *l)
{
	lldp_write_id(w, LLDP_TLV_CHASSIS_ID, l->chassis_subtype, &l->chassis_id);
	lldp_write_id(w, LLDP_TLV_PORT_ID, l->port_subtype, &l->port_id);
	lldp_write_head(w, LLDP_TLV_TTL, sizeof(l->ttl_s));
	writer_u16(w, l->ttl_s);
	lldp_write_text(w, LLDP_TLV_PORT_DESC, &l->port_desc);
	lldp_write_text(w, LLDP_TLV_SYSTEM_NAME, &l->system_name);
	lldp_write_text(w, LLDP_TLV_SYSTEM_DESC, &l->system_desc);
	lldp_write_mud_url(w, &l->mud_url);
	lldp_write_head(w, LLDP_TLV_END, 0);
	return w->error;
}
