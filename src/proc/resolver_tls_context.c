// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_tls_context - what we agree to with a client of DNS over TLS, and the
 * service's certificate over time. */
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "proc/resolver_tls.h"

/* The certificate is looked at so often; the clock may have been set since. */
#define CHECK_MS (3600LL * 1000)
/* Tickets are under keys of the context: with a new one, old recordings stay closed. */
#define CONTEXT_S (24LL * 3600)
/* A ticket saves a phone a handshake when it wakes up. */
#define TICKET_S (4L * 3600)

static const uint8_t session_context[] = "cardea-dot";

/* "dot" (RFC 7858's name in IANA's registry), or nothing was asked. Who wants another
 * protocol is at the wrong door: answering would be an attack's other half. */
static int choose_protocol(SSL *s, const uint8_t **out, uint8_t *out_len,
	const uint8_t *in, unsigned in_len, void *ctx)
{
	static const uint8_t ours[] = "\x03" "dot";

	(void)s, (void)ctx;
	return SSL_select_next_proto((uint8_t **)out, out_len, ours, sizeof ours - 1, in,
		       in_len) == OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool context_identify(SSL_CTX *x, const struct resolver_cert *c)
{
	return SSL_CTX_use_certificate(x, c->cert) == 1 &&
	       (!c->chain || SSL_CTX_set1_chain(x, c->chain) == 1) &&
	       SSL_CTX_use_PrivateKey(x, c->key) == 1 &&
	       SSL_CTX_check_private_key(x) == 1;
}

struct ssl_ctx_st *resolver_tls_context(const struct resolver_cert *c)
{
	SSL_CTX *x = SSL_CTX_new(TLS_server_method());

	/* RFC 9325: TLS 1.2 with forward secrecy and AEAD, or 1.3 */
	if (!x || SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_cipher_list(x, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
		SSL_CTX_set_session_id_context(
			x, session_context, sizeof session_context - 1) != 1 ||
		!context_identify(x, c)) {
		SSL_CTX_free(x);
		ERR_clear_error();
		return NULL;
	}
	SSL_CTX_set_options(x, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				       SSL_OP_CIPHER_SERVER_PREFERENCE |
				       SSL_OP_PRIORITIZE_CHACHA |
				       SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(x, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* The client keeps the session, not we; no early data, which can be replayed. */
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(x, TICKET_S);
	SSL_CTX_set_max_early_data(x, 0);
	SSL_CTX_set_alpn_select_cb(x, choose_protocol, NULL);
	return x;
}

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
	SSL_CTX *fresh = resolver_tls_context(&t->cert);
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
