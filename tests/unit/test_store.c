// SPDX-License-Identifier: GPL-2.0-or-later
/* What survives: round trips, damage, a full disk, an end in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "unit/test_store_util.h"

static int take_device(void *ctx, const struct device *d)
{
	struct fixture *f = ctx;

	if (f->count < 4)
		f->devices[f->count] = *d;
	f->count++;
	return f->verdict;
}

static void same_device(const struct device *a, const struct device *b)
{
	assert_int_equal(a->id, b->id);
	assert_true(mac_equal(&a->mac, &b->mac));
	assert_int_equal(a->state, b->state);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->named_by_owner, b->named_by_owner);
	assert_string_equal(a->hostname, b->hostname);
	assert_string_equal(a->vendor_class, b->vendor_class);
	assert_string_equal(a->mud_url, b->mud_url);
	assert_string_equal(a->problem, b->problem);
	assert_int_equal(a->url_source, b->url_source);
	assert_int_equal(a->confirmed, b->confirmed);
	assert_string_equal(a->mud_signer, b->mud_signer);
	assert_string_equal(a->quarantine, b->quarantine);
	assert_int_equal(a->hold, b->hold);
	assert_int_equal(a->first_seen, b->first_seen);
	assert_int_equal(a->last_seen, b->last_seen);
	assert_int_equal(a->addr_count, b->addr_count);
	for (size_t i = 0; i < a->addr_count; i++) {
		assert_true(addr_equal(&a->addrs[i].addr, &b->addrs[i].addr));
		assert_int_equal(a->addrs[i].source, b->addrs[i].source);
		assert_int_equal(a->addrs[i].expires, b->addrs[i].expires);
	}
}

static void begins_empty_at_the_newest_schema(void **state)
{
	struct fixture *f = *state;
	struct event e;
	device_id last = 9;

	assert_int_equal(store_schema_version(f->s), 20);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 0);
	assert_int_equal(store_event(f->s, 1, &e), -ENOENT);
	assert_int_equal(store_device_last(f->s, &last), 0);
	assert_int_equal(last, 0);
	reopen(f);
	assert_int_equal(store_schema_version(f->s), 20);
	assert_int_equal(store_commit(f->s), 0); /* nothing open */
}

static void devices_come_back(void **state)
{
	struct fixture *f = *state;
	struct device d = sample(3), other = sample(1);
	device_id last = 0;

	other.addr_count = 0;
	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_device_save(f->s, &other), 0);
	d.addr_count = 1;
	d.last_seen = T0 + 9;
	d.url_source = URL_SOURCE_OWNER;
	d.confirmed = true;
	str_copy(d.mud_signer, sizeof(d.mud_signer), "CN=Acme");
	str_copy(d.quarantine, sizeof(d.quarantine), "it scanned the LAN");
	d.hold = HOLD_LIMITED;
	str_copy(d.name, sizeof(d.name), "renamed");
	assert_int_equal(store_device_save(f->s, &d), 0);
	reopen(f);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 2);
	same_device(&f->devices[0], &other);
	same_device(&f->devices[1], &d);
	assert_int_equal(store_device_last(f->s, &last), 0);
	assert_int_equal(last, 3);
	f->verdict = -EINTR;
	assert_int_equal(store_devices(f->s, take_device, f), -EINTR);
}

/* What this version does not know is left out, or it would be taken for something else. */
static void damaged_devices_are_left_out(void **state)
{
	static const char *const damage[] = {
		"UPDATE device SET state=4",
		"UPDATE device SET state=-1",
		"UPDATE device SET state=4294967297", /* 1 after a careless cast */
		"UPDATE device SET url_source=6",
		"UPDATE device SET url_source=-1",
		"UPDATE device SET hold=4",
		"UPDATE device SET hold=-1",
		"UPDATE device SET mac=x'0200'",
	};
	struct fixture *f = *state;
	struct device d = sample(3);

	for (size_t i = 0; i < COUNT(damage); i++) {
		assert_int_equal(store_device_save(f->s, &d), 0);
		f->count = 0;
		sql(f, damage[i]);
		assert_int_equal(store_devices(f->s, take_device, f), 0);
		assert_int_equal(f->count, 0);
		sql(f, "DELETE FROM device");
	}
	assert_int_equal(store_device_save(f->s, &d), 0);
	sql(f, "UPDATE device_addr SET source=5 WHERE length(addr)=4");
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->devices[0].addr_count, 1);
	assert_int_equal(f->devices[0].addrs[0].addr.family, 6);
}

static int count_binding(void *ctx, const struct store_binding *b)
{
	struct fixture *f = ctx;

	f->binding = *b;
	f->count++;
	return 0;
}

static void removed_devices_take_their_names_along(void **state)
{
	struct fixture *f = *state;
	struct device d = sample(3);
	struct store_binding b = {.device = 3, .name = "a.example", .addr = ip("10.9.9.9"),
		.expires = T0 + 10};
	struct event e = {.device = 8, .kind = EVENT_DEVICE_JOINED};
	device_id last = 0;

	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_binding_save(f->s, &b), 0);
	assert_int_equal(store_event_save(f->s, &e), 0);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	reopen(f);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(store_bindings(f->s, T0, count_binding, f), 0);
	assert_int_equal(f->count, 0);
	assert_int_equal(store_device_last(f->s, &last), 0);
	assert_int_equal(last, 8); /* an event remembers it */
}

static void bindings_come_back_until_they_end(void **state)
{
	struct fixture *f = *state;
	struct store_binding b = {.device = 1, .name = "a.example",
		.addr = ip("2001:db8::1"), .expires = T0 + 10};

	assert_int_equal(store_binding_save(f->s, &b), 0);
	b.expires = T0 + 20;
	assert_int_equal(store_binding_save(f->s, &b), 0);
	reopen(f);
	assert_int_equal(store_bindings(f->s, T0 + 19, count_binding, f), 0);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->binding.name, "a.example");
	assert_true(addr_equal(&f->binding.addr, &b.addr));
	assert_int_equal(f->binding.expires, T0 + 20);
	assert_int_equal(store_bindings(f->s, T0 + 20, count_binding, f), 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(store_bindings_prune(f->s, T0 + 20), 0);
	assert_int_equal(store_bindings(f->s, 0, count_binding, f), 0);
	assert_int_equal(f->count, 1);
}

static void bindings_of_one_device_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct store_binding quiet = {.device = 2, .name = "q.example",
		.addr = ip("10.0.0.9"), .expires = T0 + 1};

	assert_int_equal(store_binding_save(f->s, &quiet), 0);
	for (int i = 0; i < 5000; i++) {
		struct store_binding b = {.device = 1, .addr = ip("10.0.0.1"),
			.expires = T0 + 10 + i};
		assert_int_equal(str_print(b.name, sizeof(b.name), "%d.example", i), 0);
		assert_int_equal(store_binding_save(f->s, &b), 0);
	}
	assert_int_equal(store_bindings(f->s, 0, count_binding, f), 0);
	assert_in_range(f->count, LIMIT_BINDINGS + 1, LIMIT_BINDINGS + 1024 + 1);
	assert_string_equal(f->binding.name, "4999.example"); /* the newest stay */
	f->count = 0;
	assert_int_equal(store_device_remove(f->s, 1), 0);
	assert_int_equal(store_bindings(f->s, 0, count_binding, f), 0);
	assert_int_equal(f->count, 1); /* and so do others' */
}

static int take_event(void *ctx, const struct event *e)
{
	struct fixture *f = ctx;

	if (f->count < 16)
		f->events[f->count] = *e;
	f->count++;
	return 0;
}

static void events_come_back_and_grow(void **state)
{
	struct fixture *f = *state;
	struct event e = {.first = T0, .last = T0, .device = 2, .kind = EVENT_VIOLATION,
		.reason = REASON_SPOOFED, .packets = 1, .name = "c.example",
		.text = "blocked",
		.flow = {.direction = DIRECTION_TO_DEVICE, .device = ip("10.0.0.2"),
			.peer = ip("10.0.0.3"), .proto = FLOW_PROTO_ICMP,
			.device_port = 1, .peer_port = 65535, .icmp_type = 255,
			.icmp_code = 7}};
	struct event back, other = {.device = 3, .kind = EVENT_RENAMED};
	struct store_event_query q = {.limit = 2};

	assert_int_equal(store_event_save(f->s, &e), 0);
	assert_int_equal(e.id, 1);
	e.packets = 9;
	e.last = T0 + 1;
	assert_int_equal(store_event_save(f->s, &e), 0);
	assert_int_equal(store_event_save(f->s, &other), 0);
	reopen(f);
	assert_int_equal(store_event(f->s, 1, &back), 0);
	assert_int_equal(back.first, T0);
	assert_int_equal(back.last, T0 + 1);
	assert_int_equal(back.device, 2);
	assert_int_equal(back.kind, EVENT_VIOLATION);
	assert_int_equal(back.reason, REASON_SPOOFED);
	assert_int_equal(back.packets, 9);
	assert_string_equal(back.name, "c.example");
	assert_string_equal(back.text, "blocked");
	assert_int_equal(back.flow.direction, DIRECTION_TO_DEVICE);
	assert_true(addr_equal(&back.flow.device, &e.flow.device));
	assert_true(addr_equal(&back.flow.peer, &e.flow.peer));
	assert_int_equal(back.flow.proto, FLOW_PROTO_ICMP);
	assert_int_equal(back.flow.device_port, 1);
	assert_int_equal(back.flow.peer_port, 65535);
	assert_int_equal(back.flow.icmp_type, 255);
	assert_int_equal(back.flow.icmp_code, 7);
	for (int i = 0; i < 3; i++) {
		other.id = 0;
		assert_int_equal(store_event_save(f->s, &other), 0);
	}
	assert_int_equal(store_events(f->s, &q, take_event, f), 0);
	assert_int_equal(f->count, 2); /* the youngest, oldest first */
	assert_int_equal(f->events[0].id, 4);
	assert_int_equal(f->events[1].id, 5);
	f->count = 0;
	q = (struct store_event_query){.limit = 10, .device = 2};
	assert_int_equal(store_events(f->s, &q, take_event, f), 0);
	assert_int_equal(f->count, 1);
	f->count = 0;
	q = (struct store_event_query){.limit = 10, .after = 3};
	assert_int_equal(store_events(f->s, &q, take_event, f), 0);
	assert_int_equal(f->count, 2);
}

static void oldest_events_go(void **state)
{
	struct fixture *f = *state;
	struct store_event_query q = {.limit = 100000};

	for (int i = 0; i < LIMIT_EVENTS + 1000; i++) {
		struct event e = {.kind = EVENT_GATEWAY};
		assert_int_equal(store_event_save(f->s, &e), 0);
	}
	assert_int_equal(store_events(f->s, &q, take_event, f), 0);
	assert_in_range(f->count, LIMIT_EVENTS, LIMIT_EVENTS + 256);
	assert_true(f->events[0].id > 700);
}

static void write_at(struct fixture *f, const char *name, off_t at, const char *text,
	size_t len)
{
	int fd = open(path(f, name), O_RDWR | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, len, at), len);
	close(fd);
}

static void damaged_is_set_aside(void **state)
{
	struct fixture *f = *state;
	struct device d = sample(1);
	struct stat st;

	assert_int_equal(store_device_save(f->s, &d), 0);
	store_close(f->s);
	f->s = NULL;
	write_at(f, "cardea.db", 0, "this is no database", 19);
	write_at(f, "cardea.db-wal", 0, "nor is this a log", 17);
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_true(f->damaged);
	assert_int_equal(stat(path(f, "cardea.db.damaged"), &st), 0);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 0);
	assert_int_equal(store_device_save(f->s, &d), 0);
	reopen(f);
	assert_false(f->damaged);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 1);
}

static void damage_in_the_middle_is_found(void **state)
{
	struct fixture *f = *state;
	char garbage[4096];

	for (device_id i = 1; i < 100; i++) {
		struct device d = sample(i);
		assert_int_equal(store_device_save(f->s, &d), 0);
	}
	store_close(f->s);
	f->s = NULL;
	memset(garbage, 0x5a, sizeof(garbage));
	write_at(f, "cardea.db", 4096, garbage, sizeof(garbage)); /* the device table */
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_true(f->damaged);
}

static void younger_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	sql(f, "PRAGMA user_version = 99");
	store_close(f->s);
	f->s = NULL;
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), CARDEA_ESTALE);
	assert_int_not_equal(stat(path(f, "cardea.db.damaged"), &st), 0);
}

static void no_directory_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;

	assert_true(store_open(path(f, "nowhere"), &s, &f->damaged) < 0);
	assert_null(s);
}

static void full_disk_loses_the_newest_only(void **state)
{
	struct fixture *f = *state;
	struct device d = sample(1);
	int error = 0;

	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_commit(f->s), 0);
	sql(f, "PRAGMA max_page_count = 20");
	for (int i = 0; i < 2000 && !error; i++) {
		struct event e = {.kind = EVENT_GATEWAY};
		memset(e.text, 'x', sizeof(e.text) - 1);
		error = store_event_save(f->s, &e);
	}
	assert_int_equal(error, -ENOSPC);
	(void)!store_commit(f->s);
	sql(f, "PRAGMA max_page_count = 100000");
	struct event e = {.kind = EVENT_GATEWAY};
	assert_int_equal(store_event_save(f->s, &e), 0); /* there is space again */
	reopen(f);
	assert_false(f->damaged);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(store_event(f->s, e.id, &e), 0);
}

static void end_in_the_middle_is_whole(void **state)
{
	struct fixture *f = *state;
	struct device d = sample(1);
	int status;

	store_close(f->s);
	f->s = NULL;
	pid_t pid = fork();
	if (pid == 0) {
		struct store *s;
		bool damaged;

		if (store_open(f->dir, &s, &damaged) || store_device_save(s, &d) ||
			store_commit(s))
			_exit(1);
		d = sample(2);
		if (store_device_save(s, &d)) /* not committed */
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_false(f->damaged);
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->devices[0].addr_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(begins_empty_at_the_newest_schema),
		TEST(devices_come_back),
		TEST(damaged_devices_are_left_out),
		TEST(removed_devices_take_their_names_along),
		TEST(bindings_come_back_until_they_end),
		TEST(bindings_of_one_device_are_bounded),
		TEST(events_come_back_and_grow),
		TEST(oldest_events_go),
		TEST(damaged_is_set_aside),
		TEST(damage_in_the_middle_is_found),
		TEST(younger_schema_is_refused),
		TEST(no_directory_is_an_error),
		TEST(full_disk_loses_the_newest_only),
		TEST(end_in_the_middle_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
