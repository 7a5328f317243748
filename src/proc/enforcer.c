// SPDX-License-Identifier: GPL-2.0-or-later
/* enforcer - the process that may change the kernel's tables. It reads typed messages
 * of the engine only, checks each again, and commits them. If it dies, or the engine
 * does, the tables stay as they are. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "enforce/backend.h"
#include "proc/child.h"

/* Somebody may flush the whole ruleset; the parent then starts us anew. */
#define CHECK_EVERY NS_PER_SEC
/* A full transaction as it came (17 MiB), as entries (a limit's are two), once more while
 * they are sorted (2 * 30 MiB), and as a batch (96 MiB reserved). */
#define MEMORY_MAX (256U << 20)
/* Counts wait for an engine that reads slowly: the rest of its queue is for answers. */
#define COUNTS_QUEUE_MAX (IPC_QUEUE_MAX / 4)
#define COUNTS_WAIT (50 * NS_PER_MS)

struct enforcer {
	struct child child;
	struct enforce_config config;
	const struct enforce_backend *backend;
	bool cleared; /* nothing is left of the others */
	struct enforce_state *state; /* NULL until the tables stand */
	struct enforce_state *dns;   /* NULL where foreign questions are not redirected */
	struct enforce_opened opened;
	struct enforce_txn txn;
	int refused; /* first refusal within the transaction */
	char refusal[LIMIT_TEXT];
	struct loop_timer check, counter;
	unsigned part;		     /* of the backend's counts, on its way */
	size_t part_seen, part_sent; /* this time; before */
};

static int handle_begin(struct enforcer *f, const struct message_txn_begin *m)
{
	if (f->txn.open)
		return CARDEA_EMALFORMED;
	enforce_txn_begin(&f->txn, m->seq, m->sync);
	f->refused = 0;
	return 0;
}

/* A key that no set could hold is the engine's fault; one that would cut management,
 * or one too many, only ends this transaction. */
static int handle_element(struct enforcer *f, const struct message_element *m)
{
	char mac[MAC_TEXT_MAX], addr[ADDR_TEXT_MAX];
	struct element element;

	if (!f->txn.open)
		return CARDEA_EMALFORMED;
	int e = message_to_element(m, &element);
	if (!e)
		e = enforce_txn_add(&f->txn, &f->config, &element, m->remove);
	if (!e || e == CARDEA_EMALFORMED)
		return e;
	if (!f->refused) {
		f->refused = e;
		(void)str_print(f->refusal, sizeof f->refusal, "%s: %s %s %s",
			error_text(e), element_kind_name(element.kind),
			mac_format(&element.mac, mac),
			addr_format(&element.device, addr));
		log_warn("enforcer", "refused: %s", f->refusal);
	}
	return 0;
}

static int enforcer_check(struct enforcer *f)
{
	int e = f->backend->check(f->state);

	return e || !f->dns ? e : enforce_backend_redirect.check(f->dns);
}

static const struct enforce_backend *const backends[] = {
#ifdef CARDEA_BPF
	&enforce_backend_bpf,
#endif
	&enforce_backend_nft,
};
#define BACKENDS (sizeof backends / sizeof *backends)

/* What another back end has left of an earlier run holds until ours knows all. */
static void clear_others(struct enforcer *f)
{
	for (size_t i = 0; i < BACKENDS && !f->cleared; i++) {
		if (backends[i] != f->backend && backends[i]->clear())
			log_warn("enforcer", "rules of an earlier run stay: %s",
				backends[i]->name);
	}
	f->cleared = true;
}

static int handle_commit(struct enforcer *f, const struct message_txn_commit *m)
{
	struct message done = {.type = MESSAGE_TXN_DONE};

	if (!f->txn.open || m->seq != f->txn.seq)
		return CARDEA_EMALFORMED;
	int e = f->refused ? f->refused : f->backend->commit(f->state, &f->txn);
	if (!e && f->dns)
		e = enforce_backend_redirect.commit(f->dns, &f->txn);
	done.txn_done.seq = m->seq;
	done.txn_done.error = e;
	if (e) {
		(void)str_copy(done.txn_done.text, sizeof done.txn_done.text,
			f->refused ? f->refusal : error_text(e));
		log_error("enforcer", "transaction %llu: %s",
			(unsigned long long)m->seq, done.txn_done.text);
	}
	if (!e && f->txn.sync)
		clear_others(f);
	int sent = child_send_engine(&f->child, &done);
	enforce_txn_clear(&f->txn);
	if (e && !f->refused && enforcer_check(f))
		child_stop(&f->child, e); /* our tables are gone */
	return sent;
}

static int send_count(const struct message *m, void *ctx)
{
	struct enforcer *f = ctx;

	if (f->part_seen++ < f->part_sent)
		return 0;
	if (f->child.engine.queued > COUNTS_QUEUE_MAX)
		return -EBUSY;
	f->part_sent++;
	return child_send_engine(&f->child, m);
}

/* One part in each turn of the loop, so that transactions need not wait for all. A part
 * that the channel could not take goes on where it stood; an element that came or went
 * there meanwhile may be told twice or not. */
static void on_counter(struct loop_timer *t)
{
	struct message end = {.type = MESSAGE_COUNTS_END};
	struct enforcer *f = t->ctx;

	f->part_seen = 0;
	bool busy = f->backend->count(f->state, f->part, send_count, f) == -EBUSY;
	if (!busy) {
		f->part++;
		f->part_sent = 0;
	}
	if (f->part < f->backend->count_parts)
		loop_arm(f->child.loop, t, busy ? COUNTS_WAIT : 0);
	else if (child_send_engine(&f->child, &end))
		log_warn("enforcer", "the engine misses the end of the counts");
}

static int on_engine(struct child *c, const struct message *m)
{
	struct enforcer *f = c->ctx;

	if (m->type == MESSAGE_TXN_BEGIN)
		return handle_begin(f, &m->txn_begin);
	if (m->type == MESSAGE_ELEMENT)
		return handle_element(f, &m->element);
	if (m->type == MESSAGE_FORGET)
		return enforce_txn_forget(&f->txn, &m->forget);
	if (m->type == MESSAGE_TXN_COMMIT)
		return handle_commit(f, &m->txn_commit);
	if (m->type != MESSAGE_COUNTS_WANTED)
		return CARDEA_EMALFORMED;
	f->part = 0; /* asked again before the end, the round starts anew */
	f->part_sent = 0;
	loop_arm(f->child.loop, &f->counter, 0);
	return 0;
}

/* What the last engine left unfinished never was. */
static void on_engine_left(struct child *c)
{
	struct enforcer *f = c->ctx;

	enforce_txn_clear(&f->txn);
	loop_disarm(&f->counter);
}

static void on_engine_came(struct child *c)
{
	struct enforcer *f = c->ctx;
	struct message m = {.type = MESSAGE_ENFORCER_READY};

	m.enforcer_ready.kept = f->opened.kept;
	(void)str_copy(m.enforcer_ready.backend, sizeof m.enforcer_ready.backend,
		f->backend->name);
	(void)str_copy(m.enforcer_ready.text, sizeof m.enforcer_ready.text,
		f->opened.lacks);
	m.enforcer_ready.name_key0 = f->opened.name_key[0];
	m.enforcer_ready.name_key1 = f->opened.name_key[1];
	int e = child_send_engine(c, &m);
	if (e)
		log_error("enforcer", "engine: %s", error_text(e));
	if (f->backend->greet)
		f->backend->greet(f->state);
}

static int on_config(struct child *c, const char *key, const char *value)
{
	struct enforcer *f = c->ctx;

	return enforce_config_set(&f->config, key, value);
}

static void on_shutdown(struct child *c, bool open_network)
{
	struct enforcer *f = c->ctx;

	if (!open_network || !f->state)
		return;
	int e = f->backend->remove(f->state);
	if (f->dns && !e)
		e = enforce_backend_redirect.remove(f->dns);
	if (e)
		log_error("enforcer", "removing the tables: %s", error_text(e));
}

static void on_check(struct loop_timer *t)
{
	struct enforcer *f = t->ctx;
	int e = enforcer_check(f);

	if (e == -ENOENT) {
		log_error("enforcer", "somebody removed our tables");
		child_stop(&f->child, e);
		return;
	}
	loop_arm(f->child.loop, t, CHECK_EVERY);
}

/* The best that works here; the one that was asked for first, if any. */
static int open_backend(struct enforcer *f)
{
	int e = -ENOTSUP;

	for (size_t i = 0; i < BACKENDS && e; i++) {
		f->backend = backends[i];
		/* the last one is the one that always works */
		if (i + 1 < BACKENDS &&
			!strcmp(f->config.backend, backends[BACKENDS - 1]->name))
			continue;
		e = f->backend->open(&f->config, &f->state, &f->opened);
		if (e)
			log_error("enforcer", "back end %s: %s", f->backend->name,
				error_text(e));
	}
	if (!e)
		log_info("enforcer", "back end %s: %s", f->backend->name,
			f->opened.kept ? "kept" : "laid");
	return e;
}

static int tell(const struct message *m, void *ctx)
{
	struct enforcer *f = ctx;

	return child_send_engine(&f->child, m);
}

static bool is_busy(void *ctx)
{
	const struct enforcer *f = ctx;

	return !ipc_is_open(&f->child.engine) ||
	       f->child.engine.queued > COUNTS_QUEUE_MAX;
}

static int start_backend(struct enforcer *f)
{
	struct enforce_ear ear = {f->child.loop, tell, is_busy, f};

	return f->backend->start ? f->backend->start(f->state, &ear) : 0;
}

static int enforcer_start(struct enforcer *f)
{
	struct enforce_opened dns_opened;
	int e = child_start(&f->child);

	if (!e)
		e = open_backend(f);
	if (e)
		return e;
	e = enforce_backend_redirect.open(&f->config, &f->dns, &dns_opened);
	if (e) {
		log_error("enforcer", "laying the tables: %s", error_text(e));
		return e;
	}
	f->child.sandbox.allow = SANDBOX_NETLINK;
	f->child.sandbox.keep_caps = 1ULL << CAP_NET_ADMIN;
	if (f->backend->start) {
		f->child.sandbox.allow |= SANDBOX_BPF;
		f->child.sandbox.keep_caps |= 1ULL << CAP_BPF;
	}
	f->child.sandbox.memory_max = MEMORY_MAX;
	e = child_hello(&f->child);
	if (!e)
		e = start_backend(f);
	if (e)
		return e;
	f->check = (struct loop_timer){.fire = on_check, .ctx = f};
	f->counter = (struct loop_timer){.fire = on_counter, .ctx = f};
	loop_arm(f->child.loop, &f->check, CHECK_EVERY);
	return 0;
}

int main(void)
{
	static struct enforcer f = {
		.child = {.role = ROLE_ENFORCER, .ctx = &f, .config = on_config,
			.engine_said = on_engine, .engine_came = on_engine_came,
			.engine_left = on_engine_left, .shutdown = on_shutdown},
		.backend = &enforce_backend_nft,
	};
	int e = enforcer_start(&f);

	if (!e)
		e = child_run(&f.child);
	if (e)
		log_error("enforcer", "ended: %s", error_text(e));
	enforce_txn_clear(&f.txn);
	f.backend->close(f.state);
	enforce_backend_redirect.close(f.dns);
	child_end(&f.child);
	return e ? 1 : 0;
}
