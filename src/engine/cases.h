// SPDX-License-Identifier: GPL-2.0-or-later
/* cases - what happened to a device that is or was in trouble, with the heads of its
 * conversations before and during; what of it the owner lets leave the house; the at most
 * three things that he can do about it; and what playbooks of others advise him.
 *
 * A case is opened, goes on and ends as the life cycle's table says. It is stored whole or
 * not at all; where it cannot be, that is told once, the device is held all the same, and
 * the case is opened when there is room. */
#ifndef CARDEA_ENGINE_CASES_H
#define CARDEA_ENGINE_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "lifecycle/bundle.h"
#include "lifecycle/cacao.h"
#include "lifecycle/case.h"
#include "model/case_file.h"
#include "model/decision.h"
#include "model/device.h"
#include "model/event.h"

struct pipeline;
struct life_step;

/* Devices whose last conversations are kept: 12 KiB each, 3 MiB for all. Beyond, the one
 * that was silent longest and has no case makes room. */
#define CASES_DEVICES_MAX 256
/* Heads of all open cases together: 5 MiB. Beyond, they are counted alone. */
#define CASES_HEADS_TOTAL 16384
#define CASES_SAVE_S 60 /* what a power cut forgets of conversations; chosen */
#define CASES_CHOICES_MAX 3

struct cases_device {
	device_id id;
	nstime heard; /* wall: the last head */
	struct case_ring ring;
	struct case_file file; /* id 0: it has no open case */
	struct case_bundle bundle;
	bool dirty; /* heads that are not stored */
};

struct cases {
	struct pipeline *pipeline;
	struct cases_device *devices[CASES_DEVICES_MAX];
	size_t count;
	uint32_t heads; /* that open cases have room for */
	uint64_t unheard; /* heads for which there was no room at all */
	uint8_t key[PSEUDONYM_KEY]; /* the home's */
	bool has_key;
	bool store_fails; /* was told */
	nstime next_save; /* mono */
	uint32_t answering; /* the question that is being answered */
	char why[LIMIT_TEXT]; /* why the last answer was refused */
};

void cases_init(struct cases *c);
void cases_free(struct cases *c);
/* What the store has; lives_open was called. */
int cases_open(struct pipeline *p) CARDEA_MUSTCHECK;
void cases_tick(struct pipeline *p);
void cases_save_all(struct pipeline *p);
/* The device left the house for good. */
void cases_forget(struct cases *c, device_id id);
/* A packet of it was refused; length: octets of IP, of one. */
void cases_refused(struct pipeline *p, const struct device *d, const struct event *e,
	uint32_t length);
/* Something that belongs into its case, if it has one that is open; -ENOENT without. kind
 * is a word of our own ("advisory"). */
int cases_note(struct cases *c, struct device *d, const char *kind, const char *sentence,
	nstime at) CARDEA_MUSTCHECK;
/* Of the open case of a device; 0: it has none. */
uint32_t cases_of(const struct cases *c, device_id device);

/* cases_view.c. Calls each once, with what is known up to now. -ENOENT. */
int cases_view(struct cases *c, uint32_t id,
	int (*each)(void *ctx, const struct case_view *v), void *ctx) CARDEA_MUSTCHECK;
/* What leaves the house of it, linted. -ENOENT; CARDEA_EREFUSED: nothing leaves, ret_why says why. */
int cases_document(struct cases *c, uint32_t id, const struct bundle_wish *w,
	struct jsonw *j, char ret_why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
int cases_playbook(struct cases *c, uint32_t id, struct jsonw *j,
	char ret_why[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* cases_ask.c: what the owner can do. */
struct cases_choice {
	const char *word; /* "keep" */
	const char *text; /* for people */
};
/* Those of a question, the first one advised; how many. */
size_t cases_choices(const struct decision *d, struct cases_choice ret[CASES_CHOICES_MAX]);
void cases_ask(struct pipeline *p, struct device *d, const struct case_file *f,
	const struct life_step *s);
/* Its answer. CARDEA_EREFUSED: cases.why says why. */
int cases_answer(struct pipeline *p, const struct decision *d) CARDEA_MUSTCHECK;
/* ... is stored: what is to be asked next. */
void cases_answered(struct pipeline *p, const struct decision *d);
/* Something about it waits for his word; or that cannot be known. */
bool cases_is_asked(struct pipeline *p, device_id device);
/* Nobody has to say anything about it any more. */
void cases_unask(struct pipeline *p, device_id device);

/* cases_playbook.c. One for the device of this case: its first step is asked. -ENOENT: no
 * such open case; -EEXIST: it has one that is not over, -EBUSY: a question about the
 * device is open; CARDEA_EMALFORMED, CARDEA_EREFUSED:
 * plan->refusals say why. dry: nothing is stored or asked. */
int cases_playbook_import(struct pipeline *p, uint32_t id, const char *text, size_t len,
	bool dry, struct cacao_plan *plan) CARDEA_MUSTCHECK;
int cases_playbook_answer(struct pipeline *p, const struct decision *d) CARDEA_MUSTCHECK;
void cases_playbook_answered(struct pipeline *p, const struct decision *d);

#endif
