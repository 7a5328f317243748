// SPDX-License-Identifier: GPL-2.0-or-later
/* import_meaning - what the order of published steps means on a real network, where hosts
 * remember addresses and memberships, and where a rate alone never closes a step. */
#include <string.h>
#include "base/str.h"
#include "profiles/extended/import_priv.h"
#include "wire/dns.h"

static const struct extended_field *field_of(const struct extended_policy *p,
	enum extended_key key)
{
	for (uint32_t i = 0; i < p->match.count; i++)
		if (p->match.fields[i].key == key)
			return &p->match.fields[i];
	return NULL;
}

static bool field_is_only(const struct extended_policy *p, enum extended_key key,
	enum extended_value_kind kind, uint32_t lo)
{
	const struct extended_field *f = field_of(p, key);

	return f && f->count == 1 && f->values[0].kind == kind && f->values[0].lo == lo;
}

static bool same_value(const struct extended_value *a, const struct extended_value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == VALUE_TEXT || a->kind == VALUE_START || a->kind == VALUE_NAME)
		return strcmp(a->text, b->text) == 0;
	if (a->kind == VALUE_NET)
		return addr_equal(&a->net.addr, &b->net.addr) && a->net.len == b->net.len;
	if (a->kind == VALUE_MAC)
		return mac_equal(&a->mac, &b->mac);
	return a->lo == b->lo && a->hi == b->hi;
}

/* Whether all that b may be, a may be, too. */
static bool field_covers(const struct extended_field *a, const struct extended_field *b)
{
	for (uint32_t i = 0; b && i < b->count; i++) {
		uint32_t at = 0;

		while (at < a->count && !same_value(&a->values[at], &b->values[i]))
			at++;
		if (at == a->count)
			return false;
	}
	return b != NULL;
}

static bool same_field(const struct extended_policy *a, enum extended_key ka,
	const struct extended_policy *b, enum extended_key kb)
{
	const struct extended_field *fa = field_of(a, ka), *fb = field_of(b, kb);

	return fa && fb && field_covers(fa, fb) && field_covers(fb, fa);
}

/* Who asks for an address keeps the answer, and so does who is asked (RFC 826; RFC 1122
 * 2.3.2.1): an announcement, which names itself, is another matter. */
static bool is_resolution(const struct extended_policy *p)
{
	return p->match.protos == 1u << EXTENDED_ARP &&
	       !same_field(p, KEY_ARP_SPA, p, KEY_ARP_TPA);
}

/* A member reports when it joins and when it is asked, not before each packet (RFC 3376
 * 5), and a switch that snoops shows the report to routers alone (RFC 4541 2.1.1). */
static bool is_membership(const struct extended_policy *p)
{
	return p->match.protos & 1u << EXTENDED_IGMP &&
	       (field_is_only(p, KEY_IGMP_TYPE, VALUE_RANGE, 0x16) ||
		       field_is_only(p, KEY_IGMP_TYPE, VALUE_RANGE, 0x12));
}

static bool is_remembered(const struct extended_node *n)
{
	return n->kind == NODE_STEP && (is_resolution(n->step) || is_membership(n->step));
}

/* What prepares something may be long done when that happens. */
static void import_optional(struct extended_node *n)
{
	for (; n; n = n->next) {
		const struct extended_node *later = n->next;

		while (later && is_remembered(later))
			later = later->next;
		if (later && is_remembered(n))
			n->step->optional = true;
	}
}

static bool is_periodic(const struct extended_node *n)
{
	const struct extended_stats *s = n && n->kind == NODE_STEP ? &n->step->stats : NULL;

	return s && s->has_rate && !s->packets.is_set && !s->bytes.is_set &&
	       !s->duration.is_set;
}

static struct extended_node *node_new(struct importer *im, enum extended_node_kind kind,
	uint32_t line, struct extended_node *child)
{
	struct extended_node *n = reader_take(&im->r, sizeof *n);

	if (n)
		*n = (struct extended_node){.kind = kind, .line = line, .child = child};
	return n;
}

static struct extended_node *loop_new(struct importer *im, uint32_t min,
	struct extended_node *child)
{
	struct extended_node *body = node_new(im, NODE_SEQUENCE, child->line, child);
	struct extended_node *loop = body ? node_new(im, NODE_LOOP, child->line, body) : NULL;

	if (loop)
		loop->min = min;
	return loop;
}

/* Several steps, any of which may be next. */
static struct extended_node *choice_new(struct importer *im, struct extended_node *first)
{
	struct extended_node *choice = node_new(im, NODE_CHOICE, first->line, NULL);
	struct extended_node **at = choice ? &choice->child : NULL;

	for (struct extended_node *n = first, *next; choice && n; n = next) {
		next = n->next;
		n->next = NULL;
		*at = node_new(im, NODE_SEQUENCE, n->line, n);
		if (!*at)
			return NULL;
		at = &(*at)->next;
	}
	return choice;
}

/* A rate alone never says that a step is over: of several in a row, all are open once
 * the first has begun, as they are for the published tools. */
static struct extended_node *periodic_run(struct importer *im, struct extended_node *first)
{
	struct extended_node *rest = first->next;

	if (rest->next)
		rest = choice_new(im, rest);
	if (rest)
		rest = loop_new(im, 0, rest);
	if (!rest)
		return NULL;
	first->next = rest;
	return loop_new(im, 1, first);
}

static void import_runs(struct importer *im, struct extended_node **at)
{
	for (; *at; at = &(*at)->next) {
		struct extended_node *first = *at, *end = first, *after;

		while (is_periodic(end) && is_periodic(end->next))
			end = end->next;
		if (end == first)
			continue;
		after = end->next;
		end->next = NULL;
		first = periodic_run(im, first);
		if (!first)
			return;
		first->next = after;
		*at = first;
	}
}

static void set_type(struct extended_policy *p, uint32_t type)
{
	for (uint32_t i = 0; i < p->match.count; i++)
		if (p->match.fields[i].key == KEY_ARP_TYPE)
			p->match.fields[i].values[0].lo = p->match.fields[i].values[0].hi =
				type;
}

/* NULL for the file that was asked for. */
static const char *note_file(const struct importer *im, const struct extended_policy *p)
{
	const char *file = p->provenance.file;

	return file && strcmp(file, im->files[0].path) == 0 ? NULL : file;
}

/* An answer goes to who has asked. One that is said to go to all, before a question that
 * goes back, is the question, and that is its answer. */
static void import_exchanged(struct importer *im, struct extended_node *n)
{
	for (; n && n->next; n = n->next) {
		if (n->kind != NODE_STEP || n->next->kind != NODE_STEP)
			continue;
		struct extended_policy *a = n->step, *b = n->next->step;

		if (!is_resolution(a) || !is_resolution(b) ||
			!field_is_only(a, KEY_ARP_TYPE, VALUE_RANGE, 2) ||
			!field_is_only(b, KEY_ARP_TYPE, VALUE_RANGE, 1) ||
			!field_is_only(a, KEY_ARP_THA, VALUE_GROUP, GROUP_MAC_BROADCAST) ||
			!same_field(a, KEY_ARP_SPA, b, KEY_ARP_TPA) ||
			!same_field(a, KEY_ARP_TPA, b, KEY_ARP_SPA))
			continue;
		note_at(im->r.notes, NOTE_REPAIR, note_file(im, a), a->line, 1,
			"a reply to everybody, and then a request back: read as the request "
			"and its reply");
		set_type(a, 1);
		set_type(b, 2);
	}
}

static bool is_gateway_question(const struct extended_policy *p, uint32_t family)
{
	enum extended_key src = family == 4 ? KEY_IPV4_SRC : KEY_IPV6_SRC;
	enum extended_key dst = family == 4 ? KEY_IPV4_DST : KEY_IPV6_DST;

	return p->match.protos & 1u << EXTENDED_DNS && p->bidirectional && !p->deny &&
	       field_is_only(p, src, VALUE_ROLE, EXTENDED_SELF) &&
	       field_is_only(p, dst, VALUE_ROLE, EXTENDED_GATEWAY) &&
	       field_is_only(p, KEY_UDP_DST_PORT, VALUE_RANGE, DNS_PORT);
}

/* A policy that always lets the same question through over IPv4. */
static const struct extended_policy *same_question(const struct extended_profile *profile,
	const struct extended_policy *p)
{
	for (uint32_t i = 0; i < profile->policy_count; i++) {
		const struct extended_policy *q = &profile->policies[i];
		const struct extended_field *name = field_of(q, KEY_DNS_NAME);
		const struct extended_field *type = field_of(q, KEY_DNS_QTYPE);

		if (is_gateway_question(q, 4) && name && type &&
			field_covers(name, field_of(p, KEY_DNS_NAME)) &&
			field_covers(type, field_of(p, KEY_DNS_QTYPE)))
			return q;
	}
	return NULL;
}

static struct extended_node *over_ipv4(struct importer *im, const struct extended_node *n)
{
	struct extended_policy *p = pool_copy(im->r.pool, n->step, sizeof *p);
	char name[64];

	if (!p || str_print(name, sizeof name, "%.58s-ipv4", p->name))
		return NULL;
	p->name = pool_string(im->r.pool, name, strlen(name));
	p->match.fields = pool_copy(im->r.pool, p->match.fields,
		p->match.count * sizeof *p->match.fields);
	if (!p->name || !p->match.fields)
		return NULL;
	p->match.protos ^= 1u << EXTENDED_IPV6 | 1u << EXTENDED_IPV4;
	for (uint32_t i = 0; i < p->match.count; i++) {
		struct extended_field *f = &p->match.fields[i];

		if (f->key == KEY_IPV6_SRC || f->key == KEY_IPV6_DST)
			f->key = f->key == KEY_IPV6_SRC ? KEY_IPV4_SRC : KEY_IPV4_DST;
	}
	struct extended_node *copy = node_new(im, NODE_STEP, n->line, NULL);

	if (copy)
		copy->step = p;
	return copy;
}

/* Which of its two addresses of the gateway a device asks is up to its resolver: where
 * the profile lets it ask either, either begins what the answer is for. */
static void import_families(struct importer *im, struct extended_node **at)
{
	for (; *at; at = &(*at)->next) {
		struct extended_node *n = *at, *next = n->next, *other, *choice;

		if (n->kind != NODE_STEP || !is_gateway_question(n->step, 6) ||
			n->step->match.protos & 1u << EXTENDED_IPV4 ||
			!same_question(im->r.profile, n->step))
			continue;
		other = over_ipv4(im, n);
		if (!other) {
			im->r.short_of_memory = true;
			return;
		}
		n->next = other;
		choice = choice_new(im, n);
		if (!choice)
			return;
		note_at(im->r.notes, NOTE_INFO, note_file(im, n->step), n->step->line, 1,
			"the same question is permitted over IPv4: it may begin this, too");
		choice->next = next;
		*at = choice;
	}
}

void import_meaning(struct importer *im, struct extended_node **steps, uint32_t count)
{
	import_exchanged(im, *steps);
	import_optional(*steps);
	if (count <= EXTENDED_STEPS / 2) /* each may become two */
		import_families(im, steps);
	import_runs(im, steps);
}
