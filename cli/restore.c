// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea restore - a backup in place of all that is here. The file is proven whole before the
 * gateway hears of it, the gateway checks it by itself, and only then anything changes. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/str.h"
#include "cli/answer.h"
#include "cli/backup.h"
#include "cli/certificate.h"
#include "cli/daemon.h"
#include "cli/progress.h"

#define SEND_OCTETS (256U << 10) /* in one request: twice that in hex */
#define SETTLE_S 60
#define POLL_MS 200
#define KEPT_NAME 32 /* 2026-01-31T12:00:00Z */

struct way_in {
	struct cli *cli;
	struct sealed file;
	json_t *about; /* the file's first part */
	uint8_t *part;
};

/* ---- the file ---- */

static enum cli_exit no_description(const struct way_in *w)
{
	cli_complain("read it with a Cardea that is as new as the one that made it",
		"%s: says nothing of itself that this version knows",
		text_clean(w->file.path));
	return CLI_NO;
}

static enum cli_exit read_description(struct way_in *w)
{
	size_t len = 0;
	bool last = false;
	long long bytes;
	enum cli_exit e = sealed_get(&w->file, w->part, &len, &last);

	if (e != CLI_OK)
		return e;
	w->about = json_loadb((const char *)w->part, len, JSON_REJECT_DUPLICATES, NULL);
	bytes = answer_number(w->about, "bytes");
	if (last || strcmp(answer_raw(w->about, "schema"), BACKUP_FILE_SCHEMA) != 0 ||
		strlen(answer_raw(w->about, "sha256")) != BACKUP_SHA - 1 || bytes < 1 ||
		bytes > BACKUP_FILE_MAX)
		return no_description(w);
	return CLI_OK;
}

/* Each part of the database, to visit. */
static enum cli_exit each_part(struct way_in *w,
	enum cli_exit (*visit)(struct way_in *w, size_t len, uint64_t from, void *ctx),
	void *ctx)
{
	uint64_t bytes = (uint64_t)answer_number(w->about, "bytes"), done = 0;
	bool last = false;
	enum cli_exit e = CLI_OK;

	while (e == CLI_OK && !last) {
		size_t len = 0;

		e = sealed_get(&w->file, w->part, &len, &last);
		if (e == CLI_OK && (!len || len > bytes - done))
			return no_description(w);
		if (e == CLI_OK)
			e = visit(w, len, done, ctx);
		done += len;
	}
	return e == CLI_OK && done != bytes ? no_description(w) : e;
}

static enum cli_exit digest_part(struct way_in *w, size_t len, uint64_t from, void *ctx)
{
	(void)from;
	return EVP_DigestUpdate(ctx, w->part, len) == 1 ? CLI_OK : CLI_FAILED;
}

static enum cli_exit prove(struct way_in *w)
{
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	char made[BACKUP_SHA] = "";
	enum cli_exit e = CLI_FAILED;

	if (sha && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1)
		e = each_part(w, digest_part, sha);
	if (e == CLI_OK)
		backup_sha(sha, made);
	EVP_MD_CTX_free(sha);
	if (e == CLI_OK && strcmp(made, answer_raw(w->about, "sha256")) != 0)
		return no_description(w);
	return e;
}

/* ---- the gateway ---- */

static enum cli_exit post(const struct cli *c, json_t *body, json_t **ret)
{
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/restore");
	e = answer_post(c, &t, body, &answer);
	if (e == CLI_OK && ret)
		*ret = answer;
	else
		json_decref(answer);
	return e;
}

/* It forgets what came; what it says of that is of no interest. */
static void end(const struct cli *c)
{
	struct client_target t;
	struct client_reply r;

	client_target_init(&t, "/v1/restore");
	if (client_ask(c->socket, &t, "{\"end\":true}", &r) == 0)
		client_reply_free(&r);
}

static enum cli_exit send_octets(struct way_in *w, size_t at, size_t len, uint64_t from)
{
	char *hex = malloc(2 * len + 1);
	enum cli_exit e;

	if (!hex) {
		cli_complain(NULL, "no memory left");
		return CLI_FAILED;
	}
	str_to_hex(w->part + at, len, hex);
	e = post(w->cli,
		json_pack("{s:I, s:s}", "from", (json_int_t)(from + at), "part", hex), NULL);
	explicit_bzero(hex, 2 * len);
	free(hex);
	return e;
}

static enum cli_exit send_part(struct way_in *w, size_t len, uint64_t from, void *bar)
{
	enum cli_exit e = CLI_OK;

	for (size_t at = 0; e == CLI_OK && at < len; at += SEND_OCTETS) {
		size_t n = len - at < SEND_OCTETS ? len - at : SEND_OCTETS;

		e = send_octets(w, at, n, from);
		progress_show(bar, 0, from + at + n);
	}
	return e;
}

static enum cli_exit send_all(struct way_in *w, json_t **ret)
{
	struct progress bar;
	json_t *begin = json_pack("{s:O}", "begin", json_object_get(w->about, "bytes"));
	size_t len;
	bool last;
	enum cli_exit e = sealed_again(&w->file);

	progress_init(&bar, w->cli, "restore");
	bar.unit = NULL;
	bar.size = (uint64_t)answer_number(w->about, "bytes");
	if (e == CLI_OK)
		e = sealed_get(&w->file, w->part, &len, &last); /* the description */
	if (e == CLI_OK)
		e = post(w->cli, json_incref(begin), NULL);
	if (e == CLI_OK)
		e = each_part(w, send_part, &bar);
	progress_end(&bar);
	json_decref(begin);
	if (e == CLI_OK)
		e = post(w->cli, json_pack("{s:O}", "check", json_object_get(w->about, "sha256")),
			ret);
	return e;
}

/* ---- what would change ---- */

static void print_names(const json_t *list, const char *words)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		printf("%s %s\n", words, text_clean(json_string_value(one)));
}

static void print_devices(const json_t *devices)
{
	const json_t *one;
	size_t i;

	print_names(json_object_get(devices, "comes"), "comes:  ");
	print_names(json_object_get(devices, "goes"), "goes:   ");
	json_array_foreach (json_object_get(devices, "renamed"), i, one)
		printf("renamed: %s -> %s\n", answer_text(one, "from"), answer_text(one, "to"));
}

static void print_settings(const json_t *settings)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(settings, "changes"), i, one)
		printf("setting: %s: %s -> %s\n", answer_text(one, "key"),
			answer_text(one, "from"), answer_text(one, "to"));
	json_array_foreach (json_object_get(settings, "kept"), i, one)
		printf("stays:   %s: %s, of this machine (the backup has %s)\n",
			answer_text(one, "key"), answer_text(one, "from"),
			answer_text(one, "to"));
}

static void print_effect(const struct cli *c, const json_t *o)
{
	const json_t *about = json_object_get(o, "about");

	cli_say(c, "A backup of %s, made %s by Cardea %s:",
		answer_text(about, "made"), text_ago(answer_raw(about, "made")),
		answer_text(about, "version"));
	backup_print_counts(json_object_get(about, "counts"));
	print_devices(json_object_get(o, "devices"));
	print_settings(json_object_get(o, "settings"));
	if (args_flag(c, "dry-run"))
		cli_say(c, "Nothing was changed.");
}

/* ---- and does ---- */

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * NS_PER_MS};

	nanosleep(&t, NULL);
}

/* It starts anew meanwhile: no answer is "not yet". */
static bool is_done(const struct cli *c, const char *sha)
{
	struct client_target t;
	struct client_reply r;
	json_t *o;
	bool done;

	client_target_init(&t, "/v1/restore");
	if (client_ask(c->socket, &t, NULL, &r))
		return false;
	o = json_loadb(r.body, r.body_len, 0, NULL);
	done = r.status == 200 && strcmp(answer_raw(o, "state"), "idle") == 0 &&
	       strcmp(answer_raw(json_object_get(o, "last"), "sha256"), sha) == 0;
	json_decref(o);
	client_reply_free(&r);
	return done;
}

static enum cli_exit wait_done(const struct cli *c, const char *sha)
{
	nstime last = clock_mono(clock_system()) + SETTLE_S * NS_PER_SEC;

	while (!is_done(c, sha)) {
		if (clock_mono(clock_system()) > last) {
			cli_complain("`cardea status` and the log tell what is missing; it goes "
				     "on by itself",
				"the gateway has not come back with it within %d seconds",
				SETTLE_S);
			return CLI_TIMEOUT;
		}
		pause_ms(POLL_MS);
	}
	return daemon_wait_ready(c, -1);
}

/* The name of a kept house: its time to the second, as --kept takes it. */
static char *kept_name(const char *made, char ret[KEPT_NAME])
{
	(void)str_print(ret, KEPT_NAME, "%.19sZ", made);
	return ret;
}

static void say_done(const struct cli *c, const char *kept)
{
	cli_say(c, "The house is as in the backup. Who was logged in has to log in again.");
	if (kept[0])
		cli_say(c, "The house of before is kept. This brings it back: `cardea restore "
			   "--kept %s`",
			text_clean(kept));
	else
		cli_say(c, "The house of before could not be kept: the log tells why.");
}

/* certificate: of that house, or NULL. It comes behind the house: who is cut short between
 * them has the certificate of before, and restores once more. */
static enum cli_exit carry_out(struct cli *c, const char *sha, const json_t *certificate)
{
	json_t *answer = NULL;
	char keep[KEPT_NAME] = "";
	enum cli_exit e = cli_confirm(c,
		"All that this gateway knows is replaced by it. The house of now is kept.");

	if (e == CLI_OK)
		e = post(c, json_pack("{s:s}", "commit", sha), &answer);
	if (e == CLI_OK)
		e = wait_done(c, sha);
	if (e == CLI_OK && answer_raw(answer, "keeps")[0])
		kept_name(answer_raw(answer, "keeps"), keep);
	if (e == CLI_OK)
		certificate_bring(c, certificate, keep);
	if (e == CLI_OK)
		say_done(c, keep);
	json_decref(answer);
	return e;
}

/* What the gateway has checked. */
static enum cli_exit show_and_do(struct cli *c, const json_t *answer, const char *sha,
	const json_t *certificate)
{
	enum cli_exit e = CLI_OK;

	if (c->json)
		e = answer_print(answer);
	else
		print_effect(c, answer);
	if (e == CLI_OK && !args_flag(c, "dry-run"))
		e = carry_out(c, sha, certificate);
	return e;
}

static enum cli_exit check_and_do(struct way_in *w)
{
	json_t *answer = NULL;
	enum cli_exit e = send_all(w, &answer);

	if (e == CLI_OK)
		e = show_and_do(w->cli, answer, answer_raw(w->about, "sha256"),
			json_object_get(w->about, "certificate"));
	if (e != CLI_OK || args_flag(w->cli, "dry-run"))
		end(w->cli);
	json_decref(answer);
	return e;
}

/* Where nobody can be asked, nothing is begun. */
static enum cli_exit may_be_asked(struct cli *c, const char *what)
{
	if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		return CLI_OK;
	return cli_confirm(
		c, "All that this gateway knows would be replaced by %s.", text_clean(what));
}

/* ---- what earlier restores have replaced ---- */

static void print_kept(const struct cli *c, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "kept"), *one;
	char name[KEPT_NAME];
	size_t i;

	json_array_foreach (list, i, one)
		printf("%s  %s, %lld devices, Cardea %s\n",
			text_clean(kept_name(answer_raw(one, "made"), name)),
			text_ago(answer_raw(one, "made")),
			answer_number(json_object_get(one, "counts"), "devices"),
			answer_text(one, "version"));
	if (json_array_size(list) == 0)
		cli_say(c, "No house is kept: nothing was restored here.");
}

static enum cli_exit list_kept(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/restore");
	e = answer_ask(c, &t, NULL, &answer);
	return answer_finish(c, e, answer, print_kept);
}

static enum cli_exit bring_kept(struct cli *c, const char *name)
{
	json_t *answer = NULL, *certificate = NULL;
	enum cli_exit e = may_be_asked(c, name);

	if (e == CLI_OK)
		e = post(c, json_pack("{s:s}", "kept", name), &answer);
	if (e != CLI_OK)
		return e;
	certificate = certificate_kept(c, name);
	e = show_and_do(c, answer, answer_raw(answer, "sha256"), certificate);
	certificate_free(certificate);
	if (e != CLI_OK || args_flag(c, "dry-run"))
		end(c);
	json_decref(answer);
	return e;
}

/* ---- a file ---- */

static enum cli_exit bring_file(struct cli *c)
{
	char passphrase[PASSWORD_ROOM] = "";
	struct way_in w = {.cli = c, .file = {.fd = -1}, .part = malloc(SEALED_PART_MAX)};
	enum cli_exit e = may_be_asked(c, c->args[0]);

	if (e == CLI_OK && !w.part) {
		cli_complain(NULL, "no memory left");
		e = CLI_FAILED;
	}
	if (e == CLI_OK)
		e = sealed_passphrase(c, false, passphrase);
	if (e == CLI_OK)
		e = sealed_open(&w.file, c->args[0], passphrase);
	explicit_bzero(passphrase, sizeof(passphrase));
	if (e == CLI_OK)
		e = read_description(&w);
	if (e == CLI_OK)
		e = prove(&w);
	if (e == CLI_OK)
		e = check_and_do(&w);
	sealed_close(&w.file);
	certificate_free(json_incref(json_object_get(w.about, "certificate")));
	json_decref(w.about);
	if (w.part)
		explicit_bzero(w.part, SEALED_PART_MAX);
	free(w.part);
	return e;
}

enum cli_exit restore_run(struct cli *c)
{
	const char *kept = args_flag(c, "kept");
	bool list = args_flag(c, "list") != NULL;

	if (c->arg_count + (kept != NULL) + list != 1) {
		cli_complain("`cardea restore house.cardea`; `--kept TIME` brings back what a "
			     "restore has replaced, `--list` tells what there is",
			"name one thing to restore");
		return CLI_USAGE;
	}
	if (list)
		return list_kept(c);
	return kept ? bring_kept(c, kept) : bring_file(c);
}
