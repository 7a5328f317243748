// SPDX-License-Identifier: GPL-2.0-or-later
/* The control API over a real unix socket: every route, every refusal, rude clients. */
#include "test_engine_util.h"
#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "engine/api/api.h"
#include "wire/http.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"

static struct house *h;
static struct api *api;
static struct sockaddr_un un = {.sun_family = AF_UNIX};
static char reply[API_REPLY_MAX];
static int stops, stop_opened;

static void stop(void *ctx, bool open_network)
{
	(void)ctx;
	stops++;
	stop_opened = open_network;
}

static void event_added(void *ctx, const struct event *e)
{
	(void)ctx;
	api_event(api, e);
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	assert_int_equal(
		str_print(un.sun_path, sizeof(un.sun_path), "%s/sock", h->dir), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(api_new(&h->p, stop, NULL, &api), 0);
	assert_int_equal(api_listen(api, fd), 0);
	h->p.journal.added = event_added;
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", URL_A);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	stops = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	api_free(api);
	api = NULL;
	unlink(un.sun_path);
	house_free(h);
	return 0;
}

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static void say(int fd, const char *text, size_t len)
{
	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* All that came until the end or until nothing comes. */
static size_t hear(int fd, bool *ret_closed)
{
	size_t len = 0;
	ssize_t n;

	*ret_closed = false;
	for (int quiet = 0; quiet < 10;) {
		assert_int_equal(loop_once(h->loop, 0), 0);
		n = recv(fd, reply + len, sizeof(reply) - 1 - len, MSG_DONTWAIT);
		if (n == 0)
			*ret_closed = true;
		if (n == 0)
			break;
		if (n < 0)
			quiet++;
		else
			len += (size_t)n;
	}
	reply[len] = 0;
	return len;
}

/* One request; the status, and the body as JSON. */
static int ask(const char *method, const char *path, const char *body, json_t **ret)
{
	char request[2048];
	int fd = dial(), status;
	bool closed;
	char *at;

	assert_int_equal(str_print(request, sizeof(request),
		"%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", method, path,
		strlen(body), body), 0);
	say(fd, request, strlen(request));
	hear(fd, &closed);
	assert_true(closed);
	close(fd);
	assert_int_equal(sscanf(reply, "HTTP/1.1 %d ", &status), 1);
	at = strstr(reply, "\r\n\r\n");
	assert_non_null(at);
	*ret = json_loads(at, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(*ret);
	return status;
}

static json_t *get(const char *path)
{
	json_t *j;

	assert_int_equal(ask("GET", path, "", &j), 200);
	return j;
}

static const char *text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void refused(const char *method, const char *path, const char *body, int want)
{
	json_t *j;

	assert_int_equal(ask(method, path, body, &j), want);
	assert_string_equal(text_of(j, "schema"), "cardea.error/1");
	assert_non_null(text_of(j, "error"));
	assert_non_null(text_of(j, "next"));
	json_decref(j);
}

static void status_says_how_it_is(void **state)
{
	(void)state;
	json_t *j = get("/v1/status");

	assert_string_equal(text_of(j, "schema"), "cardea.status/1");
	assert_string_equal(text_of(j, "backend"), "nft");
	assert_true(json_is_true(json_object_get(j, "ready")));
	assert_string_equal(
		text_of(j, "sentence"), "1 device: 1 protected, 0 learning, 0 new.");
	json_decref(j);
}

static void devices_by_every_name(void **state)
{
	(void)state;
	static const char *const paths[] = {"/v1/devices/lamp", "/v1/devices/1",
		"/v1/devices/192.168.7.20", "/v1/devices/02:00:00:00:00:10",
		"/v1/devices/%6camp"};
	json_t *j = get("/v1/devices");

	assert_int_equal(json_array_size(json_object_get(j, "devices")), 1);
	json_decref(j);
	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		j = get(paths[i]);
		assert_string_equal(text_of(j, "mac"), LAMP);
		assert_string_equal(text_of(j, "state"), "protected");
		assert_int_equal(json_array_size(json_object_get(j, "names")), 1);
		assert_true(json_is_object(json_object_get(j, "profile")));
		json_decref(j);
	}
}

static void what_is_not_there_is_404(void **state)
{
	(void)state;
	char longest[400] = "/v1/devices/";

	memset(longest + 12, 'x', 350);
	refused("GET", "/v1/devices/kettle", "", 404);
	refused("GET", "/v1/devices/%1b%5b31m", "", 404);
	refused("GET", "/v1/devices/%zz", "", 404); /* not the list of all */
	refused("GET", longest, "", 404);
	refused("GET", "/v1/devices/lamp/more", "", 404);
	refused("GET", "/v2/devices", "", 404);
	refused("GET", "/", "", 404);
	refused("DELETE", "/v1/devices/lamp", "", 405);
	refused("GET", "/v1/why?event=999", "", 404);
	refused("GET", "/v1/events?device=nobody", "", 404);
	refused("GET", "/v1/policy?device=nobody", "", 404);
}

static void renamed(void **state)
{
	(void)state;
	json_t *j;

	see_dhcp(h, "02:00:00:00:00:11", "kettle", "");
	assert_int_equal(ask("POST", "/v1/devices/lamp", "{\"name\":\"Bed \\u00e9\"}", &j),
		200);
	assert_string_equal(text_of(j, "name"), "Bed \xc3\xa9");
	assert_string_equal(text_of(j, "previous_name"), "lamp");
	json_decref(j);
	refused("POST", "/v1/devices/1", "{\"name\":\"KETTLE\"}", 409);
	refused("POST", "/v1/devices/1", "{\"name\":\"\"}", 400);
	refused("POST", "/v1/devices/1", "{\"name\":\"a\\u001bb\"}", 400);
	refused("POST", "/v1/devices/1", "{\"name\":\"a\\u0000b\"}", 400);
	refused("POST", "/v1/devices/1", "{\"name\":7}", 400);
	refused("POST", "/v1/devices/1", "{\"name\":\"a\",\"name\":\"b\"}", 400);
	refused("POST", "/v1/devices/1", "[1]", 400);
	refused("POST", "/v1/devices/1", "", 400);
	refused("POST", "/v1/devices/1", "{", 400);
	refused("POST", "/v1/devices/nobody", "{\"name\":\"a\"}", 404);
	j = get("/v1/devices/1");
	assert_string_equal(text_of(j, "name"), "Bed \xc3\xa9");
	json_decref(j);
}

static void events_and_why(void **state)
{
	(void)state;
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};
	json_t *j;
	const json_t *last;
	char path[64];

	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip("203.0.113.9");
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.peer_port = 23;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	j = get("/v1/events?device=lamp&limit=1");
	assert_int_equal(json_array_size(json_object_get(j, "events")), 1);
	last = json_array_get(json_object_get(j, "events"), 0);
	assert_string_equal(text_of(last, "kind"), "violation");
	assert_int_equal(str_print(path, sizeof(path), "/v1/why?event=%lld",
		(long long)json_integer_value(json_object_get(last, "id"))), 0);
	json_decref(j);
	j = get(path);
	assert_true(json_is_false(json_object_get(j, "allowed")));
	assert_string_equal(text_of(j, "reason"), "not-listed");
	json_decref(j);
	j = get("/v1/why?device=lamp&destination=cloud.example&port=443&proto=tcp");
	assert_true(json_is_true(json_object_get(j, "allowed")));
	assert_true(json_is_object(json_object_get(j, "rule")));
	json_decref(j);
	j = get("/v1/why?device=lamp&destination=203.0.113.9&port=23");
	assert_true(json_is_false(json_object_get(j, "allowed")));
	json_decref(j);
	refused("GET", "/v1/why?event=1", "", 400); /* a device that joined */
	refused("GET", "/v1/why?device=lamp", "", 400);
	refused("GET", "/v1/why?device=lamp&destination=a..b", "", 400);
	refused("GET", "/v1/why?device=lamp&destination=a&port=65536", "", 400);
	refused("GET", "/v1/why?device=lamp&destination=a&proto=carrier", "", 400);
	refused("GET", "/v1/why?device=%ff%zz&destination=a", "", 400);
	refused("GET", "/v1/events?limit=0", "", 400);
	refused("GET", "/v1/events?limit=1001", "", 400);
	refused("GET", "/v1/events?after=-1", "", 400);
	refused("GET", "/v1/events?follow=2", "", 400);
}

static void policy_with_its_elements(void **state)
{
	(void)state;
	json_t *j = get("/v1/policy?device=lamp&elements=1");
	const json_t *d = json_array_get(json_object_get(j, "devices"), 0);

	assert_string_equal(text_of(d, "profile"), URL_A);
	assert_true(json_array_size(json_object_get(d, "rules")) > 1);
	assert_true(json_array_size(json_object_get(d, "elements")) > 3);
	json_decref(j);
	j = get("/v1/policy");
	d = json_array_get(json_object_get(j, "devices"), 0);
	assert_null(json_object_get(d, "elements"));
	json_decref(j);
	refused("GET", "/v1/policy?elements=yes", "", 400);
}

static void stop_is_passed_on(void **state)
{
	(void)state;
	json_t *j;

	refused("POST", "/v1/stop", "", 400);
	assert_int_equal(stops, 0);
	assert_int_equal(ask("POST", "/v1/stop", "{\"open\":true}", &j), 200);
	json_decref(j);
	assert_int_equal(stops, 1);
	assert_true(stop_opened);
}

static void nonsense_and_excess(void **state)
{
	(void)state;
	static const char large[] = "POST /v1/stop HTTP/1.1\r\nHost: x\r\nContent-Length: "
				    "16385\r\n\r\n";
	static char head[HTTP_HEAD_MAX + 100];
	bool closed;
	int fd = dial();

	say(fd, "\x16\x03\x01 TLS?\r\n\r\n", 12);
	hear(fd, &closed);
	assert_true(closed);
	assert_non_null(strstr(reply, "HTTP/1.1 400 "));
	close(fd);
	fd = dial();
	say(fd, large, sizeof(large) - 1);
	hear(fd, &closed);
	assert_true(closed);
	assert_non_null(strstr(reply, "HTTP/1.1 413 "));
	close(fd);
	fd = dial();
	memset(head, 'a', sizeof(head));
	memcpy(head, "GET /", 5);
	say(fd, head, sizeof(head));
	hear(fd, &closed);
	assert_true(closed);
	assert_non_null(strstr(reply, "HTTP/1.1 400 "));
	close(fd);
	fd = dial(); /* hangs up in the middle */
	say(fd, "GET /v1/st", 10);
	spin(h);
	close(fd);
	spin(h);
	json_decref(get("/v1/status"));
}

/* A profile may be large, by the one route that takes any; even that has an end. */
static void a_profile_may_be_large(void **state)
{
	(void)state;
	enum { SIZE = 600000, STEP = 50000 };
	static char body[SIZE];
	char head[128];
	bool closed;
	int fd = dial();

	memset(body, ' ', SIZE);
	memcpy(body, "{\"device\":\"nobody\",\"text\":\"x\"", 29);
	body[SIZE - 1] = '}';
	(void)!str_print(head, sizeof(head),
		"POST /v1/profiles HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", SIZE);
	say(fd, head, strlen(head));
	for (size_t i = 0; i < SIZE; i += STEP) {
		say(fd, body + i, STEP);
		spin(h);
	}
	hear(fd, &closed);
	assert_true(closed);
	assert_non_null(strstr(reply, "HTTP/1.1 404 "));
	close(fd);
	fd = dial();
	(void)!str_print(head, sizeof(head),
		"POST /v1/profiles HTTP/1.1\r\nHost: x\r\nContent-Length: %u\r\n\r\n",
		API_BODY_LARGE_MAX + 1);
	say(fd, head, strlen(head));
	hear(fd, &closed);
	assert_true(closed);
	assert_non_null(strstr(reply, "HTTP/1.1 413 "));
	close(fd);
}

static void pieces_make_a_request(void **state)
{
	(void)state;
	static const char text[] = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";
	bool closed = false;
	int fd = dial();

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		say(fd, text + i, 1);
		assert_int_equal(loop_once(h->loop, 0), 0);
	}
	hear(fd, &closed);
	assert_true(closed);
	assert_non_null(strstr(reply, "HTTP/1.1 200 "));
	close(fd);
}

static void followers_get_a_line_an_event(void **state)
{
	(void)state;
	static const char text[] = "GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n";
	bool closed;
	int fd = dial();

	say(fd, text, sizeof(text) - 1);
	hear(fd, &closed);
	assert_false(closed);
	assert_non_null(strstr(reply, "HTTP/1.1 200 "));
	assert_null(strstr(reply, "Content-Length"));
	advance(h, API_IDLE_S + 5); /* silence is no reason to end it */
	see_dhcp(h, "02:00:00:00:00:11", "kettle", "");
	hear(fd, &closed);
	assert_false(closed);
	json_t *j = json_loads(reply, 0, NULL);
	assert_non_null(j);
	assert_string_equal(text_of(j, "kind"), "device-joined");
	assert_int_equal(reply[strlen(reply) - 1], '\n');
	json_decref(j);
	close(fd);
	spin(h);
	see_dhcp(h, "02:00:00:00:00:12", "toaster", ""); /* nobody listens now */
}

static void follower_of_one_device_hears_of_no_other(void **state)
{
	(void)state;
	static const char text[] =
		"GET /v1/events?follow=1&device=lamp HTTP/1.1\r\nHost: x\r\n\r\n";
	bool closed;
	json_t *j;
	int fd = dial();

	say(fd, text, sizeof(text) - 1);
	hear(fd, &closed);
	assert_non_null(strstr(reply, "HTTP/1.1 200 "));
	see_dhcp(h, "02:00:00:00:00:13", "clock", ""); /* a device joined */
	assert_int_equal(ask("POST", "/v1/devices/lamp", "{\"name\":\"light\"}", &j), 200);
	json_decref(j);
	hear(fd, &closed);
	j = json_loads(reply, 0, NULL); /* one line, or it is no JSON */
	assert_non_null(j);
	assert_string_equal(text_of(j, "kind"), "renamed");
	json_decref(j);
	close(fd);
	spin(h);
}

static void slow_follower_is_dropped(void **state)
{
	(void)state;
	static const char text[] = "GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n";
	struct event e = {.id = 1, .kind = EVENT_GATEWAY};
	bool closed;
	int fd = dial(), n = 0;

	memset(e.text, 'x', sizeof(e.text) - 1);
	say(fd, text, sizeof(text) - 1);
	spin(h);
	for (; n < 5000; n++)
		api_event(api, &e);
	size_t len = hear(fd, &closed);
	assert_true(closed);
	assert_true(len < sizeof(reply) - 1);
	close(fd);
	json_decref(get("/v1/status"));
}

static void idle_clients_make_room(void **state)
{
	(void)state;
	static const char text[] = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";
	int fds[API_CLIENTS_MAX], fd;
	bool closed;

	for (int i = 0; i < API_CLIENTS_MAX; i++)
		fds[i] = dial();
	spin(h);
	fd = dial(); /* one too many: hung up at once */
	hear(fd, &closed);
	assert_true(closed);
	close(fd);
	for (int i = 0; i < API_CLIENTS_MAX / 2; i++)
		say(fds[i], "GET", 3);
	advance(h, API_IDLE_S + 1);
	for (int i = 0; i < API_CLIENTS_MAX; i++) {
		hear(fds[i], &closed);
		assert_true(closed);
		close(fds[i]);
	}
	fd = dial();
	say(fd, text, sizeof(text) - 1);
	hear(fd, &closed);
	assert_non_null(strstr(reply, "HTTP/1.1 200 "));
	close(fd);
}

static void only_root_may_speak(void **state)
{
	(void)state;
	int status, pipes[2];
	char go = 0;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(h->dir, 0755), 0);
	assert_int_equal(chmod(un.sun_path, 0666), 0);
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char text[64] = "";
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (setgid(65534) || setuid(65534) ||
			connect(fd, (struct sockaddr *)&un, sizeof(un)) ||
			write(pipes[1], "x", 1) != 1)
			_exit(2);
		if (recv(fd, text, 12, MSG_WAITALL) != 12)
			_exit(3);
		_exit(strncmp(text, "HTTP/1.1 403", 12) != 0);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &go, 1), 1);
	close(pipes[0]);
	spin(h);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(status_says_how_it_is),
		TEST(devices_by_every_name),
		TEST(what_is_not_there_is_404),
		TEST(renamed),
		TEST(events_and_why),
		TEST(policy_with_its_elements),
		TEST(stop_is_passed_on),
		TEST(nonsense_and_excess),
		TEST(a_profile_may_be_large),
		TEST(pieces_make_a_request),
		TEST(followers_get_a_line_an_event),
		TEST(follower_of_one_device_hears_of_no_other),
		TEST(slow_follower_is_dropped),
		TEST(idle_clients_make_room),
		TEST(only_root_may_speak),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
