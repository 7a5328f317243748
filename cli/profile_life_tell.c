// SPDX-License-Identifier: GPL-2.0-or-later
/* What happened in a device's life, as JSON, and for people from the same. */
#include "cli/profile_life.h"

#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/text.h"

/* ---- collecting ---- */

static json_t *text_json(const char *text)
{
	return json_string(text_clean(text));
}

void life_event(void *ctx, const struct mac *mac, enum maintain_event e, uint32_t item,
	const char *text)
{
	struct life_device *d = ctx;

	(void)mac;
	json_array_append_new(d->events,
		json_pack("{s:s, s:I, s:o}", "event", maintain_event_name(e), "kind",
			(json_int_t)item, "text", text_json(text)));
}

static json_t *window_json(const struct maintain *m)
{
	struct maintain_window w;
	char until[CLOCK_TEXT_MAX];

	maintain_window(m, &w);
	if (!w.open)
		return json_null();
	return json_pack("{s:I, s:I, s:s}", "version", (json_int_t)w.version,
		"episodes", (json_int_t)w.episodes, "until",
		clock_format(w.until, until));
}

static json_t *verdicts_json(const uint64_t n[MAINTAIN_VERDICT_MAX])
{
	json_t *o = json_object();

	for (int v = 0; v < MAINTAIN_VERDICT_MAX; v++)
		json_object_set_new(
			o, maintain_verdict_name(v), json_integer((json_int_t)n[v]));
	return o;
}

static int count_one(void *ctx, const struct maintain_item *i)
{
	size_t *n = ctx;

	(void)i;
	++*n;
	return 0;
}

void life_phase_end(struct life_device *d, const char *name)
{
	size_t waiting = 0;
	uint64_t blocked = d->packets[MAINTAIN_BLOCKED] +
			   d->packets[MAINTAIN_REFUSED] + d->packets[MAINTAIN_POISON];

	(void)maintain_items(d->m, MAINTAIN_PROPOSED, count_one, &waiting);
	json_array_append_new(d->phases,
		json_pack("{s:s, s:o, s:o, s:I, s:I, s:o, s:o}", "name", name,
			"conversations", verdicts_json(d->conversations), "packets",
			verdicts_json(d->packets), "blocked_packets",
			(json_int_t)blocked, "waiting", (json_int_t)waiting, "window",
			window_json(d->m), "events", d->events));
	d->events = json_array();
	memset(d->conversations, 0, sizeof(d->conversations));
	memset(d->packets, 0, sizeof(d->packets));
}

/* ---- a device ---- */

static json_t *contexts_json(const struct learned_kind *k)
{
	json_t *o = json_object();

	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++)
		if (k->episodes[c])
			json_object_set_new(o, learned_context_name(c),
				json_integer(k->episodes[c]));
	return o;
}

static int item_json(void *ctx, const struct maintain_item *i)
{
	char kind[MAINTAIN_TEXT_MAX], question[MAINTAIN_TEXT_MAX];
	char first[CLOCK_TEXT_MAX], last[CLOCK_TEXT_MAX];
	const struct learned_kind *k = &i->kind;

	return json_array_append_new(ctx,
		json_pack("{s:I, s:s, s:o, s:o, s:b, s:s, s:s, s:o, s:I, s:I, s:I, "
			  "s:s, s:s, s:I, s:{s:I, s:I, s:I}}",
			"id", (json_int_t)i->id, "status",
			maintain_status_name(i->status), "kind",
			text_json(maintain_kind_text(k, kind)), "question",
			text_json(maintain_question(i, question)), "automatic",
			i->automatic, "why", maintain_reason_text(i->reason), "named",
			record_naming_name(i->naming), "contexts", contexts_json(k),
			"conversations", (json_int_t)k->flows, "bytes_from_device",
			(json_int_t)k->bytes[DIRECTION_FROM_DEVICE],
			"bytes_to_device", (json_int_t)k->bytes[DIRECTION_TO_DEVICE],
			"first", clock_format(k->first, first), "last",
			clock_format(k->last, last), "version",
			(json_int_t)i->version, "week", "conversations",
			(json_int_t)i->week.conversations, "blocked",
			(json_int_t)i->week.blocked, "bytes",
			(json_int_t)i->week.bytes));
}

static json_t *items_json(const struct maintain *m, enum maintain_status s)
{
	json_t *list = json_array();

	(void)maintain_items(m, s, item_json, list);
	return list;
}

static int change_json(
	void *ctx, enum maintain_change c, uint32_t item, const char *sentence)
{
	return json_array_append_new(ctx,
		json_pack("{s:s, s:I, s:o}", "change", maintain_change_name(c), "kind",
			(json_int_t)item, "text", text_json(sentence)));
}

static json_t *versions_json(const struct maintain *m)
{
	json_t *list = json_array(), *changes;
	struct maintain_version v;
	char since[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < maintain_version_count(m); i++) {
		maintain_version_at(m, i, &v);
		changes = json_array();
		(void)!maintain_diff(m, v.number, change_json, changes);
		json_array_append_new(list,
			json_pack("{s:I, s:o, s:s, s:s, s:I, s:I, s:b, s:o}", "number",
				(json_int_t)v.number, "label", text_json(v.label),
				"by", maintain_source_name(v.source), "since",
				clock_format(v.since, since), "kinds",
				(json_int_t)v.kinds, "waiting", (json_int_t)v.open,
				"closed", v.closed, "changes", changes));
	}
	return list;
}

static json_t *week_json(const struct maintain *m, const struct learn *l)
{
	struct maintain_report_device d = {.mac = *maintain_device(m), .name = ""};
	struct maintain_report r = {.devices = &d, .count = 1};
	struct learned_device known;
	struct maintain_window w;
	struct jsonw j;
	json_t *week = NULL;
	size_t waiting = 0;

	if (!maintain_week_count(m))
		return json_null();
	maintain_week_at(m, maintain_week_count(m) - 1, &d.week);
	if (learned_device_of(learn_learned(l), &d.mac, &known) == 0)
		d.unseen = known.all;
	(void)maintain_items(m, MAINTAIN_PROPOSED, count_one, &waiting);
	maintain_window(m, &w);
	d.waiting = (uint32_t)waiting;
	d.window = w.open;
	r.since = d.week.since;
	jsonw_init_buffer(&j, 1U << 16);
	maintain_report_json(&r, &j);
	if (jsonw_text(&j))
		week = json_loads(jsonw_text(&j), 0, NULL);
	jsonw_free(&j);
	return week ? week : json_null();
}

json_t *life_device_json(const struct life_device *d, const struct learn *l)
{
	char mac[MAC_TEXT_MAX], addr[ADDR_TEXT_MAX];
	struct addr a;
	bool made = learn_mac_is_made(l, maintain_device(d->m), &a);

	return json_pack("{s:s?, s:s?, s:I, s:O, s:o, s:o, s:o, s:o, s:o}", "mac",
		made ? NULL : mac_format(maintain_device(d->m), mac), "address",
		made ? addr_format(&a, addr) : NULL, "approved", (json_int_t)d->kinds,
		"phases", d->phases, "proposals",
		items_json(d->m, MAINTAIN_PROPOSED), "in_force",
		items_json(d->m, MAINTAIN_ACTIVE), "dormant",
		items_json(d->m, MAINTAIN_DORMANT), "versions", versions_json(d->m),
		"week", week_json(d->m, l));
}

/* ---- for people ---- */

static void counts_text(const json_t *phase, FILE *out)
{
	const json_t *n = json_object_get(phase, "conversations");
	static const struct {
		const char *verdict, *words;
	} told[] = {{"known", "known"}, {"returned", "known, long unseen"},
		{"auto-accepted", "accepted as variants"},
		{"relearned", "new after an update, passed"},
		{"grace", "new, passed as perhaps an update's"},
		{"blocked", "new, blocked"}, {"refused", "refused before, blocked"},
		{"poison", "hostile, blocked"}};
	const char *gap = "";

	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		if (!answer_number(n, told[i].verdict))
			continue;
		fprintf(out, "%s%lld %s", gap, answer_number(n, told[i].verdict),
			told[i].words);
		gap = ", ";
	}
	if (!gap[0])
		fputs("nothing that a profile decides", out);
	if (answer_number(phase, "blocked_packets"))
		fprintf(out, " (%lld packets)",
			answer_number(phase, "blocked_packets"));
	fputc('\n', out);
}

static void phase_text(const json_t *phase, FILE *out)
{
	const json_t *window = json_object_get(phase, "window"), *e;
	size_t i;

	fprintf(out, "  %s%s%s: ", text_on(STYLE_BOLD), answer_text(phase, "name"),
		text_off(STYLE_BOLD));
	counts_text(phase, out);
	json_array_foreach (json_object_get(phase, "events"), i, e)
		fprintf(out, "    %s: %s\n", answer_text(e, "event"),
			answer_text(e, "text"));
	if (json_is_object(window))
		fprintf(out, "    learning anew: version %lld, %lld of %d episodes\n",
			answer_number(window, "version"),
			answer_number(window, "episodes"), MAINTAIN_WINDOW_EPISODES);
}

static void version_text(const json_t *v, FILE *out)
{
	const json_t *c;
	size_t i;

	fprintf(out, "  Version %lld, %s: %lld kinds\n", answer_number(v, "number"),
		answer_text(v, "label"), answer_number(v, "kinds"));
	json_array_foreach (json_object_get(v, "changes"), i, c)
		fprintf(out, "    %s: %s\n", answer_text(c, "change"),
			answer_text(c, "text"));
}

void life_device_text(const json_t *device, FILE *out)
{
	const json_t *o;
	size_t i;

	fprintf(out, "%s%s: %lld kinds approved\n", answer_text(device, "mac"),
		answer_text(device, "address"), answer_number(device, "approved"));
	json_array_foreach (json_object_get(device, "phases"), i, o)
		phase_text(o, out);
	json_array_foreach (json_object_get(device, "versions"), i, o)
		version_text(o, out);
	json_array_foreach (json_object_get(device, "proposals"), i, o)
		fprintf(out, "  %s %s\n    because %s\n",
			i ? "It" : "For the owner: it", answer_text(o, "question"),
			answer_text(o, "why"));
}
