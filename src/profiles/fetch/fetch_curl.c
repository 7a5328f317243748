// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_curl - one libcurl multi handle, driven by our loop. */
#include "profiles/fetch/fetch_curl.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/str.h"

/* Slower than this for so long is a server that wants to hold us. */
#define SLOW_BYTES_PER_S 64L
#define SLOW_S 6L
#define CONNECT_MS 8000L
/* Header lines of one response, which no limit of the body covers. */
#define HEADERS_MAX (32 * 1024)
#define BODY_FIRST 4096
/* host:port: and FETCH_ADDRS_MAX addresses in brackets */
#define PIN_MAX (LIMIT_NAME + 8 + FETCH_ADDRS_MAX * (ADDR_TEXT_MAX + 3))

struct fetch_curl {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
	struct curl_blob ca;
};

/* One transfer in work. */
struct request {
	struct fetch_transfer *t;
	CURL *easy;
	CURLSH *names; /* its own: a pin of one fetch is no truth for another */
	struct curl_slist *headers;
	struct curl_slist *pins;
	size_t body_size;
	size_t header_bytes;
	bool too_big;   /* the body */
	bool too_wordy; /* the header */
	bool out_of_memory;
	char error[CURL_ERROR_SIZE];
};

/* libcurl's sockets in our loop. */
struct watched {
	struct loop_fd fd;
	struct fetch_curl *curl;
};

/* ---- loop ---- */

static void finished_collect(struct fetch_curl *c);

static void curl_act(struct fetch_curl *c, curl_socket_t fd, int flags)
{
	int running;

	curl_multi_socket_action(c->multi, fd, flags, &running);
	finished_collect(c);
}

static void socket_ready(struct loop_fd *f, uint32_t events)
{
	struct watched *w = f->ctx;
	int flags = 0;

	if (events & EPOLLIN)
		flags |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		flags |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		flags |= CURL_CSELECT_ERR;
	curl_act(w->curl, f->fd, flags);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *watched)
{
	struct fetch_curl *c = ctx;
	struct watched *w = watched;
	uint32_t events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			loop_unwatch(&w->fd);
		free(w);
		return 0;
	}
	if (!w) {
		w = calloc(1, sizeof *w);
		if (!w)
			return -1;
		w->curl = c;
		w->fd = (struct loop_fd){.fd = fd, .ready = socket_ready, .ctx = w};
		curl_multi_assign(c->multi, fd, w);
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	return loop_watch(c->loop, &w->fd, events) ? -1 : 0;
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
	struct fetch_curl *c = ctx;

	(void)multi;
	if (ms < 0)
		loop_disarm(&c->timer);
	else
		loop_arm(c->loop, &c->timer, ms * NS_PER_MS);
	return 0;
}

static void timer_fire(struct loop_timer *t)
{
	curl_act(t->ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- what the server sends ---- */

static bool body_grow(struct request *r, size_t want)
{
	size_t size = r->body_size ? r->body_size : BODY_FIRST;

	while (size < want)
		size *= 2;
	if (size == r->body_size)
		return true;
	uint8_t *body = realloc(r->t->body, size);
	if (!body)
		return false;
	r->t->body = body;
	r->body_size = size;
	return true;
}

static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
	struct request *r = ctx;
	struct fetch_transfer *t = r->t;

	(void)one; /* always 1 */
	if (len > t->limit - t->body_len) {
		r->too_big = true;
		return 0;
	}
	if (!body_grow(r, t->body_len + len)) {
		r->out_of_memory = true;
		return 0;
	}
	memcpy(t->body + t->body_len, data, len);
	t->body_len += len;
	return len;
}

static size_t on_header(char *data, size_t one, size_t len, void *ctx)
{
	struct request *r = ctx;

	(void)data;
	(void)one;
	if (len > HEADERS_MAX - r->header_bytes) {
		r->too_wordy = true;
		return 0;
	}
	r->header_bytes += len;
	return len;
}

/* The pins already decide where libcurl connects; this makes it impossible to connect
 * anywhere else, whatever the library thinks. */
static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct request *r = ctx;
	struct addr addr = {0};

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (to->family == AF_INET)
		addr = addr_v4(&((struct sockaddr_in *)&to->addr)->sin_addr);
	else if (to->family == AF_INET6)
		addr = addr_v6(&((struct sockaddr_in6 *)&to->addr)->sin6_addr);
	for (unsigned i = 0; i < r->t->addr_count; i++)
		if (addr.family && addr_equal(&addr, &r->t->addrs[i]))
			return socket(
				to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	return CURL_SOCKET_BAD;
}

/* ---- the end of a transfer ---- */

static void request_free(struct fetch_curl *c, struct request *r)
{
	if (r->easy) {
		curl_multi_remove_handle(c->multi, r->easy);
		curl_easy_cleanup(r->easy);
	}
	if (r->names)
		curl_share_cleanup(r->names);
	curl_slist_free_all(r->headers);
	curl_slist_free_all(r->pins);
	r->t->handle = NULL;
	free(r);
}

static int error_of(const struct request *r, CURLcode code)
{
	if (r->too_big || r->too_wordy || code == CURLE_FILESIZE_EXCEEDED)
		return CARDEA_ELIMIT;
	if (r->out_of_memory || code == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return CARDEA_EUNTRUSTED;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return -ETIMEDOUT;
	if (code == CURLE_COULDNT_CONNECT)
		return -ECONNREFUSED;
	return code == CURLE_OK ? 0 : CARDEA_EPEER;
}

/* Two of them, or one that is cut, are none. */
static void etag_read(struct request *r)
{
	struct curl_header *h;

	if (curl_easy_header(r->easy, "ETag", 0, CURLH_HEADER, -1, &h) != CURLHE_OK ||
		h->amount != 1 || !str_copy(r->t->etag, sizeof r->t->etag, h->value))
		r->t->etag[0] = 0;
}

static void response_read(struct request *r)
{
	char *location = NULL;
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(r->easy, CURLINFO_REDIRECT_URL, &location);
	r->t->status = (unsigned)status;
	if (location)
		(void)str_copy(r->t->location, sizeof r->t->location, location);
	etag_read(r);
}

static void words_of(const struct request *r, CURLcode code, char text[LIMIT_TEXT])
{
	if (r->too_wordy)
		(void)str_print(text, LIMIT_TEXT,
			"more than %d bytes of HTTP header; tell the maker",
			HEADERS_MAX);
	else if (r->too_big || code == CURLE_FILESIZE_EXCEEDED)
		(void)str_print(text, LIMIT_TEXT, "more than %zu bytes; tell the maker",
			r->t->limit);
	else
		(void)str_copy(text, LIMIT_TEXT,
			r->error[0] ? r->error : curl_easy_strerror(code));
}

static void request_finish(struct fetch_curl *c, struct request *r, CURLcode code)
{
	struct fetch_transfer *t = r->t;
	int error = error_of(r, code);
	char text[LIMIT_TEXT] = "";

	if (error)
		words_of(r, code, text);
	else
		response_read(r);
	request_free(c, r);
	t->done(t, error, text);
}

static void finished_collect(struct fetch_curl *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left))) {
		struct request *r = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode code = m->data.result; /* m is gone with the handle */
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &r);
		request_finish(c, r, code);
	}
}

/* ---- the start of a transfer ---- */

static int pin_write(const struct fetch_transfer *t, char pin[PIN_MAX])
{
	char text[ADDR_TEXT_MAX];
	size_t len;
	/* an address needs no pin, and on_open holds to it */
	int e = str_print(pin, PIN_MAX, "%s:%u:", t->literal ? "none.invalid" : t->host,
		t->port);

	for (unsigned i = 0; !e && i < t->addr_count; i++) {
		const struct addr *a = &t->addrs[i];
		len = strlen(pin);
		e = str_print(pin + len, PIN_MAX - len,
			a->family == 6 ? "%s[%s]" : "%s%s", i ? "," : "",
			addr_format(a, text));
	}
	return e;
}

/* RFC 8520 1.6: Accept, Accept-Language and User-Agent (an option). NULL without memory,
 * or when a text does not fit. */
static struct curl_slist *headers_make(const struct fetch_transfer *t)
{
	char accept[LIMIT_TEXT], match[LIMIT_TEXT + 32] = "", type[LIMIT_TEXT] = "";
	/* no "Expect: 100-continue": a server that keeps silent would cost a second */
	const char *lines[] = {accept, "Accept-Language: en", match, type,
		t->post ? "Expect:" : "", t->post_header ? t->post_header : ""};
	struct curl_slist *list = NULL, *grown;

	if (str_print(accept, sizeof accept, "Accept: %s", t->accept))
		return NULL;
	if (t->if_none_match[0] &&
		str_print(match, sizeof match, "If-None-Match: %s", t->if_none_match))
		return NULL;
	if (t->post && str_print(type, sizeof type, "Content-Type: %s", t->post_type))
		return NULL;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (!lines[i][0])
			continue;
		grown = curl_slist_append(list, lines[i]);
		if (!grown) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = grown;
	}
	return list;
}

/* Lists, and the share that keeps the pins apart. */
static int request_fill(struct request *r)
{
	char pin[PIN_MAX];
	int e = pin_write(r->t, pin);

	if (e)
		return e;
	r->easy = curl_easy_init();
	r->names = curl_share_init();
	r->headers = headers_make(r->t);
	r->pins = curl_slist_append(NULL, pin);
	if (!r->easy || !r->names || !r->headers || !r->pins)
		return -ENOMEM;
	return curl_share_setopt(r->names, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS)
		       ? CARDEA_EUNSUPPORTED
		       : 0;
}

struct options {
	CURL *easy;
	CURLcode error;
};

static void set_long(struct options *o, CURLoption option, long value)
{
	if (!o->error)
		o->error = curl_easy_setopt(o->easy, option, value);
}

static void set_pointer(struct options *o, CURLoption option, const void *value)
{
	if (!o->error)
		o->error = curl_easy_setopt(o->easy, option, value);
}

static void options_security(
	struct options *o, const struct fetch_curl *c, const struct request *r)
{
	set_pointer(o, CURLOPT_PROTOCOLS_STR, r->t->plain ? "http" : "https");
	set_long(o, CURLOPT_FOLLOWLOCATION, 0);
	set_long(o, CURLOPT_SSL_VERIFYPEER, 1);
	set_long(o, CURLOPT_SSL_VERIFYHOST, 2);
	set_long(o, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_pointer(o, CURLOPT_CAINFO, NULL);
	set_pointer(o, CURLOPT_CAPATH, NULL);
	set_pointer(o, CURLOPT_CAINFO_BLOB, &c->ca);
	set_pointer(o, CURLOPT_PROXY, ""); /* and none from the environment */
	set_pointer(o, CURLOPT_RESOLVE, r->pins);
	set_pointer(o, CURLOPT_SHARE, r->names);
	/* a kept connection would outlive the check of its address */
	set_long(o, CURLOPT_FRESH_CONNECT, 1);
	set_long(o, CURLOPT_FORBID_REUSE, 1);
	/* small code on a hostile path: no HTTP/2, no decompression */
	set_long(o, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	if (!o->error)
		o->error =
			curl_easy_setopt(o->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	set_pointer(o, CURLOPT_OPENSOCKETDATA, r);
}

static void options_limits(struct options *o, const struct fetch_transfer *t)
{
	set_long(o, CURLOPT_TIMEOUT_MS, LIMIT_FETCH_S * 1000L);
	set_long(o, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	set_long(o, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_PER_S);
	set_long(o, CURLOPT_LOW_SPEED_TIME, SLOW_S);
	set_long(o, CURLOPT_MAXFILESIZE, (long)t->limit);
	set_long(o, CURLOPT_BUFFERSIZE, CURL_MAX_WRITE_SIZE);
	set_long(o, CURLOPT_NOSIGNAL, 1);
}

static void options_request(struct options *o, struct request *r)
{
	set_pointer(o, CURLOPT_URL, r->t->url);
	set_pointer(o, CURLOPT_HTTPHEADER, r->headers);
	set_pointer(o, CURLOPT_USERAGENT, "cardea/1");
	set_pointer(o, CURLOPT_ERRORBUFFER, r->error);
	set_pointer(o, CURLOPT_PRIVATE, r);
	set_pointer(o, CURLOPT_WRITEDATA, r);
	set_pointer(o, CURLOPT_HEADERDATA, r);
	if (r->t->post) { /* not copied: the transfer's owner keeps it */
		set_long(o, CURLOPT_POST, 1);
		set_long(o, CURLOPT_POSTFIELDSIZE, (long)r->t->post_len);
		set_pointer(o, CURLOPT_POSTFIELDS, r->t->post);
	}
	if (!o->error)
		o->error = curl_easy_setopt(o->easy, CURLOPT_WRITEFUNCTION, on_body);
	if (!o->error)
		o->error = curl_easy_setopt(o->easy, CURLOPT_HEADERFUNCTION, on_header);
}

static int request_options(const struct fetch_curl *c, struct request *r)
{
	struct options o = {.easy = r->easy};

	options_security(&o, c, r);
	options_limits(&o, r->t);
	options_request(&o, r);
	return o.error ? CARDEA_EUNSUPPORTED : 0;
}

int fetch_curl_start(struct fetch_curl *c, struct fetch_transfer *t)
{
	struct request *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	r->t = t;
	t->handle = r;
	int e = request_fill(r);
	if (!e)
		e = request_options(c, r);
	if (!e && curl_multi_add_handle(c->multi, r->easy))
		e = -ENOMEM;
	if (e)
		request_free(c, r);
	return e;
}

void fetch_curl_cancel(struct fetch_curl *c, struct fetch_transfer *t)
{
	if (t->handle)
		request_free(c, t->handle);
}

int fetch_curl_new(
	struct loop *l, const void *ca_pem, size_t ca_len, struct fetch_curl **ret_curl)
{
	struct fetch_curl *c;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return CARDEA_EUNSUPPORTED;
	c = calloc(1, sizeof *c);
	if (!c)
		return -ENOMEM;
	c->loop = l;
	c->timer.fire = timer_fire;
	c->timer.ctx = c;
	c->ca = (struct curl_blob){
		.data = (void *)ca_pem, .len = ca_len, .flags = CURL_BLOB_NOCOPY};
	c->multi = curl_multi_init();
	if (!c->multi) {
		free(c);
		return -ENOMEM;
	}
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	*ret_curl = c;
	return 0;
}

void fetch_curl_free(struct fetch_curl *c)
{
	if (!c)
		return;
	curl_multi_cleanup(c->multi);
	loop_disarm(&c->timer);
	free(c);
	curl_global_cleanup();
}
