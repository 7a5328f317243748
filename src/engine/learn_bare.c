// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_bare - conversations that a rule by name would not let through: those that were
 * under way when the capture began, and those whose peer is named by their own hello
 * alone or by an answer of another time. A gateway knows an address by the answer that
 * the device was given (RFC 9726); where the capture has none, the address itself is
 * what is known. */
#include "engine/learn_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/flow.h"

int learn_bares_init(struct learn_bares *b)
{
	int e = hash_init(&b->table, 256);

	if (e)
		return e;
	b->list = calloc(LEARN_BARES_MAX, sizeof *b->list);
	return b->list ? 0 : -ENOMEM;
}

void learn_bares_free(struct learn_bares *b)
{
	hash_free(&b->table);
	free(b->list);
}

static bool is_equal(const struct hash_node *n, const void *key)
{
	const struct learn_bare *b = (const struct learn_bare *)n;

	return memcmp(&b->key, key, sizeof b->key) == 0;
}

static struct learn_bare *find(struct learn_bares *t, const struct learn_bare_key *k)
{
	struct learn_bare *b = (struct learn_bare *)hash_find(
		&t->table, k, sizeof *k, is_equal);

	if (b || t->count == LEARN_BARES_MAX)
		return b;
	b = &t->list[t->count++];
	b->key = *k;
	hash_insert(&t->table, &b->node, k, sizeof *k);
	return b;
}

/* Under way when the capture began, and not the answer to something that a group was
 * asked, which begins where it is answered. */
static bool is_cut(const struct record *r)
{
	return r->midstream && r->proto == FLOW_PROTO_TCP &&
	       r->naming == RECORD_UNNAMED && r->place != RECORD_GROUP;
}

static bool is_hinted(const struct record *r)
{
	return r->place == RECORD_INTERNET && r->direction == DIRECTION_FROM_DEVICE &&
	       (r->naming == RECORD_SNI || r->naming == RECORD_HOST);
}

/* One's word to another who had asked all. */
static bool is_answering(const struct record *r)
{
	return r->midstream && r->proto == FLOW_PROTO_UDP &&
	       r->place == RECORD_DEVICE;
}

static bool key_of(const struct record *r, struct learn_bare_key *k)
{
	memset(k, 0, sizeof *k); /* it is compared as bytes */
	k->device = r->device;
	k->direction = (uint8_t)r->direction;
	k->family = r->family;
	k->proto = r->proto;
	k->place = (uint8_t)r->place;
	k->port = record_port(r);
	if (is_hinted(r))
		k->why = LEARN_BARE_HINTED;
	else if (is_answering(r))
		k->why = LEARN_BARE_ANSWER;
	else if (is_cut(r))
		k->why = LEARN_BARE_CUT;
	else
		return false;
	if (k->why == LEARN_BARE_ANSWER)
		k->direction = r->direction == DIRECTION_FROM_DEVICE
				       ? DIRECTION_TO_DEVICE
				       : DIRECTION_FROM_DEVICE;
	if (r->place == RECORD_INTERNET)
		k->peer = r->peer;
	return true;
}

void learn_bares_see(struct learn_bares *t, const struct record *r)
{
	struct learn_bare_key k;
	struct learn_bare *b;

	if (!key_of(r, &k))
		return;
	b = find(t, &k);
	if (!b)
		return;
	if (!b->flows || r->first < b->first)
		b->first = r->first;
	if (r->last > b->last)
		b->last = r->last;
	b->flows++;
	for (int d = 0; d < DIRECTION_MAX; d++) {
		b->packets += r->packets[d];
		b->bytes[d] += r->bytes[d];
	}
	(void)str_copy(b->name, sizeof b->name, r->name);
}

/* ---- as rules ---- */

static bool peer_is_in(const struct peer *p, const struct learn_bare_key *k)
{
	switch (p->kind) {
	case PEER_ANY:
		return true;
	case PEER_PREFIX:
		return prefix_contains(&p->prefix, &k->peer);
	case PEER_LOCAL_NETWORKS:
	case PEER_MAC: /* the file widens it */
		return k->place == RECORD_DEVICE;
	case PEER_GATEWAY:
		return k->place == RECORD_GATEWAY;
	case PEER_NAME:
	case PEER_CONTROLLER_DNS:
	case PEER_CONTROLLER_NTP:
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAX:
		break;
	}
	return false;
}

static bool port_is_in(const struct rule *r, const struct learn_bare_key *k)
{
	bool peers = (k->direction == DIRECTION_FROM_DEVICE) ==
		     (k->why != LEARN_BARE_ANSWER);
	struct range16 p = peers ? r->peer_port : r->device_port;
	struct range16 other = peers ? r->device_port : r->peer_port;

	return p.lo <= k->port && k->port <= p.hi && other.lo <= 1 &&
	       other.hi == UINT16_MAX;
}

static bool is_covered(const struct rule *rules, size_t count,
	const struct learn_bare_key *k)
{
	for (size_t i = 0; i < count; i++) {
		const struct rule *r = &rules[i];
		if (r->action == RULE_ACCEPT && (int)r->direction == k->direction &&
			(!r->family || r->family == k->family) &&
			r->proto == k->proto && port_is_in(r, k) &&
			peer_is_in(&r->peer, k))
			return true;
	}
	return false;
}

static const char *reason(const struct learn_bare *b)
{
	switch ((enum learn_bare_why)b->key.why) {
	case LEARN_BARE_HINTED:
		return "by its address: named by its own hello alone";
	case LEARN_BARE_CUT:
		return "under way when the capture began";
	case LEARN_BARE_ANSWER:
		return "answers to what was asked of all";
	case LEARN_BARE_UNTOLD:
		return "by its address: the answer with its name is of another time";
	}
	return "";
}

static void rule_of(const struct learn_bare *b, struct rule *r)
{
	const struct learn_bare_key *k = &b->key;
	bool from = k->direction == DIRECTION_FROM_DEVICE;
	struct range16 port = {k->port, k->port};

	rule_init(r);
	r->direction = (enum direction)k->direction;
	r->layer = LAYER_LEARNED;
	r->family = k->family;
	r->proto = k->proto;
	if (k->proto == FLOW_PROTO_TCP)
		r->initiator = from ? INITIATOR_DEVICE : INITIATOR_PEER;
	if (from == (k->why != LEARN_BARE_ANSWER))
		r->peer_port = port;
	else
		r->device_port = port;
	if (k->place == RECORD_INTERNET) {
		r->peer.kind = PEER_PREFIX;
		r->peer.prefix = prefix_of(&k->peer, addr_bits(&k->peer));
	} else {
		r->peer.kind = k->place == RECORD_GATEWAY ? PEER_GATEWAY
							  : PEER_LOCAL_NETWORKS;
	}
	(void)str_copy(r->acl, sizeof r->acl, "learned");
	(void)str_print(r->detail, sizeof r->detail, "%s, %llu conversation%s",
		reason(b), (unsigned long long)b->flows, b->flows == 1 ? "" : "s");
}

/* ---- those of one device that its rules do not have ---- */

struct missing {
	struct learn_profile *profile;
	const struct learn_bare *list[LEARN_BARES_OF_DEVICE];
	size_t count; /* may be more than there is room for */
};

static void miss(struct missing *m, const struct learn_bare *b)
{
	const struct learn_profile *p = m->profile;

	if (is_covered(p->rules, p->rule_count, &b->key))
		return;
	if (m->count < LEARN_BARES_OF_DEVICE)
		m->list[m->count] = b;
	m->count++;
}

static bool is_listed(const struct missing *m, const struct learn_bare_key *k)
{
	for (size_t i = 0; i < m->count && i < LEARN_BARES_OF_DEVICE; i++) {
		struct learn_bare_key other = m->list[i]->key;

		other.why = k->why;
		if (memcmp(&other, k, sizeof other) == 0)
			return true;
	}
	return false;
}

/* The capture shows who it is, but not to the device: the name opens nothing. */
static int miss_unnamed(void *ctx, const struct learned_kind *k)
{
	struct missing *m = ctx;
	struct learn_bare_key key;
	struct learn_bare *b;

	memset(&key, 0, sizeof key);
	key.device = m->profile->device.mac;
	key.direction = (uint8_t)k->direction;
	key.family = k->family;
	key.proto = k->proto;
	key.place = (uint8_t)k->place;
	key.why = LEARN_BARE_UNTOLD;
	key.port = k->port;
	key.peer = k->peer;
	if (k->port_any || is_listed(m, &key))
		return 0;
	b = pool_take(m->profile->pool, sizeof *b);
	if (!b)
		return -ENOMEM;
	*b = (struct learn_bare){.key = key,
		.first = k->first,
		.last = k->last,
		.flows = k->flows,
		.packets = k->packets,
		.bytes = {k->bytes[0], k->bytes[1]}};
	(void)str_copy(b->name, sizeof b->name, k->name);
	miss(m, b);
	return 0;
}

static int find_missing(const struct learn_source *s, struct missing *m)
{
	const struct learn_bares *t = s->bares;

	for (uint32_t i = 0; i < t->count; i++)
		if (mac_equal(&t->list[i].key.device, &m->profile->device.mac))
			miss(m, &t->list[i]);
	return learned_unnamed(s->learned, &m->profile->device.mac, miss_unnamed, m);
}

/* What forbids stays behind all that allows, as the learner has it. */
static size_t first_drop(const struct learn_profile *p)
{
	size_t i = 0;

	while (i < p->rule_count && p->rules[i].action != RULE_DROP)
		i++;
	return i;
}

static void fill(const struct missing *m, struct rule *rules,
	const struct learn_bare **bares)
{
	const struct learn_profile *p = m->profile;
	size_t at = first_drop(p), n = at;

	memcpy(rules, p->rules, at * sizeof *rules);
	for (size_t i = 0; i < m->count; i++) {
		bares[n] = m->list[i];
		rule_of(m->list[i], &rules[n++]);
	}
	memcpy(rules + n, p->rules + at, (p->rule_count - at) * sizeof *rules);
	n += p->rule_count - at;
	for (size_t i = 0; i < n; i++)
		rules[i].id = (rule_id)(i + 1);
}

int learn_bares_add(const struct learn_source *s, struct learn_profile *p)
{
	struct missing m = {.profile = p};
	const struct learn_bare **bares;
	struct rule *rules;
	int e = find_missing(s, &m);

	if (e)
		return e;
	if (m.count > LEARN_BARES_OF_DEVICE) {
		p->bare_many = m.count;
		m.count = 0;
	}
	bares = pool_take(p->pool, (p->rule_count + m.count + 1) * sizeof *bares);
	if (!bares)
		return -ENOMEM;
	p->bares = bares;
	if (!m.count)
		return 0;
	rules = pool_take(p->pool, (p->rule_count + m.count) * sizeof *rules);
	if (!rules)
		return -ENOMEM;
	fill(&m, rules, bares);
	p->rules = rules;
	p->rule_count += m.count;
	return 0;
}
