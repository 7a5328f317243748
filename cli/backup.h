// SPDX-License-Identifier: GPL-2.0-or-later
/* backup - what cardea backup and cardea restore share. The first part of the file is a JSON
 * object that says what the others, one after the other, are: the database. */
#ifndef CARDEA_CLI_BACKUP_H
#define CARDEA_CLI_BACKUP_H

#include <openssl/evp.h>
#include "cli/sealed.h"

#define BACKUP_FILE_SCHEMA "cardea.backup.file/1"
#define BACKUP_SHA 65 /* hex and NUL */
#define BACKUP_FILE_MAX (256LL << 20)

void backup_sha(EVP_MD_CTX *sha, char ret[BACKUP_SHA]);
void backup_print_counts(const json_t *counts);

#endif
