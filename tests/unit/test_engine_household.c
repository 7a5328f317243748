// SPDX-License-Identifier: GPL-2.0-or-later
/* What the house does to a device's policy: names that end, quarantine, conversations
 * that are ended, bandwidths. */
#include <errno.h>
#include "test_engine_util.h"
#include "wire/dns.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define BAD "198.51.100.7"
#define LIFE_S (300 + BINDING_GRACE_S) /* of what tell_name tells */

/* Accepts a network, but not the addresses of one name. */
static void rules_with_exception(struct rule rules[2])
{
	rule_init(&rules[0]);
	rules[0].id = 1;
	rules[0].action = RULE_DROP;
	rules[0].peer.kind = PEER_NAME;
	str_copy(rules[0].peer.name, sizeof(rules[0].peer.name), "bad.example");
	rule_init(&rules[1]);
	rules[1].id = 2;
	rules[1].proto = FLOW_PROTO_TCP;
	rules[1].peer.kind = PEER_PREFIX;
	assert_int_equal(prefix_parse("198.51.100.0/24", &rules[1].peer.prefix), 0);
}

static struct household_device *protect(struct house *h, struct shelf_entry *e)
{
	struct household_device *hd;
	struct device *d;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	d = device_of(h, LAMP);
	assert_non_null(d);
	hd = household_device(&h->p.household, d->id);
	assert_int_equal(household_adopt(hd, e), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, false, h->clock.now);
	spin(h);
	return hd;
}

static bool kernel_allows(const struct house *h, const char *peer)
{
	struct addr a = ip(peer);

	for (size_t i = 0; i < h->kernel_count; i++) {
		const struct element *e = &h->kernel[i];

		if (e->kind == ELEMENT_OUT_RANGE && e->family == 4 &&
			addr_compare(&e->peer_lo, &a) <= 0 &&
			addr_compare(&a, &e->peer_hi) <= 0)
			return true;
	}
	return false;
}

static void an_exception_ends_with_its_name(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e = {.profile = {.rules = rules, .rule_count = 2}};
	struct house *h = house_new();
	struct household_device *hd;

	rules_with_exception(rules);
	hd = protect(h, &e);
	assert_true(kernel_allows(h, BAD));
	tell_name(h, 1, LAMP_IP, "bad.example", BAD);
	assert_false(kernel_allows(h, BAD));
	assert_true(kernel_allows(h, "198.51.100.8"));
	assert_int_equal(hd->names.count, 1);
	advance(h, LIFE_S - 20);
	assert_false(kernel_allows(h, BAD));
	advance(h, 40);
	assert_int_equal(hd->names.count, 0);
	assert_true(kernel_allows(h, BAD));
	house_free(h);
}

static void names_of_the_unmanaged_end_too(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct household_device *hd;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	tell_name(h, 1, LAMP_IP, "any.example", BAD);
	hd = household_device(&h->p.household, device_of(h, LAMP)->id);
	assert_int_equal(hd->names.count, 1);
	advance(h, LIFE_S + 20);
	assert_int_equal(hd->names.count, 0);
	house_free(h);
}

static unsigned forgets(const struct house *h)
{
	return got_count(h, ROLE_ENFORCER, MESSAGE_FORGET);
}

/* UDP to two networks, the first of which stays on in quarantine. */
static void rules_with_repair(struct rule rules[2])
{
	for (unsigned i = 0; i < 2; i++) {
		rule_init(&rules[i]);
		rules[i].id = i + 1;
		rules[i].proto = FLOW_PROTO_UDP;
		rules[i].peer.kind = PEER_PREFIX;
		rules[i].quarantine = i == 0;
		str_copy(rules[i].acl, sizeof(rules[i].acl), i ? "all" : "repair");
	}
	assert_int_equal(prefix_parse("203.0.113.0/24", &rules[0].peer.prefix), 0);
	assert_int_equal(prefix_parse("198.51.100.0/24", &rules[1].peer.prefix), 0);
}

static bool kernel_has_rules(const struct house *h)
{
	return kernel_has(h, ELEMENT_MANAGED, LAMP, NULL);
}

static void quarantine_leaves_what_repairs(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e = {.profile = {.rules = rules, .rule_count = 2}};
	struct house *h = house_new();
	struct device *d;
	unsigned before;

	rules_with_repair(rules);
	(void)protect(h, &e);
	d = device_of(h, LAMP);
	assert_true(kernel_allows(h, BAD));
	before = forgets(h);
	assert_int_equal(pipeline_quarantine(&h->p, d, "it scans the network"), 0);
	spin(h);
	assert_int_equal(d->state, DEVICE_QUARANTINED);
	assert_int_equal(forgets(h), before + 1); /* its conversations end */
	assert_false(kernel_allows(h, BAD));
	assert_true(kernel_allows(h, "203.0.113.1"));
	assert_true(kernel_has_rules(h));
	/* another reason is no other quarantine */
	assert_int_equal(pipeline_quarantine(&h->p, d, "it is old"), 0);
	assert_string_equal(d->quarantine, "it is old");
	assert_int_equal(forgets(h), before + 1);
	assert_int_equal(pipeline_quarantine(&h->p, d, NULL), 0);
	spin(h);
	assert_int_equal(d->state, DEVICE_PROTECTED);
	assert_true(kernel_allows(h, BAD));
	assert_string_equal(d->quarantine, "");
	house_free(h);
}

static void a_device_without_a_file_can_be_in_quarantine(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct device *d;
	struct household_device *hd;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	d = device_of(h, LAMP);
	assert_false(kernel_has_rules(h));
	assert_int_equal(pipeline_quarantine(&h->p, d, "nobody knows it"), 0);
	spin(h);
	hd = household_device(&h->p.household, d->id);
	assert_true(kernel_has_rules(h));
	assert_true(kernel_has(h, ELEMENT_POLICED, NULL, LAMP_IP));
	assert_false(kernel_allows(h, BAD));
	assert_int_equal(hd->policy.base_first, 0);
	assert_true(hd->policy.count > 0); /* the gateway's DNS and time */
	assert_int_equal(pipeline_quarantine(&h->p, d, NULL), 0);
	spin(h);
	assert_false(kernel_has_rules(h));
	assert_null(hd->pool);
	assert_int_equal(d->state, DEVICE_NEW);
	house_free(h);
}

static void quarantine_survives_a_restart(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct identity i = {.mac = mac_of(LAMP), .source = URL_SOURCE_OWNER,
		.mud_url = URL_A};
	struct device *d;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	assert_int_equal(
		pipeline_quarantine(&h->p, device_of(h, LAMP), "for a test"), 0);
	engine_end(h);
	h->kernel_count = 0;
	engine_start(h);
	connect_all(h);
	d = device_of(h, LAMP);
	assert_int_equal(d->state, DEVICE_QUARANTINED);
	assert_string_equal(d->quarantine, "for a test");
	assert_true(kernel_has_rules(h));
	/* a file that comes now does not end it */
	assert_int_equal(pipeline_identity(&h->p, &i, &d), 0);
	spin(h);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	assert_int_equal(d->state, DEVICE_QUARANTINED);
	tell_name(h, 1, LAMP_IP, "cloud.example", BAD);
	assert_null(kernel_out(h, BAD));
	assert_int_equal(got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, 0)->dns_release.rcode,
		DNS_RCODE_REFUSED);
	assert_int_equal(pipeline_quarantine(&h->p, d, NULL), 0);
	spin(h);
	assert_int_equal(d->state, DEVICE_PROTECTED);
	tell_name(h, 2, LAMP_IP, "cloud.example", BAD);
	assert_non_null(kernel_out(h, BAD));
	house_free(h);
}

static void bad_reasons_are_refused(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct device *d;
	char text[LIMIT_TEXT + 2];

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	d = device_of(h, LAMP);
	memset(text, 'x', sizeof(text));
	text[LIMIT_TEXT] = 0;
	assert_int_equal(pipeline_quarantine(&h->p, d, text), CARDEA_EMALFORMED);
	assert_int_equal(pipeline_quarantine(&h->p, d, ""), CARDEA_EMALFORMED);
	assert_int_equal(pipeline_quarantine(&h->p, d, "a\x1b[0m"), CARDEA_EMALFORMED);
	assert_int_equal(pipeline_quarantine(&h->p, d, NULL), 0);
	assert_string_equal(d->quarantine, "");
	assert_int_equal(d->state, DEVICE_NEW);
	text[LIMIT_TEXT - 1] = 0;
	assert_int_equal(pipeline_quarantine(&h->p, d, text), 0);
	house_free(h);
}

static int block(struct house *h, const char *peer)
{
	struct addr a = ip(peer);
	int error = household_block(&h->p.household, device_of(h, LAMP), &a,
		FLOW_PROTO_UDP, 5000, h->clock.now);

	spin(h);
	return error;
}

/* UDP, port 5000 */
static bool flow_is_open(const struct house *h, const char *peer)
{
	struct addr a = ip(peer);

	for (size_t i = 0; i < h->kernel_count; i++) {
		const struct element *e = &h->kernel[i];

		if (e->kind == ELEMENT_OUT_RANGE && e->family == 4 &&
			e->proto_lo == FLOW_PROTO_UDP && e->peer_port.lo <= 5000 &&
			e->peer_port.hi >= 5000 && addr_compare(&e->peer_lo, &a) <= 0 &&
			addr_compare(&a, &e->peer_hi) <= 0)
			return true;
	}
	return false;
}

static void what_is_ended_stays_ended_for_a_while(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e = {.profile = {.rules = rules, .rule_count = 2}};
	struct house *h = house_new();
	struct household_device *hd;
	unsigned before;

	rules_with_repair(rules);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	assert_int_equal(block(h, BAD), -ENOENT); /* nothing is enforced for it */
	hd = protect(h, &e);
	before = forgets(h);
	assert_int_equal(block(h, BAD), 0);
	assert_int_equal(forgets(h), before + 1);
	assert_false(flow_is_open(h, BAD));
	assert_true(flow_is_open(h, "198.51.100.8"));
	assert_true(kernel_allows(h, BAD)); /* other services */
	advance(h, HOUSEHOLD_BLOCK_S - 20);
	assert_false(flow_is_open(h, BAD));
	assert_int_equal(block(h, BAD), 0); /* renewed, nothing to tell the kernel */
	assert_int_equal(forgets(h), before + 1);
	advance(h, HOUSEHOLD_BLOCK_S - 20);
	assert_false(flow_is_open(h, BAD));
	advance(h, 40);
	assert_true(flow_is_open(h, BAD));
	assert_int_equal(hd->block_count, 0);
	house_free(h);
}

static void the_oldest_block_goes(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e = {.profile = {.rules = rules, .rule_count = 2}};
	struct house *h = house_new();
	struct household_device *hd;
	char text[ADDR_TEXT_MAX];

	rules_with_repair(rules);
	hd = protect(h, &e);
	for (unsigned i = 0; i <= HOUSEHOLD_BLOCKS_MAX; i++) {
		assert_int_equal(
			str_print(text, sizeof(text), "198.51.100.%u", i * 2), 0);
		assert_int_equal(block(h, text), 0);
	}
	assert_int_equal(hd->block_count, HOUSEHOLD_BLOCKS_MAX);
	assert_true(flow_is_open(h, "198.51.100.0"));
	assert_false(flow_is_open(h, "198.51.100.2"));
	assert_false(flow_is_open(h, text));
	/* a new version of the file does not open them */
	assert_int_equal(household_adopt(hd, &e), 0);
	household_update(&h->p.household, device_of(h, LAMP), true, h->clock.now);
	spin(h);
	assert_false(flow_is_open(h, text));
	house_free(h);
}

static uint64_t kernel_rate(const struct house *h, enum element_kind kind)
{
	for (size_t i = 0; i < h->kernel_count; i++)
		if (h->kernel[i].kind == kind)
			return h->kernel[i].rate;
	return 0;
}

static struct profile_limit limit_of(
	enum direction d, const char *acl, uint64_t bytes, uint64_t packets)
{
	struct profile_limit l = {
		.direction = d, .bytes = bytes, .packets = packets, .timeframe_s = 1};

	str_copy(l.acl, sizeof(l.acl), acl);
	return l;
}

static void limits_are_kept_where_they_can_be(void **state)
{
	(void)state;
	struct rule rules[2];
	struct profile_limit limits[3] = {
		limit_of(DIRECTION_FROM_DEVICE, "repair", 1000, 0),
		limit_of(DIRECTION_FROM_DEVICE, "all", 500, 7),
		limit_of(DIRECTION_TO_DEVICE, "", 2000, 0),
	};
	struct shelf_entry e = {.profile = {.rules = rules,
					.rule_count = 2,
					.limits = limits,
					.limit_count = 3}};
	struct house *h = house_new();
	struct household_device *hd;
	struct household_limits all;
	const char *detail;

	rules_with_repair(rules);
	hd = protect(h, &e);
	assert_int_equal(kernel_rate(h, ELEMENT_LIMIT_OUT_BYTES), 1500);
	assert_int_equal(kernel_rate(h, ELEMENT_LIMIT_IN_BYTES), 2000);
	/* packets: one of two lists alone */
	assert_int_equal(kernel_rate(h, ELEMENT_LIMIT_OUT_PACKETS), 0);
	household_limits(hd, &all);
	assert_string_equal(household_limit_status(&all, 0, &hd->limits[0], &detail),
		"approximated");
	assert_string_equal(detail, "for the device as a whole");
	assert_string_equal(household_limit_status(&all, 1, &hd->limits[1], &detail),
		"approximated");
	assert_non_null(strstr(detail, "only in bytes or in packets"));
	/* now one list has no limit at all */
	limits[0].bytes = 0;
	assert_int_equal(household_adopt(hd, &e), 0);
	household_update(&h->p.household, device_of(h, LAMP), false, h->clock.now);
	spin(h);
	assert_int_equal(kernel_rate(h, ELEMENT_LIMIT_OUT_BYTES), 0);
	household_limits(hd, &all);
	assert_string_equal(household_limit_status(&all, 1, &hd->limits[1], &detail),
		"not enforceable here");
	house_free(h);
}

static void another_rate_reaches_the_kernel(void **state)
{
	(void)state;
	struct rule rules[2];
	struct profile_limit limit = limit_of(DIRECTION_FROM_DEVICE, "", 1000, 0);
	struct shelf_entry e = {.profile = {.rules = rules,
					.rule_count = 2,
					.limits = &limit,
					.limit_count = 1}};
	struct house *h = house_new();
	struct household_device *hd;

	rules_with_repair(rules);
	hd = protect(h, &e);
	assert_int_equal(kernel_rate(h, ELEMENT_LIMIT_OUT_BYTES), 1000);
	limit.bytes = 3000;
	assert_int_equal(household_adopt(hd, &e), 0);
	household_update(&h->p.household, device_of(h, LAMP), false, h->clock.now);
	spin(h);
	assert_int_equal(kernel_rate(h, ELEMENT_LIMIT_OUT_BYTES), 3000);
	house_free(h);
}

static void flows_that_were_to_end_end_with_the_next_enforcer(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e = {.profile = {.rules = rules, .rule_count = 2}};
	struct house *h = house_new();
	unsigned before;

	rules_with_repair(rules);
	(void)protect(h, &e);
	before = forgets(h);
	ipc_close(&h->far[ROLE_ENFORCER].ipc);
	spin(h);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "now"), 0);
	assert_int_equal(forgets(h), before);
	connect_far(h, ROLE_ENFORCER);
	enforcer_ready(h);
	assert_int_equal(forgets(h), before + 1);
	connect_far(h, ROLE_ENFORCER);
	enforcer_ready(h);
	assert_int_equal(forgets(h), before + 1);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exception_ends_with_its_name),
		cmocka_unit_test(names_of_the_unmanaged_end_too),
		cmocka_unit_test(quarantine_leaves_what_repairs),
		cmocka_unit_test(a_device_without_a_file_can_be_in_quarantine),
		cmocka_unit_test(quarantine_survives_a_restart),
		cmocka_unit_test(bad_reasons_are_refused),
		cmocka_unit_test(what_is_ended_stays_ended_for_a_while),
		cmocka_unit_test(the_oldest_block_goes),
		cmocka_unit_test(limits_are_kept_where_they_can_be),
		cmocka_unit_test(another_rate_reaches_the_kernel),
		cmocka_unit_test(flows_that_were_to_end_end_with_the_next_enforcer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
