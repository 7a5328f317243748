// SPDX-License-Identifier: GPL-2.0-or-later
/* web_devices - what devices ask: a question to the engine, its body in parts behind it, and
 * one answer. */
#include <stdlib.h>
#include <string.h>
#include "proc/web_conn.h"

/* A device fetches a nonce, sends three objects, looks at its state: 4 connections. */
#define CONNS_PER_CLIENT 4
#define REQUESTS_MAX 32
/* For LIMIT_WEB_BODY over the thinnest radio of a house: 32 kbit/s need 8 s. */
#define BODY_MS 20000
/* The engine answers within milliseconds, or is busy with a change of all rules. */
#define ASKED_MS 15000
/* Answers are short. */
#define KERNEL_KEEPS (16 * 1024)

static void drop(struct web_conn *c)
{
	free(c->question.body);
	c->question.body = NULL;
	c->question.body_len = 0;
}

static void answer(struct web_conn *c, const struct web_answer *a, const void *body)
{
	char octets[WEB_OUT_HEAD_MAX];
	nstime wall = clock_wall(loop_clock(c->web->loop));
	struct str_text head = {.buf = octets, .size = sizeof octets};

	head.len = web_http_head(a, wall, octets);
	drop(c);
	c->last = !a->keep_alive;
	web_conn_send(c, &head, body, c->question.request.head_only ? 0 : a->length);
}

static void refuse(struct web_conn *c, const struct web_problem *p)
{
	char text[WEB_PROBLEM_MAX];
	struct web_answer a = {.status = p->status, .media = WEB_MEDIA_PROBLEM,
		.retry_s = p->retry_s, .field = p->field,
		.length = web_http_problem(p, text)};

	answer(c, &a, text);
}

/* ---- the engine ---- */

static bool send_message(struct web *w)
{
	return w->send(w->ctx, &w->out) == 0;
}

static bool send_body(struct web_conn *c)
{
	struct message_web_part *m = &c->web->out.web_part;
	struct web_question *q = &c->question;

	for (size_t at = 0; at < q->body_len; at += m->octets.len) {
		size_t left = q->body_len - at;

		c->web->out.type = MESSAGE_WEB_PART;
		m->id = c->asked;
		m->octets.len = (uint16_t)(left < LIMIT_WEB_CHUNK ? left : LIMIT_WEB_CHUNK);
		memcpy(m->octets.bytes, q->body + at, m->octets.len);
		if (!send_message(c->web))
			return false;
	}
	return true;
}

static void ask(struct web_conn *c)
{
	const struct web_request *r = &c->question.request;
	struct message_web_ask *m = &c->web->out.web_ask;

	c->asked = ++c->web->last_id;
	memset(m, 0, sizeof *m);
	c->web->out.type = MESSAGE_WEB_ASK;
	m->id = c->asked;
	m->client = c->client;
	m->secure = c->io.ssl != NULL;
	m->from_page = r->from_page;
	m->kind = (uint8_t)r->kind;
	m->media = (uint8_t)r->media;
	m->wanted = (uint8_t)r->wanted;
	m->length = r->length;
	memcpy(m->text, r->text, sizeof m->text);
	web_conn_phase(c, WEB_ASKED, ASKED_MS);
	/* a body is sent whole behind its question, or the channel is gone */
	if (!send_message(c->web) || !send_body(c))
		web_conn_refuse(c, &web_problem_engine);
	drop(c);
}

static void answered(struct web_conn *c, const struct message_web_reply *m)
{
	struct web_answer a = {.status = m->status, .media = (enum web_media)m->media,
		.retry_s = m->retry_s, .length = m->octets.len,
		.keep_alive = c->question.request.keep_alive && c->served < REQUESTS_MAX};

	answer(c, &a, m->octets.bytes);
	web_conn_work(c);
}

int web_devices_reply(struct web *w, const struct message_web_reply *m)
{
	if (m->media >= WEB_MEDIA_MAX || m->status < 200 || m->status > 599)
		return CARDEA_EMALFORMED;
	for (unsigned i = 0; i < WEB_CONNS_MAX; i++) {
		struct web_conn *c = w->devices.conns[i];

		if (c && c->phase == WEB_ASKED && c->asked == m->id) {
			answered(c, m);
			break;
		}
	}
	return 0;
}

/* ---- reading ---- */

/* What of the body came with the head. */
static bool begin_body(struct web_conn *c)
{
	struct web_question *q = &c->question;
	size_t len = c->in_len < q->request.length ? c->in_len : q->request.length;

	q->body = malloc(q->request.length);
	if (!q->body)
		return false;
	memcpy(q->body, c->in, len);
	q->body_len = len;
	web_conn_consume(c, len);
	web_conn_phase(c, WEB_BODY, BODY_MS);
	return !q->request.expects_continue || len == q->request.length ||
	       web_conn_continue(c);
}

static bool take(struct web_conn *c)
{
	struct web_question *q = &c->question;
	const struct web_problem *problem = NULL;
	enum web_read r = web_http_read(
		&web_face_devices, c->in, c->in_len, &q->request, &problem);

	if (r == WEB_READ_MORE)
		return false;
	c->served++;
	if (r == WEB_READ_PROBLEM) {
		q->request.head_only = false;
		web_conn_refuse(c, problem);
		return true;
	}
	web_conn_consume(c, q->request.head_len);
	if (!web_limit_admit(&c->places->limit, &c->places->side->rates, &c->client, 1,
		    loop_now(c->web->loop)))
		web_conn_refuse(c, &web_problem_often);
	else if (!q->request.length)
		ask(c);
	else if (!begin_body(c))
		web_conn_refuse(c, &web_problem_engine);
	return true;
}

static bool step(struct web_conn *c)
{
	struct web_question *q = &c->question;

	if (c->phase != WEB_BODY)
		return false;
	size_t left = q->request.length - q->body_len;
	ssize_t n = left ? web_octets_in(&c->io, q->body + q->body_len, left) : 0;

	if (n > 0)
		q->body_len += (size_t)n;
	if (q->body_len == q->request.length) {
		ask(c);
		return true;
	}
	c->last = n < 0;
	return n > 0;
}

static void late(struct web_conn *c)
{
	c->question.request.head_only = false;
	web_conn_refuse(c, &web_problem_engine);
}

/* Chosen: a device that fetches a nonce, sends three objects and looks at its state, each
 * over a TLS connection of its own, costs 15; four times that at once is plenty, and once
 * a second for ever, too. For all of the house: a router's processor does some hundred
 * handshakes a second. */
const struct web_side web_side_devices = {
	.per_client = CONNS_PER_CLIENT,
	.requests_max = REQUESTS_MAX,
	.rates = {.rate = 4, .burst = 60, .all_rate = 50, .all_burst = 200},
	.cost_clear = 1,
	.cost_tls = 2,
	.kept = KERNEL_KEEPS,
	.take = take,
	.step = step,
	.late = late,
	.refuse = refuse,
	.drop = drop,
};
