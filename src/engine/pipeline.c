// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels, start, ticks: who is connected to whom. */
#include "engine/pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/replace.h"

#define DNS_SERVFAIL 2
#define EDE_OTHER 0

#define TICK (1 * NS_PER_SEC)
#define EXPIRE_EVERY 10	   /* ticks */
#define PRUNE_EVERY 3600   /* ticks */
#define MUTE_MAX 5	   /* ticks until a process without a channel is started anew */
#define RESYNC_AFTER 30	   /* ticks after the kernel refused a transaction */
#define LAST_SEEN_EVERY 600 /* ticks between two writes of "last seen": flash wears out */

nstime pipeline_wall(const struct pipeline *p)
{
	return clock_wall(loop_clock(p->loop));
}

void pipeline_save_device(struct pipeline *p, const struct device *d)
{
	int error = store_device_save(p->store, d);

	if (error)
		log_error("pipeline", "device %u was not stored: %s", d->id,
			error_text(error));
}

static int load_device(void *ctx, const struct device *d)
{
	struct pipeline *p = ctx;
	int error = inventory_load(p->inventory, d);

	pipeline_clock_seen(p, d->last_seen);
	if (error)
		log_warn("pipeline", "device %u was not taken from the store: %s", d->id,
			error_text(error));
	return 0;
}

static int load_profile(void *ctx, const struct store_profile_info *info,
	const struct profile *profile)
{
	struct pipeline *p = ctx;

	pipeline_clock_seen(p, info->fetched);
	return shelf_put(&p->shelf, info->url, info->fetched,
		pipeline_due(p, info->fetched, profile), profile);
}

static int load_binding(void *ctx, const struct store_binding *b)
{
	struct pipeline *p = ctx;
	struct binding saved = {.addr = b->addr, .expires = b->expires};
	struct household_device *hd = NULL;

	if (inventory_by_id(p->inventory, b->device))
		hd = household_device(&p->household, b->device);
	if (!hd)
		return 0;
	str_copy(saved.name, sizeof(saved.name), b->name);
	(void)!bindings_restore(&hd->names, &saved, pipeline_wall(p));
	return 0;
}

static int load_all(struct pipeline *p)
{
	device_id last = 0;
	int error = store_device_last(p->store, &last);

	if (!error)
		error = store_devices(p->store, load_device, p);
	inventory_set_last_id(p->inventory, last);
	if (!error)
		error = store_profiles(p->store, load_profile, p);
	if (!error)
		error = store_bindings(p->store, pipeline_wall(p), load_binding, p);
	if (!error)
		error = classes_open(&p->classes, p->loop, p->store);
	if (!error)
		error = pipeline_overlays_open(p);
	if (!error)
		error = pipeline_held_open(p);
	if (!error)
		error = pipeline_adopted_open(p);
	if (!error)
		error = hits_open(p);
	if (!error)
		error = prober_open(p);
	if (!error)
		error = learner_open(&p->learner, p);
	if (!error)
		error = learner_maintain_open(p);
	if (!error)
		error = lives_open(p);
	if (!error)
		error = cases_open(p);
	if (!error)
		error = attestor_open(&p->attestor, p);
	if (!error)
		error = advisories_open(p);
	if (!error)
		error = replace_open(p);
	if (!error)
		error = history_open(p);
	if (!error)
		error = pipeline_people_open(p);
	if (!error)
		error = backup_open(p);
	return error;
}

/* A transaction that a DNS answer waited for is in force (or was refused): now the
 * device may hear the address. */
static void committed(void *ctx, uint64_t ticket, int error)
{
	struct pipeline *p = ctx;
	uint8_t buf[64];
	int len;

	memset(&p->out, 0, sizeof(p->out));
	p->out.type = MESSAGE_DNS_RELEASE;
	p->out.dns_release.id = ticket;
	/* SERVFAIL (RFC 1035 4.1.1): it may ask again. */
	p->out.dns_release.rcode = error ? DNS_SERVFAIL : 0;
	p->out.dns_release.ede = EDE_OTHER;
	len = message_encode(&p->out, buf, sizeof(buf));
	if (len > 0)
		(void)ipc_send(&p->channels[ROLE_RESOLVER], buf, (size_t)len, -1);
}

static void sync_all(struct pipeline *p);

static void ask_restart(struct pipeline *p, enum role role)
{
	log_error("pipeline", "no channel to %s: it is started anew", role_name(role));
	if (p->restart)
		p->restart(p->restart_ctx, role);
}

/* A process that found fault with us has closed its end and waits for another engine;
 * a new one of it gets a new channel. */
static void watch_channels(struct pipeline *p)
{
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct pipeline_process *s = &p->processes[i];

		if (i == ROLE_PARENT || i == ROLE_ENGINE || !s->running ||
			ipc_is_open(&p->channels[i])) {
			s->mute = 0;
			continue;
		}
		if (++s->mute % MUTE_MAX == 0)
			ask_restart(p, (enum role)i);
	}
}

/* Addresses and names whose time is over. */
static void expire(struct pipeline *p, nstime wall)
{
	struct inventory_result r;
	struct device *d;

	while ((r = inventory_expire(p->inventory, wall)).device) {
		household_update(&p->household, r.device, false, wall);
		pipeline_save_device(p, r.device);
	}
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		household_expire(&p->household, d, wall);
}

static void consider_all(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		pipeline_consider(p, d);
}

static const struct device *device_at(void *ctx, size_t i)
{
	return inventory_at(ctx, i);
}

static void tick(struct loop_timer *t)
{
	struct pipeline *p = t->ctx;
	nstime wall = pipeline_wall(p);

	p->ticks++;
	if (pipeline_clock_tick(p))
		consider_all(p);
	pipeline_house_tick(p);
	if (p->resync && --p->resync == 0 && ipc_is_open(&p->channels[ROLE_ENFORCER]))
		sync_all(p);
	watch_channels(p);
	pipeline_overlays_tick(p);
	household_watch(&p->household, device_at, p->inventory, wall);
	pipeline_dns_follow_all(p);
	pipeline_ports_settle(p);
	fetcher_tick(&p->fetcher, loop_now(p->loop));
	reporter_tick(p);
	webhook_tick(p);
	homeassistant_tick(p);
	learner_tick(&p->learner);
	journal_flush(&p->journal);
	hits_tick(p);
	history_tick(p);
	prober_tick(p);
	lives_tick(p);
	backup_tick(p);
	advisories_tick(p);
	cases_tick(p);
	watching_tick(p);
	if (p->ticks % EXPIRE_EVERY == 0)
		expire(p, wall);
	if (p->ticks % LAST_SEEN_EVERY == 0)
		for (size_t i = 0; i < inventory_count(p->inventory); i++)
			pipeline_save_device(p, inventory_at(p->inventory, i));
	if (p->ticks % PRUNE_EVERY == 0) {
		(void)store_bindings_prune(p->store, wall);
		pipeline_profiles_tick(p);
	}
	if (store_commit(p->store))
		log_error("pipeline", "the store does not take writes; is the disk full?");
	loop_arm(p->loop, t, TICK);
}

int pipeline_save(struct pipeline *p)
{
	journal_flush(&p->journal);
	for (size_t i = 0; i < inventory_count(p->inventory); i++)
		pipeline_save_device(p, inventory_at(p->inventory, i));
	hits_save(p);
	history_save(p);
	lives_save_all(p);
	cases_save_all(p);
	return p->learner.learned ? learner_save(&p->learner) : 0;
}

static void save_all(struct pipeline *p)
{
	(void)!pipeline_save(p);
	learner_maintain_end(p);
	learner_end(&p->learner);
}

static void in_force(void *ctx)
{
	struct pipeline *p = ctx;

	if (p->in_force)
		p->in_force(p->web_ctx);
}

int pipeline_init(struct pipeline *p)
{
	int error;

	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < ROLE_MAX; i++)
		p->channels[i].fd.fd = -1;
	commit_init(&p->commit, &p->channels[ROLE_ENFORCER], committed, p);
	household_init(&p->household, &p->commit);
	fetcher_init(&p->fetcher, &p->channels[ROLE_COURIER],
		&p->channels[ROLE_RESOLVER]);
	reporter_init(&p->reporter);
	learner_init(&p->learner);
	lives_init(&p->lives);
	cases_init(&p->cases);
	p->require_signature = true;
	p->key = hash_key_random();
	pipeline_profiles_init(p);
	pipeline_dns_init(p);
	error = inventory_new(&p->inventory);
	hits_init(&p->hits);
	history_init(&p->history);
	classes_init(&p->classes, p->inventory, &p->household);
	p->classes.done = in_force;
	p->classes.done_ctx = p;
	return error;
}

int pipeline_open(struct pipeline *p, struct loop *l, struct store *s,
	void (*added)(void *, const struct event *), void *ctx)
{
	p->loop = l;
	p->store = s;
	p->started = p->last_wall = pipeline_wall(p);
	p->last_mono = p->started_mono = loop_now(l);
	journal_init(&p->journal, s, added, ctx);
	/* before any rules are made */
	household_portal(&p->household, p->portal.ports, device_at, p->inventory, p->started);
	int error = load_all(p);
	pipeline_clock_init(p);
	return error;
}

void pipeline_start(struct pipeline *p)
{
	pipeline_house_apply(p);
	pipeline_quarantine_start(p);
	consider_all(p);
	p->tick.fire = tick;
	p->tick.ctx = p;
	loop_arm(p->loop, &p->tick, TICK);
}

void pipeline_end(struct pipeline *p)
{
	if (p->tick.loop)
		loop_disarm(&p->tick);
	for (size_t i = 0; i < ROLE_MAX; i++)
		ipc_close(&p->channels[i]);
	homeassistant_end(&p->homeassistant);
	if (p->store) {
		save_all(p);
		backup_end(p);
	}
	prober_end(p);
	attestor_end(&p->attestor);
	advisories_end(&p->advisories);
	portal_lost(&p->portal);
	people_free(&p->people);
	classes_end(&p->classes);
	hits_free(&p->hits);
	history_free(&p->history);
	pipeline_adopted_forget(p);
	cases_free(&p->cases);
	lives_free(&p->lives);
	household_free(&p->household);
	fetcher_free(&p->fetcher);
	shelf_free(&p->shelf);
	shelf_free(&p->waiting);
	inventory_free(p->inventory);
}

static void sync_all(struct pipeline *p)
{
	p->ready = false;
	p->resync = 0;
	household_sync(&p->household, device_at, p->inventory, pipeline_wall(p));
}

static int transaction_done(struct pipeline *p, const struct message_txn_done *m)
{
	int error = commit_answer(&p->commit, m);

	if (error)
		return error;
	if (m->error) {
		/* What the kernel holds is no longer what we believe. */
		p->ready = false;
		p->resync = RESYNC_AFTER;
		pipeline_dns_hold_all(p);
	} else if (!p->ready && !p->resync && p->commit.confirmed == p->commit.seq) {
		p->ready = true;
		p->dns_due = true;
		log_info("pipeline", "the kernel holds all rules");
	}
	if (p->dns_due)
		pipeline_dns_follow_all(p);
	in_force(p);
	return 0;
}

static void enforcer_ready(struct pipeline *p, const struct message_enforcer_ready *m)
{
	struct name_key key = {m->name_key0, m->name_key1};

	hits_lost(&p->hits); /* who was asked before may be gone without a word */
	str_copy(p->backend, sizeof(p->backend), m->backend);
	str_copy(p->backend_lacks, sizeof(p->backend_lacks), m->text);
	household_names_key(
		&p->household, &key, device_at, p->inventory, pipeline_wall(p));
	household_knows_gates(&p->household, strcmp(m->backend, "bpf") == 0, device_at,
		p->inventory, pipeline_wall(p));
	sync_all(p);
}

static int enforcer_said(struct pipeline *p, const struct message *m)
{
	if (m->type == MESSAGE_TXN_DONE)
		return transaction_done(p, &m->txn_done);
	if (m->type == MESSAGE_COUNT || m->type == MESSAGE_COUNTS_END)
		return hits_message(p, m);
	if (m->type == MESSAGE_SEEN_VIOLATION)
		pipeline_sensor(p, m);
	else if (m->type == MESSAGE_LEARNED)
		pipeline_learned(p, &m->learned);
	else if (m->type == MESSAGE_PORT)
		pipeline_port(p, &m->port);
	else if (m->type == MESSAGE_ENFORCER_READY)
		enforcer_ready(p, &m->enforcer_ready);
	else
		return CARDEA_EMALFORMED;
	return 0;
}

/* Each message by who may send it; anything else is that process' fault. */
static int dispatch(struct pipeline *p, enum role from, const struct message *m)
{
	switch (from) {
	case ROLE_ENFORCER:
		return enforcer_said(p, m);
	case ROLE_SENSOR:
		if (m->type == MESSAGE_TOUCHED) {
			prober_touched(p, &m->touched);
			return 0;
		}
		if (learner_takes(m))
			return learner_message(&p->learner, m);
		if (m->type < MESSAGE_SEEN_ADDR || m->type > MESSAGE_SEEN_HELLO)
			return CARDEA_EMALFORMED;
		pipeline_sensor(p, m);
		return 0;
	case ROLE_RESOLVER:
		return pipeline_resolver(p, m);
	case ROLE_COURIER:
		if (m->type == MESSAGE_MQTT_STATE) {
			homeassistant_state(p, &m->mqtt_state);
			return 0;
		}
		if (webhook_takes(m))
			return webhook_message(p, m);
		if (reporter_takes(m))
			return reporter_message(p, m);
		return fetcher_courier(&p->fetcher, m, loop_now(p->loop));
	case ROLE_WEB:
		return pipeline_web(p, m);
	case ROLE_PARENT:
	case ROLE_ENGINE:
	case ROLE_MAX:
		break;
	}
	return CARDEA_EMALFORMED;
}

static enum role role_of(const struct pipeline *p, const struct ipc *c)
{
	return (enum role)(c - p->channels);
}

static int received(struct ipc *c, const uint8_t *data, size_t len, int fd)
{
	struct pipeline *p = c->ctx;
	int error = message_decode(data, len, &p->in);

	if (fd >= 0) {
		close(fd);
		return CARDEA_EMALFORMED; /* nobody hands the engine descriptors here */
	}
	if (!error)
		error = dispatch(p, role_of(p, c), &p->in);
	if (error)
		log_error("pipeline", "%s sent a message that is none: %s",
			role_name(role_of(p, c)), error_text(error));
	return error;
}

static void closed(struct ipc *c, int error)
{
	struct pipeline *p = c->ctx;
	enum role role = role_of(p, c);

	log_info("pipeline", "%s is gone (%s)", role_name(role), error_text(error));
	if (role == ROLE_ENFORCER) {
		commit_lost(&p->commit);
		hits_lost(&p->hits);
		p->ready = false;
	}
	if (role == ROLE_RESOLVER)
		commit_forget_waiting(&p->commit);
	if (role == ROLE_COURIER) {
		fetcher_courier_lost(&p->fetcher, loop_now(p->loop));
		reporter_courier_lost(p);
		webhook_courier_lost(p);
		homeassistant_courier_lost(p);
	}
	if (role == ROLE_WEB)
		portal_lost(&p->portal);
	if (error == CARDEA_EMALFORMED && p->processes[role].running)
		ask_restart(p, role);
}

int pipeline_connect(struct pipeline *p, enum role role, int fd)
{
	struct ipc *c = &p->channels[role];

	if (ipc_is_open(c)) {
		ipc_close(c);
		closed(c, -ECONNRESET);
	}
	c->receive = received;
	c->closed = closed;
	c->ctx = p;
	int error = ipc_open(c, p->loop, fd);
	if (!error && role == ROLE_RESOLVER)
		pipeline_dns_resolver_up(p);
	if (!error && role == ROLE_ENFORCER)
		pipeline_ports_reset(p);
	if (!error && role == ROLE_SENSOR)
		prober_sensor_up(p);
	if (!error && role == ROLE_WEB)
		pipeline_web_up(p);
	return error;
}

void pipeline_process(struct pipeline *p, const struct message_process *m)
{
	struct pipeline_process *s;

	if (m->role >= ROLE_MAX)
		return;
	s = &p->processes[m->role];
	/* What happened before we came is told for ourselves alone. */
	if (m->restarts > s->restarts && m->running &&
		(s->known || m->role == ROLE_ENGINE))
		journal_note(&p->journal, pipeline_wall(p), 0, EVENT_PROCESS,
			"The %s process ended and is back; the rules in the kernel "
			"held meanwhile.",
			role_name((enum role)m->role));
	if (m->running) {
		s->known = true;
		s->restarts = m->restarts;
	}
	s->running = m->running;
	s->pid = m->pid;
	s->layers = m->layers;
}

int pipeline_memory(struct pipeline *p, const struct message_memory *m)
{
	if (m->role >= ROLE_MAX)
		return CARDEA_EMALFORMED;
	p->processes[m->role].memory_kib = m->kib;
	p->measured = pipeline_wall(p);
	return 0;
}

void pipeline_measure(struct pipeline *p)
{
	nstime now = loop_now(p->loop);

	if (!p->measure || (p->measure_asked && now - p->measure_asked < NS_PER_SEC))
		return;
	p->measure_asked = now;
	p->measure(p->restart_ctx);
}
