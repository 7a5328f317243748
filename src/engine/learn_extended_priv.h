// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files that make extended profiles share. */
#ifndef CARDEA_ENGINE_LEARN_EXTENDED_PRIV_H
#define CARDEA_ENGINE_LEARN_EXTENDED_PRIV_H

#include "engine/learn_extended.h"

#define MAKING_FIELDS 12 /* of one match; the widest has seven */
/* Beside one for each kind and each rule by address. */
#define MAKING_EXTRA 64

struct making {
	const struct learn_home *home;
	const struct learn_profile *of;
	struct pool *pool;
	struct extended_profile profile;
	struct extended_binding binding;
	struct mac *role_macs; /* of the roles that are devices */
	struct learned_kind *effects; /* of the permits */
	uint32_t room;	       /* policies */
	uint32_t widened, left_out;
	bool short_of_memory;
	bool permits_full; /* not all of them are said: then none takes a policy's place */
};

/* ---- learn_extended_match.c ---- */

/* The next policy, with that name; NULL when there is no room or no memory. */
struct extended_policy *making_policy(struct making *m, const char *fmt, ...)
	CARDEA_PRINTF(2, 3);
/* Fields of a policy, in the order of their keys. */
struct extended_field *making_field(
	struct making *m, struct extended_policy *p, enum extended_key key, uint32_t room);
void making_number(struct making *m, struct extended_policy *p, enum extended_key key,
	uint32_t lo, uint32_t hi);
void making_role(
	struct making *m, struct extended_policy *p, enum extended_key key, uint32_t role);
void making_group(struct making *m, struct extended_policy *p, enum extended_key key,
	enum extended_group g);
/* One's address keys, by family. */
enum extended_key making_src(uint8_t family);
enum extended_key making_dst(uint8_t family);
/* Who a kind is with. False: there is no word for it. */
bool making_peer(struct making *m, struct extended_policy *p, enum extended_key key,
	const struct learned_kind *k);
bool making_kind_match(
	struct making *m, struct extended_policy *p, const struct learned_kind *k);
/* The role of a device of the house; of one too many -1. */
int making_device(struct making *m, const struct mac *mac);

/* ---- learn_extended_link.c: what no kind tells, for every device does it ---- */
void making_link(struct making *m);

/* ---- learn_extended_said.c: what is asked ---- */
bool learn_kind_is_said(const struct learned_kind *k);
/* Whether the questions have policies of their own, so that the conversation needs none. */
bool making_is_asked(const struct making *m, const struct learned_kind *k);
void making_said(struct making *m);

/* ---- learn_extended_permit.c ---- */
/* Interactions without an exception become permits. */
void making_permits(struct making *m);
bool making_is_permitted(const struct making *m, const struct learned_kind *k);

/* ---- learn_extended_kinds.c ---- */
void making_kinds(struct making *m);
void making_bares(struct making *m);

/* ---- learn_extended_evidence.c ---- */
void making_evidence(
	struct making *m, struct extended_policy *p, const struct learned_kind *k);
/* The most that one conversation may carry. */
void making_volume(struct extended_policy *p, const struct learned_kind *k);

/* ---- learn_extended.c ---- */
/* As text, read back. */
int making_finish(const struct making *m, struct learn_extended *ret) CARDEA_MUSTCHECK;

#endif
