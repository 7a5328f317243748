// SPDX-License-Identifier: GPL-2.0-or-later
/* admit - what the learner makes of a conversation: its canonical form, and whether it
 * is something to learn from. The one file that knows the learner's insides. */
#include "profiles/learned/learned_priv.h"
#include "profiles/maintain/maintain_priv.h"

#define PORT_DHCP_SERVER 67
#define PORT_DHCP_CLIENT 68
#define PORT_DHCP6_CLIENT 546
#define PORT_DHCP6_SERVER 547

/* What policy lets pass always is nobody's question. */
static bool is_free(uint8_t proto, uint16_t port)
{
	return proto == FLOW_PROTO_UDP &&
	       (port == PORT_DHCP_SERVER || port == PORT_DHCP_CLIENT ||
		       port == PORT_DHCP6_CLIENT || port == PORT_DHCP6_SERVER);
}

bool maintain_is_kind(const struct learned_kind *k)
{
	bool said = (k->app == RECORD_APP_DNS || k->app == RECORD_APP_MDNS ||
			    k->app == RECORD_APP_SSDP) &&
		    !k->port && !k->port_any;

	return !said && !is_free(k->proto, k->port);
}

static void key_of(const struct learned_kind *k, struct learned_key *key)
{
	*key = (struct learned_key){.direction = (uint8_t)k->direction,
		.family = k->family,
		.proto = k->proto,
		.place = (uint8_t)k->place,
		.port_any = k->port_any,
		.port = k->port,
		.source_port = k->source_port,
		.peer = k->peer,
		.mac = k->peer_mac};
}

static void kind_of(
	const struct record *r, const struct canonical *c, struct learned_kind *k)
{
	*k = (struct learned_kind){.direction = c->key.direction,
		.family = c->key.family,
		.proto = c->key.proto,
		.port = c->key.port,
		.port_any = c->key.port_any,
		.source_port = c->key.source_port,
		.place = c->key.place,
		.siblings = 1,
		.peer = c->key.peer,
		.peer_mac = c->key.mac,
		.app = r->app,
		.first = r->first,
		.last = r->last,
		.flows = 1,
		.packets = r->packets[0] + r->packets[1],
		.bytes = {r->bytes[0], r->bytes[1]}};
	(void)str_copy(k->name, sizeof(k->name), c->text);
	(void)str_copy(k->detail, sizeof(k->detail), r->detail);
}

/* Texts that end, and times that can be reckoned with, as the learner has them. */
static void mend(struct record *r)
{
	r->name[sizeof(r->name) - 1] = 0;
	r->detail[sizeof(r->detail) - 1] = 0;
	for (char *c = r->detail; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (r->first < 0)
		r->first = 0;
	if (r->first > LEARNED_TIME_MAX)
		r->first = LEARNED_TIME_MAX;
	if (r->last < r->first)
		r->last = r->first;
	if (r->last > LEARNED_TIME_MAX)
		r->last = LEARNED_TIME_MAX;
	if (r->peer.family == 4)
		r->peer = addr_v4(r->peer.b);
	else if (r->peer.family == 6)
		r->peer = addr_v6(r->peer.b);
	else
		r->peer = (struct addr){0};
}

static bool is_sane(const struct record *r)
{
	return r->direction < DIRECTION_MAX && r->place < RECORD_PLACE_MAX &&
	       r->app < RECORD_APP_MAX && r->naming < RECORD_NAMING_MAX;
}

/* The learner makes nothing of it: no access is needed for nobody. But what is blocked
 * is never answered. */
static bool take_silent(const struct record *r, struct seen *ret)
{
	struct canonical c = {.key = {.direction = DIRECTION_FROM_DEVICE,
				      .family = r->family,
				      .proto = r->proto,
				      .place = RECORD_INTERNET,
				      .port = r->peer_port,
				      .peer = r->peer}};

	if (r->direction != DIRECTION_FROM_DEVICE || r->place != RECORD_INTERNET ||
		r->answered || r->midstream || r->name[0] ||
		r->peer.family != r->family || !r->family ||
		(r->proto != FLOW_PROTO_TCP && r->proto != FLOW_PROTO_UDP))
		return false;
	kind_of(r, &c, &ret->kind);
	ret->silent = true;
	return true;
}

bool maintain_is_hostile(const struct learned *l, const struct mac *device,
	const struct learned_kind *k, nstime when)
{
	const struct dev *d = learned_dev_find(l, device);

	if (!d)
		return false;
	for (uint32_t i = 0; i < d->finding_count; i++)
		if (d->findings[i].finding.kind == LEARNED_KNOWN_BAD &&
			d->findings[i].key == ((uint64_t)k->port << 1 | k->direction))
			return true;
	for (uint32_t i = 0; d->watches && i < d->watches->count; i++) {
		const struct watch *w = &d->watches->all[i];

		if (w->type && w->condemned && w->direction == k->direction &&
			w->until >= when)
			return true;
	}
	return false;
}

/* An address that was answered for a name is that peer, also where nobody says so. */
static void take_name(const struct dev *d, const struct leaf *leaf, struct seen *ret)
{
	const struct leaf *named = learned_leaf_namesake(d, leaf);

	if (!named)
		return;
	ret->aliased = true;
	ret->alias = ret->kind;
	(void)str_print(ret->alias.name, sizeof(ret->alias.name), "%s%s",
		named->key.name_any ? "*." : "", named->text);
	ret->alias.peer = (struct addr){0};
}

bool maintain_take(const struct learned *l, const struct record *told, struct seen *ret)
{
	struct canonical kinds[LEARNED_CANONICAL_MAX];
	const struct dev *d = learned_dev_find(l, &told->device);
	struct record r = *told;
	const struct leaf *leaf;

	if (!is_sane(told))
		return false;
	*ret = (struct seen){0};
	mend(&r);
	if (take_silent(&r, ret)) {
		ret->admitted = !maintain_is_hostile(
			l, &r.device, &ret->kind, r.first);
		return true;
	}
	if (!learned_canonical(&r, kinds) ||
		is_free(kinds[0].key.proto, kinds[0].key.port))
		return false;
	kind_of(&r, &kinds[0], &ret->kind);
	ret->naming = ret->kind.name[0] ? r.naming : RECORD_UNNAMED;
	ret->midstream = r.midstream;
	/* what it took is of a burst that is under way */
	leaf = d ? learned_leaf_find(d, &kinds[0].key, kinds[0].text) : NULL;
	ret->admitted = leaf && leaf->pending;
	if (leaf)
		take_name(d, leaf, ret);
	return true;
}

bool maintain_is_learned(
	const struct learned *l, const struct mac *device, const struct learned_kind *k)
{
	const struct dev *d = learned_dev_find(l, device);
	struct learned_key key;

	if (!d)
		return false;
	key_of(k, &key);
	return learned_leaf_find(d, &key, k->name) != NULL;
}

/* Those that say it is not the device's maker who is at work. */
static bool is_hostile(enum learned_finding_kind k)
{
	switch (k) {
	case LEARNED_SCAN:
	case LEARNED_FANOUT:
	case LEARNED_KNOWN_BAD:
	case LEARNED_DIVERSE:
		return true;
	case LEARNED_BRUTE: /* a server that is not there yet is tried again, too */
	case LEARNED_FLOOD:
	case LEARNED_FINDING_KINDS:
		break;
	}
	return false;
}

bool maintain_learner(
	const struct learned *l, const struct mac *device, struct maintain_learner *ret)
{
	const struct dev *d = l ? learned_dev_find(l, device) : NULL;

	*ret = (struct maintain_learner){0};
	if (!d)
		return false;
	ret->episodes = d->number;
	ret->updates = d->episodes[LEARNED_UPDATE];
	for (uint32_t i = 0; i < d->finding_count; i++)
		if (is_hostile(d->findings[i].finding.kind))
			ret->findings += 1 + d->findings[i].finding.count;
	return true;
}
