// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* Channels between processes: order, descriptors, slow peers and peers that cheat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ipc.h"

#define ROUNDS_MAX 100000

struct end {
	struct ipc ipc;
	unsigned packets, closed;
	uint32_t next; /* number expected at the start of the next packet */
	bool ordered;
	int error, passed, verdict;
	uint8_t last[IPC_PACKET_MAX];
	size_t last_len;
};

static int end_receive(struct ipc *c, const uint8_t *data, size_t len, int passed_fd)
{
	struct end *e = c->ctx;
	uint32_t number;

	e->packets++;
	memcpy(e->last, data, len);
	e->last_len = len;
	if (passed_fd >= 0) {
		assert_int_equal(e->passed, -1);
		e->passed = passed_fd;
	}
	if (e->ordered) {
		memcpy(&number, data, sizeof number);
		assert_int_equal(number, e->next++);
	}
	return e->verdict;
}

static void end_closed(struct ipc *c, int error)
{
	struct end *e = c->ctx;

	assert_false(ipc_is_open(c));
	assert_int_equal(c->fd.fd, -1);
	e->closed++;
	e->error = error;
}

static void end_open(struct end *e, struct loop *l, int fd)
{
	memset(e, 0, sizeof *e);
	e->ipc = (struct ipc){.receive = end_receive, .closed = end_closed, .ctx = e};
	e->passed = -1;
	assert_int_equal(ipc_open(&e->ipc, l, fd), 0);
}

static struct loop *loop_l;
static int raw; /* the far end when no struct ipc sits on it */
static struct end near_end, far_end;

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int open_before;

static int setup_raw(void **state)
{
	int fds[2];

	(void)state;
	open_before = count_fds();
	loop_l = loop_new(clock_system());
	if (!loop_l || ipc_pair(fds))
		return -1;
	end_open(&near_end, loop_l, fds[0]);
	raw = fds[1];
	return 0;
}

static int setup_both(void **state)
{
	if (setup_raw(state))
		return -1;
	end_open(&far_end, loop_l, raw);
	raw = -1;
	return 0;
}

/* Every test must give back every descriptor. */
static int teardown(void **state)
{
	(void)state;
	ipc_close(&near_end.ipc);
	ipc_close(&near_end.ipc);
	ipc_close(&far_end.ipc);
	loop_free(loop_l);
	if (raw >= 0)
		close(raw);
	return count_fds() == open_before ? 0 : -1;
}

static void test_packets_keep_bounds(void **state)
{
	(void)state;
	static uint8_t big[IPC_PACKET_MAX + 1] = {7};

	assert_int_equal(ipc_send(&near_end.ipc, "abc", 3, -1), 0);
	loop_once(loop_l, 0);
	assert_int_equal(far_end.last_len, 3);
	assert_memory_equal(far_end.last, "abc", 3);
	assert_int_equal(ipc_send(&near_end.ipc, big, IPC_PACKET_MAX, -1), 0);
	loop_once(loop_l, 0);
	assert_int_equal(far_end.last_len, IPC_PACKET_MAX);
	assert_int_equal(ipc_send(&near_end.ipc, big, sizeof big, -1), -EMSGSIZE);
	assert_int_equal(ipc_send(&near_end.ipc, big, 0, -1), -EINVAL);
	assert_int_equal(far_end.passed, -1);
	assert_int_equal(far_end.packets, 2);
}

static void test_descriptor_passes(void **state)
{
	(void)state;
	int pipe_fds[2];
	char c = 0;

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(ipc_send(&near_end.ipc, "fd", 2, pipe_fds[1]), 0);
	close(pipe_fds[1]);
	loop_once(loop_l, 0);
	assert_true(far_end.passed >= 0);
	assert_int_equal(write(far_end.passed, "!", 1), 1);
	assert_int_equal(read(pipe_fds[0], &c, 1), 1);
	assert_int_equal(c, '!');
	close(far_end.passed);
	close(pipe_fds[0]);
}

/* Fills the peer's socket and then the queue; all that was accepted must arrive, in
 * order, with the descriptor that waited in the queue. */
static void test_slow_peer(void **state)
{
	(void)state;
	static uint8_t packet[8192];
	uint32_t sent = 0;
	int fd = dup(0), e;

	far_end.ordered = true;
	do {
		memcpy(packet, &sent, sizeof sent);
		e = ipc_send(
			&near_end.ipc, packet, sizeof packet, sent == 100 ? fd : -1);
		sent += !e;
		assert_true(near_end.ipc.queued <= IPC_QUEUE_MAX);
		if (sent == 101 && fd >= 0) {
			assert_true(near_end.ipc.queued > 0);
			close(fd); /* a duplicate waits in the queue */
			fd = -1;
		}
	} while (!e);
	assert_int_equal(e, CARDEA_ELIMIT);
	assert_true(sent > 101 && (size_t)sent * sizeof packet > IPC_QUEUE_MAX / 2);
	assert_true(ipc_is_open(&near_end.ipc));
	for (int i = 0; i < ROUNDS_MAX && far_end.packets < sent; i++)
		loop_once(loop_l, 0);
	assert_int_equal(far_end.packets, sent);
	assert_int_equal(near_end.ipc.queued, 0);
	assert_true(far_end.passed >= 0);
	close(far_end.passed);
	assert_int_equal(ipc_send(&near_end.ipc, &sent, sizeof sent, -1), 0);
}

static void test_close_frees_the_queue(void **state)
{
	(void)state;
	static uint8_t packet[8192];

	while (!near_end.ipc.queued)
		assert_int_equal(ipc_send(&near_end.ipc, packet, sizeof packet, 0), 0);
	ipc_close(&near_end.ipc);
	assert_int_equal(near_end.closed, 0);
	assert_int_equal(near_end.ipc.queued, 0);
	assert_int_equal(ipc_send(&near_end.ipc, "x", 1, -1), -ENOTCONN);
}

static void test_last_words_arrive(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ipc_send(&near_end.ipc, "bye", 3, -1), 0);
	/* unread input makes the kernel report a reset before the packets */
	assert_int_equal(ipc_send(&far_end.ipc, "unread", 6, -1), 0);
	ipc_close(&near_end.ipc);
	for (int i = 0; i < 10; i++)
		loop_once(loop_l, 0);
	assert_int_equal(far_end.packets, 3);
	assert_int_equal(far_end.closed, 1);
	assert_int_equal(far_end.error, -ECONNRESET);
}

static void test_send_to_a_dead_peer(void **state)
{
	(void)state;
	close(raw);
	raw = -1;
	assert_int_equal(ipc_send(&near_end.ipc, "x", 1, -1), -EPIPE);
	assert_int_equal(
		near_end.closed, 0); /* told by the loop, never inside a send */
	loop_once(loop_l, 0);
	assert_int_equal(near_end.closed, 1);
}

static void test_burst_is_bounded(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(send(raw, "x", 1, MSG_DONTWAIT), 1);
	loop_once(loop_l, 0);
	assert_in_range(near_end.packets, 1, 64);
	loop_once(loop_l, 0);
	assert_int_equal(near_end.packets, 100);
}

static void test_too_long_packet(void **state)
{
	(void)state;
	static uint8_t big[IPC_PACKET_MAX + 1];

	assert_int_equal(send(raw, big, sizeof big, 0), (int)sizeof big);
	loop_once(loop_l, 0);
	assert_int_equal(near_end.packets, 0);
	assert_int_equal(near_end.closed, 1);
	assert_int_equal(near_end.error, CARDEA_EPEER);
}

static void send_fds(int count, size_t len)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(64 * sizeof(int))];
	} control = {0};
	static uint8_t bytes[IPC_PACKET_MAX + 1];
	struct iovec iov = {.iov_base = bytes, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
	memset(CMSG_DATA(h), 0, (size_t)count * sizeof(int)); /* stdin, many times */
	assert_int_equal(sendmsg(raw, &m, 0), (int)len);
}

/* teardown proves that none of the descriptors stayed open */
static void assert_refused(void)
{
	loop_once(loop_l, 0);
	assert_int_equal(near_end.packets, 0);
	assert_int_equal(near_end.closed, 1);
	assert_int_equal(near_end.error, CARDEA_EPEER);
}

static void test_two_descriptors(void **state)
{
	(void)state;
	send_fds(2, 1);
	assert_refused();
}

static void test_many_descriptors(void **state)
{
	(void)state;
	send_fds(60, 1);
	assert_refused();
}

static void test_descriptor_on_a_long_packet(void **state)
{
	(void)state;
	send_fds(1, IPC_PACKET_MAX + 1);
	assert_refused();
}

static void test_receiver_refuses(void **state)
{
	(void)state;
	near_end.verdict = CARDEA_EMALFORMED;
	assert_int_equal(send(raw, "a", 1, 0), 1);
	assert_int_equal(send(raw, "b", 1, 0), 1);
	loop_once(loop_l, 0);
	assert_int_equal(near_end.packets, 1);
	assert_int_equal(near_end.closed, 1);
	assert_int_equal(near_end.error, CARDEA_EMALFORMED);
}

static int receive_and_close(struct ipc *c, const uint8_t *data, size_t len, int fd)
{
	(void)end_receive(c, data, len, fd);
	ipc_close(c);
	return 0;
}

static void test_close_inside_receive(void **state)
{
	(void)state;
	near_end.ipc.receive = receive_and_close;
	assert_int_equal(send(raw, "a", 1, 0), 1);
	assert_int_equal(send(raw, "b", 1, 0), 1);
	loop_once(loop_l, 0);
	assert_int_equal(near_end.packets, 1);
	assert_int_equal(near_end.closed, 0);
}

int main(void)
{
#define WITH(setup, name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(setup_both, test_packets_keep_bounds),
		WITH(setup_both, test_descriptor_passes),
		WITH(setup_both, test_slow_peer),
		WITH(setup_both, test_close_frees_the_queue),
		WITH(setup_both, test_last_words_arrive),
		WITH(setup_raw, test_send_to_a_dead_peer),
		WITH(setup_raw, test_burst_is_bounded),
		WITH(setup_raw, test_too_long_packet),
		WITH(setup_raw, test_two_descriptors),
		WITH(setup_raw, test_many_descriptors),
		WITH(setup_raw, test_descriptor_on_a_long_packet),
		WITH(setup_raw, test_receiver_refuses),
		WITH(setup_raw, test_close_inside_receive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
