// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dhcp6.c - reads DHCPv6 messages, through relays, down to the addresses in IAs. */
#include "wire/dhcp6.h"
#include "wire/dhcp6_priv.h"
#include "wire/dns_name.h"

struct dhcp6_option {
	uint16_t code;
	struct cursor value;
};

/* Options are counted over all levels, so nesting cannot multiply the work. */
struct dhcp6_reader {
	struct dhcp6 d;
	unsigned options;
	unsigned seen; /* bits of enum dhcp6_single */
};

/* RFC 8415 21: options that may occur once in a message. */
enum dhcp6_single {
	DHCP6_SEEN_CLIENT_ID = 1,
	DHCP6_SEEN_SERVER_ID = 2,
	DHCP6_SEEN_STATUS = 4,
	DHCP6_SEEN_FQDN = 8,
	DHCP6_SEEN_MUD_URL = 16,
};

static struct addr dhcp6_addr(struct cursor *c)
{
	uint8_t b[16];
	cursor_copy(c, b, sizeof(b));
	return addr_v6(b);
}

/* 1 and an option, 0 at the end, or an error. */
static int dhcp6_next(struct dhcp6_reader *rd, struct cursor *c,
	struct dhcp6_option *ret)
{
	if (!cursor_left(c))
		return c->error;
	if (++rd->options > DHCP6_OPTIONS_MAX)
		return CARDEA_ELIMIT;
	ret->code = cursor_u16(c);
	uint16_t len = cursor_u16(c);
	ret->value = cursor_sub(c, len);
	return c->error ? c->error : 1;
}

static int dhcp6_once(struct dhcp6_reader *rd, enum dhcp6_single bit)
{
	if (rd->seen & bit)
		return CARDEA_EMALFORMED;
	rd->seen |= bit;
	return 0;
}

static int dhcp6_duid(struct cursor c, struct dhcp6_duid *ret)
{
	size_t len = cursor_left(&c);
	if (len < 3) /* RFC 8415 11.1: a type and at least one octet */
		return CARDEA_EMALFORMED;
	if (len > DHCP6_DUID_MAX)
		return CARDEA_ELIMIT;
	ret->len = (uint8_t)len;
	cursor_copy(&c, ret->b, len);
	return 0;
}

/* RFC 8415 11.2 and 11.4 end with the link-layer address. */
static void dhcp6_set_client_mac(struct dhcp6 *d)
{
	struct cursor c = cursor_of(d->client_id.b, d->client_id.len);
	uint16_t type = cursor_u16(&c), hardware = cursor_u16(&c);
	if (type != DHCP6_DUID_LLT && type != DHCP6_DUID_LL)
		return;
	if (type == DHCP6_DUID_LLT)
		cursor_skip(&c, 4); /* time */
	if (hardware != DHCP6_HARDWARE_ETHERNET || cursor_left(&c) != 6)
		return;
	d->has_client_mac = true;
	cursor_copy(&c, d->client_mac.b, 6);
}

static int dhcp6_ia_addr(struct cursor c, uint32_t iaid, bool temporary,
	struct dhcp6 *d)
{
	struct dhcp6_address a = {.iaid = iaid, .temporary = temporary};
	a.addr = dhcp6_addr(&c);
	a.preferred_s = cursor_u32(&c);
	a.valid_s = cursor_u32(&c);
	if (c.error)
		return CARDEA_EMALFORMED;
	if (d->address_count == DHCP6_ADDRESSES_MAX)
		return CARDEA_ELIMIT;
	d->addresses[d->address_count++] = a;
	return 0;
}

static int dhcp6_ia(struct dhcp6_reader *rd, struct cursor c, bool temporary)
{
	struct dhcp6_option o = {0};
	uint32_t iaid = cursor_u32(&c);
	int r;
	if (!temporary)
		cursor_skip(&c, 8); /* T1, T2 */
	while ((r = dhcp6_next(rd, &c, &o)) > 0) {
		if (o.code != DHCP6_OPTION_IA_ADDR)
			continue;
		r = dhcp6_ia_addr(o.value, iaid, temporary, &rd->d);
		if (r)
			return r;
	}
	/* The option itself is whole, so its content contradicts its length. */
	return r == CARDEA_ETRUNCATED ? CARDEA_EMALFORMED : r;
}

static int dhcp6_vendor_class(struct cursor c, struct dhcp6 *d)
{
	if (d->vendor_enterprise || d->vendor_class.len)
		return 0; /* one per enterprise is allowed; the first is kept */
	uint32_t enterprise = cursor_u32(&c);
	uint16_t len = cursor_u16(&c);
	struct cursor data = cursor_sub(&c, len);
	if (c.error)
		return CARDEA_EMALFORMED;
	if (len > OCTETS_MAX)
		return CARDEA_ELIMIT;
	d->vendor_enterprise = enterprise;
	d->vendor_class.len = len;
	cursor_copy(&data, d->vendor_class.b, len);
	return 0;
}

static int dhcp6_fqdn(struct cursor c, struct octets *ret)
{
	struct dns_name name;
	cursor_skip(&c, 1); /* flags */
	int r = dns_name_parse_labels(&c, &name);
	if (r)
		return r == CARDEA_ETRUNCATED ? CARDEA_EMALFORMED : r;
	if (dns_name_is_root(&name))
		return 0; /* no name: the server shall choose one */
	ret->len = (uint16_t)strlen(name.text);
	memcpy(ret->b, name.text, ret->len);
	return 0;
}

static int dhcp6_mud_url(struct cursor c, struct octets_url *ret)
{
	size_t len = cursor_left(&c);
	if (len > OCTETS_URL_MAX)
		return CARDEA_ELIMIT;
	const uint8_t *b = cursor_take(&c, len);
	const uint8_t *space = len ? memchr(b, ' ', len) : NULL;
	ret->len = (uint16_t)(space ? (size_t)(space - b) : len);
	if (ret->len)
		memcpy(ret->b, b, ret->len);
	return 0;
}

static int dhcp6_status(struct cursor c, struct dhcp6 *d)
{
	d->status = cursor_u16(&c);
	d->has_status = !c.error;
	return c.error ? CARDEA_EMALFORMED : 0;
}

static int dhcp6_single(struct dhcp6_reader *rd, const struct dhcp6_option *o)
{
	int r = 0;
	switch (o->code) {
	case DHCP6_OPTION_CLIENT_ID:
		r = dhcp6_once(rd, DHCP6_SEEN_CLIENT_ID);
		return r ? r : dhcp6_duid(o->value, &rd->d.client_id);
	case DHCP6_OPTION_SERVER_ID:
		r = dhcp6_once(rd, DHCP6_SEEN_SERVER_ID);
		return r ? r : dhcp6_duid(o->value, &rd->d.server_id);
	case DHCP6_OPTION_STATUS:
		r = dhcp6_once(rd, DHCP6_SEEN_STATUS);
		return r ? r : dhcp6_status(o->value, &rd->d);
	case DHCP6_OPTION_FQDN:
		r = dhcp6_once(rd, DHCP6_SEEN_FQDN);
		return r ? r : dhcp6_fqdn(o->value, &rd->d.fqdn);
	case DHCP6_OPTION_MUD_URL:
		r = dhcp6_once(rd, DHCP6_SEEN_MUD_URL);
		return r ? r : dhcp6_mud_url(o->value, &rd->d.mud_url);
	default:
		return 0;
	}
}

static int dhcp6_option(struct dhcp6_reader *rd, const struct dhcp6_option *o)
{
	switch (o->code) {
	case DHCP6_OPTION_IA_NA:
	case DHCP6_OPTION_IA_TA:
		return dhcp6_ia(rd, o->value, o->code == DHCP6_OPTION_IA_TA);
	case DHCP6_OPTION_VENDOR_CLASS:
		return dhcp6_vendor_class(o->value, &rd->d);
	default:
		return dhcp6_single(rd, o);
	}
}

/* RFC 8415 9: replaces c by the message that the relay carries. */
static int dhcp6_unwrap(struct dhcp6_reader *rd, struct cursor *c)
{
	struct dhcp6_option o = {0};
	struct cursor inner = {0};
	bool found = false;
	int r;
	if (rd->d.relay_count == DHCP6_RELAYS_MAX)
		return CARDEA_ELIMIT;
	struct dhcp6_relay *relay = &rd->d.relays[rd->d.relay_count++];
	relay->type = rd->d.msg_type;
	relay->hop_count = cursor_u8(c);
	relay->link = dhcp6_addr(c);
	relay->peer = dhcp6_addr(c);
	while ((r = dhcp6_next(rd, c, &o)) > 0) {
		if (o.code != DHCP6_OPTION_RELAY_MSG)
			continue;
		if (found)
			return CARDEA_EMALFORMED;
		found = true;
		inner = o.value;
	}
	*c = inner;
	return r || found ? r : CARDEA_EMALFORMED;
}

static int dhcp6_message(struct dhcp6_reader *rd, struct cursor *c)
{
	struct dhcp6_option o = {0};
	int r;
	rd->d.msg_type = cursor_u8(c);
	while (rd->d.msg_type == DHCP6_RELAY_FORWARD ||
		rd->d.msg_type == DHCP6_RELAY_REPLY) {
		r = dhcp6_unwrap(rd, c);
		if (r)
			return r;
		rd->d.msg_type = cursor_u8(c);
	}
	rd->d.xid = (uint32_t)cursor_u8(c) << 16;
	rd->d.xid |= cursor_u16(c);
	if (c->error)
		return c->error;
	while ((r = dhcp6_next(rd, c, &o)) > 0) {
		r = dhcp6_option(rd, &o);
		if (r)
			return r;
	}
	return r;
}

int dhcp6_parse(struct cursor *c, struct dhcp6 *ret)
{
	struct dhcp6_reader rd;
	memset(&rd, 0, sizeof(rd));
	int r = dhcp6_message(&rd, c);
	if (r)
		return r;
	rd.d.has_server_id = rd.d.server_id.len > 0;
	dhcp6_set_client_mac(&rd.d);
	*ret = rd.d;
	return 0;
}
