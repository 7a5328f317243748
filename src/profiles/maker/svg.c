// SPDX-License-Identifier: GPL-2.0-or-later
/* svg - a MUD file as a picture: the device on the left, on the right the places it has
 * to do with. It takes the colour of the page it stands on, and asks for no font. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "profiles/maker/maker_priv.h"

#define WIDTH 880
#define DEVICE_X 20
#define DEVICE_W 210
#define DEVICE_H 96
#define BOX_X 330
#define BOX_W 530
#define BOX_GAP 22
#define LINE_H 20
#define HEAD_H 34
#define TOP 20
#define PEER_CHARS 44 /* what fits beside the service at 13 pixels */
#define SERVICE_CHARS 20
#define LINES_SHOWN 40 /* a picture of more is none */

struct picture {
	const struct maker_line *lines;
	size_t count;
	FILE *out;
};

static const char *title_of(enum maker_place p)
{
	switch (p) {
	case MAKER_LOCAL:
		return "Local network";
	case MAKER_CONTROLLER:
		return "Controllers";
	case MAKER_GATEWAY:
		return "Gateway";
	case MAKER_INTERNET:
		return "Internet";
	case MAKER_PLACES:
		break;
	}
	return "";
}

static size_t count_of(const struct picture *p, enum maker_place place)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += p->lines[i].place == place;
	return n;
}

static int height_of(const struct picture *p, enum maker_place place)
{
	size_t n = count_of(p, place);

	if (n > LINES_SHOWN)
		n = LINES_SHOWN + 1;
	return HEAD_H + (int)(n ? n : 1) * LINE_H + 8;
}

static void text(const struct picture *p, int x, int y, const char *class,
	const char *utf8, size_t max)
{
	char shown[MAKER_PEER_MAX];

	fprintf(p->out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	maker_xml(maker_short(utf8, max, shown, sizeof shown), p->out);
	fputs("</text>\n", p->out);
}

static const char *sign_of(const struct maker_line *l)
{
	if (l->forbidden)
		return "\xc3\x97"; /* multiplication sign: never */
	if (l->out && l->in)
		return "\xe2\x86\x94";
	return l->in ? "\xe2\x86\x90" : "\xe2\x86\x92";
}

static void print_lines(const struct picture *p, enum maker_place place, int y)
{
	char more[64];
	size_t n = 0, all = count_of(p, place);

	for (size_t i = 0; i < p->count && n < LINES_SHOWN; i++) {
		const struct maker_line *l = &p->lines[i];
		if (l->place != place)
			continue;
		text(p, BOX_X + 14, y, "s", sign_of(l), 1);
		text(p, BOX_X + 38, y, l->forbidden ? "p n" : "p", l->peer, PEER_CHARS);
		text(p, BOX_X + BOX_W - 14, y, "v", l->service, SERVICE_CHARS);
		y += LINE_H;
		n++;
	}
	if (!all)
		text(p, BOX_X + 38, y, "q", "nothing", 60);
	if (all > n) {
		(void)str_print(more, sizeof more, "and %zu more", all - n);
		text(p, BOX_X + 38, y, "q", more, 60);
	}
}

/* Ends of the line between device and place: who may start. */
static void print_link(
	const struct picture *p, enum maker_place place, int y, int device_y)
{
	bool out = false, in = false;

	for (size_t i = 0; i < p->count; i++)
		if (p->lines[i].place == place && !p->lines[i].forbidden) {
			out |= p->lines[i].out;
			in |= p->lines[i].in;
		}
	if (!out && !in)
		return;
	int from = DEVICE_X + DEVICE_W, to = BOX_X, mid = (from + to) / 2;
	fprintf(p->out, "<path class=\"l\" d=\"M%d %dC%d %d %d %d %d %d\"%s%s/>\n",
		from + 4, device_y, mid, device_y, mid, y, to - 4, y,
		out ? " marker-end=\"url(#a)\"" : "",
		in ? " marker-start=\"url(#b)\"" : "");
}

static void print_place(
	const struct picture *p, enum maker_place place, int y, int device_y)
{
	int h = height_of(p, place);

	fprintf(p->out,
		"<rect class=\"b%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		"rx=\"10\"/>\n",
		count_of(p, place) ? "" : " e", BOX_X, y, BOX_W, h);
	text(p, BOX_X + 14, y + 23, "h", title_of(place), 40);
	print_lines(p, place, y + HEAD_H + 14);
	print_link(p, place, y + h / 2, device_y);
}

static void print_device(
	const struct picture *p, const struct profile *profile, int mid)
{
	const char *name = profile->systeminfo[0]   ? profile->systeminfo
			   : profile->model_name[0] ? profile->model_name
						    : "The device";

	fprintf(p->out,
		"<rect class=\"b d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		"rx=\"14\"/>\n",
		DEVICE_X, mid - DEVICE_H / 2, DEVICE_W, DEVICE_H);
	text(p, DEVICE_X + DEVICE_W / 2, mid - 10, "t", name, 24);
	if (profile->mfg_name[0])
		text(p, DEVICE_X + DEVICE_W / 2, mid + 12, "m", profile->mfg_name, 28);
	if (profile->model_name[0])
		text(p, DEVICE_X + DEVICE_W / 2, mid + 32, "m", profile->model_name,
			28);
}

/* Colours come from the page; a picture that stands alone follows the reader's wish. */
static const char style[] =
	"<style>:root{color:#1b1f24}@media(prefers-color-scheme:dark){"
	":root{color:#e6e9ee}}"
	"text{font:13px sans-serif;fill:currentColor}.h,.t{font-weight:bold}"
	".t{font-size:15px}.t,.m{text-anchor:middle}.v{text-anchor:end}"
	".s{font-weight:bold}.m,.v{opacity:.75}.q{opacity:.55;font-style:italic}"
	".n{text-decoration:line-through}"
	".b{fill:currentColor;fill-opacity:.05;stroke:currentColor;stroke-opacity:.6}"
	".d{stroke-width:2}.e{stroke-dasharray:4 4}"
	".l{fill:none;stroke:currentColor;stroke-width:1.6;stroke-opacity:.8}"
	"marker path{fill:currentColor}</style>\n"
	"<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
	"markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
	"<path d=\"M0 0L8 4L0 8z\"/></marker><marker id=\"b\" viewBox=\"0 0 8 8\" "
	"refX=\"1\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
	"<path d=\"M8 0L0 4L8 8z\"/></marker></defs>\n";

static void print_picture(const struct picture *p, const struct profile *profile)
{
	int y = TOP, total = TOP;

	for (int i = 0; i < MAKER_PLACES; i++)
		total += height_of(p, (enum maker_place)i) + BOX_GAP;
	int height = total + 26, mid = (total - BOX_GAP + TOP) / 2;
	fprintf(p->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
		WIDTH, height, WIDTH, height);
	maker_xml(profile->systeminfo[0] ? profile->systeminfo : "A device", p->out);
	fputs(": what it may do</title>\n", p->out);
	fputs(style, p->out);
	print_device(p, profile, mid);
	for (int i = 0; i < MAKER_PLACES; i++) {
		print_place(p, (enum maker_place)i, y, mid);
		y += height_of(p, (enum maker_place)i) + BOX_GAP;
	}
	text(p, DEVICE_X, height - 14, "q",
		"Arrows show who may start. All else is refused, except the gateway's "
		"own "
		"DNS and time.",
		120);
	fputs("</svg>\n", p->out);
}

int maker_svg(const struct profile *profile, FILE *out)
{
	struct pool *pool = pool_new("svg", MAKER_POOL_BYTES);
	struct maker_line *lines;
	struct picture p = {.out = out};

	int error = pool ? maker_lines(pool, profile->rules, profile->rule_count,
				   &lines, &p.count)
			 : -ENOMEM;
	if (!error) {
		p.lines = lines;
		print_picture(&p, profile);
		error = ferror(out) ? -EIO : 0;
	}
	pool_free(pool);
	return error;
}
