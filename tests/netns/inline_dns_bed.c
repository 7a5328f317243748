// SPDX-License-Identifier: GPL-2.0-or-later
/* inline_dns_bed.c - loading, frames and maps. */
#include "inline_dns_bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define FRAME_MAX (14 + 40 + 8 + BED_MESSAGE_MAX)
#define SUBJECT(n) (2U * (n)) /* of the MAC; the address has the next one */
#define DEVICES_MAX 100
#define QUERIES_MAX 1024

static void end(const char *what, int error)
{
	fprintf(stderr, "inline_dns: %s: %s\n", what, strerror(error));
	exit(2);
}

static int map(struct bed *b, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(b->object, name);

	if (fd < 0)
		end(name, -fd);
	return fd;
}

static int program(struct bed *b, const char *name)
{
	struct bpf_program *p = bpf_object__find_program_by_name(b->object, name);

	if (!p)
		end(name, ENOENT);
	return bpf_program__fd(p);
}

static void update(int fd, const void *key, const void *value)
{
	if (bpf_map_update_elem(fd, key, value, BPF_ANY))
		end("map update", errno);
}

static int hear(void *ctx, void *data, size_t size)
{
	const struct bpf_event *e = data;
	struct bed *b = ctx;

	if (size < sizeof *e || e->kind != BPF_EVENT_LEARNED ||
		b->told_count == BED_TOLD_MAX)
		return 0;
	b->told[b->told_count++] = (struct bed_told){
		.peer = e->what.peer, .hash = e->hash, .ttl_s = e->ttl_s};
	return 0;
}

/* Looking through a table takes as long as it is large, and this is done at each case.
 */
static void keep_small(struct bed *b)
{
	static const struct {
		const char *name;
		uint32_t max;
	} sizes[] = {{"policy", 8192}, {"names", 1024}, {"queries", QUERIES_MAX}};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct bpf_map *m =
			bpf_object__find_map_by_name(b->object, sizes[i].name);
		if (!m || bpf_map__set_max_entries(m, sizes[i].max))
			end(sizes[i].name, ENOENT);
	}
}

void bed_open(struct bed *b, const char *object)
{
	struct bpf_settings set = {.abi = BPF_ABI, .local_count = 2};
	uint32_t zero = 0;

	memset(b, 0, sizeof *b);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	b->object = bpf_object__open_file(object, NULL);
	if (!b->object)
		end(object, errno);
	keep_small(b);
	int e = bpf_object__load(b->object);
	if (e)
		end("load", -e);
	b->ingress = program(b, "ingress");
	b->egress = program(b, "egress");
	b->subjects = map(b, "subjects");
	b->policy = map(b, "policy");
	b->names = map(b, "names");
	b->queries = map(b, "queries");
	b->counters = map(b, "counters");
	b->key = (struct name_key){0x0706050403020100, 0x0f0e0d0c0b0a0908};
	set.name_key[0] = b->key.k0;
	set.name_key[1] = b->key.k1;
	set.locals[0].lo = bed_addr(&(struct addr){4, {10, 0, 0, 0}});
	set.locals[0].hi = bed_addr(&(struct addr){4, {10, 0, 0, 255}});
	set.locals[1].lo = bed_addr(&(struct addr){6, {0xfd}});
	set.locals[1].hi = bed_addr(&(struct addr){6, {0xfd, [15] = 0xff}});
	update(map(b, "settings"), &zero, &set);
	b->ring = ring_buffer__new(map(b, "events"), hear, b, NULL);
	if (!b->ring)
		end("events", errno);
}

void bed_close(struct bed *b)
{
	ring_buffer__free(b->ring);
	bpf_object__close(b->object);
}

struct bpf_addr bed_addr(const struct addr *a)
{
	struct bpf_addr r = {{0, 0, htonl(0xffff), 0}};

	if (a->family == 4)
		memcpy(&r.w[3], a->b, 4);
	else
		memcpy(r.w, a->b, 16);
	return r;
}

static struct addr host(bool v6, uint8_t last)
{
	if (v6)
		return (struct addr){6, {0xfd, [15] = last}};
	return (struct addr){4, {10, 0, 0, last}};
}

bool bed_is_lan(const struct addr *a)
{
	struct addr first = host(a->family == 6, 0);

	return !memcmp(a->b, first.b, a->family == 6 ? 15 : 3);
}

/* Servers are hosts 201 to 203 of the same network. */
#define SERVER(n) ((uint8_t)(200 + (n)))

static void device_address(struct bed *b, uint8_t n, const struct bpf_mac *mac, bool v6)
{
	struct addr own = host(v6, n);
	struct bpf_bound bound = {.addr = bed_addr(&own), .mac = *mac};
	struct bpf_addr_value value = {
		.subject = SUBJECT(n) + 1, .flags = BPF_POLICED | BPF_OWNED};
	uint8_t yes = 1;

	update(map(b, "addrs"), &bound.addr, &value);
	update(map(b, "bound"), &bound, &yes);
	for (uint8_t s = 1; s <= 3; s++) {
		struct addr server = host(v6, SERVER(s));
		struct bpf_exact key = {.subject = SUBJECT(n),
			.port = htons(DNS_PORT),
			.proto = 17,
			.peer = bed_addr(&server)};
		struct bpf_entry entry = {0};
		update(b->policy, &key, &entry);
	}
}

uint32_t bed_device(struct bed *b, uint8_t n)
{
	struct bpf_mac mac = {.b = {2, 0, 0, 0, 0, n}};
	struct bpf_mac_value value = {
		.subject = SUBJECT(n), .flags = BPF_MANAGED | BPF_NAMED};

	if (!n || n > DEVICES_MAX)
		end("device", ERANGE);
	update(map(b, "macs"), &mac, &value);
	device_address(b, n, &mac, false);
	device_address(b, n, &mac, true);
	return SUBJECT(n);
}

static void write_ip(struct writer *w, bool v6, const struct addr *from,
	const struct addr *to, size_t payload)
{
	writer_u16(w, v6 ? 0x86dd : 0x0800);
	if (v6) {
		writer_u32(w, 6U << 28);
		writer_u16(w, (uint16_t)payload);
		writer_u8(w, 17);
		writer_u8(w, 64);
	} else {
		writer_u16(w, 0x4500);
		writer_u16(w, (uint16_t)(20 + payload));
		writer_u32(w, 0);
		writer_u16(w, 64 << 8 | 17);
		writer_u16(w, 0); /* nobody looks at checksums here */
	}
	writer_bytes(w, from->b, v6 ? 16 : 4);
	writer_bytes(w, to->b, v6 ? 16 : 4);
}

static bool run(struct bed *b, const struct bed_packet *p, bool to_device)
{
	static const struct mac gateway = {{2, 0, 0, 0, 1, 0}};
	struct mac own = {{2, 0, 0, 0, 0, p->device}};
	struct addr device = host(p->v6, p->device);
	struct addr server = host(p->v6, SERVER(p->server));
	uint16_t server_port = p->server_port ? p->server_port : DNS_PORT;
	uint8_t frame[FRAME_MAX];
	struct writer w = writer_of(frame, sizeof frame);

	if (p->mac)
		own = *p->mac;
	writer_bytes(&w, to_device ? &own : &gateway, 6);
	writer_bytes(&w, to_device ? &gateway : &own, 6);
	write_ip(&w, p->v6, to_device ? &server : &device,
		to_device ? &device : &server, 8 + p->len);
	writer_u16(&w, to_device ? server_port : p->port);
	writer_u16(&w, to_device ? p->port : server_port);
	writer_u16(&w, (uint16_t)(8 + p->len));
	writer_u16(&w, 0);
	writer_bytes(&w, p->message, p->len);
	struct __sk_buff skb = {.ingress_ifindex = to_device && p->foreign};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &skb, .ctx_size_in = sizeof skb,
		.data_in = frame, .data_size_in = (uint32_t)w.len, .repeat = 1);
	if (w.error ||
		bpf_prog_test_run_opts(to_device ? b->egress : b->ingress, &opts))
		end("run", w.error ? EMSGSIZE : errno);
	b->ns = opts.duration;
	return opts.retval == (uint32_t)-1; /* TC_ACT_UNSPEC */
}

bool bed_ask(struct bed *b, const struct bed_packet *p)
{
	return run(b, p, false);
}

bool bed_answer(struct bed *b, const struct bed_packet *p)
{
	return run(b, p, true);
}

void bed_name(struct bed *b, uint32_t subject, uint64_t hash, bool suffix,
	const struct bpf_openings *o)
{
	struct bpf_name key = {.hash = hash, .subject = subject, .suffix = suffix};

	update(b->names, &key, o);
}

void bed_names_clear(struct bed *b)
{
	struct bpf_name key;

	while (!bpf_map_get_next_key(b->names, NULL, &key))
		bpf_map_delete_elem(b->names, &key);
}

static void look_policy(struct bed *b)
{
	struct bpf_exact key, *before = NULL;

	b->open_count = 0;
	for (; !bpf_map_get_next_key(b->policy, before, &key); before = &key) {
		struct bed_open *o = &b->open[b->open_count];
		if (bpf_map_lookup_elem(b->policy, &key, &o->entry) || !o->entry.until)
			continue;
		o->key = key;
		if (++b->open_count == BED_OPEN_MAX)
			end("open", ENOSPC);
	}
}

void bed_look(struct bed *b)
{
	b->told_count = 0;
	ring_buffer__consume(b->ring);
	look_policy(b);
}

void bed_clear(struct bed *b)
{
	struct bpf_query query;

	bed_look(b);
	for (size_t i = 0; i < b->open_count; i++) {
		uint32_t number = b->open[i].key.subject;
		struct bpf_subject s = bed_subject(b, number);
		s.learned -= b->open[i].entry.learned;
		update(b->subjects, &number, &s);
		bpf_map_delete_elem(b->policy, &b->open[i].key);
	}
	while (!bpf_map_get_next_key(b->queries, NULL, &query)) {
		struct bpf_subject s = bed_subject(b, query.subject);
		s.queries--;
		update(b->subjects, &query.subject, &s);
		bpf_map_delete_elem(b->queries, &query);
	}
}

uint64_t bed_counter(struct bed *b, enum bpf_counter which)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t values[cpus > 0 ? cpus : 1], sum = 0;
	uint32_t key = which;

	if (cpus <= 0 || bpf_map_lookup_elem(b->counters, &key, values))
		end("counters", errno);
	for (int i = 0; i < cpus; i++)
		sum += values[i];
	return sum;
}

struct bpf_subject bed_subject(struct bed *b, uint32_t number)
{
	struct bpf_subject s;

	if (bpf_map_lookup_elem(b->subjects, &number, &s))
		end("subjects", errno);
	return s;
}

void bed_put(struct bed *b, const struct bpf_exact *key, const struct bpf_entry *e)
{
	update(b->policy, key, e);
}

size_t bed_queries(struct bed *b, uint32_t subject, struct bpf_query *ret, size_t max)
{
	struct bpf_query key, *before = NULL;
	size_t n = 0;

	for (; !bpf_map_get_next_key(b->queries, before, &key); before = &key)
		if (key.subject == subject) {
			if (n < max)
				ret[n] = key;
			n++;
		}
	return n;
}

/* An update moves its element to the front: the keys are taken down first. */
void bed_queries_end(struct bed *b, uint64_t until)
{
	struct bpf_query keys[QUERIES_MAX], *before = NULL;
	size_t n = 0;

	for (; n < QUERIES_MAX && !bpf_map_get_next_key(b->queries, before, &keys[n]);
		n++)
		before = &keys[n];
	while (n--)
		update(b->queries, &keys[n], &until);
}

uint64_t bed_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
