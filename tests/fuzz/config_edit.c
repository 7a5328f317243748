// SPDX-License-Identifier: GPL-2.0-or-later
/* config_edit.c - fuzz target: one setting in a file is changed, and nothing else is: not
 * what the file says beside it, and none of its other bytes. */
#include <stdlib.h>
#include <string.h>
#include "engine/config/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A value that the setting may have. */
static bool choose(const struct config_item *item, uint8_t n, char value[CONFIG_VALUE_MAX])
{
	static const char *const texts[] = {"/a \"b\" \\c", "192.0.2.53@53", "br-lan",
		"a.b.example", "x", "debug", "refuse", "bpf"};
	const char *words[3];
	size_t count = item->type == CONFIG_LIST ? n % 4 : 1;

	for (size_t i = 0; i < 3; i++)
		words[i] = texts[(n >> 2 & 7U) + i < 8 ? (n >> 2 & 7U) + i : i];
	if (item->type == CONFIG_BOOL)
		words[0] = n & 1 ? "true" : "false";
	if (item->type == CONFIG_INT)
		words[0] = n & 1 ? "1000" : "64";
	return config_value_from(item, words, count, value) == 0;
}

struct span {
	const struct config_item *item;
	size_t value, end;
	bool there;
};

static void look(void *ctx, const struct config_seen *s)
{
	struct span *last = ctx;

	if (s->item != last->item)
		return;
	last->value = s->value;
	last->end = s->end;
	last->there = true;
}

/* Where the value stood, or nowhere, is all that differs. */
static void check_bytes(const struct span *s, const char *a, size_t a_len, const char *b,
	size_t b_len, const char *value)
{
	size_t front = 0, back = 0, gone = s->there ? s->end - s->value : 0;

	while (front < a_len && front < b_len && a[front] == b[front])
		front++;
	while (back < a_len && back < b_len && a[a_len - 1 - back] == b[b_len - 1 - back])
		back++;
	if (s->there && (front < s->value || back < a_len - s->end ||
				b_len != a_len - gone + strlen(value)))
		abort();
	if (!s->there && (b_len <= a_len || front + back < a_len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config before, after;
	const struct config_item *item, *other;
	char error[CONFIG_ERROR_MAX], value[CONFIG_VALUE_MAX], *text;
	const char *file = (const char *)data + 2;
	size_t n = 0, len, file_len = size - 2;
	struct span span = {0};

	while (config_schema_item(n))
		n++;
	if (size < 2 || file_len > CONFIG_FILE_MAX)
		return 0;
	item = config_schema_item(data[0] % n);
	span.item = item;
	config_defaults(&before);
	if (!choose(item, data[1], value) ||
		config_walk(&before, "f", file, file_len, look, &span, error))
		return 0;
	after = before;
	if (config_value_set(item, &after, value, error))
		return 0; /* it may not have that one */
	if (config_edit(file, file_len, item->section, item->key, value, &text, &len)) {
		if (file_len + CONFIG_VALUE_MAX < CONFIG_FILE_MAX)
			abort();
		return 0;
	}
	check_bytes(&span, file, file_len, text, len, value);
	config_defaults(&before);
	if (config_parse(&before, "f", text, len, error))
		abort();
	for (size_t i = 0; (other = config_schema_item(i)); i++)
		if (!config_value_same(other, &before, &after))
			abort();
	free(text);
	return 0;
}
