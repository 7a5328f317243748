// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_relay - one TLS connection at a time, a table of questions, and a socket that
 * only this host can reach. */
#include "proc/resolver_relay.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cursor.h"
#include "base/log.h"
#include "base/str.h"
#include "wire/dns.h"
#include "wire/dns_pad.h"

/* RFC 8467 4.1: what clients pad to. */
#define PAD_BLOCK 128
#define PORT_LAST 65535
/* Connection and handshake together; then the next server. */
#define OPEN_MS 1500
/* One answer. A connection that brought nothing since is dead. */
#define ANSWER_MS 2000
/* RFC 7858 3.4: kept open a while, as names are asked for in bursts. */
#define IDLE_MS 20000
#define LOOK_MS 250
/* A server that failed is passed over for so long, if there is another. When all have
 * failed, they are left in peace for a moment. */
#define FAILED_MS 30000
#define RETRY_MS 1000
#define BURST_MAX 64
#define FLAG_QR 0x80

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* ---- settings ---- */

int resolver_relay_add(struct resolver_relay *r, const char *text)
{
	struct resolver_relay_server *s = &r->servers[r->server_count];
	size_t host_len = strcspn(text, "@");
	char host[ADDR_TEXT_MAX], port[8];
	struct dns_name name;
	int64_t n;

	if (r->server_count == RESOLVER_RELAY_SERVERS_MAX)
		return CARDEA_ELIMIT;
	if (!str_copy_bytes(host, sizeof host, text, host_len) || !text[host_len])
		return CARDEA_EMALFORMED;
	text += host_len + 1;
	size_t port_len = strcspn(text, "#");
	if (!str_copy_bytes(port, sizeof port, text, port_len) || !text[port_len] ||
		str_to_i64(port, 1, PORT_LAST, &n) || addr_parse(host, &s->addr) ||
		dns_name_from_text(text + port_len + 1, &name))
		return CARDEA_EMALFORMED;
	s->port = (uint16_t)n;
	(void)str_copy(s->name, sizeof s->name, name.text);
	r->server_count++;
	return 0;
}

int resolver_relay_authorities(struct resolver_relay *r, const char *ca_file)
{
	SSL_CTX *x = SSL_CTX_new(TLS_client_method());
	int ok = x && SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION) == 1 &&
		 SSL_CTX_set_cipher_list(x, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;

	if (ok && ca_file[0])
		ok = SSL_CTX_load_verify_file(x, ca_file) == 1;
	else if (ok)
		ok = SSL_CTX_set_default_verify_paths(x) == 1;
	ERR_clear_error();
	if (!ok) {
		SSL_CTX_free(x);
		log_error("relay", "dns.tls_ca %s cannot be read, or holds no "
				   "certificates", ca_file);
		return CARDEA_EUNTRUSTED;
	}
	SSL_CTX_set_verify(x, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(x, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(x, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
				       SSL_OP_IGNORE_UNEXPECTED_EOF);
	r->context = x;
	return 0;
}

/* ---- questions ---- */

static void query_end(struct resolver_relay_query *q)
{
	q->busy = false;
}

static void query_reply(struct resolver_relay *r, struct resolver_relay_query *q,
	uint8_t *message, size_t len)
{
	message[0] = (uint8_t)(q->id >> 8);
	message[1] = (uint8_t)q->id;
	(void)sendto(r->udp.fd, message, len, MSG_DONTWAIT, (struct sockaddr *)&q->from,
		sizeof q->from);
	query_end(q);
}

/* Its own question, turned into a refusal: libunbound need not wait any longer. */
static void query_fail(struct resolver_relay *r, struct resolver_relay_query *q)
{
	uint8_t *m = q->bytes + 2;

	m[2] |= FLAG_QR;
	m[3] = DNS_RCODE_SERVFAIL;
	query_reply(r, q, m, q->len - 2);
}

static struct resolver_relay_query *query_new(struct resolver_relay *r)
{
	for (unsigned i = 0; i < RESOLVER_RELAY_QUERIES_MAX; i++) {
		struct resolver_relay_query *q = &r->queries[i];
		if (q->busy)
			continue;
		*q = (struct resolver_relay_query){.busy = true};
		/* found again without a search, and never the last one's */
		q->wire_id = (uint16_t)(++r->serial * RESOLVER_RELAY_QUERIES_MAX + i);
		return q;
	}
	return NULL;
}

/* Framed for the connection, with an id of ours, and padded. */
static int query_write(struct resolver_relay_query *q, const uint8_t *message, size_t len)
{
	struct writer w = writer_of(q->bytes + 2, sizeof q->bytes - 2);

	q->id = (uint16_t)(message[0] << 8 | message[1]);
	writer_bytes(&w, message, len);
	writer_patch16(&w, 0, q->wire_id);
	int e = w.error ? w.error : dns_pad(&w, PAD_BLOCK);
	q->bytes[0] = (uint8_t)(w.len >> 8);
	q->bytes[1] = (uint8_t)w.len;
	q->len = 2 + w.len;
	return e;
}

static bool queries_wait(const struct resolver_relay *r)
{
	for (unsigned i = 0; i < RESOLVER_RELAY_QUERIES_MAX; i++)
		if (r->queries[i].busy)
			return true;
	return false;
}

/* ---- the connection ---- */

static void conn_fail(struct resolver_relay *r, const char *why);

static void conn_close(struct resolver_relay *r)
{
	int fd = r->fd.fd;

	if (r->state == RELAY_CLOSED)
		return;
	loop_unwatch(&r->fd);
	if (r->ssl && r->state == RELAY_OPEN)
		(void)SSL_shutdown(r->ssl);
	SSL_free(r->ssl);
	ERR_clear_error();
	r->ssl = NULL;
	close(fd);
	r->state = RELAY_CLOSED;
	r->out_len = r->in_len = 0;
	for (unsigned i = 0; i < RESOLVER_RELAY_QUERIES_MAX; i++)
		r->queries[i].sent = false;
}

static void conn_watch(struct resolver_relay *r)
{
	uint32_t events = r->wants;

	if (r->state == RELAY_CONNECTING)
		events = EPOLLOUT;
	else if (r->state == RELAY_OPEN)
		events = EPOLLIN | (r->out_len ? EPOLLOUT : 0);
	if (loop_watch(r->loop, &r->fd, events))
		conn_fail(r, "it cannot be watched");
}

/* True: it has to wait. */
static bool must_wait(struct resolver_relay *r, int result)
{
	int e = SSL_get_error(r->ssl, result);

	r->wants = e == SSL_ERROR_WANT_WRITE ? EPOLLOUT : EPOLLIN;
	return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static bool conn_flush(struct resolver_relay *r)
{
	while (r->out_len) {
		ERR_clear_error();
		int n = SSL_write(r->ssl, r->out, (int)r->out_len);
		if (n <= 0)
			return must_wait(r, n);
		r->out_len -= (size_t)n;
		memmove(r->out, r->out + n, r->out_len);
	}
	return true;
}

/* What waits goes out, as far as there is room. */
static bool conn_send(struct resolver_relay *r)
{
	if (r->state != RELAY_OPEN)
		return true;
	for (unsigned i = 0; i < RESOLVER_RELAY_QUERIES_MAX; i++) {
		struct resolver_relay_query *q = &r->queries[i];
		if (!q->busy || q->sent || q->len > sizeof r->out - r->out_len)
			continue;
		memcpy(r->out + r->out_len, q->bytes, q->len);
		r->out_len += q->len;
		q->sent = true;
		q->since = loop_now(r->loop);
	}
	return conn_flush(r);
}

static void answer_take(struct resolver_relay *r, struct cursor message)
{
	static uint8_t copy[65535];
	size_t len = cursor_left(&message);
	struct cursor c = message;
	uint16_t id = cursor_u16(&c);
	struct resolver_relay_query *q = &r->queries[id % RESOLVER_RELAY_QUERIES_MAX];

	if (len < DNS_HEADER_LEN || !q->busy || !q->sent || q->wire_id != id)
		return;
	memcpy(copy, message.start, len);
	query_reply(r, q, copy, len);
}

static bool conn_read(struct resolver_relay *r)
{
	for (int i = 0; i < BURST_MAX; i++) {
		struct cursor stream, message;

		ERR_clear_error();
		int n = SSL_read(
			r->ssl, r->in + r->in_len, (int)(sizeof r->in - r->in_len));
		if (n <= 0)
			return must_wait(r, n);
		r->heard = loop_now(r->loop);
		r->in_len += (size_t)n;
		stream = cursor_of(r->in, r->in_len);
		while (!dns_frame_next(&stream, &message))
			answer_take(r, message);
		r->in_len = (size_t)(stream.end - stream.pos);
		memmove(r->in, stream.pos, r->in_len);
	}
	return true;
}

static bool conn_shake(struct resolver_relay *r)
{
	ERR_clear_error();
	int n = SSL_connect(r->ssl);

	if (n != 1)
		return must_wait(r, n);
	r->state = RELAY_OPEN;
	r->servers[r->current].failed = 0;
	r->heard = loop_now(r->loop);
	return conn_send(r);
}

static int conn_error(const struct resolver_relay *r)
{
	socklen_t len = sizeof(int);
	int e = 0;

	return getsockopt(r->fd.fd, SOL_SOCKET, SO_ERROR, &e, &len) ? errno : e;
}

/* Why the handshake failed, in words. */
static const char *shake_error(const struct resolver_relay *r)
{
	long v = SSL_get_verify_result(r->ssl);

	return v == X509_V_OK ? "TLS failed" : X509_verify_cert_error_string(v);
}

static void conn_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_relay *r = f->ctx;

	if (r->state == RELAY_CONNECTING) {
		int e = conn_error(r);
		if (e) {
			conn_fail(r, strerror(e));
			return;
		}
		r->state = RELAY_SHAKING;
	}
	if (r->state == RELAY_SHAKING) {
		if (!conn_shake(r)) {
			conn_fail(r, shake_error(r));
			return;
		}
	} else if (!conn_flush(r) || ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) &&
					     !conn_read(r))) {
		conn_close(r); /* servers end idle connections: no failure */
	}
	if (r->state != RELAY_CLOSED)
		conn_watch(r);
}

static SSL *session_new(struct resolver_relay *r, int fd)
{
	const struct resolver_relay_server *s = &r->servers[r->current];
	SSL *ssl = SSL_new(r->context);

	if (!ssl)
		return NULL;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_set1_host(ssl, s->name) != 1 ||
		SSL_set_tlsext_host_name(ssl, s->name) != 1 || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

static socklen_t address_of(const struct resolver_relay_server *s, union address *ret)
{
	*ret = (union address){0};
	if (s->addr.family == 4) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(s->port);
		memcpy(&ret->in.sin_addr, s->addr.b, sizeof ret->in.sin_addr);
		return sizeof ret->in;
	}
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons(s->port);
	memcpy(&ret->in6.sin6_addr, s->addr.b, sizeof ret->in6.sin6_addr);
	return sizeof ret->in6;
}

/* The next one in the list that did not fail lately; else the one that failed first. */
static void server_choose(struct resolver_relay *r)
{
	nstime now = loop_now(r->loop);
	unsigned best = r->current;

	for (unsigned i = 0; i < r->server_count; i++) {
		struct resolver_relay_server *s = &r->servers[i];
		if (s->failed && now - s->failed > FAILED_MS * NS_PER_MS)
			s->failed = 0;
	}
	for (unsigned i = 0; i < r->server_count; i++)
		if (r->servers[i].failed < r->servers[best].failed)
			best = i;
	r->current = best;
}

static bool all_failed(const struct resolver_relay *r)
{
	nstime now = loop_now(r->loop);

	for (unsigned i = 0; i < r->server_count; i++)
		if (!r->servers[i].failed ||
			now - r->servers[i].failed > RETRY_MS * NS_PER_MS)
			return false;
	return true;
}

static void conn_open(struct resolver_relay *r)
{
	union address address;
	int one = 1;

	server_choose(r);
	socklen_t len = address_of(&r->servers[r->current], &address);
	int fd = socket(address.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	r->ssl = session_new(r, fd);
	r->fd = (struct loop_fd){.fd = fd, .ready = conn_ready, .ctx = r};
	r->state = RELAY_CONNECTING;
	r->heard = loop_now(r->loop);
	if (!r->ssl)
		conn_fail(r, "no memory");
	else if (connect(fd, &address.sa, len) && errno != EINPROGRESS)
		conn_fail(r, strerror(errno));
	else
		conn_watch(r);
}

/* The next server is asked what this one did not answer; each once. */
static void conn_fail(struct resolver_relay *r, const char *why)
{
	struct resolver_relay_server *s = &r->servers[r->current];
	char text[ADDR_TEXT_MAX];

	if (!s->failed)
		log_warn("relay", "%s (%s): %s", addr_format(&s->addr, text), s->name, why);
	s->failed = loop_now(r->loop);
	conn_close(r);
	for (unsigned i = 0; i < RESOLVER_RELAY_QUERIES_MAX; i++) {
		struct resolver_relay_query *q = &r->queries[i];
		if (q->busy && ++q->tries >= r->server_count)
			query_fail(r, q);
	}
}

/* ---- time ---- */

static bool is_dead(const struct resolver_relay *r, nstime now)
{
	if (r->state == RELAY_CONNECTING || r->state == RELAY_SHAKING)
		return now - r->heard > OPEN_MS * NS_PER_MS;
	for (unsigned i = 0; i < RESOLVER_RELAY_QUERIES_MAX; i++) {
		const struct resolver_relay_query *q = &r->queries[i];
		if (q->busy && q->sent && r->heard < q->since &&
			now - q->since > ANSWER_MS * NS_PER_MS)
			return true;
	}
	return false;
}

static void queries_expire(struct resolver_relay *r, nstime now)
{
	for (unsigned i = 0; i < RESOLVER_RELAY_QUERIES_MAX; i++) {
		struct resolver_relay_query *q = &r->queries[i];
		if (q->busy && now - q->born > 2 * ANSWER_MS * NS_PER_MS)
			query_fail(r, q);
	}
}

static void relay_look(struct loop_timer *t)
{
	struct resolver_relay *r = t->ctx;
	nstime now = loop_now(r->loop);

	if (r->state != RELAY_CLOSED && is_dead(r, now))
		conn_fail(r, "no answer in time");
	queries_expire(r, now);
	bool wait = queries_wait(r);
	if (wait && r->state == RELAY_CLOSED)
		conn_open(r);
	if (!wait && r->state == RELAY_OPEN && now - r->heard > IDLE_MS * NS_PER_MS)
		conn_close(r);
	if (wait || r->state != RELAY_CLOSED)
		loop_arm(r->loop, t, LOOK_MS * NS_PER_MS);
}

/* ---- libunbound's side ---- */

static void question_take(struct resolver_relay *r, const uint8_t *message, size_t len,
	const struct sockaddr_in *from)
{
	struct resolver_relay_query *q =
		len >= DNS_HEADER_LEN && !(message[2] & FLAG_QR) ? query_new(r) : NULL;

	if (!q)
		return; /* it asks again */
	q->from = *from;
	q->born = loop_now(r->loop);
	if (query_write(q, message, len)) {
		query_end(q);
		return;
	}
	if (r->state == RELAY_CLOSED && all_failed(r)) {
		query_fail(r, q);
		return;
	}
	if (!r->timer.due)
		loop_arm(r->loop, &r->timer, LOOK_MS * NS_PER_MS);
	if (r->state == RELAY_CLOSED)
		conn_open(r);
	else if (!conn_send(r))
		conn_close(r);
	else
		conn_watch(r);
}

static void udp_ready(struct loop_fd *f, uint32_t events)
{
	struct resolver_relay *r = f->ctx;
	uint8_t message[RESOLVER_RELAY_QUERY_MAX];

	(void)events;
	for (int i = 0; i < BURST_MAX; i++) {
		struct sockaddr_in from;
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(f->fd, message, sizeof message, MSG_DONTWAIT,
			(struct sockaddr *)&from, &len);
		if (n < 0)
			return;
		question_take(r, message, (size_t)n, &from);
	}
}

int resolver_relay_start(struct resolver_relay *r, struct loop *l, uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int e = 0;

	r->fd.fd = -1;
	if (fd < 0)
		return -errno;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, len) ||
		getsockname(fd, (struct sockaddr *)&a, &len))
		e = -errno;
	r->loop = l;
	r->timer = (struct loop_timer){.fire = relay_look, .ctx = r};
	r->udp = (struct loop_fd){.fd = fd, .ready = udp_ready, .ctx = r};
	if (!e)
		e = loop_watch(l, &r->udp, EPOLLIN);
	if (e)
		close(fd);
	else
		*ret_port = ntohs(a.sin_port);
	return e;
}

void resolver_relay_end(struct resolver_relay *r)
{
	int fd = r->udp.fd;

	if (!r->loop)
		return;
	loop_disarm(&r->timer);
	conn_close(r);
	loop_unwatch(&r->udp);
	close(fd);
	SSL_CTX_free(r->context);
	r->loop = NULL;
}
