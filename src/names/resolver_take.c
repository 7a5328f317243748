// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_take - upstream's answers: read strictly, cleaned, rendered once, kept. */
#include "names/resolver_priv.h"

#include <stdlib.h>
#include "base/str.h"

void resolver_key(const struct resolver_question *q, struct answers_key *ret)
{
	uint8_t flags = (q->query.want_dnssec ? ANSWERS_DNSSEC : 0) |
			(q->query.cd ? ANSWERS_UNCHECKED : 0);

	answers_key_set(ret, q->wire, q->wire_len, q->query.question.type, flags);
}

void resolver_finding(struct resolver *r, const struct addr *client,
	enum dns_finding kind, const char *name, const char *text)
{
	struct message m = {.type = MESSAGE_DNS_FINDING};

	if (!client || (kind != DNS_FINDING_RATE &&
			       !resolver_limit_finding(
				       &r->limit, client, loop_now(r->loop))))
		return;
	m.dns_finding.client = *client;
	m.dns_finding.kind = (uint8_t)kind;
	(void)str_copy(m.dns_finding.name, sizeof m.dns_finding.name, name);
	str_escape(str_untrusted(text), m.dns_finding.text, sizeof m.dns_finding.text);
	(void)r->ops->announce(r->ctx, &m);
}

/* Upstream's answer, understood; an error makes it SERVFAIL. Servers that fail answer
 * with a bare header, which only tells the rcode. */
static int answer_read(const struct resolver_question *q, struct cursor packet,
	struct dns_answer *ret)
{
	const struct dns_question *asked = &q->query.question;
	struct cursor c = packet;
	struct dns_header h;
	int e = dns_parse_header(&c, &h);

	if (e)
		return e;
	if (!h.qr || h.tc)
		return CARDEA_EPEER;
	if (!h.questions)
		return h.rcode ? CARDEA_EPEER : CARDEA_EMALFORMED;
	e = dns_answer_collect(packet, ret);
	if (e)
		return e;
	if (!dns_name_equal(&ret->question.name, &asked->name) ||
		ret->question.type != asked->type || ret->count > LIMIT_ANSWER_ADDRS)
		return CARDEA_EPEER;
	/* RFC 8767 4: other rcodes are no answer */
	return ret->rcode && ret->rcode != DNS_RCODE_NXDOMAIN ? CARDEA_EPEER : 0;
}

static uint32_t lifetime_of(const struct resolver_rendered *m, const struct dns_answer *a)
{
	bool negative = a->rcode || a->has_negative_ttl;

	if (negative && m->ttl > RESOLVER_NEGATIVE_MAX_S)
		return RESOLVER_NEGATIVE_MAX_S;
	return m->ttl;
}

static struct answer *answer_make(const struct resolver *r,
	const struct answers_key *key, const struct dns_answer *a)
{
	const struct resolver_rendered *m = &r->rendered;
	struct answer_parts parts = {.key = key,
		.wire = m->w.start,
		.wire_len = m->w.len,
		.ttl_at = m->ttl_at,
		.ttl_count = m->ttl_count,
		.addrs = a->addresses,
		.addr_count = a->count};
	struct answer *ret = answer_new(&parts);

	if (!ret)
		return NULL;
	ret->stored = loop_now(r->loop);
	ret->rcode = a->rcode;
	/* the kernel's counts have the reply's OPT in them */
	ret->inlined = m->records < LIMIT_INLINE_RECORDS &&
		       m->labels <= LIMIT_INLINE_LABELS &&
		       a->told <= LIMIT_INLINE_ADDRS;
	ret->ttl = lifetime_of(m, a);
	ret->addr_ttl =
		a->min_ttl < BINDING_TTL_MAX_S ? a->min_ttl : BINDING_TTL_MAX_S;
	return ret;
}

/* Into the cache, if it may be kept at all; else it lives as long as its reply. */
static void answer_keep(struct resolver *r, const struct answers_key *key,
	struct answer *a, struct answer **ret, bool *ret_owned)
{
	*ret_owned = !a->ttl || !answers_fits(&r->answers, a);
	if (*ret_owned)
		answers_drop(&r->answers, key); /* what it says is no longer so */
	*ret = *ret_owned ? a : answers_put(&r->answers, a, loop_now(r->loop));
}

int resolver_take(struct resolver *r, const struct resolver_question *q,
	const struct resolver_result *result, const struct addr *client,
	struct answer **ret, bool *ret_owned)
{
	const struct dns_name *name = &q->query.question.name;
	struct cursor packet = cursor_of(result->packet, result->len);
	struct answers_key key;
	struct dns_answer a;

	if (result->bogus) {
		r->stats.bogus++;
		resolver_finding(r, client, DNS_FINDING_BOGUS, name->text,
			result->why ? result->why : "");
	}
	if (result->error)
		return result->error;
	int e = answer_read(q, packet, &a);
	if (e)
		return e;
	bool stripped = resolver_inside_strip(r, name, &a);
	r->rendered.w = writer_of(r->scratch, sizeof r->scratch);
	e = resolver_reply_render(q, packet, &a, &r->rendered);
	if (e)
		return e;
	resolver_key(q, &key);
	struct answer *made = answer_make(r, &key, &a);
	if (!made)
		return CARDEA_ELIMIT;
	made->secure = result->secure && !stripped;
	if (stripped) {
		r->stats.stripped++;
		made->ede = RESOLVER_EDE_FILTERED;
		resolver_finding(r, client, DNS_FINDING_REBINDING, name->text, "");
	}
	answer_keep(r, &key, made, ret, ret_owned);
	return 0;
}

static void failure_put(
	struct resolver *r, const struct resolver_question *q, uint16_t ede, uint32_t ttl)
{
	uint8_t wire[DNS_HEADER_LEN + DNS_NAME_WIRE_MAX + 4];
	struct resolver_question plain = *q;
	struct writer w = writer_of(wire, sizeof wire);
	struct answers_key key;

	plain.query.has_edns = false;
	resolver_key(q, &key);
	if (resolver_reply_empty(&plain, DNS_RCODE_SERVFAIL, 0, &w))
		return;
	struct answer_parts parts = {.key = &key, .wire = wire, .wire_len = w.len};
	struct answer *a = answer_new(&parts);
	if (!a)
		return;
	a->rcode = DNS_RCODE_SERVFAIL;
	a->ede = ede;
	a->ttl = ttl;
	a->failure = true;
	(void)answers_put(&r->answers, a, loop_now(r->loop));
}

void resolver_take_failure(
	struct resolver *r, const struct resolver_question *q, bool bogus)
{
	nstime now = loop_now(r->loop);
	struct answers_key key;

	resolver_key(q, &key);
	if (bogus) {
		failure_put(r, q, RESOLVER_EDE_BOGUS, RESOLVER_BOGUS_S);
		return;
	}
	struct answer *old = answers_find(&r->answers, &key, RESOLVER_STALE_S, now);
	if (old && !old->failure)
		old->retry_at = now + RESOLVER_STALE_RETRY_S * NS_PER_SEC;
	else
		failure_put(r, q, RESOLVER_EDE_UNREACHABLE, RESOLVER_FAILURE_S);
}
