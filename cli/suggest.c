// SPDX-License-Identifier: GPL-2.0-or-later
/* suggest - what a misspelt word may have meant. */
#include <string.h>
#include <strings.h>
#include "cli/cli.h"
#include "cli/text.h"

#define WORD_MAX 64 /* longer ones are no typing errors of ours */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Letters to add, drop, change or swap with their neighbour (optimal string alignment).
 */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3];
		const unsigned *upper = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = least(
				up[j - 1] + !same, least(up[j] + 1, row[j - 1] + 1));
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
				fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = least(row[j], upper[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

/* A beginning is worth as much as one wrong letter. */
static unsigned difference(const char *word, const char *candidate)
{
	size_t len = strlen(word);

	if (len >= 2 && strncasecmp(word, candidate, len) == 0)
		return 1;
	return distance(word, candidate);
}

void suggest_offer(struct suggest *s, const char *candidate)
{
	unsigned d = difference(s->word, candidate);
	unsigned limit = strlen(s->word) < 4 ? 1 : 2, i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->best[i], candidate) == 0)
			return;
	if (d > limit)
		return;
	for (i = s->count; i > 0 && s->distance[i - 1] > d; i--)
		if (i < SUGGEST_MAX) {
			s->best[i] = s->best[i - 1];
			s->distance[i] = s->distance[i - 1];
		}
	if (i == SUGGEST_MAX)
		return;
	s->best[i] = candidate;
	s->distance[i] = d;
	if (s->count < SUGGEST_MAX)
		s->count++;
}

void suggest_print(const struct suggest *s)
{
	for (unsigned i = 0; i < s->count; i++)
		fprintf(stderr, "%s%s",
			i == 0             ? "; did you mean "
			: i + 1 < s->count ? ", "
					   : " or ",
			text_clean(s->best[i]));
	fputs(s->count ? "?\n" : "\n", stderr);
}
