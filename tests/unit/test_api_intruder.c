// SPDX-License-Identifier: GPL-2.0-or-later
/* What somebody tries who has a little and wants more: a login of his own, a device in the
 * house, an address. */
#include "test_access_util.h"
#include "engine/api/server.h"

static void change_path(char path[48])
{
	const char *at = strstr(reply, "Cardea-Change: ");
	unsigned long id;

	assert_non_null(at);
	assert_int_equal(sscanf(at, "Cardea-Change: %lu", &id), 1);
	(void)str_print(path, 48, "/v1/changes/%lu", id);
}

static int is_text(void *ctx, const struct event *e)
{
	return strcmp(e->text, ctx) == 0 ? -EEXIST : 0;
}

/* In the journal, in these words. */
static bool was_noted(const char *text)
{
	return store_events_after(h->store, 0, 1000, is_text, (void *)(uintptr_t)text) ==
	       -EEXIST;
}

/* ---- undo ---- */

/* What root did, an owner may undo as far as he may do it himself, and under his name. */
static void an_undo_is_nobody_elses(void **state)
{
	static const char became[] = "POST /v1/users/anna HTTP/1.1\r\n"
				     "Content-Type: application/json\r\n"
				     "Content-Length: 16\r\n\r\n{\"role\":\"owner\"}";
	struct people_user u;
	char path[48];
	int ends[2];
	bool closed;

	(void)state;
	add_user("anna", PEOPLE_VIEWER, 'a');
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_non_null(api_client_admit(api, ends[0], false, false));
	assert_int_equal(send(ends[1], became, sizeof(became) - 1, 0), sizeof(became) - 1);
	hear(ends[1], &closed);
	close(ends[1]);
	assert_non_null(strstr(reply, "HTTP/1.1 200 "));
	change_path(path);
	log_in("anna", 'a');
	role_is("owner");
	assert_int_equal(ask("POST", path, "{\"undo\":true}"), 409);
	assert_non_null(strstr(reply, "anna is the only owner"));
	role_is("owner");
	add_user("ben", PEOPLE_OWNER, 'b');
	log_in("ben", 'b');
	assert_int_equal(ask("POST", path, "{\"undo\":true}"), 200);
	assert_int_equal(store_user(h->store, "anna", &u), 0);
	assert_int_equal(u.role, PEOPLE_VIEWER);
	assert_true(was_noted("anna is viewer now, and was owner, says ben at laptop (" LAPTOP_IP
			      ")."));
}

/* ---- guessing ---- */

/* Between two guesses at the owner's password a viewer logs in as himself. */
static void ones_own_login_pardons_no_guess(void **state)
{
	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	add_user("ben", PEOPLE_VIEWER, 'b');
	for (unsigned i = 0; i < LOCKOUT_FREE; i++) {
		assert_int_equal(log_in_from(LAPTOP_IP, "anna", 'f'), 401);
		if (i + 1 < LOCKOUT_FREE)
			assert_int_equal(log_in_from(LAPTOP_IP, "ben", 'b'), 200);
	}
	assert_int_equal(log_in_from(LAPTOP_IP, "anna", 'f'), 429);
	assert_int_equal(log_in_from(LAPTOP_IP, "ben", 'b'), 429);
	assert_int_equal(log_in_from(PHONE_IP, "anna", 'a'), 200); /* the owner goes in */
}

/* His own password, that he may change and says the old one for, is no way around either. */
static void ones_own_password_pardons_no_guess(void **state)
{
	char body[256], key[PEOPLE_HEX];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	add_user("ben", PEOPLE_VIEWER, 'b');
	log_in("ben", 'b');
	str_copy(key, sizeof(key), key_of('b'));
	(void)str_print(body, sizeof(body),
		"{\"key\":\"%s\",\"old_key\":\"%s\",\"dry_run\":true}", key_of('c'), key);
	for (unsigned i = 0; i < LOCKOUT_FREE; i++) {
		assert_int_equal(log_in_from(LAPTOP_IP, "anna", 'f'), 401);
		if (i + 1 < LOCKOUT_FREE)
			assert_int_equal(ask("POST", "/v1/users/ben", body), 200);
	}
	assert_int_equal(ask("POST", "/v1/users/ben", body), 429);
	assert_int_equal(log_in_from(LAPTOP_IP, "anna", 'f'), 429);
}

/* Two devices of one intruder: what the second hears is the same of a user and of nobody. */
static void a_second_device_learns_no_names(void **state)
{
	static const char *const names[] = {"anna", "nobody"};
	char heard[2][2048];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	for (size_t i = 0; i < 2; i++) {
		clock_virtual_set(&h->clock, h->clock.now + 2 * LOCKOUT_FORGET);
		assert_int_equal(log_in_from(STRANGER_IP, "zzzz", 'f'), 401);
		for (unsigned n = 0; n < LOCKOUT_FREE; n++)
			assert_int_equal(log_in_from(PHONE_IP, names[i], 'f'), 401);
		assert_int_equal(log_in_from(STRANGER_IP, names[i], 'f'), 429);
		str_copy(heard[i], sizeof(heard[i]), reply);
	}
	assert_string_equal(heard[0], heard[1]);
}

/* ---- setup ---- */

/* Two who have the secret: it makes one owner. And where it makes none, it is good still. */
static void a_setup_secret_is_good_once(void **state)
{
	char secret[PEOPLE_SETUP_TEXT], name[8], body[256];
	int first, second;
	nstime until;
	bool closed;

	(void)state;
	setup_secret(secret);
	(void)str_print(body, sizeof(body), "{\"secret\":\"%s\",\"key\":\"%s\"}", secret,
		key_of('a'));
	first = open_pipe(LAPTOP_IP);
	second = open_pipe(PHONE_IP);
	send_request(first, "POST", "/v1/setup", "", body);
	send_request(second, "POST", "/v1/setup", "", body);
	hear(first, &closed);
	assert_non_null(strstr(reply, "HTTP/1.1 200 "));
	hear(second, &closed);
	assert_non_null(strstr(reply, "HTTP/1.1 403 "));
	assert_null(strstr(reply, "Set-Cookie"));
	close(first);
	close(second);
	for (unsigned i = 1; i < LIMIT_USERS; i++) {
		(void)str_print(name, sizeof(name), "u%u", i);
		add_user(name, PEOPLE_VIEWER, 'b');
	}
	assert_int_equal(people_setup_new(&h->p.people, pipeline_people_now(&h->p), secret,
				 &until),
		0);
	(void)str_print(body, sizeof(body),
		"{\"secret\":\"%s\",\"user\":\"one-more\",\"key\":\"%s\"}", secret,
		key_of('a'));
	assert_int_equal(ask_with(LAPTOP_IP, "POST", "/v1/setup", "", body), 409);
	assert_int_equal(set_up(secret, 'c'), 200);
	assert_int_equal(set_up(secret, 'd'), 403);
}

/* What others guess at the owner's name afterwards does not slow him where he was made one,
 * although he mistyped the secret there. */
static void an_owner_goes_on_where_he_was_made_one(void **state)
{
	char secret[PEOPLE_SETUP_TEXT];

	(void)state;
	setup_secret(secret);
	assert_int_equal(set_up("0000 0000 0000 0000", 'a'), 403);
	assert_int_equal(set_up(secret, 'a'), 200);
	assert_int_equal(set_up(secret, 'a'), 403); /* the other tab */
	for (unsigned i = 0; i < LOCKOUT_FREE; i++)
		assert_int_equal(log_in_from(PHONE_IP, "owner", 'f'), 401);
	assert_int_equal(log_in_from(PHONE_IP, "owner", 'a'), 429);
	assert_int_equal(log_in_from(LAPTOP_IP, "owner", 'a'), 200);
}

/* ---- bodies ---- */

/* What a session opens at the head of a long body, it does not at its end when it is over. */
static void a_long_body_outlives_no_session(void **state)
{
	char text[512], octets[20001];
	int fd;
	bool closed;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	fd = open_pipe(LAPTOP_IP);
	(void)str_print(text, sizeof(text),
		"POST /v1/advisories HTTP/1.1\r\nContent-Type: application/json\r\n"
		"Cookie: __Host-cardea=%s\r\nX-Cardea-Csrf: %s\r\nContent-Length: 20000\r\n\r\n",
		cookie, csrf);
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	hear(fd, &closed);
	assert_false(closed);
	assert_int_equal(people_end_all(&h->p.people, "anna"), 0);
	memset(octets, ' ', sizeof(octets));
	for (size_t at = 0; at < 20000; at += 1000) {
		assert_int_equal(send(fd, octets, 1000, MSG_NOSIGNAL), 1000);
		assert_int_equal(loop_once(h->loop, 0), 0);
	}
	hear(fd, &closed);
	assert_true(closed);
	assert_non_null(strstr(reply, "HTTP/1.1 401 "));
	close(fd);
}

/* ---- settings ---- */

static void settings_are(enum state_what what, const char *text)
{
	struct message m = {.type = MESSAGE_CONFIG_STATE};

	m.config_state.what = (uint8_t)what;
	m.config_state.until = what == STATE_BEFORE ? h->clock.now + NS_PER_SEC : 0;
	m.config_state.length = (uint32_t)strlen(text);
	assert_int_equal(settings_said(&h->p.settings, &m), 0);
	m = (struct message){.type = MESSAGE_CONFIG_PART};
	m.config_part.octets.len = (uint16_t)strlen(text);
	memcpy(m.config_part.octets.bytes, text, strlen(text));
	assert_int_equal(settings_said(&h->p.settings, &m), 0);
}

/* Who knows the path of the owner's hook may send there. */
static void the_path_of_the_hook_is_the_owners(void **state)
{
	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	add_user("ben", PEOPLE_VIEWER, 'b');
	settings_are(STATE_FILE, "[webhook]\nurl = \"https://hooks.example/s3cret\"\n");
	settings_are(STATE_RUNNING, "[webhook]\nurl = \"https://hooks.example/s3cret0\"\n");
	settings_are(STATE_BEFORE, "[webhook]\nurl = \"https://hooks.example/s3cret1\"\n");
	log_in("ben", 'b');
	assert_int_equal(ask("GET", "/v1/settings", ""), 200);
	assert_non_null(strstr(reply, "\"https://hooks.example/(hidden)\""));
	assert_non_null(strstr(reply, "\"pending\":{"));
	assert_null(strstr(reply, "s3cret"));
	log_in("anna", 'a');
	assert_int_equal(ask("GET", "/v1/settings", ""), 200);
	assert_non_null(strstr(reply, "\"https://hooks.example/s3cret\""));
	settings_end(&h->p.settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_undo_is_nobody_elses, setup, teardown),
		cmocka_unit_test_setup_teardown(ones_own_login_pardons_no_guess, setup, teardown),
		cmocka_unit_test_setup_teardown(
			ones_own_password_pardons_no_guess, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_device_learns_no_names, setup, teardown),
		cmocka_unit_test_setup_teardown(a_setup_secret_is_good_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_owner_goes_on_where_he_was_made_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_body_outlives_no_session, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_path_of_the_hook_is_the_owners, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
