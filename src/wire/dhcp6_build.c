// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dhcp6_build.c - writes DHCPv6 messages, inside relays when asked. */
#include "wire/dhcp6.h"
#include "wire/dhcp6_priv.h"
#include "wire/dns_name.h"

/* Opens an option; returns where its length goes. */
static size_t dhcp6_open(struct writer *w, uint16_t code)
{
	writer_u16(w, code);
	writer_u16(w, 0);
	return w->len - 2;
}

static void dhcp6_close(struct writer *w, size_t at)
{
	size_t len = w->error ? 0 : w->len - at - 2;
	if (len > UINT16_MAX)
		w->error = CARDEA_ELIMIT;
	writer_patch16(w, at, (uint16_t)len);
}

static void dhcp6_write_option(struct writer *w, uint16_t code, const void *value,
	size_t len)
{
	if (!len)
		return;
	size_t at = dhcp6_open(w, code);
	writer_bytes(w, value, len);
	dhcp6_close(w, at);
}

static void dhcp6_write_address(struct writer *w, const struct dhcp6_address *a)
{
	size_t ia = dhcp6_open(w,
		a->temporary ? DHCP6_OPTION_IA_TA : DHCP6_OPTION_IA_NA);
	writer_u32(w, a->iaid);
	if (!a->temporary)
		writer_u64(w, 0); /* T1, T2: the client decides */
	size_t addr = dhcp6_open(w, DHCP6_OPTION_IA_ADDR);
	writer_bytes(w, a->addr.b, 16);
	writer_u32(w, a->preferred_s);
	writer_u32(w, a->valid_s);
	dhcp6_close(w, addr);
	dhcp6_close(w, ia);
}

static void dhcp6_write_vendor_class(struct writer *w, const struct dhcp6 *d)
{
	if (!d->vendor_enterprise && !d->vendor_class.len)
		return;
	size_t at = dhcp6_open(w, DHCP6_OPTION_VENDOR_CLASS);
	writer_u32(w, d->vendor_enterprise);
	writer_u16(w, d->vendor_class.len);
	writer_bytes(w, d->vendor_class.b, d->vendor_class.len);
	dhcp6_close(w, at);
}

static void dhcp6_write_fqdn(struct writer *w, const struct octets *fqdn)
{
	char text[OCTETS_MAX + 1];
	struct dns_name name;
	if (!fqdn->len)
		return;
	memcpy(text, fqdn->b, fqdn->len);
	text[fqdn->len] = '\0';
	int r = dns_name_from_text(text, &name);
	if (r) {
		w->error = w->error ? w->error : r;
		return;
	}
	size_t at = dhcp6_open(w, DHCP6_OPTION_FQDN);
	writer_u8(w, 0); /* flags */
	dns_name_write(w, &name);
	dhcp6_close(w, at);
}

static void dhcp6_write_message(struct writer *w, const struct dhcp6 *d)
{
	writer_u32(w, (uint32_t)d->msg_type << 24 | (d->xid & 0xffffff));
	dhcp6_write_option(w, DHCP6_OPTION_CLIENT_ID, d->client_id.b, d->client_id.len);
	dhcp6_write_option(w, DHCP6_OPTION_SERVER_ID, d->server_id.b, d->server_id.len);
	if (d->has_status) {
		size_t at = dhcp6_open(w, DHCP6_OPTION_STATUS);
		writer_u16(w, d->status);
		dhcp6_close(w, at);
	}
	for (unsigned i = 0; i < d->address_count; i++)
		dhcp6_write_address(w, &d->addresses[i]);
	dhcp6_write_vendor_class(w, d);
	dhcp6_write_fqdn(w, &d->fqdn);
	dhcp6_write_option(w, DHCP6_OPTION_MUD_URL, d->mud_url.b, d->mud_url.len);
}

int dhcp6_build(struct writer *w, const struct dhcp6 *d)
{
	size_t open[DHCP6_RELAYS_MAX];
	for (unsigned i = 0; i < d->relay_count; i++) {
		const struct dhcp6_relay *relay = &d->relays[i];
		writer_u8(w, relay->type);
		writer_u8(w, relay->hop_count);
		writer_bytes(w, relay->link.b, 16);
		writer_bytes(w, relay->peer.b, 16);
		open[i] = dhcp6_open(w, DHCP6_OPTION_RELAY_MSG);
	}
	dhcp6_write_message(w, d);
	for (unsigned i = d->relay_count; i-- > 0;)
		dhcp6_close(w, open[i]);
	return w->error;
}
