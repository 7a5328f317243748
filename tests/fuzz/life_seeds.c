// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes seeds for the fuzz target of the life cycle's state: life_seeds DIRECTORY,
 * which has life_load/. The same bytes each time. */
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/suspicion.h"

#define T0 (1700000000 * NS_PER_SEC)
enum { OF_LIFE, OF_SUSPICION }; /* the first octet of an input: which it is */

static int seeds;

static void need(bool holds)
{
	if (!holds)
		abort();
}

static void write_file(const char *dir, uint8_t choice, const struct writer *w)
{
	char path[4096];
	FILE *f;

	need(!str_print(path, sizeof(path), "%s/life_load/seed-%d", dir, seeds++));
	f = fopen(path, "wb");
	if (!f || fputc(choice, f) == EOF || fwrite(w->start, 1, w->len, f) != w->len ||
		fclose(f)) {
		fprintf(stderr, "%s: cannot be written\n", path);
		exit(1);
	}
}

/* ---- where it stands ---- */

static void write_life(const char *dir, const struct life *l)
{
	uint8_t b[LIFE_SAVED];
	struct writer w = writer_of(b, sizeof(b));

	need(life_save(l, &w) == 0);
	write_file(dir, OF_LIFE, &w);
}

/* A device through its life, and each place in it. */
static void lives(const char *dir)
{
	static const enum life_event story[] = {LIFE_PROFILE, LIFE_RAISED, LIFE_CONVICTED,
		LIFE_FETCHING, LIFE_FETCHED, LIFE_EVIDENCE, LIFE_GONE, LIFE_SEEN_AGAIN,
		LIFE_CONVICTED, LIFE_HOPELESS, LIFE_OWNER_RETIRES};
	struct life_facts f = {.now = T0,
		.seen = T0,
		.enforceable = true,
		.level = LIFE_L3_TOKEN,
		.least = LIFE_L2_REPORT};
	struct life_step step;
	struct life l;

	for (unsigned critical = 0; critical < 2; critical++) {
		f.critical = critical;
		life_init(&l, T0);
		write_life(dir, &l);
		for (size_t i = 0; i < sizeof(story) / sizeof(*story); i++) {
			f.now += LIFE_HOUR;
			if (life_event(&l, story[i], &f, "lamp", &step) && step.moved)
				write_life(dir, &l);
		}
	}
}

/* ---- what it is suspected of ---- */

static void write_suspicion(const char *dir, const struct suspicion *s)
{
	uint8_t b[SUSPICION_SAVED];
	struct writer w = writer_of(b, sizeof(b));

	need(suspicion_save(s, &w) == 0);
	write_file(dir, OF_SUSPICION, &w);
}

static void see(struct suspicion *s, enum suspicion_kind kind, nstime after,
	uint8_t host, uint16_t port)
{
	struct suspicion_seen e = {.kind = kind,
		.when = T0 + after,
		.peer = addr_v4((uint8_t[4]){203, 0, 113, host}),
		.proto = 6,
		.port = port,
		.count = 1};

	suspicion_see(s, &e);
}

static void suspicions(const char *dir)
{
	struct suspicion s;

	suspicion_init(&s, (struct hash_key){{1, 2}}, T0);
	write_suspicion(dir, &s);
	for (uint16_t p = 1; p <= 60; p++)
		see(&s, SUSPICION_STRAY, p * NS_PER_SEC, 1, p);
	(void)suspicion_level(&s, SUSPICION_THING, T0 + LIFE_HOUR);
	write_suspicion(dir, &s);
	for (uint8_t h = 1; h <= 40; h++)
		see(&s, SUSPICION_STRAY, LIFE_HOUR + h * NS_PER_SEC / 2, h, 23);
	see(&s, SUSPICION_SPOOF, 2 * LIFE_HOUR, 9, 0);
	see(&s, SUSPICION_HIDDEN, 2 * LIFE_HOUR, 9, 443);
	for (uint16_t p = 1; p <= 9; p++)
		see(&s, SUSPICION_LISTEN, p * LIFE_DAY, 0, p);
	suspicion_tighten(&s, true);
	(void)suspicion_level(&s, SUSPICION_CRITICAL, T0 + 9 * LIFE_DAY);
	write_suspicion(dir, &s);
	suspicion_forgive(&s, T0 + 9 * LIFE_DAY);
	write_suspicion(dir, &s);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: life_seeds DIRECTORY\n");
		return 2;
	}
	lives(argv[1]);
	suspicions(argv[1]);
	return 0;
}
