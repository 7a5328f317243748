// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* sealed - the frame of a backup's file: a head that says how the key is made of a
 * passphrase, then parts, each sealed by itself with AES-256-GCM. A part's nonce has its
 * place and whether it is the last one, and the head is authenticated with each: parts
 * cannot be moved, left out, or taken from another file (the STREAM construction).
 *
 *   head, 64 octets: "cardea.backup/1\n", log2 of scrypt's N, r, p, 0, salt (16), check (16),
 *                    nonce (7), 0 (5)
 *   part:            u32: bit 31 on the last one, else its length; so many octets, of which
 *                    the last 16 are the tag
 *
 * check is what scrypt gives beyond the key: a wrong passphrase is told from damage. */
#ifndef CARDEA_WIRE_SEALED_H
#define CARDEA_WIRE_SEALED_H

#include "base/cursor.h"

#define SEALED_HEAD 64
#define SEALED_SALT 16
#define SEALED_CHECK 16
#define SEALED_PREFIX 7 /* of the nonce */
#define SEALED_NONCE 12
#define SEALED_TAG 16
#define SEALED_PART_HEAD 4
#define SEALED_PART_MAX (1U << 20) /* octets of a part's content */
/* scrypt takes 128 * N * r octets: what a file may ask of us, and what guards a passphrase. */
#define SEALED_N_MIN 14
#define SEALED_N_MAX 16
#define SEALED_R_MAX 8
#define SEALED_P_MAX 4

struct sealed_head {
	uint8_t log2_n, r, p;
	uint8_t salt[SEALED_SALT], check[SEALED_CHECK], prefix[SEALED_PREFIX];
};

void sealed_head_write(const struct sealed_head *h, uint8_t ret[SEALED_HEAD]);
/* CARDEA_ETRUNCATED; CARDEA_EMALFORMED: it is no backup; CARDEA_EUNSUPPORTED: one of another
 * version; CARDEA_ELIMIT: its key would take too much, or guard too little. */
int sealed_head_read(struct cursor *c, struct sealed_head *ret) CARDEA_MUSTCHECK;

struct sealed_part {
	uint32_t len; /* of what is sealed; SEALED_TAG more in the file */
	bool last;
};

void sealed_part_write(const struct sealed_part *p, uint8_t ret[SEALED_PART_HEAD]);
/* CARDEA_ETRUNCATED, CARDEA_ELIMIT. */
int sealed_part_read(struct cursor *c, struct sealed_part *ret) CARDEA_MUSTCHECK;
void sealed_nonce(const struct sealed_head *h, uint32_t place, bool last,
	uint8_t ret[SEALED_NONCE]);

#endif
