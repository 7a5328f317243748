// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea device vault, view - what a device was configured with, kept sealed; and all that
 * its owner said of it, as one document. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/attest.h"
#include "cli/device.h"
#include "cli/file.h"
#include "cli/text.h"

#define VERSION_MAX (256 * 1024)

static enum cli_exit finish(struct cli *c, enum cli_exit e, json_t *answer,
	void (*print)(const struct cli *, const json_t *))
{
	if (e == CLI_NOT_FOUND && c->arg_count > 1)
		answer_candidates(c, c->args[1]);
	return answer_finish(c, e, answer, print);
}

static void print_vault(const struct cli *c, const json_t *answer)
{
	static const char *const headers[] = {">VERSION", "NAME", ">OCTETS", "SINCE", "SHA-256"};
	const json_t *list = json_object_get(answer, "versions");
	struct table t;
	json_t *v;
	size_t i;

	if (!json_array_size(list)) {
		cli_say(c, "The vault of %s is empty.", answer_text(answer, "device"));
		return;
	}
	table_init(&t, headers, 5);
	json_array_foreach (list, i, v) {
		table_number(&t, answer_number(v, "version"));
		table_cell(&t, STYLE_PLAIN, answer_text(v, "name"));
		table_number(&t, answer_number(v, "bytes"));
		table_cell(&t, STYLE_DIM, text_ago(answer_raw(v, "at")));
		table_cell(&t, STYLE_DIM, answer_text(v, "sha256"));
	}
	table_print(&t, stdout);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void print_would_put(const struct cli *c, const json_t *answer)
{
	const char *name = args_flag(c, "name");

	printf("%s would be put into the vault of %s\n",
		text_clean(name ? name : base_name(c->args[2])), answer_text(answer, "device"));
}

static void print_would_drop(const struct cli *c, const json_t *answer)
{
	printf("version %s would be taken out of the vault of %s, for good\n",
		text_clean(args_flag(c, "number")), answer_text(answer, "device"));
}

static enum cli_exit put(struct cli *c, const struct client_target *t)
{
	const char *name = args_flag(c, "name");
	struct cursor bytes;
	enum cli_exit e = attest_read(c->args[2], VERSION_MAX, &bytes);
	json_t *answer = NULL;
	size_t len = cursor_left(&bytes);
	char *hex;

	if (e != CLI_OK)
		return e;
	hex = cli_take(2 * len + 1);
	str_to_hex(bytes.pos, len, hex);
	e = answer_post(c, t,
		json_pack("{s:s, s:s, s:b}", "name", name ? name : base_name(c->args[2]),
			"bytes", hex, "dry_run", args_flag(c, "dry-run") != NULL),
		&answer);
	if (e == CLI_OK && !args_flag(c, "dry-run")) {
		const json_t *list = json_object_get(answer, "versions");
		const json_t *last = json_array_get(list, json_array_size(list) - 1);

		cli_say(c, "undo with: cardea device vault remove %s --number %lld",
			device_handle(answer, answer_raw(answer, "device")),
			answer_number(last, "version"));
	}
	return finish(c, e, answer, args_flag(c, "dry-run") ? print_would_put : print_vault);
}

/* The bytes as they were put in, to a file that is not there yet. */
static enum cli_exit write_out(const struct cli *c, const json_t *answer)
{
	const char *hex = answer_raw(answer, "content"), *path = NULL;
	size_t len = strlen(hex) / 2;
	enum cli_exit e = file_out(c, &path);
	uint8_t *out;

	if (e != CLI_OK)
		return e;
	out = cli_take(len + 1);
	if (!str_from_hex(hex, strlen(hex), out, len)) {
		cli_complain(NULL, "the gateway's answer is no hex");
		return CLI_FAILED;
	}
	e = strcmp(path, "-") == 0 ? file_write(path, out, len)
				   : file_write_fresh(path, out, len);
	if (e == CLI_OK)
		cli_say(c, "version %lld, %s", answer_number(answer, "version"),
			answer_text(answer, "name"));
	return e;
}

static enum cli_exit get(struct cli *c, struct client_target *t)
{
	const char *version = args_flag(c, "number");
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_query(t, "version", version ? version : "0");
	e = answer_ask(c, t, NULL, &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		e = write_out(c, answer);
	json_decref(answer);
	return e;
}

static enum cli_exit drop(struct cli *c, const struct client_target *t)
{
	const char *text = args_flag(c, "number");
	json_t *answer = NULL;
	int64_t version;
	enum cli_exit e;

	if (!text || str_to_i64(text, 1, UINT32_MAX, &version)) {
		cli_complain("cardea device vault remove kitchen-cam --number 3",
			"which version?");
		return CLI_USAGE;
	}
	e = cli_confirm(c, "Version %s goes for good, and cannot be brought back.", text);
	if (e != CLI_OK)
		return e;
	e = answer_post(c, t,
		json_pack("{s:I, s:b}", "remove", (json_int_t)version, "dry_run",
			args_flag(c, "dry-run") != NULL),
		&answer);
	if (e == CLI_OK && !args_flag(c, "dry-run"))
		cli_say(c, "this cannot be undone; `vault get` gives out what is still "
			   "there");
	return finish(c, e, answer, args_flag(c, "dry-run") ? print_would_drop : print_vault);
}

enum cli_exit device_vault(struct cli *c)
{
	const char *verb = c->args[0];
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/vaults");
	client_target_segment(&t, c->args[1]);
	if (strcmp(verb, "put") == 0 && c->arg_count == 3)
		return put(c, &t);
	if (strcmp(verb, "get") == 0 && c->arg_count == 2)
		return get(c, &t);
	if (strcmp(verb, "remove") == 0 && c->arg_count == 2)
		return drop(c, &t);
	if (strcmp(verb, "list") != 0 || c->arg_count != 2) {
		cli_complain("cardea device vault put kitchen-cam export.bin",
			"put DEVICE FILE, get DEVICE, list DEVICE, or remove DEVICE");
		return CLI_USAGE;
	}
	e = answer_ask(c, &t, NULL, &answer);
	return finish(c, e, answer, print_vault);
}

/* One document, whoever reads it. */
enum cli_exit device_view(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/views");
	client_target_segment(&t, c->args[0]);
	e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	if (e == CLI_OK)
		e = answer_print(answer);
	json_decref(answer);
	return e;
}
