// SPDX-License-Identifier: GPL-2.0-or-later
/* names_local.c - fuzz target: questions that the gateway might answer by itself. */
#include "names/local.h"
#include "wire/dns_pad.h"
#include "wire_fuzz.h"

#define LIMIT 512

static struct local *house(void)
{
	static struct local *l;
	struct addr a;

	if (l)
		return l;
	l = local_new();
	FUZZ_ASSERT(l);
	local_house(l)->dot = local_house(l)->canary = true;
	FUZZ_ASSERT(!local_house_add(local_house(l), "br-lan 192.168.1.1/24"));
	FUZZ_ASSERT(!local_house_add(local_house(l), "br-lan fd00:1::1/64"));
	FUZZ_ASSERT(!addr_parse("192.168.1.7", &a) && !local_tell(l, "printer", &a));
	FUZZ_ASSERT(!addr_parse("2001:db8::7", &a) && !local_tell(l, "printer", &a));
	return l;
}

/* Any text as a device's name: taken or not, what is there stays sound. */
static void name_it(struct local *l, const uint8_t *data, size_t size)
{
	const struct addr a = {.family = 4, .b = {10, 0, 0, 1}};
	char text[LIMIT_NAME];

	if (size >= sizeof(text))
		size = sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = 0;
	if (!local_tell(l, text, &a))
		local_forget(l, text, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct addr client = {.family = 4, .b = {192, 168, 1, 50}};
	struct local *l = house();
	static uint8_t b[4096];
	struct writer w = writer_of(b, sizeof(b));
	struct dns_answer a;
	struct dns_query q;

	name_it(l, data, size);
	if (dns_query_parse(cursor_of(data, size), &q))
		return 0;
	if (!local_answer(l, &client, &q, LIMIT, &w)) {
		FUZZ_ASSERT(w.len == 0 && w.error == 0);
		return 0;
	}
	FUZZ_ASSERT(w.len >= DNS_HEADER_LEN && w.len <= LIMIT);
	FUZZ_ASSERT(!dns_answer_collect(cursor_of(b, w.len), &a));
	FUZZ_ASSERT(a.id == q.id && a.ra && a.has_edns == q.has_edns);
	FUZZ_ASSERT(dns_name_equal(&a.question.name, &q.question.name));
	FUZZ_ASSERT(a.tc || a.count || a.rcode == 0 || a.rcode == DNS_RCODE_NXDOMAIN);
	/* what goes out by TLS can be padded */
	FUZZ_ASSERT(!q.has_edns || !dns_pad(&w, DNS_PAD_BLOCK));
	return 0;
}
