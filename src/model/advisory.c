// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* advisory - the words for it. */
#include "model/advisory.h"

#include <string.h>

static const char *const class_names[ADVISORY_CLASS_MAX] = {
	"owner", "isp", "vendor", "csirt", "community"};
static const char *const effect_names[ADVISORY_EFFECT_MAX] = {
	"nothing", "observe", "notify", "limit", "update-only", "block"};
static const char *const state_names[ADVISORY_STATE_MAX] = {
	"active", "overturned", "withdrawn", "revoked", "expired"};
static const char *const act_names[ADVISORY_ACT_MAX] = {"issuer", "taken", "refused",
	"revoked", "expired", "withdrawn", "appealed", "effect", "release", "cut"};

const char *advisory_class_name(enum advisory_class c)
{
	return (unsigned)c < ADVISORY_CLASS_MAX ? class_names[c] : "?";
}

const char *advisory_effect_name(enum advisory_effect e)
{
	return (unsigned)e < ADVISORY_EFFECT_MAX ? effect_names[e] : "?";
}

const char *advisory_state_name(enum advisory_state s)
{
	return (unsigned)s < ADVISORY_STATE_MAX ? state_names[s] : "?";
}

const char *advisory_act_name(enum advisory_act a)
{
	return (unsigned)a < ADVISORY_ACT_MAX ? act_names[a] : "?";
}

bool advisory_class_parse(const char *text, enum advisory_class *ret)
{
	for (enum advisory_class c = 0; c < ADVISORY_CLASS_MAX; c++)
		if (strcmp(text, class_names[c]) == 0) {
			*ret = c;
			return true;
		}
	return false;
}

bool advisory_effect_parse(const char *text, enum advisory_effect *ret)
{
	for (enum advisory_effect e = ADVISORY_OBSERVE; e < ADVISORY_EFFECT_MAX; e++)
		if (strcmp(text, effect_names[e]) == 0) {
			*ret = e;
			return true;
		}
	return false;
}
