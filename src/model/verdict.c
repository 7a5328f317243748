// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* verdict - words for verdicts, the same in every face of the product. */
#include "model/verdict.h"

const char *verdict_kind_name(enum verdict_kind k)
{
	switch (k) {
	case VERDICT_PASS:
		return "pass";
	case VERDICT_ALLOW:
		return "allow";
	case VERDICT_REFUSE:
		return "refuse";
	case VERDICT_VIOLATION:
		return "violation";
	case VERDICT_QUARANTINE:
		return "quarantine";
	case VERDICT_REDIRECT:
		return "redirect";
	case VERDICT_WOULD_BLOCK:
		return "would-block";
	}
	return "unknown";
}

const char *verdict_reason_name(enum verdict_reason r)
{
	switch (r) {
	case REASON_NONE:
		return "none";
	case REASON_RULE:
		return "rule";
	case REASON_REPLY:
		return "reply";
	case REASON_DEFAULT_DENY:
		return "not-listed";
	case REASON_SPOOFED:
		return "spoofed";
	case REASON_ROGUE_RA:
		return "rogue-router";
	case REASON_FRAGMENT:
		return "fragment";
	case REASON_MALFORMED:
		return "malformed";
	case REASON_TLS:
		return "tls-profile";
	case REASON_TOLD:
		return "told";
	case REASON_MAX:
		break;
	}
	return "unknown";
}
