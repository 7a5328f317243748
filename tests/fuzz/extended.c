// SPDX-License-Identifier: GPL-2.0-or-later
/* extended - fuzz target: any bytes as a template, a binding and a published profile.
 * What was read prints, reads back and prints the same; what can be bound is judged
 * against the bytes as packets. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "profiles/extended/extended.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): a release build must not lose the checks. */
#define MUST(x)                                                                        \
	do {                                                                           \
		if (!(x)) {                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);        \
			abort();                                                       \
		}                                                                      \
	} while (0)

static char *print(const struct extended_profile *p, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	MUST(out && extended_print(p, out) == 0);
	fclose(out);
	return text;
}

static void check_notes(const struct extended_notes *n, int error)
{
	MUST(n->count <= EXTENDED_NOTES);
	MUST(!error || error == -12 || n->errors);
	for (uint32_t i = 0; i < n->count; i++)
		MUST(memchr(n->items[i].note.text, '\0', LIMIT_TEXT));
}

/* Prints to the same whichever way it came. */
static void check_round(const struct extended_profile *p)
{
	struct pool *pool = pool_new("fuzz", EXTENDED_POOL_BYTES);
	struct extended_profile again;
	struct extended_notes notes;
	size_t len, more;
	char *text = print(p, &len), *second;

	MUST(pool);
	int error = extended_parse(text, len, pool, &again, &notes);

	/* what is included may make it longer than a profile may be */
	if (!error) {
		second = print(&again, &more);
		MUST(len == more && memcmp(text, second, len) == 0);
		free(second);
	} else {
		if (error != CARDEA_ELIMIT && len <= EXTENDED_BYTES)
			fprintf(stderr, "%s\n%s\n", text, notes.items[0].note.text);
		MUST(error == CARDEA_ELIMIT || len > EXTENDED_BYTES);
	}
	free(text);
	pool_free(pool);
}

/* What was gathered prints, reads back and prints the same, too. */
static void check_gather(struct extended_gather *g, struct extended_profile *p,
	struct pool *pool)
{
	uint32_t count = 0;

	if (g && extended_gather_apply(g, p, pool, &count) == 0 && count)
		check_round(p);
	extended_gather_free(g);
}

static void check_packets(const struct extended_bound *b, struct extended_profile *profile,
	struct pool *pool, const uint8_t *data, size_t size)
{
	struct extended_machine *m = extended_machine_new(b, EXTENDED_MIDSTREAM);
	struct extended_gather *g = extended_gather_new(profile);
	nstime when = 0;

	if (!m || !g) {
		extended_machine_free(m);
		extended_gather_free(g);
		return;
	}
	for (size_t at = 0; at + 64 < size && at < 4096; at += 61) {
		struct packet p = {0};

		when += (nstime)data[at] * 1000000;
		if (packet_parse(1, cursor_of(data + at, size - at), &p))
			continue;
		struct extended_verdict v = extended_machine_packet(m, &p, when);

		MUST(v.reason < EXTENDED_REASON_MAX);
		MUST(v.accepted == extended_reason_accepts(v.reason));
		extended_gather_packet(g, &p, when, &v);
		if (!v.accepted)
			extended_machine_accepted(m, &p, when);
	}
	extended_machine_free(m);
	check_gather(g, profile, pool);
}

static void check_waits(const struct rule *r)
{
	MUST(r->arms <= LIMIT_TRIGGERS && r->needs <= LIMIT_TRIGGERS);
	MUST(r->needs ? r->open_s >= 1 && r->open_s <= LIMIT_OPEN_S : r->open_s == 0);
	MUST(!r->needs || r->action == RULE_ACCEPT);
}

static void check_profile(struct extended_profile *p, struct extended_binding *b,
	struct pool *pool, const uint8_t *data, size_t size)
{
	struct extended_notes notes = {0};
	struct extended_bound bound;
	struct extended_rules rules;

	extended_lint(p, pool, &notes);
	check_round(p);
	b->template_name = p->name;
	if (extended_bind(p, b, pool, &bound, &notes))
		return;
	check_packets(&bound, p, pool, data, size);
	int error = extended_reduce(&bound, pool, &rules);

	for (uint32_t i = 0; !error && i < rules.count; i++) {
		MUST(rules.rules[i].status != RULE_APPROXIMATED || rules.rules[i].detail[0]);
		check_waits(&rules.rules[i]);
	}
	for (uint32_t i = 0; !error && i < rules.watch_count; i++)
		MUST(rules.watches[i].rule.arms && !rules.watches[i].rule.needs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char home[] = "cardea-binding: 1\ntemplate: x\nroles:\n  self: {mac: "
				   "'02:00:00:00:00:01', ipv4: 192.168.1.5}\n";
	struct pool *pool = pool_new("fuzz", 2 * (size_t)EXTENDED_POOL_BYTES);
	struct extended_profile p;
	struct extended_binding b;
	struct extended_notes notes;

	MUST(pool);
	(void)extended_document(data, size);
	int error = extended_parse_binding(data, size, pool, &b, &notes);

	check_notes(&notes, error);
	error = extended_parse(data, size, pool, &p, &notes);
	check_notes(&notes, error);
	if (!error) {
		MUST(!extended_parse_binding(home, sizeof home - 1, pool, &b, &notes));
		check_profile(&p, &b, pool, data, size);
	}
	error = extended_import(data, size, -1, "a/b.yaml", pool, &p, &b, &notes);
	check_notes(&notes, error);
	if (!error)
		check_profile(&p, &b, pool, data, size);
	pool_free(pool);
	return 0;
}
