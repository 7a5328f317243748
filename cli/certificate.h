// SPDX-License-Identifier: GPL-2.0-or-later
/* certificate - the gateway's certificate and key in a backup. Root copies octets here, and
 * the engine never has them; what they are the resolver's process finds out, which reads
 * them. Only those that the gateway made: an owner's own are files of his. */
#ifndef CARDEA_CLI_CERTIFICATE_H
#define CARDEA_CLI_CERTIFICATE_H

#include <jansson.h>
#include "cli/cli.h"

/* {"key": PEM, "cert": PEM} of this gateway; NULL: there is none, or it is not ours to read. */
json_t *certificate_read(const struct cli *c);
/* After a restore: what is here is kept under that name ("": it is not) beside the house that
 * was replaced, and that one takes its place, unless it is NULL. Says so, and what fails. */
void certificate_bring(const struct cli *c, const json_t *certificate, const char *keep);
/* What was kept with that house; NULL: nothing. */
json_t *certificate_kept(const struct cli *c, const char *name);
/* Clears the key, and gives it back; NULL is fine. */
void certificate_free(json_t *certificate);

#endif
