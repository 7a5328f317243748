// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* error - words for every outcome. */
#include "base/error.h"

#include <stdbool.h>
#include <string.h>

#define ERRNO_MAX 4095 /* the kernel's own bound on error numbers */

/* NULL for numbers without a name. */
static const char *errno_text(int number)
{
#ifdef __GLIBC__
	return strerrordesc_np(number); /* no locale, no shared buffer */
#else
	return strerror(number);
#endif
}

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
	if (!error)
		return "success";
	bool is_errno = error < 0 && error >= -ERRNO_MAX;
	const char *text = is_errno ? errno_text(-error) : NULL;
	return text ? text : "unknown error";
}
