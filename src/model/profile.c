// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* profile - the names of a profile's states. */
#include "model/profile.h"

const char *signature_state_name(enum signature_state s)
{
	switch (s) {
	case SIGNATURE_NONE:
		return "none";
	case SIGNATURE_VALID:
		return "valid";
	case SIGNATURE_INVALID:
		return "invalid";
	case SIGNATURE_UNCHECKED:
		return "unchecked";
	case SIGNATURE_UNTRUSTED:
		return "untrusted";
	case SIGNATURE_STATE_MAX:
		break;
	}
	return "unknown";
}

const char *note_level_name(enum note_level l)
{
	switch (l) {
	case NOTE_INFO:
		return "info";
	case NOTE_REPAIR:
		return "repair";
	case NOTE_WARNING:
		return "warning";
	case NOTE_ERROR:
		return "error";
	}
	return "unknown";
}
