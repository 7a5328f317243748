// SPDX-License-Identifier: GPL-2.0-or-later
/* Replies that another process has a part in: the client is parked meanwhile, and answered
 * when that process has spoken. Its time runs on: one that is forgotten is dropped. And what
 * changes rules is answered when the kernel has them: who was told that a device is held, or
 * let go, may rely on it. */
#include "engine/api/server.h"

void api_client_park(struct api_client *c, struct api_request *r)
{
	c->answered = true; /* what else it says is not read */
	api_done(r);
}

uint64_t api_park(struct api_request *r)
{
	r->later = true;
	r->client->ticket = ++r->client->api->tickets;
	return r->client->ticket;
}

void api_park_key(const struct api_request *r)
{
	if (!r->answers || !r->key)
		return;
	r->answers->awaited.ticket = r->client->ticket;
	r->answers->awaited.key = r->key;
	r->answers->awaited.body = r->key_body;
}

void api_unpark(struct api_request *r)
{
	r->later = false;
	r->client->ticket = 0;
}

/* Ticket 0, of what the gateway proposes by itself, is nobody's: whoever is connected and
 * waits for nothing has that, too. */
static struct api_client *find(struct api *a, uint64_t ticket)
{
	for (size_t i = 0; ticket && i < API_SLOTS; i++)
		if (a->slots[i] && a->slots[i]->api && a->slots[i]->ticket == ticket)
			return a->slots[i];
	return NULL;
}

void api_later(struct api *a, uint64_t ticket,
	void (*view)(struct api_request *r, void *ctx), void *ctx)
{
	struct api_client *c = find(a, ticket);
	struct api_request r = {.pipeline = a->pipeline, .client = c, .status = 200};

	jsonw_init_buffer(&r.json, API_REPLY_MAX);
	view(&r, ctx); /* what was done is noted, whoever still listens */
	r.until = a->pipeline->commit.seq; /* what it changed of the rules is among these */
	api_answers_came(&r, &a->answers, ticket);
	if (c) {
		c->ticket = 0;
		api_client_answer(c, &r);
		return;
	}
	if (r.change)
		api_stream_noted(a);
	api_done(&r);
}

/* ---- until it is in force ---- */

/* What others' rules owe to it is one more transaction. */
static bool waits(struct api_client *c)
{
	const struct pipeline *p = c->api->pipeline;

	if (!p->commit.in_step)
		return false;
	if (c->round > p->classes.settled)
		return true;
	if (c->round)
		c->until = p->commit.seq;
	c->round = 0;
	return c->until > p->commit.confirmed;
}

bool api_client_hold(struct api_client *c, const struct api_request *r)
{
	c->until = r->until;
	c->round = r->round;
	/* A DHCP or RADIUS server serves nobody else while its hook tells us of one. */
	c->held = !r->stop && !c->limited && waits(c);
	return c->held;
}

void api_client_let_go(struct api_client *c)
{
	struct api *a = c->api;

	c->held = false;
	loop_arm(a->pipeline->loop, &c->idle, API_IDLE_S * NS_PER_SEC);
	api_client_flush(c);
}

void api_in_force(void *ctx)
{
	struct api *a = ctx;

	for (size_t i = 0; i < API_SLOTS; i++) {
		struct api_client *c = a->slots[i];

		if (c && c->api && c->held && !waits(c))
			api_client_let_go(c);
	}
}

/* ---- settings ---- */

/* As after a request for it: also when nobody asked, and the settings came back. */
static void settings_told(void *ctx)
{
	static const char text[] = "POST /v1/settings HTTP/1.1\r\n\r\n";
	struct cursor at = cursor_of(text, sizeof(text) - 1);
	struct http_head head;
	struct api_request r = {.head = &head};

	if (!http_parse_request(&at, &head))
		api_stream_request(ctx, &r);
}

void api_later_open(struct api *a)
{
	struct settings *s = &a->pipeline->settings;

	s->answered = api_settings_answered;
	s->told = settings_told;
	s->ctx = a;
}

void api_later_close(struct api *a)
{
	a->pipeline->settings.answered = NULL;
	a->pipeline->settings.told = NULL;
}
