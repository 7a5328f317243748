// SPDX-License-Identifier: GPL-2.0-or-later
/* question.c - DNS, mDNS: what is asked is part of what the conversation is, because
 * many devices ask all their questions from one port. */
#include "observe/observe_priv.h"

#include "base/str.h"

#define MDNS_PORT 5353
#define SSDP_PORT 1900
#define DHCP4_COOKIE_AT 236 /* RFC 2131 3 */
#define DHCP4_COOKIE 0x63825363

static const char *type_name(uint16_t type, char buf[static 12])
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {{DNS_TYPE_A, "A"}, {DNS_TYPE_NS, "NS"}, {DNS_TYPE_CNAME, "CNAME"},
		{DNS_TYPE_SOA, "SOA"}, {DNS_TYPE_PTR, "PTR"}, {DNS_TYPE_MX, "MX"},
		{DNS_TYPE_TXT, "TXT"}, {DNS_TYPE_AAAA, "AAAA"}, {DNS_TYPE_SRV, "SRV"},
		{DNS_TYPE_SVCB, "SVCB"}, {DNS_TYPE_HTTPS, "HTTPS"},
		{DNS_TYPE_ANY, "ANY"}};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].type == type)
			return names[i].name;
	(void)str_print(buf, 12, "TYPE%u", type); /* RFC 3597 5 */
	return buf;
}

/* "A cloud.example.com"; a text too long is cut, which is fine for a detail. */
static uint32_t take_text(struct observe *o, uint16_t type, const struct dns_name *name)
{
	char *text = o->scratch.text, buf[12];
	size_t at;

	str_copy(text, sizeof buf, type_name(type, buf));
	at = strlen(text);
	text[at++] = ' ';
	str_copy(text + at, sizeof o->scratch.text - at, name->text);
	return strings_take(&o->strings, text);
}

/* The first question; in an mDNS announcement, which has none, the first record. */
static uint32_t take_dns(struct observe *o, struct cursor c, bool *ret_is_one)
{
	struct dns_question *q = &o->scratch.question;
	struct dns_header h;

	if (dns_parse_header(&c, &h) || !(h.questions || h.answers) ||
		dns_next_question(&c, q))
		return 0;
	*ret_is_one = true;
	return h.opcode ? 0 : take_text(o, q->type, &q->name);
}

static bool is_dhcp(const struct walk *w)
{
	struct cursor c = w->payload;

	if (w->family == 6)
		return cursor_u8(&c) <= DHCP6_RELAY_REPLY && !c.error;
	cursor_skip(&c, DHCP4_COOKIE_AT);
	return cursor_u32(&c) == DHCP4_COOKIE;
}

uint32_t observe_asked(
	struct observe *o, const struct walk *w, enum record_app *ret_app)
{
	bool dns = w->sport == DNS_PORT || w->dport == DNS_PORT;
	bool mdns = w->sport == MDNS_PORT || w->dport == MDNS_PORT;
	bool is_one = false;
	uint32_t asked = 0;

	if (w->proto != FLOW_PROTO_UDP)
		return 0;
	if (dns || mdns) {
		asked = take_dns(o, w->payload, &is_one);
		if (is_one)
			*ret_app = dns ? RECORD_APP_DNS : RECORD_APP_MDNS;
	} else if (w->sport == SSDP_PORT || w->dport == SSDP_PORT) {
		if (observe_ssdp(o, w->payload)) {
			*ret_app = RECORD_APP_SSDP;
			asked = strings_take(&o->strings, o->scratch.text);
		}
	} else if ((w->sport == DHCP4_SERVER_PORT || w->dport == DHCP4_SERVER_PORT ||
			   w->sport == DHCP6_SERVER_PORT ||
			   w->dport == DHCP6_SERVER_PORT) &&
		   is_dhcp(w)) {
		*ret_app = RECORD_APP_DHCP;
	}
	return asked;
}

/* UPnP Device Architecture 2.0, 1.2 and 1.3: what is sought (ST) or there (NT). */
bool observe_ssdp(struct observe *o, struct cursor message)
{
	struct untrusted_str what = {0}, method;
	char *text = o->scratch.text;
	struct head h;
	size_t at;

	if (head_parse(message, &h))
		return false;
	method = h.is_answer ? h.status : h.method;
	if (!head_field(&h, "st", &what))
		(void)head_field(&h, "nt", &what);
	str_escape(method, text, HEAD_METHOD_MAX + 1);
	at = strlen(text);
	if (what.len) {
		text[at++] = ' ';
		str_escape(what, text + at, sizeof o->scratch.text - at);
	}
	return true;
}

static bool has_answers(struct cursor message)
{
	struct dns_header h;

	return !dns_parse_header(&message, &h) && h.answers;
}

void observe_names(struct observe *o, uint32_t host, struct cursor message)
{
	struct dns_answer *a = &o->scratch.answer;

	if (!has_answers(message) || dns_answer_collect(message, a) || !a->count)
		return;
	uint32_t name = strings_take(&o->strings, a->question.name.text);
	for (unsigned i = 0; i < a->count; i++)
		told_add(&o->told, &o->strings, host, &a->addresses[i], name,
			a->min_ttl, o->now);
	strings_drop(&o->strings, name);
}

void observe_answer(struct observe *o, const struct walk *w, const struct flow_entry *e)
{
	unsigned starter = e->flags & FLOW_STARTER ? 1 : 0;
	uint32_t host;

	/* only what was asked for: anybody can send an answer */
	if (w->swapped == starter || !e->packets[starter])
		return;
	host = e->host[starter];
	if (host && (!o->one_device ||
			    mac_equal(&o->hosts.hosts[host].mac, &o->config.device)))
		observe_names(o, host, w->payload);
}

void observe_dns_stream(struct observe *o, const struct walk *w, struct flow_entry *e)
{
	bool from_starter = w->swapped == !!(e->flags & FLOW_STARTER), is_one = false;
	struct cursor stream = w->payload, c;
	struct walk answer = *w;

	/* what is in one segment; few answers are longer */
	while (!dns_frame_next(&stream, &c)) {
		answer.payload = cursor_of(c.pos, cursor_left(&c));
		if (!from_starter)
			observe_answer(o, &answer, e);
		else if (!e->detail)
			e->detail = take_dns(o, answer.payload, &is_one);
	}
}
