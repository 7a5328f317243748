// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_dns_name.c - fuzz target: names from the wire and from text have one spelling.
 * The first octet says where in the rest the name starts. */
#include "wire/dns_name.h"
#include "wire_fuzz.h"

static void check_name(const struct dns_name *n)
{
	uint8_t b[DNS_NAME_WIRE_MAX];
	struct dns_name again, root;
	struct writer w = writer_of(b, sizeof(b));
	FUZZ_ASSERT(memchr(n->text, '\0', sizeof(n->text)) && n->text[0]);
	FUZZ_ASSERT(dns_name_write(&w, n) == 0);
	struct cursor c = cursor_of(b, w.len);
	FUZZ_ASSERT(dns_name_parse_plain(&c, &again) == 0 && cursor_left(&c) == 0);
	FUZZ_ASSERT(dns_name_equal(&again, n));
	FUZZ_ASSERT(dns_name_from_text(n->text, &again) == 0);
	FUZZ_ASSERT(dns_name_equal(&again, n));
	FUZZ_ASSERT(dns_name_from_text(".", &root) == 0);
	FUZZ_ASSERT(dns_name_is_under(n, &root) && dns_name_is_under(n, n));
	for (unsigned i = dns_name_labels(n); i > 0; i--) {
		FUZZ_ASSERT(dns_name_from_text(dns_name_tail(n, i), &again) == 0);
		FUZZ_ASSERT(dns_name_labels(&again) == i && dns_name_is_under(n, &again));
	}
}

static void check_text(const uint8_t *data, size_t size)
{
	char text[1100];
	struct dns_name n;
	if (size >= sizeof(text))
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!dns_name_from_text(text, &n))
		check_name(&n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_name n;
	if (!size)
		return 0;
	struct cursor c = cursor_of(data + 1, size - 1);
	cursor_seek(&c, data[0]);
	size_t before = c.error ? 0 : cursor_offset(&c);
	if (!dns_name_parse(&c, &n)) {
		FUZZ_ASSERT(cursor_offset(&c) > before);
		check_name(&n);
	}
	c = cursor_of(data + 1, size - 1);
	if (!dns_name_parse_labels(&c, &n))
		check_name(&n);
	check_text(data + 1, size - 1);
	return 0;
}
