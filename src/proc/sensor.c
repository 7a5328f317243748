// SPDX-License-Identifier: GPL-2.0-or-later
/* sensor - reads every frame that names a device, the kernel's reports of refused
 * packets, and, for learning, the headers of all others. It holds received descriptors only: no files, no sockets, no exec. */
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/log.h"
#include "model/messages.h"
#include "proc/child.h"
#include "proc/sensor_observe.h"
#include "proc/sensor_ring.h"
#include "sensors/sensors.h"

#define SENSOR_SOCKETS_MAX (3 * LIMIT_LANS + 1) /* LANs twice, their ports, reports */
#define SENSOR_BURST 64        /* packets read before other descriptors get a turn */
#define SENSOR_FRAME_MAX 32768 /* our kernel filter cuts what is longer */
#define SENSOR_NFLOG_MAX 65536 /* largest datagram of nfnetlink_log */
#define SENSOR_COUNTS_EVERY_S 10
/* What a new device waits at most until it is seen; learning has time. */
#define SENSOR_BLOCK_MS 8
#define SENSOR_OBSERVE_BLOCK_MS 200
/* What waits for a slow engine before records do: they are the first to go, not what
 * protects the house. */
#define SENSOR_RECORD_QUEUE (256U << 10)

struct sensor;

struct sensor_socket {
	struct loop_fd fd;
	enum socket_kind kind;
	uint32_t ifindex;
	struct sensor_ring ring;
	struct sensor_lan *lan; /* of SOCKET_OBSERVE */
	struct sensor *sensor;
};

struct sensor {
	struct child child;
	struct sensors sensors;
	struct sensor_observe observe;
	struct sensor_socket sockets[SENSOR_SOCKETS_MAX];
	size_t socket_count;
	struct loop_timer counts_timer, tell_timer;
	uint32_t tell_id; /* what the engine has asked for last */
	uint8_t buf[SENSOR_NFLOG_MAX];
};

static void emit(void *ctx, const struct message *m)
{
	struct sensor *s = ctx;

	/* No engine, no one to tell: devices repeat themselves. */
	if (ipc_is_open(&s->child.engine) && child_send_engine(&s->child, m))
		log_debug("sensor", "an observation was not delivered");
}

static int send_record(void *ctx, const struct message *m)
{
	struct sensor *s = ctx;

	if (s->child.engine.queued > SENSOR_RECORD_QUEUE)
		return CARDEA_ELIMIT;
	return child_send_engine(&s->child, m);
}

/* Since it was asked last. */
static uint64_t drops_of(int fd)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		return 0;
	return stats.tp_drops;
}

static void ring_visit(const struct sensor_frame *f, void *ctx)
{
	struct sensor_socket *socket = ctx;
	struct sensor *s = socket->sensor;

	if (socket->lan)
		sensor_observe_frame(socket->lan, f);
	else
		sensors_frame(&s->sensors, f->bytes, f->outgoing, socket->ifindex,
			loop_now(s->child.loop), clock_wall(loop_clock(s->child.loop)));
}

/* One block, then the other descriptors have their turn. That the interface went down is
 * an error which stays until it is read, and would have us look for ever. */
static void ring_ready(struct loop_fd *f, uint32_t events)
{
	struct sensor_socket *socket = f->ctx;
	int error;
	socklen_t len = sizeof(error);

	if (events & EPOLLERR)
		(void)getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	(void)sensor_ring_read(&socket->ring, ring_visit, socket);
}

static void capture_ready(struct loop_fd *f, uint32_t events)
{
	struct sensor_socket *socket = f->ctx;
	struct sensor *s = socket->sensor;
	struct sensor_frame frame = {.when = clock_wall(loop_clock(f->loop))};

	(void)events;
	for (int i = 0; i < SENSOR_BURST; i++) {
		struct sockaddr_ll from = {0}; /* no packet socket: nobody's address */
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(f->fd, s->buf, SENSOR_FRAME_MAX, MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_len);

		if (n < 0)
			return; /* EAGAIN, or the interface went down for a while */
		frame.bytes = cursor_of(s->buf, (size_t)n);
		frame.len = (uint32_t)n;
		frame.outgoing = from.sll_pkttype == PACKET_OUTGOING;
		ring_visit(&frame, socket);
	}
}

static void nflog_ready(struct loop_fd *f, uint32_t events)
{
	struct sensor_socket *socket = f->ctx;
	struct sensor *s = socket->sensor;

	(void)events;
	for (int i = 0; i < SENSOR_BURST; i++) {
		ssize_t n = recv(f->fd, s->buf, sizeof(s->buf), MSG_DONTWAIT);

		if (n < 0 && errno == ENOBUFS) {
			s->sensors.counts
				.dropped++; /* the kernel had to drop reports */
			continue;
		}
		if (n < 0)
			return;
		sensors_nflog(&s->sensors, cursor_of(s->buf, (size_t)n),
			clock_wall(loop_clock(f->loop)));
	}
}

static void capture_begin(struct sensor_socket *socket)
{
	int error = sensor_ring_open(&socket->ring, socket->fd.fd,
		socket->lan ? SENSOR_OBSERVE_BLOCK_MS : SENSOR_BLOCK_MS);

	if (!error)
		socket->fd.ready = ring_ready;
	else if (error == -EIO)
		child_stop(&socket->sensor->child, error);
	else
		log_debug("sensor", "no shared memory: %s", error_text(error));
}

static void take_socket(
	struct child *c, enum socket_kind kind, uint32_t ifindex, int fd)
{
	struct sensor *s = c->ctx;
	struct sensor_socket *socket;
	struct sensor_lan *lan = NULL;

	if ((kind == SOCKET_OBSERVE && !(lan = sensor_observe_lan(&s->observe, ifindex))) ||
		(kind != SOCKET_CAPTURE && kind != SOCKET_NFLOG &&
			kind != SOCKET_OBSERVE) ||
		s->socket_count == SENSOR_SOCKETS_MAX) {
		close(fd);
		return;
	}
	socket = &s->sockets[s->socket_count++];
	socket->kind = kind;
	socket->ifindex = ifindex;
	socket->lan = lan;
	socket->sensor = s;
	socket->fd.fd = fd;
	socket->fd.ctx = socket;
	socket->fd.ready = kind == SOCKET_NFLOG ? nflog_ready : capture_ready;
	if (kind != SOCKET_NFLOG)
		capture_begin(socket);
	if (loop_watch(c->loop, &socket->fd, EPOLLIN))
		child_stop(c, -EIO);
}

/* What has passed when the engine asks waits in a block that is not full yet. */
static int engine_said(struct child *c, const struct message *m)
{
	struct sensor *s = c->ctx;

	if (m->type == MESSAGE_WATCH) {
		sensor_observe_watch(&s->observe, &m->watch.mac, m->watch.on);
		return 0;
	}
	if (m->type != MESSAGE_OBSERVE_TELL)
		return CARDEA_EMALFORMED;
	s->tell_id = m->observe_tell.id;
	loop_arm(c->loop, &s->tell_timer, 2 * SENSOR_OBSERVE_BLOCK_MS * NS_PER_MS);
	return 0;
}

static void tell_now(struct loop_timer *t)
{
	struct sensor *s = t->ctx;
	struct message m = {.type = MESSAGE_OBSERVE_TOLD};

	for (size_t i = 0; i < s->socket_count; i++) {
		struct sensor_socket *socket = &s->sockets[i];

		while (socket->lan && socket->ring.memory &&
			sensor_ring_read(&socket->ring, ring_visit, socket))
			;
	}
	sensor_observe_tell(&s->observe);
	m.observe_told.id = s->tell_id;
	emit(s, &m);
}

/* Everything is news to a new engine. */
static void engine_came(struct child *c)
{
	struct sensor *s = c->ctx;

	memset(s->sensors.recent, 0, sizeof(s->sensors.recent));
	sensor_observe_unwatch(&s->observe);
}

static int take_setting(struct child *c, const char *key, const char *value)
{
	struct sensor *s = c->ctx;

	return sensor_observe_setting(&s->observe, key, value);
}

static void send_counts(struct loop_timer *t)
{
	struct sensor *s = t->ctx;
	struct message m = {.type = MESSAGE_SENSOR_COUNTS};

	for (size_t i = 0; i < s->socket_count; i++) {
		if (s->sockets[i].lan)
			s->observe.dropped += drops_of(s->sockets[i].fd.fd);
		else if (s->sockets[i].kind == SOCKET_CAPTURE)
			s->sensors.counts.dropped += drops_of(s->sockets[i].fd.fd);
	}
	m.sensor_counts = s->sensors.counts;
	emit(s, &m);
	sensor_observe_time(&s->observe, clock_wall(loop_clock(t->loop)));
	m.type = MESSAGE_OBSERVE_COUNTS;
	sensor_observe_counts(&s->observe, &m.observe_counts);
	emit(s, &m);
	loop_arm(t->loop, t, SENSOR_COUNTS_EVERY_S * NS_PER_SEC);
}

int main(void)
{
	struct sensor *s = calloc(1, sizeof(*s));
	int error;

	log_init("sensor", STDERR_FILENO, LOG_LEVEL_INFO);
	if (!s)
		return 1;
	sensors_init(&s->sensors, emit, s);
	sensor_observe_init(&s->observe, send_record, s);
	s->child.role = ROLE_SENSOR;
	s->child.ctx = s;
	s->child.engine_said = engine_said;
	s->child.engine_came = engine_came;
	s->child.socket = take_socket;
	s->child.config = take_setting;
	error = child_start(&s->child);
	if (!error)
		error = sensor_observe_start(&s->observe);
	if (!error)
		error = child_hello(&s->child);
	if (!error) {
		s->counts_timer.fire = send_counts;
		s->counts_timer.ctx = s;
		s->tell_timer.fire = tell_now;
		s->tell_timer.ctx = s;
		loop_arm(s->child.loop, &s->counts_timer,
			SENSOR_COUNTS_EVERY_S * NS_PER_SEC);
		error = child_run(&s->child);
	}
	if (error)
		log_error("sensor", "stopped: %s", error_text(error));
	child_end(&s->child);
	sensor_observe_end(&s->observe);
	free(s);
	return error ? 1 : 0;
}
