// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz: saved state of maintenance. What is taken saves to the same bytes, and all that
 * can be asked of it is answered. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "profiles/maintain/maintain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visit(void *ctx, const struct maintain_item *i)
{
	char text[MAINTAIN_TEXT_MAX];

	*(uint32_t *)ctx = i->id;
	if (!memchr(i->kind.name, 0, sizeof(i->kind.name)) ||
		!maintain_question(i, text)[0])
		abort();
	return 0;
}

static int visit_change(
	void *ctx, enum maintain_change c, uint32_t item, const char *sentence)
{
	(void)ctx;
	(void)item;
	if (c >= MAINTAIN_CHANGE_MAX || !sentence[0])
		abort();
	return 0;
}

static void ask(struct maintain *m)
{
	struct pool *pool = pool_new("fuzz", 64UL << 20);
	struct maintain_version v;
	struct maintain_window w;
	struct rule *rules;
	size_t count;
	uint32_t id = 0;

	for (int s = 0; s < MAINTAIN_STATUS_MAX; s++)
		if (maintain_items(m, (enum maintain_status)s, visit, &id))
			abort();
	for (size_t i = 0; i < maintain_version_count(m); i++) {
		maintain_version_at(m, i, &v);
		if (maintain_diff(m, v.number, visit_change, NULL))
			abort();
	}
	if (!pool || maintain_rules(m, MAINTAIN_ALL, pool, &rules, &count))
		abort();
	maintain_window(m, &w);
	pool_free(pool);
}

static void use(struct maintain *m)
{
	const struct learned_config c = {0};
	struct learned *l = NULL;
	enum maintain_verdict v;
	struct record r = {.device = *maintain_device(m),
		.first = 1700000000 * NS_PER_SEC,
		.last = 1700000001 * NS_PER_SEC,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.peer_port = 443,
		.peer = {.family = 4, .b = {203, 0, 113, 1}},
		.place = RECORD_INTERNET,
		.naming = RECORD_ANSWER,
		.name = "new.example.com",
		.packets = {5, 5},
		.bytes = {1000, 1000}};

	if (learned_new(&c, &l) || learned_record(l, &r) ||
		maintain_record(m, l, &r, &v))
		abort();
	learned_end(l, INT64_MAX);
	for (int day = 0; day < 3; day++)
		if (maintain_tick(m, l, r.last + day * MAINTAIN_DAY))
			abort();
	learned_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct maintain_config c = {0};
	struct maintain *m = NULL;
	struct writer w;
	uint8_t *bytes;

	if (maintain_load(&c, cursor_of(data, size), &m))
		return 0;
	bytes = malloc(maintain_save_size(m));
	if (!bytes)
		abort();
	w = writer_of(bytes, maintain_save_size(m));
	if (maintain_save(m, &w) || w.len != size || memcmp(bytes, data, size) != 0)
		abort();
	ask(m);
	use(m);
	free(bytes);
	maintain_free(m);
	return 0;
}
