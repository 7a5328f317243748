// SPDX-License-Identifier: GPL-2.0-or-later
/* Who am I, logging in and out, and the first owner. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "engine/api/api_priv.h"

#define COOKIE_END                                                                       \
	"Set-Cookie: " PEOPLE_COOKIE                                                     \
	"=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"

/* How root's own programs make a key of a password; web has it from elsewhere. */
static void write_salt(struct jsonw *j, const struct people *o)
{
	char hex[2 * PEOPLE_SALT + 1];

	str_to_hex(o->salt, sizeof(o->salt), hex);
	jsonw_key(j, "scrypt");
	jsonw_object(j);
	jsonw_kv_string(j, "salt", hex);
	jsonw_kv_u64(j, "log2_n", PEOPLE_LOG2_N);
	jsonw_kv_u64(j, "r", PEOPLE_R);
	jsonw_kv_u64(j, "p", PEOPLE_P);
	jsonw_object_end(j);
}

void api_view_session(struct api_request *r)
{
	struct jsonw *j = &r->json;
	bool known = r->who.role != PEOPLE_NOBODY;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.session/1");
	jsonw_kv_string(j, "role", !r->by_pipe ? "owner"
				   : known     ? people_role_name(r->who.role)
					       : NULL);
	jsonw_kv_string(j, "user", r->user[0] ? r->user : NULL);
	jsonw_kv_string(j, "csrf", r->csrf[0] ? r->csrf : NULL);
	jsonw_kv_bool(j, "setup", !people_has_owner(&r->pipeline->people));
	jsonw_kv_time(j, "expires", r->who.until);
	if (!r->by_pipe)
		write_salt(j, &r->pipeline->people);
	jsonw_object_end(j);
	api_header(r, "Cache-Control: no-store");
}

/* ---- in ---- */

static bool read_key(struct api_request *r, const json_t *root, uint8_t ret[PEOPLE_KEY])
{
	const char *hex = json_string_value(json_object_get(root, "key"));

	if (hex && str_from_hex(hex, strlen(hex), ret, PEOPLE_KEY))
		return true;
	api_fail_field(r, 400, "key", "send the password as the page does",
		"a key has %u hex digits", 2 * PEOPLE_KEY);
	return false;
}

/* Root is never asked to wait. */
bool api_may_try(struct api_request *r, const struct lockout_try *t)
{
	nstime now = loop_now(r->pipeline->loop);
	nstime pause = r->by_pipe ? lockout_pause(&r->pipeline->people.lockout, t, now) : 0;

	if (!pause)
		return true;
	api_header(r, "Retry-After: %llu", (unsigned long long)(pause / NS_PER_SEC + 1));
	api_fail(r, 429, "wait, use another device, or `cardea user password` as root",
		"too many wrong ones came from here; the next may come in %llu seconds",
		(unsigned long long)(pause / NS_PER_SEC + 1));
	return false;
}

static void failed(struct api_request *r, const struct lockout_try *t, const char *what)
{
	struct pipeline *p = r->pipeline;
	char from[API_ASKER_TEXT], times[48] = "";
	uint32_t count = 1;

	if (r->by_pipe &&
		!lockout_failed(&p->people.lockout, t, loop_now(p->loop), &count))
		return;
	if (count > 1)
		(void)str_print(times, sizeof(times), " (%lu times since the last was told)",
			(unsigned long)count);
	journal_note(&p->journal, pipeline_wall(p), r->asker, EVENT_ACCESS,
		"%s was tried from %s and refused%s.", what, api_asker_text(r, from), times);
}

bool api_session_begin(struct api_request *r, const char *user)
{
	struct people *o = &r->pipeline->people;
	uint8_t secret[PEOPLE_SECRET];
	char hex[PEOPLE_HEX];
	nstime now = pipeline_people_now(r->pipeline);
	int error;

	if (r->who.by == PEOPLE_BY_SESSION)
		(void)!people_end(o, r->who.session);
	error = people_begin(o, now, user, secret);
	if (error) {
		api_fail(r, 500, "look at the log; is the disk full?", "no session: %s",
			error_text(error));
		return false;
	}
	str_to_hex(secret, sizeof(secret), hex);
	api_header(r, "Set-Cookie: " PEOPLE_COOKIE
		      "=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%llu",
		hex, (unsigned long long)(PEOPLE_WHOLE / NS_PER_SEC));
	people_of_cookie(o, now, secret, &r->who);
	people_csrf(secret, r->csrf);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(hex, sizeof(hex));
	str_copy(r->user, sizeof(r->user), user);
	return true;
}

static void begin(struct api_request *r, const char *user, const char *what)
{
	char from[API_ASKER_TEXT];

	if (!api_session_begin(r, user))
		return;
	journal_note(&r->pipeline->journal, pipeline_wall(r->pipeline), r->asker,
		EVENT_ACCESS, "%s %s from %s.", user, what, api_asker_text(r, from));
	api_view_session(r);
}

static void log_in(struct api_request *r, const char *user, const uint8_t key[PEOPLE_KEY])
{
	struct people_user u = {0};
	struct lockout_try t = {.device = r->asker, .from = r->from, .user = user};
	char what[LIMIT_USER + 32] = "A login as nobody that is known";
	int error;

	if (!api_may_try(r, &t))
		return;
	error = people_check(&r->pipeline->people, user, key);
	if (!store_user(r->pipeline->store, user, &u))
		(void)str_print(what, sizeof(what), "A login as %s", u.name);
	if (!error) {
		lockout_passed(&r->pipeline->people.lockout, &t);
		begin(r, user, "logged in");
	} else if (error == CARDEA_EREFUSED) {
		failed(r, &t, what);
		api_fail(r, 401, "try again; root can set another: cardea user password",
			"that name and that password do not belong together");
	} else {
		api_fail(r, 500, "look at the log", "%s", error_text(error));
	}
}

/* ---- out ---- */

static void log_out(struct api_request *r, bool all)
{
	struct people *o = &r->pipeline->people;
	char from[API_ASKER_TEXT], user[LIMIT_USER];
	int error;

	if (r->who.by != PEOPLE_BY_SESSION) {
		api_fail(r, 409, "there is nothing to end", "nobody is logged in here");
		return;
	}
	str_copy(user, sizeof(user), r->who.user);
	error = all ? people_end_all(o, user) : people_end(o, r->who.session);
	if (error && error != -ENOENT) {
		api_fail(r, 500, "look at the log", "%s", error_text(error));
		return;
	}
	journal_note(&r->pipeline->journal, pipeline_wall(r->pipeline), r->asker,
		EVENT_ACCESS, "%s logged out %s %s.", user, all ? "everywhere, from" : "at",
		api_asker_text(r, from));
	memset(&r->who, 0, sizeof(r->who));
	r->user[0] = r->csrf[0] = 0;
	api_header(r, COOKIE_END);
	api_view_session(r);
}

void api_change_session(struct api_request *r)
{
	json_t *root = api_body(r);
	const char *user = json_string_value(json_object_get(root, "user"));
	uint8_t key[PEOPLE_KEY];

	if (json_is_true(json_object_get(root, "end_all")))
		log_out(r, true);
	else if (json_is_true(json_object_get(root, "end")))
		log_out(r, false);
	else if (!user)
		api_fail_field(r, 400, "user", "send user and password", "who logs in?");
	else if (read_key(r, root, key))
		log_in(r, user, key);
	explicit_bzero(key, sizeof(key));
	json_decref(root);
}

/* ---- the first owner, and one who lost his password ---- */

static void set_up(struct api_request *r, const char *secret, const char *user,
	const uint8_t key[PEOPLE_KEY])
{
	struct people *o = &r->pipeline->people;
	struct lockout_try t = {.device = r->asker, .from = r->from, .user = ""};
	int error;

	if (!api_may_try(r, &t))
		return;
	error = people_setup_use(o, pipeline_people_now(r->pipeline), secret, user, key);
	if (!error) {
		lockout_passed(&o->lockout, &t);
		/* From here on it is that owner's device: what others guess does not slow it. */
		t.user = user;
		lockout_passed(&o->lockout, &t);
		begin(r, user, "was made an owner by the setup secret,");
	} else if (error == CARDEA_EREFUSED) {
		failed(r, &t, "A setup secret");
		api_fail_field(r, 403, "secret",
			"`cardea web` shows it, on the gateway; each is good once",
			"that is not the setup secret, or it is over");
	} else if (error == CARDEA_ELIMIT) {
		api_fail(r, 409, "root removes one: `cardea user remove`",
			"there are %u users already", LIMIT_USERS);
	} else {
		api_fail(r, 500, "look at the log; is the disk full?", "%s", error_text(error));
	}
}

void api_set_up(struct api_request *r)
{
	json_t *root = api_body(r);
	const char *secret = json_string_value(json_object_get(root, "secret"));
	const char *user = json_string_value(json_object_get(root, "user"));
	uint8_t key[PEOPLE_KEY];

	user = user ? user : "owner";
	if (!secret)
		api_fail_field(r, 400, "secret", "`cardea web` shows it, on the gateway",
			"without the setup secret there is no setup");
	else if (!people_name_is_sound(user))
		api_fail_field(r, 400, "user", "small letters and digits, 31 at most",
			"that is no name for a user");
	else if (read_key(r, root, key))
		set_up(r, secret, user, key);
	explicit_bzero(key, sizeof(key));
	json_decref(root);
}
