// SPDX-License-Identifier: GPL-2.0-or-later
/* Kinds: the canonical form of a conversation, which of them are one, their evidence.
 */
#include "unit/test_learned_util.h"

/* Each in a capture of its own. */
static struct learned *learn(const struct record *r, size_t n)
{
	struct learned *l = learner(true);

	for (size_t i = 0; i < n; i++) {
		feed(l, r[i]);
		learned_capture(l);
	}
	return l;
}

static struct learned *learn_names(const char *const *names, size_t n)
{
	struct record r[64];

	for (size_t i = 0; i < n; i++)
		r[i] = to_name(names[i], (double)i * 100);
	return learn(r, n);
}

static uint32_t sum(const struct learned_kind *k)
{
	uint32_t n = 0;

	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += k->episodes[c];
	return n;
}

static void three_names_are_a_farm(void **state)
{
	static const char *const names[] = {"a.example.com", "b.example.com",
		"c.example.com", "a.example.com", "www.other.net"};
	struct learned *l = learn_names(names, 5);

	(void)state;
	assert_int_equal(kinds_of(l, false)->count, 4);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 2);
	assert_string_equal(k->k[0].name, "*.example.com");
	assert_true(k->k[0].general);
	assert_int_equal(k->k[0].siblings, 3);
	assert_int_equal(sum(&k->k[0]), 4);
	assert_int_equal(k->k[0].flows, 4);
	assert_int_equal(k->k[0].bytes[DIRECTION_TO_DEVICE], 36000);
	assert_false(k->k[1].general);
	learned_free(l);
}

static void two_names_are_two(void **state)
{
	static const char *const names[] = {
		"a.example.com", "b.example.com", "example.com"};
	struct learned *l = learn_names(names, 3);

	(void)state;
	assert_int_equal(kinds_of(l, true)->count, 3);
	learned_free(l);
}

/* Never all of co.uk, and never all of com. */
static void nobodys_names_are_never_one(void **state)
{
	static const char *const names[] = {"a.co.uk", "b.co.uk", "c.co.uk", "d.co.uk",
		"a.com", "b.com", "c.com", "x.a.co.uk", "y.a.co.uk", "z.a.co.uk"};
	struct learned *l = learn_names(names, 10);
	const struct kinds *k = kinds_of(l, true);

	(void)state;
	assert_int_equal(k->count, 8);
	assert_non_null(kind_named(k, "*.a.co.uk"));
	learned_free(l);
}

static void without_a_list_two_labels_are_nobodys(void **state)
{
	static const char *const names[] = {
		"a.b.c.d", "b.b.c.d", "c.b.c.d", "x.c.d", "y.c.d", "z.c.d"};
	struct learned_config c = {.per_capture = true};
	struct learned *l = NULL;

	(void)state;
	assert_int_equal(learned_new(&c, &l), 0);
	for (size_t i = 0; i < 6; i++)
		feed(l, to_name(names[i], 0));
	finish(l);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 4);
	assert_non_null(kind_named(k, "*.b.c.d"));
	learned_free(l);
}

/* As high as the evidence goes, and no other branch. */
static void farms_of_farms_are_one(void **state)
{
	static const char *const names[] = {"1.eu.example.com", "2.us.example.com",
		"3.ap.example.com", "example.com", "1.eu.example.net",
		"2.eu.example.net", "3.eu.example.net", "www.example.net"};
	struct learned *l = learn_names(names, 8);
	const struct kinds *k = kinds_of(l, true);

	(void)state;
	assert_int_equal(k->count, 4);
	assert_int_equal(kind_named(k, "*.example.com")->siblings, 3);
	assert_non_null(kind_named(k, "example.com"));
	assert_non_null(kind_named(k, "*.eu.example.net"));
	assert_non_null(kind_named(k, "www.example.net"));
	learned_free(l);
}

static void machines_names_need_two(void **state)
{
	static const char *const names[] = {"a1b2c3d4e5.example.com",
		"ffe0123456.example.com", "cam.example.net", "a1b2c3d4e5.example.net",
		"ec2-192-0-2-1.example.org", "ec2-192-0-2-7.example.org"};
	struct learned *l = learn_names(names, 6);
	const struct kinds *k = kinds_of(l, true);

	(void)state;
	assert_non_null(kind_named(k, "*.example.com"));
	assert_non_null(kind_named(k, "*.example.org"));
	assert_non_null(kind_named(k, "cam.example.net"));
	assert_int_equal(k->count, 4);
	learned_free(l);
}

static void a_pool_is_one_at_once(void **state)
{
	static const char *const names[] = {"0.de.pool.ntp.org", "pool.ntp.org"};
	struct learned *l = learn_names(names, 2);
	const struct kinds *k = kinds_of(l, true);

	(void)state;
	assert_non_null(kind_named(k, "*.pool.ntp.org"));
	assert_non_null(kind_named(k, "pool.ntp.org"));
	learned_free(l);
}

/* Other ports, protocols, directions and families are other services. */
static void only_the_same_service_is_one(void **state)
{
	struct record r[4];
	static const char *const names[] = {
		"a.example.com", "b.example.com", "c.example.com", "d.example.com"};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		r[i] = to_name(names[i], 0);
	r[1].peer_port = 8443;
	r[2].proto = FLOW_PROTO_UDP;
	r[3].family = 6;
	r[3].peer.family = 6;
	struct learned *l = learn(r, 4);
	assert_int_equal(kinds_of(l, true)->count, 4);
	learned_free(l);
}

static void hostile_names_are_no_patterns(void **state)
{
	static const char *const names[] = {"*.com", "*", "a..com", ".com", "com.",
		"a b.com", "x/../y", "\x01.com", "UPPER.com"};
	struct learned *l = learn_names(names, 9);
	const struct kinds *k = kinds_of(l, false);

	(void)state;
	for (size_t i = 0; i < k->count; i++)
		assert_string_equal(k->k[i].name, "");
	assert_int_equal(k->count, 1); /* the address of all of them */
	learned_free(l);
}

static void names_may_be_as_long_as_they_get(void **state)
{
	char name[LIMIT_NAME];
	struct learned *l = learner(true);

	(void)state;
	for (int round = 0; round < 3; round++) {
		memset(name, 'a' + round, sizeof name - 1);
		for (size_t i = 1; i < sizeof name - 1; i += 2)
			name[i] = '.';
		name[sizeof name - 1] = 0;
		for (size_t len = 240; len < sizeof name; len++) {
			struct record r = to_name("", 0);

			memcpy(r.name, name, len);
			r.name[len] = 0;
			feed(l, r);
		}
		struct record r = to_name("", 0);
		memset(r.name, 'x', sizeof r.name); /* without an end */
		memset(r.detail, 'y', sizeof r.detail);
		feed(l, r);
	}
	finish(l);
	assert_true(kinds_of(l, true)->count > 0);
	learned_free(l);
}

static void unnamed_addresses_need_eight(void **state)
{
	struct record r[15];

	(void)state;
	for (size_t i = 0; i < 15; i++) {
		r[i] = to_addr(100, (uint8_t)i, (double)i);
		r[i].peer_port = i < 8 ? 3478 : 5000;
	}
	struct learned *l = learn(r, 15);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 1 + 7);
	assert_true(k->k[0].general && k->k[0].siblings == 8 && !k->k[0].peer.family);
	assert_int_equal(k->k[0].port, 3478);
	assert_int_equal(k->k[1].peer.family, 4);
	learned_free(l);
}

/* A service, however many ports it has been seen at, is not that of system ports. */
static void dynamic_ports_need_four(void **state)
{
	struct record r[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		r[i] = to_name(i < 4 ? "p.example.com" : "q.example.com", (double)i);
		r[i].peer_port = (uint16_t)(i < 4 ? 6000 + i : 990 + i);
	}
	struct learned *l = learn(r, 8);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 5);
	assert_true(k->k[0].port_any && k->k[0].siblings == 4);
	learned_free(l);
}

static void peers_to_peers_by_udp_are_one(void **state)
{
	struct record r[16];

	(void)state;
	for (size_t i = 0; i < 16; i++) {
		r[i] = to_addr(100, (uint8_t)i, (double)i);
		r[i].proto = i < 8 ? FLOW_PROTO_UDP : FLOW_PROTO_TCP;
		r[i].peer_port = (uint16_t)(20000 + 17 * i);
		r[i].device_port = 50000;
	}
	struct learned *l = learn(r, 16);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 1 + 8); /* TCP to anybody's any port is no service */
	assert_true(k->k[0].port_any && !k->k[0].peer.family);
	learned_free(l);
}

static void who_controls_is_of_the_house(void **state)
{
	struct record r[5];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		r[i] = by_phone(80, (double)i);
		r[i].peer_mac.b[5] = (uint8_t)i;
		if (i < 2)
			continue;
		r[i].direction = DIRECTION_FROM_DEVICE;
		r[i].peer_port = 8080;
	}
	struct learned *l = learn(r, 4);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 3);
	assert_true(mac_is_zero(&k->k[0].peer_mac));
	assert_false(
		mac_is_zero(&k->k[1].peer_mac)); /* whom it calls is its own business */
	learned_free(l);
	l = learn(r, 5);
	assert_int_equal(kinds_of(l, true)->count, 2); /* three are the house */
	learned_free(l);
}

static void who_answers_for_names_is_a_role(void **state)
{
	struct record r[2] = {asks("A a.example.com", 0), asks("A a.example.com", 1)};

	(void)state;
	r[1].place = RECORD_DEVICE;
	r[1].peer_mac = phone_mac;
	struct learned *l = learn(r, 2);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 2); /* the service and the question */
	assert_int_equal(k->k[0].place, RECORD_GATEWAY);
	assert_int_equal(sum(&k->k[0]), 2);
	assert_int_equal(sum(&k->k[1]), 2);
	learned_free(l);
}

static void questions_are_kinds(void **state)
{
	struct record r[6] = {asks("A a.example.com", 0), asks("A b.example.com", 0),
		asks("A c.example.com", 0), asks("AAAA a.example.com", 0),
		asks("PTR 1.1.168.192.in-addr.arpa", 0), asks("TYPE65536X a.b.com", 0)};
	struct learned *l = learn(r, 6);
	const struct kinds *k = kinds_of(l, true);
	bool farm = false, reverse = false;

	(void)state;
	for (size_t i = 0; i < k->count; i++) {
		farm |= strcmp(k->k[i].detail, "A *.example.com") == 0;
		reverse |= strcmp(k->k[i].detail, "PTR *.arpa") == 0;
	}
	assert_int_equal(k->count, 4);
	assert_true(farm && reverse);
	learned_free(l);
}

static void services_are_asked_for_by_type(void **state)
{
	struct record r[5];
	static const char *const details[] = {"PTR Kitchen._hue._tcp.local",
		"PTR _hue._tcp.local", "A phone.local", "A tv.local",
		"PTR _Weird Name, with blanks._hue._tcp.local"};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		r[i] = to_name("", 0);
		r[i].proto = FLOW_PROTO_UDP;
		r[i].place = RECORD_GROUP;
		r[i].peer = addr_v4((uint8_t[]){224, 0, 0, 251});
		r[i].device_port = r[i].peer_port = 5353;
		r[i].app = RECORD_APP_MDNS;
		r[i].answered = false;
		str_copy(r[i].detail, sizeof r[i].detail, details[i]);
	}
	struct learned *l = learn(r, 4);
	assert_int_equal(kinds_of(l, true)->count, 3); /* group, _hue, hosts */
	learned_free(l);
	l = learn(r, 5);
	assert_true(kinds_of(l, true)->count <= 4);
	learned_free(l);
}

/* M-SEARCH from 50000 to the group; the answer comes from 1900 to 50000. */
static void answers_have_the_askers_port(void **state)
{
	struct record r[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		r[i] = by_phone((uint16_t)(50000 + 100 * i), 0);
		r[i].proto = FLOW_PROTO_UDP;
		r[i].peer_port = 1900;
		r[i].answered = false;
	}
	struct learned *l = learn(r, 3);
	const struct kinds *k = kinds_of(l, false);
	assert_int_equal(k->count, 1);
	assert_true(k->k[0].port_any);
	assert_int_equal(k->k[0].source_port, 1900);
	learned_free(l);
}

static void what_no_policy_decides_is_no_kind(void **state)
{
	struct learned *l = learner(true);
	struct record r = to_name("", 0);

	(void)state;
	r.proto = FLOW_PROTO_ICMP;
	r.peer_port = 0;
	r.device_port = 3; /* unreachable: of another conversation */
	feed(l, r);
	r.proto = 2; /* IGMP */
	feed(l, r);
	r.proto = FLOW_PROTO_ICMP6;
	r.family = 6;
	r.device_port = 135;
	feed(l, r);
	r = by_phone(80, 0);
	r.answered = false; /* somebody tried */
	feed(l, r);
	r.place = RECORD_GROUP;
	r.answered = true;
	feed(l, r);
	r = to_addr(100, 1, 0);
	r.answered = false; /* nobody is there, and nobody was meant */
	feed(l, r);
	r = to_name("tail.example.com", 0);
	r.midstream = true;
	r.packets[0] = r.packets[1] = 1;
	r.bytes[0] = r.bytes[1] = 40; /* the last FIN */
	feed(l, r);
	finish(l);
	assert_int_equal(kinds_of(l, false)->count, 0);
	r = to_name("down.example.com", 0);
	r.answered = false; /* it wants to: a server that is down is no less meant */
	feed(l, r);
	finish(l);
	assert_int_equal(kinds_of(l, false)->count, 1);
	learned_free(l);
}

/* Under way since before the capture: by port it is the cloud that has a name later. */
static void the_nameless_is_of_the_named(void **state)
{
	struct record r[2] = {to_addr(100, 1, 0), to_name("mqtt.example.com", 0)};

	(void)state;
	r[0].midstream = true;
	r[0].peer_port = r[1].peer_port = 8883;
	struct learned *l = learn(r, 1);
	assert_int_equal(kinds_of(l, true)->count, 1); /* all there is */
	learned_free(l);
	l = learn(r, 2);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 1);
	assert_string_equal(k->k[0].name, "mqtt.example.com");
	learned_free(l);
}

/* The lower port is the device's by chance. */
static void behind_nat_the_device_begins(void **state)
{
	struct record r = to_name("cloud.example.com", 0);

	(void)state;
	r.midstream = true;
	r.direction = DIRECTION_TO_DEVICE;
	r.device_port = 40000;
	r.peer_port = 50443;
	struct learned *l = learn(&r, 1);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->k[0].direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(k->k[0].port, 50443);
	learned_free(l);
}

static void what_is_spoken_is_noted_when_seen(void **state)
{
	struct record r[3] = {to_name("a.example.com", 0), to_name("a.example.com", 1),
		to_name("a.example.com", 2)};

	(void)state;
	r[1].app = r[2].app = RECORD_APP_TLS;
	str_copy(r[2].detail, sizeof r[2].detail, "h2,http/1.1");
	struct learned *l = learn(r, 3);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 1);
	assert_int_equal(k->k[0].app, RECORD_APP_TLS);
	assert_string_equal(k->k[0].detail, "h2,http/1.1");
	learned_free(l);
}

static void volumes_are_of_episodes(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct record r = to_name("a.example.com", i);

		r.bytes[0] = 0;
		r.bytes[1] = i == 7 ? 1000000 : 5000;
		feed(l, r);
		feed(l, r);
		learned_capture(l);
	}
	const struct learned_kind *k = &kinds_of(l, true)->k[0];
	assert_in_range(k->bytes_median, 10000, 16384);
	assert_in_range(k->bytes_p99, 10000, 16384);
	learned_free(l);
}

/* Farms of very many names, addresses and ports take one place. */
static void very_many_become_one(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char name[64];

		(void)str_print(name, sizeof name, "n%d.cdn.example.com", i % 600);
		feed(l, to_name(name, i));
		if (i % 100 == 99)
			learned_capture(l);
	}
	finish(l);
	assert_true(kinds_of(l, false)->count < 100);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 1);
	assert_string_equal(k->k[0].name, "*.cdn.example.com");
	assert_in_range(k->k[0].siblings, 450, 800); /* a sketch */
	assert_int_equal(k->k[0].flows, 3000);
	assert_int_equal(sum(&k->k[0]), 30);
	assert_int_equal(device(l).finding_count, 0);
	learned_free(l);
}

static void order_within_a_capture_does_not_matter(void **state)
{
	static const char *const names[] = {"a.example.com", "b.example.com",
		"x.example.net", "c.example.com", "a1b2c3d4e5.example.org",
		"b1b2c3d4e5.example.org"};
	struct learned_device first = {0};

	(void)state;
	for (size_t turn = 0; turn < 6; turn++) {
		struct learned *l = learner(true);

		for (int capture = 0; capture < 6; capture++) {
			for (size_t i = 0; i < 6; i++)
				feed(l, to_name(names[(i + turn) % 6], capture * 100));
			learned_capture(l);
		}
		struct learned_device d = device(l);
		if (!turn)
			first = d;
		assert_memory_equal(&d, &first, sizeof d);
		assert_int_equal(d.kinds, 3);
		learned_free(l);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_names_are_a_farm),
		cmocka_unit_test(two_names_are_two),
		cmocka_unit_test(nobodys_names_are_never_one),
		cmocka_unit_test(without_a_list_two_labels_are_nobodys),
		cmocka_unit_test(farms_of_farms_are_one),
		cmocka_unit_test(machines_names_need_two),
		cmocka_unit_test(a_pool_is_one_at_once),
		cmocka_unit_test(only_the_same_service_is_one),
		cmocka_unit_test(hostile_names_are_no_patterns),
		cmocka_unit_test(names_may_be_as_long_as_they_get),
		cmocka_unit_test(unnamed_addresses_need_eight),
		cmocka_unit_test(dynamic_ports_need_four),
		cmocka_unit_test(peers_to_peers_by_udp_are_one),
		cmocka_unit_test(who_controls_is_of_the_house),
		cmocka_unit_test(who_answers_for_names_is_a_role),
		cmocka_unit_test(questions_are_kinds),
		cmocka_unit_test(services_are_asked_for_by_type),
		cmocka_unit_test(answers_have_the_askers_port),
		cmocka_unit_test(what_no_policy_decides_is_no_kind),
		cmocka_unit_test(the_nameless_is_of_the_named),
		cmocka_unit_test(behind_nat_the_device_begins),
		cmocka_unit_test(what_is_spoken_is_noted_when_seen),
		cmocka_unit_test(volumes_are_of_episodes),
		cmocka_unit_test(very_many_become_one),
		cmocka_unit_test(order_within_a_capture_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
