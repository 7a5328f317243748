// SPDX-License-Identifier: GPL-2.0-or-later
/* facts - what a match may ask of one packet, read when it is asked. */
#ifndef CARDEA_PROFILES_EXTENDED_FACTS_H
#define CARDEA_PROFILES_EXTENDED_FACTS_H

#include "profiles/extended/extended_priv.h"
#include "wire/dns.h"
#include "wire/tls.h"

#define FACTS_QUESTIONS 16 /* of one mDNS query; browsers ask for up to 12 */
#define FACTS_RECORDS 16   /* of TLS in one packet */
#define FACTS_GROUPS 8	   /* of one IGMPv3 report */
#define FACTS_TEXT 1024	   /* of a target, topic, name; longer ones match nothing */

/* Of a protocol over TCP, a packet may show no head and yet belong to it. */
enum facts_app { APP_NO, APP_CARRIED, APP_YES };

struct facts_text {
	bool is_set;
	char text[FACTS_TEXT];
};

struct facts {
	const struct packet *p;
	nstime when;
	uint32_t protos; /* up to the transport */
	uint32_t length; /* of the IP packet, or of the ARP packet */
	uint16_t src_port, dst_port;
	bool is_tcp, syn, ack, fin, rst;
	uint32_t payload_len;
	uint32_t tried; /* bit per protocol whose state is below */
	enum facts_app app[EXTENDED_PROTO_MAX];
	struct {
		bool response;
		uint16_t id;
		uint8_t count;
		struct dns_question questions[FACTS_QUESTIONS];
	} dns; /* or mDNS */
	struct {
		bool response;
		char method[32];
		struct facts_text target, host;
	} http; /* or SSDP: target is its ST or NT */
	struct {
		uint8_t type, code;
		struct facts_text uri;
	} coap;
	struct {
		uint8_t type;
		struct mac client;
	} dhcp;
	struct {
		uint8_t version, type, count;
		struct addr groups[FACTS_GROUPS];
	} igmp;
	struct {
		uint8_t content_count, handshake_count;
		uint8_t contents[FACTS_RECORDS], handshakes[FACTS_RECORDS];
		uint16_t version;
		bool has_hello, session_id;
		uint8_t alpn_count;
		char sni[LIMIT_NAME];
		char alpn[TLS_ALPN_MAX][64];
	} tls;
	struct {
		uint8_t type, flags;
		uint16_t keep_alive;
		uint32_t payload_len;
		const uint8_t *payload;
		struct facts_text client_id, topic;
		uint16_t client_id_len;
	} mqtt;
	struct tls_hello hello; /* scratch */
};

/* Clears all and takes the packet in as far as its transport. */
void facts_init(struct facts *f, const struct packet *p, nstime when);
enum facts_app facts_app(struct facts *f, enum extended_proto proto);

/* facts_app.c */
enum facts_app facts_dns(struct facts *f);
enum facts_app facts_http(struct facts *f);
enum facts_app facts_ssdp(struct facts *f);
enum facts_app facts_coap(struct facts *f);
enum facts_app facts_dhcp(struct facts *f);
enum facts_app facts_igmp(struct facts *f);
enum facts_app facts_tls(struct facts *f);
enum facts_app facts_mqtt(struct facts *f);

/* match.c */
enum match { MATCH_NO, MATCH_NAME, MATCH_CARRIED, MATCH_YES };
struct names;
struct view {
	struct facts *f;
	const struct extended_bound *bound;
	struct names *names;
	bool backward;	/* the packet goes from what a match calls dst to its src */
	bool any_name;	/* a name that was never told is taken for any address */
	bool name_missing; /* out: an address was not told for its name */
};
enum match match_packet(struct view *v, const struct extended_policy *p);
/* Whether it asks for more than addresses and ports: a head that a connection shows only
 * when it carries something. */
bool match_wants_head(const struct extended_policy *p);

/* names.c: which addresses the device was told for the names of its profile */
struct names *names_new(const struct extended_bound *b);
void names_free(struct names *n);
bool names_has(struct names *n, const char *pattern, const struct addr *a, nstime when);
/* No answer for it came so far. */
bool names_silent(const struct names *n, const char *pattern);
void names_asked(struct names *n, const struct facts *f);
void names_answered(struct names *n, const struct facts *f);
bool name_fits(const char *pattern, const char *name);
size_t names_memory(const struct names *n);

#endif
