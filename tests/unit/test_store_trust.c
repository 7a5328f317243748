// SPDX-License-Identifier: GPL-2.0-or-later
/* Pins, the URLs of before, and files accepted by their hash: kept, bounded, and gone with
 * their device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "unit/test_store_util.h"

static struct store_pin pins[4];
static struct store_url urls[LIMIT_URL_HISTORY + 1];

static int take_pin(void *ctx, const struct store_pin *p)
{
	struct fixture *f = ctx;

	if (f->count < COUNT(pins))
		pins[f->count] = *p;
	f->count++;
	return f->verdict;
}

static int take_url(void *ctx, const struct store_url *u)
{
	struct fixture *f = ctx;

	if (f->count < COUNT(urls))
		urls[f->count] = *u;
	f->count++;
	return f->verdict;
}

static unsigned urls_of(struct fixture *f, device_id id)
{
	f->count = 0;
	assert_int_equal(store_urls(f->s, id, take_url, f), 0);
	return f->count;
}

static void pins_hold(void **state)
{
	struct fixture *f = *state;
	struct store_pin back = {.since = 5}, p = {.root = "https://a.example/",
		.signer = "CN=A'; DROP TABLE pin", .key = "a1b2", .since = T0};

	assert_int_equal(store_pin_find(f->s, p.root, &back), -ENOENT);
	assert_int_equal(back.since, 5);
	assert_int_equal(store_pin_save(f->s, &p), 0);
	str_copy(p.key, sizeof(p.key), "c3d4");
	p.since = T0 + 1;
	assert_int_equal(store_pin_save(f->s, &p), 0); /* replaces */
	str_copy(p.root, sizeof(p.root), "https://b.example/");
	assert_int_equal(store_pin_save(f->s, &p), 0);
	reopen(f);
	assert_int_equal(store_pin_find(f->s, "https://a.example/", &back), 0);
	assert_string_equal(back.root, "https://a.example/");
	assert_string_equal(back.signer, "CN=A'; DROP TABLE pin");
	assert_string_equal(back.key, "c3d4");
	assert_int_equal(back.since, T0 + 1);
	assert_int_equal(store_pin_find(f->s, "https://a.example/x", &back), -ENOENT);
	assert_int_equal(store_pins(f->s, take_pin, f), 0);
	assert_int_equal(f->count, 2);
	assert_string_equal(pins[1].root, "https://b.example/");
	assert_int_equal(store_pin_remove(f->s, "https://a.example/"), 0);
	assert_int_equal(store_pin_find(f->s, "https://a.example/", &back), -ENOENT);
	f->verdict = -EINTR;
	assert_int_equal(store_pins(f->s, take_pin, f), -EINTR);
}

/* Whoever names many roots must not make us forget who signed for the others. */
static void pins_are_not_pushed_out(void **state)
{
	struct fixture *f = *state;
	struct store_pin back, p = {.signer = "CN=A", .since = T0};

	for (int i = 0; i < STORE_PINS_MAX; i++) {
		assert_int_equal(str_print(p.root, sizeof(p.root), "https://%d/", i), 0);
		assert_int_equal(store_pin_save(f->s, &p), 0);
	}
	str_copy(p.root, sizeof(p.root), "https://new/");
	assert_int_equal(store_pin_save(f->s, &p), CARDEA_ELIMIT);
	assert_int_equal(store_pin_find(f->s, "https://new/", &back), -ENOENT);
	str_copy(p.root, sizeof(p.root), "https://0/");
	str_copy(p.signer, sizeof(p.signer), "CN=B");
	assert_int_equal(store_pin_save(f->s, &p), 0); /* the owner's decision */
	assert_int_equal(store_pin_find(f->s, "https://0/", &back), 0);
	assert_string_equal(back.signer, "CN=B");
	assert_int_equal(store_pin_remove(f->s, "https://1/"), 0);
	str_copy(p.root, sizeof(p.root), "https://new/");
	assert_int_equal(store_pin_save(f->s, &p), 0);
}

static void see(struct fixture *f, device_id id, int url, nstime wall)
{
	char text[64];

	assert_int_equal(str_print(text, sizeof(text), "https://a.example/%d", url), 0);
	assert_int_equal(store_url_seen(f->s, id, text, wall), 0);
}

static void urls_come_back_in_order(void **state)
{
	struct fixture *f = *state;
	struct device d = sample(3), other = sample(4);

	assert_int_equal(store_url_seen(f->s, 3, "https://a.example/", T0), -ENOENT);
	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_device_save(f->s, &other), 0);
	see(f, 3, 1, T0 + 9); /* the clock was wrong then: the order is not the time's */
	see(f, 3, 2, T0 + 2);
	see(f, 3, 3, T0 + 3);
	see(f, 3, 1, T0 + 4);
	see(f, 4, 8, T0 + 5);
	reopen(f);
	assert_int_equal(urls_of(f, 3), 3);
	assert_string_equal(urls[0].url, "https://a.example/2");
	assert_string_equal(urls[1].url, "https://a.example/3");
	assert_string_equal(urls[2].url, "https://a.example/1");
	assert_int_equal(urls[2].seen, T0 + 4);
	assert_int_equal(urls[2].device, 3);
	assert_int_equal(urls_of(f, 4), 1);
	assert_int_equal(urls_of(f, 5), 0);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	assert_int_equal(urls_of(f, 3), 0);
	assert_int_equal(urls_of(f, 4), 1);
	f->verdict = -EINTR;
	assert_int_equal(store_urls(f->s, 4, take_url, f), -EINTR);
}

static void oldest_urls_go(void **state)
{
	struct fixture *f = *state;
	struct device d = sample(3), other = sample(4);

	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_device_save(f->s, &other), 0);
	see(f, 4, 0, T0);
	for (int i = 0; i < LIMIT_URL_HISTORY; i++)
		see(f, 3, i, T0 + i);
	see(f, 3, 0, T0); /* known: nothing goes */
	assert_int_equal(urls_of(f, 3), LIMIT_URL_HISTORY);
	assert_string_equal(urls[0].url, "https://a.example/1");
	see(f, 3, 1000, T0);
	assert_int_equal(urls_of(f, 3), LIMIT_URL_HISTORY);
	assert_string_equal(urls[0].url, "https://a.example/2");
	assert_string_equal(urls[LIMIT_URL_HISTORY - 1].url, "https://a.example/1000");
	assert_int_equal(urls_of(f, 4), 1);
}

static void hash_of(int i, uint8_t sha256[32])
{
	memset(sha256, 0, 32);
	memcpy(sha256, &i, sizeof(i));
}

static void hashes_are_remembered(void **state)
{
	struct fixture *f = *state;
	uint8_t yes[32], no[32], never[32];
	bool accepted = true;

	hash_of(1, yes);
	hash_of(2, no);
	hash_of(3, never);
	assert_int_equal(store_hash_set(f->s, yes, false, "https://a.example/1", T0), 0);
	assert_int_equal(store_hash_set(f->s, no, false, "https://a.example/1", T0), 0);
	assert_int_equal(store_hash_set(f->s, yes, true, "https://a.example/1", T0), 0);
	reopen(f);
	assert_int_equal(store_hash_find(f->s, no, &accepted), 0);
	assert_false(accepted);
	assert_int_equal(store_hash_find(f->s, yes, &accepted), 0);
	assert_true(accepted);
	assert_int_equal(store_hash_find(f->s, never, &accepted), -ENOENT);
	assert_true(accepted);
	sql(f, "UPDATE file_hash SET accepted=2"); /* damage accepts nothing */
	assert_int_equal(store_hash_find(f->s, yes, &accepted), 0);
	assert_false(accepted);
}

static void oldest_hashes_go(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32];
	bool accepted;

	for (int i = 0; i < STORE_HASHES_MAX; i++) {
		hash_of(i, sha256);
		assert_int_equal(store_hash_set(f->s, sha256, true, "", T0), 0);
	}
	hash_of(0, sha256); /* said again: as good as new */
	assert_int_equal(store_hash_set(f->s, sha256, true, "", T0), 0);
	hash_of(STORE_HASHES_MAX, sha256);
	assert_int_equal(store_hash_set(f->s, sha256, true, "", T0), 0);
	hash_of(0, sha256);
	assert_int_equal(store_hash_find(f->s, sha256, &accepted), 0);
	hash_of(1, sha256);
	assert_int_equal(store_hash_find(f->s, sha256, &accepted), -ENOENT);
	hash_of(2, sha256);
	assert_int_equal(store_hash_find(f->s, sha256, &accepted), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(pins_hold),
		TEST(pins_are_not_pushed_out),
		TEST(urls_come_back_in_order),
		TEST(oldest_urls_go),
		TEST(hashes_are_remembered),
		TEST(oldest_hashes_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
