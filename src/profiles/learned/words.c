// SPDX-License-Identifier: GPL-2.0-or-later
/* words - how contexts, states and findings are called. */
#include "profiles/learned/learned.h"

const char *learned_context_name(enum learned_context c)
{
	static const char *const names[LEARNED_CONTEXT_MAX] = {
		[LEARNED_SETUP] = "setup",
		[LEARNED_BOOT] = "boot",
		[LEARNED_USER] = "user",
		[LEARNED_TIMER] = "timer",
		[LEARNED_UPDATE] = "update",
		[LEARNED_QUIET] = "quiet",
	};

	return (unsigned)c < LEARNED_CONTEXT_MAX ? names[c] : "unknown";
}

const char *learned_state_name(enum learned_state s)
{
	static const char *const names[LEARNED_STATE_MAX] = {
		[LEARNED_UNKNOWN] = "unknown",
		[LEARNED_LEARNING] = "learning",
		[LEARNED_SETTLED] = "settled",
		[LEARNED_CLOSED] = "closed",
	};

	return (unsigned)s < LEARNED_STATE_MAX ? names[s] : "unknown";
}

const char *learned_finding_name(enum learned_finding_kind k)
{
	static const char *const names[LEARNED_FINDING_KINDS] = {
		[LEARNED_DIVERSE] = "diverse",
		[LEARNED_SCAN] = "scan",
		[LEARNED_FANOUT] = "fan-out",
		[LEARNED_BRUTE] = "brute-force",
		[LEARNED_KNOWN_BAD] = "known-bad",
		[LEARNED_FLOOD] = "flood",
	};

	return (unsigned)k < LEARNED_FINDING_KINDS ? names[k] : "unknown";
}
