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
#define BATCH_MAX 16 /* packets received by one call; untouched room costs nothing */
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

/* What one call took from the socket. */
struct packets {
	struct mmsghdr heads[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	union control control[BATCH_MAX];
	uint8_t data[BATCH_MAX][IPC_PACKET_MAX];
};

/* How many packets came, or an error. */
static int packets_receive(int fd, struct packets *p)
{
	int n;

	for (int i = 0; i < BATCH_MAX; i++) {
		p->iov[i] = (struct iovec){p->data[i], sizeof p->data[i]};
		p->heads[i].msg_hdr = (struct msghdr){
			.msg_iov = &p->iov[i],
			.msg_iovlen = 1,
			.msg_control = p->control[i].bytes,
			.msg_controllen = sizeof p->control[i].bytes,
		};
	}
	do
		n = recvmmsg(fd, p->heads, BATCH_MAX, MSG_CMSG_CLOEXEC | MSG_DONTWAIT,
			NULL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Hands one packet on. 0, or the error that ends the channel. */
static int packet_handle(struct ipc *c, struct packets *p, int i)
{
	size_t len = p->heads[i].msg_len;
	int passed;
	int e = passed_take(&p->heads[i].msg_hdr, &passed);

	if (e)
		return e;
	if (len)
		return c->receive(c, p->data[i], len, passed);
	if (passed < 0)
		return -ECONNRESET;
	close(passed);
	return CARDEA_EPEER;
}

/* A descriptor in a packet that nobody wants any more. */
static void packet_drop(struct packets *p, int i)
{
	int passed;

	if (!passed_take(&p->heads[i].msg_hdr, &passed) && passed >= 0)
		close(passed);
}

/* 0, or the error that ends the channel; none when it is another one by now. */
static int packets_handle(struct ipc *c, struct packets *p, int count)
{
	int fd = c->fd.fd, i = 0, e = 0;

	while (i < count && !e && c->fd.fd == fd)
		e = packet_handle(c, p, i++);
	while (i < count)
		packet_drop(p, i++);
	return c->fd.fd == fd ? e : 0;
}

/* Until a call finds less than it could take: what comes then wakes us again. */
static void channel_read(struct ipc *c)
{
	struct packets p;
	int fd = c->fd.fd, n = BATCH_MAX;

	for (int i = 0; i < BURST_MAX && n == BATCH_MAX && c->fd.fd == fd; i += n) {
		n = packets_receive(fd, &p);
		if (n == -EAGAIN)
			return;
		int e = n < 0 ? n : packets_handle(c, &p, n);
		/* Linux tells that the peer closed without reading all before it
		 * hands out what the peer had sent: go on to the end of the stream. */
		if (n == -ECONNRESET) {
			n = BATCH_MAX;
		} else if (e) {
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
