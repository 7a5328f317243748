// SPDX-License-Identifier: GPL-2.0-or-later
/* table - columns as wide as what is in them. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/cli.h"
#include "cli/text.h"

#define ROOM_FIRST 64
#define GAP 2 /* blanks between columns */
#define LAST_LEAST 16 /* columns that the last one is worth being broken into */
#define TEXT_MAX 1024 /* octets of one line of a cell: more than any terminal is wide */

void table_init(struct table *t, const char *const *headers, unsigned columns)
{
	*t = (struct table){.columns = columns};
	for (unsigned i = 0; i < columns; i++)
		t->headers[i] = headers[i];
}

/* A row is often made in a buffer that the next row is made in. */
static const char *keep(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(cli_take(size), text, size);
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
	t->cells[t->count++] = (struct table_cell){.text = keep(text), .style = style};
}

void table_number(struct table *t, long long n)
{
	char text[24];

	(void)str_print(text, sizeof(text), "%lld", n);
	table_cell(t, STYLE_PLAIN, text);
}

static void blanks(FILE *out, size_t n)
{
	while (n--)
		fputc(' ', out);
}

static void put(FILE *out, const struct table_cell *c, const char *text, size_t len)
{
	fprintf(out, "%s%.*s%s", text_on(c->style), (int)len, text, text_off(c->style));
}

/* The columns of the terminal that it goes to; 0: none, a row is a line. */
static size_t columns_of(FILE *out)
{
	struct winsize w;

	return isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

/* Octets of text that fit into so many columns: whole words, where there is one. */
static size_t fitting(const char *text, size_t width)
{
	size_t len = 0, words = 0;

	for (const char *p = text; *p; p++) {
		char before[TEXT_MAX];
		bool ends = p[1] == ' ' || p[1] == 0;

		if (((unsigned char)p[1] & 0xc0) == 0x80) /* amid a character */
			continue;
		if ((size_t)(p + 1 - text) >= sizeof(before))
			break;
		(void)str_print(before, sizeof(before), "%.*s", (int)(p + 1 - text), text);
		if (text_width(before) > width)
			break;
		len = (size_t)(p + 1 - text);
		if (ends)
			words = len;
	}
	return words ? words : len;
}

/* The last cell, which may go on below itself; at: the column where it begins. */
static void print_last(FILE *out, const struct table_cell *c, size_t at, size_t width)
{
	const char *text = c->text;

	while (width && text_width(text) > width) {
		size_t len = fitting(text, width);

		if (!len)
			break;
		put(out, c, text, len);
		fputc('\n', out);
		blanks(out, at);
		text += len;
		text += strspn(text, " ");
	}
	put(out, c, text, strlen(text));
}

static void print_row(const struct table *t, const struct table_cell *cells,
	const size_t *widths, size_t last, FILE *out)
{
	size_t at = 0;

	for (unsigned i = 0; i + 1 < t->columns; i++) {
		size_t pad = widths[i] - text_width(cells[i].text);
		bool right = t->headers[i][0] == '>';

		blanks(out, right ? pad : 0);
		put(out, &cells[i], cells[i].text, strlen(cells[i].text));
		blanks(out, (right ? 0 : pad) + GAP);
		at += widths[i] + GAP;
	}
	print_last(out, &cells[t->columns - 1], at, last);
	fputc('\n', out);
}

/* A line for each cell: where the terminal is too narrow for a row. */
static void print_record(const struct table *t, const struct table_cell *head,
	const struct table_cell *cells, size_t total, FILE *out)
{
	size_t label = 0;

	for (unsigned i = 0; i < t->columns; i++)
		if (text_width(head[i].text) > label)
			label = text_width(head[i].text);
	for (unsigned i = 0; i < t->columns; i++) {
		if (!cells[i].text[0])
			continue;
		put(out, &head[i], head[i].text, strlen(head[i].text));
		blanks(out, label - text_width(head[i].text) + GAP);
		print_last(out, &cells[i], label + GAP,
			total > label + GAP ? total - label - GAP : 0);
		fputc('\n', out);
	}
	fputc('\n', out);
}

/* Right of the others; and what the others take together. */
static size_t measure(const struct table *t, const struct table_cell *head, size_t *widths)
{
	size_t sum = 0;

	for (unsigned i = 0; i < t->columns; i++)
		widths[i] = text_width(head[i].text);
	for (size_t i = 0; i < t->count; i++) {
		size_t w = text_width(t->cells[i].text);

		if (w > widths[i % t->columns])
			widths[i % t->columns] = w;
	}
	for (unsigned i = 0; i + 1 < t->columns; i++)
		sum += widths[i] + GAP;
	return sum;
}

void table_print(struct table *t, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX], total = columns_of(out), sum;
	struct table_cell head[TABLE_COLUMNS_MAX];

	for (unsigned i = 0; i < t->columns; i++) {
		head[i].text = t->headers[i] + (t->headers[i][0] == '>');
		head[i].style = STYLE_BOLD;
	}
	sum = measure(t, head, widths);
	if (total && sum + LAST_LEAST > total && sum + widths[t->columns - 1] > total) {
		for (size_t i = 0; i + t->columns <= t->count; i += t->columns)
			print_record(t, head, t->cells + i, total, out);
		return;
	}
	total = total > sum ? total - sum : 0;
	print_row(t, head, widths, total, out);
	for (size_t i = 0; i + t->columns <= t->count; i += t->columns)
		print_row(t, t->cells + i, widths, total, out);
}
