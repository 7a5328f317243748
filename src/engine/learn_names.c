// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_names - what devices call themselves when they ask for an address. */
#include "engine/learn_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "wire/dhcp4.h"
#include "wire/packet.h"

int learn_names_init(struct learn_names *n)
{
	n->slots = calloc(LEARN_NAMES_SLOTS, sizeof *n->slots);
	return n->slots ? 0 : -ENOMEM;
}

void learn_names_free(struct learn_names *n)
{
	free(n->slots);
}

/* Its own slot, or the free one where it belongs. The last octets of a MAC are the ones
 * that differ; who makes MACs up to collide makes only its own names slow to find. */
static struct learn_named *slot_of(const struct learn_names *n, const struct mac *m)
{
	uint32_t at = (uint32_t)m->b[3] << 16 | (uint32_t)m->b[4] << 8 | m->b[5];

	for (uint32_t i = 0; i < LEARN_NAMES_SLOTS; i++) {
		struct learn_named *s = &n->slots[(at + i) % LEARN_NAMES_SLOTS];
		if (mac_is_zero(&s->mac) || mac_equal(&s->mac, m))
			return s;
	}
	return NULL;
}

const struct learn_named *learn_names_find(
	const struct learn_names *n, const struct mac *m)
{
	static const struct learn_named nobody;
	const struct learn_named *s = slot_of(n, m);

	return s && !mac_is_zero(&s->mac) ? s : &nobody;
}

/* NULL: there are too many. */
static struct learn_named *slot_take(struct learn_names *n, const struct mac *m)
{
	struct learn_named *s = slot_of(n, m);

	if (!s || (mac_is_zero(&s->mac) && n->count == LEARNED_DEVICES_MAX))
		return NULL;
	n->count += mac_is_zero(&s->mac);
	s->mac = *m;
	return s;
}

void learn_names_make(struct learn_names *n, const struct mac *m, const struct addr *a)
{
	struct learn_named *s = slot_take(n, m);

	if (s)
		s->made_of = *a;
}

/* The later word stands: a device is renamed. */
static void take(char to[LIMIT_HOSTNAME], const struct octets *o)
{
	if (o->len)
		str_escape(octets_str(o), to, LIMIT_HOSTNAME);
}

static void learn(struct learn_names *n, const struct mac *m, const struct dhcp4 *d)
{
	struct learn_named *s;

	if (mac_is_zero(m) || mac_is_group(m) || d->op != 1)
		return;
	s = slot_take(n, m);
	if (!s)
		return;
	take(s->name.host, &d->hostname);
	take(s->name.vendor, &d->vendor_class);
}

void learn_names_see(struct learn_names *n, uint32_t linktype, struct cursor frame)
{
	struct packet p;
	struct dhcp4 d;

	if (packet_parse(linktype, frame, &p) || !(p.layers & PACKET_UDP) ||
		p.ip.family != 4 || p.udp.dst_port != DHCP4_SERVER_PORT)
		return;
	struct cursor c = p.payload;
	if (!dhcp4_parse(&c, &d))
		learn(n, p.has_mac ? &p.eth.src : &d.chaddr, &d);
}
