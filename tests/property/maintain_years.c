// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: whatever a device does and whatever the clock says, over years: nothing is
 * let through but what the profile, the owner, a window or the rule for variants lets;
 * what is in force is never blocked; in a window nothing is, but poison and what the
 * owner refused; all bounds hold; and the state is the same after a restart.
 * MAINTAIN_SEED, MAINTAIN_ROUNDS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/maintain/maintain.h"

#define ROUNDS 12
#define DAYS 200
#define T0 (1700000000 * NS_PER_SEC)

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)(random_state * 0x2545f4914f6cdd1d >> 33) % below;
}

static const struct mac mac = {{2, 0, 0, 0, 0, 1}};

/* "com" is nobody's, "co.uk" neither. */
static unsigned suffix(void *ctx, const char *name)
{
	size_t n = strlen(name);

	(void)ctx;
	return n >= 5 && strcmp(name + n - 5, "co.uk") == 0 ? 2 : 1;
}

struct world {
	struct learned *l;
	struct maintain *m;
	struct maintain_config config;
	nstime now;
	uint64_t seen[MAINTAIN_VERDICT_MAX];
	unsigned windows;
};

#define CHECK(x)                                                                       \
	do {                                                                           \
		if (!(x)) {                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);        \
			abort();                                                       \
		}                                                                      \
	} while (0)

static struct record talk(const char *name, uint16_t port, nstime when)
{
	struct record r = {.device = mac,
		.first = when,
		.last = when + NS_PER_SEC,
		.direction = DIRECTION_FROM_DEVICE,
		.answered = true,
		.family = draw(2) ? 4 : 6,
		.proto = draw(8) ? FLOW_PROTO_TCP : FLOW_PROTO_UDP,
		.device_port = 40000,
		.peer_port = port,
		.place = RECORD_INTERNET,
		.naming = RECORD_ANSWER + draw(3),
		.packets = {5, 5},
		.bytes = {1000 + draw(1000), 1000 + draw(4000)}};
	uint8_t at[16] = {0x20, 1, 0xd, 0xb8};

	/* each name has its own address */
	for (const char *c = name; *c; c++)
		at[8 + (*c & 7)] = (uint8_t)(at[8 + (*c & 7)] * 31 + *c);
	r.peer = r.family == 4 ? addr_v4(&at[8]) : addr_v6(at);
	(void)str_copy(r.name, sizeof(r.name), name);
	return r;
}

static const char *const known[] = {"api.maker.com", "time.maker.com", "a.other.co.uk"};
/* Of the same owners, and of those who would like to be. */
static const char *const others[] = {"www.maker.com", "maker.com", "b.other.co.uk",
	"evilmaker.com", "api.maker.com.evil.net", "other.co.uk", "c.co.uk", "co.uk", "com",
	"maker.co.uk", "x.api.maker.com", "maker.net"};

/* The last labels, of which there are more than nobody owns. */
static const char *owner_of(const char *name)
{
	unsigned labels = 1, keep = suffix(NULL, name) + 1;
	const char *tail = name;

	for (const char *c = name; *c; c++)
		labels += *c == '.';
	if (labels < keep)
		return "";
	for (; labels > keep; labels--)
		tail = strchr(tail, '.') + 1;
	return tail;
}

struct search {
	const struct record *r;
	bool found;
};

static int is_model(void *ctx, const struct maintain_item *i)
{
	struct search *s = ctx;
	const char *name = i->kind.name;

	if (i->automatic || i->kind.port != s->r->peer_port ||
		i->kind.proto != s->r->proto || !name[0])
		return 0;
	name += rule_name_is_suffix(name) ? 2 : 0;
	s->found |= owner_of(name)[0] && strcmp(owner_of(name), owner_of(s->r->name)) == 0;
	return 0;
}

/* By the owner's word something of whom it belongs to is in force by that port. */
static bool is_owned(const struct maintain *m, const struct record *r)
{
	struct search s = {.r = r};

	CHECK(maintain_items(m, MAINTAIN_ACTIVE, is_model, &s) == 0);
	return s.found;
}

static bool is_known(const struct record *r)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i], r->name) == 0)
			return r->peer_port == 443 && r->proto == FLOW_PROTO_TCP;
	return false;
}

static void judge(struct world *w, const struct record *r)
{
	enum maintain_verdict v;
	struct maintain_window open;

	maintain_window(w->m, &open);
	CHECK(learned_record(w->l, r) == 0);
	CHECK(maintain_record(w->m, w->l, r, &v) == 0);
	w->seen[v]++;
	/* by the same port and protocol, answered by us, of an owner that is known */
	if (v == MAINTAIN_AUTO)
		CHECK(is_owned(w->m, r) && r->naming == RECORD_ANSWER);
	/* what was approved is never in question, unless it expired */
	if (is_known(r))
		CHECK(v == MAINTAIN_KNOWN || v == MAINTAIN_RETURNED);
	if (open.open)
		CHECK(v != MAINTAIN_BLOCKED && v != MAINTAIN_GRACE);
	if (r->peer_port == 23 && r->proto == FLOW_PROTO_TCP)
		CHECK(v == MAINTAIN_POISON);
}

static void restart(struct world *w)
{
	size_t size = maintain_save_size(w->m);
	uint8_t *bytes = malloc(size), *again = malloc(size);
	struct writer a = writer_of(bytes, size), b = writer_of(again, size);

	CHECK(bytes && again);
	CHECK(maintain_save(w->m, &a) == 0);
	maintain_free(w->m);
	CHECK(maintain_load(&w->config, cursor_of(bytes, a.len), &w->m) == 0);
	CHECK(maintain_save(w->m, &b) == 0);
	CHECK(a.len == b.len && memcmp(bytes, again, a.len) == 0);
	free(bytes);
	free(again);
}

static int count(void *ctx, const struct maintain_item *i)
{
	uint32_t *ids = ctx;
	char text[MAINTAIN_TEXT_MAX];

	CHECK(strlen(maintain_question(i, text)) < MAINTAIN_TEXT_MAX);
	CHECK(i->week.blocked <= i->week.conversations);
	ids[1 + ids[0] % MAINTAIN_PROPOSALS_MAX] = i->id;
	ids[0]++;
	return 0;
}

static int visit_change(
	void *ctx, enum maintain_change c, uint32_t item, const char *sentence)
{
	(void)ctx;
	(void)item;
	CHECK(c < MAINTAIN_CHANGE_MAX && sentence[0]);
	return 0;
}

/* The owner answers now and then. */
static void answer(struct world *w)
{
	uint32_t ids[1 + MAINTAIN_PROPOSALS_MAX] = {0};

	CHECK(maintain_items(w->m, MAINTAIN_PROPOSED, count, ids) == 0);
	CHECK(ids[0] <= MAINTAIN_PROPOSALS_MAX);
	if (!ids[0] || draw(4))
		return;
	uint32_t id = ids[1 + draw(ids[0])];
	CHECK((draw(2) ? maintain_reject : maintain_accept)(w->m, id, w->now) == 0);
}

static void bounds(const struct world *w)
{
	uint32_t all = 0;

	for (int s = 0; s < MAINTAIN_STATUS_MAX; s++) {
		uint32_t ids[1 + MAINTAIN_PROPOSALS_MAX] = {0};

		CHECK(maintain_items(w->m, (enum maintain_status)s, count, ids) == 0);
		if (s == MAINTAIN_REJECTED)
			CHECK(ids[0] <= MAINTAIN_REFUSALS_MAX);
		all += ids[0];
	}
	CHECK(all <= MAINTAIN_KINDS_MAX);
	CHECK(maintain_version_count(w->m) <= MAINTAIN_VERSIONS_MAX);
	CHECK(maintain_week_count(w->m) <= MAINTAIN_WEEKS);
	for (size_t i = 0; i < maintain_version_count(w->m); i++) {
		struct maintain_version v;

		maintain_version_at(w->m, i, &v);
		CHECK(maintain_diff(w->m, v.number, visit_change, NULL) == 0);
	}
}

static void one_talk(struct world *w)
{
	struct record r;
	char name[40];

	switch (draw(10)) {
	case 0:
		r = talk(others[draw(sizeof(others) / sizeof(*others))],
			draw(3) ? 443 : 80, w->now);
		break;
	case 1:
		(void)str_print(name, sizeof(name), "n%u.example%u.net", draw(5),
			draw(3000));
		r = talk(name, 443, w->now);
		break;
	case 2:
		r = talk("", draw(20) ? (uint16_t)(1000 + draw(3)) : 23, w->now);
		r.proto = FLOW_PROTO_TCP;
		r.peer.b[3] = (uint8_t)draw(4);
		break;
	case 3: /* now and then firmware */
		r = talk(known[0], 443, w->now);
		r.proto = FLOW_PROTO_TCP;
		if (!draw(60))
			r.bytes[DIRECTION_TO_DEVICE] = 64 << 20;
		break;
	default:
		r = talk(known[draw(sizeof(known) / sizeof(*known))], 443, w->now);
		r.proto = FLOW_PROTO_TCP;
		break;
	}
	judge(w, &r);
}

static void set_clock(struct world *w)
{
	switch (draw(60)) {
	case 0:
		w->now -= (nstime)draw(4000) * MAINTAIN_DAY;
		break;
	case 1:
		w->now += (nstime)draw(4000) * MAINTAIN_DAY;
		break;
	default:
		break;
	}
	if (w->now < 0)
		w->now = T0;
}

static void live(struct world *w)
{
	for (int day = 0; day < DAYS; day++) {
		for (uint32_t n = 5 + draw(20); n; n--) {
			w->now += 60 * NS_PER_SEC + (nstime)draw(3600) * NS_PER_SEC;
			one_talk(w);
		}
		set_clock(w);
		learned_end(w->l, w->now);
		CHECK(maintain_tick(w->m, w->l, w->now) == 0);
		if (!draw(20))
			maintain_label(w->m, MAINTAIN_BY_AGENT,
				(char[]){'v', (char)('0' + draw(10)), 0});
		answer(w);
		if (!draw(15))
			restart(w);
		bounds(w);
	}
}

static void begin(struct world *w)
{
	const struct learned_config lc = {.public_labels = suffix};

	*w = (struct world){.now = T0,
		.config = {.public_labels = suffix, .strict = draw(2)}};
	CHECK(learned_new(&lc, &w->l) == 0);
	for (int n = 0; n < 12; n++) {
		for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++) {
			struct record r = talk(known[k], 443, w->now);

			r.proto = FLOW_PROTO_TCP;
			CHECK(learned_record(w->l, &r) == 0);
			w->now += 100 * NS_PER_SEC;
		}
		w->now += 5000 * NS_PER_SEC + draw(3000) * NS_PER_SEC;
	}
	learned_end(w->l, INT64_MAX);
	CHECK(maintain_new(&w->config, &mac, &w->m) == 0);
	CHECK(maintain_approve(w->m, w->l, w->now) == 0);
}

/* Ten thousand different things: the profile stays what it was. */
static void flood(struct world *w)
{
	char name[40];

	for (uint32_t n = 0; n < 10000; n++) {
		(void)str_print(name, sizeof(name), "h%u.owner%u.org", n, n);
		struct record r = talk(name, (uint16_t)(1 + n % 40000), w->now);

		w->now += 2 * NS_PER_SEC;
		judge(w, &r);
	}
	learned_end(w->l, INT64_MAX);
	CHECK(maintain_tick(w->m, w->l, w->now) == 0);
	bounds(w);
	struct record r = talk(known[0], 443, w->now);
	r.proto = FLOW_PROTO_TCP;
	judge(w, &r);
}

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
	unsigned long rounds = number("MAINTAIN_ROUNDS", ROUNDS);
	unsigned long seed = number("MAINTAIN_SEED", 1);
	uint64_t seen[MAINTAIN_VERDICT_MAX] = {0};
	struct world w;

	for (unsigned long n = 0; n < rounds; n++) {
		random_state = (seed + n) * 0x9e3779b97f4a7c15;
		fprintf(stderr, "seed %lu\n", seed + n);
		begin(&w);
		live(&w);
		flood(&w);
		for (int v = 0; v < MAINTAIN_VERDICT_MAX; v++)
			seen[v] += w.seen[v];
		maintain_free(w.m);
		learned_free(w.l);
	}
	/* all that can happen did, or the rounds prove little */
	for (int v = MAINTAIN_KNOWN; v < MAINTAIN_VERDICT_MAX; v++)
		if (rounds >= ROUNDS && v != MAINTAIN_RETURNED)
			CHECK(seen[v] > 0);
	for (int v = 0; v < MAINTAIN_VERDICT_MAX; v++)
		printf("%s %llu\n", maintain_verdict_name(v),
			(unsigned long long)seen[v]);
	return 0;
}
