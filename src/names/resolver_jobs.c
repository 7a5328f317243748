// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_jobs - look-ups that the engine wants for the courier. */
#include "names/resolver_priv.h"

#include <string.h>
#include "base/str.h"

static void job_end(struct resolver_job *j)
{
	resolver_lookup_cancel(j->r, &j->lookups[0]);
	resolver_lookup_cancel(j->r, &j->lookups[1]);
	loop_disarm(&j->deadline);
	j->busy = false;
}

static void engine_answer(struct resolver *r, uint64_t id, const char *name,
	const struct message_addrs *addrs)
{
	struct message m = {.type = MESSAGE_RESOLVED};

	m.resolved.id = id;
	(void)str_copy(m.resolved.name, sizeof m.resolved.name, name);
	m.resolved.failed = !addrs || !addrs->count;
	if (addrs)
		m.resolved.addrs = *addrs;
	(void)r->ops->announce(r->ctx, &m);
}

static void job_finish(struct resolver_job *j)
{
	engine_answer(j->r, j->id, j->name, &j->addrs);
	job_end(j);
}

static void job_late(struct loop_timer *t)
{
	job_finish(t->ctx);
}

static void job_done(struct resolver_lookup *k, const struct resolver_result *result)
{
	struct resolver_job *j = k->owner;
	struct dns_answer a;

	k->running = false;
	if (!result->error &&
		!dns_answer_collect(cursor_of(result->packet, result->len), &a) &&
		!a.rcode)
		for (unsigned i = 0; i < a.count; i++)
			if (j->addrs.count < LIMIT_ANSWER_ADDRS)
				j->addrs.addrs[j->addrs.count++] = a.addresses[i];
	if (!j->lookups[0].running && !j->lookups[1].running)
		job_finish(j);
}

static struct resolver_job *job_take(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_JOBS_MAX; i++)
		if (!r->jobs[i].busy)
			return &r->jobs[i];
	return NULL;
}

void resolver_resolve(struct resolver *r, const struct message_resolve *m)
{
	static const uint16_t types[2] = {DNS_TYPE_A, DNS_TYPE_AAAA};
	struct resolver_job *j = job_take(r);
	struct dns_name name;

	if (!j || dns_name_from_text(m->name, &name)) {
		engine_answer(r, m->id, m->name, NULL);
		return;
	}
	*j = (struct resolver_job){.r = r, .busy = true, .id = m->id};
	(void)str_copy(j->name, sizeof j->name, m->name);
	j->deadline = (struct loop_timer){.fire = job_late, .ctx = j};
	loop_arm(r->loop, &j->deadline, RESOLVER_UPSTREAM_MS * NS_PER_MS);
	for (unsigned i = 0; i < 2; i++) {
		j->lookups[i].done = job_done;
		j->lookups[i].owner = j;
		(void)resolver_lookup_start(r, &j->lookups[i], name.text, types[i]);
	}
	if (!j->lookups[0].running && !j->lookups[1].running)
		job_finish(j);
}

void resolver_jobs_end(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_JOBS_MAX; i++)
		if (r->jobs[i].busy)
			job_end(&r->jobs[i]);
}

void resolver_jobs_fail(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_JOBS_MAX; i++)
		if (r->jobs[i].busy)
			job_finish(&r->jobs[i]);
}
