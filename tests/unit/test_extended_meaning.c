// SPDX-License-Identifier: GPL-2.0-or-later
/* test_extended_meaning - published profiles on a network where hosts remember addresses
 * and memberships; and what the published attacks send, which stays refused. */
#include "unit/extended_util.h"

#define INFO "device-info:\n  name: lamp\n  mac: 02:00:00:00:00:01\n  ipv4: 192.168.1.5\n"
#define ARP(type, sha, tha, spa, tpa)                                                  \
	"protocols: {arp: {type: " type ", sha: " sha ", tha: " tha ", spa: " spa        \
	", tpa: " tpa "}}"
#define ASKED "ask: {" ARP("request", "phone", "default", "phone", "self") "}\n"
#define TOLD "told: {" ARP("reply", "self", "phone", "self", "phone") "}\n"

static const struct {
	const char *name, *who;
} others[] = {{"phone", "{mac: '02:00:00:00:00:02', ipv4: 192.168.1.6}"},
	{"host-192-168-1-7", "{mac: '02:00:00:00:00:03', ipv4: 192.168.1.7}"}};

/* Those of the house whom the profile knows. */
static void bind_text(const struct extended_profile *p, char *text, size_t size)
{
	char add[128];

	assert_true(str_copy(text, size, "cardea-binding: 1\ntemplate: lamp\nnetworks: "
		"[192.168.1.0/24]\nroles:\n"
		"  self: {mac: '02:00:00:00:00:01', ipv4: 192.168.1.5}\n"
		"  gateway: {mac: '02:00:00:00:00:fe', ipv4: 192.168.1.1}\n"));
	for (uint32_t i = 0; i < p->role_count; i++)
		for (size_t o = 0; o < sizeof others / sizeof *others; o++) {
			if (strcmp(p->roles[i].name, others[o].name) != 0)
				continue;
			size_t len = strlen(text);

			assert_int_equal(str_print(add, sizeof add, "  %s: %s\n",
				others[o].name, others[o].who), 0);
			assert_true(str_copy(text + len, size - len, add));
		}
}

static uint32_t repairs;

/* Imported, written, read again: what is tested is what a file says. */
static struct bed *bed_import(const char *text)
{
	struct pool *pool = pool_new("test", EXTENDED_POOL_BYTES);
	struct extended_profile p;
	struct extended_binding b;
	struct extended_notes notes;
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	assert_int_equal(extended_import(text, strlen(text), -1, "lamp.yaml", pool, &p, &b,
				 &notes), 0);
	for (uint32_t i = 0; i < notes.count; i++)
		if (notes.items[i].note.level == NOTE_ERROR)
			fail_msg("%u: %s", notes.items[i].note.line, notes.items[i].note.text);
	repairs = notes.repairs;
	assert_int_equal(extended_print(&p, f), 0);
	assert_int_equal(fclose(f), 0);
	char who[1024];

	bind_text(&p, who, sizeof who);
	struct bed *bed = bed_new(out, who, 0);

	free(out);
	pool_free(pool);
	return bed;
}

#define PHONE(port, flags) packet_tcp("192.168.1.6", port, "192.168.1.5", 9999, flags, "")

/* Who knows an address does not ask for it: the announcement at its boot told it. */
static void test_addresses_are_remembered(void **state)
{
	(void)state;
	struct bed *b = bed_import(INFO "interactions:\n  app:\n    " ASKED "    " TOLD
		"    tcp: {protocols: {tcp: {dst-port: 9999}, ipv4: {src: phone, dst: self}}, "
		"bidirectional: true, stats: {rate: 20/second}}\n");

	IS(b, PHONE(5000, TCP_SYN), REASON_STEP);
	IS(b, PHONE(5000, TCP_ACK), REASON_FLOW);
	bed_free(b);
	/* the answer alone prepares nothing, and no answer comes unasked */
	b = bed_import(INFO "interactions:\n  arp:\n    " ASKED "    " TOLD);
	IS(b, packet_arp("192.168.1.5", "192.168.1.6", ARP_REPLY), REASON_ORDER);
	IS(b, packet_arp("192.168.1.6", "192.168.1.5", ARP_REQUEST), REASON_STEP);
	IS(b, packet_arp("192.168.1.5", "192.168.1.6", ARP_REPLY), REASON_STEP);
	IS(b, packet_arp("192.168.1.5", "192.168.1.6", ARP_REPLY), REASON_REPLAYED);
	bed_free(b);
}

/* An announcement is an event: what follows a boot does not come without it. */
static void test_announcements_are_not(void **state)
{
	(void)state;
	struct bed *b = bed_import(INFO "interactions:\n  boot:\n    here: {"
		ARP("request", "self", "default", "self", "self") "}\n"
		"    tcp: {protocols: {tcp: {dst-port: 443}, ipv4: {src: self, dst: external}}, "
		"stats: {rate: 20/second}}\n");
	struct packet out = packet_tcp("192.168.1.5", 5000, "203.0.113.1", 443, TCP_SYN, "");

	IS(b, out, REASON_ORDER);
	IS(b, packet_arp("192.168.1.5", "192.168.1.5", ARP_REQUEST), REASON_STEP);
	IS(b, out, REASON_STEP);
	bed_free(b);
}

#define SEARCH packet_udp("192.168.1.6", 3942, "239.255.255.250", 1900, search, strlen(search))
#define FOUND packet_udp("192.168.1.5", 1900, "192.168.1.6", 3942, found, strlen(found))

/* Of steps with a rate alone all are open once the first has begun; the membership is
 * older than the search, and that nobody searched is still no answer. */
static void test_rates_stay_open(void **state)
{
	(void)state;
	static const char search[] = "M-SEARCH * HTTP/1.1\r\nST: x\r\n\r\n";
	static const char found[] = "HTTP/1.1 200 OK\r\nST: x\r\n\r\n";
	struct bed *b = bed_import(INFO "interactions:\n  app:\n"
		"    join: {protocols: {igmp: {version: 3, type: membership report, group: "
		"ssdp}, ipv4: {src: phone, dst: igmpv3}}}\n"
		"    search: {protocols: {ssdp: {method: M-SEARCH}, udp: {dst-port: 1900}, ipv4: "
		"{src: phone, dst: ssdp}}, stats: {rate: 10/second}}\n"
		"    again: {protocols: {ssdp: {method: M-SEARCH}, udp: {dst-port: 1900}, ipv4: "
		"{src: phone, dst: ssdp}}, stats: {rate: 10/second}}\n"
		"    found: {protocols: {ssdp: {response: true}, udp: {src-port: 1900}, ipv4: "
		"{src: self, dst: phone}}, stats: {rate: 3/second burst 3 packets}}\n");

	IS(b, FOUND, REASON_ORDER);
	for (int round = 0; round < 3; round++) {
		IS(b, SEARCH, round ? REASON_FLOW : REASON_STEP);
		IS(b, FOUND, round ? REASON_FLOW : REASON_STEP);
		IS(b, FOUND, REASON_FLOW);
		IS(b, FOUND, REASON_FLOW);
		IS(b, FOUND, REASON_RATE);
		b->now += 2 * S;
	}
	/* an hour later nobody waits for an answer */
	b->now += 2 * 3600 * S;
	IS(b, FOUND, REASON_ORDER);
	bed_free(b);
}

/* "type: reply" to everybody, and a "request" in return */
static void test_exchanged_types(void **state)
{
	(void)state;
	struct bed *b = bed_import(INFO "interactions:\n  arp:\n    a: {"
		ARP("reply", "phone", "broadcast", "phone", "self") "}\n    b: {"
		ARP("request", "self", "phone", "self", "phone") "}\n");
	struct packet ask = packet_arp("192.168.1.6", "192.168.1.5", ARP_REQUEST);

	assert_int_equal(repairs, 1);
	memset(&ask.arp.target_mac, 255, sizeof ask.arp.target_mac);
	IS(b, packet_arp("192.168.1.5", "192.168.1.6", ARP_REPLY), REASON_ORDER);
	IS(b, ask, REASON_STEP);
	IS(b, packet_arp("192.168.1.5", "192.168.1.6", ARP_REPLY), REASON_STEP);
	bed_free(b);
}

#define QUESTION(ip, names)                                                            \
	"protocols: {dns: {qtype: [A, AAAA], domain-name: " names "}, udp: {dst-port: "  \
	"53}, " ip ": {src: self, dst: gateway}}, bidirectional: true"
#define WEB                                                                            \
	"    web: {protocols: {tcp: {dst-port: 443}, ipv4: {src: self, dst: a.example}}, " \
	"bidirectional: true, stats: {duration: 3}}\n"

static uint32_t choices(const char *singles)
{
	char text[4096];

	assert_int_equal(str_print(text, sizeof text, INFO "single-policies:\n  d: {%s}\n"
		"interactions:\n  i:\n    dns: {" QUESTION("ipv6", "a.example") "}\n" WEB,
		singles), 0);
	struct bed *b = bed_import(text);
	uint32_t n = 0;

	for (const struct extended_node *at = b->p.interactions[0].nodes->child; at;
		at = at->next)
		n += at->kind == NODE_CHOICE;
	bed_free(b);
	return n;
}

/* Only when the profile itself lets all of it be asked the other way. */
static void test_either_family_asks(void **state)
{
	(void)state;
	assert_int_equal(choices(QUESTION("ipv4", "[b.example, a.example]")), 1);
	assert_int_equal(choices(QUESTION("ipv4", "[b.example]")), 0);
	assert_int_equal(choices("protocols: {dns: {qtype: A, domain-name: a.example}, udp: "
		"{dst-port: 53}, ipv4: {src: self, dst: gateway}}, bidirectional: true"), 0);
	assert_int_equal(choices(QUESTION("ipv6", "[a.example]")), 0);
}

#define DOOR UDP("192.168.1.7", 9, "192.168.1.5", 77)

static const char motion[] = INFO "interactions:\n  motion:\n"
	"    door: {protocols: {udp: {dst-port: 77}, ipv4: {src: 192.168.1.7, dst: self}}}\n"
	"    arp: {" ARP("request", "phone", "default", "phone", "self") ", stats: {rate: "
	"1/second}}\n    told: {" ARP("reply", "self", "phone", "self", "phone") "}\n"
	"    tcp: {protocols: {tcp: {dst-port: 9999}, ipv4: {src: phone, dst: self}}, "
	"bidirectional: true, stats: {packet-count: 4}}\n";

/* Switching on without the motion that it is for; again once it was; and more of it. */
static void test_attack_interaction(void **state)
{
	(void)state;
	struct bed *b = bed_import(motion);

	for (uint16_t i = 0; i < 20; i++)
		IS(b, PHONE((uint16_t)(6000 + i), TCP_SYN), REASON_ORDER);
	IS(b, packet_arp("192.168.1.6", "192.168.1.5", ARP_REQUEST), REASON_ORDER);
	IS(b, DOOR, REASON_STEP);
	IS(b, PHONE(5000, TCP_SYN), REASON_STEP);
	IS(b, PHONE(5000, TCP_ACK), REASON_FLOW);
	/* within the count of this motion, then never without another one */
	IS(b, PHONE(5001, TCP_SYN), REASON_STEP);
	IS(b, PHONE(5001, TCP_ACK), REASON_FLOW);
	IS(b, PHONE(5002, TCP_SYN), REASON_PACKETS);
	IS(b, PHONE(5000, TCP_ACK), REASON_PACKETS);
	IS(b, DOOR, REASON_STEP);
	IS(b, PHONE(5003, TCP_SYN), REASON_STEP);
	bed_free(b);
}

/* More questions for the address than the rate has. */
static void test_attack_stats(void **state)
{
	(void)state;
	struct bed *b = bed_import(INFO "interactions:\n  arp:\n    ask: {"
		ARP("request", "phone", "default", "phone", "self") ", stats: {rate: 1/second}}\n"
		"    " TOLD);
	unsigned passed = 0;

	for (unsigned i = 0; i < 600; i++) {
		struct packet p = packet_arp("192.168.1.6", "192.168.1.5", ARP_REQUEST);

		passed += extended_reason_accepts(judge(b, p));
		b->now += S / 10;
	}
	assert_in_range(passed, 60, 65);
	bed_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_remembered),
		cmocka_unit_test(test_announcements_are_not),
		cmocka_unit_test(test_rates_stay_open),
		cmocka_unit_test(test_exchanged_types),
		cmocka_unit_test(test_either_family_asks),
		cmocka_unit_test(test_attack_interaction),
		cmocka_unit_test(test_attack_stats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
