// SPDX-License-Identifier: GPL-2.0-or-later
/* A MUD file from rules that were learned, read back by the strict reader: what it lets
 * through is what the rules do, and what it cannot say is told. */
#include "unit/test_mud_util.h"

#include "base/str.h"
#include "profiles/maker/maker.h"

#define NOW (1700000000LL * NS_PER_SEC)
#define RULES_MAX 8

static struct rule rules[RULES_MAX];
static struct maker_saying says[RULES_MAX];
static struct learned_kind kinds[4];
static size_t count, kind_count;
static char *json;
static struct reading back;

/* A rule that may send or open to the peer at a port; 0: any. */
static struct rule *add(enum direction d, uint8_t proto, uint16_t port)
{
	struct rule *r = &rules[count++];
	struct range16 one = {port, port};

	assert_true(count <= RULES_MAX);
	rule_init(r);
	r->id = (rule_id)count;
	r->layer = LAYER_LEARNED;
	r->direction = d;
	r->family = 4;
	r->proto = proto;
	if (port && d == DIRECTION_FROM_DEVICE)
		r->peer_port = one;
	else if (port)
		r->device_port = one;
	if (proto == FLOW_PROTO_TCP)
		r->initiator = d == DIRECTION_FROM_DEVICE ? INITIATOR_DEVICE
							  : INITIATOR_PEER;
	return r;
}

static void to_name(struct rule *r, const char *name)
{
	r->peer.kind = PEER_NAME;
	str_copy(r->peer.name, sizeof r->peer.name, name);
}

static void to_addr(struct rule *r, const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	r->family = a.family;
	r->peer.kind = PEER_PREFIX;
	r->peer.prefix = prefix_of(&a, addr_bits(&a));
}

static struct learned_kind *kind(enum record_place place, const char *name)
{
	struct learned_kind *k = &kinds[kind_count++];

	*k = (struct learned_kind){.direction = DIRECTION_FROM_DEVICE,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.port = 443,
		.place = place};
	str_copy(k->name, sizeof k->name, name);
	return k;
}

static int setup(void **state)
{
	(void)state;
	count = kind_count = 0;
	json = NULL;
	memset(says, 0xff, sizeof says);
	memset(&back, 0, sizeof back);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(json);
	if (back.pool)
		reading_free(&back);
	return 0;
}

static int make(const char *name)
{
	const struct maker_learned l = {.url = "https://learned.invalid/x.json",
		.name = name,
		.now = NOW,
		.rules = rules,
		.count = count,
		.kinds = kinds,
		.kind_count = kind_count};

	return maker_learned_make(&l, says, &json);
}

/* Written, read strictly, and no rule of it is held back. */
static void written(void)
{
	assert_int_equal(make("lamp"), 0);
	back = read_text(MUD_STRICT, json);
	assert_int_equal(back.error, 0);
}

/* Rules in force of that kind of peer in this direction that may begin. */
static const struct rule *find(enum direction d, enum peer_kind kind, uint8_t family)
{
	for (size_t i = 0; i < back.p.rule_count; i++) {
		const struct rule *r = &back.p.rules[i];

		if (r->direction == d && r->peer.kind == kind && rule_in_force(r) &&
			(!r->family || r->family == family))
			return r;
	}
	return NULL;
}

static void a_name_is_said_for_both_families(void **state)
{
	const struct rule *r;

	(void)state;
	to_name(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443), "cloud.example.com");
	written();
	assert_int_equal(says[0].said, MAKER_SAID);
	assert_string_equal(says[0].ace, "to-cloud.example.com-tcp-443");
	assert_string_equal(says[0].text, "");
	for (uint8_t family = 4; family <= 6; family += 2) {
		r = find(DIRECTION_FROM_DEVICE, PEER_NAME, family);
		assert_non_null(r);
		assert_string_equal(r->peer.name, "cloud.example.com");
		assert_int_equal(r->peer_port.lo, 443);
		assert_int_equal(r->peer_port.hi, 443);
		assert_int_equal(r->initiator, INITIATOR_DEVICE);
	}
	assert_non_null(strstr(json, "\"last-update\": \"2023-11-14T22:13:20Z\"") ?:
			strstr(json, "\"last-update\": \"2023-11-14T22:13:20.000Z\""));
}

static void an_address_is_of_its_family(void **state)
{
	(void)state;
	to_addr(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 123), "198.51.100.7");
	to_addr(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 123), "2001:db8::7");
	written();
	assert_non_null(find(DIRECTION_FROM_DEVICE, PEER_PREFIX, 4));
	assert_non_null(find(DIRECTION_FROM_DEVICE, PEER_PREFIX, 6));
	assert_string_equal(says[0].ace, "to-198.51.100.7-udp-123");
	assert_string_equal(says[1].ace, "to-2001:db8::7-udp-123");
	assert_null(find(DIRECTION_FROM_DEVICE, PEER_ANY, 4));
}

/* All below a name: those that were seen, and no other. */
static void a_suffix_is_spelt_out(void **state)
{
	const char *names[] = {"n1.example.net", "n2.example.net", "other.example.org"};
	unsigned found = 0;

	(void)state;
	to_name(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443), "*.example.net");
	to_name(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443), "*.nobody.net");
	for (size_t i = 0; i < 3; i++)
		kind(RECORD_INTERNET, names[i]);
	written();
	assert_int_equal(says[0].said, MAKER_SPELT);
	assert_true(says[0].text[0]);
	assert_int_equal(says[1].said, MAKER_UNSAID);
	assert_string_equal(says[1].ace, "");
	for (size_t i = 0; i < back.p.rule_count; i++) {
		assert_null(strstr(back.p.rules[i].peer.name, "org"));
		assert_false(rule_name_is_suffix(back.p.rules[i].peer.name));
		found |= strcmp(back.p.rules[i].peer.name, names[0]) == 0;
		found |= strcmp(back.p.rules[i].peer.name, names[1]) ? 0 : 2;
	}
	assert_int_equal(found, 3);
}

static void what_is_no_domain_name_is_not_said(void **state)
{
	static const char *const bad[] = {"a b", "-x.example", "10.0.0.1", "a..b", "x\"y"};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		to_name(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443), bad[i]);
	to_name(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443), "ok.example");
	written();
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(says[i].said, MAKER_UNSAID);
		assert_string_equal(says[i].ace, "");
	}
	assert_int_equal(says[5].said, MAKER_SAID);
}

/* Who is of this home only is the local network in a file for any home. */
static void one_home_is_widened(void **state)
{
	struct learned_kind *k;

	(void)state;
	add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 9999)->peer.kind = PEER_MAC;
	add(DIRECTION_FROM_DEVICE, FLOW_PROTO_ICMP, 0)->peer.kind = PEER_GATEWAY;
	rules[1].icmp_type = 8;
	to_addr(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 6667), "192.168.1.255");
	k = kind(RECORD_GROUP, "");
	k->peer = rules[2].peer.prefix.addr;
	written();
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(says[i].said, MAKER_WIDENED);
		assert_true(says[i].text[0]);
	}
	assert_string_equal(says[1].ace, "to-local-networks-icmp-8");
	assert_null(strstr(json, "192.168.1.255"));
	assert_null(strstr(json, "urn:ietf:params:mud:gateway"));
	for (size_t i = 0; i < back.p.rule_count; i++)
		assert_int_equal(back.p.rules[i].peer.kind, PEER_LOCAL_NETWORKS);
}

static void the_house_serves_names_and_time(void **state)
{
	(void)state;
	add(DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 53)->peer.kind = PEER_CONTROLLER_DNS;
	add(DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 123)->peer.kind = PEER_CONTROLLER_NTP;
	written();
	assert_int_equal(says[0].said, MAKER_SAID);
	assert_non_null(find(DIRECTION_FROM_DEVICE, PEER_CONTROLLER_DNS, 4));
	assert_non_null(find(DIRECTION_FROM_DEVICE, PEER_CONTROLLER_NTP, 6));
}

/* The answer to who had asked all begins a conversation of its own, and is not taken for
 * the half of one that the device begins. */
static void answers_to_all_are_let_in(void **state)
{
	struct rule *r = add(DIRECTION_TO_DEVICE, FLOW_PROTO_UDP, 0);

	(void)state;
	r->peer.kind = PEER_LOCAL_NETWORKS;
	r->peer_port = (struct range16){9999, 9999};
	r->device_port = (struct range16){32768, UINT16_MAX};
	written();
	assert_null(find(DIRECTION_FROM_DEVICE, PEER_LOCAL_NETWORKS, 4));
	const struct rule *in = find(DIRECTION_TO_DEVICE, PEER_LOCAL_NETWORKS, 4);
	assert_non_null(in);
	assert_int_equal(in->status, RULE_ENFORCED);
	assert_int_equal(in->peer_port.lo, 9999);
	assert_int_equal(in->device_port.lo, 32768);
	assert_int_equal(in->device_port.hi, UINT16_MAX);
}

static void answers_to_any_port_are_told_apart(void **state)
{
	struct rule *r = add(DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 0);

	(void)state;
	r->peer.kind = PEER_LOCAL_NETWORKS;
	r->device_port = (struct range16){9999, 9999};
	written();
	const struct rule *out = find(DIRECTION_FROM_DEVICE, PEER_LOCAL_NETWORKS, 4);
	assert_non_null(out);
	assert_int_equal(out->device_port.lo, 9999);
	assert_int_equal(out->peer_port.lo, 1);
	assert_null(find(DIRECTION_TO_DEVICE, PEER_LOCAL_NETWORKS, 4));
}

static void nobody_answers_from_a_group(void **state)
{
	(void)state;
	to_addr(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 1900), "239.255.255.250");
	written();
	assert_non_null(find(DIRECTION_FROM_DEVICE, PEER_PREFIX, 4));
	assert_null(strstr(json, "source-ipv4-network"));
}

/* What keeps the open internet out of the house stays before it. */
static void what_forbids_stays_in_its_place(void **state)
{
	size_t drop = SIZE_MAX, any = SIZE_MAX;

	(void)state;
	add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443)->peer.kind = PEER_LOCAL_NETWORKS;
	rules[0].action = RULE_DROP;
	rules[0].initiator = INITIATOR_EITHER;
	add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443)->peer.kind = PEER_ANY;
	written();
	for (size_t i = 0; i < back.p.rule_count; i++) {
		const struct rule *r = &back.p.rules[i];

		if (r->family != 4 || r->direction != DIRECTION_FROM_DEVICE)
			continue;
		if (r->action == RULE_DROP && drop == SIZE_MAX)
			drop = i;
		if (r->peer.kind == PEER_ANY && any == SIZE_MAX)
			any = i;
	}
	assert_true(drop < any && any != SIZE_MAX);
}

static void the_same_is_said_once(void **state)
{
	(void)state;
	add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 9999)->peer.kind = PEER_MAC;
	add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 9999)->peer.kind = PEER_MAC;
	rules[1].peer.mac.b[5] = 7;
	written();
	assert_int_equal(says[0].entries, 1);
	assert_int_equal(says[1].entries, 0);
	assert_int_equal(says[1].said, MAKER_WIDENED);
}

static void names_of_entries_differ_and_fit(void **state)
{
	char name[LIMIT_NAME] = "";

	(void)state;
	for (int i = 0; i < 4; i++)
		str_copy(name + strlen(name), sizeof name - strlen(name),
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz.");
	str_copy(name + strlen(name), sizeof name - strlen(name), "example");
	to_name(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443), name);
	name[0] = 'z'; /* cut off */
	to_name(add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443), name);
	written();
	assert_true(strlen(says[0].ace) < LIMIT_LABEL);
	assert_string_not_equal(says[0].ace, says[1].ace);
	assert_non_null(strstr(says[1].ace, ".example-tcp-443"));
}

static void a_strangers_name_is_harmless(void **state)
{
	(void)state;
	assert_int_equal(make("a\x1b[31m\"lamp\" and a name that is a good deal longer "
			      "than sixty bytes of text"),
		0);
	back = read_text(MUD_STRICT, json);
	assert_int_equal(back.error, 0);
	assert_null(strchr(json, 0x1b));
}

static void too_much_is_refused(void **state)
{
	size_t n = LIMIT_MUD_ACES + 1;
	struct rule *many = calloc(n, sizeof *many);
	struct maker_saying *told = calloc(n, sizeof *told);
	struct maker_learned l = {
		.url = "https://learned.invalid/x.json", .rules = many, .count = n};

	(void)state;
	assert_non_null(many);
	assert_non_null(told);
	for (size_t i = 0; i < n; i++) {
		rule_init(&many[i]);
		many[i].proto = FLOW_PROTO_UDP;
		many[i].peer_port = (struct range16){(uint16_t)(i + 1), (uint16_t)(i + 1)};
		many[i].peer.kind = PEER_LOCAL_NETWORKS;
	}
	assert_int_equal(maker_learned_make(&l, told, &json), CARDEA_ELIMIT);
	assert_null(json);
	free(many);
	free(told);
}

/* ---- which conversations a rule is about ---- */

static void rules_cover_what_they_are_about(void **state)
{
	struct rule *r = add(DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 443);
	struct learned_kind *k = kind(RECORD_INTERNET, "a.example.net");

	(void)state;
	to_name(r, "*.example.net");
	assert_true(maker_rule_covers(r, k));
	k->family = 6;
	assert_false(maker_rule_covers(r, k));
	k->family = 4;
	k->port = 80;
	assert_false(maker_rule_covers(r, k));
	k->port = 443;
	k->direction = DIRECTION_TO_DEVICE;
	assert_false(maker_rule_covers(r, k));
	k->direction = DIRECTION_FROM_DEVICE;
	to_addr(r, "198.51.100.7");
	assert_false(maker_rule_covers(r, k)); /* it has a name */
	k->name[0] = 0;
	k->peer = r->peer.prefix.addr;
	assert_true(maker_rule_covers(r, k));
	k->port_any = true;
	assert_false(maker_rule_covers(r, k));
	r->peer_port = (struct range16){1, UINT16_MAX};
	assert_true(maker_rule_covers(r, k));
	k->source_port = 9999;
	assert_true(maker_rule_covers(r, k));
	r->device_port = (struct range16){80, 80};
	assert_false(maker_rule_covers(r, k));
	r->device_port = (struct range16){9999, 9999};
	r->peer_port.lo = LEARNED_PORT_DYNAMIC;
	assert_true(maker_rule_covers(r, k));
	r->peer_port.lo++;
	assert_false(maker_rule_covers(r, k));
	r->peer_port.lo = 1;
	r->peer.kind = PEER_LOCAL_NETWORKS;
	assert_false(maker_rule_covers(r, k));
	k->place = RECORD_DEVICE;
	assert_true(maker_rule_covers(r, k));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_name_is_said_for_both_families),
		TEST(an_address_is_of_its_family),
		TEST(a_suffix_is_spelt_out),
		TEST(what_is_no_domain_name_is_not_said),
		TEST(one_home_is_widened),
		TEST(the_house_serves_names_and_time),
		TEST(answers_to_all_are_let_in),
		TEST(answers_to_any_port_are_told_apart),
		TEST(nobody_answers_from_a_group),
		TEST(what_forbids_stays_in_its_place),
		TEST(the_same_is_said_once),
		TEST(names_of_entries_differ_and_fit),
		TEST(a_strangers_name_is_harmless),
		TEST(too_much_is_refused),
		TEST(rules_cover_what_they_are_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
