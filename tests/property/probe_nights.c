// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: thousands of nights in a house whose devices have planted fallbacks. No
 * probe runs outside its window, while somebody uses the device, in a device that must
 * not be probed, twice a night or for too long, whatever clocks, restarts and failures
 * do; what is refused is always taken back; every planted fallback is found, and
 * nothing else is confirmed. PROBE_SEED, PROBE_NIGHTS. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "model/flow.h"
#include "profiles/probe/probe.h"

#define NIGHTS 2000
#define HOMES 4
#define MIN (60 * NS_PER_SEC)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)
#define T0 (1700000000 * NS_PER_SEC)
#define DEVICES 7
#define KINDS 8
#define CHAIN 2
#define BROKEN 5   /* this one does not come back */
#define UNWANTED 6 /* the owner allows it late, and forbids it again */
#define SWITCHED_OFF_EVERY 97

#define CHECK(what)                                                                    \
	do {                                                                           \
		if (!(what)) {                                                         \
			fprintf(stderr, "%s:%d: %s (seed %" PRIu64 ", night %u)\n",    \
				__FILE__, __LINE__, #what, seed, night_number);        \
			exit(1);                                                       \
		}                                                                      \
	} while (0)

struct thing {
	struct probe_kind kind;
	nstime period, next;
	uint32_t boots;
	bool essential, update, time;
	char chain[CHAIN][32];
	unsigned chain_count;
	nstime chain_first[CHAIN]; /* wall of the house: when it first appeared; 0:
				      never */
};

struct machine {
	struct mac mac;
	enum device_class class;
	bool allowed, here, updating, ill, broken;
	struct probe_window window;
	struct thing things[KINDS];
	unsigned count;
	int refused; /* of things; -1: none */
	nstime refused_at, used_at, stalls_until;
	bool refuses_all;
};

static uint64_t seed = 1, random_state;
static unsigned night_number;
static struct machine machines[DEVICES];
static struct probe *probe;
static nstime mono, wall, last_begun, born;
static int32_t offset = 3600;
static bool sure = true, restore_fails, breaks;
static unsigned begun, stopped_by_user, restarts, jumps, unrecovered_told;
static uint8_t *stored[DEVICES];
static size_t stored_len[DEVICES];

static uint64_t any(uint64_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1d >> 16) % below;
}

static struct probe_time now(void)
{
	return (struct probe_time){wall, mono, offset, sure};
}

static struct machine *machine_of(const struct mac *m)
{
	return &machines[m->b[5]];
}

/* ---- what the rules are, said a second time ---- */

static bool in_window(const struct machine *m)
{
	int64_t minute = (wall / NS_PER_SEC + offset) % 86400 / 60;

	return (minute - m->window.start + 1440) % 1440 < m->window.length;
}

static int find_thing(const struct machine *m, const struct probe_kind *k)
{
	for (unsigned i = 0; i < m->count; i++)
		if (strcmp(m->things[i].kind.name, k->name) == 0 &&
			m->things[i].kind.port == k->port)
			return (int)i;
	return -1;
}

static int refuse(void *ctx, const struct mac *device, const struct probe_target *t,
	nstime longest)
{
	struct machine *m = machine_of(device);
	int i = find_thing(m, &t->kind);

	(void)ctx;
	CHECK(i >= 0 && m->refused < 0);
	for (unsigned d = 0; d < DEVICES; d++)
		CHECK(machines[d].refused < 0);
	CHECK(m->allowed && m->here && !m->updating && !m->ill && sure);
	CHECK(!probe_class_is_forbidden(m->class));
	CHECK(in_window(m) && longest == PROBE_LONGEST);
	CHECK(mono - m->used_at >= PROBE_CALM || m->used_at == 0);
	CHECK(last_begun == 0 || mono - last_begun >= 12 * HOUR || last_begun < born);
	CHECK(!m->things[i].update && !m->things[i].time);
	CHECK(!strstr(t->kind.name, "update"));
	CHECK(t->kind.port != 53 && t->kind.port != 123);
	CHECK(!(m->broken && unrecovered_told));
	if (any(40) == 0)
		return -1;
	m->refused = i;
	m->refuses_all = t->whole;
	m->refused_at = last_begun = mono;
	if (any(3)) /* a connection was open: it is tried again soon */
		m->things[i].next = mono + (nstime)any(20) * NS_PER_SEC;
	begun++;
	return 0;
}

static int restore(void *ctx, const struct mac *device)
{
	struct machine *m = machine_of(device);

	(void)ctx;
	if (restore_fails)
		return -1;
	m->stalls_until = 0;
	if (m->refused >= 0 && m->broken)
		m->things[m->refused].next = INT64_MAX;
	m->refused = -1;
	return 0;
}

static void usual(void *ctx, const struct mac *device, probe_visit *visit, void *to)
{
	const struct machine *m = machine_of(device);

	(void)ctx;
	for (unsigned i = 0; i < m->count; i++) {
		const struct thing *t = &m->things[i];
		struct probe_usual u = {.kind = t->kind,
			.episodes = 50,
			.boots = t->boots,
			.period = t->period < 6 * HOUR ? t->period : 0,
			.update = t->update,
			.time = t->time};

		visit(to, &u);
	}
}

static bool known(
	void *ctx, const struct mac *device, const struct probe_kind *k, nstime before)
{
	const struct machine *m = machine_of(device);

	(void)ctx;
	for (unsigned i = 0; i < m->count; i++) {
		const struct thing *t = &m->things[i];

		if (strcmp(t->kind.name, k->name) == 0)
			return true;
		for (unsigned c = 0; c < t->chain_count; c++)
			if (strcmp(t->chain[c], k->name) == 0)
				return t->chain_first[c] && t->chain_first[c] < before;
	}
	return false;
}

static enum probe_why bar(void *ctx, const struct mac *device)
{
	const struct machine *m = machine_of(device);

	(void)ctx;
	if (!m->here)
		return PROBE_WHY_GONE;
	if (m->updating)
		return PROBE_WHY_UPDATE;
	return m->ill ? PROBE_WHY_ALERT : PROBE_WHY_NONE;
}

static void changed(void *ctx, const struct mac *device)
{
	unsigned i = device->b[5];
	struct writer w;

	(void)ctx;
	free(stored[i]);
	stored_len[i] = probe_save_size(probe, device);
	stored[i] = malloc(stored_len[i]);
	w = writer_of(stored[i], stored_len[i]);
	CHECK(stored[i] && probe_save(probe, device, &w) == 0);
	stored_len[i] = w.len;
}

static void told(void *ctx, const struct mac *device, const struct probe_note *n)
{
	(void)ctx;
	if (n->told == PROBE_TOLD_UNRECOVERED) {
		CHECK(machine_of(device)->broken);
		unrecovered_told++;
	}
	if (n->told == PROBE_TOLD_RESTORED)
		CHECK(machine_of(device)->refused < 0);
}

static const struct probe_config config = {.refuse = refuse,
	.restore = restore,
	.usual = usual,
	.known = known,
	.bar = bar,
	.changed = changed,
	.told = told};

/* ---- the house ---- */

static void plant(struct machine *m, unsigned d)
{
	*m = (struct machine){.mac = {{2, 0, 0, 0, 0, (uint8_t)d}},
		.refused = -1,
		.class = DEVICE_CLASS_LIGHT + d,
		.here = true,
		.count = KINDS,
		.window = {(uint16_t)(any(2) ? 120 : 1380), 180},
		.broken = d == BROKEN};
	for (unsigned i = 0; i < KINDS; i++) {
		struct thing *t = &m->things[i];

		t->kind = (struct probe_kind){
			.proto = FLOW_PROTO_TCP, .port = 443, .place = RECORD_INTERNET};
		(void)str_print(
			t->kind.name, sizeof t->kind.name, "c%u.d%u.example.com", i, d);
		t->period = (2 + (nstime)any(12)) * MIN;
		t->next = mono + (nstime)any((uint64_t)t->period);
		t->boots = (uint32_t)any(3);
		if (i < 3) { /* companions: never essential, always there */
			t->period = (60 + (nstime)any(100)) * NS_PER_SEC;
			continue;
		}
		t->essential = any(3) == 0;
		t->chain_count = t->essential ? 0 : (unsigned)any(CHAIN + 1);
		for (unsigned c = 0; c < t->chain_count; c++)
			(void)str_print(t->chain[c], sizeof t->chain[c],
				"f%u%u.d%u.example.net", i, c, d);
	}
	str_copy(m->things[6].kind.name, LIMIT_NAME, "time.example.org");
	m->things[6].kind.proto = FLOW_PROTO_UDP;
	m->things[6].kind.port = 123;
	m->things[6].time = true;
	str_copy(m->things[7].kind.name, LIMIT_NAME, "fw-update.example.com");
	m->things[7].update = any(2);
	m->things[6].chain_count = m->things[7].chain_count = 0;
	m->things[6].essential = m->things[7].essential = false;
	if (!m->things[7].update) /* by its name alone */
		m->things[7].period = DAY;
}

static void saw(struct machine *m, const char *name, uint8_t proto, uint16_t port,
	enum probe_fate fate)
{
	struct probe_kind k = {.proto = proto, .port = port, .place = RECORD_INTERNET};
	struct probe_time t = now();

	str_copy(k.name, sizeof k.name, name);
	probe_saw(probe, &m->mac, &k, fate, wall, &t);
}

static void fall_back(struct machine *m, struct thing *t)
{
	for (unsigned c = 0; c < t->chain_count; c++) {
		saw(m, t->chain[c], 0, 0, PROBE_TRIED);
		saw(m, t->chain[c], FLOW_PROTO_TCP, 443, PROBE_REFUSED);
		if (!t->chain_first[c])
			t->chain_first[c] = wall;
	}
}

static void live(struct machine *m)
{
	char name[32];

	for (unsigned i = 0; m->here && i < m->count; i++) {
		struct thing *t = &m->things[i];
		bool refused = m->refused == (int)i;

		if (t->next > mono)
			continue;
		t->next = mono + t->period;
		if (m->stalls_until > mono)
			continue;
		if (!refused) {
			saw(m, t->kind.name, t->kind.proto, t->kind.port, PROBE_WORKED);
			continue;
		}
		saw(m, t->kind.name, m->refuses_all ? 0 : t->kind.proto,
			m->refuses_all ? 0 : t->kind.port, PROBE_REFUSED);
		fall_back(m, t);
		if (t->essential)
			m->stalls_until = INT64_MAX;
		else if (any(2))
			t->next = mono + (5 + (nstime)any(55)) * NS_PER_SEC;
	}
	if (m->here && any(20000) == 0) { /* something new, by chance */
		(void)str_print(
			name, sizeof name, "n%" PRIu64 ".example.org", any(UINT32_MAX));
		saw(m, name, FLOW_PROTO_TCP, 443, PROBE_WORKED);
	}
}

static void use(struct machine *m)
{
	struct probe_time t = now();
	bool was = m->refused >= 0;

	m->used_at = mono;
	stopped_by_user += probe_stop(probe, &m->mac, PROBE_WHY_USER, &t);
	CHECK(m->refused < 0 || restore_fails);
	CHECK(!was || m->refused < 0 || restore_fails);
}

static void reload(void)
{
	restarts++;
	probe_free(probe);
	CHECK(probe_new(&config, mono, &probe) == 0);
	born = mono;
	for (unsigned d = 0; d < DEVICES; d++)
		if (stored[d])
			CHECK(probe_load(probe, cursor_of(stored[d], stored_len[d])) ==
				0);
	for (unsigned d = 0; d < DEVICES; d++)
		machines[d].used_at = mono; /* unknown: none may begin soon */
}

static void owner(unsigned d, bool allow)
{
	struct machine *m = &machines[d];
	struct probe_time t = now();

	m->allowed = allow;
	if (allow)
		CHECK(probe_allow(probe, &m->mac, m->class, &m->window, &t) == 0);
	else
		CHECK(probe_forbid(probe, &m->mac, &t) == 0);
	CHECK(m->refused < 0 || restore_fails);
}

static bool is_any_refused(void)
{
	for (unsigned d = 0; d < DEVICES; d++)
		if (machines[d].refused >= 0)
			return true;
	return false;
}

/* What life does, seldom; breaks: also what it does to gateways. */
static void chance(nstime step)
{
	struct machine *m = &machines[any(DEVICES)];
	uint64_t scale = (uint64_t)(10 * HOUR / step);

	/* what is worth testing happens while something is refused */
	if (is_any_refused() && (breaks || any(20) == 0))
		scale = 600;
	if (any(scale) == 0)
		use(m);
	if (any(3 * scale) == 0)
		m->ill = !m->ill;
	if (any(3 * scale) == 0)
		m->updating = !m->updating;
	if (any(scale) == 0)
		for (unsigned d = 0; d < DEVICES; d++)
			machines[d].ill = machines[d].updating = false;
	if (any(SWITCHED_OFF_EVERY * scale) == 0)
		m->here = false;
	if (any(scale) == 0)
		for (unsigned d = 0; d < DEVICES; d++)
			machines[d].here = true;
	if (!breaks)
		return;
	if (any(2 * scale) == 0)
		reload();
	if (any(4 * scale) == 0) {
		wall += ((nstime)any(2000) - 1000) * MIN;
		jumps++;
	}
	if (any(4 * scale) == 0)
		sure = !sure;
	if (any(4 * scale) == 0)
		restore_fails = true;
	if (any(scale / 20 + 1) == 0)
		sure = true, restore_fails = false;
	if (any(8 * scale) == 0)
		offset = offset == 3600 ? 7200 : 3600;
}

static bool is_night(void)
{
	for (unsigned d = 0; d < DEVICES; d++)
		if (in_window(&machines[d]))
			return true;
	return false;
}

static void tick(void)
{
	struct probe_time t = now();

	probe_tick(probe, &t);
	for (unsigned d = 0; d < DEVICES; d++) {
		const struct machine *m = &machines[d];

		if (m->refused < 0 || restore_fails)
			continue;
		CHECK(mono - m->refused_at < PROBE_LONGEST);
		CHECK(in_window(m) && sure && m->here && !m->ill && !m->updating);
		CHECK(m->allowed && mono - m->used_at >= mono - m->refused_at);
	}
}

static void step(void)
{
	struct mac running;
	bool close = is_any_refused() || probe_running(probe, &running);
	nstime by = close ? 5 * NS_PER_SEC : is_night() ? 30 * NS_PER_SEC : 20 * MIN;

	/* every now and then the loop stalls, and a tick comes late */
	if (breaks && close && any(1000) == 0)
		by = 40 * MIN;
	mono += by;
	wall += by;
	for (unsigned d = 0; d < DEVICES; d++)
		live(&machines[d]);
	chance(by);
	tick();
}

/* ---- what must be known in the end ---- */

static const struct probe_target *target_of(const struct machine *m, const char *name)
{
	const struct probe_target *t;

	for (size_t i = 0; (t = probe_target_at(probe, &m->mac, i)); i++)
		if (strcmp(t->kind.name, name) == 0)
			return t;
	return NULL;
}

static const struct probe_fallback *found(
	const struct probe_target *t, const char *name)
{
	for (uint32_t f = 0; t && f < t->fallback_count; f++)
		if (strcmp(t->fallbacks[f].kind.name, name) == 0)
			return &t->fallbacks[f];
	return NULL;
}

static void check_thing(const struct machine *m, const struct thing *t)
{
	const struct probe_target *p = target_of(m, t->kind.name);

	CHECK(p && probe_target_done(p));
	for (unsigned c = 0; c < t->chain_count; c++) {
		const struct probe_fallback *f = found(p, t->chain[c]);

		CHECK(f && probe_fallback_confirmed(f));
		CHECK(f->kind.proto == FLOW_PROTO_TCP && f->kind.port == 443);
	}
	for (uint32_t f = 0; f < p->fallback_count; f++)
		if (probe_fallback_confirmed(&p->fallbacks[f]))
			CHECK(strncmp(p->fallbacks[f].kind.name, "f", 1) == 0);
	if (t->essential)
		CHECK(probe_target_need(p) == PROBE_NEED_ESSENTIAL);
	else
		CHECK(probe_target_need(p) != PROBE_NEED_ESSENTIAL);
	if (!t->essential && !t->chain_count && !p->fallback_count)
		CHECK(probe_target_need(p) == PROBE_NEED_NONE);
}

static void check_machine(unsigned d)
{
	const struct machine *m = &machines[d];
	const struct probe_target *t;
	struct probe_time at = now();
	struct probe_device v;

	for (unsigned i = 0; i < m->count; i++)
		if (i == 6 || i == 7)
			CHECK(!target_of(m, m->things[i].kind.name));
		else if (!m->broken)
			check_thing(m, &m->things[i]);
	CHECK(probe_device_of(probe, &m->mac, &at, &v) == 0);
	CHECK(v.unrecovered == m->broken);
	if (!m->broken)
		return;
	t = probe_target_at(probe, &m->mac, 1);
	CHECK(!t || t->try_count == 0 || probe_target_at(probe, &m->mac, 0)->try_count);
}

/* Faults for `nights`, then as many as it takes without. */
static void home(unsigned nights)
{
	mono = 5 * DAY + (nstime)any((uint64_t)DAY);
	wall = T0 + (nstime)any((uint64_t)DAY);
	born = mono;
	last_begun = 0;
	sure = true;
	restore_fails = false;
	unrecovered_told = 0;
	CHECK(probe_new(&config, mono, &probe) == 0);
	for (unsigned d = 0; d < DEVICES; d++) {
		plant(&machines[d], d);
		if (d != UNWANTED)
			owner(d, true);
	}
	for (night_number = 0; night_number < nights; night_number++) {
		nstime end = mono + DAY;

		breaks = night_number < nights / 3;
		if (!breaks)
			sure = true, restore_fails = false;
		if (night_number == nights / 8)
			owner(UNWANTED, true);
		if (night_number == nights / 4)
			owner(UNWANTED, false);
		while (mono < end)
			step();
	}
	for (unsigned d = 0; d < DEVICES; d++)
		if (d != UNWANTED)
			check_machine(d);
	CHECK(!is_any_refused() && unrecovered_told == 1);
	probe_free(probe);
	for (unsigned d = 0; d < DEVICES; d++) {
		free(stored[d]);
		stored[d] = NULL;
	}
}

int main(void)
{
	const char *s = getenv("PROBE_SEED"), *n = getenv("PROBE_NIGHTS");
	unsigned nights = n ? (unsigned)strtoul(n, NULL, 10) : NIGHTS;

	if (s)
		seed = strtoull(s, NULL, 10);
	random_state = seed * 0x9e3779b97f4a7c15 + 1;
	for (unsigned h = 0; h < HOMES; h++)
		home(nights / HOMES);
	printf("%u nights, %u probes, %u ended by use, %u restarts, %u clock jumps\n",
		nights, begun, stopped_by_user, restarts, jumps);
	return 0;
}
