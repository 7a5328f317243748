// SPDX-License-Identifier: GPL-2.0-or-later
/* What states mean for the kernel, and classes of devices for suspicion and return. */
#include "lifecycle/lifecycle.h"
#include "lifecycle/suspicion.h"
#include "lifecycle/when.h"

static enum device_hold hold_of(const struct life *l, enum life_state s)
{
	switch (s) {
	case LIFE_QUARANTINED:
		return HOLD_QUARANTINED;
	case LIFE_LIMITED:
		return HOLD_LIMITED;
	case LIFE_UPDATING:
	case LIFE_ATTESTING:
	case LIFE_UNFIXABLE:
		return l->held == LIFE_LIMITED ? HOLD_LIMITED : HOLD_QUARANTINED;
	case LIFE_RETIRED:
		return HOLD_REFUSED;
	case LIFE_NEW:
	case LIFE_LEARNING:
	case LIFE_PROTECTED:
	case LIFE_SUSPICIOUS:
	case LIFE_PROBATION:
	case LIFE_AWAY:
	case LIFE_STATE_MAX:
		break;
	}
	return HOLD_NONE;
}

enum device_hold life_hold(const struct life *l)
{
	return hold_of(l, l->state == LIFE_AWAY ? l->before : l->state);
}

void life_shift(struct life *l, const struct when_jump *j)
{
	/* it was reckoned when the state began */
	if (l->deadline && l->state != LIFE_AWAY) /* there it is what is left of it */
		l->deadline = when_shifted(l->deadline, when_moves_by(l->since, j), 1);
	if (l->hopeless)
		l->hopeless = when_shifted(l->hopeless, when_moves_by(l->since, j), 1);
	l->since = when_moved(l->since, j, 0);
	if (l->first_return)
		l->first_return = when_moved(l->first_return, j, 1);
}

/* What has eyes, ears or keys, or what many others hang on, shows what it runs; a lamp that
 * fetched its image and started anew is let back, on probation. Chosen. */
enum life_level life_least(enum device_class c)
{
	static const enum life_level levels[DEVICE_CLASS_MAX] = {
		[DEVICE_CLASS_LIGHT] = LIFE_L1_NETWORK,
		[DEVICE_CLASS_PLUG] = LIFE_L1_NETWORK,
		[DEVICE_CLASS_SENSOR] = LIFE_L1_NETWORK,
		[DEVICE_CLASS_APPLIANCE] = LIFE_L1_NETWORK,
		[DEVICE_CLASS_PRINTER] = LIFE_L1_NETWORK,
		[DEVICE_CLASS_SPEAKER] = LIFE_L2_REPORT,
		[DEVICE_CLASS_TV] = LIFE_L2_REPORT,
		[DEVICE_CLASS_CLIMATE] = LIFE_L2_REPORT,
		[DEVICE_CLASS_TOY] = LIFE_L2_REPORT,
	};
	enum life_level l = c < DEVICE_CLASS_MAX ? levels[c] : LIFE_L_NONE;

	return l ? l : LIFE_L3_TOKEN;
}

enum suspicion_class suspicion_class_of(enum device_class c)
{
	if (device_class_is_critical(c))
		return SUSPICION_CRITICAL;
	return c == DEVICE_CLASS_COMPUTER || c == DEVICE_CLASS_PHONE ? SUSPICION_COMPUTER
								     : SUSPICION_THING;
}
