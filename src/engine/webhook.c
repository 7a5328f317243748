// SPDX-License-Identifier: GPL-2.0-or-later
/* webhook - which events are told, and their way to the courier. */
#include "engine/webhook.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/pipeline.h"

#define SAMPLE_SEARCH 200 /* events that are looked through for one to show */

static bool is_told(enum event_kind kind)
{
	switch (kind) {
	case EVENT_DEVICE_JOINED:
	case EVENT_PROFILE_FAILED:
	case EVENT_PROTECTED:
	case EVENT_CONFLICT:
	case EVENT_PROCESS:
	case EVENT_GATEWAY:
	case EVENT_QUESTION:
	case EVENT_QUARANTINE:
	case EVENT_LIFE:
	case EVENT_ADVISORY:
	case EVENT_ACCESS:
		return true;
	case EVENT_PROFILE_VERIFIED:
	case EVENT_VIOLATION:
	case EVENT_RENAMED:
	case EVENT_DECIDED:
	case EVENT_IDENTITY:
	case EVENT_REPORT:
	case EVENT_NAME_REFUSED:
	case EVENT_NAMES_HIDDEN:
	case EVENT_NAMES_ODD:
	case EVENT_REFUSED:
	case EVENT_WOULD_BLOCK:
	case EVENT_OVERLAY:
	case EVENT_ADOPTED:
	case EVENT_PROBE:
	case EVENT_LEARNED:
	case EVENT_PORTAL:
	case EVENT_EVIDENCE:
	case EVENT_KIND_MAX:
		break;
	}
	return false;
}

int webhook_setting(struct webhook *w, const char *key, const char *value)
{
	if (strcmp(key, "webhook") == 0)
		w->enabled = strcmp(value, "yes") == 0;
	else if (strcmp(key, "webhook_url") == 0 && !str_copy(w->url, sizeof(w->url), value))
		return CARDEA_ELIMIT;
	if (!webhook_is_on(w)) { /* nobody hears later what he did not want to hear now */
		w->count = w->tries = 0;
		w->due = w->sending ? w->due : 0;
	}
	return 0;
}

bool webhook_is_on(const struct webhook *w)
{
	return w->enabled && w->url[0];
}

void webhook_body(const struct pipeline *p, const struct event *e, struct jsonw *j)
{
	const struct device *d = inventory_by_id(p->inventory, e->device);

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.notice/1");
	jsonw_kv_u64(j, "id", e->id);
	jsonw_kv_time(j, "at", e->last);
	jsonw_kv_string(j, "kind", e->id ? event_kind_name(e->kind) : "test");
	jsonw_kv_untrusted(j, "device", d ? d->name : NULL);
	jsonw_kv_untrusted(j, "text", e->text);
	jsonw_object_end(j);
}

static int remember(void *ctx, const struct event *e)
{
	if (is_told(e->kind))
		*(struct event *)ctx = *e;
	return 0;
}

int webhook_sample(struct pipeline *p, struct event *ret)
{
	const struct store_event_query q = {.limit = SAMPLE_SEARCH};
	struct event e = {0};
	int error = store_events(p->store, &q, remember, &e);

	if (!error && !e.id)
		error = -ENOENT;
	if (!error)
		*ret = e;
	return error;
}

/* ---- the queue ---- */

static void drop(struct webhook *w, unsigned i)
{
	w->count--;
	memmove(w->queue + i, w->queue + i + 1, (w->count - i) * sizeof(*w->queue));
}

/* The next one begins anew. */
static void pop(struct webhook *w)
{
	w->tries = 0;
	if (w->count)
		drop(w, 0);
}

/* What is under way, or was tried, is the queue's first still. */
static bool is_first(const struct webhook *w)
{
	return w->count && w->telling == w->queue[0];
}

void webhook_event(struct pipeline *p, const struct event *e)
{
	struct webhook *w = &p->webhook;

	if (!webhook_is_on(w) || !is_told(e->kind))
		return;
	if (w->count == WEBHOOK_QUEUE_MAX) {
		drop(w, is_first(w) && (w->sending || w->tries));
		w->lost++;
	}
	w->queue[w->count++] = e->id;
}

/* ---- to the courier ---- */

static int send_event(struct pipeline *p, const struct event *e)
{
	struct webhook *w = &p->webhook;
	uint64_t id = WEBHOOK_ID_FIRST + ++w->last_id;
	struct jsonw j;
	int error;

	if (e->id)
		w->telling = e->id;
	jsonw_init_buffer(&j, WEBHOOK_BODY_MAX);
	webhook_body(p, e, &j);
	if (!jsonw_text(&j)) {
		jsonw_free(&j);
		return CARDEA_ELIMIT;
	}
	error = reporter_post(p, id, "", jsonw_text(&j), j.len);
	jsonw_free(&j);
	if (!error) {
		w->sending = id;
		w->due = loop_now(p->loop) + WEBHOOK_ANSWER;
	}
	return error;
}

/* It arrived, or not; the next one, or the same once more. */
static void ended(struct pipeline *p, int error, const char *text)
{
	struct webhook *w = &p->webhook;
	bool test = w->testing;

	w->sending = 0;
	w->testing = false;
	w->last = pipeline_wall(p);
	w->failed = error != 0;
	str_copy(w->text, sizeof(w->text), error ? text : "");
	w->delivered += !error;
	w->due = 0;
	if (test || !is_first(w)) /* nobody wanted to hear it any more, meanwhile */
		return;
	if (error && ++w->tries < WEBHOOK_TRIES) {
		w->due = loop_now(p->loop) + (WEBHOOK_RETRY << 2 * (w->tries - 1));
		return;
	}
	w->lost += error != 0;
	pop(w);
}

int webhook_test(struct pipeline *p)
{
	struct event e = {.last = pipeline_wall(p)};
	int error;

	if (!webhook_is_on(&p->webhook))
		return -EPERM;
	if (p->webhook.sending)
		return -EBUSY;
	str_copy(e.text, sizeof(e.text), "This is a test of the messages of your gateway.");
	error = send_event(p, &e);
	p->webhook.testing = !error;
	return error;
}

void webhook_tick(struct pipeline *p)
{
	struct webhook *w = &p->webhook;
	nstime now = loop_now(p->loop);
	struct event e;

	if (w->sending) {
		if (w->due <= now)
			ended(p, -ETIMEDOUT, "the courier did not answer");
		return;
	}
	if (!w->count || w->due > now || !ipc_is_open(&p->channels[ROLE_COURIER]))
		return;
	if (store_event(p->store, w->queue[0], &e)) { /* trimmed meanwhile */
		w->lost++;
		pop(w);
	} else if (send_event(p, &e)) {
		ended(p, -EPIPE, "the courier does not take it");
	}
}

/* ---- what comes back ---- */

static uint64_t id_of(const struct message *m)
{
	if (m->type == MESSAGE_REPORT_DONE)
		return m->report_done.id;
	return m->type == MESSAGE_HOST_WANTED ? m->host_wanted.id : 0;
}

bool webhook_takes(const struct message *m)
{
	return id_of(m) >= WEBHOOK_ID_FIRST;
}

int webhook_message(struct pipeline *p, const struct message *m)
{
	if (id_of(m) != p->webhook.sending)
		return 0; /* given up meanwhile */
	if (m->type == MESSAGE_HOST_WANTED)
		fetcher_ask_host(&p->fetcher, &m->host_wanted);
	else if (m->report_done.error > 0 || m->report_done.error < INT32_MIN)
		return CARDEA_EMALFORMED;
	else
		ended(p, (int)m->report_done.error, m->report_done.text);
	return 0;
}

bool webhook_resolved(struct pipeline *p, const struct message_resolved *m)
{
	if (m->id < WEBHOOK_ID_FIRST)
		return false;
	if (m->id == p->webhook.sending)
		fetcher_tell_host(&p->fetcher, m);
	return true;
}

void webhook_courier_lost(struct pipeline *p)
{
	if (p->webhook.sending)
		ended(p, -ECONNRESET, "the courier ended meanwhile");
}
