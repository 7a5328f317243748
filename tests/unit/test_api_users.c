// SPDX-License-Identifier: GPL-2.0-or-later
/* Users and tokens, who may change which, and how long whoever guesses waits. Requests go
 * through real pipes. */
#include "test_access_util.h"

/* ---- users and tokens ---- */

/* What was changed last is taken back. */
static void undo_last(void)
{
	const char *at = strstr(reply, "Cardea-Change: ");
	unsigned long id;
	char path[48];

	assert_non_null(at);
	assert_int_equal(sscanf(at, "Cardea-Change: %lu", &id), 1);
	(void)str_print(path, sizeof(path), "/v1/changes/%lu", id);
	assert_int_equal(ask("POST", path, "{\"undo\":true}"), 200);
}

static void users(void **state)
{
	char body[256];
	struct people_user u;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	(void)str_print(body, sizeof(body),
		"{\"name\":\"ben\",\"role\":\"viewer\",\"key\":\"%s\",\"dry_run\":true}",
		key_of('b'));
	assert_int_equal(ask("POST", "/v1/users", body), 200);
	assert_int_equal(store_user(h->store, "ben", &u), -ENOENT);
	(void)str_print(body, sizeof(body),
		"{\"name\":\"ben\",\"role\":\"viewer\",\"key\":\"%s\"}", key_of('b'));
	assert_int_equal(ask("POST", "/v1/users", body), 200);
	undo_last();
	assert_int_equal(store_user(h->store, "ben", &u), -ENOENT);
	(void)str_print(body, sizeof(body),
		"{\"name\":\"ben\",\"role\":\"viewer\",\"key\":\"%s\"}", key_of('b'));
	assert_int_equal(ask("POST", "/v1/users", body), 200);
	assert_int_equal(ask("POST", "/v1/users", body), 409);
	assert_int_equal(ask("GET", "/v1/users", ""), 200);
	assert_null(strstr(reply, key_of('b'))); /* no key leaves */
	assert_int_equal(ask("POST", "/v1/users/anna", "{\"remove\":true}"), 409);
	assert_int_equal(ask("POST", "/v1/users/anna", "{\"role\":\"viewer\"}"), 409);
	assert_int_equal(ask("POST", "/v1/users/nobody", "{\"remove\":true}"), 404);
	assert_int_equal(ask("POST", "/v1/users", "{\"name\":\"Ben!\",\"role\":\"viewer\","
						"\"key\":\"" HEX64 "\"}"),
		400);
	/* his own password he says once more */
	(void)str_print(body, sizeof(body), "{\"key\":\"%s\"}", key_of('c'));
	assert_int_equal(ask("POST", "/v1/users/anna", body), 400);
	(void)str_print(body, sizeof(body), "{\"key\":\"%s\",\"old_key\":\"" HEX64 "\"}",
		key_of('c'));
	assert_int_equal(ask("POST", "/v1/users/anna", body), 403);
	{
		char old[PEOPLE_HEX];

		str_copy(old, sizeof(old), key_of('a'));
		(void)str_print(body, sizeof(body), "{\"key\":\"%s\",\"old_key\":\"%s\"}",
			key_of('c'), old);
	}
	assert_int_equal(ask("POST", "/v1/users/anna", body), 200);
	role_is(""); /* what somebody knew of the session that did it is worth nothing */
	assert_int_equal(ask("POST", "/v1/users/anna", body), 401);
	log_in("anna", 'c');
	(void)str_print(body, sizeof(body), "{\"key\":\"%s\",\"old_key\":\"", key_of('e'));
	(void)str_print(body + strlen(body), sizeof(body) - strlen(body), "%s\"}", key_of('c'));
	assert_int_equal(ask("POST", "/v1/users/anna", body), 200);
	keep_cookie();
	role_is("owner"); /* and has another one */
	assert_int_equal(log_in_from(PHONE_IP, "anna", 'a'), 401);
	log_in("ben", 'b');
	(void)str_print(body, sizeof(body), "{\"key\":\"%s\"}", key_of('d'));
	assert_int_equal(ask("POST", "/v1/users/anna", body), 403);
	assert_int_equal(ask("POST", "/v1/users/ben", "{\"role\":\"owner\"}"), 403);
	assert_int_equal(ask("POST", "/v1/users/ben", "{\"remove\":true}"), 403);
	role_is("viewer");
	assert_int_equal(people_remove(&h->p.people, "ben"), 0);
	role_is("");
}

/* By the way back as little as by the way there. */
static void the_last_owner_stays_by_undo_too(void **state)
{
	struct people_user u;
	char path[48];
	unsigned role;
	json_t *j;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	add_user("ben", PEOPLE_VIEWER, 'b');
	log_in("anna", 'a');
	assert_int_equal(ask("POST", "/v1/users/ben", "{\"role\":\"owner\"}"), 200);
	assert_int_equal(sscanf(strstr(reply, "Cardea-Change: "), "Cardea-Change: %u", &role), 1);
	(void)str_print(path, sizeof(path), "/v1/changes/%u", role);
	log_in("ben", 'b');
	assert_int_equal(ask("POST", "/v1/users/anna", "{\"remove\":true}"), 200);
	assert_int_equal(ask("POST", path, "{\"undo\":true}"), 409);
	j = answer();
	assert_non_null(strstr(text_of(j, "error"), "ben is the only owner"));
	json_decref(j);
	role_is("owner");
	add_user("anna", PEOPLE_OWNER, 'a');
	assert_int_equal(ask("POST", path, "{\"undo\":true}"), 200);
	assert_int_equal(store_user(h->store, "ben", &u), 0);
	assert_int_equal(u.role, PEOPLE_VIEWER);
}

static void tokens(void **state)
{
	char path[48];
	json_t *j;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	assert_int_equal(
		ask("POST", "/v1/tokens", "{\"name\":\"panel\",\"role\":\"owner\"}"), 400);
	assert_int_equal(ask("POST", "/v1/tokens",
				 "{\"name\":\"panel\",\"role\":\"viewer\",\"days\":30}"),
		200);
	j = answer();
	str_copy(token, sizeof(token), text_of(j, "token"));
	(void)str_print(path, sizeof(path), "/v1/tokens/%lld",
		(long long)json_integer_value(json_object_get(j, "id")));
	json_decref(j);
	assert_int_equal(strlen(token), PEOPLE_TOKEN_TEXT - 1);
	assert_int_equal(ask("GET", "/v1/tokens", ""), 403); /* the token counts, not the cookie */
	cookie[0] = csrf[0] = 0;
	role_is("viewer");
	assert_int_equal(ask("GET", "/v1/devices", ""), 200);
	assert_int_equal(rename_laptop(), 403);
	assert_int_equal(ask("POST", "/v1/session", "{\"end\":true}"), 409);
	restart();
	role_is("viewer");
	token[12] = token[12] == '0' ? '1' : '0';
	assert_int_equal(ask("GET", "/v1/session", ""), 401);
	assert_non_null(strstr(reply, "WWW-Authenticate: Bearer"));
	token[12] = token[12] == '0' ? '1' : '0';
	log_in("anna", 'a');
	{
		char kept[PEOPLE_TOKEN_TEXT];

		str_copy(kept, sizeof(kept), token);
		token[0] = 0;
		assert_int_equal(ask("GET", "/v1/tokens", ""), 200);
		assert_null(strstr(reply, kept + 7));
		assert_int_equal(ask("POST", path, "{\"remove\":true,\"dry_run\":true}"), 200);
		str_copy(token, sizeof(token), kept);
	}
	/* cookie and csrf stand beside it, and do not count */
	clock_virtual_set(&h->clock, h->clock.now + 30LL * DAY_S * NS_PER_SEC);
	assert_int_equal(ask("GET", "/v1/devices", ""), 401);
}

static void tokens_end_with_who_made_them(void **state)
{
	json_t *j;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	add_user("owner", PEOPLE_OWNER, 'b');
	log_in("anna", 'a');
	assert_int_equal(
		ask("POST", "/v1/tokens", "{\"name\":\"panel\",\"role\":\"isp\"}"), 200);
	j = answer();
	str_copy(token, sizeof(token), text_of(j, "token"));
	json_decref(j);
	role_is("isp");
	assert_int_equal(ask("GET", "/v1/devices", ""), 403);
	assert_int_equal(people_set(&h->p.people, START, "anna", PEOPLE_VIEWER, NULL, NULL), 0);
	assert_int_equal(ask("GET", "/v1/session", ""), 401);
}

/* ---- guessing ---- */

static unsigned access_events;

static int count_access(void *ctx, const struct event *e)
{
	(void)ctx;
	access_events += e->kind == EVENT_ACCESS;
	return 0;
}

static unsigned count_told(void)
{
	access_events = 0;
	assert_int_equal(store_events_after(h->store, 0, 1000, count_access, NULL), 0);
	return access_events;
}

static int guess(const char *from, const char *name, unsigned times)
{
	int status = 0;

	for (unsigned i = 0; i < times; i++)
		status = log_in_from(from, name, 'f');
	return status;
}

static void who_guesses_waits(void **state)
{
	unsigned told;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	told = count_told();
	assert_int_equal(guess(LAPTOP_IP, "anna", LOCKOUT_FREE), 401);
	assert_int_equal(log_in_from(LAPTOP_IP, "anna", 'a'), 429); /* also the right one */
	assert_non_null(strstr(reply, "Retry-After: "));
	assert_int_equal(log_in_from(PHONE_IP, "anna", 'a'), 200); /* another device goes on */
	assert_int_equal(log_in_from(STRANGER_IP, "anna", 'a'), 200);
	clock_virtual_set(&h->clock, h->clock.now + 2 * NS_PER_SEC);
	assert_int_equal(guess(LAPTOP_IP, "anna", 1), 401);
	for (unsigned i = 0; i < 20; i++) {
		clock_virtual_set(&h->clock, h->clock.now + LOCKOUT_PAUSE_MAX);
		assert_int_equal(guess(LAPTOP_IP, "anna", 1), 401);
	}
	assert_int_equal(log_in_from(LAPTOP_IP, "anna", 'a'), 429);
	clock_virtual_set(&h->clock, h->clock.now + LOCKOUT_PAUSE_MAX);
	assert_int_equal(log_in_from(LAPTOP_IP, "anna", 'a'), 200); /* never for good */
	assert_int_equal(guess(LAPTOP_IP, "anna", 1), 401);	    /* and all is as before */
	assert_true(count_told() > told);
}

/* Who has to wait is told so, and not that his right password is wrong. */
static void who_mistypes_his_own_waits(void **state)
{
	char body[256], old[PEOPLE_HEX];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	str_copy(old, sizeof(old), key_of('a'));
	(void)str_print(body, sizeof(body), "{\"key\":\"%s\",\"old_key\":\"" HEX64 "\"}",
		key_of('c'));
	for (unsigned i = 0; i < LOCKOUT_FREE; i++)
		assert_int_equal(ask("POST", "/v1/users/anna", body), 403);
	(void)str_print(body, sizeof(body), "{\"key\":\"%s\",\"old_key\":\"%s\"}",
		key_of('c'), old);
	assert_int_equal(ask("POST", "/v1/users/anna", body), 429);
	assert_non_null(strstr(reply, "Retry-After: "));
	assert_null(strstr(reply, "is not the password"));
	clock_virtual_set(&h->clock, h->clock.now + LOCKOUT_PAUSE_MAX);
	assert_int_equal(ask("POST", "/v1/users/anna", body), 200);
}

static void guesses_are_told_together(void **state)
{
	unsigned told;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	told = count_told();
	for (unsigned i = 0; i < 100; i++) {
		clock_virtual_set(&h->clock, h->clock.now + NS_PER_SEC);
		(void)guess(LAPTOP_IP, i % 2 ? "anna" : "nobody", 1);
	}
	assert_int_equal(count_told(), told + 1);
}

/* No name tells whether there is such a user. */
static void names_are_alike(void **state)
{
	char first[2048];
	char *at;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	assert_int_equal(guess(LAPTOP_IP, "anna", 1), 401);
	str_copy(first, sizeof(first), reply);
	assert_int_equal(guess(PHONE_IP, "nobody", 1), 401);
	assert_string_equal(reply, first);
	assert_int_equal(guess(LAPTOP_IP, "anna", 3), 429);
	str_copy(first, sizeof(first), reply);
	assert_int_equal(guess(PHONE_IP, "nobody", 3), 429);
	at = strstr(reply, "\r\n\r\n");
	assert_non_null(at);
	assert_string_equal(reply, first);
}

static void setup_secrets_are_guessed_slowly(void **state)
{
	char secret[PEOPLE_SETUP_TEXT];

	(void)state;
	setup_secret(secret);
	for (unsigned i = 0; i < LOCKOUT_FREE; i++)
		assert_int_equal(set_up("0000-0000-0000-0000", 'a'), 403);
	assert_int_equal(set_up(secret, 'a'), 429);
	assert_false(people_has_owner(&h->p.people));
	clock_virtual_set(&h->clock, h->clock.now + 2 * NS_PER_SEC);
	assert_int_equal(set_up(secret, 'a'), 200);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(users),
		TEST(the_last_owner_stays_by_undo_too),
		TEST(tokens),
		TEST(tokens_end_with_who_made_them),
		TEST(who_guesses_waits), TEST(who_mistypes_his_own_waits),
		TEST(guesses_are_told_together),
		TEST(names_are_alike),
		TEST(setup_secrets_are_guessed_slowly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
