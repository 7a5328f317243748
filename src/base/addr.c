// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* addr - text and arithmetic of MAC addresses, IP addresses and prefixes. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

#define V4_BYTES 4
#define V6_BYTES 16

struct addr addr_v4(const void *four_bytes)
{
	struct addr a = {.family = 4};
	memcpy(a.b, four_bytes, V4_BYTES);
	return a;
}

struct addr addr_v6(const void *sixteen_bytes)
{
	struct addr a = {.family = 6};
	memcpy(a.b, sixteen_bytes, V6_BYTES);
	return a;
}

int addr_parse(const char *text, struct addr *ret)
{
	struct addr a = {0};

	if (inet_pton(AF_INET, text, a.b) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.b) == 1)
		a.family = 6;
	else
		return CARDEA_EMALFORMED;
	*ret = a;
	return 0;
}

char *addr_format(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	int family = a->family == 4 ? AF_INET : AF_INET6;

	if (!addr_bits(a) || !inet_ntop(family, a->b, buf, ADDR_TEXT_MAX))
		str_copy(buf, ADDR_TEXT_MAX, "none");
	return buf;
}

int mac_parse(const char *text, struct mac *ret)
{
	struct mac m;
	char between = 0;

	for (size_t i = 0; i < sizeof m.b; i++) {
		if (i == 1)
			between = *text;
		if (i && *text++ != between)
			return CARDEA_EMALFORMED;
		int hi = str_hex_digit(text[0]);
		int lo = hi < 0 ? -1 : str_hex_digit(text[1]);
		if (lo < 0)
			return CARDEA_EMALFORMED;
		m.b[i] = (uint8_t)(hi << 4 | lo);
		text += 2;
	}
	if (*text || (between != ':' && between != '-'))
		return CARDEA_EMALFORMED;
	*ret = m;
	return 0;
}

char *mac_format(const struct mac *m, char buf[MAC_TEXT_MAX])
{
	snprintf(buf, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1],
		m->b[2], m->b[3], m->b[4], m->b[5]);
	return buf;
}

/* The part after the slash: no sign, no leading zero, nothing that two readers could
 * take for different numbers. */
static int prefix_length_parse(const char *text, uint8_t max, uint8_t *ret)
{
	int64_t len;

	if (text[0] < '0' || text[0] > '9' || (text[0] == '0' && text[1]))
		return CARDEA_EMALFORMED;
	int e = str_to_i64(text, 0, max, &len);
	if (e)
		return e;
	*ret = (uint8_t)len;
	return 0;
}

int prefix_parse(const char *text, struct prefix *ret)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char host[ADDR_TEXT_MAX];
	struct prefix p;

	if (!str_copy_bytes(host, sizeof host, text, len))
		return CARDEA_EMALFORMED;
	int e = addr_parse(host, &p.addr);
	if (e)
		return e;
	p.len = addr_bits(&p.addr);
	if (slash && (e = prefix_length_parse(slash + 1, p.len, &p.len)))
		return e;
	struct prefix masked = prefix_of(&p.addr, p.len);
	if (!addr_equal(&masked.addr, &p.addr))
		return CARDEA_EMALFORMED;
	*ret = masked;
	return 0;
}

char *prefix_format(const struct prefix *p, char buf[PREFIX_TEXT_MAX])
{
	char host[ADDR_TEXT_MAX];

	addr_format(&p->addr, host);
	snprintf(buf, PREFIX_TEXT_MAX, "%s/%u", host, p->len);
	return buf;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0 && a->family == b->family;
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof *a);
}

uint8_t addr_bits(const struct addr *a)
{
	if (a->family == 4)
		return 32;
	return a->family == 6 ? 128 : 0;
}

/* The bits of byte i that belong to the first len bits. */
static uint8_t prefix_mask_byte(uint8_t len, unsigned i)
{
	if (len >= 8 * (i + 1))
		return 0xff;
	if (len <= 8 * i)
		return 0;
	return (uint8_t)(0xff << (8 * (i + 1) - len));
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	if (!addr_bits(a) || p->addr.family != a->family)
		return false;
	for (unsigned i = 0; i < sizeof a->b; i++)
		if ((p->addr.b[i] ^ a->b[i]) & prefix_mask_byte(p->len, i))
			return false;
	return true;
}

struct prefix prefix_of(const struct addr *a, uint8_t len)
{
	uint8_t bits = addr_bits(a);
	struct prefix p = {.addr = *a, .len = len < bits ? len : bits};

	for (unsigned i = 0; i < sizeof p.addr.b; i++)
		p.addr.b[i] &= prefix_mask_byte(p.len, i);
	return p;
}

void prefix_range(const struct prefix *p, struct addr *ret_lo, struct addr *ret_hi)
{
	struct addr lo = prefix_of(&p->addr, p->len).addr;
	struct addr hi = lo;

	for (unsigned i = 0; i < addr_bits(&lo) / 8U; i++)
		hi.b[i] |= (uint8_t)~prefix_mask_byte(p->len, i);
	*ret_lo = lo;
	*ret_hi = hi;
}

bool mac_is_zero(const struct mac *m)
{
	static const struct mac zero;
	return mac_equal(m, &zero);
}

bool mac_is_group(const struct mac *m)
{
	return m->b[0] & 1; /* IEEE 802, the I/G bit */
}

bool addr_is_multicast(const struct addr *a)
{
	if (a->family == 4)
		return (a->b[0] & 0xf0) == 0xe0;
	return a->family == 6 && a->b[0] == 0xff;
}

bool addr_is_unspecified(const struct addr *a)
{
	static const uint8_t zero[V6_BYTES];
	return addr_bits(a) && memcmp(a->b, zero, sizeof zero) == 0;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[V6_BYTES] = {[15] = 1};

	if (a->family == 4)
		return a->b[0] == 127;
	return a->family == 6 && memcmp(a->b, one, sizeof one) == 0;
}

bool addr_is_link_local(const struct addr *a)
{
	if (a->family == 4)
		return a->b[0] == 169 && a->b[1] == 254;
	return a->family == 6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool addr_is_private(const struct addr *a)
{
	const uint8_t *b = a->b;

	if (a->family == 6)
		return (b[0] & 0xfe) == 0xfc;
	if (a->family != 4)
		return false;
	return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
	       (b[0] == 192 && b[1] == 168) || (b[0] == 100 && (b[1] & 0xc0) == 64);
}

bool addr_is_limited_broadcast(const struct addr *a)
{
	static const uint8_t ones[V4_BYTES] = {0xff, 0xff, 0xff, 0xff};
	return a->family == 4 && memcmp(a->b, ones, sizeof ones) == 0;
}
