// SPDX-License-Identifier: GPL-2.0-or-later
/* The answer of cardea learn: each device is told when it is ready, so that none is held
 * for the others. */
#include "base/str.h"
#include "cli/answer.h"
#include "cli/learn.h"
#include "cli/text.h"
#include "engine/learn_interact.h"

#define DEVICE_JSON_MAX (16U << 20) /* LEARNED_KINDS_MAX unseen kinds */
/* As answer_print has it. */
#define JSON_STYLE (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12))

/* A member whose value the caller knows to be clean, or null. */
static void put_path(struct jsonw *j, const char *key, const char *path)
{
	jsonw_kv_string(j, key, path ? text_clean(path) : NULL);
}

static int put_item(
	const struct learn_tell *t, const struct learn_item *item, struct jsonw *j)
{
	int e = 0;

	jsonw_object(j);
	learn_profile_json(&item->profile, item->tested ? &item->test : NULL, j);
	if (t->interactions)
		e = learn_interactions_json(item->learn, &item->profile.device.mac, j);
	else
		jsonw_kv_string(j, "interactions", NULL);
	put_path(j, "profile", item->mud_path);
	put_path(j, "evidence", item->evidence_path);
	put_path(j, "template", item->template_path);
	put_path(j, "binding", item->binding_path);
	jsonw_object_end(j);
	return e;
}

static bool is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return !*text;
}

static bool print_value(json_t *o)
{
	bool done = o && json_dumpf(o, stdout, JSON_STYLE) == 0;

	json_decref(o);
	return done;
}

/* All that stands before the devices. */
static bool print_head(const struct learn_tell *t)
{
	fputs("{\"schema\":\"cardea.learn/1\",\"captures\":", stdout);
	bool done = print_value(json_incref(t->captures));
	fputs(",\"devices\":[", stdout);
	return done;
}

/* As jsonw writes it; what is not ASCII, or is more, by way of a value. */
static bool print_item(const struct learn_tell *t, const struct learn_item *item,
	const struct learn_against *a)
{
	const char *text;
	struct jsonw j;
	json_t *o = NULL;
	bool done = false;

	jsonw_init_buffer(&j, DEVICE_JSON_MAX);
	text = put_item(t, item, &j) ? NULL : jsonw_text(&j);
	if (text && !a && is_ascii(text))
		done = fputs(text, stdout) >= 0;
	else if (text)
		o = json_loads(text, 0, NULL);
	jsonw_free(&j);
	if (!o)
		return done;
	if (a)
		json_object_set_new(o, "against", learn_against_json(a, item));
	return print_value(o);
}

static enum cli_exit tell_json(struct learn_tell *t, const struct learn_item *item,
	const struct learn_against *a)
{
	bool done = t->count || print_head(t);

	if (t->count)
		putchar(',');
	if (done && print_item(t, item, a))
		return CLI_OK;
	cli_complain(NULL, "learn: the answer cannot be written");
	return CLI_FAILED;
}

static void tell_interactions(const struct learn_item *item)
{
	int e = learn_interactions_text(
		item->learn, &item->profile.device.mac, stdout);

	if (e)
		cli_complain(NULL, "learn: interactions: %s", error_text(e));
}

static void tell_text(const struct learn_tell *t, const struct learn_item *item,
	const struct learn_against *a)
{
	if (t->count)
		putchar('\n');
	learn_profile_text(&item->profile, item->tested ? &item->test : NULL, stdout);
	if (t->interactions)
		tell_interactions(item);
	if (item->test_missing)
		printf("  The other captures do not have it.\n");
	if (a)
		learn_against_text(a, item);
	if (item->mud_path)
		printf("  Profile: %s\n", text_clean(item->mud_path));
	if (item->evidence_path)
		printf("  Evidence: %s\n", text_clean(item->evidence_path));
	if (item->template_path) {
		printf("  Extended profile: %s", text_clean(item->template_path));
		printf(", in this home: %s\n", text_clean(item->binding_path));
	}
}

enum cli_exit learn_tell(struct learn_tell *t, const struct learn_item *item,
	const struct learn_against *a)
{
	enum cli_exit e = CLI_OK;

	if (t->json)
		e = tell_json(t, item, a);
	else
		tell_text(t, item, a);
	t->count++;
	return e;
}

enum cli_exit learn_tell_end(struct learn_tell *t)
{
	if (t->json && t->count)
		puts("]}");
	return fflush(stdout) ? CLI_FAILED : CLI_OK;
}
