// SPDX-License-Identifier: GPL-2.0-or-later
/* ddr - "is there an encrypted service behind this address?" (RFC 9462). */
#include "names/local_priv.h"

#include <string.h>

#define DDR_NAME "_dns.resolver.arpa"
#define PRIORITY 1 /* ServiceMode, and the only one */
#define KEY_ALPN 1
#define KEY_PORT 3
#define KEY_IPV4HINT 4
#define KEY_IPV6HINT 6
#define PORT_DOT 853

/* Those of the client's LAN; an address of another one may be closed to it. */
static bool is_offered(const struct local_addr *a, const char *lan, uint8_t family)
{
	return a->addr.family == family && !addr_is_link_local(&a->addr) &&
	       (!lan || !strcmp(a->lan, lan));
}

static void hints_write(const struct local_house *h, const char *lan, uint8_t family,
	struct writer *w)
{
	size_t start = w->len;

	writer_u16(w, family == 4 ? KEY_IPV4HINT : KEY_IPV6HINT);
	writer_u16(w, 0);
	for (unsigned i = 0; i < h->addr_count; i++)
		if (is_offered(&h->addrs[i], lan, family))
			writer_bytes(w, h->addrs[i].addr.b,
				addr_bits(&h->addrs[i].addr) / 8U);
	if (w->len == start + 4)
		w->len = start; /* an empty list is malformed (RFC 9460 7.3) */
	else
		writer_patch16(w, start + 2, (uint16_t)(w->len - start - 4));
}

/* RFC 9461 4, 5: keys ascend. */
static void service_write(
	const struct local_house *h, const char *lan, struct local_reply *r)
{
	size_t at = local_reply_record(r, LOCAL_ANSWER, NULL, DNS_TYPE_SVCB, LOCAL_TTL);
	struct dns_name name;

	writer_u16(r->w, PRIORITY);
	if (dns_name_from_text(h->name, &name))
		r->w->error = CARDEA_EMALFORMED;
	else
		(void)dns_name_write(r->w, &name);
	writer_u16(r->w, KEY_ALPN);
	writer_u16(r->w, 4);
	writer_bytes(r->w, "\x03" "dot", 4);
	writer_u16(r->w, KEY_PORT);
	writer_u16(r->w, 2);
	writer_u16(r->w, PORT_DOT);
	hints_write(h, lan, 4, r->w);
	hints_write(h, lan, 6, r->w);
	local_reply_record_end(r, at);
}

/* What is not written here is NODATA, the answer to all else below resolver.arpa. */
void local_ddr(const struct local_house *h, const struct addr *client,
	struct local_reply *r)
{
	const struct dns_question *q = &r->q->question;
	const char *lan = local_lan_of(h, client);

	if (!h->dot || (q->type != DNS_TYPE_SVCB && q->type != DNS_TYPE_ANY) ||
		strcmp(q->name.text, DDR_NAME))
		return;
	service_write(h, lan, r);
	for (unsigned i = 0; i < h->addr_count; i++) /* saves the client two questions */
		if (is_offered(&h->addrs[i], lan, h->addrs[i].addr.family))
			local_reply_addr(r, LOCAL_ADDITIONAL, h->name, &h->addrs[i].addr,
				LOCAL_TTL);
}
