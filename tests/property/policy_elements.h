// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_elements - elements as sets of packets: model/element.h read literally, for the
 * property tests that hold them against the evaluator. */
#ifndef CARDEA_TEST_POLICY_ELEMENTS_H
#define CARDEA_TEST_POLICY_ELEMENTS_H

#include "property/policy_world.h"

/* The four bytes that lead the transport header, as the kernel would load them. */
struct lead {
	uint16_t first, second;
};

static inline struct lead lead_of(const struct flow *f)
{
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	if (f->proto == 6 || f->proto == 17)
		return (struct lead){from ? f->device_port : f->peer_port,
			from ? f->peer_port : f->device_port};
	if (f->proto == 1 || f->proto == 58)
		return (struct lead){(uint16_t)(f->icmp_type << 8 | f->icmp_code),
			(uint16_t)next_random()};
	return (struct lead){(uint16_t)next_random(), (uint16_t)next_random()};
}

static inline bool in_addrs(const struct element *e, const struct addr *a)
{
	return e->family == a->family && memcmp(&e->peer_lo, a, sizeof *a) <= 0 &&
	       memcmp(a, &e->peer_hi, sizeof *a) <= 0;
}

static inline bool in_ports(struct range16 p, uint16_t v)
{
	return v >= p.lo && v <= p.hi;
}

static inline bool is_arm(const struct element *e)
{
	return e->kind == ELEMENT_ARM_OUT || e->kind == ELEMENT_ARM_IN;
}

/* One element as a set of packets: model/element.h read literally. */
static inline bool element_has(const struct element *e, const struct mac *mac,
	const struct flow *f, struct lead l)
{
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	if (!in_addrs(e, &f->peer) || f->proto < e->proto_lo || f->proto > e->proto_hi)
		return false;
	if (e->gate && e->gate != ELEMENT_GATE_TOLD && !is_arm(e) &&
		!trigger_armed(NULL, (uint16_t)e->gate, e->open_s))
		return false;
	switch ((int)e->kind) {
	case ELEMENT_OUT:
		return from && !memcmp(&e->mac, mac, sizeof *mac) &&
		       e->peer_port.lo == l.second;
	case ELEMENT_IN:
		return !from && !memcmp(&e->device, &f->device, sizeof f->device) &&
		       e->device_port.lo == l.second;
	case ELEMENT_ARM_OUT:
	case ELEMENT_OUT_RANGE:
		return from && !memcmp(&e->mac, mac, sizeof *mac) &&
		       in_ports(e->device_port, l.first) &&
		       in_ports(e->peer_port, l.second);
	case ELEMENT_ARM_IN:
	case ELEMENT_IN_RANGE:
		return !from && !memcmp(&e->device, &f->device, sizeof f->device) &&
		       in_ports(e->peer_port, l.first) &&
		       in_ports(e->device_port, l.second);
	default:
		return false;
	}
}

static inline bool ranges_meet(struct range16 a, struct range16 b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

static inline bool is_ether(const struct element *e)
{
	return e->kind == ELEMENT_ETHER_OUT || e->kind == ELEMENT_ETHER_IN;
}

static inline bool ether_has(const struct element *e, const struct mac *m)
{
	return memcmp(&e->peer_mac_lo, m, sizeof *m) <= 0 &&
	       memcmp(m, &e->peer_mac_hi, sizeof *m) <= 0;
}

static inline bool elements_meet(const struct element *a, const struct element *b)
{
	if (a->kind != b->kind || a->family != b->family || a->gate != b->gate ||
		(a->gate && a->gate != ELEMENT_GATE_TOLD))
		return false; /* what has a gate may overlap anything */
	if (is_ether(a))
		return a->ether_type == b->ether_type &&
		       (ether_has(a, &b->peer_mac_lo) || ether_has(b, &a->peer_mac_lo));
	if (a->kind == ELEMENT_OUT || a->kind == ELEMENT_IN)
		return element_compare(a, b) == 0;
	if (a->kind == ELEMENT_IN_RANGE &&
		memcmp(&a->device, &b->device, sizeof a->device))
		return false;
	return memcmp(&a->peer_lo, &b->peer_hi, sizeof a->peer_lo) <= 0 &&
	       memcmp(&b->peer_lo, &a->peer_hi, sizeof a->peer_lo) <= 0 &&
	       a->proto_lo <= b->proto_hi && b->proto_lo <= a->proto_hi &&
	       ranges_meet(a->device_port, b->device_port) &&
	       ranges_meet(a->peer_port, b->peer_port);
}

#endif
