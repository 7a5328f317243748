// SPDX-License-Identifier: GPL-2.0-or-later
/* Gentle probing, step by step: who may be probed, what is chosen, and that it ends.
 * What holds over thousands of nights is tests/property/probe_nights.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "model/flow.h"
#include "profiles/probe/probe.h"

#define MIN (60 * NS_PER_SEC)
#define HOUR (60 * MIN)
/* A midnight in UTC. */
#define MIDNIGHT (1700006400 * NS_PER_SEC)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct world {
	struct probe *probe;
	struct probe_time now;
	struct probe_usual usual[PROBE_TARGETS_MAX];
	size_t usual_count;
	struct probe_target refused; /* the last one */
	bool is_refused, refuse_fails, restore_fails, all_known;
	enum probe_why bar;
	unsigned refusals, restores, changes;
	enum probe_told told[64];
	size_t told_count;
	enum probe_why why;
};

static const struct mac lamp = {{2, 0, 0, 0, 0, 1}};
static const struct mac radio = {{2, 0, 0, 0, 0, 2}};

static int refuse(void *ctx, const struct mac *device, const struct probe_target *t,
	nstime longest)
{
	struct world *w = ctx;

	(void)device;
	assert_int_equal(longest, PROBE_LONGEST);
	assert_false(w->is_refused);
	assert_true(w->changes > 0); /* stored before it happens */
	w->refusals++;
	if (w->refuse_fails)
		return -ENOMEM;
	w->refused = *t;
	w->is_refused = true;
	return 0;
}

static int restore(void *ctx, const struct mac *device)
{
	struct world *w = ctx;

	(void)device;
	w->restores++;
	if (w->restore_fails)
		return -ENOMEM;
	w->is_refused = false;
	return 0;
}

static void usual(void *ctx, const struct mac *device, probe_visit *visit, void *to)
{
	const struct world *w = ctx;

	(void)device;
	for (size_t i = 0; i < w->usual_count; i++)
		visit(to, &w->usual[i]);
}

static bool known(
	void *ctx, const struct mac *device, const struct probe_kind *k, nstime before)
{
	const struct world *w = ctx;

	(void)device;
	(void)before;
	for (size_t i = 0; i < w->usual_count; i++)
		if (probe_kind_meets(&w->usual[i].kind, k))
			return true;
	return w->all_known;
}

static enum probe_why bar(void *ctx, const struct mac *device)
{
	(void)device;
	return ((const struct world *)ctx)->bar;
}

static void changed(void *ctx, const struct mac *device)
{
	(void)device;
	((struct world *)ctx)->changes++;
}

static void told(void *ctx, const struct mac *device, const struct probe_note *n)
{
	struct world *w = ctx;

	(void)device;
	assert_non_null(n->target);
	w->why = n->why;
	if (w->told_count < COUNT(w->told))
		w->told[w->told_count++] = n->told;
}

static struct probe_config config_of(struct world *w)
{
	return (struct probe_config){.refuse = refuse,
		.restore = restore,
		.usual = usual,
		.known = known,
		.bar = bar,
		.changed = changed,
		.told = told,
		.ctx = w};
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct probe_config c = config_of(w);

	w->now = (struct probe_time){MIDNIGHT, HOUR, 0, true};
	assert_int_equal(probe_new(&c, w->now.mono, &w->probe), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	probe_free(w->probe);
	free(w);
	return 0;
}

static struct probe_usual *does(struct world *w, const char *name, uint16_t port)
{
	struct probe_usual *u = &w->usual[w->usual_count++];

	*u = (struct probe_usual){.kind = {.proto = FLOW_PROTO_TCP,
					  .port = port,
					  .place = RECORD_INTERNET},
		.episodes = 20};
	str_copy(u->kind.name, sizeof u->kind.name, name);
	return u;
}

static void allow(struct world *w, const struct mac *m)
{
	struct probe_window at = PROBE_WINDOW_DEFAULT;

	assert_int_equal(probe_allow(w->probe, m, PROBE_CLASS_LIGHT, &at, &w->now), 0);
}

static void pass(struct world *w, nstime time)
{
	w->now.wall += time;
	w->now.mono += time;
	probe_tick(w->probe, &w->now);
}

static void see(struct world *w, const char *name, uint16_t port, enum probe_fate fate)
{
	struct probe_kind k = {.proto = port ? FLOW_PROTO_TCP : 0,
		.port = port,
		.place = RECORD_INTERNET};

	str_copy(k.name, sizeof k.name, name);
	probe_saw(w->probe, &lamp, &k, fate, w->now.wall, &w->now);
}

static struct probe_device view(const struct world *w)
{
	struct probe_device d;

	assert_int_equal(probe_device_of(w->probe, &lamp, &w->now, &d), 0);
	return d;
}

/* To 02:10, with something refused. */
static void begin(struct world *w)
{
	does(w, "cloud.example.com", 443);
	does(w, "beat.example.com", 443)->period = MIN;
	w->usual[1].episodes = 4; /* too few to be refused, and to tell by */
	allow(w, &lamp);
	pass(w, 2 * HOUR + 10 * MIN);
	assert_true(w->is_refused);
}

/* ---- who ---- */

static void classes_are_strict(void **state)
{
	static const enum probe_class never[] = {PROBE_CLASS_UNKNOWN, PROBE_CLASS_LOCK,
		PROBE_CLASS_ALARM, PROBE_CLASS_MEDICAL, PROBE_CLASS_PHONE,
		PROBE_CLASS_HUB, PROBE_CLASS_MAX};
	struct probe_window at = PROBE_WINDOW_DEFAULT;
	struct world *w = *state;
	enum probe_class c;

	for (size_t i = 0; i < COUNT(never); i++)
		assert_int_equal(probe_allow(w->probe, &lamp, never[i], &at, &w->now),
			CARDEA_EREFUSED);
	assert_int_equal(probe_count(w->probe), 0);
	assert_true(probe_class_parse("lock", &c) && c == PROBE_CLASS_LOCK);
	assert_false(probe_class_parse("unknown", &c));
	assert_false(probe_class_parse("", &c));
	assert_false(probe_class_parse(NULL, &c));
}

static void words_betray_what_is_never_probed(void **state)
{
	static const struct {
		const char *text;
		enum probe_class class;
	} all[] = {{"Front Door", PROBE_CLASS_LOCK}, {"SmartLock 3", PROBE_CLASS_LOCK},
		{"smartlock", PROBE_CLASS_LOCK}, {"x-Smoke-9", PROBE_CLASS_ALARM},
		{"GasDetector", PROBE_CLASS_ALARM}, {"CPAP mask", PROBE_CLASS_MEDICAL},
		{"Hue Bridge", PROBE_CLASS_HUB}, {"kitchen clock", PROBE_CLASS_UNKNOWN},
		{"blocks", PROBE_CLASS_UNKNOWN}, {"lamp", PROBE_CLASS_UNKNOWN},
		{"", PROBE_CLASS_UNKNOWN}, {"Firefly lamp", PROBE_CLASS_UNKNOWN},
		{"\xff\xfe lock", PROBE_CLASS_LOCK}};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++)
		assert_int_equal(probe_class_of_text(all[i].text), all[i].class);
}

static void windows_are_nights(void **state)
{
	static const char *const good[] = {"02:00-05:00", "23:30-02:00", "12:00-20:00",
		"04:00-12:00", "00:00-00:30"};
	static const char *const bad[] = {"", "2:00-5:00", "02:00-02:29", "02:00-10:01",
		"11:00-12:30", "24:00-01:00", "02:60-05:00", "02:00-05:000",
		"02-00:05-00", "-2:00-05:00", "02:00 05:00", "02:00-02:00"};
	struct probe_window w;
	char text[PROBE_WINDOW_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(probe_window_parse(good[i], &w));
		assert_string_equal(probe_window_text(&w, text), good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(probe_window_parse(bad[i], &w));
}

static void a_house_has_room_for_some(void **state)
{
	struct probe_window at = PROBE_WINDOW_DEFAULT;
	struct world *w = *state;
	struct mac m = lamp;

	for (unsigned i = 0; i < PROBE_DEVICES_MAX; i++) {
		m.b[4] = (uint8_t)i;
		allow(w, &m);
	}
	m.b[3] = 1;
	assert_int_equal(
		probe_allow(w->probe, &m, PROBE_CLASS_TV, &at, &w->now), CARDEA_ELIMIT);
	m.b[3] = 0;
	probe_forget(w->probe, &m);
	m.b[3] = 1;
	allow(w, &m);
}

/* ---- when ---- */

static void only_at_night_and_once(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	allow(w, &radio);
	for (int i = 0; i < 119; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, 0);
	assert_int_equal(view(w).why, PROBE_WHY_NIGHT);
	for (int i = 0; i < 20 * 60; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, 1);
	assert_false(w->is_refused);
	for (int i = 0; i < 24 * 60; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, 2);
}

static void all_of_it_fits_in_the_window(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	w->bar = PROBE_WHY_UPDATE;
	allow(w, &lamp);
	pass(w, 4 * HOUR + 46 * MIN);
	assert_int_equal(w->refusals, 0);
	w->bar = PROBE_WHY_NONE;
	pass(w, MIN);
	assert_int_equal(w->refusals, 0);
}

static void nothing_begins_against_a_bar(void **state)
{
	static const enum probe_why bars[] = {PROBE_WHY_QUARANTINE, PROBE_WHY_UPDATE,
		PROBE_WHY_FEW, PROBE_WHY_NO_PROFILE, PROBE_WHY_GONE, PROBE_WHY_ALERT,
		PROBE_WHY_CLASS};
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_int_equal(w->refusals, 1);
	pass(w, 21 * HOUR);
	for (size_t i = 0; i < COUNT(bars); i++) {
		w->bar = bars[i];
		pass(w, i ? MIN : 3 * HOUR);
		assert_int_equal(view(w).why, bars[i]);
	}
	w->bar = PROBE_WHY_NONE;
	w->now.sure = false;
	pass(w, MIN);
	assert_int_equal(view(w).why, PROBE_WHY_CLOCK);
	assert_int_equal(w->refusals, 1);
	w->now.sure = true;
	pass(w, MIN);
	assert_int_equal(w->refusals, 2);
}

static void not_while_somebody_uses_it(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	pass(w, 119 * MIN);
	assert_false(probe_stop(w->probe, &lamp, PROBE_WHY_USER, &w->now));
	pass(w, 14 * MIN);
	assert_int_equal(view(w).why, PROBE_WHY_CALM);
	assert_int_equal(w->refusals, 0);
	pass(w, MIN);
	assert_int_equal(w->refusals, 1);
}

static void a_new_gateway_waits_too(void **state)
{
	struct world *w = *state;
	struct probe_config c = config_of(w);

	probe_free(w->probe);
	does(w, "cloud.example.com", 443);
	w->now.wall += 2 * HOUR;
	assert_int_equal(probe_new(&c, w->now.mono, &w->probe), 0);
	allow(w, &lamp);
	pass(w, 14 * MIN);
	assert_int_equal(w->refusals, 0);
	pass(w, MIN);
	assert_int_equal(w->refusals, 1);
}

/* ---- what ---- */

static void never(struct world *w)
{
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_int_equal(w->refusals, 0);
	assert_int_equal(view(w).why, PROBE_WHY_DONE);
}

static void never_names_addresses_or_time(void **state)
{
	static const uint16_t ports[] = {53, 67, 68, 123, 546, 547, 853, 5353};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(ports); i++) {
		char name[32];

		(void)str_print(name, sizeof name, "host%u.example.com", ports[i]);
		does(w, name, ports[i])->kind.proto = FLOW_PROTO_UDP;
		does(w, name, 443); /* nor what else the same host does */
	}
	does(w, "gateway", 80)->kind.place = RECORD_GATEWAY;
	does(w, "nas", 445)->kind.place = RECORD_DEVICE;
	does(w, "group", 1900)->kind.place = RECORD_GROUP;
	does(w, "in.example.com", 443)->kind.direction = DIRECTION_TO_DEVICE;
	does(w, "ping.example.com", 0)->kind.proto = FLOW_PROTO_ICMP;
	does(w, "clock.example.com", 4460)->time = true;
	does(w, "", 443); /* neither name nor address */
	never(w);
}

static void never_what_repairs_it(void **state)
{
	static const char *const names[] = {"update.example.com", "fw.example.com",
		"eu-ota1.example.com", "firmware-prod.example.com", "Fota.example.com",
		"x.upgrade.example.com"};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], "Fota.example.com") !=
			0) /* names are lower case */
			does(w, names[i], 443);
	does(w, "cdn.example.com", 80)->update = true;
	does(w, "cdn.example.com", 443);
	does(w, "*.cdn2.example.com", 443);
	does(w, "a.cdn2.example.com", 8080)->update = true;
	never(w);
}

static void never_what_is_hardly_known(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443)->episodes = PROBE_EPISODES_LEAST - 1;
	never(w);
}

static void a_device_without_purpose_is_left_alone(void **state)
{
	struct world *w = *state;

	does(w, "ota.example.com", 443);
	does(w, "a\xffo.example.com", 443);
	does(w, "a b.example.com", 443);
	never(w);
}

static void clouds_by_name_and_boots_come_first(void **state)
{
	struct world *w = *state;

	does(w, "", 443)->kind.peer = (struct addr){.family = 4, .b = {203, 0, 113, 1}};
	w->usual[0].boots = 20;
	does(w, "often.example.com", 443)->episodes = 100;
	does(w, "boots.example.com", 443)->boots = 1;
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_string_equal(w->refused.kind.name, "boots.example.com");
	assert_true(w->refused.whole);
}

static void of_two_services_one_is_refused(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443)->boots = 3;
	does(w, "cloud.example.com", 8883);
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_int_equal(w->refused.kind.port, 443);
	assert_false(w->refused.whole);
	/* a question for the name was answered: nothing was met */
	see(w, "cloud.example.com", 0, PROBE_TRIED);
	pass(w, MIN);
	see(w, "new.example.com", 443, PROBE_TRIED);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->fallback_count, 0);
	see(w, "cloud.example.com", 443, PROBE_TRIED);
	see(w, "new.example.com", 443, PROBE_TRIED);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->fallback_count, 1);
}

/* ---- what comes of it ---- */

static void settle(struct world *w)
{
	while (view(w).state == PROBE_REFUSING || view(w).state == PROBE_SETTLING)
		pass(w, MIN / 6);
}

static void a_fallback_is_found(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	begin(w);
	see(w, "early.example.com", 443, PROBE_WORKED); /* before it met anything */
	pass(w, MIN);
	see(w, "cloud.example.com", 0, PROBE_REFUSED);
	w->now.wall += 800 * NS_PER_MS;
	w->now.mono += 800 * NS_PER_MS;
	see(w, "spare.example.com", 0, PROBE_TRIED);
	see(w, "spare.example.com", 443, PROBE_REFUSED);
	see(w, "beat.example.com", 443, PROBE_WORKED);
	settle(w);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->counts[PROBE_FALLBACK], 1);
	assert_int_equal(t->fallback_count, 1);
	assert_string_equal(t->fallbacks[0].kind.name, "spare.example.com");
	assert_int_equal(t->fallbacks[0].kind.port, 443);
	assert_int_equal(t->fallbacks[0].after_ms, 800);
	assert_int_equal(t->fallbacks[0].times, 1);
	assert_false(probe_fallback_confirmed(&t->fallbacks[0]));
	assert_int_equal(t->tries[0].attempts, 1);
	assert_int_equal(probe_target_need(t), PROBE_NEED_UNKNOWN);
}

static void what_comes_late_still_counts(void **state)
{
	struct world *w = *state;
	struct probe_kind k = {.proto = FLOW_PROTO_TCP,
		.port = 443,
		.place = RECORD_INTERNET,
		.name = "spare.example.com"};
	nstime when;

	begin(w);
	see(w, "cloud.example.com", 0, PROBE_REFUSED);
	pass(w, MIN);
	when = w->now.wall;
	while (view(w).state == PROBE_REFUSING)
		pass(w, MIN / 6);
	pass(w, 5 * MIN);
	probe_saw(
		w->probe, &lamp, &k, PROBE_TRIED, w->now.wall, &w->now); /* too late */
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->fallback_count, 0);
	probe_saw(w->probe, &lamp, &k, PROBE_TRIED, when, &w->now);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->fallback_count, 1);
	settle(w);
	assert_int_equal(
		probe_target_at(w->probe, &lamp, 0)->counts[PROBE_FALLBACK], 1);
}

static void try_with_a_beat(struct world *w, bool goes_on)
{
	does(w, "cloud.example.com", 443);
	does(w, "beat.update.example.com", 443)->period = MIN;
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_true(w->is_refused);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	for (int i = 0; i < 5; i++) {
		pass(w, MIN);
		if (goes_on)
			see(w, "beat.update.example.com", 443, PROBE_WORKED);
	}
	settle(w);
}

static void what_stops_the_rest_is_essential(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	try_with_a_beat(w, false);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->counts[PROBE_ESSENTIAL], 1);
	assert_int_equal(t->tries[0].expected, 1);
	assert_int_equal(t->tries[0].went_on, 0);
	assert_int_equal(probe_target_need(t), PROBE_NEED_ESSENTIAL);
}

static void what_changes_nothing_is_not(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	try_with_a_beat(w, true);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->counts[PROBE_NON_ESSENTIAL], 1);
	assert_int_equal(t->tries[0].went_on, 1);
	assert_int_equal(probe_target_need(t), PROBE_NEED_NONE);
	assert_false(probe_target_done(t)); /* once is not enough */
}

static void without_a_try_nothing_is_known(void **state)
{
	struct world *w = *state;

	begin(w);
	settle(w);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->counts[PROBE_UNMET], 1);
	assert_int_equal(view(w).state, PROBE_IDLE); /* nothing to recover */
	assert_false(view(w).unrecovered);
}

static void too_much_news_is_an_alert(void **state)
{
	struct world *w = *state;
	char name[32];

	begin(w);
	see(w, "cloud.example.com", 0, PROBE_REFUSED);
	for (int i = 0; i < PROBE_FALLBACKS_MAX + 1; i++) {
		(void)str_print(name, sizeof name, "x%d.example.org", i);
		see(w, name, 443, PROBE_TRIED);
	}
	pass(w, NS_PER_SEC);
	assert_false(w->is_refused);
	assert_int_equal(w->why, PROBE_WHY_ALERT);
}

/* ---- it ends ---- */

static void whoever_needs_it_has_it_at_once(void **state)
{
	static const enum probe_why whys[] = {PROBE_WHY_USER, PROBE_WHY_OWNER,
		PROBE_WHY_ALERT, PROBE_WHY_QUARANTINE, PROBE_WHY_UPDATE};
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	pass(w, 2 * HOUR);
	for (size_t i = 0; i < COUNT(whys); i++) {
		pass(w, MIN);
		assert_true(w->is_refused);
		assert_true(probe_stop(w->probe, &lamp, whys[i], &w->now));
		assert_false(w->is_refused);
		assert_false(probe_stop(w->probe, &lamp, whys[i], &w->now));
		assert_int_equal(
			probe_target_at(w->probe, &lamp, 0)->tries[i].why, whys[i]);
		pass(w, 24 * HOUR - MIN);
	}
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->counts[PROBE_STOPPED],
		COUNT(whys));
}

static void the_owner_ends_it(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_true(probe_stop_all(w->probe, PROBE_WHY_OWNER, &w->now));
	assert_false(w->is_refused);
	pass(w, 24 * HOUR);
	assert_true(w->is_refused);
	assert_int_equal(probe_forbid(w->probe, &lamp, &w->now), 0);
	assert_false(w->is_refused);
	assert_int_equal(view(w).why, PROBE_WHY_FORBIDDEN);
	assert_int_equal(view(w).targets, 1); /* what was found stays */
	assert_int_equal(probe_forbid(w->probe, &radio, &w->now), -ENOENT);
	pass(w, 24 * HOUR);
	assert_false(w->is_refused);
	allow(w, &lamp);
	pass(w, 24 * HOUR);
	assert_true(w->is_refused);
	probe_forget(w->probe, &lamp);
	assert_false(w->is_refused);
}

static void a_bar_ends_it(void **state)
{
	struct world *w = *state;

	begin(w);
	w->bar = PROBE_WHY_QUARANTINE;
	pass(w, NS_PER_SEC);
	assert_false(w->is_refused);
	assert_int_equal(w->why, PROBE_WHY_QUARANTINE);
}

static void clocks_that_are_set_end_it(void **state)
{
	static const nstime jumps[] = {-HOUR, HOUR, -400 * 24 * HOUR, MIN};
	struct world *w = *state;

	begin(w);
	for (size_t i = 0; i < COUNT(jumps); i++) {
		w->now.wall += jumps[i];
		pass(w, NS_PER_SEC);
		assert_false(w->is_refused);
		assert_int_equal(w->why, PROBE_WHY_CLOCK);
		w->now.wall -= jumps[i];
		pass(w, 24 * HOUR);
		assert_true(w->is_refused);
	}
	w->now.sure = false;
	pass(w, NS_PER_SEC);
	assert_false(w->is_refused);
}

static void the_end_of_the_window_ends_it(void **state)
{
	struct world *w = *state;

	begin(w);
	w->now.offset = 6 * 3600; /* it is summer now */
	pass(w, NS_PER_SEC);
	assert_false(w->is_refused);
	assert_int_equal(w->why, PROBE_WHY_NIGHT);
}

static void a_restore_that_fails_is_tried_again(void **state)
{
	struct world *w = *state;

	begin(w);
	w->restore_fails = true;
	assert_true(probe_stop(w->probe, &lamp, PROBE_WHY_USER, &w->now));
	assert_int_equal(view(w).state, PROBE_RESTORING);
	for (unsigned i = 2; i < 10; i++) {
		pass(w, NS_PER_SEC);
		assert_int_equal(w->restores, i);
	}
	w->restore_fails = false;
	assert_false(probe_stop(w->probe, &lamp, PROBE_WHY_USER, &w->now));
	assert_false(w->is_refused);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->try_count, 1);
}

static void a_refusal_that_fails_is_none(void **state)
{
	struct world *w = *state;

	w->refuse_fails = true;
	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_int_equal(w->refusals, 1);
	assert_int_equal(w->restores, 1); /* who knows */
	assert_int_equal(view(w).state, PROBE_IDLE);
	assert_int_equal(
		probe_target_at(w->probe, &lamp, 0)->tries[0].why, PROBE_WHY_FAILED);
	pass(w, MIN);
	assert_int_equal(w->refusals, 1); /* not again tonight */
}

/* ---- does it come back? ---- */

static void what_works_again_is_well(void **state)
{
	struct world *w = *state;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	see(w, "cloud.example.com", 443, PROBE_TRIED);
	pass(w, 20 * HOUR);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	see(w, "cloud.example.com", 443, PROBE_WORKED);
	pass(w, NS_PER_SEC);
	assert_int_equal(view(w).state, PROBE_IDLE);
	assert_int_equal(w->told[w->told_count - 1], PROBE_TOLD_RECOVERED);
	assert_false(view(w).unrecovered);
}

static void what_does_not_is_told_and_ends_all(void **state)
{
	struct world *w = *state;
	unsigned refusals;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	refusals = w->refusals;
	for (int i = 0; i < 27 * 60; i++)
		pass(w, MIN);
	assert_true(view(w).unrecovered);
	assert_int_equal(w->told[w->told_count - 1], PROBE_TOLD_UNRECOVERED);
	assert_int_equal(view(w).why, PROBE_WHY_UNRECOVERED);
	for (int i = 0; i < 3 * 24 * 60; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, refusals);
	allow(w, &lamp); /* the owner has looked */
	pass(w, 24 * HOUR - 5 * HOUR);
	for (int i = 0; i < 24 * 60; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, refusals + 1);
}

static void a_period_tells_when_it_should(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443)->period = HOUR;
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	pass(w, 2 * HOUR + 50 * MIN);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	pass(w, 20 * MIN);
	assert_true(view(w).unrecovered);
}

static void who_is_switched_off_owes_nothing(void **state)
{
	struct world *w = *state;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	w->bar = PROBE_WHY_GONE;
	for (int i = 0; i < 100; i++)
		pass(w, HOUR);
	assert_false(view(w).unrecovered);
	w->bar = PROBE_WHY_NONE;
	pass(w, 25 * HOUR);
	assert_false(view(w).unrecovered);
	pass(w, 2 * HOUR);
	assert_true(view(w).unrecovered);
}

static void an_old_connection_is_no_recovery(void **state)
{
	struct world *w = *state;
	struct probe_kind k = {.proto = FLOW_PROTO_TCP,
		.port = 443,
		.place = RECORD_INTERNET,
		.name = "cloud.example.com"};

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	probe_saw(w->probe, &lamp, &k, PROBE_WORKED, w->now.wall - 2 * HOUR, &w->now);
	pass(w, NS_PER_SEC);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
}

/* ---- restarts ---- */

static void again(struct world *w)
{
	struct probe_config c = config_of(w);
	struct probe *fresh;
	size_t size = probe_save_size(w->probe, &lamp);
	uint8_t *bytes = malloc(size), *twice = malloc(size);
	struct writer to = writer_of(bytes, size), back = writer_of(twice, size);

	assert_int_equal(probe_save(w->probe, &lamp, &to), 0);
	probe_free(w->probe);
	assert_int_equal(probe_new(&c, w->now.mono, &fresh), 0);
	w->probe = fresh;
	assert_int_equal(probe_load(fresh, cursor_of(bytes, to.len)), 0);
	assert_int_equal(probe_load(fresh, cursor_of(bytes, to.len)), -EEXIST);
	assert_int_equal(probe_save(fresh, &lamp, &back), 0);
	assert_int_equal(back.len, to.len);
	assert_memory_equal(twice, bytes, to.len);
	for (size_t i = 0; i < to.len; i++) { /* nothing shorter is a state */
		struct probe *none;

		assert_int_equal(probe_new(&c, 0, &none), 0);
		assert_int_not_equal(probe_load(none, cursor_of(bytes, i)), 0);
		probe_free(none);
	}
	free(bytes);
	free(twice);
}

static void who_died_takes_back_first(void **state)
{
	struct world *w = *state;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	again(w);
	assert_int_equal(view(w).state, PROBE_RESTORING);
	assert_true(w->is_refused); /* as the kernel would have it */
	pass(w, 0);
	assert_false(w->is_refused);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	assert_int_equal(
		probe_target_at(w->probe, &lamp, 0)->tries[0].why, PROBE_WHY_RESTART);
	see(w, "cloud.example.com", 443, PROBE_WORKED);
	pass(w, NS_PER_SEC);
	assert_int_equal(view(w).state, PROBE_IDLE);
	pass(w, HOUR);
	assert_false(w->is_refused); /* the night is over for it */
}

static void what_was_found_outlives_restarts(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	see(w, "spare.example.com", 443, PROBE_TRIED);
	settle(w);
	again(w);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	pass(w, MIN);
	see(w, "cloud.example.com", 443, PROBE_WORKED);
	again(w);
	pass(w, NS_PER_SEC);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->counts[PROBE_FALLBACK], 1);
	assert_string_equal(t->fallbacks[0].kind.name, "spare.example.com");
	assert_int_equal(view(w).class, PROBE_CLASS_LIGHT);
	assert_int_equal(view(w).window.start, 120);
	assert_true(view(w).allowed);
}

static void what_it_does_anyway_is_no_fallback(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	see(w, "spare.example.com", 443, PROBE_TRIED);
	settle(w);
	see(w, "cloud.example.com", 443, PROBE_WORKED);
	pass(w, MIN);
	for (int i = 0; i < 3; i++)
		see(w, "spare.example.com", 443, PROBE_WORKED);
	pass(w, 24 * HOUR);
	assert_true(w->is_refused);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	see(w, "spare.example.com", 443, PROBE_TRIED);
	settle(w);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->fallbacks[0].apart, 3);
	assert_int_equal(t->fallbacks[0].times, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(classes_are_strict),
		TEST(words_betray_what_is_never_probed),
		TEST(windows_are_nights),
		TEST(a_house_has_room_for_some),
		TEST(only_at_night_and_once),
		TEST(all_of_it_fits_in_the_window),
		TEST(nothing_begins_against_a_bar),
		TEST(not_while_somebody_uses_it),
		TEST(a_new_gateway_waits_too),
		TEST(never_names_addresses_or_time),
		TEST(never_what_repairs_it),
		TEST(never_what_is_hardly_known),
		TEST(a_device_without_purpose_is_left_alone),
		TEST(clouds_by_name_and_boots_come_first),
		TEST(of_two_services_one_is_refused),
		TEST(a_fallback_is_found),
		TEST(what_comes_late_still_counts),
		TEST(what_stops_the_rest_is_essential),
		TEST(what_changes_nothing_is_not),
		TEST(without_a_try_nothing_is_known),
		TEST(too_much_news_is_an_alert),
		TEST(whoever_needs_it_has_it_at_once),
		TEST(the_owner_ends_it),
		TEST(a_bar_ends_it),
		TEST(clocks_that_are_set_end_it),
		TEST(the_end_of_the_window_ends_it),
		TEST(a_restore_that_fails_is_tried_again),
		TEST(a_refusal_that_fails_is_none),
		TEST(what_works_again_is_well),
		TEST(what_does_not_is_told_and_ends_all),
		TEST(a_period_tells_when_it_should),
		TEST(who_is_switched_off_owes_nothing),
		TEST(an_old_connection_is_no_recovery),
		TEST(who_died_takes_back_first),
		TEST(what_was_found_outlives_restarts),
		TEST(what_it_does_anyway_is_no_fallback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
