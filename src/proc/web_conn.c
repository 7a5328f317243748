// SPDX-License-Identifier: GPL-2.0-or-later
/* web_conn - shakes hands, reads heads, sends answers. Each phase has its time, counted from
 * its begin: who sends or takes an octet now and then gains nothing by it. */
#include "proc/web_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/log.h"

/* Two or three round trips in a house; a small device signs for a second. */
#define SHAKE_MS 8000
/* For a whole head, and between two requests of one connection. */
#define HEAD_MS 10000
/* For a client to take an answer, and more for a long one: the thinnest radio of a house
 * has 128 kbit/s. */
#define SEND_MS 8000
#define SEND_OCTETS_PER_S (16 * 1024)
/* For what was under way when we said our last: the rest of a body that is not taken. */
#define LINGER_MS 2000
#define LINGER_OCTETS (2 * WEB_PAGE_BODY_MAX)
/* Steps of one connection before others have their turn. */
#define STEPS_MAX 32

void web_conn_phase(struct web_conn *c, enum web_phase p, int64_t ms)
{
	c->phase = p;
	c->since = loop_now(c->web->loop);
	c->io.wants = 0; /* until a step says for what it waits */
	loop_arm(c->web->loop, &c->timer, ms * NS_PER_MS);
}

void web_conn_close(struct web_conn *c)
{
	int fd = c->io.fd.fd;

	c->places->conns[c->slot] = NULL;
	c->places->count--;
	c->web->last = loop_now(c->web->loop);
	c->places->side->drop(c);
	loop_disarm(&c->timer);
	loop_unwatch(&c->io.fd);
	web_tls_close(&c->web->tls, c->io.ssl,
		!c->io.failed && c->phase != WEB_SHAKES && c->phase != WEB_LINGERS);
	close(fd);
	free(c->out);
	free(c);
}

/* ---- answers of ours ---- */

void web_conn_send(
	struct web_conn *c, const struct str_text *head, const void *body, size_t len)
{
	int64_t s = (int64_t)((len + c->tail_len) / SEND_OCTETS_PER_S);

	free(c->out);
	c->out_sent = c->tail_sent = 0;
	c->out = malloc(head->len + len);
	c->out_len = c->out ? head->len + len : 0;
	if (c->out) {
		memcpy(c->out, head->buf, head->len);
		if (len)
			memcpy(c->out + head->len, body, len);
	} else {
		c->last = true; /* there is nothing to say it with */
		c->tail_len = 0;
	}
	web_conn_phase(c, WEB_SENDS, SEND_MS + s * 1000);
}

void web_conn_refuse(struct web_conn *c, const struct web_problem *p)
{
	c->places->side->drop(c);
	c->last = true;
	c->tail_len = 0;
	c->places->side->refuse(c, p);
}

void web_conn_sent(struct web_conn *c)
{
	free(c->out);
	c->out = NULL;
	c->out_len = c->out_sent = c->tail_len = 0;
	if (!c->last) {
		web_conn_phase(c, WEB_HEAD, HEAD_MS);
		return;
	}
	web_conn_phase(c, WEB_LINGERS, LINGER_MS);
	web_octets_finish(&c->io);
}

/* ---- reading ---- */

void web_conn_consume(struct web_conn *c, size_t len)
{
	c->in_len -= len;
	memmove(c->in, c->in + len, c->in_len);
}

ssize_t web_conn_fill(struct web_conn *c, size_t size)
{
	ssize_t n = web_octets_in(&c->io, c->in + c->in_len, size - c->in_len);

	if (n > 0)
		c->in_len += (size_t)n;
	c->last = c->last || n < 0;
	return n;
}

/* 25 octets into a socket that has nothing else to send. */
bool web_conn_continue(struct web_conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	return web_octets_out(&c->io, text, sizeof text - 1) == sizeof text - 1;
}

/* ---- steps: each true when there is more to do at once ---- */

/* A browser whose user typed no https:// sends a request in clear: it can be told. */
static bool came_without_tls(struct web_conn *c)
{
	uint8_t first;

	if (c->looked || c->places != &c->web->people ||
		recv(c->io.fd.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
		return false;
	c->looked = true; /* what comes next is in the middle of something */
	if (first < 'A' || first > 'Z')
		return false;
	web_tls_close(&c->web->tls, c->io.ssl, false);
	c->io.ssl = NULL;
	c->plain = true;
	return true;
}

static bool do_shake(struct web_conn *c)
{
	int r = came_without_tls(c) ? 1 : web_octets_shake(&c->io);

	if (r > 0)
		web_conn_phase(c, WEB_HEAD, HEAD_MS);
	c->last = r < 0;
	return r > 0;
}

static bool do_head(struct web_conn *c)
{
	if (c->in_len && c->places->side->take(c))
		return true;
	return web_conn_fill(c, sizeof c->in) > 0;
}

static bool do_send(struct web_conn *c)
{
	bool tail = c->out_sent == c->out_len;
	size_t left = tail ? c->tail_len - c->tail_sent : c->out_len - c->out_sent;
	ssize_t n = -1;

	if (left)
		n = web_octets_out(&c->io,
			tail ? c->tail + c->tail_sent : c->out + c->out_sent, left);
	if (n <= 0) {
		c->io.failed = c->io.failed || n < 0;
		return false;
	}
	*(tail ? &c->tail_sent : &c->out_sent) += (size_t)n;
	if (c->out_sent == c->out_len && c->tail_sent == c->tail_len)
		web_conn_sent(c);
	return true;
}

/* Closing with octets unread would take our answer away from the client (RFC 9112 9.6). */
static bool do_linger(struct web_conn *c)
{
	uint8_t buf[2048];
	ssize_t n = recv(c->io.fd.fd, buf, sizeof buf, MSG_DONTWAIT);

	c->thrown += n > 0 ? (size_t)n : 0;
	c->io.wants = EPOLLIN;
	c->io.failed = !n || (n < 0 && errno != EAGAIN && errno != EINTR) ||
		       c->thrown > LINGER_OCTETS;
	return n > 0 && !c->io.failed;
}

static bool step(struct web_conn *c)
{
	switch (c->phase) {
	case WEB_SHAKES:
		return do_shake(c);
	case WEB_HEAD:
		return do_head(c);
	case WEB_SENDS:
		return do_send(c);
	case WEB_LINGERS:
		return do_linger(c);
	case WEB_BODY:
	case WEB_ASKED:
	case WEB_OPENS:
	case WEB_HASHES:
	case WEB_UPLOADS:
	case WEB_AWAITS:
	case WEB_STREAMS:
		break;
	}
	return c->places->side->step(c);
}

void web_conn_work(struct web_conn *c)
{
	unsigned steps = 0;

	while (steps < STEPS_MAX && step(c))
		steps++;
	bool reads = c->phase == WEB_SHAKES || c->phase == WEB_HEAD || c->phase == WEB_BODY;

	if (c->io.failed || (reads && c->last)) {
		web_conn_close(c);
		return;
	}
	if (steps == STEPS_MAX) /* in the next turn, whatever it waits for */
		c->io.wants = EPOLLIN | EPOLLOUT;
	/* while the engine thinks only the end of the connection is of interest */
	if (loop_watch(c->web->loop, &c->io.fd, c->io.wants))
		web_conn_close(c);
}

/* ---- events ---- */

static void ready(struct loop_fd *f, uint32_t events)
{
	struct web_conn *c = f->ctx;

	if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		web_conn_close(c);
	else
		web_conn_work(c);
}

static void late(struct loop_timer *t)
{
	struct web_conn *c = t->ctx;

	if (c->phase == WEB_SHAKES || c->phase == WEB_LINGERS || c->phase == WEB_SENDS ||
		(c->phase == WEB_HEAD && !c->in_len)) {
		web_conn_close(c);
		return;
	}
	if (c->phase == WEB_HEAD || c->phase == WEB_BODY)
		web_conn_refuse(c, &web_problem_slow);
	else
		c->places->side->late(c);
	web_conn_work(c);
}

struct web_conn *web_conn_new(struct web_listener *l, int fd, const struct addr *client)
{
	struct web_conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->io.fd = (struct loop_fd){.fd = fd, .ready = ready, .ctx = c};
	c->timer.fire = late;
	c->timer.ctx = c;
	c->web = l->web;
	c->places = l->places;
	c->client = *client;
	c->io.ssl = l->tls ? web_tls_open(&l->web->tls, fd) : NULL;
	if ((l->tls && !c->io.ssl) || loop_watch(l->web->loop, &c->io.fd, EPOLLIN)) {
		web_tls_close(&l->web->tls, c->io.ssl, false);
		free(c);
		return NULL;
	}
	web_conn_phase(c, l->tls ? WEB_SHAKES : WEB_HEAD, l->tls ? SHAKE_MS : HEAD_MS);
	return c;
}
