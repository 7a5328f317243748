// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices did, gathered by the hour. */
#include "engine/history_priv.h"

#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* Clients' ports begin here (IANA: 49152, Linux: 32768): what goes to one, from a port
 * below, is an answer, whose port says nothing. */
#define PORT_DYNAMIC 32768

void history_init(struct history *h)
{
	memset(h, 0, sizeof(*h));
	h->key = hash_key_random();
}

void history_drop_rows(struct history *h)
{
	for (size_t i = 0; i < h->count; i++)
		free(h->rows[i]);
	free(h->rows);
	h->rows = NULL;
	h->count = h->cap = 0;
}

void history_forget_present(struct history *h)
{
	free(h->present);
	h->present = NULL;
	h->present_count = 0;
}

void history_free(struct history *h)
{
	history_drop_rows(h);
	history_forget_present(h);
}

static void retired(
	void *ctx, struct device *d, const struct life_step *s, const char *text)
{
	(void)text;
	if (s->moved && s->to == LIFE_RETIRED)
		history_forget(ctx, d);
}

int history_open(struct pipeline *p)
{
	const struct life_hook hook = {.moved = retired, .ctx = p};

	return lives_hook(&p->lives, &hook);
}

/* ---- gathering ---- */

static uint64_t key_of(const struct history *h, const struct store_peer *p,
	const struct store_talk *t)
{
	uint8_t b[64 + LIMIT_NAME];
	size_t n = 0, len = strlen(p->name);
	uint8_t kinds[] = {(uint8_t)p->place, (uint8_t)p->direction, p->proto, t->refused};

#define PACK(field) (memcpy(b + n, &(field), sizeof(field)), n += sizeof(field))
	PACK(p->device);
	PACK(t->hour);
	PACK(p->port);
	PACK(kinds);
	PACK(p->mac.b);
	if (!len) {
		PACK(p->addr.family);
		PACK(p->addr.b);
	}
#undef PACK
	memcpy(b + n, p->name, len);
	return hash_bytes(&h->key, b, n + len);
}

static struct history_row *find_row(const struct history *h, uint64_t key)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->rows[i]->key == key)
			return h->rows[i];
	return NULL;
}

static size_t count_of(const struct history *h, device_id device)
{
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		n += h->rows[i]->device == device;
	return n;
}

static bool make_room(struct history *h)
{
	size_t cap = h->cap ? h->cap * 2 : 32;
	struct history_row **rows;

	if (h->count < h->cap)
		return true;
	rows = realloc(h->rows, cap * sizeof(*rows));
	if (!rows)
		return false;
	h->rows = rows;
	h->cap = cap;
	return true;
}

static struct history_row *add_row(struct history *h, uint64_t key,
	const struct store_peer *p, const struct store_talk *t)
{
	size_t len = strlen(p->name);
	struct history_row *r = make_room(h) ? calloc(1, sizeof(*r) + len + 1) : NULL;

	if (!r)
		return NULL;
	r->key = key;
	r->talk.hour = t->hour;
	r->talk.refused = t->refused;
	r->first = p->first;
	r->device = p->device;
	r->mac = p->mac;
	r->place = (uint8_t)p->place;
	r->direction = (uint8_t)p->direction;
	r->proto = p->proto;
	r->port = p->port;
	memcpy(r->name, p->name, len + 1);
	h->rows[h->count++] = r;
	return r;
}

static void put_down(
	struct pipeline *p, const struct store_peer *peer, const struct store_talk *t)
{
	struct store_peer other = {.device = peer->device, .place = RECORD_PLACE_MAX,
		.first = peer->first};
	struct history *h = &p->history;
	uint64_t key = key_of(h, peer, t);
	struct history_row *r = find_row(h, key);

	if (!r && h->count >= HISTORY_WAITING && !history_is_fresh(p))
		history_save(p);
	/* of "other" there are few: they may be beyond */
	if (!r && (h->count >= HISTORY_WAITING ||
			  count_of(h, peer->device) >= HISTORY_WAITING_EACH)) {
		h->folded++;
		key = key_of(h, &other, t);
		r = find_row(h, key);
		peer = &other;
	}
	if (!r)
		r = add_row(h, key, peer, t);
	if (!r) {
		h->lost++;
		return;
	}
	r->talk.up += t->up;
	r->talk.down += t->down;
	r->talk.count += t->count;
	r->talk.last = t->last;
	r->told = peer->told;
	if (peer->addr.family)
		r->addr = peer->addr;
}

/* ---- what the sensor told ---- */

static bool is_allowed(struct pipeline *p, const struct device *d, const struct record *r)
{
	struct household_device *hd = household_device(&p->household, d->id);
	bool icmp = r->proto == FLOW_PROTO_ICMP || r->proto == FLOW_PROTO_ICMP6;
	struct flow f = {.direction = r->direction,
		.device = r->device_addr,
		.peer = r->peer,
		.proto = r->proto,
		.device_port = icmp ? 0 : r->device_port,
		.peer_port = icmp ? 0 : r->peer_port,
		.icmp_type = icmp ? (uint8_t)r->device_port : 0};
	struct household_names n;
	struct policy_names names;
	struct verdict v;

	if (!hd || !hd->pool || !device_is_enforced(d) || household_tells(hd))
		return true;
	names = household_names(&n, hd, pipeline_wall(p));
	policy_evaluate(&hd->policy, &p->household.env, &names, &f, &v);
	return v.kind == VERDICT_PASS || v.kind == VERDICT_ALLOW;
}

/* By the clock of this hour: a sensor that was taken over must not fill other days. */
static nstime when_of(nstime wall, nstime last)
{
	return last <= wall && wall - last < HISTORY_HOUR ? last : wall;
}

void history_record(struct pipeline *p, const struct device *d, const struct record *r)
{
	nstime wall = pipeline_wall(p), when = when_of(wall, r->last);
	struct store_peer peer = {.device = d->id,
		.place = r->place,
		.told = r->naming == RECORD_ANSWER,
		.direction = r->direction,
		.proto = r->proto,
		.port = record_port(r),
		.mac = r->peer_mac,
		.addr = r->peer,
		.first = when};
	const struct store_talk t = {.hour = history_hour(when),
		.up = r->bytes[DIRECTION_FROM_DEVICE],
		.down = r->bytes[DIRECTION_TO_DEVICE],
		.count = 1,
		.last = when};

	/* What was refused the kernel tells, too, and knows better. */
	if (!p->clock_trusted || !learner_is_on(&p->learner, d) ||
		(record_is_in_vain(r) && !is_allowed(p, d, r)))
		return;
	if (r->proto == FLOW_PROTO_ICMP || r->proto == FLOW_PROTO_ICMP6)
		peer.port = r->device_port;
	if (r->place == RECORD_INTERNET)
		str_copy(peer.name, sizeof(peer.name), r->name);
	put_down(p, &peer, &t);
}

/* ---- what was refused ---- */

static void place_of(struct pipeline *p, const struct addr *a, struct store_peer *ret)
{
	const struct device *other = inventory_by_addr(p->inventory, a);

	if (policy_env_is_gateway(&p->household.env, a))
		ret->place = RECORD_GATEWAY;
	else if (addr_is_multicast(a) || addr_is_limited_broadcast(a))
		ret->place = RECORD_GROUP;
	else if (other || policy_env_is_local(&p->household.env, a))
		ret->place = RECORD_DEVICE;
	else
		ret->place = RECORD_INTERNET;
	if (other && ret->place == RECORD_DEVICE)
		ret->mac = other->mac;
}

static uint16_t port_of(const struct flow *f)
{
	if (f->proto == FLOW_PROTO_ICMP || f->proto == FLOW_PROTO_ICMP6)
		return f->icmp_type;
	if (f->direction == DIRECTION_TO_DEVICE)
		return f->device_port;
	return f->peer_port >= PORT_DYNAMIC && f->device_port && f->device_port < PORT_DYNAMIC
		       ? 0
		       : f->peer_port;
}

void history_refused(struct pipeline *p, const struct device *d, const struct event *e)
{
	bool is_name = e->kind == EVENT_NAME_REFUSED;
	nstime wall = pipeline_wall(p);
	struct store_peer peer = {.device = d->id, .told = true, .first = wall};
	const struct store_talk t = {.hour = history_hour(wall),
		.refused = true,
		.count = e->packets ? e->packets : 1,
		.last = wall};

	if (!p->clock_trusted)
		return;
	if (!is_name) {
		place_of(p, &e->flow.peer, &peer);
		peer.addr = e->flow.peer;
		peer.direction = e->flow.direction;
		peer.proto = e->flow.proto;
		peer.port = port_of(&e->flow);
	}
	if (peer.place == RECORD_INTERNET)
		str_copy(peer.name, sizeof(peer.name), e->name);
	put_down(p, &peer, &t);
}

/* ---- what is known, and no longer ---- */

void history_forget(struct pipeline *p, const struct device *d)
{
	struct history *h = &p->history;

	for (size_t i = h->count; i-- > 0;)
		if (h->rows[i]->device == d->id) {
			free(h->rows[i]);
			h->rows[i] = h->rows[--h->count];
		}
	history_forget_present(h);
	if (store_history_forget(p->store, d->id))
		log_error("history", "what %s did stays in the store", d->name);
}

static int first_span(void *ctx, const struct store_span *s)
{
	*(nstime *)ctx = s->since;
	return 1; /* the rest is later */
}

nstime history_since(struct pipeline *p, const struct device *d)
{
	nstime since = 0;
	int error;

	if (!p->learner.learned || (d && !learner_is_on(&p->learner, d)))
		return 0;
	error = store_spans(p->store, first_span, &since);
	if (error < 0 || !since)
		return 0;
	return d && d->first_seen > since ? d->first_seen : since;
}
