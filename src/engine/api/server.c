// SPDX-License-Identifier: GPL-2.0-or-later
/* Clients of the control socket: read one request, answer, close; followers stay. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/log.h"
#include "engine/api/api_priv.h"

struct api_client {
	struct loop_fd fd;
	struct loop_timer idle;
	struct api *api; /* NULL: free slot */
	char *in;
	size_t in_len, in_size; /* HTTP_HEAD_MAX + API_BODY_MAX, more once it is said */
	char *out;
	size_t out_len, out_sent;
	bool follow, answered;
	bool limited; /* came by the socket for identities */
	device_id follow_device;
};

struct api {
	struct pipeline *pipeline;
	struct loop_fd listener, identities;
	void (*stop)(void *ctx, bool open_network);
	void *ctx;
	struct api_client clients[API_CLIENTS_MAX];
	unsigned followers, limited;
};

static void drop(struct api_client *c)
{
	int fd = c->fd.fd;

	if (!c->api)
		return;
	if (c->follow)
		c->api->followers--;
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

static void flush(struct api_client *c)
{
	while (c->out_sent < c->out_len) {
		ssize_t n = send(c->fd.fd, c->out + c->out_sent, c->out_len - c->out_sent,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (loop_watch(c->fd.loop, &c->fd, EPOLLIN | EPOLLOUT))
				drop(c);
			return;
		}
		if (n < 0) {
			drop(c);
			return;
		}
		c->out_sent += (size_t)n;
	}
	c->out_len = c->out_sent = 0;
	if (!c->follow)
		drop(c);
	else if (loop_watch(c->fd.loop, &c->fd, EPOLLIN))
		drop(c);
}

/* False: no memory, or a follower that lags too far behind. */
static bool queue(struct api_client *c, const char *data, size_t len, size_t limit)
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

static const char *reason(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 409:
		return "Conflict";
	case 413:
		return "Content Too Large";
	default:
		return "Error";
	}
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
		"HTTP/1.1 %u %s\r\nContent-Type: application/json\r\n"
		"Connection: close\r\n",
		r->status, reason(r->status));
	c->answered = true;
	c->follow = r->follow && r->status == 200;
	c->follow_device = r->follow_device;
	if (c->follow)
		c->api->followers++;
	if (!queue(c, head, strlen(head), API_REPLY_MAX))
		goto fail;
	(void)str_print(head, sizeof(head), "Content-Length: %zu\r\n", strlen(body) + 1);
	if (!c->follow && !queue(c, head, strlen(head), API_REPLY_MAX))
		goto fail;
	if (!queue(c, "\r\n", 2, API_REPLY_MAX) ||
		!queue(c, body, strlen(body), API_REPLY_MAX) ||
		(body[0] && !queue(c, "\n", 1, API_REPLY_MAX)))
		goto fail;
	flush(c);
	return;
fail:
	drop(c);
}

static void answer(struct api_client *c, struct api_request *r)
{
	struct api *a = c->api;
	bool stop, stop_open;

	r->pipeline = a->pipeline;
	r->client = c;
	loop_disarm(&c->idle);
	reply(c, r);
	if (c->api && !c->follow) /* one that does not read holds a place for others */
		loop_arm(a->pipeline->loop, &c->idle, API_IDLE_S * NS_PER_SEC);
	stop = r->stop;
	stop_open = r->stop_open;
	jsonw_free(&r->json);
	if (stop)
		a->stop(a->ctx, stop_open);
}

static void refuse(struct api_client *c, unsigned status, const char *next,
	const char *what)
{
	struct api_request r = {.status = status};

	jsonw_init_buffer(&r.json, API_REPLY_MAX);
	api_fail(&r, status, next, "%s", what);
	answer(c, &r);
}

static void serve(struct api_client *c, const struct http_head *h, const char *body)
{
	struct api_request r = {.pipeline = c->api->pipeline,
		.client = c,
		.head = h,
		.body = body,
		.body_len = (size_t)h->content_length,
		.status = 200,
		.limited = c->limited};
	const struct api_route *route = api_route_find(h, r.object, sizeof(r.object));

	if (c->limited && (!route || route->answer != api_add_identity)) {
		refuse(c, 403, "as root use the control socket",
			"by this socket come identities alone");
		return;
	}
	if (!route) {
		refuse(c, 404, "see docs/api.md for what there is", "no such route");
		return;
	}
	jsonw_init_buffer(&r.json, API_REPLY_MAX);
	route->answer(&r);
	answer(c, &r);
}

static size_t body_max(const struct api_client *c, const struct http_head *h)
{
	char object[LIMIT_NAME];
	const struct api_route *route = api_route_find(h, object, sizeof(object));

	return !c->limited && route && route->large ? API_BODY_LARGE_MAX : API_BODY_MAX;
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
	else if (h.content_length > body_max(c, &h))
		refuse(c, 413, "send at most 16 KiB; a profile may have 256",
			"the body is too large");
	else if (cursor_left(&in) >= h.content_length)
		serve(c, &h, (const char *)in.pos);
	else if (!make_room(c, h.content_length)) /* h points into what was there */
		drop(c);
}

static void client_ready(struct loop_fd *f, uint32_t events)
{
	struct api_client *c = f->ctx;
	ssize_t n;

	if (events & EPOLLOUT) {
		flush(c);
		return;
	}
	n = recv(f->fd, c->in + c->in_len, c->in_size - c->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(c);
		return;
	}
	if (c->answered)
		return; /* a follower has nothing more to say */
	c->in_len += (size_t)n;
	try_request(c);
}

static void client_idle(struct loop_timer *t)
{
	drop(t->ctx);
}

static bool is_root(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.uid == 0;
}

static void admit(struct api *a, int fd, bool limited)
{
	struct api_client *c = NULL;
	/* places are left for root */
	bool full = limited && a->limited == API_LIMITED_MAX;

	for (size_t i = 0; i < API_CLIENTS_MAX && !c && !full; i++)
		if (!a->clients[i].api)
			c = &a->clients[i];
	if (!c || !(c->in = malloc(HTTP_HEAD_MAX + API_BODY_MAX))) {
		close(fd);
		return;
	}
	c->api = a;
	c->in_size = HTTP_HEAD_MAX + API_BODY_MAX;
	c->limited = limited;
	a->limited += limited;
	c->fd.fd = fd;
	c->fd.ready = client_ready;
	c->fd.ctx = c;
	c->idle.fire = client_idle;
	c->idle.ctx = c;
	if (loop_watch(a->pipeline->loop, &c->fd, EPOLLIN)) {
		drop(c);
		return;
	}
	loop_arm(a->pipeline->loop, &c->idle, API_IDLE_S * NS_PER_SEC);
	/* The socket's mode keeps others out; this holds where the mode was changed.
	 * Who may tell identities is a matter of the mode alone. */
	if (!limited && !is_root(fd))
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
	for (size_t i = 0; i < API_CLIENTS_MAX; i++)
		drop(&a->clients[i]);
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
	jsonw_init_buffer(&j, API_FOLLOW_QUEUE);
	api_write_event(&j, a->pipeline, e);
	line = jsonw_text(&j);
	for (size_t i = 0; line && i < API_CLIENTS_MAX; i++) {
		struct api_client *c = &a->clients[i];

		if (!c->api || !c->follow ||
			(c->follow_device && c->follow_device != e->device))
			continue;
		if (queue(c, line, strlen(line), API_FOLLOW_QUEUE) &&
			queue(c, "\n", 1, API_FOLLOW_QUEUE + 1))
			flush(c);
		else
			drop(c);
	}
	jsonw_free(&j);
}
