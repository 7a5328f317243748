// SPDX-License-Identifier: GPL-2.0-or-later
/* lifecycle_homes [HOMES [DAYS [SEED]]] - homes of thirty devices each over months of
 * virtual time: clouds move, firmware brings new services, guests try the gateway's
 * patience, and one device in a hundred is infected. What the life cycle makes of it stands beside
 * the naive rule, "block and alarm at the first violation".
 *
 * The devices' habits are assumptions, stated where they are made; the decisions are the
 * product's own code. Exit 1 when a target is missed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lifecycle/lifecycle.h"
#include "lifecycle/suspicion.h"

#define DEVICES 30
#define START (20000LL * LIFE_DAY)
#define MINUTE (60 * NS_PER_SEC)
#define HOMES_MOST 100000
#define DAYS_MOST 3650

/* What is assumed of a device. */
#define DRIFTS_A_MONTH 2	/* its cloud's name gets an address that it was not told */
#define FIRMWARES_A_YEAR 4	/* each brings NEW_SERVICES at most, and changed profiles lag */
#define NEW_SERVICES 4
#define PROFILE_LAG_DAYS 3	/* until the maker's file, or the owner, knows them */
#define ODDITIES_A_MONTH 1	/* something that nobody can explain, once */
#define CRITICAL_IN 10		/* one in ten: smoke, lock, heating, medical */
#define COMPUTER_IN 10
#define INFECTED_IN 100
#define SECONDS_TO_UPDATE 3600	/* from quarantine to a fetched update */
#define FIXABLE_OF_10 8		/* makers that publish one */

struct thing {
	struct life life;
	struct suspicion suspicion;
	enum device_class class;
	bool infected, fixed, naive_blocked;
	nstime asked;
	nstime infected_at, attacked_at, isolated_at, firmware_at;
	uint32_t naive_alarms;
};

struct tally {
	uint64_t devices, infected, outbreaks, caught, caught_in_time, false_isolated;
	uint64_t critical_dark, unnoticed;
	uint64_t decisions, needless, alarms, returned, stuck;
	uint64_t naive_blocked, naive_alarms, naive_dark;
	double latency_sum;
};

static uint64_t state = 88172645463325252u;

static uint64_t draw64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint32_t draw(uint32_t below)
{
	return (uint32_t)(draw64() >> 33) % below;
}

/* Does what happens `times` in `span` happen in this minute of a day? By the day. */
static bool happens(uint32_t times, uint32_t days)
{
	return draw(days * 1000) < times * 1000;
}

static struct life_facts facts_of(const struct thing *d, nstime now)
{
	return (struct life_facts){.now = now, .seen = now, .enforceable = true,
		.critical = device_class_is_critical(d->class),
		.least = life_least(d->class)};
}

static void isolated(struct thing *d, nstime now, struct tally *t)
{
	d->isolated_at = now;
	if (!d->infected || d->fixed || now < d->infected_at)
		t->false_isolated++;
	else if (d->attacked_at) {
		t->caught++;
		t->caught_in_time += now - d->attacked_at <= 10 * MINUTE;
		t->latency_sum += (double)(now - d->attacked_at) / NS_PER_SEC;
		d->attacked_at = 0;
	}
	if (device_class_is_critical(d->class) && d->life.state == LIFE_QUARANTINED)
		t->critical_dark++;
}

/* As engine/pipeline_life.c does: suspicion ends with a return, which is watched. */
static void weigh(struct thing *d, const struct life_step *s, nstime now)
{
	if (!(s->actions & (LIFE_DO_TIGHTEN | LIFE_DO_LOOSEN)))
		return;
	suspicion_forgive(&d->suspicion, now);
	suspicion_tighten(&d->suspicion, s->actions & LIFE_DO_TIGHTEN);
}

static void apply(struct thing *d, enum life_event e, struct life_facts f,
	struct tally *t)
{
	struct life_step step;

	if (!life_event(&d->life, e, &f, "device", &step))
		return;
	/* at most once a day for one device, as the gateway does */
	if (step.actions & LIFE_DO_ASK && (!d->asked || f.now - d->asked >= LIFE_DAY)) {
		d->asked = f.now;
		t->decisions++;
		t->needless += !d->infected || d->fixed || f.now < d->infected_at;
	}
	t->alarms += (step.actions & LIFE_DO_TELL) != 0;
	if (step.actions & (LIFE_DO_ISOLATE | LIFE_DO_LIMIT))
		isolated(d, f.now, t);
	weigh(d, &step, f.now);
}

/* What the gateway does with each refused packet. */
static void see(struct thing *d, const struct suspicion_seen *e, struct tally *t)
{
	enum suspicion_level level;

	if (life_is_isolated(d->life.state))
		return;
	if (!d->naive_blocked) {
		d->naive_blocked = true;
		d->naive_alarms++;
		t->naive_alarms++;
		t->naive_blocked += !d->infected || e->when < d->infected_at;
		t->naive_dark += device_class_is_critical(d->class);
	}
	suspicion_see(&d->suspicion, e);
	level = suspicion_level(&d->suspicion, suspicion_class_of(d->class), e->when);
	if (level == SUSPICION_CONVICTED)
		apply(d, LIFE_CONVICTED, facts_of(d, e->when), t);
	else if (level == SUSPICION_RAISED && d->life.state != LIFE_SUSPICIOUS)
		apply(d, LIFE_RAISED, facts_of(d, e->when), t);
}

static struct suspicion_seen refused(nstime when, uint32_t host, uint16_t port)
{
	uint8_t b[4] = {198, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host};

	return (struct suspicion_seen){.kind = SUSPICION_STRAY, .when = when, .proto = 6,
		.port = port, .peer = addr_v4(b), .count = 1};
}

/* A retry after 1, 2, 4... seconds, some times: what a TCP client does. */
static void try_for_a_while(struct thing *d, struct suspicion_seen e, unsigned tries,
	struct tally *t)
{
	for (unsigned i = 0; i < tries; i++) {
		see(d, &e, t);
		e.when += (1LL << (i % 6)) * NS_PER_SEC;
	}
}

static void innocent_day(struct thing *d, nstime day, struct tally *t)
{
	nstime at = day + draw(86400) * NS_PER_SEC;
	struct suspicion_seen e = refused(at, draw(1 << 20), 443);

	if (happens(DRIFTS_A_MONTH, 30)) {
		e.drifted = draw(10) != 0; /* one in ten names no name that we know */
		try_for_a_while(d, e, 5 + draw(20), t);
	}
	if (happens(FIRMWARES_A_YEAR, 365))
		d->firmware_at = at;
	if (d->firmware_at && at - d->firmware_at < PROFILE_LAG_DAYS * LIFE_DAY)
		for (uint32_t n = draw(NEW_SERVICES); n > 0; n--) {
			e = refused(at, draw(1 << 20), draw(2) ? 443 : 8883);
			/* most updates are noticed: a large download before */
			e.outdated = draw(5) != 0;
			try_for_a_while(d, e, 3 + draw(10), t);
			at += (1 + draw(60)) * MINUTE;
		}
	if (happens(ODDITIES_A_MONTH, 30)) {
		e = refused(at, draw(1 << 20), (uint16_t)(1024 + draw(50000)));
		e.inside = draw(2);
		try_for_a_while(d, e, 1 + draw(30), t);
	}
	/* a computer or a phone looks around in the house, once in a while */
	if (d->class == DEVICE_CLASS_COMPUTER && happens(4, 30))
		for (uint32_t h = 1, n = 5 + draw(8); h <= n; h++) {
			e = refused(at + h * NS_PER_SEC, h, 80);
			e.inside = true;
			see(d, &e, t);
		}
}

/* Telnet at random hosts, a flood on command, or the house's cameras one by one. */
static void attack_minute(struct thing *d, nstime at, struct tally *t)
{
	uint32_t how = draw(3), pace = 1 + draw(60);

	for (uint32_t i = 0; i < pace; i++) {
		nstime when = at + i * (MINUTE / pace);
		struct suspicion_seen e =
			how == 0   ? refused(when, draw(1 << 24), draw(2) ? 23 : 2323)
			: how == 1 ? refused(when, 77, 80)
				   : refused(when, i % 250, (uint16_t)(80 + 474 * (i % 2)));
		e.count = how == 1 ? 2000 : 1;
		e.inside = how == 2;
		see(d, &e, t);
	}
}

static void infected_day(struct thing *d, nstime day, struct tally *t)
{
	nstime at = day < d->infected_at ? d->infected_at : day;

	if (!d->attacked_at && !life_is_isolated(d->life.state)) {
		d->attacked_at = at;
		t->outbreaks++;
	}
	for (unsigned minute = 0; minute < 60 && !life_is_isolated(d->life.state); minute++)
		attack_minute(d, at + minute * MINUTE, t);
}

/* In isolation: an update, if the maker has one; then it shows what it runs. Malware
 * shows something, too. */
static void heal(struct thing *d, nstime now, struct tally *t)
{
	struct life_facts f = facts_of(d, now);

	if (draw(10) >= FIXABLE_OF_10 && d->infected && !d->fixed)
		return;
	apply(d, LIFE_FETCHING, f, t);
	f.now += SECONDS_TO_UPDATE * NS_PER_SEC;
	apply(d, LIFE_FORGED, f, t); /* a lie first: it must not help */
	apply(d, LIFE_FETCHING, f, t);
	f.level = LIFE_L1_NETWORK;
	apply(d, LIFE_FETCHED, f, t);
	f.level = LIFE_L3_TOKEN;
	apply(d, LIFE_EVIDENCE, f, t);
	if (d->life.state == LIFE_PROBATION) {
		t->returned++;
		d->fixed = d->infected && now >= d->infected_at;
		d->naive_blocked = d->naive_blocked && !d->infected;
	}
}

static void end_of_day(struct thing *d, nstime now, struct tally *t)
{
	struct life_facts f = facts_of(d, now);
	struct life_step step;

	if (d->life.state == LIFE_SUSPICIOUS &&
		suspicion_level(&d->suspicion, suspicion_class_of(d->class), now) == SUSPICION_NONE)
		apply(d, LIFE_CLEARED, f, t);
	if (life_is_isolated(d->life.state))
		heal(d, now, t);
	while (life_tick(&d->life, &f, "device", &step))
		weigh(d, &step, f.now);
}

static enum device_class class_of_somebody(void)
{
	static const enum device_class needed[] = {DEVICE_CLASS_SMOKE, DEVICE_CLASS_LOCK,
		DEVICE_CLASS_HEATING, DEVICE_CLASS_MEDICAL, DEVICE_CLASS_ALARM};

	if (draw(CRITICAL_IN) == 0)
		return needed[draw(sizeof(needed) / sizeof(needed[0]))];
	if (draw(COMPUTER_IN) == 0)
		return DEVICE_CLASS_COMPUTER;
	return (enum device_class)(DEVICE_CLASS_LIGHT +
				   draw(DEVICE_CLASS_TOY - DEVICE_CLASS_LIGHT + 1));
}

static void device_begin(struct thing *d, uint32_t days, struct tally *t)
{
	memset(d, 0, sizeof(*d));
	d->class = class_of_somebody();
	d->infected = draw(INFECTED_IN) == 0;
	d->infected_at = START + (nstime)draw(days - 1) * LIFE_DAY + draw(20) * LIFE_HOUR;
	life_init(&d->life, START);
	suspicion_init(&d->suspicion, (struct hash_key){{draw64(), draw64()}}, START);
	apply(d, LIFE_PROFILE, facts_of(d, START), t);
	t->devices++;
	t->infected += d->infected;
}

static void device_live(uint32_t days, struct tally *t)
{
	struct thing d;

	device_begin(&d, days, t);
	for (uint32_t day = 0; day < days; day++) {
		nstime from = START + day * LIFE_DAY;
		innocent_day(&d, from, t);
		if (d.infected && !d.fixed && from + LIFE_DAY > d.infected_at)
			infected_day(&d, from, t);
		end_of_day(&d, from + LIFE_DAY - 2 * LIFE_HOUR, t);
	}
	t->unnoticed += d.attacked_at != 0;
	t->stuck += life_is_isolated(d.life.state) && (!d.infected || d.fixed);
}

static uint32_t number(int argc, char **argv, int i, uint32_t otherwise, uint32_t most)
{
	char *end = NULL;
	unsigned long v = argc > i ? strtoul(argv[i], &end, 10) : otherwise;

	if (v == 0 || v > most || (end && *end)) {
		fprintf(stderr, "lifecycle_homes [HOMES [DAYS [SEED]]]: 1 to %u\n", most);
		exit(2);
	}
	return (uint32_t)v;
}

/* One line of the table: ours, the naive rule's, and what is demanded of ours. NAN: the
 * naive rule has no such thing. */
static int row(const char *what, double ours, double naive, bool met, const char *wanted)
{
	char other[32] = "-";

	if (!isnan(naive))
		(void)snprintf(other, sizeof(other), "%.3f", naive);
	printf("%-48s %12.3f %12s   %-7s %s\n", what, ours, other, wanted,
		!wanted[0] ? "" : met ? "met" : "MISSED");
	return met ? 0 : 1;
}

static int table(const struct tally *t, double months)
{
	double devices = (double)t->devices;
	int missed = 0;

	printf("%-48s %12s %12s   target\n", "", "life cycle", "naive");
	missed += row("critical devices dark", (double)t->critical_dark,
		(double)t->naive_dark, t->critical_dark == 0, "0");
	/* the naive rule's every alarm asks: block it for good, or let it go? */
	missed += row("needless decisions, a home and month",
		(double)t->needless / months, (double)t->naive_blocked / months,
		(double)t->needless <= months, "<= 1");
	missed += row("attacks isolated within 10 minutes, %",
		t->outbreaks ? 100.0 * (double)t->caught_in_time / (double)t->outbreaks : 100,
		100, t->caught_in_time * 100 >= t->outbreaks * 95, ">= 95");
	(void)row("innocent devices isolated, a home and month",
		(double)t->false_isolated / months, (double)t->naive_blocked / months, true,
		"");
	(void)row("devices isolated while innocent, %",
		100.0 * (double)t->false_isolated / devices,
		100.0 * (double)t->naive_blocked / devices, true, "");
	(void)row("seconds from first attack to isolation, mean",
		t->caught ? t->latency_sum / (double)t->caught : 0, 0, true, "");
	(void)row("decisions asked, a home and month", (double)t->decisions / months,
		(double)t->naive_alarms / months, true, "");
	(void)row("things told, a home and month", (double)t->alarms / months,
		(double)t->naive_alarms / months, true, "");
	(void)row("returned to service without the owner", (double)t->returned, 0, true, "");
	(void)row("healthy and still isolated at the end", (double)t->stuck,
		(double)t->naive_blocked, true, "");
	(void)row("attacks that were never isolated", (double)t->unnoticed, NAN, true, "");
	return missed;
}

int main(int argc, char **argv)
{
	uint32_t homes = number(argc, argv, 1, 1000, HOMES_MOST);
	uint32_t days = number(argc, argv, 2, 90, DAYS_MOST);
	struct tally t = {0};

	state ^= (uint64_t)number(argc, argv, 3, 1, UINT32_MAX) * 0x9e3779b97f4a7c15u;
	for (uint32_t i = 0; i < homes * DEVICES; i++)
		device_live(days, &t);
	printf("%u homes, %llu devices, %u days, %llu infected, %llu attacks\n"
	       "naive: block and alarm at the first violation\n\n",
		homes, (unsigned long long)t.devices, days, (unsigned long long)t.infected,
		(unsigned long long)t.outbreaks);
	return table(&t, homes * (days / 30.0)) ? 1 : 0;
}
