// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended_said - what is asked: names of the gateway, services of all. */
#include "engine/learn_extended_priv.h"

#include <string.h>

#include "base/str.h"

#define PORT_DNS 53
#define PORT_SSDP 1900

/* A question by itself, beside the conversation in which it was asked. */
bool learn_kind_is_said(const struct learned_kind *k)
{
	bool port = k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP;

	return port && !k->port && !k->port_any && k->app != RECORD_APP_NONE;
}

static bool is_question(const struct learned_kind *k, enum record_app app)
{
	return learn_kind_is_said(k) && k->app == app;
}

static bool carries(const struct learned_kind *k, enum record_app app)
{
	if (learn_kind_is_said(k) || k->proto != FLOW_PROTO_UDP ||
		k->direction != DIRECTION_FROM_DEVICE || k->port_any)
		return false;
	if (app == RECORD_APP_DNS)
		return k->place == RECORD_GATEWAY && k->port == PORT_DNS;
	return k->place == RECORD_GROUP && k->port == PORT_SSDP;
}

/* What was asked is known when each conversation told it. */
static bool all_is_told(const struct making *m, enum record_app app)
{
	const struct learn_kinds *all = &m->of->general;
	uint64_t said = 0, carried = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (is_question(&all->list[i], app))
			said += all->list[i].flows;
		else if (carries(&all->list[i], app))
			carried += all->list[i].flows;
	}
	return said && said >= carried;
}

bool making_is_asked(const struct making *m, const struct learned_kind *k)
{
	return carries(k, RECORD_APP_DNS) && all_is_told(m, RECORD_APP_DNS);
}

/* ---- names ---- */

static const char *object_of(const struct learned_kind *k)
{
	const char *space = strchr(k->detail, ' ');

	return space ? space + 1 : "";
}

static bool verb_is(const struct learned_kind *k, const char *verb)
{
	size_t len = strlen(verb);

	return strncmp(k->detail, verb, len) == 0 && k->detail[len] == ' ';
}

struct question {
	uint8_t family;
	char verb[16];
	uint32_t type;
};

/* Evidence of many kinds as that of one. */
static void join(struct learned_kind *sum, const struct learned_kind *k)
{
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		if (k->episodes[c] > sum->episodes[c])
			sum->episodes[c] = k->episodes[c];
	if (!sum->flows || k->first < sum->first)
		sum->first = k->first;
	if (k->last > sum->last)
		sum->last = k->last;
	sum->flows += k->flows;
}

/* Names from *at on, as many as one field holds. */
static void names_policy(struct making *m, const struct question *q, size_t *at)
{
	const struct learn_kinds *all = &m->of->general;
	struct learned_kind sum = {0};
	struct extended_policy *p = making_policy(m, "ask-%s-ipv%u", q->verb, q->family);
	struct extended_field *f;

	if (!p || !(f = making_field(m, p, KEY_DNS_NAME, EXTENDED_VALUES))) {
		*at = all->count;
		return;
	}
	for (; *at < all->count && f->count < EXTENDED_VALUES; ++*at) {
		const struct learned_kind *k = &all->list[*at];
		const char *name = object_of(k);

		if (!is_question(k, RECORD_APP_DNS) || !verb_is(k, q->verb) || !name[0])
			continue;
		join(&sum, k);
		f->values[f->count++] = (struct extended_value){.kind = VALUE_NAME,
			.text = pool_string(m->pool, name, strlen(name))};
		m->short_of_memory |= !f->values[f->count - 1].text;
	}
	making_role(m, p, making_src(q->family), EXTENDED_SELF);
	making_role(m, p, making_dst(q->family), EXTENDED_GATEWAY);
	making_number(m, p, KEY_UDP_DST_PORT, PORT_DNS, PORT_DNS);
	making_number(m, p, KEY_DNS_QTYPE, q->type, q->type);
	p->bidirectional = true;
	making_evidence(m, p, &sum);
}

static bool has_verb(const struct making *m, size_t from, const char *verb)
{
	for (size_t i = from; i < m->of->general.count; i++)
		if (is_question(&m->of->general.list[i], RECORD_APP_DNS) &&
			verb_is(&m->of->general.list[i], verb))
			return true;
	return false;
}

/* "A", "HTTPS", and "TYPE123" (RFC 3597 5) of what has no name. */
static bool question_of(const struct learned_kind *k, struct question *q)
{
	size_t len = strcspn(k->detail, " ");

	if (!str_copy_bytes(q->verb, sizeof q->verb, k->detail, len))
		return false;
	return extended_word(KEY_DNS_QTYPE,
		strncmp(q->verb, "TYPE", 4) == 0 ? q->verb + 4 : q->verb, &q->type);
}

static bool is_first(const struct making *m, size_t at, const char *verb)
{
	for (size_t i = 0; i < at; i++)
		if (is_question(&m->of->general.list[i], RECORD_APP_DNS) &&
			verb_is(&m->of->general.list[i], verb))
			return false;
	return true;
}

static bool speaks(const struct making *m, uint8_t family)
{
	for (size_t i = 0; i < m->of->general.count; i++)
		if (carries(&m->of->general.list[i], RECORD_APP_DNS) &&
			m->of->general.list[i].family == family)
			return true;
	return false;
}

void making_said(struct making *m)
{
	const struct learn_kinds *all = &m->of->general;
	struct question q;

	if (!all_is_told(m, RECORD_APP_DNS))
		return;
	for (size_t i = 0; i < all->count; i++) {
		if (!is_question(&all->list[i], RECORD_APP_DNS))
			continue;
		if (!question_of(&all->list[i], &q)) {
			m->left_out++;
			continue;
		}
		for (q.family = 4; q.family <= 6 && is_first(m, i, q.verb); q.family += 2)
			for (size_t at = i; speaks(m, q.family) && has_verb(m, at, q.verb);)
				names_policy(m, &q, &at);
	}
}
