// SPDX-License-Identifier: GPL-2.0-or-later
/* inline_dns OBJECT differential|spoofed|flood|hash|speed SEED CASES: what the kernel's
 * program learns from DNS answers, held against what wire/ and names/ make of the same
 * bytes. Prints one line of JSON; 1 when something differs, 2 when it could not look.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "inline_dns_bed.h"
#include "inline_dns_make.h"
#include "model/limits.h"
#include "names/names.h"

_Static_assert(BPF_DNS_MAX == LIMIT_INLINE_BYTES, "the resolver holds what is longer");
_Static_assert(BPF_DNS_RECORDS_MAX == LIMIT_INLINE_RECORDS, "... what has more");
_Static_assert(BPF_DNS_LABELS_MAX == LIMIT_INLINE_LABELS, "... names that are longer");
_Static_assert(BPF_DNS_ADDRS_MAX == LIMIT_INLINE_ADDRS, "... more addresses");
_Static_assert(BPF_QUERIES_MAX == LIMIT_DEVICES * BPF_QUERIES_EACH, "room for all");

#define SLACK_NS 100000000 /* the clock's ticks, and a test that was put to sleep */
#define RULES_MAX 8        /* names that open something, in one case */
#define FIRST 1            /* the device that asks */
/* Of few ports, for each is a conversation, and new ones have a rate. */
#define PORT(n) ((uint16_t)(1024 + (n) % 32))

struct rule {
	uint64_t hash;
	bool suffix;
	struct bpf_openings o;
};

struct expected {
	struct bpf_exact key;
	uint64_t until;
};

struct test {
	struct bed bed;
	struct random random;
	struct rule rules[RULES_MAX];
	unsigned rule_count;
	struct expected expected[BED_OPEN_MAX];
	size_t expected_count;
	bool foreign; /* the answer comes from a server of the world */
	bool asked;   /* the answer fits the question */
	bool hard; /* ... and is beyond what is read inline, or cannot be read at all */
	uint64_t seed, number, opened, hards, unasked, differ;
};

/* ---- what names/ would do ---- */

static unsigned soa_labels(struct cursor c)
{
	struct dns_name one, two;

	if (dns_name_parse(&c, &one) || dns_name_parse(&c, &two))
		return 0;
	unsigned a = dns_name_labels(&one), b = dns_name_labels(&two);
	return a > b ? a : b;
}

static unsigned record_labels(const struct dns_record *rec)
{
	unsigned own = dns_name_labels(&rec->owner), other = 0;

	if (rec->class == DNS_CLASS_IN)
		switch (rec->type) {
		case DNS_TYPE_CNAME:
		case DNS_TYPE_NS:
		case DNS_TYPE_PTR:
			other = dns_name_labels(&rec->target);
			break;
		case DNS_TYPE_SVCB:
		case DNS_TYPE_HTTPS:
			other = dns_name_labels(&rec->svcb.target);
			break;
		case DNS_TYPE_SOA:
			other = soa_labels(rec->rdata);
			break;
		}
	return own > other ? own : other;
}

/* Whether an answer that wire/ understood is within LIMIT_INLINE_*. */
static bool is_inline(const struct made *c, const struct dns_answer *a)
{
	struct cursor m = cursor_of(c->answer, c->answer_len);
	struct dns_question q;
	struct dns_record rec;
	struct dns_header h;

	if (dns_parse_header(&m, &h) || dns_next_question(&m, &q))
		return false;
	unsigned records = (unsigned)h.answers + h.authorities + h.additionals;
	if (h.tc || h.opcode || c->answer_len > LIMIT_INLINE_BYTES ||
		records > LIMIT_INLINE_RECORDS)
		return false;
	for (unsigned i = 0; i < records; i++) {
		if (dns_next_record(&m, &rec) ||
			record_labels(&rec) > LIMIT_INLINE_LABELS)
			return false;
	}
	return a->told <= LIMIT_INLINE_ADDRS;
}

static bool is_learned_type(uint16_t type)
{
	return type == DNS_TYPE_A || type == DNS_TYPE_AAAA || type == DNS_TYPE_SVCB ||
	       type == DNS_TYPE_HTTPS || type == DNS_TYPE_ANY;
}

static struct dns_question question_of(const struct made *c)
{
	struct cursor m = cursor_of(c->question, c->question_len);
	struct dns_question q;
	struct dns_header h;

	if (dns_parse_header(&m, &h) || dns_next_question(&m, &q))
		q.type = 0;
	return q;
}

/* Whether the answer repeats the question, which is all that needs to be readable. */
static bool fits(const struct made *c)
{
	struct cursor m = cursor_of(c->answer, c->answer_len < LIMIT_INLINE_BYTES
						       ? c->answer_len
						       : LIMIT_INLINE_BYTES);
	struct dns_question asked = question_of(c), q;
	struct dns_header h;

	return !dns_parse_header(&m, &h) && h.qr && h.id == c->id && h.questions == 1 &&
	       !dns_next_question(&m, &q) && dns_name_equal(&q.name, &asked.name) &&
	       dns_name_labels(&q.name) <= LIMIT_INLINE_LABELS &&
	       q.type == asked.type && q.class == DNS_CLASS_IN &&
	       is_learned_type(q.type);
}

static void expect_one(struct test *t, const struct bpf_exact *key, uint64_t until)
{
	for (size_t i = 0; i < t->expected_count; i++)
		if (!memcmp(&t->expected[i].key, key, sizeof *key))
			return;
	t->expected[t->expected_count++] = (struct expected){*key, until};
}

static void expect_binding(struct test *t, const struct binding *b, uint32_t subject)
{
	for (unsigned i = 0; i < t->rule_count; i++) {
		const struct bpf_openings *o = &t->rules[i].o;
		for (unsigned k = 0; k < o->count; k++) {
			struct bpf_exact key = {.subject = subject,
				.port = o->openings[k].port,
				.proto = o->openings[k].proto,
				.peer = bed_addr(&b->addr)};
			uint8_t family = o->openings[k].family;
			if (!family || family == b->addr.family)
				expect_one(t, &key, (uint64_t)b->expires);
		}
	}
}

static bool is_inside(const struct addr *a)
{
	return addr_is_unspecified(a) || addr_is_loopback(a) || addr_is_private(a) ||
	       addr_is_link_local(a) || addr_is_limited_broadcast(a) ||
	       (a->family == 4 && !a->b[0]) || bed_is_lan(a);
}

/* As names/resolver_inside.c strips it, which has no name of the house here. */
static bool leads_inside(const struct addr *a)
{
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b}, compatible[12];
	struct addr v4 = {0};

	if (is_inside(a) || a->family == 4)
		return is_inside(a);
	if (!memcmp(a->b, nat64, sizeof nat64) || !memcmp(a->b, compatible, 12))
		v4 = addr_v4(a->b + 12);
	else if (a->b[0] == 0x20 && a->b[1] == 0x02)
		v4 = addr_v4(a->b + 2);
	return v4.family && is_inside(&v4);
}

/* Fills expected; asked and hard say how the program should have counted. */
static void expect(struct test *t, const struct made *c, uint32_t subject, uint64_t now)
{
	struct dns_answer a;
	struct bindings names;
	const struct binding *b;

	t->expected_count = 0;
	t->hard = false;
	t->asked = fits(c);
	if (!t->asked || !t->rule_count)
		return;
	t->hard = dns_answer_collect(cursor_of(c->answer, c->answer_len), &a) ||
		  !is_inline(c, &a);
	if (t->hard)
		return;
	bindings_init(&names, LIMIT_BINDINGS);
	for (unsigned i = 0; i < a.count; i++)
		if (!(t->foreign && leads_inside(&a.addresses[i])) &&
			!bindings_tell(&names, a.question.name.text, &a.addresses[i],
				a.min_ttl, (nstime)now, &b))
			expect_binding(t, b, subject);
	bindings_free(&names);
}

/* ---- one case ---- */

static void random_openings(struct random *r, struct bpf_openings *o)
{
	static const uint8_t families[] = {0, 0, 4, 6};

	*o = (struct bpf_openings){.count = 1 + random_below(r, BPF_OPENINGS_MAX)};
	for (unsigned i = 0; i < o->count; i++) {
		o->openings[i].port = htons((uint16_t)(1 + random_below(r, 1000)));
		o->openings[i].proto = random_chance(r, 50) ? 6 : 17;
		o->openings[i].family = families[random_below(r, 4)];
	}
}

/* Rules of the asked name and of those above it, and some that are not meant. */
static void make_rules(struct test *t, const struct made *c, uint32_t subject)
{
	struct random *r = &t->random;

	bed_names_clear(&t->bed);
	t->rule_count = 0;
	for (unsigned level = 1; level <= c->asked.labels; level++) {
		bool whole = level == c->asked.labels;
		struct rule *rule = &t->rules[t->rule_count];
		if (t->rule_count == RULES_MAX || !random_chance(r, whole ? 85 : 15))
			continue;
		rule->hash = made_name_hash(&t->bed.key, &c->asked, level);
		rule->suffix = !whole;
		random_openings(r, &rule->o);
		/* the other kind, and somebody else's: neither is meant */
		if (random_chance(r, 30)) {
			struct bpf_openings other;
			random_openings(r, &other);
			bed_name(&t->bed, subject, rule->hash, !rule->suffix, &other);
			bed_name(
				&t->bed, subject + 2, rule->hash, rule->suffix, &other);
		}
		bed_name(&t->bed, subject, rule->hash, rule->suffix, &rule->o);
		t->rule_count++;
	}
}

static int differs(struct test *t, const struct made *c, const char *what)
{
	fprintf(stderr,
		"inline_dns: case %llu of seed %llu: %s; opened %zu, expected %zu\n",
		(unsigned long long)t->number, (unsigned long long)t->seed, what,
		t->bed.open_count, t->expected_count);
	for (size_t i = 0; i < c->answer_len; i++)
		fprintf(stderr, "%02x%s", c->answer[i], i % 32 == 31 ? "\n" : "");
	fprintf(stderr, "\n");
	t->differ++;
	return 1;
}

static const struct expected *find_expected(
	const struct test *t, const struct bpf_exact *key)
{
	for (size_t i = 0; i < t->expected_count; i++)
		if (!memcmp(&t->expected[i].key, key, sizeof *key))
			return &t->expected[i];
	return NULL;
}

static bool is_told(const struct bed *b, const struct bpf_addr *peer, uint64_t hash)
{
	unsigned n = 0;

	for (size_t i = 0; i < b->told_count; i++)
		if (!memcmp(&b->told[i].peer, peer, sizeof *peer) &&
			b->told[i].hash == hash)
			n++;
	return n == 1;
}

static int compare(struct test *t, const struct made *c, uint32_t subject)
{
	struct bed *b = &t->bed;
	uint64_t hash = made_name_hash(&b->key, &c->asked, c->asked.labels);

	bed_look(b);
	/* of many rules and many addresses so much as one device may have */
	size_t most = t->expected_count < BPF_LEARNED_EACH ? t->expected_count
							   : BPF_LEARNED_EACH;
	if (b->open_count != most)
		return differs(t, c, "not as many");
	for (size_t i = 0; i < b->open_count; i++) {
		const struct bed_open *o = &b->open[i];
		const struct expected *e = find_expected(t, &o->key);
		if (!e)
			return differs(t, c, "another address or port");
		/* expected was reckoned with the time before the packet */
		if (o->entry.until < e->until || o->entry.until > e->until + SLACK_NS)
			return differs(t, c, "another end");
		if (o->entry.learned != 1 || o->entry.packets)
			return differs(t, c, "not a fresh entry");
		if (!is_told(b, &o->key.peer, hash))
			return differs(t, c, "not told once");
	}
	if (bed_subject(b, subject).learned != b->open_count)
		return differs(t, c, "counted wrongly");
	if (bed_subject(b, subject).queries != bed_queries(b, subject, NULL, 0))
		return differs(t, c, "questions counted wrongly");
	t->opened += b->open_count;
	return 0;
}

/* With an rcode the kernel does not follow the chain, where wire/ may fail. */
static bool has_rcode(const struct made *c)
{
	struct cursor m = cursor_of(c->answer, c->answer_len);
	struct dns_question q;
	struct dns_record rec;
	struct dns_header h;
	unsigned extended = 0;

	if (dns_parse_header(&m, &h) || dns_next_question(&m, &q))
		return false;
	for (unsigned i = 0; i < (unsigned)h.answers + h.authorities + h.additionals;
		i++) {
		if (dns_next_record(&m, &rec))
			return false;
		if (i >= h.answers && rec.type == DNS_TYPE_OPT &&
			dns_name_is_root(&rec.owner))
			extended = rec.ttl >> 24;
	}
	return h.rcode || extended;
}

static int compare_counters(
	struct test *t, const struct made *c, uint64_t unasked, uint64_t hard)
{
	unasked = bed_counter(&t->bed, BPF_COUNTER_UNASKED) - unasked;
	hard = bed_counter(&t->bed, BPF_COUNTER_DNS_HARD) - hard;
	t->unasked += unasked;
	t->hards += hard;
	if (unasked != !t->asked)
		return differs(t, c, "asked or not");
	if (hard > t->hard || (hard < t->hard && !has_rcode(c)))
		return differs(t, c, "readable or not");
	return 0;
}

static void differential(struct test *t, uint64_t cases)
{
	struct bed *b = &t->bed;
	uint32_t subject = bed_device(b, FIRST);
	struct made c;

	for (t->number = 0; t->number < cases && t->differ < 10; t->number++) {
		struct bed_packet p = {.device = FIRST, .server = 1};
		make_case(&t->random, &c);
		p.v6 = random_chance(&t->random, 50);
		p.foreign = t->foreign = random_chance(&t->random, 30);
		p.port = PORT(random_below(&t->random, 32));
		make_rules(t, &c, subject);
		p.message = c.question;
		p.len = c.question_len;
		bool passed = bed_ask(b, &p);
		p.message = c.answer;
		p.len = c.answer_len;
		uint64_t unasked = bed_counter(b, BPF_COUNTER_UNASKED);
		uint64_t hard = bed_counter(b, BPF_COUNTER_DNS_HARD);
		expect(t, &c, subject, bed_now());
		if (!bed_answer(b, &p) || !passed)
			differs(t, &c, "did not pass");
		else if (!compare(t, &c, subject))
			compare_counters(t, &c, unasked, hard);
		bed_clear(b);
	}
}

/* ---- answers that nobody asked for ---- */

enum spoof {
	SPOOF_ID,
	SPOOF_PORT,
	SPOOF_SERVER,
	SPOOF_NAME,
	SPOOF_TYPE,
	SPOOF_DEVICE,
	SPOOF_FAMILY,
	SPOOF_SOURCE_PORT,
	SPOOF_SECOND,
	SPOOF_LATE,
	SPOOF_NONE_ASKED,
	SPOOF_MAX,
};

static void spoof_packet(struct test *t, enum spoof how, struct made *c,
	struct bed_packet *p, const struct made_name *other)
{
	struct random *r = &t->random;
	uint16_t id = c->id;

	if (how == SPOOF_ID)
		id = (uint16_t)(id ^ (1U << random_below(r, 16)));
	if (how == SPOOF_PORT)
		p->port = (uint16_t)(p->port ^ (1U << random_below(r, 10)));
	if (how == SPOOF_SERVER)
		p->server = 2;
	if (how == SPOOF_DEVICE)
		p->device = FIRST + 1;
	if (how == SPOOF_FAMILY)
		p->v6 = !p->v6;
	if (how == SPOOF_SOURCE_PORT)
		p->server_port = 5353;
	if (how == SPOOF_LATE)
		bed_queries_end(&t->bed, bed_now() - 1);
	if (how == SPOOF_NONE_ASKED)
		bed_clear(&t->bed);
	make_plain(r, how == SPOOF_NAME ? other : &c->asked, id,
		how == SPOOF_TYPE ? DNS_TYPE_AAAA : DNS_TYPE_A, 4, c);
	p->message = c->answer;
	p->len = c->answer_len;
}

/* One question, one answer that is not its own, and where that is possible its own. */
static void spoof(struct test *t, enum spoof how, const struct made_name names[2])
{
	struct bed_packet p = {.device = FIRST, .server = 1};
	struct random *r = &t->random;
	struct bed *b = &t->bed;
	struct made c, right;

	p.v6 = random_chance(r, 50);
	p.port = PORT(random_below(r, 32));
	make_plain(r, &names[0], (uint16_t)random_below(r, 65536), DNS_TYPE_A, 4, &c);
	right = c;
	p.message = c.question;
	p.len = c.question_len;
	(void)bed_ask(b, &p);
	struct bed_packet good = p;
	good.message = right.answer;
	good.len = right.answer_len;
	if (how == SPOOF_SECOND) {
		(void)bed_answer(b, &good);
		bed_look(b);
		for (size_t i = 0; i < b->open_count;
			i++) /* but the question stays used */
			t->opened++;
		bed_clear(b);
	}
	spoof_packet(t, how, &c, &p, &names[1]);
	(void)bed_answer(b, &p);
	bed_look(b);
	t->expected_count = 0;
	if (b->open_count)
		differs(t, &c, "a spoofed answer opened something");
	if (how < SPOOF_SECOND) {
		(void)bed_answer(b, &good);
		bed_look(b);
		t->opened += b->open_count;
		if (!b->open_count)
			differs(t, &right, "the right answer opened nothing after it");
	}
	bed_clear(b);
}

static void spoofed(struct test *t, uint64_t cases)
{
	struct bpf_openings o = {.count = 1};
	struct made_name names[2] = {
		made_name_of(1, "example.com"), made_name_of(2, "example.com")};
	struct bed *b = &t->bed;

	o.openings[0].port = htons(443);
	o.openings[0].proto = 6;
	for (uint8_t n = FIRST; n <= FIRST + 1; n++) {
		uint32_t subject = bed_device(b, n);
		for (unsigned i = 0; i < 2; i++)
			bed_name(b, subject,
				made_name_hash(&b->key, &names[i], names[i].labels),
				false, &o);
	}
	uint64_t before = bed_counter(b, BPF_COUNTER_UNASKED);
	for (t->number = 0; t->number < cases && t->differ < 10; t->number++)
		spoof(t, (enum spoof)(t->number % SPOOF_MAX), names);
	t->unasked = bed_counter(b, BPF_COUNTER_UNASKED) - before;
}

/* ---- one device's flood ---- */

static void talk(struct test *t, uint8_t device, const struct made_name *name,
	unsigned addresses, bool answer, uint16_t id)
{
	struct bed_packet p = {.device = device, .server = 1, .port = PORT(id)};
	struct made c;

	make_plain(&t->random, name, id, DNS_TYPE_A, addresses, &c);
	p.message = c.question;
	p.len = c.question_len;
	(void)bed_ask(&t->bed, &p);
	p.message = c.answer;
	p.len = c.answer_len;
	if (answer)
		(void)bed_answer(&t->bed, &p);
}

static size_t open_of(struct test *t, uint32_t subject)
{
	size_t n = 0;

	bed_look(&t->bed);
	for (size_t i = 0; i < t->bed.open_count; i++)
		n += t->bed.open[i].key.subject == subject;
	return n;
}

static void flood(struct test *t, uint64_t cases)
{
	static const uint8_t evil = FIRST, good = FIRST + 1;
	struct bpf_openings o = {.count = 1};
	struct made_name zone = made_name_of(1, "example");
	struct made_name name = made_name_of(7, "n1.example");
	struct made none = {.answer_len = 0};
	struct bed *b = &t->bed;
	uint32_t bad = bed_device(b, evil), well = bed_device(b, good);
	uint64_t zone_hash = made_name_hash(&b->key, &zone, 2);

	o.openings[0].port = htons(443);
	o.openings[0].proto = 6;
	bed_name(b, bad, zone_hash, true, &o);
	bed_name(b, well, zone_hash, true, &o);
	talk(t, good, &name, 0, false, 4000); /* its question waits all the while */
	for (uint64_t i = 0; i < cases; i++) {
		struct made_name n = made_name_of((unsigned)i, "n1.example");
		talk(t, evil, &n, 0, false, (uint16_t)i);
	}
	if (bed_queries(b, bad, NULL, 0) > BPF_QUERIES_EACH)
		differs(t, &none, "more questions than one may have");
	if (bed_queries(b, well, NULL, 0) != 1)
		differs(t, &none, "another one's question is gone");
	bed_queries_end(b, bed_now() + SLACK_NS * 100ULL);
	talk(t, good, &name, 4, true, 4000);
	if (!open_of(t, well))
		differs(t, &none, "another one's answer opens nothing");
	bed_clear(b);
	for (uint64_t i = 0; i < cases / 40; i++) {
		struct made_name n = made_name_of((unsigned)i, "n1.example");
		talk(t, evil, &n, 40, true, (uint16_t)i);
	}
	t->opened = open_of(t, bad);
	if (t->opened > BPF_LEARNED_EACH || !bed_counter(b, BPF_COUNTER_LEARNED_LOST))
		differs(t, &none, "more entries than one may have");
	talk(t, good, &name, 4, true, 4001);
	if (!open_of(t, well))
		differs(t, &none,
			"another one's answer opens nothing behind the entries");
	bed_clear(b);
}

/* ---- the hash ---- */

static void text_of(const struct made_name *n, struct dns_name *ret)
{
	struct cursor c = cursor_of(n->wire, n->len);

	if (dns_name_parse(&c, ret))
		memset(ret, 0, sizeof *ret);
}

/* The kernel's, by the key of the question that it noted, against name_hash(). */
static void hash(struct test *t, uint64_t cases)
{
	struct bed_packet p = {.device = FIRST, .server = 1, .port = 4000};
	struct bed *b = &t->bed;
	uint32_t subject = bed_device(b, FIRST);
	struct bpf_query query;
	struct dns_name text;
	struct made c;

	for (t->number = 0; t->number < cases && t->differ < 10; t->number++) {
		struct made_name n = made_name_random(&t->random, NULL);
		text_of(&n, &text);
		if (n.labels > LIMIT_INLINE_LABELS || !text.text[0] ||
			strchr(text.text, '\\')) /* no profile has such a name */
			continue;
		make_plain(&t->random, &n, 1, DNS_TYPE_A, 0, &c);
		p.message = c.question;
		p.len = c.question_len;
		(void)bed_ask(b, &p);
		if (bed_queries(b, subject, &query, 1) != 1)
			differs(t, &c, "not noted");
		else if (query.hash != name_hash(&b->key, text.text))
			differs(t, &c, "another hash");
		t->opened++;
		bed_clear(b);
	}
}

/* ---- time ---- */

static void speed(struct test *t, uint64_t cases)
{
	static const unsigned counts[] = {1, 4, 16};
	struct made_name names[2] = {
		made_name_of(1, "api.example.com"), made_name_of(2, "api.example.com")};
	struct bpf_openings o = {.count = 1};
	struct bed *b = &t->bed;
	uint32_t subject = bed_device(b, FIRST);

	o.openings[0].port = htons(443);
	o.openings[0].proto = 6;
	bed_name(b, subject, made_name_hash(&b->key, &names[0], 4), false, &o);
	for (unsigned n = 0; n < 6; n++) {
		uint64_t ask = 0, answer = 0;
		for (uint64_t i = 0; i < cases; i++) {
			struct bed_packet p = {
				.device = FIRST, .server = 1, .port = 4000};
			struct made c;
			make_plain(&t->random, &names[n % 2], 1, DNS_TYPE_A,
				counts[n / 2], &c);
			p.message = c.question;
			p.len = c.question_len;
			(void)bed_ask(b, &p);
			ask += b->ns;
			p.message = c.answer;
			p.len = c.answer_len;
			(void)bed_answer(b, &p);
			answer += b->ns;
			if (i % 32 == 0)
				bed_clear(b);
		}
		fprintf(stderr, "%u addresses, %s: question %llu ns, answer %llu ns\n",
			counts[n / 2], n % 2 ? "of no rule" : "opened",
			(unsigned long long)(ask / cases),
			(unsigned long long)(answer / cases));
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct test *t, uint64_t cases);
	} modes[] = {{"differential", differential}, {"spoofed", spoofed},
		{"flood", flood}, {"hash", hash}, {"speed", speed}};
	static struct test t;

	if (argc != 5) {
		fprintf(stderr, "inline_dns OBJECT MODE SEED CASES\n");
		return 2;
	}
	t.seed = strtoull(argv[3], NULL, 0);
	t.random.state = t.seed * 0x9e3779b97f4a7c15ULL | 1;
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (!strcmp(argv[2], modes[i].name)) {
			bed_open(&t.bed, argv[1]);
			modes[i].run(&t, strtoull(argv[4], NULL, 0));
			bed_close(&t.bed);
			printf("{\"cases\": %s, \"opened\": %llu, \"hard\": %llu, "
			       "\"unasked\": %llu, \"differ\": %llu}\n",
				argv[4], (unsigned long long)t.opened,
				(unsigned long long)t.hards,
				(unsigned long long)t.unasked,
				(unsigned long long)t.differ);
			return t.differ != 0;
		}
	fprintf(stderr, "inline_dns: no mode %s\n", argv[2]);
	return 2;
}
