// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver - the process between the LAN's DNS queries and upstream. It holds nothing
 * but its sockets, and gives no address away that the engine has not confirmed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "names/resolver.h"
#include "proc/child.h"
#include "proc/resolver_house.h"
#include "proc/resolver_listen.h"
#include "proc/resolver_upstream.h"

#define CACHE_KB_DEFAULT 1024
#define CACHE_KB_MIN 64
#define CACHE_KB_MAX (64 * 1024)
/* Listeners, connections, and upstream's sockets. */
#define FILES_MAX 512
/* Address space for data: caches, held answers, the library's thread. */
#define MEMORY_MAX (64UL << 20)

struct process {
	struct child child;
	struct resolver *resolver;
	struct resolver_listen listen;
	struct resolver_upstream upstream;
	struct resolver_house house;
	unsigned cache_kb;
	char forwards[LIMIT_LANS][LIMIT_LABEL];
	unsigned forward_count;
};

static int on_resolve(
	void *ctx, struct resolver_lookup *k, const char *name, uint16_t type)
{
	struct process *p = ctx;

	return resolver_upstream_ask(&p->upstream, k, name, type);
}

static void on_cancel(void *ctx, struct resolver_lookup *k)
{
	struct process *p = ctx;

	resolver_upstream_cancel(&p->upstream, k);
}

static void on_reply(
	void *ctx, const struct resolver_origin *to, const uint8_t *message, size_t len)
{
	struct process *p = ctx;

	if (to->stream && to->listener >= RESOLVER_TLS_FIRST)
		resolver_tls_reply(&p->house.tls, to, message, len);
	else if (to->stream)
		resolver_tcp_reply(&p->listen, to, message, len);
	else
		resolver_udp_reply(&p->listen, to, message, len);
}

static int on_announce(void *ctx, const struct message *m)
{
	struct process *p = ctx;

	return child_send_engine(&p->child, m);
}

static bool on_local(void *ctx, const struct resolver_origin *from,
	const struct dns_query *q, size_t limit, struct writer *w)
{
	struct process *p = ctx;

	return resolver_house_answer(&p->house, from, q, limit, w);
}

static const struct resolver_ops ops = {
	.resolve = on_resolve,
	.cancel = on_cancel,
	.reply = on_reply,
	.announce = on_announce,
	.local = on_local,
};

/* ---- the engine ---- */

static int on_engine(struct child *c, const struct message *m)
{
	struct process *p = c->ctx;

	if (m->type == MESSAGE_DNS_RELEASE)
		resolver_release(p->resolver, &m->dns_release);
	else if (m->type == MESSAGE_RESOLVE)
		resolver_resolve(p->resolver, &m->resolve);
	else if (m->type == MESSAGE_DNS_LOCAL)
		resolver_house_tell(&p->house, &m->dns_local);
	else
		return CARDEA_EPEER;
	return 0;
}

static void on_tls_changed(void *ctx)
{
	struct process *p = ctx;
	struct message m = {.type = MESSAGE_DNS_TLS, .dns_tls = p->house.tls.told};

	if (p->house.tls_told)
		(void)child_send_engine(&p->child, &m);
}

/* Held answers go to the new engine, which tells the names of the house anew. */
static void on_engine_came(struct child *c)
{
	struct process *p = c->ctx;

	local_forget_all(p->house.local);
	on_tls_changed(p);
	resolver_engine_up(p->resolver);
}

static void on_engine_left(struct child *c)
{
	struct process *p = c->ctx;

	resolver_engine_down(p->resolver);
}

/* Sockets may come before the last setting. */
static int process_prepare(struct process *p)
{
	if (p->resolver)
		return 0;
	p->listen.loop = p->child.loop;
	p->resolver = resolver_new(p->child.loop, &ops, p);
	p->listen.resolver = p->house.tls.resolver = p->resolver;
	p->house.tls.loop = p->child.loop;
	p->house.tls.changed = on_tls_changed;
	p->house.tls.ctx = p;
	return p->resolver ? 0 : -ENOMEM;
}

/* ---- start ---- */

static int on_config(struct child *c, const char *key, const char *value)
{
	struct process *p = c->ctx;
	int64_t n;

	if (!strcmp(key, "cache_kb")) {
		int e = str_to_i64(value, CACHE_KB_MIN, CACHE_KB_MAX, &n);
		if (e)
			return e;
		p->cache_kb = (unsigned)n;
	} else if (!strcmp(key, "upstream")) {
		if (p->forward_count == LIMIT_LANS ||
			!str_copy(p->forwards[p->forward_count], LIMIT_LABEL, value))
			return CARDEA_ELIMIT;
		p->forward_count++;
	}
	return resolver_house_config(&p->house, key, value);
}

static void on_socket(struct child *c, enum socket_kind kind, uint32_t ifindex, int fd)
{
	struct process *p = c->ctx;
	int e = process_prepare(p);

	if (!e && kind == SOCKET_DNS_UDP)
		e = resolver_udp_listen(&p->listen, fd);
	else if (!e && kind == SOCKET_DNS_TCP)
		e = resolver_tcp_listen(&p->listen, fd);
	else if (!e && kind == SOCKET_DNS_TLS)
		e = resolver_tls_listen(&p->house.tls, fd);
	else
		close(fd);
	if (e)
		log_error("listen", "socket of interface %" PRIu32 ": %s", ifindex,
			error_text(e));
}

static int process_start(struct process *p)
{
	struct child *c = &p->child;
	int e = child_start(c);

	if (!e)
		e = process_prepare(p);
	if (!e)
		e = resolver_upstream_init(&p->upstream, p->cache_kb);
	for (unsigned i = 0; !e && i < p->forward_count; i++)
		e = resolver_upstream_forward(&p->upstream, p->forwards[i]);
	if (e)
		return e;
	resolver_house_start(&p->house);
	c->sandbox.allow = SANDBOX_INET | SANDBOX_THREADS;
	c->sandbox.files_max = FILES_MAX;
	c->sandbox.memory_max = MEMORY_MAX + p->cache_kb * 1024UL;
	e = child_hello(c);
	return e ? e : resolver_upstream_start(&p->upstream, c->loop);
}

static void process_report(const struct process *p)
{
	const struct resolver_stats *s = resolver_stats(p->resolver);

	log_info("stats",
		"queries %" PRIu64 " malformed %" PRIu64 " limited %" PRIu64
		" failed %" PRIu64 " held %" PRIu64 " released %" PRIu64
		" refused %" PRIu64 " unconfirmed %" PRIu64 " hold mean %" PRId64
		" us max %" PRId64 " us",
		s->queries, s->malformed, s->limited, s->failed, s->held, s->released,
		s->refused, s->unconfirmed,
		s->released ? s->hold_sum / (int64_t)s->released / 1000 : 0,
		s->hold_max / 1000);
}

static void process_end(struct process *p)
{
	if (p->resolver)
		process_report(p);
	resolver_tcp_end(&p->listen);
	resolver_house_end(&p->house);
	resolver_free(p->resolver);
	resolver_upstream_end(&p->upstream);
	child_end(&p->child);
}

int main(void)
{
	static struct process p = {
		.cache_kb = CACHE_KB_DEFAULT,
		.child = {.role = ROLE_RESOLVER,
			.config = on_config,
			.socket = on_socket,
			.engine_said = on_engine,
			.engine_came = on_engine_came,
			.engine_left = on_engine_left},
	};

	p.child.ctx = &p;
	int e = resolver_house_init(&p.house);
	if (!e)
		e = process_start(&p);
	if (!e)
		e = child_run(&p.child);
	if (e)
		log_error("resolver", "ended: %s", error_text(e));
	process_end(&p);
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
