// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_peer - who is at the other end of an entry: names, prefixes, classes, and
 * what two of them mean together. */
#include "unit/test_mud_util.h"

#define DNS(name) "\"ietf-acldns:dst-dnsname\":\"" name "\""
#define LOCAL "\"ietf-mud:mud\":{\"local-networks\":[null]}"

static struct file matching(const char *matches)
{
	return (struct file){.matches = matches};
}

static void assert_peer(const char *matches, enum peer_kind kind, const char *prefix)
{
	struct file f = {.type = "mixed-eth-ipv4-ipv6-acl-type", .matches = matches};
	struct reading r = read_good(&f, 1);
	char text[PREFIX_TEXT_MAX];

	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	assert_int_equal(r.p.rules[0].peer.kind, kind);
	if (prefix)
		assert_string_equal(
			prefix_format(&r.p.rules[0].peer.prefix, text), prefix);
	reading_free(&r);
}

static void test_peers(void **state)
{
	(void)state;
	assert_peer("{" LOCAL "}", PEER_LOCAL_NETWORKS, NULL);
	assert_peer("{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:dns\"}}",
		PEER_CONTROLLER_DNS, NULL);
	assert_peer("{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:ntp\"}}",
		PEER_CONTROLLER_NTP, NULL);
	assert_peer("{\"ipv4\":{" DNS("192.0.2.7") "}}", PEER_PREFIX, "192.0.2.7/32");
	assert_peer(
		"{\"ipv6\":{" DNS("2001:db8::7") "}}", PEER_PREFIX, "2001:db8::7/128");
	assert_peer("{\"ipv4\":{\"destination-ipv4-network\":\"192.0.2.9/24\"}}",
		PEER_PREFIX, "192.0.2.0/24");
	assert_peer("{\"ipv4\":{\"destination-ipv4-network\":\"0.0.0.0/0\"}}", PEER_ANY,
		NULL);
	assert_peer("{" LOCAL ",\"ipv4\":{\"destination-ipv4-network\":\"0.0.0.0/0\","
		    "\"source-ipv4-network\":\"0.0.0.0/0\"}}",
		PEER_LOCAL_NETWORKS, NULL);
	/* what both ask for, when one holds the other */
	assert_peer("{" LOCAL ",\"ipv4\":{\"destination-ipv4-network\":"
		    "\"239.255.255.250/32\"}}",
		PEER_PREFIX, "239.255.255.250/32");
	assert_peer("{" LOCAL ",\"ipv6\":{\"destination-ipv6-network\":\"ff00::/8\"}}",
		PEER_PREFIX, "ff00::/8");
	assert_peer("{" LOCAL ",\"ipv6\":{\"destination-ipv6-network\":\"fe80::/10\"}}",
		PEER_PREFIX, "fe80::/10");
	assert_peer("{\"ipv4\":{\"destination-ipv4-network\":\"192.0.2.0/24\"," DNS(
			    "192.0.2.7") "}}",
		PEER_PREFIX, "192.0.2.7/32");
	/* the broadcast address has the broadcast MAC, so nothing is lost */
	assert_peer("{\"eth\":{\"ethertype\":2048,\"destination-mac-address\":"
		    "\"ff:ff:ff:ff:ff:ff\"},\"ipv4\":{\"destination-ipv4-network\":"
		    "\"255.255.255.255/32\"}}",
		PEER_PREFIX, "255.255.255.255/32");
}

/* Whom a class means is the business of the house; the file says which class. */
static void test_classes(void **state)
{
	(void)state;
	static const struct {
		const char *mud;
		enum peer_kind kind;
		const char *name, *warning;
	} cases[] = {
		{"\"manufacturer\":\"Maker.Example.\"", PEER_MANUFACTURER,
			"maker.example", NULL},
		{"\"manufacturer\":\"2001:db8::1\"", PEER_MANUFACTURER, "[2001:db8::1]",
			NULL},
		{"\"same-manufacturer\":[null]", PEER_SAME_MANUFACTURER, "", NULL},
		{"\"model\":\"https://Maker.example/M\"", PEER_MODEL,
			"https://Maker.example/M", NULL},
		{"\"model\":\"urn:x:y\"", PEER_MODEL, "urn:x:y",
			"no device can have this MUD URL"},
		{"\"controller\":\"urn:x:hub\"", PEER_CONTROLLER, "urn:x:hub", NULL},
		{"\"controller\":\"HTTPS://c.example/\"", PEER_CONTROLLER,
			"HTTPS://c.example/", "never fetched"},
		{"\"my-controller\":[null]", PEER_MY_CONTROLLER, "", NULL},
		/* members of these are devices of this network anyway */
		{"\"local-networks\":[null],\"manufacturer\":\"m.example\"",
			PEER_MANUFACTURER, "m.example", NULL},
		{"\"local-networks\":[null],\"same-manufacturer\":[null]",
			PEER_SAME_MANUFACTURER, "", NULL},
		{"\"local-networks\":[null],\"model\":\"https://m.example/\"",
			PEER_MODEL, "https://m.example/", NULL},
		/* one class in another; the file is of maker.example */
		{"\"same-manufacturer\":[null],\"manufacturer\":\"maker.example\"",
			PEER_SAME_MANUFACTURER, "", NULL},
		{"\"same-manufacturer\":[null],\"model\":\"https://maker.example/2\"",
			PEER_MODEL, "https://maker.example/2", NULL},
		{"\"manufacturer\":\"m.example\",\"model\":\"https://m.example/2\"",
			PEER_MODEL, "https://m.example/2", NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text, "{\"ietf-mud:mud\":{%s}}", cases[i].mud);
		struct file f = matching(text);
		struct reading r = read_good(&f, 1);
		assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
		assert_int_equal(r.p.rules[0].peer.kind, cases[i].kind);
		assert_string_equal(r.p.rules[0].peer.name, cases[i].name);
		assert_string_equal(r.p.rules[0].detail, "");
		assert_int_equal(
			count_notes(&r, NOTE_WARNING), cases[i].warning ? 1 : 0);
		if (cases[i].warning)
			assert_non_null(find_note(&r, NOTE_WARNING, cases[i].warning));
		reading_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
