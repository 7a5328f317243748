// SPDX-License-Identifier: GPL-2.0-or-later
/* What the parent says of settings reaches who asked for it, once, and nobody else. */
#include "test_api_ask.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "engine/api/api.h"

#define SET "{\"set\":{\"dns.rate\":77},\"confirm_within\":0}"

static struct api *api;
static struct sockaddr_un control = {.sun_family = AF_UNIX};
static char reply[65536];
static unsigned proposals;

static void stop(void *ctx, bool open_network)
{
	(void)ctx;
	(void)open_network;
	fail();
}

static int propose(void *ctx, const struct message *m)
{
	(void)ctx;
	proposals += m->type == MESSAGE_CONFIG_PROPOSE;
	return 0;
}

static void event_added(void *ctx, const struct event *e)
{
	(void)ctx;
	api_event(api, e);
}

/* The parent has told a file. */
static void file_is(enum state_what what, const char *text)
{
	struct message m = {.type = MESSAGE_CONFIG_STATE};

	m.config_state.what = (uint8_t)what;
	m.config_state.length = (uint32_t)strlen(text);
	assert_int_equal(settings_said(&h->p.settings, &m), 0);
	if (!text[0])
		return;
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_CONFIG_PART;
	m.config_part.octets.len = (uint16_t)strlen(text);
	memcpy(m.config_part.octets.bytes, text, strlen(text));
	assert_int_equal(settings_said(&h->p.settings, &m), 0);
}

static int open_api(void **state)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setup(state);
	proposals = 0;
	assert_int_equal(
		str_print(control.sun_path, sizeof(control.sun_path), "%s/control", h->dir), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&control, sizeof(control)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(api_new(&h->p, stop, NULL, &api), 0);
	assert_int_equal(api_listen(api, fd), 0);
	h->p.settings.send = propose;
	h->p.journal.added = event_added;
	file_is(STATE_FILE, "");
	return 0;
}

static int close_api(void **state)
{
	api_free(api);
	unlink(control.sun_path);
	settings_end(&h->p.settings);
	return teardown(state);
}

static int say(const char *line, const char *fields, const char *body)
{
	char request[1024];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(str_print(request, sizeof(request),
		"%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", line, fields,
		strlen(body), body), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&control, sizeof(control)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	spin(h);
	return fd;
}

/* What has come since; -1: it was hung up. */
static ssize_t heard(int fd)
{
	ssize_t n = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);

	reply[n > 0 ? n : 0] = 0;
	return n > 0 ? n : n < 0 && errno == EAGAIN ? 0 : -1;
}

static void parent_says(unsigned status_now)
{
	struct message m = {.type = MESSAGE_CONFIG_RESULT};

	m.config_result.id = h->p.settings.asked.id;
	m.config_result.status = (uint16_t)status_now;
	assert_int_equal(settings_said(&h->p.settings, &m), 0);
	spin(h);
}

/* "Protect now" and a restore propose settings for which nobody waits. */
static void what_nobody_waits_for_goes_to_nobody(void **state)
{
	const struct settings_asked asked = {.what = PROPOSE_SET};
	int follower, stream;

	(void)state;
	follower = say("GET /v1/events?follow=1", "", "");
	stream = say("GET /v1/stream", "", "");
	assert_true(heard(follower) > 0);
	assert_true(heard(stream) > 0);
	assert_int_equal(settings_propose(&h->p.settings, &asked, "[dns]\nrate = 77\n", 16), 0);
	file_is(STATE_FILE, "[dns]\nrate = 77\n");
	parent_says(200);
	advance(h, 1);
	assert_true(heard(follower) >= 0);
	assert_null(strstr(reply, "HTTP/1.1"));
	assert_true(heard(stream) >= 0);
	assert_null(strstr(reply, "HTTP/1.1"));
	close(follower);
	close(stream);
}

static void who_waits_is_told(void **state)
{
	int fd;

	(void)state;
	fd = say("POST /v1/settings", "", SET);
	assert_int_equal(heard(fd), 0);
	assert_int_equal(proposals, 1);
	file_is(STATE_FILE, "[dns]\nrate = 77\n");
	parent_says(200);
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, "200 OK"));
	assert_non_null(strstr(reply, "\"to\":77"));
	close(fd);
}

/* A setting that changes rules, too, is answered when the kernel has them. */
static void who_waits_is_told_when_it_is_in_force(void **state)
{
	struct message done = {.type = MESSAGE_TXN_DONE};
	uint64_t before;
	int fd;

	(void)state;
	protect(443);
	h->hold = true;
	before = h->p.commit.seq;
	fd = say("POST /v1/settings", "",
		"{\"set\":{\"policy.mode\":\"watch\"},\"confirm_within\":0}");
	assert_int_equal(pipeline_setting(&h->p, "policy_mode", "watch"), 0);
	assert_true(h->p.commit.seq > before);
	file_is(STATE_FILE, "[policy]\nmode = \"watch\"\n");
	parent_says(200);
	assert_int_equal(heard(fd), 0);
	done.txn_done.seq = h->p.commit.seq;
	far_send(h, ROLE_ENFORCER, &done);
	spin(h);
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, "200 OK"));
	close(fd);
}

/* docs/api.md: with a key a change happens once, and its answer can be had again. */
static void a_key_has_the_same_answer(void **state)
{
	static const char key[] = "Idempotency-Key: 2f1c\r\n";
	int fd;

	(void)state;
	close(say("POST /v1/settings", key, SET)); /* who loses his connection */
	spin(h);
	file_is(STATE_FILE, "[dns]\nrate = 77\n");
	parent_says(200);
	fd = say("POST /v1/settings", key, SET);
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, "200 OK"));
	assert_non_null(strstr(reply, "Idempotency-Replayed: true"));
	assert_non_null(strstr(reply, "\"to\":77"));
	close(fd);
	fd = say("POST /v1/settings", key, "{\"reload\":true}");
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, " 422 "));
	close(fd);
	assert_int_equal(proposals, 1);
}

/* What was refused can be tried again. */
static void nor_is_a_refusal_kept(void **state)
{
	static const char key[] = "Idempotency-Key: 2f1c\r\n";

	(void)state;
	close(say("POST /v1/settings", key, SET));
	spin(h);
	parent_says(409);
	close(say("POST /v1/settings", key, SET));
	assert_int_equal(proposals, 2);
}

/* The answer to one is not that of the next, which has no key. */
static void another_is_not_taken_for_it(void **state)
{
	static const char key[] = "Idempotency-Key: 2f1c\r\n";
	int fd;

	(void)state;
	close(say("POST /v1/settings", key, SET));
	spin(h);
	parent_says(409);
	fd = say("POST /v1/settings", "", SET);
	file_is(STATE_FILE, "[dns]\nrate = 77\n");
	parent_says(200);
	assert_true(heard(fd) > 0);
	close(fd);
	close(say("POST /v1/settings", key, SET));
	assert_int_equal(proposals, 3);
}

static void an_undo_is_done_once(void **state)
{
	static const char key[] = "Idempotency-Key: 77\r\n", undo[] = "{\"undo\":true}";
	int fd;

	(void)state;
	close(say("POST /v1/settings", "", SET));
	file_is(STATE_FILE, "[dns]\nrate = 77\n");
	parent_says(200);
	close(say("POST /v1/changes/1", key, undo));
	assert_int_equal(proposals, 2);
	file_is(STATE_FILE, "");
	parent_says(200);
	fd = say("POST /v1/changes/1", key, undo);
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, "200 OK"));
	assert_non_null(strstr(reply, "\"undone\":true"));
	close(fd);
	assert_int_equal(proposals, 2);
}

/* The store was damaged and is a new one, or came from a backup: its numbers begin anew, and a
 * page that was open all the time has one that is not there yet. */
static void a_stream_goes_on_behind_a_younger_store(void **state)
{
	int fd;

	(void)state;
	fd = say("GET /v1/stream", "Last-Event-ID: 90000\r\n", "");
	assert_true(heard(fd) > 0);
	journal_note(&h->p.journal, h->clock.now, 0, EVENT_GATEWAY, "%s", "Something new.");
	advance(h, 2);
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, "Something new."));
	close(fd);
}

/* Who looks at what was changed sees what others change, whichever way. */
static void changes_are_told(void **state)
{
	static const char changes[] = "\"what\":\"changes\"";
	int fd;

	(void)state;
	fd = say("GET /v1/stream", "", "");
	assert_true(heard(fd) > 0);
	close(say("POST /v1/devices/" LAMP, "", "{\"name\":\"desk\"}"));
	advance(h, 1);
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, changes));
	close(say("POST /v1/devices/" LAMP, "", "{\"name\":\"desk\"}"));
	advance(h, 1);
	(void)heard(fd);
	assert_null(strstr(reply, changes)); /* it has that name */
	close(say("POST /v1/settings", "", SET));
	advance(h, 1);
	(void)heard(fd);
	assert_null(strstr(reply, changes));
	file_is(STATE_FILE, "[dns]\nrate = 77\n");
	parent_says(200);
	advance(h, 1);
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, changes));
	close(say("POST /v1/overlays", "",
		"{\"device\":\"desk\",\"kind\":\"lan-only\",\"for\":10}"));
	advance(h, 1);
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, changes));
	advance(h, 15); /* it ends by itself */
	assert_true(heard(fd) > 0);
	assert_non_null(strstr(reply, changes));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, open_api, close_api)
		TEST(what_nobody_waits_for_goes_to_nobody),
		TEST(who_waits_is_told),
		TEST(who_waits_is_told_when_it_is_in_force),
		TEST(a_key_has_the_same_answer),
		TEST(nor_is_a_refusal_kept),
		TEST(another_is_not_taken_for_it),
		TEST(an_undo_is_done_once),
		TEST(a_stream_goes_on_behind_a_younger_store),
		TEST(changes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
