// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch - the steps of one fetch, and the queue of all of them. */
#include "profiles/fetch/fetch_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "profiles/mud/mud.h"

/* RFC 8520 1.6 wants mud+json; public files are mostly served as plain JSON. */
#define ACCEPT_MUD "application/mud+json, application/json;q=0.5"
#define ACCEPT_SIGNATURE "application/pkcs7-signature"
#define PORT_HTTPS 443
#define PORT_LAST 65535

struct fetch {
	struct fetcher *owner;
	struct fetch *next;
	uint64_t id;
	char asked[LIMIT_URL];
	bool running;
	bool waits_for_host;
	bool in_transfer;
	bool gets_signature; /* the MUD file is here already */
	char visited[LIMIT_REDIRECTS + 1][LIMIT_URL];
	unsigned visited_count;
	struct fetch_transfer transfer;
	struct loop_timer deadline; /* of one document, redirects included */
	uint8_t *mud;
	size_t mud_len;
	char mud_final[LIMIT_URL];
	char have[LIMIT_TEXT]; /* ETag of what the engine has */
	char etag[LIMIT_TEXT]; /* of what came */
};

struct fetcher {
	struct loop *loop;
	const struct fetch_config *config;
	const struct fetch_ops *ops;
	void *ctx;
	struct fetch_etags *etags;
	struct fetch *first; /* in order of arrival */
	unsigned count, running;
};

struct fetcher *fetcher_new(struct loop *l, const struct fetch_config *config,
	const struct fetch_ops *ops, void *ctx)
{
	struct fetcher *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->etags = fetch_etags_new();
	if (!f->etags) {
		free(f);
		return NULL;
	}
	f->loop = l;
	f->config = config;
	f->ops = ops;
	f->ctx = ctx;
	return f;
}

/* ---- ends ---- */

static void fetch_free(struct fetch *x)
{
	struct fetcher *f = x->owner;
	struct fetch **at = &f->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	f->count--;
	f->running -= x->running;
	if (x->in_transfer)
		f->ops->cancel(f->ctx, &x->transfer);
	loop_disarm(&x->deadline);
	free(x->transfer.body);
	free(x->mud);
	free(x);
}

static void queue_start(struct fetcher *f);

/* The last act in every case: makes room for the next one. */
static void fetch_end(struct fetch *x)
{
	struct fetcher *f = x->owner;

	fetch_free(x);
	queue_start(f);
	if (!f->count && f->ops->idle)
		f->ops->idle(f->ctx);
}

static void tell_failure(struct fetcher *f, uint64_t id, int error, const char *text)
{
	struct message m = {.type = MESSAGE_FETCH_FAILED};

	m.fetch_failed.id = id;
	m.fetch_failed.error = error;
	(void)str_copy(m.fetch_failed.text, sizeof m.fetch_failed.text, text);
	(void)f->ops->send(f->ctx, &m);
}

static void fetch_fail(struct fetch *x, int error, const char *text)
{
	tell_failure(x->owner, x->id, error, text);
	fetch_end(x);
}

/* What is being fetched, for sentences. */
static const char *document(const struct fetch *x)
{
	return x->gets_signature ? "signature" : "MUD file";
}

static void fetch_late(struct loop_timer *t)
{
	struct fetch *x = t->ctx;
	char text[LIMIT_TEXT];

	fetch_say(text, "%s %.120s: not here after %d seconds; it is tried again later",
		document(x), x->transfer.url, LIMIT_FETCH_S);
	fetch_fail(x, -ETIMEDOUT, text);
}

/* ---- one hop: a URL, its host, its transfer ---- */

int fetch_host_and_port(
	const char *url, char ret_host[LIMIT_NAME], uint16_t *ret_port)
{
	char authority[LIMIT_NAME];
	int64_t port = PORT_HTTPS;
	int e = mud_url_authority(url, authority);

	if (e)
		return e;
	char *colon = strrchr(authority, ':');
	if (colon) {
		*colon = 0;
		e = str_to_i64(colon + 1, 1, PORT_LAST, &port);
		if (e)
			return e;
	}
	memcpy(ret_host, authority, LIMIT_NAME);
	*ret_port = (uint16_t)port;
	return 0;
}

/* 0, or why the next URL is not gone to. */
static int hop_check(struct fetch *x, const char *url, char ret_text[LIMIT_TEXT])
{
	char why[LIMIT_TEXT];
	int e = mud_url_check(url, 0, why);

	if (e) {
		fetch_say(ret_text, "%s%s %.80s: %.120s",
			x->visited_count ? "redirect of the " : "", document(x), url,
			why);
		return e;
	}
	for (unsigned i = 0; i < x->visited_count; i++) {
		if (strcmp(x->visited[i], url))
			continue;
		fetch_say(ret_text, "%s: redirects lead back to %.120s; tell the maker",
			document(x), url);
		return CARDEA_ELOOP;
	}
	if (x->visited_count > LIMIT_REDIRECTS) {
		fetch_say(ret_text, "%s %.120s: more than %d redirects; tell the maker",
			document(x), x->visited[0], LIMIT_REDIRECTS);
		return CARDEA_ELIMIT;
	}
	return fetch_host_and_port(url, x->transfer.host, &x->transfer.port);
}

static void hop_begin(struct fetch *x, const char *url)
{
	struct fetcher *f = x->owner;
	struct message m = {.type = MESSAGE_HOST_WANTED};
	char text[LIMIT_TEXT] = "";
	int e = hop_check(x, url, text);

	if (e) {
		fetch_fail(x, e, text[0] ? text : error_text(e));
		return;
	}
	(void)str_copy(x->transfer.url, sizeof x->transfer.url, url);
	(void)str_copy(x->visited[x->visited_count++], LIMIT_URL, url);
	x->waits_for_host = true;
	m.host_wanted.id = x->id;
	(void)str_copy(m.host_wanted.name, sizeof m.host_wanted.name, x->transfer.host);
	/* without an engine fetcher_reset follows */
	(void)f->ops->send(f->ctx, &m);
}

static void document_begin(struct fetch *x, const char *url)
{
	x->visited_count = 0;
	loop_arm(x->owner->loop, &x->deadline, LIMIT_FETCH_S * NS_PER_SEC);
	hop_begin(x, url);
}

static void transfer_done(struct fetch_transfer *t, int error, const char *text);

static void transfer_begin(struct fetch *x)
{
	struct fetcher *f = x->owner;
	struct fetch_transfer *t = &x->transfer;
	char text[LIMIT_TEXT];

	free(t->body);
	t->body = NULL;
	t->body_len = 0;
	t->status = 0;
	t->location[0] = 0;
	t->etag[0] = 0;
	(void)str_copy(t->if_none_match, sizeof t->if_none_match,
		x->gets_signature ? "" : x->have);
	t->accept = x->gets_signature ? ACCEPT_SIGNATURE : ACCEPT_MUD;
	t->limit = x->gets_signature ? LIMIT_SIGNATURE_BYTES : LIMIT_MUD_BYTES;
	t->done = transfer_done;
	t->owner = x;
	int e = f->ops->start(f->ctx, t);
	x->in_transfer = !e;
	if (e) {
		fetch_say(text, "%s %.120s: cannot start: %s", document(x), t->url,
			error_text(e));
		fetch_fail(x, e, text);
	}
}

unsigned fetch_addrs_filter(const struct fetch_config *c,
	const struct message_addrs *from, struct fetch_transfer *t,
	const struct addr **ret_refused)
{
	t->addr_count = 0;
	for (unsigned i = 0; i < from->count; i++) {
		if (!fetch_address_allowed(c, &from->addrs[i]))
			*ret_refused = &from->addrs[i];
		else if (t->addr_count < FETCH_ADDRS_MAX)
			t->addrs[t->addr_count++] = from->addrs[i];
	}
	return t->addr_count;
}

static void host_known(struct fetch *x, const struct message_host_addrs *m)
{
	const struct addr *refused = NULL;
	char shown[ADDR_TEXT_MAX];
	char text[LIMIT_TEXT];

	x->waits_for_host = false;
	if (!m->failed &&
		fetch_addrs_filter(
			x->owner->config, &m->addrs, &x->transfer, &refused)) {
		transfer_begin(x);
		return;
	}
	if (refused) {
		fetch_say(text,
			"%s %.100s: %.60s is at %s, inside the home or private; no "
			"device may send the gateway there",
			document(x), x->transfer.url, x->transfer.host,
			addr_format(refused, shown));
		fetch_fail(x, CARDEA_EREFUSED, text);
		return;
	}
	fetch_say(text, "%s %.100s: no address for %.80s; is the internet there?",
		document(x), x->transfer.url, x->transfer.host);
	fetch_fail(x, -EHOSTUNREACH, text);
}

void fetcher_host(struct fetcher *f, const struct message_host_addrs *m)
{
	for (struct fetch *x = f->first; x; x = x->next) {
		if (x->id != m->id || !x->waits_for_host ||
			strcasecmp(x->transfer.host, m->name))
			continue;
		host_known(x, m);
		return;
	}
}

/* ---- what came back ---- */

static void deliver(struct fetch *x)
{
	struct fetcher *f = x->owner;
	bool is_signed = x->gets_signature;
	struct fetch_file file = {
		.asked = x->asked,
		.final = x->mud_final,
		.mud = x->mud,
		.mud_len = x->mud_len,
		.etag = x->etag,
		.signature = is_signed ? x->transfer.body : NULL,
		.signature_len = is_signed ? x->transfer.body_len : 0,
	};
	char text[LIMIT_TEXT] = "";
	nstime wall = clock_wall(loop_clock(f->loop));

	enum signature_state state;
	int e = fetch_deliver(
		f->config, &file, x->id, wall, f->ops->send, f->ctx, &state, text);
	if (e) {
		fetch_fail(x, e, text);
		return;
	}
	/* a bad signature may be put right while the file stays */
	if (state == SIGNATURE_VALID || state == SIGNATURE_NONE)
		fetch_etags_add(f->etags, x->asked, x->etag);
	fetch_end(x);
}

static void mud_here(struct fetch *x)
{
	struct fetch_file file = {.asked = x->asked, .final = x->mud_final};
	char url[LIMIT_URL];
	char text[LIMIT_TEXT] = "";

	x->mud = x->transfer.body;
	x->mud_len = x->transfer.body_len;
	x->transfer.body = NULL;
	(void)str_copy(x->mud_final, sizeof x->mud_final, x->transfer.url);
	if (fetch_etag_is_good(x->transfer.etag))
		memcpy(x->etag, x->transfer.etag, sizeof x->etag);
	file.mud = x->mud;
	file.mud_len = x->mud_len;
	int e = fetch_signature_url(&file, url, text);
	if (e) {
		fetch_fail(x, e, text);
		return;
	}
	if (!url[0]) {
		deliver(x);
		return;
	}
	x->gets_signature = true;
	document_begin(x, url);
}

/* RFC 9110 15.4.5; said unasked it means nothing. */
static bool is_unchanged(const struct fetch *x)
{
	return x->transfer.status == 304 && !x->gets_signature && x->have[0];
}

/* The file is as it was when its signature was checked: that is not got either. */
static void unchanged(struct fetch *x)
{
	struct fetcher *f = x->owner;
	struct message m = {.type = MESSAGE_NOT_MODIFIED};

	m.not_modified.id = x->id;
	(void)f->ops->send(f->ctx, &m);
	fetch_end(x);
}

static bool status_is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

static void response_bad(struct fetch *x)
{
	const struct fetch_transfer *t = &x->transfer;
	char text[LIMIT_TEXT];

	if (t->status == 404 || t->status == 410)
		fetch_say(text,
			"%s %.120s: the server has no such file (%u); tell the maker",
			document(x), t->url, t->status);
	else if (t->status == 200)
		fetch_say(text, "%s %.120s: the file is empty; tell the maker",
			document(x), t->url);
	else
		fetch_say(text,
			"%s %.120s: the server answered %u; it is tried again later",
			document(x), t->url, t->status);
	fetch_fail(x, CARDEA_EPEER, text);
}

static void redirect(struct fetch *x)
{
	char url[LIMIT_URL];
	char text[LIMIT_TEXT];

	if (str_copy(url, sizeof url, x->transfer.location) && url[0]) {
		hop_begin(x, url);
		return;
	}
	fetch_say(text, "%s %.120s: a redirect to %s; tell the maker", document(x),
		x->transfer.url, url[0] ? "a URL that is too long" : "nowhere");
	fetch_fail(x, url[0] ? CARDEA_ELIMIT : CARDEA_EPEER, text);
}

static void transfer_done(struct fetch_transfer *t, int error, const char *why)
{
	struct fetch *x = t->owner;
	char text[LIMIT_TEXT];

	x->in_transfer = false;
	if (error) {
		fetch_say(text, "%s %.100s: %.130s", document(x), t->url,
			why[0] ? why : error_text(error));
		fetch_fail(x, error, text);
	} else if (status_is_redirect(t->status)) {
		redirect(x);
	} else if (is_unchanged(x)) {
		unchanged(x);
	} else if (t->status != 200 || !t->body_len) {
		response_bad(x);
	} else if (x->gets_signature) {
		deliver(x);
	} else {
		mud_here(x);
	}
}

/* ---- the queue ---- */

static struct fetch *queue_next(struct fetcher *f)
{
	struct fetch *x = f->first;

	while (x && x->running)
		x = x->next;
	return f->running < LIMIT_FETCHES ? x : NULL;
}

static void queue_start(struct fetcher *f)
{
	struct fetch *x = queue_next(f);

	/* one alone: it calls this again when it ends at once, and each end makes
	 * room for one */
	if (!x)
		return;
	x->running = true;
	f->running++;
	document_begin(x, x->asked);
}

static bool is_known(const struct fetcher *f, uint64_t id)
{
	for (const struct fetch *x = f->first; x; x = x->next)
		if (x->id == id)
			return true;
	return false;
}

static struct fetch *fetch_new(struct fetcher *f, const struct message_fetch *m)
{
	struct fetch **end = &f->first;
	struct fetch *x = f->count < FETCH_QUEUE_MAX ? calloc(1, sizeof *x) : NULL;

	if (!x)
		return NULL;
	x->owner = f;
	x->id = m->id;
	(void)str_copy(x->asked, sizeof x->asked, m->url);
	if (fetch_etag_is_good(m->etag) && fetch_etags_has(f->etags, m->url, m->etag))
		(void)str_copy(x->have, sizeof x->have, m->etag);
	x->deadline.fire = fetch_late;
	x->deadline.ctx = x;
	while (*end)
		end = &(*end)->next;
	*end = x;
	f->count++;
	return x;
}

void fetcher_fetch(struct fetcher *f, const struct message_fetch *m)
{
	if (is_known(f, m->id)) /* asked twice, answered once */
		return;
	if (fetch_new(f, m))
		queue_start(f);
	else
		tell_failure(f, m->id, CARDEA_ELIMIT,
			"too many MUD files are wanted at once; it is tried again "
			"later");
}

void fetcher_reset(struct fetcher *f)
{
	while (f->first)
		fetch_free(f->first);
	if (f->ops->idle)
		f->ops->idle(f->ctx);
}

void fetcher_free(struct fetcher *f)
{
	if (!f)
		return;
	while (f->first)
		fetch_free(f->first);
	fetch_etags_free(f->etags);
	free(f);
}
