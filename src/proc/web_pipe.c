// SPDX-License-Identifier: GPL-2.0-or-later
/* web_pipe - moves octets between a client and the engine. */
#include "proc/web_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* For a body: the engine waits for half a minute. */
#define UPLOADS_MS 28000
/* For an answer, by its length: the thinnest radio of a house has 128 kbit/s. */
#define OCTETS_PER_S (16 * 1024)
/* A year's records are looked through for an answer. */
#define AWAITS_MS 30000
/* For an answer without its length. */
#define STREAMS_MS 8000
/* What of an answer is on its way: a record of TLS. */
#define OUT_MAX (16 * 1024)
/* Of the engine's head, and of ours with what we add. */
#define REPLY_HEAD_MAX 4096
#define FIELDS_MAX 3072

static void ready(struct loop_fd *f, uint32_t events);

void web_pipe_close(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;

	if (!x->piped)
		return;
	loop_unwatch(&x->watch);
	close(x->pipe);
	x->piped = false;
}

bool web_pipe_open(struct web_conn *c, int fd)
{
	struct web_exchange *x = &c->exchange;
	int flags = fcntl(fd, F_GETFL);

	x->piped = true;
	x->pipe = fd;
	x->watch = (struct loop_fd){.fd = -1, .ready = ready, .ctx = c};
	if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
		return true;
	web_conn_refuse(c, &web_problem_engine);
	return false;
}

/* 0: not at all, not even for its end, of which the kernel would tell again and again. */
static void watch(struct web_conn *c, uint32_t events)
{
	struct web_exchange *x = &c->exchange;

	if (!events) {
		loop_unwatch(&x->watch);
		return;
	}
	if (x->watch.loop && x->watch.events == events)
		return;
	x->watch.fd = x->pipe;
	if (loop_watch(c->web->loop, &x->watch, events))
		c->io.failed = true;
}

void web_pipe_begin(struct web_conn *c)
{
	web_conn_phase(c, WEB_UPLOADS, UPLOADS_MS);
}

/* The engine answers before it has all, or has closed its end: what is left of the body is
 * nobody's, and this connection's last. */
static bool await(struct web_conn *c, bool whole)
{
	c->last = c->last || !whole;
	c->exchange.left = 0;
	free(c->out);
	c->out = NULL;
	c->out_len = c->out_sent = 0;
	web_conn_phase(c, WEB_AWAITS, AWAITS_MS);
	return true;
}

/* ---- up ---- */

/* Octets that went; 0: none now; -1: the engine takes no more. */
static ssize_t push(struct web_conn *c, const void *octets, size_t len)
{
	ssize_t n = send(c->exchange.pipe, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		return n;
	if (errno != EAGAIN && errno != EINTR)
		return -1;
	watch(c, EPOLLIN | EPOLLOUT);
	return 0;
}

static bool push_ahead(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;
	ssize_t n = push(c, x->ahead + x->ahead_sent, x->ahead_len - x->ahead_sent);

	if (n < 0)
		return await(c, false);
	x->ahead_sent += (size_t)n;
	if (x->ahead_sent < x->ahead_len)
		return n > 0;
	explicit_bzero(x->ahead, x->ahead_len);
	free(x->ahead);
	x->ahead = NULL;
	return true;
}

static bool push_body(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;
	ssize_t n = push(c, c->in, c->in_len < x->left ? c->in_len : x->left);

	if (n < 0)
		return await(c, false);
	web_conn_consume(c, (size_t)n);
	x->left -= (uint32_t)n;
	if (!n)
		c->io.wants = 0; /* nothing more is read until the engine has taken this */
	return n > 0;
}

static bool do_upload(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;
	ssize_t n;

	if (x->ahead)
		return push_ahead(c);
	if (!x->left)
		return await(c, true);
	if (x->request.expects_continue && !x->spoke) {
		x->spoke = true;
		c->io.failed = !web_conn_continue(c);
		return !c->io.failed;
	}
	if (c->in_len)
		return push_body(c);
	n = web_conn_fill(c, x->left < sizeof c->in ? x->left : sizeof c->in);
	c->io.failed = c->io.failed || n < 0;
	watch(c, EPOLLIN);
	return n > 0;
}

/* ---- down ---- */

static bool make_room(struct web_conn *c)
{
	if (!c->out)
		c->out = malloc(OUT_MAX);
	return c->out != NULL;
}

static bool is_stream_too_many(const struct web_conn *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WEB_CONNS_MAX; i++) {
		const struct web_conn *other = c->places->conns[i];

		if (other && other->exchange.streams && addr_equal(&other->client, &c->client))
			n++;
	}
	return c->web->streams >= WEB_STREAMS_MAX || n >= WEB_STREAMS_PER_CLIENT;
}

/* Its begin is in c->out: the engine's head gives way to ours. */
static void begin_reply(
	struct web_conn *c, const struct web_page_reply *r, const struct str_text *fields)
{
	struct web_exchange *x = &c->exchange;
	char octets[FIELDS_MAX + 1024];
	struct str_text head = {.buf = octets, .size = sizeof octets};
	size_t rest = c->out_len - r->head_len;

	if (x->request.claims && r->status >= 200 && r->status < 300) {
		c->known = true;
		web_limit_know(&c->places->limit, &c->client, loop_now(c->web->loop));
	}
	c->last = c->last || !r->bounded;
	web_http_begin(&head, r->status, clock_wall(loop_clock(c->web->loop)));
	str_add(&head, "%s%s", fields->buf, web_page_guards);
	if (r->bounded && r->status != 204 && r->status != 304)
		str_add(&head, "Content-Length: %llu\r\n", (unsigned long long)r->length);
	str_add(&head, "Connection: %s\r\n\r\n", c->last ? "close" : "keep-alive");
	x->bounded = r->bounded || x->request.head_only;
	x->reply_left = x->request.head_only ? 0 : r->length;
	if (x->bounded && rest > x->reply_left)
		rest = (size_t)x->reply_left; /* more than it announced is nobody's */
	x->reply_left -= x->bounded ? rest : 0;
	memmove(c->out + head.len, c->out + r->head_len, rest);
	memcpy(c->out, octets, head.len);
	c->out_len = head.len + rest;
	c->out_sent = 0;
	web_conn_phase(c, WEB_STREAMS,
		STREAMS_MS + (int64_t)(x->reply_left / OCTETS_PER_S) * 1000);
	if (!x->bounded)
		loop_disarm(&c->timer); /* a live view: it goes on for hours */
}

static bool take_reply(struct web_conn *c)
{
	char text[FIELDS_MAX] = "";
	struct str_text fields = {.buf = text, .size = sizeof text};
	struct web_page_reply r;
	enum web_read read = web_page_read_reply(c->out, c->out_len, &r, &fields);

	if (read == WEB_READ_MORE && c->out_len < REPLY_HEAD_MAX)
		return true;
	if (read != WEB_READ_ASK) {
		web_conn_refuse(c, &web_problem_engine);
		return true;
	}
	if (!r.bounded && is_stream_too_many(c)) {
		web_conn_refuse(c, &web_problem_streams);
		return true;
	}
	c->web->streams += !r.bounded;
	c->exchange.streams = !r.bounded;
	begin_reply(c, &r, &fields);
	return true;
}

/* Octets of the answer, added to what is in c->out; 0: none now; -1: its end. */
static ssize_t pull(struct web_conn *c, size_t max)
{
	ssize_t n = recv(c->exchange.pipe, c->out + c->out_len, max, MSG_DONTWAIT);

	if (n > 0) {
		c->out_len += (size_t)n;
		return n;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		watch(c, EPOLLIN);
		return 0;
	}
	return -1;
}

static bool do_await(struct web_conn *c)
{
	ssize_t n = make_room(c) ? pull(c, REPLY_HEAD_MAX - c->out_len) : -1;

	if (n > 0)
		return take_reply(c);
	if (n < 0)
		web_conn_refuse(c, &web_problem_engine);
	return n < 0;
}

/* All of it went out. */
static bool end_reply(struct web_conn *c)
{
	c->places->side->drop(c);
	web_conn_sent(c);
	return true;
}

static bool do_stream(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;
	size_t max = OUT_MAX;
	ssize_t n;

	if (c->out_sent < c->out_len) {
		n = web_octets_out(&c->io, c->out + c->out_sent, c->out_len - c->out_sent);
		c->out_sent += n > 0 ? (size_t)n : 0;
		c->io.failed = c->io.failed || n < 0;
		if (n <= 0)
			watch(c, 0); /* the engine waits until the client has taken this */
		return n > 0;
	}
	if (x->bounded && !x->reply_left)
		return end_reply(c);
	if (x->bounded && x->reply_left < max)
		max = (size_t)x->reply_left;
	c->out_len = c->out_sent = 0;
	n = make_room(c) ? pull(c, max) : -1;
	if (n > 0 && x->bounded)
		x->reply_left -= (uint64_t)n;
	if (n < 0 && !x->bounded)
		return end_reply(c);
	c->io.failed = c->io.failed || n < 0; /* a part of an answer is none */
	if (!n && !x->bounded) { /* for long: without a buffer */
		free(c->out);
		c->out = NULL;
		c->io.wants = EPOLLRDHUP; /* who leaves is seen by his end of it alone */
	}
	return n > 0;
}

bool web_pipe_step(struct web_conn *c)
{
	if (c->phase == WEB_UPLOADS)
		return do_upload(c);
	if (c->phase == WEB_AWAITS)
		return do_await(c);
	return c->phase == WEB_STREAMS && do_stream(c);
}

static void ready(struct loop_fd *f, uint32_t events)
{
	struct web_conn *c = f->ctx;

	if (c->phase == WEB_UPLOADS && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		await(c, false);
	web_conn_work(c);
}
