// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* Names of event kinds, the same in UI, CLI, JSON and docs. */
#include "model/event.h"

const char *event_kind_name(enum event_kind k)
{
	switch (k) {
	case EVENT_DEVICE_JOINED:
		return "device-joined";
	case EVENT_PROFILE_VERIFIED:
		return "profile-verified";
	case EVENT_PROFILE_FAILED:
		return "profile-failed";
	case EVENT_PROTECTED:
		return "protected";
	case EVENT_VIOLATION:
		return "violation";
	case EVENT_CONFLICT:
		return "address-conflict";
	case EVENT_PROCESS:
		return "process";
	case EVENT_GATEWAY:
		return "gateway";
	case EVENT_RENAMED:
		return "renamed";
	case EVENT_QUESTION:
		return "question";
	case EVENT_DECIDED:
		return "decided";
	case EVENT_IDENTITY:
		return "identity";
	case EVENT_QUARANTINE:
		return "quarantine";
	case EVENT_REPORT:
		return "report";
	case EVENT_NAME_REFUSED:
		return "name-refused";
	case EVENT_NAMES_HIDDEN:
		return "names-hidden";
	case EVENT_NAMES_ODD:
		return "names-odd";
	case EVENT_REFUSED:
		return "refused";
	case EVENT_OVERLAY:
		return "overlay";
	case EVENT_ADOPTED:
		return "adopted";
	case EVENT_PROBE:
		return "probe";
	case EVENT_LEARNED:
		return "learned";
	case EVENT_LIFE:
		return "life";
	case EVENT_ADVISORY:
		return "advisory";
	case EVENT_PORTAL:
		return "portal";
	case EVENT_EVIDENCE:
		return "evidence";
	case EVENT_WOULD_BLOCK:
		return "would-block";
	case EVENT_ACCESS:
		return "access";
	case EVENT_KIND_MAX:
		break;
	}
	return "unknown";
}
