// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateway's own DNS service, as a client that wants it encrypted has to know it. */
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define BASE64_MAX 45 /* of 32 octets, with NUL */

static void write_hex(struct jsonw *j, const char *key, const uint8_t digest[32])
{
	char text[65];

	str_to_hex(digest, 32, text);
	jsonw_kv_string(j, key, text);
}

/* RFC 4648 4; RFC 7858 4.2 writes pins so. */
static void write_base64(struct jsonw *j, const char *key, const uint8_t digest[32])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[BASE64_MAX], *out = text;

	for (unsigned i = 0; i < 33; i += 3) {
		uint32_t n = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 |
			     (i + 2 < 32 ? digest[i + 2] : 0U);

		for (unsigned k = 0; k < 4; k++)
			*out++ = letters[n >> (18 - 6 * k) & 63];
	}
	out[-1] = '='; /* 32 octets leave two of the last three */
	*out = 0;
	jsonw_kv_string(j, key, text);
}

static void write_tls(struct jsonw *j, const struct message_dns_tls *m)
{
	jsonw_kv_bool(j, "tls", m->on);
	jsonw_kv_string(j, "why_not", m->on ? "" : m->text);
	if (!m->on)
		return;
	jsonw_kv_string(j, "name", m->name);
	jsonw_kv_string(j, "certificate", m->owners ? "yours" : "made here");
	write_hex(j, "fingerprint", m->fingerprint);
	write_base64(j, "pin", m->pin);
	jsonw_kv_time(j, "not_after", m->not_after);
}

/* "br-lan 192.168.1.1/24" */
static void write_address(struct jsonw *j, const char *text)
{
	size_t lan = strcspn(text, " "), end = strcspn(text, "/");
	struct untrusted_str name = {text, lan};

	jsonw_object(j);
	jsonw_key(j, "lan");
	jsonw_untrusted(j, name);
	jsonw_key(j, "address");
	name.bytes = text + lan + (text[lan] != 0);
	name.len = end > lan ? end - lan - 1 : 0;
	jsonw_untrusted(j, name);
	jsonw_object_end(j);
}

void api_write_dns(struct jsonw *j, const struct pipeline *p)
{
	jsonw_key(j, "dns_service");
	jsonw_object(j);
	write_tls(j, &p->dns_tls);
	jsonw_key(j, "addresses");
	jsonw_array(j);
	for (size_t i = 0; i < p->house.lan_addr_count; i++)
		write_address(j, p->house.lan_addrs[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
}
