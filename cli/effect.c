// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea policy replay, profile review, profile diff - what a change would have done with
 * what was recorded, before it is made. */
#include <string.h>
#include "base/str.h"
#include "cli/advisory.h"
#include "cli/answer.h"
#include "cli/text.h"
#include "model/limits.h"

#define HOURS_MAX 336 /* as far back as the records go */

/* ---- what it would have done ---- */

static void print_examples(const json_t *effect)
{
	static const char *const headers[] = {"NOW", "THEN", ">TIMES", "LAST", "WHAT"};
	const json_t *list = json_object_get(effect, "examples");
	struct table t;
	json_t *o;
	size_t i;

	if (!json_array_size(list))
		return;
	table_init(&t, headers, 5);
	json_array_foreach (list, i, o) {
		bool blocked = strcmp(answer_raw(o, "then"), "blocked") == 0;

		table_cell(&t, STYLE_PLAIN, answer_text(o, "now"));
		table_cell(&t, blocked ? STYLE_BAD : STYLE_GOOD, answer_text(o, "then"));
		table_number(&t, answer_number(o, "count"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(o, "last")));
		table_cell(&t, STYLE_PLAIN, answer_text(o, "text"));
	}
	table_print(&t, stdout);
}

static void print_effect(const json_t *effect)
{
	printf("%s\n", answer_text(effect, "sentence"));
	print_examples(effect);
}

/* "24h", "7d", or hours. */
static enum cli_exit read_since(const struct cli *c, int64_t *ret)
{
	const char *text = args_flag(c, "since");
	size_t len = text ? strlen(text) : 0;
	char number[16] = "";
	int64_t n, unit = 1;

	*ret = 24;
	if (!text)
		return CLI_OK;
	if (len && strchr("hd", text[len - 1]))
		unit = text[--len] == 'd' ? 24 : 1;
	if (len < sizeof(number) &&
		str_print(number, sizeof(number), "%.*s", (int)len, text) == 0 &&
		str_to_i64(number, 1, HOURS_MAX / unit, &n) == 0) {
		*ret = n * unit;
		return CLI_OK;
	}
	cli_complain("for example --since 24h or --since 7d, up to 14d",
		"\"%s\" is no span of time", text_clean(text));
	return CLI_USAGE;
}

static enum cli_exit add_profile(const struct cli *c, json_t *body)
{
	enum cli_exit e;
	json_t *text = advisory_file(args_flag(c, "profile"), LIMIT_ADOPTED_BYTES, &e);

	if (e != CLI_OK)
		return e;
	json_object_set_new(body, "profile", text);
	if (!args_flag(c, "binding"))
		return CLI_OK;
	text = advisory_file(args_flag(c, "binding"), LIMIT_ADOPTED_BYTES, &e);
	if (e == CLI_OK)
		json_object_set_new(body, "binding", text);
	return e;
}

/* The change that is tried: one of the flags says it. */
static enum cli_exit add_change(const struct cli *c, json_t *body)
{
	const char *refuse = args_flag(c, "refuse"), *allow = args_flag(c, "allow");
	const char *limit = args_flag(c, "limit");
	unsigned said = (refuse != NULL) + (allow != NULL) + (limit != NULL) +
			(args_flag(c, "profile") != NULL) + (args_flag(c, "learned") != NULL);

	if (said != 1) {
		cli_complain("cardea policy replay kitchen-cam --refuse ads.example.com",
			said ? "one change at a time"
			     : "what would change: --profile FILE, --learned, --refuse PEER, "
			       "--allow PEER or --limit lan-only?");
		return CLI_USAGE;
	}
	if (args_flag(c, "profile"))
		return add_profile(c, body);
	if (args_flag(c, "learned"))
		json_object_set_new(body, "learned", json_true());
	else if (limit)
		json_object_set_new(body, "overlay", json_pack("{s:s}", "kind", limit));
	else
		json_object_set_new(body, "overlay",
			json_pack("{s:s, s:s}", "kind", refuse ? "refuse" : "allow", "peer",
				refuse ? refuse : allow));
	return CLI_OK;
}

static enum cli_exit read_change(const struct cli *c, json_t *body)
{
	const char *decision = args_flag(c, "decision");
	int64_t id;

	if (!decision && !c->arg_count) {
		cli_complain("cardea policy replay kitchen-cam --learned", "of which device?");
		return CLI_USAGE;
	}
	if (!decision) {
		json_object_set_new(body, "device", json_string(c->args[0]));
		return add_change(c, body);
	}
	if (str_to_i64(decision, 1, UINT32_MAX, &id)) {
		cli_complain("`cardea decide list` shows them", "a question has a number");
		return CLI_USAGE;
	}
	json_object_set_new(body, "decision", json_integer(id));
	return CLI_OK;
}

/* Exit 6: it would have blocked something. */
enum cli_exit effect_replay(struct cli *c)
{
	json_t *body = json_object(), *effect = NULL;
	struct client_target t;
	int64_t hours;
	enum cli_exit e = read_since(c, &hours);

	if (e == CLI_OK)
		e = read_change(c, body);
	if (e != CLI_OK) {
		json_decref(body);
		return e;
	}
	json_object_set_new(body, "hours", json_integer(hours));
	client_target_init(&t, "/v1/effect");
	e = answer_post(c, &t, body, &effect);
	if (e == CLI_NOT_FOUND && c->arg_count)
		answer_candidates(c, c->args[0]);
	if (e == CLI_OK && c->json)
		e = answer_print(effect);
	else if (e == CLI_OK)
		print_effect(effect);
	if (e == CLI_OK && answer_number(effect, "would_block"))
		e = CLI_NO;
	json_decref(effect);
	return e;
}

/* ---- what waits for the owner's word ---- */

static bool print_diff(const json_t *review)
{
	const json_t *list = json_object_get(review, "diff");
	bool more = false;
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o) {
		bool plus = answer_raw(o, "sign")[0] == '+';
		enum text_style style = plus ? STYLE_WARN : STYLE_GOOD;

		more |= plus;
		printf("  %s%c %s%s  (%s)\n", text_on(style), plus ? '+' : '-',
			answer_text(o, "sentence"), text_off(style), answer_text(o, "source"));
	}
	if (json_is_array(list) && !json_array_size(list))
		puts("  It asks for the same.");
	return more;
}

static void print_coverage(const json_t *coverage)
{
	const json_t *missing = json_object_get(coverage, "not_seen");
	json_t *o;
	size_t i;

	if (!json_is_object(coverage))
		return;
	printf("Learned from %lld episodes; not seen yet:",
		answer_number(coverage, "episodes"));
	json_array_foreach (missing, i, o)
		printf("%s %s", i ? "," : "", text_clean(json_string_value(o)));
	puts(json_array_size(missing) ? "" : " nothing that is looked for");
}

static void say_answers(const struct cli *c, const json_t *review)
{
	const char *device = text_quote(answer_raw(review, "device"));
	long long id = answer_number(review, "decision");

	if (id) {
		cli_say(c, "yes: cardea decide accept %lld", id);
		cli_say(c, "no:  cardea decide reject %lld", id);
	} else if (answer_true(review, "learned")) {
		cli_say(c, "put it in force: cardea profile approve %s",
			device ? device : "DEVICE");
	}
}

static void print_review(const struct cli *c, const json_t *review)
{
	const json_t *waiting = json_object_get(review, "waiting");
	const json_t *effect = json_object_get(review, "effect");

	if (!json_is_object(waiting)) {
		cli_say(c, "Nothing about %s waits for your word.",
			answer_text(review, "device"));
		return;
	}
	printf("%s\n", answer_text(waiting, "text"));
	if (answer_raw(waiting, "problem")[0])
		printf("  %s\n", answer_text(waiting, "problem"));
	(void)print_diff(review);
	if (json_is_object(effect))
		print_effect(effect);
	print_coverage(json_object_get(review, "coverage"));
	say_answers(c, review);
}

static enum cli_exit ask_review(struct cli *c, json_t **ret)
{
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/review");
	client_target_segment(&t, c->args[0]);
	e = answer_ask(c, &t, NULL, ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	return e;
}

enum cli_exit effect_review(struct cli *c)
{
	json_t *review = NULL;
	enum cli_exit e = ask_review(c, &review);

	return answer_finish(c, e, review, print_review);
}

/* Exit 6: what is proposed asks for more than what is in force. */
enum cli_exit effect_diff(struct cli *c)
{
	json_t *review = NULL, *o;
	bool more = false;
	size_t i;
	enum cli_exit e = ask_review(c, &review);

	json_array_foreach (json_object_get(review, "diff"), i, o)
		more |= answer_raw(o, "sign")[0] == '+';
	if (e == CLI_OK && c->json)
		e = answer_print(review);
	else if (e == CLI_OK && !json_is_array(json_object_get(review, "diff")))
		cli_say(c, "Nothing is proposed for %s that could be compared.",
			answer_text(review, "device"));
	else if (e == CLI_OK)
		(void)print_diff(review);
	json_decref(review);
	return e == CLI_OK && more ? CLI_NO : e;
}
