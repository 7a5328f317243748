// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dhcp4.c - reads DHCPv4 messages: fixed fields, then options from three areas. */
#include "wire/dhcp4.h"
#include "wire/dhcp4_priv.h"
#include "wire/dns_name.h"

enum dhcp4_area_len {
	DHCP4_SNAME_LEN = 64,
	DHCP4_FILE_LEN = 128,
};
/* Option 52, RFC 2132 9.3: bit 1 for file, bit 2 for sname. */
#define DHCP4_OVERLOAD_FILE 1
#define DHCP4_OVERLOAD_SNAME 2
/* RFC 4702 2.1: name in wire form. */
#define DHCP4_FQDN_E 4
#define DHCP4_FQDN_HEAD 3

/* Options put together before they are understood (RFC 3396 5). */
struct dhcp4_options {
	unsigned count;
	struct octets msg_type, overload, requested_ip, lease_time, server_id, router;
	struct octets dns;
	/* A name of 255 characters and its head need more than one option holds. */
	struct octets_url mud_url, fqdn;
	struct dhcp4 *d; /* the others go straight to their place */
};

static struct octets *dhcp4_place(struct dhcp4_options *o, uint8_t code)
{
	switch (code) {
	case DHCP4_OPTION_ROUTER:
		return &o->router;
	case DHCP4_OPTION_DNS:
		return &o->dns;
	case DHCP4_OPTION_HOSTNAME:
		return &o->d->hostname;
	case DHCP4_OPTION_REQUESTED_IP:
		return &o->requested_ip;
	case DHCP4_OPTION_LEASE_TIME:
		return &o->lease_time;
	case DHCP4_OPTION_OVERLOAD:
		return &o->overload;
	case DHCP4_OPTION_MSG_TYPE:
		return &o->msg_type;
	case DHCP4_OPTION_SERVER_ID:
		return &o->server_id;
	case DHCP4_OPTION_PARAM_LIST:
		return &o->d->param_list;
	case DHCP4_OPTION_VENDOR_CLASS:
		return &o->d->vendor_class;
	case DHCP4_OPTION_CLIENT_ID:
		return &o->d->client_id;
	default:
		return NULL;
	}
}

static int dhcp4_append(char *dst, uint16_t *len, size_t cap, struct cursor value)
{
	size_t n = cursor_left(&value);
	if (n > cap - *len)
		return CARDEA_ELIMIT;
	cursor_copy(&value, dst + *len, n);
	*len = (uint16_t)(*len + n);
	return 0;
}

static int dhcp4_option(struct dhcp4_options *o, uint8_t code, struct cursor value)
{
	struct octets_url *url = code == DHCP4_OPTION_MUD_URL ? &o->mud_url
		: code == DHCP4_OPTION_FQDN		      ? &o->fqdn
							      : NULL;
	if (url)
		return dhcp4_append(url->b, &url->len, OCTETS_URL_MAX, value);
	struct octets *place = dhcp4_place(o, code);
	return place ? dhcp4_append(place->b, &place->len, OCTETS_MAX, value) : 0;
}

/* RFC 2131 4.1: an area ends with the end option; the rest of it is padding. */
static int dhcp4_area(struct dhcp4_options *o, struct cursor *c)
{
	for (;;) {
		uint8_t code = cursor_u8(c);
		if (c->error)
			return c->error;
		if (code == DHCP4_OPTION_END)
			return 0;
		if (code == DHCP4_OPTION_PAD)
			continue;
		if (++o->count > DHCP4_OPTIONS_MAX)
			return CARDEA_ELIMIT;
		uint8_t len = cursor_u8(c);
		struct cursor value = cursor_sub(c, len);
		if (c->error)
			return c->error;
		int r = dhcp4_option(o, code, value);
		if (r)
			return r;
	}
}

/* RFC 3396 5: the options field, then file, then sname. */
static int dhcp4_areas(struct dhcp4_options *o, struct cursor *c, struct cursor sname,
	struct cursor file)
{
	int r = dhcp4_area(o, c);
	if (r || !o->overload.len)
		return r;
	uint8_t overload = (uint8_t)o->overload.b[0];
	if (o->overload.len != 1 || !overload || overload > 3)
		return CARDEA_EMALFORMED;
	if (overload & DHCP4_OVERLOAD_FILE)
		r = dhcp4_area(o, &file);
	if (!r && overload & DHCP4_OVERLOAD_SNAME)
		r = dhcp4_area(o, &sname);
	/* The message is whole; only its inner area lacks an end. */
	return r == CARDEA_ETRUNCATED ? CARDEA_EMALFORMED : r;
}

static struct addr dhcp4_addr(struct cursor *c)
{
	uint8_t b[4];
	cursor_copy(c, b, sizeof(b));
	struct addr a = addr_v4(b);
	return addr_is_unspecified(&a) ? (struct addr){0} : a;
}

/* An option that is one address. */
static int dhcp4_set_addr(const struct octets *o, struct addr *ret)
{
	struct cursor c = cursor_of(o->b, o->len);
	if (!o->len)
		return 0;
	if (o->len != 4)
		return CARDEA_EMALFORMED;
	*ret = dhcp4_addr(&c);
	return 0;
}

static int dhcp4_set_lists(const struct dhcp4_options *o, struct dhcp4 *d)
{
	struct cursor routers = cursor_of(o->router.b, o->router.len);
	struct cursor dns = cursor_of(o->dns.b, o->dns.len);
	if (o->router.len % 4 || o->dns.len % 4)
		return CARDEA_EMALFORMED;
	if (o->router.len)
		d->router = dhcp4_addr(&routers);
	while (cursor_left(&dns) && d->dns_count < DHCP4_DNS_MAX)
		d->dns[d->dns_count++] = addr_v4(cursor_take(&dns, 4));
	return 0;
}

static int dhcp4_set_numbers(const struct dhcp4_options *o, struct dhcp4 *d)
{
	if (o->msg_type.len > 1)
		return CARDEA_EMALFORMED;
	if (o->msg_type.len)
		d->msg_type = (uint8_t)o->msg_type.b[0];
	if (!o->lease_time.len)
		return 0;
	if (o->lease_time.len != 4)
		return CARDEA_EMALFORMED;
	struct cursor c = cursor_of(o->lease_time.b, 4);
	d->has_lease_time = true;
	d->lease_time = cursor_u32(&c);
	return 0;
}

/* Left empty when it is no name: devices fill this option carelessly. */
static int dhcp4_set_fqdn(const struct octets_url *o, struct octets *ret)
{
	struct cursor c = cursor_of(o->b, o->len);
	uint8_t flags = cursor_u8(&c);
	cursor_skip(&c, DHCP4_FQDN_HEAD - 1);
	struct dns_name name;
	if (c.error)
		return 0;
	if (!(flags & DHCP4_FQDN_E)) {
		if (cursor_left(&c) > OCTETS_MAX)
			return CARDEA_ELIMIT;
		ret->len = (uint16_t)cursor_left(&c);
		cursor_copy(&c, ret->b, ret->len);
	} else if (!dns_name_parse_labels(&c, &name)) {
		ret->len = (uint16_t)strlen(name.text);
		memcpy(ret->b, name.text, ret->len);
	}
	return 0;
}

static void dhcp4_set_mud_url(const struct octets_url *o, struct octets_url *ret)
{
	const char *space = memchr(o->b, ' ', o->len);
	ret->len = space ? (uint16_t)(space - o->b) : o->len;
	memcpy(ret->b, o->b, ret->len);
}

static int dhcp4_understand(const struct dhcp4_options *o, struct dhcp4 *d)
{
	int r = dhcp4_set_addr(&o->requested_ip, &d->requested_ip);
	if (!r)
		r = dhcp4_set_addr(&o->server_id, &d->server_id);
	if (!r)
		r = dhcp4_set_lists(o, d);
	if (!r)
		r = dhcp4_set_numbers(o, d);
	if (!r)
		r = dhcp4_set_fqdn(&o->fqdn, &d->fqdn);
	dhcp4_set_mud_url(&o->mud_url, &d->mud_url);
	return r;
}

/* Up to and with the magic cookie (RFC 2131 3). */
static int dhcp4_fixed(struct cursor *c, struct dhcp4 *d, struct cursor *sname,
	struct cursor *file)
{
	d->op = cursor_u8(c);
	d->htype = cursor_u8(c);
	uint8_t hlen = cursor_u8(c);
	cursor_skip(c, 1); /* hops */
	d->xid = cursor_u32(c);
	d->secs = cursor_u16(c);
	d->flags = cursor_u16(c);
	d->ciaddr = dhcp4_addr(c);
	d->yiaddr = dhcp4_addr(c);
	d->siaddr = dhcp4_addr(c);
	d->giaddr = dhcp4_addr(c);
	const uint8_t *chaddr = cursor_take(c, DHCP4_CHADDR_LEN);
	*sname = cursor_sub(c, DHCP4_SNAME_LEN);
	*file = cursor_sub(c, DHCP4_FILE_LEN);
	uint32_t cookie = cursor_u32(c);
	if (c->error)
		return c->error;
	if (hlen > DHCP4_CHADDR_LEN || cookie != DHCP4_COOKIE)
		return CARDEA_EMALFORMED;
	if (d->htype == DHCP4_ETHERNET && hlen == sizeof(d->chaddr.b))
		memcpy(d->chaddr.b, chaddr, hlen);
	return 0;
}

int dhcp4_parse(struct cursor *c, struct dhcp4 *ret)
{
	struct dhcp4 d;
	struct dhcp4_options o;
	struct cursor sname, file;
	memset(&d, 0, sizeof(d));
	memset(&o, 0, sizeof(o));
	o.d = &d;
	int r = dhcp4_fixed(c, &d, &sname, &file);
	if (!r)
		r = dhcp4_areas(&o, c, sname, file);
	if (!r)
		r = dhcp4_understand(&o, &d);
	if (!r)
		*ret = d;
	return r;
}
