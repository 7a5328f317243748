// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_tcp - queries over connections. Replies may come in any order (RFC 7766 7);
 * who sends slowly, reads slowly or only waits is closed. */
#include "proc/resolver_listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cursor.h"
#include "proc/accept.h"
#include "wire/dns.h"

/* Without a whole query, or without taking a reply, for so long. RFC 7766 6.2.3 wants
 * seconds; slots are few. */
#define IDLE_MS 8000
/* Queries of one connection that are not answered yet. */
#define PIPELINE_MAX 16
/* Longer queries are none that we answer: the connection is closed. */
#define QUERY_MAX 4096
/* Replies that all slow readers together may keep here. */
#define QUEUED_MAX (1U << 20)

struct out {
	struct out *next;
	size_t len, sent;
	uint8_t bytes[];
};

struct resolver_conn {
	struct loop_fd fd;
	struct resolver_listen *listen;
	struct loop_timer idle;
	struct addr client;
	uint32_t slot;
	uint64_t serial;
	unsigned waiting; /* queries without reply */
	bool ended;       /* the client sends no more */
	bool reading;     /* inside conn_serve: closing waits */
	bool broken;
	struct out *head, *tail;
	size_t in_len;
	uint8_t in[2 + QUERY_MAX];
};

static void out_drop(struct resolver_conn *c)
{
	struct out *o = c->head;

	c->head = o->next;
	if (!c->head)
		c->tail = NULL;
	c->listen->queued -= o->len;
	free(o);
}

static void conn_close(struct resolver_conn *c)
{
	int fd = c->fd.fd;

	if (c->reading) {
		c->broken = true;
		return;
	}
	c->listen->conns[c->slot] = NULL;
	resolver_forget(c->listen->resolver, c->slot, c->serial);
	loop_disarm(&c->idle);
	loop_unwatch(&c->fd);
	close(fd);
	while (c->head)
		out_drop(c);
	free(c);
}

static void conn_idle(struct loop_timer *t)
{
	conn_close(t->ctx);
}

/* Reads only while there is room for more work, writes only what is there. */
static void conn_watch(struct resolver_conn *c)
{
	uint32_t events = 0;

	if (!c->ended && !c->head && c->waiting < PIPELINE_MAX)
		events |= EPOLLIN;
	if (c->head)
		events |= EPOLLOUT;
	if (loop_watch(c->listen->loop, &c->fd, events))
		conn_close(c);
}

static bool conn_flush(struct resolver_conn *c)
{
	while (c->head) {
		struct out *o = c->head;
		ssize_t n = send(c->fd.fd, o->bytes + o->sent, o->len - o->sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		loop_arm(c->listen->loop, &c->idle, IDLE_MS * NS_PER_MS);
		o->sent += (size_t)n;
		if (o->sent == o->len)
			out_drop(c);
	}
	return true;
}

/* Takes whole queries out of the buffer. False when the stream makes no sense. */
static bool conn_queries(struct resolver_conn *c)
{
	struct cursor stream = cursor_of(c->in, c->in_len);
	struct resolver_origin o = {.client = c->client,
		.stream = true,
		.listener = c->slot,
		.serial = c->serial};
	struct cursor message;

	while (!c->broken && c->waiting < PIPELINE_MAX &&
		!dns_frame_next(&stream, &message)) {
		loop_arm(c->listen->loop, &c->idle, IDLE_MS * NS_PER_MS);
		c->waiting++;
		if (!resolver_ask(c->listen->resolver, &o, message.start,
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

static bool conn_read(struct resolver_conn *c)
{
	size_t room = sizeof c->in - c->in_len;
	ssize_t n = room ? recv(c->fd.fd, c->in + c->in_len, room, MSG_DONTWAIT) : -1;

	if (room && n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	if (room && !n)
		c->ended = true;
	if (n > 0)
		c->in_len += (size_t)n;
	return true;
}

/* Replies may be sent, and found impossible, from inside of conn_queries: the struct
 * stays until here. */
static void conn_serve(struct resolver_conn *c, uint32_t events)
{
	c->reading = true;
	bool ok = !(events & (EPOLLERR | EPOLLHUP));
	if (ok && (events & EPOLLOUT))
		ok = conn_flush(c);
	if (ok && (events & EPOLLIN))
		ok = conn_read(c);
	if (ok)
		ok = conn_queries(c);
	c->reading = false;
	if (!ok || c->broken || (c->ended && !c->waiting && !c->head))
		conn_close(c);
	else
		conn_watch(c);
}

static void conn_ready(struct loop_fd *f, uint32_t events)
{
	conn_serve(f->ctx, events);
}

static bool out_add(struct resolver_conn *c, const uint8_t *message, size_t len)
{
	struct out *o;

	if (c->listen->queued + len + 2 > QUEUED_MAX)
		return false;
	o = calloc(1, sizeof *o + len + 2);
	if (!o)
		return false;
	struct writer w = writer_of(o->bytes, len + 2);
	if (dns_frame_write(&w, message, len)) {
		free(o);
		return false;
	}
	o->len = w.len;
	c->listen->queued += o->len;
	if (c->tail)
		c->tail->next = o;
	else
		c->head = o;
	c->tail = o;
	return true;
}

void resolver_tcp_reply(struct resolver_listen *s, const struct resolver_origin *to,
	const uint8_t *message, size_t len)
{
	struct resolver_conn *c = s->conns[to->listener];

	if (!c || c->serial != to->serial || c->broken)
		return;
	c->waiting--;
	if (!out_add(c, message, len) || !conn_flush(c))
		conn_close(c);
	else if (!c->reading)
		conn_serve(c, 0); /* queries may wait in the buffer for this place */
}

static bool slot_find(
	struct resolver_listen *s, const struct addr *client, uint32_t *ret_slot)
{
	uint32_t slot = RESOLVER_CONNS_MAX;
	unsigned same = 0;

	for (uint32_t i = 0; i < RESOLVER_CONNS_MAX; i++) {
		if (!s->conns[i])
			slot = i;
		else if (addr_equal(&s->conns[i]->client, client))
			same++;
	}
	*ret_slot = slot;
	return slot < RESOLVER_CONNS_MAX && same < RESOLVER_CONNS_PER_CLIENT;
}

static int conn_new(struct resolver_listen *s, int fd, const struct addr *client)
{
	struct resolver_conn *c;
	uint32_t slot;

	if (!slot_find(s, client, &slot))
		return CARDEA_ELIMIT;
	c = calloc(1, sizeof *c);
	if (!c)
		return -ENOMEM;
	c->fd = (struct loop_fd){.fd = fd, .ready = conn_ready, .ctx = c};
	c->idle.fire = conn_idle;
	c->idle.ctx = c;
	c->listen = s;
	c->client = *client;
	c->slot = slot;
	c->serial = ++s->serial;
	int e = loop_watch(s->loop, &c->fd, EPOLLIN);
	if (e) {
		free(c);
		return e;
	}
	s->conns[slot] = c;
	loop_arm(s->loop, &c->idle, IDLE_MS * NS_PER_MS);
	return 0;
}

static void tcp_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_tcp *t = f->ctx;
	struct addr client;

	(void)events;
	for (int i = 0; i < RESOLVER_ACCEPT_BURST; i++) {
		int fd = accept_from(f->fd, &client);

		if (fd < 0)
			return;
		if (conn_new(t->listen, fd, &client))
			close(fd);
	}
}

int resolver_tcp_listen(struct resolver_listen *s, int fd)
{
	struct resolver_tcp *t = &s->tcp[s->tcp_count];
	int e = CARDEA_ELIMIT;

	if (s->tcp_count < RESOLVER_LISTENERS_MAX) {
		t->fd = (struct loop_fd){.fd = fd, .ready = tcp_ready, .ctx = t};
		t->listen = s;
		e = loop_watch(s->loop, &t->fd, EPOLLIN);
	}
	if (e) {
		close(fd);
		return e;
	}
	s->tcp_count++;
	return 0;
}

void resolver_tcp_end(struct resolver_listen *s)
{
	for (unsigned i = 0; i < RESOLVER_CONNS_MAX; i++)
		if (s->conns[i])
			conn_close(s->conns[i]);
}
