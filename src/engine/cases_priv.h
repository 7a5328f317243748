// SPDX-License-Identifier: GPL-2.0-or-later
/* cases internals. */
#ifndef CARDEA_ENGINE_CASES_PRIV_H
#define CARDEA_ENGINE_CASES_PRIV_H

#include "engine/cases.h"

struct cases_device *cases_find(const struct cases *c, device_id id);
/* Made where there is none; NULL: there is no room. */
struct cases_device *cases_device(struct cases *c, device_id id);
/* The bundle can hold more now; false: it is as big as it gets, or all are. */
bool cases_bundle_room(struct cases *c, struct case_bundle *b);

/* cases_file.c */
void cases_moved(void *ctx, struct device *d, const struct life_step *s, const char *text);
int cases_load(struct pipeline *p) CARDEA_MUSTCHECK;
/* What is to become of it, if it is held and that was not asked: another question about it
 * was open. */
void cases_ask_late(struct pipeline *p, device_id device);
/* The question is about a case of this subject. */
#define CASES_SUBJECT "case %u"

#endif
