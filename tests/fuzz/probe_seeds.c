// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes seeds for the fuzz target of probing's state: probe_seeds DIRECTORY, which has
 * probe/. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "model/flow.h"
#include "profiles/probe/probe.h"

#define MIN (60 * NS_PER_SEC)
#define SEEDS 6

static const struct mac lamp = {{2, 0, 0, 0, 0, 1}};
static struct probe_time now;

static int refuse(void *ctx, const struct mac *device, const struct probe_target *t,
	nstime longest)
{
	(void)ctx;
	(void)device;
	(void)t;
	(void)longest;
	return 0;
}

static int restore(void *ctx, const struct mac *device)
{
	(void)ctx;
	(void)device;
	return 0;
}

static struct probe_kind kind_of(const char *name, int n)
{
	struct probe_kind k = {
		.proto = FLOW_PROTO_TCP, .port = 443, .place = RECORD_INTERNET};

	if (n % 3 == 2)
		k.peer = (struct addr){
			.family = n % 2 ? 6 : 4, .b = {203, 0, 113, (uint8_t)n}};
	else
		(void)str_print(k.name, sizeof k.name, "%s%d.example.com", name, n);
	return k;
}

static void usual(void *ctx, const struct mac *device, probe_visit *visit, void *to)
{
	(void)ctx;
	(void)device;
	for (int n = 0; n < 5; n++) {
		struct probe_usual u = {.kind = kind_of("c", n),
			.episodes = 9,
			.period = n == 4 ? MIN : 0};

		visit(to, &u);
	}
}

static bool known(
	void *ctx, const struct mac *device, const struct probe_kind *k, nstime before)
{
	(void)ctx;
	(void)device;
	(void)before;
	return k->name[0] == 'c';
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

static void pass(struct probe *p, int n)
{
	struct probe_device d;

	now.wall += MIN;
	now.mono += MIN;
	probe_tick(p, &now);
	if (probe_device_of(p, &lamp, &now, &d) || d.state == PROBE_IDLE)
		return;
	probe_saw(p, &lamp, &d.target,
		d.state == PROBE_REFUSING ? PROBE_REFUSED : PROBE_WORKED, now.wall,
		&now);
	if (d.state == PROBE_REFUSING) {
		struct probe_kind k = kind_of("f", n % 7);
		probe_saw(p, &lamp, &k, PROBE_TRIED, now.wall, &now);
	}
}

static void seed(const char *dir, int n)
{
	struct probe_config c = {.refuse = refuse,
		.restore = restore,
		.usual = usual,
		.known = known,
		.bar = bar,
		.changed = changed};
	struct probe_window w = PROBE_WINDOW_DEFAULT;
	char path[512];
	struct probe *p;
	struct writer to;
	FILE *f;

	now = (struct probe_time){1700006400 * NS_PER_SEC, 60 * MIN, 0, true};
	if (probe_new(&c, now.mono, &p) ||
		probe_allow(p, &lamp, DEVICE_CLASS_TV, &w, &now))
		exit(1);
	/* none, one under way, one that settles, and many nights */
	for (int i = 0; i < (n == 0          ? 0
				    : n == 1 ? 122
				    : n == 2 ? 127
					     : n * n * 1440);
		i++)
		pass(p, i);
	to = writer_of(malloc(probe_save_size(p, &lamp)), probe_save_size(p, &lamp));
	if (!to.start || probe_save(p, &lamp, &to) ||
		str_print(path, sizeof path, "%s/probe/seed-%d", dir, n))
		exit(1);
	f = fopen(path, "wb");
	if (!f || fwrite(to.start, 1, to.len, f) != to.len || fclose(f))
		exit(1);
	free(to.start);
	probe_free(p);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: probe_seeds DIRECTORY\n");
		return 2;
	}
	for (int n = 0; n < SEEDS; n++)
		seed(argv[1], n);
	return 0;
}
