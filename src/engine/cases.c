// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose conversations are remembered, and how what is seen becomes a head. */
#include "engine/cases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/cases_priv.h"
#include "engine/pipeline.h"

#define KEY_NAME "cases"

void cases_init(struct cases *c)
{
	*c = (struct cases){0};
}

static void drop(struct cases *c, size_t i)
{
	c->heads -= c->devices[i]->bundle.room;
	free(c->devices[i]->bundle.heads);
	free(c->devices[i]);
	c->devices[i] = c->devices[--c->count];
}

void cases_free(struct cases *c)
{
	while (c->count)
		drop(c, c->count - 1);
	memset(c->key, 0, sizeof(c->key));
	c->has_key = false;
}

struct cases_device *cases_find(const struct cases *c, device_id id)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->devices[i]->id == id)
			return c->devices[i];
	return NULL;
}

void cases_forget(struct cases *c, device_id id)
{
	for (size_t i = c->count; i-- > 0;)
		if (c->devices[i]->id == id)
			drop(c, i);
}

uint32_t cases_of(const struct cases *c, device_id device)
{
	const struct cases_device *cd = cases_find(c, device);

	return cd ? cd->file.id : 0;
}

/* Whoever was silent longest, and has no case. */
static bool make_room(struct cases *c)
{
	size_t oldest = c->count;

	for (size_t i = 0; i < c->count; i++)
		if (!c->devices[i]->file.id &&
			(oldest == c->count ||
				c->devices[i]->heard < c->devices[oldest]->heard))
			oldest = i;
	if (oldest == c->count)
		return false;
	drop(c, oldest);
	return true;
}

struct cases_device *cases_device(struct cases *c, device_id id)
{
	struct cases_device *cd = cases_find(c, id);

	if (cd)
		return cd;
	if (c->count == CASES_DEVICES_MAX && !make_room(c))
		return NULL;
	cd = calloc(1, sizeof(*cd));
	if (!cd)
		return NULL;
	cd->id = id;
	c->devices[c->count++] = cd;
	return cd;
}

bool cases_bundle_room(struct cases *c, struct case_bundle *b)
{
	uint32_t room = case_bundle_grows_to(b);
	struct case_head *heads;

	if (!room || c->heads - b->room + room > CASES_HEADS_TOTAL)
		return false;
	heads = realloc(b->heads, room * sizeof(*heads));
	if (!heads)
		return false;
	c->heads += room - b->room;
	b->heads = heads;
	b->room = room;
	return true;
}

static void take(struct cases *c, device_id id, const struct case_head *h)
{
	struct cases_device *cd = cases_device(c, id);

	if (!cd) {
		c->unheard++;
		return;
	}
	cd->heard = h->last;
	case_ring_add(&cd->ring, h);
	if (!cd->file.id)
		return;
	if (cd->bundle.count == cd->bundle.room)
		(void)cases_bundle_room(c, &cd->bundle);
	case_bundle_add(&cd->bundle, h);
	cd->dirty = true;
}

static enum record_place place_of(const struct pipeline *p, const struct addr *a)
{
	if (policy_env_is_gateway(&p->household.env, a))
		return RECORD_GATEWAY;
	if (addr_is_multicast(a) || addr_is_limited_broadcast(a))
		return RECORD_GROUP;
	return policy_env_is_local(&p->household.env, a) || addr_is_private(a)
		       ? RECORD_DEVICE
		       : RECORD_INTERNET;
}

void cases_refused(struct pipeline *p, const struct device *d, const struct event *e,
	uint32_t length)
{
	const struct flow *f = &e->flow;
	const struct device *peer = inventory_by_addr(p->inventory, &f->peer);
	bool from = f->direction == DIRECTION_FROM_DEVICE;
	uint64_t packets = e->packets ? e->packets : 1;
	struct case_head h = {.first = pipeline_wall(p), .peer = f->peer,
		.peer_device = peer ? peer->id : 0, .fate = CASE_REFUSED,
		.began = (uint8_t)f->direction, .proto = f->proto,
		.place = (uint8_t)(peer ? RECORD_DEVICE : place_of(p, &f->peer)),
		.port = from ? f->peer_port : f->device_port};

	if (f->proto == FLOW_PROTO_ICMP || f->proto == FLOW_PROTO_ICMP6)
		h.port = f->icmp_type;
	h.last = h.first;
	h.packets[f->direction] = packets;
	h.bytes[f->direction] = packets < UINT32_MAX ? packets * length : packets;
	case_head_name(&h, e->name);
	take(&p->cases, d->id, &h);
}

/* A conversation as the sensor saw it. */
static void record(void *ctx, struct device *d, const struct record *r)
{
	struct cases *c = ctx;
	struct pipeline *p = c->pipeline;
	const struct device *peer = r->place == RECORD_DEVICE
					    ? inventory_by_mac(p->inventory, &r->peer_mac)
					    : NULL;
	struct case_head h = {.first = r->first, .last = r->last, .peer = r->peer,
		.peer_device = peer ? peer->id : 0, .fate = CASE_PASSED,
		.began = (uint8_t)r->direction, .place = (uint8_t)r->place,
		.app = (uint8_t)r->app, .proto = r->proto, .port = record_port(r)};

	if (r->first < 0 || r->last < r->first)
		return;
	memcpy(h.packets, r->packets, sizeof(h.packets));
	memcpy(h.bytes, r->bytes, sizeof(h.bytes));
	case_head_name(&h, r->name);
	case_head_detail(&h, r->detail);
	take(c, d->id, &h);
}

static void forget_mac(void *ctx, const struct mac *mac, bool gone)
{
	struct cases *c = ctx;
	const struct device *d = inventory_by_mac(c->pipeline->inventory, mac);
	struct cases_device *cd = d ? cases_find(c, d->id) : NULL;

	(void)gone;
	if (cd)
		memset(&cd->ring, 0, sizeof(cd->ring));
}

/* The key of this home, made at the first start. Without one nothing leaves the house. */
static void take_key(struct pipeline *p)
{
	struct cases *c = &p->cases;
	int error = store_secret(p->store, KEY_NAME, c->key);

	if (error == -ENOENT && getrandom(c->key, sizeof(c->key), 0) == sizeof(c->key)) {
		error = store_secret_save(p->store, KEY_NAME, c->key);
		if (!error)
			error = store_commit(p->store);
	}
	c->has_key = !error;
	if (error)
		log_error("cases", "the key for pseudonyms is not stored (%s): no case "
				   "can be exported until the next start",
			error_text(error));
}

int cases_open(struct pipeline *p)
{
	struct cases *c = &p->cases;
	const struct learner_hook hear = {.record = record, .forget = forget_mac, .ctx = c};
	const struct life_hook live = {.moved = cases_moved, .ctx = c};
	int error;

	c->pipeline = p;
	take_key(p);
	error = cases_load(p);
	if (!error)
		error = lives_hook(&p->lives, &live);
	return error ? error : learner_hook(&p->learner, &hear);
}
