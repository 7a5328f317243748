// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea user, cardea token - who may use the page, and which programs the API. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/password.h"
#include "cli/text.h"

/* ---- users ---- */

static void print_users(const struct cli *c, const json_t *answer)
{
	static const char *const headers[] = {
		"NAME", "ROLE", "SINCE", "LAST LOGIN", ">LOGGED IN"};
	const json_t *list = json_object_get(answer, "users");
	struct table t;
	json_t *u;
	size_t i;

	if (!json_array_size(list)) {
		cli_say(c, "Nobody may use the page yet: `cardea web` shows how to begin.");
		return;
	}
	table_init(&t, headers, 5);
	json_array_foreach (list, i, u) {
		table_cell(&t, STYLE_BOLD, answer_text(u, "name"));
		table_cell(&t, STYLE_PLAIN, answer_text(u, "role"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(u, "since")));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(u, "last_login")));
		table_number(&t, answer_number(u, "sessions"));
	}
	table_print(&t, stdout);
}

enum cli_exit user_list(struct cli *c)
{
	json_t *answer = NULL;
	enum cli_exit e = answer_get(c, "/v1/users", &answer);

	return answer_finish(c, e, answer, print_users);
}

/* A body that says what is done, and whether. */
static enum cli_exit post(struct cli *c, const char *path, const char *object, json_t *body,
	json_t **ret)
{
	struct client_target t;

	client_target_init(&t, path);
	if (object)
		client_target_segment(&t, object);
	if (body && args_flag(c, "dry-run"))
		json_object_set_new(body, "dry_run", json_true());
	return answer_post(c, &t, body, ret);
}

/* No password is asked for that nobody will take. */
static enum cli_exit wants_user(struct cli *c, const char *name, bool there)
{
	json_t *answer = NULL, *u;
	enum cli_exit e = answer_get(c, "/v1/users", &answer);
	bool found = false;
	size_t i;

	json_array_foreach (json_object_get(answer, "users"), i, u)
		found = found || strcmp(answer_raw(u, "name"), name) == 0;
	json_decref(answer);
	if (e == CLI_OK && !people_name_is_sound(name)) {
		cli_complain("small letters and digits, 31 at most; a letter first",
			"%s is no name for a user", text_clean(name));
		return CLI_USAGE;
	}
	if (e == CLI_OK && found && !there) {
		cli_complain("`cardea user password` gives another password",
			"there is a user %s", name);
		return CLI_CONFLICT;
	}
	if (e == CLI_OK && !found && there) {
		cli_complain("`cardea user list` shows all", "there is no user %s", name);
		return CLI_NOT_FOUND;
	}
	return e;
}

enum cli_exit user_add(struct cli *c)
{
	const char *name = c->args[0], *role = args_flag(c, "role");
	bool dry = args_flag(c, "dry-run") != NULL;
	char key[PEOPLE_HEX];
	json_t *d = NULL;
	enum cli_exit e = wants_user(c, name, false);

	role = role ? role : "viewer";
	if (e == CLI_OK)
		e = password_key(c, name, key);
	if (e == CLI_OK)
		e = post(c, "/v1/users", NULL,
			json_pack("{s:s, s:s, s:s}", "name", name, "role", role, "key", key),
			&d);
	explicit_bzero(key, sizeof(key));
	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		printf("%s %s log in as %s\n", answer_text(d, "name"),
			dry ? "could" : "may", answer_text(d, "role"));
	if (e == CLI_OK && !dry)
		cli_say(c, "undo with: cardea user remove %s", name);
	json_decref(d);
	return e;
}

enum cli_exit user_remove(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *d = NULL;
	enum cli_exit e =
		post(c, "/v1/users", c->args[0], json_pack("{s:b}", "remove", true), &d);

	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		printf("%s %s log in, and %s logged out everywhere\n", answer_text(d, "name"),
			dry ? "could no longer" : "may no longer", dry ? "would be" : "is");
	if (e == CLI_OK && !dry)
		cli_say(c, "undo with: cardea user add %s --role %s\n  which asks for a new password",
			answer_text(d, "name"), answer_text(d, "was"));
	json_decref(d);
	return e;
}

enum cli_exit user_password(struct cli *c)
{
	const char *name = c->args[0];
	bool dry = args_flag(c, "dry-run") != NULL;
	char key[PEOPLE_HEX];
	json_t *d = NULL;
	enum cli_exit e = wants_user(c, name, true);

	if (e == CLI_OK)
		e = password_key(c, name, key);
	if (e == CLI_OK)
		e = post(c, "/v1/users", name, json_pack("{s:s}", "key", key), &d);
	explicit_bzero(key, sizeof(key));
	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		printf("%s %s another password; whoever was logged in as %s %s out\n", name,
			dry ? "would have" : "has", name, dry ? "would be" : "is");
	if (e == CLI_OK && !dry)
		cli_say(c, "the old one is not kept: undo with cardea user password %s, and it",
			name);
	json_decref(d);
	return e;
}

/* ---- tokens ---- */

static void print_tokens(const struct cli *c, const json_t *answer)
{
	static const char *const headers[] = {
		">ID", "NAME", "ROLE", "BY", "LAST USED", "ENDS", "TOKEN"};
	const json_t *list = json_object_get(answer, "tokens");
	struct table t;
	json_t *o;
	size_t i;

	if (!json_array_size(list)) {
		cli_say(c, "No program has a token.");
		return;
	}
	table_init(&t, headers, 7);
	json_array_foreach (list, i, o) {
		table_number(&t, answer_number(o, "id"));
		table_cell(&t, STYLE_BOLD, answer_text(o, "name"));
		table_cell(&t, STYLE_PLAIN, answer_text(o, "role"));
		table_cell(&t, STYLE_PLAIN, answer_text(o, "by"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(o, "last_used")));
		table_cell(&t, answer_true(o, "over") ? STYLE_BAD : STYLE_PLAIN,
			text_ago(answer_raw(o, "expires")));
		table_cell(&t, STYLE_DIM, "(hidden)");
	}
	table_print(&t, stdout);
}

enum cli_exit token_list(struct cli *c)
{
	json_t *answer = NULL;
	enum cli_exit e = answer_get(c, "/v1/tokens", &answer);

	return answer_finish(c, e, answer, print_tokens);
}

static enum cli_exit days_of(struct cli *c, json_t *body)
{
	const char *text = args_flag(c, "days");
	int64_t days;

	if (!text)
		return CLI_OK;
	if (str_to_i64(text, 1, 3660, &days)) {
		cli_complain("for example --days 90", "--days is a number from 1 to 3660");
		return CLI_USAGE;
	}
	json_object_set_new(body, "days", json_integer(days));
	return CLI_OK;
}

enum cli_exit token_add(struct cli *c)
{
	const char *role = args_flag(c, "role");
	json_t *body = json_pack("{s:s, s:s}", "name", c->args[0], "role",
		role ? role : "viewer");
	json_t *d = NULL;
	enum cli_exit e = body ? days_of(c, body) : CLI_OK;

	if (e != CLI_OK) {
		json_decref(body);
		return e;
	}
	e = post(c, "/v1/tokens", NULL, body, &d);
	if (e == CLI_OK && c->json) {
		e = answer_print(d);
	} else if (e == CLI_OK && answer_true(d, "dry_run")) {
		printf("%s would get a token, as %s\n", answer_text(d, "name"),
			answer_text(d, "role"));
	} else if (e == CLI_OK) {
		printf("%s\n", answer_text(d, "token"));
		cli_say(c, "It is shown this once, and ends %s. Send it as: "
			   "Authorization: Bearer TOKEN",
			text_ago(answer_raw(d, "expires")));
	}
	if (e == CLI_OK && !answer_true(d, "dry_run"))
		cli_say(c, "undo with: cardea token remove %lld", answer_number(d, "id"));
	json_decref(d);
	return e;
}

enum cli_exit token_remove(struct cli *c)
{
	json_t *d = NULL;
	enum cli_exit e =
		post(c, "/v1/tokens", c->args[0], json_pack("{s:b}", "remove", true), &d);
	bool dry = answer_true(d, "dry_run");

	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		printf("the token of %s %s nothing any more\n", answer_text(d, "name"),
			dry ? "would open" : "opens");
	if (e == CLI_OK && !dry)
		cli_say(c, "it is gone for good; give another with: "
			   "cardea token add %s --role %s",
			text_quote(answer_raw(d, "name")) ? text_quote(answer_raw(d, "name"))
							  : "NAME",
			answer_text(d, "role"));
	json_decref(d);
	return e;
}
