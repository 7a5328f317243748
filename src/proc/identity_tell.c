// SPDX-License-Identifier: GPL-2.0-or-later
/* One POST /v1/identities over a unix socket: small, blocking and bounded. */
#include "proc/identity.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/jsonw.h"
#include "base/str.h"
#include "wire/http.h"

#define SOCKET_LIMITED "/run/cardea/identity.sock"
#define SOCKET_CONTROL "/run/cardea/control.sock"
#define TIMEOUT_S 3 /* Cardea answers in milliseconds; a RADIUS server waits 10 s */
#define BODY_MAX 4096
#define REPLY_MAX 65536 /* one device with all its members */

static int dial(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval tv = {.tv_sec = TIMEOUT_S};
	int fd, error = 0;

	if (!str_copy(to.sun_path, sizeof(to.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ||
		connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		error = -errno;
	if (error)
		close(fd);
	return error ? error : fd;
}

/* Root may come before the owner has named a group, or instead of it. */
int identity_tell_dial(const char *path)
{
	int fd = dial(path ? path : SOCKET_LIMITED);

	if (!path && (fd == -ENOENT || fd == -ECONNREFUSED))
		fd = dial(SOCKET_CONTROL);
	return fd;
}

static int fail(char *text, int error, const char *why)
{
	if (error == CARDEA_EPEER)
		str_copy(text, LIMIT_TEXT, why);
	else
		(void)str_print(text, LIMIT_TEXT, "%s: %s", why, error_text(error));
	return error;
}

static int last_error(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK ? -ETIMEDOUT : -errno;
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return last_error();
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int say(int fd, const struct identity_claim *c)
{
	char head[256];
	struct jsonw j;
	const char *body;
	int error;

	jsonw_init_buffer(&j, BODY_MAX);
	jsonw_object(&j);
	jsonw_kv_mac(&j, "mac", &c->mac);
	jsonw_kv_string(&j, "source", url_source_name(c->source));
	jsonw_kv_untrusted(&j, "mud_url", c->mud_url);
	if (c->mud_signer[0])
		jsonw_kv_untrusted(&j, "mud_signer", c->mud_signer);
	jsonw_object_end(&j);
	body = jsonw_text(&j);
	error = body ? str_print(head, sizeof(head),
			       "POST /v1/identities HTTP/1.1\r\nHost: cardea\r\n"
			       "Connection: close\r\nContent-Length: %zu\r\n\r\n",
			       strlen(body))
		     : CARDEA_ELIMIT;
	if (!error)
		error = send_all(fd, head, strlen(head));
	if (!error)
		error = send_all(fd, body, strlen(body));
	jsonw_free(&j);
	/* A refusal comes before the request was read: then the answer counts. */
	return error == -EPIPE ? 0 : error;
}

/* Until Cardea hangs up, which it does behind each answer. */
static int hear(int fd, char *reply, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n && len < REPLY_MAX) {
		n = recv(fd, reply + len, REPLY_MAX - len, 0);
		if (n < 0 && errno != EINTR)
			return last_error();
		if (n > 0)
			len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

/* What Cardea says against it, in its own words. */
static void quote(const char *body, size_t len, char text[LIMIT_TEXT])
{
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	const char *what = json_string_value(json_object_get(root, "error"));
	const char *next = json_string_value(json_object_get(root, "next"));
	char shown[LIMIT_TEXT];

	str_escape(str_untrusted(what ? what : "no reason was given"), shown,
		sizeof(shown));
	(void)str_print(text, LIMIT_TEXT, "Cardea refuses: %s", shown);
	if (next) {
		size_t at = strlen(text);

		str_escape(str_untrusted(next), shown, sizeof(shown));
		(void)str_print(text + at, LIMIT_TEXT - at, "; next: %s", shown);
	}
	json_decref(root);
}

int identity_tell(int fd, const struct identity_claim *c, char ret_text[LIMIT_TEXT])
{
	static char reply[REPLY_MAX];
	struct http_head h;
	struct cursor in;
	size_t len = 0;
	int error = say(fd, c);

	if (!error)
		error = hear(fd, reply, &len);
	if (error)
		return fail(ret_text, error, "Cardea does not answer");
	in = cursor_of(reply, len);
	if (http_parse_response(&in, &h))
		return fail(ret_text, CARDEA_EPEER,
			"what answers does not speak Cardea's control API");
	if (h.status == 200)
		return 0;
	quote((const char *)in.pos, cursor_left(&in), ret_text);
	return CARDEA_EREFUSED;
}
