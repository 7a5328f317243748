// SPDX-License-Identifier: GPL-2.0-or-later
/* question.c - DNS, mDNS: what is asked is part of what the conversation is, because
 * many devices ask all their questions from one port. */
#include "observe/observe_priv.h"

#include "base/str.h"

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

/* The octets of a name that is spelt out, and of the type behind it; 0: it is not, or
 * longer than is remembered, or something is missing. */
static size_t asked_octets(const struct cursor *c)
{
	const uint8_t *p = c->pos;
	size_t at = 0, left = cursor_left(c);

	while (at < left && p[at] && p[at] <= DNS_LABEL_MAX)
		at += 1U + p[at];
	at += 1 + sizeof(uint16_t); /* the root, the type; the class */
	if (at > OBSERVE_ASKED_MAX || at + sizeof(uint16_t) > left || p[at - 3])
		return 0;
	return at;
}

/* Without a secret, so that the same capture gives the same records; who fills a place on
 * purpose has names spelt again. */
static uint64_t place_of(const uint8_t *octets, size_t len)
{
	static const struct hash_key fixed = {{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9}};

	return hash_quick(&fixed, octets, len);
}

/* One more holder of what the octets ask for, as it was spelt last time; 0: it is to be
 * spelt, and goes to *ret_place. */
static uint32_t asked_before(struct observe *o, const uint8_t *octets, size_t len,
	struct observe_asked **ret_place)
{
	struct observe_asked *a = &o->asked[place_of(octets, len) % OBSERVE_ASKED];

	*ret_place = a;
	if (!a->text || a->len != len || memcmp(a->octets, octets, len))
		return 0;
	return strings_hold(&o->strings, a->text);
}

static void asked_note(struct observe *o, struct observe_asked *a,
	const uint8_t *octets, size_t len, uint32_t text)
{
	strings_drop(&o->strings, a->text);
	a->text = strings_hold(&o->strings, text);
	a->len = (uint8_t)len;
	memcpy(a->octets, octets, len);
}

/* The first question; in an mDNS announcement, which has none, the first record. */
static uint32_t take_dns(struct observe *o, struct cursor c, bool *ret_is_one)
{
	struct dns_question *q = &o->scratch.question;
	struct observe_asked *place;
	struct dns_header h;

	if (dns_parse_header(&c, &h) || !(h.questions || h.answers))
		return 0;
	const uint8_t *octets = c.pos;
	size_t len = h.opcode ? 0 : asked_octets(&c);
	uint32_t text = len ? asked_before(o, octets, len, &place) : 0;
	if (!text && dns_next_question(&c, q))
		return 0;
	*ret_is_one = true;
	if (text || h.opcode)
		return text;
	text = take_text(o, q->type, &q->name);
	if (len)
		asked_note(o, place, octets, len, text);
	return text;
}

/* What an SSDP message says, as take_dns; false: it is none. */
static bool take_ssdp(struct observe *o, struct cursor c, uint32_t *ret_text)
{
	const uint8_t *octets = c.pos;
	size_t len = cursor_left(&c);
	struct observe_sought *s = &o->sought[place_of(octets, len) % OBSERVE_SOUGHT];

	if (s->text && s->len == len && !memcmp(s->octets, octets, len)) {
		*ret_text = strings_hold(&o->strings, s->text);
		return true;
	}
	if (!observe_ssdp(o, c))
		return false;
	*ret_text = strings_take(&o->strings, o->scratch.text);
	if (len > OBSERVE_SOUGHT_MAX)
		return true;
	strings_drop(&o->strings, s->text);
	s->text = strings_hold(&o->strings, *ret_text);
	s->len = (uint16_t)len;
	memcpy(s->octets, octets, len);
	return true;
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
	bool mdns = w->sport == OBSERVE_PORT_MDNS || w->dport == OBSERVE_PORT_MDNS;
	bool is_one = false;
	uint32_t asked = 0;

	if (w->proto != FLOW_PROTO_UDP)
		return 0;
	if (dns || mdns) {
		asked = take_dns(o, w->payload, &is_one);
		if (is_one)
			*ret_app = dns ? RECORD_APP_DNS : RECORD_APP_MDNS;
	} else if (w->sport == OBSERVE_PORT_SSDP || w->dport == OBSERVE_PORT_SSDP) {
		if (take_ssdp(o, w->payload, &asked))
			*ret_app = RECORD_APP_SSDP;
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
	(void)head_field_or(&h, "st", "nt", &what);
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
