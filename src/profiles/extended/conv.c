// SPDX-License-Identifier: GPL-2.0-or-later
/* conv - conversations that were accepted, each for the policy that did. */
#include <string.h>
#include "profiles/extended/machine_priv.h"

#define ANYBODY (UINT32_MAX - 1) /* no policy has this id */

bool facts_has_conv(const struct facts *f)
{
	return (f->protos & (1u << EXTENDED_TCP | 1u << EXTENDED_UDP)) != 0;
}

struct ends {
	const struct addr *src, *dst;
	uint16_t src_port, dst_port;
	uint8_t proto;
};

static struct conv_key conv_key(const struct ends *e, uint32_t policy)
{
	bool swap = addr_compare(e->src, e->dst) > 0 ||
		    (addr_equal(e->src, e->dst) && e->src_port > e->dst_port);
	struct conv_key k;

	memset(&k, 0, sizeof k); /* it is hashed with its padding */
	k.a = swap ? *e->dst : *e->src;
	k.b = swap ? *e->src : *e->dst;
	k.a_port = swap ? e->dst_port : e->src_port;
	k.b_port = swap ? e->src_port : e->dst_port;
	k.proto = e->proto;
	k.policy = policy;
	return k;
}

static struct conv_key facts_key(const struct facts *f, uint32_t policy)
{
	const struct packet *p = f->p;
	bool arp = (f->protos & 1u << EXTENDED_ARP) != 0;

	return conv_key(&(struct ends){.src = arp ? &p->arp.sender : &p->ip.src,
				.dst = arp ? &p->arp.target : &p->ip.dst,
				.src_port = f->src_port, .dst_port = f->dst_port,
				.proto = arp ? 0 : p->ip.proto},
		policy);
}

static size_t conv_set(const struct extended_machine *m, const struct conv_key *k)
{
	return hash_bytes(&m->key, k, sizeof *k) % CONV_SETS;
}

/* One that is over, or was silent for too long, is none. */
struct conv *conv_find(struct extended_machine *m, const struct extended_policy *p)
{
	const struct facts *f = &m->facts;
	struct conv_key k = facts_key(f, p->id);
	struct conv *set = m->convs[conv_set(m, &k)];
	nstime idle = f->is_tcp ? CONV_TCP_IDLE : CONV_UDP_IDLE;

	for (unsigned i = 0; i < CONV_WAYS; i++) {
		struct conv *c = &set[i];

		if (!c->used || memcmp(&c->key, &k, sizeof k) != 0)
			continue;
		if (f->when - c->last <= idle && !(c->closed && f->syn && !f->ack))
			return c;
		c->used = false;
	}
	return NULL;
}

struct conv *conv_open(struct extended_machine *m, const struct extended_policy *p)
{
	const struct facts *f = &m->facts;
	struct conv_key k = facts_key(f, p->id);
	struct conv *set = m->convs[conv_set(m, &k)], *place = set;

	for (unsigned i = 0; i < CONV_WAYS; i++) {
		if (!set[i].used) {
			place = &set[i];
			break;
		}
		if (set[i].last < place->last)
			place = &set[i];
	}
	*place = (struct conv){.used = true, .key = k, .seen_syn = f->syn,
		.counts.first = f->when};
	return place;
}

void counts_add(struct counts *c, const struct facts *f, bool backward)
{
	if (!c->packets[0] && !c->packets[1])
		c->first = f->when;
	c->packets[backward]++;
	c->bytes[backward] += f->length;
}

void counts_merge(struct counts *c, const struct counts *more)
{
	if ((!c->packets[0] && !c->packets[1]) || more->first < c->first)
		c->first = more->first;
	for (unsigned i = 0; i < 2; i++) {
		c->packets[i] += more->packets[i];
		c->bytes[i] += more->bytes[i];
	}
}

void conv_count(struct conv *c, const struct facts *f, bool backward)
{
	counts_add(&c->counts, f, backward);
	c->last = f->when;
	c->closed |= f->rst || f->fin;
}

void conv_accepted(struct extended_machine *m)
{
	static const struct extended_policy anybody = {.id = ANYBODY};
	struct conv *c;

	if (!facts_has_conv(&m->facts))
		return;
	c = conv_find(m, &anybody);
	if (!c)
		c = conv_open(m, &anybody);
	c->last = m->facts.when;
}

/* Errors, not redirects nor questions (RFC 792; RFC 4443 2.1). */
static bool icmp_is_error(const struct packet *p)
{
	uint8_t t = p->icmp.type;

	if (!(p->layers & PACKET_ICMP))
		return false;
	return p->ip.family == 4 ? t == 3 || t == 11 || t == 12 : t >= 1 && t <= 4;
}

/* The packet that an error quotes went to where the error comes from, or further on, and
 * came from whom the error is for. */
bool conv_is_error(const struct extended_machine *m)
{
	const struct packet *p = m->facts.p;
	const struct icmp_inner *of = &p->icmp.inner;

	if (!icmp_is_error(p) || !p->icmp.has_inner || !of->has_ports ||
		!addr_equal(&of->src, &p->ip.dst))
		return false;
	struct conv_key k = conv_key(&(struct ends){&of->src, &of->dst, of->src_port,
		of->dst_port, of->proto}, ANYBODY);
	const struct conv *set = m->convs[conv_set(m, &k)];

	for (unsigned i = 0; i < CONV_WAYS; i++)
		if (set[i].used && memcmp(&set[i].key, &k, sizeof k) == 0)
			return m->facts.when - set[i].last <= CONV_UDP_IDLE;
	return false;
}
