// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns_answer.c - what a response says about the name that was asked for. */
#include "wire/dns_priv.h"

/* One walk over a section. */
struct dns_walk {
	struct cursor c;
	unsigned left;
	bool may_end; /* truncated message: a missing record is the end */
	/* The pointer that was the owner of the record before; 0: it was spelt out. Most
	 * records of an answer have the same. */
	uint16_t owner;
};

/* The next two octets, when they are a pointer (RFC 1035 4.1.4); else 0. */
static uint16_t dns_walk_pointer(const struct dns_walk *w)
{
	const uint8_t *p = w->c.pos;
	if (cursor_left(&w->c) < sizeof(uint16_t) || p[0] < 0xc0)
		return 0;
	return load_be16(p);
}

/* rec is the one of the step before, with its owner. */
static int dns_walk_record(struct dns_walk *w, struct dns_record *rec)
{
	uint16_t pointer = dns_walk_pointer(w);
	if (pointer && pointer == w->owner) {
		cursor_skip(&w->c, sizeof(pointer));
	} else {
		int r = dns_name_parse(&w->c, &rec->owner);
		if (r)
			return r;
		w->owner = pointer;
	}
	return dns_record_rest(&w->c, rec);
}

/* 1 and a record, 0 at the end, or an error. ret: the same in each step of a walk. */
static int dns_walk_next(struct dns_walk *w, struct dns_record *ret)
{
	if (!w->left)
		return 0;
	w->left--;
	int r = dns_walk_record(w, ret);
	if (!r)
		return 1;
	if (r != CARDEA_ETRUNCATED || !w->may_end)
		return r;
	w->left = 0;
	return 0;
}

/* The type of the next record of a section that was walked before; 0 at the end or when
 * it cannot be told. ret: behind the record. */
static uint16_t dns_walk_type(const struct dns_walk *w, struct cursor *ret)
{
	struct cursor c = w->c;
	uint8_t len = 1;
	while (w->left && (len = cursor_u8(&c)) && len <= DNS_LABEL_MAX)
		cursor_skip(&c, len);
	if (len > DNS_LABEL_MAX)
		cursor_skip(&c, 1); /* a pointer's second octet */
	uint16_t type = cursor_u16(&c);
	cursor_skip(&c, 2 + 4); /* class, TTL */
	cursor_skip(&c, cursor_u16(&c));
	*ret = c;
	return w->left && !c.error ? type : 0;
}

static bool dns_is_svcb(uint16_t type)
{
	return type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
}

/* Steps over those that say nothing: of the tail's walk it is known that all are sound. */
static void dns_walk_to(struct dns_walk *w, const struct dns_answer *a,
	bool (*says)(const struct dns_answer *a, uint16_t type))
{
	struct cursor behind;
	for (uint16_t type; (type = dns_walk_type(w, &behind)) && !says(a, type);) {
		w->c = behind;
		w->left--;
	}
}

static bool dns_says_alias(const struct dns_answer *a, uint16_t type)
{
	return type == DNS_TYPE_CNAME || (dns_is_svcb(type) && type == a->question.type);
}

static bool dns_says_address(const struct dns_answer *a, uint16_t type)
{
	return (type == a->question.type || a->question.type == DNS_TYPE_ANY) &&
	       (type == DNS_TYPE_A || type == DNS_TYPE_AAAA || dns_is_svcb(type));
}

static bool dns_answer_owns(const struct dns_answer *a, const struct dns_record *rec)
{
	return rec->class == DNS_CLASS_IN && dns_name_equal(&rec->owner, &a->owner);
}

static void dns_answer_lower_ttl(struct dns_answer *a, uint32_t ttl)
{
	if (ttl < a->min_ttl)
		a->min_ttl = ttl;
}

/* What the record says its owner stands for, or NULL: by CNAME, or for the type asked for
 * by AliasMode (RFC 9460 2.4.2), which with the root as its target says "nothing". */
static const struct dns_name *dns_record_target(
	const struct dns_answer *a, const struct dns_record *rec)
{
	if (!dns_says_alias(a, rec->type) || rec->class != DNS_CLASS_IN)
		return NULL;
	if (rec->type == DNS_TYPE_CNAME)
		return &rec->target;
	return rec->svcb.priority || dns_name_is_root(&rec->svcb.target)
		       ? NULL
		       : &rec->svcb.target;
}

/* Two targets would let us and the device follow different ones. */
static int dns_alias_agree(bool *found, const struct dns_name *to, uint32_t to_ttl,
	struct dns_name *target, uint32_t *ttl)
{
	if (*found && !dns_name_equal(target, to))
		return CARDEA_EMALFORMED;
	*target = *to;
	*ttl = *ttl < to_ttl ? *ttl : to_ttl;
	*found = true;
	return 0;
}

/* The owner's alias: 1 with its target and TTL, 0 when there is none. */
static int dns_answer_alias(const struct dns_answer *a, struct dns_walk walk,
	struct dns_name *target, uint32_t *ttl)
{
	struct dns_record rec;
	bool found = false;
	int r;
	*ttl = UINT32_MAX;
	for (;;) {
		dns_walk_to(&walk, a, dns_says_alias);
		r = dns_walk_next(&walk, &rec);
		if (r <= 0)
			break;
		const struct dns_name *to = dns_record_target(a, &rec);
		if (!to || !dns_answer_owns(a, &rec))
			continue;
		r = dns_alias_agree(&found, to, rec.ttl, target, ttl);
		if (r)
			return r;
	}
	return r < 0 ? r : found;
}

/* Almost all answers have no more aliases than these: they are read once. */
#define DNS_ALIASES_FEW 4

struct dns_aliases {
	unsigned count; /* more than FEW: they are not all here */
	struct {
		struct dns_name owner, target;
		uint32_t ttl;
	} few[DNS_ALIASES_FEW];
};

static void dns_name_copy(struct dns_name *ret, const struct dns_name *name)
{
	memcpy(ret->text, name->text, strlen(name->text) + 1);
}

static void dns_aliases_add(
	struct dns_aliases *s, const struct dns_record *rec, const struct dns_name *target)
{
	if (s->count < DNS_ALIASES_FEW) {
		dns_name_copy(&s->few[s->count].owner, &rec->owner);
		dns_name_copy(&s->few[s->count].target, target);
		s->few[s->count].ttl = rec->ttl;
	}
	s->count++;
}

/* As dns_answer_alias. */
static int dns_answer_alias_few(const struct dns_answer *a, const struct dns_aliases *s,
	struct dns_name *target, uint32_t *ttl)
{
	bool found = false;
	*ttl = UINT32_MAX;
	for (unsigned i = 0; i < s->count; i++) {
		if (!dns_name_equal(&s->few[i].owner, &a->owner))
			continue;
		int r = dns_alias_agree(
			&found, &s->few[i].target, s->few[i].ttl, target, ttl);
		if (r)
			return r;
	}
	return found;
}

/* Moves owner to the end of the chain. */
static int dns_answer_follow(struct dns_answer *a, const struct dns_walk *answers,
	const struct dns_aliases *aliases)
{
	bool few = aliases->count <= DNS_ALIASES_FEW;
	struct dns_name target;
	uint32_t ttl;
	int r;
	while ((r = few ? dns_answer_alias_few(a, aliases, &target, &ttl)
			: dns_answer_alias(a, *answers, &target, &ttl)) > 0) {
		if (dns_name_equal(&target, &a->owner) ||
			dns_name_equal(&target, &a->question.name))
			return CARDEA_ELOOP;
		if (a->chain_count == DNS_ANSWER_CHAIN_MAX)
			return CARDEA_ELIMIT;
		a->chain_count++;
		a->owner = target;
		dns_answer_lower_ttl(a, ttl);
	}
	return r;
}

/* An IPv4 address as IPv6 (RFC 4291 2.5.5.2) is on no wire: there is nothing to open, and
 * the kernel's keys, which write IPv4 so, would take it for the other one. */
static bool dns_answer_is_mapped(const struct addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return addr->family == 6 && !memcmp(addr->b, mapped, sizeof(mapped));
}

static int dns_answer_add(struct dns_answer *a, const struct addr *addr)
{
	a->told++; /* at most 32 for each of 512 records */
	if (dns_answer_is_mapped(addr))
		return 0;
	for (unsigned i = 0; i < a->count; i++)
		if (addr_equal(&a->addresses[i], addr))
			return 0;
	if (a->count == DNS_ANSWER_ADDRESSES_MAX)
		return CARDEA_ELIMIT;
	a->addresses[a->count++] = *addr;
	return 0;
}

static int dns_answer_add_hints(struct dns_answer *a, const struct dns_svcb *s)
{
	if (s->has_ech)
		a->has_ech = true;
	if (s->hint_count)
		a->has_hints = true;
	for (unsigned i = 0; i < s->hint_count; i++) {
		int r = dns_answer_add(a, &s->hints[i]);
		if (r)
			return r;
	}
	return 0;
}

static int dns_answer_addresses(struct dns_answer *a, struct dns_walk walk)
{
	struct dns_record rec;
	int r;
	for (;;) {
		dns_walk_to(&walk, a, dns_says_address);
		r = dns_walk_next(&walk, &rec);
		if (r <= 0)
			break;
		if (!dns_answer_owns(a, &rec) || !dns_says_address(a, rec.type))
			continue;
		r = dns_is_svcb(rec.type) ? dns_answer_add_hints(a, &rec.svcb)
					  : dns_answer_add(a, &rec.addr);
		if (r < 0)
			return r;
		dns_answer_lower_ttl(a, rec.ttl);
	}
	return r;
}

static void dns_answer_note(struct dns_answer *a, const struct dns_record *rec)
{
	if (rec->type == DNS_TYPE_OPT && dns_name_is_root(&rec->owner)) {
		a->has_edns = true;
		a->rcode = (uint16_t)((a->rcode & 0x0f) | (rec->ttl >> 24 << 4));
	} else if (rec->type == DNS_TYPE_SOA && rec->class == DNS_CLASS_IN &&
		   !a->has_negative_ttl) {
		a->has_negative_ttl = true;
		a->negative_ttl =
			rec->ttl < rec->soa_minimum ? rec->ttl : rec->soa_minimum;
	}
}

/* Steps over the answers, then reads what the other sections say about the answer.
 * ret_sound: how many answers there are before a truncated message ends; ret_aliases:
 * those that say that a name stands for another. */
static int dns_answer_tail(struct dns_answer *a, struct dns_walk walk, unsigned tail,
	unsigned *ret_sound, struct dns_aliases *ret_aliases)
{
	const struct dns_name *target;
	struct dns_record rec;
	int r;
	*ret_sound = 0;
	ret_aliases->count = 0;
	while ((r = dns_walk_next(&walk, &rec)) > 0) {
		++*ret_sound;
		if ((target = dns_record_target(a, &rec)))
			dns_aliases_add(ret_aliases, &rec, target);
	}
	if (r || walk.c.error)
		return r;
	walk.left = tail;
	while ((r = dns_walk_next(&walk, &rec)) > 0)
		dns_answer_note(a, &rec);
	return r;
}

static int dns_answer_begin(struct dns_answer *a, struct cursor *c,
	struct dns_header *h)
{
	int r = dns_parse_header(c, h);
	if (r)
		return r;
	if (!h->qr)
		return CARDEA_EREFUSED;
	if (h->questions != 1)
		return CARDEA_EMALFORMED;
	if (h->answers > DNS_ANSWER_RECORDS_MAX)
		return CARDEA_ELIMIT;
	a->id = h->id;
	a->tc = h->tc;
	a->aa = h->aa;
	a->ad = h->ad;
	a->ra = h->ra;
	a->rcode = h->rcode;
	a->min_ttl = UINT32_MAX;
	r = dns_next_question(c, &a->question);
	if (!r)
		a->owner = a->question.name;
	return r;
}

static int dns_answer_read(struct dns_answer *a, const struct dns_walk *answers,
	unsigned tail)
{
	struct dns_walk sound = *answers;
	struct dns_aliases aliases;
	int r = dns_answer_tail(a, *answers, tail, &sound.left, &aliases);
	/* A question for the CNAME itself is answered by it, not by what it names. */
	if (!r && aliases.count && a->question.type != DNS_TYPE_CNAME)
		r = dns_answer_follow(a, &sound, &aliases);
	if (!r && a->rcode == DNS_RCODE_NOERROR)
		r = dns_answer_addresses(a, sound);
	if (a->min_ttl == UINT32_MAX)
		a->min_ttl = 0;
	return r;
}

int dns_answer_collect(struct cursor message, struct dns_answer *ret)
{
	struct dns_answer a;
	struct dns_header h;
	memset(&a, 0, offsetof(struct dns_answer, addresses));
	int r = dns_answer_begin(&a, &message, &h);
	if (r)
		return r;
	struct dns_walk answers = {.c = message, .left = h.answers, .may_end = h.tc};
	r = dns_answer_read(&a, &answers, (unsigned)h.authorities + h.additionals);
	if (r)
		return r;
	memcpy(ret, &a,
		offsetof(struct dns_answer, addresses) +
			a.count * sizeof(a.addresses[0]));
	return 0;
}
