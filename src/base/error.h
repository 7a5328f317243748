// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* error - one int for every outcome: 0, a negative errno, or a CARDEA_E code.
 * Outputs named ret_x are untouched when a function fails. */
#ifndef CARDEA_BASE_ERROR_H
#define CARDEA_BASE_ERROR_H

#define CARDEA_MUSTCHECK __attribute__((warn_unused_result))
#define CARDEA_PRINTF(f, a) __attribute__((format(printf, f, a)))

enum cardea_error {
	CARDEA_ETRUNCATED = -1000,  /* input ends before the field does */
	CARDEA_EMALFORMED = -1001,  /* input contradicts its specification */
	CARDEA_ELIMIT = -1002,	    /* a named limit was exceeded */
	CARDEA_EUNSUPPORTED = -1003,/* valid, but not understood here */
	CARDEA_ELOOP = -1004,	    /* compression or redirect loop */
	CARDEA_ESIGNATURE = -1005,  /* signature missing or wrong */
	CARDEA_EUNTRUSTED = -1006,  /* right signature, unknown signer */
	CARDEA_EREFUSED = -1007,    /* policy says no */
	CARDEA_EPEER = -1008,	    /* the peer process or server misbehaved */
	CARDEA_ESTALE = -1009,	    /* older than what we have */
};

/* A short English sentence part; never NULL. */
const char *error_text(int error);

#endif
