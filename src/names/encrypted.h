// SPDX-License-Identifier: GPL-2.0-or-later
/* encrypted - public resolvers that hide a device's names from the house: by the host
 * names of their DoH, DoT and DoQ services, and by the addresses that serve DNS alone.
 * Being listed opens and blocks nothing: it gives a refusal, or a finding, its words. */
#ifndef CARDEA_NAMES_ENCRYPTED_H
#define CARDEA_NAMES_ENCRYPTED_H

#include "base/addr.h"
#include "model/limits.h"

/* Names that the owner adds: a list in the settings holds eight. */
#define ENCRYPTED_OWN_MAX 8

/* The owner's own. Zeroes: none. */
struct encrypted_own {
	unsigned count;
	char names[ENCRYPTED_OWN_MAX][LIMIT_NAME];
};

/* The name, and what is below it. CARDEA_EMALFORMED: it is none; CARDEA_ELIMIT. */
int encrypted_add(struct encrypted_own *own, const char *name) CARDEA_MUSTCHECK;

/* Whose resolver has this name, or NULL; an owner's name stands for itself. name in
 * normal form: lower case, no trailing dot. own may be NULL. The text lives as long as
 * the program, or as own does. */
const char *encrypted_by_name(const struct encrypted_own *own, const char *name);
/* Whose resolver has this address, or NULL. */
const char *encrypted_by_addr(const struct addr *a);

#endif
