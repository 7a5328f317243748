// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* record - the words for a conversation as it was observed. */
#include "model/record.h"

#include <stddef.h>
#include <string.h>

static const char *word(const char *const *words, unsigned count, unsigned n)
{
	return n < count ? words[n] : "?";
}

const char *record_place_name(enum record_place p)
{
	static const char *const words[RECORD_PLACE_MAX] = {
		"internet", "gateway", "device", "group"};

	return word(words, RECORD_PLACE_MAX, p);
}

const char *record_naming_name(enum record_naming n)
{
	static const char *const words[RECORD_NAMING_MAX] = {"none", "dns", "sni", "host"};

	return word(words, RECORD_NAMING_MAX, n);
}

const char *record_app_name(enum record_app a)
{
	static const char *const words[RECORD_APP_MAX] = {"", "dns", "mdns", "dhcp", "ntp",
		"http", "tls", "quic", "ssdp", "coap", "mqtt"};

	return word(words, RECORD_APP_MAX, a);
}

/* So much of a record stands before, between and behind its texts. */
#define BEFORE offsetof(struct record, name)
#define BETWEEN (offsetof(struct record, name) + sizeof((struct record *)0)->name)
#define BEHIND (offsetof(struct record, detail) + sizeof((struct record *)0)->detail)

/* Most texts are much shorter than their room. */
static void copy_text(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

void record_copy(struct record *ret, const struct record *r)
{
	uint8_t *to = (uint8_t *)ret;
	const uint8_t *from = (const uint8_t *)r;

	memcpy(to, from, BEFORE);
	memcpy(to + BETWEEN, from + BETWEEN, offsetof(struct record, detail) - BETWEEN);
	memcpy(to + BEHIND, from + BEHIND, sizeof *r - BEHIND);
	copy_text(ret->name, r->name, sizeof r->name);
	copy_text(ret->detail, r->detail, sizeof r->detail);
}
