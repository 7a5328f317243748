// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ipc - one message in one packet, at most one descriptor with it, and a bounded queue
 * for a peer that is slow. */
#include "base/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Packets moved in each direction in one wake-up: no peer starves the others. */
#define BURST_MAX 64
/* One descriptor is the rule; room for a few more shows who breaks it. Beyond that the
 * kernel closes them and sets MSG_CTRUNC. */
#define PASSED_MAX 4

struct ipc_packet {
	struct ipc_packet *next;
	int fd; /* a duplicate, or -1 */
	size_t len;
	uint8_t data[];
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(PASSED_MAX * sizeof(int))];
};

static void packet_free(struct ipc_packet *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

/* What a packet costs against IPC_QUEUE_MAX: many small ones must not hide. */
static size_t packet_cost(const struct ipc_packet *p)
{
	return sizeof *p + p->len;
}

static struct ipc_packet *queue_take(struct ipc *c)
{
	struct ipc_packet *p = c->head;

	c->head = p->next;
	if (!c->head)
		c->tail = NULL;
	c->queued -= packet_cost(p);
	return p;
}

static void queue_drop(struct ipc *c)
{
	while (c->head)
		packet_free(queue_take(c));
}

bool ipc_is_open(const struct ipc *c)
{
	return c->fd.loop && c->fd.fd >= 0;
}

void ipc_close(struct ipc *c)
{
	int fd = c->fd.fd;

	if (!ipc_is_open(c))
		return;
	queue_drop(c);
	loop_unwatch(&c->fd);
	close(fd);
}

/* Last use of c in every caller: closed() may free it. */
static void channel_fail(struct ipc *c, int error)
{
	ipc_close(c);
	c->closed(c, error);
}

static int packet_send(int fd, const void *data, size_t len, int pass_fd)
{
	struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control;
	ssize_t n;

	if (pass_fd >= 0) {
		memset(&control, 0, sizeof control);
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int));
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &pass_fd, sizeof pass_fd);
	}
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int queue_add(struct ipc *c, const void *data, size_t len, int pass_fd)
{
	struct ipc_packet *p;

	if (sizeof *p + len > IPC_QUEUE_MAX - c->queued)
		return CARDEA_ELIMIT;
	p = malloc(sizeof *p + len);
	if (!p)
		return -ENOMEM;
	*p = (struct ipc_packet){.fd = -1, .len = len};
	memcpy(p->data, data, len);
	if (pass_fd >= 0 && (p->fd = fcntl(pass_fd, F_DUPFD_CLOEXEC, 0)) < 0) {
		int e = -errno;
		packet_free(p);
		return e;
	}
	if (c->tail)
		c->tail->next = p;
	else
		c->head = p;
	c->tail = p;
	c->queued += packet_cost(p);
	return 0;
}

int ipc_send(struct ipc *c, const void *data, size_t len, int pass_fd)
{
	if (!ipc_is_open(c))
		return -ENOTCONN;
	if (!len) /* indistinguishable from the end of the stream */
		return -EINVAL;
	if (len > IPC_PACKET_MAX)
		return -EMSGSIZE;
	if (!c->head) {
		int e = packet_send(c->fd.fd, data, len, pass_fd);
		if (e != -EAGAIN)
			return e;
		e = loop_watch(c->fd.loop, &c->fd, EPOLLIN | EPOLLOUT);
		if (e)
			return e;
	}
	return queue_add(c, data, len, pass_fd);
}

/* Sends what waits. 0, or the error of a peer that will never read it. */
static int queue_flush(struct ipc *c)
{
	for (int i = 0; i < BURST_MAX && c->head; i++) {
		int e = packet_send(c->fd.fd, c->head->data, c->head->len, c->head->fd);
		if (e == -EAGAIN)
			return 0;
		if (e)
			return e;
		packet_free(queue_take(c));
	}
	if (c->head)
		return 0;
	return loop_watch(c->fd.loop, &c->fd, EPOLLIN);
}

/* The descriptor of a received message in *ret, -1 when it has none. With an error all
 * that came are closed. */
static int passed_take(struct msghdr *m, int *ret)
{
	bool bad = m->msg_flags & (MSG_TRUNC | MSG_CTRUNC);
	int fds[PASSED_MAX];
	size_t count = 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n && count < PASSED_MAX; i++)
			memcpy(&fds[count++], CMSG_DATA(h) + i * sizeof(int),
				sizeof(int));
	}
	if (!bad && count <= 1) {
		*ret = count ? fds[0] : -1;
		return 0;
	}
	while (count)
		close(fds[--count]);
	return CARDEA_EPEER;
}

/* Receives one packet. Bytes, 0 at the end of the stream, or an error. */
static ssize_t packet_receive(int fd, uint8_t *data, size_t size, int *ret_passed)
{
	struct iovec iov = {.iov_base = data, .iov_len = size};
	union control control;
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	ssize_t n;
	int passed;

	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	int e = passed_take(&m, &passed);
	if (e)
		return e;
	if (!n && passed >= 0) {
		close(passed);
		return CARDEA_EPEER;
	}
	*ret_passed = passed;
	return n;
}

static void channel_read(struct ipc *c)
{
	uint8_t data[IPC_PACKET_MAX];
	int fd = c->fd.fd;

	for (int i = 0; i < BURST_MAX && c->fd.fd == fd; i++) {
		int passed = -1;
		ssize_t n = packet_receive(fd, data, sizeof data, &passed);
		if (n == -EAGAIN)
			return;
		/* Linux tells that the peer closed without reading all before it
		 * hands out what the peer had sent: go on to the end of the stream. */
		if (n == -ECONNRESET)
			continue;
		if (n <= 0) {
			channel_fail(c, n ? (int)n : -ECONNRESET);
			return;
		}
		int e = c->receive(c, data, (size_t)n, passed);
		if (e && c->fd.fd == fd) {
			channel_fail(c, e);
			return;
		}
	}
}

static void channel_ready(struct loop_fd *f, uint32_t events)
{
	struct ipc *c = (struct ipc *)((char *)f - offsetof(struct ipc, fd));

	if (events & EPOLLOUT) {
		int e = queue_flush(c);
		/* a peer that hung up may have left packets: read them first */
		if (e && !(events & EPOLLHUP)) {
			channel_fail(c, e);
			return;
		}
		if (e)
			queue_drop(c);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		channel_read(c);
}

int ipc_open(struct ipc *c, struct loop *l, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	int e = 0;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		e = -errno;
	c->fd = (struct loop_fd){.fd = fd, .ready = channel_ready};
	c->head = c->tail = NULL;
	c->queued = 0;
	if (!e)
		e = loop_watch(l, &c->fd, EPOLLIN);
	if (e) {
		c->fd.fd = -1;
		close(fd);
	}
	return e;
}

int ipc_pair(int ret_fds[2])
{
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fds[2];

	if (socketpair(AF_UNIX, type, 0, fds) < 0)
		return -errno;
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}
