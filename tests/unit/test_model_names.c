// SPDX-License-Identifier: GPL-2.0-or-later
/* test_model_names - the words that status, JSON and documents share, and who counts as
 * proven. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "model/decision.h"
#include "model/device.h"
#include "model/element.h"
#include "model/event.h"
#include "model/ids.h"
#include "model/profile.h"
#include "model/overlay.h"
#include "model/rule.h"
#include "model/verdict.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

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
		"parent", "enforcer", "sensor", "resolver", "courier", "engine", "web"};

	(void)state;
	assert_int_equal(sizeof names / sizeof *names, ROLE_MAX);
	for (unsigned r = 0; r < ROLE_MAX; r++)
		assert_string_equal(role_name((enum role)r), names[r]);
	assert_string_equal(role_name(ROLE_MAX), "unknown");
}

static void test_url_sources(void **state)
{
	static const char *const names[] = {
		"none", "lldp", "dhcp", "qr", "certificate", "owner"};

	(void)state;
	assert_int_equal(COUNT(names), URL_SOURCE_MAX);
	for (unsigned s = 0; s < URL_SOURCE_MAX; s++)
		assert_string_equal(url_source_name((enum url_source)s), names[s]);
	assert_string_equal(url_source_name(URL_SOURCE_MAX), "unknown");
}

static void test_decisions(void **state)
{
	static const char *const kinds[] = {"authority", "signer", "unsigned", "rollback",
		"my-controller", "controller", "identity", "preview", "port",
		"conversation", "case", "release", "playbook", "advisory", "protect"};
	static const char *const answers[] = {"open", "accepted", "rejected"};

	(void)state;
	assert_int_equal(COUNT(kinds), DECISION_KIND_MAX);
	for (unsigned k = 0; k < DECISION_KIND_MAX; k++)
		assert_string_equal(
			decision_kind_name((enum decision_kind)k), kinds[k]);
	assert_string_equal(decision_kind_name(DECISION_KIND_MAX), "unknown");
	assert_int_equal(COUNT(answers), DECISION_ANSWER_MAX);
	for (unsigned a = 0; a < DECISION_ANSWER_MAX; a++)
		assert_string_equal(
			decision_answer_name((enum decision_answer)a), answers[a]);
	assert_string_equal(decision_answer_name(DECISION_ANSWER_MAX), "unknown");
}

/* One word each: two alike, or a forgotten one, would mix up things in JSON. */
#define EACH_HAS_ITS_WORD(name, type, max)                                               \
	do {                                                                             \
		for (unsigned i = 0; i < (unsigned)(max); i++) {                         \
			assert_string_not_equal(name((enum type)i), "unknown");          \
			for (unsigned k = 0; k < i; k++)                                 \
				assert_string_not_equal(                                 \
					name((enum type)i), name((enum type)k));         \
		}                                                                        \
		assert_string_equal(name((enum type)(max)), "unknown");                  \
	} while (0)

static void test_each_has_its_word(void **state)
{
	(void)state;
	EACH_HAS_ITS_WORD(element_kind_name, element_kind, ELEMENT_KIND_MAX);
	EACH_HAS_ITS_WORD(event_kind_name, event_kind, EVENT_KIND_MAX);
	EACH_HAS_ITS_WORD(signature_state_name, signature_state, SIGNATURE_STATE_MAX);
	EACH_HAS_ITS_WORD(peer_kind_name, peer_kind, PEER_MAX);
	EACH_HAS_ITS_WORD(rule_status_name, rule_status, RULE_STATUS_MAX);
	EACH_HAS_ITS_WORD(layer_name, layer, LAYER_MAX);
	EACH_HAS_ITS_WORD(overlay_kind_name, overlay_kind, OVERLAY_KIND_MAX);
	EACH_HAS_ITS_WORD(verdict_reason_name, verdict_reason, REASON_MAX);
	EACH_HAS_ITS_WORD(direction_name, direction, DIRECTION_MAX);
}

/* RFC 8520 16: what anybody can say by DHCP or LLDP proves nothing. */
static void test_proven_devices(void **state)
{
	static const bool by_itself[URL_SOURCE_MAX] = {
		[URL_SOURCE_QR] = true,
		[URL_SOURCE_CERTIFICATE] = true,
		[URL_SOURCE_OWNER] = true,
	};

	(void)state;
	for (unsigned s = 0; s < URL_SOURCE_MAX; s++) {
		struct device d = {.url_source = (enum url_source)s};

		assert_false(device_is_proven(&d));
		d.confirmed = true;
		assert_false(device_is_proven(&d)); /* of what? */
		strncpy(d.mud_url, "https://a.example/1", LIMIT_URL);
		assert_true(device_is_proven(&d));
		d.confirmed = false;
		assert_int_equal(device_is_proven(&d), by_itself[s]);
	}
}

static void test_enforced_devices(void **state)
{
	(void)state;
	for (unsigned s = 0; s < DEVICE_STATE_MAX; s++) {
		struct device d = {.state = (enum device_state)s};

		assert_int_equal(device_is_enforced(&d),
			s == DEVICE_PROTECTED || s == DEVICE_QUARANTINED);
	}
}

static void test_ethernet_sentences(void **state)
{
	char text[RULE_SENTENCE_MAX];
	struct rule r;

	(void)state;
	rule_init(&r);
	assert_int_equal(r.ethertype, RULE_ETHERTYPE_IP);
	r.ethertype = 0x88e1;
	r.proto = FLOW_PROTO_TCP; /* does not count */
	assert_string_equal(rule_sentence(&r, text),
		"may send frames of Ethernet type 0x88e1 to any address");
	r.direction = DIRECTION_TO_DEVICE;
	r.action = RULE_DROP;
	r.peer.kind = PEER_MAC;
	r.peer.mac = (struct mac){{2, 0, 0, 0, 0, 9}};
	assert_string_equal(rule_sentence(&r, text),
		"must not receive frames of Ethernet type 0x88e1 from the device "
		"02:00:00:00:00:09");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url_sources),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_each_has_its_word),
		cmocka_unit_test(test_proven_devices),
		cmocka_unit_test(test_enforced_devices),
		cmocka_unit_test(test_ethernet_sentences),
		cmocka_unit_test(test_device_states),
		cmocka_unit_test(test_addr_sources),
		cmocka_unit_test(test_roles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
