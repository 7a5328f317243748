// SPDX-License-Identifier: GPL-2.0-or-later
/* reporter - when a report is due, its way to the courier, and what came of it. */
#include "engine/reporter.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/classes.h"
#include "engine/hits.h"
#include "engine/pipeline.h"
#include "engine/report_body.h"
#include "profiles/mud/mud.h"

void reporter_init(struct reporter *r)
{
	memset(r, 0, sizeof(*r));
	r->last_id = REPORTER_ID_FIRST;
}

void reporter_dropped(struct household_device *hd, const struct message_seen_violation *m)
{
	enum report_drop drop;

	if (report_drop_reason((enum verdict_reason)m->reason, &drop))
		hd->report.drops.packets[drop][m->direction] +=
			m->packets ? m->packets : 1;
}

/* ---- what is told ---- */

struct asker {
	struct pipeline *pipeline;
	struct household_device *hd;
};

static size_t members(void *ctx, const struct peer *peer)
{
	struct asker *a = ctx;

	return classes_count(&a->pipeline->classes, a->hd, peer);
}

static size_t addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	struct asker *a = ctx;

	return bindings_addrs(&a->hd->names, name, pipeline_wall(a->pipeline), out, max);
}

int reporter_body(struct pipeline *p, struct household_device *hd, struct jsonw *j)
{
	struct asker a = {.pipeline = p, .hd = hd};
	struct report_source s = {.wall = pipeline_wall(p),
		.env = &p->household.env,
		.drops = &hd->report.drops,
		.members = members,
		.addrs = addrs,
		.ctx = &a};

	if (!hd->file || !hd->source)
		return -ENOENT;
	(void)household_hits(hd, 0, s.wall); /* follows the policy */
	s.mud_url = hd->source->url;
	s.rules = hd->rules;
	s.rule_count = hd->rule_count;
	s.hits = hd->hits;
	s.hit_count = hd->hit_count;
	return report_body(&s, j);
}

/* ---- whether ---- */

static unsigned under_way(const struct pipeline *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->household.count; i++)
		n += p->household.devices[i]->report.id != 0;
	return n;
}

enum reporter_objection reporter_objection(const struct pipeline *p,
	const struct device *d, const struct household_device *hd,
	char ret_text[LIMIT_TEXT])
{
	enum reporter_objection why = REPORTER_WOULD_SEND;
	const char *text = "";
	char url_text[LIMIT_TEXT];

	if (!hd || !hd->file || !device_is_enforced(d)) {
		why = REPORTER_NO_FILE;
		text = "no MUD file is in force for it";
	} else if (!hd->report.uri[0]) {
		why = REPORTER_NO_URI;
		text = "its MUD file names no report-uri: its maker wants no reports";
	} else if (mud_url_check(hd->report.uri, 0, url_text)) {
		why = REPORTER_BAD_URI;
		text = url_text;
	} else if (!p->reporter.enabled) {
		why = REPORTER_NOT_WANTED;
		text = "reports to makers are off, as they are until somebody wants "
		       "them: report = true under [mud] of the settings";
	} else if (!p->clock_trusted) {
		why = REPORTER_NO_TIME;
		text = "the clock is not set, so no server can be trusted yet";
	} else if (hd->report.id || under_way(p) >= LIMIT_REPORTS) {
		why = REPORTER_BUSY;
		text = hd->report.id ? "one is under way" : "others are under way";
	}
	str_copy(ret_text, LIMIT_TEXT, text);
	return why;
}

/* ---- to the courier ---- */

static nstime spread(struct pipeline *p, nstime most)
{
	uint64_t n = hash_bytes(&p->key, &p->random, sizeof(p->random));

	p->random++;
	return (nstime)(n % (uint64_t)most);
}

static int send_message(struct pipeline *p, enum role to, const struct message *m)
{
	uint8_t buf[MESSAGE_MAX];
	int len = message_encode(m, buf, sizeof(buf));

	return len < 0 ? len : ipc_send(&p->channels[to], buf, (size_t)len, -1);
}

/* As much as fits a part, never half a character. */
static size_t part_length(const char *text, size_t left)
{
	size_t len = left < LIMIT_REPORT_PART - 1 ? left : LIMIT_REPORT_PART - 1;

	while (len < left && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static int send_parts(struct pipeline *p, uint64_t id, const char *text, size_t left)
{
	struct message *m = &p->out;
	int error = 0;

	for (size_t len; left && !error; left -= len, text += len) {
		len = part_length(text, left);
		memset(m, 0, sizeof(*m));
		m->type = MESSAGE_REPORT_PART;
		m->report_part.id = id;
		str_copy_bytes(m->report_part.text, sizeof(m->report_part.text), text,
			len);
		error = send_message(p, ROLE_COURIER, m);
	}
	return error;
}

int reporter_post(
	struct pipeline *p, uint64_t id, const char *url, const char *text, size_t len)
{
	struct message *m = &p->out;
	int error;

	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_REPORT;
	m->report.id = id;
	str_copy(m->report.url, sizeof(m->report.url), url);
	m->report.length = (uint32_t)len;
	error = send_message(p, ROLE_COURIER, m);
	return error ? error : send_parts(p, id, text, len);
}

static int send_report(struct pipeline *p, struct household_device *hd, uint64_t id)
{
	struct jsonw j;
	int error;

	jsonw_init_buffer(&j, LIMIT_REPORT_BYTES);
	error = reporter_body(p, hd, &j);
	if (!error)
		error = reporter_post(p, id, hd->report.uri, jsonw_text(&j), j.len);
	jsonw_free(&j);
	return error;
}

/* The next one is for another day, however this one went: nobody is pressed. What is as
 * it was is not said again. */
static void ended(struct pipeline *p, struct household_device *hd, int error,
	const char *text)
{
	enum reporter_outcome outcome = error ? REPORTER_FAILED : REPORTER_DELIVERED;
	const struct device *d = inventory_by_id(p->inventory, hd->id);
	bool is_news = hd->report.outcome != (int)outcome;
	char uri[LIMIT_TEXT];

	hd->report.id = 0;
	hd->report.outcome = outcome;
	hd->report.last = pipeline_wall(p);
	str_copy(hd->report.text, sizeof(hd->report.text), text);
	hd->report.due = loop_now(p->loop) + REPORTER_EVERY +
			 spread(p, REPORTER_EVERY_SPREAD);
	if (!d || !is_news)
		return;
	str_escape(str_untrusted(hd->report.uri), uri, 120);
	if (error)
		journal_note(&p->journal, hd->report.last, hd->id, EVENT_REPORT,
			"No report about %.40s went to its maker: %.150s. It is tried "
			"again once a day.",
			d->name, text);
	else
		journal_note(&p->journal, hd->report.last, hd->id, EVENT_REPORT,
			"A report about %.40s went to its maker, at %s, as one does "
			"each day.",
			d->name, uri);
}

static void begin(struct pipeline *p, struct household_device *hd)
{
	int error = send_report(p, hd, ++p->reporter.last_id);

	if (error) {
		ended(p, hd, error, "the courier does not take it");
		return;
	}
	hd->report.id = p->reporter.last_id;
	hd->report.due = loop_now(p->loop) + REPORTER_ANSWER;
}

int reporter_send(struct pipeline *p, const struct device *d, char ret_text[LIMIT_TEXT])
{
	struct household_device *hd = household_device(&p->household, d->id);

	if (reporter_objection(p, d, hd, ret_text) != REPORTER_WOULD_SEND)
		return -EPERM;
	begin(p, hd);
	return 0;
}

/* ---- time ---- */

static void tick_one(struct pipeline *p, struct household_device *hd, nstime now)
{
	const struct device *d = inventory_by_id(p->inventory, hd->id);
	char text[LIMIT_TEXT];

	if (!d || !hd->file || !hd->report.uri[0]) {
		hd->report.due = 0;
		return;
	}
	if (!hd->report.due)
		hd->report.due =
			now + REPORTER_FIRST + spread(p, REPORTER_FIRST_SPREAD);
	if (hd->report.due <= now &&
		reporter_objection(p, d, hd, text) == REPORTER_WOULD_SEND)
		begin(p, hd);
}

void reporter_tick(struct pipeline *p)
{
	nstime now = loop_now(p->loop);

	for (size_t i = 0; i < p->household.count; i++) {
		struct household_device *hd = p->household.devices[i];

		if (hd->report.id && hd->report.due <= now)
			ended(p, hd, -ETIMEDOUT, "the courier did not answer");
		else if (!hd->report.id && p->reporter.enabled)
			tick_one(p, hd, now);
	}
}

/* ---- what comes back ---- */

static struct household_device *by_id(const struct pipeline *p, uint64_t id)
{
	for (size_t i = 0; i < p->household.count; i++)
		if (p->household.devices[i]->report.id == id && id)
			return p->household.devices[i];
	return NULL;
}

bool reporter_takes(const struct message *m)
{
	return m->type == MESSAGE_REPORT_DONE ||
	       (m->type == MESSAGE_HOST_WANTED &&
		       m->host_wanted.id >= REPORTER_ID_FIRST);
}

int reporter_message(struct pipeline *p, const struct message *m)
{
	bool is_end = m->type == MESSAGE_REPORT_DONE;
	struct household_device *hd =
		by_id(p, is_end ? m->report_done.id : m->host_wanted.id);

	if (!hd)
		return 0; /* given up meanwhile */
	if (!is_end)
		fetcher_ask_host(&p->fetcher, &m->host_wanted);
	else if (m->report_done.error > 0 || m->report_done.error < INT32_MIN)
		return CARDEA_EMALFORMED;
	else
		ended(p, hd, (int)m->report_done.error, m->report_done.text);
	return 0;
}

bool reporter_resolved(struct pipeline *p, const struct message_resolved *m)
{
	if (m->id < REPORTER_ID_FIRST)
		return false;
	if (by_id(p, m->id))
		fetcher_tell_host(&p->fetcher, m);
	return true;
}

void reporter_courier_lost(struct pipeline *p)
{
	for (size_t i = 0; i < p->household.count; i++)
		if (p->household.devices[i]->report.id)
			ended(p, p->household.devices[i], -ECONNRESET,
				"the courier ended meanwhile");
}
