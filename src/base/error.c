// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* error - words for every outcome. */
#include "base/error.h"

#include <string.h>

const char *error_text(int error)
{
	switch (error) {
	case CARDEA_ETRUNCATED:
		return "input ends too early";
	case CARDEA_EMALFORMED:
		return "malformed input";
	case CARDEA_ELIMIT:
		return "limit exceeded";
	case CARDEA_EUNSUPPORTED:
		return "not supported";
	case CARDEA_ELOOP:
		return "loop in references";
	case CARDEA_ESIGNATURE:
		return "signature missing or wrong";
	case CARDEA_EUNTRUSTED:
		return "signer not trusted";
	case CARDEA_EREFUSED:
		return "refused by policy";
	case CARDEA_EPEER:
		return "peer misbehaved";
	case CARDEA_ESTALE:
		return "older than what is known";
	default:
		break;
	}
	/* strerrordesc_np: no locale, no shared buffer, NULL for unknown numbers */
	const char *text = error < 0 && error > -4096 ? strerrordesc_np(-error) : NULL;
	if (text)
		return text;
	return error ? "unknown error" : "success";
}
