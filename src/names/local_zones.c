// SPDX-License-Identifier: GPL-2.0-or-later
/* local_zones - names that mean something here, or nothing anywhere, and so are asked
 * of nobody. */
#include "names/local_priv.h"

#include <string.h>

/* Names that do not exist, whatever stands before them, but for their own top. */
static const char *const empty_zones[] = {
	"invalid",      /* RFC 6761 6.4 */
	"test",         /* RFC 6761 6.2 */
	"local",        /* RFC 6762 22.1: multicast DNS */
	"onion",        /* RFC 7686 2 */
	"alt",          /* RFC 9476 2 */
	"internal",     /* reserved for private use (ICANN, 2024-07-29) */
	"home.arpa",    /* RFC 8375 4 */
	"service.arpa", /* RFC 9665 10 */
};

/* RFC 6303 4, RFC 7793 4: addresses that mean something else in every house. cut: bits
 * at which the zones begin. */
static const struct {
	const char *prefix;
	uint8_t cut;
} reverse_zones[] = {
	{"0.0.0.0/8", 8},
	{"10.0.0.0/8", 8},
	{"100.64.0.0/10", 16},
	{"127.0.0.0/8", 8},
	{"169.254.0.0/16", 16},
	{"172.16.0.0/12", 16},
	{"192.0.2.0/24", 24},
	{"192.168.0.0/16", 16},
	{"198.51.100.0/24", 24},
	{"203.0.113.0/24", 24},
	{"255.255.255.255/32", 32},
	{"::/128", 128},
	{"::1/128", 128},
	{"fd00::/8", 8},
	{"fe80::/10", 12},
	{"2001:db8::/32", 32},
};

static bool is_under(const struct dns_name *name, const char *zone)
{
	size_t n = strlen(name->text), z = strlen(zone);

	return n >= z && !strcmp(name->text + n - z, zone) &&
	       (n == z || name->text[n - z - 1] == '.');
}

/* ---- addresses backwards ---- */

/* The label before which `labels` labels remain, as a number of that base; -1: none. */
static int label_number(const struct dns_name *name, unsigned labels, unsigned base)
{
	const char *p = dns_name_tail(name, labels);
	size_t len = strcspn(p, ".");
	unsigned n = 0;

	if (!len || len > 3 || (base == 16 && len != 1) || (len > 1 && *p == '0'))
		return -1;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = base;
		if (p[i] >= '0' && p[i] <= '9')
			digit = (unsigned)(p[i] - '0');
		else if (p[i] >= 'a' && p[i] <= 'f')
			digit = (unsigned)(p[i] - 'a' + 10);
		if (digit >= base)
			return -1;
		n = n * base + digit;
	}
	return n < 256 ? (int)n : -1;
}

/* As many of the address's bits as the name tells, from the front: 0 for no reverse
 * name, and for one with a label that is no part of an address. */
static unsigned reverse_bits(const struct dns_name *name, struct addr *ret)
{
	bool v4 = is_under(name, "in-addr.arpa");
	unsigned labels = dns_name_labels(name), bits = v4 ? 8 : 4;
	struct addr a = {.family = v4 ? 4 : 6};

	if (!v4 && !is_under(name, "ip6.arpa"))
		return 0;
	labels -= 2;
	if (!labels || labels * bits > addr_bits(&a))
		return 0;
	for (unsigned i = 0; i < labels; i++) {
		int n = label_number(name, i + 3, v4 ? 10 : 16);
		if (n < 0)
			return 0;
		if (v4)
			a.b[i] = (uint8_t)n;
		else
			a.b[i / 2] |= (uint8_t)(i % 2 ? n : n << 4);
	}
	*ret = a;
	return labels * bits;
}

bool local_reverse_parse(const struct dns_name *name, struct addr *ret)
{
	struct addr a;

	unsigned bits = reverse_bits(name, &a);

	if (!bits || bits != addr_bits(&a))
		return false;
	*ret = a;
	return true;
}

/* The zone's own labels, where its address has so many bits. */
static const char *reverse_apex(const struct dns_name *name, uint8_t family, uint8_t cut)
{
	return dns_name_tail(name, 2U + cut / (family == 4 ? 8U : 4U));
}

/* The nearest name at or above this one that is all address. */
static unsigned address_part(const struct dns_name *name, struct dns_name *part,
	struct addr *ret)
{
	for (unsigned labels = dns_name_labels(name); labels > 2; labels--) {
		const char *tail = dns_name_tail(name, labels);
		memmove(part->text, tail, strlen(tail) + 1);
		unsigned bits = reverse_bits(part, ret);
		if (bits)
			return bits;
	}
	return 0;
}

static bool reverse_zone_of(const struct dns_name *name, struct local_zone *ret)
{
	struct dns_name part;
	struct prefix p;
	struct addr a;

	if (!is_under(name, "in-addr.arpa") && !is_under(name, "ip6.arpa"))
		return false;
	unsigned bits = address_part(name, &part, &a);
	for (size_t i = 0; bits && i < sizeof reverse_zones / sizeof *reverse_zones; i++) {
		if (bits < reverse_zones[i].cut ||
			prefix_parse(reverse_zones[i].prefix, &p) ||
			!prefix_contains(&p, &a))
			continue;
		ret->apex = reverse_apex(name, a.family, reverse_zones[i].cut);
		ret->ttl = LOCAL_TTL;
		/* whole addresses exist when somebody has them (RFC 8020) */
		ret->exists = dns_name_equal(&part, name) &&
			      (bits < addr_bits(&a) || bits == reverse_zones[i].cut);
		return true;
	}
	return false;
}

bool local_zone_of(const struct dns_name *name, struct local_zone *ret)
{
	for (size_t i = 0; i < sizeof empty_zones / sizeof *empty_zones; i++) {
		if (!is_under(name, empty_zones[i]))
			continue;
		*ret = (struct local_zone){.apex = empty_zones[i],
			.ttl = LOCAL_TTL_FIXED,
			.exists = !strcmp(name->text, empty_zones[i])};
		return true;
	}
	return reverse_zone_of(name, ret);
}
