// SPDX-License-Identifier: GPL-2.0-or-later
/* What happened: in the house, page by page and as it is wanted; of one device, with where
 * it stood. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define EVENTS_DEFAULT 100
#define EVENTS_MAX 1000
#define TIMELINE_DEFAULT 50
#define TIMELINE_MAX 200
/* A step and its event are the same happening: they are told one after the other. */
#define SAME_MOMENT (5 * NS_PER_SEC)

/* ---- of the house ---- */

static int list_event(void *ctx, const struct event *e)
{
	struct api_request *r = ctx;

	api_write_event(&r->json, r->pipeline, e);
	return 0;
}

/* "violation,refused": a bit each. False after an error reply. */
static bool read_kinds(struct api_request *r, uint64_t *ret)
{
	char text[LIMIT_NAME], *at = text, *next;

	if (!api_query(r, "kind", text, sizeof(text)))
		return false;
	for (; at && at[0]; at = next) {
		unsigned k = 0;

		next = strchr(at, ',');
		if (next)
			*next++ = 0;
		while (k < EVENT_KIND_MAX && strcmp(at, event_kind_name((enum event_kind)k)))
			k++;
		if (k == EVENT_KIND_MAX) {
			api_fail_field(r, 400, "kind",
				"violation, refused, question, ... with commas between",
				"there are no events of that kind");
			return false;
		}
		*ret |= UINT64_C(1) << k;
	}
	return true;
}

static void write_next(struct jsonw *j, event_id next)
{
	char text[24];

	(void)str_print(text, sizeof(text), "%llu", (unsigned long long)next);
	jsonw_kv_string(j, "next", next ? text : NULL);
}

/* Followers get lines, not a list: what happened lately comes with the list before. */
void api_view_events(struct api_request *r)
{
	struct store_event_query q = {.limit = EVENTS_DEFAULT};
	int64_t after = 0, cursor = 0, limit = EVENTS_DEFAULT, follow = 0;
	char text[LIMIT_NAME];
	struct device *d = NULL;
	event_id next = 0;

	if (!api_query_number(r, "after", 0, INT64_MAX, &after) ||
		!api_query_number(r, "cursor", 0, INT64_MAX, &cursor) ||
		!api_query_number(r, "limit", 1, EVENTS_MAX, &limit) ||
		!api_query_number(r, "follow", 0, 1, &follow) || !read_kinds(r, &q.kinds) ||
		!api_query(r, "text", text, sizeof(text)) || !api_query_device(r, &d))
		return;
	r->follow = follow == 1;
	r->follow_device = d ? d->id : 0;
	if (r->follow)
		return;
	q.after = (event_id)after;
	q.before = (event_id)cursor;
	q.limit = (unsigned)limit;
	q.device = d ? d->id : 0;
	q.text = text;
	journal_flush(&r->pipeline->journal);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.event.list/1");
	jsonw_key(&r->json, "events");
	jsonw_array(&r->json);
	if (store_events_page(r->pipeline->store, &q, list_event, r, &next)) {
		api_fail(r, 500, "look at the log", "the events could not be read");
		return;
	}
	jsonw_array_end(&r->json);
	write_next(&r->json, next);
	jsonw_object_end(&r->json);
}

/* ---- of one device ---- */

struct timeline {
	struct event *events; /* youngest last */
	size_t event_count, event_cap;
	struct store_step *steps; /* the same */
	size_t step_count;
	unsigned long long event_before, step_before; /* the cursor; 0: from the youngest */
	bool events_go_on;
	unsigned limit;
};

static int take_event(void *ctx, const struct event *e)
{
	struct timeline *t = ctx;

	if (t->event_count < t->event_cap)
		t->events[t->event_count++] = *e;
	return 0;
}

static int take_step(void *ctx, const struct store_step *s)
{
	struct timeline *t = ctx;

	if (t->step_count < STORE_STEPS_EACH && (!t->step_before || s->id < t->step_before))
		t->steps[t->step_count++] = *s;
	return 0;
}

static int read_timeline(struct pipeline *p, const struct device *d, struct timeline *t)
{
	struct store_event_query q = {.before = t->event_before, .device = d->id,
		.limit = 2 * t->limit}; /* every second may be a step's */
	event_id next = 0;
	int error;

	t->event_cap = q.limit;
	t->events = calloc(t->event_cap, sizeof(*t->events));
	t->steps = calloc(STORE_STEPS_EACH, sizeof(*t->steps));
	if (!t->events || !t->steps)
		return -ENOMEM;
	journal_flush(&p->journal);
	error = store_events_page(p->store, &q, take_event, t, &next);
	if (!error)
		error = store_steps(p->store, d->id, STORE_STEPS_EACH, take_step, t);
	t->events_go_on = next != 0;
	return error;
}

/* The journal told of a step, too. */
static bool is_told_by(const struct event *e, const struct store_step *s)
{
	return (e->kind == EVENT_LIFE || e->kind == EVENT_QUARANTINE) &&
	       llabs(e->first - s->at) < SAME_MOMENT &&
	       strncmp(e->text, s->sentence, strlen(s->sentence)) == 0;
}

static bool is_a_step(const struct timeline *t, const struct event *e)
{
	for (size_t i = 0; i < t->step_count; i++)
		if (is_told_by(e, &t->steps[i]))
			return true;
	return false;
}

static void write_step_item(struct jsonw *j, const struct store_step *s)
{
	jsonw_object(j);
	jsonw_kv_time(j, "at", s->at);
	jsonw_kv_string(j, "kind", "state");
	jsonw_kv_untrusted(j, "sentence", s->sentence);
	jsonw_kv_untrusted(j, "detail", s->detail[0] ? s->detail : NULL);
	jsonw_key(j, "event");
	jsonw_null(j);
	jsonw_kv_string(j, "from", life_state_name((enum life_state)s->was));
	jsonw_kv_string(j, "to", life_state_name((enum life_state)s->state));
	jsonw_kv_u64(j, "count", 1);
	jsonw_kv_time(j, "last", s->at);
	jsonw_object_end(j);
}

static void write_event_item(struct jsonw *j, const struct event *e)
{
	jsonw_object(j);
	jsonw_kv_time(j, "at", e->first);
	jsonw_kv_string(j, "kind", event_kind_name(e->kind));
	jsonw_kv_untrusted(j, "sentence", e->text);
	jsonw_kv_untrusted(j, "detail", e->name[0] ? e->name : NULL);
	jsonw_kv_u64(j, "event", e->id);
	jsonw_kv_string(j, "from", NULL);
	jsonw_kv_string(j, "to", NULL);
	jsonw_kv_u64(j, "count", e->packets ? e->packets : 1);
	jsonw_kv_time(j, "last", e->last);
	jsonw_object_end(j);
}

/* The youngest of both first; the cursor stands behind what was looked at. */
static void write_items(struct jsonw *j, struct timeline *t)
{
	size_t e = t->event_count, s = t->step_count;
	unsigned written = 0;
	char next[64];

	jsonw_key(j, "items");
	jsonw_array(j);
	while (written < t->limit && (e || s)) {
		const struct event *event = e ? &t->events[e - 1] : NULL;
		const struct store_step *step = s ? &t->steps[s - 1] : NULL;

		if (!event && t->events_go_on)
			break; /* older ones may be younger than that step */
		if (step && (!event || step->at >= event->first)) {
			write_step_item(j, step);
			t->step_before = step->id;
			s--;
			written++;
			continue;
		}
		t->event_before = event->id;
		e--;
		if (is_a_step(t, event))
			continue;
		write_event_item(j, event);
		written++;
	}
	jsonw_array_end(j);
	(void)str_print(next, sizeof(next), "%llu.%llu", t->event_before, t->step_before);
	jsonw_kv_string(j, "next", e || s || t->events_go_on ? next : NULL);
}

/* "123.45": events and steps before these. False after an error reply. */
static bool read_cursor(struct api_request *r, struct timeline *t)
{
	char text[64], *dot;
	int64_t event = 0, step = 0;

	if (!api_query(r, "cursor", text, sizeof(text)))
		return false;
	dot = strchr(text, '.');
	if (dot)
		*dot++ = 0;
	if (text[0] && (!dot || str_to_i64(text, 0, INT64_MAX, &event) ||
			       str_to_i64(dot, 0, INT64_MAX, &step))) {
		api_fail_field(r, 400, "cursor", "send what was in \"next\"",
			"that is no cursor of a timeline");
		return false;
	}
	t->event_before = (unsigned long long)event;
	t->step_before = (unsigned long long)step;
	return true;
}

void api_view_timeline(struct api_request *r)
{
	struct device *d = api_device_as_is(r, r->object);
	int64_t limit = TIMELINE_DEFAULT;
	struct timeline t = {0};
	int error;

	if (!d || !api_query_number(r, "limit", 1, TIMELINE_MAX, &limit) ||
		!read_cursor(r, &t))
		return;
	t.limit = (unsigned)limit;
	error = read_timeline(r->pipeline, d, &t);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.timeline/1");
	jsonw_kv_untrusted(&r->json, "device", d->name);
	jsonw_kv_u64(&r->json, "id", d->id);
	if (!error) {
		write_items(&r->json, &t);
		jsonw_object_end(&r->json);
	} else {
		api_fail(r, 500, "look at the log", "what happened to %.60s: %s", d->name,
			error_text(error));
	}
	free(t.events);
	free(t.steps);
}
