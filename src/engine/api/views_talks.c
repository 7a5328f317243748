// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom a device talks with, what it may and never did. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/effect.h"

#define HOURS_DEFAULT 24
#define HOURS_MAX (HISTORY_TALK_DAYS * 24)
#define TALKS_MAX 200 /* peers that a page can show */
#define UNSEEN_MAX 100

struct talk {
	struct store_peer peer;
	uint64_t up, down, count, refused;
	nstime last;
};

struct talks {
	struct talk *list;
	size_t count, cap;
};

/* Both rows of a peer come together. */
static int take(void *ctx, const struct store_peer *p, const struct store_talk *t)
{
	struct talks *all = ctx;
	struct talk *one = all->count ? &all->list[all->count - 1] : NULL;

	if (!one || one->peer.id != p->id) {
		if (all->count == all->cap) {
			size_t cap = all->cap ? all->cap * 2 : 32;

			one = realloc(all->list, cap * sizeof(*one));
			if (!one)
				return -ENOMEM;
			all->list = one;
			all->cap = cap;
		}
		one = &all->list[all->count++];
		*one = (struct talk){.peer = *p};
	}
	if (t->refused)
		one->refused += t->count;
	else
		one->count += t->count;
	one->up += t->up;
	one->down += t->down;
	if (t->last > one->last)
		one->last = t->last;
	return 0;
}

static int order(const void *a, const void *b)
{
	const struct talk *x = a, *y = b;
	uint64_t m = x->up + x->down, n = y->up + y->down;

	if (m != n)
		return m > n ? -1 : 1;
	if (x->refused != y->refused)
		return x->refused > y->refused ? -1 : 1;
	return (x->peer.id > y->peer.id) - (x->peer.id < y->peer.id);
}

static const char *where_of(enum record_place p)
{
	switch (p) {
	case RECORD_GATEWAY:
		return "gateway";
	case RECORD_DEVICE:
	case RECORD_GROUP:
		return "local";
	case RECORD_INTERNET:
	case RECORD_PLACE_MAX:
		break;
	}
	return "internet";
}

/* ---- what the owner is asked ---- */

struct asking {
	const struct store_peer *peer;
	bool found;
};

static int is_same(void *ctx, const struct maintain_item *i)
{
	struct asking *a = ctx;
	const struct learned_kind *k = &i->kind;

	if (k->direction == a->peer->direction && k->proto == a->peer->proto &&
		(k->port_any || k->port == a->peer->port) &&
		(k->name[0] ? rule_name_matches(k->name, a->peer->name)
			    : k->place == a->peer->place))
		a->found = k->name[0] || addr_equal(&k->peer, &a->peer->addr) ||
			   (k->place == RECORD_DEVICE &&
				   mac_equal(&k->peer_mac, &a->peer->mac));
	return a->found;
}

static bool waits(struct pipeline *p, const struct device *d, const struct store_peer *peer)
{
	const struct maintain *m = learner_maintain_of(p, &d->mac);
	struct asking a = {.peer = peer};

	if (m)
		(void)maintain_items(m, MAINTAIN_PROPOSED, is_same, &a);
	return a.found;
}

/* ---- peers ---- */

static void write_peer_name(struct api_request *r, const struct store_peer *peer)
{
	static const struct mac none;
	const struct device *other = NULL;
	struct jsonw *j = &r->json;

	if (peer->place == RECORD_DEVICE)
		other = mac_equal(&peer->mac, &none)
				? inventory_by_addr(r->pipeline->inventory, &peer->addr)
				: inventory_by_mac(r->pipeline->inventory, &peer->mac);
	jsonw_kv_string(j, "where", where_of(peer->place));
	jsonw_kv_untrusted(j, "name",
		other ? other->name : peer->name[0] ? peer->name : NULL);
	if (peer->addr.family)
		jsonw_kv_addr(j, "address", &peer->addr);
	else
		jsonw_kv_string(j, "address", NULL);
	jsonw_key(j, "device");
	if (other)
		jsonw_u64(j, other->id);
	else
		jsonw_null(j);
}

static void write_service(struct jsonw *j, int proto, unsigned port)
{
	char text[FLOW_PROTO_TEXT_MAX];

	jsonw_kv_string(j, "proto", proto > 0 ? flow_proto_text((uint8_t)proto, text) : NULL);
	jsonw_key(j, "port");
	if (proto == FLOW_PROTO_TCP || proto == FLOW_PROTO_UDP)
		jsonw_u64(j, port);
	else
		jsonw_null(j);
}

static void write_peer(struct api_request *r, const struct effect_bench *b,
	const struct talk *t)
{
	struct jsonw *j = &r->json;
	struct effect_verdict v;
	char sentence[RULE_SENTENCE_MAX];
	bool asked;

	effect_judge(b, &t->peer, &v);
	asked = !v.allowed && waits(r->pipeline, b->device, &t->peer);
	jsonw_object(j);
	write_peer_name(r, &t->peer);
	write_service(j, t->peer.proto, t->peer.port);
	jsonw_kv_bool(j, "inbound", t->peer.direction == DIRECTION_TO_DEVICE);
	jsonw_kv_u64(j, "up", t->up);
	jsonw_kv_u64(j, "down", t->down);
	jsonw_kv_u64(j, "count", t->count);
	jsonw_kv_u64(j, "refused", t->refused);
	jsonw_kv_time(j, "first", t->peer.first);
	jsonw_kv_time(j, "last", t->last);
	jsonw_kv_string(j, "verdict", asked ? "waits" : v.allowed ? "allowed" : "blocked");
	jsonw_kv_untrusted(j, "rule", v.rule ? rule_sentence(v.rule, sentence) : NULL);
	jsonw_kv_string(j, "source", v.rule ? layer_name(v.rule->layer) : NULL);
	jsonw_object_end(j);
}

/* All that had no row of its own. */
static void write_other(struct jsonw *j, const struct talk *t)
{
	jsonw_key(j, "other");
	if (!t) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_u64(j, "up", t->up);
	jsonw_kv_u64(j, "down", t->down);
	jsonw_kv_u64(j, "count", t->count);
	jsonw_kv_u64(j, "refused", t->refused);
	jsonw_object_end(j);
}

static void write_peers(struct api_request *r, const struct effect_bench *b,
	const struct talks *all)
{
	struct jsonw *j = &r->json;
	const struct talk *other = NULL;
	size_t written = 0, more = 0;

	jsonw_key(j, "peers");
	jsonw_array(j);
	for (size_t i = 0; i < all->count; i++) {
		const struct talk *t = &all->list[i];

		if (t->peer.place == RECORD_PLACE_MAX)
			other = t;
		else if (written == TALKS_MAX)
			more++;
		else {
			write_peer(r, b, t);
			written++;
		}
	}
	jsonw_array_end(j);
	jsonw_kv_u64(j, "more", more);
	write_other(j, other);
}

/* ---- allowed, and never seen ---- */

static const char *where_of_rule(const struct policy_env *env, const struct rule *r)
{
	switch (r->peer.kind) {
	case PEER_GATEWAY:
	case PEER_CONTROLLER_DNS:
	case PEER_CONTROLLER_NTP:
		return "gateway";
	case PEER_PREFIX:
		if (!policy_env_is_local(env, &r->peer.prefix.addr) &&
			!addr_is_multicast(&r->peer.prefix.addr))
			return "internet";
		break;
	case PEER_ANY:
	case PEER_NAME:
		return "internet";
	case PEER_LOCAL_NETWORKS:
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAC:
	case PEER_MAX:
		break;
	}
	return "local";
}

/* The rule's peer, by a word that fits a small circle. */
static const char *rule_peer(const struct rule *r, char buf[LIMIT_NAME])
{
	if (r->peer.kind == PEER_NAME)
		return r->peer.name;
	if (r->peer.kind == PEER_MAC)
		return mac_format(&r->peer.mac, buf);
	if (r->peer.kind != PEER_PREFIX)
		return NULL;
	return r->peer.prefix.len == addr_bits(&r->peer.prefix.addr)
		       ? addr_format(&r->peer.prefix.addr, buf)
		       : prefix_format(&r->peer.prefix, buf);
}

static void write_unseen_rule(struct jsonw *j, const struct policy_env *env,
	const struct rule *r)
{
	const struct range16 *port =
		r->direction == DIRECTION_FROM_DEVICE ? &r->peer_port : &r->device_port;
	char sentence[RULE_SENTENCE_MAX], text[LIMIT_NAME];

	jsonw_object(j);
	jsonw_kv_string(j, "where", where_of_rule(env, r));
	jsonw_kv_untrusted(j, "name", rule_peer(r, text));
	write_service(j, port->lo == port->hi ? r->proto : 0, port->lo);
	jsonw_kv_bool(j, "inbound", r->direction == DIRECTION_TO_DEVICE);
	jsonw_kv_untrusted(j, "text", rule_sentence(r, sentence));
	jsonw_kv_string(j, "source", layer_name(r->layer));
	jsonw_object_end(j);
}

static bool was_used(struct pipeline *p, struct household_device *hd, uint32_t rule)
{
	const struct rule_hits *h = household_hits(hd, rule, pipeline_wall(p));

	return !h || h->last;
}

/* Rules of files and of the owner, in force, that were never used. */
static void write_unseen(struct api_request *r, const struct effect_bench *b)
{
	struct household_device *hd =
		household_device(&r->pipeline->household, b->device->id);
	struct jsonw *j = &r->json;
	size_t written = 0;

	jsonw_key(j, "unseen");
	jsonw_array(j);
	for (uint32_t i = 0; b->policy && i < b->policy->base_first; i++) {
		const struct rule *rule = &b->policy->rules[i];

		if (!rule_in_force(rule) || rule->action != RULE_ACCEPT ||
			rule->ethertype != RULE_ETHERTYPE_IP || written == UNSEEN_MAX ||
			!hd || was_used(r->pipeline, hd, i))
			continue;
		write_unseen_rule(j, &r->pipeline->household.env, rule);
		written++;
	}
	jsonw_array_end(j);
}

void api_view_talks(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct device *d = api_device_as_is(r, r->object);
	int64_t hours = HOURS_DEFAULT;
	struct talks all = {0};
	uint32_t from;
	int error;

	if (!d || !api_query_number(r, "hours", 1, HOURS_MAX, &hours))
		return;
	from = history_hours_ago(pipeline_wall(p), (uint32_t)hours);
	history_look(p);
	error = store_talks(p->store, d->id, from, take, &all);
	if (all.count)
		qsort(all.list, all.count, sizeof(*all.list), order);
	if (error) {
		api_fail(r, 500, "look at the log", "what %.60s did could not be read: %s",
			d->name, error_text(error));
	} else {
		const struct effect_bench b = effect_now(p, d);

		jsonw_object(&r->json);
		jsonw_kv_string(&r->json, "schema", "cardea.talks/1");
		jsonw_kv_untrusted(&r->json, "device", d->name);
		jsonw_kv_u64(&r->json, "id", d->id);
		jsonw_kv_time(&r->json, "from", (nstime)from * HISTORY_HOUR);
		jsonw_kv_time(&r->json, "recorded_since", history_since(p, d));
		write_peers(r, &b, &all);
		write_unseen(r, &b);
		jsonw_object_end(&r->json);
	}
	free(all.list);
}
