// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_upstream - libunbound, cut down to a router's memory. */
#include "proc/resolver_upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unbound.h>
#include "base/addr.h"
#include "base/log.h"
#include "base/str.h"
#include "wire/dns.h"

#define PORT_LAST 65535
/* How often a clock that is not set is looked at. */
#define CLOCK_EVERY_S 10
/* RFC 5011 2.3 wants a look at the anchor's keys at least every 15 days, and at most
 * every hour; the validator looks whenever it needs them after their TTL. */
#define PROBE_EVERY_S (6 * 3600)

struct option {
	const char *name, *value;
};

static const struct option options[] = {
	/* ours is in front, and an answer fetched anew must come from outside */
	{"msg-cache-size:", "0"},
	{"msg-cache-slabs:", "1"},
	{"rrset-cache-slabs:", "1"},
	{"infra-cache-slabs:", "1"},
	{"key-cache-slabs:", "1"},
	{"neg-cache-size:", "16k"},
	{"infra-cache-numhosts:", "500"},
	/* RESOLVER_PENDING_MAX questions may wait, 64 ask at the same time */
	{"num-queries-per-thread:", "256"},
	{"outgoing-range:", "64"},
	{"outgoing-num-tcp:", "4"},
	/* the kernel's defaults instead of 4 MiB for each socket */
	{"so-rcvbuf:", "0"},
	{"so-sndbuf:", "0"},
	{"edns-buffer-size:", "1232"}, /* DNS flag day 2020 */
	{"cache-max-ttl:", "86400"},   /* BINDING_TTL_MAX_S */
	{"minimal-responses:", "yes"},
	{"use-syslog:", "no"},
};

static int option_set(struct ub_ctx *ub, const char *name, const char *value)
{
	return ub_ctx_set_option(ub, name, value) ? CARDEA_EUNSUPPORTED : 0;
}

static int option_number(
	struct ub_ctx *ub, const char *name, unsigned n, const char *unit)
{
	char text[32];
	int e = str_print(text, sizeof text, "%u%s", n, unit);

	return e ? e : option_set(ub, name, text);
}

/* ---- settings ---- */

/* address[@port] */
static int forward_check(const char *text)
{
	char host[RESOLVER_FORWARD_MAX];
	struct addr addr;
	int64_t port;
	char *at;

	if (!str_copy(host, sizeof host, text))
		return CARDEA_ELIMIT;
	at = strchr(host, '@');
	if (at) {
		*at = 0;
		if (str_to_i64(at + 1, 1, PORT_LAST, &port))
			return CARDEA_EMALFORMED;
	}
	return addr_parse(host, &addr);
}

int resolver_upstream_forward(
	struct resolver_upstream_settings *s, const char *address)
{
	int e = forward_check(address);

	if (e)
		return e;
	if (s->forward_count == RESOLVER_FORWARDS_MAX)
		return CARDEA_ELIMIT;
	(void)str_copy(s->forwards[s->forward_count++], RESOLVER_FORWARD_MAX, address);
	return 0;
}

static bool forwards_to_loopback(const char *text)
{
	char host[ADDR_TEXT_MAX];
	struct addr addr;

	return str_copy_bytes(host, sizeof host, text, strcspn(text, "@")) &&
	       !addr_parse(host, &addr) && addr_is_loopback(&addr);
}

static int forwards_set(struct ub_ctx *ub, const struct resolver_upstream_settings *s)
{
	int e = 0;

	for (unsigned i = 0; !e && i < s->forward_count; i++) {
		if (forwards_to_loopback(s->forwards[i]))
			e = option_set(ub, "do-not-query-localhost:", "no");
		if (!e && ub_ctx_set_fwd(ub, s->forwards[i]))
			e = CARDEA_EMALFORMED;
	}
	/* our relay fails by itself, and in time; loopback takes datagrams of any size */
	if (!e && s->relayed)
		e = option_set(ub, "infra-cache-min-rtt:", "4500");
	if (!e && s->relayed)
		e = option_set(ub, "edns-buffer-size:", "65000");
	if (!e && !s->forward_count && s->root_hints)
		e = option_set(ub, "root-hints:", s->root_hints);
	return e;
}

static int validation_set(struct ub_ctx *ub, const struct resolver_upstream *u)
{
	const struct resolver_upstream_settings *s = &u->settings;
	int e = option_set(ub, "module-config:", "validator iterator");

	if (!e)
		e = option_set(ub, "auto-trust-anchor-file:", s->trust_anchor);
	if (!e)
		e = option_set(ub, "key-cache-size:", "128k");
	if (!e && u->dateless)
		e = option_set(ub, "val-override-date:", "-1");
	if (!e && s->holddown_s)
		e = option_number(ub, "add-holddown:", s->holddown_s, "");
	for (unsigned i = 0; !e && i < s->private_count; i++)
		e = option_set(ub, "domain-insecure:", s->private_names[i]);
	return e;
}

static int ctx_new(
	const struct resolver_upstream *u, bool validating, struct ub_ctx **ret)
{
	const struct resolver_upstream_settings *s = &u->settings;
	struct ub_ctx *ub = ub_ctx_create();
	int e = 0;

	if (!ub)
		return -ENOMEM;
	ub_ctx_debugout(ub, NULL);
	for (size_t i = 0; !e && i < sizeof options / sizeof *options; i++)
		e = option_set(ub, options[i].name, options[i].value);
	if (!e)
		e = option_number(ub, "rrset-cache-size:", s->cache_kb, "k");
	if (!e)
		e = validating ? validation_set(ub, u)
			       : option_set(ub, "module-config:", "iterator");
	if (!e)
		e = forwards_set(ub, s);
	if (e)
		ub_ctx_delete(ub);
	else
		*ret = ub;
	return e;
}

/* ---- threads ---- */

static void upstream_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_upstream_thread *t = f->ctx;

	(void)events;
	ub_process(t->ub);
}

static int thread_start(
	struct resolver_upstream *u, struct resolver_upstream_thread *t, bool validating)
{
	struct ub_ctx *ub = NULL;
	int e = ctx_new(u, validating, &ub);

	if (e)
		return e;
	/* RFC 6761 6.2: .test is nobody's by default; whoever names a forwarder or root
	 * servers has some that know, and laboratories live there. This reads files. */
	if (ub_ctx_async(ub, 1) || ((u->settings.forward_count || u->settings.root_hints) &&
					   ub_ctx_zone_remove(ub, "test."))) {
		ub_ctx_delete(ub);
		return CARDEA_EUNSUPPORTED;
	}
	t->fd = (struct loop_fd){.fd = ub_fd(ub), .ready = upstream_ready, .ctx = t};
	e = t->fd.fd < 0 ? -EBADF : loop_watch(u->loop, &t->fd, EPOLLIN);
	if (e)
		ub_ctx_delete(ub);
	else
		t->ub = ub;
	return e;
}

static void thread_end(struct resolver_upstream_thread *t)
{
	loop_unwatch(&t->fd);
	if (t->ub)
		ub_ctx_delete(t->ub);
	t->ub = NULL;
}

static void probe_done(void *arg, int error, struct ub_result *result)
{
	(void)arg;
	(void)error;
	ub_resolve_free(result);
}

/* The anchor's own keys: reads the anchor's file the first time, and lets the validator
 * follow a change of keys (RFC 5011) in a house where nobody asks for anything. */
static int probe(struct resolver_upstream *u)
{
	int e = ub_resolve_async(u->validating.ub, ".", 48 /* DNSKEY */, DNS_CLASS_IN,
		NULL, probe_done, NULL);

	loop_arm(u->loop, &u->probe_timer, PROBE_EVERY_S * NS_PER_SEC);
	return e ? CARDEA_EUNSUPPORTED : 0;
}

static void probe_due(struct loop_timer *t)
{
	(void)probe(t->ctx);
}

static int threads_start(struct resolver_upstream *u)
{
	bool validating = u->settings.trust_anchor != NULL;
	int e = thread_start(u, &u->validating, validating);

	if (!validating)
		return e;
	if (!e)
		e = probe(u);
	if (!e || !u->anchor_broken || u->anchor_broken(u->ctx))
		return e;
	thread_end(&u->validating);
	e = thread_start(u, &u->validating, true);
	return e ? e : probe(u);
}

static bool clock_is_set(const struct resolver_upstream *u)
{
	return clock_wall(loop_clock(u->loop)) >= RESOLVER_CLOCK_MIN;
}

static void clock_look(struct loop_timer *t)
{
	struct resolver_upstream *u = t->ctx;

	if (!clock_is_set(u)) {
		loop_arm(u->loop, t, CLOCK_EVERY_S * NS_PER_SEC);
		return;
	}
	log_info("upstream", "the clock is set: signatures have dates from now on");
	u->dateless = false;
	u->lost(u->ctx);
	thread_end(&u->validating);
	if (threads_start(u))
		log_error("upstream", "the validator does not start again");
}

int resolver_upstream_start(struct resolver_upstream *u, struct loop *l)
{
	u->loop = l;
	u->validating.fd.fd = u->plain.fd.fd = -1;
	u->clock_timer = (struct loop_timer){.fire = clock_look, .ctx = u};
	u->probe_timer = (struct loop_timer){.fire = probe_due, .ctx = u};
	u->dateless = u->settings.trust_anchor && !clock_is_set(u);
	if (u->dateless) {
		log_warn("upstream", "the clock is not set: signatures are checked, "
				     "but not their dates, until it is");
		loop_arm(l, &u->clock_timer, CLOCK_EVERY_S * NS_PER_SEC);
	}
	return threads_start(u);
}

void resolver_upstream_end(struct resolver_upstream *u)
{
	loop_disarm(&u->clock_timer);
	loop_disarm(&u->probe_timer);
	thread_end(&u->validating);
	thread_end(&u->plain);
}

/* ---- questions ---- */

static void upstream_done(void *arg, int error, struct ub_result *result)
{
	struct resolver_lookup *k = arg;
	struct resolver_result r = {.error = CARDEA_EPEER};

	if (!error && result && result->bogus) {
		r.error = CARDEA_ESIGNATURE;
		r.bogus = true;
		r.why = result->why_bogus;
	} else if (!error && result && result->answer_packet && result->answer_len > 0) {
		r.error = 0;
		r.packet = result->answer_packet;
		r.len = (size_t)result->answer_len;
		r.secure = result->secure;
	}
	k->done(k, &r);
	ub_resolve_free(result);
}

/* Who checks for itself (RFC 4035 3.2.2, CD) is asked for elsewhere: the validator
 * has no such wish. */
static struct resolver_upstream_thread *thread_of(
	struct resolver_upstream *u, const struct resolver_lookup *k)
{
	if (!k->unchecked || !u->settings.trust_anchor)
		return &u->validating;
	return &u->plain;
}

int resolver_upstream_ask(struct resolver_upstream *u, struct resolver_lookup *k,
	const char *name, uint16_t type)
{
	struct resolver_upstream_thread *t = thread_of(u, k);

	if (!u->loop)
		return -EAGAIN;
	if (!t->ub && (t != &u->plain || thread_start(u, t, false)))
		return -EAGAIN;
	int e = ub_resolve_async(
		t->ub, name, type, DNS_CLASS_IN, k, upstream_done, &k->handle);
	return e ? CARDEA_EPEER : 0;
}

void resolver_upstream_cancel(struct resolver_upstream *u, struct resolver_lookup *k)
{
	struct resolver_upstream_thread *t = thread_of(u, k);

	if (t->ub)
		ub_cancel(t->ub, k->handle);
}
