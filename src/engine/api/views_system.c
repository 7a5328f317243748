// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateway itself: its processes, what they take and how they are kept; what the store
 * takes; and the same for somebody who is to help, without a word about the house. */
#include <string.h>
#include "base/sandbox.h"
#include "engine/api/api_priv.h"
#include "lifecycle/lifecycle.h"

#define BUNDLE_EVENTS 2000 /* the last ones, counted by kind */
#define DAY_S 86400

void api_write_process(struct jsonw *j, const struct pipeline *p, enum role role)
{
	const struct pipeline_process *s = &p->processes[role];
	char layers[SANDBOX_TEXT_MAX];

	jsonw_kv_string(j, "name", role_name(role));
	jsonw_kv_bool(j, "running", s->running);
	/* parent_wait.c: web starts when it is needed */
	jsonw_kv_bool(j, "waits", role == ROLE_WEB && !s->running);
	jsonw_kv_u64(j, "pid", s->pid);
	jsonw_kv_u64(j, "restarts", s->restarts);
	jsonw_kv_string(j, "sandbox", sandbox_format(s->layers, layers));
}

static void write_process(struct jsonw *j, const struct pipeline *p, enum role role)
{
	const struct pipeline_process *s = &p->processes[role];

	jsonw_object(j);
	api_write_process(j, p, role);
	jsonw_key(j, "memory_kb");
	if (s->running && s->memory_kib)
		jsonw_u64(j, s->memory_kib);
	else
		jsonw_null(j);
	jsonw_object_end(j);
}

static void write_processes(struct jsonw *j, const struct pipeline *p)
{
	jsonw_key(j, "processes");
	jsonw_array(j);
	for (unsigned i = 0; i < ROLE_MAX; i++)
		if (api_shows_process(p, (enum role)i))
			write_process(j, p, (enum role)i);
	jsonw_array_end(j);
	jsonw_kv_time(j, "memory_at", p->measured);
}

static void write_sensor(struct jsonw *j, const struct pipeline *p)
{
	jsonw_key(j, "sensor");
	jsonw_object(j);
	jsonw_kv_u64(j, "frames", p->sensor.frames);
	jsonw_kv_u64(j, "malformed", p->sensor.malformed);
	jsonw_kv_u64(j, "dropped", p->sensor.dropped);
	jsonw_kv_u64(j, "violations", p->sensor.violations);
	jsonw_kv_u64(j, "suppressed", p->journal.suppressed);
	jsonw_object_end(j);
}

/* Bytes a day, from what was written since the start; of less than an hour nothing can be
 * told: a start writes more than a day. */
static void write_store(struct jsonw *j, struct pipeline *p)
{
	nstime up = loop_now(p->loop) - p->started_mono;
	struct store_size size = {0};

	jsonw_key(j, "store");
	if (store_size(p->store, &size)) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_u64(j, "bytes", size.bytes);
	jsonw_kv_u64(j, "free", size.free_bytes);
	jsonw_kv_u64(j, "written", size.written);
	jsonw_key(j, "writes_day");
	if (up >= 3600 * NS_PER_SEC)
		jsonw_u64(j, (uint64_t)((double)size.written * DAY_S /
					((double)up / NS_PER_SEC)));
	else
		jsonw_null(j);
	jsonw_kv_u64(j, "version", (uint64_t)store_schema_version(p->store));
	jsonw_object_end(j);
}

static void write_system(struct jsonw *j, struct pipeline *p)
{
	jsonw_kv_string(j, "version", CARDEA_VERSION);
	jsonw_kv_time(j, "started", p->started);
	jsonw_kv_bool(j, "ready", p->ready);
	jsonw_kv_string(j, "backend", p->backend);
	jsonw_kv_string(j, "backend_lacks", p->backend_lacks[0] ? p->backend_lacks : NULL);
	jsonw_kv_u64(j, "refused_transactions", p->commit.refused);
	jsonw_kv_bool(j, "clock_trusted", p->clock_trusted);
	write_processes(j, p);
	write_sensor(j, p);
	write_store(j, p);
	api_write_ports(j, p);
}

void api_view_system(struct api_request *r)
{
	struct jsonw *j = &r->json;

	pipeline_measure(r->pipeline); /* for who asks again */
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.system/1");
	write_system(j, r->pipeline);
	jsonw_object_end(j);
}

/* ---- for somebody who is to help ---- */

/* Numbers and words of our own. A field is here because it has no name, address, domain or
 * text of a device in it; what is not in this list does not leave. */
static const struct {
	char name[16], what[128];
} bundle_fields[] = {
	{"system", "this gateway's version, back end, processes, memory, store, and the names "
		   "of its network ports"},
	{"states", "how many devices are in each state"},
	{"classes", "how many devices are of each class"},
	{"profiles", "how many devices have a MUD file, and how many of these are signed"},
	{"events", "how many events of each kind there were, of the last 2,000"},
};

static void write_fields(struct jsonw *j)
{
	jsonw_key(j, "fields");
	jsonw_array(j);
	for (size_t i = 0; i < sizeof(bundle_fields) / sizeof(bundle_fields[0]); i++) {
		jsonw_object(j);
		jsonw_kv_string(j, "name", bundle_fields[i].name);
		jsonw_kv_string(j, "what", bundle_fields[i].what);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

struct counts {
	unsigned states[LIFE_STATE_MAX], classes[DEVICE_CLASS_MAX], kinds[EVENT_KIND_MAX];
	unsigned files, is_signed;
};

static int count_event(void *ctx, const struct event *e)
{
	/* of a later version that was here before, some may be of no kind that we know */
	if ((unsigned)e->kind < EVENT_KIND_MAX)
		((struct counts *)ctx)->kinds[e->kind]++;
	return 0;
}

static void count_devices(struct pipeline *p, struct counts *c)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct household_device *hd = household_device(&p->household, d->id);

		c->states[pipeline_life_of(p, d)->state]++;
		c->classes[d->class]++;
		if (hd && hd->source) {
			c->files++;
			c->is_signed += hd->source->profile.signature == SIGNATURE_VALID;
		}
	}
}

static void write_counts(struct jsonw *j, const struct counts *c)
{
	jsonw_key(j, "states");
	jsonw_object(j);
	for (unsigned i = 0; i < LIFE_STATE_MAX; i++)
		jsonw_kv_u64(j, life_state_name((enum life_state)i), c->states[i]);
	jsonw_object_end(j);
	jsonw_key(j, "classes");
	jsonw_object(j);
	for (unsigned i = 0; i < DEVICE_CLASS_MAX; i++)
		if (c->classes[i])
			jsonw_kv_u64(j, device_class_name((enum device_class)i),
				c->classes[i]);
	jsonw_object_end(j);
	jsonw_key(j, "profiles");
	jsonw_object(j);
	jsonw_kv_u64(j, "files", c->files);
	jsonw_kv_u64(j, "signed", c->is_signed);
	jsonw_object_end(j);
	jsonw_key(j, "events");
	jsonw_object(j);
	for (unsigned i = 0; i < EVENT_KIND_MAX; i++)
		if (c->kinds[i])
			jsonw_kv_u64(j, event_kind_name((enum event_kind)i), c->kinds[i]);
	jsonw_object_end(j);
}

void api_view_bundle(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct jsonw *j = &r->json;
	const struct store_event_query last = {.limit = BUNDLE_EVENTS};
	struct counts c = {0};

	count_devices(p, &c);
	if (store_events(p->store, &last, count_event, &c)) {
		api_fail(r, 500, "is the storage full or broken? see the log",
			"the events could not be read");
		return;
	}
	api_header(r, "Content-Disposition: attachment; filename=\"cardea-bundle.json\"");
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.bundle/1");
	jsonw_kv_time(j, "made", pipeline_wall(p));
	write_fields(j);
	jsonw_key(j, "system");
	jsonw_object(j);
	write_system(j, p);
	jsonw_object_end(j);
	write_counts(j, &c);
	jsonw_object_end(j);
}
