// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes seeds for the fuzz target of maintenance: maintain_seeds DIRECTORY, which has
 * the folder maintain. The same bytes each time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/maintain/maintain.h"

#define T0 (1700000000 * NS_PER_SEC)

static const struct mac mac = {{2, 0, 0, 0, 0, 1}};

static unsigned one(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return 1;
}

static void need(int error)
{
	if (error)
		abort();
}

static void write_file(const char *dir, int n, const struct maintain *m)
{
	uint8_t *bytes = malloc(maintain_save_size(m));
	struct writer w = writer_of(bytes, maintain_save_size(m));
	char path[4096];
	FILE *f;

	(void)str_print(path, sizeof(path), "%s/maintain/seed-%d", dir, n);
	need(!bytes || maintain_save(m, &w));
	f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, w.len, f) != w.len || fclose(f)) {
		fprintf(stderr, "%s: cannot be written\n", path);
		exit(1);
	}
	free(bytes);
}

static struct record talk(const char *name, int64_t s)
{
	struct record r = {.device = mac,
		.first = T0 + s * NS_PER_SEC,
		.last = T0 + (s + 1) * NS_PER_SEC,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.peer = {.family = 4, .b = {203, 0, 113, 1}},
		.place = RECORD_INTERNET,
		.naming = RECORD_ANSWER,
		.packets = {5, 5},
		.bytes = {1000, 1000}};

	(void)str_copy(r.name, sizeof(r.name), name);
	return r;
}

static void tell(struct maintain *m, struct learned *l, const struct record *r)
{
	enum maintain_verdict v;

	need(learned_record(l, r));
	need(maintain_record(m, l, r, &v));
}

/* A week of a device that is updated, asks, and is answered. */
static void live(const char *dir, struct maintain *m, struct learned *l)
{
	for (int64_t day = 1; day <= 7; day++) {
		struct record known = talk("api.example.com", day * 86400);
		struct record sibling = talk("www.example.com", day * 86400 + 100);
		struct record other = talk("new.example.net", day * 86400 + 200);

		if (day == 3)
			known.bytes[DIRECTION_TO_DEVICE] = 9 << 20;
		other.peer.b[3] = (uint8_t)day;
		tell(m, l, &known);
		tell(m, l, &sibling);
		tell(m, l, &other);
		learned_end(l, INT64_MAX);
		need(maintain_tick(m, l, T0 + day * MAINTAIN_DAY + MAINTAIN_HOUR));
		if (day == 5)
			(void)!maintain_reject_version(m, 2, T0 + 5 * MAINTAIN_DAY);
		write_file(dir, (int)day, m);
	}
}

int main(int argc, char **argv)
{
	const struct learned_config lc = {.public_labels = one};
	const struct maintain_config mc = {.public_labels = one};
	struct learned *l = NULL;
	struct maintain *m = NULL;

	if (argc != 2)
		return 2;
	need(learned_new(&lc, &l));
	need(maintain_new(&mc, &mac, &m));
	write_file(argv[1], 0, m);
	for (int64_t s = 0; s < 6; s++) {
		struct record r = talk("api.example.com", s * 4000 + s * s);

		need(learned_record(l, &r));
	}
	learned_end(l, INT64_MAX);
	need(maintain_approve(m, l, T0 + 40000 * NS_PER_SEC));
	live(argv[1], m, l);
	maintain_free(m);
	learned_free(l);
	return 0;
}
