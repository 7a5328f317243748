// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of MUD files to get. */
#include "engine/fetcher.h"

#include <stdlib.h>
#include <string.h>
#include "base/error.h"
#include "base/str.h"

struct fetch_job {
	struct fetch_job *next;
	char url[LIMIT_URL];
	uint64_t id;	/* 0: not running */
	nstime due;	/* mono: start; when running: give up */
	unsigned failures, lost; /* in a row; lost: the courier ended meanwhile */
	bool has_head, has_etag; /* etag: the courier may answer NOT_MODIFIED */
	struct profile profile; /* being put together */
	struct message_profile want; /* the counts in the head */
};

void fetcher_init(struct fetcher *f, struct ipc *courier, struct ipc *resolver)
{
	memset(f, 0, sizeof(*f));
	f->courier = courier;
	f->resolver = resolver;
}

static void drop_arrays(struct profile *p)
{
	free(p->rules);
	free(p->notes);
	free(p->tls);
	free(p->limits);
	free(p->links);
	memset(p, 0, sizeof(*p));
}

static void drop_pieces(struct fetch_job *j)
{
	drop_arrays(&j->profile);
	j->has_head = j->has_etag = false;
	j->id = 0;
}

static void remove_job(struct fetcher *f, struct fetch_job *j)
{
	struct fetch_job **p = &f->jobs;

	while (*p != j)
		p = &(*p)->next;
	*p = j->next;
	f->count--;
	drop_pieces(j);
	free(j);
}

void fetcher_free(struct fetcher *f)
{
	while (f->jobs)
		remove_job(f, f->jobs);
}

static struct fetch_job *by_url(const struct fetcher *f, const char *url)
{
	for (struct fetch_job *j = f->jobs; j; j = j->next)
		if (strcmp(j->url, url) == 0)
			return j;
	return NULL;
}

static struct fetch_job *by_id(const struct fetcher *f, uint64_t id)
{
	for (struct fetch_job *j = f->jobs; j; j = j->next)
		if (j->id == id && id)
			return j;
	return NULL;
}

bool fetcher_wants(const struct fetcher *f, const char *url)
{
	return by_url(f, url) != NULL;
}

/* What no device says any more: one that names ever new files must not fill the list. */
static void drop_unwanted(struct fetcher *f)
{
	struct fetch_job *next;

	for (struct fetch_job *j = f->jobs; j; j = next) {
		next = j->next;
		if (!j->id && f->wanted && !f->wanted(f->ctx, j->url))
			remove_job(f, j);
	}
}

void fetcher_want(struct fetcher *f, const char *url, nstime now, nstime delay)
{
	struct fetch_job *j = by_url(f, url);

	if (!j) {
		if (f->count >= LIMIT_DEVICES)
			drop_unwanted(f);
		j = f->count < LIMIT_DEVICES ? calloc(1, sizeof(*j)) : NULL;
		if (!j)
			return;
		str_copy(j->url, sizeof(j->url), url);
		j->due = now + delay;
		j->next = f->jobs;
		f->jobs = j;
		f->count++;
	} else if (!j->id && !j->failures && now + delay < j->due) {
		j->due = now + delay;
	}
	fetcher_tick(f, now);
}

static int send(struct ipc *to, const struct message *m)
{
	uint8_t buf[MESSAGE_MAX];
	int len = message_encode(m, buf, sizeof(buf));

	return len < 0 ? len : ipc_send(to, buf, (size_t)len, -1);
}

static void start(struct fetcher *f, struct fetch_job *j, nstime now)
{
	memset(&f->message, 0, sizeof(f->message));
	f->message.type = MESSAGE_FETCH;
	f->message.fetch.id = f->last_id + 1;
	str_copy(f->message.fetch.url, sizeof(f->message.fetch.url), j->url);
	j->has_etag = f->etag && f->unchanged &&
		      f->etag(f->ctx, j->url, f->message.fetch.etag) &&
		      f->message.fetch.etag[0];
	if (send(f->courier, &f->message)) {
		j->due = now + NS_PER_SEC;
		return;
	}
	j->id = ++f->last_id;
	j->due = now + FETCHER_ANSWER_S * NS_PER_SEC;
}

static unsigned pause_after(unsigned failures)
{
	unsigned pause = FETCHER_RETRY_S;

	for (unsigned i = 0; i < failures && pause < FETCHER_RETRY_MAX_S; i++)
		pause *= 2;
	return pause < FETCHER_RETRY_MAX_S ? pause : FETCHER_RETRY_MAX_S;
}

static void job_failed(struct fetcher *f, struct fetch_job *j, const char *text,
	nstime now)
{
	unsigned pause = pause_after(j->failures);

	j->failures++;
	j->lost = 0;
	drop_pieces(j);
	j->due = now + pause * NS_PER_SEC;
	f->failed(f->ctx, j->url, text, pause);
}

static struct fetch_job *next_due(const struct fetcher *f, nstime now)
{
	struct fetch_job *first = NULL;

	for (struct fetch_job *j = f->jobs; j; j = j->next)
		if (!j->id && j->due <= now && (!first || j->due < first->due))
			first = j;
	return first;
}

void fetcher_tick(struct fetcher *f, nstime now)
{
	unsigned running = 0;

	for (struct fetch_job *j = f->jobs; j; j = j->next) {
		if (j->id && j->due <= now)
			job_failed(f, j, "the courier did not answer; it is asked again",
				now);
		running += j->id != 0;
	}
	/* Those who waited longest first: a device with ever new URLs waits like others. */
	for (struct fetch_job *j; running < LIMIT_FETCHES && (j = next_due(f, now));) {
		if (f->wanted && !f->wanted(f->ctx, j->url)) {
			remove_job(f, j);
			continue;
		}
		start(f, j, now);
		running += j->id != 0;
	}
}

/* Room for one more than announced: calloc of nothing may be NULL. */
static bool make_room(struct profile *p, const struct message_profile *want)
{
	p->rules = calloc((size_t)want->rule_count + 1, sizeof(*p->rules));
	p->notes = calloc((size_t)want->note_count + 1, sizeof(*p->notes));
	p->tls = calloc((size_t)want->tls_count + 1, sizeof(*p->tls));
	p->limits = calloc((size_t)want->limit_count + 1, sizeof(*p->limits));
	p->links = calloc((size_t)want->link_count + 1, sizeof(*p->links));
	return p->rules && p->notes && p->tls && p->limits && p->links;
}

static int take_head(struct fetch_job *j, const struct message_profile *m)
{
	int error = j->has_head ? CARDEA_EMALFORMED : message_to_profile(m, &j->profile);

	if (error)
		return error;
	j->want = *m;
	if (!make_room(&j->profile, m)) {
		drop_arrays(&j->profile);
		return CARDEA_ELIMIT;
	}
	j->has_head = true;
	return 0;
}

static int take_rule(struct fetch_job *j, const struct message_profile_rule *m)
{
	struct profile *p = &j->profile;
	int error;

	if (!j->has_head || p->rule_count == j->want.rule_count ||
		m->tls > j->want.tls_count)
		return CARDEA_EMALFORMED;
	error = message_to_rule(m, &p->rules[p->rule_count]);
	if (!error)
		p->rules[p->rule_count++].layer = p->layer;
	return error;
}

static int take_note(struct fetch_job *j, const struct message_profile_note *m)
{
	struct profile *p = &j->profile;
	int error;

	if (!j->has_head || p->note_count == j->want.note_count)
		return CARDEA_EMALFORMED;
	error = message_to_note(m, &p->notes[p->note_count]);
	if (!error)
		p->note_count++;
	return error;
}

static int take_tls(struct fetch_job *j, const struct message_profile_tls *m)
{
	struct profile *p = &j->profile;
	int error;

	if (!j->has_head || p->tls_count == j->want.tls_count)
		return CARDEA_EMALFORMED;
	error = message_to_tls(m, &p->tls[p->tls_count]);
	if (!error)
		p->tls_count++;
	return error;
}

static int take_limit(struct fetch_job *j, const struct message_profile_limit *m)
{
	struct profile *p = &j->profile;
	int error;

	if (!j->has_head || p->limit_count == j->want.limit_count)
		return CARDEA_EMALFORMED;
	error = message_to_limit(m, &p->limits[p->limit_count]);
	if (!error)
		p->limit_count++;
	return error;
}

static int take_link(struct fetch_job *j, const struct message_profile_link *m)
{
	struct profile *p = &j->profile;
	int error;

	if (!j->has_head || p->link_count == j->want.link_count)
		return CARDEA_EMALFORMED;
	error = message_to_link(m, &p->links[p->link_count]);
	if (!error)
		p->link_count++;
	return error;
}

static bool is_whole(const struct fetch_job *j)
{
	const struct profile *p = &j->profile;
	const struct message_profile *want = &j->want;

	return j->has_head && p->rule_count == want->rule_count &&
	       p->note_count == want->note_count && p->tls_count == want->tls_count &&
	       p->limit_count == want->limit_count && p->link_count == want->link_count;
}

static int take_end(struct fetcher *f, struct fetch_job *j)
{
	if (!is_whole(j))
		return CARDEA_EMALFORMED;
	f->done(f->ctx, j->url, &j->profile);
	remove_job(f, j);
	return 0;
}

static int take_unchanged(struct fetcher *f, struct fetch_job *j)
{
	if (!j->has_etag || j->has_head)
		return CARDEA_EMALFORMED;
	f->unchanged(f->ctx, j->url);
	remove_job(f, j);
	return 0;
}

void fetcher_ask_host(struct fetcher *f, const struct message_host_wanted *m)
{
	struct message_host_wanted wanted = *m;

	memset(&f->message, 0, sizeof(f->message));
	f->message.type = MESSAGE_RESOLVE;
	f->message.resolve.id = wanted.id;
	str_copy(f->message.resolve.name, sizeof(f->message.resolve.name), wanted.name);
	if (send(f->resolver, &f->message) == 0)
		return;
	memset(&f->message, 0, sizeof(f->message));
	f->message.type = MESSAGE_HOST_ADDRS;
	f->message.host_addrs.id = wanted.id;
	str_copy(f->message.host_addrs.name, sizeof(f->message.host_addrs.name),
		wanted.name);
	f->message.host_addrs.failed = true;
	(void)send(f->courier, &f->message); /* a lost courier starts over anyway */
}

void fetcher_resolved(struct fetcher *f, const struct message_resolved *m)
{
	if (by_id(f, m->id)) /* else given up meanwhile */
		fetcher_tell_host(f, m);
}

void fetcher_tell_host(struct fetcher *f, const struct message_resolved *m)
{
	memset(&f->message, 0, sizeof(f->message));
	f->message.type = MESSAGE_HOST_ADDRS;
	f->message.host_addrs.id = m->id;
	str_copy(f->message.host_addrs.name, sizeof(f->message.host_addrs.name), m->name);
	f->message.host_addrs.failed = m->failed;
	f->message.host_addrs.addrs = m->addrs;
	(void)send(f->courier, &f->message);
}

/* One message of a job; each type that the courier may send is here. */
static int take(struct fetcher *f, struct fetch_job *j, const struct message *m,
	nstime now)
{
	switch ((int)m->type) {
	case MESSAGE_PROFILE:
		return take_head(j, &m->profile);
	case MESSAGE_PROFILE_RULE:
		return take_rule(j, &m->profile_rule);
	case MESSAGE_PROFILE_NOTE:
		return take_note(j, &m->profile_note);
	case MESSAGE_PROFILE_TLS:
		return take_tls(j, &m->profile_tls);
	case MESSAGE_PROFILE_LIMIT:
		return take_limit(j, &m->profile_limit);
	case MESSAGE_PROFILE_LINK:
		return take_link(j, &m->profile_link);
	case MESSAGE_PROFILE_END:
		return take_end(f, j);
	case MESSAGE_NOT_MODIFIED:
		return take_unchanged(f, j);
	case MESSAGE_HOST_WANTED:
		fetcher_ask_host(f, &m->host_wanted);
		return 0;
	default:
		job_failed(f, j, m->fetch_failed.text, now);
		return 0;
	}
}

/* The id of a message of the courier; 0 when it is none. */
static uint64_t id_of(const struct message *m)
{
	switch ((int)m->type) {
	case MESSAGE_PROFILE:
		return m->profile.id;
	case MESSAGE_PROFILE_RULE:
		return m->profile_rule.id;
	case MESSAGE_PROFILE_NOTE:
		return m->profile_note.id;
	case MESSAGE_PROFILE_TLS:
		return m->profile_tls.id;
	case MESSAGE_PROFILE_LIMIT:
		return m->profile_limit.id;
	case MESSAGE_PROFILE_LINK:
		return m->profile_link.id;
	case MESSAGE_PROFILE_END:
		return m->profile_end.id;
	case MESSAGE_NOT_MODIFIED:
		return m->not_modified.id;
	case MESSAGE_FETCH_FAILED:
		return m->fetch_failed.id;
	case MESSAGE_HOST_WANTED:
		return m->host_wanted.id;
	default:
		return 0;
	}
}

int fetcher_courier(struct fetcher *f, const struct message *m, nstime now)
{
	uint64_t id = id_of(m);
	struct fetch_job *j = by_id(f, id);

	if (id == 0)
		return CARDEA_EMALFORMED;
	/* else an answer to something given up */
	return j ? take(f, j, m, now) : 0;
}

nstime fetcher_refresh_delay(uint16_t cache_validity_h, uint64_t random)
{
	uint16_t h = cache_validity_h ? cache_validity_h : FETCHER_VALIDITY_H;
	nstime delay;

	if (h > FETCHER_VALIDITY_MAX_H)
		h = FETCHER_VALIDITY_MAX_H;
	delay = (nstime)h * 3600 * NS_PER_SEC;
	return delay + (nstime)(random % (uint64_t)(delay / 10 + 1));
}

void fetcher_courier_lost(struct fetcher *f, nstime now)
{
	for (struct fetch_job *j = f->jobs; j; j = j->next)
		if (j->id) {
			drop_pieces(j);
			/* The second time it may be this file that ends the courier. */
			j->due = now;
			if (j->lost)
				j->due += pause_after(j->lost - 1) * NS_PER_SEC;
			j->lost++;
		}
}
