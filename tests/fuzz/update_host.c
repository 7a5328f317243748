// SPDX-License-Identifier: GPL-2.0-or-later
/* update_host.c - fuzz target: a host or a URI from a manifest becomes a host that may be
 * kept, or none; what may be kept is one host of the internet and one service, and reads
 * back as itself. */
#include "base/str.h"
#include "model/update_host.h"
#include "wire_fuzz.h"

static void check(struct update_host *h, bool of_uri)
{
	char words[UPDATE_HOST_WORDS_MAX], text[UPDATE_HOST_WORDS_MAX], addr[ADDR_TEXT_MAX];
	struct update_host back;

	FUZZ_ASSERT(!h->name[0] == h->has_addr);
	FUZZ_ASSERT(!of_uri || (h->port && h->proto));
	h->source = UPDATE_SUIT;
	if (update_host_flaw(h))
		return;
	FUZZ_ASSERT(h->port && h->proto && h->port != 53 && h->port != 853);
	FUZZ_ASSERT(str_is_clean_utf8(h->name, strlen(h->name)));
	FUZZ_ASSERT(h->has_addr || (strchr(h->name, '.') && !strpbrk(h->name, "*\\:/@ ")));
	FUZZ_ASSERT(strlen(update_host_words(h, words)) < sizeof(words));
	FUZZ_ASSERT(str_print(text, sizeof(text), h->has_addr ? "[%s]:%u" : "%s:%u",
			    h->has_addr ? addr_format(&h->addr, addr) : h->name,
			    h->port) == 0);
	if (h->has_addr && h->addr.family == 4)
		return; /* no brackets around those */
	FUZZ_ASSERT(update_host_parse(text, &back));
	back.source = h->source;
	back.proto = h->proto;
	FUZZ_ASSERT(update_host_equal(h, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[LIMIT_URL + 32];
	struct update_host h;

	if (!str_copy_bytes(text, sizeof(text), data, size))
		return 0;
	memset(&h, 0xa5, sizeof(h));
	if (update_host_of_uri(text, &h))
		check(&h, true);
	memset(&h, 0xa5, sizeof(h));
	if (update_host_parse(text, &h)) {
		h.proto = 6;
		check(&h, false);
	}
	return 0;
}
