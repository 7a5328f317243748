// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes seeds for the learner's fuzz targets: learned_seeds DIRECTORY, which has the
 * folders learned and learned_records. The same bytes each time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/learned/learned.h"

#define SEEDS 6
#define RECORD_BYTES 3000

static uint64_t random_state = 0x9e3779b97f4a7c15;
static uint8_t random_byte(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint8_t)(random_state * 0x2545f4914f6cdd1d >> 56);
}

static void write_file(
	const char *dir, const char *target, int n, const void *data, size_t len)
{
	char path[4096];
	FILE *f;

	(void)str_print(path, sizeof path, "%s/%s/seed-%d", dir, target, n);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f)) {
		fprintf(stderr, "%s: cannot be written\n", path);
		exit(1);
	}
}

static struct record record_of(int i, int capture)
{
	static const char *const names[] = {"a.example.com", "b.example.com",
		"c.example.com", "", "0.pool.ntp.org"};
	struct record r = {
		.device.b = {2, 0, 0, 0, 0, (uint8_t)(i % 2)},
		.first = (1700000000LL + capture * 3600 + i) * NS_PER_SEC,
		.direction = i % 7 == 6 ? DIRECTION_TO_DEVICE : DIRECTION_FROM_DEVICE,
		.answered = true,
		.family = i % 5 == 4 ? 6 : 4,
		.proto = i % 3 ? FLOW_PROTO_TCP : FLOW_PROTO_UDP,
		.device_port = 40000,
		.peer_port = (uint16_t)(i % 4 ? 443 : 53),
		.place = i % 7 == 6 ? RECORD_DEVICE
			 : i % 4    ? RECORD_INTERNET
				    : RECORD_GATEWAY,
		.peer_mac.b = {2, 0, 0, 0, 0, 9},
		.packets = {4, 4},
		.bytes = {500, (uint64_t)(capture == 3 ? 4 << 20 : 900)},
	};

	r.last = r.first + NS_PER_SEC;
	r.peer.family = r.family;
	r.peer.b[0] = 203;
	if (r.place == RECORD_INTERNET)
		str_copy(r.name, sizeof r.name, names[i % 5]);
	if (r.place == RECORD_GATEWAY) {
		r.app = RECORD_APP_DNS;
		str_copy(r.detail, sizeof r.detail,
			i % 8 ? "A a.example.com" : "AAAA x.y.z");
	} else if (r.peer_port == 443) {
		r.app = RECORD_APP_TLS;
		str_copy(r.detail, sizeof r.detail, "h2");
	}
	return r;
}

static void write_state(const char *dir, int n, struct learned *l)
{
	size_t room = learned_save_size(l);
	struct writer w = writer_of(calloc(1, room), room);

	if (!w.start || learned_save(l, &w))
		exit(1);
	write_file(dir, "learned", n, w.start, w.len);
	free(w.start);
	learned_free(l);
}

/* The larger the number, the longer was watched. */
static void state_seed(const char *dir, int n)
{
	struct learned_config c = {.per_capture = true};
	struct learned *l;

	if (learned_new(&c, &l))
		exit(1);
	for (int capture = 0; capture < n * n * 20; capture++) {
		for (int i = 0; i < n * 8; i++) {
			struct record r = record_of(i, capture);

			if (n == 4)
				(void)str_print(r.name, sizeof r.name,
					"n%d.cdn.example.com", capture * 40 + i);
			if (n == 3 && i == 3)
				r.peer_port = 23;
			if (learned_record(l, &r))
				exit(1);
		}
		learned_capture(l);
	}
	write_state(dir, n, l);
}

/* What waits for what: a phone calls a hub, the hub a bulb, a heartbeat goes on. */
static void house_seed(const char *dir, int n)
{
	struct learned_config c = {0};
	struct learned *l;

	if (learned_new(&c, &l))
		exit(1);
	for (int i = 0; i < 200; i++) {
		struct record r = record_of(6, i); /* from one device to another */
		bool call = i % 5 == 0, command = i % 5 == 1;
		uint8_t from = call ? 1 : command ? 2 : 4;

		r.device = (struct mac){{2, 0, 0, 0, 0, from}};
		r.peer_mac = (struct mac){{2, 0, 0, 0, 0, call ? 2 : command ? 3 : 5}};
		r.direction = DIRECTION_FROM_DEVICE;
		r.peer_port = call ? 80 : command ? 5683 : 9999;
		r.device_port = (uint16_t)(40000 + i);
		r.first = (1700000000LL + i / 5 * 700 + i % 5 * (i % 5)) * NS_PER_SEC;
		r.last = r.first + NS_PER_SEC;
		if (learned_record(l, &r))
			exit(1);
	}
	learned_end(l, INT64_MAX);
	write_state(dir, n, l);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: learned_seeds DIRECTORY\n");
		return 2;
	}
	for (int n = 0; n < SEEDS; n++) {
		uint8_t bytes[RECORD_BYTES];

		state_seed(argv[1], n);
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = random_byte();
		write_file(argv[1], "learned_records", n, bytes, sizeof bytes);
	}
	house_seed(argv[1], SEEDS);
	return 0;
}
