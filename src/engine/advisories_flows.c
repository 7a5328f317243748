// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices of this house did themselves within a day, and what of it shows what an
 * advisory says. Only what a device began: whoever calls a device from outside must not
 * be able to make evidence against it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

#define FLOWS_FIRST 8 /* most devices have few peers */
/* Evidence that goes on is stored again after so long: flash wears out. */
#define AGAIN (3600 * NS_PER_SEC)

void advisories_flows_free(struct advisories_flows *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->items[i].name);
	free(f->items);
	*f = (struct advisories_flows){0};
}

/* ---- remembered ---- */

static bool same_name(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static struct advisories_flow *find(
	struct advisories_flows *f, const struct advisories_flow *w)
{
	for (size_t i = 0; i < f->count; i++) {
		struct advisories_flow *e = &f->items[i];

		if (e->proto == w->proto && e->port == w->port &&
			addr_equal(&e->peer, &w->peer) && same_name(e->name, w->name))
			return e;
	}
	return NULL;
}

static struct advisories_flow *make_room(struct advisories_flows *f, size_t max)
{
	struct advisories_flow *oldest = f->items;
	size_t cap = f->cap ? f->cap * 2 : FLOWS_FIRST;

	if (f->count < f->cap)
		return &f->items[f->count++];
	if (f->cap < max) {
		cap = cap < max ? cap : max;
		struct advisories_flow *items = realloc(f->items, cap * sizeof(*items));

		if (!items)
			return NULL;
		f->items = items;
		f->cap = cap;
		return &f->items[f->count++];
	}
	for (size_t i = 1; i < f->count; i++)
		if (f->items[i].last < oldest->last)
			oldest = &f->items[i];
	free(oldest->name);
	return oldest;
}

static void remember(struct advisories_flows *f, const struct advisories_flow *w, size_t max)
{
	struct advisories_flow *e = find(f, w);
	char *name = NULL;

	if (e) {
		e->last = w->last;
		return;
	}
	if (w->name && !(name = strdup(w->name)))
		return;
	e = make_room(f, max);
	if (!e) {
		free(name);
		return;
	}
	*e = *w;
	e->name = name;
}

/* ---- everybody's, and its own ---- */

static struct learn_suffixes *suffixes_of(struct pipeline *p)
{
	if (p->learner.suffixes)
		return p->learner.suffixes;
	if (!p->advisories.suffixes && learn_suffixes_new(&p->advisories.suffixes))
		return NULL;
	return p->advisories.suffixes;
}

static unsigned labels_of(const char *name)
{
	unsigned n = *name != 0;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

/* The part of a name that one owner has: "example.co.uk" of "a.b.example.co.uk". */
static const char *owned_part(struct learn_suffixes *s, const char *name)
{
	unsigned labels = labels_of(name), shared = s ? learn_suffixes_labels(s, name) : 1;

	for (; labels > shared + 1; labels--)
		name = strchr(name, '.') + 1;
	return name;
}

bool advisories_is_too_broad(struct pipeline *p, const char *domain)
{
	struct learn_suffixes *s = suffixes_of(p);

	if (rule_name_is_suffix(domain))
		domain += 2;
	return labels_of(domain) <= (s ? learn_suffixes_labels(s, domain) : 1);
}

struct sharers {
	struct pipeline *p;
	const struct advisory *a;
	const struct addr *peer;
	/* owners of names at the address */
	char owners[ADVISORIES_SHARED_NAMES][LIMIT_NAME];
	size_t owner_count;
	bool uses; /* this device does */
};

static int count_binding(void *ctx, const struct binding *b)
{
	struct sharers *s = ctx;
	const char *owner;

	if (s->a->domain[0]) {
		s->uses |= rule_name_matches(s->a->domain, b->name);
		return 0;
	}
	if (!addr_equal(&b->addr, s->peer))
		return 0;
	s->uses = true;
	owner = owned_part(suffixes_of(s->p), b->name);
	for (size_t i = 0; i < s->owner_count; i++)
		if (strcmp(s->owners[i], owner) == 0)
			return 0;
	if (s->owner_count < ADVISORIES_SHARED_NAMES)
		str_copy(s->owners[s->owner_count++], LIMIT_NAME, owner);
	return 0;
}

/* Whether those use it who are not accused, or strangers live at the same address: by
 * what the house was told for names (RFC 9726), and by the owner's list. */
static bool is_shared(struct pipeline *p, const struct advisory_kept *k,
	const struct device *accused, const struct addr *peer)
{
	struct sharers s = {.p = p, .a = &k->a, .peer = peer};
	unsigned others = 0;

	for (size_t i = 0; !k->a.domain[0] && i < p->advisories.shared_count; i++)
		if (prefix_contains(&p->advisories.shared[i].prefix, peer))
			return true;
	for (size_t i = 0; i < p->household.count; i++) {
		const struct household_device *hd = p->household.devices[i];
		const struct device *d = inventory_by_id(p->inventory, hd->id);

		s.uses = false;
		(void)bindings_each(&hd->names, BINDINGS_EVER, count_binding, &s);
		others += s.uses && d && d != accused && !advisories_selects(p, k, d);
	}
	return s.owner_count == ADVISORIES_SHARED_NAMES ||
	       others >= ADVISORIES_SHARED_DEVICES;
}

static bool lists(const struct rule *r, const struct advisories_flow *f)
{
	bool ports = f->proto == FLOW_PROTO_TCP || f->proto == FLOW_PROTO_UDP;

	if (r->action != RULE_ACCEPT || r->direction != DIRECTION_FROM_DEVICE ||
		r->ethertype != RULE_ETHERTYPE_IP || !rule_in_force(r) ||
		(r->proto != RULE_PROTO_ANY && r->proto != f->proto) ||
		(ports && (f->port < r->peer_port.lo || f->port > r->peer_port.hi)))
		return false;
	if (r->peer.kind == PEER_NAME)
		return f->name && rule_name_matches(r->peer.name, f->name);
	return r->peer.kind == PEER_PREFIX && r->peer.prefix.len &&
	       prefix_contains(&r->peer.prefix, &f->peer);
}

/* By its maker's signed word, or its owner's; not by what was learned, which whoever was
 * in it while it was learned wrote. */
static bool is_listed(
	struct pipeline *p, const struct device *d, const struct advisories_flow *f)
{
	const struct household_device *hd = household_device(&p->household, d->id);

	if (!hd)
		return false;
	if (hd->source && hd->source->profile.signature == SIGNATURE_VALID)
		for (size_t i = 0; i < hd->rule_count; i++)
			if (lists(&hd->rules[i], f))
				return true;
	if (hd->grant.pool && hd->grant.layer == LAYER_OWNER)
		for (size_t i = 0; i < hd->grant.count; i++)
			if (lists(&hd->grant.rules[i], f))
				return true;
	return false;
}

/* ---- evidence ---- */

static bool shows(const struct advisory *a, const struct advisories_flow *f)
{
	if (!advisory_has_traffic(a) || (a->proto && a->proto != f->proto) ||
		(a->port && a->port != f->port))
		return false;
	if (a->has_peer && !prefix_contains(&a->peer, &f->peer))
		return false;
	return !a->domain[0] || (f->name && rule_name_matches(a->domain, f->name));
}

static struct advisory_seen make_seen(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d, const struct advisories_flow *f)
{
	struct advisory_seen e = {.advisory = k->key, .device = d->id, .first = f->last,
		.last = f->last, .peer = f->peer, .proto = f->proto, .port = f->port};

	str_copy(e.name, sizeof(e.name), f->name ? f->name : "");
	e.shared = is_shared(p, k, d, &f->peer);
	e.listed = is_listed(p, d, f);
	return e;
}

static bool is_weak(const struct advisory_seen *e)
{
	return e->shared || e->listed;
}

static struct advisory_seen *known_seen(
	const struct advisories *a, uint32_t key, device_id device)
{
	for (size_t i = 0; i < a->seen_count; i++)
		if (a->seens[i].advisory == key && a->seens[i].device == device)
			return &a->seens[i];
	return NULL;
}

static struct advisory_seen *add_seen(struct advisories *a)
{
	size_t cap = a->seen_cap ? a->seen_cap * 2 : 16;
	struct advisory_seen *list;

	if (a->seen_count == ADVISORIES_SEENS_MAX)
		return NULL;
	if (a->seen_count == a->seen_cap) {
		list = realloc(a->seens, cap * sizeof(*list));
		if (!list)
			return NULL;
		a->seens = list;
		a->seen_cap = cap;
	}
	return &a->seens[a->seen_count++];
}

static void save_seen(struct pipeline *p, const struct device *d,
	const struct advisory_seen *e)
{
	pipeline_save_device(p, d); /* it refers to the device */
	if (store_advisory_seen_save(p->store, e))
		log_error("advisories", "what %s showed was not stored", d->name);
}

/* It was answered, by a return or by firmware, and goes on. */
static bool is_new_again(struct pipeline *p, const struct advisory_seen *have, nstime when)
{
	const struct advisories_device *d =
		advisories_known(&p->advisories, have->device);

	return d && ((have->last <= d->held.healed && when > d->held.healed) ||
			    (have->last <= d->firmware.since && when > d->firmware.since));
}

/* What is everybody's stays weak until something better is seen. */
static void take_seen(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d, const struct advisories_flow *f)
{
	struct advisory_seen *have = known_seen(&p->advisories, k->key, d->id), e;

	bool again = have && is_new_again(p, have, f->last);

	if (have && !is_weak(have) && !again && f->last - have->last < AGAIN) {
		have->last = f->last > have->last ? f->last : have->last;
		return;
	}
	e = make_seen(p, k, d, f);
	if (have && !is_weak(have)) {
		have->last = f->last > have->last ? f->last : have->last;
		if (again)
			advisories_judge_soon(p, d);
	} else if (have && is_weak(&e)) {
		if (f->last - have->last < AGAIN)
			return;
		have->last = f->last;
	} else {
		have = have ? have : add_seen(&p->advisories);
		if (!have) {
			log_warn("advisories", "no room for what %s showed", d->name);
			return;
		}
		*have = e;
		advisories_judge_soon(p, d);
	}
	save_seen(p, d, have);
}

static void compare(struct pipeline *p, const struct device *d,
	const struct advisories_flow *f)
{
	struct advisories *a = &p->advisories;

	for (size_t i = 0; i < a->count; i++)
		if (a->list[i]->state == ADVISORY_ACTIVE && shows(&a->list[i]->a, f) &&
			advisories_selects(p, a->list[i], d))
			take_seen(p, a->list[i], d, f);
}

static void see(struct pipeline *p, const struct device *d,
	const struct advisories_flow *f, bool refused)
{
	struct advisories_device *ad;

	if (!p->advisories.open || addr_is_private(&f->peer) ||
		addr_is_link_local(&f->peer) || addr_is_multicast(&f->peer) ||
		policy_env_is_local(&p->household.env, &f->peer))
		return;
	ad = advisories_device(&p->advisories, d->id);
	if (!ad)
		return;
	if (refused)
		remember(&ad->refused, f, ADVISORIES_REFUSED_MAX);
	else
		remember(&ad->talked, f, ADVISORIES_TALKED_MAX);
	compare(p, d, f);
}

void advisories_see_record(
	struct pipeline *p, const struct device *d, const struct record *r)
{
	struct advisories_flow f = {.last = r->last, .peer = r->peer, .proto = r->proto,
		.port = record_port(r), .name = r->name[0] ? (char *)r->name : NULL};

	if (r->place == RECORD_INTERNET && r->direction == DIRECTION_FROM_DEVICE)
		see(p, d, &f, false);
}

void advisories_see_refused(
	struct pipeline *p, const struct device *d, const struct event *e)
{
	struct advisories_flow f = {.last = pipeline_wall(p), .peer = e->flow.peer,
		.proto = e->flow.proto, .port = e->flow.peer_port,
		.name = e->name[0] ? (char *)e->name : NULL};

	if (e->flow.direction == DIRECTION_FROM_DEVICE && e->reason != REASON_SPOOFED)
		see(p, d, &f, true);
}

/* The best that is remembered of one device. */
static const struct advisories_flow *best_of(struct pipeline *p,
	const struct advisory_kept *k, const struct device *d)
{
	const struct advisories_device *ad = advisories_known(&p->advisories, d->id);
	const struct advisories_flows *parts[] = {
		ad ? &ad->talked : NULL, ad ? &ad->refused : NULL};
	const struct advisories_flow *best = NULL;
	bool weak = true;

	for (size_t n = 0; ad && n < 2; n++)
		for (size_t i = 0; i < parts[n]->count && weak; i++) {
			const struct advisories_flow *f = &parts[n]->items[i];

			if (!shows(&k->a, f) ||
				pipeline_wall(p) - f->last > ADVISORIES_DAY)
				continue;
			struct advisory_seen e = make_seen(p, k, d, f);

			weak = is_weak(&e);
			best = f;
		}
	return best;
}

void advisories_look_back(struct pipeline *p, const struct advisory_kept *k)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct advisories_flow *f;

		if (!advisories_selects(p, k, d))
			continue;
		f = best_of(p, k, d);
		if (f)
			take_seen(p, k, d, f);
		advisories_judge_soon(p, d);
	}
}

const struct advisory_seen *advisories_evidence(struct pipeline *p,
	const struct advisory_kept *k, const struct device *d,
	struct advisory_seen *scratch)
{
	const struct advisories_flow *f;

	if (k->key)
		return known_seen(&p->advisories, k->key, d->id);
	f = best_of(p, k, d);
	if (!f)
		return NULL;
	*scratch = make_seen(p, k, d, f);
	return scratch;
}

/* ---- the owner's list ---- */

static size_t shared_at(const struct advisories *a, const struct prefix *n)
{
	size_t i = 0;

	while (i < a->shared_count && (a->shared[i].prefix.len != n->len ||
					      !addr_equal(&a->shared[i].prefix.addr, &n->addr)))
		i++;
	return i;
}

int advisories_shared_add(struct pipeline *p, const struct store_shared *n)
{
	struct advisories *a = &p->advisories;
	size_t i = shared_at(a, &n->prefix);
	struct store_shared *list;
	int error;

	if (i == a->shared_count) {
		if (i == STORE_SHARED_MAX)
			return CARDEA_ELIMIT;
		list = realloc(a->shared, (i + 1) * sizeof(*list));
		if (!list)
			return -ENOMEM;
		a->shared = list;
	}
	error = store_shared_save(p->store, n);
	if (!error)
		error = store_commit(p->store);
	if (error)
		return error;
	a->shared[i] = *n;
	a->shared_count += i == a->shared_count;
	return 0;
}

int advisories_shared_remove(struct pipeline *p, const struct prefix *n)
{
	struct advisories *a = &p->advisories;
	size_t i = shared_at(a, n);
	int error = i < a->shared_count ? store_shared_remove(p->store, n) : -ENOENT;

	if (!error)
		error = store_commit(p->store);
	if (!error)
		a->shared[i] = a->shared[--a->shared_count];
	return error;
}
