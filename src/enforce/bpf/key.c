// SPDX-License-Identifier: GPL-2.0-or-later
/* key - elements as keys of the kernel's maps, and back. */
#include <arpa/inet.h>
#include <string.h>

#include "enforce/bpf/bpf_priv.h"

/* ::ffff:0:0/96, where IPv4 lives in the maps (RFC 4291 2.5.5.2). */
static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

struct bpf_addr key_addr(const struct addr *a)
{
	struct bpf_addr k = {{0}};
	uint8_t *b = (uint8_t *)k.w;

	if (a->family == 4)
		memcpy(b, mapped, sizeof mapped);
	memcpy(a->family == 4 ? b + sizeof mapped : b, a->b, a->family == 4 ? 4 : 16);
	return k;
}

struct addr key_to_addr(const struct bpf_addr *a)
{
	const uint8_t *b = (const uint8_t *)a->w;

	return memcmp(b, mapped, sizeof mapped) ? addr_v6(b) : addr_v4(b + sizeof mapped);
}

struct subject_key key_of_mac(const struct mac *m)
{
	struct subject_key k = {.is_mac = 1};

	memcpy(k.addr.w, m->b, sizeof m->b);
	return k;
}

struct subject_key key_of_addr(const struct addr *a)
{
	return (struct subject_key){.addr = key_addr(a)};
}

bool key_is_box(enum element_kind k)
{
	return k == ELEMENT_OUT_RANGE || k == ELEMENT_IN_RANGE || k == ELEMENT_ARM_OUT ||
	       k == ELEMENT_ARM_IN;
}

bool key_is_mapped(const struct element *e)
{
	if (e->family != 6 || key_is_box(e->kind))
		return false;
	return !memcmp(e->device.b, mapped, sizeof mapped) ||
	       !memcmp(e->peer_lo.b, mapped, sizeof mapped);
}

#define BIT(kind) (1U << ELEMENT_##kind)

bool key_subject(const struct element *e, struct subject_key *ret)
{
	static const unsigned by_addr = BIT(POLICED) | BIT(OWNED) | BIT(IN) |
					BIT(IN_RANGE) | BIT(ARM_IN) |
					BIT(LIMIT_IN_BYTES) | BIT(LIMIT_IN_PACKETS);

	if ((BIT(BOUND) | BIT(LOCAL)) & 1U << e->kind)
		return false;
	*ret = by_addr & 1U << e->kind ? key_of_addr(&e->device) : key_of_mac(&e->mac);
	return true;
}

static struct bpf_mac key_mac(const struct mac *m)
{
	struct bpf_mac k = {{0}, {0}};

	memcpy(k.b, m->b, sizeof k.b);
	return k;
}

static void key_box(const struct element *e, uint8_t box[])
{
	struct bpf_box b = {.peer_lo = key_addr(&e->peer_lo),
		.peer_hi = key_addr(&e->peer_hi), .device_lo = e->device_port.lo,
		.device_hi = e->device_port.hi, .peer_port_lo = e->peer_port.lo,
		.peer_port_hi = e->peer_port.hi, .proto_lo = e->proto_lo,
		.proto_hi = e->proto_hi, .family = e->family, .gate = e->gate};

	if (e->kind == ELEMENT_ARM_OUT || e->kind == ELEMENT_ARM_IN)
		b.kind = BPF_BOX_ARMS;

	memcpy(box, &b, offsetof(struct bpf_box, entry));
}

static void key_exact(const struct element *e, struct key *k)
{
	uint16_t port = e->kind == ELEMENT_OUT ? e->peer_port.lo : e->device_port.lo;

	k->table = KEY_EXACT;
	k->exact.subject = k->subject;
	k->exact.port = htons(port);
	k->exact.proto = e->proto_lo;
	k->exact.peer = key_addr(&e->peer_lo);
}

static void key_ether(const struct element *e, struct key *k)
{
	k->table = KEY_ETHER;
	k->ether.subject = k->subject;
	k->ether.type = htons(e->ether_type);
	k->ether.to_device = e->kind == ELEMENT_ETHER_IN;
	k->ether.any = !mac_equal(&e->peer_mac_lo, &e->peer_mac_hi);
	if (!k->ether.any)
		k->ether.peer = key_mac(&e->peer_mac_lo);
}

static void key_name(const struct element *e, struct key *k)
{
	k->table = KEY_NAME;
	k->name.name.hash = e->name_hash;
	k->name.name.subject = k->subject;
	k->name.name.suffix = e->name_suffix;
	k->name.opening = (struct key_opening){
		htons(e->peer_port.lo), e->proto_lo, e->family};
}

static void key_flag(const struct element *e, struct key *k)
{
	k->table = KEY_FLAG;
	k->flag = e->kind == ELEMENT_MANAGED   ? BPF_MANAGED
		  : e->kind == ELEMENT_POLICED ? BPF_POLICED
					       : BPF_OWNED;
}

void key_from_element(const struct element *e, uint32_t subject, struct key *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->subject = subject;
	if (e->kind == ELEMENT_BOUND) {
		ret->table = KEY_BOUND;
		ret->bound.addr = key_addr(&e->device);
		ret->bound.mac = key_mac(&e->mac);
	} else if (e->kind == ELEMENT_OUT || e->kind == ELEMENT_IN) {
		key_exact(e, ret);
	} else if (e->kind == ELEMENT_ETHER_OUT || e->kind == ELEMENT_ETHER_IN) {
		key_ether(e, ret);
	} else if (e->kind == ELEMENT_NAME) {
		key_name(e, ret);
	} else if (key_is_box(e->kind)) {
		ret->table = KEY_BOX;
		key_box(e, ret->box);
	} else if (e->kind == ELEMENT_LOCAL) {
		ret->table = KEY_LOCAL;
		ret->local.lo = key_addr(&e->peer_lo);
		ret->local.hi = key_addr(&e->peer_hi);
	} else if ((BIT(MANAGED) | BIT(POLICED) | BIT(OWNED)) & 1U << e->kind) {
		key_flag(e, ret);
	} else {
		ret->table = KEY_RATE;
		ret->packets = e->kind == ELEMENT_LIMIT_OUT_PACKETS ||
			       e->kind == ELEMENT_LIMIT_IN_PACKETS;
	}
}

/* ---- and back, to tell counts ---- */

static void element_begin(const struct subject_key *s, enum element_kind out,
	enum element_kind in, struct element *ret)
{
	*ret = (struct element){.kind = s->is_mac ? out : in};
	if (s->is_mac)
		memcpy(ret->mac.b, s->addr.w, sizeof ret->mac.b);
	else
		ret->device = key_to_addr(&s->addr);
}

void key_to_out(const struct subject_key *s, const struct bpf_exact *x,
	struct element *ret)
{
	struct range16 port = {ntohs(x->port), ntohs(x->port)};

	element_begin(s, ELEMENT_OUT, ELEMENT_IN, ret);
	*(s->is_mac ? &ret->peer_port : &ret->device_port) = port;
	ret->peer_lo = ret->peer_hi = key_to_addr(&x->peer);
	ret->family = ret->peer_lo.family;
	ret->proto_lo = ret->proto_hi = x->proto;
}

void key_to_range(const struct subject_key *s, const struct bpf_box *b,
	struct element *ret)
{
	element_begin(s, ELEMENT_OUT_RANGE, ELEMENT_IN_RANGE, ret);
	ret->gate = b->gate;
	ret->family = b->family;
	ret->peer_lo = key_to_addr(&b->peer_lo);
	ret->peer_hi = key_to_addr(&b->peer_hi);
	ret->proto_lo = b->proto_lo;
	ret->proto_hi = b->proto_hi;
	ret->device_port = (struct range16){b->device_lo, b->device_hi};
	ret->peer_port = (struct range16){b->peer_port_lo, b->peer_port_hi};
}
