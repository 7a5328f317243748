// SPDX-License-Identifier: GPL-2.0-or-later
/* Who deviates from its own history, when and in what. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/deviation.h"

#define DAYS_DEFAULT 7
#define DAYS_MAX 28
#define TOP_MAX 3
/* Of a day with fewer hours on record nothing is usual, and nothing is too little. */
#define HOURS_LEAST 22
_Static_assert(HISTORY_DAYS < DEVIATION_DAYS_MAX, "all that is kept is compared");

/* Of so many devices the hour of a finding is looked up; a query each. */
#define HOURS_OF_MAX 50

struct finding {
	uint32_t day;
	int hour; /* UTC: in which there was most of it; -1: it cannot be said */
	struct deviation_finding finding;
};

struct device_days {
	const struct device *device;
	struct deviation_day days[HISTORY_DAYS + 1]; /* the last one is today */
	int scores[DAYS_MAX];
	unsigned baseline;
	int worst;
	struct finding top[TOP_MAX];
	size_t top_count;
};

struct anomalies {
	uint32_t first, today; /* days since 1970 */
	uint32_t hours[HISTORY_DAYS + 1]; /* of the house, a bit each */
	struct device_days *list;
	size_t count, at;
	unsigned shown; /* days */
};

/* ---- what is known ---- */

static int take_span(void *ctx, const struct store_span *s)
{
	struct anomalies *a = ctx;

	if (s->day >= a->first && s->day <= a->today)
		a->hours[s->day - a->first] = s->hours;
	return 0;
}

static int take_day(void *ctx, const struct store_spell *s)
{
	struct anomalies *a = ctx;
	struct deviation_day *d;

	while (a->at < a->count && a->list[a->at].device->id < s->device)
		a->at++;
	if (a->at == a->count || a->list[a->at].device->id != s->device)
		return 0;
	d = &a->list[a->at].days[s->day - a->first];
	d->absent = false;
	d->values[DEVIATION_BYTES] = (double)(s->up + s->down);
	d->values[DEVIATION_PEERS] = s->peers;
	d->values[DEVIATION_REFUSED] = (double)s->refused;
	d->values[DEVIATION_FRESH] = s->fresh;
	d->values[DEVIATION_HOURS] = __builtin_popcount(s->flags);
	return 0;
}

static void begin_device(const struct anomalies *a, struct device_days *of)
{
	uint32_t joined = (uint32_t)(of->device->first_seen / HISTORY_DAY);

	for (uint32_t day = a->first; day <= a->today; day++) {
		struct deviation_day *d = &of->days[day - a->first];
		unsigned hours = (unsigned)__builtin_popcount(a->hours[day - a->first]);

		d->day = day;
		d->absent = true;
		d->missing = !hours || day < joined;
		d->partial = hours < HOURS_LEAST || day == a->today || day == joined;
	}
}

static int load(struct pipeline *p, struct anomalies *a)
{
	struct device *d;
	int error;

	a->list = calloc(inventory_count(p->inventory) + 1, sizeof(*a->list));
	if (!a->list)
		return -ENOMEM;
	history_look(p);
	error = store_spans(p->store, take_span, a);
	while (!error && (d = inventory_at(p->inventory, a->count))) {
		a->list[a->count].device = d;
		begin_device(a, &a->list[a->count++]);
	}
	return error ? error
		     : store_days(p->store, 0, a->first, a->today + 1, take_day, a);
}

/* ---- what it comes to ---- */

static void keep_finding(struct device_days *of, uint32_t day,
	const struct deviation_finding *f)
{
	size_t i = of->top_count;

	if (i == TOP_MAX && f->score <= of->top[i - 1].finding.score)
		return;
	if (i == TOP_MAX)
		i--;
	else
		of->top_count++;
	for (; i > 0 && f->score > of->top[i - 1].finding.score; i--)
		of->top[i] = of->top[i - 1];
	of->top[i] = (struct finding){day, -1, *f};
}

static void judge(const struct anomalies *a, struct device_days *of)
{
	size_t last = a->today - a->first;
	struct deviation v;

	of->worst = -1;
	for (unsigned i = 0; i < a->shown; i++) {
		size_t day = last + 1 - a->shown + i;

		deviation_of(of->days, day, &v);
		of->scores[i] = v.score;
		of->baseline = v.days;
		if (v.score > of->worst)
			of->worst = v.score;
		for (size_t k = 0; k < v.count; k++)
			keep_finding(of, of->days[day].day, &v.findings[k]);
	}
}

static int worst_first(const void *a, const void *b)
{
	const struct device_days *x = a, *y = b;

	if (x->worst != y->worst)
		return x->worst > y->worst ? -1 : 1;
	return (x->device->id > y->device->id) - (x->device->id < y->device->id);
}

/* ---- at what time ---- */

struct busiest {
	enum deviation_measure measure;
	uint64_t most;
	int hour;
};

static int take_hour(void *ctx, const struct store_spell *s)
{
	struct busiest *b = ctx;
	const uint64_t values[DEVIATION_MEASURES] = {
		[DEVIATION_BYTES] = s->up + s->down,
		[DEVIATION_PEERS] = s->peers,
		[DEVIATION_REFUSED] = s->refused,
		[DEVIATION_FRESH] = s->fresh,
	};

	if (values[b->measure] > b->most) {
		b->most = values[b->measure];
		b->hour = (int)(s->hour % 24);
	}
	return 0;
}

static int find_hours(struct pipeline *p, struct device_days *of)
{
	int error = 0;

	for (size_t i = 0; i < of->top_count && !error; i++) {
		struct finding *f = &of->top[i];
		struct busiest b = {.measure = f->finding.measure, .hour = -1};

		if (f->finding.more)
			error = store_spells(p->store, of->device->id, f->day * 24,
				f->day * 24 + 24, take_hour, &b);
		f->hour = b.hour;
	}
	return error;
}

/* "2026-11-22" */
static char *date_of(uint32_t day, char buf[CLOCK_TEXT_MAX])
{
	clock_format((nstime)day * HISTORY_DAY, buf);
	buf[10] = 0;
	return buf;
}

static void write_top(struct jsonw *j, const struct device_days *of)
{
	char date[CLOCK_TEXT_MAX];

	jsonw_key(j, "top");
	jsonw_array(j);
	for (size_t i = 0; i < of->top_count; i++) {
		const struct deviation_finding *f = &of->top[i].finding;

		jsonw_object(j);
		jsonw_kv_string(j, "day", date_of(of->top[i].day, date));
		jsonw_kv_string(j, "measure", deviation_measure_name(f->measure));
		jsonw_kv_string(j, "what", f->what);
		jsonw_kv_string(j, "was", f->was);
		jsonw_kv_string(j, "usual", f->usual);
		jsonw_kv_u64(j, "score", f->score);
		jsonw_key(j, "hour");
		if (of->top[i].hour < 0)
			jsonw_null(j);
		else
			jsonw_i64(j, of->top[i].hour);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void write_device(struct jsonw *j, const struct anomalies *a,
	const struct device_days *of)
{
	jsonw_object(j);
	jsonw_kv_u64(j, "id", of->device->id);
	jsonw_kv_untrusted(j, "name", of->device->name);
	jsonw_kv_u64(j, "baseline_days", of->baseline);
	jsonw_key(j, "scores");
	jsonw_array(j);
	for (unsigned i = 0; i < a->shown; i++)
		if (of->scores[i] < 0)
			jsonw_null(j);
		else
			jsonw_i64(j, of->scores[i]);
	jsonw_array_end(j);
	write_top(j, of);
	jsonw_object_end(j);
}

static void write_all(struct api_request *r, const struct anomalies *a)
{
	struct jsonw *j = &r->json;
	char date[CLOCK_TEXT_MAX];

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.anomalies/1");
	jsonw_key(j, "days");
	jsonw_array(j);
	for (unsigned i = 0; i < a->shown; i++)
		jsonw_string(j, date_of(a->today + 1 - a->shown + i, date));
	jsonw_array_end(j);
	jsonw_kv_u64(j, "least_days", DEVIATION_DAYS_LEAST);
	jsonw_kv_time(j, "recorded_since", history_since(r->pipeline, NULL));
	jsonw_key(j, "devices");
	jsonw_array(j);
	for (size_t i = 0; i < a->count; i++)
		write_device(j, a, &a->list[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

void api_view_anomalies(struct api_request *r)
{
	uint32_t today = (uint32_t)(pipeline_wall(r->pipeline) / HISTORY_DAY);
	struct anomalies a = {.today = today,
		.first = today < HISTORY_DAYS ? 0 : today - HISTORY_DAYS};
	int64_t days = DAYS_DEFAULT;
	int error;

	if (!api_query_number(r, "days", 1, DAYS_MAX, &days))
		return;
	/* before 1970, where a clock that was not set yet begins, there are no days */
	a.shown = (unsigned)days <= today ? (unsigned)days : today + 1;
	error = load(r->pipeline, &a);
	for (size_t i = 0; i < a.count && !error; i++)
		judge(&a, &a.list[i]);
	if (a.count)
		qsort(a.list, a.count, sizeof(*a.list), worst_first);
	for (size_t i = 0; i < a.count && i < HOURS_OF_MAX && !error; i++)
		error = find_hours(r->pipeline, &a.list[i]);
	if (error)
		api_fail(r, 500, "look at the log", "the days could not be read: %s",
			error_text(error));
	else
		write_all(r, &a);
	free(a.list);
}
