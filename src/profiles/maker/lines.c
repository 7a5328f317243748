// SPDX-License-Identifier: GPL-2.0-or-later
/* lines - rules as the few conversations that a person counts: both directions, both
 * families and both halves of one thing are one line. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "profiles/maker/maker_priv.h"

static enum maker_place place_of_prefix(const struct addr *a)
{
	return addr_is_multicast(a) || addr_is_link_local(a) || addr_is_private(a) ||
			       addr_is_limited_broadcast(a)
		       ? MAKER_LOCAL
		       : MAKER_INTERNET;
}

static bool is_frame(const struct rule *r)
{
	return r->ethertype != RULE_ETHERTYPE_IP;
}

static enum maker_place place_of(const struct peer *p)
{
	switch (p->kind) {
	case PEER_LOCAL_NETWORKS:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAC:
		return MAKER_LOCAL;
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
		return MAKER_CONTROLLER;
	case PEER_GATEWAY:
	case PEER_CONTROLLER_DNS:
	case PEER_CONTROLLER_NTP:
		return MAKER_GATEWAY;
	case PEER_PREFIX:
		return place_of_prefix(&p->prefix.addr);
	case PEER_ANY:
	case PEER_NAME:
	case PEER_MAX:
		break;
	}
	return MAKER_INTERNET;
}

static const char *words_of(enum peer_kind k)
{
	switch (k) {
	case PEER_ANY:
		return "any address";
	case PEER_LOCAL_NETWORKS:
		return "any device at home";
	case PEER_GATEWAY:
		return "the gateway";
	case PEER_CONTROLLER_DNS:
		return "the gateway's DNS";
	case PEER_CONTROLLER_NTP:
		return "the gateway's clock";
	case PEER_CONTROLLER:
		return "controllers of class ";
	case PEER_MY_CONTROLLER:
		return "its own controller";
	case PEER_SAME_MANUFACTURER:
		return "devices of the same maker";
	case PEER_MANUFACTURER:
		return "devices made by ";
	case PEER_MODEL:
		return "devices of model ";
	case PEER_MAC:
		return "the device ";
	case PEER_NAME:
	case PEER_PREFIX:
	case PEER_MAX:
		break;
	}
	return "";
}

static void peer_text(const struct rule *r, char buf[MAKER_PEER_MAX])
{
	const struct peer *p = &r->peer;
	char name[LIMIT_NAME * 4], mac[MAC_TEXT_MAX];

	if (is_frame(r) && p->kind == PEER_ANY) {
		str_copy(buf, MAKER_PEER_MAX, words_of(PEER_LOCAL_NETWORKS));
		return;
	}
	if (p->kind == PEER_MAC) {
		(void)str_print(buf, MAKER_PEER_MAX, "%s%s", words_of(p->kind),
			mac_format(&p->mac, mac));
		return;
	}
	if (p->kind == PEER_PREFIX && p->prefix.len == addr_bits(&p->prefix.addr)) {
		addr_format(&p->prefix.addr, buf);
	} else if (p->kind == PEER_PREFIX) {
		prefix_format(&p->prefix, buf);
	} else {
		str_escape(str_untrusted(p->name), name, sizeof name);
		(void)str_print(buf, MAKER_PEER_MAX, "%s%s", words_of(p->kind), name);
	}
}

static bool is_any(struct range16 r)
{
	return r.lo == 0 && r.hi == UINT16_MAX;
}

static void add_ports(char *buf, const char *words, struct range16 r)
{
	size_t len = strlen(buf);

	if (r.lo == r.hi)
		(void)str_print(
			buf + len, MAKER_SERVICE_MAX - len, "%s %u", words, r.lo);
	else if (!is_any(r))
		(void)str_print(buf + len, MAKER_SERVICE_MAX - len, "%s %u-%u", words,
			r.lo, r.hi);
}

/* The server's port is what a service is known by. */
static void service_text(const struct rule *r, char buf[MAKER_SERVICE_MAX])
{
	const char *name =
		r->proto == RULE_PROTO_ANY ? NULL : flow_proto_name((uint8_t)r->proto);

	if (is_frame(r)) {
		(void)str_print(buf, MAKER_SERVICE_MAX, "frames of type 0x%04x",
			(unsigned)r->ethertype);
		return;
	}
	if (r->proto == RULE_PROTO_ANY)
		str_copy(buf, MAKER_SERVICE_MAX, "anything");
	else if (r->proto == FLOW_PROTO_ICMP || r->proto == FLOW_PROTO_ICMP6)
		str_copy(buf, MAKER_SERVICE_MAX, "ping (ICMP)");
	else if (name)
		str_copy(buf, MAKER_SERVICE_MAX, name);
	else
		(void)str_print(buf, MAKER_SERVICE_MAX, "IP protocol %d", r->proto);
	if (name && (r->proto == FLOW_PROTO_TCP || r->proto == FLOW_PROTO_UDP))
		str_copy(buf, MAKER_SERVICE_MAX,
			r->proto == FLOW_PROTO_TCP ? "TCP" : "UDP");
	add_ports(buf, "", r->peer_port);
	bool own = is_any(r->peer_port) && !is_any(r->device_port);
	add_ports(buf, own ? "" : " from port", r->device_port);
	if (own)
		(void)str_print(buf + strlen(buf), MAKER_SERVICE_MAX - strlen(buf),
			" (own port)");
}

/* Who starts: as stated; else the one who asks a service of the other. */
static void starters(const struct rule *r, struct maker_line *l)
{
	bool served = !is_any(r->device_port) && is_any(r->peer_port);
	bool serves = !is_any(r->peer_port);

	if (r->initiator != INITIATOR_EITHER) {
		l->out |= r->initiator == INITIATOR_DEVICE;
		l->in |= r->initiator == INITIATOR_PEER;
	} else if (serves || served) {
		l->out |= serves;
		l->in |= served;
	} else {
		l->out |= r->direction == DIRECTION_FROM_DEVICE;
		l->in |= r->direction == DIRECTION_TO_DEVICE;
	}
}

static bool is_same(const struct maker_line *a, const struct maker_line *b)
{
	return a->forbidden == b->forbidden && a->place == b->place &&
	       !strcmp(a->peer, b->peer) && !strcmp(a->service, b->service);
}

int maker_lines(struct pool *pool, const struct rule *rules, size_t count,
	struct maker_line **ret_lines, size_t *ret_count)
{
	struct maker_line *lines = pool_take(
		pool, (count < MAKER_LINES_MAX ? count + 1 : MAKER_LINES_MAX) *
			      sizeof *lines);
	size_t n = 0;

	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct maker_line l = {.place = is_frame(&rules[i])
							? MAKER_LOCAL
							: place_of(&rules[i].peer),
			.forbidden = rules[i].action == RULE_DROP};
		size_t at = 0;
		peer_text(&rules[i], l.peer);
		service_text(&rules[i], l.service);
		while (at < n && !is_same(&lines[at], &l))
			at++;
		if (at == MAKER_LINES_MAX)
			return CARDEA_ELIMIT;
		if (at == n)
			lines[n++] = l;
		starters(&rules[i], &lines[at]);
	}
	*ret_lines = lines;
	*ret_count = n;
	return 0;
}

char *maker_sentence(const struct maker_line *l, char buf[MAKER_SENTENCE_MAX])
{
	if (l->forbidden)
		(void)str_print(buf, MAKER_SENTENCE_MAX, "must not exchange %s with %s",
			l->service, l->peer);
	else if (l->out && l->in)
		(void)str_print(buf, MAKER_SENTENCE_MAX, "may exchange %s with %s",
			l->service, l->peer);
	else if (l->in)
		(void)str_print(buf, MAKER_SENTENCE_MAX, "may be asked by %s: %s",
			l->peer, l->service);
	else
		(void)str_print(buf, MAKER_SENTENCE_MAX, "may %s %s to %s",
			strncmp(l->service, "TCP", 3) ? "send" : "open", l->service,
			l->peer);
	return buf;
}

/* Five characters that XML keeps for itself; the text is clean UTF-8. */
void maker_xml(const char *utf8, FILE *out)
{
	for (; *utf8; utf8++)
		switch (*utf8) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*utf8, out);
		}
}

char *maker_short(const char *utf8, size_t max, char *buf, size_t size)
{
	size_t chars = 0, len = 0, keep = 0;

	for (; utf8[len]; len++) {
		bool starts = ((unsigned char)utf8[len] & 0xc0) != 0x80;
		if (starts && chars++ == max - 1)
			keep = len;
	}
	if (chars <= max && len < size)
		str_copy(buf, size, utf8);
	else
		(void)str_print(buf, size, "%.*s\xe2\x80\xa6",
			(int)(keep && keep < size - 4 ? keep : 0), utf8);
	return buf;
}
