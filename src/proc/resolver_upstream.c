// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_upstream - libunbound, cut down to a router's memory. */
#include "proc/resolver_upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unbound.h>
#include "base/addr.h"
#include "base/str.h"
#include "wire/dns.h"

#define PORT_LAST 65535

struct option {
	const char *name, *value;
};

static const struct option options[] = {
	/* without a trust anchor the validator would only cost memory */
	{"module-config:", "iterator"},
	{"msg-cache-slabs:", "1"},
	{"rrset-cache-slabs:", "1"},
	{"infra-cache-slabs:", "1"},
	{"key-cache-slabs:", "1"},
	{"key-cache-size:", "16k"},
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

static int option_set(struct resolver_upstream *u, const char *name, const char *value)
{
	return ub_ctx_set_option(u->ub, name, value) ? CARDEA_EUNSUPPORTED : 0;
}

/* Two thirds for record sets, one for messages, as unbound's manual advises. */
static int cache_set(struct resolver_upstream *u, unsigned cache_kb)
{
	char size[32];
	int e = str_print(size, sizeof size, "%uk", cache_kb / 3);

	if (!e)
		e = option_set(u, "msg-cache-size:", size);
	if (!e)
		e = str_print(size, sizeof size, "%uk", cache_kb - cache_kb / 3);
	return e ? e : option_set(u, "rrset-cache-size:", size);
}

int resolver_upstream_init(struct resolver_upstream *u, unsigned cache_kb)
{
	int e = 0;

	u->fd.fd = -1;
	u->ub = ub_ctx_create();
	if (!u->ub)
		return -ENOMEM;
	ub_ctx_debugout(u->ub, NULL);
	for (size_t i = 0; !e && i < sizeof options / sizeof *options; i++)
		e = option_set(u, options[i].name, options[i].value);
	return e ? e : cache_set(u, cache_kb);
}

int resolver_upstream_forward(struct resolver_upstream *u, const char *address)
{
	const char *at = strchr(address, '@');
	size_t len = at ? (size_t)(at - address) : strlen(address);
	char text[ADDR_TEXT_MAX];
	struct addr addr;
	int64_t port;

	if (!str_copy_bytes(text, sizeof text, address, len) || addr_parse(text, &addr))
		return CARDEA_EMALFORMED;
	if (at && str_to_i64(at + 1, 1, PORT_LAST, &port))
		return CARDEA_EMALFORMED;
	if (addr_is_loopback(&addr) && option_set(u, "do-not-query-localhost:", "no"))
		return CARDEA_EUNSUPPORTED;
	u->forwards = true;
	return ub_ctx_set_fwd(u->ub, address) ? CARDEA_EMALFORMED : 0;
}

static void upstream_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_upstream *u = f->ctx;

	(void)events;
	ub_process(u->ub);
}

int resolver_upstream_start(struct resolver_upstream *u, struct loop *l)
{
	if (ub_ctx_async(u->ub, 1))
		return CARDEA_EUNSUPPORTED;
	u->fd = (struct loop_fd){.fd = ub_fd(u->ub), .ready = upstream_ready, .ctx = u};
	/* RFC 6761 6.2: .test is nobody's by default; whoever names a forwarder has
	 * one that knows, and laboratories live there. */
	if (u->forwards && ub_ctx_zone_remove(u->ub, "test."))
		return CARDEA_EUNSUPPORTED;
	int e = u->fd.fd < 0 ? -EBADF : loop_watch(l, &u->fd, EPOLLIN);
	u->started = !e;
	return e;
}

void resolver_upstream_end(struct resolver_upstream *u)
{
	loop_unwatch(&u->fd);
	if (u->ub)
		ub_ctx_delete(u->ub);
	u->ub = NULL;
}

static void upstream_done(void *arg, int error, struct ub_result *result)
{
	struct resolver_lookup *k = arg;
	const uint8_t *packet = NULL;
	size_t len = 0;

	if (!error && result && result->answer_packet && result->answer_len > 0) {
		packet = result->answer_packet;
		len = (size_t)result->answer_len;
	}
	k->done(k, packet ? 0 : CARDEA_EPEER, packet, len);
	ub_resolve_free(result);
}

int resolver_upstream_ask(struct resolver_upstream *u, struct resolver_lookup *k,
	const char *name, uint16_t type)
{
	if (!u->started)
		return -EAGAIN;
	int e = ub_resolve_async(
		u->ub, name, type, DNS_CLASS_IN, k, upstream_done, &k->handle);
	return e ? CARDEA_EPEER : 0;
}

void resolver_upstream_cancel(struct resolver_upstream *u, struct resolver_lookup *k)
{
	ub_cancel(u->ub, k->handle);
}
