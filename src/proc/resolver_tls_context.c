// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_tls_context - the certificate of DNS over TLS ("dot", RFC 7858's name in
 * IANA's registry of protocols) over time. */
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "proc/resolver_tls.h"
#include "proc/tls_context.h"

/* The certificate is looked at so often; the clock may have been set since. */
#define CHECK_MS (3600LL * 1000)
/* Tickets are under keys of the context: with a new one, old recordings stay closed. */
#define CONTEXT_S (24LL * 3600)

static void tell(struct resolver_tls *t, const struct message_dns_tls *now)
{
	if (!memcmp(&t->told, now, sizeof *now))
		return;
	t->told = *now;
	if (t->changed)
		t->changed(t->ctx);
}

/* Running connections keep the context that they began with. */
static void context_make(struct resolver_tls *t)
{
	SSL_CTX *fresh = tls_context(&t->cert, "dot");
	struct message_dns_tls now;

	memset(&now, 0, sizeof now);
	if (!fresh || resolver_cert_tell(&t->cert, &t->wish, &now)) {
		log_error("tls", "the certificate cannot be used");
		SSL_CTX_free(fresh);
		if (t->context)
			return; /* the one before goes on */
		memset(&now, 0, sizeof now);
		(void)str_copy(now.text, sizeof now.text,
			"the certificate cannot be used: is its key RSA with 2048 bits or "
			"more, or ECDSA?");
	} else {
		SSL_CTX_free(t->context);
		t->context = fresh;
		t->context_since = loop_now(t->loop);
	}
	tell(t, &now);
}

void resolver_tls_wish_changed(struct resolver_tls *t)
{
	nstime wall = clock_wall(loop_clock(t->loop));
	bool renewed = false;

	if (!t->context)
		return;
	if (!resolver_cert_fits(&t->cert, &t->wish, wall)) {
		if (t->cert.owners)
			log_warn("tls", "your certificate ends soon, or lacks a name or an "
					"address of this gateway");
		else
			renewed = !resolver_cert_renew(&t->cert, &t->wish, wall);
	}
	if (renewed)
		log_info("tls", "the certificate is renewed; its key is the same");
	if (renewed || loop_now(t->loop) - t->context_since >= CONTEXT_S * NS_PER_SEC)
		context_make(t);
}

static void check(struct loop_timer *timer)
{
	struct resolver_tls *t = timer->ctx;

	resolver_tls_wish_changed(t);
	loop_arm(t->loop, timer, CHECK_MS * NS_PER_MS);
}

void resolver_tls_start(struct resolver_tls *t)
{
	nstime wall = clock_wall(loop_clock(t->loop));
	struct message_dns_tls off;

	memset(&off, 0, sizeof off);
	if (resolver_cert_open(&t->wish, wall, &t->cert, off.text)) {
		log_error("tls", "DNS over TLS is off: %s", off.text);
		tell(t, &off);
		return;
	}
	context_make(t);
	t->check.fire = check;
	t->check.ctx = t;
	loop_arm(t->loop, &t->check, CHECK_MS * NS_PER_MS);
	resolver_tls_wish_changed(t); /* says what the owner's own lacks */
}
