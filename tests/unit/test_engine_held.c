// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device that is held may still do, as it reaches the kernel and the resolver: the
 * house, where it may fetch updates and by whose word, and nothing. */
#include <errno.h>
#include "test_engine_util.h"
#include "wire/dns.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define PLUG "02:00:00:00:00:11"
#define PLUG_IP "192.168.7.11"
#define GATEWAY_IP "192.168.7.1"
#define CLOUD "198.51.100.7"
#define FIRMWARE "203.0.113.9"
#define FW_NAME "firmware.example"
#define DAY 86400

static struct house *h;

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static struct household_device *hd_of(const char *mac)
{
	return household_device(&h->p.household, device_of(h, mac)->id);
}

static void put_hold(const char *mac, enum device_hold hold)
{
	struct device *d = device_of(h, mac);

	d->hold = hold;
	assert_int_equal(household_hold(&h->p.household, d, h->clock.now), 0);
	pipeline_dns_follow(&h->p, d);
	spin(h);
}

/* TCP to the cloud by its name, and to the plug's address by its own. */
static struct shelf_entry entry;
static struct rule file_rules[3];
static void put_profile(void)
{
	struct device *d = device_of(h, LAMP);

	for (unsigned i = 0; i < 3; i++) {
		rule_init(&file_rules[i]);
		file_rules[i].id = i + 1;
		file_rules[i].proto = FLOW_PROTO_TCP;
		file_rules[i].layer = LAYER_MANUFACTURER;
	}
	file_rules[0].peer.kind = PEER_NAME;
	str_copy(file_rules[0].peer.name, LIMIT_NAME, "cloud.example");
	file_rules[0].peer_port = (struct range16){443, 443};
	file_rules[1].peer.kind = PEER_PREFIX;
	assert_int_equal(prefix_parse(PLUG_IP "/32", &file_rules[1].peer.prefix), 0);
	file_rules[2].peer.kind = PEER_NAME;
	str_copy(file_rules[2].peer.name, LIMIT_NAME, "repair.example");
	file_rules[2].peer_port = (struct range16){443, 443};
	file_rules[2].quarantine = true;
	entry = (struct shelf_entry){.profile = {.rules = file_rules, .rule_count = 3}};
	assert_int_equal(household_adopt(hd_of(LAMP), &entry), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, false, h->clock.now);
	spin(h);
}

static bool in_ports(struct range16 p, uint16_t v)
{
	return p.lo <= v && v <= p.hi;
}

/* TCP or UDP from the lamp, by what the kernel holds. */
static bool kernel_lets(uint8_t proto, const char *peer, uint16_t port)
{
	struct addr a = ip(peer);
	struct mac mac = mac_of(LAMP);

	for (size_t i = 0; i < h->kernel_count; i++) {
		const struct element *e = &h->kernel[i];
		if ((e->kind == ELEMENT_OUT || e->kind == ELEMENT_OUT_RANGE) &&
			mac_equal(&e->mac, &mac) && e->family == a.family &&
			addr_compare(&e->peer_lo, &a) <= 0 &&
			addr_compare(&a, &e->peer_hi) <= 0 && e->proto_lo <= proto &&
			proto <= e->proto_hi && in_ports(e->peer_port, port))
			return true;
	}
	return false;
}

static bool lets(const char *peer, uint16_t port)
{
	return kernel_lets(FLOW_PROTO_TCP, peer, port);
}

static uint8_t rcode_of(uint64_t id, const char *name, const char *addr)
{
	tell_name(h, id, LAMP_IP, name, addr);
	for (size_t i = h->far[ROLE_RESOLVER].count; i-- > 0;) {
		const struct message *m = &h->far[ROLE_RESOLVER].got[i];
		if (m->type == MESSAGE_DNS_RELEASE && m->dns_release.id == id)
			return (uint8_t)m->dns_release.rcode;
	}
	fail_msg("no word about %s", name);
	return 0;
}

static struct update_host host(const char *text, enum update_source source)
{
	struct update_host u;

	assert_true(update_host_parse(text, &u));
	u.source = source;
	if (source != UPDATE_OWNER)
		u.proto = FLOW_PROTO_TCP;
	return u;
}

static int add(const char *mac, const char *text, enum update_source source)
{
	struct update_host u = host(text, source);
	int error = pipeline_update_host_add(&h->p, device_of(h, mac), &u);

	spin(h);
	return error;
}

static void quarantine_leaves_the_gateway_and_updates(void **state)
{
	(void)state;
	const uint16_t portal[POLICY_PORTALS] = {8443, 0};

	put_profile();
	household_portal(&h->p.household, portal, (void *)inventory_at, h->p.inventory,
		h->clock.now);
	assert_int_equal(add(LAMP, FW_NAME ":443", UPDATE_OWNER), 0);
	assert_int_equal(rcode_of(1, "cloud.example", CLOUD), 0);
	assert_true(lets(CLOUD, 443) && lets(PLUG_IP, 80));
	put_hold(LAMP, HOLD_QUARANTINED);
	assert_false(lets(CLOUD, 443) || lets(PLUG_IP, 80));
	assert_true(lets(GATEWAY_IP, 53) && lets(GATEWAY_IP, 853) && lets(GATEWAY_IP, 8443));
	assert_true(kernel_lets(FLOW_PROTO_UDP, GATEWAY_IP, 123));
	assert_false(lets(GATEWAY_IP, 80) || lets(GATEWAY_IP, 22));
	/* names: what repairs it, and those of this house */
	assert_int_equal(rcode_of(2, FW_NAME, FIRMWARE), 0);
	assert_int_equal(rcode_of(3, "repair.example", FIRMWARE), 0);
	assert_int_equal(rcode_of(4, "cloud.example", CLOUD), DNS_RCODE_REFUSED);
	assert_int_equal(rcode_of(5, "secret.exfil.example", CLOUD), DNS_RCODE_REFUSED);
	assert_true(lets(FIRMWARE, 443));
	assert_false(lets(FIRMWARE, 80) || lets(CLOUD, 443));
	put_hold(LAMP, HOLD_NONE);
	assert_int_equal(rcode_of(6, "cloud.example", CLOUD), 0);
	assert_true(lets(CLOUD, 443) && lets(PLUG_IP, 80));
}

static void limits_leave_the_house_and_updates(void **state)
{
	(void)state;
	put_profile();
	assert_int_equal(add(LAMP, FW_NAME ":443", UPDATE_OWNER), 0);
	assert_int_equal(rcode_of(1, "cloud.example", CLOUD), 0);
	put_hold(LAMP, HOLD_LIMITED);
	assert_true(lets(PLUG_IP, 80) && lets(GATEWAY_IP, 53));
	assert_false(lets(CLOUD, 443) || lets("192.168.7.12", 80)); /* its profile lists none */
	assert_int_equal(rcode_of(2, "cloud.example", CLOUD), DNS_RCODE_REFUSED);
	assert_int_equal(rcode_of(3, FW_NAME, FIRMWARE), 0);
	assert_true(lets(FIRMWARE, 443));
	assert_false(lets(FIRMWARE, 8080));
	assert_int_equal(rcode_of(4, "repair.example", "203.0.113.10"), 0);
	assert_true(lets("203.0.113.10", 443));
}

static void limits_without_a_profile_leave_the_whole_house(void **state)
{
	(void)state;
	assert_int_equal(add(LAMP, FIRMWARE ":443", UPDATE_OWNER), 0);
	put_hold(LAMP, HOLD_LIMITED);
	assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	assert_true(lets(PLUG_IP, 80) && lets("192.168.7.77", 9999) && lets(GATEWAY_IP, 53));
	assert_true(kernel_lets(FLOW_PROTO_UDP, "239.255.255.250", 1900));
	assert_true(kernel_lets(FLOW_PROTO_UDP, "224.0.0.251", 5353));
	assert_true(lets(FIRMWARE, 443));
	assert_false(lets(FIRMWARE, 80) || lets(CLOUD, 443) || lets("8.8.8.8", 53));
	put_hold(LAMP, HOLD_NONE);
	assert_false(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
}

static void the_retired_may_nothing(void **state)
{
	(void)state;
	put_profile();
	str_copy(h->p.dns_domain, sizeof(h->p.dns_domain), "home.arpa");
	assert_int_equal(add(LAMP, FIRMWARE, UPDATE_OWNER), 0);
	put_hold(LAMP, HOLD_REFUSED);
	assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	for (size_t i = 0; i < h->kernel_count; i++)
		assert_true(h->kernel[i].kind != ELEMENT_OUT &&
			    h->kernel[i].kind != ELEMENT_OUT_RANGE &&
			    h->kernel[i].kind != ELEMENT_IN &&
			    h->kernel[i].kind != ELEMENT_IN_RANGE &&
			    h->kernel[i].kind != ELEMENT_NAME);
	assert_int_equal(rcode_of(1, "plug.home.arpa", PLUG_IP), DNS_RCODE_REFUSED);
	assert_int_equal(rcode_of(2, "repair.example", FIRMWARE), DNS_RCODE_REFUSED);
}

/* From hold to hold, in one transaction each, with what was open judged anew. */
static void one_transaction_ends_what_was_open(void **state)
{
	static const enum device_hold steps[] = {HOLD_LIMITED, HOLD_QUARANTINED, HOLD_REFUSED,
		HOLD_QUARANTINED, HOLD_LIMITED};
	(void)state;
	put_profile();
	see_addr(h, PLUG, PLUG_IP, ADDR_SOURCE_DHCP4, 8640000);
	assert_int_equal(rcode_of(1, "cloud.example", CLOUD), 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		unsigned begun = got_count(h, ROLE_ENFORCER, MESSAGE_TXN_BEGIN);
		unsigned forgot = got_count(h, ROLE_ENFORCER, MESSAGE_FORGET);

		put_hold(LAMP, steps[i]);
		assert_int_equal(got_count(h, ROLE_ENFORCER, MESSAGE_TXN_BEGIN), begun + 1);
		assert_int_equal(got_count(h, ROLE_ENFORCER, MESSAGE_FORGET), forgot + 1);
		struct mac own = mac_of(LAMP); /* and of nobody else */
		assert_true(mac_equal(
			&got(h, ROLE_ENFORCER, MESSAGE_FORGET, forgot)->forget.mac, &own));
		assert_false(lets(CLOUD, 443));
	}
}

/* A file that is too much for the kernel must not keep its device from being held. */
static void too_many_rules_are_held_without_them(void **state)
{
	(void)state;
	static struct rule rules[LIMIT_RULES];
	struct shelf_entry e = {.profile = {.rules = rules, .rule_count = LIMIT_RULES}};
	struct device *d = device_of(h, LAMP);

	for (unsigned i = 0; i < LIMIT_RULES; i++) {
		struct addr a = addr_v4((uint8_t[]){198, 18, (uint8_t)(i >> 8), (uint8_t)i});
		rule_init(&rules[i]);
		rules[i].id = i + 1;
		rules[i].peer.kind = PEER_PREFIX;
		rules[i].peer.prefix = prefix_of(&a, 32);
		rules[i].quarantine = true;
	}
	assert_int_equal(household_adopt(hd_of(LAMP), &e), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, false, h->clock.now);
	spin(h);
	assert_true(lets("198.18.0.1", 80));
	put_hold(LAMP, HOLD_LIMITED); /* needs more rules than there may be */
	assert_true(hd_of(LAMP)->bare);
	assert_false(lets("198.18.0.1", 80) || lets(CLOUD, 443));
	assert_true(lets(PLUG_IP, 80) && lets(GATEWAY_IP, 53)); /* and is not dark */
	put_hold(LAMP, HOLD_QUARANTINED);
	assert_false(hd_of(LAMP)->bare);
	assert_true(lets("198.18.0.1", 80));
	put_hold(LAMP, HOLD_NONE);
	assert_false(hd_of(LAMP)->bare);
	assert_true(lets("198.18.0.1", 80));
}

/* What is marked and says "everybody" would be no quarantine. */
static void marks_for_all_the_world_do_not_count(void **state)
{
	(void)state;
	put_profile();
	file_rules[1].quarantine = true;
	assert_int_equal(prefix_parse("128.0.0.0/1", &file_rules[1].peer.prefix), 0);
	rule_init(&file_rules[0]);
	file_rules[0].id = 1;
	file_rules[0].quarantine = true;
	assert_int_equal(household_adopt(hd_of(LAMP), &entry), 0);
	put_hold(LAMP, HOLD_QUARANTINED);
	assert_false(lets(CLOUD, 443) || lets(PLUG_IP, 80));
	assert_int_equal(rcode_of(1, "any.example", CLOUD), DNS_RCODE_REFUSED);
	put_hold(LAMP, HOLD_LIMITED);
	assert_false(lets(CLOUD, 443));
	assert_true(lets(PLUG_IP, 80));
}

/* ---- the list ---- */

static void hosts_come_and_go_while_it_is_held(void **state)
{
	(void)state;
	struct update_host u = host(FIRMWARE ":443", UPDATE_OWNER);

	put_hold(LAMP, HOLD_QUARANTINED);
	assert_false(lets(FIRMWARE, 443));
	assert_int_equal(pipeline_update_host_remove(&h->p, device_of(h, LAMP), &u), -ENOENT);
	assert_int_equal(add(LAMP, FIRMWARE ":443", UPDATE_OWNER), 0);
	assert_int_equal(add(LAMP, FIRMWARE ":443", UPDATE_OWNER), 0);
	assert_int_equal(hd_of(LAMP)->update_count, 1);
	assert_true(lets(FIRMWARE, 443));
	engine_end(h);
	h->kernel_count = 0;
	engine_start(h);
	connect_all(h);
	assert_true(lets(FIRMWARE, 443));
	assert_int_equal(hd_of(LAMP)->updates[0].since, h->clock.now);
	assert_int_equal(pipeline_update_host_remove(&h->p, device_of(h, LAMP), &u), 0);
	spin(h);
	assert_false(lets(FIRMWARE, 443));
	engine_restart(h);
	assert_int_equal(hd_of(LAMP)->update_count, 0);
}

static void each_source_has_its_own_room(void **state)
{
	(void)state;
	char text[32];

	for (unsigned i = 0; i < HELD_HOSTS_MAX + 3; i++) {
		assert_int_equal(str_print(text, sizeof(text), "h%u.example:443", i), 0);
		assert_int_equal(add(LAMP, text, UPDATE_SUIT),
			i < HELD_HOSTS_MAX ? 0 : CARDEA_ELIMIT);
	}
	assert_int_equal(add(LAMP, "mine.example", UPDATE_OWNER), 0);
	assert_int_equal(hd_of(LAMP)->update_count, HELD_HOSTS_MAX + 1);
}

static void hostile_hosts_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum update_source source;
	} bad[] = {
		{"dns.google:443", UPDATE_SUIT}, {"dns.google", UPDATE_OWNER},
		{"8.8.8.8:443", UPDATE_SUIT}, {"8.8.8.8:443", UPDATE_OWNER},
		{"x.example:53", UPDATE_OWNER}, {"x.example:853", UPDATE_SUIT},
		{"plug.home.arpa:80", UPDATE_SUIT}, {"com:443", UPDATE_SUIT},
		{"x.localhost:443", UPDATE_SUIT}, {"127.0.0.1:443", UPDATE_OWNER},
		{GATEWAY_IP ":22", UPDATE_OWNER}, {GATEWAY_IP ":22", UPDATE_SUIT},
		{PLUG_IP ":80", UPDATE_SUIT}, {LAMP_IP ":80", UPDATE_OWNER},
		{"224.0.0.1:443", UPDATE_OWNER}, {"10.9.8.7:443", UPDATE_SUIT},
		{"x.example:443", UPDATE_MUD},
	};
	struct update_host u = {.source = UPDATE_SUIT, .proto = 6, .port = 443};

	(void)state;
	str_copy(h->p.dns_domain, sizeof(h->p.dns_domain), "home.arpa");
	put_hold(LAMP, HOLD_QUARANTINED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (add(LAMP, bad[i].text, bad[i].source) != CARDEA_EREFUSED)
			fail_msg("%s was taken", bad[i].text);
	str_copy(u.name, sizeof(u.name), "*.example.com"); /* by nobody but the learner */
	assert_int_equal(
		pipeline_update_host_add(&h->p, device_of(h, LAMP), &u), CARDEA_EREFUSED);
	assert_int_equal(hd_of(LAMP)->update_count, 0);
	assert_int_equal(add(LAMP, PLUG_IP ":8080", UPDATE_OWNER), 0); /* his own mirror */
	assert_true(lets(PLUG_IP, 8080));
	assert_false(lets(PLUG_IP, 80));
}

/* ---- in words ---- */

struct told {
	unsigned count, hosts;
	char text[4096];
};

static int hear(void *ctx, const char *sentence, const struct update_host *u)
{
	struct told *t = ctx;
	size_t n = strlen(t->text);

	t->count++;
	t->hosts += u != NULL;
	assert_int_equal(str_print(t->text + n, sizeof(t->text) - n, "%s\n", sentence), 0);
	return 0;
}

static struct told told(void)
{
	struct told t = {0};

	assert_int_equal(pipeline_held_allows(&h->p, device_of(h, LAMP), hear, &t), 0);
	return t;
}

static void people_are_told_what_is_left(void **state)
{
	(void)state;
	const uint16_t portal[POLICY_PORTALS] = {8443, 0};
	struct told t;

	put_profile();
	household_portal(&h->p.household, portal, (void *)inventory_at, h->p.inventory,
		h->clock.now);
	assert_int_equal(add(LAMP, FW_NAME ":8443", UPDATE_OWNER), 0);
	assert_int_equal(add(LAMP, "suit.example:443", UPDATE_SUIT), 0);
	t = told(); /* before anything happens */
	assert_string_equal(t.text, "ask this gateway for names and for the time\n"
		"open the portal of this gateway\n"
		"fetch updates from repair.example (TCP 443), which its maker's file keeps on\n"
		"fetch updates from firmware.example (TCP 8443), which you allowed\n"
		"fetch updates from suit.example (TCP 443), which a signed manifest of its "
		"maker names\n");
	assert_int_equal(t.hosts, 3);
	device_of(h, LAMP)->class = DEVICE_CLASS_LOCK;
	t = told();
	assert_non_null(strstr(t.text, "do in the house what its profile says\n"));
	put_hold(LAMP, HOLD_REFUSED);
	t = told();
	assert_int_equal(t.count, 0);
}

/* ---- what is told about what it tries ---- */

static struct event last_event(void)
{
	struct event e = {0};

	journal_flush(&h->p.journal);
	for (event_id id = 1; store_event(h->store, id, &e) == 0; id++)
		;
	return e;
}

static void see_refused(const char *peer, uint16_t port)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(peer);
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.device_port = 50000;
	m.seen_violation.peer_port = port;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.packets = 1;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static void refusals_are_told_as_what_they_are(void **state)
{
	(void)state;
	put_profile();
	put_hold(LAMP, HOLD_QUARANTINED);
	see_refused(CLOUD, 443);
	assert_non_null(strstr(last_event().text, "in quarantine"));
	assert_null(strstr(last_event().text, "sink"));
	put_hold(LAMP, HOLD_NONE);
	h->p.household.redirect = true;
	put_hold(LAMP, HOLD_QUARANTINED);
	see_refused("198.51.100.8", 443);
	assert_non_null(strstr(last_event().text, "meant for the sink"));
	assert_false(lets("198.51.100.8", 443)); /* there is none */
	h->p.household.redirect = false;
}

/* ---- what was learned ---- */

static void see_record(const char *name, const char *peer, uint64_t bytes)
{
	static struct message m;
	struct record r = {.device = mac_of(LAMP), .first = h->clock.now,
		.last = h->clock.now + NS_PER_SEC, .answered = true, .family = 4,
		.proto = FLOW_PROTO_TCP, .device_port = 40000, .peer_port = 443,
		.device_addr = ip(LAMP_IP), .peer = ip(peer), .naming = RECORD_ANSWER,
		.packets = {5, 5}, .bytes = {500, bytes}};

	str_copy(r.name, sizeof(r.name), name);
	message_from_record(&m, &r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	clock_virtual_set(&h->clock, h->clock.now + 2 * 3600 * NS_PER_SEC);
	spin(h);
	assert_int_equal(loop_once(h->loop, 0), 0);
	advance(h, 15);
}

static void where_it_fetched_before_is_where_it_may(void **state)
{
	(void)state;
	struct told t;

	for (unsigned i = 0; i < 8; i++)
		see_record("cloud.example", CLOUD, 4000);
	see_record(FW_NAME, FIRMWARE, 4UL << 20);
	clock_virtual_set(&h->clock, h->clock.now + 10LL * DAY * NS_PER_SEC);
	spin(h);
	/* whoever took it over has loaded more of himself */
	see_record("dropper.example", "198.51.100.99", 8UL << 20);
	put_hold(LAMP, HOLD_QUARANTINED);
	t = told();
	assert_non_null(strstr(t.text, "fetch updates from firmware.example (TCP 443), from "
				       "where it fetched updates before\n"));
	assert_null(strstr(t.text, "dropper"));
	assert_null(strstr(t.text, "cloud"));
	assert_int_equal(rcode_of(1, FW_NAME, FIRMWARE), 0);
	assert_true(lets(FIRMWARE, 443));
	engine_restart(h);
	assert_true(strstr(told().text, "firmware.example") != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(quarantine_leaves_the_gateway_and_updates),
		TEST(limits_leave_the_house_and_updates),
		TEST(limits_without_a_profile_leave_the_whole_house),
		TEST(the_retired_may_nothing),
		TEST(one_transaction_ends_what_was_open),
		TEST(too_many_rules_are_held_without_them),
		TEST(marks_for_all_the_world_do_not_count),
		TEST(hosts_come_and_go_while_it_is_held),
		TEST(each_source_has_its_own_room),
		TEST(hostile_hosts_are_refused),
		TEST(people_are_told_what_is_left),
		TEST(refusals_are_told_as_what_they_are),
		TEST(where_it_fetched_before_is_where_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
