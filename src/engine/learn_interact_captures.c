// SPDX-License-Identifier: GPL-2.0-or-later
/* Interactions that were mined from captures, by the names that devices had there. */
#include "engine/learn_interact.h"

#include "base/str.h"

static const char *call(void *ctx, const struct mac *m, char buf[LEARN_CALL_MAX])
{
	const struct learn *l = ctx;
	struct addr made;

	if (learn_name(l, m)->host[0])
		(void)str_copy(buf, LEARN_CALL_MAX, learn_name(l, m)->host);
	else if (learn_mac_is_made(l, m, &made))
		(void)addr_format(&made, buf);
	else
		(void)mac_format(m, buf);
	return buf;
}

int learn_interactions_json(
	const struct learn *l, const struct mac *device, struct jsonw *out)
{
	return learn_interactions_write(
		learn_learned(l), device, call, (void *)(uintptr_t)l, out);
}

struct telling {
	const struct learn *l;
	FILE *text;
	bool begun;
};

static int tell_text(void *ctx, const struct learned_interaction *i)
{
	struct telling *t = ctx;
	char text[LEARN_INTERACTION_TEXT_MAX];

	if (!t->begun)
		fputs("  Only after something else:\n", t->text);
	t->begun = true;
	fprintf(t->text, "    %s\n",
		learn_interaction_text(i, call, (void *)(uintptr_t)t->l, text));
	return 0;
}

int learn_interactions_text(const struct learn *l, const struct mac *device, FILE *out)
{
	struct telling t = {.l = l, .text = out};

	return learned_interactions(learn_learned(l), device, tell_text, &t);
}
