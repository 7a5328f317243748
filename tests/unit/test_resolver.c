// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of names/resolver: holding, releasing, limits and late ends, with an upstream
 * and an engine that do what each test says, under a clock that stands still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include "base/cursor.h"
#include "names/resolver.h"
#include "wire/dns.h"

#define LOOKUPS_MAX (RESOLVER_PENDING_MAX + 2 * RESOLVER_JOBS_MAX + 8)

struct rig {
	struct clock_virtual clock;
	struct loop *loop;
	struct resolver *r;
	/* upstream */
	struct resolver_lookup *lookups[LOOKUPS_MAX];
	uint16_t types[LOOKUPS_MAX];
	unsigned lookup_count, cancelled;
	int resolve_error;
	/* engine */
	struct message announced[64];
	unsigned announced_count;
	int announce_error;
	/* client */
	uint8_t reply[2048];
	size_t reply_len;
	unsigned replies;
	bool forget_on_reply;
};

static int op_resolve(
	void *ctx, struct resolver_lookup *k, const char *name, uint16_t type)
{
	struct rig *g = ctx;

	assert_non_null(name);
	if (g->resolve_error)
		return g->resolve_error;
	assert_true(g->lookup_count < LOOKUPS_MAX);
	k->handle = (int)g->lookup_count;
	g->types[g->lookup_count] = type;
	g->lookups[g->lookup_count++] = k;
	return 0;
}

static void op_cancel(void *ctx, struct resolver_lookup *k)
{
	struct rig *g = ctx;

	assert_ptr_equal(g->lookups[k->handle], k);
	g->lookups[k->handle] = NULL;
	g->cancelled++;
}

static void op_reply(
	void *ctx, const struct resolver_origin *to, const uint8_t *message, size_t len)
{
	struct rig *g = ctx;

	g->reply_len = len < sizeof g->reply ? len : sizeof g->reply;
	memcpy(g->reply, message, g->reply_len);
	g->replies++;
	if (g->forget_on_reply)
		resolver_forget(g->r, to->listener, to->serial);
}

static int op_announce(void *ctx, const struct message *m)
{
	struct rig *g = ctx;

	if (g->announce_error)
		return g->announce_error;
	if (g->announced_count < 64)
		g->announced[g->announced_count++] = *m;
	return 0;
}

static const struct resolver_ops ops = {.resolve = op_resolve,
	.cancel = op_cancel,
	.reply = op_reply,
	.announce = op_announce};

static void lookup_end(struct resolver_lookup *k, int error, const void *packet, size_t len)
{
	struct resolver_result r = {.error = error, .packet = packet, .len = len};

	k->done(k, &r);
}

static int setup(void **state)
{
	static struct rig g;

	memset(&g, 0, sizeof g);
	clock_virtual_init(&g.clock, NS_PER_SEC);
	g.loop = loop_new(&g.clock.clock);
	g.r = resolver_new(g.loop, &ops, &g);
	*state = &g;
	return g.loop && g.r ? 0 : -1;
}

static int teardown(void **state)
{
	struct rig *g = *state;

	resolver_free(g->r);
	loop_free(g->loop);
	return 0;
}

static void pass_ms(struct rig *g, int64_t ms)
{
	clock_virtual_set(&g->clock, g->clock.now + ms * NS_PER_MS);
	assert_int_equal(loop_once(g->loop, 0), 0);
}

static struct resolver_origin client_of(uint8_t last)
{
	const uint8_t b[4] = {192, 168, 1, last};

	return (struct resolver_origin){.client = addr_v4(b), .port = 4000};
}

static bool ask_from(struct rig *g, const struct resolver_origin *o, const char *name)
{
	struct dns_query q = {.id = 7, .rd = true};
	uint8_t buf[512];
	struct writer w = writer_of(buf, sizeof buf);

	assert_int_equal(dns_name_from_text(name, &q.question.name), 0);
	q.question.type = DNS_TYPE_A;
	q.question.class = DNS_CLASS_IN;
	assert_int_equal(dns_build_query(&w, &q), 0);
	return resolver_ask(g->r, o, buf, w.len);
}

static bool ask(struct rig *g, const char *name)
{
	struct resolver_origin o = client_of(2);

	return ask_from(g, &o, name);
}

/* Upstream answers lookup i with count addresses. */
static void answer(struct rig *g, unsigned i, const char *name, uint16_t type,
	unsigned count, uint32_t ttl)
{
	struct resolver_lookup *k = g->lookups[i];
	struct addr addrs[DNS_ANSWER_ADDRESSES_MAX];
	static uint8_t buf[8192];
	struct writer w = writer_of(buf, sizeof buf);
	struct dns_query q = {.rd = true};

	for (unsigned n = 0; n < count; n++) {
		const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, [15] = (uint8_t)n};
		const uint8_t v4[4] = {203, 0, 113, (uint8_t)n};
		addrs[n] = type == DNS_TYPE_A ? addr_v4(v4) : addr_v6(v6);
	}
	assert_int_equal(dns_name_from_text(name, &q.question.name), 0);
	q.question.type = type;
	q.question.class = DNS_CLASS_IN;
	struct dns_reply reply = {
		.ttl = ttl, .addresses = addrs, .address_count = count};
	assert_int_equal(dns_build_answer(&w, &q, &reply), 0);
	assert_non_null(k);
	g->lookups[i] = NULL;
	lookup_end(k, 0, buf, w.len);
}

static uint8_t last_rcode(const struct rig *g)
{
	assert_true(g->reply_len >= DNS_HEADER_LEN);
	return g->reply[3] & 0xf;
}

static void release(struct rig *g, uint64_t id, bool refuse)
{
	struct message_dns_release m = {.id = id, .rcode = refuse ? DNS_RCODE_REFUSED : 0};

	resolver_release(g->r, &m);
}

static void test_held_until_released(void **state)
{
	struct rig *g = *state;
	struct dns_answer a;

	assert_true(ask(g, "cloud.example"));
	answer(g, 0, "cloud.example", DNS_TYPE_A, 2, 300);
	assert_int_equal(g->replies, 0);
	assert_int_equal(g->announced_count, 1);
	const struct message_dns_answer *m = &g->announced[0].dns_answer;
	assert_string_equal(m->name, "cloud.example");
	assert_int_equal(m->addrs.count, 2);
	assert_int_equal(m->ttl_s, 300);
	pass_ms(g, 5);
	release(g, m->id, false);
	assert_int_equal(g->replies, 1);
	assert_int_equal(dns_answer_collect(cursor_of(g->reply, g->reply_len), &a), 0);
	assert_int_equal(a.count, 2);
	assert_int_equal(a.id, 7);
	assert_int_equal(resolver_stats(g->r)->hold_max, 5 * NS_PER_MS);
	release(g, m->id, false); /* twice is once */
	assert_int_equal(g->replies, 1);
}

/* The last announcement is of a held answer: the engine confirms it. */
static void confirm(struct rig *g)
{
	const struct message_dns_answer *m =
		&g->announced[g->announced_count - 1].dns_answer;

	assert_true(m->held);
	release(g, m->id, false);
}

static void mode(struct rig *g, uint8_t last, enum dns_mode m)
{
	struct message_dns_client c = {.client = client_of(last).client, .mode = (uint8_t)m};

	resolver_client(g->r, &c);
}

/* Asks; true when the reply came at once. */
static bool at_once(struct rig *g, uint8_t last, const char *name)
{
	struct resolver_origin o = client_of(last);
	unsigned replies = g->replies;

	assert_true(ask_from(g, &o, name));
	return g->replies > replies;
}

static void know_cloud(struct rig *g)
{
	ask(g, "cloud.example");
	answer(g, 0, "cloud.example", DNS_TYPE_A, 2, 300);
	assert_int_equal(g->replies, 0);
	confirm(g);
	assert_int_equal(g->replies, 1);
}

static void test_confirmed_need_not_wait_again(void **state)
{
	struct rig *g = *state;

	know_cloud(g);
	for (unsigned i = 0; i < 100; i++)
		assert_true(at_once(g, 2, "cloud.example"));
	assert_int_equal(resolver_stats(g->r)->confirmed, 100);
	/* the engine hears of it, so that it lives on, but not each time */
	assert_int_equal(g->announced_count, 2);
	assert_false(g->announced[1].dns_answer.held);
	assert_string_equal(g->announced[1].dns_answer.name, "cloud.example");
	assert_int_equal(g->announced[1].dns_answer.addrs.count, 2);
	pass_ms(g, RESOLVER_TELL_AGAIN_S * 1000);
	assert_true(at_once(g, 2, "cloud.example"));
	assert_int_equal(g->announced_count, 3);
	/* being told confirms nothing */
	pass_ms(g, (30 - RESOLVER_TELL_AGAIN_S) * 1000);
	assert_false(at_once(g, 2, "cloud.example"));
	assert_int_equal(g->announced_count, 4);
	confirm(g);
	assert_true(at_once(g, 2, "cloud.example"));
	/* nobody else's */
	assert_false(at_once(g, 3, "cloud.example"));
	confirm(g);
	assert_true(at_once(g, 3, "cloud.example"));
}

static void test_other_addresses_wait(void **state)
{
	struct rig *g = *state;

	ask(g, "turns.example");
	answer(g, 0, "turns.example", DNS_TYPE_A, 2, 1);
	confirm(g);
	pass_ms(g, 2000); /* fetched anew, and it is the same */
	ask(g, "turns.example");
	answer(g, g->lookup_count - 1, "turns.example", DNS_TYPE_A, 2, 1);
	assert_int_equal(g->replies, 2);
	pass_ms(g, 2000);
	ask(g, "turns.example");
	answer(g, g->lookup_count - 1, "turns.example", DNS_TYPE_A, 3, 1);
	assert_int_equal(g->replies, 2);
	confirm(g);
	assert_int_equal(g->replies, 3);
}

static void test_a_word_of_the_engine_ends_what_was_confirmed(void **state)
{
	struct rig *g = *state;

	know_cloud(g);
	assert_false(at_once(g, 3, "cloud.example"));
	confirm(g);
	mode(g, 2, DNS_HOLD); /* nothing new, and yet */
	assert_true(at_once(g, 3, "cloud.example"));
	assert_false(at_once(g, 2, "cloud.example"));
	/* one that was announced before the word is confirmed as things were before */
	mode(g, 2, DNS_HOLD);
	confirm(g);
	assert_false(at_once(g, 2, "cloud.example"));
	confirm(g);
	assert_true(at_once(g, 2, "cloud.example"));
}

static void test_another_engine_confirms_anew(void **state)
{
	struct rig *g = *state;

	know_cloud(g);
	resolver_engine_down(g->r);
	assert_false(at_once(g, 2, "cloud.example"));
	resolver_engine_up(g->r); /* it is announced once more */
	confirm(g);
	assert_true(at_once(g, 2, "cloud.example"));
	resolver_engine_up(g->r); /* without having heard that the last one ended */
	assert_false(at_once(g, 2, "cloud.example"));
}

static void test_refusals_are_not_remembered(void **state)
{
	struct rig *g = *state;

	ask(g, "cloud.example");
	answer(g, 0, "cloud.example", DNS_TYPE_A, 2, 300);
	release(g, g->announced[0].dns_answer.id, true);
	assert_int_equal(last_rcode(g), DNS_RCODE_REFUSED);
	assert_false(at_once(g, 2, "cloud.example"));
	pass_ms(g, RESOLVER_HOLD_MS); /* no word is none either */
	assert_int_equal(last_rcode(g), DNS_RCODE_SERVFAIL);
	assert_false(at_once(g, 2, "cloud.example"));
}

/* Those who hide names have to hear the engine's word each time. */
static void test_public_resolvers_always_wait(void **state)
{
	struct rig *g = *state;

	for (unsigned i = 0; i < 2; i++) {
		assert_false(at_once(g, 2, "dns.google"));
		if (!i)
			answer(g, 0, "dns.google", DNS_TYPE_A, 2, 300);
		confirm(g);
	}
	assert_int_equal(resolver_stats(g->r)->held, 2);
}

/* The kernel of who is told reads datagrams: what it cannot read is held each time, for
 * the engine would believe that it was read. */
static void test_who_is_told_has_nothing_confirmed(void **state)
{
	struct rig *g = *state;
	struct resolver_origin o = client_of(2);

	o.stream = true;
	mode(g, 2, DNS_TELL);
	assert_true(ask_from(g, &o, "cloud.example"));
	answer(g, 0, "cloud.example", DNS_TYPE_A, 2, 300);
	confirm(g);
	assert_true(ask_from(g, &o, "cloud.example"));
	assert_int_equal(g->replies, 1);
	confirm(g);
	assert_int_equal(g->replies, 2);
}

/* Who may be refused a name hears the engine's word about the question, and again about
 * the answer. */
static void test_who_has_to_ask_has_nothing_confirmed(void **state)
{
	struct rig *g = *state;

	mode(g, 2, DNS_ASK);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(at_once(g, 2, "cloud.example"));
		confirm(g); /* the question */
		if (!i)
			answer(g, 0, "cloud.example", DNS_TYPE_A, 2, 300);
		assert_int_equal(g->replies, i);
		confirm(g);
		assert_int_equal(g->replies, i + 1);
	}
	assert_int_equal(g->announced_count, 4);
}

static void test_unconfirmed_is_servfail(void **state)
{
	struct rig *g = *state;

	ask(g, "cloud.example");
	answer(g, 0, "cloud.example", DNS_TYPE_A, 1, 300);
	pass_ms(g, RESOLVER_HOLD_MS - 1);
	assert_int_equal(g->replies, 0);
	pass_ms(g, 1);
	assert_int_equal(g->replies, 1);
	assert_int_equal(last_rcode(g), DNS_RCODE_SERVFAIL);
	assert_int_equal(resolver_stats(g->r)->unconfirmed, 1);
	release(g, g->announced[0].dns_answer.id, false);
	assert_int_equal(g->replies, 1);
}

static void test_silent_upstream_is_cancelled(void **state)
{
	struct rig *g = *state;

	ask(g, "dead.example");
	pass_ms(g, RESOLVER_UPSTREAM_MS);
	assert_int_equal(g->replies, 1);
	assert_int_equal(last_rcode(g), DNS_RCODE_SERVFAIL);
	assert_int_equal(g->cancelled, 1);
}

static void test_upstream_that_cannot_start(void **state)
{
	struct rig *g = *state;

	g->resolve_error = -EAGAIN;
	assert_true(ask(g, "x.example"));
	assert_int_equal(g->replies, 1);
	assert_int_equal(last_rcode(g), DNS_RCODE_SERVFAIL);
	assert_int_equal(g->cancelled, 0);
}

static void test_answer_to_another_question(void **state)
{
	struct rig *g = *state;

	ask(g, "a.example");
	answer(g, 0, "b.example", DNS_TYPE_A, 1, 300);
	assert_int_equal(g->announced_count, 0);
	assert_int_equal(last_rcode(g), DNS_RCODE_SERVFAIL);
	ask(g, "c.example");
	answer(g, 1, "c.example", DNS_TYPE_AAAA, 1, 300);
	assert_int_equal(g->announced_count, 0);
	assert_int_equal(g->replies, 2);
}

static void test_lifetime_is_capped(void **state)
{
	struct rig *g = *state;

	ask(g, "long.example");
	answer(g, 0, "long.example", DNS_TYPE_A, 1, 0x7fffffff);
	assert_int_equal(g->announced[0].dns_answer.ttl_s, BINDING_TTL_MAX_S);
}

static void test_announced_again_to_the_next_engine(void **state)
{
	struct rig *g = *state;

	g->announce_error = -ENOTCONN;
	ask(g, "cloud.example");
	answer(g, 0, "cloud.example", DNS_TYPE_A, 1, 300);
	ask(g, "late.example"); /* without an answer yet: nothing to announce */
	assert_int_equal(g->announced_count, 0);
	pass_ms(g, 500);
	g->announce_error = 0;
	resolver_engine_up(g->r);
	assert_int_equal(g->announced_count, 1);
	release(g, g->announced[0].dns_answer.id, false);
	assert_int_equal(g->replies, 1);
	assert_int_equal(last_rcode(g), DNS_RCODE_NOERROR);
}

static void test_refused(void **state)
{
	struct rig *g = *state;

	ask(g, "cloud.example");
	answer(g, 0, "cloud.example", DNS_TYPE_A, 1, 300);
	release(g, g->announced[0].dns_answer.id, true);
	assert_int_equal(last_rcode(g), DNS_RCODE_REFUSED);
	assert_int_equal(resolver_stats(g->r)->refused, 1);
}

/* A device in quarantine must not tell anybody anything by the names that it asks for. */
static void test_questions_wait_for_who_may_be_refused(void **state)
{
	struct rig *g = *state;
	struct message_dns_client m = {.client = client_of(2).client, .mode = DNS_ASK};

	resolver_client(g->r, &m);
	ask(g, "secret.tunnel.example");
	assert_int_equal(g->lookup_count, 0);
	assert_int_equal(g->announced_count, 1);
	assert_true(g->announced[0].dns_answer.held);
	assert_int_equal(g->announced[0].dns_answer.addrs.count, 0);
	assert_string_equal(g->announced[0].dns_answer.name, "secret.tunnel.example");
	release(g, g->announced[0].dns_answer.id, true);
	assert_int_equal(g->lookup_count, 0);
	assert_int_equal(last_rcode(g), DNS_RCODE_REFUSED);
	ask(g, "cloud.example");
	assert_int_equal(g->lookup_count, 0);
	resolver_engine_up(g->r); /* the next engine is asked, too */
	assert_int_equal(g->announced_count, 3);
	release(g, g->announced[2].dns_answer.id, false);
	assert_int_equal(g->lookup_count, 1);
	assert_int_equal(g->replies, 1);
	answer(g, 0, "cloud.example", DNS_TYPE_A, 1, 300);
	assert_int_equal(g->replies, 1);
	assert_int_equal(g->announced[3].dns_answer.addrs.count, 1);
	release(g, g->announced[3].dns_answer.id, false);
	assert_int_equal(g->replies, 2);
	assert_int_equal(last_rcode(g), DNS_RCODE_NOERROR);
	/* without an engine nothing goes out */
	resolver_client(g->r, &m);
	g->announce_error = -ENOTCONN;
	ask(g, "other.example");
	pass_ms(g, RESOLVER_HOLD_MS);
	assert_int_equal(g->lookup_count, 1);
	assert_int_equal(last_rcode(g), DNS_RCODE_SERVFAIL);
}

static void test_ids_are_not_guessed_from_others(void **state)
{
	struct rig *g = *state;
	uint64_t old;

	ask(g, "a.example");
	answer(g, 0, "a.example", DNS_TYPE_A, 1, 300);
	old = g->announced[0].dns_answer.id;
	release(g, old, false);
	ask(g, "b.example"); /* takes the same slot */
	answer(g, 1, "b.example", DNS_TYPE_A, 1, 300);
	release(g, old, false);
	assert_int_equal(g->replies, 1);
	assert_int_not_equal(g->announced[1].dns_answer.id, old);
}

static void test_rate_of_one_client(void **state)
{
	struct rig *g = *state;
	unsigned admitted = 0;

	for (unsigned i = 0; i < 2 * RESOLVER_BURST; i++) {
		if (!ask(g, "x.example"))
			continue;
		answer(g, g->lookup_count - 1, "x.example", DNS_TYPE_A, 0, 0);
		g->lookup_count = 0;
		admitted++;
	}
	assert_int_equal(admitted, RESOLVER_BURST);
	struct resolver_origin other = client_of(3);
	assert_true(ask_from(g, &other, "x.example"));
	pass_ms(g, 1000);
	admitted = 0;
	for (unsigned i = 0; i < 2 * RESOLVER_RATE; i++)
		admitted += ask(g, "x.example");
	assert_int_equal(admitted, RESOLVER_RATE);
}

static void test_share_of_one_client(void **state)
{
	struct rig *g = *state;
	unsigned admitted = 0;

	for (unsigned i = 0; i < RESOLVER_PENDING_PER_CLIENT + 10; i++)
		admitted += ask(g, "x.example");
	assert_int_equal(admitted, RESOLVER_PENDING_PER_CLIENT);
	pass_ms(g, RESOLVER_UPSTREAM_MS); /* all end, and the share is free again */
	assert_int_equal(g->replies, RESOLVER_PENDING_PER_CLIENT);
	assert_true(ask(g, "x.example"));
}

static void test_all_slots_taken(void **state)
{
	struct rig *g = *state;

	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++) {
		struct resolver_origin o = client_of((uint8_t)(i / 32));
		assert_true(ask_from(g, &o, "x.example"));
	}
	assert_int_equal(g->replies, 0);
	struct resolver_origin o = client_of(99);
	assert_true(ask_from(g, &o, "x.example"));
	assert_int_equal(g->replies, 1);
	assert_int_equal(last_rcode(g), DNS_RCODE_SERVFAIL);
	assert_int_equal(g->lookup_count, RESOLVER_PENDING_MAX);
}

static void test_clients_are_bounded_and_forgotten(void **state)
{
	struct rig *g = *state;
	unsigned admitted = 0;

	for (unsigned i = 0; i < RESOLVER_CLIENTS_MAX + 100; i++) {
		const uint8_t b[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
		struct resolver_origin o = {.client = addr_v4(b), .port = 1};
		if (!ask_from(g, &o, "x.example"))
			continue;
		admitted++;
		if (g->lookup_count)
			answer(g, g->lookup_count - 1, "x.example", DNS_TYPE_A, 0, 0);
		g->lookup_count = 0;
	}
	assert_int_equal(admitted, RESOLVER_CLIENTS_MAX);
	pass_ms(g, 1000);
	assert_true(ask(g, "x.example"));
}

static void test_client_that_hangs_up(void **state)
{
	struct rig *g = *state;
	struct resolver_origin o = client_of(2);

	o.stream = true;
	o.listener = 3;
	o.serial = 17;
	ask_from(g, &o, "a.example");
	ask_from(g, &o, "b.example");
	resolver_forget(g->r, 3, 16); /* an earlier one in the same place */
	assert_int_equal(g->cancelled, 0);
	/* sending the first reply finds out that the client is gone */
	g->forget_on_reply = true;
	o.serial = 17;
	answer(g, 0, "a.example", DNS_TYPE_A, 0, 0);
	assert_int_equal(g->replies, 1);
	assert_int_equal(g->cancelled, 1);
}

static void resolve(struct rig *g, uint64_t id, const char *name)
{
	struct message_resolve m = {.id = id};

	memcpy(m.name, name, strlen(name) + 1);
	resolver_resolve(g->r, &m);
}

static void test_lookup_for_the_engine(void **state)
{
	struct rig *g = *state;

	resolve(g, 5, "mud.example");
	assert_int_equal(g->lookup_count, 2);
	answer(g, 0, "mud.example", DNS_TYPE_A, 2, 300);
	assert_int_equal(g->announced_count, 0);
	answer(g, 1, "mud.example", DNS_TYPE_AAAA, 1, 300);
	assert_int_equal(g->announced_count, 1);
	assert_int_equal(g->announced[0].type, MESSAGE_RESOLVED);
	assert_int_equal(g->announced[0].resolved.id, 5);
	assert_int_equal(g->announced[0].resolved.addrs.count, 3);
	assert_false(g->announced[0].resolved.failed);
}

static void test_lookup_with_one_family(void **state)
{
	struct rig *g = *state;
	struct resolver_lookup *k;

	resolve(g, 5, "mud.example");
	k = g->lookups[0];
	g->lookups[0] = NULL;
	lookup_end(k, CARDEA_EPEER, NULL, 0);
	answer(g, 1, "mud.example", DNS_TYPE_AAAA, 1, 300);
	assert_int_equal(g->announced[0].resolved.addrs.count, 1);
	assert_false(g->announced[0].resolved.failed);
}

static void test_lookup_that_fails(void **state)
{
	struct rig *g = *state;

	resolve(g, 5, "slow.example");
	pass_ms(g, RESOLVER_UPSTREAM_MS);
	assert_int_equal(g->cancelled, 2);
	assert_true(g->announced[0].resolved.failed);
	resolve(g, 6, "bad..name");
	assert_true(g->announced[1].resolved.failed);
	assert_int_equal(g->announced[1].resolved.id, 6);
	g->resolve_error = -EAGAIN;
	resolve(g, 7, "x.example");
	assert_true(g->announced[2].resolved.failed);
}

static void test_engine_gone_ends_its_lookups(void **state)
{
	struct rig *g = *state;

	resolve(g, 5, "mud.example");
	ask(g, "cloud.example");
	resolver_engine_down(g->r);
	assert_int_equal(g->cancelled, 2); /* the client's goes on */
	assert_int_equal(g->announced_count, 0);
	for (unsigned i = 0; i < RESOLVER_JOBS_MAX + 1; i++)
		resolve(g, i, "mud.example");
	assert_int_equal(g->announced_count, 1); /* one too many */
}

static void test_garbage_from_upstream(void **state)
{
	struct rig *g = *state;
	static const uint8_t header_only[12] = {0, 0, 0x81, 0x82};
	static const uint8_t query_back[12] = {0, 0, 0x01, 0x00};
	static const uint8_t truncated[12] = {0, 0, 0x83, 0x80, 0, 1};
	static const struct {
		const uint8_t *bytes;
		size_t len;
	} packets[] = {{header_only, 12}, {query_back, 12}, {truncated, 12}, {NULL, 0}};

	for (unsigned i = 0; i < 4; i++) {
		char name[] = {(char)('a' + i), 0}; /* each failure is remembered */
		ask(g, name);
		struct resolver_lookup *k = g->lookups[i];
		g->lookups[i] = NULL;
		lookup_end(k, 0, packets[i].bytes, packets[i].len);
		assert_int_equal(g->replies, i + 1);
		assert_int_equal(last_rcode(g), DNS_RCODE_SERVFAIL);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_held_until_released),
		T(test_confirmed_need_not_wait_again),
		T(test_other_addresses_wait),
		T(test_a_word_of_the_engine_ends_what_was_confirmed),
		T(test_another_engine_confirms_anew),
		T(test_refusals_are_not_remembered),
		T(test_public_resolvers_always_wait),
		T(test_who_is_told_has_nothing_confirmed),
		T(test_who_has_to_ask_has_nothing_confirmed),
		T(test_unconfirmed_is_servfail),
		T(test_silent_upstream_is_cancelled),
		T(test_upstream_that_cannot_start),
		T(test_answer_to_another_question),
		T(test_lifetime_is_capped),
		T(test_announced_again_to_the_next_engine),
		T(test_refused),
		T(test_questions_wait_for_who_may_be_refused),
		T(test_ids_are_not_guessed_from_others),
		T(test_rate_of_one_client),
		T(test_share_of_one_client),
		T(test_all_slots_taken),
		T(test_clients_are_bounded_and_forgotten),
		T(test_client_that_hangs_up),
		T(test_lookup_for_the_engine),
		T(test_lookup_with_one_family),
		T(test_lookup_that_fails),
		T(test_engine_gone_ends_its_lookups),
		T(test_garbage_from_upstream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
