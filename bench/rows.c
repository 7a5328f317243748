// SPDX-License-Identifier: GPL-2.0-or-later
/* rows - what a script takes out of a capture with tshark, by our parsers: a line for
 * each DNS message over UDP.
 *
 *   bench_rows FILE   -> "MAC\tNAME\tADDRESS,ADDRESS" lines
 *
 * As tshark -T fields -e eth.src -e dns.qry.name -e dns.a prints them. A
 * message that is broken somewhere gives what came before. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/addr.h"
#include "sensors/pcap.h"
#include "wire/dns.h"
#include "wire/packet.h"

static void show_addresses(struct cursor *message, unsigned count)
{
	char text[ADDR_TEXT_MAX];
	struct dns_record r;
	const char *between = "";

	while (count-- && !dns_next_record(message, &r)) {
		if (r.type != DNS_TYPE_A || r.class != DNS_CLASS_IN)
			continue;
		addr_format(&r.addr, text);
		printf("%s%s", between, text);
		between = ",";
	}
}

static void show(const struct packet *p)
{
	struct cursor message = cursor_of(p->payload.pos, cursor_left(&p->payload));
	struct dns_question question = {.name.text = ""};
	struct dns_header head;
	char mac[MAC_TEXT_MAX];

	if (dns_parse_header(&message, &head))
		return;
	mac_format(&p->eth.src, mac);
	int good = !head.questions || !dns_next_question(&message, &question);
	printf("%s\t%s\t", mac, question.name.text);
	/* nobody asks two things at once, but a message may say so */
	for (unsigned i = 1; good && i < head.questions; i++)
		good = !dns_next_question(&message, &question);
	if (good)
		show_addresses(&message,
			(unsigned)head.answers + head.authorities + head.additionals);
	putchar('\n');
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct pcap *pcap;
	struct pcap_record r;
	struct packet p;
	int state;

	if (fd < 0 || pcap_open(fd, &pcap)) {
		fprintf(stderr, "usage: bench_rows FILE\n");
		return 2;
	}
	while ((state = pcap_next(pcap, &r)) == 1) {
		if (packet_parse(r.linktype, cursor_of(r.data, r.caplen), &p) ||
			!(p.layers & PACKET_UDP))
			continue;
		if (p.udp.src_port == DNS_PORT || p.udp.dst_port == DNS_PORT)
			show(&p);
	}
	pcap_close(pcap);
	close(fd);
	return state || fflush(stdout) || ferror(stdout) ? 1 : 0;
}
