// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns - messages (RFC 1035, RFC 6891, RFC 9460): iterate, collect an answer, build.
 * Message cursors start at the header, since compression counts from there. */
#ifndef CARDEA_WIRE_DNS_H
#define CARDEA_WIRE_DNS_H

#include "base/addr.h"
#include "base/cursor.h"
#include "wire/dns_name.h"

#define DNS_PORT 53
#define DNS_HEADER_LEN 12
/* Addresses of one answer. Real ones stay under 50; more would let a server flood the
 * gateway's sets. */
#define DNS_ANSWER_ADDRESSES_MAX 128
/* CNAMEs from the question to the addresses; resolvers stop at 8 to 17. */
#define DNS_ANSWER_CHAIN_MAX 16
/* Answer records looked at; bounds the work of following an unordered chain. */
#define DNS_ANSWER_RECORDS_MAX 512
/* Address hints in one SVCB or HTTPS record, both families together. */
#define DNS_SVCB_HINTS_MAX 32
/* What we offer and answer over UDP (DNS flag day 2020: avoids fragments). */
#define DNS_UDP_SIZE 1232
#define DNS_UDP_SIZE_PLAIN 512 /* without EDNS (RFC 1035 2.3.4) */
#define DNS_EDNS_DO 0x8000     /* in OPT's TTL: DNSSEC wanted (RFC 3225) */

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_HTTPS = 65,
	DNS_TYPE_ANY = 255,
};
#define DNS_CLASS_IN 1

enum dns_rcode {
	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_FORMERR = 1,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
	DNS_RCODE_NOTIMP = 4,
	DNS_RCODE_REFUSED = 5,
};

struct dns_header {
	uint16_t id;
	bool qr, aa, tc, rd, ra, ad, cd;
	uint8_t opcode;
	uint8_t rcode; /* the low four bits */
	uint16_t questions, answers, authorities, additionals;
};

struct dns_question {
	struct dns_name name;
	uint16_t type, class;
};

struct dns_svcb {
	uint16_t priority; /* 0: AliasMode */
	struct dns_name target; /* root: the owner itself (RFC 9460 2.5) */
	uint8_t hint_count;
	bool has_ech;
	bool has_port;
	uint16_t port;
	struct addr hints[DNS_SVCB_HINTS_MAX];
};

struct dns_record {
	struct dns_name owner;
	uint16_t type, class; /* OPT: class is the sender's UDP size */
	uint32_t ttl;	      /* OPT: extended rcode, version, flags */
	struct cursor rdata;  /* starts at the message, for names; stands at the data */
	union { /* by type, for class IN; others are opaque in rdata */
		struct addr addr;	/* A, AAAA */
		struct dns_name target; /* CNAME, NS, PTR */
		struct dns_svcb svcb;	/* SVCB, HTTPS */
		uint32_t soa_minimum;	/* SOA */
	};
};

int dns_parse_header(struct cursor *c, struct dns_header *ret) CARDEA_MUSTCHECK;
int dns_next_question(struct cursor *c, struct dns_question *ret) CARDEA_MUSTCHECK;
/* Call it answers + authorities + additionals times. */
int dns_next_record(struct cursor *c, struct dns_record *ret) CARDEA_MUSTCHECK;

/* A query as a resolver wants it. Exactly one question, else CARDEA_EMALFORMED. */
struct dns_query {
	uint16_t id;
	bool rd, cd, ad;
	bool has_edns, want_dnssec; /* an OPT record; its DO bit */
	uint8_t edns_version;
	uint8_t opcode;
	uint16_t udp_size; /* with EDNS, at least 512 (RFC 6891 6.2.3); 512 without */
	struct dns_question question;
};
/* CARDEA_EREFUSED for a message that is a response. */
int dns_query_parse(struct cursor message, struct dns_query *ret) CARDEA_MUSTCHECK;

struct dns_answer {
	uint16_t id;
	bool tc, aa, ad, ra;
	bool has_edns;
	uint16_t rcode; /* with the extended bits of EDNS */
	struct dns_question question;
	struct dns_name owner; /* the end of the CNAME chain */
	uint8_t chain_count;   /* CNAMEs and AliasModes followed */
	bool has_hints;	       /* some addresses are SVCB or HTTPS hints */
	bool has_ech;	       /* an HTTPS record offers Encrypted Client Hello */
	bool has_negative_ttl;
	uint32_t negative_ttl; /* RFC 2308 5: the SOA's, when there is no data */
	uint32_t min_ttl;      /* over the chain and the addresses; 0 without any */
	uint16_t told; /* addresses before duplicates went */
	uint8_t count;
	/* no duplicates, no IPv4 as IPv6 */
	struct addr addresses[DNS_ANSWER_ADDRESSES_MAX];
};
/* Follows the chain of CNAMEs, and of AliasMode for SVCB and HTTPS (RFC 9460 2.4.2), from
 * the question and collects the last owner's records of the type asked for: A, AAAA, or
 * the hints of SVCB and HTTPS in ServiceMode. Records of other owners are ignored; with
 * an rcode there are no addresses. CARDEA_EREFUSED for a query; CARDEA_EMALFORMED when one
 * owner has two different targets or there is not exactly one question; CARDEA_ELOOP when
 * the chain returns to the question or stands still, other circles end at the limit. A
 * truncated message (tc) may end early: what was whole is collected. */
int dns_answer_collect(struct cursor message, struct dns_answer *ret) CARDEA_MUSTCHECK;

/* Builders return the writer's error and append; compression counts from where they
 * began. udp_size is used when has_edns. */
int dns_build_query(struct writer *w, const struct dns_query *q) CARDEA_MUSTCHECK;
/* A response to q with its question, no records (but OPT when q had it). rcode may be
 * extended when q has EDNS. */
int dns_build_reply(struct writer *w, const struct dns_query *q, uint16_t rcode)
	CARDEA_MUSTCHECK;
/* The same with TC set: come back over TCP. */
int dns_build_truncated(struct writer *w, const struct dns_query *q) CARDEA_MUSTCHECK;
/* An answer: the question's name through the CNAMEs (chain[0] is what it points to) to
 * those of the addresses whose family is the question's type. */
struct dns_reply {
	uint32_t ttl;
	bool ad;
	const struct dns_name *chain;
	size_t chain_count;
	const struct addr *addresses;
	size_t address_count;
};
int dns_build_answer(struct writer *w, const struct dns_query *q,
	const struct dns_reply *reply) CARDEA_MUSTCHECK;

/* TCP framing (RFC 7766 8): two octets of length. The next whole message, consumed
 * from stream; CARDEA_ETRUNCATED, and nothing consumed, when more must be read. */
int dns_frame_next(struct cursor *stream, struct cursor *ret_message) CARDEA_MUSTCHECK;
int dns_frame_write(struct writer *w, const void *message, size_t len) CARDEA_MUSTCHECK;

#endif
