// SPDX-License-Identifier: GPL-2.0-or-later
#include "lifecycle/lifecycle.h"

const char *life_state_name(enum life_state s)
{
	static const char *const names[LIFE_STATE_MAX] = {"new", "learning", "protected",
		"suspicious", "quarantined", "updating", "attesting", "probation",
		"limited", "away", "unfixable", "retired"};

	return s < LIFE_STATE_MAX ? names[s] : "?";
}

const char *life_event_name(enum life_event e)
{
	static const char *const names[LIFE_EVENT_MAX] = {"seen again", "gone", "watch",
		"profile", "profile lost", "suspicion", "cleared", "attack", "accused",
		"owner isolates", "owner releases", "owner retires", "owner readmits",
		"fetching", "fetched", "nothing came", "evidence", "forged", "no update",
		"served"};

	return e < LIFE_EVENT_MAX ? names[e] : "?";
}

const char *life_level_name(enum life_level l)
{
	static const char *const names[LIFE_LEVEL_MAX] = {"none", "L0 owner's word",
		"L1 update traffic", "L2 signed report", "L3 attestation token",
		"L4 verifier's result"};

	return l < LIFE_LEVEL_MAX ? names[l] : "?";
}

const char *life_action_name(enum life_action a)
{
	static const char *const names[] = {"enforce", "watch", "isolate", "limit",
		"refuse", "open case", "close case", "tell", "ask", "challenge", "tighten",
		"loosen"};
	unsigned i = a ? (unsigned)__builtin_ctz(a) : 0;

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : "?";
}
