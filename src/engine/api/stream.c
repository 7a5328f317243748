// SPDX-License-Identifier: GPL-2.0-or-later
/* stream - server-sent events. What a client has not got yet stays in the store: it is read
 * from there as fast as the client takes it, so that a slow one costs no memory, and one
 * that comes again goes on where it was. */
#include <stdlib.h>
#include <string.h>
#include "engine/api/server.h"

/* A sign of life this often: browsers and what is between them take silence for an end. */
#define SIGN_EVERY (20 * NS_PER_SEC)
#define STALLED_MAX 3 /* signs later, one that reads nothing is let go */
/* What happens within is told together: a house that changes does so many times. */
#define SOON (250 * NS_PER_MS)
#define BATCH 32 /* events read at once */
#define LINE_MAX (64U << 10)
/* Of the pipes of web, so that pages are answered whoever leaves his open. */
#define STREAMS_MAX 24
#define FULL_S 10 /* until a place may be free */
#define FIRST "retry: 3000\n" /* ms until a browser comes again */

/* What a page shows, by the names of routes. */
enum api_what {
	WHAT_DEVICES,
	WHAT_DECISIONS,
	WHAT_QUARANTINE,
	WHAT_POLICY,
	WHAT_LEARNING,
	WHAT_CASES,
	WHAT_ADVISORIES,
	WHAT_ATTEST,
	WHAT_SETTINGS,
	WHAT_SINKS,
	WHAT_PEOPLE,
	WHAT_CHANGES,
	WHAT_SYSTEM,
	WHAT_MAX,
};

static const char names[WHAT_MAX][12] = {
	[WHAT_DEVICES] = "devices",
	[WHAT_DECISIONS] = "decisions",
	[WHAT_QUARANTINE] = "quarantine",
	[WHAT_POLICY] = "policy",
	[WHAT_LEARNING] = "learning",
	[WHAT_CASES] = "cases",
	[WHAT_ADVISORIES] = "advisories",
	[WHAT_ATTEST] = "attest",
	[WHAT_SETTINGS] = "settings",
	[WHAT_SINKS] = "sinks",
	[WHAT_PEOPLE] = "people",
	[WHAT_CHANGES] = "changes",
	[WHAT_SYSTEM] = "system",
};

#define BIT(what) (1U << (what))
#define DEVICE_BITS (BIT(WHAT_DEVICES) | BIT(WHAT_QUARANTINE) | BIT(WHAT_DECISIONS))

static unsigned bits_of_event(enum event_kind k)
{
	switch (k) {
	case EVENT_DEVICE_JOINED:
	case EVENT_PROFILE_VERIFIED:
	case EVENT_PROFILE_FAILED:
	case EVENT_PROTECTED:
	case EVENT_RENAMED:
	case EVENT_IDENTITY:
		return BIT(WHAT_DEVICES);
	case EVENT_QUESTION:
	case EVENT_DECIDED:
		return BIT(WHAT_DECISIONS);
	case EVENT_QUARANTINE:
	case EVENT_LIFE:
		return BIT(WHAT_DEVICES) | BIT(WHAT_QUARANTINE) | BIT(WHAT_CASES);
	case EVENT_OVERLAY: /* one that ends by itself is in the list of changes */
		return BIT(WHAT_POLICY) | BIT(WHAT_CHANGES);
	case EVENT_ADOPTED:
	case EVENT_PROBE:
		return BIT(WHAT_POLICY);
	case EVENT_LEARNED:
		return BIT(WHAT_LEARNING);
	case EVENT_ADVISORY:
		return BIT(WHAT_ADVISORIES);
	case EVENT_EVIDENCE:
		return BIT(WHAT_ATTEST) | BIT(WHAT_DEVICES);
	case EVENT_REPORT:
		return BIT(WHAT_SINKS);
	case EVENT_ACCESS:
		return BIT(WHAT_PEOPLE);
	case EVENT_PROCESS:
	case EVENT_GATEWAY:
		return BIT(WHAT_SYSTEM);
	case EVENT_VIOLATION:
	case EVENT_CONFLICT:
	case EVENT_NAME_REFUSED:
	case EVENT_NAMES_HIDDEN:
	case EVENT_NAMES_ODD:
	case EVENT_REFUSED:
	case EVENT_WOULD_BLOCK:
	case EVENT_PORTAL:
	case EVENT_KIND_MAX:
		break;
	}
	return 0;
}

/* A route that is not here, and one of a younger version, may have changed anything. */
static unsigned bits_of_path(const char *noun)
{
	static const struct {
		char noun[16];
		unsigned bits;
	} table[] = {
		{"devices", DEVICE_BITS},
		{"decisions", DEVICE_BITS | BIT(WHAT_POLICY)},
		{"quarantine", DEVICE_BITS | BIT(WHAT_CASES)},
		{"overlays", BIT(WHAT_POLICY)},
		{"profiles", BIT(WHAT_POLICY) | BIT(WHAT_DEVICES)},
		{"controllers", BIT(WHAT_POLICY)},
		{"probes", BIT(WHAT_POLICY)},
		{"learning", BIT(WHAT_LEARNING) | BIT(WHAT_DEVICES)},
		{"cases", BIT(WHAT_CASES) | BIT(WHAT_DECISIONS)},
		{"settings", BIT(WHAT_SETTINGS)},
		{"sinks", BIT(WHAT_SINKS)},
		{"reports", BIT(WHAT_SINKS)},
		{"users", BIT(WHAT_PEOPLE)},
		{"tokens", BIT(WHAT_PEOPLE)},
		{"session", 0}, /* the journal tells */
		{"setup", BIT(WHAT_PEOPLE)},
		{"effect", 0}, /* shows what would be */
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].noun, noun) == 0)
			return table[i].bits;
	return BIT(WHAT_MAX) - 1;
}

/* ---- one stream ---- */

static bool is_held(const struct api_client *c)
{
	const struct pipeline *p = c->api->pipeline;
	const struct device *d = c->pipe ? inventory_by_addr(p->inventory, &c->from) : NULL;

	return d && d->hold != HOLD_NONE;
}

static bool still_may(const struct api_client *c)
{
	struct pipeline *p = c->api->pipeline;

	return !c->pipe || people_still(&p->people, pipeline_people_now(p), &c->who);
}

bool api_client_may(const struct api_client *c)
{
	return !is_held(c) && still_may(c);
}

struct batch {
	struct api_client *client;
	unsigned count;
};

static int send_event(void *ctx, const struct event *e)
{
	struct batch *b = ctx;
	struct api_client *c = b->client;
	char head[64];
	struct jsonw j;
	const char *text;
	bool good;

	b->count++;
	c->after = e->id;
	jsonw_init_buffer(&j, LINE_MAX);
	api_write_event(&j, c->api->pipeline, e);
	text = jsonw_text(&j);
	(void)str_print(head, sizeof(head), "id: %llu\nevent: event\ndata: ",
		(unsigned long long)e->id);
	good = !text || (api_client_queue(c, head, strlen(head), API_FOLLOW_QUEUE) &&
				api_client_queue(c, text, strlen(text), API_FOLLOW_QUEUE) &&
				api_client_queue(c, "\n\n", 2, API_FOLLOW_QUEUE));
	jsonw_free(&j);
	return good ? 0 : CARDEA_ELIMIT;
}

static void send_changed(struct api_client *c)
{
	char text[128], id[24] = "null";

	if (c->changed_id)
		(void)str_print(id, sizeof(id), "%lu", (unsigned long)c->changed_id);
	for (unsigned w = 0; w < WHAT_MAX; w++) {
		if (!(c->changed & BIT(w)))
			continue;
		(void)str_print(text, sizeof(text),
			"event: changed\ndata: {\"schema\":\"cardea.changed/1\","
			"\"what\":\"%s\",\"id\":%s}\n\n",
			names[w], id);
		if (!api_client_queue(c, text, strlen(text), API_FOLLOW_QUEUE))
			break;
	}
	c->changed = 0;
	c->changed_id = 0;
}

void api_stream_pump(struct api_client *c)
{
	struct batch b = {.client = c, .count = 1};

	if (is_held(c) ||
		(c->generation != c->api->pipeline->people.generation && !still_may(c))) {
		api_client_drop(c);
		return;
	}
	c->generation = c->api->pipeline->people.generation;
	while (c->api && !c->out_len && b.count) {
		b.count = 0;
		if (store_events_after(c->api->pipeline->store, c->after, BATCH, send_event,
			    &b)) {
			api_client_drop(c); /* it comes again, from where it was */
			return;
		}
		if (!b.count && c->changed)
			send_changed(c);
		if (c->out_len)
			api_client_flush(c);
	}
}

static void sign(struct loop_timer *t)
{
	struct api_client *c = t->ctx;

	c->stalled = c->out_len ? c->stalled + 1 : 0;
	if (c->stalled >= STALLED_MAX || !api_client_may(c) ||
		(!c->out_len && !api_client_queue(c, ":\n\n", 3, API_FOLLOW_QUEUE))) {
		api_client_drop(c);
		return;
	}
	loop_arm(c->api->pipeline->loop, t, SIGN_EVERY);
	if (!c->stalled)
		api_client_flush(c);
}

const char *api_stream_begin(struct api_client *c, const struct api_request *r)
{
	c->stream = true;
	c->api->streams++;
	c->after = r->after;
	c->generation = c->api->pipeline->people.generation;
	c->idle.fire = sign;
	loop_arm(c->api->pipeline->loop, &c->idle, SIGN_EVERY);
	return FIRST;
}

/* ---- all of them ---- */

static void tell(struct loop_timer *t)
{
	struct api *a = t->ctx;

	for (size_t i = 0; i < API_SLOTS; i++) {
		struct api_client *c = a->slots[i];

		if (c && c->api && c->stream && !c->out_len)
			api_stream_pump(c);
	}
}

static void note(struct api *a, unsigned bits, device_id device)
{
	for (size_t i = 0; bits && i < API_SLOTS; i++) {
		struct api_client *c = a->slots[i];

		if (!c || !c->api || !c->stream)
			continue;
		if (!c->changed)
			c->changed_id = device;
		else if (c->changed_id != device)
			c->changed_id = 0;
		c->changed |= bits;
	}
	if (a->soon.due)
		return;
	a->soon.fire = tell;
	a->soon.ctx = a;
	loop_arm(a->pipeline->loop, &a->soon, SOON);
}

void api_stream_event(struct api *a, const struct event *e)
{
	if (a->streams)
		note(a, bits_of_event(e->kind), e->device);
}

void api_stream_request(struct api *a, const struct api_request *r)
{
	char noun[32];

	if (!a->streams || !http_str_equal(r->head->method, "POST") ||
		http_path_segment(r->head->path, 1, noun, sizeof(noun)))
		return;
	note(a, bits_of_path(noun), 0);
}

void api_stream_noted(struct api *a)
{
	if (a->streams)
		note(a, BIT(WHAT_CHANGES), 0);
}

static int keep_id(void *ctx, const struct event *e)
{
	*(event_id *)ctx = e->id;
	return 0;
}

/* Where it was: a browser that comes again says so by itself; a page that begins, by what
 * it showed last. A number that no event has yet is of another store, before a restore: to
 * wait for it would be silence for weeks. */
static bool read_after(struct api_request *r, event_id *ret)
{
	const struct untrusted_str *field = http_header_find(r->head, "Last-Event-ID");
	struct store_event_query q = {.limit = 1};
	event_id newest = 0;
	char text[24];
	int64_t after = -1;

	if (!api_query_number(r, "after", 0, INT64_MAX, &after))
		return false;
	if (field && field->len && str_copy_bytes(text, sizeof(text), field->bytes, field->len))
		(void)!str_to_i64(text, 0, INT64_MAX, &after);
	(void)!store_events(r->pipeline->store, &q, keep_id, &newest);
	*ret = after < 0 || (event_id)after > newest ? newest : (event_id)after;
	return true;
}

void api_view_stream(struct api_request *r)
{
	journal_flush(&r->pipeline->journal);
	if (!read_after(r, &r->after))
		return;
	if (r->client->api->streams >= STREAMS_MAX) {
		api_header(r, "Retry-After: %u", FULL_S);
		api_fail(r, 503, "close a page that is open elsewhere",
			"%u pages are open already", STREAMS_MAX);
		return;
	}
	r->follow = r->stream = true;
	r->type = "text/event-stream";
	api_header(r, "Cache-Control: no-store");
}
