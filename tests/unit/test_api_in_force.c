// SPDX-License-Identifier: GPL-2.0-or-later
/* A change of rules is answered when the kernel has it, and its client is not forgotten where
 * the kernel is late. */
#include "test_api_ask.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "engine/api/api.h"

#define HOLD "{\"quarantine\":\"it behaves oddly\"}"
#define NAME "{\"name\":\"Lamp\"}"
#define DEVICE "/v1/devices/" LAMP
#define CLASS "urn:example:hub"

static struct api *api;
static struct sockaddr_un control = {.sun_family = AF_UNIX};
static char reply[65536];

static void stop(void *ctx, bool open_network)
{
	(void)ctx;
	(void)open_network;
	fail();
}

static int open_api(void **state)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setup(state);
	protect(443);
	assert_int_equal(
		str_print(control.sun_path, sizeof(control.sun_path), "%s/control", h->dir), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&control, sizeof(control)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(api_new(&h->p, stop, NULL, &api), 0);
	assert_int_equal(api_listen(api, fd), 0);
	return 0;
}

static int close_api(void **state)
{
	api_free(api);
	unlink(control.sun_path);
	return teardown(state);
}

static const char *fields = "";

/* A client that has said what it wants. */
static int say_to(const char *path, const char *body)
{
	char request[512];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(str_print(request, sizeof(request),
		"POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", path,
		fields, strlen(body), body), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&control, sizeof(control)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	spin(h);
	return fd;
}

static int say(const char *body)
{
	return say_to(DEVICE, body);
}

/* Octets that have come; the status is in ret_status, 0 without one. */
static size_t heard(int fd, int *ret_status)
{
	ssize_t n = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);

	reply[n > 0 ? n : 0] = 0;
	*ret_status = 0;
	(void)!sscanf(reply, "HTTP/1.1 %d ", ret_status);
	return n > 0 ? (size_t)n : 0;
}

/* It has the whole reply, and the other side has hung up. */
static void assert_answered(int fd)
{
	int code;

	assert_true(heard(fd, &code) > 0);
	assert_int_equal(code, 200);
	assert_non_null(strstr(reply, "\"schema\":\"cardea."));
	assert_int_equal(recv(fd, reply, 1, MSG_DONTWAIT), 0);
	close(fd);
}

static void assert_waits(int fd)
{
	int code;

	assert_int_equal(heard(fd, &code), 0);
}

static void kernel_says(uint64_t seq, int64_t error)
{
	struct message done = {.type = MESSAGE_TXN_DONE};

	done.txn_done.seq = seq;
	done.txn_done.error = error;
	far_send(h, ROLE_ENFORCER, &done);
	spin(h);
}

static void kernel_has_all(void)
{
	kernel_says(h->p.commit.seq, 0);
}

static void answered_when_the_kernel_has_it(void **state)
{
	int fd, other;

	(void)state;
	h->hold = true;
	fd = say(HOLD);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_QUARANTINED);
	assert_waits(fd);
	advance(h, 1);
	assert_waits(fd);
	other = say(NAME); /* changes no rule */
	assert_answered(other);
	assert_waits(fd);
	kernel_has_all();
	assert_answered(fd);
}

/* The lamp may talk with whoever is this controller, and nobody is. */
static void obey_a_controller(void)
{
	static struct shelf_entry file;
	static struct rule rule;
	struct device *lamp = device_of(h, LAMP);

	memset(&file, 0, sizeof(file));
	rule_init(&rule);
	rule.id = 1;
	rule.proto = FLOW_PROTO_UDP;
	rule.peer.kind = PEER_CONTROLLER;
	rule.peer_port = (struct range16){5683, 5683};
	str_copy(rule.peer.name, sizeof(rule.peer.name), CLASS);
	file.profile.rules = &rule;
	file.profile.rule_count = 1;
	assert_int_equal(
		household_adopt(household_device(&h->p.household, lamp->id), &file), 0);
	household_update(&h->p.household, lamp, false, h->clock.now);
	advance(h, 1);
}

static void pass_ms(unsigned ms)
{
	clock_virtual_set(&h->clock, h->clock.now + ms * NS_PER_MS);
	spin(h);
}

static int name_controller(void)
{
	return say_to("/v1/controllers",
		"{\"class\":\"" CLASS "\",\"target\":\"" PHONE "\"}");
}

/* Whose rules mean him follow a little later, and then the kernel. */
static void others_that_follow_are_waited_for(void **state)
{
	uint64_t before;
	int fd;

	(void)state;
	obey_a_controller();
	h->hold = true;
	before = h->p.commit.seq;
	fd = name_controller();
	assert_true(h->p.commit.seq == before);
	assert_waits(fd);
	pass_ms(200);
	assert_true(h->p.commit.seq > before);
	assert_waits(fd);
	kernel_has_all();
	assert_answered(fd);
}

static void nobody_follows(void **state)
{
	int fd;

	(void)state;
	h->hold = true;
	fd = name_controller();
	assert_waits(fd);
	pass_ms(200);
	assert_answered(fd);
}

static void an_older_transaction_is_not_its_own(void **state)
{
	uint64_t older;
	int fd;

	(void)state;
	h->hold = true;
	see_addr(h, PHONE, "192.168.7.22", ADDR_SOURCE_DHCP4, 8640000);
	older = h->p.commit.seq;
	assert_true(older > h->p.commit.confirmed);
	fd = say(HOLD);
	assert_true(h->p.commit.seq > older);
	kernel_says(older, 0);
	assert_waits(fd);
	kernel_has_all();
	assert_answered(fd);
}

static void a_refusal_is_an_answer(void **state)
{
	int fd;

	(void)state;
	h->hold = true;
	fd = say(HOLD);
	kernel_says(h->p.commit.seq, -ENOMEM);
	assert_answered(fd);
}

static void a_late_kernel_keeps_nobody_waiting(void **state)
{
	int fd;

	(void)state;
	h->hold = true;
	fd = say(HOLD);
	advance(h, 1);
	assert_waits(fd);
	advance(h, 2);
	assert_answered(fd);
	kernel_has_all();
}

static void nor_one_that_is_gone(void **state)
{
	int fd;

	(void)state;
	h->hold = true;
	fd = say(HOLD);
	ipc_close(&h->far[ROLE_ENFORCER].ipc);
	spin(h);
	advance(h, 3);
	assert_answered(fd);
	fd = say("{\"quarantine\":\"once more\"}"); /* there is nobody to wait for */
	assert_true(heard(fd, &(int){0}) > 0);
	close(fd);
}

static void who_has_said_all_is_answered(void **state)
{
	int fd;

	(void)state;
	h->hold = true;
	fd = say(HOLD);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	spin(h);
	assert_answered(fd);
	kernel_has_all();
}

static void who_hangs_up_is_forgotten(void **state)
{
	(void)state;
	h->hold = true;
	close(say(HOLD));
	spin(h);
	kernel_has_all();
	h->hold = false;
	assert_answered(say(NAME));
}

/* Whoever lost his connection and asks again relies on the answer as much. */
static void asked_again_it_waits_as_well(void **state)
{
	int fd;

	(void)state;
	h->hold = true;
	fields = "Idempotency-Key: 1\r\n";
	close(say(HOLD));
	spin(h);
	fd = say(HOLD);
	fields = "";
	assert_waits(fd);
	kernel_has_all();
	assert_answered(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, open_api, close_api)
		TEST(answered_when_the_kernel_has_it),
		TEST(others_that_follow_are_waited_for),
		TEST(nobody_follows),
		TEST(an_older_transaction_is_not_its_own),
		TEST(a_refusal_is_an_answer),
		TEST(a_late_kernel_keeps_nobody_waiting),
		TEST(nor_one_that_is_gone),
		TEST(who_has_said_all_is_answered),
		TEST(who_hangs_up_is_forgotten),
		TEST(asked_again_it_waits_as_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
