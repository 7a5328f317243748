// SPDX-License-Identifier: GPL-2.0-or-later
/* observe - what is observed in captures, one after the other.
 *
 *   bench_observe [-r] [-d MAC] FILE...   -> counts, on stderr; -r: each record and
 * event as a line of tab-separated fields on stdout, a test's golden data */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "observe/observe.h"
#include "sensors/pcap.h"

static uint64_t records, events, check;

static void print_record(const struct record *r)
{
	char device[MAC_TEXT_MAX], peer_mac[MAC_TEXT_MAX], a[ADDR_TEXT_MAX];
	char b[ADDR_TEXT_MAX], proto[FLOW_PROTO_TEXT_MAX];

	printf("record\t%s\t%" PRId64 "\t%" PRId64
	       "\t%s\t%d\t%d\t%s\t%s\t%u\t%s\t%u\t%s\t%s"
	       "\t%s\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
		mac_format(&r->device, device), r->first, r->last,
		direction_name(r->direction), r->midstream, r->answered,
		flow_proto_text(r->proto, proto), addr_format(&r->device_addr, a),
		r->device_port, addr_format(&r->peer, b), r->peer_port,
		record_place_name(r->place),
		r->place == RECORD_DEVICE ? mac_format(&r->peer_mac, peer_mac) : "",
		record_naming_name(r->naming), r->name, record_app_name(r->app),
		r->detail, r->packets[0], r->packets[1], r->bytes[0], r->bytes[1]);
}

static void on_record(void *ctx, const struct record *r)
{
	records++;
	check += r->packets[0] + r->packets[1];
	if (*(bool *)ctx)
		print_record(r);
}

static void on_event(void *ctx, const struct mac *m, enum observe_event e, nstime when)
{
	static const char *const names[] = {"new", "boot", "lease"};
	char text[MAC_TEXT_MAX];

	events++;
	if (*(bool *)ctx)
		printf("%s\t%s\t%" PRId64 "\n", names[e], mac_format(m, text), when);
}

static int read_file(struct observe *o, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;
	struct pcap_record rec;
	struct pcap *p;

	if (fd < 0 || pcap_open(fd, &p)) {
		perror(path);
		return 1;
	}
	while ((r = pcap_next(p, &rec)) > 0)
		observe_frame(o, rec.linktype, rec.data, rec.caplen, rec.len, rec.time);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", path, pcap_error(p));
	observe_end(o);
	pcap_close(p);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	static bool lines;
	struct observe_config config = {
		.record = on_record, .event = on_event, .ctx = &lines};
	struct observe_counts n;
	struct observe *o;
	int option, failed = 0;

	while ((option = getopt(argc, argv, "rd:f:")) != -1) {
		if (option == 'r')
			lines = true;
		else if (option == 'f')
			config.flows = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option != 'd' || mac_parse(optarg, &config.device))
			return 2;
	}
	if (optind == argc || observe_new(&config, &o)) {
		fprintf(stderr,
			"usage: bench_observe [-r] [-d MAC] [-f FLOWS] FILE...\n");
		return 2;
	}
	for (int i = optind; i < argc; i++)
		failed |= read_file(o, argv[i]);
	observe_counts(o, &n);
	fprintf(stderr,
		"packets %" PRIu64 " bytes %" PRIu64 " unreadable %" PRIu64
		" malformed %" PRIu64 " fragments %" PRIu64 " foreign %" PRIu64
		" flows %" PRIu64 " evicted %" PRIu64 " hellos %" PRIu64
		" split %" PRIu64 " hidden %" PRIu64 " records %" PRIu64 " of %" PRIu64
		" packets, events %" PRIu64 "\n",
		n.packets, n.bytes, n.unreadable, n.malformed, n.fragments, n.foreign,
		n.flows, n.evicted, n.hellos, n.hellos_split, n.hidden, records, check,
		events);
	observe_free(o);
	return failed;
}
