// SPDX-License-Identifier: GPL-2.0-or-later
/* What outsiders say, kept: issuers, advisories, what showed them, and the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "test_store_util.h"

#define FOUND_MAX 8
static struct advisory_issuer issuers[STORE_ISSUERS_MAX + 1];
static struct advisory_kept kept[FOUND_MAX];
static struct advisory_seen seens[FOUND_MAX];
static struct advisory_held helds[FOUND_MAX];
static struct advisory_entry entries[FOUND_MAX];
static struct store_shared shareds[FOUND_MAX];

static int take_issuer(void *ctx, const struct advisory_issuer *i)
{
	issuers[((struct fixture *)ctx)->count++] = *i;
	return 0;
}

static int take_kept(void *ctx, const struct advisory_kept *k)
{
	kept[((struct fixture *)ctx)->count++] = *k;
	return 0;
}

static int take_seen(void *ctx, const struct advisory_seen *e)
{
	seens[((struct fixture *)ctx)->count++] = *e;
	return 0;
}

static int take_held(void *ctx, const struct advisory_held *e)
{
	helds[((struct fixture *)ctx)->count++] = *e;
	return 0;
}

static int take_entry(void *ctx, const struct advisory_entry *e)
{
	entries[((struct fixture *)ctx)->count++] = *e;
	return 0;
}

static int take_shared(void *ctx, const struct store_shared *e)
{
	shareds[((struct fixture *)ctx)->count++] = *e;
	return 0;
}

static struct advisory_kept sample_advisory(const char *issuer, const char *id)
{
	struct advisory_kept k = {.state = ADVISORY_ACTIVE, .taken = T0,
		.a = {.is_signed = true, .signature_good = true, .issued = T0 - 1,
			.expires = T0 + 9, .has_oui = true, .oui = {2, 3, 4},
			.has_peer = true, .proto = 6, .port = 443,
			.effect = ADVISORY_BLOCK, .homes = 7}};

	str_copy(k.a.issuer, sizeof(k.a.issuer), issuer);
	str_copy(k.a.id, sizeof(k.a.id), id);
	str_copy(k.a.mud_url, sizeof(k.a.mud_url), "https://a.example/'; DROP TABLE x");
	str_copy(k.a.cpe, sizeof(k.a.cpe), "cpe");
	str_copy(k.a.matter, sizeof(k.a.matter), "FFF1:8000");
	str_copy(k.a.domain, sizeof(k.a.domain), "*.c2.example");
	str_copy(k.a.fixed_in, sizeof(k.a.fixed_in), "2.1");
	str_copy(k.a.text, sizeof(k.a.text), "it scans");
	k.a.peer.addr = ip("2001:db8::");
	k.a.peer.len = 48;
	return k;
}

static void issuers_come_back(void **state)
{
	struct fixture *f = *state;
	struct advisory_issuer i = {.class = ADVISORY_CSIRT, .overturned = 2, .added = T0};

	str_copy(i.name, sizeof(i.name), "csirt");
	str_copy(i.group, sizeof(i.group), "state");
	str_copy(i.key, sizeof(i.key), "PEM");
	str_copy(i.signer, sizeof(i.signer), "CN=x");
	str_copy(i.signer_key, sizeof(i.signer_key), "abcd");
	assert_int_equal(store_issuer_save(f->s, &i), 0);
	i.overturned = 3;
	assert_int_equal(store_issuer_save(f->s, &i), 0);
	reopen(f);
	assert_int_equal(store_issuers(f->s, take_issuer, f), 0);
	assert_int_equal(f->count, 1);
	assert_memory_equal(&issuers[0], &i, sizeof(i));
	assert_int_equal(store_issuer_remove(f->s, "csirt"), 0);
	assert_int_equal(store_issuer_remove(f->s, "csirt"), -ENOENT);
	for (unsigned n = 0; n < STORE_ISSUERS_MAX; n++) {
		assert_int_equal(str_print(i.name, sizeof(i.name), "i%u", n), 0);
		assert_int_equal(store_issuer_save(f->s, &i), 0);
	}
	assert_int_equal(store_issuer_save(f->s, &i), 0); /* there already */
	str_copy(i.name, sizeof(i.name), "more");
	assert_int_equal(store_issuer_save(f->s, &i), CARDEA_ELIMIT);
	i.name[0] = 0;
	assert_int_equal(store_issuer_save(f->s, &i), CARDEA_EMALFORMED);
}

static void advisories_come_back(void **state)
{
	struct fixture *f = *state;
	struct advisory_kept a = sample_advisory("csirt", "A"), b = sample_advisory("i", "A");

	b.a.has_peer = b.a.has_oui = false;
	memset(&b.a.peer, 0, sizeof(b.a.peer));
	memset(b.a.oui, 0, sizeof(b.a.oui));
	assert_int_equal(store_advisory_save(f->s, &a), 0);
	assert_int_equal(store_advisory_save(f->s, &b), 0);
	assert_true(a.key && b.key && a.key != b.key);
	a.state = ADVISORY_OVERTURNED;
	str_copy(a.a.text, sizeof(a.a.text), "it does not");
	assert_int_equal(store_advisory_save(f->s, &a), 0);
	reopen(f);
	assert_int_equal(store_advisories(f->s, take_kept, f), 0);
	assert_int_equal(f->count, 2);
	assert_memory_equal(&kept[0], &a, sizeof(a));
	assert_memory_equal(&kept[1], &b, sizeof(b));
	a.key = 0; /* another of the same name */
	assert_true(store_advisory_save(f->s, &a) < 0);
	assert_int_equal(store_advisory_remove(f->s, b.key), 0);
	assert_int_equal(store_advisory_remove(f->s, b.key), -ENOENT);
}

static void what_showed_it_goes_with_both(void **state)
{
	struct fixture *f = *state;
	struct device d = sample(3), other = sample(4);
	struct advisory_kept a = sample_advisory("csirt", "A");
	struct advisory_seen e = {.device = 3, .first = T0, .last = T0 + 1, .shared = true,
		.name = "x.c2.example", .peer = ip("198.51.100.7"), .proto = 6, .port = 1};
	struct advisory_held h = {.device = 3, .effect = ADVISORY_LIMIT, .accused = true,
		.since = T0, .healed = T0 + 3, .why = "because"};

	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_device_save(f->s, &other), 0);
	assert_int_equal(store_advisory_save(f->s, &a), 0);
	e.advisory = a.key;
	assert_int_equal(store_advisory_seen_save(f->s, &e), 0);
	e.listed = true;
	assert_int_equal(store_advisory_seen_save(f->s, &e), 0);
	assert_int_equal(store_advisory_held_save(f->s, &h), 0);
	h.device = 9;
	assert_int_equal(store_advisory_held_save(f->s, &h), -ENOENT);
	h.device = 3;
	reopen(f);
	assert_int_equal(store_advisory_seens(f->s, take_seen, f), 0);
	assert_int_equal(f->count, 1);
	assert_memory_equal(&seens[0], &e, sizeof(e));
	f->count = 0;
	assert_int_equal(store_advisory_helds(f->s, take_held, f), 0);
	assert_int_equal(f->count, 1);
	assert_memory_equal(&helds[0], &h, sizeof(h));
	e.device = 4;
	assert_int_equal(store_advisory_seen_save(f->s, &e), 0);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	f->count = 0;
	assert_int_equal(store_advisory_helds(f->s, take_held, f), 0);
	assert_int_equal(store_advisory_seens(f->s, take_seen, f), 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(store_advisory_remove(f->s, a.key), 0);
	f->count = 0;
	assert_int_equal(store_advisory_seens(f->s, take_seen, f), 0);
	assert_int_equal(f->count, 0);
}

static void networks_and_firmware(void **state)
{
	struct fixture *f = *state;
	struct store_shared n = {.prefix = {ip("198.51.100.0"), 24}, .name = "cdn"};
	struct store_firmware w = {.device = 3, .label = "2.1", .since = T0};
	struct device d = sample(3);

	assert_int_equal(store_firmware_save(f->s, &w), -ENOENT);
	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_firmware_save(f->s, &w), 0);
	assert_int_equal(store_shared_save(f->s, &n), 0);
	assert_int_equal(store_shared_save(f->s, &n), 0);
	reopen(f);
	assert_int_equal(store_shareds(f->s, take_shared, f), 0);
	assert_int_equal(f->count, 1);
	assert_memory_equal(&shareds[0], &n, sizeof(n));
	assert_int_equal(store_shared_remove(f->s, &n.prefix), 0);
	assert_int_equal(store_shared_remove(f->s, &n.prefix), -ENOENT);
}

static void add_entry(struct fixture *f, uint32_t seq)
{
	struct advisory_entry e = {.seq = seq, .at = T0, .act = ADVISORY_ACT_TAKEN,
		.issuer = "csirt", .advisory = "A", .device = "lamp", .text = "x"};

	memset(e.digest, (int)seq, sizeof(e.digest));
	memset(e.before, (int)seq - 1, sizeof(e.before));
	assert_int_equal(store_log_add(f->s, &e), 0);
	entries[FOUND_MAX - 1] = e;
}

/* Not as bytes: what lies between members is anything. */
static void assert_same_entry(
	const struct advisory_entry *a, const struct advisory_entry *b)
{
	assert_true(a->seq == b->seq && a->at == b->at && a->act == b->act);
	assert_string_equal(a->issuer, b->issuer);
	assert_string_equal(a->advisory, b->advisory);
	assert_string_equal(a->device, b->device);
	assert_string_equal(a->text, b->text);
	assert_memory_equal(a->digest, b->digest, sizeof(a->digest));
	assert_memory_equal(a->before, b->before, sizeof(a->before));
}

static void the_log_keeps_its_head(void **state)
{
	struct fixture *f = *state;
	struct store_log_head h;

	assert_int_equal(store_log_head(f->s, &h), 0);
	assert_int_equal(h.seq, 0);
	for (uint32_t i = 1; i <= 4; i++)
		add_entry(f, i);
	reopen(f);
	assert_int_equal(store_log_head(f->s, &h), 0);
	assert_int_equal(h.seq, 4);
	assert_int_equal(h.digest[31], 4);
	assert_int_equal(store_log(f->s, 3, 10, take_entry, f), 0);
	assert_int_equal(f->count, 1);
	assert_same_entry(&entries[0], &entries[FOUND_MAX - 1]);
	assert_int_equal(store_log_cut(f->s, 2, entries[0].digest), 0);
	f->count = 0;
	assert_int_equal(store_log(f->s, 0, 10, take_entry, f), 0);
	assert_int_equal(f->count, 2);
	assert_int_equal(store_log_head(f->s, &h), 0);
	assert_true(h.seq == 4 && h.cut == 2 && h.cut_digest[0] == 4);
	f->count = 0;
	assert_int_equal(store_log(f->s, 0, 1, take_entry, f), 0);
	assert_int_equal(f->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(issuers_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(advisories_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_showed_it_goes_with_both, setup, teardown),
		cmocka_unit_test_setup_teardown(networks_and_firmware, setup, teardown),
		cmocka_unit_test_setup_teardown(the_log_keeps_its_head, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
