// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended_link - what a device must do to be in a network at all: to find others
 * and be found, to get an address, to join groups. The learner keeps no kinds of it. */
#include "engine/learn_extended_priv.h"

static void also_group(struct extended_field *f, enum extended_group g)
{
	if (f)
		f->values[f->count++] =
			(struct extended_value){.kind = VALUE_GROUP, .lo = g};
}

/* A role, or the unspecified address that stands for it before it has one. */
static void perhaps_nobody(struct making *m, struct extended_policy *p,
	enum extended_key key, uint32_t role)
{
	struct extended_field *f = making_field(m, p, key, 2);

	if (!f)
		return;
	f->values[f->count++] =
		(struct extended_value){.kind = VALUE_ROLE, .lo = role};
	also_group(f, GROUP_UNSPECIFIED);
}

/* Only of who has said something else is the address known. */
static bool has_ipv4(const struct making *m)
{
	const struct learn_party *self = learn_parties_find(
		m->home->parties, &m->of->device.mac, false);

	for (uint32_t i = 0; self && i < self->count; i++)
		if (self->addrs[i].family == 4)
			return true;
	return false;
}

/* RFC 826; a probe has no sender yet (RFC 5227 2.1). */
static void link_arp(struct making *m)
{
	struct extended_policy *p = making_policy(m, "arp");
	bool known = has_ipv4(m);
	struct extended_field *f;

	if (p) {
		making_role(m, p, KEY_ARP_SHA, EXTENDED_SELF);
		if (known)
			perhaps_nobody(m, p, KEY_ARP_SPA, EXTENDED_SELF);
		else if ((f = making_field(m, p, KEY_ARP_SPA, 2))) {
			also_group(f, GROUP_LOCAL);
			also_group(f, GROUP_UNSPECIFIED);
		}
	}
	p = making_policy(m, "arp-asked");
	if (p && known)
		making_role(m, p, KEY_ARP_TPA, EXTENDED_SELF);
	else if (p)
		making_group(m, p, KEY_ARP_TPA, GROUP_LOCAL);
	p = making_policy(m, "arp-answered");
	if (p)
		making_role(m, p, KEY_ARP_THA, EXTENDED_SELF);
}

/* RFC 2131 4.1, RFC 8415 7.2: who asks has no address yet, and who answers is not yet
 * known. */
static void client(struct making *m, struct extended_policy *p)
{
	if (m->of->made) /* a capture without MACs */
		p->match.protos |= 1u << EXTENDED_DHCP;
	else
		making_role(m, p, KEY_DHCP_CLIENT_MAC, EXTENDED_SELF);
}

static void link_dhcp(struct making *m)
{
	struct extended_policy *p = making_policy(m, "dhcp");
	struct extended_field *f;

	if (p && (f = making_field(m, p, KEY_IPV4_DST, 2))) {
		also_group(f, GROUP_BROADCAST);
		also_group(f, GROUP_LOCAL);
		perhaps_nobody(m, p, KEY_IPV4_SRC, EXTENDED_SELF);
		making_number(m, p, KEY_UDP_SRC_PORT, 68, 68);
		making_number(m, p, KEY_UDP_DST_PORT, 67, 67);
		client(m, p);
	}
	p = making_policy(m, "dhcp-answers");
	if (p) {
		making_number(m, p, KEY_UDP_SRC_PORT, 67, 67);
		making_number(m, p, KEY_UDP_DST_PORT, 68, 68);
		making_group(m, p, KEY_IPV4_SRC, GROUP_LOCAL);
		client(m, p);
	}
	p = making_policy(m, "dhcp6");
	if (p) {
		making_role(m, p, KEY_IPV6_SRC, EXTENDED_SELF);
		making_number(m, p, KEY_UDP_SRC_PORT, 546, 546);
		making_number(m, p, KEY_UDP_DST_PORT, 547, 547);
	}
	p = making_policy(m, "dhcp6-answers");
	if (p) {
		making_role(m, p, KEY_IPV6_DST, EXTENDED_SELF);
		making_number(m, p, KEY_UDP_SRC_PORT, 547, 547);
		making_number(m, p, KEY_UDP_DST_PORT, 546, 546);
	}
}

static void types(struct making *m, struct extended_policy *p, const uint8_t *list,
	uint32_t count)
{
	struct extended_field *f = making_field(m, p, KEY_ICMPV6_TYPE, count);

	for (uint32_t i = 0; f && i < count; i++)
		f->values[f->count++] = (struct extended_value){.kind = VALUE_RANGE,
			.lo = list[i], .hi = list[i]};
}

/* RFC 4861, RFC 2710, RFC 3810, RFC 3376. Not to advertise as a router does, nor to
 * redirect. */
static void link_neighbours(struct making *m)
{
	static const uint8_t out[] = {131, 132, 133, 135, 136, 143};
	static const uint8_t in[] = {130, 134, 135, 136};
	struct extended_policy *p = making_policy(m, "neighbours");

	if (p) {
		perhaps_nobody(m, p, KEY_IPV6_SRC, EXTENDED_SELF);
		types(m, p, out, sizeof out);
	}
	p = making_policy(m, "neighbours-answer");
	if (p) {
		making_role(m, p, KEY_IPV6_DST, EXTENDED_SELF);
		types(m, p, in, sizeof in);
	}
	p = making_policy(m, "memberships");
	if (p) {
		perhaps_nobody(m, p, KEY_IPV4_SRC, EXTENDED_SELF);
		p->match.protos |= 1u << EXTENDED_IGMP;
	}
}

void making_link(struct making *m)
{
	link_arp(m);
	link_dhcp(m);
	link_neighbours(m);
}
