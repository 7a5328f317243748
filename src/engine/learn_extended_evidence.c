// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended_evidence - why a learned policy is there, and how much of it there may be. */
#include "engine/learn_extended_priv.h"

#include <string.h>

#include "base/str.h"

/* The least that a conversation may carry, however little was seen of it. */
#define BYTES_LEAST 1000000
/* How much more than of all but one in a hundred episodes. */
#define BYTES_TIMES 8
#define TOKEN_LEAST 12 /* a MAC without its colons */

static const char *time_text(struct making *m, nstime t)
{
	char text[CLOCK_TEXT_MAX], whole[CLOCK_TEXT_MAX];
	char *ret;

	/* seconds are enough: "2026-11-21T20:01:02" */
	(void)str_print(whole, sizeof whole, "%.19sZ", clock_format(t, text));
	ret = pool_string(m->pool, whole, strlen(whole));
	m->short_of_memory |= !ret;
	return ret;
}

/* Laplace's rule of succession: what was so n times will be so once more. */
static int32_t confidence(uint32_t episodes)
{
	return (int32_t)(1000ULL * (episodes + 1ULL) / (episodes + 2ULL));
}

/* A part of a path that is long and has digits is a token or a number of this home, as
 * in "GET /api/MIgLn67KRlSoofSTjWM/lights". */
static const char *said_text(struct making *m, const char *detail)
{
	char text[LIMIT_TEXT];
	size_t n = 0;

	for (const char *p = detail; *p && n + 2 < sizeof text;) {
		size_t len = strcspn(p, "/"), digits = 0;

		for (size_t i = 0; i < len; i++)
			digits += p[i] >= '0' && p[i] <= '9';
		if (len >= TOKEN_LEAST && digits) {
			text[n++] = '*';
		} else {
			len = len < sizeof text - 2 - n ? len : sizeof text - 2 - n;
			memcpy(text + n, p, len);
			n += len;
		}
		p += strcspn(p, "/");
		if (*p)
			text[n++] = *p++;
	}
	if (n == 1 && text[0] == '*')
		return NULL;
	char *ret = pool_string(m->pool, text, n);

	m->short_of_memory |= !ret;
	return ret;
}

void making_evidence(
	struct making *m, struct extended_policy *p, const struct learned_kind *k)
{
	struct extended_provenance *from = &p->provenance;

	*from = (struct extended_provenance){.is_set = true, .source = SOURCE_LEARNED};
	from->contexts =
		pool_take(m->pool, LEARNED_CONTEXT_MAX * sizeof *from->contexts);
	if (!from->contexts) {
		m->short_of_memory = true;
		return;
	}
	for (unsigned c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		if (!k->episodes[c])
			continue;
		from->episodes += k->episodes[c];
		from->contexts[from->context_count++] = learned_context_name(c);
	}
	from->first = time_text(m, k->first);
	from->last = time_text(m, k->last);
	from->period = (k->period + NS_PER_SEC / 2) / NS_PER_SEC * NS_PER_SEC;
	from->bytes_median = k->bytes_median;
	from->bytes_p99 = k->bytes_p99;
	if (k->detail[0] && !learn_kind_is_said(k))
		from->said = said_text(m, k->detail);
	p->confidence = confidence(from->episodes);
}

/* A conversation that carries far more than any episode did is another one. */
void making_volume(struct extended_policy *p, const struct learned_kind *k)
{
	uint64_t most = BYTES_TIMES * k->bytes_p99, seen = k->bytes[0] + k->bytes[1];

	if (most < seen)
		most = seen;
	if (most < BYTES_LEAST)
		most = BYTES_LEAST;
	/* in thousands: nobody needs the last digits */
	p->stats.bytes = (struct extended_amount){
		.is_set = true, .both = (most + 999) / 1000 * 1000};
}
