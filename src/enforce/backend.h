// SPDX-License-Identifier: GPL-2.0-or-later
/* backend - a way to put elements into a kernel. */
#ifndef CARDEA_ENFORCE_BACKEND_H
#define CARDEA_ENFORCE_BACKEND_H

#include "base/loop.h"
#include "enforce/enforce.h"

struct enforce_state; /* the backend's own */

struct enforce_opened {
	bool kept;	   /* an identical skeleton stood already */
	const char *lacks; /* what this kernel cannot do, or "" */
	uint64_t name_key[2]; /* of ELEMENT_NAME; 0: it learns no names */
};

/* Who hears what the kernel tells by itself. */
struct enforce_ear {
	struct loop *loop;
	int (*tell)(const struct message *m, void *ctx);
	bool (*busy)(void *ctx); /* reads slowly, or is away: tell later */
	void *ctx;
};

typedef int enforce_count_visit(const struct message *count, void *ctx);

struct enforce_backend {
	const char *name;
	unsigned count_parts;
	/* Lays the skeleton, or keeps an identical one with all it holds. */
	int (*open)(const struct enforce_config *c, struct enforce_state **ret_state,
		struct enforce_opened *ret_opened);
	/* From within the sandbox; NULL, as greet, of one that tells nothing. */
	int (*start)(struct enforce_state *s, const struct enforce_ear *ear);
	void (*greet)(struct enforce_state *s); /* somebody new listens */
	/* All of the transaction in one kernel step, or nothing. */
	int (*commit)(struct enforce_state *s, const struct enforce_txn *t);
	/* A message for each element of one part of the kernel that was of use. Whatever
	 * each() returns but 0 ends it. */
	int (*count)(struct enforce_state *s, unsigned part, enforce_count_visit *each,
		void *ctx);
	/* 0 while the skeleton stands. */
	int (*check)(struct enforce_state *s);
	/* Takes everything away: the network is as if we had never been here. */
	int (*remove)(struct enforce_state *s);
	/* The same of what an earlier run has left, while another back end works. */
	int (*clear)(void);
	void (*close)(struct enforce_state *s);
};

extern const struct enforce_backend enforce_backend_bpf, enforce_backend_nft;
/* Beside any of them: the table that redirects questions to foreign name servers. Of it
 * the enforcer calls open, which removes an earlier run's and leaves no state where the
 * settings do not want it; commit, check, remove and close. */
extern const struct enforce_backend enforce_backend_redirect;

#endif
