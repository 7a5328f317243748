// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea device label - a label to print and stick on: what a device is called, its MAC, and
 * the way to its page as a QR code. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"
#ifdef CARDEA_QR
#include <qrencode.h>

#define QUIET 4 /* modules around a code (ISO/IEC 18004 6.3.8) */
#define MODULE 4 /* of the drawing's units */
#define LINE 22 /* of text, in units */

struct label {
	const char *name, *mac, *url;
	QRcode *code;
};

static bool is_dark(const QRcode *q, int x, int y)
{
	return x >= 0 && y >= 0 && x < q->width && y < q->width &&
	       (q->data[y * q->width + x] & 1);
}

/* Two rows of modules a line; dark on light, whatever colours the terminal has. */
static void print_code(const QRcode *q, FILE *out)
{
	static const char *const blocks[] = {" ", "\u2580", "\u2584", "\u2588"};

	for (int y = -QUIET; y < q->width + QUIET; y += 2) {
		fputs("\033[30;107m", out);
		for (int x = -QUIET; x < q->width + QUIET; x++)
			fputs(blocks[is_dark(q, x, y) | is_dark(q, x, y + 1) << 1], out);
		fputs("\033[0m\n", out);
	}
}

static void print_text(const struct label *l)
{
	print_code(l->code, stdout);
	printf("%s\n%s\n%s\n", l->name, l->mac, l->url);
}

/* XML 1.0 2.4: what a clean text may have that a document has other uses for. */
static void put_xml(const char *text, FILE *out)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
}

static void draw_line(FILE *out, unsigned y, unsigned size, const char *text)
{
	fprintf(out, "<text x=\"%d\" y=\"%u\" font-size=\"%u\">", QUIET * MODULE, y, size);
	put_xml(text, out);
	fputs("</text>\n", out);
}

static void draw(const struct label *l, FILE *out)
{
	unsigned side = (unsigned)(l->code->width + 2 * QUIET) * MODULE;

	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" "
		     "font-family=\"sans-serif\">\n<rect width=\"100%%\" height=\"100%%\" "
		     "fill=\"#fff\"/>\n<path fill=\"#000\" d=\"",
		side, side + 3 * LINE);
	for (int y = 0; y < l->code->width; y++)
		for (int x = 0; x < l->code->width; x++)
			if (is_dark(l->code, x, y))
				fprintf(out, "M%d %dh%dv%dh-%dz", (x + QUIET) * MODULE,
					(y + QUIET) * MODULE, MODULE, MODULE, MODULE);
	fputs("\"/>\n", out);
	draw_line(out, side, 16, l->name);
	draw_line(out, side + LINE, 11, l->mac);
	draw_line(out, side + 2 * LINE, 9, l->url);
	fputs("</svg>\n", out);
}

static enum cli_exit write_svg(const struct cli *c, const struct label *l)
{
	const char *path = NULL;
	char *svg = NULL;
	size_t len = 0;
	FILE *out;
	enum cli_exit e = file_out(c, &path);

	if (e != CLI_OK)
		return e;
	out = open_memstream(&svg, &len);
	if (out)
		draw(l, out);
	if (!out || fclose(out)) {
		cli_complain(NULL, "no memory left");
		e = CLI_FAILED;
	} else {
		e = file_write(path, svg, len);
	}
	free(svg);
	return e;
}

/* Where the page of a device is; "" where there are no pages. */
static enum cli_exit find_page(const struct cli *c, const json_t *d, char *url, size_t size)
{
	json_t *status = NULL;
	enum cli_exit e = answer_get(c, "/v1/status", &status);
	const char *page = answer_raw(json_object_get(status, "portal"), "page");
	size_t len = strlen(page);

	if (e == CLI_OK && !page[0]) {
		cli_complain("set page_port under [web]", "there are no pages to lead to");
		e = CLI_FAILED;
	}
	while (len && page[len - 1] == '/')
		len--;
	if (e == CLI_OK && str_print(url, size, "%.*s/devices/%lld", (int)len, page,
				   answer_number(d, "id"))) {
		cli_complain(NULL, "the address of its page is too long");
		e = CLI_FAILED;
	}
	json_decref(status);
	return e;
}

enum cli_exit device_label(struct cli *c)
{
	json_t *d = NULL;
	struct label l = {0};
	char url[512];
	enum cli_exit e = answer_device(c, c->args[0], &d);

	if (e == CLI_OK)
		e = find_page(c, d, url, sizeof(url));
	if (e == CLI_OK) {
		l = (struct label){.name = answer_text(d, "name"), .mac = answer_text(d, "mac"),
			.url = text_clean(url)};
		l.code = QRcode_encodeData((int)strlen(url), (unsigned char *)url, 0, QR_ECLEVEL_M);
		if (!l.code) {
			cli_complain(NULL, "the code could not be made");
			e = CLI_FAILED;
		}
	}
	if (e == CLI_OK && args_flag(c, "out"))
		e = write_svg(c, &l);
	else if (e == CLI_OK)
		print_text(&l);
	QRcode_free(l.code);
	json_decref(d);
	return e;
}
#else
enum cli_exit device_label(struct cli *c)
{
	(void)c;
	cli_complain("install libqrencode-dev and build again",
		"device label: this cardea was built without libqrencode");
	return CLI_FAILED;
}
#endif
