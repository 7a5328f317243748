// SPDX-License-Identifier: GPL-2.0-or-later
/* table - columns as wide as what is in them. */
#include <string.h>
#include "base/str.h"
#include "cli/cli.h"
#include "cli/text.h"

#define ROOM_FIRST 64
#define GAP 2 /* blanks between columns */

void table_init(struct table *t, const char *const *headers, unsigned columns)
{
	*t = (struct table){.columns = columns};
	for (unsigned i = 0; i < columns; i++)
		t->headers[i] = headers[i];
}

void table_cell(struct table *t, enum text_style style, const char *text)
{
	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : ROOM_FIRST;
		struct table_cell *cells = cli_take(room * sizeof(*cells));

		if (t->count)
			memcpy(cells, t->cells, t->count * sizeof(*cells));
		t->cells = cells;
		t->room = room;
	}
	t->cells[t->count++] = (struct table_cell){.text = text, .style = style};
}

void table_number(struct table *t, long long n)
{
	char *text = cli_take(24);

	(void)str_print(text, 24, "%lld", n);
	table_cell(t, STYLE_PLAIN, text);
}

static void blanks(FILE *out, size_t n)
{
	while (n--)
		fputc(' ', out);
}

static void print_cell(
	FILE *out, const struct table_cell *c, size_t width, bool right, bool last)
{
	size_t pad = width - text_width(c->text);

	if (right)
		blanks(out, pad);
	fprintf(out, "%s%s%s", text_on(c->style), c->text, text_off(c->style));
	if (!last)
		blanks(out, (right ? 0 : pad) + GAP);
}

static void print_row(const struct table *t, const struct table_cell *cells,
	const size_t *widths, FILE *out)
{
	for (unsigned i = 0; i < t->columns; i++)
		print_cell(out, &cells[i], widths[i], t->headers[i][0] == '>',
			i + 1 == t->columns);
	fputc('\n', out);
}

void table_print(struct table *t, FILE *out)
{
	struct table_cell head[TABLE_COLUMNS_MAX];
	size_t widths[TABLE_COLUMNS_MAX];

	for (unsigned i = 0; i < t->columns; i++) {
		head[i].text = t->headers[i] + (t->headers[i][0] == '>');
		head[i].style = STYLE_BOLD;
		widths[i] = text_width(head[i].text);
	}
	for (size_t i = 0; i < t->count; i++) {
		size_t w = text_width(t->cells[i].text);

		if (w > widths[i % t->columns])
			widths[i % t->columns] = w;
	}
	print_row(t, head, widths, out);
	for (size_t i = 0; i + t->columns <= t->count; i += t->columns)
		print_row(t, t->cells + i, widths, out);
}
