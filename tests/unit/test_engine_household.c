// SPDX-License-Identifier: GPL-2.0-or-later
/* Names that end: forgotten, and given back where they took something away. */
#include "test_engine_util.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exception_ends_with_its_name),
		cmocka_unit_test(names_of_the_unmanaged_end_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
