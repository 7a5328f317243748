// SPDX-License-Identifier: GPL-2.0-or-later
/* Where devices that are held may fetch what repairs them: by whose word, and kept. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/held.h"
#include "engine/pipeline.h"

const char *pipeline_update_host_why(
	struct pipeline *p, const struct device *d, const struct update_host *h)
{
	const struct policy_env *env = &p->household.env;
	const char *flaw = update_host_flaw(h);
	size_t n = strlen(h->name), tail = strlen(p->dns_domain);

	if (flaw)
		return flaw;
	if (h->source == UPDATE_MUD)
		return "is its file's to say";
	if (h->has_addr ? encrypted_by_addr(&h->addr) != NULL
			: encrypted_by_name(&p->encrypted, h->name) != NULL)
		return "is a public resolver, through which anything can be told";
	if (tail && n >= tail && strcmp(h->name + n - tail, p->dns_domain) == 0 &&
		(n == tail || h->name[n - tail - 1] == '.'))
		return "is a name of this house";
	for (size_t i = 0; h->has_addr && i < d->addr_count; i++)
		if (addr_equal(&d->addrs[i].addr, &h->addr))
			return "is its own address";
	if (h->has_addr && policy_env_is_gateway(env, &h->addr))
		return "is this gateway, which gives to who is held what it may have";
	if (h->has_addr && h->source != UPDATE_OWNER && policy_env_is_local(env, &h->addr))
		return "is an address of this house, which only its owner can mean";
	return NULL;
}

/* All that is kept for the device, with one more or one less. */
struct list {
	struct update_host hosts[LIMIT_UPDATE_HOSTS];
	size_t count;
};

static void copy_list(const struct household_device *hd, struct list *ret)
{
	ret->count = hd->update_count;
	if (ret->count)
		memcpy(ret->hosts, hd->updates, ret->count * sizeof(ret->hosts[0]));
}

static size_t find(const struct list *l, const struct update_host *h)
{
	size_t i = 0;

	while (i < l->count && !update_host_equal(&l->hosts[i], h))
		i++;
	return i;
}

static size_t count_of(const struct list *l, enum update_source source)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		n += l->hosts[i].source == source;
	return n;
}

static int put(struct pipeline *p, const struct device *d, const struct list *l)
{
	int error = household_updates(
		&p->household, d, l->hosts, l->count, pipeline_wall(p));

	if (!error)
		pipeline_dns_follow(p, d);
	return error;
}

static int keep(struct pipeline *p, struct device *d, const struct update_host *h)
{
	int error = store_device_save(p->store, d); /* it refers to the device */

	if (!error)
		error = store_update_host_save(p->store, h);
	if (!error)
		error = store_commit(p->store);
	return error;
}

int pipeline_update_host_add(
	struct pipeline *p, struct device *d, const struct update_host *wanted)
{
	struct household_device *hd = household_device(&p->household, d->id);
	struct update_host h = *wanted;
	char words[UPDATE_HOST_WORDS_MAX];
	struct list l;
	int error;

	if (!hd)
		return CARDEA_ELIMIT;
	if (pipeline_update_host_why(p, d, &h))
		return CARDEA_EREFUSED;
	h.device = d->id;
	h.since = pipeline_wall(p);
	copy_list(hd, &l);
	if (find(&l, &h) < l.count)
		return 0;
	if (count_of(&l, h.source) >= HELD_HOSTS_MAX || l.count == LIMIT_UPDATE_HOSTS)
		return CARDEA_ELIMIT;
	error = keep(p, d, &h);
	if (error)
		return error;
	l.hosts[l.count++] = h;
	error = put(p, d, &l);
	if (error) {
		(void)!store_update_host_remove(p->store, &h);
		(void)!store_commit(p->store);
		return error;
	}
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_OVERLAY,
		"While it is held %s may fetch updates from %s (%s).", d->name,
		update_host_words(&h, words), update_source_name(h.source));
	return 0;
}

int pipeline_update_host_remove(
	struct pipeline *p, struct device *d, const struct update_host *wanted)
{
	struct household_device *hd = household_device(&p->household, d->id);
	struct update_host h = *wanted;
	char words[UPDATE_HOST_WORDS_MAX];
	struct list l;
	size_t i;
	int error;

	if (!hd)
		return -ENOENT;
	h.device = d->id;
	copy_list(hd, &l);
	i = find(&l, &h);
	if (i == l.count)
		return -ENOENT;
	memmove(&l.hosts[i], &l.hosts[i + 1], (--l.count - i) * sizeof(l.hosts[0]));
	error = put(p, d, &l);
	if (error)
		return error;
	/* what is taken away is so at once; what stays in the store is tried again */
	error = store_update_host_remove(p->store, &h);
	if (!error)
		error = store_commit(p->store);
	if (error)
		log_error("pipeline", "%s: %s comes back with the next start: %s", d->name,
			update_host_words(&h, words), error_text(error));
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_OVERLAY,
		"While it is held %s may no longer fetch updates from %s.", d->name,
		update_host_words(&h, words));
	return 0;
}

/* ---- what was learned, at the moment when it is held ---- */

struct learning {
	struct pipeline *p;
	const struct device *device;
	struct list list;
	nstime before; /* first seen */
};

/* It fetched much from there when it updated itself, long before this. */
static bool is_update_kind(const struct learning *l, const struct learned_kind *k)
{
	return k->direction == DIRECTION_FROM_DEVICE && k->place == RECORD_INTERNET &&
	       k->episodes[LEARNED_UPDATE] > 0 && k->first <= l->before &&
	       k->bytes_p99 >= HELD_LEARNED_BYTES &&
	       k->bytes[DIRECTION_TO_DEVICE] > k->bytes[DIRECTION_FROM_DEVICE] &&
	       !k->port_any && k->port && k->name[0] &&
	       (k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP);
}

static int learn_kind(void *ctx, const struct learned_kind *k)
{
	struct learning *l = ctx;
	struct update_host h = {.device = l->device->id, .proto = k->proto, .port = k->port,
		.source = UPDATE_LEARNED, .since = k->first};

	if (!is_update_kind(l, k) || count_of(&l->list, UPDATE_LEARNED) >= HELD_HOSTS_MAX)
		return 0;
	str_copy(h.name, sizeof(h.name), k->name);
	if (!pipeline_update_host_why(l->p, l->device, &h) && find(&l->list, &h) == l->list.count)
		l->list.hosts[l->list.count++] = h;
	return 0;
}

static void save_learned(struct pipeline *p, const struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->hosts[i].source == UPDATE_LEARNED &&
			store_update_host_save(p->store, &l->hosts[i]))
			log_warn("pipeline", "an update host that was learned is not stored");
}

/* What it learns while it is held is not its own habit. */
static void learn(struct pipeline *p, const struct device *d, struct household_device *hd)
{
	struct learn_source s = learner_source(&p->learner, d);
	struct learning l = {
		.p = p, .device = d, .before = pipeline_wall(p) - HELD_LEARNED_AGE};
	size_t known = hd->update_count;

	if (!s.learned || !learner_is_on(&p->learner, d))
		return;
	copy_list(hd, &l.list);
	if (learned_kinds(s.learned, &d->mac, true, learn_kind, &l) || l.list.count == known)
		return;
	if (household_updates(&p->household, d, l.list.hosts, l.list.count, pipeline_wall(p)))
		log_warn("pipeline", "%s is held without the update hosts that it had", d->name);
	else
		save_learned(p, &l.list);
}

/* Others in the house hang on it: what it does with them goes on while it is held. */
static bool keeps_fabric(enum device_class c)
{
	return c == DEVICE_CLASS_HUB || c == DEVICE_CLASS_CLIMATE || device_class_is_critical(c);
}

static void holding(void *ctx, const struct device *d, struct household_device *hd)
{
	struct pipeline *p = ctx;

	hd->keeps_fabric = keeps_fabric(pipeline_class_of(p, d));
	/* with the next start it is held already, and may be learning from an attacker */
	if (d->state != DEVICE_QUARANTINED)
		learn(p, d, hd);
}

static int load_host(void *ctx, const struct update_host *h)
{
	struct pipeline *p = ctx;
	struct device *d = inventory_by_id(p->inventory, h->device);
	struct household_device *hd = d ? household_device(&p->household, d->id) : NULL;
	struct list l;

	if (!hd || pipeline_update_host_why(p, d, h))
		return 0;
	copy_list(hd, &l);
	if (l.count == LIMIT_UPDATE_HOSTS)
		return 0;
	l.hosts[l.count++] = *h;
	return household_updates(&p->household, d, l.hosts, l.count, pipeline_wall(p));
}

int pipeline_held_open(struct pipeline *p)
{
	p->household.holding = holding;
	return store_update_hosts(p->store, load_host, p);
}
