// SPDX-License-Identifier: GPL-2.0-or-later
/* From devices, policies and names to kernel elements, by differences. */
#include "engine/household_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/classes.h"

void household_init(struct household *h, struct commit *c)
{
	memset(h, 0, sizeof(*h));
	h->commit = c;
	h->knows_gates = true;
	h->key = hash_key_random();
}

static void free_device(struct household_device *d)
{
	bindings_free(&d->names);
	pool_free(d->pool);
	pool_free(d->file);
	pool_free(d->grant.pool);
	free(d->overlays);
	free(d->updates);
	element_list_free(&d->installed);
	free(d->opened.items);
	free(d->hits);
	free(d->hit_of_rule);
	free(d);
}

void household_free(struct household *h)
{
	for (size_t i = 0; i < h->count; i++)
		free_device(h->devices[i]);
	element_list_free(&h->house);
	h->count = 0;
}

bool household_is_gateway(const struct household *h, const struct mac *mac)
{
	for (size_t i = 0; i < h->gateway_mac_count; i++)
		if (mac_equal(&h->gateway_macs[i], mac))
			return true;
	return false;
}

/* Asked for many times over when a class of devices is looked at. */
static struct household_device *known_device(struct household *h, device_id id)
{
	uint16_t *hint = &h->places[id % LIMIT_DEVICES];

	if (*hint < h->count && h->devices[*hint]->id == id)
		return h->devices[*hint];
	for (size_t i = 0; i < h->count; i++)
		if (h->devices[i]->id == id) {
			*hint = (uint16_t)i;
			return h->devices[i];
		}
	return NULL;
}

struct household_device *household_device(struct household *h, device_id id)
{
	struct household_device *d = known_device(h, id);

	if (d || h->count == LIMIT_DEVICES)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->id = id;
	d->house = h;
	bindings_init(&d->names, 0);
	h->devices[h->count++] = d;
	return d;
}

static bool names_has(void *ctx, const char *name, const struct addr *a)
{
	const struct household_names *n = ctx;

	return bindings_has(&n->device->names, name, a, n->wall);
}

static size_t names_addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	const struct household_names *n = ctx;

	return bindings_addrs(&n->device->names, name, n->wall, out, max);
}

static size_t names_members(
	void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	const struct household_names *n = ctx;

	return classes_members(n->device->house->classes, n->device, p, out, max);
}

struct policy_names household_names(
	struct household_names *n, const struct household_device *d, nstime wall)
{
	n->device = d;
	n->wall = wall;
	return (struct policy_names){.has = names_has,
		.addrs = names_addrs,
		.members = d->house->classes ? names_members : NULL,
		.ctx = n};
}

struct listing {
	struct element_list *list;
	const struct household_device *hd;
};

static int list_emit(void *ctx, const struct element *e, rule_id rule)
{
	struct listing *l = ctx;

	if (e->gate)
		household_gate_element(l->list, l->hd, e, rule);
	else
		element_list_add(l->list, e);
	return l->list->error;
}

static void device_elements(struct household *h, const struct device *d,
	const struct household_device *hd, nstime wall, struct element_list *l,
	bool *ret_whole)
{
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE];
	struct policy_device pd = household_for(d, addrs);
	struct household_names n;
	struct policy_names names = household_names(&n, hd, wall);
	struct element managed = {.kind = ELEMENT_MANAGED, .mac = d->mac};
	struct listing listing = {l, hd};
	bool enforced = hd->pool && device_is_enforced(d);
	int error;

	*ret_whole = true;
	if (household_is_gateway(h, &d->mac))
		return; /* known as a device before it became ours */
	for (size_t i = 0; i < d->addr_count; i++) {
		element_list_addr(l, ELEMENT_BOUND, &d->mac, &addrs[i]);
		element_list_addr(l, ELEMENT_OWNED, NULL, &addrs[i]);
		if (enforced)
			element_list_addr(l, ELEMENT_POLICED, NULL, &addrs[i]);
	}
	if (enforced) {
		element_list_add(l, &managed);
		if (!household_tells(hd))
			household_limit_elements(hd, d, l);
		household_name_elements(h, hd, d, l, ret_whole);
		error = policy_compile(
			&hd->policy, &h->env, &names, &pd, list_emit, &listing);
		if (!error && household_tells(hd))
			error = household_told_elements(hd, d, wall, l);
		if (error)
			l->error = error;
	}
	household_watch_elements(h, d, wall, l);
	element_list_finish(l);
}

static int send_remove(void *ctx, const struct element *e)
{
	commit_element(ctx, true, e);
	return 0;
}

static int send_add(void *ctx, const struct element *e)
{
	commit_element(ctx, false, e);
	return 0;
}

static void send_changes(struct household *h, const struct element_list *before,
	const struct element_list *after)
{
	if (policy_diff(before->items, before->count, after->items, after->count,
		    send_remove, send_add, h->commit))
		log_error("household", "a change of rules could not be worked out");
}

static bool list_has(const struct element_list *l, const struct element *e)
{
	return l->count &&
	       bsearch(e, l->items, l->count, sizeof(*e), element_list_order);
}

/* Addresses that one list binds to the device and the other does not; how many. */
static size_t bound_only_in(const struct element_list *l,
	const struct element_list *other, struct addr out[LIMIT_ADDRS_PER_DEVICE])
{
	size_t count = 0;

	for (size_t i = 0; i < l->count && count < LIMIT_ADDRS_PER_DEVICE; i++)
		if (l->items[i].kind == ELEMENT_BOUND && !list_has(other, &l->items[i]))
			out[count++] = l->items[i].device;
	return count;
}

/* What others may know the device by: as a member of what, under which addresses. */
static void tell_classes(
	struct household *h, const struct device *d, struct household_device *hd)
{
	bool member = device_is_enforced(d) && device_is_proven(d);
	const char *url = member ? d->mud_url : "";

	if (strcmp(hd->member_url, url) == 0)
		return;
	classes_changed(h->classes, hd->member_url[0] != 0);
	str_copy(hd->member_url, sizeof(hd->member_url), url);
}

static void tell_classes_addrs(struct household *h, const struct element_list *before,
	const struct element_list *after)
{
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE];
	bool lost = bound_only_in(before, after, addrs) > 0;

	if (lost || bound_only_in(after, before, addrs) > 0)
		classes_changed(h->classes, lost);
}

static void follow_classes(struct household *h, struct household_device *hd)
{
	hd->members = hd->pool && hd->uses_classes && h->classes
			      ? classes_print(h->classes, hd)
			      : 0;
}

/* What is to be there for a device, beside what is. */
struct update {
	struct household *h;
	const struct device *device;
	struct household_device *hd;
	struct element_list after, names; /* without and with timeouts */
	bool whole, forget, names_change;
	nstime wall;
};

static bool lets_pass(enum element_kind k)
{
	return k == ELEMENT_OUT || k == ELEMENT_OUT_RANGE || k == ELEMENT_IN ||
	       k == ELEMENT_IN_RANGE || k == ELEMENT_NAME;
}

static int note_removed(void *ctx, const struct element *e)
{
	struct update *u = ctx;

	u->forget |= lets_pass(e->kind);
	u->names_change |= e->kind == ELEMENT_NAME || e->kind == ELEMENT_MANAGED;
	return 0;
}

static int note_added(void *ctx, const struct element *e)
{
	struct update *u = ctx;

	u->names_change |= e->kind == ELEMENT_NAME || e->kind == ELEMENT_MANAGED;
	return 0;
}

/* What the change means for conversations and for names. */
static void weigh(struct update *u)
{
	const struct element_list *before = &u->hd->installed;

	(void)!policy_diff(before->items, before->count, u->after.items, u->after.count,
		note_removed, note_added, u);
	u->names_change |= u->whole != u->hd->whole;
	u->forget |= household_closes(u->h, u->hd, &u->names, u->wall);
}

/* Every element is in its place already. */
static bool is_done(const struct update *u)
{
	const struct element_list *before = &u->hd->installed;

	if (u->forget || before->count != u->after.count)
		return false;
	for (size_t i = 0; i < before->count; i++)
		if (element_compare(&before->items[i], &u->after.items[i]) != 0 ||
			before->items[i].rate != u->after.items[i].rate)
			return false;
	return household_count_new(u->h, u->hd, &u->names, u->wall) == 0;
}

static void send_update(struct update *u)
{
	struct household *h = u->h;
	struct household_device *hd = u->hd;
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE], lost[LIMIT_ADDRS_PER_DEVICE];
	struct policy_device pd = household_for(u->device, addrs);
	size_t lost_count = bound_only_in(&hd->installed, &u->after, lost);

	commit_begin(h->commit, false);
	send_changes(h, &hd->installed, &u->after);
	/* Flows of an address that the device lost are its next owner's to open. */
	if (lost_count)
		commit_forget(h->commit, &u->device->mac, lost, lost_count);
	if (u->forget)
		commit_forget(h->commit, &u->device->mac, pd.addrs, pd.addr_count);
	/* What FORGET is not to take is named. */
	household_send_names(h, hd, &u->names, u->forget || lost_count, u->wall);
	commit_end(h->commit, 0);
	household_set_opened(h, hd, &u->names, u->wall);
}

static void apply(struct update *u)
{
	struct household *h = u->h;
	struct household_device *hd = u->hd;

	weigh(u);
	if (u->names_change && h->hold)
		h->hold(h->hold_ctx, u->device);
	hd->whole = u->whole;
	if (!h->commit->in_step) {
		hd->owes_forget |= u->forget;
		if (u->names_change)
			hd->names_seq = HOUSEHOLD_SEQ_NEVER;
	} else if (!is_done(u)) {
		send_update(u);
		if (u->names_change)
			hd->names_seq = h->commit->seq;
	}
	tell_classes_addrs(h, &hd->installed, &u->after);
	element_list_free(&hd->installed);
	hd->installed = u->after;
}

void household_update(
	struct household *h, const struct device *d, bool forget, nstime wall)
{
	struct household_device *hd = household_device(h, d->id);
	struct update u = {
		.h = h, .device = d, .hd = hd, .forget = forget, .wall = wall};

	if (!hd)
		return;
	if (h->unconfirm)
		h->unconfirm(h->hold_ctx, d);
	tell_classes(h, d, hd);
	follow_classes(h, hd);
	device_elements(h, d, hd, wall, &u.after, &u.whole);
	if (u.after.error && hd->hold && !hd->bare && household_remake_bare(hd) == 0) {
		log_warn("household",
			"device %u: its rules are too many to be held with: %s; it is held "
			"without them", d->id, error_text(u.after.error));
		element_list_free(&u.after);
		device_elements(h, d, hd, wall, &u.after, &u.whole);
	}
	household_open_names(h, d, hd, wall, &u.names);
	element_list_finish(&u.names);
	if (u.after.error || u.names.error) {
		/* The kernel keeps what it has: neither opened nor closed. */
		log_error("household", "device %u: %s; its rules stay as they were",
			d->id,
			error_text(u.after.error ? u.after.error : u.names.error));
		element_list_free(&u.after);
	} else {
		apply(&u);
	}
	element_list_free(&u.names);
}

void household_expire(struct household *h, const struct device *d, nstime wall)
{
	struct household_device *hd = household_device(h, d->id);
	bool gives_back, unblocked;

	if (!hd)
		return;
	gives_back = unblocked = household_unblock(hd, wall);
	for (uint32_t i = 0; i < hd->names.count && hd->pool && !gives_back; i++)
		gives_back = hd->names.entries[i].expires <= wall &&
			     policy_denies_name(&hd->policy, hd->names.entries[i].name);
	if ((bindings_expire(&hd->names, wall) && gives_back) || unblocked)
		household_update(h, d, false, wall);
}

void household_remove(struct household *h, const struct device *d)
{
	struct element_list none = {0};
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE];
	struct policy_device pd = household_for(d, addrs);
	size_t i = 0;

	while (i < h->count && h->devices[i]->id != d->id)
		i++;
	if (i == h->count)
		return;
	if (h->commit->in_step) {
		commit_begin(h->commit, false);
		send_changes(h, &h->devices[i]->installed, &none);
		commit_forget(h->commit, &d->mac, pd.addrs, pd.addr_count);
		commit_end(h->commit, 0);
	}
	free_device(h->devices[i]);
	h->devices[i] = h->devices[--h->count];
	classes_forget(h->classes, d->id);
}

void household_shift(struct household *h, nstime before, nstime jump)
{
	nstime longest = (nstime)(BINDING_TTL_MAX_S + BINDING_GRACE_S) * NS_PER_SEC;

	for (size_t i = 0; i < h->count; i++) {
		struct bindings *b = &h->devices[i]->names;

		for (uint32_t k = 0; k < b->count; k++)
			if (b->entries[k].expires <= before + longest) {
				b->entries[k].told += jump;
				b->entries[k].expires += jump;
			}
		for (size_t k = 0; k < h->devices[i]->block_count; k++)
			h->devices[i]->blocks[k].until += jump;
		if (h->devices[i]->probe.until)
			h->devices[i]->probe.until += jump;
	}
}

static void add_local(struct element_list *l, const struct prefix *p)
{
	struct element e = {.kind = ELEMENT_LOCAL, .family = p->addr.family};

	prefix_range(p, &e.peer_lo, &e.peer_hi);
	element_list_add(l, &e);
}

/* Ranges of one set must be disjoint; prefixes are, or one holds the other. */
static void add_locals(struct element_list *l, const struct prefix *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool held = false;

		for (size_t k = 0; k < count && !held; k++)
			held = k != i && prefix_contains(&all[k], &all[i].addr) &&
			       (all[k].len < all[i].len ||
				       (all[k].len == all[i].len && k < i));
		if (!held)
			add_local(l, &all[i]);
	}
}

static void house_elements(const struct household *h, struct element_list *l)
{
	/* Addresses that devices give themselves (RFC 3927, RFC 4291 2.5.6). */
	static const char *const link_local[] = {"169.254.0.0/16", "fe80::/10"};
	struct prefix all[LIMIT_LAN_PREFIXES + 2];
	size_t count = 0;

	for (size_t i = 0; i < 2; i++)
		count += prefix_parse(link_local[i], &all[count]) == 0;
	for (size_t i = 0; i < h->env.lan_count; i++)
		all[count++] = h->env.lan[i];
	add_locals(l, all, count);
	for (size_t i = 0; i < h->env.gateway_count; i++) {
		element_list_addr(l, ELEMENT_OWNED, NULL, &h->env.gateway[i]);
		for (size_t j = 0; j < h->gateway_mac_count; j++)
			element_list_addr(l, ELEMENT_BOUND, &h->gateway_macs[j],
				&h->env.gateway[i]);
	}
	element_list_finish(l);
}

void household_update_house(struct household *h)
{
	struct element_list after = {0};

	house_elements(h, &after);
	if (after.error) {
		log_error("household",
			"%s; the house's own addresses stay as they were",
			error_text(after.error));
		element_list_free(&after);
		return;
	}
	if (h->commit->in_step) {
		commit_begin(h->commit, false);
		send_changes(h, &h->house, &after);
		commit_end(h->commit, 0);
	}
	element_list_free(&h->house);
	h->house = after;
}

static void sync_device(
	struct household *h, const struct device *d, struct household_device *hd, nstime wall)
{
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE];
	struct policy_device pd = household_for(d, addrs);
	struct element_list names = {0};

	for (size_t k = 0; k < hd->installed.count; k++)
		commit_element(h->commit, false, &hd->installed.items[k]);
	if (hd->owes_forget)
		commit_forget(h->commit, &d->mac, pd.addrs, pd.addr_count);
	hd->owes_forget = false;
	household_open_names(h, d, hd, wall, &names);
	element_list_finish(&names);
	household_send_names(h, hd, &names, true, wall);
	household_set_opened(h, hd, &names, wall);
	element_list_free(&names);
	if (hd->names_seq == HOUSEHOLD_SEQ_NEVER)
		hd->names_seq = h->commit->seq;
}

void household_sync(struct household *h, const struct device *(*at)(void *, size_t),
	void *ctx, nstime wall)
{
	const struct device *d;

	for (size_t i = 0; h->unconfirm && (d = at(ctx, i)); i++)
		h->unconfirm(h->hold_ctx, d);
	household_update_house(h);
	commit_begin(h->commit, true);
	for (size_t i = 0; i < h->house.count; i++)
		commit_element(h->commit, false, &h->house.items[i]);
	for (size_t i = 0; (d = at(ctx, i)); i++) {
		struct household_device *hd = household_device(h, d->id);

		if (hd)
			sync_device(h, d, hd, wall);
	}
	commit_end(h->commit, 0);
}
