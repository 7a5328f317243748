// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_udp - queries in datagrams, many in one system call; a reply leaves from the
 * address that was asked. */
#include "proc/resolver_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Queries read, and replies sent, in one system call. */
#define BATCH_MAX 32
/* What fits a frame waits for others; longer replies are rare and go at once. */
#define REPLY_MAX 1472
/* A query with EDNS options stays far below; the rest of a longer one is cut, which
 * makes it malformed. */
#define QUERY_MAX 4096

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

union sockaddr_in46 {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static void origin_local(struct msghdr *m, struct resolver_origin *o)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(h), sizeof info);
			o->local = addr_v4(&info.ipi_spec_dst);
		} else if (h->cmsg_level == IPPROTO_IPV6 &&
			   h->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, CMSG_DATA(h), sizeof info);
			o->local = addr_v6(&info.ipi6_addr);
		}
	}
}

/* Port 0 and foreign families cannot be answered. */
static bool origin_read(const union sockaddr_in46 *from, struct resolver_origin *o)
{
	if (from->sa.sa_family == AF_INET) {
		o->client = addr_v4(&from->in.sin_addr);
		o->port = ntohs(from->in.sin_port);
	} else if (from->sa.sa_family == AF_INET6) {
		o->client = addr_v6(&from->in6.sin6_addr);
		o->port = ntohs(from->in6.sin6_port);
		o->scope = from->in6.sin6_scope_id;
	}
	return o->port != 0;
}

struct resolver_udp_batch {
	struct mmsghdr in[BATCH_MAX];
	struct iovec in_iov[BATCH_MAX];
	union sockaddr_in46 in_from[BATCH_MAX];
	union control in_control[BATCH_MAX];
	uint8_t query[BATCH_MAX][QUERY_MAX];
	/* replies of one listener that wait for the end of this round */
	unsigned count;
	uint32_t listener;
	struct resolver_listen *listen;
	struct loop_timer timer;
	struct mmsghdr out[BATCH_MAX];
	struct iovec out_iov[BATCH_MAX];
	union sockaddr_in46 out_to[BATCH_MAX];
	union control out_control[BATCH_MAX];
	uint8_t reply[BATCH_MAX][REPLY_MAX];
};

/* A full socket loses replies, as the network might: the client asks again. */
static void batch_flush(struct resolver_udp_batch *b)
{
	int fd = b->listen->udp[b->listener].fd.fd;
	unsigned sent = 0;

	while (sent < b->count) {
		int n = sendmmsg(fd, b->out + sent, b->count - sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			break;
		sent += n > 0 ? (unsigned)n : 1; /* one that cannot be sent is left out */
	}
	b->count = 0;
	loop_disarm(&b->timer);
}

static void batch_due(struct loop_timer *t)
{
	batch_flush(t->ctx);
}

static int batch_make(struct resolver_listen *s)
{
	struct resolver_udp_batch *b = calloc(1, sizeof *b);

	if (!b)
		return -ENOMEM;
	b->listen = s;
	b->timer = (struct loop_timer){.fire = batch_due, .ctx = b};
	for (unsigned i = 0; i < BATCH_MAX; i++)
		b->in_iov[i] = (struct iovec){
			.iov_base = b->query[i], .iov_len = sizeof b->query[i]};
	s->batch = b;
	return 0;
}

void resolver_udp_end(struct resolver_listen *s)
{
	if (!s->batch)
		return;
	batch_flush(s->batch);
	free(s->batch);
	s->batch = NULL;
}

static void query_take(struct resolver_udp *u, unsigned i)
{
	struct resolver_origin o = {.listener = (uint32_t)(u - u->listen->udp)};
	struct resolver_udp_batch *b = u->listen->batch;

	origin_local(&b->in[i].msg_hdr, &o);
	if (origin_read(&b->in_from[i], &o))
		resolver_ask(u->listen->resolver, &o, b->query[i], b->in[i].msg_len);
}

static void udp_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_udp *u = f->ctx;
	struct resolver_udp_batch *b = u->listen->batch;

	(void)events;
	for (unsigned i = 0; i < BATCH_MAX; i++)
		b->in[i].msg_hdr = (struct msghdr){.msg_name = &b->in_from[i],
			.msg_namelen = sizeof b->in_from[i],
			.msg_iov = &b->in_iov[i],
			.msg_iovlen = 1,
			.msg_control = b->in_control[i].bytes,
			.msg_controllen = sizeof b->in_control[i].bytes};
	/* ICMP errors of earlier replies come here, one each: nothing then, and again */
	int n = recvmmsg(f->fd, b->in, BATCH_MAX, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		query_take(u, (unsigned)i);
	if (b->count)
		batch_flush(b);
}

static int socket_prepare(int fd)
{
	union sockaddr_in46 local;
	socklen_t len = sizeof local;
	int on = 1;

	if (getsockname(fd, &local.sa, &len) < 0)
		return -errno;
	bool v6 = local.sa.sa_family == AF_INET6;
	if (!v6 && local.sa.sa_family != AF_INET)
		return -EAFNOSUPPORT;
	if (v6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
	       : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on))
		return -errno;
	return 0;
}

int resolver_udp_listen(struct resolver_listen *s, int fd)
{
	struct resolver_udp *u = &s->udp[s->udp_count];
	int e = s->udp_count < RESOLVER_LISTENERS_MAX ? 0 : CARDEA_ELIMIT;

	if (!e && !s->batch)
		e = batch_make(s);
	if (!e)
		e = socket_prepare(fd);
	if (!e) {
		u->fd = (struct loop_fd){.fd = fd, .ready = udp_ready, .ctx = u};
		u->listen = s;
		e = loop_watch(s->loop, &u->fd, EPOLLIN);
	}
	if (e) {
		close(fd);
		return e;
	}
	s->udp_count++;
	return 0;
}

static void control_v4(struct msghdr *m, const struct resolver_origin *to)
{
	struct in_pktinfo info = {0};
	struct cmsghdr *h = m->msg_control;

	memcpy(&info.ipi_spec_dst, to->local.b, sizeof info.ipi_spec_dst);
	m->msg_controllen = CMSG_SPACE(sizeof info);
	h->cmsg_level = IPPROTO_IP;
	h->cmsg_type = IP_PKTINFO;
	h->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(h), &info, sizeof info);
}

static void control_v6(struct msghdr *m, const struct resolver_origin *to)
{
	struct in6_pktinfo info = {.ipi6_ifindex = to->scope};
	struct cmsghdr *h = m->msg_control;

	memcpy(&info.ipi6_addr, to->local.b, sizeof info.ipi6_addr);
	m->msg_controllen = CMSG_SPACE(sizeof info);
	h->cmsg_level = IPPROTO_IPV6;
	h->cmsg_type = IPV6_PKTINFO;
	h->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(h), &info, sizeof info);
}

static socklen_t sockaddr_of(const struct resolver_origin *to, union sockaddr_in46 *ret)
{
	memset(ret, 0, sizeof *ret);
	if (to->client.family == 4) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(to->port);
		memcpy(&ret->in.sin_addr, to->client.b, sizeof ret->in.sin_addr);
		return sizeof ret->in;
	}
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons(to->port);
	ret->in6.sin6_scope_id = to->scope;
	memcpy(&ret->in6.sin6_addr, to->client.b, sizeof ret->in6.sin6_addr);
	return sizeof ret->in6;
}

static void reply_head(struct msghdr *m, union sockaddr_in46 *addr, union control *control,
	const struct resolver_origin *to)
{
	m->msg_name = addr;
	m->msg_namelen = sockaddr_of(to, addr);
	if (!to->local.family)
		return;
	memset(control, 0, sizeof *control);
	m->msg_control = control->bytes;
	if (to->local.family == 4)
		control_v4(m, to);
	else
		control_v6(m, to);
}

static void reply_at_once(struct resolver_listen *s, const struct resolver_origin *to,
	const uint8_t *message, size_t len)
{
	union control control;
	union sockaddr_in46 addr;
	struct iovec iov = {.iov_base = (void *)message, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	reply_head(&m, &addr, &control, to);
	(void)sendmsg(s->udp[to->listener].fd.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void resolver_udp_reply(struct resolver_listen *s, const struct resolver_origin *to,
	const uint8_t *message, size_t len)
{
	struct resolver_udp_batch *b = s->batch;

	if (len > REPLY_MAX) {
		reply_at_once(s, to, message, len);
		return;
	}
	if (b->count && (b->count == BATCH_MAX || b->listener != to->listener))
		batch_flush(b);
	unsigned i = b->count++;
	memcpy(b->reply[i], message, len);
	b->listener = to->listener;
	b->out_iov[i] = (struct iovec){.iov_base = b->reply[i], .iov_len = len};
	b->out[i].msg_hdr = (struct msghdr){.msg_iov = &b->out_iov[i], .msg_iovlen = 1};
	reply_head(&b->out[i].msg_hdr, &b->out_to[i], &b->out_control[i], to);
	/* also for replies that come from the engine or upstream: the end of the round */
	if (!b->timer.due)
		loop_arm(s->loop, &b->timer, 0);
}
