// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner said about devices, kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "test_store_util.h"

static struct overlay found[LIMIT_OVERLAYS + 4];

static int take(void *ctx, const struct overlay *o)
{
	struct fixture *f = ctx;

	found[f->count++] = *o;
	return f->verdict;
}

static unsigned count(struct fixture *f)
{
	f->count = 0;
	assert_int_equal(store_overlays(f->s, take, f), 0);
	return f->count;
}

static void have_device(struct fixture *f, device_id id)
{
	struct device d = {.id = id, .mac = {{2, 0, 0, 0, 0, (uint8_t)id}}};

	assert_int_equal(store_device_save(f->s, &d), 0);
}

static struct overlay refuse(device_id device, const char *peer)
{
	struct overlay o = {.device = device, .kind = OVERLAY_REFUSE,
		.proto = RULE_PROTO_ANY, .port = {0, UINT16_MAX}, .said = T0};

	assert_true(overlay_peer_parse(peer, &o.peer));
	return o;
}

static void they_come_back_as_they_were(void **state)
{
	struct fixture *f = *state;
	struct overlay all[] = {refuse(3, "ADS.example."), refuse(3, "2001:db8::/32"),
		refuse(3, "192.0.2.7"),
		{.device = 3, .kind = OVERLAY_LAN_ONLY, .proto = RULE_PROTO_ANY,
			.port = {0, UINT16_MAX}, .said = T0}};

	have_device(f, 3);
	all[0].until = T0 + NS_PER_SEC;
	all[0].proto = FLOW_PROTO_TCP;
	all[0].port = (struct range16){443, 8443};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(store_overlay_save(f->s, &all[i]), 0);
		assert_int_equal(all[i].id, i + 1);
	}
	assert_string_equal(all[0].peer.name, "ads.example");
	reopen(f);
	assert_int_equal(count(f), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(found[i].id, i + 1);
		assert_true(overlay_equal(&found[i], &all[i]));
		assert_int_equal(found[i].said, T0);
		assert_int_equal(found[i].until, all[i].until);
	}
	all[1].until = T0 + 2 * NS_PER_SEC;
	assert_int_equal(store_overlay_time(f->s, &all[1]), 0);
	all[2].until = all[2].said;
	assert_int_equal(store_overlay_time(f->s, &all[2]), CARDEA_EMALFORMED);
	assert_int_equal(count(f), 4);
	assert_int_equal(found[1].until, T0 + 2 * NS_PER_SEC);
	assert_int_equal(found[2].until, 0);
	all[3].id = 99;
	assert_int_equal(store_overlay_time(f->s, &all[3]), -ENOENT);
	assert_int_equal(store_overlay_remove(f->s, 4), 0);
	assert_int_equal(store_overlay_remove(f->s, 4), -ENOENT);
	all[3].id = 0;
	assert_int_equal(store_overlay_save(f->s, &all[3]), 0);
	assert_int_equal(all[3].id, 5); /* no number is given twice */
}

static void they_go_with_their_device(void **state)
{
	struct fixture *f = *state;
	struct overlay a = refuse(3, "a.example"), b = refuse(4, "b.example");

	assert_int_equal(store_overlay_save(f->s, &a), -ENOENT);
	have_device(f, 3);
	have_device(f, 4);
	assert_int_equal(store_overlay_save(f->s, &a), 0);
	assert_int_equal(store_overlay_save(f->s, &b), 0);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	assert_int_equal(count(f), 1);
	assert_int_equal(found[0].device, 4);
}

static void there_is_an_end(void **state)
{
	struct fixture *f = *state;
	struct overlay o = refuse(3, "a.example"), other = refuse(4, "a.example");

	have_device(f, 3);
	have_device(f, 4);
	for (unsigned i = 0; i < LIMIT_OVERLAYS; i++) {
		o.id = 0;
		o.port.lo = (uint16_t)i;
		assert_int_equal(store_overlay_save(f->s, &o), 0);
	}
	o.id = 0;
	assert_int_equal(store_overlay_save(f->s, &o), CARDEA_ELIMIT);
	assert_int_equal(count(f), LIMIT_OVERLAYS);
	assert_int_equal(store_overlay_save(f->s, &other), 0); /* each has its own */
	o.id = 0;
	o.peer.kind = PEER_ANY;
	assert_int_equal(store_overlay_save(f->s, &o), CARDEA_EMALFORMED);
}

static void damaged_rows_are_left_out(void **state)
{
	static const char *const damage[] = {"kind=9", "kind=-1", "proto=256", "proto=-2",
		"port_lo=70000", "port_lo=9, port_hi=3", "name=''", "kind=2",
		"proto=1, port_hi=5"};
	struct fixture *f = *state;
	struct overlay o = refuse(3, "a.example");
	char sql[128];

	have_device(f, 3);
	for (size_t i = 0; i < sizeof(damage) / sizeof(*damage); i++) {
		o.id = 0;
		assert_int_equal(store_overlay_save(f->s, &o), 0);
		assert_int_equal(str_print(sql, sizeof(sql),
					 "UPDATE overlay SET %s", damage[i]), 0);
		assert_int_equal(sqlite3_exec(f->s->db, sql, NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(count(f), 0);
		assert_int_equal(store_overlay_remove(f->s, o.id), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_come_back_as_they_were, setup, teardown),
		cmocka_unit_test_setup_teardown(they_go_with_their_device, setup, teardown),
		cmocka_unit_test_setup_teardown(there_is_an_end, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_rows_are_left_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
