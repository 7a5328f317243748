// SPDX-License-Identifier: GPL-2.0-or-later
/* Users and tokens: who may use the page, and which programs. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "engine/api/api_priv.h"

#define DAY (86400 * NS_PER_SEC)

static struct people *people_of(const struct api_request *r)
{
	return &r->pipeline->people;
}

static void note(struct api_request *r, const char *sentence)
{
	char from[API_ASKER_TEXT];

	journal_note(&r->pipeline->journal, pipeline_wall(r->pipeline), r->asker,
		EVENT_ACCESS, "%s, says %s at %s.", sentence,
		r->user[0] ? r->user : "somebody", api_asker_text(r, from));
}

static void went_wrong(struct api_request *r, int error)
{
	if (error == CARDEA_ELIMIT)
		api_fail(r, 409, "remove one that nobody needs first",
			"there are %u already", LIMIT_USERS);
	else
		api_fail(r, 500, "look at the log; is the disk full?", "%s",
			error_text(error));
}

/* The way back, where there is one: a request of the same API. */
static void changed(struct api_request *r, const char *sentence, const char *noun,
	const char *object, const char *undo)
{
	struct api_path path;

	api_changed(r, sentence, "POST", undo ? api_path(&path, noun, object) : NULL,
		undo ? undo : "a password or a token is kept nowhere as it was");
	note(r, sentence);
}

/* ---- users ---- */

static void write_user(struct jsonw *j, const struct people_user *u)
{
	jsonw_kv_string(j, "name", u->name);
	jsonw_kv_string(j, "role", people_role_name(u->role));
	jsonw_kv_time(j, "since", u->since);
	jsonw_kv_time(j, "last_login", u->last);
	jsonw_kv_u64(j, "sessions", u->sessions);
}

static int list_user(void *ctx, const struct people_user *u)
{
	struct jsonw *j = ctx;

	jsonw_object(j);
	write_user(j, u);
	jsonw_object_end(j);
	return 0;
}

void api_view_users(struct api_request *r)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.user.list/1");
	jsonw_key(&r->json, "users");
	jsonw_array(&r->json);
	if (store_users(r->pipeline->store, list_user, &r->json)) {
		api_fail(r, 500, "look at the log", "the users could not be read");
		return;
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

/* was: the role before; NOBODY: there was no such user. */
static void answer_user(struct api_request *r, const struct people_user *u,
	enum people_role was, bool dry)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.user/1");
	write_user(&r->json, u);
	jsonw_kv_string(
		&r->json, "was", was == PEOPLE_NOBODY ? NULL : people_role_name(was));
	jsonw_kv_bool(&r->json, "dry_run", dry);
	jsonw_object_end(&r->json);
}

static bool read_key(
	struct api_request *r, const json_t *root, const char *member, uint8_t ret[PEOPLE_KEY])
{
	const char *hex = json_string_value(json_object_get(root, member));

	if (hex && str_from_hex(hex, strlen(hex), ret, PEOPLE_KEY))
		return true;
	api_fail_field(r, 400, member, "`cardea user add` and the page make keys of passwords",
		"a key has %u hex digits", 2 * PEOPLE_KEY);
	return false;
}

static bool read_role(struct api_request *r, const json_t *root, enum people_role *ret)
{
	const char *text = json_string_value(json_object_get(root, "role"));

	if (text && people_role_parse(text, ret))
		return true;
	api_fail_field(r, 400, "role", "owner, viewer or isp", "that is no role");
	return false;
}

static void add_user(struct api_request *r, const char *name, enum people_role role,
	const uint8_t key[PEOPLE_KEY], bool dry)
{
	struct people_user u = {.role = role};
	char sentence[128];
	int error = store_user(r->pipeline->store, name, &u);

	if (!error) {
		api_fail_field(r, 409, "name", "`cardea user password` gives a new password",
			"there is a user %s", name);
		return;
	}
	if (error != -ENOENT) { /* there may be one, who is not to be overwritten */
		went_wrong(r, error);
		return;
	}
	str_copy(u.name, sizeof(u.name), name);
	u.role = role;
	u.since = pipeline_people_now(r->pipeline);
	error = dry ? 0 : people_set(people_of(r), u.since, name, role, key, NULL);
	if (error) {
		went_wrong(r, error);
		return;
	}
	(void)str_print(sentence, sizeof(sentence), "%s may log in as %s", name,
		people_role_name(role));
	if (!dry)
		changed(r, sentence, "users", name, "{\"remove\":true}");
	answer_user(r, &u, PEOPLE_NOBODY, dry);
}

void api_add_user(struct api_request *r)
{
	json_t *root = api_body(r);
	const char *name = json_string_value(json_object_get(root, "name"));
	uint8_t key[PEOPLE_KEY];
	enum people_role role;

	if (!name || !people_name_is_sound(name))
		api_fail_field(r, 400, "name",
			"small letters and digits, 31 at most; a letter first",
			"that is no name for a user");
	else if (read_role(r, root, &role) && read_key(r, root, "key", key))
		add_user(r, name, role, key, json_is_true(json_object_get(root, "dry_run")));
	explicit_bzero(key, sizeof(key));
	json_decref(root);
}

/* Whoever finds a page open must not take it over: his own password he says once more. Root
 * is the way back, and need not. */
static bool knows_old(struct api_request *r, const json_t *root, const char *name)
{
	struct lockout_try t = {.device = r->asker, .from = r->from, .user = name};
	struct lockout *l = &people_of(r)->lockout;
	nstime now = loop_now(r->pipeline->loop);
	uint8_t key[PEOPLE_KEY];
	uint32_t count;
	int error;

	if (!r->by_pipe || strcmp(r->user, name) != 0)
		return true;
	if (!api_may_try(r, &t) || !read_key(r, root, "old_key", key))
		return false;
	error = people_check(people_of(r), name, key);
	explicit_bzero(key, sizeof(key));
	if (!error) {
		lockout_passed(l, &t);
		return true;
	}
	if (error != CARDEA_EREFUSED) {
		went_wrong(r, error);
		return false;
	}
	(void)lockout_failed(l, &t, now, &count);
	api_fail_field(r, 403, "old_key", "try again in a while",
		"that is not the password that %s has now", name);
	return false;
}

/* The last one is root's to take: the page would be nobody's. */
static bool leaves_owner(struct api_request *r, const char *name)
{
	if (!r->by_pipe || !people_is_last_owner(people_of(r), name))
		return true;
	api_fail(r, 409, "make another owner first", "%s is the only owner", name);
	return false;
}

/* While nobody owns the gateway there is a secret by which somebody can. */
static void see_to_owner(struct api_request *r)
{
	nstime now = pipeline_people_now(r->pipeline), until;
	char text[PEOPLE_SETUP_TEXT];

	if (!people_has_owner(people_of(r)) && people_setup_new(people_of(r), now, text, &until))
		log_error("people", "there is no setup secret: `cardea web --new-secret`");
	explicit_bzero(text, sizeof(text));
}

static void change_role(struct api_request *r, struct people_user *u, enum people_role role,
	bool dry)
{
	enum people_role was = u->role;
	char sentence[128], undo[48];
	int error;

	if (role != PEOPLE_OWNER && !leaves_owner(r, u->name))
		return;
	u->role = role;
	error = dry ? 0
		    : people_set(people_of(r), pipeline_people_now(r->pipeline), u->name, role,
			      NULL, r->who.session);
	if (error) {
		went_wrong(r, error);
		return;
	}
	(void)str_print(sentence, sizeof(sentence), "%s is %s now, and was %s", u->name,
		people_role_name(role), people_role_name(was));
	(void)str_print(undo, sizeof(undo), "{\"role\":\"%s\"}", people_role_name(was));
	if (!dry && role != was)
		changed(r, sentence, "users", u->name, undo);
	if (!dry && was == PEOPLE_OWNER)
		see_to_owner(r);
	answer_user(r, u, was, dry);
}

static void change_key(
	struct api_request *r, struct people_user *u, const json_t *root, bool dry)
{
	bool own = r->who.by == PEOPLE_BY_SESSION && !strcmp(r->user, u->name);
	uint8_t key[PEOPLE_KEY];
	char sentence[128];
	int error;

	if (!knows_old(r, root, u->name) || !read_key(r, root, "key", key))
		return;
	error = dry ? 0
		    : people_set(people_of(r), pipeline_people_now(r->pipeline), u->name,
			      PEOPLE_NOBODY, key, NULL);
	explicit_bzero(key, sizeof(key));
	if (error) {
		went_wrong(r, error);
		return;
	}
	/* who fears that somebody has his cookie gets another one */
	if (own && !dry && !api_session_begin(r, u->name))
		return;
	(void)str_print(sentence, sizeof(sentence), "%s has a new password", u->name);
	if (!dry)
		changed(r, sentence, NULL, NULL, NULL);
	answer_user(r, u, u->role, dry);
}

static void remove_user(struct api_request *r, struct people_user *u, bool only_sessions,
	bool dry)
{
	char sentence[128];
	int error = 0;

	if (!only_sessions && !leaves_owner(r, u->name))
		return;
	if (!dry)
		error = only_sessions ? people_end_all(people_of(r), u->name)
				      : people_remove(people_of(r), u->name);
	if (error) {
		went_wrong(r, error);
		return;
	}
	(void)str_print(sentence, sizeof(sentence),
		only_sessions ? "%s was logged out everywhere" : "%s may log in no longer",
		u->name);
	if (!dry)
		changed(r, sentence, NULL, NULL, NULL);
	if (!dry && !only_sessions && u->role == PEOPLE_OWNER)
		see_to_owner(r);
	u->sessions = dry ? u->sessions : 0;
	answer_user(r, u, u->role, dry);
}

static void change_user(struct api_request *r, struct people_user *u, const json_t *root)
{
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	enum people_role role;

	if (json_object_get(root, "key")) {
		change_key(r, u, root, dry);
	} else if (!(r->roles & API_OWNER)) {
		api_fail(r, 403, "ask the owner of this gateway",
			"you may change your password, and nothing else");
	} else if (json_object_get(root, "role")) {
		if (read_role(r, root, &role))
			change_role(r, u, role, dry);
	} else if (json_is_true(json_object_get(root, "remove"))) {
		remove_user(r, u, false, dry);
	} else if (json_is_true(json_object_get(root, "end_all"))) {
		remove_user(r, u, true, dry);
	} else {
		api_fail(r, 400, "send key, role, remove or end_all",
			"the body says nothing that can be done");
	}
}

void api_change_user(struct api_request *r)
{
	json_t *root = api_body(r);
	struct people_user u;

	if (!(r->roles & API_OWNER) &&
		(r->who.by != PEOPLE_BY_SESSION || strcmp(r->object, r->user) != 0))
		api_fail(r, 403, "ask the owner of this gateway",
			"you may change your own password, and no other");
	else if (store_user(r->pipeline->store, r->object, &u))
		api_fail(r, 404, "`cardea user list` shows all", "there is no such user");
	else
		change_user(r, &u, root);
	json_decref(root);
}

/* ---- tokens ---- */

static void write_token(struct jsonw *j, const struct people_token *t)
{
	jsonw_kv_u64(j, "id", t->id);
	jsonw_kv_string(j, "name", t->name);
	jsonw_kv_string(j, "role", people_role_name(t->role));
	jsonw_kv_string(j, "by", t->by[0] ? t->by : "root");
	jsonw_kv_time(j, "since", t->since);
	jsonw_kv_time(j, "expires", t->until);
	jsonw_kv_time(j, "last_used", t->used);
}

struct tokens {
	struct jsonw *json;
	nstime now;
	uint32_t wanted; /* 0: all are written */
	struct people_token found;
};

static int list_token(void *ctx, const struct people_token *t)
{
	struct tokens *w = ctx;

	if (w->wanted) {
		if (t->id == w->wanted)
			w->found = *t;
		return 0;
	}
	jsonw_object(w->json);
	write_token(w->json, t);
	jsonw_kv_bool(w->json, "over", w->now >= t->until);
	jsonw_object_end(w->json);
	return 0;
}

void api_view_tokens(struct api_request *r)
{
	struct tokens w = {.json = &r->json, .now = pipeline_people_now(r->pipeline)};

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.token.list/1");
	jsonw_key(&r->json, "tokens");
	jsonw_array(&r->json);
	if (store_tokens(r->pipeline->store, list_token, &w)) {
		api_fail(r, 500, "look at the log", "the tokens could not be read");
		return;
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

/* text: shown now and never again; or NULL. */
static void answer_token(
	struct api_request *r, const struct people_token *t, const char *text, bool dry)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.token/1");
	write_token(&r->json, t);
	jsonw_kv_string(&r->json, "token", text);
	jsonw_kv_bool(&r->json, "dry_run", dry);
	jsonw_object_end(&r->json);
	api_header(r, "Cache-Control: no-store");
}

static void add_token(struct api_request *r, struct people_token *t, bool dry)
{
	char text[PEOPLE_TOKEN_TEXT] = "", sentence[192], id[16];
	nstime now = pipeline_people_now(r->pipeline);
	int error = 0;

	str_copy(t->by, sizeof(t->by), r->by_pipe ? r->user : "");
	t->since = now;
	if (!dry)
		error = people_token_make(people_of(r), now, t, text);
	if (error == CARDEA_ELIMIT) {
		api_fail(r, 409, "remove one that nothing needs", "there are %u tokens already",
			LIMIT_TOKENS);
		return;
	}
	if (error) {
		went_wrong(r, error);
		return;
	}
	(void)str_print(sentence, sizeof(sentence), "Token %lu (\"%s\") is %s's key to the API",
		(unsigned long)t->id, t->name, people_role_name(t->role));
	(void)str_print(id, sizeof(id), "%lu", (unsigned long)t->id);
	if (!dry)
		changed(r, sentence, "tokens", id, "{\"remove\":true}");
	answer_token(r, t, dry ? NULL : text, dry);
	explicit_bzero(text, sizeof(text));
}

void api_add_token(struct api_request *r)
{
	json_t *root = api_body(r);
	const char *name = json_string_value(json_object_get(root, "name"));
	const json_t *given = json_object_get(root, "days");
	json_int_t days = given ? json_integer_value(given) : PEOPLE_TOKEN_DAYS;
	struct people_token t = {0};

	if (!name || !name[0] || !str_copy(t.name, sizeof(t.name), name) ||
		!str_is_clean_utf8(name, strlen(name)))
		api_fail_field(r, 400, "name", "say what it is for, in 63 characters",
			"that is no name for a token");
	else if (days < 1 || days > PEOPLE_TOKEN_DAYS_MAX)
		api_fail_field(r, 400, "days", "each token ends some day",
			"days is a number from 1 to %d", PEOPLE_TOKEN_DAYS_MAX);
	else if (read_role(r, root, &t.role)) {
		t.until = pipeline_people_now(r->pipeline) + days * DAY;
		if (t.role == PEOPLE_OWNER)
			api_fail_field(r, 400, "role", "viewer or isp",
				"a program is no owner: it cannot be asked twice");
		else
			add_token(r, &t, json_is_true(json_object_get(root, "dry_run")));
	}
	json_decref(root);
}

void api_change_token(struct api_request *r)
{
	json_t *root = api_body(r);
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	struct tokens w = {0};
	char sentence[160];
	int64_t id = 0;
	int error = str_to_i64(r->object, 1, UINT32_MAX, &id);

	w.wanted = (uint32_t)id;
	if (!error)
		error = store_tokens(r->pipeline->store, list_token, &w);
	if (error || !w.found.id) {
		api_fail(r, 404, "`cardea token list` shows all", "there is no such token");
	} else if (!json_is_true(json_object_get(root, "remove"))) {
		api_fail(r, 400, "send {\"remove\":true}",
			"the body says nothing that can be done");
	} else if (!dry && (error = people_token_remove(people_of(r), w.wanted))) {
		went_wrong(r, error);
	} else {
		(void)str_print(sentence, sizeof(sentence),
			"Token %lu (\"%s\") opens nothing any more", (unsigned long)id,
			w.found.name);
		if (!dry)
			changed(r, sentence, NULL, NULL, NULL);
		answer_token(r, &w.found, NULL, dry);
	}
	json_decref(root);
}
