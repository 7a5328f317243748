// SPDX-License-Identifier: GPL-2.0-or-later
/* The table as a drawing. Where a state stands is chosen by hand; what leads where is the
 * table's. Arcs that hold for nearly every state are told below instead of drawn. */
#include <errno.h>
#include <stdbool.h>
#include "lifecycle/lifecycle.h"

#define BOX_W 116
#define BOX_H 34
#define WIDTH 960
#define HEIGHT 600
#define MANY 5 /* states that an arc may come from, and still be drawn */

static const struct {
	int x, y;
	const char *fill;
} places[LIFE_STATE_MAX] = {
	[LIFE_NEW] = {20, 90, "#e8eef7"},
	[LIFE_LEARNING] = {210, 15, "#e8eef7"},
	[LIFE_PROTECTED] = {420, 110, "#dff0df"},
	[LIFE_SUSPICIOUS] = {680, 90, "#fdf1cf"},
	[LIFE_QUARANTINED] = {820, 185, "#f7d9d9"},
	[LIFE_LIMITED] = {600, 245, "#f7e3d0"},
	[LIFE_UPDATING] = {600, 350, "#f7e3d0"},
	[LIFE_ATTESTING] = {390, 350, "#f7e3d0"},
	[LIFE_PROBATION] = {330, 200, "#eef7df"},
	[LIFE_UNFIXABLE] = {830, 350, "#f7d9d9"},
	[LIFE_AWAY] = {150, 300, "#eeeeee"},
	[LIFE_RETIRED] = {20, 460, "#dddddd"},
};

static unsigned bits(uint32_t v)
{
	return (unsigned)__builtin_popcount(v);
}

static bool is_drawn(const struct life_arc *a)
{
	return bits(a->from) < MANY && a->to < LIFE_STATE_MAX;
}

/* The point of a box that looks towards another. */
static void edge(enum life_state from, enum life_state to, int *x, int *y)
{
	int dx = places[to].x - places[from].x, dy = places[to].y - places[from].y;

	*x = places[from].x + BOX_W / 2;
	*y = places[from].y + BOX_H / 2;
	if (dx > BOX_W || dx < -BOX_W)
		*x += dx > 0 ? BOX_W / 2 : -BOX_W / 2;
	else
		*y += dy > 0 ? BOX_H / 2 : -BOX_H / 2;
}

/* How many arcs before this one join the same two states: their words stand apart. */
static unsigned order(size_t index, enum life_state from, enum life_state to)
{
	const struct life_arc *a;
	unsigned n = 0;

	for (size_t i = 0; i < index && (a = life_arc_at(i)); i++)
		if (is_drawn(a) && a->to < LIFE_STATE_MAX &&
			((a->from & 1U << from && a->to == (unsigned)to) ||
				(a->from & 1U << to && a->to == (unsigned)from)))
			n++;
	return n;
}

static void draw_arc(FILE *out, size_t index, const struct life_arc *a,
	enum life_state from)
{
	enum life_state to = (enum life_state)a->to;
	unsigned n = order(index, from, to);
	int x1, y1, x2, y2;

	edge(from, to, &x1, &y1);
	edge(to, from, &x2, &y2);
	fprintf(out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", x1, y1, x2, y2);
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"arc\">%s%s</text>\n", (x1 + x2) / 2,
		(y1 + y2) / 2 - 4 + 13 * (int)n, life_event_name(a->event),
		a->returns ? " *" : "");
}

static void draw_boxes(FILE *out)
{
	for (enum life_state s = 0; s < LIFE_STATE_MAX; s++)
		fprintf(out,
			"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"7\" "
			"fill=\"%s\"/>\n<text x=\"%d\" y=\"%d\" class=\"state\">%s</text>\n",
			places[s].x, places[s].y, BOX_W, BOX_H, places[s].fill,
			places[s].x + BOX_W / 2, places[s].y + 22, life_state_name(s));
}

/* "quarantined, limited or updating: forged -> where it was held" */
static void tell_arc(FILE *out, const struct life_arc *a, int y)
{
	const char *to = a->to == LIFE_TO_BEFORE ? "where it was"
			 : a->to == LIFE_TO_HELD ? "quarantined or limited"
						 : life_state_name((enum life_state)a->to);
	const char *sep = "";

	fprintf(out, "<text x=\"190\" y=\"%d\">", y);
	if (bits(a->from) >= LIFE_STATE_MAX - 2)
		fputs("any", out);
	for (enum life_state s = 0; s < LIFE_STATE_MAX; s++)
		if (bits(a->from) < LIFE_STATE_MAX - 2 && a->from & 1U << s) {
			fprintf(out, "%s%s", sep, life_state_name(s));
			sep = ", ";
		}
	fprintf(out, ": %s%s &#8594; %s</text>\n", life_event_name(a->event),
		a->returns ? " *" : "", to);
}

int life_draw(FILE *out)
{
	const struct life_arc *a;
	int y = 412;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"11\">\n"
		"<style>rect{stroke:#444}line{stroke:#666;marker-end:url(#a)}"
		".state{font-size:14px;text-anchor:middle}"
		".arc{text-anchor:middle;fill:#333;paint-order:stroke;stroke:#fff;"
		"stroke-width:3px}</style>\n"
		"<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
		"markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
		"<path d=\"M0 0L8 4L0 8z\" fill=\"#666\"/></marker></defs>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\" stroke=\"none\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	for (size_t i = 0; (a = life_arc_at(i)); i++)
		for (enum life_state s = 0; is_drawn(a) && s < LIFE_STATE_MAX; s++)
			if (a->from & 1U << s)
				draw_arc(out, i, a, s);
	draw_boxes(out);
	for (size_t i = 0; (a = life_arc_at(i)); i++)
		if (!is_drawn(a)) {
			tell_arc(out, a, y);
			y += 14;
		}
	fprintf(out, "<text x=\"190\" y=\"%d\">* only with evidence, or by the owner"
		     "</text>\n</svg>\n", y);
	return ferror(out) ? -EIO : 0;
}
