// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the history share. */
#ifndef CARDEA_ENGINE_HISTORY_PRIV_H
#define CARDEA_ENGINE_HISTORY_PRIV_H

#include "engine/history.h"

/* A sum that waits. */
struct history_row {
	uint64_t key;
	struct store_talk talk;
	nstime first;
	device_id device;
	struct mac mac;
	struct addr addr;
	uint8_t place, direction, proto;
	bool told;
	uint16_t port;
	char name[];
};

void history_drop_rows(struct history *h);
/* What is stored of presence is not known any more: it is said again. */
void history_forget_present(struct history *h);
/* It was stored just now. */
bool history_is_fresh(const struct pipeline *p);

#endif
