// SPDX-License-Identifier: GPL-2.0-or-later
/* inline_dns_make.c - the generator. */
#include "inline_dns_make.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 24
#define RECORDS_MAX 96
#define KNOWN_MAX 64

/* A name in the message that a pointer may lead to. */
struct known {
	size_t at;
	const uint8_t *wire;
};

struct record {
	const struct made_name *owner, *target;
	uint16_t type, class;
	uint32_t ttl;
	uint16_t priority;
	uint8_t hints4, hints6;
	bool spoilt; /* data that is not what the type says */
};

struct maker {
	struct random *random;
	struct writer w;
	struct made_name names[NAMES_MAX];
	unsigned name_count;
	struct record records[RECORDS_MAX];
	unsigned count, answers, authorities;
	struct known known[KNOWN_MAX];
	unsigned known_count;
	unsigned compress; /* percent of names that are */
};

uint32_t random_below(struct random *r, uint32_t n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)((r->state * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

bool random_chance(struct random *r, unsigned percent)
{
	return random_below(r, 100) < percent;
}

/* ---- names ---- */

/* Puts a label in front. */
static bool name_push(struct made_name *n, const uint8_t *label, uint8_t len)
{
	if (n->len + 1U + len > sizeof n->wire)
		return false;
	memmove(n->wire + 1 + len, n->wire, n->len);
	n->wire[0] = len;
	memcpy(n->wire + 1, label, len);
	n->len = (uint8_t)(n->len + 1 + len);
	n->labels++;
	return true;
}

static uint8_t random_label(struct random *r, uint8_t label[DNS_LABEL_MAX])
{
	static const char *const common[] = {"a", "b", "www", "api", "cdn7", "example",
		"com", "net", "x-1", "_tcp", "eight-by", "sixteen-letters-"};
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *word = common[random_below(r, sizeof common / sizeof *common)];
	uint8_t len = (uint8_t)strlen(word);

	memcpy(label, word, len);
	if (random_chance(r, 75))
		return len;
	len = (uint8_t)(1 + random_below(r, random_chance(r, 15) ? DNS_LABEL_MAX : 12));
	bool odd = random_chance(r, 15);
	for (uint8_t i = 0; i < len; i++)
		label[i] = odd && random_chance(r, 40)
				   ? (uint8_t)random_below(r, 256)
				   : (uint8_t)plain[random_below(r, sizeof plain - 1)];
	for (uint8_t i = 0; i < len; i++) /* names here are in lower case */
		if (label[i] >= 'A' && label[i] <= 'Z')
			label[i] |= 0x20;
	return len;
}

struct made_name made_name_random(struct random *r, const struct made_name *below)
{
	struct made_name n = {.wire = {0}, .len = 1};
	unsigned more = 1 + random_below(r, random_chance(r, 5) ? 30 : 3);
	uint8_t label[DNS_LABEL_MAX];

	if (below)
		n = *below;
	while (more--)
		if (!name_push(&n, label, random_label(r, label)))
			break;
	return n;
}

struct made_name made_name_of(unsigned number, const char *zone)
{
	struct made_name n = {.wire = {0}, .len = 1};
	char text[DNS_LABEL_MAX];

	for (const char *end = zone + strlen(zone); end > zone;) {
		const char *start = end;
		while (start > zone && start[-1] != '.')
			start--;
		(void)name_push(&n, (const uint8_t *)start, (uint8_t)(end - start));
		end = start > zone ? start - 1 : zone;
	}
	int len = snprintf(text, sizeof text, "n%u", number);
	(void)name_push(&n, (const uint8_t *)text, (uint8_t)len);
	return n;
}

static uint64_t label_hash(
	const struct name_key *key, uint64_t above, const uint8_t *label, unsigned len)
{
	struct name_hash_state s;
	uint64_t word = 0;

	name_hash_begin(&s, key, above);
	for (unsigned i = 0; i < len; i++) {
		word |= (uint64_t)label[i] << 8 * (i % 8);
		if (i % 8 == 7) {
			name_hash_word(&s, word);
			word = 0;
		}
	}
	name_hash_word(&s, word | (uint64_t)len << 56);
	return name_hash_end(&s);
}

uint64_t made_name_hash(
	const struct name_key *key, const struct made_name *n, unsigned labels)
{
	const uint8_t *at[DNS_NAME_WIRE_MAX];
	const uint8_t *p = n->wire;
	uint64_t hash = NAME_HASH_ROOT;
	unsigned count = 0;

	for (; *p; p += 1 + *p)
		at[count++] = p;
	for (unsigned i = 0; i < labels && i < count; i++) {
		p = at[count - 1 - i];
		hash = label_hash(key, hash, p + 1, *p);
	}
	return hash;
}

/* ---- writing ---- */

static bool wire_same(const uint8_t *a, const uint8_t *b)
{
	for (; *a; a += 1 + *a, b += 1 + *b)
		if (memcmp(a, b, 1U + *a))
			return false;
	return !*b;
}

static bool write_pointer(struct maker *m, const uint8_t *wire)
{
	unsigned first = m->known_count ? random_below(m->random, m->known_count) : 0;

	for (unsigned i = 0; i < m->known_count; i++) {
		struct known *k = &m->known[(first + i) % m->known_count];
		if (!wire_same(k->wire, wire))
			continue;
		writer_u16(&m->w, (uint16_t)(0xc000 | k->at));
		return true;
	}
	return false;
}

static void write_label(struct maker *m, const uint8_t *label)
{
	writer_u8(&m->w, *label);
	for (uint8_t i = 1; i <= *label; i++) {
		bool letter = label[i] >= 'a' && label[i] <= 'z';
		bool upper = letter && random_chance(m->random, 10);
		writer_u8(&m->w, upper ? label[i] & ~0x20 : label[i]);
	}
}

static void write_name(struct maker *m, const struct made_name *n, bool may_compress)
{
	const uint8_t *p = n->wire;

	may_compress = may_compress && random_chance(m->random, m->compress);
	for (; *p; p += 1 + *p) {
		size_t at = m->w.len;
		bool pointed = may_compress && random_chance(m->random, 85) &&
			       write_pointer(m, p);
		if (m->known_count < KNOWN_MAX && at < 0x3fff)
			m->known[m->known_count++] = (struct known){at, p};
		if (pointed)
			return;
		write_label(m, p);
	}
	writer_u8(&m->w, 0);
}

/* Addresses of houses, or close beside them. */
static void write_inside(struct maker *m, bool v6)
{
	static const uint32_t v4[] = {0x0a000005, 0x0affffff, 0x0b000000, 0xac0fffff,
		0xac100000, 0xac1fffff, 0xac200000, 0xc0a80101, 0xc0a70101, 0x7f000001,
		0xa9fe0101, 0xa9fd0101, 0x64400001, 0x647fffff, 0x64800000, 0x643fffff,
		0, 1, 0xffffffff, 0xfffffffe, 0x01000000};
	static const uint32_t v6_high[] = {0xfc000000, 0xfd000000, 0xfe000000,
		0xfb000000, 0xfe800000, 0xfebf0000, 0xfec00000, 0x0064ff9b, 0x0064ff9c,
		0, 1};
	struct random *r = m->random;
	uint32_t ip = v4[random_below(r, sizeof v4 / sizeof *v4)];

	if (!v6) {
		writer_u32(&m->w, ip);
		return;
	}
	if (random_chance(r, 20)) { /* 6to4, or not quite */
		writer_u32(&m->w, (0x2002U + random_chance(r, 20)) << 16 | ip >> 16);
		writer_u32(&m->w, ip << 16);
		writer_u64(&m->w, random_below(r, 9));
		return;
	}
	writer_u32(&m->w, v6_high[random_below(r, sizeof v6_high / sizeof *v6_high)]);
	writer_u64(&m->w, random_chance(r, 80) ? 0 : random_below(r, 3));
	writer_u32(&m->w, ip);
}

static void write_address(struct maker *m, bool v6)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (v6 && random_chance(m->random, 3)) {
		writer_bytes(&m->w, mapped, sizeof mapped);
		writer_u32(&m->w, random_below(m->random, 0xffffffff));
		return;
	}
	if (random_chance(m->random, 8)) {
		write_inside(m, v6);
		return;
	}
	if (v6) {
		writer_u32(&m->w, 0x20010db8);
		writer_u64(&m->w, random_below(m->random, 16));
	}
	/* few, so that some come twice */
	writer_u32(&m->w, 0xcb007100 + random_below(m->random, 4096));
}

static void write_hints(struct maker *m, uint16_t key, unsigned count, bool v6)
{
	if (!count)
		return;
	writer_u16(&m->w, key);
	writer_u16(&m->w, (uint16_t)(count * (v6 ? 16 : 4)));
	while (count--)
		write_address(m, v6);
}

static void write_svcb(struct maker *m, const struct record *rec)
{
	writer_u16(&m->w, rec->priority);
	if (rec->target)
		write_name(m, rec->target, rec->spoilt && random_chance(m->random, 50));
	else
		writer_u8(&m->w, 0);
	if (!rec->priority)
		return;
	if (random_chance(m->random, 50)) {
		writer_u32(&m->w, 1 << 16 | 3); /* alpn */
		writer_bytes(&m->w, "\2h2", 3);
	}
	if (random_chance(m->random, 30)) {
		writer_u32(&m->w, 3 << 16 | 2);
		writer_u16(&m->w, 443);
	}
	write_hints(m, 4, rec->hints4, false);
	if (random_chance(m->random, 30))
		writer_u32(&m->w, (rec->spoilt ? 2U : 5U) << 16);
	write_hints(m, 6, rec->hints6, true);
}

static void write_junk(struct maker *m, unsigned len)
{
	while (len--)
		writer_u8(&m->w, (uint8_t)random_below(m->random, 256));
}

static void write_data(struct maker *m, const struct record *rec)
{
	switch (rec->type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		write_address(m, rec->type == DNS_TYPE_AAAA);
		break;
	case DNS_TYPE_CNAME:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
		write_name(m, rec->target, true);
		break;
	case DNS_TYPE_SOA:
		write_name(m, rec->target, true);
		write_name(m, &m->names[0], true);
		write_junk(m, 20);
		break;
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		write_svcb(m, rec);
		break;
	case DNS_TYPE_OPT:
		break;
	default:
		write_junk(m, random_below(m->random, 20));
	}
	if (rec->spoilt)
		write_junk(m, random_below(m->random, 3));
}

static void write_record(struct maker *m, const struct record *rec)
{
	if (rec->owner)
		write_name(m, rec->owner, true);
	else
		writer_u8(&m->w, 0);
	writer_u16(&m->w, rec->type);
	writer_u16(&m->w, rec->class);
	writer_u32(&m->w, rec->ttl);
	size_t at = m->w.len;
	writer_u16(&m->w, 0);
	write_data(m, rec);
	writer_patch16(&m->w, at, (uint16_t)(m->w.len - at - 2));
}

/* ---- content ---- */

static uint32_t random_ttl(struct random *r)
{
	static const uint32_t ttls[] = {0, 1, 30, 60, 61, 300, 3600, 86400, 90000,
		0x7fffffff, 0x80000000, 0xffffffff};

	return ttls[random_below(r, sizeof ttls / sizeof *ttls)];
}

static struct record *add(struct maker *m, const struct made_name *owner, uint16_t type)
{
	struct record *rec = &m->records[m->count < RECORDS_MAX ? m->count++ : 0];
	struct random *r = m->random;

	*rec = (struct record){.owner = owner, .type = type, .class = DNS_CLASS_IN};
	rec->ttl = random_ttl(r);
	rec->target = &m->names[random_below(r, m->name_count)];
	rec->spoilt = random_below(r, 400) == 0;
	if (random_below(r, 200) == 0)
		rec->class = 3; /* CHAOS */
	if (type != DNS_TYPE_SVCB && type != DNS_TYPE_HTTPS)
		return rec;
	rec->priority = random_chance(r, 90) ? 1 : 0;
	if (random_chance(r, 50))
		rec->target = NULL;
	rec->hints4 = (uint8_t)random_below(r, random_chance(r, 5) ? 40 : 4);
	rec->hints6 = (uint8_t)random_below(r, random_chance(r, 5) ? 20 : 3);
	return rec;
}

static uint16_t address_type(struct random *r, uint16_t asked)
{
	static const uint16_t types[] = {
		DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_HTTPS, DNS_TYPE_SVCB, DNS_TYPE_TXT};

	if (asked != DNS_TYPE_ANY && !random_chance(r, 5))
		return asked;
	return types[random_below(r, sizeof types / sizeof *types)];
}

static void add_link(struct maker *m, const struct made_name *from,
	const struct made_name *to, uint16_t asked)
{
	bool svcb = asked == DNS_TYPE_SVCB || asked == DNS_TYPE_HTTPS;
	struct record *rec = add(m, from, DNS_TYPE_CNAME);

	rec->target = to;
	if (svcb && random_chance(m->random, 50)) {
		rec->type = asked;
		rec->priority = 0;
	}
	if (random_chance(m->random, 4)) /* twice, now and then to two places */
		*add(m, from, rec->type) = *rec;
	if (random_below(m->random, 200) == 0)
		(void)add(m, from, DNS_TYPE_CNAME);
}

static void add_answers(struct maker *m, uint16_t asked)
{
	static const unsigned lengths[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 17};
	struct random *r = m->random;
	unsigned chain = lengths[random_below(r, sizeof lengths / sizeof *lengths)];
	const struct made_name *at = &m->names[0];

	for (unsigned i = 0; i < chain; i++) {
		const struct made_name *to = &m->names[1 + i];
		if (random_below(r, 100) == 0)
			to = &m->names[random_below(r, m->name_count)];
		add_link(m, at, to, asked);
		at = to;
	}
	unsigned count = random_below(r, random_chance(r, 8) ? 50 : 7);
	while (count--)
		(void)add(m, at, address_type(r, asked));
	for (count = random_chance(r, 20) ? random_below(r, 4) : 0; count; count--)
		(void)add(m, &m->names[random_below(r, m->name_count)],
			address_type(r, DNS_TYPE_ANY));
	m->answers = m->count;
}

static void shuffle(struct maker *m)
{
	for (unsigned i = m->answers; i > 1; i--) {
		unsigned k = random_below(m->random, i);
		struct record swap = m->records[i - 1];
		m->records[i - 1] = m->records[k];
		m->records[k] = swap;
	}
}

static void add_tail(struct maker *m)
{
	struct random *r = m->random;
	const struct made_name *zone = &m->names[random_below(r, m->name_count)];

	if (random_chance(r, 20))
		(void)add(m, zone, DNS_TYPE_NS);
	if (random_chance(r, 20))
		(void)add(m, zone, DNS_TYPE_SOA);
	m->authorities = m->count - m->answers;
	if (random_chance(r, 20))
		(void)add(m, zone, address_type(r, DNS_TYPE_ANY));
	if (random_chance(r, 40)) {
		struct record *opt = add(m, NULL, DNS_TYPE_OPT);
		opt->class = DNS_UDP_SIZE;
		opt->ttl = random_chance(r, 4) ? 1U << 24 : DNS_EDNS_DO;
	}
}

static void make_names(struct maker *m)
{
	struct random *r = m->random;

	m->names[0] = made_name_random(r, NULL);
	for (m->name_count = 1; m->name_count < NAMES_MAX; m->name_count++) {
		unsigned below = random_below(r, m->name_count);
		m->names[m->name_count] = made_name_random(
			r, random_chance(r, 40) ? &m->names[below] : NULL);
	}
}

static void write_head(struct maker *m, uint16_t id, uint16_t flags)
{
	writer_u16(&m->w, id);
	writer_u16(&m->w, flags);
	writer_u16(&m->w, 1);
	writer_u16(&m->w, (uint16_t)m->answers);
	writer_u16(&m->w, (uint16_t)m->authorities);
	writer_u16(&m->w, (uint16_t)(m->count - m->answers - m->authorities));
}

static void write_question(struct maker *m, uint16_t type)
{
	write_name(m, &m->names[0], false);
	writer_u16(&m->w, type);
	writer_u16(&m->w, DNS_CLASS_IN);
}

static void make_question(struct maker *m, struct made *ret)
{
	struct maker q = {.random = m->random};

	q.w = writer_of(ret->question, sizeof ret->question);
	q.names[0] = m->names[0];
	write_head(&q, ret->id, 0x0100);
	write_question(&q, ret->type);
	ret->question_len = q.w.len;
}

static uint16_t random_flags(struct random *r)
{
	uint16_t flags = 0x8180;

	if (random_chance(r, 2))
		flags |= 0x0200; /* TC */
	if (random_chance(r, 3))
		flags |= (uint16_t)random_below(r, 16);
	if (random_chance(r, 1))
		flags |= 0x2000; /* another opcode */
	if (random_chance(r, 1))
		flags &= 0x7fff; /* a question */
	return flags;
}

static void make_answer(struct maker *m, struct made *ret, uint16_t flags)
{
	m->w = writer_of(ret->answer, sizeof ret->answer);
	write_head(m, ret->id, flags);
	write_question(m, ret->type);
	for (unsigned i = 0; i < m->count; i++)
		write_record(m, &m->records[i]);
	ret->answer_len = m->w.error ? DNS_HEADER_LEN : m->w.len;
}

/* What happens on the way, and on purpose. */
static void damage(struct random *r, struct made *c)
{
	unsigned times = 1 + random_below(r, 4);

	while (times--) {
		size_t at = random_below(r, (uint32_t)c->answer_len);
		switch (random_below(r, 6)) {
		case 0:
			c->answer[at] = (uint8_t)random_below(r, 256);
			break;
		case 1:
			c->answer[at] ^= (uint8_t)(1U << random_below(r, 8));
			break;
		case 2:
			c->answer_len = at ? at : 1;
			break;
		case 3: /* a pointer to anywhere, now and then forward */
			c->answer[at] = (uint8_t)(0xc0 | random_chance(r, 5));
			if (at + 1 < c->answer_len)
				c->answer[at + 1] = (uint8_t)random_below(r, 256);
			break;
		case 4: /* counts */
			c->answer[4 + random_below(r, 8)] =
				(uint8_t)random_below(r, 60);
			break;
		default: /* more than there was said to be */
			c->answer[c->answer_len++] = (uint8_t)random_below(r, 256);
		}
		if (c->answer_len < DNS_HEADER_LEN)
			c->answer_len = DNS_HEADER_LEN;
	}
}

void make_case(struct random *r, struct made *ret)
{
	static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_A, DNS_TYPE_AAAA,
		DNS_TYPE_AAAA, DNS_TYPE_HTTPS, DNS_TYPE_SVCB, DNS_TYPE_ANY,
		DNS_TYPE_TXT, DNS_TYPE_CNAME};
	struct maker m = {.random = r};

	m.compress = random_chance(r, 70) ? 95 : random_below(r, 100);
	make_names(&m);
	ret->asked = m.names[0];
	ret->id = (uint16_t)random_below(r, 65536);
	ret->type = types[random_below(r, sizeof types / sizeof *types)];
	make_question(&m, ret);
	add_answers(&m, ret->type);
	if (random_chance(r, 50))
		shuffle(&m);
	add_tail(&m);
	make_answer(&m, ret, random_flags(r));
	if (random_chance(r, 35) && ret->answer_len + 8 < sizeof ret->answer)
		damage(r, ret);
}

void make_plain(struct random *r, const struct made_name *name, uint16_t id,
	uint16_t type, unsigned count, struct made *ret)
{
	struct maker m = {.random = r, .compress = 100, .name_count = 1};

	m.names[0] = ret->asked = *name;
	ret->id = id;
	ret->type = type;
	make_question(&m, ret);
	while (count--) {
		struct record *rec = add(&m, &m.names[0], type);
		rec->class = DNS_CLASS_IN;
		rec->spoilt = false;
		rec->ttl = 300;
	}
	m.answers = m.count;
	make_answer(&m, ret, 0x8180);
}
