// SPDX-License-Identifier: GPL-2.0-or-later
/* What leaves this house by the gateway itself: to whom, why, and exactly what, before it
 * is sent. One row of the table below for each. */
#include <errno.h>
#include <string.h>
#include "engine/api/api_priv.h"
#include "engine/api/views_settings.h"
#include "model/people.h"
#include "model/webhook.h"

#define FILES_SHOWN 8 /* of makers */

struct sink {
	char id[12], kind[16], setting[20];
	char title[40], why[240];
	bool fixed;
	/* Members "enabled" to "sample". */
	void (*write)(struct jsonw *j, struct pipeline *p);
	/* Turning it on would do something; NULL: always. */
	bool (*is_ready)(const struct pipeline *p);
};

static void write_state(struct jsonw *j, bool enabled, const char *to, nstime last,
	const char *outcome)
{
	jsonw_kv_bool(j, "enabled", enabled);
	jsonw_kv_untrusted(j, "to", to && to[0] ? to : NULL);
	jsonw_kv_time(j, "last", last);
	jsonw_kv_untrusted(j, "outcome", outcome);
}

/* ---- messages to the owner ---- */

static bool has_webhook(const struct pipeline *p)
{
	return p->webhook.url[0] != 0;
}

static void write_webhook(struct jsonw *j, struct pipeline *p)
{
	const struct webhook *w = &p->webhook;
	char to[LIMIT_URL], outcome[LIMIT_TEXT + 64];
	struct event e;
	struct jsonw sample;

	webhook_url_show(w->url, to, sizeof(to));
	(void)str_print(outcome, sizeof(outcome), "%s%s", w->failed ? "failed: " : "delivered",
		w->text);
	write_state(j, webhook_is_on(w), to, w->last, w->last ? outcome : NULL);
	jsonw_key(j, "sample");
	jsonw_init_buffer(&sample, WEBHOOK_BODY_MAX);
	if (!webhook_sample(p, &e))
		webhook_body(p, &e, &sample);
	jsonw_string(j, sample.len ? jsonw_text(&sample) : NULL);
	jsonw_free(&sample);
}

static void write_mqtt(struct jsonw *j, struct pipeline *p)
{
	const struct homeassistant *h = &p->homeassistant;
	char sample[LIMIT_TEXT], outcome[LIMIT_TEXT + 32];

	(void)str_print(outcome, sizeof(outcome), "%s%s",
		h->connected ? "connected" : "not connected: ", h->text);
	homeassistant_sample(p, sample, sizeof(sample));
	write_state(j, h->broker[0], h->broker, h->since, h->since ? outcome : NULL);
	jsonw_kv_untrusted(j, "sample", sample[0] ? sample : NULL);
}

/* ---- to makers ---- */

static bool has_reports(const struct pipeline *p)
{
	for (size_t i = 0; i < p->household.count; i++)
		if (p->household.devices[i]->file &&
			p->household.devices[i]->report.uri[0])
			return true;
	return false;
}

static void write_reports(struct jsonw *j, struct pipeline *p)
{
	struct household_device *first = NULL, *latest = NULL;
	char to[LIMIT_TEXT] = "";
	struct str_text t = {.buf = to, .size = sizeof(to)};
	struct jsonw sample;
	unsigned n = 0;

	for (size_t i = 0; i < p->household.count; i++) {
		struct household_device *hd = p->household.devices[i];

		if (!hd->file || !hd->report.uri[0])
			continue;
		first = first ? first : hd;
		latest = !latest || hd->report.last > latest->report.last ? hd : latest;
		n++;
	}
	if (n)
		str_add(&t, "%u of your devices' makers ask for it", n);
	else
		str_add(&t, "no maker of your devices asks for it");
	write_state(j, p->reporter.enabled && n, to, latest ? latest->report.last : 0,
		latest && latest->report.last ? latest->report.text[0] ? latest->report.text
								       : "delivered"
					      : NULL);
	jsonw_key(j, "sample");
	jsonw_init_buffer(&sample, LIMIT_REPORT_BYTES);
	if (first && !reporter_body(p, first, &sample))
		jsonw_string(j, jsonw_text(&sample));
	else
		jsonw_null(j);
	jsonw_free(&sample);
}

/* ---- to a provider ---- */

struct tokens {
	struct str_text text;
	nstime now, used;
	unsigned count;
};

static int add_token(void *ctx, const struct people_token *t)
{
	struct tokens *k = ctx;

	if (t->role != PEOPLE_ISP || (t->until && t->until <= k->now))
		return 0;
	str_add(&k->text, "%s%s", k->count++ ? ", " : "", t->name);
	if (t->used > k->used)
		k->used = t->used;
	return 0;
}

static void write_provider(struct jsonw *j, struct pipeline *p)
{
	char to[LIMIT_TEXT] = "";
	struct tokens k = {.text = {.buf = to, .size = sizeof(to)}, .now = pipeline_wall(p)};
	struct jsonw sample;

	(void)!store_tokens(p->store, add_token, &k);
	write_state(j, k.count > 0, to, k.used, k.used ? "asked for" : NULL);
	jsonw_key(j, "sample");
	jsonw_init_buffer(&sample, API_REPLY_MAX);
	if (!api_write_aggregate(&sample, p))
		jsonw_string(j, jsonw_text(&sample));
	else
		jsonw_null(j);
	jsonw_free(&sample);
}

/* ---- what the work itself needs ---- */

/* In a list with commas. */
static bool has_word(const char *list, const char *word, size_t len)
{
	for (const char *at = list; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] != 0)) {
		at += strspn(at, " ");
		if (strcspn(at, ",") == len && strncmp(at, word, len) == 0)
			return true;
	}
	return false;
}

static void write_files(struct jsonw *j, struct pipeline *p)
{
	char to[LIMIT_TEXT] = "", sample[1024] = "";
	struct str_text hosts = {.buf = to, .size = sizeof(to)};
	struct str_text urls = {.buf = sample, .size = sizeof(sample)};
	nstime last = 0;
	unsigned n = 0;

	for (const struct shelf_entry *e = p->shelf.first; e; e = e->next) {
		const char *host = strstr(e->url, "://");
		size_t len = host ? strcspn(host + 3, "/?") : 0;

		last = e->fetched > last ? e->fetched : last;
		if (!len || n++ >= FILES_SHOWN)
			continue;
		str_add(&urls, "%sGET %s", n > 1 ? "\n" : "", e->url);
		if (!has_word(to, host + 3, len))
			str_add(&hosts, "%s%.*s", to[0] ? ", " : "", (int)len, host + 3);
	}
	if (n > FILES_SHOWN)
		str_add(&hosts, " and others");
	write_state(j, n > 0, to, last, last ? "fetched" : NULL);
	jsonw_kv_untrusted(j, "sample", sample[0] ? sample : NULL);
}

/* Empty while nothing is told of the settings, or the root servers are asked. */
static void upstream_of(const struct settings *s, char *buf, size_t size)
{
	struct config *c = settings_room_take();
	struct str_text t = {.buf = buf, .size = size};
	enum state_what what = settings_has(s, STATE_RUNNING) ? STATE_RUNNING : STATE_FILE;

	buf[0] = 0;
	if (c && settings_read(s, what, c) == 0)
		for (unsigned i = 0; i < c->dns_upstream.count; i++)
			str_add(&t, "%s%s", i ? ", " : "", c->dns_upstream.items[i]);
	settings_room_return(c);
}

static void write_names(struct jsonw *j, struct pipeline *p)
{
	char to[LIMIT_TEXT];

	upstream_of(&p->settings, to, sizeof(to));
	write_state(j, true, to, 0, NULL);
	jsonw_key(j, "sample");
	jsonw_null(j);
}

static const struct sink sinks[] = {
	{"webhook", "webhook", "webhook.enabled", "Messages to you",
		"What happens in the house, one message each, to the address that you wrote "
		"under [webhook] of the settings; nothing of refused packets.",
		false, write_webhook, has_webhook},
	{"mqtt", "mqtt", "", "Home Assistant",
		"How each device is, to the MQTT broker under [mqtt] of the settings, for your "
		"home automation: names and states, no addresses. It hears, and can change "
		"nothing here.",
		false, write_mqtt, NULL},
	{"reports", "maker-report", "mud.report", "Reports to makers",
		"How a maker's own rules fared, once a day, where its file asks for that: "
		"numbers, and no address of yours.",
		false, write_reports, has_reports},
	{"provider", "aggregate", "", "Figures for your provider",
		"Counts by class and state, for who has a token that you made for a "
		"provider, and no name, address or room.",
		false, write_provider, NULL},
	{"files", "mud-file", "", "Fetching makers' files",
		"Who is asked for the file of a device learns that such a device is here. "
		"It is fetched when the device comes, and when it is out of date.",
		true, write_files, NULL},
	{"names", "dns", "", "Looking up names",
		"Names that your devices ask for go to the resolvers under [dns] upstream of "
		"the settings, or to the root servers.",
		true, write_names, NULL},
};

static const struct {
	char name[12], why[96];
} notice_fields[] = {
	{"schema", "the form of this message"},
	{"id", "of the event, as on the page Live; 0 for a test"},
	{"at", "when it happened"},
	{"kind", "what kind of event it is"},
	{"device", "the device's name, as you call it; null: the gateway itself"},
	{"text", "one sentence"},
};

static void write_fields(struct jsonw *j, const struct sink *s)
{
	size_t n = s->write == write_webhook
			   ? sizeof(notice_fields) / sizeof(notice_fields[0])
			   : 0;

	jsonw_key(j, "fields");
	jsonw_array(j);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(j);
		jsonw_kv_string(j, "name", notice_fields[i].name);
		jsonw_kv_string(j, "why", notice_fields[i].why);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

void api_view_sinks(struct api_request *r)
{
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.sink.list/1");
	jsonw_key(j, "sinks");
	jsonw_array(j);
	for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++) {
		const struct sink *s = &sinks[i];

		jsonw_object(j);
		jsonw_kv_string(j, "id", s->id);
		jsonw_kv_string(j, "kind", s->kind);
		jsonw_kv_string(j, "title", s->title);
		jsonw_kv_bool(j, "fixed", s->fixed);
		jsonw_kv_string(j, "setting",
			s->setting[0] && (!s->is_ready || s->is_ready(r->pipeline))
				? s->setting
				: NULL);
		jsonw_kv_string(j, "why", s->why);
		s->write(j, r->pipeline);
		write_fields(j, s);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

void api_test_sink(struct api_request *r)
{
	int error;

	if (strcmp(r->object, "webhook") != 0) {
		api_fail(r, 404, "GET /v1/sinks lists them; only \"webhook\" has a test",
			"there is no such thing to test");
		return;
	}
	error = webhook_test(r->pipeline);
	if (error == -EPERM || error == -EBUSY) {
		api_fail(r, 409,
			error == -EPERM ? "set url under [webhook] of the settings"
					: "wait a minute, then try again",
			error == -EPERM ? "nobody is to be told" : "a message is under way");
		return;
	}
	if (error) {
		api_fail(r, 503, "look at the log", "the courier does not take it");
		return;
	}
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.sink.test/1");
	jsonw_kv_string(&r->json, "id", r->object);
	jsonw_kv_bool(&r->json, "sent", true);
	jsonw_object_end(&r->json);
}
