// SPDX-License-Identifier: GPL-2.0-or-later
/* events - what the program tells: refused packets, names it has learned from, and
 * conversations that policy has ended, which connection tracking then must not go on
 * with. */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "enforce/bpf/bpf_priv.h"
#include "enforce/conntrack.h"
#include "model/flow.h"

#define WAIT (50 * NS_PER_MS) /* for an engine that reads slowly, or is away */
/* Learned names do not wake us; while one lies in the ring, nor does what comes behind
 * it. Soon enough for who reads of it. */
#define LOOK_EVERY (200 * NS_PER_MS)

static struct mac event_mac(const struct bpf_mac *m)
{
	struct mac mac;

	memcpy(mac.b, m->b, sizeof mac.b);
	return mac;
}

static bool has_ports(uint8_t proto)
{
	return proto == FLOW_PROTO_TCP || proto == FLOW_PROTO_UDP;
}

static void on_refused(struct enforce_state *s, const struct bpf_event *v)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};
	struct message_seen_violation *n = &m.seen_violation;
	const struct bpf_refused *w = &v->what;

	if (!w->family)
		return; /* the words of the engine are those of IP */
	n->direction = w->to_device ? DIRECTION_TO_DEVICE : DIRECTION_FROM_DEVICE;
	n->reason = w->reason;
	n->mac = event_mac(&w->mac);
	n->device = key_to_addr(&w->device);
	n->peer = key_to_addr(&w->peer);
	n->proto = w->proto;
	n->device_port = has_ports(w->proto) ? ntohs(v->device_port) : 0;
	n->peer_port = has_ports(w->proto) ? ntohs(v->peer_port) : 0;
	n->icmp_type = (uint8_t)(w->icmp >> 8);
	n->icmp_code = (uint8_t)w->icmp;
	n->length = v->length;
	n->packets = v->packets < UINT32_MAX ? (uint32_t)v->packets : UINT32_MAX;
	n->when = clock_wall(loop_clock(s->ear.loop));
	(void)s->ear.tell(&m, s->ear.ctx);
}

static void on_learned(struct enforce_state *s, const struct bpf_event *v)
{
	struct message m = {.type = MESSAGE_LEARNED};

	m.learned.mac = event_mac(&v->what.mac);
	m.learned.name_hash = v->kind == BPF_EVENT_LEARNED ? v->hash : 0;
	m.learned.addr = key_to_addr(&v->what.peer);
	m.learned.ttl_s = v->ttl_s;
	(void)s->ear.tell(&m, s->ear.ctx);
}

/* Who is no longer under policy goes on talking. */
static bool is_under_policy(const struct enforce_state *s, const struct bpf_refused *w)
{
	struct mac mac = event_mac(&w->mac);
	struct subject_key by_mac = key_of_mac(&mac), by_addr = {.addr = w->device};
	const struct subject *m = subjects_find(&s->subjects, &by_mac);
	const struct subject *a = subjects_find(&s->subjects, &by_addr);

	return (m && m->flags & BPF_MANAGED) || (a && a->flags & BPF_POLICED);
}

static void on_ended(struct enforce_state *s, const struct bpf_event *v)
{
	struct conntrack_tuple t = {key_to_addr(&v->what.device),
		key_to_addr(&v->what.peer), v->what.proto, ntohs(v->device_port),
		ntohs(v->peer_port)};

	if (!s->conntrack || !is_under_policy(s, &v->what))
		return;
	int e = conntrack_delete(s->conntrack, &t);
	if (e)
		log_warn("bpf", "a connection that policy has ended stays tracked: %s",
			error_text(e));
}

static int on_event(void *ctx, void *data, size_t len)
{
	struct enforce_state *s = ctx;
	const struct bpf_event *v = data;

	if (len < sizeof *v)
		return 0;
	if (v->kind == BPF_EVENT_ENDED)
		on_ended(s, v);
	else if (v->kind == BPF_EVENT_REFUSED)
		on_refused(s, v);
	else
		on_learned(s, v);
	return 0;
}

int events_open(struct enforce_state *s)
{
	s->ring = ring_buffer__new(s->datapath.maps[DATAPATH_EVENTS], on_event, s, NULL);
	if (!s->ring)
		return -errno;
	/* without it the next best holds: the flow is ended where the program stands */
	if (conntrack_open(&s->conntrack))
		s->conntrack = NULL;
	return 0;
}

/* An engine that reads slowly, or is away for a moment, finds them later in the ring. */
void events_read(struct enforce_state *s)
{
	if (!s->ear.busy(s->ear.ctx)) {
		(void)ring_buffer__consume(s->ring);
		return;
	}
	loop_unwatch(&s->ring_fd);
	loop_arm(s->ear.loop, &s->again, WAIT);
}

static void on_ring(struct loop_fd *f, uint32_t events)
{
	(void)events;
	events_read(f->ctx);
}

static void on_again(struct loop_timer *t)
{
	struct enforce_state *s = t->ctx;

	if (loop_watch(s->ear.loop, &s->ring_fd, EPOLLIN))
		loop_arm(s->ear.loop, t, WAIT);
}

static void on_look(struct loop_timer *t)
{
	struct enforce_state *s = t->ctx;

	if (!s->ear.busy(s->ear.ctx))
		(void)ring_buffer__consume(s->ring);
	loop_arm(s->ear.loop, t, LOOK_EVERY);
}

int events_start(struct enforce_state *s)
{
	s->again = (struct loop_timer){.fire = on_again, .ctx = s};
	s->look = (struct loop_timer){.fire = on_look, .ctx = s};
	loop_arm(s->ear.loop, &s->look, LOOK_EVERY);
	s->ring_fd = (struct loop_fd){
		.fd = ring_buffer__epoll_fd(s->ring), .ready = on_ring, .ctx = s};
	return loop_watch(s->ear.loop, &s->ring_fd, EPOLLIN);
}
