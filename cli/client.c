// SPDX-License-Identifier: GPL-2.0-or-later
/* client - blocking and small: the program has nothing else to do meanwhile. */
#include "cli/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/str.h"
#include "wire/http.h"

#define READ_BYTES 65536
/* One event is a few hundred bytes; a longer line is none of ours. */
#define LINE_BYTES_MAX 65536

struct client_stream {
	int fd;
	unsigned status;
	char *buf; /* LINE_BYTES_MAX + HTTP_HEAD_MAX, and a NUL */
	size_t at, len;
};

#define STREAM_BYTES (LINE_BYTES_MAX + HTTP_HEAD_MAX)

static void append(struct client_target *t, const char *text)
{
	size_t len = strlen(text);

	if (len >= sizeof(t->text) - t->len) {
		t->overflow = true;
		return;
	}
	memcpy(t->text + t->len, text, len + 1);
	t->len += len;
}

/* RFC 3986 2.3: only unreserved characters stand for themselves. */
static void append_encoded(struct client_target *t, const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._~";
	char one[4];

	for (; *text && !t->overflow; text++) {
		if (strchr(plain, *text))
			(void)str_print(one, sizeof(one), "%c", *text);
		else
			(void)str_print(
				one, sizeof(one), "%%%02X", (unsigned char)*text);
		append(t, one);
	}
}

void client_target_init(struct client_target *t, const char *path)
{
	*t = (struct client_target){0};
	append(t, path);
}

void client_target_segment(struct client_target *t, const char *text)
{
	append(t, "/");
	append_encoded(t, text);
}

void client_target_query(struct client_target *t, const char *key, const char *value)
{
	append(t, t->query ? "&" : "?");
	t->query = true;
	append(t, key);
	append(t, "=");
	append_encoded(t, value);
}

static int set_timeout(int fd, int seconds)
{
	struct timeval tv = {.tv_sec = seconds};

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
			       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv))
		       ? -errno
		       : 0;
}

static int dial(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd, error;

	if (!str_copy(to.sun_path, sizeof(to.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	error = set_timeout(fd, CLIENT_TIMEOUT_S);
	if (!error && connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		error = -errno;
	if (error)
		close(fd);
	return error ? error : fd;
}

static int again(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK ? -ETIMEDOUT : -error;
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return again(errno);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_request(int fd, const struct client_target *t, const char *body)
{
	char head[CLIENT_TARGET_MAX + 256];
	int error = t->overflow ? CARDEA_ELIMIT : 0;

	if (!error)
		error = str_print(head, sizeof(head),
			"%s %s HTTP/1.1\r\nHost: cardea\r\nAccept: application/json\r\n"
			"Connection: close\r\nContent-Length: %zu\r\n\r\n",
			body ? "POST" : "GET", t->text, body ? strlen(body) : 0);
	if (!error)
		error = send_all(fd, head, strlen(head));
	if (!error && body)
		error = send_all(fd, body, strlen(body));
	/* A refusal comes before the request was read: then the answer counts. */
	return error == -EPIPE ? 0 : error;
}

/* Bytes, 0 at the end, or an error. */
static ssize_t receive(int fd, char *buf, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, buf, size, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? again(errno) : n;
}

/* "Cardea-Change: 12", or "12; final": there is no way back. */
static void read_change(const struct http_head *h, struct client_reply *r)
{
	const struct untrusted_str *v = http_header_find(h, "Cardea-Change");
	struct untrusted_str rest = v ? *v : (struct untrusted_str){0}, number = rest;
	char text[24];
	int64_t id;

	r->can_undo = !str_cut(&rest, ';', &number);
	if (v && number.len < sizeof(text) &&
		str_print(text, sizeof(text), "%.*s", (int)number.len, number.bytes) == 0 &&
		str_to_i64(text, 1, UINT32_MAX, &id) == 0)
		r->change = id;
}

/* Whether all of a reply is there; its head is read when it is. */
static int try_reply(struct client_reply *r, size_t len, bool at_end, bool *ret_done)
{
	struct cursor in = cursor_of(r->buffer, len);
	struct http_head h;
	int error = http_parse_response(&in, &h);

	if (error == CARDEA_ETRUNCATED && !at_end && len < HTTP_HEAD_MAX)
		return 0;
	if (error)
		return CARDEA_EPEER;
	if (h.content_length > CLIENT_REPLY_MAX)
		return CARDEA_ELIMIT;
	if (h.has_content_length && cursor_left(&in) < h.content_length)
		return at_end ? CARDEA_EPEER : 0;
	if (!h.has_content_length && !at_end)
		return 0;
	r->status = h.status;
	read_change(&h, r);
	r->body = r->buffer + h.head_len;
	r->body_len =
		h.has_content_length ? (size_t)h.content_length : len - h.head_len;
	r->body[r->body_len] = 0;
	*ret_done = true;
	return 0;
}

static int read_reply(int fd, struct client_reply *r)
{
	size_t len = 0, size = 0;
	bool done = false;
	int error = 0;

	while (!done && !error) {
		ssize_t n;

		if (size - len <= 1) {
			char *more;

			size = size ? 2 * size : READ_BYTES;
			more = realloc(r->buffer, size);
			if (!more)
				return -ENOMEM;
			r->buffer = more;
		}
		n = receive(fd, r->buffer + len, size - len - 1);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (len > CLIENT_REPLY_MAX + HTTP_HEAD_MAX)
			return CARDEA_ELIMIT;
		error = try_reply(r, len, n == 0, &done);
	}
	return error;
}

int client_ask(const char *socket, const struct client_target *t, const char *body,
	struct client_reply *ret)
{
	struct client_reply r = {0};
	int fd = dial(socket), error;

	if (fd < 0)
		return fd;
	error = send_request(fd, t, body);
	if (!error)
		error = read_reply(fd, &r);
	close(fd);
	if (error) {
		client_reply_free(&r);
		return error;
	}
	*ret = r;
	return 0;
}

void client_reply_free(struct client_reply *r)
{
	free(r->buffer);
	*r = (struct client_reply){0};
}

static int read_stream_head(struct client_stream *s)
{
	for (;;) {
		struct cursor in = cursor_of(s->buf, s->len);
		struct http_head h;
		int error = http_parse_response(&in, &h);
		ssize_t n;

		if (!error) {
			s->status = h.status;
			s->at = h.head_len;
			return 0;
		}
		if (error != CARDEA_ETRUNCATED || s->len >= HTTP_HEAD_MAX)
			return CARDEA_EPEER;
		n = receive(s->fd, s->buf + s->len, HTTP_HEAD_MAX - s->len);
		if (n <= 0)
			return n < 0 ? (int)n : CARDEA_EPEER;
		s->len += (size_t)n;
	}
}

int client_follow(
	const char *socket, const struct client_target *t, struct client_stream **ret)
{
	struct client_stream *s = calloc(1, sizeof(*s));
	int error;

	if (!s)
		return -ENOMEM;
	s->fd = dial(socket);
	s->buf = malloc(STREAM_BYTES + 1);
	error = s->fd < 0 ? s->fd : s->buf ? 0 : -ENOMEM;
	if (!error)
		error = send_request(s->fd, t, NULL);
	if (!error)
		error = read_stream_head(s);
	if (!error)
		error = set_timeout(s->fd, 0); /* quiet houses are good houses */
	if (error) {
		client_stream_free(s);
		return error;
	}
	*ret = s;
	return 0;
}

unsigned client_stream_status(const struct client_stream *s)
{
	return s->status;
}

char *client_stream_line(struct client_stream *s)
{
	for (;;) {
		char *start = s->buf + s->at;
		char *end = memchr(start, '\n', s->len - s->at);
		ssize_t n;

		if (end) {
			*end = 0;
			s->at += (size_t)(end - start) + 1;
			return start;
		}
		memmove(s->buf, start, s->len - s->at);
		s->len -= s->at;
		s->at = 0;
		if (s->len == STREAM_BYTES)
			return NULL;
		n = receive(s->fd, s->buf + s->len, STREAM_BYTES - s->len);
		if (n <= 0)
			return NULL;
		s->len += (size_t)n;
	}
}

void client_stream_free(struct client_stream *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->buf);
	free(s);
}
