// SPDX-License-Identifier: GPL-2.0-or-later
/* POST /v1/identities, by the control socket and by the one that takes nothing else. */
#include "test_engine_util.h"
#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "engine/api/api.h"

#define LOCK "02:00:00:00:00:20"
#define LOCK_URL "https://maker.example/lock.json"
#define PATH "/v1/identities"
#define FROM(source) "{\"mac\":\"" LOCK "\",\"source\":\"" source "\",\"mud_url\":\""
#define MEMBERS(source, more) FROM(source) LOCK_URL "\"" more "}"

static struct house *h;
static struct api *api;
static struct sockaddr_un control = {.sun_family = AF_UNIX};
static struct sockaddr_un limited = {.sun_family = AF_UNIX};
static char reply[65536];

static void stop(void *ctx, bool open_network)
{
	(void)ctx;
	(void)open_network;
	fail();
}

static int listen_at(struct sockaddr_un *un, const char *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_equal(
		str_print(un->sun_path, sizeof(un->sun_path), "%s/%s", h->dir, name), 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)un, sizeof(*un)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	assert_int_equal(api_new(&h->p, stop, NULL, &api), 0);
	assert_int_equal(api_listen(api, listen_at(&control, "control")), 0);
	assert_int_equal(api_listen_identities(api, listen_at(&limited, "limited")), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	api_free(api);
	api = NULL;
	unlink(control.sun_path);
	unlink(limited.sun_path);
	house_free(h);
	return 0;
}

static int dial(const struct sockaddr_un *un)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)un, sizeof(*un)), 0);
	return fd;
}

/* Until the other side hangs up, or says nothing for a while: false. */
static bool hear(int fd)
{
	size_t len = 0;
	ssize_t n = -1;

	for (int quiet = 0; quiet < 10 && n; quiet += n < 0) {
		clock_virtual_set(&h->clock, h->clock.now + CLASSES_SETTLE / 4);
		assert_int_equal(loop_once(h->loop, 0), 0);
		n = recv(fd, reply + len, sizeof(reply) - 1 - len, MSG_DONTWAIT);
		if (n > 0)
			len += (size_t)n;
	}
	reply[len] = 0;
	return n == 0;
}

static int ask(const struct sockaddr_un *un, const char *method, const char *path,
	const char *body, json_t **ret)
{
	char request[4096];
	int fd = dial(un), status;

	assert_int_equal(str_print(request, sizeof(request),
		"%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", method, path,
		strlen(body), body), 0);
	assert_int_equal(
		send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	assert_true(hear(fd));
	close(fd);
	assert_int_equal(sscanf(reply, "HTTP/1.1 %d ", &status), 1);
	*ret = json_loads(strstr(reply, "\r\n\r\n"), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(*ret);
	return status;
}

static const char *text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void refused(const struct sockaddr_un *un, const char *method, const char *path,
	const char *body, int want)
{
	json_t *j;

	if (ask(un, method, path, body, &j) != want)
		fail_msg("%s %s: %s", path, body, reply);
	assert_string_equal(text_of(j, "schema"), "cardea.error/1");
	assert_non_null(text_of(j, "next"));
	json_decref(j);
}

static void tell(const struct sockaddr_un *un, const char *body)
{
	json_t *j;

	if (ask(un, "POST", PATH, body, &j) != 200)
		fail_msg("%s: %s", body, reply);
	json_decref(j);
}

static const struct device *lock(void)
{
	struct mac mac = mac_of(LOCK);

	return inventory_by_mac(h->p.inventory, &mac);
}

static void owner_adds_a_device(void **state)
{
	(void)state;
	json_t *j;

	assert_null(lock());
	assert_int_equal(
		ask(&control, "POST", PATH, MEMBERS("qr", ",\"name\":\"Door\""), &j), 200);
	assert_string_equal(text_of(j, "schema"), "cardea.device/1");
	assert_string_equal(text_of(j, "name"), "Door");
	assert_string_equal(text_of(j, "mud_url"), LOCK_URL);
	json_decref(j);
	assert_int_equal(lock()->url_source, URL_SOURCE_QR);
	assert_string_equal(
		got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.url, LOCK_URL);
}

static void certificate_by_the_limited_socket(void **state)
{
	(void)state;
	json_t *j;

	assert_int_equal(ask(&limited, "POST", PATH,
		MEMBERS("certificate", ",\"mud_signer\":\"CN=Lab Maker\""), &j), 200);
	assert_string_equal(text_of(j, "schema"), "cardea.identity/1");
	assert_string_equal(text_of(j, "mac"), LOCK);
	assert_int_equal(json_object_size(j), 2);
	json_decref(j);
	assert_int_equal(lock()->url_source, URL_SOURCE_CERTIFICATE);
	assert_string_equal(lock()->mud_url, LOCK_URL);
	assert_string_equal(lock()->mud_signer, "CN=Lab Maker");
}

static void limited_socket_tells_nothing(void **state)
{
	(void)state;
	static const char *const paths[] = {"/v1/status", "/v1/devices", "/v1/devices/1",
		"/v1/events", "/v1/events?follow=1", "/v1/policy", "/v1/nothing", "/",
		PATH};

	tell(&control, MEMBERS("owner", ""));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		refused(&limited, "GET", paths[i], "", 403);
	refused(&limited, "POST", "/v1/stop", "{\"open\":true}", 403);
	refused(&limited, "POST", "/v1/devices/1", "{\"name\":\"mine\"}", 403);
	assert_string_not_equal(lock()->name, "mine");
}

static void limited_socket_says_little(void **state)
{
	(void)state;
	refused(&limited, "POST", PATH, MEMBERS("owner", ""), 403);
	refused(&limited, "POST", PATH, MEMBERS("qr", ""), 403);
	refused(&limited, "POST", PATH, MEMBERS("lldp", ""), 403);
	refused(&limited, "POST", PATH, MEMBERS("dhcp", ",\"name\":\"Door\""), 403);
	refused(&limited, "POST", PATH,
		"{\"mac\":\"" LOCK "\",\"source\":\"certificate\"}", 403);
	assert_null(lock());
	tell(&limited, MEMBERS("dhcp", ""));
	assert_int_equal(lock()->url_source, URL_SOURCE_DHCP);
}

static void nonsense(void **state)
{
	(void)state;
	static char longest[2000];
	static const char *const bodies[] = {"", "[]", "{",
		"{\"source\":\"dhcp\",\"mud_url\":\"" LOCK_URL "\"}",
		"{\"mac\":\"02:00\",\"source\":\"dhcp\",\"mud_url\":\"" LOCK_URL "\"}",
		"{\"mac\":\"ff:ff:ff:ff:ff:ff\",\"source\":\"dhcp\",\"mud_url\":\"" LOCK_URL
		"\"}",
		"{\"mac\":\"" GATEWAY_MAC "\",\"source\":\"dhcp\",\"mud_url\":\"" LOCK_URL
		"\"}",
		"{\"mac\":7,\"source\":\"dhcp\",\"mud_url\":\"" LOCK_URL "\"}",
		"{\"mac\":\"" LOCK "\",\"mud_url\":\"" LOCK_URL "\"}",
		MEMBERS("none", ""), MEMBERS("gossip", ""),
		MEMBERS("dhcp", ",\"mud_signer\":\"CN=x\""),
		MEMBERS("certificate", ",\"mud_signer\":\"a\\u0000b\""),
		MEMBERS("certificate", ",\"mud_signer\":\"a\\u001b[2J\""),
		MEMBERS("owner", ",\"name\":\"a\\u001bb\""), MEMBERS("owner", ",\"name\":1"),
		FROM("dhcp") "http://a.example/\"}",
		FROM("dhcp") "https://u@a.example/\"}",
		FROM("dhcp") "https://192.0.2.1/\"}",
		FROM("dhcp") "https://a/ b\"}"};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		refused(&control, "POST", PATH, bodies[i], 400);
		assert_null(lock());
	}
	memset(longest, 'x', sizeof(longest) - 1);
	memcpy(longest, FROM("dhcp") "https://a/",
		strlen(FROM("dhcp") "https://a/"));
	memcpy(longest + sizeof(longest) - 3, "\"}", 2);
	refused(&control, "POST", PATH, longest, 400);
	assert_null(lock());
}

static void names_collide(void **state)
{
	size_t known;

	(void)state;
	tell(&control, MEMBERS("owner", ",\"name\":\"Door\""));
	known = inventory_count(h->p.inventory);
	refused(&control, "POST", PATH,
		"{\"mac\":\"02:00:00:00:00:21\",\"source\":\"owner\",\"name\":\"door\"}",
		409);
	assert_int_equal(inventory_count(h->p.inventory), known);
}

/* Nor is the name taken of what is refused for its URL. */
static void refused_words_name_nothing(void **state)
{
	(void)state;
	tell(&control, MEMBERS("owner", ",\"name\":\"Door\""));
	refused(&control, "POST", PATH,
		FROM("dhcp") "https://other.example/lock.json\",\"name\":\"Gate\"}", 409);
	assert_string_equal(lock()->name, "Door");
}

/* As many as like may hold the limited socket: the owner still gets in. */
static void limited_clients_leave_room(void **state)
{
	(void)state;
	int fds[API_LIMITED_MAX + 1];
	json_t *j;

	for (int i = 0; i <= API_LIMITED_MAX; i++)
		fds[i] = dial(&limited);
	spin(h);
	for (int i = 0; i < API_LIMITED_MAX; i++)
		assert_false(hear(fds[i]));
	assert_true(hear(fds[API_LIMITED_MAX]));
	assert_int_equal(ask(&control, "GET", "/v1/status", "", &j), 200);
	json_decref(j);
	for (int i = 0; i <= API_LIMITED_MAX; i++)
		close(fds[i]);
	spin(h);
	tell(&limited, MEMBERS("dhcp", "")); /* their places are free again */
}

static void who_is_not_root_may_tell(void **state)
{
	(void)state;
	static const char body[] = MEMBERS("certificate", "");
	int status, pipes[2];
	char go = 0;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(h->dir, 0755), 0);
	assert_int_equal(chmod(limited.sun_path, 0666), 0);
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char text[1024] = "";
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		int n = snprintf(text, sizeof(text),
			"POST " PATH " HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
			strlen(body), body);

		if (setgid(65534) || setuid(65534) ||
			connect(fd, (struct sockaddr *)&limited, sizeof(limited)) ||
			send(fd, text, (size_t)n, 0) != n || write(pipes[1], "x", 1) != 1)
			_exit(2);
		if (recv(fd, text, 12, MSG_WAITALL) != 12)
			_exit(3);
		_exit(strncmp(text, "HTTP/1.1 200", 12) != 0);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &go, 1), 1);
	close(pipes[0]);
	spin(h);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(lock()->url_source, URL_SOURCE_CERTIFICATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(owner_adds_a_device),
		TEST(certificate_by_the_limited_socket),
		TEST(limited_socket_tells_nothing),
		TEST(limited_socket_says_little),
		TEST(nonsense),
		TEST(names_collide),
		TEST(refused_words_name_nothing),
		TEST(limited_clients_leave_room),
		TEST(who_is_not_root_may_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
