// SPDX-License-Identifier: GPL-2.0-or-later
/* web - the faces towards the LAN by HTTP, one for devices and one for people: connections
 * that are bounded in number, time and memory. What is asked goes to the engine; nothing is
 * decided here. */
#ifndef CARDEA_PROC_WEB_H
#define CARDEA_PROC_WEB_H

#include "base/addr.h"
#include "base/loop.h"
#include "model/messages.h"
#include "proc/web_hash.h"
#include "proc/web_http.h"
#include "proc/web_limit.h"
#include "proc/web_tls.h"

/* In clear, by TLS and for people, for each address of the LAN. */
#define WEB_LISTENERS_MAX 96
/* Connections of all clients of one side. A device that is held asks once in a while: 64 are
 * a house in which all do so at once. A browser has six. */
#define WEB_CONNS_MAX 64
/* Connections taken in one turn of the loop. */
#define WEB_ACCEPT_BURST 8
/* Answers without an end at once, and of one address: a browser has one for each of its
 * tabs. They keep their places for hours. */
#define WEB_STREAMS_MAX 24
#define WEB_STREAMS_PER_CLIENT 6
/* Bodies that do not fit behind their head, at once: the engine has each whole. */
#define WEB_UPLOADS_MAX 4

struct web_conn;
struct web;

/* What clients of one kind may, and what is done for them. */
struct web_side {
	unsigned per_client; /* connections */
	unsigned requests_max; /* of one connection; then it has to be opened anew */
	struct web_rates rates;
	unsigned cost_clear, cost_tls; /* of a connection: a handshake takes a signature */
	/* What the kernel keeps for a client that does not read. */
	int kept;
	/* A head may have come: true when there is more to do at once. */
	bool (*take)(struct web_conn *c);
	/* One step of a phase that is its own. */
	bool (*step)(struct web_conn *c);
	/* The time of such a phase is over. */
	void (*late)(struct web_conn *c);
	/* The problem as an answer. */
	void (*refuse)(struct web_conn *c, const struct web_problem *p);
	/* Gives back what the request has. */
	void (*drop)(struct web_conn *c);
};

struct web_places {
	const struct web_side *side;
	struct web_conn *conns[WEB_CONNS_MAX];
	unsigned count;
	struct web_limit limit;
};

struct web_listener {
	struct loop_fd fd;
	struct web *web;
	struct web_places *places;
	bool tls;
};

struct web {
	struct loop *loop;
	struct web_listener listeners[WEB_LISTENERS_MAX];
	unsigned listener_count;
	struct web_places devices, people;
	struct web_tls tls;
	struct web_hash hash;
	unsigned streams, uploads;
	uint64_t last_id; /* of questions to the engine */
	nstime last;	  /* mono: when the last connection ended */
	/* Sends to the engine; an error: there is none. */
	int (*send)(void *ctx, const struct message *m);
	void *ctx;
	struct message out;
};

/* A listening socket of this kind; fd is taken in every case. */
int web_listen(struct web *w, int fd, enum socket_kind kind) CARDEA_MUSTCHECK;
/* What the engine says, with a descriptor or -1, which is taken; an error: it is at fault. */
int web_engine_said(struct web *w, const struct message *m, int fd) CARDEA_MUSTCHECK;
/* Nobody answers what was asked: those who wait hear it. */
void web_engine_left(struct web *w);
void web_end(struct web *w);

/* Answers for who waits: a device, or a browser. Late ones are fine. */
int web_devices_reply(struct web *w, const struct message_web_reply *m) CARDEA_MUSTCHECK;
int web_people_pipe(struct web *w, const struct message_web_pipe *m, int fd) CARDEA_MUSTCHECK;
/* Its turn has come: the password becomes a key, and the request goes on. */
void web_people_hash(struct web_conn *c);

#endif
