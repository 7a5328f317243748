// SPDX-License-Identifier: GPL-2.0-or-later
/* label - a sheet for the box that a device is sold in: a code that carries the MUD URL
 * (RFC 9238), and in words what the device will want. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/maker/maker_priv.h"
#include "profiles/mud/mud.h"

#define WIDTH 620 /* of the drawing; printed as wide as A5 */
#define WIDTH_MM 148
#define MARGIN 30
#define QR_SIZE 190
#define QUIET 4 /* modules of white around a code (ISO/IEC 18004) */
#define LINE_H 19
#define LINE_CHARS 84
#define SENTENCES_MAX 30 /* what fits on a sheet beside the rest */
#define RECORD_CHARS 64

/* RFC 9238 with ANSI MH10.8.2: the envelope, and records ended by US. */
#define QR_HEAD                                                                        \
	"[)>\x1e"                                                                      \
	"06\x1d"                                                                       \
	"12N"
#define QR_TAIL "\x1e\x04"
#define RECORD_END "\x1f"

static bool is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return false;
	return *text && strlen(text) <= RECORD_CHARS;
}

int maker_qr_text(const struct profile *p, const char *url, char ret_text[MAKER_QR_MAX])
{
	char text[MAKER_QR_MAX];
	const char *maker = is_plain(p->mfg_name) ? p->mfg_name : NULL;
	const char *model = is_plain(p->model_name) ? p->model_name : NULL;

	/* a query would be of no use to a MUD manager (RFC 9238 3.2.4) */
	int error = str_print(text, sizeof text, "%sM180%.*s%s%s%s%s%s%s%s%s", QR_HEAD,
		(int)strcspn(url, "?#"), url, RECORD_END, maker ? "B000" : "",
		maker ? maker : "", maker ? RECORD_END : "", model ? "B002" : "",
		model ? model : "", model ? RECORD_END : "", QR_TAIL);
	if (!error)
		memcpy(ret_text, text, sizeof text);
	return error;
}

struct sheet {
	FILE *out;
	int y;
};

static void line(
	struct sheet *s, int x, const char *class, const char *utf8, size_t max)
{
	char shown[MAKER_SENTENCE_MAX];

	fprintf(s->out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, s->y, class);
	maker_xml(maker_short(utf8, max, shown, sizeof shown), s->out);
	fputs("</text>\n", s->out);
	s->y += LINE_H;
}

static void print_qr(const struct sheet *s, const struct maker_qr *qr, int x, int y)
{
	unsigned cells = qr->width + 2 * QUIET;

	fprintf(s->out,
		"<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %u "
		"%u\" "
		"shape-rendering=\"crispEdges\"><path fill=\"#000\" d=\"",
		x, y, QR_SIZE, QR_SIZE, cells, cells);
	for (unsigned row = 0; row < qr->width; row++)
		for (unsigned col = 0; col < qr->width; col++)
			if (qr->modules[row * qr->width + col] & 1)
				fprintf(s->out, "M%u %uh1v1h-1z", col + QUIET,
					row + QUIET);
	fputs("\"/></svg>\n", s->out);
}

static void print_head(struct sheet *s, const struct profile *p, const char *url)
{
	static const char *const lead[] = {
		"This device brings a list of what it needs on",
		"your network. A gateway that reads it refuses", "all else."};
	int x = MARGIN + QR_SIZE + 20;

	s->y = MARGIN + 26;
	line(s, x, "t", p->systeminfo[0] ? p->systeminfo : "A device", 32);
	if (p->mfg_name[0])
		line(s, x, "p", p->mfg_name, 44);
	if (p->model_name[0])
		line(s, x, "p", p->model_name, 44);
	s->y += 8;
	for (size_t i = 0; i < sizeof lead / sizeof *lead; i++)
		line(s, x, "p", lead[i], 60);
	s->y = MARGIN + QR_SIZE + 18;
	line(s, MARGIN, "u", url, 90);
	line(s, MARGIN, "u",
		p->is_supported ? "Its maker still supports it."
				: "Its maker no longer supports it.",
		90);
	s->y += 8;
}

static void more(struct sheet *s, size_t n)
{
	char text[80];

	if (!n)
		return;
	(void)str_print(text, sizeof text,
		"and %zu more: `cardea mud view` shows all of them", n);
	line(s, MARGIN + 12, "u", text, 90);
}

static void print_sentences(
	struct sheet *s, const struct maker_line *lines, size_t count)
{
	char sentence[MAKER_SENTENCE_MAX];

	line(s, MARGIN, "h", "It", 10);
	for (size_t i = 0; i < count && i < SENTENCES_MAX; i++)
		line(s, MARGIN + 12, "p", maker_sentence(&lines[i], sentence),
			LINE_CHARS);
	if (!count)
		line(s, MARGIN + 12, "p", "needs nothing beyond DNS and the time",
			LINE_CHARS);
	more(s, count > SENTENCES_MAX ? count - SENTENCES_MAX : 0);
	s->y += 10;
}

static bool is_first(const struct maker_line *lines, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (lines[i].place == MAKER_INTERNET && !lines[i].forbidden &&
			!strcmp(lines[i].peer, lines[at].peer))
			return false;
	return lines[at].place == MAKER_INTERNET && !lines[at].forbidden;
}

static void print_destinations(
	struct sheet *s, const struct maker_line *lines, size_t count)
{
	size_t shown = 0, left = 0;

	line(s, MARGIN, "h", "Destinations outside your home", 40);
	for (size_t i = 0; i < count; i++) {
		if (!is_first(lines, i))
			continue;
		if (shown < SENTENCES_MAX)
			line(s, MARGIN + 12, "p", lines[i].peer, LINE_CHARS);
		left += shown++ >= SENTENCES_MAX;
	}
	if (!shown)
		line(s, MARGIN + 12, "p", "none", LINE_CHARS);
	more(s, left);
}

struct extras {
	struct sheet *s;
	size_t count;
};

static void print_extra(void *ctx, const char *sentence)
{
	struct extras *x = ctx;

	if (!x->count)
		line(x->s, MARGIN, "h", "Its maker says besides", 40);
	if (x->count++ < SENTENCES_MAX)
		line(x->s, MARGIN + 12, "p", sentence, LINE_CHARS);
}

static void print_extras(struct sheet *s, const struct profile *p)
{
	struct extras x = {.s = s};

	mud_extras(p, print_extra, &x);
	more(s, x.count > SENTENCES_MAX ? x.count - SENTENCES_MAX : 0);
	s->y += x.count ? 10 : 0;
}

static void print_body(struct sheet *s, const struct profile *p, const char *url,
	const struct maker_line *lines, size_t count)
{
	print_head(s, p, url);
	print_sentences(s, lines, count);
	print_extras(s, p);
	print_destinations(s, lines, count);
	s->y += 12;
	line(s, MARGIN, "u",
		"All else is refused, except the gateway's own DNS and time (RFC "
		"8520). "
		"Code: RFC 9238.",
		110);
}

static void print_open(FILE *out, int height)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%dmm\" "
		"height=\"%dmm\" viewBox=\"0 0 %d %d\">\n"
		"<style>text{font:13px sans-serif;fill:#000}.t,.h{font-weight:bold}"
		".t{font-size:19px}.u{font-size:11px;fill:#444}</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		WIDTH_MM, WIDTH_MM * height / WIDTH, WIDTH, height);
}

/* The text first, since its length says how long the sheet is. */
static int print_sheet(const struct profile *p, const char *url,
	const struct maker_qr *qr, const struct maker_line *lines, size_t count,
	FILE *out)
{
	char *body = NULL;
	size_t len;
	struct sheet s = {.out = open_memstream(&body, &len)};

	if (!s.out)
		return -ENOMEM;
	print_body(&s, p, url, lines, count);
	if (fclose(s.out)) {
		free(body);
		return -ENOMEM;
	}
	s.out = out;
	print_open(out, s.y + MARGIN / 2);
	print_qr(&s, qr, MARGIN - 8, MARGIN - 8);
	fwrite(body, 1, len, out);
	fputs("</svg>\n", out);
	free(body);
	return ferror(out) ? -EIO : 0;
}

int maker_label(
	const struct profile *p, const char *url, const struct maker_qr *qr, FILE *out)
{
	struct pool *pool = pool_new("label", MAKER_POOL_BYTES);
	struct maker_line *lines;
	size_t count;

	int error = pool ? maker_lines(pool, p->rules, p->rule_count, &lines, &count)
			 : -ENOMEM;
	if (!error)
		error = print_sheet(p, url, qr, lines, count, out);
	pool_free(pool);
	return error;
}
