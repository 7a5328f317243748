// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea web - where the page is, how to know that it is this gateway's, and the secret by
 * which the first owner is made. */
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/text.h"
#ifdef CARDEA_QR
#include <qrencode.h>
#endif

#define QR_TEXT_MAX 640
#define QUIET 2 /* modules around the code; four would not fit on small terminals */

#ifdef CARDEA_QR
static bool dark(const QRcode *q, int x, int y)
{
	return x >= 0 && y >= 0 && x < q->width && y < q->width &&
	       q->data[y * q->width + x] & 1;
}

/* Two rows of modules in one of text; light is what a terminal paints, so that it can be
 * read on a dark one, as most are. */
static void print_qr(const char *text)
{
	static const char *const blocks[] = {"\u2588", "\u2580", "\u2584", " "};
	QRcode *q = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);

	for (int y = -QUIET; q && y < q->width + QUIET; y += 2) {
		printf("  ");
		for (int x = -QUIET; x < q->width + QUIET; x++)
			fputs(blocks[dark(q, x, y) << 1 | dark(q, x, y + 1)], stdout);
		putchar('\n');
	}
	QRcode_free(q);
}
#else
static void print_qr(const char *text)
{
	(void)text;
}
#endif

/* As browsers show it: pairs with colons. */
static const char *fingerprint(const char *hex)
{
	size_t len = strlen(hex), at = 0;
	char *out = cli_take(len * 2 + 1);

	for (size_t i = 0; i < len; i++) {
		if (i && i % 2 == 0)
			out[at++] = ':';
		out[at++] = hex[i] >= 'a' && hex[i] <= 'f' ? (char)(hex[i] - 32) : hex[i];
	}
	out[at] = 0;
	return out;
}

static void print_urls(const json_t *answer)
{
	json_t *u;
	size_t i;

	json_array_foreach (json_object_get(answer, "urls"), i, u)
		printf("%-13s %s\n", i ? "" : "Page", text_clean(json_string_value(u)));
}

static void print_setup(const struct cli *c, const json_t *answer)
{
	const json_t *setup = json_object_get(answer, "setup");

	if (!json_is_object(setup)) {
		cli_say(c, "A lost password: cardea web --new-secret, or cardea user password "
			   "NAME");
		return;
	}
	printf("%-13s %s%s%s\n", "Setup secret", text_on(STYLE_BOLD),
		answer_text(setup, "secret"), text_off(STYLE_BOLD));
	if (answer_raw(setup, "until")[0])
		cli_say(c, "It gives an owner a new password, once, and ends %s.",
			text_ago(answer_raw(setup, "until")));
	else
		cli_say(c, "Nobody owns this gateway yet. Open the page, compare the "
			   "fingerprint, and type the secret.");
}

static void print_web(const struct cli *c, const json_t *answer)
{
	const json_t *first = json_array_get(json_object_get(answer, "urls"), 0);
	const char *print = answer_raw(answer, "fingerprint");
	char text[QR_TEXT_MAX];

	if (!first) {
		cli_say(c, "There is no page: [web] page_port is 0, or no LAN has an address.");
	} else {
		print_urls(answer);
		printf("%-13s %s\n", "Fingerprint",
			print[0] ? fingerprint(print) : "not known yet");
	}
	print_setup(c, answer);
	/* The part behind # stays in the browser. */
	if (first && (isatty(STDOUT_FILENO) || args_flag(c, "picture")) &&
		str_print(text, sizeof(text), "%s#sha256=%s", json_string_value(first),
			print) == 0)
		print_qr(text);
}

enum cli_exit web_run(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL, fresh = args_flag(c, "new-secret") != NULL;
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/web");
	if (fresh)
		e = answer_post(c, &t,
			json_pack("{s:b, s:b}", "new_secret", true, "dry_run", dry), &answer);
	else
		e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_OK && fresh && dry && !c->json) {
		printf("there would be a new setup secret; the one before would end\n");
		json_decref(answer);
		return e;
	}
	return answer_finish(c, e, answer, print_web);
}
