// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dhcp4_build.c - writes DHCPv4 messages. */
#include "wire/dhcp4.h"
#include "wire/dhcp4_priv.h"

#define DHCP4_SNAME_AND_FILE_LEN (64 + 128)
/* FQDN flags (RFC 4702 2.1): 0, the deprecated text form, and two unused octets. */
#define DHCP4_FQDN_HEAD_LEN 3
#define DHCP4_OPTION_LEN_MAX 255

static void dhcp4_write_zeros(struct writer *w, size_t len)
{
	uint8_t *p = writer_room(w, len);
	if (p)
		memset(p, 0, len);
}

/* RFC 3396 6: a long value becomes several options of the same code. */
static void dhcp4_write_option(struct writer *w, uint8_t code, const void *value,
	size_t len)
{
	const uint8_t *p = value;
	while (len) {
		uint8_t piece = len > DHCP4_OPTION_LEN_MAX ? DHCP4_OPTION_LEN_MAX
							   : (uint8_t)len;
		writer_u8(w, code);
		writer_u8(w, piece);
		writer_bytes(w, p, piece);
		p += piece;
		len -= piece;
	}
}

static void dhcp4_write_addr(struct writer *w, uint8_t code, const struct addr *a)
{
	if (a->family == 4)
		dhcp4_write_option(w, code, a->b, 4);
}

static void dhcp4_write_octets(struct writer *w, uint8_t code, const struct octets *o)
{
	dhcp4_write_option(w, code, o->b, o->len);
}

static void dhcp4_write_fqdn(struct writer *w, const struct octets *fqdn)
{
	uint8_t b[DHCP4_FQDN_HEAD_LEN + OCTETS_MAX] = {0};
	if (!fqdn->len)
		return;
	memcpy(b + DHCP4_FQDN_HEAD_LEN, fqdn->b, fqdn->len);
	dhcp4_write_option(w, DHCP4_OPTION_FQDN, b, DHCP4_FQDN_HEAD_LEN + fqdn->len);
}

static void dhcp4_write_dns(struct writer *w, const struct dhcp4 *d)
{
	uint8_t b[DHCP4_DNS_MAX * 4];
	for (unsigned i = 0; i < d->dns_count; i++)
		memcpy(b + (size_t)i * 4, d->dns[i].b, 4);
	dhcp4_write_option(w, DHCP4_OPTION_DNS, b, (size_t)d->dns_count * 4);
}

static void dhcp4_write_fixed(struct writer *w, const struct dhcp4 *d)
{
	bool ethernet = d->htype == DHCP4_ETHERNET;
	writer_u8(w, d->op);
	writer_u8(w, d->htype);
	writer_u8(w, ethernet ? sizeof(d->chaddr.b) : 0);
	writer_u8(w, 0);
	writer_u32(w, d->xid);
	writer_u16(w, d->secs);
	writer_u16(w, d->flags);
	writer_bytes(w, d->ciaddr.b, 4);
	writer_bytes(w, d->yiaddr.b, 4);
	writer_bytes(w, d->siaddr.b, 4);
	writer_bytes(w, d->giaddr.b, 4);
	writer_bytes(w, d->chaddr.b, sizeof(d->chaddr.b));
	dhcp4_write_zeros(w, DHCP4_CHADDR_LEN - sizeof(d->chaddr.b));
	dhcp4_write_zeros(w, DHCP4_SNAME_AND_FILE_LEN);
	writer_u32(w, DHCP4_COOKIE);
}

int dhcp4_build(struct writer *w, const struct dhcp4 *d)
{
	dhcp4_write_fixed(w, d);
	dhcp4_write_option(w, DHCP4_OPTION_MSG_TYPE, &d->msg_type, d->msg_type ? 1 : 0);
	dhcp4_write_addr(w, DHCP4_OPTION_REQUESTED_IP, &d->requested_ip);
	dhcp4_write_addr(w, DHCP4_OPTION_SERVER_ID, &d->server_id);
	dhcp4_write_addr(w, DHCP4_OPTION_ROUTER, &d->router);
	dhcp4_write_dns(w, d);
	if (d->has_lease_time) {
		writer_u8(w, DHCP4_OPTION_LEASE_TIME);
		writer_u8(w, sizeof(d->lease_time));
		writer_u32(w, d->lease_time);
	}
	dhcp4_write_octets(w, DHCP4_OPTION_HOSTNAME, &d->hostname);
	dhcp4_write_octets(w, DHCP4_OPTION_VENDOR_CLASS, &d->vendor_class);
	dhcp4_write_octets(w, DHCP4_OPTION_CLIENT_ID, &d->client_id);
	dhcp4_write_octets(w, DHCP4_OPTION_PARAM_LIST, &d->param_list);
	dhcp4_write_fqdn(w, &d->fqdn);
	dhcp4_write_option(w, DHCP4_OPTION_MUD_URL, d->mud_url.b, d->mud_url.len);
	writer_u8(w, DHCP4_OPTION_END);
	return w->error;
}
