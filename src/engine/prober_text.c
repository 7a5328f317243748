// SPDX-License-Identifier: GPL-2.0-or-later
/* What probing tells the owner. */
#include <string.h>
#include "base/str.h"
#include "engine/prober.h"

static void say_begun(struct str_text *t, const char *target, nstime longest)
{
	str_add(t,
		"is refused %s for %lld minutes at most, to see what it does without. "
		"`cardea "
		"probe stop` ends it.",
		target, (long long)((longest + 59 * NS_PER_SEC) / (60 * NS_PER_SEC)));
}

static void say_appeared(
	struct str_text *t, const char *target, const struct probe_fallback *f)
{
	char text[PROBE_KIND_TEXT];

	str_add(t, "tries %s, %u.%u s after %s was refused.",
		probe_kind_text(&f->kind, text), f->after_ms / 1000,
		f->after_ms % 1000 / 100, target);
}

static void say_restored(struct str_text *t, const char *target, enum probe_why why)
{
	if (why)
		str_add(t, "may use %s again, before time: %s.", target,
			probe_why_text(why));
	else
		str_add(t, "may use %s again.", target);
}

static void say_outcome(
	struct str_text *t, const char *target, const struct probe_try *try)
{
	switch (try->outcome) {
	case PROBE_ESSENTIAL:
		str_add(t,
			"needs %s: without it %u of %u things that it does all the "
			"time "
			"stopped.",
			target, try->expected - try->went_on, try->expected);
		break;
	case PROBE_FALLBACK:
		str_add(t, "has %u other way%s than %s.", try->appeared,
			try->appeared == 1 ? "" : "s", target);
		break;
	case PROBE_NON_ESSENTIAL:
		str_add(t, "went on without %s as if nothing was.", target);
		break;
	case PROBE_UNCLEAR:
		str_add(t, "did nothing new without %s, and has nothing to tell by.",
			target);
		break;
	case PROBE_UNMET:
		str_add(t, "did not try %s while that was refused.", target);
		break;
	case PROBE_STOPPED:
	case PROBE_OUTCOME_MAX:
		str_add(t, "was not watched long enough without %s.", target);
		break;
	}
}

void prober_sentence(const struct device *d, const struct probe_note *n, nstime longest,
	char ret[LIMIT_TEXT])
{
	struct str_text t = {.buf = ret, .size = LIMIT_TEXT};
	char target[PROBE_KIND_TEXT];

	probe_kind_text(&n->target->kind, target);
	str_add(&t, "Probe: %s ", d->name);
	switch (n->told) {
	case PROBE_TOLD_BEGUN:
		say_begun(&t, target, longest);
		break;
	case PROBE_TOLD_APPEARED:
		say_appeared(&t, target, n->fallback);
		break;
	case PROBE_TOLD_RESTORED:
		say_restored(&t, target, n->why);
		break;
	case PROBE_TOLD_OUTCOME:
		say_outcome(&t, target, n->try);
		break;
	case PROBE_TOLD_RECOVERED:
		str_add(&t, "uses %s as before.", target);
		break;
	case PROBE_TOLD_UNRECOVERED:
		str_add(&t,
			"has not used %s since that was refused. It is not probed any "
			"more; see whether it works, and start it anew if not.",
			target);
		break;
	}
}
