// SPDX-License-Identifier: GPL-2.0-or-later
/* A day against the days before. */
#include "engine/deviation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

#define MAD_TO_SIGMA 1.4826 /* of a normal distribution */

/* How each measure is looked at; least: what counts as one deviation at least. */
static const struct {
	const char *name, *more, *fewer;
	bool log;  /* log2(1 + x) */
	bool less; /* less than usual is a finding, too */
	double least;
	double floor; /* below this it is no finding, however seldom */
} measures[DEVIATION_MEASURES] = {
	/* half a factor of two; 64 KiB are some questions of the time */
	[DEVIATION_BYTES] = {"bytes", "more data than usual", "less data than usual",
		true, true, 0.5, 65536},
	[DEVIATION_PEERS] = {"peers", "more peers than usual", "", false, false, 1.0, 3},
	/* a factor of two; four packets are one attempt of TCP */
	[DEVIATION_REFUSED] = {"refused", "more was refused than usual", "", true, false,
		1.0, 5},
	[DEVIATION_FRESH] = {"new peers", "more new peers than usual", "", false, false,
		1.0, 3},
	[DEVIATION_HOURS] = {"hours", "active in more hours than usual",
		"active in fewer hours than usual", false, true, 1.0, 1},
};

const char *deviation_measure_name(enum deviation_measure m)
{
	return (unsigned)m < DEVIATION_MEASURES ? measures[m].name : "unknown";
}

/* Sorted as they come: there are few, and of 500 devices, 28 days and five measures each
 * list is another one. */
static void insert(double *sorted, size_t n, double x)
{
	for (; n > 0 && sorted[n - 1] > x; n--)
		sorted[n] = sorted[n - 1];
	sorted[n] = x;
}

static double median(const double *sorted, size_t n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* How far half of them are from the median: the farthest are at the ends, and go first. */
static double half_within(const double *sorted, size_t n, double middle)
{
	double far[2] = {0, 0}; /* of those between lo and hi the last two that went */
	size_t lo = 0, hi = n;

	while (hi - lo > (n - 1) / 2) {
		double below = middle - sorted[lo], above = sorted[hi - 1] - middle;

		far[0] = far[1];
		far[1] = fmax(below, above);
		if (below > above)
			lo++;
		else
			hi--;
	}
	return n % 2 ? far[1] : (far[0] + far[1]) / 2;
}

static double scale(enum deviation_measure m, double x)
{
	return measures[m].log ? log2(1 + x) : x;
}

struct baseline {
	double median, sigma; /* scaled */
	double usual, most;   /* as they were */
	double plain[DEVIATION_DAYS_MAX]; /* sorted */
	size_t days;
};

static void baseline_of(const struct deviation_day *days, size_t i, enum deviation_measure m,
	struct baseline *ret)
{
	double x[DEVIATION_DAYS_MAX], *plain = ret->plain;
	size_t n = 0;

	ret->days = 0;
	for (size_t k = i; k-- > 0 && n < DEVIATION_DAYS_MAX;) {
		if (days[k].partial || days[k].missing || days[k].absent)
			continue;
		insert(plain, n++, days[k].values[m]);
	}
	ret->days = n;
	if (n < DEVIATION_DAYS_LEAST)
		return;
	for (size_t k = 0; k < n; k++) /* which keeps the order */
		x[k] = scale(m, plain[k]);
	ret->median = median(x, n);
	ret->sigma = fmax(half_within(x, n, ret->median) * MAD_TO_SIGMA, measures[m].least);
	ret->usual = median(plain, n);
	ret->most = plain[n - 1];
}

/* ---- words ---- */

static void say_octets(char *buf, size_t size, double n)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	unsigned u = 0;

	for (; n >= 999.5 && u < 4; u++)
		n /= 1000;
	(void)str_print(buf, size, u && n < 10 ? "%.1f %s" : "%.0f %s", n, units[u]);
}

static void say_value(enum deviation_measure m, double n, char *buf, size_t size)
{
	bool one = n > 0.5 && n < 1.5;

	switch (m) {
	case DEVIATION_BYTES:
		say_octets(buf, size, n);
		return;
	case DEVIATION_PEERS:
		(void)str_print(buf, size, "%.0f peer%s", n, one ? "" : "s");
		return;
	case DEVIATION_REFUSED:
		(void)str_print(buf, size, "%.0f refused packet%s", n, one ? "" : "s");
		return;
	case DEVIATION_FRESH:
		(void)str_print(buf, size, "%.0f new peer%s", n, one ? "" : "s");
		return;
	case DEVIATION_HOURS:
		(void)str_print(buf, size, "%.0f hour%s", n, one ? "" : "s");
		return;
	case DEVIATION_MEASURES:
		break;
	}
	buf[0] = 0;
}

static void say(struct deviation_finding *f, double value, const struct baseline *b)
{
	char usual[LIMIT_LABEL], most[LIMIT_LABEL];

	f->what = f->more ? measures[f->measure].more : measures[f->measure].fewer;
	say_value(f->measure, value, f->was, sizeof(f->was));
	say_value(f->measure, b->usual, usual, sizeof(usual));
	say_value(f->measure, b->most, most, sizeof(most));
	(void)str_print(f->usual, sizeof(f->usual), "%s, at most %s in %zu days", usual, most,
		b->days);
}

/* ---- the day ---- */

static unsigned points(double deviations, bool more)
{
	double p = (fabs(deviations) - DEVIATION_USUAL) * DEVIATION_POINTS;
	double most = more ? 100 : DEVIATION_LESS_MOST;

	if (p <= 0)
		return 0;
	return p < 1 ? 1 : (unsigned)(p < most ? p : most);
}

static bool is_habit(const struct baseline *b, double value, bool more)
{
	size_t n = 0;

	for (size_t i = 0; i < b->days; i++)
		n += more ? b->plain[i] >= value * DEVIATION_NEARLY
			  : b->plain[i] * DEVIATION_NEARLY <= value;
	return n >= DEVIATION_HABIT_DAYS && n * DEVIATION_HABIT_SHARE >= b->days;
}

static void judge(const struct deviation_day *day, enum deviation_measure m,
	const struct baseline *b, struct deviation *ret)
{
	double value = day->values[m];
	double z = (scale(m, value) - b->median) / b->sigma;
	struct deviation_finding f = {.measure = m, .more = z > 0, .score = points(z, z > 0)};

	/* what is small in itself is not much more, nor much less */
	if (!f.score || fmax(value, b->usual) < measures[m].floor ||
		(!f.more && (day->partial || !measures[m].less)) ||
		is_habit(b, value, f.more))
		return;
	say(&f, value, b);
	ret->findings[ret->count++] = f;
	if ((int)f.score > ret->score)
		ret->score = (int)f.score;
}

static int by_score(const void *a, const void *b)
{
	const struct deviation_finding *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->measure > y->measure) - (x->measure < y->measure);
}

void deviation_of(const struct deviation_day *days, size_t i, struct deviation *ret)
{
	struct baseline b;

	memset(ret, 0, sizeof(*ret));
	ret->score = -1;
	for (unsigned m = 0; m < DEVIATION_MEASURES; m++) {
		baseline_of(days, i, (enum deviation_measure)m, &b);
		ret->days = (unsigned)b.days;
		if (b.days < DEVIATION_DAYS_LEAST || days[i].missing)
			return;
		if (ret->score < 0)
			ret->score = 0;
		judge(&days[i], (enum deviation_measure)m, &b, ret);
	}
	if (ret->count)
		qsort(ret->findings, ret->count, sizeof(ret->findings[0]), by_score);
}
