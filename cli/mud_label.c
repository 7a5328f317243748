// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea mud label, cardea mud view --svg - a MUD file as pictures. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"
#include "profiles/maker/maker.h"
#ifdef CARDEA_QR
#include <qrencode.h>
#endif

enum cli_exit mud_svg_print(const struct profile *p)
{
	int error = maker_svg(p, stdout);

	if (!error)
		return CLI_OK;
	cli_complain("`cardea mud view` shows it as text", "mud view --svg: %s",
		error_text(error));
	return CLI_FAILED;
}

#ifdef CARDEA_QR
static int draw(
	const struct profile *p, const char *url, char **ret_svg, size_t *ret_len)
{
	char text[MAKER_QR_MAX];
	struct maker_qr qr;
	QRcode *code;
	FILE *out;

	int error = maker_qr_text(p, url, text);
	if (error)
		return error;
	code = QRcode_encodeData(
		(int)strlen(text), (unsigned char *)text, 0, QR_ECLEVEL_M);
	if (!code)
		return -errno;
	qr = (struct maker_qr){.modules = code->data, .width = (unsigned)code->width};
	out = open_memstream(ret_svg, ret_len);
	error = out ? maker_label(p, url, &qr, out) : -ENOMEM;
	if (out && fclose(out) && !error)
		error = -ENOMEM;
	QRcode_free(code);
	return error;
}
#else
static int draw(
	const struct profile *p, const char *url, char **ret_svg, size_t *ret_len)
{
	(void)p, (void)url, (void)ret_svg, (void)ret_len;
	cli_complain("install libqrencode-dev and build again",
		"mud label: this cardea was built without libqrencode");
	return CARDEA_EUNSUPPORTED;
}
#endif

static enum cli_exit print_label(
	const struct cli *c, const struct profile *p, const char *url, const char *out)
{
	char *svg = NULL;
	size_t len = 0;
	enum cli_exit e = CLI_FAILED;
	json_t *o;

	int error = draw(p, url, &svg, &len);
	if (error)
		cli_complain(NULL, "mud label: %s", error_text(error));
	else
		e = file_write(out, svg, len);
	free(svg);
	if (e != CLI_OK || !c->json)
		return e;
	o = json_pack("{s:s, s:s, s:s, s:s}", "schema", "cardea.mud.label/1", "file",
		text_clean(c->args[0]), "out", text_clean(out), "url", url);
	e = answer_print(o);
	json_decref(o);
	return e;
}

enum cli_exit mud_file_label(struct cli *c)
{
	const char *url = args_flag(c, "url"), *out;
	char why[LIMIT_TEXT];
	struct file_mud f = {0};
	enum cli_exit e = file_out(c, &out);

	if (e == CLI_OK && url && mud_url_check(url, 0, why)) {
		cli_complain(NULL, "--url: %s", why);
		e = CLI_USAGE;
	}
	if (e == CLI_OK)
		e = file_mud_use(c, c->args[0], &f);
	if (e == CLI_OK) {
		const struct profile *p = mud_lint_profile(&f.lint);
		e = print_label(c, p, url ? url : p->url, out);
	}
	file_mud_free(&f);
	return e;
}
