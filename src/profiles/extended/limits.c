// SPDX-License-Identifier: GPL-2.0-or-later
/* limits - how much: rates as what is earned in time, sums by conversation or instance,
 * hours by the clock of the home. */
#include "profiles/extended/machine_priv.h"

static const nstime unit_ns[UNIT_MAX] = {NS_PER_SEC, 60 * NS_PER_SEC, 3600 * NS_PER_SEC,
	86400 * NS_PER_SEC, 7 * 86400 * NS_PER_SEC};

/* GCRA: a budget is full at `at`; taking cost moves that on, by no more than the burst.
 * cost and burst are times: what is taken, at the rate that it is earned. */
static bool budget_has(nstime at, nstime now, nstime cost, nstime burst)
{
	nstime from = at > now ? at : now;

	/* a clock that went back must not shut it for longer than a burst takes */
	if (at - now > burst + cost)
		return true;
	return from + cost - now <= burst;
}

static void budget_take(nstime *at, nstime now, nstime cost, nstime burst)
{
	if (*at < now || *at - now > burst + cost)
		*at = now;
	*at += cost;
}

struct price {
	nstime cost, burst;
};

/* Where no burst is said, all of a unit may come at once. */
static struct price packet_price(const struct extended_stats *s)
{
	nstime one = unit_ns[s->unit] / (nstime)s->rate;
	nstime count = (nstime)(s->burst && !s->burst_is_bytes ? s->burst : s->rate);

	return (struct price){one, one ? one * count : 0};
}

static struct price byte_price(uint64_t bits_per_s, uint64_t burst, uint32_t length)
{
	__int128_t cost = (__int128_t)length * 8 * NS_PER_SEC / bits_per_s;
	__int128_t full = (__int128_t)(burst ? burst : bits_per_s / 8) * 8 * NS_PER_SEC /
			  bits_per_s;
	const __int128_t most = (__int128_t)365 * 86400 * NS_PER_SEC;

	return (struct price){(nstime)(cost > most ? most : cost),
		(nstime)(full > most ? most : full)};
}

static bool over(const struct extended_amount *a, const uint64_t have[2], uint64_t more,
	bool backward)
{
	if (!a->is_set)
		return false;
	if (!a->is_split)
		return have[0] + have[1] + more > a->both;
	return have[backward] + more > (backward ? a->backward : a->forward);
}

static enum extended_reason sums_check(const struct extended_stats *s, const struct facts *f,
	const struct counts *c, bool backward)
{
	const struct extended_amount *d = &s->duration;
	uint64_t most = !d->is_split ? d->both : backward ? d->backward : d->forward;
	bool begun = c->packets[0] || c->packets[1];

	if (over(&s->packets, c->packets, 1, backward))
		return REASON_PACKETS;
	if (over(&s->bytes, c->bytes, f->length, backward))
		return REASON_BYTES;
	if (d->is_set && begun && f->when - c->first > (nstime)most)
		return REASON_DURATION;
	return REASON_POLICY;
}

/* Days since 1970 to a date (proleptic Gregorian), for the day of the month alone. */
static int day_of_month(int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);

	return (int)(doy - (153 * ((5 * doy + 2) / 153) + 2) / 5 + 1);
}

static bool window_starts(const struct extended_window *w, int64_t minute)
{
	int64_t day = minute / 1440;

	return (w->minute == WINDOW_ANY || w->minute == minute % 60) &&
	       (w->hour == WINDOW_ANY || w->hour == minute / 60 % 24) &&
	       (w->week_day == WINDOW_ANY || w->week_day == (day + 4) % 7) &&
	       (w->month_day == WINDOW_ANY || w->month_day == day_of_month(day));
}

/* Days whose date fits are looked at, and only the last minute of each that fits: some
 * 32 days at most. */
static bool window_is_open(const struct extended_window *w, nstime local)
{
	int64_t now = local / (60 * NS_PER_SEC);

	if (local < 0)
		return false;
	for (int64_t day = now / 1440; day >= 0 && (now / 1440 - day) <= 32; day--) {
		int64_t last = day * 1440 + 1439 < now ? day * 1440 + 1439 : now;

		if (w->hour == WINDOW_ANY && w->minute != WINDOW_ANY && last % 60 < w->minute)
			last -= 60;
		if (w->hour != WINDOW_ANY && last / 60 % 24 != w->hour)
			last = day * 1440 + w->hour * 60 + 59;
		if (w->minute != WINDOW_ANY)
			last = last / 60 * 60 + w->minute;
		if (last > now || last / 1440 != day || !window_starts(w, last))
			continue;
		return local - last * 60 * NS_PER_SEC < w->duration;
	}
	return false;
}

enum extended_reason limits_check(const struct extended_machine *m,
	const struct extended_policy *p, const struct counts *counts, bool backward)
{
	const struct facts *f = &m->facts;
	const struct extended_stats *s = &p->stats;
	const struct budget *b = &m->budgets[p->id];
	struct price price;

	if (p->window.is_set && !window_is_open(&p->window,
		f->when + m->bound->binding->utc_offset * NS_PER_SEC))
		return REASON_WINDOW;
	if (s->has_size && (f->length < s->size_lo || f->length > s->size_hi))
		return REASON_SIZE;
	if (counts && sums_check(s, f, counts, backward) != REASON_POLICY)
		return sums_check(s, f, counts, backward);
	if (s->has_rate && !s->rate_unlimited) {
		price = packet_price(s);
		if (price.cost && !budget_has(b->packets_at[backward], f->when, price.cost,
			price.burst))
			return REASON_RATE;
	}
	if (s->bitrate) {
		price = byte_price(s->bitrate, s->bitrate_burst, f->length);
		if (!budget_has(b->bytes_at[backward], f->when, price.cost, price.burst))
			return REASON_RATE;
	}
	return REASON_POLICY;
}

void limits_take(struct extended_machine *m, const struct extended_policy *p, bool backward)
{
	const struct extended_stats *s = &p->stats;
	struct budget *b = &m->budgets[p->id];
	struct price price;

	if (s->has_rate && !s->rate_unlimited) {
		price = packet_price(s);
		budget_take(&b->packets_at[backward], m->facts.when, price.cost, price.burst);
	}
	if (s->bitrate) {
		price = byte_price(s->bitrate, s->bitrate_burst, m->facts.length);
		budget_take(&b->bytes_at[backward], m->facts.when, price.cost, price.burst);
	}
}
