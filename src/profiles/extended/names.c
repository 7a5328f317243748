// SPDX-License-Identifier: GPL-2.0-or-later
/* names - the addresses that the device itself was told for the names of its profile
 * (RFC 9726). An answer counts when the device asked: same server, port, id and name. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/facts.h"

#define NAMES_PATTERNS 512 /* that one profile has */
#define NAMES_ADDRS 64	   /* of one name; pools of time servers have many */
#define NAMES_ASKED 64	   /* questions without an answer; devices ask a few at once */

struct name_addr {
	struct addr addr;
	nstime until;
};

struct name_pattern {
	const char *pattern;
	bool answered;
	uint32_t count, oldest;
	struct name_addr addrs[NAMES_ADDRS];
};

struct name_question {
	struct addr server;
	uint16_t id, port, type;
	char name[LIMIT_NAME];
};

struct names {
	uint32_t pattern_count, next;
	struct name_pattern *patterns; /* by text */
	struct name_question asked[NAMES_ASKED];
	struct dns_answer answer; /* scratch */
};

bool name_fits(const char *pattern, const char *name)
{
	size_t len = strlen(name), tail = strlen(pattern);

	if (pattern[0] != '*')
		return strcmp(pattern, name) == 0;
	/* "*.example.com": the dot is part of what must be there */
	return len > tail - 1 && strcmp(name + len - (tail - 1), pattern + 1) == 0;
}

static int by_pattern(const void *a, const void *b)
{
	return strcmp(((const struct name_pattern *)a)->pattern,
		((const struct name_pattern *)b)->pattern);
}

struct collector {
	const struct extended_profile *p;
	const char **texts;
	uint32_t count;
};

static void collect_text(struct collector *c, const char *text)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (strcmp(c->texts[i], text) == 0)
			return;
	if (c->count < NAMES_PATTERNS)
		c->texts[c->count++] = text;
}

static void collect_policy(void *ctx, struct extended_policy *p,
	const struct extended_interaction *i, const struct extended_permit *permit)
{
	struct collector *c = ctx;

	(void)i;
	(void)permit;
	for (uint32_t f = 0; f < p->match.count; f++) {
		const struct extended_field *field = &p->match.fields[f];
		enum key_type type = schema_keys[field->key].type;

		for (uint32_t v = 0; v < field->count; v++) {
			const struct extended_value *value = &field->values[v];

			if (value->kind == VALUE_NAME &&
				(type == TYPE_IPV4 || type == TYPE_IPV6))
				collect_text(c, value->text);
			if (value->kind == VALUE_ROLE && c->p->roles[value->lo].domain)
				collect_text(c, c->p->roles[value->lo].domain);
		}
	}
}

static struct name_pattern *names_find(const struct names *n, const char *pattern)
{
	const struct name_pattern key = {.pattern = pattern};

	return bsearch(&key, n->patterns, n->pattern_count, sizeof key, by_pattern);
}

static void names_add(struct name_pattern *p, const struct addr *a, nstime until)
{
	uint32_t at = 0;

	while (at < p->count && !addr_equal(&p->addrs[at].addr, a))
		at++;
	if (at == NAMES_ADDRS) {
		at = p->oldest;
		p->oldest = (p->oldest + 1) % NAMES_ADDRS;
		p->addrs[at].until = 0;
	}
	if (at == p->count)
		p->count++;
	p->addrs[at].addr = *a;
	if (until > p->addrs[at].until)
		p->addrs[at].until = until;
}

static void names_known(struct names *n, const struct extended_bound *b)
{
	for (uint32_t i = 0; i < b->binding->known_count; i++) {
		const struct extended_known *k = &b->binding->known[i];

		for (uint32_t j = 0; j < n->pattern_count; j++)
			for (uint32_t a = 0; name_fits(n->patterns[j].pattern, k->name) &&
					     a < k->addr_count; a++)
				names_add(&n->patterns[j], &k->addrs[a], INT64_MAX);
	}
}

struct names *names_new(const struct extended_bound *b)
{
	const char *texts[NAMES_PATTERNS];
	struct collector c = {b->profile, texts, 0};
	struct names *n = calloc(1, sizeof *n);

	each_policy(b->profile, collect_policy, &c);
	for (uint32_t i = 0; i < b->profile->role_count; i++)
		if (b->parties[i] && b->parties[i]->name)
			collect_text(&c, b->parties[i]->name);
	if (n)
		n->patterns = calloc(c.count ? c.count : 1, sizeof *n->patterns);
	if (!n || !n->patterns) {
		free(n);
		return NULL;
	}
	n->pattern_count = c.count;
	for (uint32_t i = 0; i < c.count; i++)
		n->patterns[i].pattern = texts[i];
	qsort(n->patterns, n->pattern_count, sizeof *n->patterns, by_pattern);
	names_known(n, b);
	return n;
}

void names_free(struct names *n)
{
	if (n)
		free(n->patterns);
	free(n);
}

size_t names_memory(const struct names *n)
{
	return sizeof *n + n->pattern_count * sizeof *n->patterns;
}

/* A clock set once and asked every quarter of an hour is asked at the address that was
 * told at first: what is in use stays as long as an interaction may idle. */
bool names_has(struct names *n, const char *pattern, const struct addr *a, nstime when)
{
	struct name_pattern *p = names_find(n, pattern);
	nstime used = when + EXTENDED_TIMEOUT;

	for (uint32_t i = 0; p && i < p->count; i++) {
		if (!addr_equal(&p->addrs[i].addr, a))
			continue;
		if (when > p->addrs[i].until)
			return false;
		if (used > p->addrs[i].until)
			p->addrs[i].until = used;
		return true;
	}
	return false;
}

bool names_silent(const struct names *n, const char *pattern)
{
	const struct name_pattern *p = names_find(n, pattern);

	return p && !p->answered && !p->count;
}

void names_asked(struct names *n, const struct facts *f)
{
	struct name_question *q = &n->asked[n->next++ % NAMES_ASKED];

	if (f->dns.count != 1)
		return;
	q->server = f->p->ip.dst;
	q->id = f->dns.id;
	q->port = f->src_port;
	q->type = f->dns.questions[0].type;
	(void)str_copy(q->name, sizeof q->name, f->dns.questions[0].name.text);
}

static bool names_was_asked(struct names *n, const struct facts *f)
{
	const struct dns_question *of = &f->dns.questions[0];

	for (unsigned i = 0; i < NAMES_ASKED; i++) {
		struct name_question *q = &n->asked[i];

		if (q->name[0] && q->id == f->dns.id && q->port == f->dst_port &&
			q->type == of->type && strcmp(q->name, of->name.text) == 0 &&
			addr_equal(&q->server, &f->p->ip.src)) {
			q->name[0] = '\0';
			return true;
		}
	}
	return false;
}

static nstime answer_until(const struct dns_answer *a, nstime when)
{
	uint32_t ttl = a->min_ttl;

	if (ttl < BINDING_TTL_MIN_S)
		ttl = BINDING_TTL_MIN_S;
	if (ttl > BINDING_TTL_MAX_S)
		ttl = BINDING_TTL_MAX_S;
	return when + ((nstime)ttl + BINDING_GRACE_S) * NS_PER_SEC;
}

void names_answered(struct names *n, const struct facts *f)
{
	struct cursor message = f->p->payload, stream = message;

	if (f->dns.count != 1 || (f->is_tcp && dns_frame_next(&stream, &message)) ||
		!names_was_asked(n, f) || dns_answer_collect(message, &n->answer))
		return;
	for (uint32_t i = 0; i < n->pattern_count; i++) {
		struct name_pattern *p = &n->patterns[i];

		if (!name_fits(p->pattern, n->answer.question.name.text))
			continue;
		p->answered = true;
		for (unsigned a = 0; a < n->answer.count; a++)
			names_add(p, &n->answer.addresses[a], answer_until(&n->answer, f->when));
	}
}
