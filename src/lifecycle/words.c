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
		"served", "absolved", "needed"};

	return e < LIFE_EVENT_MAX ? names[e] : "?";
}

const char *life_level_name(enum life_level l)
{
	static const char *const names[LIFE_LEVEL_MAX] = {
		"none", "owner", "network", "report", "token", "result"};

	return l < LIFE_LEVEL_MAX ? names[l] : "?";
}
