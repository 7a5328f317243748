// SPDX-License-Identifier: GPL-2.0-or-later
/* profile_replay - what the files of cardea profile replay share: profiles in layers, of
 * which one that accepts is enough. */
#ifndef CARDEA_CLI_PROFILE_REPLAY_H
#define CARDEA_CLI_PROFILE_REPLAY_H

#include "cli/profile.h"
#include "cli/progress.h"
#include "engine/learn_extended.h"
#include "sensors/pcap.h"

#define LAYERS_MAX 8 /* the profile, others, and the rest that is learned */
#define RESTS_MAX 1024

struct replay_layer {
	const char *name; /* for people: its file, or what it is */
	struct profile_file template, binding;
	struct extended_bound bound;
	struct extended_machine *machine;
	uint64_t accepted; /* packets that no layer before it did */
};

struct replay_layers {
	uint32_t count;
	struct replay_layer list[LAYERS_MAX];
	enum extended_reason first; /* what the first says of the last packet */
};

/* profile_layers.c */
/* A template with its binding, or a published profile by itself (binding NULL). */
enum cli_exit layer_add(const struct cli *c, struct replay_layers *l, const char *path,
	const char *binding);
/* All of --layer TEMPLATE=BINDING. */
enum cli_exit layers_flags(const struct cli *c, struct replay_layers *l);
/* Machines anew, for another run over the capture. */
int layers_start(struct replay_layers *l) CARDEA_MUSTCHECK;
/* What all of them together say; *ret_layer: which one accepted. */
struct extended_verdict layers_packet(struct replay_layers *l, const struct packet *p,
	nstime when, uint32_t *ret_layer);
void layers_free(struct replay_layers *l);

/* One run over a capture; false of visit ends it. 0, or an error with problem set. */
typedef void packet_visit(void *ctx, const struct packet *p, nstime when);
int capture_run(const struct cli *c, const char *path, const char *what,
	packet_visit *visit, void *ctx, char problem[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* profile_rest.c */
/* What the layers lack of the capture, learned from it, as one more layer; its files are
 * in folder. */
enum cli_exit rest_learn(
	const struct cli *c, struct replay_layers *l, const char *capture, const char *folder);

#endif
