// SPDX-License-Identifier: GPL-2.0-or-later
/* strings.c - interned texts in cells of one size. Cells never used cost nothing: the
 * kernel gives pages as they are touched. */
#include "observe/strings.h"

#include <errno.h>
#include <stdlib.h>

int strings_init(struct strings *s, uint32_t most)
{
	int error = index_init(&s->index, most);

	if (error)
		return error;
	s->entries = calloc((size_t)most + 1, sizeof *s->entries);
	s->texts = calloc((size_t)most + 1, sizeof *s->texts);
	s->most = most;
	s->fresh = 1;
	return s->entries && s->texts ? 0 : -ENOMEM;
}

void strings_free(struct strings *s)
{
	index_free(&s->index);
	free(s->entries);
	free(s->texts);
}

static uint32_t cell_take(struct strings *s)
{
	uint32_t id = s->free;

	if (id)
		s->free = s->entries[id].next;
	else if (s->fresh <= s->most)
		id = s->fresh++;
	return id;
}

uint32_t strings_take(struct strings *s, const char *text)
{
	size_t len = strlen(text);
	uint64_t hash = index_hash(&s->index, text, len);
	uint32_t at = index_first(&s->index, hash), id;

	if (!len || len >= STRINGS_TEXT_MAX)
		return 0;
	while ((id = index_next(&s->index, hash, &at)))
		if (s->entries[id].len == len && !memcmp(s->texts[id], text, len))
			return strings_hold(s, id);
	id = cell_take(s);
	if (!id)
		return 0;
	memcpy(s->texts[id], text, len + 1);
	s->entries[id].refs = 1;
	s->entries[id].len = (uint32_t)len;
	index_add(&s->index, hash, id);
	return id;
}

uint32_t strings_hold(struct strings *s, uint32_t id)
{
	if (id)
		s->entries[id].refs++;
	return id;
}

void strings_drop(struct strings *s, uint32_t id)
{
	if (!id || --s->entries[id].refs)
		return;
	index_remove(&s->index,
		index_hash(&s->index, s->texts[id], s->entries[id].len), id);
	s->entries[id].next = s->free;
	s->free = id;
}
