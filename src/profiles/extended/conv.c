// SPDX-License-Identifier: GPL-2.0-or-later
/* conv - conversations that were accepted, each for the policy that did. */
#include <string.h>
#include "profiles/extended/machine_priv.h"

bool facts_has_conv(const struct facts *f)
{
	return (f->protos & (1u << EXTENDED_TCP | 1u << EXTENDED_UDP)) != 0;
}

static struct conv_key conv_key(const struct facts *f, uint32_t policy)
{
	const struct packet *p = f->p;
	bool arp = (f->protos & 1u << EXTENDED_ARP) != 0;
	const struct addr *src = arp ? &p->arp.sender : &p->ip.src;
	const struct addr *dst = arp ? &p->arp.target : &p->ip.dst;
	bool swap = addr_compare(src, dst) > 0 ||
		    (addr_equal(src, dst) && f->src_port > f->dst_port);
	struct conv_key k;

	memset(&k, 0, sizeof k); /* it is hashed with its padding */
	k.a = swap ? *dst : *src;
	k.b = swap ? *src : *dst;
	k.a_port = swap ? f->dst_port : f->src_port;
	k.b_port = swap ? f->src_port : f->dst_port;
	k.proto = arp ? 0 : p->ip.proto;
	k.policy = policy;
	return k;
}

static struct conv *conv_set(struct extended_machine *m, const struct conv_key *k)
{
	return m->convs[hash_bytes(&m->key, k, sizeof *k) % CONV_SETS];
}

/* One that is over, or was silent for too long, is none. */
struct conv *conv_find(struct extended_machine *m, const struct extended_policy *p)
{
	const struct facts *f = &m->facts;
	struct conv_key k = conv_key(f, p->id);
	struct conv *set = conv_set(m, &k);
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
	struct conv_key k = conv_key(f, p->id);
	struct conv *set = conv_set(m, &k), *place = set;

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

void conv_count(struct conv *c, const struct facts *f, bool backward)
{
	counts_add(&c->counts, f, backward);
	c->last = f->when;
	c->closed |= f->rst || f->fin;
}
