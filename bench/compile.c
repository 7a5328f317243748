// SPDX-License-Identifier: GPL-2.0-or-later
/* compile - how long a file takes from bytes to kernel elements, and how long a device
 * whose classes have many members.
 *
 *   bench_compile file PATH      -> a line for each line read: "NANOSECONDS ELEMENTS",
 *                                   CPU time from bytes to elements: parse, prepare,
 *                                   compile
 *   bench_compile class MEMBERS  -> the same for prepare and compile alone: three rules
 *                                   of a class with so many IPv4 and IPv6 members
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/pool.h"
#include "policy/policy.h"
#include "profiles/mud/mud.h"

#define LINE_MAX_BYTES 64

struct job {
	char *bytes; /* of a file, or NULL */
	size_t len;
	unsigned members;
	struct policy_env env;
	unsigned elements;
};

/* Of this thread alone: other work on the machine does not count. */
static uint64_t nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "bench_compile: %s\n", what);
	return 2;
}

static int count(void *ctx, const struct element *e, rule_id rule)
{
	struct job *j = ctx;

	(void)e;
	(void)rule;
	j->elements++;
	return 0;
}

/* IPv4 with gaps, as a pool after some years; IPv6 as SLAAC makes them. */
static size_t members(void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	const struct job *j = ctx;
	size_t n = 0;

	(void)p;
	for (unsigned i = 0; i < j->members && n + 3 <= max; i++) {
		const uint8_t v4[4] = {10, 0, (uint8_t)(i >> 7), (uint8_t)(2 * i)};
		uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, [11] = 0xff, [12] = 0xfe};
		uint32_t tail = i * 2654435761u; /* spread, and the same each time */
		memcpy(v6 + 12, &tail, sizeof tail);
		out[n++] = addr_v4(v4);
		out[n++] = addr_v6(v6);
		memcpy(v6, "\xfe\x80\0\0", 4);
		out[n++] = addr_v6(v6);
	}
	return n;
}

static bool never(void *ctx, const char *name, const struct addr *a)
{
	(void)ctx;
	(void)name;
	(void)a;
	return false;
}

static size_t none(void *ctx, const char *name, struct addr *out, size_t max)
{
	(void)ctx;
	(void)name;
	(void)out;
	(void)max;
	return 0;
}

static struct addr address(const char *text)
{
	struct addr a = {0};

	if (addr_parse(text, &a))
		abort();
	return a;
}

static int elements_of(
	struct job *j, struct pool *pool, const struct rule *rules, size_t n)
{
	const struct policy_input in = {.rules = rules, .count = n};
	const struct policy_names names = {
		.has = never, .addrs = none, .members = members, .ctx = j};
	const struct addr addrs[] = {address("10.0.0.50"), address("2001:db8::50"),
		address("2001:db8::51"), address("fe80::50")};
	const struct policy_device d = {{{2, 0, 0, 0, 0, 1}}, addrs, 4};
	struct policy p;
	int r = policy_prepare(pool, &in, &p);

	j->elements = 0;
	return r ? r : policy_compile(&p, &j->env, &names, &d, count, j);
}

static int run_file(struct job *j)
{
	struct pool *mud = pool_new("file", MUD_POOL_BYTES);
	struct pool *pool = pool_new("policy", POLICY_POOL_BYTES);
	struct profile p;
	int r = -ENOMEM;

	if (mud && pool)
		r = mud_parse(j->bytes, j->len, MUD_IMPORT, mud, &p);
	if (!r)
		r = elements_of(j, pool, p.rules, p.rule_count);
	pool_free(pool);
	pool_free(mud);
	return r;
}

static void class_rule(struct rule *r, rule_id id, enum direction d, uint16_t port)
{
	rule_init(r);
	r->id = id;
	r->direction = d;
	r->proto = FLOW_PROTO_TCP;
	r->peer.kind = PEER_SAME_MANUFACTURER;
	if (d == DIRECTION_FROM_DEVICE)
		r->peer_port = (struct range16){port, port};
	else
		r->device_port = (struct range16){port, port};
}

static int run_class(struct job *j)
{
	struct pool *pool = pool_new("policy", POLICY_POOL_BYTES);
	struct rule rules[3];
	int r = -ENOMEM;

	class_rule(&rules[0], 1, DIRECTION_FROM_DEVICE, 8009);
	class_rule(&rules[1], 2, DIRECTION_FROM_DEVICE, 8443);
	class_rule(&rules[2], 3, DIRECTION_TO_DEVICE, 8009);
	if (pool)
		r = elements_of(j, pool, rules, 3);
	pool_free(pool);
	return r;
}

static int read_file(struct job *j, const char *path)
{
	FILE *in = fopen(path, "rb");

	j->bytes = malloc(LIMIT_MUD_BYTES);
	if (!in || !j->bytes)
		return -ENOENT;
	j->len = fread(j->bytes, 1, LIMIT_MUD_BYTES, in);
	fclose(in);
	return 0;
}

static int serve(struct job *j)
{
	char line[LINE_MAX_BYTES];

	while (fgets(line, sizeof line, stdin)) {
		uint64_t start = nanoseconds();
		int r = j->bytes ? run_file(j) : run_class(j);
		uint64_t end = nanoseconds();
		if (r)
			return fail("this does not compile");
		printf("%llu %u\n", (unsigned long long)(end - start), j->elements);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct job j;
	struct prefix lan;
	struct addr gateway = address("10.0.0.1");
	int r;

	if (argc != 3)
		return fail("usage: bench_compile file PATH | class MEMBERS");
	if (prefix_parse("10.0.0.0/16", &lan) || !policy_env_add_lan(&j.env, &lan) ||
		!policy_env_add_gateway(&j.env, &gateway))
		return fail("no house");
	if (strcmp(argv[1], "file") == 0) {
		r = read_file(&j, argv[2]);
		if (r)
			return fail("cannot read the file");
	} else {
		j.members = (unsigned)strtoul(argv[2], NULL, 10);
	}
	r = serve(&j);
	free(j.bytes);
	return r;
}
