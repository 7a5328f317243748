// SPDX-License-Identifier: GPL-2.0-or-later
/* Events: alike ones are one, a device that shouts is heard within its rate. */
#include "test_engine_util.h"

static struct house *h;
static struct journal *j;
static unsigned added;

static void count_added(void *ctx, const struct event *e)
{
	(void)ctx;
	assert_true(e->text[0] || e->kind == EVENT_VIOLATION);
	added++;
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	j = malloc(sizeof(*j));
	assert_non_null(j);
	added = 0;
	journal_init(j, h->store, count_added, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(j);
	house_free(h);
	return 0;
}

static struct event offence(device_id device, uint16_t port)
{
	return (struct event){.device = device, .kind = EVENT_VIOLATION,
		.reason = REASON_DEFAULT_DENY,
		.flow = {.direction = DIRECTION_FROM_DEVICE, .device = ip("10.0.0.2"),
			.peer = ip("10.9.9.9"), .proto = FLOW_PROTO_TCP,
			.device_port = 40000, .peer_port = port}};
}

static void alike_ones_are_one(void **state)
{
	(void)state;
	struct event e = offence(1, 23), back;

	for (int i = 0; i < 100; i++) {
		e.flow.device_port++;
		journal_packet(j, START + i, &e);
	}
	assert_int_equal(added, 1);
	journal_flush(j);
	assert_int_equal(store_event(h->store, j->open[0].event.id, &back), 0);
	assert_int_equal(back.packets, 100);
	assert_int_equal(back.last, START + 99);
	e.flow.peer_port = 24;
	journal_packet(j, START, &e);
	e.device = 2;
	journal_packet(j, START, &e);
	e.flow.peer = ip("10.9.9.10");
	journal_packet(j, START, &e);
	assert_int_equal(added, 4);
	/* the address it took is the offence, not whom it talked to */
	e.reason = REASON_SPOOFED;
	journal_packet(j, START, &e);
	e.flow.peer = ip("10.9.9.11");
	journal_packet(j, START, &e);
	assert_int_equal(added, 5);
	e.reason = REASON_DEFAULT_DENY;
	/* to the device, its own port is what counts */
	e.flow.direction = DIRECTION_TO_DEVICE;
	journal_packet(j, START, &e);
	e.flow.peer_port = 9;
	journal_packet(j, START, &e);
	assert_int_equal(added, 6);
	e = offence(1, 23); /* the next hour, the next event */
	journal_packet(j, START + JOURNAL_OPEN_S * NS_PER_SEC, &e);
	assert_int_equal(added, 7);
}

static void last_refusal_of_a_peer(void **state)
{
	(void)state;
	struct event e = offence(1, 23);
	struct addr peer = e.flow.peer, other = ip("10.9.9.10");

	assert_null(journal_last(j, 1, &peer));
	journal_packet(j, START, &e);
	e.flow.peer_port = 24;
	journal_packet(j, START + 5, &e);
	assert_int_equal(journal_last(j, 1, &peer)->flow.peer_port, 24);
	assert_null(journal_last(j, 2, &peer));
	assert_null(journal_last(j, 1, &other));
}

static void shouting_has_a_rate(void **state)
{
	(void)state;
	struct event e;

	for (uint16_t i = 0; i < 1000; i++) {
		e = offence(1, i);
		journal_packet(j, START, &e);
	}
	assert_int_equal(added, LIMIT_EVENT_BURST);
	assert_int_equal(j->suppressed, 1000 - LIMIT_EVENT_BURST);
	e = offence(2, 1); /* another device is heard */
	journal_packet(j, START, &e);
	assert_int_equal(added, LIMIT_EVENT_BURST + 1);
	for (uint16_t i = 2000; i < 3000; i++) {
		e = offence(1, i);
		journal_packet(j, START + NS_PER_SEC, &e);
	}
	assert_int_equal(added, LIMIT_EVENT_BURST + 1 + LIMIT_EVENT_RATE);
	e = offence(1, 4000); /* a clock that goes back gives nothing away */
	journal_packet(j, START - 100 * NS_PER_SEC, &e);
	assert_int_equal(added, LIMIT_EVENT_BURST + 1 + LIMIT_EVENT_RATE);
}

static void replaced_ones_keep_their_count(void **state)
{
	(void)state;
	struct event e = offence(1, 1), back;
	event_id first;

	journal_packet(j, START, &e);
	journal_packet(j, START, &e);
	first = j->open[0].event.id;
	for (device_id d = 2; d < JOURNAL_OPEN_MAX + 4; d++) {
		e = offence(d, 1);
		journal_packet(j, START + (nstime)d * NS_PER_SEC, &e);
	}
	assert_int_equal(store_event(h->store, first, &back), 0);
	assert_int_equal(back.packets, 2);
	assert_int_not_equal(j->open[0].event.id, first);
}

static void notes_about_devices_have_a_rate(void **state)
{
	(void)state;
	for (device_id d = 1; d <= 1000; d++)
		journal_note(j, START, d, EVENT_DEVICE_JOINED, "device %u", d);
	assert_int_equal(added, JOURNAL_NOTES_MAX);
	journal_note(j, START, 0, EVENT_GATEWAY, "our own");
	assert_int_equal(added, JOURNAL_NOTES_MAX + 1);
	journal_note(j, START + NS_PER_SEC, 1, EVENT_RENAMED, "later");
	assert_int_equal(added, JOURNAL_NOTES_MAX + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(alike_ones_are_one),
		TEST(last_refusal_of_a_peer),
		TEST(shouting_has_a_rate),
		TEST(replaced_ones_keep_their_count),
		TEST(notes_about_devices_have_a_rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
