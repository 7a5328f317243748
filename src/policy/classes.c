// SPDX-License-Identifier: GPL-2.0-or-later
/* classes - peers that stand for devices of the house: RFC 8520 4 calls them classes,
 * and who belongs to one is the caller's knowledge (policy_names.members). */
#include "policy/policy_priv.h"

#include <stdlib.h>
#include <string.h>

bool policy_peer_is_class(enum peer_kind kind)
{
	switch (kind) {
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAC:
		return true;
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
	return false;
}

static size_t members_of(
	const struct policy_names *names, const struct peer *p, struct addr *out)
{
	if (!names || !names->members)
		return 0;
	return names->members(names->ctx, p, out, LIMIT_CLASS_ADDRS);
}

bool policy_class_has(
	const struct policy_names *names, const struct peer *p, const struct addr *a)
{
	struct addr list[LIMIT_CLASS_ADDRS];
	size_t n = members_of(names, p, list);

	for (size_t i = 0; i < n; i++)
		if (addr_equal(&list[i], a))
			return true;
	return false;
}

static int compare_addrs(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static size_t keep_family(struct addr *list, size_t count, uint8_t family)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (list[i].family == family)
			list[n++] = list[i];
	return n;
}

/* One port of one protocol: the kernel has hashes for it, which take members that come
 * and go one by one, at no cost for the others. */
static bool is_service(const struct rule *r)
{
	bool out = r->direction == DIRECTION_FROM_DEVICE;
	struct range16 client = out ? r->device_port : r->peer_port;
	struct range16 server = out ? r->peer_port : r->device_port;

	return (r->proto == RULE_PROTO_ANY || policy_has_ports(r->proto)) &&
	       server.lo == server.hi && policy_range_is_any(client);
}

/* IPv4 pools are dense: neighbours become one range, and a class of a whole floor a few
 * boxes. */
int policy_class_ranges(const struct policy_names *names, const struct rule *rule,
	uint8_t family,
	int (*visit)(void *ctx, const struct addr *lo, const struct addr *hi),
	void *ctx)
{
	struct addr list[LIMIT_CLASS_ADDRS];
	size_t n = keep_family(list, members_of(names, &rule->peer, list), family);
	bool apart = is_service(rule);
	int r = 0;

	if (n)
		qsort(list, n, sizeof *list, compare_addrs);
	for (size_t i = 0, last; i < n && !r; i = last + 1) {
		for (last = i; last + 1 < n; last++) {
			struct addr next = addr_next(list[last]);
			if (!addr_equal(&list[last + 1], &list[last]) &&
				(apart || !addr_equal(&list[last + 1], &next)))
				break;
		}
		r = visit(ctx, &list[i], &list[last]);
	}
	return r;
}

static struct policy_class *memo_find(struct policy_memo *m, const struct peer *p)
{
	for (size_t i = 0; i < m->count; i++)
		if (policy_peers_equal(m->classes[i].peer, p))
			return &m->classes[i];
	return NULL;
}

static size_t memo_members(
	void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	struct policy_memo *m = ctx;
	struct policy_class *c = memo_find(m, p);

	if (!c) {
		size_t n = m->names->members(m->names->ctx, p, out, max);
		struct addr *copy = NULL;
		if (m->count < POLICY_MEMO_CLASSES && max == LIMIT_CLASS_ADDRS)
			copy = pool_copy(m->pool, out, n * sizeof *out);
		if (copy)
			m->classes[m->count++] = (struct policy_class){p, copy, n};
		return n;
	}
	size_t n = c->count < max ? c->count : max;
	memcpy(out, c->addrs, n * sizeof *out);
	return n;
}

static bool memo_has(void *ctx, const char *name, const struct addr *a)
{
	const struct policy_memo *m = ctx;

	return m->names->has(m->names->ctx, name, a);
}

static size_t memo_addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	const struct policy_memo *m = ctx;

	return m->names->addrs(m->names->ctx, name, out, max);
}

const struct policy_names *policy_memo_init(
	struct policy_memo *memo, const struct policy_names *names, struct pool *pool)
{
	if (!names)
		return NULL;
	*memo = (struct policy_memo){.names = names, .pool = pool};
	memo->own = (struct policy_names){.has = memo_has,
		.addrs = memo_addrs,
		.members = names->members ? memo_members : NULL,
		.ctx = memo};
	return &memo->own;
}

bool policy_uses_peer(const struct policy *p, enum peer_kind kind)
{
	for (uint32_t i = 0; i < policy_places(p); i++) {
		const struct rule *r = policy_at(p, i);
		if (r->peer.kind == kind && policy_rule_counts(r, r->direction))
			return true;
	}
	return false;
}

bool policy_uses_classes(const struct policy *p)
{
	for (unsigned kind = 0; kind < PEER_MAX; kind++)
		if (policy_peer_is_class(kind) && policy_uses_peer(p, kind))
			return true;
	return false;
}
