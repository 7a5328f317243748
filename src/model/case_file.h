// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* case_file - one device's trouble from its beginning to its end, as it is kept. */
#ifndef CARDEA_MODEL_CASE_FILE_H
#define CARDEA_MODEL_CASE_FILE_H

#include <stdint.h>
#include "base/clock.h"
#include "model/ids.h"
#include "model/limits.h"

#define CASE_KIND 32	     /* "update-traffic" */
#define CASE_PROTOCOL 16     /* "IPFIX" */
#define CASE_MOMENTS_MAX 64  /* of one case; a year of a device that oscillates */
#define CASE_MOMENTS_FIRST 8 /* of them that stay, whatever comes later; of the others those
			      * go first that moved nothing */

/* Something that happened in a case. */
struct case_moment {
	nstime at;	  /* wall */
	uint8_t from, to; /* enum life_state */
	char kind[CASE_KIND];	      /* of the evidence */
	char protocol[CASE_PROTOCOL]; /* over which it came; or empty */
	/* For people; $ is the device's name where the sentence is one of the table's. */
	char sentence[LIMIT_TEXT];
	char shows[LIMIT_TEXT]; /* what shows it; or empty. Never leaves the house */
};

struct case_file {
	uint32_t id; /* never given twice; 0: not stored yet */
	device_id device;
	uint8_t state; /* enum life_state: now, or when it was closed */
	nstime opened, closed; /* wall; closed 0: it is open */
	uint32_t moments_left_out;
};

/* A playbook whose steps the owner is being asked about, one a device. */
struct case_playbook {
	uint32_t id; /* never given twice */
	device_id device;
	uint32_t step; /* that is asked; of the plan that its text becomes */
	nstime taken;  /* wall */
	const char *text;
	size_t len;
};

#endif
