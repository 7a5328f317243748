// SPDX-License-Identifier: GPL-2.0-or-later
/* Triggers of a profile as gates of the house: numbers that are the same after a restart,
 * and another's as soon as what arms them is another; and what of other devices' traffic
 * arms them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "engine/classes.h"
#include "engine/household_priv.h"
#include "inventory/inventory.h"

/* One after the other into a hash; what has no room stays out of all of them alike. */
struct print {
	uint64_t hash;
};

static void print_add(struct print *p, const void *bytes, size_t len)
{
	static const struct hash_key key; /* equal profiles, equal gates */
	uint64_t both[2] = {p->hash, hash_bytes(&key, bytes, len)};

	p->hash = hash_bytes(&key, both, sizeof(both));
}

static void print_peer(struct print *p, const struct peer *peer)
{
	print_add(p, &peer->kind, sizeof(peer->kind));
	print_add(p, peer->name, strlen(peer->name));
	print_add(p, &peer->mac, sizeof(peer->mac));
	print_add(p, &peer->prefix.addr, sizeof(peer->prefix.addr));
	print_add(p, &peer->prefix.len, sizeof(peer->prefix.len));
}

static void print_rule(struct print *p, const struct rule *r)
{
	int32_t numbers[] = {(int32_t)r->direction, r->family, r->proto, r->icmp_type,
		r->icmp_code, r->device_port.lo, r->device_port.hi, r->peer_port.lo,
		r->peer_port.hi};

	print_add(p, numbers, sizeof(numbers));
	print_peer(p, &r->peer);
}

static uint32_t gate_number(device_id id, const struct household_grant *g,
	uint16_t trigger, uint32_t open_s)
{
	struct print p = {open_s};

	print_add(&p, &id, sizeof(id));
	for (size_t i = 0; i < g->count; i++)
		if (g->rules[i].arms == trigger)
			print_rule(&p, &g->rules[i]);
	for (size_t i = 0; i < g->watch_count; i++)
		if (g->watches[i].rule.arms == trigger) {
			print_peer(&p, &g->watches[i].whose);
			print_rule(&p, &g->watches[i].rule);
		}
	return (uint32_t)(p.hash ^ p.hash >> 32);
}

static bool is_taken(const struct household *h, device_id id,
	const struct household_gate *own, size_t count, uint32_t gate)
{
	bool taken = gate == 0;

	for (size_t i = 0; i < count; i++)
		taken |= own[i].gate == gate;
	for (size_t d = 0; d < h->count && !taken; d++) {
		const struct household_grant *g = &h->devices[d]->grant;

		for (size_t i = 0; i < g->gate_count && h->devices[d]->id != id; i++)
			taken |= g->gates[i].gate == gate;
	}
	return taken;
}

static const struct household_gate *find_gate(const struct household_gate *gates,
	size_t count, uint16_t trigger, uint32_t open_s)
{
	for (size_t i = 0; i < count; i++)
		if (gates[i].trigger == trigger && gates[i].open_s == open_s)
			return &gates[i];
	return NULL;
}

int household_gates_make(
	const struct household *h, device_id id, struct household_grant *g)
{
	struct household_gate *gates =
		pool_take(g->pool, LIMIT_TRIGGERS * sizeof(*gates));
	size_t count = 0;

	if (!gates)
		return -ENOMEM;
	for (size_t i = 0; i < g->count; i++) {
		const struct rule *r = &g->rules[i];
		uint32_t gate;

		if (!r->needs || find_gate(gates, count, r->needs, r->open_s))
			continue;
		if (count == LIMIT_TRIGGERS)
			return CARDEA_ELIMIT;
		gate = gate_number(id, g, r->needs, r->open_s);
		while (is_taken(h, id, gates, count, gate))
			gate++;
		gates[count++] = (struct household_gate){r->needs, r->open_s, gate};
	}
	g->gates = gates;
	g->gate_count = count;
	return 0;
}

/* ---- elements ---- */

static void add_arms(struct element_list *l, const struct household_grant *g,
	const struct element *e, uint16_t trigger)
{
	struct element own = *e;

	for (size_t i = 0; i < g->gate_count; i++) {
		if (g->gates[i].trigger != trigger)
			continue;
		own.gate = g->gates[i].gate;
		own.open_s = g->gates[i].open_s;
		element_list_add(l, &own);
	}
}

void household_gate_element(struct element_list *l, const struct household_device *hd,
	const struct element *e, rule_id id)
{
	const struct rule *r = policy_rule(&hd->policy, id);
	const struct household_gate *gate;
	struct element own = *e;

	if (!r)
		return;
	if (e->kind == ELEMENT_ARM_OUT || e->kind == ELEMENT_ARM_IN) {
		add_arms(l, &hd->grant, e, r->arms);
		return;
	}
	gate = find_gate(hd->grant.gates, hd->grant.gate_count, r->needs, r->open_s);
	if (!gate)
		return; /* nothing could open it */
	own.gate = gate->gate;
	element_list_add(l, &own);
}

/* ---- what others do ---- */

static struct device *device_of(const struct household *h, const struct peer *p)
{
	struct inventory *all = h->classes ? h->classes->inventory : NULL;

	if (!all)
		return NULL;
	return p->kind == PEER_MAC ? inventory_by_mac(all, &p->mac)
				   : inventory_by_addr(all, &p->prefix.addr);
}

/* Of both ends of a trigger the one that is judged last sees it. */
static bool is_seen_here(const struct household *h, const struct adopt_watch *w,
	const struct device *d)
{
	const struct device *other;

	if (w->rule.direction == DIRECTION_TO_DEVICE)
		return device_is_enforced(d);
	other = w->rule.peer.kind == PEER_MAC || w->rule.peer.kind == PEER_PREFIX
			? device_of(h, &w->rule.peer)
			: NULL;
	return !other || !device_is_enforced(other);
}

struct watching {
	struct element_list *list;
	const struct household_grant *grant;
	uint16_t trigger;
};

static int add_watch(void *ctx, const struct element *e, rule_id rule)
{
	struct watching *w = ctx;

	(void)rule;
	add_arms(w->list, w->grant, e, w->trigger);
	return w->list->error;
}

void household_watch_elements(struct household *h, const struct device *d, nstime wall,
	struct element_list *l)
{
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE];
	struct policy_device pd = household_for(d, addrs);

	for (size_t i = 0; i < h->count && h->knows_gates; i++) {
		const struct household_device *hd = h->devices[i];
		struct household_names n;
		struct policy_names names = household_names(&n, hd, wall);

		for (size_t k = 0; k < hd->grant.watch_count; k++) {
			const struct adopt_watch *w = &hd->grant.watches[k];
			struct watching to = {l, &hd->grant, w->rule.arms};

			if (device_of(h, &w->whose) != d || !is_seen_here(h, w, d))
				continue;
			if (policy_compile_arms(
				    &w->rule, &h->env, &names, &pd, add_watch, &to))
				l->error = l->error ? l->error : CARDEA_ELIMIT;
		}
	}
}

/* ---- who has become another ---- */

static void print_device(struct print *p, const struct device *d)
{
	bool enforced = d && device_is_enforced(d);

	print_add(p, &enforced, sizeof(enforced));
	if (!d)
		return;
	print_add(p, &d->mac, sizeof(d->mac));
	for (size_t i = 0; i < d->addr_count; i++)
		print_add(p, &d->addrs[i].addr, sizeof(d->addrs[i].addr));
}

static uint64_t watches_print(const struct household *h)
{
	struct print p = {h->knows_gates};

	for (size_t i = 0; i < h->count; i++) {
		const struct household_grant *g = &h->devices[i]->grant;

		for (size_t k = 0; k < g->watch_count; k++) {
			print_device(&p, device_of(h, &g->watches[k].whose));
			print_device(&p, device_of(h, &g->watches[k].rule.peer));
		}
		for (size_t k = 0; k < g->gate_count && g->watch_count; k++)
			print_add(&p, &g->gates[k].gate, sizeof(g->gates[k].gate));
	}
	return p.hash;
}

static bool has_arms(const struct household_device *hd)
{
	for (size_t i = 0; i < hd->installed.count; i++)
		if (hd->installed.items[i].kind == ELEMENT_ARM_OUT ||
			hd->installed.items[i].kind == ELEMENT_ARM_IN)
			return true;
	return false;
}

static bool is_watched(const struct household *h, const struct device *d)
{
	for (size_t i = 0; i < h->count; i++)
		for (size_t k = 0; k < h->devices[i]->grant.watch_count; k++)
			if (device_of(h, &h->devices[i]->grant.watches[k].whose) == d)
				return true;
	return false;
}

void household_watch(struct household *h, const struct device *(*at)(void *, size_t),
	void *ctx, nstime wall)
{
	uint64_t print = watches_print(h);
	const struct device *d;

	if (print == h->watches)
		return;
	h->watches = print;
	for (size_t i = 0; (d = at(ctx, i)); i++) {
		const struct household_device *hd = household_device(h, d->id);

		if (hd && (has_arms(hd) || is_watched(h, d)))
			household_update(h, d, false, wall);
	}
}
