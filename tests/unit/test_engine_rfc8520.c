// SPDX-License-Identifier: GPL-2.0-or-later
/* test_engine_rfc8520 - what RFC 8520 and its extensions ask of a manager as a whole, by
 * section: what docs/mud-conformance.md could not show by a smaller test. */
#include "test_engine_util.h"

#define LAMP "02:00:00:00:00:10"
#define PLUG "02:00:00:00:00:11"
#define LAMP_IP "192.168.7.20"
#define PLUG_IP "192.168.7.21"
#define APP "https://app.example/controllers.json"

static uint64_t last_fetch(struct house *h)
{
	unsigned n = got_count(h, ROLE_COURIER, MESSAGE_FETCH);

	assert_true(n > 0);
	return got(h, ROLE_COURIER, MESSAGE_FETCH, n - 1)->fetch.id;
}

static void send_rule(struct house *h, uint64_t id, const struct rule *r)
{
	struct message m;

	message_from_rule(&m, id, r);
	far_send(h, ROLE_COURIER, &m);
}

/* A file of one rule a peer, in this order: the device may open its TCP port 8080. The
 * first stays on in quarantine. */
static void bring_all(struct house *h, const struct peer *peers, uint32_t count)
{
	uint64_t id = last_fetch(h);
	struct message m = {.type = MESSAGE_PROFILE};
	struct rule r;

	m.profile.id = id;
	str_copy(m.profile.url, sizeof(m.profile.url), URL_A);
	m.profile.cache_validity_h = 48;
	m.profile.is_supported = true;
	m.profile.has_quarantine = true;
	m.profile.signature = SIGNATURE_VALID;
	memset(m.profile.sha256, 1, sizeof(m.profile.sha256));
	m.profile.rule_count = count;
	far_send(h, ROLE_COURIER, &m);
	rule_init(&r);
	r.proto = FLOW_PROTO_TCP;
	r.peer_port = (struct range16){8080, 8080};
	for (r.id = 1; r.id <= count; r.id++) {
		r.peer = peers[r.id - 1];
		r.quarantine = r.id == 1;
		send_rule(h, id, &r);
	}
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_PROFILE_END;
	m.profile_end.id = id;
	far_send(h, ROLE_COURIER, &m);
	spin(h);
}

static void bring(struct house *h, const struct peer *peer)
{
	bring_all(h, peer, 1);
}

/* Whether the kernel lets mac open TCP port 8080 of that address. */
static bool reaches(const struct house *h, const char *mac, const char *addr)
{
	struct mac m = mac_of(mac);
	struct addr a = ip(addr);

	for (size_t i = 0; i < h->kernel_count; i++) {
		const struct element *e = &h->kernel[i];

		if ((e->kind == ELEMENT_OUT || e->kind == ELEMENT_OUT_RANGE) &&
			mac_equal(&e->mac, &m) && addr_compare(&e->peer_lo, &a) <= 0 &&
			addr_compare(&e->peer_hi, &a) >= 0 && e->peer_port.lo <= 8080 &&
			e->peer_port.hi >= 8080)
			return true;
	}
	return false;
}

static int keep_last(void *ctx, const struct decision *d)
{
	*(struct decision *)ctx = *d;
	return 0;
}

static void fail_fetch(struct house *h)
{
	struct message m = {.type = MESSAGE_FETCH_FAILED};

	m.fetch_failed.id = last_fetch(h);
	m.fetch_failed.error = CARDEA_EPEER;
	str_copy(m.fetch_failed.text, sizeof(m.fetch_failed.text),
		"maker.example does not answer");
	far_send(h, ROLE_COURIER, &m);
	spin(h);
}

/* 1.6: the existing file is safe to use, and the log says that it gets old. */
static void what_is_in_force_outlives_its_server(void **state)
{
	struct peer cloud = {.kind = PEER_NAME, .name = "cloud.example"};
	struct house *h = house_new();
	unsigned events;

	(void)state;
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, UINT32_MAX);
	see_dhcp(h, LAMP, "lamp", URL_A);
	bring(h, &cloud);
	while (got_count(h, ROLE_COURIER, MESSAGE_FETCH) < 2)
		advance(h, 600);
	events = h->events;
	fail_fetch(h);
	assert_int_equal(h->events, events + 1);
	assert_non_null(strstr(device_of(h, LAMP)->problem, "could not be refreshed"));
	while (got_count(h, ROLE_COURIER, MESSAGE_FETCH) < 3)
		advance(h, 60);
	fail_fetch(h);
	assert_int_equal(h->events, events + 1); /* no news */
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	tell_name(h, 7, LAMP_IP, "cloud.example", "198.51.100.7");
	assert_true(reaches(h, LAMP, "198.51.100.7"));
	assert_false(reaches(h, LAMP, "198.51.100.8"));
	house_free(h);
}

/* 4.6: controllers' URIs are names; nothing is looked up or got, however often. */
static void uris_of_controllers_are_never_fetched(void **state)
{
	struct peer app = {.kind = PEER_CONTROLLER, .name = APP};
	struct decision d = {0};
	struct house *h = house_new();

	(void)state;
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, UINT32_MAX);
	see_dhcp(h, LAMP, "lamp", URL_A);
	bring(h, &app);
	assert_int_equal(store_decisions(h->store, true, keep_last, &d), 0);
	assert_int_equal(d.kind, DECISION_CONTROLLER);
	assert_string_equal(d.subject, APP);
	assert_int_equal(pipeline_answer(&h->p, d.id, true, PLUG_IP, &d), 0);
	advance(h, 3600);
	assert_true(reaches(h, LAMP, PLUG_IP));
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), 1);
	assert_int_equal(got_count(h, ROLE_RESOLVER, MESSAGE_RESOLVE), 0);
	house_free(h);
}

/* The lamp says its URL by DHCP, of the plug the owner scanned the code; both may be the
 * same model. */
static struct house *weak_and_strong(enum peer_kind kind)
{
	struct identity plug = {.mac = mac_of(PLUG), .source = URL_SOURCE_QR,
		.mud_url = URL_A};
	struct peer peer = {.kind = kind};
	struct house *h = house_new();
	struct device *d;

	if (kind == PEER_MODEL)
		str_copy(peer.name, sizeof(peer.name), URL_A);
	if (kind == PEER_MANUFACTURER)
		str_copy(peer.name, sizeof(peer.name), "maker.example");
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, UINT32_MAX);
	see_addr(h, PLUG, PLUG_IP, ADDR_SOURCE_DHCP4, UINT32_MAX);
	see_dhcp(h, LAMP, "lamp", URL_A);
	assert_int_equal(pipeline_identity(&h->p, &plug, &d), 0);
	spin(h);
	bring(h, &peer);
	advance(h, 5);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(device_of(h, PLUG)->state, DEVICE_PROTECTED);
	return h;
}

static const enum peer_kind class_kinds[] = {
	PEER_MODEL, PEER_MANUFACTURER, PEER_SAME_MANUFACTURER};

/* 16: classes MUST NOT contain devices of one URL by strong and by weak means. */
static void weak_ones_are_in_no_class_with_strong_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(class_kinds) / sizeof(*class_kinds); i++) {
		struct house *h = weak_and_strong(class_kinds[i]);

		assert_false(reaches(h, PLUG, LAMP_IP));
		/* the lamp's own file names the class, whose only member is the plug */
		assert_int_equal(reaches(h, LAMP, PLUG_IP),
			class_kinds[i] != PEER_SAME_MANUFACTURER);
		house_free(h);
	}
}

/* 16: ... without additional validation: the owner's. He is asked. */
static void owner_lets_weak_ones_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(class_kinds) / sizeof(*class_kinds); i++) {
		struct house *h = weak_and_strong(class_kinds[i]);
		struct decision d = {0};

		assert_int_equal(store_decisions(h->store, true, keep_last, &d), 0);
		assert_int_equal(d.kind, DECISION_IDENTITY);
		assert_int_equal(d.device, device_of(h, LAMP)->id);
		assert_int_equal(pipeline_answer(&h->p, d.id, true, "", &d), 0);
		advance(h, 5);
		assert_true(reaches(h, PLUG, LAMP_IP));
		assert_true(reaches(h, LAMP, PLUG_IP));
		/* and takes it back */
		pipeline_confirm(&h->p, device_of(h, LAMP), false);
		advance(h, 5);
		assert_false(reaches(h, PLUG, LAMP_IP));
		house_free(h);
	}
}

/* 16: what a device says by DHCP does not undo what somebody knows of it. */
static void dhcp_does_not_move_a_proven_device(void **state)
{
	struct house *h = weak_and_strong(PEER_MODEL);
	unsigned fetches = got_count(h, ROLE_COURIER, MESSAGE_FETCH);

	(void)state;
	see_dhcp(h, PLUG, "plug", "https://other.example/plug.json");
	see_dhcp(h, PLUG, "plug", URL_B);
	advance(h, 60);
	assert_string_equal(device_of(h, PLUG)->mud_url, URL_A);
	assert_int_equal(device_of(h, PLUG)->url_source, URL_SOURCE_QR);
	assert_int_equal(device_of(h, PLUG)->state, DEVICE_PROTECTED);
	assert_non_null(strstr(device_of(h, PLUG)->problem, "another MUD URL"));
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), fetches);
	assert_true(reaches(h, LAMP, PLUG_IP));
	house_free(h);
}

static struct peer host(const char *addr)
{
	struct peer p = {.kind = PEER_PREFIX};

	p.prefix.addr = ip(addr);
	p.prefix.len = (uint8_t)addr_bits(&p.prefix.addr);
	return p;
}

#define REPAIR "198.51.100.7"
#define CLOUD "198.51.100.8"

/* draft-richardson-shg-mud-quarantined-access: what the file names stays on, so that the
 * device can be repaired; and nothing else does, not even over a restart. */
static void quarantine_keeps_what_the_file_names(void **state)
{
	struct peer peers[2] = {host(REPAIR), host(CLOUD)};
	struct house *h = house_new();

	(void)state;
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, UINT32_MAX);
	see_dhcp(h, LAMP, "lamp", URL_A);
	bring_all(h, peers, 2);
	assert_true(reaches(h, LAMP, REPAIR) && reaches(h, LAMP, CLOUD));
	assert_int_equal(
		pipeline_quarantine(&h->p, device_of(h, LAMP), "it scanned the LAN"), 0);
	spin(h);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_QUARANTINED);
	assert_true(reaches(h, LAMP, REPAIR));
	assert_false(reaches(h, LAMP, CLOUD));
	engine_restart(h);
	assert_string_equal(device_of(h, LAMP)->quarantine, "it scanned the LAN");
	assert_true(reaches(h, LAMP, REPAIR));
	assert_false(reaches(h, LAMP, CLOUD));
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), NULL), 0);
	spin(h);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_true(reaches(h, LAMP, CLOUD));
	house_free(h);
}

/* The same without a file: it was hindered in nothing, and now may do nothing. */
static void quarantine_needs_no_file(void **state)
{
	struct house *h = house_new();

	(void)state;
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, UINT32_MAX);
	see_dhcp(h, LAMP, "lamp", "");
	assert_false(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "odd"), 0);
	spin(h);
	assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	assert_false(reaches(h, LAMP, CLOUD));
	engine_restart(h);
	assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), NULL), 0);
	spin(h);
	assert_false(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_force_outlives_its_server),
		cmocka_unit_test(uris_of_controllers_are_never_fetched),
		cmocka_unit_test(weak_ones_are_in_no_class_with_strong_ones),
		cmocka_unit_test(owner_lets_weak_ones_in),
		cmocka_unit_test(dhcp_does_not_move_a_proven_device),
		cmocka_unit_test(quarantine_keeps_what_the_file_names),
		cmocka_unit_test(quarantine_needs_no_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
