// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz: saved state of probing. What is taken saves to the same bytes, and whatever it
 * says, nothing stays refused and all that can be asked of it is answered. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "model/flow.h"
#include "profiles/probe/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int refused;

static int refuse(void *ctx, const struct mac *device, const struct probe_target *t,
	nstime longest)
{
	(void)ctx;
	(void)device;
	(void)longest;
	if (!memchr(t->kind.name, 0, sizeof t->kind.name))
		abort();
	refused++;
	return 0;
}

static int restore(void *ctx, const struct mac *device)
{
	(void)ctx;
	(void)device;
	refused = 0;
	return 0;
}

static void usual(void *ctx, const struct mac *device, probe_visit *visit, void *to)
{
	struct probe_usual u = {.kind = {.proto = FLOW_PROTO_TCP,
					.port = 443,
					.place = RECORD_INTERNET,
					.name = "a.example.com"},
		.episodes = 9};

	(void)ctx;
	(void)device;
	visit(to, &u);
}

static bool known(
	void *ctx, const struct mac *device, const struct probe_kind *k, nstime before)
{
	(void)ctx;
	(void)device;
	(void)k;
	(void)before;
	return false;
}

static enum probe_why bar(void *ctx, const struct mac *device)
{
	(void)ctx;
	(void)device;
	return PROBE_WHY_NONE;
}

static void changed(void *ctx, const struct mac *device)
{
	(void)ctx;
	(void)device;
}

static void ask(struct probe *p)
{
	struct probe_time now = {1700000000 * NS_PER_SEC, 0, 0, true};
	struct probe_kind k = {.proto = FLOW_PROTO_TCP,
		.port = 443,
		.place = RECORD_INTERNET,
		.name = "b.example.com"};
	char text[PROBE_KIND_TEXT], window[PROBE_WINDOW_TEXT];
	const struct probe_target *t;
	struct probe_device d;

	probe_device_at(p, 0, &now, &d);
	probe_window_text(&d.window, window);
	for (size_t i = 0; (t = probe_target_at(p, &d.mac, i)); i++) {
		probe_kind_text(&t->kind, text);
		(void)probe_target_need(t);
		(void)probe_target_done(t);
		for (uint32_t f = 0; f < t->fallback_count; f++)
			probe_kind_text(&t->fallbacks[f].kind, text);
	}
	for (int i = 0; i < 2000; i++) {
		now.wall += 60 * NS_PER_SEC;
		now.mono += 60 * NS_PER_SEC;
		probe_tick(p, &now);
		probe_saw(
			p, &d.mac, &d.target, (enum probe_fate)(i % 3), now.wall, &now);
		probe_saw(p, &d.mac, &k, PROBE_TRIED, now.wall, &now);
	}
	(void)probe_stop_all(p, PROBE_WHY_OWNER, &now);
	if (refused)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_config c = {.refuse = refuse,
		.restore = restore,
		.usual = usual,
		.known = known,
		.bar = bar,
		.changed = changed};
	struct probe_time now = {0};
	struct probe_device d;
	struct probe *p = NULL;
	struct writer w;
	uint8_t *bytes;

	refused = 0;
	if (probe_new(&c, 0, &p))
		abort();
	if (probe_load(p, cursor_of(data, size)) == 0) {
		probe_device_at(p, 0, &now, &d);
		w = writer_of(
			malloc(probe_save_size(p, &d.mac)), probe_save_size(p, &d.mac));
		bytes = w.start;
		if (!bytes || probe_save(p, &d.mac, &w) || w.len != size ||
			memcmp(bytes, data, size) != 0)
			abort();
		free(bytes);
		ask(p);
	}
	probe_free(p);
	return 0;
}
