// SPDX-License-Identifier: GPL-2.0-or-later
/* test_access_util - a house with a laptop and a phone, and requests by the pipes that web
 * opens: with a cookie, a token, or nothing. */
#ifndef CARDEA_TEST_ACCESS_UTIL_H
#define CARDEA_TEST_ACCESS_UTIL_H

#include "test_engine_util.h"
#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "test_api_util.h"

#define LAPTOP "02:00:00:00:00:10"
#define LAPTOP_IP "192.168.7.20"
#define PHONE "02:00:00:00:00:11"
#define PHONE_IP "192.168.7.30"
#define STRANGER_IP "192.168.7.99" /* no device that was seen */
#define DAY_S 86400
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct house *h;
static struct api *api;
static int piped, refusal; /* the last WEB_PIPE */
static char reply[API_REPLY_MAX];
static char cookie[128], csrf[PEOPLE_HEX], token[PEOPLE_TOKEN_TEXT];
static unsigned stops;

static inline void stop(void *ctx, bool open_network)
{
	(void)ctx;
	(void)open_network;
	stops++;
}

static inline void event_added(void *ctx, const struct event *e)
{
	(void)ctx;
	api_event(api, e);
}

/* What web does with a descriptor. */
static inline int web_receive(struct ipc *c, const uint8_t *data, size_t len, int fd)
{
	struct message m;

	if (fd < 0)
		return far_receive(c, data, len, fd);
	assert_int_equal(message_decode(data, len, &m), 0);
	assert_int_equal(m.type, MESSAGE_WEB_PIPE);
	assert_int_equal(m.web_pipe.refused, WEB_REFUSED_NOT);
	piped = fd;
	return 0;
}

static inline void engine_up(void)
{
	assert_int_equal(api_new(&h->p, stop, NULL, &api), 0);
	h->p.journal.added = event_added;
	connect_far(h, ROLE_WEB);
	h->far[ROLE_WEB].ipc.receive = web_receive;
	spin(h);
}

static inline int setup(void **state)
{
	(void)state;
	h = house_new();
	cookie[0] = csrf[0] = token[0] = 0;
	stops = 0;
	engine_up();
	see_addr(h, LAPTOP, LAPTOP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAPTOP, "laptop", "");
	see_addr(h, PHONE, PHONE_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, PHONE, "phone", "");
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	api_free(api);
	api = NULL;
	house_free(h);
	return 0;
}

static inline void restart(void)
{
	api_free(api);
	engine_restart(h);
	engine_up();
}

/* A pipe for that address, or -1 and refusal. */
static inline int open_pipe(const char *from)
{
	static uint64_t id;
	struct message m = {.type = MESSAGE_WEB_OPEN};
	const struct message *got_one;
	unsigned before = got_count(h, ROLE_WEB, MESSAGE_WEB_PIPE);

	piped = -1;
	refusal = WEB_REFUSED_NOT;
	m.web_open.id = ++id;
	m.web_open.client = ip(from);
	far_send(h, ROLE_WEB, &m);
	spin(h);
	if (piped < 0) {
		got_one = got(h, ROLE_WEB, MESSAGE_WEB_PIPE, before);
		assert_non_null(got_one);
		refusal = got_one->web_pipe.refused;
	}
	return piped;
}

static inline size_t hear(int fd, bool *ret_closed)
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
		quiet += n < 0;
		len += n < 0 ? 0 : (size_t)n;
	}
	reply[len] = 0;
	return len;
}

static inline void send_request(int fd, const char *method, const char *path,
	const char *fields, const char *body)
{
	char text[4096];

	assert_int_equal(str_print(text, sizeof(text),
				 "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
				 "\r\n%sContent-Length: %zu\r\n\r\n%s",
				 method, path, fields, strlen(body), body),
		0);
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The status; the whole reply is in reply. */
static inline int ask_with(const char *from, const char *method, const char *path,
	const char *fields, const char *body)
{
	int fd = open_pipe(from), status;
	bool closed;

	assert_true(fd >= 0);
	send_request(fd, method, path, fields, body);
	hear(fd, &closed);
	assert_true(closed);
	close(fd);
	assert_int_equal(sscanf(reply, "HTTP/1.1 %d ", &status), 1);
	return status;
}

/* With the cookie, the token and the word that there are. */
static inline int ask(const char *method, const char *path, const char *body)
{
	char fields[512] = "";
	struct str_text t = {.buf = fields, .size = sizeof(fields)};

	if (cookie[0])
		str_add(&t, "Cookie: a=b; __Host-cardea=%s; c=d\r\n", cookie);
	if (csrf[0])
		str_add(&t, "X-Cardea-Csrf: %s\r\n", csrf);
	if (token[0])
		str_add(&t, "Authorization: Bearer %s\r\n", token);
	return ask_with(LAPTOP_IP, method, path, fields, body);
}

static inline json_t *answer(void)
{
	const char *at = strstr(reply, "\r\n\r\n");
	json_t *j;

	assert_non_null(at);
	j = json_loads(at, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	return j;
}

static inline void keep_cookie(void)
{
	const char *at = strstr(reply, "Set-Cookie: __Host-cardea=");

	assert_non_null(at);
	assert_non_null(strstr(at, "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="));
	assert_true(str_copy_bytes(cookie, sizeof(cookie), at + 26, 64));
}

/* What a browser keeps of a login. */
static inline void keep_session(void)
{
	json_t *j = answer();

	keep_cookie();
	str_copy(csrf, sizeof(csrf), text_of(j, "csrf"));
	assert_int_equal(strlen(csrf), 64);
	json_decref(j);
}

/* A key of one letter, as scrypt might give. */
static inline const char *key_of(char letter)
{
	static char key[PEOPLE_HEX];

	memset(key, letter, sizeof(key) - 1);
	return key;
}

static inline void add_user(const char *name, enum people_role role, char letter)
{
	uint8_t key[PEOPLE_KEY];

	assert_true(str_from_hex(key_of(letter), 64, key, sizeof(key)));
	assert_int_equal(people_set(&h->p.people, START, name, role, key, NULL), 0);
}

static inline int log_in_from(const char *from, const char *name, char letter)
{
	char body[256];

	(void)str_print(body, sizeof(body), "{\"user\":\"%s\",\"key\":\"%s\"}", name,
		key_of(letter));
	return ask_with(from, "POST", "/v1/session", "", body);
}

static inline void log_in(const char *name, char letter)
{
	assert_int_equal(log_in_from(LAPTOP_IP, name, letter), 200);
	keep_session();
}

static inline void role_is(const char *want)
{
	json_t *j;

	assert_int_equal(ask("GET", "/v1/session", ""), 200);
	j = answer();
	assert_string_equal(text_of(j, "role"), want);
	json_decref(j);
}

static inline int rename_laptop(void)
{
	return ask("POST", "/v1/devices/" LAPTOP, "{\"name\":\"mine\"}");
}

static inline const char *laptop_name(void)
{
	return device_of(h, LAPTOP)->name;
}

static inline void setup_secret(char ret[PEOPLE_SETUP_TEXT])
{
	nstime until;

	assert_int_equal(people_setup(&h->p.people, START, ret, &until), 0);
}

static inline int set_up(const char *secret, char letter)
{
	char body[256];

	(void)str_print(body, sizeof(body), "{\"secret\":\"%s\",\"key\":\"%s\"}", secret,
		key_of(letter));
	return ask_with(LAPTOP_IP, "POST", "/v1/setup", "", body);
}

#endif
