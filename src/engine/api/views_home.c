// SPDX-License-Identifier: GPL-2.0-or-later
/* The house at a glance, and all its devices, page by page. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/api/strip.h"

#define HOME_ROWS 40
#define HOME_DECISIONS 3
/* With the answer about the session the first screen has 20 KB: names may be long. */
#define HOME_BYTES 18000
#define ROSTER_DEFAULT 100
#define ROSTER_MAX 500
#define NAMED_MAX 2 /* devices that the sentence names */

/* ---- the house ---- */

/* How a device is spoken of. */
enum mood { MOOD_USUAL, MOOD_LEARNED, MOOD_ASKS, MOOD_ODD, MOOD_HELD, MOOD_GONE };

static enum mood mood_of(const struct strip *s)
{
	if (s->state == LIFE_RETIRED)
		return MOOD_GONE;
	if (s->device->hold)
		return MOOD_HELD;
	if (s->asks)
		return MOOD_ASKS;
	if (s->state == LIFE_SUSPICIOUS || s->state == LIFE_UNFIXABLE)
		return MOOD_ODD;
	return s->state == LIFE_NEW || s->state == LIFE_LEARNING ? MOOD_LEARNED : MOOD_USUAL;
}

/* "Kitchen camera asks something." Held ones are spoken of first. */
static void add_unusual(struct str_text *t, const struct strips *all)
{
	static const char *const words[] = {[MOOD_ASKS] = "asks something",
		[MOOD_ODD] = "does not behave as expected",
		[MOOD_HELD] = "is held"};
	char name[LIMIT_LABEL];
	unsigned named = 0, more = 0;

	for (size_t i = 0; i < all->count; i++) {
		enum mood m = mood_of(&all->list[i]);

		if (m < MOOD_ASKS || m > MOOD_HELD)
			continue;
		if (named == NAMED_MAX) {
			more++;
			continue;
		}
		named++;
		str_add(t, " %s %s.",
			str_escape(str_untrusted(all->list[i].device->name), name,
				sizeof(name)),
			words[m]);
	}
	if (more)
		str_add(t, " So it is with %u more.", more);
}

static void add_devices(struct str_text *t, const struct strips *all)
{
	unsigned counts[MOOD_GONE + 1] = {0};
	size_t n;

	for (size_t i = 0; i < all->count; i++)
		counts[mood_of(&all->list[i])]++;
	n = all->count - counts[MOOD_GONE];
	if (n && counts[MOOD_USUAL] == n) {
		str_add(t, "%zu device%s, %s as expected.", n, n == 1 ? "" : "s",
			n == 1 ? "behaving" : "all behaving");
		return;
	}
	str_add(t, "%zu device%s.", n, n == 1 ? "" : "s");
	if (counts[MOOD_USUAL])
		str_add(t, " %u behave%s as expected.", counts[MOOD_USUAL],
			counts[MOOD_USUAL] == 1 ? "s" : "");
	if (counts[MOOD_LEARNED])
		str_add(t, " %u %s new or being learned.", counts[MOOD_LEARNED],
			counts[MOOD_LEARNED] == 1 ? "is" : "are");
	add_unusual(t, all);
}

static void write_sentence(struct jsonw *j, const struct pipeline *p, const struct strips *all)
{
	char text[LIMIT_TEXT] = "";
	struct str_text t = {.buf = text, .size = sizeof(text)};

	if (!p->ready)
		str_add(&t, "Cardea is starting; rules that were in force stay in force.");
	else if (!all->count)
		str_add(&t, "No device has been seen yet.");
	else
		add_devices(&t, all);
	jsonw_kv_string(j, "sentence", text);
}

static void write_counts(struct jsonw *j, struct pipeline *p)
{
	unsigned counts[LIFE_STATE_MAX] = {0};
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		counts[pipeline_life_of(p, d)->state]++;
	jsonw_key(j, "counts");
	jsonw_object(j);
	for (unsigned i = 0; i < LIFE_STATE_MAX; i++)
		jsonw_kv_u64(j, life_state_name((enum life_state)i), counts[i]);
	jsonw_object_end(j);
}

struct asked {
	struct api_request *r;
	unsigned count;
};

static int write_first(void *ctx, const struct decision *d)
{
	struct asked *a = ctx;

	if (a->count++ < HOME_DECISIONS)
		api_write_decision(&a->r->json, a->r->pipeline, d);
	return 0;
}

static int write_decisions(struct api_request *r)
{
	struct asked a = {.r = r};
	int error;

	jsonw_key(&r->json, "decisions");
	jsonw_array(&r->json);
	error = store_decisions(r->pipeline->store, true, write_first, &a);
	jsonw_array_end(&r->json);
	jsonw_kv_u64(&r->json, "asks", a.count);
	return error;
}

static void write_strip(struct jsonw *j, const struct strip *s)
{
	jsonw_kv_string(j, "marks", s->marks);
	jsonw_kv_string(j, "amounts", s->amounts);
	jsonw_kv_u64(j, "bytes", s->bytes);
}

static void write_rows(struct api_request *r, const struct strips *all)
{
	struct jsonw *j = &r->json;
	size_t i = 0;

	jsonw_key(j, "strip");
	jsonw_object(j);
	jsonw_kv_time(j, "from", all->from);
	jsonw_key(j, "rows");
	jsonw_array(j);
	for (; i < all->count && i < HOME_ROWS && j->len < HOME_BYTES; i++) {
		const struct strip *s = &all->list[i];

		jsonw_object(j);
		jsonw_kv_u64(j, "id", s->device->id);
		jsonw_kv_untrusted(j, "name", s->device->name);
		jsonw_kv_string(j, "state",
			life_state_name(pipeline_life_of(r->pipeline, s->device)->state));
		write_strip(j, s);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_kv_u64(j, "more", all->count - i);
	jsonw_object_end(j);
}

void api_view_home(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct strips all;
	int error = strips_make(p, &all);

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.home/1");
	if (!error) {
		strips_sort(&all);
		jsonw_key(&r->json, "watching");
		jsonw_object(&r->json);
		api_write_watching(&r->json, p);
		jsonw_object_end(&r->json);
		write_sentence(&r->json, p, &all);
		jsonw_kv_time(&r->json, "since", p->started);
		jsonw_kv_time(&r->json, "recorded_since", history_since(p, NULL));
		write_counts(&r->json, p);
		error = write_decisions(r);
		write_rows(r, &all);
		jsonw_object_end(&r->json);
	}
	if (error)
		api_fail(r, 500, "look at the log", "the last day could not be read: %s",
			error_text(error));
	strips_free(&all);
}

/* ---- all devices ---- */

struct roster {
	enum life_state state; /* LIFE_STATE_MAX: any */
	char q[LIMIT_NAME];
	device_id after;
	unsigned limit;
};

static bool contains(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

static bool is_meant(const struct device *d, const char *q)
{
	char text[ADDR_TEXT_MAX > MAC_TEXT_MAX ? ADDR_TEXT_MAX : MAC_TEXT_MAX];

	if (!q[0] || contains(d->name, q) || contains(d->hostname, q) ||
		contains(d->vendor_class, q) || contains(d->mud_url, q) ||
		contains(mac_format(&d->mac, text), q))
		return true;
	for (size_t i = 0; i < d->addr_count; i++)
		if (contains(addr_format(&d->addrs[i].addr, text), q))
			return true;
	return false;
}

static const char *source_of(struct pipeline *p, const struct device *d)
{
	const struct household_device *hd = household_device(&p->household, d->id);

	if (hd && hd->file)
		return "maker";
	if (hd && hd->grant.pool)
		return hd->grant.layer == LAYER_LEARNED ? "learned" : "owner";
	return "none";
}

static void write_confidence(struct jsonw *j, struct pipeline *p, const struct device *d)
{
	struct learned_device ld;

	jsonw_key(j, "confidence");
	if (!learner_is_on(&p->learner, d) ||
		learned_device_of(p->learner.learned, &d->mac, &ld)) {
		jsonw_null(j);
		return;
	}
	api_write_unseen(j, &ld.all);
}

static void write_device(struct api_request *r, const struct strip *s)
{
	struct pipeline *p = r->pipeline;
	const struct device *d = s->device;
	const struct life *l = pipeline_life_of(p, d);
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_u64(j, "id", d->id);
	jsonw_kv_untrusted(j, "name", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_string(j, "class", device_class_name(pipeline_class_of(p, d)));
	jsonw_kv_string(j, "state", life_state_name(l->state));
	jsonw_kv_time(j, "since", l->since ? l->since : d->first_seen);
	jsonw_kv_string(j, "hold", device_hold_name(d->hold));
	jsonw_kv_string(j, "source", source_of(p, d));
	write_confidence(j, p, d);
	jsonw_kv_u64(j, "asks", s->asks);
	jsonw_kv_time(j, "last_seen", d->last_seen);
	write_strip(j, s);
	jsonw_object_end(j);
}

static bool is_listed(struct pipeline *p, const struct strip *s, const struct roster *q)
{
	return (q->state == LIFE_STATE_MAX ||
		       pipeline_life_of(p, s->device)->state == q->state) &&
	       is_meant(s->device, q->q);
}

static void write_roster(struct api_request *r, const struct strips *all,
	const struct roster *q)
{
	struct jsonw *j = &r->json;
	unsigned total = 0, written = 0;
	device_id last = 0;
	bool more = false;
	char next[16];

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.roster/1");
	jsonw_kv_time(j, "from", all->from);
	jsonw_key(j, "devices");
	jsonw_array(j);
	for (size_t i = 0; i < all->count; i++) {
		const struct strip *s = &all->list[i];

		if (!is_listed(r->pipeline, s, q))
			continue;
		total++;
		if (s->device->id <= q->after)
			continue;
		more = written == q->limit;
		if (more)
			continue;
		write_device(r, s);
		last = s->device->id;
		written++;
	}
	jsonw_array_end(j);
	if (more)
		(void)str_print(next, sizeof(next), "%u", last);
	jsonw_kv_string(j, "next", more ? next : NULL);
	jsonw_kv_u64(j, "total", total);
	jsonw_object_end(j);
}

/* False after an error reply. */
static bool read_state(struct api_request *r, enum life_state *ret)
{
	char text[32];

	*ret = LIFE_STATE_MAX;
	if (!api_query(r, "state", text, sizeof(text)))
		return false;
	for (unsigned i = 0; i < LIFE_STATE_MAX && text[0]; i++)
		if (strcmp(text, life_state_name((enum life_state)i)) == 0)
			*ret = (enum life_state)i;
	if (text[0] && *ret == LIFE_STATE_MAX)
		api_fail(r, 400, "new, learning, protected, ... as in a device's \"state\"",
			"state is none that a device can have");
	return !text[0] || *ret != LIFE_STATE_MAX;
}

void api_view_roster(struct api_request *r)
{
	struct roster q = {.limit = ROSTER_DEFAULT};
	int64_t cursor = 0, limit = ROSTER_DEFAULT;
	struct strips all;
	int error;

	if (!api_query_number(r, "cursor", 0, UINT32_MAX, &cursor) ||
		!api_query_number(r, "limit", 1, ROSTER_MAX, &limit) ||
		!api_query(r, "q", q.q, sizeof(q.q)) || !read_state(r, &q.state))
		return;
	q.after = (device_id)cursor;
	q.limit = (unsigned)limit;
	error = strips_make(r->pipeline, &all);
	if (error)
		api_fail(r, 500, "look at the log", "the last day could not be read: %s",
			error_text(error));
	else
		write_roster(r, &all, &q);
	strips_free(&all);
}
