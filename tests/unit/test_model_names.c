// SPDX-License-Identifier: GPL-2.0-or-later
/* test_model_names - the words that status, JSON and documents share for the states of
 * devices, sources of addresses and processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "model/device.h"
#include "model/ids.h"

static void test_device_states(void **state)
{
	static const char *const names[] = {"new", "watched", "protected",
		"quarantined"};

	(void)state;
	assert_int_equal(sizeof names / sizeof *names, DEVICE_STATE_MAX);
	for (unsigned s = 0; s < DEVICE_STATE_MAX; s++)
		assert_string_equal(device_state_name((enum device_state)s), names[s]);
	assert_string_equal(device_state_name(DEVICE_STATE_MAX), "unknown");
}

static void test_addr_sources(void **state)
{
	static const char *const names[] = {"arp", "nd", "dhcpv6", "dhcpv4", "gateway"};

	(void)state;
	assert_int_equal(sizeof names / sizeof *names, ADDR_SOURCE_MAX);
	for (unsigned s = 0; s < ADDR_SOURCE_MAX; s++)
		assert_string_equal(addr_source_name((enum addr_source)s), names[s]);
	assert_string_equal(addr_source_name(ADDR_SOURCE_MAX), "unknown");
}

static void test_roles(void **state)
{
	static const char *const names[] = {
		"parent", "enforcer", "sensor", "resolver", "courier", "engine"};

	(void)state;
	assert_int_equal(sizeof names / sizeof *names, ROLE_MAX);
	for (unsigned r = 0; r < ROLE_MAX; r++)
		assert_string_equal(role_name((enum role)r), names[r]);
	assert_string_equal(role_name(ROLE_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_states),
		cmocka_unit_test(test_addr_sources),
		cmocka_unit_test(test_roles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
