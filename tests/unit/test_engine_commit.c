// SPDX-License-Identifier: GPL-2.0-or-later
/* Transactions, their waiters, and an enforcer that is slow, silent or gone. */
#include "test_engine_util.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct clock_virtual vclock;
static struct loop *loop;
static struct ipc near_end, far_end;
static struct commit c;
static uint64_t told[8];
static int told_error[8];
static unsigned told_count, elements, begins, commits;
static bool reads = true;

static int far_gets(struct ipc *i, const uint8_t *data, size_t len, int fd)
{
	struct cursor packet = cursor_of(data, len);
	struct message m;

	(void)i;
	assert_int_equal(fd, -1);
	while (cursor_left(&packet)) {
		assert_int_equal(message_next(&packet, &m), 0);
		elements += m.type == MESSAGE_ELEMENT;
		begins += m.type == MESSAGE_TXN_BEGIN;
		commits += m.type == MESSAGE_TXN_COMMIT;
	}
	return 0;
}

static int nothing(struct ipc *i, const uint8_t *data, size_t len, int fd)
{
	(void)i, (void)data, (void)len, (void)fd;
	return 0;
}

static void gone(struct ipc *i, int error)
{
	(void)i, (void)error;
	commit_lost(&c);
}

static void done(void *ctx, uint64_t ticket, int error)
{
	(void)ctx;
	if (told_count < 8) {
		told[told_count] = ticket;
		told_error[told_count] = error;
	}
	told_count++;
}

static int raw = -1; /* the far end while nobody reads it */

static void open_pair(void)
{
	int fds[2];

	near_end = (struct ipc){.receive = nothing, .closed = gone};
	far_end = (struct ipc){.receive = far_gets, .closed = gone};
	assert_int_equal(ipc_pair(fds), 0);
	assert_int_equal(ipc_open(&near_end, loop, fds[0]), 0);
	raw = fds[1];
	if (!reads)
		return;
	raw = -1;
	assert_int_equal(ipc_open(&far_end, loop, fds[1]), 0);
}

static int setup(void **state)
{
	(void)state;
	clock_virtual_init(&vclock, START);
	loop = loop_new(&vclock.clock);
	near_end.fd.fd = far_end.fd.fd = -1;
	told_count = elements = begins = commits = 0;
	reads = true;
	commit_init(&c, &near_end, done, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ipc_close(&near_end);
	ipc_close(&far_end);
	if (raw >= 0)
		close(raw);
	raw = -1;
	loop_free(loop);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < 10; i++)
		assert_int_equal(loop_once(loop, 0), 0);
}

static void transaction(bool sync, unsigned count, uint64_t ticket)
{
	struct element e = {.kind = ELEMENT_OWNED, .family = 4};

	commit_begin(&c, sync);
	for (unsigned i = 0; i < count; i++) {
		const uint8_t b[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		e.device = addr_v4(b);
		commit_element(&c, false, &e);
	}
	commit_end(&c, ticket);
}

static int answer(uint64_t seq, int error)
{
	struct message_txn_done m = {.seq = seq, .error = error};

	return commit_answer(&c, &m);
}

static void nothing_before_the_synchronisation(void **state)
{
	(void)state;
	transaction(false, 1, 11); /* nobody there */
	open_pair();
	transaction(false, 1, 12); /* there, but not in step */
	turn();
	assert_int_equal(begins, 0);
	transaction(true, 2, 0);
	turn();
	assert_int_equal(begins, 1);
	assert_int_equal(elements, 2);
	assert_int_equal(commits, 1);
	assert_int_equal(told_count, 0);
	assert_int_equal(answer(c.seq, 0), 0);
	assert_int_equal(told_count, 2);
	assert_int_equal(told[0], 11);
	assert_int_equal(told[1], 12);
}

static void each_waits_for_its_own(void **state)
{
	(void)state;
	open_pair();
	transaction(true, 0, 0);
	transaction(false, 1, 21);
	transaction(false, 1, 22);
	assert_int_equal(answer(c.seq - 1, 0), 0);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0], 21);
	assert_int_equal(answer(c.seq, -5), 0);
	assert_int_equal(told_count, 2);
	assert_int_equal(told_error[0], 0);
	assert_true(told_error[1] != 0);
	assert_int_equal(c.refused, 1);
}

static void answers_to_nothing(void **state)
{
	(void)state;
	assert_int_equal(answer(1, 0), CARDEA_EMALFORMED);
	open_pair();
	transaction(true, 0, 0);
	transaction(false, 1, 31);
	assert_int_equal(answer(c.seq + 1, 0), CARDEA_EMALFORMED);
	assert_int_equal(answer(c.seq, 0), 0);
	assert_int_equal(answer(c.seq, 0), CARDEA_EMALFORMED); /* twice */
	assert_int_equal(told_count, 1);
}

static void lost_ones_are_carried_over(void **state)
{
	(void)state;
	open_pair();
	transaction(true, 0, 0);
	transaction(false, 1, 41);
	turn();
	ipc_close(&far_end);
	turn();
	assert_false(c.in_step);
	open_pair();
	transaction(true, 1, 0);
	assert_int_equal(answer(c.seq, 0), 0);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0], 41);
	transaction(false, 1, 42);
	commit_forget_waiting(&c);
	assert_int_equal(answer(c.seq, 0), 0);
	assert_int_equal(told_count, 1);
}

static void waiters_are_bounded(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= COMMIT_WAITING_MAX; i++)
		transaction(false, 0, i);
	assert_int_equal(told_count, 0);
	transaction(false, 0, 9999);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0], 9999);
	assert_int_equal(told_error[0], CARDEA_ELIMIT);
}

static unsigned count_messages(const uint8_t *data, size_t len)
{
	struct cursor packet = cursor_of(data, len);
	struct message m;
	unsigned n = 0;

	while (cursor_left(&packet) && !message_next(&packet, &m))
		n++;
	return n;
}

/* The enforcer in a process of its own, reading while we write more than a queue holds. */
static void more_than_a_queue_holds(void **state)
{
	(void)state;
	const unsigned many = 150000;
	int status;

	reads = false;
	open_pair();
	pid_t pid = fork();
	if (pid == 0) {
		uint8_t buf[IPC_PACKET_MAX];
		unsigned n = 0;

		close(near_end.fd.fd);
		fcntl(raw, F_SETFL, 0);
		while (n < many + 2) {
			ssize_t len = recv(raw, buf, sizeof(buf), 0);
			if (len <= 0)
				break;
			n += count_messages(buf, (size_t)len);
		}
		_exit(n == many + 2 ? 0 : 1);
	}
	close(raw);
	raw = -1;
	transaction(true, many, 0);
	assert_true(c.in_step);
	assert_int_equal(c.error, 0);
	while (near_end.head && loop_once(loop, 100) == 0)
		;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void half_a_transaction_ends_the_channel(void **state)
{
	(void)state;
	reads = false; /* a stuck enforcer */
	open_pair();
	transaction(true, 150000, 51);
	assert_false(ipc_is_open(&near_end));
	assert_false(c.in_step);
	assert_int_equal(told_count, 0); /* it waits for the next one */
	close(raw);
	raw = -1;
	reads = true;
	open_pair();
	transaction(true, 1, 0);
	turn();
	assert_int_equal(answer(c.seq, 0), 0);
	assert_int_equal(told[0], 51);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(nothing_before_the_synchronisation),
		TEST(each_waits_for_its_own),
		TEST(answers_to_nothing),
		TEST(lost_ones_are_carried_over),
		TEST(waiters_are_bounded),
		TEST(more_than_a_queue_holds),
		TEST(half_a_transaction_ends_the_channel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
