// SPDX-License-Identifier: GPL-2.0-or-later
/* encrypted - finds a name or an address in the table of public resolvers. */
#include "names/encrypted.h"

#include <string.h>
#include "base/str.h"
#include "names/encrypted_table.h"
#include "wire/dns_name.h"

#define LEN(list) (sizeof(list) / sizeof((list)[0]))

int encrypted_add(struct encrypted_own *own, const char *name)
{
	struct dns_name normal;

	if (dns_name_from_text(name, &normal) || dns_name_labels(&normal) < 2)
		return CARDEA_EMALFORMED; /* a whole top-level domain is a mistake */
	if (own->count == ENCRYPTED_OWN_MAX)
		return CARDEA_ELIMIT;
	(void)str_copy(own->names[own->count++], LIMIT_NAME, normal.text);
	return 0;
}

static const char *name_in_own(const struct encrypted_own *own, const char *name)
{
	for (unsigned i = 0; own && i < own->count; i++)
		if (!strcmp(own->names[i], name))
			return own->names[i];
	return NULL;
}

static const char *name_in_table(const char *name)
{
	size_t lo = 0, hi = LEN(names);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(names[mid].name, name);

		if (!order)
			return providers[names[mid].provider];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const char *encrypted_by_name(const struct encrypted_own *own, const char *name)
{
	for (;;) {
		const char *found = name_in_own(own, name);

		if (!found)
			found = name_in_table(name);
		if (found)
			return found;
		name = strchr(name, '.');
		if (!name)
			return NULL;
		name++;
	}
}

static uint32_t word(const uint8_t b[4])
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static const char *by_v4(const uint8_t b[4])
{
	for (size_t i = 0; i < LEN(v4s); i++)
		if (v4s[i].addr == word(b))
			return providers[v4s[i].provider];
	return NULL;
}

static bool v6_is(const struct v6 *v, const uint8_t b[16])
{
	for (unsigned i = 0; i < 8; i++)
		if (v->groups[i] != (b[2 * i] << 8 | b[2 * i + 1]))
			return false;
	return true;
}

static const char *by_v6(const uint8_t b[16])
{
	for (size_t i = 0; i < LEN(v6s); i++)
		if (v6_is(&v6s[i], b))
			return providers[v6s[i].provider];
	return NULL;
}

const char *encrypted_by_addr(const struct addr *a)
{
	if (a->family == 4)
		return by_v4(a->b);
	return a->family == 6 ? by_v6(a->b) : NULL;
}
