// SPDX-License-Identifier: GPL-2.0-or-later
/* Figures for Prometheus, in its text format 0.0.4. Labels come from lists of this program
 * alone, so that no device and no stranger can make a new time series. */
#include <inttypes.h>
#include <string.h>
#include "engine/api/api_priv.h"
#include "lifecycle/lifecycle.h"

#define FORMAT "text/plain; version=0.0.4; charset=utf-8"

static void about(struct jsonw *j, const char *name, const char *type, const char *help)
{
	jsonw_plain(j, "# HELP cardea_%s %s\n# TYPE cardea_%s %s\n", name, help, name, type);
}

static void figure(struct jsonw *j, const char *name, const char *type, uint64_t value,
	const char *help)
{
	about(j, name, type, help);
	jsonw_plain(j, "cardea_%s %" PRIu64 "\n", name, value);
}

static void labelled(struct jsonw *j, const char *name, const char *label,
	const char *value, uint64_t figure_of_it)
{
	jsonw_plain(j, "cardea_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value,
		figure_of_it);
}

static void write_devices(struct jsonw *j, struct pipeline *p)
{
	unsigned states[LIFE_STATE_MAX] = {0}, classes[DEVICE_CLASS_MAX] = {0};
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		states[pipeline_life_of(p, d)->state]++;
		classes[d->class]++;
	}
	about(j, "devices", "gauge", "Devices by the state in which they are.");
	for (unsigned i = 0; i < LIFE_STATE_MAX; i++)
		labelled(j, "devices", "state", life_state_name((enum life_state)i),
			states[i]);
	about(j, "devices_of_class", "gauge", "Devices by what they are for.");
	for (unsigned i = 0; i < DEVICE_CLASS_MAX; i++)
		labelled(j, "devices_of_class", "class",
			device_class_name((enum device_class)i), classes[i]);
}

static void write_processes(struct jsonw *j, const struct pipeline *p)
{
	about(j, "process_up", "gauge", "1 where the process runs; web waits for clients.");
	for (unsigned i = 0; i < ROLE_MAX; i++)
		if (api_shows_process(p, (enum role)i))
			labelled(j, "process_up", "process", role_name((enum role)i),
				p->processes[i].running);
	about(j, "process_restarts_total", "counter", "Starts after the first one.");
	for (unsigned i = 0; i < ROLE_MAX; i++)
		if (api_shows_process(p, (enum role)i))
			labelled(j, "process_restarts_total", "process",
				role_name((enum role)i), p->processes[i].restarts);
	about(j, "process_memory_bytes", "gauge",
		"Memory of its own, as at the figures that were asked for before.");
	for (unsigned i = 0; i < ROLE_MAX; i++)
		if (p->processes[i].running && p->processes[i].memory_kib)
			labelled(j, "process_memory_bytes", "process",
				role_name((enum role)i),
				(uint64_t)p->processes[i].memory_kib << 10);
}

static void write_sensor(struct jsonw *j, const struct pipeline *p)
{
	const struct message_observe_counts *o = &p->learner.counts;

	figure(j, "frames_total", "counter", p->sensor.frames,
		"Frames that may name a device, read since the sensor's start.");
	figure(j, "frames_dropped_total", "counter", p->sensor.dropped,
		"Of these, lost before they were read.");
	figure(j, "frames_malformed_total", "counter", p->sensor.malformed,
		"Of these, what nobody could read.");
	figure(j, "violations_total", "counter", p->sensor.violations,
		"Refused packets that the kernel told of.");
	figure(j, "observed_packets_total", "counter", o->packets,
		"Packets whose heads were learned from.");
	figure(j, "observed_dropped_total", "counter", o->dropped,
		"Packets that could not be learned from: there were too many.");
	figure(j, "events_suppressed_total", "counter", p->journal.suppressed,
		"Events that were not written: one device made too many.");
}

static void write_store(struct jsonw *j, struct pipeline *p)
{
	struct store_size size;

	if (store_size(p->store, &size))
		return;
	figure(j, "store_bytes", "gauge", size.bytes, "What the store takes.");
	figure(j, "store_written_bytes_total", "counter", size.written,
		"What was written to the store, which wears flash.");
}

void api_view_metrics(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct jsonw *j = &r->json;

	pipeline_measure(p); /* for the next time */
	r->type = FORMAT;
	about(j, "info", "gauge", "1; version and back end are its labels.");
	jsonw_plain(j, "cardea_info{version=\"%s\",backend=\"%s\"} 1\n", CARDEA_VERSION,
		p->backend);
	figure(j, "ready", "gauge", p->ready, "1 where all rules are in the kernel.");
	figure(j, "start_time_seconds", "gauge", (uint64_t)(p->started / NS_PER_SEC),
		"When it started, in seconds since 1970.");
	figure(j, "clock_trusted", "gauge", p->clock_trusted, "1 where the time may be right.");
	figure(j, "decisions_open", "gauge", pipeline_open_decisions(p), "What only the owner can say.");
	figure(j, "refused_transactions_total", "counter", p->commit.refused,
		"Changes of rules that the kernel did not take.");
	write_devices(j, p);
	write_processes(j, p);
	write_sensor(j, p);
	write_store(j, p);
}
