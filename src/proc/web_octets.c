// SPDX-License-Identifier: GPL-2.0-or-later
/* web_octets - a socket, or OpenSSL over it. */
#include "proc/web_octets.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* What an unfinished call of OpenSSL means: 0, it has to wait; else the end. */
static int tls_unfinished(struct web_octets *o, int result)
{
	int e = SSL_get_error(o->ssl, result);

	if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) {
		o->wants = e == SSL_ERROR_WANT_WRITE ? EPOLLOUT : EPOLLIN;
		return 0;
	}
	o->failed = e == SSL_ERROR_SSL || e == SSL_ERROR_SYSCALL;
	return -1;
}

static int clear_unfinished(struct web_octets *o, ssize_t n, uint32_t wants)
{
	o->wants = wants;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	o->failed = n < 0;
	return -1;
}

ssize_t web_octets_in(struct web_octets *o, void *buf, size_t size)
{
	if (o->ssl) {
		ERR_clear_error();
		int n = SSL_read(o->ssl, buf, (int)size);
		return n > 0 ? n : tls_unfinished(o, n);
	}
	ssize_t n = recv(o->fd.fd, buf, size, MSG_DONTWAIT);
	return n > 0 ? n : clear_unfinished(o, n, EPOLLIN);
}

ssize_t web_octets_out(struct web_octets *o, const void *buf, size_t len)
{
	if (o->ssl) {
		ERR_clear_error();
		int n = SSL_write(o->ssl, buf, (int)len);
		return n > 0 ? n : tls_unfinished(o, n);
	}
	ssize_t n = send(o->fd.fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n > 0 ? n : clear_unfinished(o, n, EPOLLOUT);
}

int web_octets_shake(struct web_octets *o)
{
	ERR_clear_error();
	int r = SSL_accept(o->ssl);

	return r == 1 ? 1 : tls_unfinished(o, r);
}

void web_octets_finish(struct web_octets *o)
{
	if (o->ssl)
		(void)SSL_shutdown(o->ssl);
	(void)shutdown(o->fd.fd, SHUT_WR);
}
