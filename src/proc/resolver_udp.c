// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_udp - queries in datagrams; a reply leaves from the address that was asked.
 */
#include "proc/resolver_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Queries read in one wake-up of the loop. */
#define BURST_MAX 32
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

static bool query_read(struct resolver_udp *u)
{
	struct resolver_origin o = {.listener = (uint32_t)(u - u->listen->udp)};
	uint8_t query[QUERY_MAX];
	union sockaddr_in46 from;
	union control control;
	struct iovec iov = {.iov_base = query, .iov_len = sizeof query};
	struct msghdr m = {.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	ssize_t n = recvmsg(u->fd.fd, &m, MSG_DONTWAIT);

	if (n < 0) /* ICMP errors of earlier replies come here, one each */
		return errno != EAGAIN;
	origin_local(&m, &o);
	if (origin_read(&from, &o))
		resolver_ask(u->listen->resolver, &o, query, (size_t)n);
	return true;
}

static void udp_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_udp *u = f->ctx;

	(void)events;
	for (int i = 0; i < BURST_MAX && query_read(u); i++)
		;
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

/* A full socket loses the reply, as the network might: the client asks again. */
void resolver_udp_reply(struct resolver_listen *s, const struct resolver_origin *to,
	const uint8_t *message, size_t len)
{
	union control control = {0};
	union sockaddr_in46 addr;
	struct iovec iov = {.iov_base = (void *)message, .iov_len = len};
	struct msghdr m = {.msg_name = &addr, .msg_iov = &iov, .msg_iovlen = 1};

	m.msg_namelen = sockaddr_of(to, &addr);
	if (to->local.family) {
		m.msg_control = control.bytes;
		if (to->local.family == 4)
			control_v4(&m, to);
		else
			control_v6(&m, to);
	}
	(void)sendmsg(s->udp[to->listener].fd.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}
