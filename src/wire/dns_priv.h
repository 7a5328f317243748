// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns_priv - what dns.c and dns_answer.c share. */
#ifndef CARDEA_WIRE_DNS_PRIV_H
#define CARDEA_WIRE_DNS_PRIV_H

#include "wire/dns.h"

/* What follows the owner's name; *rec is in any state after a failure. */
int dns_record_rest(struct cursor *c, struct dns_record *rec) CARDEA_MUSTCHECK;

#endif
