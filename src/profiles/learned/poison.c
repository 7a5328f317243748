// SPDX-License-Identifier: GPL-2.0-or-later
/* poison - what a device does for others while it is being learned: scans, worms,
 * floods. It never enters a profile, and a sentence says what it was. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "model/worm.h"

/* New peers or ports within a minute: devices with a purpose have a handful, scanners
 * hundreds a second (exposure of homes: "fan-out > 20 new peers/min"). */
#define FANOUT_MOST 20
/* Logins within a minute at one service: people and scripts need three. */
#define TRIES_MOST 10
/* Fruitless conversations a minute with one service: a client that retries each second
 * has 60. */
#define FLOOD_TRIES 120
/* Packets a second without any answer: video to one viewer is 700. */
#define FLOOD_PACKETS_S 2000
/* A condemned pattern is forgotten so long after it was last seen. */
#define CONDEMNED_TIME (10 * NS_PER_MIN)

enum watch_type {
	WATCH_FREE,
	WATCH_ADDRS, /* one port, many peers without a name */
	WATCH_PORTS, /* one peer, many ports, in vain */
	WATCH_PAIRS, /* neither, all in vain */
	WATCH_TRIES, /* one service, again and again */
};

static bool is_login(uint16_t port)
{
	static const uint16_t ports[] = {21, 22, 23, 25, 110, 143, 445, 1433, 2222,
		2323, 3306, 3389, 5432, 5900, 6379, 8291};

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static const char *known_bad_why(const struct record *r)
{
	const struct worm_port *worm;

	if (r->place != RECORD_INTERNET || r->proto != FLOW_PROTO_TCP)
		return NULL;
	worm = worm_port_find(record_port(r));
	return worm ? worm->why : NULL;
}

bool learned_record_is_fruitless(const struct record *r)
{
	uint64_t packets = r->packets[0] + r->packets[1];

	if (!r->answered)
		return true;
	return r->proto == FLOW_PROTO_TCP &&
	       r->bytes[0] + r->bytes[1] <= packets * LEARNED_EMPTY_BYTES;
}

bool learned_findings_have_room(struct dev *d)
{
	if (!d->findings)
		d->findings = calloc(LEARNED_FINDING_MAX, sizeof *d->findings);
	return d->findings != NULL;
}

static struct said_finding *finding_slot(
	struct dev *d, enum learned_finding_kind kind, uint64_t key)
{
	for (uint32_t i = 0; i < d->finding_count; i++)
		if (d->findings[i].finding.kind == kind && d->findings[i].key == key)
			return &d->findings[i];
	if (d->finding_count == LEARNED_FINDING_MAX || !learned_findings_have_room(d))
		return NULL;
	struct said_finding *f = &d->findings[d->finding_count++];
	*f = (struct said_finding){.finding.kind = kind, .key = key};
	return f;
}

void learned_finding_add(struct dev *d, enum learned_finding_kind kind, uint64_t key,
	nstime when, uint64_t count, const char *fmt, ...)
{
	struct said_finding *f = finding_slot(d, kind, key);
	va_list ap;

	if (!f)
		return; /* the first ones say enough */
	if (!f->finding.when)
		f->finding.when = when;
	if (count < f->finding.count)
		return;
	f->finding.count = count;
	va_start(ap, fmt);
	(void)vsnprintf(f->finding.text, sizeof f->finding.text, fmt, ap);
	va_end(ap);
}

/* ---- watches ---- */

static struct watch watch_key(const struct record *r, enum watch_type type)
{
	struct watch w = {.type = (uint8_t)type, .direction = (uint8_t)r->direction};

	switch (type) {
	case WATCH_ADDRS:
		w.proto = r->proto;
		w.port = record_port(r);
		break;
	case WATCH_PORTS:
		w.peer = r->peer;
		break;
	case WATCH_TRIES:
		w.proto = r->proto;
		w.port = record_port(r);
		w.peer = r->peer;
		break;
	case WATCH_PAIRS:
	case WATCH_FREE:
		break;
	}
	return w;
}

static bool same_watch(const struct watch *a, const struct watch *b)
{
	return a->type == b->type && a->direction == b->direction &&
	       a->proto == b->proto && a->port == b->port &&
	       addr_equal(&a->peer, &b->peer);
}

/* Not secret: who makes many alike has them compared one by one. */
static uint16_t tag_of(const struct watch *w)
{
	uint64_t a, b;
	uint32_t key = (uint32_t)w->type << 29 | (uint32_t)w->direction << 28 |
		       (uint32_t)w->proto << 16 | w->port;

	memcpy(&a, w->peer.b, sizeof a);
	memcpy(&b, w->peer.b + sizeof a, sizeof b);
	a = (a ^ b * 3) * 0x9e3779b97f4a7c15;
	key = (key ^ (uint32_t)(a >> 32)) * 0x9e3779b1;
	return (uint16_t)(key >> 16);
}

static struct watch *watch_find(
	struct watches *all, const struct watch *key, uint16_t tag)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->tags[i] == tag && same_watch(&all->all[i], key))
			return &all->all[i];
	return NULL;
}

/* Whether a may go rather than b: what is condemned stays, what was seen once goes. */
static bool is_lesser(const struct watch *a, const struct watch *b)
{
	if (a->condemned != b->condemned)
		return b->condemned;
	return a->count != b->count ? a->count < b->count : a->start < b->start;
}

/* One more; false: there are as many as there may be, or as memory has. */
static bool watch_grow(struct dev *d)
{
	struct watches *all = d->watches;
	uint32_t cap = all ? all->cap : 0;

	if (all && all->count < cap)
		return true;
	if (cap == LEARNED_WATCHES_MAX)
		return false;
	cap += cap / 2 < 2 ? 2 : cap / 2;
	cap = cap < LEARNED_WATCHES_MAX ? cap : LEARNED_WATCHES_MAX;
	all = realloc(all, sizeof *all + cap * sizeof *all->all);
	if (!all)
		return false;
	if (!d->watches)
		all->count = 0;
	all->cap = cap;
	d->watches = all;
	return true;
}

/* Long over: what was seen under it counts no more, even if records come late. */
static bool is_past(const struct watch *w, nstime when)
{
	return when > (w->condemned ? w->until : w->start + CONDEMNED_TIME);
}

/* A new place, or one that is over, or that of the least. */
static uint32_t watch_place(struct dev *d, nstime when)
{
	const struct watches *all = d->watches;
	uint32_t least = 0;

	for (uint32_t i = 0; all->count == all->cap && i < all->count; i++)
		if (is_past(&all->all[i], when))
			return i;
	if (watch_grow(d)) {
		d->watches->all[d->watches->count].more = NULL;
		return d->watches->count++;
	}
	for (uint32_t i = 1; i < all->count; i++)
		if (is_lesser(&all->all[i], &all->all[least]))
			least = i;
	return least;
}

/* What was seen under the watch that had this place is forgotten. */
static void watch_begin(struct watch *w, const struct watch *key, nstime when)
{
	uint32_t *more = w->more;

	*w = *key;
	w->more = more;
	w->start = when;
}

void learned_watches_free(struct dev *d)
{
	for (uint32_t i = 0; d->watches && i < d->watches->count; i++)
		free(d->watches->all[i].more);
	free(d->watches);
}

static struct watch *watch_get(struct dev *d, const struct watch *key, nstime when)
{
	uint16_t tag = tag_of(key);
	uint32_t place;
	struct watch *w;

	if (!d->watches && !watch_grow(d))
		return NULL;
	w = watch_find(d->watches, key, tag);
	if (w)
		return w;
	place = watch_place(d, when);
	d->watches->tags[place] = tag;
	w = &d->watches->all[place];
	watch_begin(w, key, when);
	return w;
}

static uint32_t *seen_at(struct watch *w, uint32_t i)
{
	return i < LEARNED_WATCHED_FEW ? &w->few[i] : &w->more[i - LEARNED_WATCHED_FEW];
}

/* Without memory for it, it is not counted how many differ. */
static void watch_count(struct watch *w, nstime when, uint32_t what)
{
	if (when > w->start + NS_PER_MIN || when < w->start - NS_PER_MIN) {
		w->start = when;
		w->count = w->distinct = 0;
	}
	w->count++;
	for (uint32_t i = 0; i < w->distinct; i++)
		if (*seen_at(w, i) == what)
			return;
	if (w->distinct == LEARNED_WATCHED_FEW && !w->more)
		w->more = calloc(
			LEARNED_WATCHED_MAX - LEARNED_WATCHED_FEW, sizeof *w->more);
	if (w->distinct < (w->more ? LEARNED_WATCHED_MAX : LEARNED_WATCHED_FEW))
		*seen_at(w, w->distinct++) = what;
}

static uint32_t mark_of(const struct dev *d, const void *data, size_t len)
{
	return (uint32_t)hash_quick(&d->key, data, len);
}

/* ---- what is condemned ---- */

struct condemned {
	const struct watch *watch;
	const struct record *record;
};

static bool is_peer(const struct leaf *leaf, const struct record *r)
{
	if (leaf->key.place != r->place)
		return false;
	if (leaf->text[0])
		return strcmp(leaf->text, r->name) == 0;
	return r->place == RECORD_DEVICE ? mac_equal(&leaf->key.mac, &r->peer_mac)
					 : addr_equal(&leaf->key.peer, &r->peer);
}

/* A touch of a burst under way is what was condemned just now. */
static bool is_condemned(const struct touch *t, const void *ctx)
{
	const struct condemned *c = ctx;
	const struct watch *w = c->watch;
	const struct learned_key *k = &t->leaf->key;
	bool unnamed = !t->leaf->text[0] && !k->said;
	bool same_peer = is_peer(t->leaf, c->record);

	if (k->direction != w->direction || k->said)
		return false;
	switch ((enum watch_type)w->type) {
	case WATCH_ADDRS:
		return unnamed && k->proto == w->proto && k->port == w->port &&
		       (k->place == RECORD_INTERNET || k->place == RECORD_DEVICE);
	case WATCH_PORTS:
		return unnamed && same_peer && !t->fruitful;
	case WATCH_PAIRS:
		return unnamed && !t->fruitful;
	case WATCH_TRIES:
		return same_peer && k->proto == w->proto && k->port == w->port;
	case WATCH_FREE:
		break;
	}
	return false;
}

static void condemn(struct dev *d, struct watch *w, const struct record *r)
{
	struct condemned c = {w, r};

	if (!w->condemned)
		for (uint32_t i = 0; i < d->burst_count; i++)
			learned_burst_drop(d, &d->bursts[i], is_condemned, &c);
	w->condemned = true;
	w->until = r->first + CONDEMNED_TIME;
}

/* The same after a restart. */
static uint64_t watch_id(const struct watch *w)
{
	static const struct hash_key fixed;

	struct {
		struct addr peer;
		uint8_t type, direction, proto;
		uint16_t port;
	} __attribute__((packed))
	id = {w->peer, w->type, w->direction, w->proto, w->port};

	return hash_bytes(&fixed, &id, sizeof id);
}

static void say_scan(struct dev *d, const struct watch *w, const struct record *r)
{
	char peer[ADDR_TEXT_MAX], buf[FLOW_PROTO_TEXT_MAX];
	const char *proto = flow_proto_text(r->proto, buf);
	bool out = r->direction == DIRECTION_FROM_DEVICE;
	uint64_t id = watch_id(w);

	(void)addr_format(&r->peer, peer);
	switch ((enum watch_type)w->type) {
	case WATCH_ADDRS:
		learned_finding_add(d,
			learned_record_is_fruitless(r) ? LEARNED_SCAN : LEARNED_FANOUT,
			id, r->first, w->count,
			"%s more than %u addresses without a name within a minute by "
			"%s "
			"port %u: a scan, not learned",
			out ? "tried" : "was called by", FANOUT_MOST, proto,
			record_port(r));
		break;
	case WATCH_PORTS:
		learned_finding_add(d, LEARNED_SCAN, id, r->first, w->count,
			"%s more than %u ports %s %s within a minute: a port scan, not "
			"learned",
			out ? "tried" : "was tried at", FANOUT_MOST, out ? "of" : "by",
			peer);
		break;
	case WATCH_PAIRS:
		learned_finding_add(d, LEARNED_FANOUT, id, r->first, w->count,
			"%s more than %u addresses and ports in vain within a minute: "
			"a "
			"scan, not learned",
			out ? "tried" : "was tried at", FANOUT_MOST);
		break;
	case WATCH_TRIES:
		learned_finding_add(d,
			is_login(record_port(r)) ? LEARNED_BRUTE : LEARNED_FLOOD, id,
			r->first, w->count,
			"%s %s port %u %s %s %u times within a minute: %s, not learned",
			out ? "called" : "was called at", proto, record_port(r),
			out ? "of" : "by", peer, w->count,
			is_login(record_port(r)) ? "passwords are tried" : "a flood");
		break;
	case WATCH_FREE:
		break;
	}
}

static bool is_over(const struct watch *w, const struct record *r, bool fruitless)
{
	if (w->type != WATCH_TRIES)
		return w->distinct > FANOUT_MOST;
	return is_login(record_port(r)) ? w->count > TRIES_MOST
					: fruitless && w->count > FLOOD_TRIES;
}

/* True when it is of what is condemned, since now or before. */
static bool watch_record(struct dev *d, const struct record *r, enum watch_type type,
	uint32_t mark, bool fruitless)
{
	struct watch key = watch_key(r, type);
	struct watch *w = watch_get(d, &key, r->first);

	if (!w)
		return false; /* no memory to watch: nothing is condemned unseen */
	if (w->condemned && r->first > w->until)
		watch_begin(w, &key, r->first);
	watch_count(w, r->first, mark);
	if (!w->condemned && !is_over(w, r, fruitless))
		return false;
	condemn(d, w, r);
	say_scan(d, w, r);
	return true;
}

static bool is_flood(const struct record *r)
{
	uint64_t packets = r->packets[DIRECTION_FROM_DEVICE];
	nstime time = r->last - r->first;

	return r->direction == DIRECTION_FROM_DEVICE && !r->answered &&
	       packets > FLOOD_PACKETS_S &&
	       packets > FLOOD_PACKETS_S * (uint64_t)(time / NS_PER_SEC + 1);
}

static void say_known_bad(struct dev *d, const struct record *r, const char *why)
{
	char peer[ADDR_TEXT_MAX];

	learned_finding_add(d, LEARNED_KNOWN_BAD,
		(uint64_t)record_port(r) << 1 | r->direction, r->first, 1,
		"%s %s by TCP port %u: %s; not learned",
		r->direction == DIRECTION_FROM_DEVICE ? "called" : "was called by",
		addr_format(&r->peer, peer), record_port(r), why);
}

static void say_flood(struct dev *d, const struct record *r)
{
	char peer[ADDR_TEXT_MAX];

	struct watch key = watch_key(r, WATCH_TRIES);

	learned_finding_add(d, LEARNED_FLOOD, watch_id(&key), r->first,
		r->packets[DIRECTION_FROM_DEVICE],
		"sent %llu packets to %s within %llu s without an answer: a flood, not "
		"learned",
		(unsigned long long)r->packets[DIRECTION_FROM_DEVICE],
		addr_format(&r->peer, peer),
		(unsigned long long)((r->last - r->first) / NS_PER_SEC + 1));
}

/* A name was asked for before: only what has none may be tried in turn. */
static bool watch_unnamed(struct dev *d, const struct record *r, bool fruitless)
{
	struct {
		struct addr peer;
		uint16_t port;
		uint8_t proto;
	} __attribute__((packed)) pair = {r->peer, record_port(r), r->proto};
	uint32_t addr = mark_of(d, &pair.peer, sizeof pair.peer);
	bool bad = false;

	if (r->place != RECORD_GATEWAY)
		bad |= watch_record(d, r, WATCH_ADDRS, addr, fruitless);
	if (!fruitless)
		return bad;
	bad |= watch_record(d, r, WATCH_PORTS, pair.port, true);
	bad |= watch_record(d, r, WATCH_PAIRS, mark_of(d, &pair, sizeof pair), true);
	return bad;
}

static bool is_tried(struct dev *d, const struct record *r)
{
	bool fruitless = learned_record_is_fruitless(r), bad = false;
	bool ports = r->proto == FLOW_PROTO_TCP || r->proto == FLOW_PROTO_UDP;

	if (r->place == RECORD_GROUP) /* no peer: nobody is tried there */
		return false;
	if (!r->name[0])
		bad |= watch_unnamed(d, r, fruitless);
	if (ports && (fruitless || is_login(record_port(r))))
		bad |= watch_record(d, r, WATCH_TRIES, 0, fruitless);
	return bad;
}

bool learned_poison_admits(struct dev *d, const struct record *r)
{
	const char *why = known_bad_why(r);

	if (why && (r->direction == DIRECTION_FROM_DEVICE || r->answered)) {
		say_known_bad(d, r, why);
		return false;
	}
	if (is_flood(r)) {
		say_flood(d, r);
		return false;
	}
	return !is_tried(d, r);
}
