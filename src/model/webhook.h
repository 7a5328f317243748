// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* webhook - where the owner wants to be told of what happens: an address that he wrote down
 * himself, so that it may lie in his house. Clear HTTP goes to the house alone. */
#ifndef CARDEA_MODEL_WEBHOOK_H
#define CARDEA_MODEL_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/error.h"
#include "model/limits.h"

struct webhook_url {
	bool tls;
	bool literal;		/* host is an address */
	char host[LIMIT_NAME];	/* without brackets */
	struct addr addr;	/* of a literal one */
	uint16_t port;
};

/* "https://HOST[:PORT]/PATH", or "http://ADDRESS[:PORT]/PATH" of the house. On failure
 * *ret_why says what it has to be. */
int webhook_url_read(const char *url, struct webhook_url *ret,
	const char **ret_why) CARDEA_MUSTCHECK;
/* Whom it reaches, without its path: who knows that may send there, too, and that of home
 * automation is its only secret. */
void webhook_url_show(const char *url, char *buf, size_t size);

#endif
