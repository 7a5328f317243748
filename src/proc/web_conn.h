// SPDX-License-Identifier: GPL-2.0-or-later
/* web_conn - one connection of a client: what devices and people have in common (web.c has
 * the process, web_devices.c and web_people.c what is asked). */
#ifndef CARDEA_PROC_WEB_CONN_H
#define CARDEA_PROC_WEB_CONN_H

#include "proc/web.h"
#include "proc/web_octets.h"
#include "proc/web_page.h"

enum web_phase {
	WEB_SHAKES,  /* TLS hands */
	WEB_HEAD,    /* a request head is awaited, or read */
	WEB_BODY,
	WEB_ASKED,   /* the engine's answer is awaited; nothing is read */
	WEB_OPENS,   /* the engine's pipe is awaited */
	WEB_HASHES,  /* a password waits for its turn */
	WEB_UPLOADS, /* request and body go into the pipe */
	WEB_AWAITS,  /* the head of the answer is read from it */
	WEB_STREAMS, /* its body goes to the client */
	WEB_SENDS,   /* an answer of ours goes out */
	WEB_LINGERS, /* all is said: what still comes is thrown away (RFC 9112 9.6) */
};

/* The request of a device. */
struct web_question {
	struct web_request request;
	size_t body_len;
	uint8_t *body;
};

/* The request of a browser, and its way to the engine and back. */
struct web_exchange {
	struct web_page_request request;
	char *ahead; /* what goes into the pipe before the rest of the body, or NULL */
	size_t ahead_len, ahead_sent;
	uint32_t left; /* of the body: still to come from the client */
	bool piped;
	int pipe;
	struct loop_fd watch; /* of the pipe, while it is waited for */
	uint64_t reply_left;
	bool bounded;	/* the answer is, by a length */
	bool uploads, streams; /* it is counted as one that does */
	bool hashes;	       /* there is a password in the body */
	bool spoke;	/* 100 Continue was said */
};

struct web_conn {
	struct web_octets io;
	struct loop_timer timer; /* of the phase; no octet that comes prolongs it */
	struct web *web;
	struct web_places *places;
	struct addr client;
	uint32_t slot;
	enum web_phase phase;
	nstime since; /* mono: of the phase */
	bool last;    /* the connection ends after what is sent now */
	bool known;   /* somebody asks from there who may */
	bool looked;  /* whether it begins with TLS where TLS is spoken */
	bool plain;   /* it does not */
	unsigned served;
	uint64_t asked; /* id of the question to the engine */
	union {
		struct web_question question;
		struct web_exchange exchange;
	};
	size_t out_len, out_sent, thrown;
	uint8_t *out;
	const uint8_t *tail; /* what is sent behind it, and stays */
	size_t tail_len, tail_sent;
	size_t in_len;
	uint8_t in[WEB_HEAD_MAX];
};

/* A connection over this socket; NULL: there is no place or no memory, and fd is open. */
struct web_conn *web_conn_new(struct web_listener *l, int fd, const struct addr *client);
void web_conn_close(struct web_conn *c);
/* The problem is answered, and the connection ends; web_conn_work is for the caller. */
void web_conn_refuse(struct web_conn *c, const struct web_problem *p);
/* Goes on as far as octets are there. It may be closed then. */
void web_conn_work(struct web_conn *c);

/* For those who say what is asked. */

void web_conn_phase(struct web_conn *c, enum web_phase p, int64_t ms);
/* Head and body are sent; tail behind them. */
void web_conn_send(struct web_conn *c, const struct str_text *head, const void *body,
	size_t len);
/* An answer was sent whole. */
void web_conn_sent(struct web_conn *c);
/* The first octets that came are done with. */
void web_conn_consume(struct web_conn *c, size_t len);
/* What of a head is not there yet, or of a body that fits behind it: up to size in all. */
ssize_t web_conn_fill(struct web_conn *c, size_t size);
/* May go on with the body (RFC 9110 10.1.1). False: it cannot be said. */
bool web_conn_continue(struct web_conn *c);

extern const struct web_side web_side_devices, web_side_people;

#endif
