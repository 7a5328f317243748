// SPDX-License-Identifier: GPL-2.0-or-later
/* cacao - playbooks (CACAO Security Playbooks 2.0, Committee Specification 01): each case
 * tells as one what was done; one that is brought in is read, judged step by step, and
 * never carried out: its steps become questions to the owner. */
#ifndef CARDEA_LIFECYCLE_CACAO_H
#define CARDEA_LIFECYCLE_CACAO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/jsonw.h"
#include "lifecycle/bundle.h"

#define CACAO_BYTES_MAX (64U << 10) /* of a playbook; published ones have 5 to 30 KiB */
#define CACAO_STEPS_MAX 64	    /* questions that anybody would answer */
#define CACAO_COMMANDS_MAX 8	    /* of one step */
#define CACAO_REFUSALS_MAX 16	    /* that are told; the rest is counted */
#define CACAO_END UINT32_MAX	    /* no step */

/* What a case did, as a playbook for others; names nobody of the house. */
int cacao_write(const struct case_view *v, const struct bundle_home *h,
	struct jsonw *j) CARDEA_MUSTCHECK;

enum cacao_act {
	CACAO_PASS,    /* nothing to be done: where a playbook begins or ends */
	CACAO_MANUAL,  /* the owner does it, and says so */
	CACAO_IF,      /* the owner says whether it is so */
	CACAO_ISOLATE, /* our own verb, after his yes */
};

struct cacao_step {
	enum cacao_act act;
	char name[LIMIT_LABEL]; /* as the playbook calls it; untrusted, clean */
	char text[LIMIT_TEXT];	/* what is to be done, or is asked; untrusted, clean */
	uint32_t next;	 /* after it, or when it is so; CACAO_END: nothing */
	uint32_t if_not; /* IF */
};

struct cacao_refusal {
	char step[LIMIT_LABEL]; /* its name or type; untrusted, clean */
	char why[LIMIT_TEXT];
};

struct cacao_plan {
	char name[LIMIT_LABEL]; /* untrusted, clean */
	char by[LIMIT_LABEL];	/* created_by; untrusted, clean */
	struct cacao_step steps[CACAO_STEPS_MAX];
	uint32_t count, first;
	struct cacao_refusal refusals[CACAO_REFUSALS_MAX];
	uint32_t refused; /* more than are told, perhaps */
};

/* 0: all of its steps are ones that we let in. CARDEA_EREFUSED: ret->refusals say which
 * are not, and why; CARDEA_EMALFORMED: it is no playbook, refusals[0] says why. */
int cacao_read(const char *text, size_t len, struct cacao_plan *ret) CARDEA_MUSTCHECK;
/* The next step from at on that asks something; CACAO_END: it is over. */
uint32_t cacao_asks(const struct cacao_plan *p, uint32_t at);

#endif
