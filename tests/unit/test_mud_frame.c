// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_frame - Ethernet types and MAC addresses become rules, or say why not; and
 * what a hostile file may ask for is held back or pointed out. */
#include "model/flow.h"
#include "unit/test_mud_util.h"

#define ALL "mixed-eth-ipv4-ipv6-acl-type"
#define MAC "00:00:5e:00:53:01"
#define BROADCAST "ff:ff:ff:ff:ff:ff"
#define ONES "ff:ff:ff:ff:ff:ff"
#define LOCAL "\"ietf-mud:mud\":{\"local-networks\":[null]}"

static struct reading read_matches(const char *policy, const char *matches)
{
	return read_good(
		&(struct file){.type = ALL, .policy = policy, .matches = matches}, 1);
}

/* ---- frames that are not IP ---- */

static void test_frames(void **state)
{
	(void)state;
	static const struct {
		const char *policy, *matches;
		int ethertype;
		enum peer_kind peer;
	} cases[] = {
		{NULL, "{\"eth\":{\"ethertype\":35020}}", 0x88cc, PEER_ANY},
		{NULL, "{" LOCAL ",\"eth\":{\"ethertype\":35020}}", 0x88cc, PEER_ANY},
		{NULL, "{\"eth\":{\"ethertype\":1536}}", 0x600, PEER_ANY},
		{NULL,
			"{\"eth\":{\"ethertype\":35020,\"destination-mac-address\":"
			"\"" MAC "\"}}",
			0x88cc, PEER_MAC},
		{NULL,
			"{" LOCAL
			",\"eth\":{\"ethertype\":35020,\"destination-mac-address\":"
			"\"" MAC "\",\"destination-mac-address-mask\":\"" ONES "\"}}",
			0x88cc, PEER_MAC},
		{NULL,
			"{\"eth\":{\"ethertype\":35020,\"destination-mac-address\":"
			"\"" MAC "\",\"destination-mac-address-mask\":"
			"\"00:00:00:00:00:00\"}}",
			0x88cc, PEER_ANY},
		{"to-device-policy",
			"{\"eth\":{\"ethertype\":35020,\"source-mac-address\":\"" MAC
			"\"}}",
			0x88cc, PEER_MAC},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reading r = read_matches(cases[i].policy, cases[i].matches);
		const struct rule *rule = &r.p.rules[0];
		assert_int_equal(rule->status, RULE_ENFORCED);
		assert_int_equal(rule->ethertype, cases[i].ethertype);
		assert_int_equal(rule->peer.kind, cases[i].peer);
		if (cases[i].peer == PEER_MAC)
			assert_int_equal(rule->peer.mac.b[2], 0x5e);
		assert_int_equal(rule->family, 0);
		assert_string_equal(rule->detail, "");
		reading_free(&r);
	}
}

static void test_what_always_passes(void **state)
{
	(void)state;
	static const struct {
		int type;
		const char *name;
	} cases[] = {{0x0806, "ARP always passes"}, {0x888e, "EAPOL always passes"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[128];
		snprintf(text, sizeof text, "{" LOCAL ",\"eth\":{\"ethertype\":%d}}",
			cases[i].type);
		struct reading r = read_matches(NULL, text);
		assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
		assert_int_equal(r.p.rules[0].ethertype, cases[i].type);
		assert_non_null(strstr(r.p.rules[0].detail, cases[i].name));
		assert_int_equal(count_notes(&r, NOTE_WARNING), 0);
		reading_free(&r);
		r = read_good(&(struct file){.type = ALL,
				      .matches = text,
				      .actions = "{\"forwarding\":\"drop\"}"},
			1);
		assert_int_equal(r.p.rules[0].status, RULE_UNENFORCEABLE);
		assert_non_null(strstr(r.p.rules[0].detail, cases[i].name));
		assert_non_null(find_note(&r, NOTE_WARNING, "cannot be enforced"));
		reading_free(&r);
	}
}

/* No other room may be handed a type that is none. */
static void test_lengths_are_no_types(void **state)
{
	(void)state;
	struct reading r = read_matches(NULL, "{" LOCAL ",\"eth\":{\"ethertype\":6}}");

	assert_int_equal(r.p.rules[0].status, RULE_UNENFORCEABLE);
	assert_int_equal(r.p.rules[0].ethertype, RULE_ETHERTYPE_IP);
	assert_non_null(strstr(r.p.rules[0].detail, "0x0006 is a length, not a type"));
	reading_free(&r);
}

static void test_frames_of_a_class(void **state)
{
	(void)state;
	struct reading r = read_matches(NULL,
		"{\"ietf-mud:mud\":{\"my-controller\":[null]},\"eth\":{"
		"\"ethertype\":35020}}");

	assert_int_equal(r.p.rules[0].status, RULE_NOT_YET);
	assert_int_equal(r.p.rules[0].peer.kind, PEER_ANY);
	assert_non_null(strstr(r.p.rules[0].detail, "by the class my-controller"));
	reading_free(&r);
}

/* ---- MAC addresses beside IP ---- */

static void test_mac_of_a_peer(void **state)
{
	(void)state;
	static const struct {
		const char *policy, *matches;
	} cases[] = {
		{NULL, "{\"eth\":{\"destination-mac-address\":\"" MAC "\"}}"},
		{NULL, "{\"eth\":{\"ethertype\":2048,\"destination-mac-address\":"
		       "\"" MAC "\"},\"ipv4\":{\"protocol\":6}}"},
		{NULL, "{" LOCAL ",\"eth\":{\"destination-mac-address\":\"" MAC "\","
		       "\"destination-mac-address-mask\":\"" ONES "\"}}"},
		{"to-device-policy",
			"{\"eth\":{\"source-mac-address\":\"" MAC "\"},\"ipv6\":{}}"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reading r = read_matches(cases[i].policy, cases[i].matches);
		const struct rule *rule = &r.p.rules[0];
		assert_int_equal(rule->ethertype, RULE_ETHERTYPE_IP);
		assert_int_equal(rule->peer.kind, PEER_MAC);
		assert_int_equal(rule->peer.mac.b[5], 1);
		assert_int_equal(rule->status, RULE_APPROXIMATED);
		assert_string_equal(rule->detail,
			"by the IP addresses that the device with this MAC uses");
		reading_free(&r);
	}
}

static void test_group_mac(void **state)
{
	(void)state;
	static const struct {
		const char *mac, *address;
		enum rule_status status;
	} cases[] = {
		{BROADCAST, "255.255.255.255/32", RULE_ENFORCED},
		{"01:00:5e:7f:ff:fa", "239.255.255.250/32", RULE_ENFORCED},
		{"01:00:5e:00:00:fb", "224.0.0.251/32", RULE_ENFORCED},
		/* the MAC says less than the address, or something else */
		{"01:00:5e:00:00:fb", "224.0.0.0/24", RULE_APPROXIMATED},
		{BROADCAST, "224.0.0.251/32", RULE_APPROXIMATED},
		{"01:00:5e:00:00:fb", "192.0.2.0/24", RULE_NOT_YET},
		{BROADCAST, "192.0.2.255/32", RULE_NOT_YET},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text,
			"{\"eth\":{\"destination-mac-address\":\"%s\"},\"ipv4\":{"
			"\"destination-ipv4-network\":\"%s\"}}",
			cases[i].mac, cases[i].address);
		struct reading r = read_matches(NULL, text);
		assert_int_equal(r.p.rules[0].status, cases[i].status);
		assert_int_equal(r.p.rules[0].peer.kind, PEER_PREFIX);
		reading_free(&r);
	}
	struct reading r =
		read_matches(NULL, "{\"eth\":{\"destination-mac-address\":\"33:33:00:"
				   "00:00:0c\"},\"ipv6\":{"
				   "\"destination-ipv6-network\":\"ff05::c/128\"}}");
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	reading_free(&r);
}

/* The broadcast address of a subnet is not the file's to know. */
static void test_broadcast_without_an_address(void **state)
{
	(void)state;
	char text[PREFIX_TEXT_MAX];
	struct reading r = read_matches(NULL,
		"{" LOCAL ",\"eth\":{\"ethertype\":2048,\"destination-mac-address\":"
		"\"" BROADCAST "\"},\"ipv4\":{\"protocol\":17}}");

	assert_int_equal(r.p.rules[0].status, RULE_APPROXIMATED);
	assert_int_equal(r.p.rules[0].peer.kind, PEER_PREFIX);
	assert_string_equal(
		prefix_format(&r.p.rules[0].peer.prefix, text), "255.255.255.255/32");
	reading_free(&r);
	r = read_matches(NULL, "{\"eth\":{\"destination-mac-address\":\"" BROADCAST
			       "\"},\"ipv6\":{}}");
	assert_int_equal(r.p.rules[0].status, RULE_NOT_YET);
	reading_free(&r);
}

/* ---- hostile files ---- */

static struct reading read_prefix(int family, const char *prefix, const char *action)
{
	char text[256], actions[64];

	snprintf(text, sizeof text,
		"{\"ipv%d\":{\"destination-ipv%d-network\":\"%s\"}}", family, family,
		prefix);
	snprintf(actions, sizeof actions, "{\"forwarding\":\"%s\"}", action);
	return read_good(
		&(struct file){.type = ALL, .matches = text, .actions = actions}, 1);
}

static void test_addresses_of_the_house(void **state)
{
	(void)state;
	static const struct {
		int family;
		const char *prefix;
	} held[] = {{4, "192.168.1.1/32"}, {4, "10.0.0.0/8"}, {4, "172.31.0.0/16"},
		{4, "100.64.0.1/32"}, {4, "169.254.7.7/32"}, {4, "127.0.0.1/32"},
		{4, "8.0.0.0/5"}, {4, "0.0.0.0/1"}, {4, "128.0.0.0/1"},
		{4, "0.0.0.0/32"}, {6, "fd00::1/128"}, {6, "fc00::/7"},
		{6, "fe80::1/128"}, {6, "::1/128"}, {6, "f000::/4"}};
	static const struct {
		int family;
		const char *prefix;
	} free_ones[] = {{4, "192.0.2.0/24"}, {4, "224.0.0.251/32"},
		{4, "255.255.255.255/32"}, {4, "169.254.0.0/16"}, {4, "172.32.0.0/16"},
		{6, "2001:db8::/32"}, {6, "fe80::/10"}, {6, "fe80::/64"},
		{6, "ff02::fb/128"}};

	for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
		struct reading r =
			read_prefix(held[i].family, held[i].prefix, "accept");
		assert_int_equal(r.p.rules[0].status, RULE_PREVIEWED);
		assert_string_equal(r.p.rules[0].detail,
			"a private address that the maker cannot know: not enabled "
			"before the owner accepts it");
		assert_non_null(find_note(&r, NOTE_WARNING, "a private address"));
		reading_free(&r);
		/* to forbid it harms nobody */
		r = read_prefix(held[i].family, held[i].prefix, "drop");
		assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
		reading_free(&r);
	}
	for (size_t i = 0; i < sizeof free_ones / sizeof *free_ones; i++) {
		struct reading r =
			read_prefix(free_ones[i].family, free_ones[i].prefix, "accept");
		assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
		reading_free(&r);
	}
	/* a literal in the place of a name is an address all the same */
	struct reading r = read_matches(
		NULL, "{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"192.168.0.1\"}}");
	assert_int_equal(r.p.rules[0].status, RULE_PREVIEWED);
	reading_free(&r);
}

static void test_warnings(void **state)
{
	(void)state;
	static const struct {
		const char *matches, *part; /* NULL: no warning */
	} cases[] = {
		{"{}", "allows every peer"},
		{"{" LOCAL "}", "every port of every device"},
		{"{" LOCAL ",\"tcp\":{}}", "every port of every device"},
		{"{" LOCAL ",\"udp\":{\"destination-port\":{\"port\":5}}}", NULL},
		{"{" LOCAL ",\"ipv4\":{},\"icmp\":{\"type\":8}}", NULL},
		{"{\"ipv4\":{\"destination-ipv4-network\":\"255.255.255.255/32\"}}",
			"everybody on the network at once"},
		{"{\"ipv4\":{\"destination-ipv4-network\":\"198.51.100.1/32\"}}",
			"a bare address"},
		{"{\"ietf-mud:mud\":{\"controller\":\"https://evil.example/c\"}}",
			"never fetched"},
		{"{\"ietf-mud:mud\":{\"controller\":\"urn:example:c\"}}", NULL},
		{"{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"a.example\"}}", NULL},
		{"{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"xn--pple-43d.example\"}}",
			"in Latin and Cyrillic letters: it may look like another"},
		{"{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"a.XN--E1AWD7F.example\"}}",
			"in Cyrillic letters"},
		{"{\"ietf-mud:mud\":{\"manufacturer\":\"xn--mnchen-3ya.example\"}}",
			"in Latin letters"},
		{"{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"xn--99999999.example\"}}",
			"pretends to be"},
		{"{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"xn--fiqs8s\"}}",
			"in Chinese letters"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reading r = read_matches(NULL, cases[i].matches);
		assert_int_equal(count_notes(&r, NOTE_WARNING), cases[i].part ? 1 : 0);
		if (cases[i].part)
			assert_non_null(find_note(&r, NOTE_WARNING, cases[i].part));
		reading_free(&r);
	}
	struct reading r = read_file(MUD_IMPORT,
		&(struct file){
			.matches = "{\"ietf-mud:mud\":{"
				   "\"controller\":\"urn:ietf:params:mud:gateway\"}}"});
	assert_non_null(find_note(&r, NOTE_WARNING, "the gateway itself"));
	reading_free(&r);
	r = read_good(&(struct file){.url = "\"mud-url\":"
					    "\"https://xn--e1awd7f.example:8443/x\","},
		1);
	assert_non_null(find_note(&r, NOTE_WARNING, "in Cyrillic letters"));
	reading_free(&r);
}

/* Names that no resolver knows: refused, not shown as something else. */
static void test_names_that_are_none(void **state)
{
	(void)state;
	static const char *const names[] = {"\xd0\xb0pple.example",
		"\\u0430pple.example", "a\\u00addb.example", "a b.example",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		 "example")};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char text[256];
		snprintf(text, sizeof text,
			"{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"%s\"}}", names[i]);
		struct file f = {.type = ALL, .matches = text};
		assert_repaired(&f, "neither a domain name nor an address");
		struct reading r = read_file(MUD_IMPORT, &f);
		assert_int_equal(r.p.rules[0].status, RULE_NOT_YET);
		reading_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_what_always_passes),
		cmocka_unit_test(test_lengths_are_no_types),
		cmocka_unit_test(test_frames_of_a_class),
		cmocka_unit_test(test_mac_of_a_peer),
		cmocka_unit_test(test_group_mac),
		cmocka_unit_test(test_broadcast_without_an_address),
		cmocka_unit_test(test_addresses_of_the_house),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_names_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
