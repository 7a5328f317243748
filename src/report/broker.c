// SPDX-License-Identifier: GPL-2.0-or-later
/* broker - connecting, publishing, keeping alive, and trying again. */
#include "report/report.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/str.h"
#include "wire/mqtt_session.h"

#define PACKET_MAX 8192 /* of one PUBLISH: LIMIT_REPORT_PART and its topic */

enum stage { OFF, CONNECTING, GREETING, READY };

struct broker {
	struct loop *loop;
	struct broker_config config;
	void (*state)(void *ctx, bool connected, const char *text);
	void *ctx;
	enum stage stage;
	struct loop_fd fd;
	struct loop_timer timer;
	nstime pause;	 /* before the next try */
	bool pinged;	 /* and not answered yet */
	uint8_t in[MQTT_REPLY_MAX];
	size_t in_len;
	uint8_t *out; /* BROKER_OUT_MAX, while connected */
	size_t out_len, out_sent;
};

static void connect_now(struct broker *b);

/* ---- ends ---- */

static void hang_up(struct broker *b)
{
	int fd = b->fd.fd;

	if (fd >= 0) {
		loop_unwatch(&b->fd);
		close(fd);
		b->fd.fd = -1;
	}
	loop_disarm(&b->timer);
	free(b->out);
	b->out = NULL;
	b->out_len = b->out_sent = b->in_len = 0;
	b->pinged = false;
	b->stage = OFF;
}

static void failed(struct broker *b, const char *text)
{
	hang_up(b);
	b->pause = b->pause ? b->pause * 2 : BROKER_RETRY;
	if (b->pause > BROKER_RETRY_MAX)
		b->pause = BROKER_RETRY_MAX;
	loop_arm(b->loop, &b->timer, b->pause);
	b->state(b->ctx, false, text);
}

/* ---- sending ---- */

static void flush(struct broker *b)
{
	while (b->out_sent < b->out_len) {
		ssize_t n = send(b->fd.fd, b->out + b->out_sent, b->out_len - b->out_sent,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			failed(b, error_text(-errno));
			return;
		}
		b->out_sent += (size_t)n;
	}
	if (b->out_sent == b->out_len)
		b->out_sent = b->out_len = 0;
	if (loop_watch(b->loop, &b->fd, EPOLLIN | (b->out_len ? EPOLLOUT : 0)))
		failed(b, error_text(-ENOMEM));
}

static int queue(struct broker *b, const struct writer *w)
{
	if (w->error)
		return w->error;
	if (b->out_sent) {
		memmove(b->out, b->out + b->out_sent, b->out_len - b->out_sent);
		b->out_len -= b->out_sent;
		b->out_sent = 0;
	}
	if (w->len > BROKER_OUT_MAX - b->out_len)
		return -EAGAIN;
	memcpy(b->out + b->out_len, w->start, w->len);
	b->out_len += w->len;
	return 0;
}

static int put_publish(struct broker *b, const char *topic, const char *payload)
{
	uint8_t buf[PACKET_MAX];
	struct writer w = writer_of(buf, sizeof(buf));

	mqtt_put_publish(&w, topic, payload, true);
	return queue(b, &w);
}

int broker_publish(struct broker *b, const char *topic, const char *payload)
{
	int error = b->stage == READY ? put_publish(b, topic, payload) : -ENOTCONN;

	if (!error)
		flush(b);
	else if (error == -EAGAIN) /* all is said anew once it is back */
		failed(b, "the broker reads too slowly");
	return error;
}

/* ---- the connection ---- */

static void greet(struct broker *b)
{
	const struct broker_config *c = &b->config;
	const struct mqtt_hello hello = {.client_id = c->client_id,
		.user = c->user,
		.password = c->password,
		.will_topic = c->will_topic,
		.will = c->will,
		.keep_alive_s = BROKER_KEEP_ALIVE_S};
	uint8_t buf[PACKET_MAX];
	struct writer w = writer_of(buf, sizeof(buf));
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(b->fd.fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	b->out = error ? NULL : malloc(BROKER_OUT_MAX);
	if (error || !b->out) {
		failed(b, error ? error_text(-error) : error_text(-ENOMEM));
		return;
	}
	mqtt_put_connect(&w, &hello);
	error = queue(b, &w);
	if (error) {
		failed(b, error_text(error));
		return;
	}
	b->stage = GREETING;
	flush(b);
}

static void welcome(struct broker *b, uint8_t code)
{
	char text[LIMIT_TEXT];

	if (code) {
		(void)str_print(text, sizeof(text), "the broker refuses: %s",
			mqtt_code_text(code));
		failed(b, text);
		return;
	}
	b->stage = READY;
	b->pause = 0;
	loop_arm(b->loop, &b->timer, BROKER_KEEP_ALIVE_S * NS_PER_SEC * 3 / 4);
	(void)!put_publish(b, b->config.will_topic, b->config.birth);
	flush(b);
	if (b->stage == READY)
		b->state(b->ctx, true, NULL);
}

static void take(struct broker *b)
{
	struct cursor c = cursor_of(b->in, b->in_len);
	struct mqtt_reply r;
	int error;

	while (!(error = mqtt_parse_reply(&c, &r))) {
		if (r.type == MQTT_TYPE_PINGRESP && b->stage == READY)
			b->pinged = false;
		else if (r.type == MQTT_TYPE_CONNACK && b->stage == GREETING)
			welcome(b, r.code);
		else
			error = CARDEA_EMALFORMED;
		if (error || b->stage == OFF)
			break;
	}
	if (b->stage == OFF)
		return;
	if (error != CARDEA_ETRUNCATED) {
		failed(b, "what answers there is no MQTT broker");
		return;
	}
	b->in_len = cursor_left(&c);
	memmove(b->in, c.pos, b->in_len);
}

static void ready(struct loop_fd *f, uint32_t events)
{
	struct broker *b = f->ctx;
	ssize_t n;

	if (b->stage == CONNECTING) {
		greet(b);
		return;
	}
	if (events & EPOLLOUT)
		flush(b);
	if (b->stage == OFF || !(events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		return;
	n = recv(f->fd, b->in + b->in_len, sizeof(b->in) - b->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		failed(b, n ? error_text(-errno) : "the broker hung up");
		return;
	}
	b->in_len += (size_t)n;
	take(b);
}

static int open_socket(const struct broker_config *c)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(c->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(c->port)};
	bool four = c->addr.family == 4;
	int fd = socket(four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	memcpy(four ? (void *)&in.sin_addr : (void *)&in6.sin6_addr, c->addr.b, four ? 4 : 16);
	if (connect(fd, four ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
		    four ? sizeof(in) : sizeof(in6)) &&
		errno != EINPROGRESS) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static void connect_now(struct broker *b)
{
	int fd = open_socket(&b->config);

	if (fd < 0) {
		failed(b, error_text(fd));
		return;
	}
	b->fd.fd = fd;
	b->fd.ready = ready;
	b->fd.ctx = b;
	b->stage = CONNECTING;
	if (loop_watch(b->loop, &b->fd, EPOLLOUT)) {
		failed(b, error_text(-ENOMEM));
		return;
	}
	loop_arm(b->loop, &b->timer, BROKER_WAIT);
}

/* 3.1.2.10: silence of one and a half times the keep alive ends it at the broker; an answer
 * to a ping that is not there by the next one does so here. */
static void keep_alive(struct broker *b)
{
	uint8_t buf[4];
	struct writer w = writer_of(buf, sizeof(buf));

	if (b->pinged) {
		failed(b, "the broker no longer answers");
		return;
	}
	mqtt_put_ping(&w);
	b->pinged = true;
	loop_arm(b->loop, &b->timer, BROKER_KEEP_ALIVE_S * NS_PER_SEC * 3 / 4);
	if (!queue(b, &w))
		flush(b);
}

static void fire(struct loop_timer *t)
{
	struct broker *b = t->ctx;

	if (b->stage == OFF)
		connect_now(b);
	else if (b->stage == READY)
		keep_alive(b);
	else
		failed(b, "the broker did not answer in time");
}

int broker_new(struct loop *l, const struct broker_config *c,
	void (*state)(void *, bool, const char *), void *ctx, struct broker **ret)
{
	struct broker *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->loop = l;
	b->config = *c;
	b->state = state;
	b->ctx = ctx;
	b->fd.fd = -1;
	b->timer.fire = fire;
	b->timer.ctx = b;
	loop_arm(l, &b->timer, 0);
	*ret = b;
	return 0;
}

void broker_free(struct broker *b)
{
	uint8_t buf[4];
	struct writer w = writer_of(buf, sizeof(buf));

	if (!b)
		return;
	if (b->stage == READY) { /* a farewell keeps the will back: it is said by us */
		mqtt_put_disconnect(&w);
		(void)!put_publish(b, b->config.will_topic, b->config.will);
		(void)!queue(b, &w);
		flush(b);
	}
	hang_up(b);
	free(b);
}
