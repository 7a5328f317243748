// SPDX-License-Identifier: GPL-2.0-or-later
/* What the gateway answers by itself: devices, its own service, names and addresses
 * that mean nothing outside; and what it leaves for upstream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "names/local.h"

#include <stdio.h>
#include <string.h>

struct house {
	struct local *l;
	uint8_t bytes[4096];
	size_t len;
	struct dns_answer answer;
};

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void set(char name[LIMIT_NAME], const char *text)
{
	assert_true(snprintf(name, LIMIT_NAME, "%s", text) < LIMIT_NAME);
}

static void house_begin(struct house *h)
{
	memset(h, 0, sizeof *h);
	h->l = local_new();
	assert_non_null(h->l);
	struct local_house *k = local_house(h->l);
	set(k->name, "dns.cardea.internal");
	set(k->domain, "internal");
	k->dot = k->canary = true;
	assert_int_equal(local_house_add(k, "br-lan 192.168.1.1/24"), 0);
	assert_int_equal(local_house_add(k, "br-lan fd00:1::1/64"), 0);
	assert_int_equal(local_house_add(k, "br-lan fe80::1/64"), 0);
	assert_int_equal(local_house_add(k, "br-iot 192.168.2.1/24"), 0);
}

static bool ask_as(struct house *h, const char *client, const char *name, uint16_t type,
	bool edns)
{
	struct dns_query q = {.id = 0x1234, .rd = true, .has_edns = edns,
		.udp_size = 512, .question = {.type = type, .class = DNS_CLASS_IN}};
	struct writer w = writer_of(h->bytes, sizeof h->bytes);
	struct addr from = ip(client);

	assert_int_equal(dns_name_from_text(name, &q.question.name), 0);
	if (!local_answer(h->l, &from, &q, 512, &w)) {
		assert_int_equal(w.len, 0);
		assert_int_equal(w.error, 0);
		return false;
	}
	h->len = w.len;
	assert_int_equal(
		dns_answer_collect(cursor_of(h->bytes, h->len), &h->answer), 0);
	assert_true(h->answer.aa && h->answer.ra && !h->answer.ad);
	assert_int_equal(h->answer.has_edns, edns);
	return true;
}

static bool ask(struct house *h, const char *name, uint16_t type)
{
	return ask_as(h, "192.168.1.50", name, type, true);
}

static void expect_addr(
	struct house *h, const char *name, uint16_t type, const char *addr)
{
	struct addr a = ip(addr);

	assert_true(ask(h, name, type));
	assert_int_equal(h->answer.rcode, 0);
	assert_int_equal(h->answer.count, 1);
	assert_true(addr_equal(&h->answer.addresses[0], &a));
}

static void expect_none(
	struct house *h, const char *name, uint16_t type, uint16_t rcode)
{
	if (!ask(h, name, type))
		fail_msg("%s was left for upstream", name);
	if (h->answer.rcode != rcode || h->answer.count || !h->answer.has_negative_ttl)
		fail_msg("%s: rcode %u, %u addresses, negative %d", name,
			h->answer.rcode, h->answer.count, h->answer.has_negative_ttl);
}

/* The one PTR of the answer. */
static void expect_ptr(struct house *h, const char *name, const char *target)
{
	struct dns_question question;
	struct dns_record r;
	struct dns_header head;
	struct cursor c;

	assert_true(ask(h, name, DNS_TYPE_PTR));
	c = cursor_of(h->bytes, h->len);
	assert_int_equal(dns_parse_header(&c, &head), 0);
	assert_int_equal(head.rcode, 0);
	assert_int_equal(head.answers, 1);
	assert_int_equal(dns_next_question(&c, &question), 0);
	assert_int_equal(dns_next_record(&c, &r), 0);
	assert_int_equal(r.type, DNS_TYPE_PTR);
	assert_string_equal(r.owner.text, name);
	assert_string_equal(r.target.text, target);
}

static void devices_have_names(void **state)
{
	struct addr four = ip("192.168.1.7"), six = ip("2001:db8:1::7");
	struct house h;

	(void)state;
	house_begin(&h);
	assert_int_equal(local_tell(h.l, "Printer", &four), 0);
	assert_int_equal(local_tell(h.l, "printer.internal", &six), 0);
	assert_int_equal(local_tell(h.l, "printer", &six), 0); /* known */
	expect_addr(&h, "printer.internal", DNS_TYPE_A, "192.168.1.7");
	expect_addr(&h, "PRINTER.internal", DNS_TYPE_AAAA, "2001:db8:1::7");
	expect_none(&h, "printer.internal", DNS_TYPE_HTTPS, DNS_RCODE_NOERROR);
	expect_none(&h, "scanner.internal", DNS_TYPE_A, DNS_RCODE_NXDOMAIN);
	expect_none(&h, "a.printer.internal", DNS_TYPE_A, DNS_RCODE_NXDOMAIN);
	expect_none(&h, "internal", DNS_TYPE_A, DNS_RCODE_NOERROR);
	expect_ptr(&h, "7.1.168.192.in-addr.arpa", "printer.internal");
	/* also where the world has an answer */
	expect_ptr(&h,
		"7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
		"printer.internal");
	local_forget(h.l, "printer", &four);
	local_forget(h.l, "printer", &four);
	expect_none(&h, "printer.internal", DNS_TYPE_A, DNS_RCODE_NOERROR);
	expect_none(&h, "7.1.168.192.in-addr.arpa", DNS_TYPE_PTR, DNS_RCODE_NXDOMAIN);
	local_forget(h.l, "other", &six);
	expect_addr(&h, "printer.internal", DNS_TYPE_AAAA, "2001:db8:1::7");
	local_forget_all(h.l);
	expect_none(&h, "printer.internal", DNS_TYPE_AAAA, DNS_RCODE_NXDOMAIN);
	local_free(h.l);
}

static void an_address_has_one_name(void **state)
{
	struct addr a = ip("192.168.1.7");
	struct house h;

	(void)state;
	house_begin(&h);
	assert_int_equal(local_tell(h.l, "old", &a), 0);
	assert_int_equal(local_tell(h.l, "new", &a), 0);
	expect_none(&h, "old.internal", DNS_TYPE_A, DNS_RCODE_NXDOMAIN);
	expect_addr(&h, "new.internal", DNS_TYPE_A, "192.168.1.7");
	expect_ptr(&h, "7.1.168.192.in-addr.arpa", "new.internal");
	local_free(h.l);
}

static void no_device_takes_a_name_with_a_meaning(void **state)
{
	static const char *const bad[] = {"wpad", "isatap", "localhost", "cardea",
		"dns.cardea.internal", "a.b", "-x", "x-", "x_y", "ex\\032ample", "",
		".", "printer.example", "internal.internal.internal", "wpad.internal"};
	static const char *const nowhere[] = {
		"127.0.0.1", "::1", "::", "0.0.0.0", "224.0.0.251", "ff02::fb", "fe80::7"};
	struct addr a = ip("192.168.1.7");
	struct house h;

	(void)state;
	house_begin(&h);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (local_tell(h.l, bad[i], &a) != CARDEA_EMALFORMED)
			fail_msg("%s was taken", bad[i]);
	for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
		a = ip(nowhere[i]);
		if (local_tell(h.l, "printer", &a) != CARDEA_EMALFORMED)
			fail_msg("%s was taken", nowhere[i]);
	}
	assert_int_equal(
		local_tell(h.l, "printer", &(struct addr){0}), CARDEA_EMALFORMED);
	local_free(h.l);
}

static void the_table_is_bounded(void **state)
{
	struct house h;
	unsigned n;

	(void)state;
	house_begin(&h);
	for (n = 0; n < LOCAL_ADDRS_PER_NAME; n++) {
		const uint8_t b[4] = {192, 168, 1, (uint8_t)n};
		struct addr a = addr_v4(b);
		assert_int_equal(local_tell(h.l, "many", &a), 0);
	}
	struct addr more = ip("192.168.1.200");
	assert_int_equal(local_tell(h.l, "many", &more), CARDEA_ELIMIT);
	/* a name with all of its addresses still goes through 512 bytes */
	assert_true(ask(&h, "many.internal", DNS_TYPE_A));
	assert_int_equal(h.answer.count, LOCAL_ADDRS_PER_NAME);
	for (; n < LOCAL_NAMES_MAX; n++) {
		const uint8_t b[4] = {10, 1, (uint8_t)(n >> 8), (uint8_t)n};
		struct addr a = addr_v4(b);
		char label[16];
		snprintf(label, sizeof label, "d%u", n);
		assert_int_equal(local_tell(h.l, label, &a), 0);
	}
	assert_int_equal(local_tell(h.l, "more", &more), CARDEA_ELIMIT);
	/* a known address may change its name even then */
	struct addr last = ip("10.1.15.255");
	assert_int_equal(local_tell(h.l, "more", &last), 0);
	expect_addr(&h, "more.internal", DNS_TYPE_A, "10.1.15.255");
	local_free(h.l);
}

static void long_answers_are_truncated(void **state)
{
	struct house h;

	(void)state;
	house_begin(&h);
	for (unsigned n = 0; n < LOCAL_ADDRS_PER_NAME; n++) {
		struct addr a = ip("2001:db8:1::");
		a.b[15] = (uint8_t)n;
		assert_int_equal(local_tell(h.l, "many", &a), 0);
	}
	assert_true(ask(&h, "many.internal", DNS_TYPE_A));
	assert_false(h.answer.tc);
	struct dns_query q = {.id = 1, .question = {.type = DNS_TYPE_AAAA,
						 .class = DNS_CLASS_IN}};
	struct writer w = writer_of(h.bytes, sizeof h.bytes);
	struct addr from = ip("192.168.1.50");
	assert_int_equal(dns_name_from_text("many.internal", &q.question.name), 0);
	assert_true(local_answer(h.l, &from, &q, 200, &w));
	assert_int_equal(dns_answer_collect(cursor_of(h.bytes, w.len), &h.answer), 0);
	assert_true(h.answer.tc);
	assert_true(w.len <= 200);
	local_free(h.l);
}

static void the_service_has_its_name(void **state)
{
	struct house h;

	(void)state;
	house_begin(&h);
	expect_addr(&h, "dns.cardea.internal", DNS_TYPE_A, "192.168.1.1");
	expect_addr(&h, "dns.cardea.internal", DNS_TYPE_AAAA, "fd00:1::1");
	expect_none(&h, "dns.cardea.internal", DNS_TYPE_HTTPS, DNS_RCODE_NOERROR);
	/* above it there is something */
	expect_none(&h, "cardea.internal", DNS_TYPE_A, DNS_RCODE_NOERROR);
	assert_true(ask_as(&h, "192.168.2.9", "dns.cardea.internal", DNS_TYPE_A, false));
	assert_int_equal(h.answer.count, 1);
	struct addr iot = ip("192.168.2.1");
	assert_true(addr_equal(&h.answer.addresses[0], &iot));
	/* a client of no LAN we know hears of all */
	assert_true(ask_as(&h, "10.9.9.9", "dns.cardea.internal", DNS_TYPE_A, false));
	assert_int_equal(h.answer.count, 2);
	expect_ptr(&h, "1.1.168.192.in-addr.arpa", "dns.cardea.internal");
	/* a name of the owner's own domain, whose other names are asked outside */
	set(local_house(h.l)->name, "dns.example.net");
	expect_addr(&h, "dns.example.net", DNS_TYPE_A, "192.168.1.1");
	expect_none(&h, "dns.example.net", DNS_TYPE_MX, DNS_RCODE_NOERROR);
	assert_false(ask(&h, "www.example.net", DNS_TYPE_A));
	assert_false(ask(&h, "example.net", DNS_TYPE_A));
	local_free(h.l);
}

/* Every byte of the designation (RFC 9460, RFC 9461, RFC 9462). */
static void the_designation(void **state)
{
	static const uint8_t expected[] =
		"\x12\x34\x85\x80\0\1\0\1\0\0\0\2"
		"\4_dns\10resolver\4arpa\0\0\x40\0\1"
		"\xc0\x0c\0\x40\0\1\0\0\0\x3c\0\x41" /* 65 octets */
		"\0\1"
		"\3dns\6cardea\10internal\0"
		"\0\1\0\4\3" "dot"
		"\0\3\0\2\x03\x55"
		"\0\4\0\4\xc0\xa8\1\1"
		"\0\6\0\x10\xfd\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1"
		"\3dns\6cardea\10internal\0\0\1\0\1\0\0\0\x3c\0\4\xc0\xa8\1\1"
		"\3dns\6cardea\10internal\0\0\x1c\0\1\0\0\0\x3c\0\x10"
		"\xfd\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1";
	struct house h;

	(void)state;
	house_begin(&h);
	assert_true(ask_as(
		&h, "192.168.1.50", "_dns.resolver.arpa", DNS_TYPE_SVCB, false));
	assert_int_equal(h.len, sizeof expected - 1);
	assert_memory_equal(h.bytes, expected, h.len);
	assert_true(ask(&h, "_dns.resolver.arpa", DNS_TYPE_SVCB));
	assert_int_equal(h.len, sizeof expected - 1 + 11); /* OPT */
	/* a LAN without IPv6 has no empty hint */
	assert_true(ask_as(
		&h, "192.168.2.9", "_dns.resolver.arpa", DNS_TYPE_SVCB, false));
	assert_int_equal(h.answer.count, 1);
	assert_int_equal(h.len, sizeof expected - 1 - 20 - 47);
	local_free(h.l);
}

static void nothing_else_of_resolver_arpa(void **state)
{
	struct house h;

	(void)state;
	house_begin(&h);
	expect_none(&h, "_dns.resolver.arpa", DNS_TYPE_A, DNS_RCODE_NOERROR);
	expect_none(&h, "resolver.arpa", DNS_TYPE_SVCB, DNS_RCODE_NOERROR);
	expect_none(&h, "resolver.arpa", DNS_TYPE_A, DNS_RCODE_NOERROR);
	expect_none(&h, "x._dns.resolver.arpa", DNS_TYPE_SVCB, DNS_RCODE_NOERROR);
	local_house(h.l)->dot = false;
	expect_none(&h, "_dns.resolver.arpa", DNS_TYPE_SVCB, DNS_RCODE_NOERROR);
	local_free(h.l);
}

static void the_canary(void **state)
{
	struct house h;

	(void)state;
	house_begin(&h);
	expect_none(&h, "use-application-dns.net", DNS_TYPE_A, DNS_RCODE_NXDOMAIN);
	expect_none(&h, "use-application-dns.net", DNS_TYPE_AAAA, DNS_RCODE_NXDOMAIN);
	assert_false(ask(&h, "www.use-application-dns.net", DNS_TYPE_A));
	local_house(h.l)->canary = false;
	assert_false(ask(&h, "use-application-dns.net", DNS_TYPE_A));
	local_free(h.l);
}

static void special_names_stay_here(void **state)
{
	static const char *const nothing[] = {"x.invalid", "www.test", "nas.local",
		"abc.onion", "x.home.arpa", "x.alt", "_srp._tcp.default.service.arpa"};
	static const char *const tops[] = {
		"invalid", "test", "local", "onion", "home.arpa", "alt", "service.arpa"};
	static const char *const theirs[] = {"example", "www.example.com", "com",
		"locals", "xlocal", "x.tests", "arpa", "in-addr.arpa", "ip6.arpa",
		"ipv4only.arpa", "local.example", "printer"};
	struct house h;

	(void)state;
	house_begin(&h);
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
		expect_none(&h, nothing[i], DNS_TYPE_A, DNS_RCODE_NXDOMAIN);
	for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
		expect_none(&h, tops[i], DNS_TYPE_A, DNS_RCODE_NOERROR);
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
		if (ask(&h, theirs[i], DNS_TYPE_A))
			fail_msg("%s was answered here", theirs[i]);
	expect_addr(&h, "localhost", DNS_TYPE_A, "127.0.0.1");
	expect_addr(&h, "a.localhost", DNS_TYPE_AAAA, "::1");
	expect_none(&h, "localhost", DNS_TYPE_MX, DNS_RCODE_NOERROR);
	expect_ptr(&h, "1.0.0.127.in-addr.arpa", "localhost");
	/* the domain of the house may be any of these */
	set(local_house(h.l)->domain, "home.arpa");
	struct addr a = ip("192.168.1.7");
	assert_int_equal(local_tell(h.l, "printer", &a), 0);
	expect_addr(&h, "printer.home.arpa", DNS_TYPE_A, "192.168.1.7");
	expect_none(&h, "printer.internal", DNS_TYPE_A, DNS_RCODE_NXDOMAIN);
	local_free(h.l);
}

static void private_addresses_stay_here(void **state)
{
	static const struct {
		const char *name;
		uint16_t rcode;
	} here[] = {
		{"10.in-addr.arpa", 0},
		{"1.10.in-addr.arpa", 0},
		{"4.3.2.10.in-addr.arpa", DNS_RCODE_NXDOMAIN},
		{"x.4.3.2.10.in-addr.arpa", DNS_RCODE_NXDOMAIN},
		{"lb._dns-sd._udp.0.1.168.192.in-addr.arpa", DNS_RCODE_NXDOMAIN},
		{"16.172.in-addr.arpa", 0},
		{"31.172.in-addr.arpa", 0},
		{"1.2.31.172.in-addr.arpa", DNS_RCODE_NXDOMAIN},
		{"168.192.in-addr.arpa", 0},
		{"64.100.in-addr.arpa", 0},
		{"127.100.in-addr.arpa", 0},
		{"254.169.in-addr.arpa", 0},
		{"2.0.192.in-addr.arpa", 0},
		{"255.255.255.255.in-addr.arpa", 0},
		{"d.f.ip6.arpa", 0},
		{"8.e.f.ip6.arpa", 0},
		{"b.e.f.ip6.arpa", 0},
		{"8.b.d.0.1.0.0.2.ip6.arpa", 0},
		{"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
			DNS_RCODE_NXDOMAIN},
	};
	static const char *const outside[] = {"8.8.8.8.in-addr.arpa", "192.in-addr.arpa",
		"172.in-addr.arpa", "32.172.in-addr.arpa", "15.172.in-addr.arpa",
		"63.100.in-addr.arpa", "128.100.in-addr.arpa", "11.in-addr.arpa",
		"f.ip6.arpa", "c.f.ip6.arpa", "c.e.f.ip6.arpa", "e.f.ip6.arpa",
		"010.in-addr.arpa", "256.10x.in-addr.arpa", "x.in-addr.arpa",
		"0.0.0.0.ip6.arpa"};
	struct house h;

	(void)state;
	house_begin(&h);
	for (size_t i = 0; i < sizeof here / sizeof *here; i++)
		expect_none(&h, here[i].name, DNS_TYPE_PTR, here[i].rcode);
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
		if (ask(&h, outside[i], DNS_TYPE_PTR))
			fail_msg("%s was answered here", outside[i]);
	local_free(h.l);
}

/* Whether a zone is served here is seen by its SOA (RFC 6303 3). */
static void zones_have_a_head(void **state)
{
	static const char *const zones[] = {"internal", "168.192.in-addr.arpa", "local",
		"d.f.ip6.arpa", "resolver.arpa"};
	struct dns_header head;
	struct house h;

	(void)state;
	house_begin(&h);
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		assert_true(ask(&h, zones[i], DNS_TYPE_SOA));
		struct cursor c = cursor_of(h.bytes, h.len);
		assert_int_equal(dns_parse_header(&c, &head), 0);
		assert_int_equal(head.answers, 1);
		assert_int_equal(head.authorities, 0);
	}
	local_free(h.l);
}

static void addresses_of_the_house_are_read(void **state)
{
	static const char *const bad[] = {"", "br-lan", "br-lan 1.2.3.4", "br-lan x/24",
		"br-lan 1.2.3.4/33", "1.2.3.4/24", "br-lan 1.2.3.4/", "br-lan ::/129",
		"an-interface-too-long 1.2.3.4/24", "br/24 1.2.3.4"};
	struct local_house h = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(local_house_add(&h, bad[i]), CARDEA_EMALFORMED);
	assert_int_equal(h.addr_count, 0);
	while (h.addr_count < LOCAL_HOUSE_ADDRS)
		assert_int_equal(local_house_add(&h, "br-lan 1.2.3.4/24"), 0);
	assert_int_equal(local_house_add(&h, "br-lan 1.2.3.4/24"), CARDEA_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_have_names),
		cmocka_unit_test(an_address_has_one_name),
		cmocka_unit_test(no_device_takes_a_name_with_a_meaning),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(long_answers_are_truncated),
		cmocka_unit_test(the_service_has_its_name),
		cmocka_unit_test(the_designation),
		cmocka_unit_test(nothing_else_of_resolver_arpa),
		cmocka_unit_test(the_canary),
		cmocka_unit_test(special_names_stay_here),
		cmocka_unit_test(private_addresses_stay_here),
		cmocka_unit_test(zones_have_a_head),
		cmocka_unit_test(addresses_of_the_house_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
