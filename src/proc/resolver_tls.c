// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_tls - connections of DNS over TLS. Who shakes hands slowly, sends slowly,
 * reads slowly or only waits is closed; who waits longest makes room for who comes. */
#include "proc/resolver_tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cursor.h"
#include "proc/accept.h"
#include "wire/dns.h"
#include "wire/dns_pad.h"

/* For the whole handshake: two or three round trips in a house. */
#define HANDSHAKE_MS 5000
/* Without a query. RFC 7858 3.4 wants connections kept, RFC 7766 6.2.3 seconds. */
#define IDLE_MS 30000
/* For a client to take all replies that wait for it. */
#define SEND_MS 8000
/* Queries of one connection that are not answered yet. */
#define PIPELINE_MAX 16
/* Longer queries are none that we answer, padded ones included (RFC 8467: 128). */
#define QUERY_MAX 4096
/* Replies that all slow readers together may keep here. */
#define QUEUED_MAX (1U << 20)
/* And what the kernel keeps of one: it would take megabytes for a slow one. */
#define KERNEL_KEEPS (64 * 1024)

struct out {
	struct out *next;
	size_t len, sent;
	uint8_t bytes[];
};

struct resolver_tls_conn {
	struct loop_fd fd;
	struct resolver_tls *tls;
	struct loop_timer timer;
	SSL *ssl;
	struct addr client;
	uint32_t slot;
	uint64_t serial;
	nstime last;      /* mono: of the last query */
	unsigned waiting; /* queries without reply */
	bool open;        /* the handshake is done */
	bool ended;       /* the client sends no more */
	bool busy;        /* inside conn_serve: closing waits */
	bool broken;
	bool failed; /* TLS itself: nothing more can be said */
	uint32_t wants; /* EPOLLIN or EPOLLOUT, of the handshake */
	struct out *head, *tail;
	size_t in_len;
	uint8_t in[2 + QUERY_MAX];
};

static void out_drop(struct resolver_tls_conn *c)
{
	struct out *o = c->head;

	c->head = o->next;
	if (!c->head)
		c->tail = NULL;
	c->tls->queued -= o->len;
	free(o);
}

static void conn_close(struct resolver_tls_conn *c)
{
	int fd = c->fd.fd;

	if (c->busy) {
		c->broken = true;
		return;
	}
	c->tls->conns[c->slot] = NULL;
	resolver_forget(c->tls->resolver, RESOLVER_TLS_FIRST + c->slot, c->serial);
	loop_disarm(&c->timer);
	loop_unwatch(&c->fd);
	if (c->open && !c->failed)
		(void)SSL_shutdown(c->ssl); /* says so, and does not wait */
	SSL_free(c->ssl);
	ERR_clear_error();
	close(fd);
	while (c->head)
		out_drop(c);
	free(c);
}

static void conn_late(struct loop_timer *t)
{
	conn_close(t->ctx);
}

static void conn_watch(struct resolver_tls_conn *c)
{
	uint32_t events = c->wants;

	if (c->open) {
		events = c->head ? EPOLLOUT : 0;
		if (!c->ended && !c->head && c->waiting < PIPELINE_MAX)
			events |= EPOLLIN;
	}
	if (loop_watch(c->tls->loop, &c->fd, events))
		conn_close(c);
}

/* What an unfinished call of OpenSSL means. True: it has to wait. */
static bool must_wait(struct resolver_tls_conn *c, int result)
{
	int e = SSL_get_error(c->ssl, result);

	c->wants = e == SSL_ERROR_WANT_WRITE ? EPOLLOUT : EPOLLIN;
	c->failed = e == SSL_ERROR_SSL || e == SSL_ERROR_SYSCALL;
	return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static bool conn_shake(struct resolver_tls_conn *c)
{
	ERR_clear_error();
	int r = SSL_accept(c->ssl);

	if (r != 1)
		return must_wait(c, r);
	c->open = true;
	c->last = loop_now(c->tls->loop);
	loop_arm(c->tls->loop, &c->timer, IDLE_MS * NS_PER_MS);
	return true;
}

static bool conn_flush(struct resolver_tls_conn *c)
{
	while (c->head) {
		struct out *o = c->head;

		ERR_clear_error();
		int n = SSL_write(c->ssl, o->bytes + o->sent, (int)(o->len - o->sent));
		if (n <= 0)
			return must_wait(c, n);
		o->sent += (size_t)n;
		if (o->sent < o->len)
			continue;
		out_drop(c);
		if (!c->head)
			loop_arm(c->tls->loop, &c->timer, IDLE_MS * NS_PER_MS);
	}
	return true;
}

/* Takes whole queries out of the buffer. False when the stream makes no sense. */
static bool conn_queries(struct resolver_tls_conn *c)
{
	struct cursor stream = cursor_of(c->in, c->in_len);
	struct resolver_origin o = {.client = c->client,
		.stream = true,
		.listener = RESOLVER_TLS_FIRST + c->slot,
		.serial = c->serial};
	struct cursor message;

	while (!c->broken && c->waiting < PIPELINE_MAX &&
		!dns_frame_next(&stream, &message)) {
		c->last = loop_now(c->tls->loop);
		if (!c->head)
			loop_arm(c->tls->loop, &c->timer, IDLE_MS * NS_PER_MS);
		c->waiting++;
		o.pad = dns_is_padded(cursor_of(message.start, cursor_left(&message)));
		if (!resolver_ask(c->tls->resolver, &o, message.start,
			    cursor_left(&message)))
			return false; /* beyond its rate, or not a query */
	}
	size_t left = (size_t)(stream.end - stream.pos);
	memmove(c->in, stream.pos, left);
	c->in_len = left;
	if (left < 2)
		return true;
	struct cursor head = cursor_of(c->in, left);
	return cursor_u16(&head) <= QUERY_MAX;
}

/* One record at most; whether something came is in *more. */
static bool conn_read(struct resolver_tls_conn *c, bool *more)
{
	size_t room = sizeof c->in - c->in_len;

	*more = false;
	if (!room || c->ended || c->head || c->waiting >= PIPELINE_MAX)
		return true;
	ERR_clear_error();
	int n = SSL_read(c->ssl, c->in + c->in_len, (int)room);
	if (n > 0) {
		c->in_len += (size_t)n;
		*more = true;
		return true;
	}
	if (SSL_get_error(c->ssl, n) == SSL_ERROR_ZERO_RETURN) {
		c->ended = true;
		return true;
	}
	return must_wait(c, n);
}

static bool conn_work(struct resolver_tls_conn *c)
{
	bool ok = c->open || conn_shake(c), more = c->open;

	if (ok && c->open)
		ok = conn_flush(c);
	/* What OpenSSL has read already makes no descriptor readable: to the end. */
	while (ok && more) {
		ok = conn_queries(c);
		if (ok && !c->broken)
			ok = conn_read(c, &more);
		more = more && !c->broken;
	}
	return ok;
}

/* Replies may be sent, and found impossible, from inside of conn_queries: the struct
 * stays until here. */
static void conn_serve(struct resolver_tls_conn *c)
{
	c->busy = true;
	bool ok = conn_work(c);
	c->busy = false;
	if (!ok || c->broken || (c->ended && !c->waiting && !c->head))
		conn_close(c);
	else
		conn_watch(c);
}

static void conn_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_tls_conn *c = f->ctx;

	if (events & (EPOLLERR | EPOLLHUP))
		conn_close(c);
	else
		conn_serve(c);
}

/* ---- replies ---- */

static bool out_add(
	struct resolver_tls_conn *c, const uint8_t *message, size_t len, bool pad)
{
	size_t most = 2 + len + (pad ? DNS_PAD_BLOCK + 4 : 0);
	struct out *o;

	if (c->tls->queued + most > QUEUED_MAX)
		return false;
	o = calloc(1, sizeof *o + most);
	if (!o)
		return false;
	struct writer w = writer_of(o->bytes + 2, most - 2);
	writer_bytes(&w, message, len);
	/* A reply without OPT is to a query that was none: nothing to hide. */
	if (pad && dns_pad(&w, DNS_PAD_BLOCK))
		w.len = len;
	o->bytes[0] = (uint8_t)(w.len >> 8);
	o->bytes[1] = (uint8_t)w.len;
	o->len = 2 + w.len;
	c->tls->queued += o->len;
	if (c->tail)
		c->tail->next = o;
	else
		c->head = o;
	c->tail = o;
	return true;
}

void resolver_tls_reply(struct resolver_tls *t, const struct resolver_origin *to,
	const uint8_t *message, size_t len)
{
	struct resolver_tls_conn *c = t->conns[to->listener - RESOLVER_TLS_FIRST];

	if (!c || c->serial != to->serial || c->broken)
		return;
	c->waiting--;
	if (!c->head)
		loop_arm(t->loop, &c->timer, SEND_MS * NS_PER_MS);
	if (!out_add(c, message, len, to->pad) || !conn_flush(c))
		conn_close(c);
	else if (!c->busy)
		conn_serve(c); /* queries may wait in the buffer for this place */
}

/* ---- who comes ---- */

/* The one that has been idle longest, of this client or of all; NULL: all work. */
static struct resolver_tls_conn *most_idle(
	const struct resolver_tls *t, const struct addr *client)
{
	struct resolver_tls_conn *oldest = NULL;

	for (uint32_t i = 0; i < RESOLVER_TLS_CONNS_MAX; i++) {
		struct resolver_tls_conn *c = t->conns[i];

		if (!c || !c->open || c->waiting || c->head || c->busy ||
			(client && !addr_equal(&c->client, client)))
			continue;
		if (!oldest || c->last < oldest->last)
			oldest = c;
	}
	return oldest;
}

/* A free place, made when it has to be. */
static int slot_take(
	struct resolver_tls *t, const struct addr *client, uint32_t *ret_slot)
{
	uint32_t slot = RESOLVER_TLS_CONNS_MAX;
	struct resolver_tls_conn *old = NULL;
	unsigned same = 0;

	for (uint32_t i = 0; i < RESOLVER_TLS_CONNS_MAX; i++) {
		if (!t->conns[i])
			slot = i;
		else if (addr_equal(&t->conns[i]->client, client))
			same++;
	}
	if (same < RESOLVER_TLS_PER_CLIENT && slot < RESOLVER_TLS_CONNS_MAX) {
		*ret_slot = slot;
		return 0;
	}
	old = most_idle(t, same < RESOLVER_TLS_PER_CLIENT ? NULL : client);
	if (!old)
		return CARDEA_ELIMIT;
	*ret_slot = old->slot;
	conn_close(old);
	return 0;
}

static int conn_watch_new(struct resolver_tls *t, struct resolver_tls_conn *c, int fd)
{
	int on = 1, kept = KERNEL_KEEPS;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kept, sizeof kept);
	/* Replies are small and each is whole: waiting for more only delays them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c->ssl = SSL_new(t->context);
	if (!c->ssl || SSL_set_fd(c->ssl, fd) != 1)
		return -ENOMEM;
	return loop_watch(t->loop, &c->fd, EPOLLIN);
}

static int conn_new(struct resolver_tls *t, int fd, const struct addr *client)
{
	struct resolver_tls_conn *c;
	uint32_t slot;
	int e = t->context && resolver_connect(t->resolver, client)
			? slot_take(t, client, &slot)
			: CARDEA_EREFUSED;

	if (e)
		return e;
	c = calloc(1, sizeof *c);
	if (!c)
		return -ENOMEM;
	c->fd = (struct loop_fd){.fd = fd, .ready = conn_ready, .ctx = c};
	c->timer.fire = conn_late;
	c->timer.ctx = c;
	c->tls = t;
	c->client = *client;
	c->slot = slot;
	c->serial = ++t->serial;
	e = conn_watch_new(t, c, fd);
	if (e) {
		SSL_free(c->ssl);
		free(c);
		return e;
	}
	t->conns[slot] = c;
	loop_arm(t->loop, &c->timer, HANDSHAKE_MS * NS_PER_MS);
	return 0;
}

static void listener_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_tls_listener *l = f->ctx;
	struct addr client;

	(void)events;
	for (int i = 0; i < RESOLVER_ACCEPT_BURST; i++) {
		int fd = accept_from(f->fd, &client);

		if (fd < 0)
			return;
		if (conn_new(l->tls, fd, &client))
			close(fd);
	}
}

int resolver_tls_listen(struct resolver_tls *t, int fd)
{
	struct resolver_tls_listener *l = &t->listeners[t->listener_count];
	int e = CARDEA_ELIMIT;

	if (t->listener_count < RESOLVER_LISTENERS_MAX) {
		l->fd = (struct loop_fd){.fd = fd, .ready = listener_ready, .ctx = l};
		l->tls = t;
		e = loop_watch(t->loop, &l->fd, EPOLLIN);
	}
	if (e) {
		close(fd);
		return e;
	}
	t->listener_count++;
	return 0;
}

void resolver_tls_end(struct resolver_tls *t)
{
	for (unsigned i = 0; i < RESOLVER_TLS_CONNS_MAX; i++)
		if (t->conns[i])
			conn_close(t->conns[i]);
	loop_disarm(&t->check);
	SSL_CTX_free(t->context);
	t->context = NULL;
	resolver_cert_free(&t->cert);
}
