// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* overlay - names and soundness of what the owner says. */
#include "model/overlay.h"

#include <string.h>

#include "base/str.h"
#include "wire/dns_name.h"

const char *overlay_kind_name(enum overlay_kind k)
{
	static const char *const names[OVERLAY_KIND_MAX] = {
		[OVERLAY_REFUSE] = "refuse",
		[OVERLAY_ALLOW] = "allow",
		[OVERLAY_LAN_ONLY] = "lan-only",
		[OVERLAY_NO_INTERNET] = "no-internet",
		[OVERLAY_ONLY] = "only",
	};

	return (unsigned)k < OVERLAY_KIND_MAX ? names[k] : "unknown";
}

bool overlay_kind_parse(const char *text, enum overlay_kind *ret)
{
	for (unsigned k = 0; text && k < OVERLAY_KIND_MAX; k++)
		if (strcmp(text, overlay_kind_name((enum overlay_kind)k)) == 0) {
			*ret = (enum overlay_kind)k;
			return true;
		}
	return false;
}

static struct peer of_prefix(struct prefix p)
{
	return (struct peer){.kind = PEER_PREFIX, .prefix = prefix_of(&p.addr, p.len)};
}

bool overlay_peer_parse(const char *text, struct peer *ret)
{
	const char *name = rule_name_is_suffix(text) ? text + 2 : text;
	struct peer named = {.kind = PEER_NAME};
	struct dns_name parsed;
	struct prefix p;
	struct addr a;

	if (addr_parse(text, &a) == 0)
		*ret = of_prefix(prefix_of(&a, addr_bits(&a)));
	else if (prefix_parse(text, &p) == 0)
		*ret = of_prefix(p);
	else if (dns_name_from_text(name, &parsed) || dns_name_is_root(&parsed) ||
		 strpbrk(parsed.text, "*\\") || /* no host has such a name */
		 str_print(named.name, sizeof named.name, "%s%s",
			 name == text ? "" : "*.", parsed.text))
		return false;
	else
		*ret = named;
	return true;
}

static bool any_port(struct range16 p)
{
	return p.lo == 0 && p.hi == UINT16_MAX;
}

static bool prefix_is_sound(const struct prefix *p)
{
	if ((p->addr.family != 4 && p->addr.family != 6) || p->len > addr_bits(&p->addr))
		return false;
	struct prefix masked = prefix_of(&p->addr, p->len);
	return addr_equal(&masked.addr, &p->addr);
}

static bool peer_is_sound(const struct peer *p)
{
	if (p->kind == PEER_PREFIX)
		return prefix_is_sound(&p->prefix);
	return p->kind == PEER_NAME && memchr(p->name, 0, sizeof p->name) &&
	       p->name[rule_name_is_suffix(p->name) ? 2 : 0];
}

bool overlay_is_sound(const struct overlay *o)
{
	bool ports = o->proto == RULE_PROTO_ANY || o->proto == FLOW_PROTO_TCP ||
		     o->proto == FLOW_PROTO_UDP;

	if ((unsigned)o->kind >= OVERLAY_KIND_MAX || o->proto < RULE_PROTO_ANY ||
		o->proto > UINT8_MAX || o->port.lo > o->port.hi ||
		(o->until && o->until <= o->said))
		return false;
	if (!overlay_has_peer(o->kind))
		return o->peer.kind == PEER_ANY && o->proto == RULE_PROTO_ANY &&
		       any_port(o->port);
	return peer_is_sound(&o->peer) && (ports || any_port(o->port));
}

static bool peers_equal(const struct peer *a, const struct peer *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PEER_PREFIX)
		return a->prefix.len == b->prefix.len &&
		       addr_equal(&a->prefix.addr, &b->prefix.addr);
	return a->kind != PEER_NAME || strcmp(a->name, b->name) == 0;
}

bool overlay_equal(const struct overlay *a, const struct overlay *b)
{
	return a->device == b->device && a->kind == b->kind && a->proto == b->proto &&
	       a->port.lo == b->port.lo && a->port.hi == b->port.hi &&
	       peers_equal(&a->peer, &b->peer);
}
