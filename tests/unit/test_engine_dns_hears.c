// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device may hear of names: refused ones, public resolvers, the house's own zone; and
 * what hides. */
#include "test_dns_util.h"

/* ---- what a device may hear ---- */

static void unlisted_names_are_refused_when_the_owner_says_so(void **state)
{
	(void)state;
	static const struct {
		const char *setting;
		uint8_t rcode;
		enum dns_mode mode;
	} ways[] = {{"answer", 0, DNS_TELL}, {"refuse", DNS_RCODE_REFUSED, DNS_ASK},
		{"nxdomain", DNS_RCODE_NXDOMAIN, DNS_ASK}};

	for (size_t i = 0; i < 3; i++) {
		struct rule rules[1];
		struct shelf_entry e;
		struct house *h = house_new();
		unsigned events;

		assert_int_equal(
			pipeline_setting(&h->p, "dns_unlisted", ways[i].setting), 0);
		learning_ready(h);
		name_rule(&rules[0], 1, "cloud.example", 443);
		adopt(h, &e, rules, 1);
		assert_int_equal(mode_told(h, LAMP_IP), ways[i].mode);
		events = h->events;
		tell_name(h, 1, LAMP_IP, "tracker.example", OTHER);
		assert_int_equal(last_release(h)->dns_release.rcode, ways[i].rcode);
		assert_int_equal(last_release(h)->dns_release.ede, ways[i].rcode ? 15 : 0);
		assert_int_equal(h->events, events + (ways[i].rcode != 0));
		assert_int_equal(bound(h, "tracker.example", OTHER), !ways[i].rcode);
		tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD);
		assert_int_equal(last_release(h)->dns_release.rcode, 0);
		/* who is not protected may ask for what it likes */
		see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
		tell_name(h, 3, "192.168.7.11", "tracker.example", OTHER);
		assert_int_equal(last_release(h)->dns_release.rcode, 0);
		house_free(h);
	}
}

static void quarantine_counts_for_names_at_once(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();

	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "a test"), 0);
	h->hold = true; /* whatever the kernel says */
	spin(h);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_ASK);
	house_free(h);
}

/* Whatever the owner says of other names. */
static void public_resolvers_are_refused_unless_listed(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e;
	struct house *h = house_new();

	assert_int_equal(pipeline_setting(&h->p, "encrypted_name", "doh.example"), 0);
	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	name_rule(&rules[1], 2, "dns.quad9.net", 443);
	adopt(h, &e, rules, 2);
	tell_name(h, 1, LAMP_IP, "mozilla.cloudflare-dns.com", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, DNS_RCODE_REFUSED);
	assert_int_equal(last_release(h)->dns_release.ede, 15);
	assert_false(bound(h, "mozilla.cloudflare-dns.com", OTHER));
	tell_name(h, 2, LAMP_IP, "a.doh.example", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, DNS_RCODE_REFUSED);
	tell_name(h, 3, LAMP_IP, "dns.quad9.net", CLOUD);
	assert_int_equal(last_release(h)->dns_release.rcode, 0);
	tell_name(h, 4, LAMP_IP, "tracker.example", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, 0);
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	tell_name(h, 5, "192.168.7.11", "dns.google", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, 0);
	house_free(h);
}

static void forbidden_names_do_not_exist(void **state)
{
	(void)state;
	struct rule rules[3];
	struct shelf_entry e;
	struct house *h = house_new();

	learning_ready(h);
	name_rule(&rules[0], 1, "good.ads.example", 443);
	name_rule(&rules[1], 2, "*.ads.example", 443);
	rules[1].action = RULE_DROP;
	rules[1].proto = RULE_PROTO_ANY;
	rules[1].peer_port = (struct range16){0, UINT16_MAX};
	rules[1].layer = LAYER_OWNER;
	name_rule(&rules[2], 3, "", 443);
	rules[2].peer.kind = PEER_ANY;
	adopt(h, &e, rules, 3);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD); /* it takes addresses away */
	tell_name(h, 1, LAMP_IP, "x.ads.example", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, DNS_RCODE_NXDOMAIN);
	assert_int_equal(last_release(h)->dns_release.ede, 17);
	tell_name(h, 2, LAMP_IP, "good.ads.example", CLOUD);
	assert_int_equal(last_release(h)->dns_release.rcode, 0);
	house_free(h);
}

static const struct event *last_event(struct house *h, enum event_kind kind)
{
	const struct event *last = NULL;

	for (size_t i = 0; i < JOURNAL_OPEN_MAX; i++) {
		const struct event *e = &h->p.journal.open[i].event;

		if (e->id && e->kind == kind && (!last || e->id > last->id))
			last = e;
	}
	return last;
}

static void findings_are_events(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct message m = {.type = MESSAGE_DNS_FINDING};
	const struct event *e;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	m.dns_finding.client = ip(LAMP_IP);
	m.dns_finding.kind = DNS_FINDING_REBINDING;
	str_copy(m.dns_finding.name, sizeof(m.dns_finding.name), "evil.example");
	for (unsigned i = 0; i < 3; i++)
		far_send(h, ROLE_RESOLVER, &m);
	spin(h);
	e = last_event(h, EVENT_NAMES_ODD);
	assert_non_null(e);
	assert_int_equal(e->packets, 3);
	assert_int_equal(e->device, device_of(h, LAMP)->id);
	assert_non_null(strstr(e->text, "evil.example"));
	assert_non_null(strstr(e->text, "points into this house"));
	m.dns_finding.kind = DNS_FINDING_BOGUS;
	far_send(h, ROLE_RESOLVER, &m);
	spin(h);
	assert_non_null(strstr(last_event(h, EVENT_NAMES_ODD)->text, "DNSSEC"));
	m.dns_finding.kind = DNS_FINDING_MAX;
	far_send(h, ROLE_RESOLVER, &m);
	spin(h);
	assert_int_equal(h->far[ROLE_RESOLVER].closed, 1);
	house_free(h);
}

static void violate(struct house *h, const char *peer, uint8_t proto, uint16_t port,
	uint32_t packets)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(peer);
	m.seen_violation.proto = proto;
	m.seen_violation.device_port = 40000;
	m.seen_violation.peer_port = port;
	m.seen_violation.packets = packets;
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static void its_own_resolver_is_called_so(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();

	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	violate(h, "8.8.8.8", FLOW_PROTO_UDP, 53, 1);
	assert_non_null(strstr(last_event(h, EVENT_VIOLATION)->text,
		"uses its own resolver 8.8.8.8 (Google"));
	violate(h, "203.0.113.53", FLOW_PROTO_TCP, 853, 1);
	assert_non_null(strstr(last_event(h, EVENT_VIOLATION)->text,
		"the public resolver 203.0.113.53 by TLS"));
	violate(h, "203.0.113.80", FLOW_PROTO_TCP, 443, 1);
	assert_null(strstr(last_event(h, EVENT_VIOLATION)->text, "resolver"));
	/* the enforcer counts before it tells */
	violate(h, "203.0.113.80", FLOW_PROTO_TCP, 443, 41);
	assert_int_equal(last_event(h, EVENT_VIOLATION)->packets, 42);
	house_free(h);
}

static void who_is_only_watched_may_hide(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();
	const struct event *found;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	told(h, "dns.google", "8.8.8.8");
	told(h, "dns.google", "8.8.4.4");
	found = last_event(h, EVENT_NAMES_HIDDEN);
	assert_non_null(found);
	assert_int_equal(found->packets, 2);
	assert_non_null(strstr(found->text, "the public resolver dns.google (Google"));
	/* who is not may not reach it: that is a violation once it tries */
	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	told(h, "dns.google", "8.8.8.8");
	assert_int_equal(last_event(h, EVENT_NAMES_HIDDEN)->packets, 2);
	violate(h, "8.8.8.8", FLOW_PROTO_TCP, 443, 1);
	assert_non_null(strstr(last_event(h, EVENT_VIOLATION)->text, "dns.google"));
	house_free(h);
}

/* ---- the house's own zone ---- */

static bool local_told(const struct house *h, const char *name, const char *addr)
{
	struct addr a = ip(addr);
	bool there = false;

	for (size_t i = 0; i < h->far[ROLE_RESOLVER].count; i++) {
		const struct message *m = &h->far[ROLE_RESOLVER].got[i];

		if (m->type == MESSAGE_DNS_LOCAL && addr_equal(&m->dns_local.addr, &a) &&
			strcmp(m->dns_local.name, name) == 0)
			there = !m->dns_local.remove;
	}
	return there;
}

static void devices_are_found_by_their_names(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct device *d;

	assert_int_equal(pipeline_setting(&h->p, "dns_domain", "internal"), 0);
	see_dhcp(h, LAMP, "Lamp_of  Anna!", "");
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	advance(h, 1);
	assert_true(local_told(h, "lamp-of-anna.internal", LAMP_IP));
	/* a second one of that name does not take it */
	see_dhcp(h, "02:00:00:00:00:11", "lamp-of-anna", "");
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	/* names that mean something else are nobody's */
	see_dhcp(h, "02:00:00:00:00:12", "wpad", "");
	see_addr(h, "02:00:00:00:00:12", "192.168.7.12", ADDR_SOURCE_DHCP4, 86400);
	advance(h, 1);
	assert_false(local_told(h, "lamp-of-anna.internal", "192.168.7.11"));
	assert_false(local_told(h, "wpad.internal", "192.168.7.12"));
	/* the owner's word replaces its own */
	d = device_of(h, LAMP);
	assert_int_equal(inventory_rename(h->p.inventory, d, "Reading light"), 0);
	advance(h, 2);
	assert_true(local_told(h, "reading-light.internal", LAMP_IP));
	assert_false(local_told(h, "lamp-of-anna.internal", LAMP_IP));
	assert_true(local_told(h, "lamp-of-anna.internal", "192.168.7.11"));
	house_free(h);
}

/* ---- ports ---- */

/* What calls itself as the owner calls another device does not get its visitors. */
static void the_owners_name_goes_before_what_devices_say(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct device *d;

	assert_int_equal(pipeline_setting(&h->p, "dns_domain", "internal"), 0);
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	d = device_of(h, "02:00:00:00:00:11");
	str_copy(d->hostname, sizeof(d->hostname), "nas");
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	advance(h, 2);
	assert_true(local_told(h, "nas.internal", "192.168.7.11"));
	d = device_of(h, LAMP);
	str_copy(d->name, sizeof(d->name), "NAS");
	d->named_by_owner = true;
	advance(h, 2);
	assert_true(local_told(h, "nas.internal", LAMP_IP));
	assert_false(local_told(h, "nas.internal", "192.168.7.11"));
	/* the same by another resolver */
	ipc_close(&h->far[ROLE_RESOLVER].ipc);
	spin(h);
	h->far[ROLE_RESOLVER].count = 0;
	connect_far(h, ROLE_RESOLVER);
	advance(h, 2);
	assert_true(local_told(h, "nas.internal", LAMP_IP));
	assert_false(local_told(h, "nas.internal", "192.168.7.11"));
	house_free(h);
}

static void tell_port(struct house *h, const char *name, bool gone, bool covered)
{
	struct message m = {.type = MESSAGE_PORT};

	str_copy(m.port.name, sizeof(m.port.name), name);
	m.port.gone = gone;
	m.port.covered = covered;
	str_copy(m.port.text, sizeof(m.port.text), covered ? "" : "the switch forwards itself");
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static int keep_last(void *ctx, const struct decision *d)
{
	*(struct decision *)ctx = *d;
	return 0;
}

static struct decision open_question(struct house *h)
{
	struct decision d = {0};

	assert_int_equal(store_decisions(h->store, true, keep_last, &d), 0);
	return d;
}

static void a_port_without_rules_is_asked_about(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct decision d;

	tell_port(h, "lan1", false, true);
	tell_port(h, "lan2", false, false);
	assert_int_equal(open_question(h).id, 0); /* it may be covered in a moment */
	advance(h, 6);
	d = open_question(h);
	assert_int_equal(d.kind, DECISION_PORT);
	assert_string_equal(d.subject, "lan2");
	assert_non_null(strstr(d.text, "the switch forwards itself"));
	/* covered after all: taken back */
	tell_port(h, "lan2", false, true);
	advance(h, 6);
	assert_int_equal(open_question(h).id, 0);
	tell_port(h, "lan2", false, false);
	advance(h, 6);
	d = open_question(h);
	assert_string_equal(d.subject, "lan2");
	assert_false(pipeline_port_accepted(&h->p, "lan2"));
	assert_int_equal(pipeline_answer(&h->p, d.id, true, "", &d), 0);
	assert_true(pipeline_port_accepted(&h->p, "lan2"));
	/* he has said so: he is not asked again */
	tell_port(h, "lan2", true, false);
	advance(h, 6);
	tell_port(h, "lan2", false, false);
	advance(h, 6);
	assert_int_equal(open_question(h).id, 0);
	house_free(h);
}

static void questions_about_ports_end_with_them(void **state)
{
	(void)state;
	struct house *h = house_new();

	tell_port(h, "lan2", false, false);
	advance(h, 6);
	assert_string_equal(open_question(h).subject, "lan2");
	/* a new enforcer does not know it */
	connect_far(h, ROLE_ENFORCER);
	enforcer_ready(h);
	advance(h, 6);
	assert_string_equal(open_question(h).subject, "lan2"); /* nor anything else yet */
	tell_port(h, "lan1", false, true);
	advance(h, 6);
	assert_int_equal(open_question(h).id, 0);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unlisted_names_are_refused_when_the_owner_says_so),
		cmocka_unit_test(quarantine_counts_for_names_at_once),
		cmocka_unit_test(public_resolvers_are_refused_unless_listed),
		cmocka_unit_test(forbidden_names_do_not_exist),
		cmocka_unit_test(findings_are_events),
		cmocka_unit_test(its_own_resolver_is_called_so),
		cmocka_unit_test(who_is_only_watched_may_hide),
		cmocka_unit_test(devices_are_found_by_their_names),
		cmocka_unit_test(the_owners_name_goes_before_what_devices_say),
		cmocka_unit_test(a_port_without_rules_is_asked_about),
		cmocka_unit_test(questions_about_ports_end_with_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
