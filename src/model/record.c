// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* record - the words for a conversation as it was observed. */
#include "model/record.h"

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
