// SPDX-License-Identifier: GPL-2.0-or-later
/* trust_priv - what the files of trust share. */
#ifndef CARDEA_PROFILES_TRUST_TRUST_PRIV_H
#define CARDEA_PROFILES_TRUST_TRUST_PRIV_H

#include "profiles/trust/trust.h"

/* Pointers into the URL. */
struct trust_url {
	const char *authority; /* without port 443 */
	size_t authority_len;
	const char *path;            /* without query and fragment */
	size_t path_len, folder_len; /* folder: up to and including the last '/' */
};

/* False when it can be compared with nothing; see trust_root. */
bool trust_split(const char *url, struct trust_url *ret);

#endif
