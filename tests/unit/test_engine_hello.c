// SPDX-License-Identifier: GPL-2.0-or-later
/* A device opens TLS: what its file lists goes on, what it does not ends and is told. */
#include "test_engine_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define CLOUD_IP "198.51.100.7"
#define RC4 0x0005
#define GOOD 0x1301
#define SERVED 9443
#define PHONE_IP "192.168.7.30"

static struct event last;

static void keep_event(void *ctx, const struct event *e)
{
	(void)ctx;
	last = *e;
}

static void send_rule(struct house *h, uint64_t id, struct rule r)
{
	struct message m;

	memset(&m, 0, sizeof(m));
	r.proto = FLOW_PROTO_TCP;
	r.layer = LAYER_MANUFACTURER;
	message_from_rule(&m, id, &r);
	far_send(h, ROLE_COURIER, &m);
}

static struct rule cloud_rule(rule_id id, uint16_t port, uint8_t tls)
{
	struct rule r;

	rule_init(&r);
	r.id = id;
	r.peer.kind = PEER_NAME;
	str_copy(r.peer.name, sizeof(r.peer.name), "cloud.example");
	r.peer_port = (struct range16){port, port};
	r.tls = tls;
	return r;
}

/* The network opens the connection, and TLS begins with the device. */
static struct rule served_rule(rule_id id, uint8_t tls)
{
	struct rule r;

	rule_init(&r);
	r.id = id;
	r.direction = DIRECTION_TO_DEVICE;
	r.peer.kind = PEER_LOCAL_NETWORKS;
	r.device_port = (struct range16){SERVED, SERVED};
	r.tls = tls;
	return r;
}

/* Port 443 has the first TLS profile, 8443 the second, 8883 none. */
static void send_tls_profile(struct house *h, uint64_t id, uint8_t digest, uint16_t cipher)
{
	struct message m = {.type = MESSAGE_PROFILE};
	struct tls_profile t;

	m.profile.id = id;
	str_copy(m.profile.url, sizeof(m.profile.url), URL_A);
	m.profile.cache_validity_h = 1;
	m.profile.is_supported = true;
	m.profile.tls_supported = true;
	m.profile.signature = SIGNATURE_VALID;
	memset(m.profile.sha256, digest, sizeof(m.profile.sha256));
	m.profile.rule_count = 4;
	m.profile.tls_count = 2;
	far_send(h, ROLE_COURIER, &m);
	send_rule(h, id, cloud_rule(1, 443, 1));
	send_rule(h, id, cloud_rule(2, 8443, 2));
	send_rule(h, id, cloud_rule(3, 8883, 0));
	send_rule(h, id, served_rule(4, 1));
	memset(&t, 0, sizeof(t));
	str_copy(t.name, sizeof(t.name), "cloud");
	t.ciphers.count = 1;
	t.ciphers.items[0] = cipher;
	message_from_tls(&m, id, &t);
	far_send(h, ROLE_COURIER, &m);
	t.ciphers.items[0] = RC4;
	message_from_tls(&m, id, &t);
	far_send(h, ROLE_COURIER, &m);
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_PROFILE_END;
	m.profile_end.id = id;
	far_send(h, ROLE_COURIER, &m);
	spin(h);
}

/* A protected lamp that was told where its cloud is. */
static struct house *with_lamp(void)
{
	struct house *h = house_new();

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", URL_A);
	send_tls_profile(
		h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 1, GOOD);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_non_null(kernel_out(h, CLOUD_IP));
	memset(&last, 0, sizeof(last));
	h->p.journal.added = keep_event;
	return h;
}

static void open_tls(struct house *h, const char *mac, uint16_t port, uint16_t cipher,
	const char *server_name)
{
	struct message m;

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_SEEN_HELLO;
	m.seen_hello.mac = mac_of(mac);
	m.seen_hello.device = ip(LAMP_IP);
	m.seen_hello.peer = ip(CLOUD_IP);
	m.seen_hello.proto = FLOW_PROTO_TCP;
	m.seen_hello.device_port = 50000;
	m.seen_hello.peer_port = port;
	m.seen_hello.ciphers.count = 1;
	m.seen_hello.ciphers.items[0] = cipher;
	str_copy(m.seen_hello.server_name, sizeof(m.seen_hello.server_name), server_name);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static bool kernel_lets(const struct house *h, uint16_t port)
{
	struct addr cloud = ip(CLOUD_IP);

	for (size_t i = 0; i < h->kernel_count; i++) {
		const struct element *e = &h->kernel[i];

		if (e->kind == ELEMENT_OUT && addr_equal(&e->peer_lo, &cloud) &&
			e->peer_port.lo <= port && port <= e->peer_port.hi)
			return true;
	}
	return false;
}

static unsigned forgets(const struct house *h)
{
	return got_count(h, ROLE_ENFORCER, MESSAGE_FORGET);
}

static void what_is_listed_goes_on(void **state)
{
	struct house *h = with_lamp();
	unsigned before = forgets(h);

	(void)state;
	open_tls(h, LAMP, 443, GOOD, "cloud.example");
	open_tls(h, LAMP, 8443, RC4, "cloud.example"); /* each rule has its own */
	open_tls(h, LAMP, 8883, RC4, "cloud.example"); /* or none */
	assert_int_equal(last.id, 0);
	assert_int_equal(forgets(h), before);
	assert_true(kernel_lets(h, 443) && kernel_lets(h, 8443) && kernel_lets(h, 8883));
	house_free(h);
}

static void what_is_not_listed_ends(void **state)
{
	struct house *h = with_lamp();
	unsigned before = forgets(h);

	(void)state;
	open_tls(h, LAMP, 443, RC4, "update.example");
	assert_int_equal(last.kind, EVENT_VIOLATION);
	assert_int_equal(last.reason, REASON_TLS);
	assert_int_equal(last.device, device_of(h, LAMP)->id);
	assert_int_equal(last.flow.direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(last.flow.proto, FLOW_PROTO_TCP);
	assert_int_equal(last.flow.device_port, 50000);
	assert_int_equal(last.flow.peer_port, 443);
	assert_string_equal(last.name, "update.example");
	assert_string_equal(last.text,
		"lamp: its conversation with update.example was ended; it offers cipher "
		"suite TLS_RSA_WITH_RC4_128_SHA (0x0005), which its TLS profile does not "
		"list.");
	assert_true(forgets(h) > before); /* what is open ends */
	assert_false(kernel_lets(h, 443));
	assert_true(kernel_lets(h, 8443) && kernel_lets(h, 8883)); /* all else goes on */
	/* in the meantime it is no rule's conversation any more */
	memset(&last, 0, sizeof(last));
	open_tls(h, LAMP, 443, RC4, "update.example");
	assert_int_equal(last.id, 0);
	advance(h, HOUSEHOLD_BLOCK_S + 15);
	tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_true(kernel_lets(h, 443));
	house_free(h);
}

/* Without a name in the hello it is the one that the device asked for. */
static void the_peer_has_a_name(void **state)
{
	struct house *h = with_lamp();

	(void)state;
	open_tls(h, LAMP, 443, RC4, "");
	assert_string_equal(last.name, "cloud.example");
	assert_non_null(strstr(last.text, "with cloud.example was ended"));
	house_free(h);
}

static void a_long_name_gives_way_to_the_address(void **state)
{
	struct house *h = with_lamp();
	char name[LIMIT_NAME];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	open_tls(h, LAMP, 443, RC4, name);
	assert_string_equal(last.name, name);
	assert_non_null(strstr(last.text, "with " CLOUD_IP " was ended"));
	assert_non_null(strstr(last.text, "does not list."));
	house_free(h);
}

static void others_are_left_alone(void **state)
{
	struct house *h = with_lamp();
	unsigned before = forgets(h);

	(void)state;
	open_tls(h, "02:00:00:00:00:99", 443, RC4, "cloud.example"); /* nobody we know */
	open_tls(h, LAMP, 444, RC4, "cloud.example"); /* refused by no TLS profile */
	see_addr(h, "02:00:00:00:00:11", "192.168.7.21", ADDR_SOURCE_ARP, 3600);
	memset(&last, 0, sizeof(last));
	open_tls(h, "02:00:00:00:00:11", 443, RC4, "cloud.example"); /* only watched */
	assert_int_equal(last.id, 0);
	assert_int_equal(forgets(h), before);
	house_free(h);
}

/* STARTTLS, FTP, a cloud that calls back: who opens TLS need not have opened TCP. */
static void the_peer_may_have_opened_the_connection(void **state)
{
	struct house *h = with_lamp();
	struct message m;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		memset(&m, 0, sizeof(m));
		m.type = MESSAGE_SEEN_HELLO;
		m.seen_hello.mac = mac_of(LAMP);
		m.seen_hello.device = ip(LAMP_IP);
		m.seen_hello.peer = ip(PHONE_IP);
		m.seen_hello.proto = FLOW_PROTO_TCP;
		m.seen_hello.device_port = SERVED;
		m.seen_hello.peer_port = 50000;
		m.seen_hello.ciphers.count = 1;
		m.seen_hello.ciphers.items[0] = i ? RC4 : GOOD;
		assert_int_equal(last.id, 0);
		far_send(h, ROLE_SENSOR, &m);
		spin(h);
	}
	assert_int_equal(last.reason, REASON_TLS);
	assert_int_equal(last.flow.direction, DIRECTION_TO_DEVICE);
	assert_non_null(strstr(last.text, "with " PHONE_IP " was ended"));
	house_free(h);
}

static void a_device_that_is_only_watched_is_left_alone(void **state)
{
	struct house *h = with_lamp();

	(void)state;
	device_of(h, LAMP)->state = DEVICE_WATCHED;
	open_tls(h, LAMP, 443, RC4, "cloud.example");
	assert_int_equal(last.id, 0);
	house_free(h);
}

/* A newer file on the shelf waits for somebody's word: its lists do not count yet. */
static void a_file_not_in_force_does_not_count(void **state)
{
	struct house *h = with_lamp();
	struct tls_profile lists[2];
	struct profile newer;

	(void)state;
	memset(lists, 0, sizeof(lists));
	lists[0].ciphers.count = 1;
	lists[0].ciphers.items[0] = 0x1303;
	newer = shelf_find(&h->p.shelf, URL_A)->profile;
	newer.tls = lists;
	newer.sha256[0] ^= 1;
	assert_int_equal(shelf_put(&h->p.shelf, URL_A, START, START, &newer), 0);
	open_tls(h, LAMP, 443, GOOD, "cloud.example");
	assert_int_equal(last.id, 0);
	assert_true(kernel_lets(h, 443));
	house_free(h);
}

/* Whatever a sensor could say: no address, another family, all lists full. */
static void hostile_hellos_do_nothing(void **state)
{
	struct house *h = with_lamp();
	struct message m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_SEEN_HELLO;
	m.seen_hello.mac = mac_of(LAMP);
	far_send(h, ROLE_SENSOR, &m);
	m.seen_hello.device = ip(LAMP_IP);
	far_send(h, ROLE_SENSOR, &m);
	m.seen_hello.peer = ip("2001:db8::1");
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	assert_int_equal(last.id, 0);
	assert_int_equal(h->far[ROLE_SENSOR].closed, 0);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_listed_goes_on),
		cmocka_unit_test(what_is_not_listed_ends),
		cmocka_unit_test(the_peer_has_a_name),
		cmocka_unit_test(a_long_name_gives_way_to_the_address),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(the_peer_may_have_opened_the_connection),
		cmocka_unit_test(a_device_that_is_only_watched_is_left_alone),
		cmocka_unit_test(a_file_not_in_force_does_not_count),
		cmocka_unit_test(hostile_hellos_do_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
