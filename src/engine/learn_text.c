// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_text - what was learned of a device, for people: whom it talks to, how much of
 * it was seen, and what was not. */
#include "engine/learn_priv.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"

/* A hub has some 90 kinds; what is more is in the evidence document. */
#define LINES_MAX 100
#define PERCENT 100.0

static uint32_t sum(const uint32_t counts[LEARNED_CONTEXT_MAX])
{
	uint32_t n = 0;

	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += counts[c];
	return n;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "2 boot, 5 quiet" */
static void contexts_text(const uint32_t counts[LEARNED_CONTEXT_MAX], FILE *out)
{
	const char *gap = "";

	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		if (!counts[c])
			continue;
		fprintf(out, "%s%u %s", gap, counts[c], learned_context_name(c));
		gap = ", ";
	}
}

static void head_text(const struct learn_profile *p, FILE *out)
{
	const struct learned_device *d = &p->device;
	char call[LEARN_CALL_MAX], a[CLOCK_TEXT_MAX], b[CLOCK_TEXT_MAX];

	fprintf(out, "%s%s%s%s\n", learn_profile_call(p, call),
		p->name->vendor[0] ? ", DHCP client \"" : "", p->name->vendor,
		p->name->vendor[0] ? "\"" : "");
	fprintf(out, "  %s to %s: %u episode%s", clock_format(d->first, a),
		clock_format(d->last, b), sum(d->episodes), plural(sum(d->episodes)));
	if (sum(d->episodes)) {
		fputs(" (", out);
		contexts_text(d->episodes, out);
		fputc(')', out);
	}
	fputc('\n', out);
}

static void unseen_text(const struct learned_unseen *u, FILE *out)
{
	if (u->state == LEARNED_UNKNOWN)
		fprintf(out,
			"unknown: %u episode%s of the %d that an estimate needs",
			u->episodes, plural(u->episodes), LEARNED_EPISODES_LEAST);
	else
		fprintf(out,
			"%s: %.1f %% of what it does was not seen yet, %.1f %% at most",
			learned_state_name(u->state), u->share * PERCENT,
			u->bound * PERCENT);
}

static void day_text(const struct learned_device *d, FILE *out)
{
	if (d->sittings > 1)
		fprintf(out,
			"    another day: %.1f %% of what each of %u sittings has, no "
			"other has\n",
			d->another_day * PERCENT, d->sittings);
}

static void state_text(const struct learned_device *d, FILE *out)
{
	const char *gap = "    not seen at all: ";

	fputs("  ", out);
	unseen_text(&d->all, out);
	fputc('\n', out);
	day_text(d, out);
	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		if (!d->episodes[c])
			continue;
		fprintf(out, "    %-7s ", learned_context_name(c));
		unseen_text(&d->contexts[c], out);
		fputc('\n', out);
	}
	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		if (d->episodes[c])
			continue;
		fprintf(out, "%s%s", gap, learned_context_name(c));
		gap = ", ";
	}
	if (d->sittings < 2) {
		fprintf(out, "%sanother day", gap);
		gap = ", ";
	}
	if (gap[0] == ',')
		fputc('\n', out);
}

static void bytes_text(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
	double n = (double)bytes;
	unsigned u = 0;

	for (; n >= 1000 && u < 4; u++)
		n /= 1000;
	(void)str_print(buf, size, u ? "%.1f %s" : "%.0f %s", n, units[u]);
}

static void kind_line(const struct learned_kind *k, FILE *out)
{
	char text[LEARN_KIND_TEXT_MAX], bytes[16];

	bytes_text(k->bytes[DIRECTION_FROM_DEVICE] + k->bytes[DIRECTION_TO_DEVICE],
		bytes, sizeof bytes);
	fprintf(out, "    %8u %10s  %s", sum(k->episodes), bytes,
		learn_kind_text(k, text));
	if (k->period)
		fprintf(out, " [every %.0f s]",
			(double)k->period / (double)NS_PER_SEC);
	if (k->general)
		fprintf(out, " [%u names]", k->siblings);
	fputc('\n', out);
}

static void more_text(size_t count, FILE *out)
{
	if (count > LINES_MAX)
		fprintf(out, "    and %zu more\n", count - LINES_MAX);
}

static void kinds_text(const struct learn_kinds *k, FILE *out)
{
	if (!k->count) {
		fputs("  It had no conversation.\n", out);
		return;
	}
	fprintf(out, "    %8s %10s  %s\n", "EPISODES", "BYTES", "CONVERSATION");
	for (size_t i = 0; i < k->count && i < LINES_MAX; i++)
		kind_line(&k->list[i], out);
	more_text(k->count, out);
}

static void once_text(const struct learn_kinds *k, FILE *out)
{
	char text[LEARN_KIND_TEXT_MAX];

	if (!k->count)
		return;
	fprintf(out, "  Seen in one episode only (%zu):\n", k->count);
	for (size_t i = 0; i < k->count && i < LINES_MAX; i++)
		fprintf(out, "    %s\n", learn_kind_text(&k->list[i], text));
	more_text(k->count, out);
}

static void findings_text(const struct learned_device *d, FILE *out)
{
	char text[LIMIT_TEXT];

	for (uint32_t i = 0; i < d->finding_count && i < LEARNED_FINDING_MAX; i++)
		fprintf(out, "  Finding, not in the profile: %s: %s\n",
			learned_finding_name(d->findings[i].kind),
			str_escape(str_untrusted(d->findings[i].text), text,
				sizeof text));
}

static void unsaid_text(const struct learn_profile *p, FILE *out)
{
	char sentence[RULE_SENTENCE_MAX];

	for (size_t i = 0; p->says && i < p->rule_count; i++)
		if (p->says[i].said != MAKER_SAID)
			fprintf(out, "  In the MUD file %s: it %s: %s\n",
				maker_said_name(p->says[i].said),
				rule_sentence(&p->rules[i], sentence),
				p->says[i].text);
	for (size_t i = 0; i < p->rule_count; i++)
		if (p->bares[i])
			fprintf(out, "  By address alone: it %s: %s\n",
				rule_sentence(&p->rules[i], sentence),
				p->rules[i].detail);
	if (p->bare_many)
		fprintf(out,
			"  Not in the profile: %zu addresses without a name that the "
			"capture shows in passing\n",
			p->bare_many);
	if (p->problem[0])
		fprintf(out, "  No MUD file: %s\n", p->problem);
}

static void test_text(const struct learn_test *t, FILE *out)
{
	const struct learned_test *r = &t->result;
	char text[LEARN_KIND_TEXT_MAX];

	fprintf(out,
		"  The other captures: %u episode%s, %.1f %% of what they show was "
		"not seen before (%u of them surprise)\n",
		r->episodes, plural(r->episodes), r->unseen_share * PERCENT,
		r->surprised);
	if (r->context_not_seen)
		fprintf(out, "  Context not seen: %s\n", r->why);
	for (size_t i = 0; i < t->unseen.count && i < LINES_MAX; i++)
		fprintf(out, "    %s\n", learn_kind_text(&t->unseen.list[i], text));
	more_text(t->unseen.count, out);
}

void learn_profile_text(
	const struct learn_profile *p, const struct learn_test *test, FILE *out)
{
	head_text(p, out);
	state_text(&p->device, out);
	kinds_text(&p->general, out);
	once_text(&p->singletons, out);
	findings_text(&p->device, out);
	unsaid_text(p, out);
	if (test)
		test_text(test, out);
}
