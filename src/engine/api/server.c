// SPDX-License-Identifier: GPL-2.0-or-later
/* Clients of the control API: read one request, answer, close; followers stay. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/log.h"
#include "engine/api/server.h"

void api_client_drop(struct api_client *c)
{
	int fd = c->fd.fd;

	if (!c->api)
		return;
	if (c->follow)
		c->api->followers--;
	if (c->stream)
		c->api->streams--;
	if (c->limited)
		c->api->limited--;
	loop_disarm(&c->idle);
	loop_unwatch(&c->fd);
	if (fd >= 0)
		close(fd);
	free(c->in);
	free(c->out);
	memset(c, 0, sizeof(*c));
	c->fd.fd = -1;
}

void api_client_flush(struct api_client *c)
{
	while (c->out_sent < c->out_len) {
		ssize_t n = send(c->fd.fd, c->out + c->out_sent, c->out_len - c->out_sent,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (loop_watch(c->fd.loop, &c->fd, EPOLLIN | EPOLLOUT))
				api_client_drop(c);
			return;
		}
		if (n < 0) {
			api_client_drop(c);
			return;
		}
		c->out_sent += (size_t)n;
	}
	c->out_len = c->out_sent = 0;
	if (!c->follow)
		api_client_drop(c);
	else if (loop_watch(c->fd.loop, &c->fd, EPOLLIN))
		api_client_drop(c);
}

/* False: no memory, or a follower that lags too far behind. */
bool api_client_queue(struct api_client *c, const char *data, size_t len, size_t limit)
{
	char *out;

	if (c->out_len - c->out_sent + len > limit)
		return false;
	if (c->out_sent) {
		memmove(c->out, c->out + c->out_sent, c->out_len - c->out_sent);
		c->out_len -= c->out_sent;
	}
	c->out_sent = 0;
	out = realloc(c->out, c->out_len + len);
	if (!out)
		return false;
	c->out = out;
	memcpy(c->out + c->out_len, data, len);
	c->out_len += len;
	return true;
}

/* RFC 9110 6.4.1 */
static bool has_content(unsigned status)
{
	return status != 204 && status != 304;
}

static bool is_head(const struct api_request *r)
{
	return r->head && http_str_equal(r->head->method, "HEAD");
}

static void reply(struct api_client *c, struct api_request *r)
{
	const char *body = jsonw_text(&r->json);
	char head[256];

	if (!body) {
		r->status = 500;
		body = "{\"schema\":\"cardea.error/1\",\"error\":\"the answer is too "
		       "large\",\"next\":\"ask for less, with limit=\"}";
	}
	(void)str_print(head, sizeof(head),
		"HTTP/1.1 %u %s\r\nContent-Type: %s\r\nConnection: close\r\n", r->status,
		api_reason(r->status), r->type ? r->type : "application/json");
	c->answered = true;
	c->follow = r->follow && r->status == 200 && !is_head(r);
	c->follow_device = r->follow_device;
	c->who = r->who;
	if (c->follow)
		c->api->followers++;
	if (c->follow && r->stream)
		body = api_stream_begin(c, r);
	if (!api_client_queue(c, head, strlen(head), API_REPLY_MAX) ||
		!api_client_queue(c, r->headers, strlen(r->headers), API_REPLY_MAX))
		goto fail;
	(void)str_print(head, sizeof(head), "Content-Length: %zu\r\n", strlen(body) + 1);
	if (!c->follow && has_content(r->status) &&
		!api_client_queue(c, head, strlen(head), API_REPLY_MAX))
		goto fail;
	if (!api_client_queue(c, "\r\n", 2, API_REPLY_MAX))
		goto fail;
	if (has_content(r->status) && !is_head(r) &&
		(!api_client_queue(c, body, strlen(body), API_REPLY_MAX) ||
			(body[0] && !api_client_queue(c, "\n", 1, API_REPLY_MAX))))
		goto fail;
	if (!api_client_hold(c, r))
		api_client_flush(c);
	return;
fail:
	api_client_drop(c);
}

void api_client_answer(struct api_client *c, struct api_request *r)
{
	struct api *a = c->api;
	bool stop, stop_open;

	r->pipeline = a->pipeline;
	r->client = c;
	loop_disarm(&c->idle);
	if (r->head && r->status < 300)
		api_stream_request(a, r);
	if (r->change)
		api_stream_noted(a);
	reply(c, r);
	if (c->held)
		loop_arm(a->pipeline->loop, &c->idle, API_IN_FORCE);
	else if (c->api && !c->follow) /* one that does not read holds a place for others */
		loop_arm(a->pipeline->loop, &c->idle, API_IDLE_S * NS_PER_SEC);
	else if (c->api && c->stream)
		api_stream_pump(c);
	stop = r->stop;
	stop_open = r->stop_open;
	api_done(r);
	if (stop)
		a->stop(a->ctx, stop_open);
}

static void refuse(struct api_client *c, unsigned status, const char *next,
	const char *what)
{
	struct api_request r = {.status = status};

	jsonw_init_buffer(&r.json, API_REPLY_MAX);
	api_fail(&r, status, next, "%s", what);
	api_client_answer(c, &r);
}

static struct api_request request_of(struct api_client *c, const struct http_head *h)
{
	return (struct api_request){.pipeline = c->api->pipeline,
		.client = c,
		.head = h,
		.body_len = (size_t)h->content_length,
		.answers = &c->api->answers,
		.limited = c->limited,
		.by_pipe = c->pipe,
		.from = c->from};
}

static void serve(struct api_client *c, const struct http_head *h, const char *body)
{
	struct api_request r = request_of(c, h);

	r.body = body;
	if (api_access(&r))
		api_dispatch(&r);
	if (r.later)
		api_client_park(c, &r);
	else
		api_client_answer(c, &r);
}

/* What is large, he alone may send who may use it: the others are many. */
static size_t body_max(struct api_client *c, const struct http_head *h)
{
	struct api_request r = request_of(c, h);
	struct api_route route;
	unsigned methods;
	bool large = !c->limited &&
		     !api_route_find(h, r.object, sizeof(r.object), &route, &methods) &&
		     route.large && api_access(&r) && (r.roles & route.roles);

	api_done(&r);
	return large ? API_BODY_LARGE_MAX : API_BODY_MAX;
}

/* Who it is, is looked for once and not with each octet that comes: somebody sends a body in
 * as many pieces as it has. Whoever may no longer is refused when it is whole. */
static size_t may_send(struct api_client *c, const struct http_head *h)
{
	if (!c->body_max)
		c->body_max = body_max(c, h);
	return c->body_max;
}

/* Room for the body that was announced. */
static bool make_room(struct api_client *c, uint64_t body)
{
	size_t size = HTTP_HEAD_MAX + (size_t)body;
	char *in;

	if (size <= c->in_size)
		return true;
	in = realloc(c->in, size);
	if (!in)
		return false;
	c->in = in;
	c->in_size = size;
	return true;
}

static void try_request(struct api_client *c)
{
	struct cursor in = cursor_of(c->in, c->in_len);
	struct http_head h;
	int error = http_parse_request(&in, &h);

	if (error == CARDEA_ETRUNCATED && c->in_len < HTTP_HEAD_MAX)
		return; /* more to come */
	if (error)
		refuse(c, 400, "send an HTTP/1.1 request", "this is no HTTP request");
	else if (h.content_length > may_send(c, &h))
		refuse(c, 413, "send at most 16 KiB; a profile may have 256",
			"the body is too large");
	else if (cursor_left(&in) >= h.content_length)
		serve(c, &h, (const char *)in.pos);
	else if (!make_room(c, h.content_length)) /* h points into what was there */
		api_client_drop(c);
}

static void client_ready(struct loop_fd *f, uint32_t events)
{
	struct api_client *c = f->ctx;
	ssize_t n;

	if (events & EPOLLOUT) {
		api_client_flush(c);
		if (c->stream && !c->out_len)
			api_stream_pump(c);
		return;
	}
	n = recv(f->fd, c->in + c->in_len, c->in_size - c->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && c->held) { /* it has said all, and may still listen */
		api_client_let_go(c);
		return;
	}
	if (n <= 0) {
		api_client_drop(c);
		return;
	}
	if (c->answered)
		return; /* a follower has nothing more to say */
	c->in_len += (size_t)n;
	try_request(c);
}

static void client_idle(struct loop_timer *t)
{
	struct api_client *c = t->ctx;

	if (c->held)
		api_client_let_go(c);
	else
		api_client_drop(c);
}

static bool is_root(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.uid == 0;
}

/* A free place among those, or NULL. */
static struct api_client *place(struct api *a, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (!a->slots[i] && (a->slots[i] = calloc(1, sizeof(*a->slots[i]))))
			a->slots[i]->fd.fd = -1;
		if (a->slots[i] && !a->slots[i]->api)
			return a->slots[i];
	}
	return NULL;
}

struct api_client *api_client_admit(struct api *a, int fd, bool limited, bool pipe)
{
	struct api_client *c = NULL;

	if (pipe)
		c = place(a, API_CLIENTS_MAX, API_SLOTS);
	else if (!limited || a->limited < API_LIMITED_MAX) /* places are left for root */
		c = place(a, 0, API_CLIENTS_MAX);
	if (!c || !(c->in = malloc(HTTP_HEAD_MAX + API_BODY_MAX))) {
		close(fd);
		return NULL;
	}
	c->api = a;
	c->in_size = HTTP_HEAD_MAX + API_BODY_MAX;
	c->limited = limited;
	c->pipe = pipe;
	a->limited += limited;
	c->fd.fd = fd;
	c->fd.ready = client_ready;
	c->fd.ctx = c;
	c->idle.fire = client_idle;
	c->idle.ctx = c;
	if (loop_watch(a->pipeline->loop, &c->fd, EPOLLIN)) {
		api_client_drop(c);
		return NULL;
	}
	loop_arm(a->pipeline->loop, &c->idle, API_IDLE_S * NS_PER_SEC);
	return c;
}

static void admit(struct api *a, int fd, bool limited)
{
	struct api_client *c = api_client_admit(a, fd, limited, false);

	/* The socket's mode keeps others out; this holds where the mode was changed.
	 * Who may tell identities is a matter of the mode alone. */
	if (c && !limited && !is_root(fd))
		refuse(c, 403, "run it as root, or with sudo",
			"only root may speak to the control socket");
}

static void listener_ready(struct loop_fd *f, uint32_t events)
{
	struct api *a = f->ctx;
	int fd;

	(void)events;
	while ((fd = accept4(f->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		admit(a, fd, f == &a->identities);
}

int api_new(struct pipeline *p, void (*stop)(void *, bool), void *ctx, struct api **ret)
{
	struct api *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->pipeline = p;
	a->stop = stop;
	a->ctx = ctx;
	a->listener.fd = a->identities.fd = -1;
	p->web_open = api_pipe_open;
	p->in_force = api_in_force;
	p->web_ctx = a;
	api_later_open(a);
	*ret = a;
	return 0;
}

static int listen_at(struct api *a, struct loop_fd *at, int fd)
{
	if (at->fd >= 0) {
		close(fd);
		return 0;
	}
	at->fd = fd;
	at->ready = listener_ready;
	at->ctx = a;
	return loop_watch(a->pipeline->loop, at, EPOLLIN);
}

int api_listen(struct api *a, int fd)
{
	return listen_at(a, &a->listener, fd);
}

int api_listen_identities(struct api *a, int fd)
{
	return listen_at(a, &a->identities, fd);
}

static void unlisten(struct loop_fd *at)
{
	int fd = at->fd;

	loop_unwatch(at);
	if (fd >= 0)
		close(fd);
}

void api_free(struct api *a)
{
	if (!a)
		return;
	a->pipeline->web_open = NULL;
	a->pipeline->in_force = NULL;
	api_later_close(a);
	loop_disarm(&a->soon);
	for (size_t i = 0; i < API_SLOTS; i++) {
		if (a->slots[i])
			api_client_drop(a->slots[i]);
		free(a->slots[i]);
	}
	api_answers_free(&a->answers);
	unlisten(&a->listener);
	unlisten(&a->identities);
	free(a);
}

void api_event(struct api *a, const struct event *e)
{
	struct jsonw j;
	const char *line;

	if (!a || !a->followers)
		return;
	api_stream_event(a, e);
	if (a->followers == a->streams)
		return;
	jsonw_init_buffer(&j, API_FOLLOW_QUEUE);
	api_write_event(&j, a->pipeline, e);
	line = jsonw_text(&j);
	for (size_t i = 0; line && i < API_SLOTS; i++) {
		struct api_client *c = a->slots[i];

		if (!c || !c->api || !c->follow || c->stream ||
			(c->follow_device && c->follow_device != e->device))
			continue;
		if (api_client_may(c) &&
			api_client_queue(c, line, strlen(line), API_FOLLOW_QUEUE) &&
			api_client_queue(c, "\n", 1, API_FOLLOW_QUEUE + 1))
			api_client_flush(c);
		else
			api_client_drop(c);
	}
	jsonw_free(&j);
}
