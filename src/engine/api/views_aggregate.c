// SPDX-License-Identifier: GPL-2.0-or-later
/* What a provider may see where the owner lets him: counts. Each is a margin of its own, no
 * table of class by state: in one home a single camera is somebody's, and "the camera is in
 * quarantine" would be said of it. Of a class whole LEASTs of devices are told, and the rest
 * is in one sum: who asks all day would else see which class grows when a device is new, and
 * follow that one through its states. States, confidence and sources name no thing. Nothing
 * here depends on which device is which. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define LEAST 3 /* of one class: k-anonymity with k = 3 */
#define DAYS 14

struct day {
	unsigned seen, refused;
};

struct aggregate {
	unsigned devices;
	unsigned states[LIFE_STATE_MAX];
	unsigned classes[DEVICE_CLASS_MAX];
	unsigned confidence[LEARNED_STATE_MAX], not_learned;
	unsigned maker, learned, owner, none;
	uint32_t first; /* day */
	struct day days[DAYS];
};

static void count_source(struct pipeline *p, const struct device *d, struct aggregate *a)
{
	const struct household_device *hd = household_device(&p->household, d->id);

	if (hd && hd->file)
		a->maker++;
	else if (hd && hd->grant.pool && hd->grant.layer == LAYER_LEARNED)
		a->learned++;
	else if (hd && hd->grant.pool)
		a->owner++;
	else
		a->none++;
}

static void count_device(struct pipeline *p, const struct device *d, struct aggregate *a)
{
	struct learned_device ld;

	a->devices++;
	a->states[pipeline_life_of(p, d)->state]++;
	a->classes[pipeline_class_of(p, d)]++;
	count_source(p, d, a);
	if (!learner_is_on(&p->learner, d))
		a->not_learned++;
	else if (learned_device_of(p->learner.learned, &d->mac, &ld))
		a->confidence[LEARNED_UNKNOWN]++;
	else
		a->confidence[ld.all.state]++;
}

static int count_day(void *ctx, const struct store_spell *s)
{
	struct aggregate *a = ctx;

	a->days[s->day - a->first].seen++;
	a->days[s->day - a->first].refused += s->refused > 0;
	return 0;
}

static void write_classes(struct jsonw *j, const struct aggregate *a)
{
	unsigned few = 0, whole;

	jsonw_kv_u64(j, "least", LEAST);
	jsonw_key(j, "classes");
	jsonw_object(j);
	for (unsigned i = 0; i < DEVICE_CLASS_MAX; i++) {
		whole = a->classes[i] - a->classes[i] % LEAST;
		few += a->classes[i] - whole;
		if (whole)
			jsonw_kv_u64(j, device_class_name((enum device_class)i), whole);
	}
	jsonw_object_end(j);
	jsonw_kv_u64(j, "few", few);
}

static void write_counts(struct jsonw *j, const struct aggregate *a)
{
	jsonw_key(j, "states");
	jsonw_object(j);
	for (unsigned i = 0; i < LIFE_STATE_MAX; i++)
		jsonw_kv_u64(j, life_state_name((enum life_state)i), a->states[i]);
	jsonw_object_end(j);
	write_classes(j, a);
	jsonw_key(j, "confidence");
	jsonw_object(j);
	for (unsigned i = 0; i < LEARNED_STATE_MAX; i++)
		jsonw_kv_u64(j, learned_state_name((enum learned_state)i), a->confidence[i]);
	jsonw_kv_u64(j, "not learned", a->not_learned);
	jsonw_object_end(j);
	jsonw_key(j, "sources");
	jsonw_object(j);
	jsonw_kv_u64(j, "maker", a->maker);
	jsonw_kv_u64(j, "learned", a->learned);
	jsonw_kv_u64(j, "owner", a->owner);
	jsonw_kv_u64(j, "none", a->none);
	jsonw_object_end(j);
}

static void write_days(struct jsonw *j, const struct aggregate *a)
{
	char date[CLOCK_TEXT_MAX];

	jsonw_key(j, "days");
	jsonw_array(j);
	for (uint32_t i = 0; i < DAYS; i++) {
		clock_format((nstime)(a->first + i) * HISTORY_DAY, date);
		date[10] = 0;
		jsonw_object(j);
		jsonw_kv_string(j, "day", date);
		jsonw_kv_u64(j, "seen", a->days[i].seen);
		jsonw_kv_u64(j, "refused", a->days[i].refused);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

int api_write_aggregate(struct jsonw *j, struct pipeline *p)
{
	uint32_t today = (uint32_t)(pipeline_wall(p) / HISTORY_DAY);
	struct aggregate a = {.first = today < DAYS ? 0 : today - DAYS + 1};
	struct device *d;
	int error;

	history_look(p);
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		count_device(p, d, &a);
	error = store_days(p->store, 0, a.first, a.first + DAYS, count_day, &a);
	if (error)
		return error;
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.aggregate/1");
	jsonw_kv_u64(j, "devices", a.devices);
	write_counts(j, &a);
	write_days(j, &a);
	jsonw_object_end(j);
	return 0;
}

void api_view_aggregate(struct api_request *r)
{
	int error = api_write_aggregate(&r->json, r->pipeline);

	if (error)
		api_fail(r, 500, "look at the log", "the days could not be read: %s",
			error_text(error));
}
