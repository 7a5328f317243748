// SPDX-License-Identifier: GPL-2.0-or-later
/* A database that an earlier version wrote is taken over; one that breaks off on the way
 * is as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "unit/test_store_util.h"

/* Schema 1 as it shipped: what is out there does not change. */
static const char schema_1[] =
	"CREATE TABLE device("
	" id INTEGER PRIMARY KEY, mac BLOB NOT NULL UNIQUE, state INTEGER NOT NULL,"
	" name TEXT NOT NULL, named_by_owner INTEGER NOT NULL, hostname TEXT NOT NULL,"
	" vendor_class TEXT NOT NULL, mud_url TEXT NOT NULL, problem TEXT NOT NULL,"
	" first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL) STRICT;"
	"CREATE TABLE device_addr("
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" addr BLOB NOT NULL, source INTEGER NOT NULL, expires INTEGER NOT NULL,"
	" PRIMARY KEY(device, addr)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE profile("
	" url TEXT PRIMARY KEY, head BLOB NOT NULL, fetched INTEGER NOT NULL) STRICT;"
	"CREATE TABLE profile_part("
	" url TEXT NOT NULL REFERENCES profile(url) ON DELETE CASCADE,"
	" position INTEGER NOT NULL, message BLOB NOT NULL,"
	" PRIMARY KEY(url, position)) STRICT;"
	"CREATE TABLE event("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, device INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" reason INTEGER NOT NULL, direction INTEGER NOT NULL, device_addr BLOB,"
	" peer_addr BLOB, proto INTEGER NOT NULL, device_port INTEGER NOT NULL,"
	" peer_port INTEGER NOT NULL, icmp INTEGER NOT NULL, name TEXT NOT NULL,"
	" packets INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"
	"CREATE INDEX event_device ON event(device, id);"
	"CREATE TABLE binding("
	" device INTEGER NOT NULL, name TEXT NOT NULL, addr BLOB NOT NULL,"
	" expires INTEGER NOT NULL, PRIMARY KEY(device, name, addr))"
	" STRICT, WITHOUT ROWID;"
	"PRAGMA user_version = 1;";

static const char content_1[] =
	"INSERT INTO device VALUES(3, x'020000000003', 2, 'lamp', 1, 'lamp', 'acme',"
	" 'https://a.example/lamp', '', 100, 200);"
	"INSERT INTO device VALUES(5, x'020000000005', 1, 'phone', 0, 'phone', '', '',"
	" 'it names no MUD file', 100, 300);"
	"INSERT INTO device_addr VALUES(3, x'0a000002', 3, 900);"
	"INSERT INTO profile VALUES('https://a.example/lamp', x'00400000', 100);"
	"INSERT INTO profile_part VALUES('https://a.example/lamp', 0, x'00410000');"
	"INSERT INTO event VALUES(NULL, 100, 100, 3, 0, 0, 0, NULL, NULL, 0, 0, 0, 0, '',"
	" 1, 'lamp joined');"
	"INSERT INTO binding VALUES(3, 'c.example', x'c0000201', 999);";

static void exec_in(sqlite3 *db, const char *text)
{
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
}

/* The fixture's database is one of schema 1 now. */
static void put_schema_1(struct fixture *f, const char *more)
{
	sqlite3 *db;

	store_close(f->s);
	f->s = NULL;
	assert_int_equal(unlink(path(f, "cardea.db")), 0);
	assert_int_equal(sqlite3_open(path(f, "cardea.db"), &db), SQLITE_OK);
	exec_in(db, schema_1);
	exec_in(db, content_1);
	exec_in(db, more);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int take_device(void *ctx, const struct device *d)
{
	struct fixture *f = ctx;

	assert_true(f->count < COUNT(f->devices));
	f->devices[f->count++] = *d;
	return 0;
}

static int count_profile(void *ctx, const struct store_profile_info *info,
	const struct profile *p)
{
	struct fixture *f = ctx;

	(void)info;
	(void)p;
	f->count++;
	return 0;
}

static int count_binding(void *ctx, const struct store_binding *b)
{
	struct fixture *f = ctx;

	f->binding = *b;
	f->count++;
	return 0;
}

static void devices_are_taken_over(void **state)
{
	struct fixture *f = *state;
	const struct device *lamp = &f->devices[0], *phone = &f->devices[1];

	put_schema_1(f, "");
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_false(f->damaged);
	assert_int_equal(store_schema_version(f->s), 20);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 2);
	assert_string_equal(lamp->name, "lamp");
	assert_int_equal(lamp->state, DEVICE_PROTECTED);
	assert_true(lamp->named_by_owner);
	assert_string_equal(lamp->mud_url, "https://a.example/lamp");
	assert_int_equal(lamp->url_source, URL_SOURCE_DHCP);
	assert_false(lamp->confirmed);
	assert_string_equal(lamp->mud_signer, "");
	assert_string_equal(lamp->quarantine, "");
	assert_int_equal(lamp->last_seen, 200);
	assert_int_equal(lamp->addr_count, 1);
	assert_int_equal(phone->url_source, URL_SOURCE_NONE);
	assert_string_equal(phone->problem, "it names no MUD file");
	assert_int_equal(store_device_save(f->s, lamp), 0);
}

static void the_rest_is_taken_over(void **state)
{
	struct fixture *f = *state;
	struct event e;

	put_schema_1(f, "");
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_int_equal(store_event(f->s, 1, &e), 0);
	assert_string_equal(e.text, "lamp joined");
	assert_int_equal(store_bindings(f->s, 0, count_binding, f), 0);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->binding.name, "c.example");
}

/* Their messages were others: they are fetched again. */
static void profiles_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct store_profile_info info = {.url = "https://a.example/lamp"};
	struct profile p = {.layer = LAYER_OWNER};

	put_schema_1(f, "");
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_int_equal(store_profile_touch(f->s, info.url, T0), -ENOENT);
	assert_int_equal(store_profile_save(f->s, &info, &p), 0);
	assert_int_equal(store_profiles(f->s, count_profile, f), 0);
	assert_int_equal(f->count, 1); /* no part of the old one is left */
}

static void new_tables_work_at_once(void **state)
{
	struct fixture *f = *state;
	struct store_controller c = {.device = 3, .class = "my-controller", .target = 5};
	struct decision d = {.kind = DECISION_IDENTITY, .device = 3};

	put_schema_1(f, "");
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_int_equal(store_url_seen(f->s, 3, "https://a.example/lamp", T0), 0);
	assert_int_equal(store_decision_save(f->s, &d), 0);
	assert_int_equal(store_controller_save(f->s, &c), 0);
	reopen(f);
	assert_int_equal(store_schema_version(f->s), 20);
	assert_int_equal(store_decision_find(f->s, d.id, &d), 0);
}

/* All of a migration or nothing: an odd table in the way leaves schema 1. */
static void half_a_migration_is_none(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	sqlite3 *db;
	sqlite3_stmt *st;

	put_schema_1(f, "CREATE TABLE rule_hit(x);");
	assert_true(store_open(f->dir, &s, &f->damaged) < 0);
	assert_null(s);
	assert_int_equal(sqlite3_open(path(f, "cardea.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*), max(id) FROM device, "
		"profile", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(st, 0), 2);
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	exec_in(db, "DROP TABLE rule_hit");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_int_equal(store_schema_version(f->s), 20);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 2);
}

/* Numbers of enums that are stored: they must not change. */
static void stored_numbers_stay(void **state)
{
	(void)state;
	assert_int_equal(URL_SOURCE_LLDP, 1);
	assert_int_equal(URL_SOURCE_DHCP, 2);
	assert_int_equal(URL_SOURCE_QR, 3);
	assert_int_equal(URL_SOURCE_CERTIFICATE, 4);
	assert_int_equal(URL_SOURCE_OWNER, 5);
	assert_int_equal(DEVICE_PROTECTED, 2);
	assert_int_equal(DEVICE_QUARANTINED, 3);
	assert_int_equal(LAYER_MANUFACTURER, 1);
	assert_int_equal(LAYER_CROWD, 3);
	assert_int_equal(LAYER_OWNER, 4);
	assert_int_equal(DECISION_AUTHORITY, 0);
	assert_int_equal(DECISION_IDENTITY, 6);
	assert_int_equal(DECISION_OPEN, 0);
	assert_int_equal(DECISION_ACCEPTED, 1);
	assert_int_equal(DIRECTION_TO_DEVICE, 1);
	assert_int_equal(OVERLAY_REFUSE, 0);
	assert_int_equal(OVERLAY_ONLY, 4);
	assert_int_equal(EVENT_REFUSED, 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(devices_are_taken_over),
		TEST(the_rest_is_taken_over),
		TEST(profiles_are_dropped),
		TEST(new_tables_work_at_once),
		TEST(half_a_migration_is_none),
		cmocka_unit_test(stored_numbers_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
