// SPDX-License-Identifier: GPL-2.0-or-later
/* server internals: clients of the control API, whichever way they come. server.c reads and
 * answers, pipes.c admits who comes through web, stream.c feeds who follows. */
#ifndef CARDEA_ENGINE_API_SERVER_H
#define CARDEA_ENGINE_API_SERVER_H

#include "engine/api/api_priv.h"

struct api_client {
	struct loop_fd fd;
	struct loop_timer idle; /* of a stream: until the next sign of life */
	struct api *api; /* NULL: free slot */
	char *in;
	size_t in_len, in_size; /* HTTP_HEAD_MAX + API_BODY_MAX, more once it is said */
	size_t body_max; /* of what it asks; 0: its head is not whole */
	char *out;
	size_t out_len, out_sent;
	bool follow, answered;
	bool limited; /* came by the socket for identities */
	bool pipe;    /* ... through web */
	device_id follow_device;
	struct addr from; /* pipe: whose it is */
	/* A follower by server-sent events. */
	bool stream;
	unsigned stalled;     /* signs of life that found the last one unsent */
	event_id after;	      /* the last one that went to it */
	unsigned changed;     /* enum api_what: not yet told */
	device_id changed_id; /* of the one device that is concerned; 0: of several */
	uint32_t generation;
	struct people_who who;
	uint64_t ticket; /* parked, and known by that; 0: it is not */
	bool held;	 /* its reply waits for these two: api_client_hold() */
	uint64_t until, round;
};

/* A change is answered when it is in force, but an enforcer that has much to do, or starts
 * anew, does not keep its owner waiting: then what was asked for comes a little later. */
#define API_IN_FORCE (2 * NS_PER_SEC)

/* Root's places, then those of web: neither takes the other's. */
#define API_SLOTS (API_CLIENTS_MAX + LIMIT_WEB_PIPES)

struct api {
	struct pipeline *pipeline;
	struct loop_fd listener, identities;
	void (*stop)(void *ctx, bool open_network);
	void *ctx;
	struct api_client *slots[API_SLOTS]; /* made when they are needed first */
	unsigned followers, limited, streams;
	uint64_t tickets;
	struct loop_timer soon; /* streams hear of what came together */
	struct api_answers answers;
};

/* Ends it; c may be used again for another. */
void api_client_drop(struct api_client *c);
/* Sends what waits, as far as it goes; may drop it. */
void api_client_flush(struct api_client *c);
/* False: no memory, or more than limit octets wait. */
bool api_client_queue(struct api_client *c, const char *data, size_t len, size_t limit);
/* Sends the reply; r is done with. May drop c. */
void api_client_answer(struct api_client *c, struct api_request *r);
/* Takes fd. limited, pipe: which way it came. NULL: no place, and fd is closed. */
struct api_client *api_client_admit(struct api *a, int fd, bool limited, bool pipe);

/* later.c: it waits for another process; r is done with. */
void api_client_park(struct api_client *c, struct api_request *r);
/* Its reply is whole and goes out once the kernel has what was asked for, and what other
 * devices' rules owe to it, or after API_IN_FORCE; false: nothing is to be waited for. */
bool api_client_hold(struct api_client *c, const struct api_request *r);
/* It has waited enough. May drop it. */
void api_client_let_go(struct api_client *c);
/* The pipeline's: those that wait are looked at. */
void api_in_force(void *ctx);
void api_later_open(struct api *a);
void api_later_close(struct api *a);

/* pipes.c: a pipe for who has that address. */
void api_pipe_open(void *ctx, const struct message_web_open *m);

/* stream.c: what goes out first, without its last line's end. */
const char *api_stream_begin(struct api_client *c, const struct api_request *r);
/* Who follows may still: he is logged in, or his token holds, and his device is not held. */
bool api_client_may(const struct api_client *c);
/* What there is for it goes to it, as far as the kernel takes it. */
void api_stream_pump(struct api_client *c);
/* Something happened: streams hear of it soon. */
void api_stream_event(struct api *a, const struct event *e);
/* A change was noted, with its way back. */
void api_stream_noted(struct api *a);
/* A change was asked for, and made. */
void api_stream_request(struct api *a, const struct api_request *r);

#endif
