// SPDX-License-Identifier: GPL-2.0-or-later
/* extended - profiles that say more than RFC 8520 can: what is spoken, how much of it,
 * in which order, and what one device's act permits another. A template speaks of roles;
 * a binding says who plays them in one home. docs/extended-profiles.md is the schema. */
#ifndef CARDEA_PROFILES_EXTENDED_EXTENDED_H
#define CARDEA_PROFILES_EXTENDED_EXTENDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "base/pool.h"
#include "model/profile.h"
#include "wire/packet.h"

#define EXTENDED_VERSION 1
/* The biggest published profile has 16 KiB and 96 policies; these are for hostile ones. */
#define EXTENDED_BYTES (256 * 1024)
#define EXTENDED_ROLES 64	  /* in one profile; also bits of a set */
#define EXTENDED_POLICIES 1024	  /* in one profile, steps included */
#define EXTENDED_STEPS 64	  /* in one interaction: positions are bits of a word */
#define EXTENDED_INSTANCES 64	  /* of one interaction at once */
#define EXTENDED_VALUES 256	  /* alternatives of one field */
#define EXTENDED_WATCHES 512	  /* both ends of each trigger between others */
#define EXTENDED_NOTES 512	  /* findings kept of one file; the rest is counted */
/* Enough for a file within the limits and all that it includes. */
#define EXTENDED_POOL_BYTES (32 * 1024 * 1024)

enum extended_proto {
	EXTENDED_ARP,
	EXTENDED_IPV4,
	EXTENDED_IPV6,
	EXTENDED_ICMP,
	EXTENDED_ICMPV6,
	EXTENDED_IGMP,
	EXTENDED_TCP,
	EXTENDED_UDP,
	EXTENDED_DNS,
	EXTENDED_MDNS,
	EXTENDED_HTTP,
	EXTENDED_SSDP,
	EXTENDED_COAP,
	EXTENDED_DHCP,
	EXTENDED_TLS,
	EXTENDED_MQTT,
	EXTENDED_PROTO_MAX,
};

/* What a match may ask; the table in schema.c has the name and the kind of each. */
enum extended_key {
	KEY_ARP_TYPE, KEY_ARP_SHA, KEY_ARP_THA, KEY_ARP_SPA, KEY_ARP_TPA,
	KEY_IPV4_SRC, KEY_IPV4_DST,
	KEY_IPV6_SRC, KEY_IPV6_DST,
	KEY_ICMP_TYPE, KEY_ICMP_CODE,
	KEY_ICMPV6_TYPE, KEY_ICMPV6_CODE,
	KEY_IGMP_VERSION, KEY_IGMP_TYPE, KEY_IGMP_GROUP,
	KEY_TCP_SRC_PORT, KEY_TCP_DST_PORT,
	KEY_UDP_SRC_PORT, KEY_UDP_DST_PORT,
	KEY_DNS_QTYPE, KEY_DNS_NAME, KEY_DNS_RESPONSE,
	KEY_MDNS_QTYPE, KEY_MDNS_NAME, KEY_MDNS_RESPONSE,
	KEY_HTTP_METHOD, KEY_HTTP_URI, KEY_HTTP_HOST, KEY_HTTP_RESPONSE,
	KEY_SSDP_METHOD, KEY_SSDP_TARGET, KEY_SSDP_RESPONSE,
	KEY_COAP_TYPE, KEY_COAP_METHOD, KEY_COAP_URI,
	KEY_DHCP_TYPE, KEY_DHCP_CLIENT_MAC,
	KEY_TLS_CONTENT_TYPE, KEY_TLS_HANDSHAKE_TYPE, KEY_TLS_VERSION, KEY_TLS_SESSION_ID,
	KEY_TLS_SNI, KEY_TLS_ALPN,
	KEY_MQTT_PACKET_TYPE, KEY_MQTT_CLIENT_ID, KEY_MQTT_CLIENT_ID_LENGTH,
	KEY_MQTT_CLEAN_SESSION, KEY_MQTT_KEEP_ALIVE, KEY_MQTT_TOPIC,
	KEY_MQTT_PAYLOAD_REGEX, KEY_MQTT_PAYLOAD_LENGTH,
	KEY_MAX,
};

enum extended_value_kind {
	VALUE_RANGE, /* lo to hi */
	VALUE_BOOL,  /* lo */
	VALUE_TEXT,  /* text, exactly; MAX_PREFIX: or how it begins */
	VALUE_START, /* text that it begins with */
	VALUE_NAME,  /* a DNS name; "*.example.com" is all below example.com */
	VALUE_NET,   /* net */
	VALUE_MAC,   /* mac */
	VALUE_ROLE,  /* lo: index of a role */
	VALUE_GROUP, /* lo: enum extended_group */
};

/* Addresses that mean the same in every home, and those that the home's networks say. */
enum extended_group {
	GROUP_ANY,
	GROUP_LOCAL,	 /* the home's own networks */
	GROUP_EXTERNAL,	 /* all that is neither local nor a group */
	GROUP_BROADCAST, /* 255.255.255.255, and the home's own ones */
	GROUP_MULTICAST,
	GROUP_UNSPECIFIED,
	GROUP_LINK_LOCAL,
	GROUP_ALL_NODES, GROUP_ALL_ROUTERS, GROUP_IGMPV3, GROUP_MLDV2,
	GROUP_MDNS, GROUP_SSDP, GROUP_COAP,
	GROUP_MAC_ZERO, GROUP_MAC_BROADCAST,
	GROUP_MAX,
};

struct extended_value {
	enum extended_value_kind kind;
	uint32_t lo, hi;
	const char *text;
	struct prefix net;
	struct mac mac;
};

/* One key and what is allowed; any of the values will do. */
struct extended_field {
	enum extended_key key;
	uint32_t line;
	uint32_t count;
	struct extended_value *values;
};

struct extended_match {
	uint32_t protos; /* bit per enum extended_proto; all must be there */
	uint32_t count;
	struct extended_field *fields; /* all must hold; by key */
};

/* For both ways together, or each way for itself. */
struct extended_amount {
	bool is_set, is_split;
	uint64_t both, forward, backward;
};

enum extended_unit { UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MAX };

struct extended_stats {
	bool has_rate, rate_unlimited, burst_is_bytes;
	uint64_t rate, burst; /* packets in a unit; burst 0: as many as rate */
	enum extended_unit unit;
	uint64_t bitrate, bitrate_burst; /* bit/s, bytes; 0: no limit */
	bool has_size;
	uint32_t size_lo, size_hi; /* of the IP packet */
	struct extended_amount packets, bytes, duration; /* duration in ns */
};

#define WINDOW_ANY (-1)
/* Open for duration from each minute that all four name; local time of the home. */
struct extended_window {
	bool is_set;
	int8_t minute, hour, month_day, week_day; /* Sunday is 0 */
	nstime duration;
};

enum extended_source { SOURCE_NONE, SOURCE_MAKER, SOURCE_PUBLISHED, SOURCE_LEARNED,
	SOURCE_OWNER, SOURCE_MAX };

struct extended_provenance {
	bool is_set;
	enum extended_source source;
	uint32_t episodes;
	uint32_t context_count;
	const char **contexts;
	const char *first, *last; /* RFC 3339; or NULL */
	nstime period;		  /* it comes so often; 0: not regularly */
	uint64_t bytes_median, bytes_p99; /* of an episode; 0: not said */
	const char *said;	  /* the first words of the first one; or NULL */
	const char *file;	  /* where it was said; or NULL */
	uint32_t line;
};

enum extended_initiator { EXTENDED_EITHER, EXTENDED_SRC, EXTENDED_DST };

struct extended_policy {
	const char *name;
	uint32_t line;
	uint32_t id; /* 0.. over the whole profile: where a machine keeps what it counts */
	struct extended_match match;
	bool deny, bidirectional;
	enum extended_initiator initiator; /* who opened the connection */
	struct extended_stats stats;
	nstime timeout; /* step: since the interaction's last packet; 0: the interaction's */
	struct extended_window window;
	const char *fallback_of; /* a policy that this one stands in for; or NULL */
	int32_t confidence;	 /* thousandths, or -1 */
	struct extended_provenance provenance;
	bool optional, repeatable; /* step */
};

enum extended_node_kind { NODE_STEP, NODE_SEQUENCE, NODE_CHOICE, NODE_LOOP };

/* What an interaction is made of: steps, one after the other; one of several sequences;
 * a sequence again and again. */
struct extended_node {
	enum extended_node_kind kind;
	uint32_t line;
	struct extended_policy *step; /* NODE_STEP */
	uint32_t min, max;	      /* NODE_LOOP; max 0: no end */
	struct extended_node *child, *next;
};

struct extended_interaction {
	const char *name;
	uint32_t line;
	uint32_t instances; /* that may run at once */
	bool replace;	    /* when all run, a new one ends the one idle for longest */
	nstime timeout;	    /* 0: EXTENDED_TIMEOUT */
	struct extended_node *nodes; /* a sequence */
};
#define EXTENDED_TIMEOUT (3600 * NS_PER_SEC)

/* Once trigger was seen, effect may happen for as long as within. */
struct extended_permit {
	const char *name;
	uint32_t line;
	struct extended_policy trigger, effect;
	nstime within;
};

enum extended_role_kind { EXTENDED_ROLE_SELF, EXTENDED_ROLE_GATEWAY, EXTENDED_ROLE_CONTROLLER, EXTENDED_ROLE_HUB, EXTENDED_ROLE_PHONE,
	EXTENDED_ROLE_DEVICE, EXTENDED_ROLE_SERVER, EXTENDED_ROLE_CLOUD, EXTENDED_ROLE_MAX };

struct extended_role {
	const char *name;
	uint32_t line;
	enum extended_role_kind kind;
	const char *type;   /* EXTENDED_ROLE_DEVICE: of which type; or NULL */
	const char *domain; /* EXTENDED_ROLE_CLOUD: its name */
};
#define EXTENDED_SELF 0
#define EXTENDED_GATEWAY 1

struct extended_profile {
	const char *name, *manufacturer, *model, *medium, *mud_url, *updated;
	const char *description;
	uint32_t role_count;
	struct extended_role *roles; /* the first two are self and gateway */
	uint32_t policy_count, interaction_count, permit_count, id_count;
	struct extended_policy *policies;
	struct extended_interaction *interactions;
	struct extended_permit *permits;
};

/* A finding; file is NULL for the one that was asked for. */
struct extended_note {
	struct note note;
	const char *file;
};
struct extended_notes {
	uint32_t count, dropped, errors, repairs, warnings;
	struct extended_note *items;
};

/* Who plays a role in this home. */
#define EXTENDED_PARTY_ADDRS 16
struct extended_party {
	const char *role;
	uint32_t line;
	bool has_mac;
	struct mac mac;
	uint32_t addr_count;
	struct addr addrs[EXTENDED_PARTY_ADDRS];
	const char *name; /* of a server: its DNS name; or NULL */
};

/* Addresses that a name is known to have before the first answer is seen. */
struct extended_known {
	const char *name;
	uint32_t addr_count;
	struct addr addrs[EXTENDED_PARTY_ADDRS];
};

struct extended_binding {
	const char *template_name, *home;
	uint32_t party_count, known_count, net_count;
	struct extended_party *parties;
	struct extended_known *known;
	struct prefix *nets; /* the home's; none: private and link-local addresses */
	int32_t utc_offset;  /* seconds, for activity windows */
};

/* A template in a home. */
struct extended_bound {
	const struct extended_profile *profile;
	const struct extended_binding *binding;
	const struct extended_party **parties; /* by role; NULL: nobody plays it */
};

/* Reads a template. 0, or CARDEA_EMALFORMED with at least one error in notes;
 * CARDEA_ELIMIT, -ENOMEM. All lives in the pool. */
int extended_parse(const void *bytes, size_t len, struct pool *pool,
	struct extended_profile *ret_profile, struct extended_notes *ret_notes)
	CARDEA_MUSTCHECK;
int extended_parse_binding(const void *bytes, size_t len, struct pool *pool,
	struct extended_binding *ret_binding, struct extended_notes *ret_notes)
	CARDEA_MUSTCHECK;
/* Which document it is, by its first keys. */
enum extended_document { DOCUMENT_UNKNOWN, DOCUMENT_TEMPLATE, DOCUMENT_BINDING,
	DOCUMENT_PUBLISHED };
enum extended_document extended_document(const void *bytes, size_t len);

/* What parses and still is likely not what was meant: a policy without an endpoint, an
 * answer before its question, a role that nobody names. */
void extended_lint(const struct extended_profile *p, struct pool *pool,
	struct extended_notes *notes);

/* The canonical text of a profile; parses to the same. */
int extended_print(const struct extended_profile *p, FILE *out) CARDEA_MUSTCHECK;
int extended_print_binding(const struct extended_binding *b, FILE *out) CARDEA_MUSTCHECK;

/* Reads a profile of the smart-home-firewall family, and what it includes, which must
 * be below the directory root_fd (-1: nothing is included). path: of bytes, below the
 * root. What is wrong in it is in notes, by file and line; what can be understood is in
 * profile, and the addresses that it had are in binding. CARDEA_EMALFORMED when it is no
 * such profile. */
int extended_import(const void *bytes, size_t len, int root_fd, const char *path,
	struct pool *pool, struct extended_profile *ret_profile,
	struct extended_binding *ret_binding, struct extended_notes *ret_notes)
	CARDEA_MUSTCHECK;

/* Who plays which role. Roles that nobody plays are warnings, and what names them
 * matches nothing; CARDEA_EMALFORMED when the binding is of another template or self is
 * not bound. */
int extended_bind(const struct extended_profile *p, const struct extended_binding *b,
	struct pool *pool, struct extended_bound *ret_bound,
	struct extended_notes *notes) CARDEA_MUSTCHECK;

/* The part of a bound profile that the datapath can enforce, and for each rule what of its
 * policy it does not say. Permits, and steps that only one other comes before, need a
 * trigger (model/rule.h); what else an interaction allows at some time, the rules allow
 * always. */
struct extended_watch {
	struct peer whose; /* another device, by its MAC or one address */
	struct rule rule;  /* what of its traffic arms a trigger: grants it nothing */
};
struct extended_rules {
	uint32_t count;
	struct rule *rules; /* LAYER_MANUFACTURER is the caller's to change */
	uint32_t watch_count;
	struct extended_watch *watches;
	uint32_t exact, approximated, impossible;
};
int extended_reduce(const struct extended_bound *b, struct pool *pool,
	struct extended_rules *ret_rules) CARDEA_MUSTCHECK;

/* The group that an address is alone in, or one of a few: -1 when there is none. */
int extended_group_of(const struct addr *a);
const char *extended_group_name(enum extended_group g);
/* "AAAA", or a number, of a key that has numbers. */
bool extended_word(enum extended_key key, const char *word, uint32_t *ret);

/* The names that all output uses. */
const char *extended_document_name(enum extended_document d);

/* "file:line:column: level: text", a line each, and a last line that sums up. */
int extended_notes_text(const struct extended_notes *n, const char *file, FILE *out)
	CARDEA_MUSTCHECK;
void extended_notes_json(const struct extended_notes *n, const char *file,
	struct jsonw *out);
/* What a profile says, in sentences. */
int extended_show_text(const struct extended_profile *p, FILE *out) CARDEA_MUSTCHECK;
void extended_show_json(const struct extended_profile *p, struct jsonw *out);

/* The evaluator: one packet after the other against a bound profile. */
enum extended_reason {
	REASON_POLICY,	    /* accepted: a policy that always holds */
	REASON_STEP,	    /* accepted: the interaction was there */
	REASON_FLOW,	    /* accepted: goes on with a conversation that was accepted */
	REASON_PERMIT,	    /* accepted: its trigger was seen */
	REASON_RELATED,	    /* accepted: an ICMP error about what was accepted */
	REASON_FOREIGN,	    /* not of this device */
	REASON_LINK,	    /* neither IP nor ARP: no profile speaks of it */
	REASON_NOTHING,	    /* refused: nothing in the profile is like it */
	REASON_DENIED,	    /* refused: a policy denies it */
	REASON_NAME,	    /* refused: the address was never told for the name */
	REASON_ORDER,	    /* refused: a step that is not due */
	REASON_REPLAYED,    /* refused: a step that was taken already */
	REASON_BUSY,	    /* refused: too many instances */
	REASON_SHUT,	    /* refused: its trigger was not seen in time */
	REASON_WINDOW,	    /* refused: outside of the hours */
	REASON_INITIATOR,   /* refused: the other side opened it */
	REASON_SIZE, REASON_RATE, REASON_PACKETS, REASON_BYTES, REASON_DURATION,
	REASON_BROKEN,	    /* refused: not readable */
	EXTENDED_REASON_MAX,
};

struct extended_verdict {
	bool accepted;
	bool own; /* from or to the device, and IP or ARP */
	enum extended_reason reason;
	const struct extended_policy *policy; /* that decided, or came nearest; or NULL */
	const struct extended_interaction *interaction; /* of it; or NULL */
};

struct extended_machine;

/* A TCP connection or name that was there before the first packet cannot be judged as
 * a whole: it is taken for what its addresses and ports say. Only for captures. */
#define EXTENDED_MIDSTREAM 1u

/* The bound profile must outlive it. NULL when memory is short. */
struct extended_machine *extended_machine_new(const struct extended_bound *b,
	unsigned flags);
void extended_machine_free(struct extended_machine *m);
/* Judges one packet and goes on accordingly. Time may stand still and jump. */
struct extended_verdict extended_machine_packet(struct extended_machine *m,
	const struct packet *p, nstime when);
/* Another layer accepted a packet that this one refused: the names that it tells, and
 * errors about it, hold here, too. */
void extended_machine_accepted(struct extended_machine *m, const struct packet *p,
	nstime when);
/* What was said in conversations that policies accepted: server names, protocols,
 * methods, paths. NULL when memory is short. */
struct extended_gather;
struct extended_gather *extended_gather_new(const struct extended_profile *p);
void extended_gather_free(struct extended_gather *g); /* NULL is fine */
void extended_gather_packet(struct extended_gather *g, const struct packet *p, nstime when,
	const struct extended_verdict *v);
/* Makes what every head of a policy had part of it, when it is few: ret_count fields, in
 * pool, whose texts live as long as g. p is that of extended_gather_new(). */
int extended_gather_apply(const struct extended_gather *g, struct extended_profile *p,
	struct pool *pool, uint32_t *ret_count) CARDEA_MUSTCHECK;

/* Bytes taken, which no stream of packets can raise. */
size_t extended_machine_memory(const struct extended_machine *m);
bool extended_reason_accepts(enum extended_reason r);
const char *extended_reason_name(enum extended_reason r); /* "step", "out of order" */

#endif
