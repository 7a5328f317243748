// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* element - order, equality and sanity of set entries. Only the fields that a kind's
 * key has count: what else a sender left in the struct must not tell two equal keys
 * apart. */
#include "model/element.h"

#include <string.h>

enum field {
	FIELD_MAC = 1 << 0,
	FIELD_DEVICE = 1 << 1,
	FIELD_PEER = 1 << 2,
	FIELD_PROTO = 1 << 3,
	FIELD_DEVICE_PORT = 1 << 4,
	FIELD_PEER_PORT = 1 << 5,
	FIELD_ETHER = 1 << 6, /* type and peer MACs */
	FIELD_RATE = 1 << 7,  /* not of the key, but must be there */
	FIELD_NAME = 1 << 8,  /* with one protocol, one port, and any family */
	FIELD_GATE = 1 << 9,
};

#define FIELDS_BOX (FIELD_PEER | FIELD_PROTO | FIELD_DEVICE_PORT | FIELD_PEER_PORT)

static const unsigned key_fields[ELEMENT_KIND_MAX] = {
	[ELEMENT_MANAGED] = FIELD_MAC,
	[ELEMENT_POLICED] = FIELD_DEVICE,
	[ELEMENT_BOUND] = FIELD_MAC | FIELD_DEVICE,
	[ELEMENT_OWNED] = FIELD_DEVICE,
	[ELEMENT_LOCAL] = FIELD_PEER,
	[ELEMENT_OUT] = FIELD_MAC | FIELD_PEER | FIELD_PROTO | FIELD_PEER_PORT,
	[ELEMENT_OUT_RANGE] = FIELD_MAC | FIELDS_BOX | FIELD_GATE,
	[ELEMENT_IN_RANGE] = FIELD_DEVICE | FIELDS_BOX | FIELD_GATE,
	[ELEMENT_IN] = FIELD_DEVICE | FIELD_PEER | FIELD_PROTO | FIELD_DEVICE_PORT,
	[ELEMENT_ETHER_OUT] = FIELD_MAC | FIELD_ETHER,
	[ELEMENT_ETHER_IN] = FIELD_MAC | FIELD_ETHER,
	[ELEMENT_LIMIT_OUT_BYTES] = FIELD_MAC | FIELD_RATE,
	[ELEMENT_LIMIT_OUT_PACKETS] = FIELD_MAC | FIELD_RATE,
	[ELEMENT_LIMIT_IN_BYTES] = FIELD_DEVICE | FIELD_RATE,
	[ELEMENT_LIMIT_IN_PACKETS] = FIELD_DEVICE | FIELD_RATE,
	[ELEMENT_NAME] = FIELD_MAC | FIELD_NAME | FIELD_PROTO | FIELD_PEER_PORT,
	[ELEMENT_ARM_OUT] = FIELD_MAC | FIELDS_BOX | FIELD_GATE,
	[ELEMENT_ARM_IN] = FIELD_DEVICE | FIELDS_BOX | FIELD_GATE,
};

const char *element_kind_name(enum element_kind k)
{
	static const char *const names[ELEMENT_KIND_MAX] = {
		[ELEMENT_MANAGED] = "managed",
		[ELEMENT_POLICED] = "policed",
		[ELEMENT_BOUND] = "bound",
		[ELEMENT_OWNED] = "owned",
		[ELEMENT_LOCAL] = "local",
		[ELEMENT_OUT] = "out",
		[ELEMENT_OUT_RANGE] = "out-range",
		[ELEMENT_IN_RANGE] = "in-range",
		[ELEMENT_IN] = "in",
		[ELEMENT_ETHER_OUT] = "ether-out",
		[ELEMENT_ETHER_IN] = "ether-in",
		[ELEMENT_LIMIT_OUT_BYTES] = "limit-out-bytes",
		[ELEMENT_LIMIT_OUT_PACKETS] = "limit-out-packets",
		[ELEMENT_LIMIT_IN_BYTES] = "limit-in-bytes",
		[ELEMENT_LIMIT_IN_PACKETS] = "limit-in-packets",
		[ELEMENT_NAME] = "name",
		[ELEMENT_ARM_OUT] = "arm-out",
		[ELEMENT_ARM_IN] = "arm-in",
	};

	return (unsigned)k < ELEMENT_KIND_MAX ? names[k] : "unknown";
}

static int compare_u16(struct range16 a, struct range16 b)
{
	return a.lo != b.lo ? (a.lo > b.lo) - (a.lo < b.lo)
			    : (a.hi > b.hi) - (a.hi < b.hi);
}

static int compare_proto(const struct element *a, const struct element *b)
{
	return a->proto_lo != b->proto_lo ? a->proto_lo - b->proto_lo
					  : a->proto_hi - b->proto_hi;
}

static int compare_peer(const struct element *a, const struct element *b)
{
	int c = addr_compare(&a->peer_lo, &b->peer_lo);

	return c ? c : addr_compare(&a->peer_hi, &b->peer_hi);
}

static int compare_ether(const struct element *a, const struct element *b)
{
	int c = (a->ether_type > b->ether_type) - (a->ether_type < b->ether_type);

	if (!c)
		c = memcmp(a->peer_mac_lo.b, b->peer_mac_lo.b, sizeof a->peer_mac_lo.b);
	return c ? c : memcmp(a->peer_mac_hi.b, b->peer_mac_hi.b, sizeof a->peer_mac_hi.b);
}

static int compare_name(const struct element *a, const struct element *b)
{
	int c = (a->name_hash > b->name_hash) - (a->name_hash < b->name_hash);

	return c ? c : a->name_suffix - b->name_suffix;
}

/* Kinds whose key has nothing of IP. */
static bool has_family(unsigned fields)
{
	return fields & ~(unsigned)(FIELD_MAC | FIELD_ETHER | FIELD_RATE);
}

int element_compare(const struct element *a, const struct element *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	unsigned fields =
		(unsigned)a->kind < ELEMENT_KIND_MAX ? key_fields[a->kind] : 0;
	int c = has_family(fields) ? a->family - b->family : 0;
	if (!c && fields & FIELD_MAC)
		c = memcmp(a->mac.b, b->mac.b, sizeof a->mac.b);
	if (!c && fields & FIELD_DEVICE)
		c = addr_compare(&a->device, &b->device);
	if (!c && fields & FIELD_PEER)
		c = compare_peer(a, b);
	if (!c && fields & FIELD_PROTO)
		c = compare_proto(a, b);
	if (!c && fields & FIELD_DEVICE_PORT)
		c = compare_u16(a->device_port, b->device_port);
	if (!c && fields & FIELD_PEER_PORT)
		c = compare_u16(a->peer_port, b->peer_port);
	if (!c && fields & FIELD_ETHER)
		c = compare_ether(a, b);
	if (!c && fields & FIELD_GATE)
		c = (a->gate > b->gate) - (a->gate < b->gate);
	return !c && fields & FIELD_NAME ? compare_name(a, b) : c;
}

static bool addr_fits(const struct addr *a, uint8_t family)
{
	static const uint8_t zero[12];

	if (a->family != family)
		return false;
	return family == 6 || memcmp(a->b + 4, zero, sizeof zero) == 0;
}

static bool peer_fits(const struct element *e)
{
	return addr_fits(&e->peer_lo, e->family) && addr_fits(&e->peer_hi, e->family) &&
	       addr_compare(&e->peer_lo, &e->peer_hi) <= 0;
}

/* OUT and IN are hashes: one address, one protocol, one port. */
static bool is_exact(const struct element *e)
{
	struct range16 port = e->kind == ELEMENT_OUT ? e->peer_port : e->device_port;

	return addr_equal(&e->peer_lo, &e->peer_hi) && e->proto_lo == e->proto_hi &&
	       port.lo == port.hi;
}

/* IP's types have their own kinds, and one MAC or all: the kernel keeps them as ranges
 * that must not overlap. */
static bool ether_fits(const struct element *e)
{
	static const struct mac lowest, highest = {{255, 255, 255, 255, 255, 255}};

	if (e->ether_type < 0x600 || e->ether_type == 0x0800 || e->ether_type == 0x86dd)
		return false;
	return mac_equal(&e->peer_mac_lo, &e->peer_mac_hi) ||
	       (mac_equal(&e->peer_mac_lo, &lowest) &&
		       mac_equal(&e->peer_mac_hi, &highest));
}

/* One that nothing arms, or that arms nothing, is no gate. */
static bool gate_fits(const struct element *e, unsigned fields)
{
	if (e->kind == ELEMENT_ARM_OUT || e->kind == ELEMENT_ARM_IN)
		return e->gate && e->open_s && e->open_s <= LIMIT_OPEN_S && !e->timeout_s;
	return fields & FIELD_GATE || !e->gate;
}

int element_check(const struct element *e)
{
	if ((unsigned)e->kind >= ELEMENT_KIND_MAX)
		return CARDEA_EMALFORMED;
	unsigned fields = key_fields[e->kind];
	bool good = gate_fits(e, fields);
	if (fields & FIELD_MAC)
		good = good && !mac_is_zero(&e->mac) && !mac_is_group(&e->mac);
	if (fields & FIELD_RATE)
		good = good && e->rate;
	if (fields & FIELD_ETHER)
		good = good && ether_fits(e);
	if (!has_family(fields))
		return good && e->family == 0 ? 0 : CARDEA_EMALFORMED;
	good = good && (e->family == 4 || e->family == 6 ||
			       (e->family == 0 && fields & FIELD_NAME));
	if (fields & FIELD_DEVICE)
		good = good && addr_fits(&e->device, e->family);
	if (fields & FIELD_PEER)
		good = good && peer_fits(e);
	if (fields & FIELD_PROTO)
		good = good && e->proto_lo <= e->proto_hi;
	if (fields & FIELD_DEVICE_PORT)
		good = good && e->device_port.lo <= e->device_port.hi;
	if (fields & FIELD_PEER_PORT)
		good = good && e->peer_port.lo <= e->peer_port.hi;
	if (e->kind == ELEMENT_OUT || e->kind == ELEMENT_IN)
		good = good && is_exact(e);
	if (e->kind == ELEMENT_NAME)
		good = good && e->name_hash && e->proto_lo == e->proto_hi &&
		       e->peer_port.lo == e->peer_port.hi;
	return good ? 0 : CARDEA_EMALFORMED;
}
