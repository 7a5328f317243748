// SPDX-License-Identifier: GPL-2.0-or-later
/* pages - how long the control API takes for what the pages ask, where the store is full.
 *
 *   bench_pages FOLDER DEVICES EVENTS
 *
 * Makes a state folder with so many devices and events, a week of hours, two days of peers
 * and what was learned; then a line for each target read ("/v1/home"):
 * "NANOSECONDS STATUS OCTETS", CPU time from the request's text to the reply's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define TARGET_MAX 512
#define HOURS (7 * 24)
#define TALK_HOURS 48
#define PEERS 6
#define EPISODES 8
#define DAY (24 * HISTORY_HOUR)

struct bench {
	struct pipeline p;
	struct loop *loop;
	struct store *store;
	nstime now;
	unsigned devices, events;
};

static int fail(const char *what, int error)
{
	fprintf(stderr, "bench_pages: %s: %s\n", what, error_text(error));
	return 2;
}

static uint64_t nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct addr address(unsigned net, unsigned n)
{
	const uint8_t b[] = {(uint8_t)net, 1, (uint8_t)(n >> 8), (uint8_t)n};

	return addr_v4(b);
}

static struct mac mac_of(unsigned n)
{
	return (struct mac){{2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n}};
}

/* ---- what is stored ---- */

static int store_device(struct bench *b, unsigned n)
{
	struct device d = {.id = n,
		.mac = mac_of(n),
		.state = DEVICE_WATCHED,
		.first_seen = b->now - 30 * DAY,
		.last_seen = b->now,
		.addr_count = 1};

	d.addrs[0] = (struct device_addr){address(10, n), ADDR_SOURCE_DHCP4, b->now + DAY};
	(void)str_print(d.name, sizeof(d.name), "kitchen camera %u", n);
	(void)str_print(d.hostname, sizeof(d.hostname), "cam-%u", n);
	return store_device_save(b->store, &d);
}

static int store_one_event(struct bench *b, unsigned n)
{
	static const enum event_kind kinds[] = {EVENT_VIOLATION, EVENT_VIOLATION,
		EVENT_REFUSED, EVENT_NAME_REFUSED, EVENT_LEARNED, EVENT_QUESTION};
	nstime when = b->now - 30 * DAY + (nstime)n * (30 * DAY / (b->events + 1));
	struct event e = {.first = when,
		.last = when,
		.device = 1 + n % b->devices,
		.kind = kinds[n % 6],
		.reason = REASON_DEFAULT_DENY,
		.packets = 1 + n % 9};

	e.flow.device = address(10, e.device);
	e.flow.peer = address(203, n);
	e.flow.proto = FLOW_PROTO_TCP;
	e.flow.peer_port = 443;
	(void)str_print(e.name, sizeof(e.name), "host%u.example.net", n % 977);
	(void)str_print(e.text, sizeof(e.text),
		"Blocked: kitchen camera %u -> 203.1.%u.%u (host%u.example.net) tcp 443. Its "
		"profile does not list this.",
		e.device, n >> 8 & 255, n & 255, n % 977);
	return store_event_save(b->store, &e);
}

static int store_hours(struct bench *b, struct store_history *h, unsigned n)
{
	uint32_t now = history_hour(b->now);
	int error = 0;

	for (uint32_t i = 0; i < HOURS && !error; i++) {
		const struct store_spell s = {.device = n,
			.hour = now - i,
			.flags = HISTORY_SEEN | ((n + i) % 31 ? 0 : HISTORY_REFUSED),
			.up = 1000 * (n + i),
			.down = 9000 * n,
			.count = 9,
			.peers = PEERS};

		error = store_spell_add(h, &s);
	}
	return error;
}

static int store_peers(struct bench *b, struct store_history *h, unsigned n)
{
	uint32_t now = history_hour(b->now);
	struct store_talk_news news;
	int error = 0;

	for (unsigned k = 0; k < PEERS * TALK_HOURS && !error; k++) {
		struct store_peer p = {.device = n,
			.told = true,
			.proto = FLOW_PROTO_TCP,
			.port = 443,
			.addr = address(203, k % PEERS)};
		const struct store_talk t = {.hour = now - k / PEERS,
			.up = 1000 * k,
			.down = 5000,
			.count = 3,
			.last = b->now - (nstime)(k / PEERS) * HISTORY_HOUR};

		(void)str_print(p.name, sizeof(p.name), "host%u.example.net", k % PEERS);
		error = store_talk_add(h, &p, &t, HISTORY_PEERS_EACH, false, &news);
	}
	return error;
}

static int store_history(struct bench *b)
{
	struct store_history *h;
	int error = store_history_begin(b->store, &h);

	if (error)
		return error;
	for (unsigned n = 1; n <= b->devices && !error; n++) {
		error = store_hours(b, h, n);
		if (!error)
			error = store_peers(b, h, n);
	}
	for (unsigned i = 0; i < HOURS && !error; i++)
		error = store_span_add(h, b->now - i * HISTORY_HOUR);
	store_history_end(h);
	return error;
}

static int fill(struct bench *b)
{
	int error = 0;

	for (unsigned n = 1; n <= b->devices && !error; n++)
		error = store_device(b, n);
	for (unsigned n = 0; n < b->events && !error; n++)
		error = store_one_event(b, n);
	if (!error)
		error = store_history(b);
	return error ? error : store_commit(b->store);
}

/* ---- what was learned ---- */

static void learn(struct bench *b)
{
	for (unsigned k = 0; k < EPISODES * PEERS; k++)
		for (unsigned n = 1; n <= b->devices; n++) {
			nstime when = b->now - (EPISODES - k / PEERS) * 2 * HISTORY_HOUR;
			struct record r = {.device = mac_of(n),
				.first = when,
				.last = when + NS_PER_SEC,
				.answered = true,
				.family = 4,
				.proto = FLOW_PROTO_TCP,
				.device_port = 40000,
				.peer_port = 443,
				.device_addr = address(10, n),
				.peer = address(203, k % PEERS),
				.naming = RECORD_ANSWER,
				.packets = {5, 5},
				.bytes = {500, 5000}};

			(void)str_print(r.name, sizeof(r.name), "host%u.example.net",
				k % PEERS);
			(void)!learned_record(b->p.learner.learned, &r);
		}
	learned_end(b->p.learner.learned, b->now);
}

/* ---- questions ---- */

static int ask(struct bench *b, const char *target)
{
	char text[TARGET_MAX + 64];
	struct http_head head;
	struct cursor in;
	uint64_t start;
	int error = str_print(
		text, sizeof(text), "GET %s HTTP/1.1\r\nHost: cardea\r\n\r\n", target);

	if (error)
		return error;
	start = nanoseconds();
	in = cursor_of(text, strlen(text));
	error = http_parse_request(&in, &head);
	if (error)
		return error;
	struct api_request r = {.pipeline = &b->p, .head = &head, .roles = API_OWNER};

	api_dispatch(&r);
	(void)jsonw_text(&r.json);
	printf("%llu %u %zu\n", (unsigned long long)(nanoseconds() - start), r.status,
		r.json.len);
	fflush(stdout);
	api_done(&r);
	return 0;
}

static int serve(struct bench *b)
{
	char line[TARGET_MAX];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		int error = ask(b, line);

		if (error)
			return fail(line, error);
	}
	return 0;
}

static int run(struct bench *b, const char *folder)
{
	bool damaged;
	int error = store_open(folder, &b->store, &damaged);

	b->now = clock_wall(clock_system());
	if (!error && b->devices)
		error = fill(b);
	b->loop = loop_new(clock_system());
	if (!error && !b->loop)
		error = -ENOMEM;
	if (!error)
		error = pipeline_init(&b->p);
	if (!error)
		error = pipeline_open(&b->p, b->loop, b->store, NULL, NULL);
	if (error)
		return fail("the state folder", error);
	learn(b);
	error = serve(b);
	pipeline_end(&b->p);
	store_close(b->store);
	loop_free(b->loop);
	return error;
}

int main(int argc, char **argv)
{
	static struct bench b;
	int64_t devices, events;

	if (argc != 4 || str_to_i64(argv[2], 0, LIMIT_DEVICES, &devices) ||
		str_to_i64(argv[3], 0, LIMIT_EVENTS, &events) || (events && !devices)) {
		fprintf(stderr, "usage: bench_pages FOLDER DEVICES EVENTS\n");
		return 2;
	}
	b.devices = (unsigned)devices;
	b.events = (unsigned)events;
	return run(&b, argv[1]);
}
