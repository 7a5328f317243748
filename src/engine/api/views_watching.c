// SPDX-License-Identifier: GPL-2.0-or-later
/* /v1/watching: whether this gateway only watches, until when, and what protecting would
 * have blocked of what it saw. */
#include <errno.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define DEVICES_MAX 100 /* of a house, those that matter are few */
#define EXAMPLES_MAX 5

/* The members that every face shows. */
void api_write_watching(struct jsonw *j, const struct pipeline *p)
{
	const struct watching *w = &p->watching;

	jsonw_kv_string(j, "mode", w->on ? "watch" : "protect");
	jsonw_kv_time(j, "since", w->on ? w->since : 0);
	jsonw_kv_time(j, "until", w->on ? w->until : 0);
}

static void write_device(struct jsonw *j, const struct device *d, const struct effect *e)
{
	char text[EFFECT_PEER_MAX];

	jsonw_object(j);
	jsonw_kv_u64(j, "id", d->id);
	jsonw_kv_untrusted(j, "name", d->name);
	jsonw_kv_u64(j, "conversations", e->conversations);
	jsonw_kv_u64(j, "would_block", e->would_block);
	jsonw_kv_u64(j, "unknown", e->unknown);
	jsonw_key(j, "examples");
	jsonw_array(j);
	for (size_t i = 0; i < e->example_count && i < EXAMPLES_MAX; i++)
		if (e->examples[i].now && !e->examples[i].then && !e->examples[i].unsure) {
			jsonw_object(j);
			jsonw_kv_untrusted(j, "text", effect_peer(&e->examples[i].peer, text));
			jsonw_kv_u64(j, "count", e->examples[i].count);
			jsonw_object_end(j);
		}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void write_devices(struct api_request *r, uint64_t *blocked, unsigned *more)
{
	struct pipeline *p = r->pipeline;
	unsigned written = 0;
	struct device *d;

	*blocked = 0;
	*more = 0;
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		struct effect e;

		if (watching_measure(p, d, &e) || !e.would_block)
			continue;
		*blocked += e.would_block;
		if (written == DEVICES_MAX) {
			++*more;
			continue;
		}
		written++;
		write_device(&r->json, d, &e);
	}
}

void api_view_watching(struct api_request *r)
{
	struct jsonw *j = &r->json;
	int64_t effect = 0;
	uint64_t blocked;
	unsigned more;

	if (!api_query_number(r, "effect", 0, 1, &effect))
		return;
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.watching/1");
	api_write_watching(j, r->pipeline);
	jsonw_key(j, "effect");
	if (!effect || !r->pipeline->watching.on) {
		jsonw_null(j);
	} else {
		jsonw_object(j);
		jsonw_key(j, "devices");
		jsonw_array(j);
		write_devices(r, &blocked, &more);
		jsonw_array_end(j);
		jsonw_kv_u64(j, "would_block", blocked);
		jsonw_kv_u64(j, "more", more);
		jsonw_object_end(j);
	}
	jsonw_object_end(j);
}
