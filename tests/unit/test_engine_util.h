// SPDX-License-Identifier: GPL-2.0-or-later
/* test_engine_util - a whole engine in one process: the pipeline with its store, a clock
 * that moves when told, and the far ends of its channels. The enforcer's end keeps what
 * a kernel would hold. */
#ifndef CARDEA_TEST_ENGINE_UTIL_H
#define CARDEA_TEST_ENGINE_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "engine/pipeline.h"

#define START (1767225600LL * NS_PER_SEC)
#define GATEWAY_MAC "02:00:00:00:00:01"
#define URL_A "https://maker.example/lamp.json"
#define URL_B "https://maker.example/lamp-2.json"
#define KERNEL_MAX 40000
#ifndef HOUSE_DIR /* where its state is */
#define HOUSE_DIR "/tmp/test-engine-XXXXXX"
#endif
#ifndef HOUSE_LEARNS /* it takes time to read the list of public suffixes */
#define HOUSE_LEARNS true
#endif
#define FORGETS_MAX 64

/* The other end of a channel. */
struct far {
	struct ipc ipc;
	struct house *house;
	enum role role;
	struct message *got;
	size_t count, cap;
	unsigned closed;
};

struct house {
	char dir[64];
	struct clock_virtual clock;
	struct loop *loop;
	struct store *store;
	struct pipeline p;
	struct far far[ROLE_MAX];
	/* the enforcer's end */
	bool hold; /* does not answer commits */
	int64_t refuse; /* answers commits with this error */
	bool sync;
	struct element *kernel, *named;
	size_t kernel_count, named_count, forget_count;
	struct message_forget forgets[FORGETS_MAX];
	unsigned events, restarts;
	enum role restarted;
};

static inline struct addr ip(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline struct mac mac_of(const char *text)
{
	struct mac m;
	assert_int_equal(mac_parse(text, &m), 0);
	return m;
}

static inline void far_send(struct house *h, enum role role, const struct message *m)
{
	uint8_t buf[MESSAGE_MAX];
	int len = message_encode(m, buf, sizeof(buf));

	assert_true(len > 0);
	assert_int_equal(ipc_send(&h->far[role].ipc, buf, (size_t)len, -1), 0);
}

static inline size_t kernel_find(const struct house *h, const struct element *e)
{
	size_t i = 0;

	while (i < h->kernel_count && element_compare(&h->kernel[i], e) != 0)
		i++;
	return i;
}

static inline void kernel_element(struct house *h, const struct message_element *m)
{
	struct element e;
	size_t i;

	assert_int_equal(message_to_element(m, &e), 0);
	assert_int_equal(element_check(&e), 0);
	i = kernel_find(h, &e);
	if (m->remove) {
		if (i < h->kernel_count)
			h->kernel[i] = h->kernel[--h->kernel_count];
		return;
	}
	assert_true(h->kernel_count < KERNEL_MAX);
	h->kernel[i] = e;
	h->kernel_count += i == h->kernel_count;
	h->named[h->named_count++] = e;
}

static inline bool kernel_named(const struct house *h, const struct element *e)
{
	for (size_t k = 0; k < h->named_count; k++)
		if (element_compare(&h->named[k], e) == 0)
			return true;
	return false;
}

/* What the transaction does not name goes, with a timeout too, if it is of this device. */
static inline void kernel_forget(struct house *h, const struct message_forget *m)
{
	for (size_t i = h->kernel_count; i-- > 0;) {
		const struct element *e = &h->kernel[i];
		bool own = mac_equal(&e->mac, &m->mac);

		for (size_t k = 0; k < m->addrs.count; k++)
			own |= addr_equal(&e->device, &m->addrs.addrs[k]);
		if (own && e->timeout_s && !kernel_named(h, e))
			h->kernel[i] = h->kernel[--h->kernel_count];
	}
}

static inline void kernel_commit(struct house *h, uint64_t seq)
{
	struct message done = {.type = MESSAGE_TXN_DONE};

	for (size_t i = 0; i < h->forget_count; i++)
		kernel_forget(h, &h->forgets[i]);
	for (size_t i = h->kernel_count; h->sync && i-- > 0;)
		if (!h->kernel[i].timeout_s && !kernel_named(h, &h->kernel[i]))
			h->kernel[i] = h->kernel[--h->kernel_count];
	if (h->hold)
		return;
	done.txn_done.seq = seq;
	done.txn_done.error = h->refuse;
	far_send(h, ROLE_ENFORCER, &done);
}

static inline void kernel_message(struct house *h, const struct message *m)
{
	if (m->type == MESSAGE_TXN_BEGIN) {
		h->sync = m->txn_begin.sync;
		h->named_count = h->forget_count = 0;
	} else if (m->type == MESSAGE_ELEMENT) {
		kernel_element(h, &m->element);
	} else if (m->type == MESSAGE_FORGET) {
		assert_true(h->forget_count < FORGETS_MAX);
		h->forgets[h->forget_count++] = m->forget;
	} else if (m->type == MESSAGE_TXN_COMMIT) {
		kernel_commit(h, m->txn_commit.seq);
	}
}

static inline int far_receive(struct ipc *c, const uint8_t *data, size_t len, int fd)
{
	struct cursor packet = cursor_of(data, len);
	struct far *f = c->ctx;

	assert_int_equal(fd, -1);
	while (cursor_left(&packet)) {
		if (f->count == f->cap) {
			f->cap = f->cap ? f->cap * 2 : 64;
			f->got = realloc(f->got, f->cap * sizeof(*f->got));
			assert_non_null(f->got);
		}
		memset(&f->got[f->count], 0, sizeof(*f->got));
		assert_int_equal(message_next(&packet, &f->got[f->count]), 0);
		f->count++;
		if (f->role == ROLE_ENFORCER)
			kernel_message(f->house, &f->got[f->count - 1]);
	}
	return 0;
}

static inline void far_closed(struct ipc *c, int error)
{
	(void)error;
	((struct far *)c->ctx)->closed++;
}

static inline void spin(struct house *h)
{
	for (int i = 0; i < 60; i++)
		assert_int_equal(loop_once(h->loop, 0), 0);
}

static inline void advance(struct house *h, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		clock_virtual_set(&h->clock, h->clock.now + NS_PER_SEC);
		assert_int_equal(loop_once(h->loop, 0), 0);
	}
	spin(h);
}

static inline void connect_far(struct house *h, enum role role)
{
	struct far *f = &h->far[role];
	int fds[2];

	ipc_close(&f->ipc);
	f->house = h;
	f->role = role;
	f->ipc = (struct ipc){.receive = far_receive, .closed = far_closed, .ctx = f};
	assert_int_equal(ipc_pair(fds), 0);
	assert_int_equal(ipc_open(&f->ipc, h->loop, fds[1]), 0);
	assert_int_equal(pipeline_connect(&h->p, role, fds[0]), 0);
}

static inline void enforcer_ready(struct house *h)
{
	struct message m = {.type = MESSAGE_ENFORCER_READY};

	str_copy(m.enforcer_ready.backend, sizeof(m.enforcer_ready.backend), "nft");
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static inline void count_event(void *ctx, const struct event *e)
{
	(void)e;
	((struct house *)ctx)->events++;
}

static inline void note_restart(void *ctx, enum role role)
{
	struct house *h = ctx;

	h->restarts++;
	h->restarted = role;
}

/* As of the owner's settings. */
static bool engine_learns = HOUSE_LEARNS;

/* The engine alone: what a restart of it brings. */
static inline void engine_start(struct house *h)
{
	bool damaged;

	assert_int_equal(store_open(h->dir, &h->store, &damaged), 0);
	assert_int_equal(pipeline_init(&h->p), 0);
	assert_int_equal(pipeline_setting(&h->p, "lan_begin", ""), 0);
	assert_int_equal(pipeline_setting(&h->p, "lan_prefix", "192.168.7.0/24"), 0);
	assert_int_equal(pipeline_setting(&h->p, "gateway_addr", "192.168.7.1"), 0);
	assert_int_equal(pipeline_setting(&h->p, "gateway_mac", GATEWAY_MAC), 0);
	h->p.learner.enabled = engine_learns;
	h->p.restart = note_restart;
	h->p.restart_ctx = h;
	assert_int_equal(pipeline_open(&h->p, h->loop, h->store, count_event, h), 0);
	pipeline_start(&h->p);
}

static inline void engine_end(struct house *h)
{
	pipeline_end(&h->p);
	store_close(h->store);
	for (size_t i = 0; i < ROLE_MAX; i++)
		ipc_close(&h->far[i].ipc);
}

static inline void connect_all(struct house *h)
{
	connect_far(h, ROLE_ENFORCER);
	connect_far(h, ROLE_SENSOR);
	connect_far(h, ROLE_RESOLVER);
	connect_far(h, ROLE_COURIER);
	enforcer_ready(h);
}

static inline void engine_restart(struct house *h)
{
	engine_end(h);
	engine_start(h);
	for (size_t i = 0; i < ROLE_MAX; i++)
		h->far[i].count = 0;
	connect_all(h);
}

static inline struct house *house_new(void)
{
	struct house *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	str_copy(h->dir, sizeof(h->dir), HOUSE_DIR);
	assert_non_null(mkdtemp(h->dir));
	h->kernel = calloc(KERNEL_MAX + 1, sizeof(*h->kernel));
	h->named = calloc(KERNEL_MAX * 2, sizeof(*h->named));
	assert_non_null(h->kernel);
	assert_non_null(h->named);
	clock_virtual_init(&h->clock, START);
	h->loop = loop_new(&h->clock.clock);
	assert_non_null(h->loop);
	for (size_t i = 0; i < ROLE_MAX; i++)
		h->far[i].ipc.fd.fd = -1;
	engine_start(h);
	connect_all(h);
	return h;
}

static inline void house_free(struct house *h)
{
	static const char *const files[] = {
		"cardea.db", "cardea.db-wal", "cardea.db-shm", "setup-secret"};
	char path[128];

	engine_end(h);
	loop_free(h->loop);
	for (size_t i = 0; i < ROLE_MAX; i++)
		free(h->far[i].got);
	free(h->kernel);
	free(h->named);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(
			str_print(path, sizeof(path), "%s/%s", h->dir, files[i]), 0);
		unlink(path);
	}
	assert_int_equal(rmdir(h->dir), 0);
	free(h);
}

/* The nth message of this type since the beginning, or NULL. */
static inline const struct message *got(const struct house *h, enum role role, int type,
	unsigned nth)
{
	for (size_t i = 0; i < h->far[role].count; i++)
		if ((int)h->far[role].got[i].type == type && nth-- == 0)
			return &h->far[role].got[i];
	return NULL;
}

static inline unsigned got_count(const struct house *h, enum role role, int type)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->far[role].count; i++)
		n += (int)h->far[role].got[i].type == type;
	return n;
}

static inline void see_addr(struct house *h, const char *mac, const char *addr,
	enum addr_source source, uint32_t lifetime_s)
{
	struct message m = {.type = MESSAGE_SEEN_ADDR};

	m.seen_addr.mac = mac_of(mac);
	m.seen_addr.addr = ip(addr);
	m.seen_addr.source = (uint8_t)source;
	m.seen_addr.lifetime_s = lifetime_s;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static inline void see_dhcp(struct house *h, const char *mac, const char *hostname,
	const char *url)
{
	struct message m = {.type = MESSAGE_SEEN_DHCP};

	m.seen_dhcp.mac = mac_of(mac);
	m.seen_dhcp.family = 4;
	str_copy(m.seen_dhcp.hostname, sizeof(m.seen_dhcp.hostname), hostname);
	str_copy(m.seen_dhcp.mud_url, sizeof(m.seen_dhcp.mud_url), url);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

/* A profile of one rule: TCP to cloud.example, this port. digest tells files apart. */
static inline void send_profile(struct house *h, uint64_t id, uint16_t port,
	uint8_t digest)
{
	struct message m = {.type = MESSAGE_PROFILE};
	struct rule r;

	m.profile.id = id;
	str_copy(m.profile.url, sizeof(m.profile.url), URL_A);
	m.profile.cache_validity_h = 48;
	m.profile.is_supported = true;
	m.profile.signature = SIGNATURE_VALID;
	memset(m.profile.sha256, digest, sizeof(m.profile.sha256));
	m.profile.rule_count = 1;
	far_send(h, ROLE_COURIER, &m);
	rule_init(&r);
	r.id = 1;
	r.proto = FLOW_PROTO_TCP;
	r.peer.kind = PEER_NAME;
	str_copy(r.peer.name, sizeof(r.peer.name), "cloud.example");
	r.peer_port = (struct range16){port, port};
	r.layer = LAYER_MANUFACTURER;
	message_from_rule(&m, id, &r);
	far_send(h, ROLE_COURIER, &m);
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_PROFILE_END;
	m.profile_end.id = id;
	far_send(h, ROLE_COURIER, &m);
	spin(h);
}

static inline void tell_name(struct house *h, uint64_t id, const char *client,
	const char *name, const char *addr)
{
	struct message m = {.type = MESSAGE_DNS_ANSWER};

	m.dns_answer.held = true;
	m.dns_answer.id = id;
	m.dns_answer.client = ip(client);
	str_copy(m.dns_answer.name, sizeof(m.dns_answer.name), name);
	m.dns_answer.ttl_s = 300;
	m.dns_answer.addrs.count = 1;
	m.dns_answer.addrs.addrs[0] = ip(addr);
	far_send(h, ROLE_RESOLVER, &m);
	spin(h);
}

static inline bool kernel_has(const struct house *h, enum element_kind kind,
	const char *mac, const char *device)
{
	for (size_t i = 0; i < h->kernel_count; i++) {
		const struct element *e = &h->kernel[i];
		struct mac m = mac ? mac_of(mac) : e->mac;
		struct addr a = device ? ip(device) : e->device;

		if (e->kind == kind && mac_equal(&m, &e->mac) &&
			addr_equal(&a, &e->device))
			return true;
	}
	return false;
}

static inline const struct element *kernel_out(const struct house *h, const char *peer)
{
	struct addr a = ip(peer);

	for (size_t i = 0; i < h->kernel_count; i++)
		if (h->kernel[i].kind == ELEMENT_OUT &&
			addr_equal(&a, &h->kernel[i].peer_lo))
			return &h->kernel[i];
	return NULL;
}

static inline struct device *device_of(struct house *h, const char *mac)
{
	struct mac m = mac_of(mac);

	return inventory_by_mac(h->p.inventory, &m);
}

#endif
