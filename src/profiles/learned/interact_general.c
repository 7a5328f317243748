// SPDX-License-Identifier: GPL-2.0-or-later
/* interact_general - acts that stand for several: names, ports and addresses that are
 * another each time, and whoever begins. They are made for the second, not before. */
#include "profiles/learned/interact_priv.h"

#include <errno.h>
#include <stdlib.h>

/* Below, nobody gets a port by chance. */
#define PORT_SYSTEM 1024

static bool has_ports(const struct learned_key *k)
{
	return k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP;
}

/* "*.example.com" of "a.example.com", but nothing that several owners share. */
static bool name_up(const struct learned *l, const char *text, struct learned_key *k,
	const char **ret_text)
{
	const char *parent = strchr(text, '.');

	if (!parent || k->name_any)
		return false;
	parent++;
	if (learned_label_count(parent) <= learned_public_labels(l, parent))
		return false;
	k->name_any = 1;
	*ret_text = parent;
	return true;
}

static bool peer_up(const struct learned *l, const struct act *a, struct learned_key *k,
	const char **ret_text)
{
	if (k->said)
		return k->said == RECORD_APP_DNS && name_up(l, a->text, k, ret_text);
	if (k->place == RECORD_INTERNET && a->text[0])
		return name_up(l, a->text, k, ret_text);
	if (k->place == RECORD_INTERNET && k->peer.family) {
		k->peer_any = 1;
		k->peer = (struct addr){0};
		return true;
	}
	if (k->place != RECORD_DEVICE || k->port_any || !has_ports(k) ||
		k->port < PORT_SYSTEM)
		return false;
	k->port_any = 1;
	k->port = 0;
	return true;
}

static bool up_of(const struct learned *l, const struct act *a, unsigned i,
	struct act_key *ret, const char **ret_text)
{
	*ret = a->key;
	*ret_text = a->text;
	if (a->key.key.peer_any || a->key.key.name_any || mac_is_zero(&a->key.device) ||
		(a->key.key.port_any && !a->key.key.source_port))
		return false; /* is general already */
	if (i == 0)
		return peer_up(l, a, &ret->key, ret_text);
	ret->device = (struct mac){0};
	return a->key.key.place == RECORD_DEVICE && !a->key.key.said;
}

static uint64_t hash_of(
	const struct interact *in, const struct act_key *key, const char *text)
{
	uint64_t a = hash_bytes(&in->table.key, key, sizeof *key);
	uint64_t b = hash_bytes(&in->table.key, text, strlen(text));
	uint64_t h = a ^ (b << 1 | b >> 63);

	return h ? h : 1;
}

/* Whatever of it was a trigger is one of its own. */
static void inherit_effects(struct interact *in, struct act *up, const struct act *from)
{
	for (uint32_t i = 0; i < in->count; i++) {
		struct act *a = in->acts[i];

		for (uint8_t j = 0; j < a->pair_count; j++) {
			struct interact_pair pair = a->pairs[j], *slot;

			if (pair.trigger != from || interact_act_meets(up, a))
				continue;
			pair.trigger = up;
			slot = interact_pair_slot(a, pair.hits[INTERACT_MISS]);
			if (slot)
				*slot = pair;
			break;
		}
	}
}

/* Until now it would have been the same as its first. Whoever begins waits for nothing. */
static int inherit(struct interact *in, struct act *up, const struct act *from)
{
	size_t recent = INTERACT_RECENT * sizeof *up->recent;

	if (from->pair_count && interact_is_effect(up)) {
		up->pairs = malloc(from->pair_count * sizeof *up->pairs);
		if (!up->pairs)
			return -ENOMEM;
		memcpy(up->pairs, from->pairs, from->pair_count * sizeof *up->pairs);
		up->pair_count = up->pair_cap = from->pair_count;
	}
	if (from->recent) {
		up->recent = malloc(recent);
		if (!up->recent)
			return -ENOMEM;
		memcpy(up->recent, from->recent, recent);
		up->recent_at = from->recent_at;
	}
	up->count = from->count;
	memcpy(up->cover, from->cover, sizeof up->cover);
	up->bouts = from->bouts;
	up->effected = from->effected;
	interact_recency_insert(in, up, from);
	inherit_effects(in, up, from);
	return 0;
}

static void link_one(const struct learned *l, struct act *a, unsigned way, bool make)
{
	struct interact *in = l->interact;
	struct act *sibling = NULL, *up;
	struct act_key key;
	const char *text;

	if (!up_of(l, a, way, &key, &text))
		return;
	a->up_hash[way] = hash_of(in, &key, text);
	up = interact_act_find(in, &key, text);
	for (uint32_t i = 0; i < in->count && make && !up && !sibling; i++)
		if (in->acts[i] != a && in->acts[i]->up_hash[way] == a->up_hash[way])
			sibling = in->acts[i];
	if (!up && (!sibling || interact_act_new(in, &key, text, &up) ||
			   inherit(in, up, sibling)))
		return; /* the first; or no room, and so it stands for itself */
	for (uint32_t i = 0; i < in->count; i++)
		if (in->acts[i]->up_hash[way] == a->up_hash[way])
			in->acts[i]->up[way] = up;
}

void interact_act_link(const struct learned *l, struct act *a, bool make)
{
	if (a->has_up)
		return;
	a->has_up = true;
	for (unsigned way = 0; way < 2; way++)
		link_one(l, a, way, make);
}

bool interact_is_effect(const struct act *a)
{
	return !a->key.key.said && !mac_is_zero(&a->key.device);
}

static bool text_meets(const struct act *a, const struct act *b)
{
	size_t n = strlen(a->text), m = strlen(b->text);

	if (n < m)
		return text_meets(b, a);
	if (n == m || !b->key.key.name_any)
		return strcmp(a->text, b->text) == 0;
	return strcmp(a->text + n - m, b->text) == 0;
}

bool interact_act_meets(const struct act *a, const struct act *b)
{
	struct learned_key x = a->key.key, y = b->key.key;

	if (!mac_equal(&a->key.device, &b->key.device) &&
		!mac_is_zero(&a->key.device) && !mac_is_zero(&b->key.device))
		return false;
	if (!text_meets(a, b))
		return false;
	if (x.peer_any || y.peer_any)
		x.peer = y.peer = (struct addr){0};
	if (x.port_any || y.port_any)
		x.port = y.port = 0;
	x.peer_any = y.peer_any = x.port_any = y.port_any = 0;
	x.name_any = y.name_any = 0;
	return memcmp(&x, &y, sizeof x) == 0;
}
