// SPDX-License-Identifier: GPL-2.0-or-later
/* poster - the steps of sending one report. */
#include "profiles/fetch/poster.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "model/webhook.h"
#include "profiles/fetch/fetch_priv.h"
#include "profiles/mud/mud.h"

#define TYPE_REPORT "application/yang-data+json" /* RFC 8040 5.2, RFC 7951 */
#define TYPE_NOTICE "application/json"
#define SIGNATURE_FIELD "X-Cardea-Signature: sha256="
#define SIGNATURE_BYTES 32

struct post {
	struct poster *owner;
	struct post *next;
	uint64_t id;
	size_t want; /* bytes that were announced */
	size_t have;
	bool waits_for_host;
	bool in_transfer;
	bool to_owner;
	char signature[sizeof SIGNATURE_FIELD + 2 * SIGNATURE_BYTES]; /* of a notice */
	struct fetch_transfer transfer;
	struct loop_timer deadline;
	char body[]; /* want bytes */
};

struct poster {
	struct loop *loop;
	const struct fetch_config *config;
	const struct fetch_ops *ops;
	void *ctx;
	struct post *first;
	unsigned count;
};

struct poster *poster_new(struct loop *l, const struct fetch_config *config,
	const struct fetch_ops *ops, void *ctx)
{
	struct poster *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->loop = l;
	p->config = config;
	p->ops = ops;
	p->ctx = ctx;
	return p;
}

/* ---- ends ---- */

static void post_free(struct post *x)
{
	struct poster *p = x->owner;
	struct post **at = &p->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	p->count--;
	if (x->in_transfer)
		p->ops->cancel(p->ctx, &x->transfer);
	loop_disarm(&x->deadline);
	free(x->transfer.body);
	free(x);
}

static void tell(struct poster *p, uint64_t id, int error, const char *text)
{
	struct message m = {.type = MESSAGE_REPORT_DONE};

	m.report_done.id = id;
	m.report_done.error = error;
	(void)str_copy(m.report_done.text, sizeof m.report_done.text, text);
	(void)p->ops->send(p->ctx, &m);
}

static void post_end(struct post *x, int error, const char *text)
{
	struct poster *p = x->owner;

	tell(p, x->id, error, text);
	post_free(x);
	if (!p->count && p->ops->idle)
		p->ops->idle(p->ctx);
}

static void post_late(struct loop_timer *t)
{
	struct post *x = t->ctx;
	char text[LIMIT_TEXT];

	fetch_say(text, "%.150s did not take it within %d seconds", x->transfer.url,
		LIMIT_FETCH_S);
	post_end(x, -ETIMEDOUT, text);
}

/* ---- the transfer ---- */

static const char *advice(const struct post *x)
{
	return x->to_owner ? "see url under [webhook] of the settings" : "tell the maker";
}

/* RFC 9110 15: 2xx is a yes, all else is a no; RFC 8040 4.4.2 answers 204 or 200. */
static void transfer_done(struct fetch_transfer *t, int error, const char *why)
{
	struct post *x = t->owner;
	char text[LIMIT_TEXT] = "";

	x->in_transfer = false;
	if (error)
		fetch_say(text, "%.110s: %.130s", t->url,
			why[0] ? why : error_text(error));
	else if (t->status >= 300 && t->status < 400)
		fetch_say(text,
			"%.110s: the server sends it elsewhere (%u), where it does not "
			"go; %s",
			t->url, t->status, advice(x));
	else if (t->status < 200 || t->status >= 300)
		fetch_say(text, "%.110s: the server answered %u; %s", t->url, t->status,
			advice(x));
	if (!error && text[0])
		error = CARDEA_EPEER;
	post_end(x, error, text);
}

static void transfer_begin(struct post *x)
{
	struct poster *p = x->owner;
	struct fetch_transfer *t = &x->transfer;
	char text[LIMIT_TEXT];

	t->accept = x->to_owner ? "*/*" : TYPE_REPORT ", */*;q=0.1";
	t->post = x->body;
	t->post_len = x->have;
	t->post_type = x->to_owner ? TYPE_NOTICE : TYPE_REPORT;
	t->post_header = x->signature[0] ? x->signature : NULL;
	t->limit = POSTER_ANSWER_BYTES;
	t->done = transfer_done;
	t->owner = x;
	int e = p->ops->start(p->ctx, t);
	x->in_transfer = !e;
	if (e) {
		fetch_say(text, "%.150s: cannot start: %s", t->url, error_text(e));
		post_end(x, e, text);
	}
}

/* The owner's own receiver may be anywhere, his house before all. */
static unsigned all_addrs(const struct message_addrs *from, struct fetch_transfer *t)
{
	for (unsigned i = 0; i < from->count && i < FETCH_ADDRS_MAX; i++)
		t->addrs[t->addr_count++] = from->addrs[i];
	return t->addr_count;
}

static void host_known(struct post *x, const struct message_host_addrs *m)
{
	struct fetch_transfer *t = &x->transfer;
	const struct addr *refused = NULL;
	char shown[ADDR_TEXT_MAX];
	char text[LIMIT_TEXT];

	x->waits_for_host = false;
	if (!m->failed && (x->to_owner ? all_addrs(&m->addrs, t)
				       : fetch_addrs_filter(x->owner->config, &m->addrs, t,
						 &refused))) {
		transfer_begin(x);
		return;
	}
	if (refused)
		fetch_say(text,
			"%.100s: %.60s is at %s, inside the home or private; no MUD "
			"file may send the gateway there",
			t->url, t->host, addr_format(refused, shown));
	else
		fetch_say(text, "%.110s: no address for %.80s; is the internet there?",
			t->url, t->host);
	post_end(x, refused ? CARDEA_EREFUSED : -EHOSTUNREACH, text);
}

bool poster_host(struct poster *p, const struct message_host_addrs *m)
{
	for (struct post *x = p->first; x; x = x->next) {
		if (x->id != m->id || !x->waits_for_host ||
			strcasecmp(x->transfer.host, m->name))
			continue;
		host_known(x, m);
		return true;
	}
	return false;
}

/* ---- what the engine sends ---- */

static struct post *by_id(const struct poster *p, uint64_t id)
{
	for (struct post *x = p->first; x; x = x->next)
		if (x->id == id)
			return x;
	return NULL;
}

static int url_check(struct post *x, char ret_text[LIMIT_TEXT])
{
	struct fetch_transfer *t = &x->transfer;
	char why[LIMIT_TEXT];
	int e = mud_url_check(t->url, 0, why);

	if (e)
		fetch_say(ret_text, "%.100s: %.140s", t->url, why);
	else
		e = fetch_host_and_port(t->url, t->host, &t->port);
	return e;
}

static int sign(struct post *x)
{
	const struct fetch_config *c = x->owner->config;
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!c->webhook_key_len)
		return 0;
	if (!HMAC(EVP_sha256(), c->webhook_key, (int)c->webhook_key_len,
		    (const unsigned char *)x->body, x->have, mac, &len) ||
		len != SIGNATURE_BYTES)
		return -ENOMEM;
	(void)str_copy(x->signature, sizeof x->signature, SIGNATURE_FIELD);
	str_to_hex(mac, len, x->signature + strlen(SIGNATURE_FIELD));
	return 0;
}

/* 0: its host is to be asked for, or is known: *ret_known. */
static int to_owner_ready(struct post *x, bool *ret_known, char ret_text[LIMIT_TEXT])
{
	struct fetch_transfer *t = &x->transfer;
	struct webhook_url url;
	const char *why = "";
	int e = webhook_url_read(t->url, &url, &why);

	if (e) {
		fetch_say(ret_text, "url under [webhook] of the settings: %s",
			t->url[0] ? why : "there is none, or its key cannot be read: see the log");
		return e;
	}
	(void)str_copy(t->host, sizeof t->host, url.host);
	t->port = url.port;
	t->plain = !url.tls;
	t->literal = *ret_known = url.literal;
	t->addrs[0] = url.addr;
	t->addr_count = url.literal;
	return sign(x);
}

static void post_ready(struct post *x)
{
	struct poster *p = x->owner;
	struct message m = {.type = MESSAGE_HOST_WANTED};
	char text[LIMIT_TEXT] = "";
	bool known = false;
	int e = x->to_owner ? to_owner_ready(x, &known, text) : url_check(x, text);

	if (e) {
		post_end(x, e, text[0] ? text : error_text(e));
		return;
	}
	if (known) {
		transfer_begin(x);
		return;
	}
	x->waits_for_host = true;
	m.host_wanted.id = x->id;
	(void)str_copy(m.host_wanted.name, sizeof m.host_wanted.name, x->transfer.host);
	/* without an engine poster_reset follows */
	(void)p->ops->send(p->ctx, &m);
}

int poster_begin(struct poster *p, const struct message_report *m)
{
	struct post *x;

	if (!m->length || m->length > LIMIT_REPORT_BYTES || by_id(p, m->id))
		return CARDEA_EPEER;
	x = p->count < LIMIT_REPORTS ? calloc(1, sizeof *x + m->length) : NULL;
	if (!x) {
		tell(p, m->id, CARDEA_ELIMIT, "too many reports at once");
		return 0;
	}
	x->owner = p;
	x->id = m->id;
	x->want = m->length;
	x->to_owner = !m->url[0];
	(void)str_copy(x->transfer.url, sizeof x->transfer.url,
		x->to_owner ? p->config->webhook : m->url);
	x->deadline.fire = post_late;
	x->deadline.ctx = x;
	x->next = p->first;
	p->first = x;
	p->count++;
	/* for all of it: an engine that does not finish is dealt with, too */
	loop_arm(p->loop, &x->deadline, LIMIT_FETCH_S * NS_PER_SEC);
	return 0;
}

int poster_part(struct poster *p, const struct message_report_part *m)
{
	struct post *x = by_id(p, m->id);
	size_t len = strlen(m->text);

	if (!x)
		return 0; /* it was refused, or is late */
	if (!len || len > x->want - x->have)
		return CARDEA_EPEER;
	memcpy(x->body + x->have, m->text, len);
	x->have += len;
	if (x->have == x->want)
		post_ready(x);
	return 0;
}

void poster_reset(struct poster *p)
{
	while (p->first)
		post_free(p->first);
}

void poster_free(struct poster *p)
{
	if (!p)
		return;
	poster_reset(p);
	free(p);
}
