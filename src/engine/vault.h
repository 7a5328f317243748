// SPDX-License-Identifier: GPL-2.0-or-later
/* vault - what a device was configured with, as its owner exported it: opaque, several
 * versions, sealed at rest, and tied to the device. Who backed up the configuration? is
 * the open question of replacing a thing; here is one answer.
 *
 * AES-256-GCM with a key of its own file; the device's MAC, the version and the name are
 * authenticated with it, so that no version can pass for another's. */
#ifndef CARDEA_ENGINE_VAULT_H
#define CARDEA_ENGINE_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "model/device.h"
#include "store/store.h"

struct pipeline;

#define VAULT_BYTES_MAX (256 * 1024)	    /* exports of homes' devices are some KiB */
#define VAULT_VERSIONS 8		    /* chosen; the oldest goes */
#define VAULT_ALL_MAX (32LL * 1024 * 1024) /* of a house: flash is small */

/* *ret_version is the new one's. CARDEA_EMALFORMED: no name, or nothing; CARDEA_ELIMIT;
 * -ENOKEY: there are versions, and their key is gone. */
int vault_put(struct pipeline *p, const struct device *d, const char *name,
	const uint8_t *bytes, size_t len, uint32_t *ret_version) CARDEA_MUSTCHECK;
/* The bytes, for free(). version 0: the newest. -ENOENT; CARDEA_ESIGNATURE: it was changed,
 * or is another device's; -ENOKEY. *ret_info without sealed. */
int vault_get(struct pipeline *p, const struct device *d, uint32_t version,
	uint8_t **ret_bytes, size_t *ret_len, struct store_vault *ret_info) CARDEA_MUSTCHECK;
int vault_list(struct pipeline *p, const struct device *d,
	int (*each)(void *ctx, const struct store_vault *v), void *ctx) CARDEA_MUSTCHECK;
int vault_remove(struct pipeline *p, const struct device *d,
	uint32_t version) CARDEA_MUSTCHECK; /* -ENOENT */
/* What d has are the first of the other's: a copy that was begun. */
int vault_is_copy(struct pipeline *p, const struct device *of, const struct device *d,
	bool *ret) CARDEA_MUSTCHECK;
/* All versions of one become another's, too; where some are there (vault_is_copy), those
 * that are missing. How many. */
int vault_copy(struct pipeline *p, const struct device *from, const struct device *to,
	unsigned *ret_count) CARDEA_MUSTCHECK;

#endif
