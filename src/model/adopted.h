// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* adopted - a profile that the owner put in force for a device himself: what was learned
 * and approved, or what he brought. As text: what it means is worked out anew when it is
 * read. */
#ifndef CARDEA_MODEL_ADOPTED_H
#define CARDEA_MODEL_ADOPTED_H

#include <stddef.h>
#include "base/clock.h"
#include "model/limits.h"
#include "model/rule.h"

enum adopt_form {
	ADOPT_MUD,	/* RFC 8520 */
	ADOPT_EXTENDED, /* a template, and the binding of a home */
	ADOPT_FORM_MAX,
};

struct adopted {
	enum adopt_form form;
	enum layer layer; /* LAYER_LEARNED or LAYER_OWNER */
	const char *text; /* at most LIMIT_ADOPTED_BYTES, with no NUL behind it */
	size_t text_len;
	const char *binding; /* ADOPT_EXTENDED */
	size_t binding_len;
	nstime when; /* wall */
};

/* The layer is one that an owner can put in force, and texts are there and no larger
 * than may be. */
bool adopted_is_sound(const struct adopted *a);
const char *adopt_form_name(enum adopt_form f); /* "mud", "extended" */

#endif
