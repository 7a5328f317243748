// SPDX-License-Identifier: GPL-2.0-or-later
/* The owner's word for a release, in two steps: malware in the LAN would call this
 * interface, and owners learn to say OK. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "base/str.h"
#include "engine/pipeline.h"

static void window(struct lives_release *r, nstime now)
{
	if (r->window && now - r->window < LIVES_RELEASE_WINDOW)
		return;
	r->window = now;
	r->tries = r->starts = 0;
}

static bool make_code(char ret[LIVES_CODE_DIGITS + 1])
{
	uint8_t random[LIVES_CODE_DIGITS];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	for (size_t i = 0; i < sizeof(random); i++)
		ret[i] = (char)('0' + random[i] % 10);
	ret[LIVES_CODE_DIGITS] = 0;
	return true;
}

static int refuse(struct life_step *ret, const char *why)
{
	ret->refused = why;
	return CARDEA_EREFUSED;
}

/* What would be refused in the end is refused at once. */
static const char *first_fault(
	struct pipeline *p, const struct device *d, const struct lives_release *r, bool by_device)
{
	enum life_state s = pipeline_life_of(p, d)->state;

	if (by_device)
		return "nobody is released by a request from its own address";
	if (s == LIFE_RETIRED)
		return "it is retired; readmit it as a new device instead";
	if (!d->hold)
		return "it is not held";
	if (life_hold(pipeline_life_of(p, d)) == HOLD_NONE)
		return "only what others say holds it: `cardea advisory list` shows it, "
		       "`cardea advisory appeal` or `withdraw` ends it";
	if (s == LIFE_AWAY)
		return "it was not seen for a month; release it when it is back";
	if (r->starts >= LIVES_RELEASE_STARTS)
		return "too many releases of it were begun; wait an hour";
	if (r->tries >= LIVES_RELEASE_TRIES)
		return "too many wrong numbers were said for it; wait an hour";
	return NULL;
}

static int begin(struct lives_release *r, nstime now, char ret_code[LIVES_CODE_DIGITS + 1],
	struct life_step *ret)
{
	r->starts++;
	if (!make_code(r->code))
		return refuse(ret, "the kernel has no random numbers yet; try again");
	r->until = now + LIVES_CODE_S * NS_PER_SEC;
	str_copy(ret_code, LIVES_CODE_DIGITS + 1, r->code);
	return 0;
}

static int finish(struct pipeline *p, struct device *d, struct lives_release *r,
	const char *code, struct life_step *ret)
{
	static const struct life_said said = {.steps = 2};

	if (!r->code[0] || loop_now(p->loop) >= r->until) {
		r->code[0] = 0;
		return refuse(ret, "no release of it is under way, or it took too long; begin anew");
	}
	if (strcmp(r->code, code) != 0) {
		r->tries++;
		return refuse(ret, "that is not the number that was shown");
	}
	r->code[0] = 0;
	return pipeline_life(p, d, LIFE_OWNER_RELEASES, &said, ret) ? 0 : CARDEA_EREFUSED;
}

int pipeline_release(struct pipeline *p, struct device *d, const char *code, bool dry,
	bool by_device, char ret_code[LIVES_CODE_DIGITS + 1], struct life_step *ret)
{
	struct lives_device *ld = lives_device(&p->lives, d->id, pipeline_wall(p));
	nstime now = loop_now(p->loop);
	const char *fault;

	memset(ret, 0, sizeof(*ret));
	ret_code[0] = 0;
	if (!ld)
		return refuse(ret, "there is no memory for it");
	window(&ld->release, now);
	fault = first_fault(p, d, &ld->release, by_device);
	if (fault)
		return refuse(ret, fault);
	if (dry)
		return 0;
	return code ? finish(p, d, &ld->release, code, ret)
		    : begin(&ld->release, now, ret_code, ret);
}
