// SPDX-License-Identifier: GPL-2.0-or-later
/* Which conversations a rule is about, of those that were learned. */
#include <string.h>
#include "profiles/maker/maker_priv.h"

static bool peer_covers(const struct peer *p, const struct learned_kind *k)
{
	switch (p->kind) {
	case PEER_ANY:
		return true;
	case PEER_NAME:
		return k->name[0] && (rule_name_matches(p->name, k->name) ||
					     strcmp(p->name, k->name) == 0);
	case PEER_PREFIX:
		return !k->name[0] && prefix_contains(&p->prefix, &k->peer);
	case PEER_LOCAL_NETWORKS:
		return k->place != RECORD_INTERNET;
	case PEER_GATEWAY:
	case PEER_CONTROLLER_DNS:
	case PEER_CONTROLLER_NTP:
		return k->place == RECORD_GATEWAY;
	case PEER_MAC:
		return k->place == RECORD_DEVICE && mac_equal(&p->mac, &k->peer_mac);
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
		return k->place == RECORD_DEVICE;
	case PEER_MAX:
		break;
	}
	return false;
}

static bool holds(struct range16 range, uint16_t port)
{
	return range.lo <= port && port <= range.hi;
}

static bool ports_cover(const struct rule *r, const struct learned_kind *k)
{
	bool from = k->direction == DIRECTION_FROM_DEVICE;
	struct range16 to = from ? r->peer_port : r->device_port;
	struct range16 own = from ? r->device_port : r->peer_port;

	if (k->source_port) /* answers, to whatever port had asked */
		return holds(to, LEARNED_PORT_DYNAMIC) && holds(to, UINT16_MAX) &&
		       holds(own, k->source_port);
	return k->port_any ? maker_is_all(to) : holds(to, k->port);
}

bool maker_rule_covers(const struct rule *r, const struct learned_kind *k)
{
	if (r->direction != k->direction || (r->family && r->family != k->family) ||
		(r->proto != RULE_PROTO_ANY && r->proto != k->proto))
		return false;
	if (maker_has_ports(k->proto) && !ports_cover(r, k))
		return false;
	if (maker_is_icmp(k->proto) && r->icmp_type != RULE_ICMP_ANY &&
		r->icmp_type != (int16_t)k->port)
		return false;
	return peer_covers(&r->peer, k);
}
