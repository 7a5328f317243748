// SPDX-License-Identifier: GPL-2.0-or-later
/* replace - a device takes the place of another: what its owner said of the old one is said
 * of the new one; what the old one did, showed or was suspected of is not. */
#ifndef CARDEA_ENGINE_REPLACE_H
#define CARDEA_ENGINE_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "model/device.h"

struct pipeline;

/* One sentence part: "name: Kitchen camera". */
struct replace_said {
	bool carried;
	char text[LIMIT_TEXT];
};
#define REPLACE_SAID_MAX (LIMIT_OVERLAYS + LIMIT_CONTROLLERS + 32)
struct replace_report {
	char recognised[LIMIT_TEXT]; /* by what */
	struct replace_said said[REPLACE_SAID_MAX];
	size_t count;
};

/* dry: only says what would be. anyway: also where nothing shows that the new one has the
 * old one's part. CARDEA_EREFUSED: ret->recognised says why not; nothing has changed. Ends
 * half done where the engine does: said again, it goes on. */
int replace_device(struct pipeline *p, struct device *old, struct device *new, bool dry,
	bool anyway, struct replace_report *ret) CARDEA_MUSTCHECK;
/* Who retires is not learned from then on. */
int replace_open(struct pipeline *p) CARDEA_MUSTCHECK;
/* Out of service for good: refused, and not learned; or let in again, as a new one. false:
 * why says why not. */
bool replace_retire(struct pipeline *p, struct device *d, bool by_device,
	char why[LIMIT_TEXT]);
bool replace_readmit(struct pipeline *p, struct device *d, bool by_device,
	char why[LIMIT_TEXT]);

#endif
