// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea backup - all that makes this gateway this house's, in one sealed file. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/backup.h"
#include "cli/certificate.h"
#include "cli/progress.h"
#include "cli/text.h"

/* What stands in the first part; the rest is the database. */
static enum cli_exit put_description(
	const struct cli *c, struct sealed *s, const json_t *answer)
{
	json_t *certificate = certificate_read(c);
	json_t *o = json_pack("{s:s, s:O, s:O, s:O, s:O}", "schema", BACKUP_FILE_SCHEMA,
		"bytes", json_object_get(answer, "bytes"), "sha256",
		json_object_get(answer, "sha256"), "history",
		json_object_get(answer, "history"), "about", json_object_get(answer, "about"));
	char *text = NULL;
	enum cli_exit e = CLI_FAILED;

	if (o && (!certificate || !json_object_set(o, "certificate", certificate)))
		text = json_dumps(o, JSON_COMPACT);
	if (text)
		e = sealed_put(s, text, strlen(text), false);
	else
		cli_complain("look whether cardea and cardead are of one version",
			"the gateway does not say what the backup is");
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(o);
	certificate_free(certificate);
	return e;
}

/* Hex of a reply; false: it is none. */
static bool octets_of(const char *hex, uint8_t *out, size_t room, size_t *ret_len)
{
	size_t len = strlen(hex);

	*ret_len = len / 2;
	return len / 2 <= room && str_from_hex(hex, len, out, len / 2);
}

struct way_out {
	struct cli *cli;
	struct sealed *file;
	struct progress *bar;
	EVP_MD_CTX *sha;
	uint64_t bytes, done;
	uint8_t *part;
};

static enum cli_exit not_as_said(void)
{
	cli_complain("make it again; two at a time do not go",
		"the gateway gave something else than it had announced");
	return CLI_FAILED;
}

static enum cli_exit one_part(struct way_out *w)
{
	struct client_target t;
	json_t *answer = NULL;
	char from[24];
	size_t len = 0;
	enum cli_exit e;

	(void)str_print(from, sizeof(from), "%llu", (unsigned long long)w->done);
	client_target_init(&t, "/v1/backup");
	client_target_query(&t, "from", from);
	e = answer_ask(w->cli, &t, NULL, &answer);
	if (e == CLI_OK && (!octets_of(answer_raw(answer, "part"), w->part, SEALED_PART_MAX,
				    &len) ||
				   !len || len > w->bytes - w->done))
		e = not_as_said();
	json_decref(answer);
	if (e != CLI_OK)
		return e;
	w->done += len;
	if (EVP_DigestUpdate(w->sha, w->part, len) != 1)
		return not_as_said();
	return sealed_put(w->file, w->part, len, w->done == w->bytes);
}

static enum cli_exit all_parts(struct way_out *w, const char *digest)
{
	char made[BACKUP_SHA];
	enum cli_exit e = CLI_OK;

	while (e == CLI_OK && w->done < w->bytes) {
		e = one_part(w);
		progress_show(w->bar, 0, w->done);
	}
	if (e != CLI_OK)
		return e;
	backup_sha(w->sha, made);
	return strcmp(made, digest) == 0 ? CLI_OK : not_as_said();
}

void backup_sha(EVP_MD_CTX *sha, char ret[BACKUP_SHA])
{
	uint8_t sum[32] = {0};

	(void)EVP_DigestFinal_ex(sha, sum, NULL);
	for (size_t i = 0; i < sizeof(sum); i++)
		(void)str_print(ret + 2 * i, 3, "%02x", sum[i]);
}

static enum cli_exit copy_out(struct cli *c, struct sealed *s, const json_t *answer)
{
	struct progress bar;
	struct way_out w = {.cli = c, .file = s, .bar = &bar,
		.bytes = (uint64_t)answer_number(answer, "bytes"),
		.sha = EVP_MD_CTX_new(), .part = malloc(SEALED_PART_MAX)};
	enum cli_exit e = CLI_FAILED;

	progress_init(&bar, c, "backup");
	bar.unit = NULL;
	bar.size = w.bytes;
	if (w.sha && w.part && w.bytes && EVP_DigestInit_ex(w.sha, EVP_sha256(), NULL) == 1)
		e = put_description(c, s, answer);
	else
		cli_complain(NULL, "no memory left");
	if (e == CLI_OK)
		e = all_parts(&w, answer_raw(answer, "sha256"));
	progress_end(&bar);
	EVP_MD_CTX_free(w.sha);
	if (w.part)
		explicit_bzero(w.part, SEALED_PART_MAX);
	free(w.part);
	return e;
}

void backup_print_counts(const json_t *counts)
{
	static const struct {
		const char *key, *words;
	} rows[] = {{"devices", "devices"}, {"overlays", "words of yours about devices"},
		{"profiles", "profiles that you put in force"},
		{"decisions", "questions and answers"}, {"users", "users"}, {"cases", "cases"},
		{"vault", "configurations in the vault"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("%8lld  %s\n", answer_number(counts, rows[i].key), rows[i].words);
}

static void print_backup(const struct cli *c, const json_t *answer)
{
	const json_t *about = json_object_get(answer, "about");

	backup_print_counts(json_object_get(about, "counts"));
	cli_say(c, "%lld octets; %s.", answer_number(answer, "bytes"),
		answer_true(answer, "history")
			? "with what was recorded of the devices' traffic"
			: "without what was recorded of the devices' traffic (--history)");
	if (args_flag(c, "dry-run"))
		cli_say(c, "Nothing was written.");
	else
		cli_say(c, "%s is whole. Without its passphrase nobody can read it, you neither.",
			text_clean(c->args[0]));
}

/* The gateway forgets it; what it says of that is of no interest. */
static void end(const struct cli *c)
{
	struct client_target t;
	struct client_reply r;

	client_target_init(&t, "/v1/backup");
	if (client_ask(c->socket, &t, "{\"end\":true}", &r) == 0)
		client_reply_free(&r);
}

static enum cli_exit ask(struct cli *c, json_t **ret)
{
	struct client_target t;

	client_target_init(&t, "/v1/backup");
	return answer_post(c, &t,
		json_pack("{s:b, s:b}", "history", args_flag(c, "history") != NULL, "dry_run",
			args_flag(c, "dry-run") != NULL),
		ret);
}

static enum cli_exit write_file(struct cli *c, const char *passphrase, json_t **ret)
{
	struct sealed s = {.fd = -1};
	enum cli_exit e = sealed_create(&s, c->args[0], passphrase);

	if (e == CLI_OK)
		e = ask(c, ret);
	if (e == CLI_OK) {
		e = copy_out(c, &s, *ret);
		end(c);
	}
	if (e == CLI_OK)
		e = sealed_finish(&s, args_flag(c, "force") != NULL);
	sealed_close(&s);
	return e;
}

enum cli_exit backup_run(struct cli *c)
{
	char passphrase[PASSWORD_ROOM] = "";
	json_t *answer = NULL;
	enum cli_exit e = CLI_OK;

	if (args_flag(c, "dry-run"))
		e = ask(c, &answer);
	else
		e = sealed_passphrase(c, true, passphrase);
	if (e == CLI_OK && !answer)
		e = write_file(c, passphrase, &answer);
	explicit_bzero(passphrase, sizeof(passphrase));
	return answer_finish(c, e, answer, print_backup);
}
