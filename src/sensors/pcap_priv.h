// SPDX-License-Identifier: GPL-2.0-or-later
/* What pcap.c (buffer, pcap) and pcapng.c (blocks) share. */
#ifndef CARDEA_SENSORS_PCAP_PRIV_H
#define CARDEA_SENSORS_PCAP_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include "sensors/pcap.h"

/* Some of the largest packets. */
#define PCAP_BUFFER_BYTES (1U << 20)
/* One read(2); large enough that calls do not count, small enough that what it brought is
 * in the processor's cache when it is looked at, and the flows still are: with 1 MiB at
 * once, as much as that cache had, `cardea learn` took 4 to 11 % more. */
#define PCAP_READ_BYTES (64U << 10)
/* tcpdump's MAXIMUM_SNAPLEN; more is a broken length field. */
#define PCAP_PACKET_MAX 262144
/* Interfaces of one section: "any" on a big switch; more is an attack on memory. */
#define PCAP_INTERFACES_MAX 256
#define PCAP_ERROR_MAX 160

struct pcap_interface {
	uint16_t linktype;
	uint8_t tsresol;  /* as in the option: 6 is microseconds */
	uint32_t snaplen; /* 0: no limit */
	int64_t tsoffset; /* seconds */
};

struct pcap {
	int fd;
	int (*next)(struct pcap *p, struct pcap_record *ret);
	int error;
	char message[PCAP_ERROR_MAX];
	bool at_end;       /* read(2) has said so */
	bool big;          /* byte order of numbers */
	uint64_t done;     /* bytes consumed */
	size_t start, end; /* of what waits in buf */
	nstime last;       /* time of the latest record */
	/* pcap */
	bool nano;
	bool swap; /* its order is not this machine's */
	bool is_plain; /* neither, and no error yet */
	uint32_t linktype;
	/* pcapng */
	uint32_t interface_count;
	struct pcap_interface interfaces[PCAP_INTERFACES_MAX];
	uint8_t buf[PCAP_BUFFER_BYTES];
};

/* Makes n bytes wait in the buffer (n <= PCAP_BUFFER_BYTES). 1; 0 when the file ends
 * before the first of them; an error when it ends among them (what: "a packet"). */
int pcap_need(struct pcap *p, size_t n, const char *what);
/* The byte at offset `at` behind what is consumed; needs pcap_need. */
const uint8_t *pcap_at(const struct pcap *p, size_t at);
void pcap_consume(struct pcap *p, size_t n);
/* Consumes n bytes, however many. 0 or an error. */
int pcap_skip(struct pcap *p, uint64_t n, const char *what);
uint16_t pcap_u16(const struct pcap *p, size_t at);
uint32_t pcap_u32(const struct pcap *p, size_t at);
/* Sets the sticky error and returns it. */
int pcap_fail(struct pcap *p, int error, const char *fmt, ...) CARDEA_PRINTF(3, 4);
/* Seconds and nanoseconds as nstime, at the end of time when beyond. */
nstime pcap_time(int64_t seconds, uint32_t ns);

int pcapng_next(struct pcap *p, struct pcap_record *ret);

#endif
