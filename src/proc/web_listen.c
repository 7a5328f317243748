// SPDX-License-Identifier: GPL-2.0-or-later
/* web_listen - who may connect, and who makes room for whom. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "proc/accept.h"
#include "proc/web_conn.h"

/* Octets under way to a client that is gone without a word: its place is free after this. */
#define GONE_MS 60000

static unsigned count_of(const struct web_places *p, const struct addr *client)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WEB_CONNS_MAX; i++)
		if (p->conns[i] && addr_equal(&p->conns[i]->client, client))
			n++;
	return n;
}

/* Those of its /64, too: one device takes as many IPv6 addresses as it likes (RFC 8981). */
static unsigned count_near(const struct web_places *p, const struct addr *client)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WEB_CONNS_MAX; i++)
		if (p->conns[i] && web_limit_are_near(&p->conns[i]->client, client))
			n++;
	return n;
}

/* What the engine works for is not given up. */
static bool may_go(const struct web_conn *c)
{
	return c->phase == WEB_SHAKES || c->phase == WEB_HEAD || c->phase == WEB_BODY ||
	       c->phase == WEB_LINGERS;
}

/* Of those whose address or /64 has the most connections, the one that has been in its phase
 * longest: whoever fills the places loses them first, however many addresses he has. Who is
 * known goes last. */
static struct web_conn *whom_to_close(const struct web_places *p, bool known)
{
	struct web_conn *found = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < WEB_CONNS_MAX; i++) {
		struct web_conn *c = p->conns[i];
		bool may = c && c->known == known && may_go(c);
		unsigned n = may ? count_near(p, &c->client) : 0;

		if (n > most || (n && n == most && c->since < found->since)) {
			found = c;
			most = n;
		}
	}
	return found;
}

static bool place_take(struct web_places *p, uint32_t *ret_slot)
{
	if (p->count == WEB_CONNS_MAX) {
		struct web_conn *old = whom_to_close(p, false);

		if (!old)
			old = whom_to_close(p, true);
		if (!old)
			return false;
		web_conn_close(old);
	}
	for (uint32_t i = 0; i < WEB_CONNS_MAX; i++)
		if (!p->conns[i]) {
			*ret_slot = i;
			return true;
		}
	return false;
}

static void limit_socket(int fd, int kept)
{
	int gone = GONE_MS;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kept, sizeof kept);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kept, sizeof kept);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone, sizeof gone);
}

/* False: fd is to be closed. */
static bool take(struct web_listener *l, int fd, const struct addr *client)
{
	struct web_places *p = l->places;
	const struct web_side *side = p->side;
	struct web_conn *c;
	uint32_t slot;

	if (count_of(p, client) >= side->per_client ||
		!web_limit_admit(&p->limit, &side->rates, client,
			l->tls ? side->cost_tls : side->cost_clear,
			loop_now(l->web->loop)) ||
		!place_take(p, &slot))
		return false;
	limit_socket(fd, side->kept);
	c = web_conn_new(l, fd, client);
	if (!c)
		return false;
	c->slot = slot;
	c->known = web_limit_knows(&p->limit, client, loop_now(l->web->loop));
	p->conns[slot] = c;
	p->count++;
	return true;
}

static void listener_ready(struct loop_fd *f, uint32_t events)
{
	struct web_listener *l = f->ctx;
	struct addr client;

	(void)events;
	for (int i = 0; i < WEB_ACCEPT_BURST; i++) {
		int fd = accept_from(f->fd, &client);

		if (fd < 0)
			return;
		if (!take(l, fd, &client))
			close(fd);
	}
}

int web_listen(struct web *w, int fd, enum socket_kind kind)
{
	struct web_listener *l = &w->listeners[w->listener_count];
	int e = CARDEA_ELIMIT;

	if (w->listener_count < WEB_LISTENERS_MAX) {
		l->fd = (struct loop_fd){.fd = fd, .ready = listener_ready, .ctx = l};
		l->web = w;
		l->places = kind == SOCKET_WEB_PAGE ? &w->people : &w->devices;
		l->places->side = kind == SOCKET_WEB_PAGE ? &web_side_people
							   : &web_side_devices;
		l->tls = kind != SOCKET_WEB;
		e = loop_watch(w->loop, &l->fd, EPOLLIN);
	}
	if (e) {
		close(fd);
		return e;
	}
	w->listener_count++;
	return 0;
}

int web_engine_said(struct web *w, const struct message *m, int fd)
{
	if (m->type == MESSAGE_WEB_PIPE)
		return web_people_pipe(w, &m->web_pipe, fd);
	if (fd >= 0) {
		close(fd);
		return CARDEA_EMALFORMED;
	}
	if (m->type == MESSAGE_WEB_REPLY)
		return web_devices_reply(w, &m->web_reply);
	if (m->type == MESSAGE_WEB_SALT)
		return web_hash_set(&w->hash, &m->web_salt);
	return CARDEA_EPEER;
}

static void places_each(struct web_places *p, void (*call)(struct web_conn *c))
{
	for (unsigned i = 0; i < WEB_CONNS_MAX; i++)
		if (p->conns[i])
			call(p->conns[i]);
}

/* Who has a pipe hears of its end by itself. */
static void engine_left(struct web_conn *c)
{
	if (c->phase != WEB_ASKED && c->phase != WEB_OPENS && c->phase != WEB_HASHES)
		return;
	web_conn_refuse(c, &web_problem_engine);
	web_conn_work(c);
}

void web_engine_left(struct web *w)
{
	places_each(&w->devices, engine_left);
	places_each(&w->people, engine_left);
}

void web_end(struct web *w)
{
	places_each(&w->devices, web_conn_close);
	places_each(&w->people, web_conn_close);
	web_tls_end(&w->tls);
}
