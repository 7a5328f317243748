// SPDX-License-Identifier: GPL-2.0-or-later
/* sensor - reads every frame that names a device, and the kernel's reports of refused
 * packets. It holds received descriptors only: no files, no sockets, no exec. */
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
#include "proc/sensor_ring.h"
#include "sensors/sensors.h"

#define SENSOR_SOCKETS_MAX (2 * LIMIT_LANS + 1) /* LANs, their ports, reports */
#define SENSOR_BURST 64        /* packets read before other descriptors get a turn */
#define SENSOR_FRAME_MAX 32768 /* our kernel filter cuts what is longer */
#define SENSOR_NFLOG_MAX 65536 /* largest datagram of nfnetlink_log */
#define SENSOR_COUNTS_EVERY_S 10

struct sensor;

struct sensor_socket {
	struct loop_fd fd;
	enum socket_kind kind;
	uint32_t ifindex;
	struct sensor_ring ring;
	struct sensor *sensor;
};

struct sensor {
	struct child child;
	struct sensors sensors;
	struct sensor_socket sockets[SENSOR_SOCKETS_MAX];
	size_t socket_count;
	struct loop_timer counts_timer;
	uint8_t buf[SENSOR_NFLOG_MAX];
};

static void emit(void *ctx, const struct message *m)
{
	struct sensor *s = ctx;

	/* No engine, no one to tell: devices repeat themselves. */
	if (ipc_is_open(&s->child.engine) && child_send_engine(&s->child, m))
		log_debug("sensor", "an observation was not delivered");
}

static void count_drops(struct sensor *s, int fd)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		s->sensors.counts.dropped += stats.tp_drops;
}

static void ring_visit(struct cursor frame, bool outgoing, void *ctx)
{
	struct sensor_socket *socket = ctx;
	struct sensor *s = socket->sensor;

	sensors_frame(&s->sensors, frame, outgoing, socket->ifindex,
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
	nstime now = loop_now(f->loop), wall = clock_wall(loop_clock(f->loop));

	(void)events;
	for (int i = 0; i < SENSOR_BURST; i++) {
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(f->fd, s->buf, SENSOR_FRAME_MAX, MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_len);

		if (n < 0)
			return; /* EAGAIN, or the interface went down for a while */
		sensors_frame(&s->sensors, cursor_of(s->buf, (size_t)n),
			from.sll_pkttype == PACKET_OUTGOING, socket->ifindex, now,
			wall);
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
	int error = sensor_ring_open(&socket->ring, socket->fd.fd);

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

	if ((kind != SOCKET_CAPTURE && kind != SOCKET_NFLOG) ||
		s->socket_count == SENSOR_SOCKETS_MAX) {
		close(fd);
		return;
	}
	socket = &s->sockets[s->socket_count++];
	socket->kind = kind;
	socket->ifindex = ifindex;
	socket->sensor = s;
	socket->fd.fd = fd;
	socket->fd.ctx = socket;
	socket->fd.ready = kind == SOCKET_CAPTURE ? capture_ready : nflog_ready;
	if (kind == SOCKET_CAPTURE)
		capture_begin(socket);
	if (loop_watch(c->loop, &socket->fd, EPOLLIN))
		child_stop(c, -EIO);
}

static int engine_said(struct child *c, const struct message *m)
{
	(void)c;
	(void)m;
	return CARDEA_EMALFORMED; /* the engine has nothing to tell a sensor */
}

/* Everything is news to a new engine. */
static void engine_came(struct child *c)
{
	struct sensor *s = c->ctx;

	memset(s->sensors.recent, 0, sizeof(s->sensors.recent));
}

static void send_counts(struct loop_timer *t)
{
	struct sensor *s = t->ctx;
	struct message m = {.type = MESSAGE_SENSOR_COUNTS};

	for (size_t i = 0; i < s->socket_count; i++)
		if (s->sockets[i].kind == SOCKET_CAPTURE)
			count_drops(s, s->sockets[i].fd.fd);
	m.sensor_counts = s->sensors.counts;
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
	s->child.role = ROLE_SENSOR;
	s->child.ctx = s;
	s->child.engine_said = engine_said;
	s->child.engine_came = engine_came;
	s->child.socket = take_socket;
	error = child_start(&s->child);
	if (!error)
		error = child_hello(&s->child);
	if (!error) {
		s->counts_timer.fire = send_counts;
		s->counts_timer.ctx = s;
		loop_arm(s->child.loop, &s->counts_timer,
			SENSOR_COUNTS_EVERY_S * NS_PER_SEC);
		error = child_run(&s->child);
	}
	if (error)
		log_error("sensor", "stopped: %s", error_text(error));
	child_end(&s->child);
	free(s);
	return error ? 1 : 0;
}
