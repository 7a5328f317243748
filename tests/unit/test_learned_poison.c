// SPDX-License-Identifier: GPL-2.0-or-later
/* Poison: what must never be learned, what must be said of it, and what is fine. */
#include "unit/test_learned_util.h"

#include "profiles/learned/learned_priv.h"

static const struct learned_finding *finding(
	const struct learned_device *d, enum learned_finding_kind kind)
{
	for (uint32_t i = 0; i < d->finding_count; i++)
		if (d->findings[i].kind == kind)
			return &d->findings[i];
	return NULL;
}

static struct record syn(struct record r)
{
	r.answered = false;
	r.packets[0] = 1;
	r.packets[1] = 0;
	r.bytes[0] = 40;
	r.bytes[1] = 0;
	r.last = r.first;
	return r;
}

static struct learned_device finished(struct learned *l)
{
	finish(l);
	return device(l);
}

static void worms_are_known(void **state)
{
	static const uint16_t ports[] = {23, 2323, 445, 5555, 7547, 37215, 52869};
	struct learned *l = learner(true);

	(void)state;
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		struct record r = to_name(i % 2 ? "" : "named.example.com", 0);

		r.peer_port = ports[i];
		feed(l, r);
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 0);
	assert_int_equal(d.finding_count, 7);
	assert_int_equal(d.findings[0].kind, LEARNED_KNOWN_BAD);
	assert_string_equal(
		d.findings[0].text, "called 203.0.113.5 by TCP port 23: telnet, as "
				    "Mirai spreads; not learned");
	learned_free(l);
}

/* A share in the house is none. */
static void the_same_in_the_house_is_fine(void **state)
{
	struct learned *l = learner(true);
	struct record r = by_phone(0, 0);

	(void)state;
	r.direction = DIRECTION_FROM_DEVICE;
	r.peer_port = 445;
	feed(l, r);
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 1);
	assert_int_equal(d.finding_count, 0);
	learned_free(l);
}

/* Also what was taken in before it was clear what it is. */
static void address_scans_leave_nothing(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	feed(l, to_name("good.example.com", 0));
	for (int i = 0; i < 200; i++) {
		struct record r = to_addr(100, (uint8_t)i, i / 10.0);

		r.peer_port = 8081;
		feed(l, i % 3 ? r : syn(r)); /* some are at home */
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 1);
	assert_int_equal(d.finding_count > 0, 1);
	assert_non_null(finding(&d, LEARNED_FANOUT));
	assert_true(finding(&d, LEARNED_FANOUT)->count > 20);
	learned_free(l);
}

static void scans_of_the_house_leave_nothing(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct record r = by_phone(0, i / 5.0);

		r.direction = DIRECTION_FROM_DEVICE;
		r.peer_port = 80;
		r.peer.b[3] = (uint8_t)i;
		r.peer_mac.b[5] = (uint8_t)i;
		feed(l, r);
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 0);
	assert_true(d.finding_count > 0);
	learned_free(l);
}

static void port_scans_leave_nothing(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct record r = by_phone((uint16_t)(1 + i), i / 10.0);

		r.direction = DIRECTION_FROM_DEVICE;
		r.peer_port = (uint16_t)(3000 + i);
		r.packets[0] = r.packets[1] = 1; /* refused */
		r.bytes[0] = r.bytes[1] = 40;
		feed(l, r);
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 0);
	assert_non_null(finding(&d, LEARNED_SCAN));
	learned_free(l);
}

/* Neither an address nor a port twice. */
static void scans_of_everything_leave_nothing(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct record r = to_addr((uint8_t)i, (uint8_t)(i * 7), i / 10.0);

		r.peer_port = (uint16_t)(1000 + 31 * i);
		r.packets[0] = r.packets[1] = 1;
		r.bytes[0] = r.bytes[1] = 40;
		feed(l, r);
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 0);
	assert_non_null(finding(&d, LEARNED_FANOUT));
	learned_free(l);
}

static void passwords_tried_leave_nothing(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 30; i++) {
		struct record r = to_name("box.example.com", i);

		r.peer_port = 22;
		feed(l, r);
		r = by_phone(22, i); /* and it is tried itself */
		feed(l, r);
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 0);
	assert_non_null(finding(&d, LEARNED_BRUTE));
	assert_int_equal(d.finding_count, 2);
	assert_true(finding(&d, LEARNED_BRUTE)->count >= 30);
	learned_free(l);
}

static uint32_t condemned_of(const struct watches *all)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < all->count; i++)
		n += all->all[i].condemned;
	return n;
}

/* Each hour somewhere else: what is long over makes room, what is condemned stays. */
static void what_is_over_makes_room(void **state)
{
	struct learned *l = learner(false);
	struct record scan = syn(to_addr(203, 1, 0));
	const struct dev *d;

	(void)state;
	for (int hour = 0; hour < 100; hour++)
		for (int i = 0; i < 3; i++)
			feed(l, syn(to_addr(100, (uint8_t)hour, hour * 3600.0 + i)));
	d = learned_dev_find(l, &dev_mac);
	assert_in_range(d->watches->cap, 1, 8);
	for (int i = 0; i < 30; i++) {
		scan.peer_port = (uint16_t)(1000 + i);
		scan.first = scan.last = AT(400000) + i * NS_PER_SEC / 2;
		feed(l, scan);
	}
	assert_int_equal(condemned_of(d->watches), 2); /* its ports, its pairs */
	for (int i = 0; i < 90; i++)
		feed(l, syn(to_addr(100, (uint8_t)i, 400020 + i * 6)));
	assert_int_equal(condemned_of(d->watches), 2);
	for (int hour = 0; hour < 100; hour++)
		feed(l, syn(to_addr(100, (uint8_t)hour, 404000 + hour * 3600.0)));
	assert_int_equal(condemned_of(d->watches), 0);
	assert_true(d->watches->cap <= LEARNED_WATCHES_MAX);
	learned_free(l);
}

static void one_login_is_fine(void **state)
{
	struct learned *l = learner(false);
	struct record r = by_phone(22, 0);

	(void)state;
	feed(l, r);
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 1);
	assert_int_equal(d.finding_count, 0);
	learned_free(l);
}

static void floods_leave_nothing(void **state)
{
	struct learned *l = learner(false);
	struct record r = to_name("victim.example.com", 0);

	(void)state;
	r.proto = FLOW_PROTO_UDP;
	r.answered = false;
	r.packets[0] = 1000000;
	r.packets[1] = 0;
	r.last = r.first + 10 * NS_PER_SEC;
	feed(l, r);
	for (int i = 0; i < 500; i++)
		feed(l, syn(to_name("other.example.com", 100 + i / 100.0)));
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 0);
	assert_int_equal(d.finding_count, 2);
	assert_int_equal(d.findings[0].kind, LEARNED_FLOOD);
	assert_int_equal(d.findings[1].kind, LEARNED_FLOOD);
	learned_free(l);
}

/* Video without an answer, a retry each second, twenty names at start. */
static void the_busy_are_fine(void **state)
{
	struct learned *l = learner(false);
	struct record r = by_phone(0, 0);

	(void)state;
	r.direction = DIRECTION_FROM_DEVICE;
	r.proto = FLOW_PROTO_UDP;
	r.peer_port = 5004;
	r.answered = false;
	r.packets[0] = 700 * 600;
	r.last = r.first + 600 * NS_PER_SEC;
	feed(l, r);
	for (int i = 0; i < 60; i++)
		feed(l, syn(to_name("down.example.com", i)));
	for (int i = 0; i < 40; i++) {
		char name[64];

		(void)str_print(name, sizeof name, "h%d.example.com", i);
		r = to_name(name, i / 4.0);
		r.peer = addr_v4((uint8_t[]){203, 0, 113, (uint8_t)i});
		feed(l, r);
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.finding_count, 0);
	assert_int_equal(d.kinds, 2); /* the video and the farm */
	learned_free(l);
}

/* What was known before a scan stays known. */
static void a_scan_takes_nothing_away(void **state)
{
	struct learned *l = learner(false);
	struct record r;

	(void)state;
	for (int i = 0; i < 6; i++) {
		r = to_addr(7, 7, i * 4000);
		r.peer_port = 8081;
		feed(l, r);
	}
	for (int i = 0; i < 100; i++) {
		r = to_addr(100, (uint8_t)i, 40000 + i / 10.0);
		r.peer_port = 8081;
		feed(l, syn(r));
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 1);
	assert_int_equal(kinds_of(l, true)->k[0].flows, 6);
	assert_true(d.finding_count > 0);
	learned_free(l);
}

/* Distinct owners' names without end. */
static void a_computer_is_too_diverse(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char name[64];

		(void)str_print(name, sizeof name, "www.site%d.com", i);
		feed(l, to_name(name, i));
	}
	struct learned_device d = finished(l);
	assert_true(d.kinds <= LEARNED_KINDS_MAX);
	assert_int_equal(d.finding_count, 1);
	assert_int_equal(d.findings[0].kind, LEARNED_DIVERSE);
	assert_non_null(strstr(d.findings[0].text, "general-purpose computer"));
	learned_free(l);
}

static void a_tunnel_in_names_is_said(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char question[64];

		(void)str_print(question, sizeof question, "TXT %08x.t.example.com",
			(unsigned)i * 2654435761u);
		feed(l, asks(question, i / 100.0));
	}
	struct learned_device d = finished(l);
	assert_int_equal(d.kinds, 2);
	assert_int_equal(d.finding_count, 1);
	assert_int_equal(d.findings[0].kind, LEARNED_DIVERSE);
	assert_non_null(strstr(d.findings[0].text, "t.example.com"));
	learned_free(l);
}

static void findings_are_bounded(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int port = 1; port < 60; port++)
		for (int i = 0; i < 60; i++) {
			struct record r = to_addr(
				(uint8_t)port, (uint8_t)i, port * 1000 + i / 10.0);

			r.peer_port = (uint16_t)(9000 + port);
			feed(l, syn(r));
		}
	assert_int_equal(finished(l).finding_count, LEARNED_FINDING_MAX);
	assert_int_equal(device(l).kinds, 0);
	learned_free(l);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(worms_are_known),
		cmocka_unit_test(the_same_in_the_house_is_fine),
		cmocka_unit_test(address_scans_leave_nothing),
		cmocka_unit_test(scans_of_the_house_leave_nothing),
		cmocka_unit_test(port_scans_leave_nothing),
		cmocka_unit_test(scans_of_everything_leave_nothing),
		cmocka_unit_test(passwords_tried_leave_nothing),
		cmocka_unit_test(what_is_over_makes_room),
		cmocka_unit_test(one_login_is_fine),
		cmocka_unit_test(floods_leave_nothing),
		cmocka_unit_test(the_busy_are_fine),
		cmocka_unit_test(a_scan_takes_nothing_away),
		cmocka_unit_test(a_computer_is_too_diverse),
		cmocka_unit_test(a_tunnel_in_names_is_said),
		cmocka_unit_test(findings_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
