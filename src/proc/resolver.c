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
#include "proc/resolver_files.h"
#include "proc/resolver_house.h"
#include "proc/resolver_listen.h"
#include "proc/resolver_relay.h"
#include "proc/resolver_upstream.h"

#define CACHE_KB_DEFAULT 1024
#define CACHE_KB_MIN 64
#define CACHE_KB_MAX (64 * 1024)
/* Listeners, connections, and upstream's sockets. */
#define FILES_MAX 512
/* Address space for data: caches, held answers, the library's threads. */
#define MEMORY_MAX (96UL << 20)
/* Of the cache, our share: finished answers. The rest is upstream's, for the way to
 * them: name servers and keys. */
#define OWN_SHARE(kb) ((kb) - (kb) / 3)
#define RATE_MAX 1000000

struct process {
	struct child child;
	struct resolver *resolver;
	struct resolver_listen listen;
	struct resolver_upstream upstream;
	struct resolver_relay relay; /* of upstreams by TLS */
	struct resolver_house house;
	unsigned cache_kb;
	unsigned rate, burst;
	bool dnssec;
	/* files outside of the sandbox; empty: the usual ones, or none */
	char trust_anchor[LIMIT_URL], root_hints[LIMIT_URL], tls_ca[LIMIT_URL];
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
	else if (m->type == MESSAGE_DNS_CLIENT)
		resolver_client(p->resolver, &m->dns_client);
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
	if (!p->resolver)
		return -ENOMEM;
	resolver_hidden(p->resolver, &p->house.hidden);
	return 0;
}

/* ---- start ---- */

static int set_number(const char *value, int64_t min, int64_t max, unsigned *ret)
{
	int64_t n;
	int e = str_to_i64(value, min, max, &n);

	if (!e)
		*ret = (unsigned)n;
	return e;
}

static int set_path(char ret[LIMIT_URL], const char *value)
{
	return str_copy(ret, LIMIT_URL, value) ? 0 : CARDEA_ELIMIT;
}

/* One in clear would tell all that the others keep. */
static int set_upstream(struct process *p, const char *value)
{
	struct resolver_upstream_settings *s = &p->upstream.settings;
	bool encrypted = strchr(value, '#') != NULL;

	if (encrypted ? s->forward_count : p->relay.server_count) {
		log_error("upstream", "%s: either all upstreams have a #name, for TLS, or "
				      "none has", value);
		return CARDEA_EMALFORMED;
	}
	return encrypted ? resolver_relay_add(&p->relay, value)
			 : resolver_upstream_forward(s, value);
}

static int set_lan(struct process *p, const char *value)
{
	struct prefix prefix;
	int e = prefix_parse(value, &prefix);

	return e ? e : resolver_add_lan(p->resolver, &prefix);
}

static int set_private(struct process *p, const char *value)
{
	struct resolver_upstream_settings *s = &p->upstream.settings;
	int e = resolver_add_private(p->resolver, value);

	if (!e)
		(void)str_copy(s->private_names[s->private_count++], LIMIT_NAME, value);
	return e;
}

/* Also while it runs. */
static int set_rate(struct process *p, const char *value, unsigned *ret)
{
	int e = set_number(value, 1, RATE_MAX, ret);

	if (!e)
		resolver_set_rate(p->resolver, p->rate, p->burst);
	return e;
}

static int on_config(struct child *c, const char *key, const char *value)
{
	struct process *p = c->ctx;
	struct resolver_upstream_settings *s = &p->upstream.settings;
	int e = process_prepare(p);

	if (e)
		return e;
	if (!strcmp(key, "cache_kb"))
		return set_number(value, CACHE_KB_MIN, CACHE_KB_MAX, &p->cache_kb);
	if (!strcmp(key, "dns_rate"))
		return set_rate(p, value, &p->rate);
	if (!strcmp(key, "dns_burst"))
		return set_rate(p, value, &p->burst);
	if (!strcmp(key, "upstream"))
		return set_upstream(p, value);
	if (!strcmp(key, "dnssec"))
		p->dnssec = !strcmp(value, "yes");
	if (!strcmp(key, "trust_anchor"))
		return set_path(p->trust_anchor, value);
	if (!strcmp(key, "root_hints"))
		return set_path(p->root_hints, value);
	if (!strcmp(key, "tls_ca"))
		return set_path(p->tls_ca, value);
	if (!strcmp(key, "anchor_holddown_s"))
		return set_number(value, 1, 30 * 86400, &s->holddown_s);
	if (!strcmp(key, "lan_prefix"))
		return set_lan(p, value);
	if (!strcmp(key, "private_name"))
		return set_private(p, value);
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

/* What upstream needs from outside, into the folder that is its root then. */
static int files_prepare(struct process *p)
{
	struct resolver_upstream_settings *s = &p->upstream.settings;
	const char *folder = p->child.sandbox.chroot_dir;
	int e = 0;

	if (p->root_hints[0]) {
		s->root_hints = RESOLVER_FILE_HINTS;
		e = resolver_files_hints(folder, p->root_hints);
	}
	if (!e && p->dnssec) {
		s->trust_anchor = RESOLVER_FILE_ANCHOR;
		e = resolver_files_anchor(folder, p->trust_anchor);
	}
	if (s->root_hints || s->trust_anchor) {
		p->child.sandbox.allow |= SANDBOX_FILES;
		p->child.sandbox.landlock_rw = "/";
	}
	return e;
}

static int relay_prepare(struct process *p)
{
	struct resolver_upstream_settings *s = &p->upstream.settings;
	char forward[RESOLVER_FORWARD_MAX];
	uint16_t port = 0;

	if (!p->relay.server_count)
		return 0;
	int e = resolver_relay_authorities(&p->relay, p->tls_ca);
	if (!e)
		e = resolver_relay_start(&p->relay, p->child.loop, &port);
	if (!e)
		e = str_print(forward, sizeof forward, "127.0.0.1@%u", port);
	s->relayed = true;
	return e ? e : resolver_upstream_forward(s, forward);
}

static void on_lost(void *ctx)
{
	struct process *p = ctx;

	resolver_upstream_lost(p->resolver);
}

static int on_anchor_broken(void *ctx)
{
	(void)ctx;
	return resolver_files_anchor_reset();
}

static int process_start(struct process *p)
{
	struct child *c = &p->child;
	int e = child_start(c);

	if (!e)
		e = process_prepare(p);
	if (!e)
		e = resolver_set_cache(p->resolver, OWN_SHARE(p->cache_kb) * 1024UL);
	if (e)
		return e;
	resolver_house_start(&p->house);
	resolver_set_rate(p->resolver, p->rate, p->burst);
	p->upstream.settings.cache_kb = p->cache_kb - OWN_SHARE(p->cache_kb);
	p->upstream.lost = on_lost;
	p->upstream.anchor_broken = on_anchor_broken;
	p->upstream.ctx = p;
	c->sandbox.allow = SANDBOX_INET | SANDBOX_THREADS;
	c->sandbox.files_max = FILES_MAX;
	c->sandbox.memory_max = MEMORY_MAX + p->cache_kb * 1024UL;
	e = files_prepare(p);
	if (!e)
		e = relay_prepare(p);
	if (!e)
		e = child_hello(c);
	return e ? e : resolver_upstream_start(&p->upstream, c->loop);
}

static void process_report(const struct process *p)
{
	const struct resolver_stats *s = resolver_stats(p->resolver);

	log_info("stats",
		"queries %" PRIu64 " malformed %" PRIu64 " limited %" PRIu64
		" failed %" PRIu64 " bogus %" PRIu64 " cached %" PRIu64 " stale %" PRIu64
		" fetched %" PRIu64 " stripped %" PRIu64 " told %" PRIu64 " confirmed %" PRIu64
		" held %" PRIu64
		" released %" PRIu64 " refused %" PRIu64 " unconfirmed %" PRIu64
		" hold mean %" PRId64 " us max %" PRId64 " us",
		s->queries, s->malformed, s->limited, s->failed, s->bogus, s->cached,
		s->stale, s->fetched, s->stripped, s->told, s->confirmed, s->held, s->released,
		s->refused, s->unconfirmed,
		s->released ? s->hold_sum / (int64_t)s->released / 1000 : 0,
		s->hold_max / 1000);
}

static void process_end(struct process *p)
{
	if (p->resolver)
		process_report(p);
	resolver_tcp_end(&p->listen);
	resolver_udp_end(&p->listen);
	resolver_house_end(&p->house);
	resolver_free(p->resolver);
	resolver_upstream_end(&p->upstream);
	resolver_relay_end(&p->relay);
	child_end(&p->child);
}

int main(void)
{
	static struct process p = {
		.cache_kb = CACHE_KB_DEFAULT,
		.rate = RESOLVER_RATE,
		.burst = RESOLVER_BURST,
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
