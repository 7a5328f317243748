// SPDX-License-Identifier: GPL-2.0-or-later
/* web_people - what browsers ask: a file of the pages, or the control API. For that the engine
 * hands out one end of a pipe; one request goes in, its answer comes out (web_pipe.c). */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/str.h"
#include "proc/web_login.h"
#include "proc/web_pipe.h"

/* A browser opens six; a family behind one address has some. */
#define CONNS_PER_CLIENT 16
#define REQUESTS_MAX 500
/* For a body that fits behind its head. */
#define BODY_MS 20000
/* The engine makes a pipe within milliseconds, or is busy with a change of all rules. */
#define OPENS_MS 15000
/* For eight passwords and their pauses on a slow router. */
#define HASHES_MS 25000
/* Files of 90 KiB go out in a few turns of the loop. */
#define KERNEL_KEEPS (64 * 1024)
/* What a request costs: the pages ask for ten files and five answers at a start. */
#define COST_FILE 1
#define COST_API 2
/* Two handshakes of a browser that has lost its ticket, or twenty files. */
#define COST_TLS 8

#define HEAD_MAX 2048 /* of an answer of ours: 700 octets and a name */

static const struct web_problem by_tls = {403, 0, "In clear",
	"Nothing that is secret may come in clear.", "ask by https://", NULL};
static const struct web_problem no_hash = {429, 10, "Too many log in",
	"Passwords are looked at one after the other, and too many wait.",
	"try again in a moment", NULL};
static const struct web_problem no_uploads = {503, 5, "Busy",
	"As many long bodies are being sent as may be at once.", "send it again later", NULL};

/* ---- heads ---- */

static void head_begin(struct web_conn *c, uint16_t status, struct str_text *head)
{
	web_http_begin(head, status, clock_wall(loop_clock(c->web->loop)));
	str_add(head, "%s", web_page_guards);
}

static void head_end(struct web_conn *c, struct str_text *head)
{
	str_add(head, "Connection: %s\r\n\r\n", c->last ? "close" : "keep-alive");
}

static void refuse(struct web_conn *c, const struct web_problem *p)
{
	char octets[HEAD_MAX], text[WEB_PROBLEM_MAX];
	struct str_text head = {.buf = octets, .size = sizeof octets};
	size_t len = web_http_problem(p, text);

	head_begin(c, p->status, &head);
	str_add(&head,
		"Content-Type: application/problem+json\r\nContent-Length: %zu\r\n"
		"Cache-Control: no-store\r\n",
		len);
	if (p->retry_s)
		str_add(&head, "Retry-After: %u\r\n", p->retry_s);
	str_add(&head, "%s", p->field ? p->field : "");
	head_end(c, &head);
	web_conn_send(c, &head, text, c->exchange.request.head_only ? 0 : len);
}

/* Who typed the address without https:// is shown the way. */
static void redirect(struct web_conn *c)
{
	char octets[HEAD_MAX];
	struct str_text head = {.buf = octets, .size = sizeof octets};

	c->last = true;
	head_begin(c, 308, &head);
	str_add(&head, "Location: https://%s/\r\nContent-Length: 0\r\n",
		c->exchange.request.host);
	head_end(c, &head);
	web_conn_send(c, &head, NULL, 0);
}

static void send_file(struct web_conn *c)
{
	const struct web_page_request *r = &c->exchange.request;
	const struct web_files *all = &web_files_embedded;
	const struct web_file *f = r->file;
	char octets[HEAD_MAX];
	struct str_text head = {.buf = octets, .size = sizeof octets};

	head_begin(c, r->unchanged ? 304 : 200, &head);
	str_add(&head, "ETag: %s\r\nCache-Control: %s\r\nVary: Accept-Encoding\r\n",
		web_files_text(all, f->tag),
		f->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	if (!r->unchanged)
		str_add(&head, "Content-Type: %s\r\nContent-Length: %u\r\n%s",
			web_files_text(all, f->media), f->length,
			f->gzip ? "Content-Encoding: gzip\r\n" : "");
	head_end(c, &head);
	c->tail = all->octets + f->at;
	c->tail_len = r->unchanged || r->head_only ? 0 : f->length;
	web_conn_send(c, &head, NULL, 0);
}

/* ---- a request for the engine ---- */

static void drop(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;

	web_pipe_close(c);
	web_hash_remove(c->web, c);
	if (x->ahead)
		explicit_bzero(x->ahead, x->ahead_len); /* of a key */
	free(x->ahead);
	x->ahead = NULL;
	c->web->uploads -= x->uploads;
	c->web->streams -= x->streams;
	x->uploads = x->streams = x->spoke = x->hashes = false;
}

/* The head that was written, and the body or its begin. */
static bool set_ahead(struct web_conn *c, const char *body, size_t len, size_t length)
{
	struct web_exchange *x = &c->exchange;
	size_t head = x->ahead_len;
	char text[48];
	int n = snprintf(text, sizeof text, length ? "Content-Length: %zu\r\n\r\n" : "\r\n",
		length);
	char *ahead = realloc(x->ahead, head + (size_t)n + len);

	if (!ahead)
		return false;
	memcpy(ahead + head, text, (size_t)n);
	if (len)
		memcpy(ahead + head + (size_t)n, body, len);
	x->ahead = ahead;
	x->ahead_len = head + (size_t)n + len;
	x->ahead_sent = 0;
	return true;
}

static void open_pipe(struct web_conn *c)
{
	struct message_web_open *m = &c->web->out.web_open;

	c->asked = ++c->web->last_id;
	memset(m, 0, sizeof *m);
	c->web->out.type = MESSAGE_WEB_OPEN;
	m->id = c->asked;
	m->client = c->client;
	web_conn_phase(c, WEB_OPENS, OPENS_MS);
	if (c->web->send(c->web->ctx, &c->web->out))
		web_conn_refuse(c, &web_problem_engine);
}

/* A body that is whole here. With a password in it, it stays until the password's turn. */
static void take_body(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;
	const struct web_problem *problem = NULL;
	struct web_login login = {0};

	if (x->request.kind == WEB_PAGE_LOGIN)
		problem = web_login_read((const char *)c->in, x->request.length,
			x->request.chosen, &login);
	x->hashes = web_login_has_password(&login);
	explicit_bzero(&login, sizeof login);
	if (problem) {
		web_conn_refuse(c, problem);
		return;
	}
	if (!x->hashes) {
		if (!set_ahead(c, (const char *)c->in, x->request.length, x->request.length)) {
			web_conn_refuse(c, &web_problem_engine);
			return;
		}
		web_conn_consume(c, x->request.length);
	}
	open_pipe(c);
}

/* What does not fit here goes through, as the client sends and the engine takes it. */
static void begin_upload(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;

	if (c->web->uploads == WEB_UPLOADS_MAX) {
		web_conn_refuse(c, &no_uploads);
		return;
	}
	x->uploads = true;
	c->web->uploads++;
	x->left = x->request.length;
	if (set_ahead(c, NULL, 0, x->request.length))
		open_pipe(c);
	else
		web_conn_refuse(c, &web_problem_engine);
}

static void begin_api(struct web_conn *c, const char *ahead)
{
	struct web_exchange *x = &c->exchange;

	x->ahead_len = x->request.ahead_len;
	x->ahead = malloc(x->ahead_len);
	if (!x->ahead) {
		web_conn_refuse(c, &web_problem_engine);
		return;
	}
	memcpy(x->ahead, ahead, x->ahead_len);
	if (x->request.length > sizeof c->in)
		begin_upload(c);
	else if (c->in_len >= x->request.length)
		take_body(c);
	else if (x->request.expects_continue && !web_conn_continue(c))
		web_conn_refuse(c, &web_problem_engine);
	else
		web_conn_phase(c, WEB_BODY, BODY_MS);
}

/* ---- reading ---- */

static struct web_self self_of(const struct web_conn *c)
{
	struct web_self s = {.name = c->web->tls.wish.name};
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	memset(&ss, 0, sizeof ss);
	if (getsockname(c->io.fd.fd, (struct sockaddr *)&ss, &len))
		return s;
	if (ss.ss_family == AF_INET6) {
		s.addr = addr_v6(&((struct sockaddr_in6 *)&ss)->sin6_addr);
		s.port = ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
	} else {
		s.addr = addr_v4(&((struct sockaddr_in *)&ss)->sin_addr);
		s.port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	}
	return s;
}

static void answer(struct web_conn *c, const char *ahead)
{
	struct web_exchange *x = &c->exchange;
	bool api = x->request.kind != WEB_PAGE_FILE;

	c->last = !x->request.keep_alive || c->served >= REQUESTS_MAX;
	if (!web_limit_admit(&c->places->limit, &c->places->side->rates, &c->client,
		    api ? COST_API : COST_FILE, loop_now(c->web->loop)))
		web_conn_refuse(c, &web_problem_often);
	else if (c->plain && api)
		web_conn_refuse(c, &by_tls);
	else if (c->plain)
		redirect(c);
	else if (api)
		begin_api(c, ahead);
	else
		send_file(c);
}

static bool take(struct web_conn *c)
{
	static char ahead[WEB_AHEAD_MAX];
	const struct web_problem *problem = NULL;
	struct web_self self = self_of(c);
	struct web_exchange *x = &c->exchange;
	enum web_read r = web_page_read(&self, &web_files_embedded, c->in, c->in_len,
		&x->request, ahead, &problem);

	if (r == WEB_READ_MORE)
		return false;
	c->served++;
	if (r == WEB_READ_PROBLEM) {
		x->request.head_only = false;
		web_conn_refuse(c, problem);
		return true;
	}
	web_conn_consume(c, x->request.head_len);
	answer(c, ahead);
	return true;
}

static bool do_body(struct web_conn *c)
{
	ssize_t n = web_conn_fill(c, c->exchange.request.length);

	if (n > 0 && c->in_len >= c->exchange.request.length)
		take_body(c);
	return n > 0;
}

static bool step(struct web_conn *c)
{
	if (c->phase == WEB_BODY)
		return do_body(c);
	return web_pipe_step(c);
}

static void late(struct web_conn *c)
{
	if (c->phase == WEB_STREAMS)
		c->io.failed = true; /* a part of an answer is none */
	else
		web_conn_refuse(c, c->phase == WEB_UPLOADS ? &web_problem_slow
							   : &web_problem_engine);
}

/* ---- the engine's word ---- */

static void go_on(struct web_conn *c)
{
	if (!c->exchange.hashes)
		web_pipe_begin(c);
	else if (web_hash_add(c->web, c))
		web_conn_phase(c, WEB_HASHES, HASHES_MS);
	else
		web_conn_refuse(c, c->web->hash.known ? &no_hash : &web_problem_engine);
}

int web_people_pipe(struct web *w, const struct message_web_pipe *m, int fd)
{
	struct web_conn *c = NULL;

	if (m->refused >= WEB_REFUSAL_MAX || !m->refused != (fd >= 0)) {
		if (fd >= 0)
			close(fd);
		return CARDEA_EMALFORMED;
	}
	for (unsigned i = 0; i < WEB_CONNS_MAX && !c; i++)
		if (w->people.conns[i] && w->people.conns[i]->phase == WEB_OPENS &&
			w->people.conns[i]->asked == m->id)
			c = w->people.conns[i];
	if (!c) { /* it did not wait so long */
		if (fd >= 0)
			close(fd);
		return 0;
	}
	if (m->refused)
		web_conn_refuse(c, m->refused == WEB_REFUSED_HELD ? &web_problem_held
								  : &web_problem_full);
	else if (web_pipe_open(c, fd))
		go_on(c);
	web_conn_work(c);
	return 0;
}

/* The body with keys in it; its length, 0: there are none. */
static size_t make_body(struct web_conn *c, char *buf, size_t size)
{
	const struct web_page_request *r = &c->exchange.request;
	char keys[WEB_SECRETS][WEB_HASH_HEX];
	struct web_login login = {0};
	size_t len = 0;
	int e = 0;

	/* it was read before, and stood where it is since */
	if (!web_login_read((const char *)c->in, r->length, r->chosen, &login)) {
		const char *user = login.user[0] ? login.user : r->user;

		for (size_t i = 0; i < WEB_SECRETS && !e; i++)
			if (login.passwords[i].there)
				e = web_hash_key(&c->web->hash, user,
					&login.passwords[i], keys[i]);
		if (!e)
			len = web_login_write((const char *)c->in, r->length, &login,
				(const char *const[]){keys[0], keys[1]}, buf, size);
	}
	explicit_bzero(&login, sizeof login);
	explicit_bzero(keys, sizeof keys);
	return len;
}

void web_people_hash(struct web_conn *c)
{
	struct web_exchange *x = &c->exchange;
	char body[WEB_LOGIN_BODY_MAX + WEB_SECRETS * WEB_HASH_HEX];
	size_t len = make_body(c, body, sizeof body);

	explicit_bzero(c->in, x->request.length);
	web_conn_consume(c, x->request.length);
	if (len && set_ahead(c, body, len, len))
		web_pipe_begin(c);
	else
		web_conn_refuse(c, &web_problem_engine);
	explicit_bzero(body, sizeof body);
	web_conn_work(c);
}

/* Chosen: a start of the pages costs 40 with two handshakes, and a visit of one a second is
 * more than anybody clicks. */
const struct web_side web_side_people = {
	.per_client = CONNS_PER_CLIENT,
	.requests_max = REQUESTS_MAX,
	.rates = {.rate = 40, .burst = 400, .all_rate = 150, .all_burst = 1000},
	.cost_clear = COST_TLS,
	.cost_tls = COST_TLS,
	.kept = KERNEL_KEEPS,
	.take = take,
	.step = step,
	.late = late,
	.refuse = refuse,
	.drop = drop,
};
