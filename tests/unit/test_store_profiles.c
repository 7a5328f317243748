// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles come back whole, with the layer that they had, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "unit/test_store_util.h"

#define URL "https://a.example/1"

static struct {
	struct store_profile_info info;
	struct profile p;
	struct rule rules[4];
	struct note notes[4];
	struct tls_profile tls[LIMIT_TLS_PROFILES];
	struct profile_limit limits[LIMIT_PROFILE_LIMITS];
	struct profile_link links[LIMIT_LINKS];
} got, sent;

static int take_profile(void *ctx, const struct store_profile_info *info,
	const struct profile *p)
{
	struct fixture *f = ctx;

	got.info = *info;
	got.p = *p;
	memcpy(got.rules, p->rules, p->rule_count * sizeof(*p->rules));
	memcpy(got.notes, p->notes, p->note_count * sizeof(*p->notes));
	memcpy(got.tls, p->tls, p->tls_count * sizeof(*p->tls));
	memcpy(got.limits, p->limits, p->limit_count * sizeof(*p->limits));
	memcpy(got.links, p->links, p->link_count * sizeof(*p->links));
	f->count++;
	return f->verdict;
}

/* How many there are now. */
static unsigned read_back(struct fixture *f)
{
	f->count = 0;
	memset(&got, 0, sizeof(got));
	assert_int_equal(store_profiles(f->s, take_profile, f), 0);
	return f->count;
}

static void fill_rule(struct rule *r, rule_id id)
{
	rule_init(r);
	r->id = id;
	r->layer = LAYER_MANUFACTURER;
	r->peer_port = (struct range16){(uint16_t)(442 + id), 500};
	r->peer.kind = PEER_NAME;
	r->quarantine = true;
	r->tls = 1;
	str_copy(r->peer.name, sizeof(r->peer.name), "c.example");
}

static void fill_sent(void)
{
	memset(&sent, 0, sizeof(sent));
	sent.info = (struct store_profile_info){.url = URL, .fetched = T0};
	sent.p = (struct profile){.url = URL, .last_update = T0, .cache_validity_h = 48,
		.is_supported = true, .signature = SIGNATURE_VALID, .signer = "CN=A",
		.signer_key = "a1b2", .etag = "\"3\"", .has_quarantine = true,
		.tls_supported = true, .sha256 = {1, 2, 3}, .layer = LAYER_MANUFACTURER,
		.rules = sent.rules, .rule_count = 2, .notes = sent.notes,
		.note_count = 1, .tls = sent.tls, .tls_count = LIMIT_TLS_PROFILES,
		.limits = sent.limits, .limit_count = LIMIT_PROFILE_LIMITS,
		.links = sent.links, .link_count = LIMIT_LINKS};
	fill_rule(&sent.rules[0], 1);
	fill_rule(&sent.rules[1], 2);
	sent.notes[0] = (struct note){.level = NOTE_WARNING, .line = 3, .path = "$.a",
		.text = "odd"};
	for (uint16_t i = 0; i < LIMIT_TLS_PROFILES; i++) {
		sent.tls[i].ciphers.count = LIMIT_U16_LIST;
		sent.tls[i].ciphers.items[LIMIT_U16_LIST - 1] = i;
		str_copy(sent.tls[i].name, LIMIT_LABEL, "cloud");
	}
	for (uint32_t i = 0; i < LIMIT_PROFILE_LIMITS; i++)
		sent.limits[i].timeframe_s = i;
	for (uint32_t i = 0; i < LIMIT_LINKS; i++)
		assert_int_equal(str_print(sent.links[i].kind, LIMIT_LABEL, "link-%u", i),
			0);
}

static void profiles_come_back_whole(void **state)
{
	struct fixture *f = *state;

	fill_sent();
	assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
	sent.rules[1].peer_port.lo = 445;
	sent.info.fetched = T0 + 1;
	assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0); /* replaces */
	reopen(f);
	assert_int_equal(read_back(f), 1);
	assert_string_equal(got.info.url, URL);
	assert_int_equal(got.info.fetched, T0 + 1);
	assert_string_equal(got.p.signer, "CN=A");
	assert_string_equal(got.p.signer_key, "a1b2");
	assert_string_equal(got.p.etag, "\"3\"");
	assert_int_equal(got.p.signature, SIGNATURE_VALID);
	assert_int_equal(got.p.cache_validity_h, 48);
	assert_true(got.p.has_quarantine);
	assert_true(got.p.tls_supported);
	assert_memory_equal(got.p.sha256, sent.p.sha256, 32);
	assert_int_equal(got.p.rule_count, 2);
	assert_int_equal(got.p.note_count, 1);
	assert_string_equal(got.rules[1].peer.name, "c.example");
	assert_int_equal(got.rules[1].peer_port.lo, 445);
	assert_int_equal(got.rules[1].layer, LAYER_MANUFACTURER);
	assert_true(got.rules[1].quarantine);
	assert_int_equal(got.rules[1].tls, 1);
	assert_int_equal(got.rules[1].ethertype, RULE_ETHERTYPE_IP);
	assert_string_equal(got.notes[0].text, "odd");
	assert_int_equal(store_profile_remove(f->s, URL), 0);
	assert_int_equal(read_back(f), 0);
}

static void all_kinds_of_parts_come_back(void **state)
{
	struct fixture *f = *state;

	fill_sent();
	assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
	reopen(f);
	assert_int_equal(read_back(f), 1);
	assert_int_equal(got.p.tls_count, LIMIT_TLS_PROFILES);
	assert_memory_equal(got.tls, sent.tls, sizeof(sent.tls));
	assert_int_equal(got.p.limit_count, LIMIT_PROFILE_LIMITS);
	assert_int_equal(got.limits[LIMIT_PROFILE_LIMITS - 1].timeframe_s,
		LIMIT_PROFILE_LIMITS - 1);
	assert_int_equal(got.p.link_count, LIMIT_LINKS);
	assert_string_equal(got.links[LIMIT_LINKS - 1].kind, "link-31");
	/* one after the other is as if it were the first */
	sent.p.tls_count = sent.p.link_count = 0;
	str_copy(sent.info.url, sizeof(sent.info.url), "https://b.example/2");
	assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
	assert_int_equal(read_back(f), 2);
}

/* What the owner accepted without a signature stays the owner's, in all its rules. */
static void layers_are_kept(void **state)
{
	static const struct {
		enum signature_state signature;
		enum layer layer;
	} each[] = {
		{SIGNATURE_VALID, LAYER_MANUFACTURER},
		{SIGNATURE_NONE, LAYER_OWNER},
		{SIGNATURE_UNTRUSTED, LAYER_OWNER},
		{SIGNATURE_NONE, LAYER_CROWD},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(each); i++) {
		fill_sent();
		sent.p.signature = each[i].signature;
		sent.p.layer = each[i].layer;
		assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
		assert_int_equal(read_back(f), 1);
		assert_int_equal(got.p.layer, each[i].layer);
		assert_int_equal(got.p.signature, each[i].signature);
		assert_int_equal(got.rules[0].layer, each[i].layer);
		assert_int_equal(got.rules[1].layer, each[i].layer);
	}
}

static void half_a_profile_is_none(void **state)
{
	struct fixture *f = *state;

	fill_sent();
	assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
	/* a text that no message holds: the old one stays as it was */
	memset(sent.notes[0].text, 0xff, sizeof(sent.notes[0].text) - 1);
	sent.rules[0].peer_port.lo = 1;
	assert_int_not_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
	assert_int_equal(store_commit(f->s), 0);
	assert_int_equal(read_back(f), 1);
	assert_int_equal(got.rules[0].peer_port.lo, 443);
}

/* 2 rules, 1 note, 8 TLS profiles, 16 limits, 32 links: each missing one is missed. */
static void every_part_is_missed(void **state)
{
	struct fixture *f = *state;
	char text[80];

	for (int i = 0; i < 59; i++) {
		fill_sent();
		assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
		assert_int_equal(str_print(text, sizeof(text),
			"DELETE FROM profile_part WHERE position=%d", i), 0);
		sql(f, text);
		assert_int_equal(read_back(f), 0);
	}
	fill_sent();
	assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
	sql(f, "DELETE FROM profile_part WHERE position=59"); /* there is none */
	assert_int_equal(read_back(f), 1);
}

static void damaged_profiles_are_left_out(void **state)
{
	static const char *const damage[] = {
		"UPDATE profile SET layer=5",
		"UPDATE profile SET layer=-1",
		"UPDATE profile SET head=x''",
		"UPDATE profile SET head=(SELECT message FROM profile_part LIMIT 1)",
		"UPDATE profile_part SET message=x'0042' WHERE position=0",
		"UPDATE profile_part SET message=(SELECT head FROM profile)"
		" WHERE position=0",
		/* one too many of each kind */
		"INSERT INTO profile_part SELECT url, 99, message FROM profile_part"
		" WHERE position=0",
		"INSERT INTO profile_part SELECT url, 99, message FROM profile_part"
		" WHERE position=3",
		"INSERT INTO profile_part SELECT url, 99, message FROM profile_part"
		" WHERE position=11",
		"INSERT INTO profile_part SELECT url, 99, message FROM profile_part"
		" WHERE position=27",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(damage); i++) {
		fill_sent();
		assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
		assert_int_equal(read_back(f), 1);
		sql(f, damage[i]);
		assert_int_equal(read_back(f), 0);
	}
}

static void touched_when_it_still_holds(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_profile_touch(f->s, URL, T0 + 7), -ENOENT);
	fill_sent();
	assert_int_equal(store_profile_save(f->s, &sent.info, &sent.p), 0);
	assert_int_equal(store_profile_touch(f->s, "https://a.example/2", T0 + 7), -ENOENT);
	assert_int_equal(store_profile_touch(f->s, URL, T0 + 7), 0);
	reopen(f);
	assert_int_equal(read_back(f), 1);
	assert_int_equal(got.info.fetched, T0 + 7);
	assert_int_equal(got.p.rule_count, 2);
	f->verdict = -EINTR;
	assert_int_equal(store_profiles(f->s, take_profile, f), -EINTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(profiles_come_back_whole),
		TEST(all_kinds_of_parts_come_back),
		TEST(layers_are_kept),
		TEST(half_a_profile_is_none),
		TEST(every_part_is_missed),
		TEST(damaged_profiles_are_left_out),
		TEST(touched_when_it_still_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
