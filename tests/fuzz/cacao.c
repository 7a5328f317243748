// SPDX-License-Identifier: GPL-2.0-or-later
/* cacao.c - fuzz target: a playbook becomes a plan whose steps are of the list and lead to
 * an end, or is refused with a reason. */
#include "lifecycle/cacao.h"
#include "wire_fuzz.h"
#include "base/str.h"

static void clean(const char *text, size_t size)
{
	FUZZ_ASSERT(memchr(text, 0, size) && str_is_clean_utf8(text, strlen(text)));
}

static void check_step(const struct cacao_plan *p, const struct cacao_step *s)
{
	clean(s->name, sizeof(s->name));
	clean(s->text, sizeof(s->text));
	FUZZ_ASSERT(s->act <= CACAO_ISOLATE);
	FUZZ_ASSERT(s->next < p->count || s->next == CACAO_END);
	FUZZ_ASSERT(s->if_not < p->count || s->if_not == CACAO_END);
	FUZZ_ASSERT(s->act == CACAO_PASS || s->text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cacao_plan p;
	int error = cacao_read((const char *)data, size, &p);
	uint32_t at, walked = 0;

	FUZZ_ASSERT(p.count <= CACAO_STEPS_MAX);
	FUZZ_ASSERT((error == 0) == (p.refused == 0));
	if (error) {
		FUZZ_ASSERT(error == CARDEA_EREFUSED || error == CARDEA_EMALFORMED);
		for (uint32_t i = 0; i < p.refused && i < CACAO_REFUSALS_MAX; i++) {
			clean(p.refusals[i].step, LIMIT_LABEL);
			clean(p.refusals[i].why, LIMIT_TEXT);
			FUZZ_ASSERT(p.refusals[i].why[0]);
		}
		return 0;
	}
	for (uint32_t i = 0; i < p.count; i++)
		check_step(&p, &p.steps[i]);
	/* whatever the owner answers, it ends */
	for (at = cacao_asks(&p, p.first); at != CACAO_END; walked++) {
		FUZZ_ASSERT(walked < p.count);
		at = cacao_asks(&p, (size + walked) % 2 ? p.steps[at].next : p.steps[at].act ==
			CACAO_IF ? p.steps[at].if_not : p.steps[at].next);
	}
	return 0;
}
