// SPDX-License-Identifier: GPL-2.0-or-later
/* Who may what through web: every route for every role, devices that are held, and the
 * stream of events. Requests go through real pipes. */
#include "test_access_util.h"

/* ---- who may ---- */

static void the_salt_comes_first(void **state)
{
	const struct message *m = got(h, ROLE_WEB, MESSAGE_WEB_SALT, 0);

	(void)state;
	assert_non_null(m);
	assert_memory_equal(m->web_salt.salt, h->p.people.salt, PEOPLE_SALT);
	assert_int_equal(m->web_salt.log2_n, PEOPLE_LOG2_N);
	restart(); /* it is the same of one house for ever, or no password is right any more */
	m = got(h, ROLE_WEB, MESSAGE_WEB_SALT, 0);
	assert_memory_equal(m->web_salt.salt, h->p.people.salt, PEOPLE_SALT);
}

/* A whole house with its secrets goes by root's socket alone, whoever is logged in. */
static bool is_roots(const char *path)
{
	return strcmp(path, "/v1/backup") == 0 || strcmp(path, "/v1/restore") == 0;
}

static void try_roots(const struct api_route *route, unsigned role)
{
	static const char *const bodies[] = {"", "{\"end\":true}"};
	char path[API_PATH_MAX + 8];
	int status;

	(void)str_print(path, sizeof(path), "%s%s", route->path,
		route->method == API_GET && strstr(route->path, "backup") ? "?from=0" : "");
	status = ask(api_method_name(route->method), path, bodies[route->method == API_POST]);
	if (status != (role ? 403 : 401))
		fail_msg("%s gave %d to role %u", path, status, role);
}

static void try_route(const struct api_route *route, unsigned role)
{
	char path[API_PATH_MAX + 32];
	int status;

	if (is_roots(route->path)) {
		try_roots(route, role);
		return;
	}
	(void)str_print(path, sizeof(path), "%s%s", route->path,
		route->has_object ? "/nobody" : "");
	status = ask(api_method_name(route->method), path,
		route->method == API_GET ? "" : "{\"no_such_member\":1}");
	if (route->roles & (role | API_ANYBODY)) {
		if (status == 401 || status == 403)
			fail_msg("%s refuses who may: %d", path, status);
	} else if (status != (role ? 403 : 401)) {
		fail_msg("%s gave %d to role %u", path, status, role);
	}
}

static void try_all(unsigned role)
{
	struct api_route route;
	unsigned count = 0;

	for (size_t i = 0; api_route_at(i, &route); i++) {
		if (strcmp(route.path, "/v1/stream") == 0 && (role & route.roles))
			continue; /* stays open: a test of its own */
		try_route(&route, role);
		count++;
	}
	assert_true(count > 60);
	assert_int_equal(stops, 0);
	assert_string_equal(laptop_name(), "laptop");
}

static void every_route_for_every_role(void **state)
{
	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	add_user("ben", PEOPLE_VIEWER, 'b');
	add_user("isp", PEOPLE_ISP, 'c');
	try_all(0);
	log_in("anna", 'a');
	try_all(API_OWNER);
	log_in("ben", 'b');
	try_all(API_VIEWER);
	log_in("isp", 'c');
	try_all(API_ISP);
}

/* ---- devices that are held, and rude ones ---- */

static void held_devices(void **state)
{
	struct device *d = device_of(h, LAPTOP);
	bool closed;
	int fd;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	fd = open_pipe(LAPTOP_IP); /* was opened before */
	assert_int_equal(ask("POST", "/v1/quarantine/" PHONE, "{\"add\":\"test\"}"), 200);
	assert_int_equal(open_pipe(PHONE_IP), -1);
	assert_int_equal(refusal, WEB_REFUSED_HELD);
	role_is("owner");
	assert_int_equal(pipeline_quarantine(&h->p, d, "test"), 0);
	send_request(fd, "POST", "/v1/quarantine/" LAPTOP, "", "{\"release\":true}");
	hear(fd, &closed);
	assert_true(closed);
	close(fd);
	assert_non_null(strstr(reply, "HTTP/1.1 403 "));
	assert_non_null(strstr(reply, "is held: nobody is served at its address"));
	assert_true(device_of(h, LAPTOP)->hold != HOLD_NONE);
	assert_int_equal(open_pipe(LAPTOP_IP), -1);
	assert_int_equal(refusal, WEB_REFUSED_HELD);
	/* the owner's session is as good elsewhere */
	{
		char fields[256];

		(void)str_print(fields, sizeof(fields), "Cookie: __Host-cardea=%s\r\n", cookie);
		assert_int_equal(
			ask_with(STRANGER_IP, "GET", "/v1/quarantine", fields, ""), 200);
	}
}

static void one_device_has_its_share(void **state)
{
	int fds[64];
	size_t n = 0;

	(void)state;
	while (n < 64 && (fds[n] = open_pipe(LAPTOP_IP)) >= 0)
		n++;
	assert_true(n > 6 && n < LIMIT_WEB_PIPES);
	assert_int_equal(refusal, WEB_REFUSED_FULL);
	assert_int_equal(ask_with(PHONE_IP, "GET", "/v1/session", "", ""), 200);
	clock_virtual_set(&h->clock, h->clock.now + (API_IDLE_S + 1) * NS_PER_SEC);
	spin(h); /* who says nothing is let go */
	assert_int_equal(ask_with(LAPTOP_IP, "GET", "/v1/session", "", ""), 200);
	while (n--)
		close(fds[n]);
	spin(h);
}

/* ---- the stream ---- */

static int open_live(const char *path, const char *fields, bool *ret_closed)
{
	char all[512];
	int fd = open_pipe(LAPTOP_IP);

	assert_true(fd >= 0);
	(void)str_print(all, sizeof(all), "Cookie: __Host-cardea=%s\r\n%s", cookie, fields);
	send_request(fd, "GET", path, all, "");
	hear(fd, ret_closed);
	return fd;
}

static int open_stream(const char *fields, bool *ret_closed)
{
	return open_live("/v1/stream", fields, ret_closed);
}

static void happen(const char *what)
{
	journal_note(&h->p.journal, h->clock.now, device_of(h, PHONE)->id, EVENT_RENAMED, "%s",
		what);
}

static void the_stream(void **state)
{
	bool closed;
	char fields[64];
	const char *at;
	unsigned long long id;
	int fd;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	happen("before");
	fd = open_stream("", &closed);
	assert_false(closed);
	assert_non_null(strstr(reply, "Content-Type: text/event-stream\r\n"));
	assert_non_null(strstr(reply, "retry: "));
	assert_null(strstr(reply, "before"));
	happen("one thing");
	happen("another thing");
	advance(h, 1);
	hear(fd, &closed);
	at = strstr(reply, "id: ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "id: %llu\nevent: event\ndata: {", &id), 1);
	assert_non_null(strstr(reply, "one thing"));
	assert_non_null(strstr(reply, "another thing"));
	/* what came together is one change of the devices, with which one */
	at = strstr(reply, "event: changed\ndata: {\"schema\":\"cardea.changed/1\","
			   "\"what\":\"devices\",\"id\":");
	assert_non_null(at);
	assert_null(strstr(at + 1, "event: changed"));
	advance(h, 21);
	hear(fd, &closed);
	assert_non_null(strstr(reply, ":\n\n")); /* a sign of life */
	close(fd);
	spin(h);
	/* comes again, and goes on */
	(void)str_print(fields, sizeof(fields), "Last-Event-ID: %llu\r\n", id);
	fd = open_stream(fields, &closed);
	assert_null(strstr(reply, "one thing"));
	assert_non_null(strstr(reply, "another thing"));
	/* ends with the session */
	assert_int_equal(ask("POST", "/v1/session", "{\"end\":true}"), 200);
	advance(h, 21);
	hear(fd, &closed);
	assert_true(closed);
	close(fd);
}

static void a_stream_ends_with_a_hold(void **state)
{
	bool closed;
	int fd;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	fd = open_stream("", &closed);
	assert_false(closed);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAPTOP), "test"), 0);
	advance(h, 1);
	hear(fd, &closed);
	assert_true(closed);
	assert_null(strstr(reply, "quarantine"));
	close(fd);
}

/* Lines of events are a live view like the stream. */
static void followers_end_as_streams_do(void **state)
{
	bool closed;
	int fd;

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	fd = open_live("/v1/events?follow=1", "", &closed);
	assert_false(closed);
	happen("one thing");
	hear(fd, &closed);
	assert_false(closed);
	assert_non_null(strstr(reply, "one thing"));
	assert_int_equal(ask("POST", "/v1/session", "{\"end\":true}"), 200);
	happen("a secret thing");
	hear(fd, &closed);
	assert_true(closed);
	assert_null(strstr(reply, "a secret thing"));
	close(fd);
	log_in("anna", 'a');
	fd = open_live("/v1/events?follow=1", "", &closed);
	assert_false(closed);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAPTOP), "test"), 0);
	happen("a secret thing");
	hear(fd, &closed);
	assert_true(closed);
	assert_null(strstr(reply, "a secret thing"));
	close(fd);
}

static void a_slow_stream(void **state)
{
	size_t got_all = 0, n;
	bool closed;
	int fd, small = 4096;
	unsigned rounds = 0;
	char text[200];

	(void)state;
	add_user("anna", PEOPLE_OWNER, 'a');
	log_in("anna", 'a');
	fd = open_stream("Last-Event-ID: 0\r\n", &closed);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	for (unsigned i = 0; i < 3000; i++)
		journal_note(&h->p.journal, h->clock.now, 0, EVENT_GATEWAY, "%s", text);
	spin(h);
	/* it gets all of them once it reads, though nothing was kept for it in memory */
	while (rounds++ < 400) {
		clock_virtual_set(&h->clock, h->clock.now + NS_PER_SEC);
		n = hear(fd, &closed);
		for (const char *at = reply; (at = strstr(at, "event: event\n")); at++)
			got_all++;
		if (!n && got_all >= 3000)
			break;
		if (closed)
			break;
	}
	assert_false(closed);
	assert_true(got_all >= 3000);
	/* and one that reads no more is let go */
	for (unsigned i = 0; i < 3000; i++)
		journal_note(&h->p.journal, h->clock.now, 0, EVENT_GATEWAY, "%s", text);
	spin(h);
	advance(h, 90);
	for (closed = false; !closed;)
		if (!hear(fd, &closed))
			break;
	assert_true(closed);
	close(fd);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_salt_comes_first),
		TEST(every_route_for_every_role),
		TEST(held_devices),
		TEST(one_device_has_its_share),
		TEST(the_stream),
		TEST(a_stream_ends_with_a_hold), TEST(followers_end_as_streams_do),
		TEST(a_slow_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
