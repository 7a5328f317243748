// SPDX-License-Identifier: GPL-2.0-or-later
/* parse_policy - one policy: what it matches, how much of it, when, and who says so. */
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"

static const char *const policy_keys[] = {"match", "action", "bidirectional", "initiator",
	"stats", "activity", "fallback-of", "confidence", "provenance", NULL};
static const char *const stats_keys[] = {"rate", "bitrate", "bytes", "packet-size",
	"packet-count", "duration", NULL};
static const char *const split_keys[] = {"forward", "backward", NULL};
static const char *const window_keys[] = {"start", "duration", NULL};
static const char *const provenance_keys[] = {"source", "episodes", "contexts", "first",
	"last", "file", "line", "period", "bytes-median", "bytes-p99", "said", NULL};

bool parse_is_map(struct reader *r, const struct tree *t, const char *what)
{
	if (t->kind == TREE_MAP)
		return true;
	note_tree(r->notes, NOTE_ERROR, t, "%s must be a map of its parts", what);
	return false;
}

bool parse_only(struct reader *r, const struct tree *map, const char *what,
	const char *const *keys)
{
	bool good = parse_is_map(r, map, what);

	for (const struct tree *c = map->child; good && c; c = c->next) {
		if (schema_word_index(c->key, keys) >= 0)
			continue;
		note_unknown(r->notes, NOTE_ERROR, c, what, keys);
		good = false;
	}
	return good;
}

/* Fields come in the order of the table, so that what is equal prints equal. */
static void match_insert(struct extended_match *m, const struct extended_field *f)
{
	uint32_t at = m->count++;

	for (; at > 0 && m->fields[at - 1].key > f->key; at--)
		m->fields[at] = m->fields[at - 1];
	m->fields[at] = *f;
}

static bool parse_proto(struct reader *r, const struct tree *t, enum extended_proto proto,
	struct extended_match *m)
{
	const char *names[KEY_MAX + 1];
	bool good = true;

	m->protos |= 1u << proto;
	if (t->kind == TREE_NULL)
		return true;
	if (!parse_is_map(r, t, schema_protos[proto]))
		return false;
	for (const struct tree *c = t->child; c; c = c->next) {
		int key = schema_key_find(proto, c->key);
		struct extended_field f;

		if (key < 0) {
			schema_key_names(proto, names);
			note_unknown(r->notes, NOTE_ERROR, c, schema_protos[proto], names);
			good = false;
		} else if (value_field(r, c, (enum extended_key)key, &f)) {
			match_insert(m, &f);
		} else {
			good = false;
		}
	}
	return good;
}

bool parse_match(struct reader *r, const struct tree *t, struct extended_match *m)
{
	bool good = parse_is_map(r, t, "match");

	if (!good)
		return false;
	m->fields = reader_take(r, KEY_MAX * sizeof *m->fields);
	if (!m->fields)
		return false;
	for (const struct tree *c = t->child; c; c = c->next) {
		int proto = schema_word_index(c->key, schema_protos);

		if (proto < 0)
			note_unknown(r->notes, NOTE_ERROR, c, "match", schema_protos);
		if (proto < 0 || !parse_proto(r, c, (enum extended_proto)proto, m))
			good = false;
	}
	if (good && !m->protos) {
		note_tree(r->notes, NOTE_ERROR, t, "match must name a protocol");
		good = false;
	}
	return good;
}

typedef bool (*amount_reader)(struct reader *r, const struct tree *t, uint64_t *ret);

static bool amount_count(struct reader *r, const struct tree *t, uint64_t *ret)
{
	return value_number(r, t, UINT32_MAX, ret);
}

static bool amount_octets(struct reader *r, const struct tree *t, uint64_t *ret)
{
	if (t->kind == TREE_SCALAR_TEXT && value_octets(t->text, ret))
		return true;
	note_tree(r->notes, NOTE_ERROR, t, "not a number of octets: N, N kB, MB or GB");
	return false;
}

static bool amount_time(struct reader *r, const struct tree *t, uint64_t *ret)
{
	nstime time = 0;
	bool good = value_time(r, t, &time);

	*ret = (uint64_t)time;
	return good;
}

static bool parse_amount(struct reader *r, const struct tree *t, amount_reader read,
	struct extended_amount *a)
{
	a->is_set = true;
	if (t->kind != TREE_MAP)
		return read(r, t, &a->both);
	const struct tree *forward = tree_find(t, "forward");
	const struct tree *backward = tree_find(t, "backward");

	a->is_split = true;
	if (!parse_only(r, t, t->key, split_keys))
		return false;
	if (forward && backward)
		return read(r, forward, &a->forward) && read(r, backward, &a->backward);
	note_tree(r->notes, NOTE_ERROR, t, "forward and backward are wanted, both");
	return false;
}

bool parse_stats(struct reader *r, const struct tree *t, struct extended_stats *s)
{
	bool good = parse_only(r, t, "stats", stats_keys);

	for (const struct tree *c = t->child; good && c; c = c->next) {
		if (strcmp(c->key, "rate") == 0)
			good = value_rate(r, c, s);
		else if (strcmp(c->key, "bitrate") == 0)
			good = value_bitrate(r, c, s);
		else if (strcmp(c->key, "bytes") == 0)
			good = parse_amount(r, c, amount_octets, &s->bytes);
		else if (strcmp(c->key, "packet-size") == 0)
			good = value_size(r, c, s);
		else if (strcmp(c->key, "packet-count") == 0)
			good = parse_amount(r, c, amount_count, &s->packets);
		else
			good = parse_amount(r, c, amount_time, &s->duration);
	}
	return good;
}

static bool parse_window(struct reader *r, const struct tree *t, struct extended_window *w)
{
	const struct tree *start = tree_find(t, "start"), *len = tree_find(t, "duration");

	w->is_set = true;
	if (!parse_only(r, t, "activity", window_keys))
		return false;
	if (!start || !len) {
		note_tree(r->notes, NOTE_ERROR, t, "activity: start and duration are wanted");
		return false;
	}
	if (!value_window_start(r, start, w) || !value_time(r, len, &w->duration))
		return false;
	if (w->duration > 0 && w->duration <= 31 * 86400 * NS_PER_SEC)
		return true;
	note_tree(r->notes, NOTE_ERROR, len, "a window is open for more than 0 and at most "
					     "31 d");
	return false;
}

/* "2026-11-21T20:01:02Z": its form alone; no rule depends on it. */
static bool parse_date(struct reader *r, const struct tree *t, const char **ret)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	bool good = t->kind == TREE_SCALAR_TEXT && strlen(t->text) > sizeof form - 1 &&
		    strlen(t->text) < 40;

	for (size_t i = 0; good && form[i]; i++)
		good = form[i] == 'd' ? t->text[i] >= '0' && t->text[i] <= '9'
				      : t->text[i] == form[i];
	if (good)
		return value_text(r, t, ret);
	note_tree(r->notes, NOTE_ERROR, t, "no time as 2026-11-21T20:01:02Z");
	return false;
}

static bool parse_contexts(struct reader *r, const struct tree *t,
	struct extended_provenance *p)
{
	const struct tree *item = t->kind == TREE_LIST ? t->child : t;
	uint32_t count = t->kind == TREE_LIST ? t->count : 1;

	p->contexts = reader_take(r, count * sizeof *p->contexts);
	for (uint32_t i = 0; p->contexts && i < count; i++, item = item->next) {
		int at = item->kind == TREE_SCALAR_TEXT
				 ? schema_word_index(item->text, schema_contexts)
				 : -1;

		if (at < 0) {
			note_tree(r->notes, NOTE_ERROR, item, "a context is one of setup, "
				"boot, user, timer, update and quiet");
			return false;
		}
		p->contexts[p->context_count++] = schema_contexts[at];
	}
	return p->contexts != NULL;
}

static bool parse_source(struct reader *r, const struct tree *t,
	struct extended_provenance *p)
{
	int at = t->kind == TREE_SCALAR_TEXT ? schema_word_index(t->text, schema_sources)
					     : -1;

	if (at <= 0)
		note_tree(r->notes, NOTE_ERROR, t,
			"a source is one of maker, published, learned and owner");
	p->source = at > 0 ? (enum extended_source)at : SOURCE_NONE;
	return at > 0;
}

static bool parse_octets(struct reader *r, const struct tree *t, uint64_t *ret)
{
	if (t->kind == TREE_SCALAR_TEXT && value_octets(t->text, ret))
		return true;
	note_tree(r->notes, NOTE_ERROR, t, "octets are wanted, as 12 kB or 300 bytes");
	return false;
}

static bool parse_seen(struct reader *r, const struct tree *c, struct extended_provenance *p)
{
	if (strcmp(c->key, "period") == 0)
		return value_time(r, c, &p->period);
	if (strcmp(c->key, "said") == 0)
		return value_text(r, c, &p->said);
	return parse_octets(r, c,
		strcmp(c->key, "bytes-median") == 0 ? &p->bytes_median : &p->bytes_p99);
}

static bool is_seen(const char *key)
{
	return strcmp(key, "period") == 0 || strcmp(key, "said") == 0 ||
	       strncmp(key, "bytes-", 6) == 0;
}

static bool parse_provenance(struct reader *r, const struct tree *t,
	struct extended_provenance *p)
{
	bool good = parse_only(r, t, "provenance", provenance_keys);
	uint64_t n = 0;

	p->is_set = true;
	for (const struct tree *c = t->child; good && c; c = c->next) {
		if (strcmp(c->key, "source") == 0) {
			good = parse_source(r, c, p);
		} else if (strcmp(c->key, "contexts") == 0) {
			good = parse_contexts(r, c, p);
		} else if (strcmp(c->key, "first") == 0) {
			good = parse_date(r, c, &p->first);
		} else if (strcmp(c->key, "last") == 0) {
			good = parse_date(r, c, &p->last);
		} else if (strcmp(c->key, "file") == 0) {
			good = value_text(r, c, &p->file);
		} else if (is_seen(c->key)) {
			good = parse_seen(r, c, p);
		} else {
			good = value_number(r, c, UINT32_MAX, &n);
			*(c->key[0] == 'e' ? &p->episodes : &p->line) = (uint32_t)n;
		}
	}
	return good;
}

static bool parse_confidence(struct reader *r, const struct tree *t, int32_t *ret)
{
	const char *text = t->kind == TREE_SCALAR_TEXT ? t->text : "";
	size_t part = text[0] == '0' && text[1] == '.' ? strspn(text + 2, "0123456789") : 0;
	int32_t n = 0;

	if (strcmp(text, "1") == 0 || strcmp(text, "0") == 0 || strcmp(text, "1.0") == 0) {
		*ret = text[0] == '1' ? 1000 : 0;
		return true;
	}
	if (part < 1 || part > 3 || text[2 + part]) {
		note_tree(r->notes, NOTE_ERROR, t, "confidence is a number from 0 to 1, with "
						   "at most three decimals");
		return false;
	}
	for (size_t i = 0; i < 3; i++)
		n = n * 10 + (i < part ? text[2 + i] - '0' : 0);
	*ret = n;
	return true;
}

static bool parse_choice(struct reader *r, const struct tree *t, const char *const *words,
	int *ret)
{
	*ret = t->kind == TREE_SCALAR_TEXT ? schema_word_index(t->text, words) : -1;
	if (*ret >= 0)
		return true;
	note_tree(r->notes, NOTE_ERROR, t, "%s is %s or %s", t->key, words[0], words[1]);
	return false;
}

static bool parse_policy_key(struct reader *r, const struct tree *c,
	struct extended_policy *p)
{
	static const char *const actions[] = {"permit", "deny", NULL};
	static const char *const sides[] = {"src", "dst", NULL};
	int at = 0;
	bool good;

	if (strcmp(c->key, "match") == 0)
		return parse_match(r, c, &p->match);
	if (strcmp(c->key, "bidirectional") == 0)
		return value_bool(r, c, &p->bidirectional);
	if (strcmp(c->key, "optional") == 0)
		return value_bool(r, c, &p->optional);
	if (strcmp(c->key, "repeatable") == 0)
		return value_bool(r, c, &p->repeatable);
	if (strcmp(c->key, "timeout") == 0)
		return value_time(r, c, &p->timeout);
	if (strcmp(c->key, "stats") == 0)
		return parse_stats(r, c, &p->stats);
	if (strcmp(c->key, "activity") == 0)
		return parse_window(r, c, &p->window);
	if (strcmp(c->key, "fallback-of") == 0)
		return value_label(r, c, &p->fallback_of);
	if (strcmp(c->key, "confidence") == 0)
		return parse_confidence(r, c, &p->confidence);
	if (strcmp(c->key, "provenance") == 0)
		return parse_provenance(r, c, &p->provenance);
	if (strcmp(c->key, "name") == 0)
		return value_label(r, c, &p->name);
	good = parse_choice(r, c, c->key[0] == 'a' ? actions : sides, &at);
	if (c->key[0] == 'a')
		p->deny = at == 1;
	else
		p->initiator = at == 1 ? EXTENDED_DST : EXTENDED_SRC;
	return good;
}

bool reader_policy(struct reader *r, const struct tree *t, struct extended_policy *p)
{
	*p = (struct extended_policy){.line = t->key ? t->key_line : t->line,
		.confidence = -1, .id = r->policies};
	if (r->policies++ < EXTENDED_POLICIES)
		return true;
	note_key(r->notes, NOTE_ERROR, t, "more than %u policies",
		(unsigned)EXTENDED_POLICIES);
	return false;
}

bool parse_policy(struct reader *r, const struct tree *t, const char *const *more_keys,
	struct extended_policy *p)
{
	const char *keys[24];
	unsigned n = 0;
	bool good = reader_policy(r, t, p);

	for (unsigned i = 0; policy_keys[i]; i++)
		keys[n++] = policy_keys[i];
	for (; more_keys && *more_keys; more_keys++)
		keys[n++] = *more_keys;
	keys[n] = NULL;
	good = good && parse_only(r, t, "a policy", keys);
	for (const struct tree *c = t->child; good && c; c = c->next)
		good = parse_policy_key(r, c, p);
	if (good && !tree_find(t, "match")) {
		note_key(r->notes, NOTE_ERROR, t, "a policy must have a match");
		good = false;
	}
	return good;
}
