// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* messages - typed messages between processes, generated from messages.def.
 * struct message_hello etc., one union, one encoder, one strict decoder. */
#ifndef CARDEA_MODEL_MESSAGES_H
#define CARDEA_MODEL_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/cursor.h"
#include "model/limits.h"
#include "model/profile.h"

struct message_addrs {
	uint16_t count;
	struct addr addrs[LIMIT_ANSWER_ADDRS];
};

/* Octets of any kind. */
struct message_chunk {
	uint16_t len;
	uint8_t bytes[LIMIT_WEB_CHUNK];
};

typedef uint8_t message_u8;
typedef uint16_t message_u16;
typedef uint32_t message_u32;
typedef uint64_t message_u64;
typedef int64_t message_i64;
typedef bool message_bool;
typedef struct mac message_mac;
typedef struct addr message_addr;
typedef char message_label[LIMIT_LABEL];
typedef char message_text[LIMIT_TEXT];
typedef char message_name[LIMIT_NAME];
typedef char message_url[LIMIT_URL];
typedef char message_part[LIMIT_REPORT_PART];
typedef uint8_t message_digest[32];

enum message_type {
#define MSG(NAME, name, number) MESSAGE_##NAME = number,
#define FIELD(type, name)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END
};

#define MESSAGE_FIELD_u8 message_u8
#define MESSAGE_FIELD_u16 message_u16
#define MESSAGE_FIELD_u32 message_u32
#define MESSAGE_FIELD_u64 message_u64
#define MESSAGE_FIELD_i64 message_i64
#define MESSAGE_FIELD_bool message_bool
#define MESSAGE_FIELD_mac message_mac
#define MESSAGE_FIELD_addr message_addr
#define MESSAGE_FIELD_addrs struct message_addrs
#define MESSAGE_FIELD_u16s struct u16_list
#define MESSAGE_FIELD_label message_label
#define MESSAGE_FIELD_text message_text
#define MESSAGE_FIELD_name message_name
#define MESSAGE_FIELD_url message_url
#define MESSAGE_FIELD_part message_part
#define MESSAGE_FIELD_digest message_digest
#define MESSAGE_FIELD_chunk struct message_chunk

/* An empty struct is not ISO C, so each starts with a byte nobody sends. */
#define MSG(NAME, name, number)                                                          \
	struct message_##name {                                                          \
		char unused_;
#define FIELD(type, field) MESSAGE_FIELD_##type field;
#define END                                                                              \
	}                                                                                \
	;
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END

struct message {
	enum message_type type;
	union {
#define MSG(NAME, name, number) struct message_##name name;
#define FIELD(type, name)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END
	};
};

/* Bytes that any message fits into. */
#define MESSAGE_MAX 8192

enum socket_kind {
	SOCKET_CAPTURE,	 /* AF_PACKET on a LAN interface */
	SOCKET_NFLOG,	 /* netlink, bound to our group */
	SOCKET_DNS_UDP,	 /* listeners of the resolver */
	SOCKET_DNS_TCP,
	SOCKET_CONTROL,	 /* unix listener of the engine */
	SOCKET_IDENTITY, /* another one, which takes identities alone */
	SOCKET_DNS_TLS,	 /* DNS over TLS, of the resolver */
	SOCKET_OBSERVE,	 /* AF_PACKET on a LAN interface, for learning: heads of all */
	SOCKET_WEB,	 /* listeners of web: plain HTTP, and HTTPS */
	SOCKET_WEB_TLS,
	SOCKET_WEB_PAGE, /* HTTPS for people: pages, and the control API */
	SOCKET_MAX,
};

enum propose_what {
	PROPOSE_SET,	  /* these settings, in the file as it stands */
	PROPOSE_FILE,	  /* this file in place of it */
	PROPOSE_RELOAD,	  /* the file as the owner's editor left it */
	PROPOSE_CONFIRM,  /* what waits is kept */
	PROPOSE_ROLLBACK, /* ... or taken back now */
	PROPOSE_MAX,
};

enum state_what {
	STATE_FILE,    /* the owner's file */
	STATE_RUNNING, /* what is in force, where that waits for the next start */
	STATE_BEFORE,  /* what comes back without confirmation; empty: nothing waits */
	STATE_NEW,     /* what the proposal leads to */
	STATE_MAX,
};

/* "PROFILE_RULE", or NULL for a number that is none of ours. */
const char *message_name_of(int type);
/* Writes m to buf; the length, or CARDEA_ELIMIT / CARDEA_EMALFORMED. */
int message_encode(const struct message *m, uint8_t *buf, size_t size) CARDEA_MUSTCHECK;
/* Strict: unknown number, missing or extra bytes, bad text or a boolean that is neither
 * 0 nor 1 is CARDEA_EMALFORMED; the sender is then at fault and is restarted. */
int message_decode(const uint8_t *data, size_t len, struct message *ret) CARDEA_MUSTCHECK;
/* The same of the first message in a packet that may hold several, one behind the other;
 * consumes it. */
int message_next(struct cursor *packet, struct message *ret) CARDEA_MUSTCHECK;

/* Several messages on their way into one packet. */
struct message_pack {
	size_t len;
	uint8_t bytes[MESSAGE_MAX];
};
/* CARDEA_ELIMIT: send what there is first, and set len to 0. */
int message_pack_add(struct message_pack *p, const struct message *m) CARDEA_MUSTCHECK;
/* "64 PROFILE_RULE id=3 ..." for the trace; untrusted text is escaped. */
char *message_trace(const struct message *m, char *buf, size_t size);

/* rule and element as messages; check values too (enums in range). */
struct element;
void message_from_rule(struct message *m, uint64_t id, const struct rule *r);
int message_to_rule(const struct message_profile_rule *m, struct rule *ret) CARDEA_MUSTCHECK;
void message_from_element(struct message *m, bool remove, const struct element *e);
int message_to_element(const struct message_element *m, struct element *ret) CARDEA_MUSTCHECK;
void message_from_profile(struct message *m, uint64_t id, const struct profile *p);
int message_to_profile(const struct message_profile *m, struct profile *ret) CARDEA_MUSTCHECK;
int message_to_note(const struct message_profile_note *m, struct note *ret) CARDEA_MUSTCHECK;
void message_from_tls(struct message *m, uint64_t id, const struct tls_profile *t);
int message_to_tls(const struct message_profile_tls *m, struct tls_profile *ret) CARDEA_MUSTCHECK;
void message_from_limit(struct message *m, uint64_t id, const struct profile_limit *l);
int message_to_limit(const struct message_profile_limit *m, struct profile_limit *ret) CARDEA_MUSTCHECK;
void message_from_link(struct message *m, uint64_t id, const struct profile_link *l);
int message_to_link(const struct message_profile_link *m, struct profile_link *ret) CARDEA_MUSTCHECK;
/* enforcer -> engine: how often the kernel used an element. */
void message_from_count(struct message *m, const struct element *e, uint64_t packets);
int message_to_count(const struct message_count *m, struct element *ret) CARDEA_MUSTCHECK;
/* sensor -> engine (messages_record.c). */
struct record;
void message_from_record(struct message *m, const struct record *r);
int message_to_record(const struct message_record *m, struct record *ret) CARDEA_MUSTCHECK;

#endif
