// SPDX-License-Identifier: GPL-2.0-or-later
/* What the parts of observe share. */
#ifndef CARDEA_OBSERVE_OBSERVE_PRIV_H
#define CARDEA_OBSERVE_OBSERVE_PRIV_H

#include "observe/flows.h"
#include "observe/hosts.h"
#include "observe/initial.h"
#include "observe/observe.h"
#include "observe/streams.h"
#include "observe/strings.h"
#include "observe/told.h"
#include "observe/walk.h"
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"
#include "wire/dns.h"
#include "wire/head.h"
#include "wire/nd.h"
#include "wire/tls.h"

/* Later fragments are counted to where the first one was. A table of the latest. */
#define OBSERVE_FRAGMENTS 256
/* Frames of one capture come from several queues and interfaces; within this, time that
 * goes back is no other day. */
#define OBSERVE_DISORDER (5 * NS_PER_SEC)

struct observe_fragment {
	struct walk_key key; /* without ports */
	uint32_t id, flow;
};

/* Gateways that redirect DNS let answers come from servers that were not asked; the
 * latest questions find the conversation. */
#define OBSERVE_QUESTIONS 256

/* What devices ask they ask again, in the same octets, and it is asked once more in each
 * answer: these need not be spelt again. Names that are longer are rare. */
#define OBSERVE_ASKED 256
#define OBSERVE_ASKED_MAX 59

struct observe_asked {
	uint32_t text; /* held in strings; 0: free */
	uint8_t len;
	uint8_t octets[OBSERVE_ASKED_MAX]; /* name and type, as they were sent */
};
_Static_assert(sizeof(struct observe_asked) == 64, "a line of the cache");

/* So it is with what they seek by SSDP, and what they announce. */
#define OBSERVE_SOUGHT 64
#define OBSERVE_SOUGHT_MAX 506

struct observe_sought {
	uint32_t text; /* as in observe_asked */
	uint16_t len;
	uint8_t octets[OBSERVE_SOUGHT_MAX]; /* the message */
};

/* Too large for a stack; what stands in them is for one call. */
struct observe_scratch {
	union {
		struct dhcp4 dhcp4;
		struct dhcp6 dhcp6;
		struct nd nd;
	};
	struct dns_answer answer;
	struct dns_question question;
	struct tls_hello hello;
	uint8_t message[TLS_HELLO_MAX];
	char text[STRINGS_TEXT_MAX];
	struct record record;
};

struct observe {
	struct observe_config config;
	struct observe_counts counts;
	struct flows flows;
	struct hosts hosts;
	struct strings strings;
	struct told_table told;
	struct streams *streams;
	struct initial *initial;
	nstime now, next_sweep, next_active;
	bool one_device; /* only config.device is asked for */
	struct walk walk;
	struct observe_fragment fragments[OBSERVE_FRAGMENTS];
	uint32_t questions[OBSERVE_QUESTIONS]; /* flows */
	struct observe_asked asked[OBSERVE_ASKED];
	struct observe_sought sought[OBSERVE_SOUGHT];
	struct observe_scratch scratch;
};

/* ---- observe.c ---- */

/* A frame at this time of o->now, counted already, of whatever kind. Not inlined: known.c
 * would save all registers for it in each call. */
__attribute__((noinline)) void observe_any(
	struct observe *o, uint32_t linktype, struct cursor frame, uint32_t wire_len);

/* TCP's, of a packet of this side that ends something. */
void observe_flags(struct observe *o, struct flow_entry *e, unsigned side, uint8_t flags);

#define OBSERVE_PORT_SSDP 1900
#define OBSERVE_PORT_MDNS 5353

/* UDP that may say something about the house or about a name; by port, as DNS servers
 * and DHCP clients are. */
static inline bool observe_is_telling(unsigned s, unsigned d)
{
	return s == DNS_PORT || d == DNS_PORT || s == OBSERVE_PORT_MDNS ||
	       d == OBSERVE_PORT_MDNS || s == OBSERVE_PORT_SSDP ||
	       d == OBSERVE_PORT_SSDP || s == DHCP4_SERVER_PORT ||
	       d == DHCP4_SERVER_PORT || s == DHCP6_SERVER_PORT ||
	       d == DHCP6_SERVER_PORT;
}

/* The conversation is encrypted DNS. */
void observe_hidden(struct observe *o, struct flow_entry *e);

/* ---- house.c: what is no conversation, and who says what about the house ---- */

/* A frame without IP. */
void observe_link(struct observe *o, const struct walk *w);
/* ICMPv6, DHCP: before the packet is counted. */
void observe_house(struct observe *o, const struct walk *w);
/* Its record or event comes now. False when it is none to be told of: the gateway, or
 * not the one asked for. */
bool observe_tell_new(struct observe *o, uint32_t host);

/* ---- question.c: DNS and what is like it ---- */

/* What the packet asks or answers, interned and held; 0 for other packets. */
uint32_t observe_asked(
	struct observe *o, const struct walk *w, enum record_app *ret_app);
/* An answer to this conversation's question. */
void observe_answer(
	struct observe *o, const struct walk *w, const struct flow_entry *e);

/* A DNS message that answers this host. */
void observe_names(struct observe *o, uint32_t host, struct cursor message);

/* What UPnP asks or offers, in text; false when it is none. */
bool observe_ssdp(struct observe *o, struct cursor message);
/* DNS over TCP: what is asked by who began, or answered to it. */
void observe_dns_stream(struct observe *o, const struct walk *w, struct flow_entry *e);

/* ---- head.c: what a conversation begins with ---- */

/* A packet with payload of a conversation that wants its head. */
void observe_head(struct observe *o, const struct walk *w, struct flow_entry *e);
/* No more will come: what was collected must do. */
void observe_head_over(struct observe *o, struct flow_entry *e);
/* A stream of this conversation's own, empty. */
struct stream *observe_collect(struct observe *o, struct flow_entry *e);
/* Who began calls the other so. */
void observe_set_name(struct observe *o, struct flow_entry *e,
	struct untrusted_str name, enum record_naming naming);
/* scratch.text is what there is to say of it. */
void observe_set_detail(struct observe *o, struct flow_entry *e, enum record_app app);

/* ---- hello.c: TLS, DTLS and QUIC ---- */

/* Each false when more must come. is_all: it will not. */
bool observe_tls(
	struct observe *o, struct flow_entry *e, struct cursor bytes, bool is_all);
void observe_dtls(struct observe *o, struct flow_entry *e, struct cursor bytes);
bool observe_quic(struct observe *o, struct flow_entry *e, struct cursor bytes);
void observe_quic_over(struct observe *o, struct flow_entry *e);

/* ---- tell.c: from flows to records ---- */

void observe_flow_over(void *ctx, struct flow_entry *e);
/* Those that are at least so old, as records; they go on. */
void observe_tell_active(struct observe *o, nstime age);

#endif
