// SPDX-License-Identifier: GPL-2.0-or-later
/* web_tls - the certificate, before and behind the sandbox. */
#include "proc/web_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "proc/memory.h"
#include "proc/tls_context.h"

/* A key and a chain of eight RSA certificates have 20 KiB. */
#define PEM_MAX (64 * 1024)
/* Without any client for so long, OpenSSL's memory is given back. */
#define IDLE_MS (60LL * 1000)
/* Tickets are under keys of the context: with a new one, old recordings stay closed. */
#define CONTEXT_S (24LL * 3600)

/* ---- before the sandbox ---- */

static bool pem_put(BIO *b, const struct resolver_cert *c)
{
	bool ok = PEM_write_bio_PKCS8PrivateKey(b, c->key, NULL, NULL, 0, NULL, NULL) &&
		  PEM_write_bio_X509(b, c->cert);

	for (int i = 0; ok && c->chain && i < sk_X509_num(c->chain); i++)
		ok = PEM_write_bio_X509(b, sk_X509_value(c->chain, i));
	return ok;
}

/* The other process: all that OpenSSL keeps for the rest of a process' life ends with
 * it. */
static void load_apart(const struct web_tls *t, int fd)
{
	nstime wall = clock_wall(loop_clock(t->loop));
	struct resolver_cert c = {0};
	char why[LIMIT_TEXT], *bytes = NULL;
	BIO *b = BIO_new(BIO_s_mem());
	long len = 0;

	if (resolver_cert_open(&t->wish, wall, &c, why))
		log_error("tls", "there is no HTTPS for devices: %s", why);
	else if (b && pem_put(b, &c))
		len = BIO_get_mem_data(b, &bytes);
	if (len > 0 && write(fd, bytes, (size_t)len) != len)
		_exit(EXIT_FAILURE);
	_exit(len > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static size_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(fd, buf + len, size - len)) != 0) {
		if (n < 0 && errno != EINTR)
			return 0;
		len += n > 0 ? (size_t)n : 0;
	}
	return len;
}

static void take_pem(struct web_tls *t, int fd, pid_t pid)
{
	static char buf[PEM_MAX];
	size_t len = read_all(fd, buf, sizeof buf);
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status == 0 && len > 0 && len < sizeof buf)
		t->pem = malloc(len);
	if (t->pem) {
		memcpy(t->pem, buf, len);
		t->pem_len = len;
	}
	explicit_bzero(buf, len);
}

void web_tls_load(struct web_tls *t)
{
	int fds[2];
	pid_t pid;

	t->owners = t->wish.cert_file[0] != 0;
	if (pipe(fds)) {
		log_error("tls", "there is no HTTPS for devices: %s", error_text(-errno));
		return;
	}
	pid = fork();
	if (!pid)
		load_apart(t, fds[1]);
	close(fds[1]);
	if (pid > 0)
		take_pem(t, fds[0], pid);
	close(fds[0]);
	if (!t->pem)
		log_error("tls", "HTTPS for devices is off until the next start");
}

/* ---- settings ---- */

/* "br-lan 192.168.1.1/24" */
static void add_addr(struct resolver_cert_wish *w, const char *value)
{
	struct untrusted_str rest = str_untrusted(value), word;
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (!str_cut(&rest, ' ', &word) || !str_cut(&rest, '/', &word) ||
		!str_copy_bytes(text, sizeof text, word.bytes, word.len) ||
		addr_parse(text, &a) || addr_is_link_local(&a))
		return;
	if (w->addr_count < RESOLVER_CERT_ADDRS)
		w->addrs[w->addr_count++] = a;
}

static void context_drop(struct web_tls *t)
{
	SSL_CTX_free(t->context); /* running connections keep it */
	t->context = NULL;
	resolver_cert_free(&t->cert);
}

int web_tls_config(struct web_tls *t, const char *key, const char *value)
{
	static const struct {
		const char *key;
		size_t at, size;
	} texts[] = {{"tls_dir", offsetof(struct resolver_cert_wish, dir), LIMIT_URL},
		{"tls_cert", offsetof(struct resolver_cert_wish, cert_file), LIMIT_URL},
		{"tls_key", offsetof(struct resolver_cert_wish, key_file), LIMIT_URL},
		{"dns_name", offsetof(struct resolver_cert_wish, name), LIMIT_NAME}};
	struct resolver_cert_wish *w = &t->wish;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!strcmp(key, texts[i].key))
			return str_copy((char *)w + texts[i].at, texts[i].size, value)
				       ? 0
				       : CARDEA_ELIMIT;
	if (!strcmp(key, "lan_begin"))
		w->addr_count = 0;
	else if (!strcmp(key, "lan_addr"))
		add_addr(w, value);
	else if (!strcmp(key, "lan_end"))
		context_drop(t); /* the next has the new addresses */
	return 0;
}

/* ---- behind it ---- */

static bool pem_get(const struct web_tls *t, struct resolver_cert *c)
{
	BIO *b = BIO_new_mem_buf(t->pem, (int)t->pem_len);
	X509 *x;

	c->owners = t->owners;
	c->key = b ? PEM_read_bio_PrivateKey(b, NULL, NULL, NULL) : NULL;
	c->cert = c->key ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
	while (c->cert && (x = PEM_read_bio_X509(b, NULL, NULL, NULL))) {
		if (!c->chain)
			c->chain = sk_X509_new_null();
		if (!c->chain || !sk_X509_push(c->chain, x)) {
			X509_free(x);
			break;
		}
	}
	BIO_free(b);
	ERR_clear_error();
	return c->cert != NULL;
}

/* The certificate as it is on disk, or one of the same key where that one lacks an
 * address or ends soon. */
static bool context_make(struct web_tls *t)
{
	nstime wall = clock_wall(loop_clock(t->loop));

	/* the sandbox has no files, and the system's settings are not for us */
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 || !pem_get(t, &t->cert))
		return false;
	if (!t->owners && !resolver_cert_fits(&t->cert, &t->wish, wall) &&
		resolver_cert_renew(&t->cert, &t->wish, wall))
		return false;
	t->context = tls_context(&t->cert, "http/1.1");
	t->since = loop_now(t->loop);
	return t->context != NULL;
}

static void idle(struct loop_timer *timer)
{
	struct web_tls *t = timer->ctx;

	if (t->sessions)
		return;
	context_drop(t);
	memory_return();
}

struct ssl_st *web_tls_open(struct web_tls *t, int fd)
{
	SSL *s;

	if (!t->pem)
		return NULL;
	if (t->context && loop_now(t->loop) - t->since >= CONTEXT_S * NS_PER_SEC)
		context_drop(t);
	if (!t->context && !context_make(t)) {
		log_error("tls", "the certificate cannot be used");
		context_drop(t);
		return NULL;
	}
	s = SSL_new(t->context);
	if (!s || SSL_set_fd(s, fd) != 1) {
		SSL_free(s);
		return NULL;
	}
	t->sessions++;
	return s;
}

void web_tls_close(struct web_tls *t, struct ssl_st *s, bool say_so)
{
	if (!s)
		return;
	if (say_so)
		(void)SSL_shutdown(s); /* and does not wait */
	SSL_free(s);
	ERR_clear_error();
	if (--t->sessions)
		return;
	t->idle.fire = idle;
	t->idle.ctx = t;
	loop_arm(t->loop, &t->idle, IDLE_MS * NS_PER_MS);
}

void web_tls_end(struct web_tls *t)
{
	if (t->idle.loop)
		loop_disarm(&t->idle);
	context_drop(t);
	if (t->pem)
		explicit_bzero(t->pem, t->pem_len);
	free(t->pem);
	t->pem = NULL;
}
