// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is a member of what, and who must follow when that changes. */
#include "engine/classes.h"

#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "profiles/mud/mud.h"

#define PAUSE_SHARE 4 /* compilations take a fifth of the time */

/* The authority of the device's MUD URL, worked out once for each URL. */
static const char *authority_of(struct household_device *hd, const struct device *d)
{
	if (strcmp(hd->authority_url, d->mud_url) != 0) {
		str_copy(hd->authority_url, sizeof(hd->authority_url), d->mud_url);
		if (mud_url_authority(d->mud_url, hd->authority))
			hd->authority[0] = 0;
	}
	return hd->authority;
}

/* RFC 8520 16: whoever can name a maker's file by DHCP is not thereby the maker's. */
static bool is_member(const struct device *d)
{
	return device_is_enforced(d) && device_is_proven(d);
}

/* One question: which devices, seen from one of them. */
struct query {
	const struct classes *classes;
	const struct peer *peer;
	const struct device *self;
	char authority[LIMIT_NAME];
	/* for each member: a device, or a literal address; false ends it */
	bool (*visit)(void *ctx, const struct device *d, const struct addr *addr);
	void *ctx;
};

static bool has_authority(const struct query *q, const struct device *d)
{
	struct household_device *hd = household_device(q->classes->household, d->id);

	return hd && is_member(d) && q->authority[0] &&
	       strcmp(authority_of(hd, d), q->authority) == 0;
}

static bool is_meant(const struct query *q, const struct device *d)
{
	if (d == q->self)
		return false;
	if (q->peer->kind == PEER_MODEL)
		return is_member(d) && strcmp(d->mud_url, q->peer->name) == 0;
	return has_authority(q, d);
}

static void each_device(const struct query *q)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(q->classes->inventory, i)); i++)
		if (is_meant(q, d) && !q->visit(q->ctx, d, NULL))
			return;
}

static void mapped(const struct query *q)
{
	const struct classes *c = q->classes;
	const char *class = classes_name(q->peer);
	device_id self = q->self->id;
	bool more = true;

	for (size_t i = classes_said(c, self, class, 0); i < c->said_count && more;
		i = classes_said(c, self, class, i + 1)) {
		struct device *d = inventory_by_id(c->inventory, c->said[i].target);

		if (!c->said[i].target)
			more = q->visit(q->ctx, NULL, &c->said[i].addr);
		else if (d && d != q->self)
			more = q->visit(q->ctx, d, NULL);
	}
}

static void by_mac(const struct query *q)
{
	const struct device *d = inventory_by_mac(q->classes->inventory, &q->peer->mac);

	if (d && d != q->self)
		(void)q->visit(q->ctx, d, NULL);
}

static void query_run(struct query *q, const struct household_device *hd)
{
	struct household_device *own = household_device(q->classes->household, hd->id);

	q->self = inventory_by_id(q->classes->inventory, hd->id);
	if (!q->self || !own)
		return;
	switch (q->peer->kind) {
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
		mapped(q);
		break;
	case PEER_MAC:
		by_mac(q);
		break;
	case PEER_MANUFACTURER:
		str_copy(q->authority, sizeof(q->authority), q->peer->name);
		each_device(q);
		break;
	case PEER_SAME_MANUFACTURER:
		/* The same as whom? Its own word is not enough to say so. */
		if (is_member(q->self)) {
			str_copy(q->authority, sizeof(q->authority),
				authority_of(own, q->self));
			each_device(q);
		}
		break;
	case PEER_MODEL:
		each_device(q);
		break;
	case PEER_ANY:
	case PEER_NAME:
	case PEER_PREFIX:
	case PEER_LOCAL_NETWORKS:
	case PEER_GATEWAY:
	case PEER_CONTROLLER_DNS:
	case PEER_CONTROLLER_NTP:
	case PEER_MAX:
		break;
	}
}

struct collector {
	struct addr *out;
	size_t count, max;
};

static bool collect_one(struct collector *to, const struct addr *a)
{
	if (to->count == to->max)
		return false;
	to->out[to->count++] = *a;
	return true;
}

static bool collect(void *ctx, const struct device *d, const struct addr *addr)
{
	struct collector *to = ctx;

	if (!d)
		return collect_one(to, addr);
	for (size_t i = 0; i < d->addr_count; i++)
		if (!collect_one(to, &d->addrs[i].addr))
			return false;
	return true;
}

size_t classes_members(const struct classes *c, const struct household_device *hd,
	const struct peer *p, struct addr *out, size_t max)
{
	struct collector to = {.out = out, .max = max};
	struct query q = {.classes = c, .peer = p, .visit = collect, .ctx = &to};

	query_run(&q, hd);
	return to.count;
}

static bool count_member(void *ctx, const struct device *d, const struct addr *addr)
{
	(void)d;
	(void)addr;
	++*(size_t *)ctx;
	return true;
}

size_t classes_count(const struct classes *c, const struct household_device *hd,
	const struct peer *p)
{
	size_t count = 0;
	struct query q = {
		.classes = c, .peer = p, .visit = count_member, .ctx = &count};

	query_run(&q, hd);
	return count;
}

const char *classes_note(const struct classes *c, const struct household_device *hd,
	const struct peer *p)
{
	const struct device *d = inventory_by_id(c->inventory, hd->id);

	if (!d || !policy_peer_is_class(p->kind) || classes_count(c, hd, p))
		return "";
	switch (p->kind) {
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
		return classes_is_mapped(c, hd->id, classes_name(p))
			       ? "the controller that you chose is not here now"
			       : "nobody is this controller yet; `cardea controller "
				 "set` "
				 "names one";
	case PEER_SAME_MANUFACTURER:
		if (!is_member(d))
			return "this device has not proven who made it; `cardea device "
			       "confirm` vouches for it";
		return "no other device of its maker is protected and confirmed now";
	case PEER_MANUFACTURER:
		return "no device of this maker is protected and confirmed now";
	case PEER_MODEL:
		return "no other device of this model is protected and confirmed now";
	case PEER_MAC:
		return "no device with this MAC has been seen";
	case PEER_ANY:
	case PEER_NAME:
	case PEER_PREFIX:
	case PEER_LOCAL_NETWORKS:
	case PEER_GATEWAY:
	case PEER_CONTROLLER_DNS:
	case PEER_CONTROLLER_NTP:
	case PEER_MAX:
		break;
	}
	return "";
}

/* Order does not matter: each address is hashed alone, and all are added up. */
struct printer {
	const struct hash_key *key;
	struct {
		uint64_t seed;
		struct addr addr;
	} one;
	uint64_t sum;
};

static void print_addr(struct printer *to, const struct addr *a)
{
	to->one.addr = *a;
	to->sum += hash_bytes(to->key, &to->one, sizeof(to->one));
}

static bool print_member(void *ctx, const struct device *d, const struct addr *addr)
{
	struct printer *to = ctx;

	if (!d)
		print_addr(to, addr);
	for (size_t i = 0; d && i < d->addr_count; i++)
		print_addr(to, &d->addrs[i].addr);
	return true;
}

/* Rules of one class usually come in a row. */
static bool is_repeated(const struct policy *p, uint32_t i)
{
	return i > 0 && classes_same(&p->rules[i - 1].peer, &p->rules[i].peer);
}

uint64_t classes_print(const struct classes *c, const struct household_device *hd)
{
	struct printer to = {.key = &c->key};
	struct query q = {.classes = c, .visit = print_member, .ctx = &to};

	for (uint32_t i = 0; i < hd->policy.base_first; i++) {
		q.peer = &hd->policy.rules[i].peer;
		if (!policy_peer_is_class(q.peer->kind) || is_repeated(&hd->policy, i))
			continue;
		to.one.seed = hash_bytes(&c->key, q.peer, sizeof(*q.peer));
		query_run(&q, hd);
	}
	return to.sum;
}

/* Its classes have other members than those it was compiled with, or everybody's servers
 * are others. */
static void follow(struct classes *c, const struct device *d, nstime wall)
{
	struct household_device *hd = household_device(c->household, d->id);

	if (hd && hd->pool && device_is_enforced(d) &&
		(c->servers ||
			(hd->uses_classes && classes_print(c, hd) != hd->members)))
		household_update(c->household, d, c->servers && c->lost, wall);
}

static void end_round(struct classes *c)
{
	c->next = 0;
	c->settled = c->seen;
	c->servers = false;
	if (c->again)
		loop_arm(c->loop, &c->settle, CLASSES_SETTLE);
	else
		c->lost = false;
	c->again = false;
	if (c->done)
		c->done(c->done_ctx);
}

static void settle(struct loop_timer *t)
{
	struct classes *c = t->ctx;
	nstime begin = loop_now(c->loop), passed;
	nstime wall = clock_wall(loop_clock(c->loop));
	struct device *d;

	if (!c->next) {
		c->seen = c->changes;
		c->servers = classes_servers(c, &c->household->env);
	}
	while ((d = inventory_at(c->inventory, c->next))) {
		c->next++;
		follow(c, d, wall);
		passed = loop_now(c->loop) - begin;
		if (passed > CLASSES_SLICE) {
			loop_arm(c->loop, &c->settle, passed * PAUSE_SHARE);
			return;
		}
	}
	end_round(c);
}

void classes_changed(struct classes *c, bool lost)
{
	if (!c)
		return;
	c->lost |= lost;
	c->again |= c->next > 0;
	c->changes += c->loop != NULL; /* before that nobody follows */
	if (c->loop && !c->settle.due)
		loop_arm(c->loop, &c->settle, CLASSES_SETTLE);
}

void classes_init(struct classes *c, struct inventory *inv, struct household *h)
{
	memset(c, 0, sizeof(*c));
	c->inventory = inv;
	c->household = h;
	c->key = hash_key_random();
	c->settle.fire = settle;
	c->settle.ctx = c;
	h->classes = c;
}

void classes_end(struct classes *c)
{
	if (c->settle.loop)
		loop_disarm(&c->settle);
	c->loop = NULL;
}
