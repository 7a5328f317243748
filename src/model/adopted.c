// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* adopted - what is a profile that an owner may put in force. */
#include "model/adopted.h"

static bool fits(const char *text, size_t len)
{
	return text && len > 0 && len <= LIMIT_ADOPTED_BYTES;
}

bool adopted_is_sound(const struct adopted *a)
{
	if ((a->layer != LAYER_LEARNED && a->layer != LAYER_OWNER) ||
		!fits(a->text, a->text_len))
		return false;
	if (a->form == ADOPT_EXTENDED)
		return fits(a->binding, a->binding_len);
	return a->form == ADOPT_MUD && a->binding_len == 0;
}

const char *adopt_form_name(enum adopt_form f)
{
	switch (f) {
	case ADOPT_MUD:
		return "mud";
	case ADOPT_EXTENDED:
		return "extended";
	case ADOPT_FORM_MAX:
		break;
	}
	return "unknown";
}
