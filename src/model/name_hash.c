// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* name_hash - the hash of a name in text, from the last label to the first. */
#include "model/name_hash.h"

#include <stddef.h>
#include <string.h>

static uint8_t lower(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

static uint64_t hash_label(
	const struct name_key *key, uint64_t above, const char *label, size_t len)
{
	struct name_hash_state s;
	uint64_t word = 0;

	name_hash_begin(&s, key, above);
	for (size_t i = 0; i < len; i++) {
		word |= (uint64_t)lower(label[i]) << 8 * (i % 8);
		if (i % 8 == 7) {
			name_hash_word(&s, word);
			word = 0;
		}
	}
	name_hash_word(&s, word | (uint64_t)len << 56);
	return name_hash_end(&s);
}

uint64_t name_hash(const struct name_key *key, const char *name)
{
	uint64_t h = NAME_HASH_ROOT;
	size_t end = strlen(name);

	while (end > 0) {
		size_t start = end;

		while (start > 0 && name[start - 1] != '.')
			start--;
		if (start == end || end - start > NAME_LABEL_MAX)
			return 0;
		h = hash_label(key, h, name + start, end - start);
		if (start == 0)
			return h;
		end = start - 1;
		if (end == 0)
			return 0; /* a dot in front */
	}
	return 0;
}
