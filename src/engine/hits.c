// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters of the kernel, asked for in rounds; the difference is what rules were used.
 */
#include "engine/hits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

#define SLOTS_MIN 1024
#define STALE_ROUNDS 2 /* an element not told of for so long has left the kernel */

void hits_init(struct hits *h)
{
	memset(h, 0, sizeof(*h));
	h->key = hash_key_random();
}

void hits_free(struct hits *h)
{
	free(h->slots);
	h->slots = NULL;
	h->slot_count = h->used = 0;
}

void hits_lost(struct hits *h)
{
	h->asking = false;
}

/* Everything that tells elements apart, without the holes of a struct. */
struct packed {
	uint8_t bytes[128];
	size_t len;
};

static void pack(struct packed *to, const void *from, size_t len)
{
	memcpy(to->bytes + to->len, from, len);
	to->len += len;
}

static uint64_t key_of(const struct hits *h, const struct message_count *m)
{
	struct packed k = {.len = 0};
	uint64_t hash;

	pack(&k, &m->kind, sizeof(m->kind));
	pack(&k, &m->table, sizeof(m->table));
	pack(&k, &m->mac, sizeof(m->mac));
	pack(&k, &m->device, sizeof(m->device));
	pack(&k, &m->peer_lo, sizeof(m->peer_lo));
	pack(&k, &m->peer_hi, sizeof(m->peer_hi));
	pack(&k, &m->proto_lo, sizeof(m->proto_lo));
	pack(&k, &m->proto_hi, sizeof(m->proto_hi));
	pack(&k, &m->device_port_lo, sizeof(m->device_port_lo));
	pack(&k, &m->device_port_hi, sizeof(m->device_port_hi));
	pack(&k, &m->peer_port_lo, sizeof(m->peer_port_lo));
	pack(&k, &m->peer_port_hi, sizeof(m->peer_port_hi));
	pack(&k, &m->gate, sizeof(m->gate));
	hash = hash_bytes(&h->key, k.bytes, k.len);
	return hash ? hash : 1;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct hits_counter *slot_of(
	struct hits_counter *slots, size_t count, uint64_t key)
{
	size_t i = (size_t)key & (count - 1);

	while (slots[i].key && slots[i].key != key)
		i = (i + 1) & (count - 1);
	return &slots[i];
}

static bool is_stale(const struct hits *h, const struct hits_counter *c)
{
	return h->round - c->round > STALE_ROUNDS;
}

/* Into a larger table, without what has left the kernel. */
static bool rebuild(struct hits *h, size_t count)
{
	struct hits_counter *slots = calloc(count, sizeof(*slots));
	size_t used = 0;

	if (!slots)
		return false;
	for (size_t i = 0; i < h->slot_count; i++)
		if (h->slots[i].key && !is_stale(h, &h->slots[i])) {
			*slot_of(slots, count, h->slots[i].key) = h->slots[i];
			used++;
		}
	free(h->slots);
	h->slots = slots;
	h->slot_count = count;
	h->used = used;
	return true;
}

static bool is_full(const struct hits *h)
{
	return h->used >= h->slot_count / 4 * 3;
}

/* When it can grow no more it is swept instead, once a round. */
static bool make_room(struct hits *h)
{
	if (!h->slot_count)
		return rebuild(h, SLOTS_MIN);
	if (!is_full(h))
		return true;
	if (h->slot_count < HITS_SLOTS_MAX)
		return rebuild(h, h->slot_count * 2);
	if (h->swept == h->round)
		return false;
	h->swept = h->round;
	return rebuild(h, h->slot_count) && !is_full(h);
}

/* The counter of the element; NULL when there is no place for it. */
static struct hits_counter *counter_of(struct hits *h, uint64_t key)
{
	struct hits_counter *c =
		h->slot_count ? slot_of(h->slots, h->slot_count, key) : NULL;

	if (c && c->key)
		return c;
	if (!make_room(h)) {
		h->unseen++;
		return NULL;
	}
	c = slot_of(h->slots, h->slot_count, key);
	c->key = key;
	c->packets = c->bytes = 0;
	h->used++;
	return c;
}

struct growth {
	uint64_t packets, bytes;
};

/* What was counted since the last round. A counter that fell belongs to an element that
 * was taken out and put in again. */
static struct growth growth(struct hits *h, const struct message_count *m)
{
	struct hits_counter *c = counter_of(h, key_of(h, m));
	struct growth g = {0};

	if (!c)
		return g;
	if (c->packets > m->packets || c->bytes > m->bytes)
		c->packets = c->bytes = 0;
	if (h->seeded)
		g = (struct growth){m->packets - c->packets, m->bytes - c->bytes};
	c->packets = m->packets;
	c->bytes = m->bytes;
	c->round = h->round;
	return g;
}

/* One packet that the element lets pass. */
static struct flow flow_of(const struct element *e)
{
	bool from = e->kind == ELEMENT_OUT || e->kind == ELEMENT_OUT_RANGE;
	struct flow f = {
		.direction = from ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE,
		.device = e->device,
		.peer = e->peer_lo,
		.proto = e->proto_lo};
	uint16_t leading = from ? e->device_port.lo : e->peer_port.lo;

	if (f.proto == FLOW_PROTO_ICMP || f.proto == FLOW_PROTO_ICMP6) {
		f.icmp_type = (uint8_t)(leading >> 8);
		f.icmp_code = (uint8_t)leading;
	} else if (f.proto == FLOW_PROTO_TCP || f.proto == FLOW_PROTO_UDP) {
		f.device_port = e->device_port.lo;
		f.peer_port = e->peer_port.lo;
	}
	return f;
}

static struct device *device_of(struct pipeline *p, const struct element *e)
{
	if (e->kind == ELEMENT_OUT || e->kind == ELEMENT_OUT_RANGE)
		return inventory_by_mac(p->inventory, &e->mac);
	return inventory_by_addr(p->inventory, &e->device);
}

static void own_address(const struct device *d, struct flow *f)
{
	for (size_t i = 0; i < d->addr_count && !f->device.family; i++)
		if (d->addrs[i].addr.family == f->peer.family &&
			addr_is_link_local(&d->addrs[i].addr) ==
				addr_is_link_local(&f->peer))
			f->device = d->addrs[i].addr;
}

/* It let something begin, so its trigger had been armed. */
static bool was_armed(void *ctx, uint16_t trigger, uint32_t open_s)
{
	(void)ctx;
	return trigger && open_s;
}

/* Which rule the element stands for says the evaluator. */
static void put_down(struct pipeline *p, const struct element *e, const struct growth *g)
{
	struct device *d = device_of(p, e);
	struct household_device *hd = d ? household_device(&p->household, d->id) : NULL;
	nstime wall = pipeline_wall(p);
	struct flow f = flow_of(e);
	struct household_names n;
	struct policy_names names;
	const struct rule *r;
	struct rule_hits *hits = NULL;
	struct verdict v;

	if (!hd || !hd->pool)
		return;
	own_address(d, &f);
	names = household_names(&n, hd, wall);
	names.armed = e->gate ? was_armed : NULL;
	policy_evaluate(&hd->policy, &p->household.env, &names, &f, &v);
	r = v.kind == VERDICT_ALLOW ? policy_rule(&hd->policy, v.rule) : NULL;
	if (r)
		hits = household_hits(hd, (uint32_t)(r - hd->policy.rules), wall);
	if (!hits)
		return;
	pipeline_hidden_seen(p, d, &f, bindings_name_of(&hd->names, &f.peer, wall));
	hits->hits += g->packets;
	hits->bytes += g->bytes;
	hits->last = wall;
	hits->dirty = true;
}

static int count(struct pipeline *p, const struct message_count *m)
{
	struct element e;
	struct growth g;
	int error = message_to_count(m, &e);

	if (error)
		return error;
	g = growth(&p->hits, m);
	if (g.packets || g.bytes)
		put_down(p, &e, &g);
	return 0;
}

int hits_message(struct pipeline *p, const struct message *m)
{
	if (!p->hits.asking)
		return CARDEA_EMALFORMED;
	if (m->type == MESSAGE_COUNT)
		return count(p, &m->count);
	if (m->type != MESSAGE_COUNTS_END)
		return CARDEA_EMALFORMED;
	p->hits.asking = false;
	p->hits.seeded = true;
	/* rules that came with a new file count from here */
	for (size_t i = 0; i < p->household.count; i++)
		(void)household_hits(p->household.devices[i], 0, pipeline_wall(p));
	return 0;
}

static void ask(struct pipeline *p, nstime now)
{
	struct message m = {.type = MESSAGE_COUNTS_WANTED};
	uint8_t buf[64];
	int len = message_encode(&m, buf, sizeof(buf));

	if (len <= 0 || ipc_send(&p->channels[ROLE_ENFORCER], buf, (size_t)len, -1))
		return; /* it is busy with rules: next time */
	p->hits.round++;
	p->hits.asking = true;
	p->hits.asked = now;
}

void hits_tick(struct pipeline *p)
{
	struct hits *h = &p->hits;
	nstime now = loop_now(p->loop);

	if (!h->asking && p->ready && p->commit.in_step &&
		(!h->asked || now - h->asked >= HITS_EVERY))
		ask(p, now);
	if (!h->saved)
		h->saved = now;
	if (now - h->saved >= HITS_SAVE_EVERY) {
		h->saved = now;
		hits_save(p);
	}
}

static int save_one(struct pipeline *p, device_id id, struct rule_hits *r)
{
	struct store_hit s = {.device = id,
		.direction = r->direction,
		.hits = r->hits,
		.bytes = r->bytes,
		.first = r->first,
		.last = r->last};
	int error;

	str_copy(s.acl, sizeof(s.acl), r->acl);
	str_copy(s.ace, sizeof(s.ace), r->ace);
	error = store_hit_save(p->store, &s);
	r->dirty = error != 0;
	return error;
}

static void save_device(struct pipeline *p, struct household_device *hd)
{
	for (size_t i = 0; i < hd->hit_count; i++)
		if (hd->hits[i].dirty && save_one(p, hd->id, &hd->hits[i]))
			return;
}

void hits_save(struct pipeline *p)
{
	for (size_t i = 0; i < p->household.count; i++)
		save_device(p, p->household.devices[i]);
}

static int load_one(void *ctx, const struct store_hit *s)
{
	struct pipeline *p = ctx;
	struct rule_hits r = {.direction = s->direction,
		.hits = s->hits,
		.bytes = s->bytes,
		.first = s->first,
		.last = s->last};
	struct household_device *hd = NULL;

	if (inventory_by_id(p->inventory, s->device))
		hd = household_device(&p->household, s->device);
	if (!hd)
		return 0;
	str_copy(r.acl, sizeof(r.acl), s->acl);
	str_copy(r.ace, sizeof(r.ace), s->ace);
	if (household_hits_load(hd, &r))
		log_warn("hits", "what was counted for device %u is lost", s->device);
	return 0;
}

int hits_open(struct pipeline *p)
{
	return store_hits(p->store, load_one, p);
}
