// SPDX-License-Identifier: GPL-2.0-or-later
/* interact - acts of a house, and those that happened, held until they can be brought in
 * order: conversations are told when they are over. */
#include "profiles/learned/interact_priv.h"

#include <errno.h>
#include <stdlib.h>

#define PORT_DNS 53
#define PORT_NTP 123
#define PORT_DHCP_SERVER 67
#define PORT_DHCP_CLIENT 68
#define PORT_DHCP6_CLIENT 546
#define PORT_DHCP6_SERVER 547

/* ---- acts ---- */

struct full_key {
	uint8_t bytes[sizeof(struct act_key) + LIMIT_NAME];
	size_t len;
};

static void full_key_of(
	const struct act_key *key, const char *text, struct full_key *ret)
{
	size_t len = strnlen(text, LIMIT_NAME);

	memcpy(ret->bytes, key, sizeof *key);
	memcpy(ret->bytes + sizeof *key, text, len);
	ret->len = sizeof *key + len;
}

static bool act_equal(const struct hash_node *n, const void *key)
{
	const struct act *a = (const struct act *)n;
	const struct full_key *k = key;
	size_t len = strlen(a->text);

	return k->len == sizeof a->key + len &&
	       memcmp(k->bytes, &a->key, sizeof a->key) == 0 &&
	       memcmp(k->bytes + sizeof a->key, a->text, len) == 0;
}

struct act *interact_act_find(
	const struct interact *in, const struct act_key *key, const char *text)
{
	struct full_key k;

	full_key_of(key, text, &k);
	return (struct act *)hash_find(&in->table, &k, k.len, act_equal);
}

static void act_free(struct act *a)
{
	free(a->pairs);
	free(a->recent);
	free(a->text);
	free(a);
}

int interact_act_new(struct interact *in, const struct act_key *key, const char *text,
	struct act **ret)
{
	struct full_key k;
	struct act *a;

	if (in->count == INTERACT_ACTS_MAX)
		return CARDEA_ELIMIT;
	a = calloc(1, sizeof *a);
	if (!a || !(a->text = strndup(text, LIMIT_NAME - 1))) {
		free(a);
		return -ENOMEM;
	}
	full_key_of(key, text, &k);
	a->key = *key;
	a->index = in->count;
	in->acts[in->count++] = a;
	hash_insert(&in->table, &a->node, k.bytes, k.len);
	*ret = a;
	return 0;
}

int learned_interact_new(struct interact **ret)
{
	struct interact *in = calloc(1, sizeof *in);

	if (!in)
		return -ENOMEM;
	if (hash_init(&in->table, 64)) {
		free(in);
		return -ENOMEM;
	}
	in->age = 1;
	*ret = in;
	return 0;
}

void learned_interact_free(struct interact *in)
{
	if (!in)
		return;
	for (uint32_t i = 0; i < in->count; i++)
		act_free(in->acts[i]);
	hash_free(&in->table);
	free(in->events);
	free(in);
}

/* ---- what happens ---- */

static int compare_events(const void *a, const void *b)
{
	const struct interact_event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->act != y->act) {
		int r = memcmp(&x->act->key, &y->act->key, sizeof x->act->key);

		return r ? r : strcmp(x->act->text, y->act->text);
	}
	return (x->ports > y->ports) - (x->ports < y->ports);
}

/* Up to `until`, and at least `least` of them. */
static void drain(struct learned *l, nstime until, uint32_t least)
{
	struct interact *in = l->interact;
	uint32_t n = 0;

	if (!in->event_count)
		return;
	qsort(in->events, in->event_count, sizeof *in->events, compare_events);
	/* what happened at one time stays together */
	while (n < in->event_count &&
		(in->events[n].at <= until || n < least ||
			(n && in->events[n].at == in->events[n - 1].at)))
		n++;
	interact_count(l, in->events, n);
	in->event_count -= n;
	memmove(in->events, in->events + n, in->event_count * sizeof *in->events);
}

/* ---- room ---- */

static int compare_worth(const void *a, const void *b)
{
	const struct act *x = *(struct act *const *)a, *y = *(struct act *const *)b;
	uint32_t often = x->count + x->held, other = y->count + y->held;
	int r;

	if (often != other)
		return often > other ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	r = memcmp(&x->key, &y->key, sizeof x->key);
	return r ? r : strcmp(x->text, y->text);
}

static void unlink_recency(struct interact *in, struct act *a)
{
	if (a->newer)
		a->newer->older = a->older;
	else if (in->newest == a)
		in->newest = a->older;
	if (a->older)
		a->older->newer = a->newer;
	a->older = a->newer = NULL;
}

/* Pairs with acts that are marked go, and so do ways up to them. */
static void forget_marked(struct act *a, uint32_t mark)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < a->pair_count; i++)
		if (a->pairs[i].trigger->mark != mark)
			a->pairs[kept++] = a->pairs[i];
	a->pair_count = kept;
	for (unsigned i = 0; i < 2; i++)
		if (a->up[i] && a->up[i]->mark == mark)
			a->up[i] = NULL;
}

/* What happened and is not counted yet goes with its act: it is not worth to count all,
 * for then what is told later would be late. */
static void forget_events(struct interact *in, uint32_t mark)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < in->event_count; i++)
		if (in->events[i].act->mark != mark)
			in->events[kept++] = in->events[i];
	in->event_count = kept;
}

/* Those that are marked go; the others are as they were, and in the same order. */
static void remove_marked(struct interact *in, uint32_t mark)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < in->count; i++)
		if (in->acts[i]->mark != mark)
			forget_marked(in->acts[i], mark);
	forget_events(in, mark);
	for (uint32_t i = 0; i < in->count; i++) {
		struct act *a = in->acts[i];

		if (a->mark != mark) {
			a->index = kept;
			in->acts[kept++] = a;
			continue;
		}
		unlink_recency(in, a);
		hash_remove(&in->table, &a->node);
		act_free(a);
	}
	in->count = kept;
	in->age++;
}

/* The rarer half goes. */
static void make_room(struct interact *in)
{
	uint32_t mark = ++in->epoch;

	for (uint32_t i = 0; i < in->count; i++)
		in->acts[i]->held = 0;
	for (uint32_t i = 0; i < in->event_count; i++)
		in->events[i].act->held++;
	qsort(in->acts, in->count, sizeof *in->acts, compare_worth);
	for (uint32_t i = INTERACT_ACTS_MAX / 2; i < in->count; i++)
		in->acts[i]->mark = mark;
	remove_marked(in, mark);
}

void learned_interact_forget(struct learned *l, const struct mac *device)
{
	struct interact *in = l->interact;
	uint32_t mark = ++in->epoch;

	for (uint32_t i = 0; i < in->count; i++)
		if (mac_equal(&in->acts[i]->key.device, device) ||
			mac_equal(&in->acts[i]->key.key.mac, device))
			in->acts[i]->mark = mark;
	remove_marked(in, mark);
}

/* ---- what is told ---- */

void learned_interact_end(struct learned *l, nstime now, bool all)
{
	drain(l, all ? INT64_MAX : now - INTERACT_HOLD, 0);
}

void learned_interact_break(struct learned *l)
{
	struct interact *in = l->interact;

	drain(l, INT64_MAX, 0);
	interact_stretch_end(in);
	in->drain_at = 0;
}

static int grow(struct interact *in)
{
	uint32_t cap = in->event_cap ? in->event_cap * 2 : 256;
	struct interact_event *events = realloc(in->events, cap * sizeof *events);

	if (!events)
		return -ENOMEM;
	in->events = events;
	in->event_cap = cap;
	return 0;
}

/* Its two ends tell of it one after the other: the same once more goes on with it. */
static int happen(struct learned *l, const struct interact_event *e)
{
	struct interact *in = l->interact;

	if (in->begun && e->at < in->counted) {
		interact_late(e->act);
		return 0;
	}
	if (in->event_count == INTERACT_EVENTS_MAX)
		drain(l, l->now - INTERACT_HOLD, INTERACT_EVENTS_MAX / 2);
	if (in->event_count == in->event_cap) {
		int r = grow(in);

		if (r)
			return r;
	}
	in->events[in->event_count++] = *e;
	return 0;
}

static int act_get(struct learned *l, const struct act_key *key,
	const struct canonical *kind, struct leaf *leaf, struct act **ret)
{
	struct interact *in = l->interact;
	bool is_one = !leaf->merged; /* else several kinds have this leaf */
	struct act *a;
	int r = 0;

	if (is_one && leaf->act_age == in->age) {
		*ret = leaf->act;
		return 0;
	}
	a = interact_act_find(in, key, kind->text);
	if (!a && in->count == INTERACT_ACTS_MAX)
		make_room(in);
	if (!a)
		r = interact_act_new(in, key, kind->text, &a);
	if (r)
		return r;
	leaf->act = a;
	leaf->act_age = is_one ? in->age : 0;
	*ret = a;
	return 0;
}

/* Names, time and addresses are asked for before everything: they bring about nothing,
 * and what they ask for has its own act. */
static bool is_service_of_all(const struct learned_key *k)
{
	if (k->said || k->proto != FLOW_PROTO_UDP)
		return !k->said && k->proto == FLOW_PROTO_TCP && k->port == PORT_DNS;
	return k->port == PORT_DNS || k->port == PORT_DHCP_SERVER ||
	       k->port == PORT_DHCP_CLIENT || k->port == PORT_DHCP6_CLIENT ||
	       k->port == PORT_DHCP6_SERVER;
}

/* Between two devices it is told twice, and is one act: of who begins. */
static bool act_key_of(const struct record *r, const struct learned_key *k,
	struct act_key *ret, uint32_t *ret_ports)
{
	memset(ret, 0, sizeof *ret);
	ret->key = *k;
	ret->device = r->device;
	*ret_ports = (uint32_t)r->device_port << 16 | r->peer_port;
	if (is_service_of_all(k))
		return false;
	if (k->place != RECORD_DEVICE || k->said)
		return true;
	if (mac_is_zero(&k->mac))
		return false;
	if (k->direction == DIRECTION_FROM_DEVICE)
		return true;
	/* asked of this one for the time: the other one's peer is "the gateway" */
	if (k->proto == FLOW_PROTO_UDP && k->port == PORT_NTP)
		return false;
	ret->key.direction = DIRECTION_FROM_DEVICE;
	ret->device = k->mac;
	ret->key.mac = r->device;
	*ret_ports = (uint32_t)r->peer_port << 16 | r->device_port;
	return true;
}

int learned_interact_see(struct learned *l, const struct dev *d, const struct record *r,
	const struct canonical *kind, struct leaf *leaf)
{
	struct interact *in = l->interact;
	struct interact_event event = {.at = r->first, .end = r->last};
	struct act_key key;
	int e;

	/* Its beginning was not seen (of UDP it is an answer to what a group was asked);
	 * or who is too diverse to learn, and brings about anything. */
	if (l->config.no_interactions ||
		(r->midstream && r->proto != FLOW_PROTO_UDP) ||
		d->count == LEARNED_KINDS_MAX)
		return 0;
	if (!act_key_of(r, &kind->key, &key, &event.ports))
		return 0;
	if (!in->drain_at)
		in->drain_at = l->now + INTERACT_DRAIN;
	if (l->now >= in->drain_at) {
		drain(l, l->now - INTERACT_HOLD, 0);
		in->drain_at = l->now + INTERACT_DRAIN;
	}
	e = act_get(l, &key, kind, leaf, &event.act);
	return e ? e : happen(l, &event);
}
