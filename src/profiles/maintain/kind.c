// SPDX-License-Identifier: GPL-2.0-or-later
/* kind - when a kind is another, lets it through, or belongs to the same owner. What
 * has a name or a role is the same peer over IPv4 and IPv6. */
#include "profiles/maintain/maintain_priv.h"

#include <string.h>

uint32_t maintain_episodes(const struct learned_kind *k)
{
	uint32_t n = 0;

	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += k->episodes[c];
	return n;
}

static bool same_service(const struct learned_kind *a, const struct learned_kind *b)
{
	return a->direction == b->direction && a->proto == b->proto &&
	       a->place == b->place && a->source_port == b->source_port;
}

bool maintain_same(const struct learned_kind *a, const struct learned_kind *b)
{
	return same_service(a, b) && a->port == b->port && a->port_any == b->port_any &&
	       strcmp(a->name, b->name) == 0 && addr_equal(&a->peer, &b->peer) &&
	       mac_equal(&a->peer_mac, &b->peer_mac);
}

static bool port_covers(const struct learned_kind *k, const struct learned_kind *x)
{
	if (k->source_port)
		return k->source_port == x->source_port && x->port_any;
	return !x->source_port &&
	       (k->port_any || (!x->port_any && k->port == x->port));
}

static bool name_covers(const char *k, const char *name)
{
	size_t tail, whole = strlen(name);

	if (!rule_name_is_suffix(k))
		return strcmp(k, name) == 0;
	if (strcmp(k, name) == 0)
		return true;
	tail = strlen(k + 1); /* ".example.com" */
	return whole > tail && strcmp(name + whole - tail, k + 1) == 0;
}

static bool peer_covers(const struct learned_kind *k, const struct learned_kind *x)
{
	switch (k->place) {
	case RECORD_GATEWAY:
		return true;
	case RECORD_DEVICE:
		return mac_is_zero(&k->peer_mac) ||
		       mac_equal(&k->peer_mac, &x->peer_mac);
	case RECORD_INTERNET:
		if (k->name[0])
			return x->name[0] && name_covers(k->name, x->name);
		break;
	case RECORD_GROUP:
	case RECORD_PLACE_MAX:
		break;
	}
	return !k->peer.family || addr_equal(&k->peer, &x->peer);
}

bool maintain_covers(const struct learned_kind *k, const struct learned_kind *x)
{
	return k->direction == x->direction && k->proto == x->proto &&
	       k->place == x->place && port_covers(k, x) && peer_covers(k, x);
}

bool maintain_namesake(const struct learned_kind *k, const struct learned_kind *x)
{
	return k->place == RECORD_INTERNET && x->place == RECORD_INTERNET &&
	       k->name[0] && !x->name[0] && k->direction == x->direction &&
	       k->proto == x->proto && port_covers(k, x);
}

static unsigned labels_of(const char *name)
{
	unsigned n = name[0] != 0;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

const char *maintain_registrable(const struct maintain *m, const char *name)
{
	unsigned labels, public_labels;

	if (rule_name_is_suffix(name))
		name += 2;
	labels = labels_of(name);
	if (!m->config.public_labels || !labels)
		return NULL;
	public_labels = m->config.public_labels(m->config.public_ctx, name);
	if (!public_labels || labels <= public_labels)
		return NULL;
	for (unsigned skip = labels - public_labels - 1; skip; skip--)
		name = strchr(name, '.') + 1;
	return name;
}
