// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_ace - entries become rules: each match, each repair, and everything that a
 * rule cannot say. */
#include "model/flow.h"
#include "unit/test_mud_util.h"

#define DNS(name) "\"ietf-acldns:dst-dnsname\":\"" name "\""
#define LOCAL "\"ietf-mud:mud\":{\"local-networks\":[null]}"

static struct file matching(const char *matches)
{
	return (struct file){.matches = matches};
}

static void test_name(void **state)
{
	(void)state;
	struct file f = matching("{\"ipv4\":{\"protocol\":6," DNS(
		"Cloud.Maker.example.") "},\"tcp\":{"
					"\"ietf-mud:direction-initiated\":\"from-"
					"device\","
					"\"source-port\":{\"lower-port\":1024,\"upper-"
					"port\":65535},"
					"\"destination-port\":{\"operator\":\"eq\","
					"\"port\":443}}}");
	struct reading r = read_good(&f, 1);
	const struct rule *rule = &r.p.rules[0];

	assert_int_equal(rule->peer.kind, PEER_NAME);
	assert_string_equal(rule->peer.name, "cloud.maker.example");
	assert_int_equal(rule->family, 4);
	assert_int_equal(rule->proto, FLOW_PROTO_TCP);
	assert_int_equal(rule->initiator, INITIATOR_DEVICE);
	assert_int_equal(rule->device_port.lo, 1024);
	assert_int_equal(rule->device_port.hi, 65535);
	assert_int_equal(rule->peer_port.lo, 443);
	assert_int_equal(rule->peer_port.hi, 443);
	assert_int_equal(rule->status, RULE_ENFORCED);
	assert_string_equal(rule->detail, "");
	reading_free(&r);
}

/* Towards the device, source and destination change places. */
static void test_to_device(void **state)
{
	(void)state;
	struct file f = {.policy = "to-device-policy",
		.type = "ipv6-acl-type",
		.matches =
			"{\"ipv6\":{\"ietf-acldns:src-dnsname\":\"a.example\"},\"udp\":"
			"{"
			"\"source-port\":{\"port\":53},"
			"\"destination-port\":{\"operator\":\"gte\",\"port\":1024}}}"};
	struct reading r = read_good(&f, 1);
	const struct rule *rule = &r.p.rules[0];

	assert_int_equal(rule->direction, DIRECTION_TO_DEVICE);
	assert_string_equal(rule->peer.name, "a.example");
	assert_int_equal(rule->family, 6);
	assert_int_equal(rule->proto, FLOW_PROTO_UDP);
	assert_int_equal(rule->peer_port.lo, 53);
	assert_int_equal(rule->peer_port.hi, 53);
	assert_int_equal(rule->device_port.lo, 1024);
	assert_int_equal(rule->device_port.hi, 65535);
	reading_free(&r);
}

static void test_operators(void **state)
{
	(void)state;
	static const struct {
		const char *port;
		uint32_t rules;
		struct range16 ranges[2];
	} cases[] = {
		{"\"port\":7", 1, {{7, 7}}},
		{"\"operator\":\"eq\",\"port\":7", 1, {{7, 7}}},
		{"\"operator\":\"lte\",\"port\":7", 1, {{0, 7}}},
		{"\"operator\":\"gte\",\"port\":7", 1, {{7, 65535}}},
		{"\"operator\":\"neq\",\"port\":7", 2, {{0, 6}, {8, 65535}}},
		{"\"operator\":\"neq\",\"port\":0", 1, {{1, 65535}}},
		{"\"operator\":\"neq\",\"port\":65535", 1, {{0, 65534}}},
		{"\"lower-port\":5,\"upper-port\":5", 1, {{5, 5}}},
		{"", 1, {{0, 65535}}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text,
			"{" LOCAL ",\"udp\":{\"destination-port\":{%s}}}",
			cases[i].port);
		struct file f = matching(text);
		struct reading r = read_good(&f, cases[i].rules);
		for (uint32_t k = 0; k < cases[i].rules; k++) {
			assert_int_equal(r.p.rules[k].id, k + 1);
			assert_int_equal(
				r.p.rules[k].peer_port.lo, cases[i].ranges[k].lo);
			assert_int_equal(
				r.p.rules[k].peer_port.hi, cases[i].ranges[k].hi);
			assert_int_equal(r.p.rules[k].device_port.hi, 65535);
		}
		reading_free(&r);
	}
}

static void test_icmp(void **state)
{
	(void)state;
	static const struct {
		const char *type, *matches;
		uint32_t rules;
		uint8_t family[2];
		int proto[2];
	} cases[] = {
		{"ipv4-acl-type", "{" LOCAL ",\"icmp\":{\"type\":8,\"code\":0}}", 1,
			{4}, {1}},
		{"ipv6-acl-type", "{" LOCAL ",\"icmp\":{\"type\":8,\"code\":0}}", 1,
			{6}, {58}},
		{"mixed-eth-ipv4-ipv6-acl-type",
			"{" LOCAL ",\"icmp\":{\"type\":8,\"code\":0}}", 2, {4, 6},
			{1, 58}},
		{"mixed-eth-ipv4-ipv6-acl-type",
			"{" LOCAL
			",\"ipv6\":{\"protocol\":58},\"icmp\":{\"type\":8,\"code\":0}}",
			1, {6}, {58}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct file f = {.type = cases[i].type, .matches = cases[i].matches};
		struct reading r = read_good(&f, cases[i].rules);
		for (uint32_t k = 0; k < cases[i].rules; k++) {
			assert_int_equal(r.p.rules[k].family, cases[i].family[k]);
			assert_int_equal(r.p.rules[k].proto, cases[i].proto[k]);
			assert_int_equal(r.p.rules[k].icmp_type, 8);
			assert_int_equal(r.p.rules[k].icmp_code, 0);
			assert_int_equal(r.p.rules[k].status, RULE_ENFORCED);
		}
		reading_free(&r);
	}
}

static void test_ethertype_is_family(void **state)
{
	(void)state;
	struct file f = {.type = "mixed-eth-ipv4-ipv6-acl-type",
		.matches = "{" LOCAL ",\"eth\":{\"ethertype\":34525}}"};
	struct reading r = read_good(&f, 1);

	assert_int_equal(r.p.rules[0].family, 6);
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	reading_free(&r);
}

/* Understood, but not installed: never as something wider. */
static void test_not_yet(void **state)
{
	(void)state;
	static const struct {
		const char *matches, *detail;
	} cases[] = {
		{"{\"ipv4\":{\"dscp\":1}}", "dscp"},
		{"{\"ipv4\":{\"ttl\":1}}", "ttl"},
		{"{\"ipv4\":{\"ecn\":1}}", "ecn"},
		{"{\"ipv4\":{\"length\":1}}", "length"},
		{"{\"ipv4\":{\"ihl\":5}}", "ihl"},
		{"{\"ipv4\":{\"flags\":\"more\"}}", "flags"},
		{"{\"ipv4\":{\"offset\":20}}", "offset"},
		{"{\"ipv4\":{\"identification\":1}}", "identification"},
		{"{\"ipv6\":{\"flow-label\":1}}", "flow-label"},
		{"{\"tcp\":{\"flags\":\"syn\"}}", "flags"},
		{"{\"tcp\":{\"sequence-number\":4294967295}}", "sequence-number"},
		{"{\"tcp\":{\"acknowledgement-number\":1}}", "acknowledgement-number"},
		{"{\"tcp\":{\"data-offset\":5}}", "data-offset"},
		{"{\"tcp\":{\"reserved\":0}}", "reserved"},
		{"{\"tcp\":{\"window-size\":1}}", "window-size"},
		{"{\"tcp\":{\"urgent-pointer\":1}}", "urgent-pointer"},
		{"{\"tcp\":{\"options\":\"AA==\"}}", "options"},
		{"{\"udp\":{\"length\":8}}", "length"},
		{"{\"icmp\":{\"type\":8,\"rest-of-header\":\"AA==\"}}",
			"rest-of-header"},
		{"{\"icmp\":{\"code\":1}}", "code without a type"},
		{"{\"ipv4\":{\"ietf-acldns:src-dnsname\":\"a.example\"}}",
			"device itself"},
		{"{\"ipv4\":{\"source-ipv4-network\":\"192.0.2.1/32\"}}",
			"device itself"},
		{"{\"ipv6\":{\"source-ipv6-network\":\"2001:db8::/32\"}}",
			"device itself"},
		{"{\"eth\":{\"source-mac-address\":\"00:00:5e:00:53:01\"}}",
			"MAC address of the device itself"},
		{"{\"eth\":{\"destination-mac-address\":\"ff:ff:ff:ff:ff:ff\"}}",
			"no group by IP address"},
		{"{\"eth\":{\"source-mac-address-mask\":\"ff:ff:ff:00:00:00\"}}",
			"by a mask"},
		{"{\"eth\":{\"destination-mac-address\":\"00:00:5e:00:53:01\","
		 "\"destination-mac-address-mask\":\"ff:ff:ff:00:00:00\"}}",
			"by a mask"},
		{"{\"egress-interface\":\"eth0\"}", "interface"},
		{"{\"ingress-interface\":\"eth0\"}", "interface"},
		{"{\"x:y\":1}", "a match that this version does not know"},
		{"{\"ipv4\":{\"x:y\":1}}", "of IPv4"},
		{"{\"ipv6\":{\"x:y\":1}}", "of IPv6"},
		{"{\"tcp\":{\"x:y\":1}}", "of TCP"},
		{"{\"udp\":{\"x:y\":1}}", "of UDP"},
		{"{\"icmp\":{\"x:y\":1}}", "of ICMP"},
		{"{\"eth\":{\"x:y\":1}}", "of Ethernet"},
		{"{\"udp\":{\"source-port\":{\"x:y\":1}}}", "asks for ports"},
		{"{\"ietf-mud:mud\":{\"x:y\":1}}", "a class of peers"},
		{"{" LOCAL ",\"ipv4\":{" DNS("a.example") "}}", "at once"},
		{"{" LOCAL ",\"ipv4\":{\"destination-ipv4-network\":\"10.0.0.0/8\"}}",
			"at once"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct file f = {.type = "mixed-eth-ipv4-ipv6-acl-type",
			.matches = cases[i].matches};
		struct reading r = read_file(MUD_STRICT, &f);
		assert_int_equal(r.error, 0);
		assert_true(r.p.rule_count > 0);
		for (uint32_t k = 0; k < r.p.rule_count; k++) {
			assert_int_equal(r.p.rules[k].status, RULE_NOT_YET);
			assert_non_null(strstr(r.p.rules[k].detail, cases[i].detail));
		}
		reading_free(&r);
	}
}

/* What no packet can be. */
static void test_contradictions(void **state)
{
	(void)state;
	static const struct {
		const char *matches, *detail;
	} cases[] = {
		{"{\"ipv4\":{\"protocol\":17},\"tcp\":{}}", "protocol 17 and tcp"},
		{"{\"ipv4\":{\"protocol\":6},\"udp\":{}}", "protocol 6 and udp"},
		{"{\"ipv4\":{\"protocol\":6},\"icmp\":{}}", "protocol 6 and icmp"},
		{"{\"ipv4\":{\"protocol\":58},\"icmp\":{}}", "protocol 58 and icmp"},
		{"{\"eth\":{\"ethertype\":2048},\"ipv6\":{}}", "IPv6 at once"},
		{"{\"ipv4\":{" DNS("192.0.2.1") ",\"destination-ipv4-network\":"
						"\"198.51.100.0/24\"}}",
			"no address in common"},
		{"{\"ietf-mud:mud\":{\"manufacturer\":\"a.example\",\"model\":"
		 "\"https://b.example/\"}}",
			"no device is of manufacturer and of model"},
		{"{\"ietf-mud:mud\":{\"manufacturer\":\"a.example\","
		 "\"same-manufacturer\":[null]}}",
			"no device is of"},
		{"{" LOCAL ",\"eth\":{\"ethertype\":6}}", "0x0006 is a length"},
		{"{\"eth\":{\"ethertype\":1535}}", "0x05ff is a length"},
		{"{\"eth\":{\"ethertype\":35020},\"ipv4\":{}}", "a part of IP at once"},
		{"{\"eth\":{\"ethertype\":35020},\"udp\":{}}", "a part of IP at once"},
		{"{\"eth\":{\"destination-mac-address\":\"00:00:00:00:00:00\"}}",
			"nobody's MAC"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct file f = {.type = "mixed-eth-ipv4-ipv6-acl-type",
			.matches = cases[i].matches};
		assert_status(&f, RULE_UNENFORCEABLE, cases[i].detail);
	}
}

static void test_repairs(void **state)
{
	(void)state;
	static const struct {
		const char *matches, *part;
		enum rule_status status;
	} cases[] = {
		{"{\"mud\":{\"local-networks\":[null]}}", "is spelt \"ietf-mud:mud\"",
			RULE_ENFORCED},
		{"{\"ipv4\":{\"dst-dnsname\":\"a.example\"}}",
			"is spelt \"ietf-acldns:dst-dnsname\"", RULE_ENFORCED},
		{"{\"ipv4\":{\"acldns:dst-dnsname\":\"a.example\"}}",
			"is spelt \"ietf-acldns:dst-dnsname\"", RULE_ENFORCED},
		{"{\"acl:ipv4\":{" DNS("a.example") "}}", "is spelt \"ipv4\"",
			RULE_ENFORCED},
		{"{" LOCAL ",\"tcp\":{\"direction-initiated\":\"from-device\"}}",
			"direction-initiated\"", RULE_ENFORCED},
		{"{\"ietf-mud:mud\":{\"local-networks\":null}}", "must be [null]",
			RULE_ENFORCED},
		{"{\"ietf-mud:mud\":{\"local-networks\":true}}", "must be [null]",
			RULE_ENFORCED},
		{"{\"ietf-mud:mud\":{\"local-networks\":{}}}", "must be [null]",
			RULE_ENFORCED},
		{"{\"ietf-mud:mud\":{\"local-networks\":[]}}", "must be [null]",
			RULE_ENFORCED},
		{"{\"ietf-mud:mud\":{\"local-networks\":\"\"}}", "must be [null]",
			RULE_ENFORCED},
		{"{" LOCAL ",\"ipv4\":{\"protocol\":\"17\"}}", "without quotes",
			RULE_ENFORCED},
		{"{" LOCAL ",\"udp\":{\"destination-port\":{\"port\":\"53\"}}}",
			"without quotes", RULE_ENFORCED},
		{"{" LOCAL
		 ",\"udp\":{\"source-port\":{\"operator\":\"eq\",\"lower-port\":1,"
		 "\"upper-port\":2}}}",
			"no place beside a range", RULE_ENFORCED},
		{"{" LOCAL ",\"udp\":{\"source-port\":{\"lower-port\":1}}}",
			"upper-port is missing", RULE_ENFORCED},
		{"{\"ipv4\":{\"destination-ipv4-network\":\"192.0.2.1\"}}",
			"no prefix length", RULE_ENFORCED},
		{"{" LOCAL ",\"ipv6\":{}}", "type of this list", RULE_ENFORCED},
		{"{" LOCAL ",\"eth\":{\"ethertype\":2048}}", "type of this list",
			RULE_ENFORCED},
		/* beyond repair: kept, not installed */
		{"{" LOCAL ",\"ipv4\":{\"protocol\":256}}", "from 0 to 255",
			RULE_NOT_YET},
		{"{" LOCAL ",\"ipv4\":{\"protocol\":-1}}", "from 0 to 255",
			RULE_NOT_YET},
		{"{" LOCAL ",\"ipv4\":{\"protocol\":\"tcp\"}}", "from 0 to 255",
			RULE_NOT_YET},
		{"{" LOCAL ",\"ipv4\":{\"protocol\":\"0x\"}}", "from 0 to 255",
			RULE_NOT_YET},
		{"{" LOCAL ",\"ipv4\":{\"protocol\":6.5}}", "from 0 to 255",
			RULE_NOT_YET},
		{"{" LOCAL ",\"ipv4\":[]}", "must be an object", RULE_NOT_YET},
		{"{" LOCAL ",\"ipv4\":null}", "must be an object", RULE_NOT_YET},
		{"[]", "must be an object", RULE_NOT_YET},
		{"{\"ietf-mud:mud\":{\"local-networks\":7}}", "must be [null]",
			RULE_NOT_YET},
		{"{\"ietf-mud:mud\":{\"local-networks\":false}}", "must be [null]",
			RULE_NOT_YET},
		{"{\"ietf-mud:mud\":{\"controller\":\"bacnet\"}}", "is no URI",
			RULE_NOT_YET},
		{"{\"ietf-mud:mud\":{\"controller\":\"urn:a b\"}}", "is no URI",
			RULE_NOT_YET},
		{"{\"ietf-mud:mud\":{\"model\":\"1:x\"}}", "is no URI", RULE_NOT_YET},
		{"{\"ietf-mud:mud\":{\"manufacturer\":\"a b\"}}", "is no host name",
			RULE_NOT_YET},
		{"{\"ipv4\":{" DNS("*.a.example") "}}", "neither a domain name",
			RULE_NOT_YET},
		{"{\"ipv4\":{" DNS("") "}}", "neither a domain name", RULE_NOT_YET},
		{"{\"ipv4\":{" DNS("a..example") "}}", "neither a domain name",
			RULE_NOT_YET},
		{"{\"ipv4\":{" DNS("10.0.0.300") "}}", "neither a domain name",
			RULE_NOT_YET},
		{"{\"ipv4\":{" DNS("2001:db8::1") "}}", "stands under ipv4",
			RULE_NOT_YET},
		{"{\"ipv4\":{\"ietf-acldns:dst-dnsname\":[\"a.example\"]}}",
			"must be a string", RULE_NOT_YET},
		{"{\"ipv4\":{\"destination-ipv4-network\":\"192.0.2.1/33\"}}",
			"is no IPv4 prefix", RULE_NOT_YET},
		{"{\"ipv4\":{\"destination-ipv4-network\":\"2001:db8::/32\"}}",
			"is no IPv4 prefix", RULE_UNENFORCEABLE},
		{"{\"udp\":{\"source-port\":{\"lower-port\":2,\"upper-port\":1}}}",
			"is above upper-port", RULE_NOT_YET},
		{"{\"udp\":{\"source-port\":{\"upper-port\":1}}}",
			"lower-port is missing", RULE_NOT_YET},
		{"{\"udp\":{\"source-port\":{\"lower-port\":1,\"upper-port\":2,"
		 "\"port\":1}}}",
			"exclude each other", RULE_NOT_YET},
		{"{\"udp\":{\"source-port\":{\"operator\":\"eq\"}}}", "port is missing",
			RULE_NOT_YET},
		{"{\"udp\":{\"source-port\":{\"operator\":\"lt\",\"port\":1}}}",
			"is no operator", RULE_NOT_YET},
		{"{\"udp\":{\"source-port\":{\"port\":65536}}}", "from 0 to 65535",
			RULE_NOT_YET},
		{"{\"tcp\":{\"ietf-mud:direction-initiated\":\"out\"}}",
			"is no direction", RULE_NOT_YET},
		{"{\"tcp\":{\"data-offset\":4}}", "from 5 to 15", RULE_NOT_YET},
		{"{\"eth\":{\"source-mac-address\":\"00-00-5e-00-53-01\"}}",
			"is no MAC address", RULE_NOT_YET},
		{"{\"ipv4\":{},\"ipv6\":{}}", "exclude each other", RULE_UNENFORCEABLE},
		{"{\"tcp\":{},\"udp\":{}}", "exclude each other", RULE_UNENFORCEABLE},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct file f = matching(cases[i].matches);
		assert_repaired(&f, cases[i].part);
		struct reading r = read_file(MUD_IMPORT, &f);
		assert_true(r.p.rule_count > 0);
		for (uint32_t k = 0; k < r.p.rule_count; k++) {
			assert_int_equal(r.p.rules[k].status, cases[i].status);
			assert_true(!r.p.rules[k].detail[0] ==
				    (cases[i].status == RULE_ENFORCED));
		}
		reading_free(&r);
	}
}

static void test_ipv4_address_under_ipv6(void **state)
{
	(void)state;
	struct file f = {.type = "ipv6-acl-type",
		.matches =
			"{\"ipv6\":{\"destination-ipv6-network\":\"192.0.2.1/32\"}}"};

	assert_repaired(&f, "is no IPv6 prefix");
}

static void test_repaired_values(void **state)
{
	(void)state;
	struct file f = {.type = "ethernet-acl-type",
		.matches = "{" LOCAL ",\"eth\":{\"ethertype\":\"0x86DD\"}}"};
	struct reading r = read_file(MUD_IMPORT, &f);
	assert_int_equal(r.p.rules[0].family, 6);
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	reading_free(&r);

	f = matching(
		"{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:gateway\"}}");
	r = read_file(MUD_IMPORT, &f);
	assert_int_equal(r.p.rules[0].peer.kind, PEER_GATEWAY);
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	assert_non_null(find_note(&r, NOTE_REPAIR, "read as this gateway"));
	reading_free(&r);

	f = matching("{" LOCAL ",\"udp\":{\"destination-port\":{\"operator\":\"eq\","
		     "\"lower-port\":5,\"upper-port\":9}}}");
	r = read_file(MUD_IMPORT, &f);
	assert_int_equal(r.p.rules[0].peer_port.lo, 5);
	assert_int_equal(r.p.rules[0].peer_port.hi, 9);
	reading_free(&r);
}

/* The class exists for nobody but importers: strictly it is some controller. */
static void test_gateway_is_no_class_of_the_rfc(void **state)
{
	(void)state;
	struct file f = matching(
		"{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:gateway\"}}");
	struct reading r = read_good(&f, 1);

	assert_int_equal(r.p.rules[0].peer.kind, PEER_CONTROLLER);
	assert_string_equal(r.p.rules[0].peer.name, "urn:ietf:params:mud:gateway");
	reading_free(&r);
}

static void test_actions(void **state)
{
	(void)state;
	static const struct {
		const char *actions;
		enum rule_action action;
	} good[] = {
		{"{\"forwarding\":\"accept\"}", RULE_ACCEPT},
		{"{\"forwarding\":\"drop\"}", RULE_DROP},
		{"{\"forwarding\":\"reject\"}", RULE_DROP},
		{"{\"forwarding\":\"ietf-access-control-list:drop\"}", RULE_DROP},
		{"{\"forwarding\":\"accept\",\"logging\":\"log-none\"}", RULE_ACCEPT},
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct reading r =
			read_good(&(struct file){.actions = good[i].actions}, 1);
		assert_int_equal(r.p.rules[0].action, good[i].action);
		assert_int_equal(count_notes(&r, NOTE_INFO), 0);
		assert_int_equal(count_notes(&r, NOTE_REPAIR), 0);
		reading_free(&r);
	}
	assert_repaired(&(struct file){.actions = "{}"}, "forwarding is missing");
	assert_repaired(&(struct file){.actions = "{\"forwarding\":\"ok\"}"},
		"is no forwarding action");
	assert_repaired(&(struct file){.actions = "{\"forwarding\":\"x:drop\"}"},
		"is no forwarding action");
	assert_repaired(
		&(struct file){.actions = "{\"forwarding\":7}"}, "must be a string");
	struct reading r =
		read_good(&(struct file){.actions = "{\"forwarding\":\"accept\","
						    "\"logging\":\"log-syslog\"}"},
			1);
	assert_non_null(find_note(&r, NOTE_INFO, "logging is not done"));
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	reading_free(&r);
}

static void test_drop_that_cannot_be(void **state)
{
	(void)state;
	struct file f = {.matches = "{\"ipv4\":{\"dscp\":1}}",
		.actions = "{\"forwarding\":\"drop\"}"};
	struct reading r = read_good(&f, 1);

	assert_int_equal(r.p.rules[0].status, RULE_NOT_YET);
	assert_non_null(find_note(&r, NOTE_WARNING, "cannot be enforced"));
	reading_free(&r);
}

static void test_bare_address_is_warned_of(void **state)
{
	(void)state;
	static const struct {
		const char *prefix;
		bool warned;
	} cases[] = {{"192.0.2.0/24", true}, {"10.0.0.1/32", false},
		{"224.0.0.251/32", false}, {"255.255.255.255/32", false}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[128];
		snprintf(text, sizeof text,
			"{\"ipv4\":{\"destination-ipv4-network\":\"%s\"}}",
			cases[i].prefix);
		struct file f = matching(text);
		struct reading r = read_good(&f, 1);
		assert_true(cases[i].warned ==
			    !!find_note(&r, NOTE_WARNING, "bare address"));
		reading_free(&r);
	}
}

static void test_no_matches(void **state)
{
	(void)state;
	struct file f = {
		.aces = "{\"name\":\"e\",\"actions\":{\"forwarding\":\"accept\"}}"};
	struct reading r = read_good(&f, 1);

	assert_int_equal(r.p.rules[0].peer.kind, PEER_ANY);
	assert_int_equal(r.p.rules[0].family, 4);
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	assert_non_null(find_note(&r, NOTE_WARNING, "allows every peer"));
	reading_free(&r);
}

/* RFC 8519's condition looks at the lists of the whole file. */
static void test_match_of_another_list(void **state)
{
	(void)state;
	struct file f = {.matches = "{" LOCAL ",\"ipv6\":{}}", .header = ""};
	char *text = file_text(&f);
	char *end = strstr(text, "]}}]}}");
	char all[2048];

	assert_non_null(end);
	snprintf(all, sizeof all,
		"%.*s]}},{\"name\":\"six\",\"type\":\"ipv6-acl-type\"}]}}",
		(int)(end - text), text);
	struct reading r = read_text(MUD_STRICT, all);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.rules[0].family, 6);
	assert_non_null(find_note(&r, NOTE_WARNING, "meant for other matches"));
	reading_free(&r);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_to_device),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_ethertype_is_family),
		cmocka_unit_test(test_not_yet),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_repairs),
		cmocka_unit_test(test_ipv4_address_under_ipv6),
		cmocka_unit_test(test_repaired_values),
		cmocka_unit_test(test_gateway_is_no_class_of_the_rfc),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_drop_that_cannot_be),
		cmocka_unit_test(test_bare_address_is_warned_of),
		cmocka_unit_test(test_no_matches),
		cmocka_unit_test(test_match_of_another_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
