// SPDX-License-Identifier: GPL-2.0-or-later
/* pcap - reads capture files, pcap and pcapng, of either byte order. A file is as
 * hostile as a packet; what came before a broken place still counts. */
#ifndef CARDEA_SENSORS_PCAP_H
#define CARDEA_SENSORS_PCAP_H

#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"

struct pcap;

struct pcap_record {
	uint32_t linktype;   /* wire/link.h */
	nstime time;         /* wall; of the record before where the format has none */
	uint32_t caplen;     /* bytes at data */
	uint32_t len;        /* on the wire, at least caplen */
	const uint8_t *data; /* valid until the next call */
};

/* Reads with read(2) from where fd stands; a pipe will do. fd stays the caller's and
 * must outlive it. Only memory can fail here: a wrong format is pcap_next's to say. */
int pcap_open(int fd, struct pcap **ret) CARDEA_MUSTCHECK;
void pcap_close(struct pcap *p); /* NULL is fine; fd stays open */
/* 1 and a record, 0 at the end, or an error, which then sticks. */
int pcap_next(struct pcap *p, struct pcap_record *ret) CARDEA_MUSTCHECK;
/* After an error: what is wrong and at which byte. Static text otherwise; never NULL.
 */
const char *pcap_error(const struct pcap *p);
/* Bytes of the file that have been dealt with, for progress. */
uint64_t pcap_offset(const struct pcap *p);

#endif
