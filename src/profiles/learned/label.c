// SPDX-License-Identifier: GPL-2.0-or-later
/* label - names by their labels: who is below whom, and which were made by a machine.
 */
#include "profiles/learned/learned_priv.h"

/* Shorter ones are people's: "mqtt2", "time1", "cafe". */
#define MACHINE_DIGITS 4
#define MACHINE_HEX 8
#define MACHINE_LONG 16
#define MACHINE_LONG_DIGITS 4

unsigned learned_label_count(const char *name)
{
	unsigned n = name[0] != 0;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

const char *learned_label_tail(const char *name, unsigned n)
{
	unsigned skip = learned_label_count(name);

	for (skip = skip > n ? skip - n : 0; skip; skip--)
		name = strchr(name, '.') + 1;
	return name;
}

/* Numbers, hexadecimal, UUIDs, addresses written with dashes: another one tomorrow. */
bool learned_label_is_machine(const char *label, size_t len)
{
	size_t digits = 0, hex = 0, dashes = 0;

	for (size_t i = 0; i < len; i++) {
		char c = label[i];

		digits += c >= '0' && c <= '9';
		hex += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		dashes += c == '-';
	}
	size_t rest = len - dashes;
	if (digits == rest && digits >= MACHINE_DIGITS)
		return true;
	if (hex == rest && hex >= MACHINE_HEX && digits >= 2)
		return true;
	if (dashes >= 3 && digits >= MACHINE_DIGITS && digits * 2 >= rest)
		return true; /* ec2-192-0-2-1 */
	return rest >= MACHINE_LONG && digits >= MACHINE_LONG_DIGITS;
}

int learned_label_compare(const char *a, const char *b)
{
	size_t i = strlen(a), j = strlen(b);

	while (i && j) {
		int x = (unsigned char)a[--i], y = (unsigned char)b[--j];

		x = x == '.' ? 0 : x; /* before all that a label may hold */
		y = y == '.' ? 0 : y;
		if (x != y)
			return x - y;
	}
	return (i > 0) - (j > 0);
}
