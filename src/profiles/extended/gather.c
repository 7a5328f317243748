// SPDX-License-Identifier: GPL-2.0-or-later
/* gather - what was said in the conversations that policies accepted, so that the policies
 * can say it: by which name a server is greeted, which methods and paths are asked for.
 * Only what every head of a policy had, and of which there are few, becomes part of it. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/facts.h"

#define GATHER_VALUES 16 /* more are no habit, they are content */
#define GATHER_TEXT 128
/* Heads of a policy before they say anything about the next one. */
#define GATHER_HEADS 3
/* A part of a path that is as long and has digits is of one home: a token, a number. */
#define GATHER_TOKEN 12
#define GATHER_POOL (32 * 1024 * 1024)

/* What is gathered, in the order of the keys. */
static const enum extended_key keys[] = {KEY_HTTP_METHOD, KEY_HTTP_URI, KEY_HTTP_HOST,
	KEY_SSDP_METHOD, KEY_COAP_TYPE, KEY_COAP_METHOD, KEY_COAP_URI, KEY_TLS_SNI,
	KEY_TLS_ALPN};
#define GATHER_KEYS (sizeof keys / sizeof *keys)

struct said {
	bool broken; /* a head without it, or too many values */
	uint32_t heads, count;
	struct extended_value *values;
};

struct extended_gather {
	struct pool *pool;
	uint32_t id_count;
	struct said **by_id; /* GATHER_KEYS each; NULL: nothing yet */
	struct facts facts;
};

struct extended_gather *extended_gather_new(const struct extended_profile *p)
{
	struct extended_gather *g = calloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->id_count = p->id_count;
	g->pool = pool_new("gather", GATHER_POOL);
	if (g->pool)
		g->by_id = pool_take(g->pool, (p->id_count + 1) * sizeof *g->by_id);
	if (!g->by_id) {
		extended_gather_free(g);
		return NULL;
	}
	return g;
}

void extended_gather_free(struct extended_gather *g)
{
	if (g)
		pool_free(g->pool);
	free(g);
}

static struct said *said_of(struct extended_gather *g, uint32_t id)
{
	if (id < g->id_count && !g->by_id[id])
		g->by_id[id] = pool_take(g->pool, GATHER_KEYS * sizeof **g->by_id);
	return id < g->id_count ? g->by_id[id] : NULL;
}

static unsigned index_of(enum extended_key key)
{
	unsigned i = 0;

	while (keys[i] != key)
		i++;
	return i;
}

static bool value_equal(const struct extended_value *a, const struct extended_value *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == VALUE_RANGE ? a->lo == b->lo : strcmp(a->text, b->text) == 0;
}

static void add(struct extended_gather *g, struct said *s, struct extended_value v)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (value_equal(&s->values[i], &v))
			return;
	if (!s->values)
		s->values = pool_take(g->pool, GATHER_VALUES * sizeof *s->values);
	if (v.text)
		v.text = pool_string(g->pool, v.text, strlen(v.text));
	s->broken |= s->count == GATHER_VALUES || !s->values ||
		     (v.kind != VALUE_RANGE && !v.text);
	if (!s->broken)
		s->values[s->count++] = v;
}

static void number(struct extended_gather *g, struct said *all, enum extended_key key,
	uint32_t n)
{
	struct said *s = &all[index_of(key)];

	s->heads++;
	add(g, s, (struct extended_value){.kind = VALUE_RANGE, .lo = n, .hi = n});
}

/* Printable, and not taken for the beginning of something when it is read again. */
static bool text_is_sayable(const char *text)
{
	size_t len = strlen(text);

	for (const char *p = text; *p; p++)
		if (!isgraph((unsigned char)*p))
			return false;
	return len && len < GATHER_TEXT && text[len - 1] != '*';
}

static void text_as(struct extended_gather *g, struct said *s, const char *text,
	enum extended_value_kind kind)
{
	s->heads++;
	if (!text_is_sayable(text))
		s->broken = true;
	else
		add(g, s, (struct extended_value){.kind = kind, .text = text});
}

static void text(struct extended_gather *g, struct said *all, enum extended_key key,
	const char *what)
{
	text_as(g, &all[index_of(key)], what, VALUE_TEXT);
}

/* A path up to its query, or to what is of one home. */
static void path(struct extended_gather *g, struct said *all, enum extended_key key,
	const struct facts_text *target)
{
	struct said *s = &all[index_of(key)];
	char cut[GATHER_TEXT];
	size_t at = 0, end;

	if (!target->is_set) {
		s->heads++;
		s->broken = true;
		return;
	}
	for (end = strcspn(target->text, "?"); at < end;) {
		size_t len = strcspn(target->text + at, "/?"), digits = 0;

		for (size_t i = 0; i < len; i++)
			digits += isdigit((unsigned char)target->text[at + i]) != 0;
		if (len >= GATHER_TOKEN && digits)
			break;
		at += len + (target->text[at + len] == '/');
	}
	bool whole = at >= end && !target->text[end];

	(void)str_copy_bytes(cut, sizeof cut, target->text, at < end ? at : end);
	text_as(g, s, cut, whole ? VALUE_TEXT : VALUE_START);
}

static void name(struct extended_gather *g, struct said *all, enum extended_key key,
	const char *what)
{
	struct said *s = &all[index_of(key)];
	struct dns_name n;
	struct addr a;

	/* an address is of one home, or of one day */
	s->heads++;
	if (!*what || addr_parse(what, &a) == 0 || dns_name_from_text(what, &n) || dns_name_is_root(&n) ||
		!text_is_sayable(n.text))
		s->broken = true;
	else
		add(g, s, (struct extended_value){.kind = VALUE_NAME, .text = n.text});
}

/* ---- one head ---- */

static void gather_http(struct extended_gather *g, struct said *all)
{
	const struct facts *f = &g->facts;

	if (f->http.response)
		return;
	text(g, all, KEY_HTTP_METHOD, f->http.method);
	path(g, all, KEY_HTTP_URI, &f->http.target);
	name(g, all, KEY_HTTP_HOST, f->http.host.is_set ? f->http.host.text : "");
}

static void gather_ssdp(struct extended_gather *g, struct said *all)
{
	/* an answer has no method, which is as good as none for all */
	text(g, all, KEY_SSDP_METHOD, g->facts.http.response ? "" : g->facts.http.method);
}

static void gather_coap(struct extended_gather *g, struct said *all)
{
	const struct facts *f = &g->facts;

	if (f->coap.code >= 32)
		return;
	number(g, all, KEY_COAP_TYPE, f->coap.type);
	number(g, all, KEY_COAP_METHOD, f->coap.code);
	path(g, all, KEY_COAP_URI, &f->coap.uri);
}

/* Any of those that a hello offers will do. */
static void gather_tls(struct extended_gather *g, struct said *all)
{
	const struct facts *f = &g->facts;
	struct said *alpn = &all[index_of(KEY_TLS_ALPN)];

	if (!f->tls.has_hello)
		return;
	name(g, all, KEY_TLS_SNI, f->tls.sni);
	alpn->broken |= !f->tls.alpn_count;
	for (unsigned i = 0; i < f->tls.alpn_count; i++)
		text(g, all, KEY_TLS_ALPN, f->tls.alpn[i]);
}

void extended_gather_packet(struct extended_gather *g, const struct packet *p, nstime when,
	const struct extended_verdict *v)
{
	static const struct {
		enum extended_proto proto;
		void (*gather)(struct extended_gather *g, struct said *all);
	} heads[] = {{EXTENDED_HTTP, gather_http}, {EXTENDED_SSDP, gather_ssdp},
		{EXTENDED_COAP, gather_coap}, {EXTENDED_TLS, gather_tls}};
	struct said *all = v->accepted && v->policy ? said_of(g, v->policy->id) : NULL;

	if (!all)
		return;
	facts_init(&g->facts, p, when);
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (v->policy->match.protos & 1u << heads[i].proto &&
			facts_app(&g->facts, heads[i].proto) == APP_YES)
			heads[i].gather(g, all);
}

/* ---- as part of the policies ---- */

struct applying {
	const struct extended_gather *g;
	struct pool *pool;
	uint32_t count;
	bool short_of_memory;
};

static bool is_habit(const struct said *s)
{
	return !s->broken && s->count && s->heads >= GATHER_HEADS;
}

static bool has_key(const struct extended_match *m, enum extended_key key)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->fields[i].key == key)
			return true;
	return false;
}

static void put(struct extended_match *m, enum extended_key key, const struct said *s)
{
	uint32_t at = m->count++;

	for (; at && m->fields[at - 1].key > key; at--)
		m->fields[at] = m->fields[at - 1];
	m->fields[at] = (struct extended_field){.key = key, .count = s->count,
		.values = s->values};
}

static void apply(void *ctx, struct extended_policy *p, const struct extended_interaction *i,
	const struct extended_permit *permit)
{
	struct applying *a = ctx;
	const struct said *all = p->id < a->g->id_count ? a->g->by_id[p->id] : NULL;
	struct extended_match *m = &p->match;
	struct extended_field *fields;

	(void)i;
	(void)permit;
	if (!all || p->deny)
		return;
	fields = pool_take(a->pool, (m->count + GATHER_KEYS) * sizeof *fields);
	if (!fields) {
		a->short_of_memory = true;
		return;
	}
	memcpy(fields, m->fields, m->count * sizeof *fields);
	m->fields = fields;
	for (size_t k = 0; k < GATHER_KEYS; k++) {
		if (!is_habit(&all[k]) || has_key(m, keys[k]))
			continue;
		put(m, keys[k], &all[k]);
		a->count++;
	}
}

int extended_gather_apply(const struct extended_gather *g, struct extended_profile *p,
	struct pool *pool, uint32_t *ret_count)
{
	struct applying a = {.g = g, .pool = pool};

	each_policy(p, apply, &a);
	if (a.short_of_memory)
		return -ENOMEM;
	*ret_count = a.count;
	return 0;
}
