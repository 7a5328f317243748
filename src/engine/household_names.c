// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of a device: what the kernel may learn of them by itself, and what is open for
 * the addresses that the device was told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/household_priv.h"

/* A second is how exactly the kernel is told for how long. */
#define EXPIRY_SLACK (2 * NS_PER_SEC)
/* What the resolver tells takes no longer to reach us. */
#define TOLD_LATE (1 * NS_PER_SEC)

struct policy_device household_for(const struct device *d, struct addr *addrs)
{
	for (size_t i = 0; i < d->addr_count; i++)
		addrs[i] = d->addrs[i].addr;
	return (struct policy_device){
		.mac = d->mac, .addrs = addrs, .addr_count = d->addr_count};
}

/* ---- what the kernel learns ---- */

static bool kernel_has_key(const struct household *h)
{
	return h->name_key.k0 || h->name_key.k1;
}

struct name_elements {
	const struct household *h;
	const struct device *device;
	struct element_list *list;
	bool failed; /* a name that no answer can have */
};

static int add_name(void *ctx, const struct policy_opening *o)
{
	struct name_elements *n = ctx;
	struct element e = {.kind = ELEMENT_NAME,
		.family = o->family,
		.mac = n->device->mac,
		.name_hash = name_hash(&n->h->name_key, o->name),
		.name_suffix = o->suffix,
		.proto_lo = o->proto,
		.proto_hi = o->proto,
		.device_port = {0, UINT16_MAX},
		.peer_port = {o->port, o->port}};

	if (e.name_hash)
		element_list_add(n->list, &e);
	else
		n->failed = true;
	return 0;
}

void household_name_elements(const struct household *h, const struct household_device *hd,
	const struct device *d, struct element_list *l, bool *ret_whole)
{
	struct name_elements n = {.h = h, .device = d, .list = l};

	if (!kernel_has_key(h) ||
		policy_inline(&hd->policy, add_name, &n, ret_whole) || n.failed)
		*ret_whole = false;
}

bool household_learns(const struct household *h, const struct device *d,
	const struct household_device *hd)
{
	bool enforced = hd->pool && device_is_enforced(d);

	return hd->names_seq <= h->commit->confirmed &&
	       (!enforced || (hd->whole && kernel_has_key(h)));
}

void household_names_key(struct household *h, const struct name_key *key,
	const struct device *(*at)(void *, size_t), void *ctx, nstime wall)
{
	const struct device *d;
	bool same = key->k0 == h->name_key.k0 && key->k1 == h->name_key.k1;

	commit_lost(h->commit);
	h->name_key = *key;
	for (size_t i = 0; (d = at(ctx, i)); i++) {
		struct household_device *hd = household_device(h, d->id);

		if (!hd || !hd->pool || !device_is_enforced(d))
			continue;
		bool owed = hd->owes_forget;
		if (h->hold)
			h->hold(h->hold_ctx, d);
		if (!same)
			household_update(h, d, false, wall);
		hd->names_seq = HOUSEHOLD_SEQ_NEVER;
		hd->owes_forget = owed; /* the same names, by other numbers */
	}
}

/* ---- what is open ---- */

struct opener {
	struct household *h;
	const struct device *device;
	const struct household_device *hd;
	struct element_list *list;
	nstime wall;
};

static int add_element(void *ctx, const struct element *e, rule_id rule)
{
	struct element_list *l = ctx;

	(void)rule;
	element_list_add(l, e);
	return l->error;
}

static int open_binding(void *ctx, const struct binding *b)
{
	struct opener *o = ctx;
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE];
	struct policy_device pd = household_for(o->device, addrs);
	struct household_names n;
	struct policy_names names = household_names(&n, o->hd, o->wall);

	if (!policy_uses_name(&o->hd->policy, b->name))
		return 0;
	return policy_compile_binding(&o->hd->policy, &o->h->env, &names, &pd, b->name,
		&b->addr, binding_timeout_s(b, o->wall), add_element, o->list);
}

void household_open_names(struct household *h, const struct device *d,
	const struct household_device *hd, nstime wall, struct element_list *l)
{
	struct opener o = {
		.h = h, .device = d, .hd = hd, .list = l, .wall = wall};

	if (!hd->pool || !device_is_enforced(d))
		return;
	if (bindings_each(&hd->names, wall, open_binding, &o))
		log_warn("household", "device %u: not every name could be opened",
			d->id);
}

/* Everything that tells elements apart, without the holes of a struct. */
static uint64_t key_of(const struct household *h, const struct element *e)
{
	uint8_t b[96];
	size_t n = 0;

#define PACK(field) (memcpy(b + n, &(field), sizeof(field)), n += sizeof(field))
	PACK(e->kind);
	PACK(e->mac.b);
	PACK(e->device);
	PACK(e->peer_lo);
	PACK(e->peer_hi);
	PACK(e->proto_lo);
	PACK(e->proto_hi);
	PACK(e->device_port);
	PACK(e->peer_port);
#undef PACK
	return hash_bytes(&h->key, b, n);
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = ((const struct opened *)a)->key, y = ((const struct opened *)b)->key;

	return (x > y) - (x < y);
}

static nstime until_of(const struct element *e, nstime wall)
{
	return wall + (nstime)e->timeout_s * NS_PER_SEC;
}

static const struct opened *find_opened(const struct opened_list *l, uint64_t key)
{
	struct opened wanted = {.key = key};

	return l->count ? bsearch(&wanted, l->items, l->count, sizeof(wanted), by_key)
			: NULL;
}

static bool is_new(const struct household *h, const struct household_device *hd,
	const struct element *e, nstime wall)
{
	const struct opened *o = find_opened(&hd->opened, key_of(h, e));

	return !o || o->until + EXPIRY_SLACK < until_of(e, wall);
}

/* Without memory, as if all were new. */
static struct opened *opened_of(
	const struct household *h, const struct element_list *names, nstime wall)
{
	struct opened *all = calloc(names->count ? names->count : 1, sizeof(*all));

	for (size_t i = 0; all && i < names->count; i++)
		all[i] = (struct opened){.key = key_of(h, &names->items[i]),
			.until = until_of(&names->items[i], wall)};
	if (all)
		qsort(all, names->count, sizeof(*all), by_key);
	return all;
}

bool household_closes(const struct household *h, const struct household_device *hd,
	const struct element_list *names, nstime wall)
{
	struct opened_list after = {
		.items = opened_of(h, names, wall), .count = names->count};
	bool closes = !after.items && hd->opened.count;

	for (size_t i = 0; after.items && i < hd->opened.count && !closes; i++)
		closes = hd->opened.items[i].until + EXPIRY_SLACK > wall &&
			 !find_opened(&after, hd->opened.items[i].key);
	free(after.items);
	return closes;
}

size_t household_count_new(const struct household *h, const struct household_device *hd,
	const struct element_list *names, nstime wall)
{
	size_t n = 0;

	for (size_t i = 0; i < names->count; i++)
		n += is_new(h, hd, &names->items[i], wall);
	return n;
}

void household_send_names(struct household *h, const struct household_device *hd,
	const struct element_list *names, bool all, nstime wall)
{
	for (size_t i = 0; i < names->count; i++)
		if (all || is_new(h, hd, &names->items[i], wall))
			commit_element(h->commit, false, &names->items[i]);
}

void household_set_opened(const struct household *h, struct household_device *hd,
	const struct element_list *names, nstime wall)
{
	free(hd->opened.items);
	hd->opened.items = names->count ? opened_of(h, names, wall) : NULL;
	hd->opened.count = hd->opened.items ? names->count : 0;
}

/* Beside what was open before. */
static void add_opened(const struct household *h, struct household_device *hd,
	const struct element_list *names, nstime wall)
{
	struct opened *all = calloc(
		hd->opened.count + names->count + 1, sizeof(*all));
	size_t count = 0;

	if (!all)
		return; /* it is opened once more, when the device's rules change */
	for (size_t i = 0; i < hd->opened.count; i++)
		if (hd->opened.items[i].until > wall)
			all[count++] = hd->opened.items[i];
	for (size_t i = 0; i < names->count; i++) {
		struct opened o = {.key = key_of(h, &names->items[i]),
			.until = until_of(&names->items[i], wall)};
		struct opened *have =
			count ? bsearch(&o, all, count, sizeof(o), by_key) : NULL;

		if (have) {
			have->until = o.until > have->until ? o.until : have->until;
			continue;
		}
		size_t at = count++;
		while (at > 0 && all[at - 1].key > o.key) {
			all[at] = all[at - 1];
			at--;
		}
		all[at] = o;
	}
	free(hd->opened.items);
	hd->opened.items = all;
	hd->opened.count = count;
}

/* ---- what the device is told ---- */

struct teller {
	struct household *h;
	const struct device *device;
	struct household_device *hd;
	nstime wall;
	void (*told)(void *ctx, const struct device *d, const struct binding *b);
	void *ctx;
};

/* Binds the address, and adds what is to be open for it. */
static void tell_one(const struct teller *t, const char *name, const struct addr *addr,
	uint32_t ttl_s, struct element_list *l)
{
	struct opener o = {.h = t->h,
		.device = t->device,
		.hd = t->hd,
		.list = l,
		.wall = t->wall};
	const struct binding *b;

	if (bindings_tell(&t->hd->names, name, addr, ttl_s, t->wall, &b))
		return;
	t->told(t->ctx, t->device, b);
	if (t->hd->pool && device_is_enforced(t->device) && open_binding(&o, b))
		log_warn("household", "device %u: an address could not be opened",
			t->device->id);
}

static void send_names(struct household *h, const struct element_list *l, uint64_t ticket)
{
	commit_begin(h->commit, false);
	for (size_t i = 0; i < l->count; i++)
		commit_element(h->commit, false, &l->items[i]);
	commit_end(h->commit, ticket);
}

/* The kernel has opened it by itself, by the answer that went out. One of which we hear
 * right after the names changed may have gone out before. */
static bool kernel_saw(const struct household *h, const struct household_device *hd,
	uint64_t ticket, nstime wall)
{
	return !ticket && hd->whole && kernel_has_key(h) && hd->dns.mode == DNS_TELL &&
	       hd->dns.count && wall - hd->dns.since > TOLD_LATE;
}

bool household_tell(struct household *h, const struct device *d,
	const struct message_dns_answer *answer, nstime wall, uint64_t ticket,
	void (*told)(void *, const struct device *, const struct binding *), void *ctx)
{
	struct household_device *hd = household_device(h, d->id);
	struct teller t = {.h = h,
		.device = d,
		.hd = hd,
		.wall = wall,
		.told = told,
		.ctx = ctx};
	struct element_list l = {0};
	bool sends;

	if (!hd)
		return false;
	for (size_t i = 0; i < answer->addrs.count; i++)
		tell_one(&t, answer->name, &answer->addrs.addrs[i], answer->ttl_s, &l);
	sends = hd->pool && device_is_enforced(d) &&
		policy_uses_name(&hd->policy, answer->name) &&
		!kernel_saw(h, hd, ticket, wall);
	if (sends && policy_denies_name(&hd->policy, answer->name))
		household_update(h, d, false, wall);
	if (sends)
		send_names(h, &l, ticket);
	if (h->commit->in_step)
		add_opened(h, hd, &l, wall);
	element_list_free(&l);
	return sends;
}

/* The name in the device's policy whose hash that is. The hash is of what the device
 * asked for: what was below a name only the resolver's answer can tell. */
static const char *name_of_hash(
	const struct household *h, const struct policy *p, uint64_t hash)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct rule *r = &p->rules[i];

		if (r->peer.kind == PEER_NAME && rule_in_force(r) &&
			!rule_name_is_suffix(r->peer.name) &&
			name_hash(&h->name_key, r->peer.name) == hash)
			return r->peer.name;
	}
	return NULL;
}

/* Conversations go on: all that is bound to the address stays. */
static void stay(const struct teller *t, const struct message_learned *m,
	struct element_list *l)
{
	struct opener o = {.h = t->h,
		.device = t->device,
		.hd = t->hd,
		.list = l,
		.wall = t->wall};

	(void)bindings_refresh(&t->hd->names, &m->addr, m->ttl_s, t->wall);
	for (uint32_t i = 0; i < t->hd->names.count; i++) {
		const struct binding *b = &t->hd->names.entries[i];

		if (!addr_equal(&b->addr, &m->addr))
			continue;
		t->told(t->ctx, t->device, b);
		(void)!open_binding(&o, b);
	}
}

bool household_learned(struct household *h, const struct device *d,
	const struct message_learned *m, nstime wall,
	void (*told)(void *, const struct device *, const struct binding *), void *ctx)
{
	struct household_device *hd = household_device(h, d->id);
	struct teller t = {.h = h,
		.device = d,
		.hd = hd,
		.wall = wall,
		.told = told,
		.ctx = ctx};
	struct element_list l = {0};
	const char *name = NULL;

	if (!hd || !hd->pool || !device_is_enforced(d))
		return false;
	if (m->name_hash)
		name = name_of_hash(h, &hd->policy, m->name_hash);
	if (name)
		tell_one(&t, name, &m->addr, m->ttl_s, &l);
	else if (!m->name_hash)
		stay(&t, m, &l);
	if (h->commit->in_step)
		add_opened(h, hd, &l, wall);
	element_list_free(&l);
	return name || !m->name_hash;
}
