// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea learn --against - a published profile and what the device was seen to do: each
 * difference with its evidence. */
#include <errno.h>
#include <string.h>
#include "cli/access.h"
#include "cli/learn.h"
#include "cli/text.h"
#include "profiles/maker/maker.h"

static bool was_seen(const struct rule *r, const struct learn_kinds *kinds)
{
	for (size_t i = 0; i < kinds->count; i++)
		if (maker_rule_covers(r, &kinds->list[i]))
			return true;
	return false;
}

/* What was seen, without what our file allows beyond it: the other family of a name, and
 * the halves that answer. */
static int seen_alone(struct pool *pool, const struct policy_says *all,
	const struct learn_kinds *kinds, struct policy_says *ret)
{
	struct rule *rules = pool_take(pool, (all->count + 1) * sizeof *rules);
	uint8_t *marks = pool_take(pool, all->count + 1);
	size_t n = 0;

	if (!rules || !marks)
		return -ENOMEM;
	for (size_t i = 0; i < all->count; i++) {
		const struct rule *r = &all->rules[i];
		if (r->action == RULE_ACCEPT && !was_seen(r, kinds))
			continue;
		marks[n] = all->marks[i];
		rules[n++] = *r;
	}
	*ret = (struct policy_says){.rules = rules, .marks = marks, .count = n};
	return 0;
}

static int compare(struct learn_against *a, const struct learn_item *item)
{
	struct policy_says p = access_says(&a->mud.lint);
	struct policy_says l = access_says(&item->mud.lint), seen;
	int e;

	a->pool = pool_new("against", 2 * POLICY_ACCESS_POOL_BYTES);
	if (!a->pool)
		return -ENOMEM;
	e = seen_alone(a->pool, &l, &item->profile.exact, &seen);
	if (!e)
		e = policy_access_new(a->pool, &p, &seen, &a->more, &a->more_count);
	return e ? e : policy_access_new(a->pool, &l, &p, &a->less, &a->less_count);
}

enum cli_exit learn_against(struct cli *c, const char *path,
	const struct learn_item *item, struct learn_against *ret)
{
	enum cli_exit e;
	int error;

	*ret = (struct learn_against){.path = path};
	if (!item->profile.mud) {
		cli_complain(NULL, "learn --against: there is no profile to compare: %s",
			item->profile.problem);
		return CLI_FAILED;
	}
	e = file_mud_use(c, path, &ret->mud);
	if (e == CLI_NO) /* of the file, not the answer to the question */
		e = CLI_FAILED;
	if (e == CLI_OK) {
		error = compare(ret, item);
		if (error) {
			cli_complain("compare them by eye: `cardea mud view`",
				"learn --against: too big to compare (%s)",
				error_text(error));
			e = CLI_FAILED;
		}
	}
	return e != CLI_OK ? e : ret->more_count ? CLI_NO : CLI_OK;
}

void learn_against_free(struct learn_against *a)
{
	pool_free(a->pool);
	file_mud_free(&a->mud);
}

/* What was seen that the rule is about. */
static json_t *evidence_json(const struct policy_access *a, const struct learn_item *item)
{
	const struct learn_kinds *kinds = &item->profile.exact;
	json_t *list = json_array();
	struct jsonw j;

	for (size_t i = 0; i < kinds->count; i++) {
		if (!maker_rule_covers(a->from, &kinds->list[i]))
			continue;
		jsonw_init_buffer(&j, 1U << 16);
		learn_kind_json(&kinds->list[i], &j);
		if (jsonw_text(&j))
			json_array_append_new(
				list, json_loads(jsonw_text(&j), 0, NULL));
		jsonw_free(&j);
	}
	return list;
}

json_t *learn_against_json(const struct learn_against *a, const struct learn_item *item)
{
	json_t *more = json_array(), *less = json_array();

	for (size_t i = 0; i < a->more_count; i++) {
		json_t *o = access_json(&a->more[i]);
		json_object_set_new(o, "evidence", evidence_json(&a->more[i], item));
		json_array_append_new(more, o);
	}
	for (size_t i = 0; i < a->less_count; i++)
		json_array_append_new(less, access_json(&a->less[i]));
	return json_pack("{s:s, s:o, s:o}", "file", text_clean(a->path),
		"done_not_allowed", more, "allowed_not_seen", less);
}

static uint32_t episodes(const struct learned_kind *k)
{
	uint32_t n = 0;

	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += k->episodes[c];
	return n;
}

static void evidence_text(const struct policy_access *a, const struct learn_item *item)
{
	const struct learn_kinds *kinds = &item->profile.exact;
	char text[LEARN_KIND_TEXT_MAX], when[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < kinds->count; i++) {
		const struct learned_kind *k = &kinds->list[i];
		if (maker_rule_covers(a->from, k))
			printf("      seen: %s, in %u episode%s, first %s\n",
				learn_kind_text(k, text), episodes(k),
				episodes(k) == 1 ? "" : "s",
				clock_format(k->first, when));
	}
}

void learn_against_text(const struct learn_against *a, const struct learn_item *item)
{
	printf("  Against %s:\n", text_clean(a->path));
	for (size_t i = 0; i < a->more_count; i++) {
		printf("  + done, and not allowed there: it %s\n",
			access_sentence(&a->more[i]));
		evidence_text(&a->more[i], item);
	}
	for (size_t i = 0; i < a->less_count; i++)
		printf("  - allowed there, and never seen: it %s (line %u)\n",
			access_sentence(&a->less[i]), a->less[i].from->line);
	if (!a->more_count && !a->less_count)
		printf("    the same access\n");
}
