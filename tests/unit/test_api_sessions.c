// SPDX-License-Identifier: GPL-2.0-or-later
/* The first owner, sessions from beginning to end, and the word that shows that the page itself
 * asks. Requests go through real pipes. */
#include "test_access_util.h"

/* ---- the first owner ---- */

static void the_first_owner(void **state)
{
	char secret[PEOPLE_SETUP_TEXT], path[96], typed[32];
	struct stat st;
	json_t *j;

	(void)state;
	setup_secret(secret);
	assert_int_equal(str_print(path, sizeof(path), "%s/setup-secret", h->dir), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
	assert_int_equal(ask_with(LAPTOP_IP, "GET", "/v1/session", "", ""), 200);
	j = answer();
	assert_true(json_is_true(json_object_get(j, "setup")));
	assert_null(json_object_get(j, "scrypt")); /* root's alone */
	json_decref(j);
	assert_int_equal(set_up("0000-0000-0000-0000", 'a'), 403);
	assert_false(people_has_owner(&h->p.people));
	/* as people type it */
	for (size_t i = 0; i < sizeof(typed); i++)
		typed[i] = i < sizeof(secret) ? secret[i] : 0;
	for (char *at = typed; *at; at++)
		*at = *at == '-' ? ' ' : *at >= 'a' ? (char)(*at - 32) : *at;
	assert_int_equal(set_up(typed, 'a'), 200);
	keep_session();
	role_is("owner");
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(set_up(secret, 'b'), 403); /* it is good once */
	assert_int_equal(log_in_from(PHONE_IP, "owner", 'b'), 401);
	restart();
	role_is("owner"); /* a restart ends no session */
	assert_int_equal(rename_laptop(), 200);
	assert_int_equal(stat(path, &st), -1);
}

static void a_lost_password(void **state)
{
	char secret[PEOPLE_SETUP_TEXT];
	nstime until;

	(void)state;
	setup_secret(secret);
	add_user("owner", PEOPLE_OWNER, 'a'); /* so that is no longer */
	assert_int_equal(set_up(secret, 'b'), 403);
	assert_int_equal(people_setup_new(&h->p.people, START, secret, &until), 0);
	assert_true(until == START + PEOPLE_SETUP_FOR);
	clock_virtual_set(&h->clock, START + PEOPLE_SETUP_FOR);
	assert_int_equal(set_up(secret, 'b'), 403); /* too late */
	assert_int_equal(people_setup_new(&h->p.people, h->clock.now, secret, &until), 0);
	log_in("owner", 'a');
	assert_int_equal(ask_with(PHONE_IP, "GET", "/v1/session", "", ""), 200);
	assert_int_equal(set_up(secret, 'b'), 200);
	role_is(""); /* whoever was logged in with the old one is out */
	assert_int_equal(log_in_from(PHONE_IP, "owner", 'a'), 401);
	assert_int_equal(log_in_from(PHONE_IP, "owner", 'b'), 200);
}

/* ---- sessions ---- */

static void no_fixation(void **state)
{
	char before[128], fields[320];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	/* an id that somebody planted is nobody's, and does not become anybody's */
	str_copy(cookie, sizeof(cookie), HEX64);
	(void)str_print(fields, sizeof(fields), "Cookie: __Host-cardea=%s\r\n", cookie);
	assert_int_equal(ask_with(LAPTOP_IP, "POST", "/v1/session", fields,
				 "{\"user\":\"anna\",\"key\":\"" HEX64 "\"}"),
		401);
	log_in("anna", 'a');
	assert_string_not_equal(cookie, HEX64);
	str_copy(before, sizeof(before), cookie);
	/* and a login in a browser that has one ends that */
	(void)str_print(fields, sizeof(fields),
		"Cookie: __Host-cardea=%s\r\nX-Cardea-Csrf: %s\r\n", cookie, csrf);
	{
		char body[256];

		(void)str_print(body, sizeof(body), "{\"user\":\"anna\",\"key\":\"%s\"}",
			key_of('a'));
		assert_int_equal(
			ask_with(LAPTOP_IP, "POST", "/v1/session", fields, body), 200);
	}
	keep_session();
	assert_string_not_equal(cookie, before);
	role_is("owner");
	str_copy(cookie, sizeof(cookie), before);
	role_is("");
}

static void forged_cookies(void **state)
{
	char fields[512], good[128];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	str_copy(good, sizeof(good), cookie);
	cookie[0] = cookie[0] == '0' ? '1' : '0';
	role_is("");
	str_copy(cookie, sizeof(cookie), good);
	cookie[63] = 0;
	role_is("");
	(void)str_print(cookie, sizeof(cookie), "%s0", good);
	role_is("");
	/* two of them: a sub-domain or another page set one */
	(void)str_print(fields, sizeof(fields),
		"Cookie: __Host-cardea=%s; __Host-cardea=%s\r\n", good, HEX64);
	assert_int_equal(ask_with(LAPTOP_IP, "GET", "/v1/devices", fields, ""), 401);
	(void)str_print(fields, sizeof(fields), "Cookie: cardea=%s\r\n", good);
	assert_int_equal(ask_with(LAPTOP_IP, "GET", "/v1/devices", fields, ""), 401);
	/* what the store holds opens nothing */
	{
		struct people_who who;
		uint8_t secret[PEOPLE_SECRET];

		assert_true(str_from_hex(good, 64, secret, sizeof(secret)));
		people_of_cookie(&h->p.people, START, secret, &who);
		str_to_hex(who.session, sizeof(who.session), cookie);
		role_is("");
	}
	str_copy(cookie, sizeof(cookie), good);
	role_is("owner");
}

static void sessions_end(void **state)
{
	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	clock_virtual_set(&h->clock, START + PEOPLE_IDLE - NS_PER_SEC);
	role_is("owner"); /* and counts as used */
	clock_virtual_set(&h->clock, START + 2 * PEOPLE_IDLE - 3 * NS_PER_SEC);
	role_is("owner");
	clock_virtual_set(&h->clock, START + 3 * PEOPLE_IDLE);
	role_is("");
	clock_virtual_set(&h->clock, START + 3 * PEOPLE_IDLE - 9 * NS_PER_SEC);
	role_is(""); /* a clock that goes back brings nothing to life */
	log_in("anna", 'a');
	for (int day = 0; day < 13; day++) {
		clock_virtual_set(&h->clock, h->clock.now + DAY_S * NS_PER_SEC);
		role_is("owner");
	}
	clock_virtual_set(&h->clock, h->clock.now + DAY_S * NS_PER_SEC + 1);
	role_is(""); /* used or not */
}

static void out_and_out_everywhere(void **state)
{
	char phone[128], phone_csrf[PEOPLE_HEX];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	assert_int_equal(ask("POST", "/v1/session", "{\"end\":true}"), 409);
	log_in("anna", 'a');
	str_copy(phone, sizeof(phone), cookie);
	str_copy(phone_csrf, sizeof(phone_csrf), csrf);
	log_in("anna", 'a');
	assert_int_equal(ask("POST", "/v1/session", "{\"end\":true}"), 200);
	assert_non_null(strstr(reply, "Set-Cookie: __Host-cardea=; "));
	role_is("");
	str_copy(cookie, sizeof(cookie), phone);
	str_copy(csrf, sizeof(csrf), phone_csrf);
	role_is("owner");
	log_in("anna", 'a');
	assert_int_equal(ask("POST", "/v1/session", "{\"end_all\":true}"), 200);
	role_is("");
	str_copy(cookie, sizeof(cookie), phone);
	role_is("");
}

static void places_for_sessions(void **state)
{
	char first[128];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	add_user("ben", PEOPLE_VIEWER, 'b');
	log_in("anna", 'a');
	str_copy(first, sizeof(first), cookie);
	for (unsigned i = 0; i < 2 * LIMIT_SESSIONS; i++) {
		clock_virtual_set(&h->clock, h->clock.now + NS_PER_SEC);
		log_in("ben", 'b');
	}
	role_is("viewer");
	str_copy(cookie, sizeof(cookie), first);
	role_is("owner"); /* who logs in a lot pushes out nobody but himself */
}

/* ---- changes ---- */

static void csrf_word(void **state)
{
	char good[PEOPLE_HEX], fields[512], other[PEOPLE_HEX];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	str_copy(other, sizeof(other), csrf);
	log_in("anna", 'a');
	str_copy(good, sizeof(good), csrf);
	csrf[0] = 0;
	assert_int_equal(rename_laptop(), 403);
	str_copy(csrf, sizeof(csrf), other); /* of another session */
	assert_int_equal(rename_laptop(), 403);
	str_copy(csrf, sizeof(csrf), good);
	csrf[63] = csrf[63] == '0' ? '1' : '0';
	assert_int_equal(rename_laptop(), 403);
	/* logging out is a change too */
	assert_int_equal(ask("POST", "/v1/session", "{\"end\":true}"), 409);
	assert_string_equal(laptop_name(), "laptop");
	/* a form of another site cannot send JSON */
	(void)str_print(fields, sizeof(fields),
		"POST /v1/devices/" LAPTOP " HTTP/1.1\r\nCookie: __Host-cardea=%s\r\n"
		"X-Cardea-Csrf: %s\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\n"
		"{\"name\":\"mine\"}",
		cookie, good);
	{
		int fd = open_pipe(LAPTOP_IP);
		bool closed;

		assert_int_equal(send(fd, fields, strlen(fields), 0), strlen(fields));
		hear(fd, &closed);
		close(fd);
		assert_non_null(strstr(reply, "HTTP/1.1 415 "));
	}
	assert_string_equal(laptop_name(), "laptop");
	str_copy(csrf, sizeof(csrf), good);
	assert_int_equal(rename_laptop(), 200);
	assert_string_equal(laptop_name(), "mine");
}

static void large_bodies(void **state)
{
	static const char head[] = "POST /v1/profiles HTTP/1.1\r\nContent-Type: "
				   "application/json\r\n%s%s\r\nContent-Length: 500000\r\n\r\n";
	char fields[512], text[1024];
	bool closed;
	int fd;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	add_user("ben", PEOPLE_VIEWER, 'b');
	fd = open_pipe(LAPTOP_IP);
	(void)str_print(text, sizeof(text), head, "X-A: ", "b");
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	hear(fd, &closed);
	close(fd);
	assert_non_null(strstr(reply, "HTTP/1.1 413 ")); /* nobody fills our memory */
	log_in("ben", 'b');
	fd = open_pipe(LAPTOP_IP);
	(void)str_print(fields, sizeof(fields), "%s\r\nX-Cardea-Csrf: %s", cookie, csrf);
	(void)str_print(text, sizeof(text), head, "Cookie: __Host-cardea=", fields);
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	hear(fd, &closed);
	close(fd);
	assert_non_null(strstr(reply, "HTTP/1.1 413 "));
	log_in("anna", 'a');
	fd = open_pipe(LAPTOP_IP);
	(void)str_print(fields, sizeof(fields), "%s\r\nX-Cardea-Csrf: %s", cookie, csrf);
	(void)str_print(text, sizeof(text), head, "Cookie: __Host-cardea=", fields);
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	hear(fd, &closed);
	assert_string_equal(reply, ""); /* the rest is awaited */
	assert_false(closed);
	close(fd);
	spin(h);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_first_owner),
		TEST(a_lost_password),
		TEST(no_fixation),
		TEST(forged_cookies),
		TEST(sessions_end),
		TEST(out_and_out_everywhere),
		TEST(places_for_sessions),
		TEST(csrf_word),
		TEST(large_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
