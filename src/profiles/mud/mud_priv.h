// SPDX-License-Identifier: GPL-2.0-or-later
/* mud_priv - what the files of the MUD reader share: the text with its positions, the
 * reader that collects findings, and typed access to JSON members. */
#ifndef CARDEA_PROFILES_MUD_MUD_PRIV_H
#define CARDEA_PROFILES_MUD_MUD_PRIV_H

#include <jansson.h>
#include "model/flow.h"
#include "profiles/mud/mud.h"

/* Where one JSON value stands in the text. Indices instead of pointers: half the size,
 * and a file may hold a hundred thousand values. 0 is none (spot 0 is never used). */
struct mud_spot {
	uint32_t line, column;
	uint32_t key, key_len; /* raw bytes between the quotes; 0 for array items */
	uint32_t child, next;
	uint32_t from, end; /* the bytes of the value */
};

struct mud_text {
	const char *bytes;
	size_t len;
	json_t *root;
	struct mud_spot *spots;
	uint32_t count; /* spots there are at most */
};

/* One value on the way down from the root; lives on the stack of the reader. */
struct mud_at {
	const struct mud_at *up;
	json_t *value; /* NULL: the member is absent */
	const char *key;
	size_t index;
	uint32_t spot;
};

struct mud_reader {
	enum mud_mode mode;
	bool schema; /* lint: what no module has is wrong, too */
	bool repair; /* keep what is needed to write the repaired text */
	uint32_t note_limit;
	struct pool *pool;
	struct mud_text text;
	struct mud_edits *edits;       /* NULL when not repair */
	struct mud_at mud, extensions; /* ietf-mud:mud, and its list of extensions */
	bool extensions_made;          /* the repaired text has one */
	struct mud_at tls;             /* client-profiles of the matches at hand */
	struct mud_quarantine *quarantine; /* NULL: the file says nothing of it */
	struct profile *profile;
	uint32_t ace_count;
	uint8_t *marks;          /* enum mud_mark of each rule */
	unsigned int file_kinds; /* MUD_ACL_… of all lists */
	unsigned int need_kinds; /* what the list at hand should have said beside */
	bool failed;             /* an error was noted */
	bool discard; /* check an ACL that no policy names: its rules go nowhere */
	int error;    /* memory or a limit: stop at once */
	bool in_ace;
	bool ace_broken;
	char ace_detail[LIMIT_TEXT]; /* why, when ace_broken */
};

/* lint.c */
/* Members "errors" and "repairs": what is wrong, and what import mode mended. */
void mud_errors_json(const struct profile *p, struct jsonw *out);
void mud_repairs_json(const struct profile *p, struct jsonw *out);

/* extras.c */
/* Members "links", "tls_supported", "tls_profiles", "limits" and "quarantine". */
void mud_extras_json(const struct profile *p, struct jsonw *out);

/* text.c */
int mud_text_load(struct mud_reader *r);
void mud_text_free(struct mud_text *t);

struct mud_iter {
	void *object; /* position inside jansson's object */
	size_t index;
	uint32_t spot; /* the one that should come next */
};
/* The members or items of up in the order of the text. */
struct mud_iter mud_iter_start(const struct mud_reader *r, const struct mud_at *up);
bool mud_iter_next(const struct mud_reader *r, const struct mud_at *up,
	struct mud_iter *it, struct mud_at *ret_at);
/* The member of that very name; up stays the object. */
bool mud_member(const struct mud_reader *r, const struct mud_at *object,
	const char *name, struct mud_at *ret_at);
/* RFC 6901 pointer to a value; a too long one keeps its end. */
char *mud_at_path(const struct mud_at *at, char buf[LIMIT_TEXT]);

/* parse.c */
/* The whole reading; error notes and text stay in r, which wants mud_text_free. */
int mud_read(struct mud_reader *r, struct profile *ret_profile);

/* header.c */
#define MUD_CACHE_DEFAULT_H 48 /* RFC 8520 3.5 */
/* The mud container, and its policies, which may be absent; false when there is no
 * container to read. */
bool mud_header_read(struct mud_reader *r, const struct mud_at *at,
	struct mud_at ret_policies[DIRECTION_MAX]);

/* edit.c - how the text must change to say what import mode reads. Nothing happens
 * unless somebody wants the text, and a value that is absent is not edited. */
int mud_edit_init(struct mud_reader *r); /* after mud_text_load */
void mud_edit_key(struct mud_reader *r, const struct mud_at *at, const char *name);
/* json: a JSON value as text. */
void mud_edit_value(struct mud_reader *r, const struct mud_at *at, const char *json);
void mud_edit_string(struct mud_reader *r, const struct mud_at *at, const char *utf8);
void mud_edit_remove(struct mud_reader *r, const struct mud_at *at);
/* A new member of an object, behind the others; name NULL: a new item of an array. */
void mud_edit_add(struct mud_reader *r, const struct mud_at *object, const char *name,
	const char *json);
void mud_edit_add_string(struct mud_reader *r, const struct mud_at *object,
	const char *name, const char *utf8);
/* A list of one string in place of the value. */
void mud_edit_list(struct mud_reader *r, const struct mud_at *at, const char *utf8);
/* A new member that is a list of one string. */
void mud_edit_add_list(struct mud_reader *r, const struct mud_at *object,
	const char *name, const char *utf8);
/* The same with the bytes that a value has now. */
void mud_edit_add_copy(struct mud_reader *r, const struct mud_at *object,
	const char *name, const struct mud_at *value);
/* The edited text, in memory of its own: free() it. */
int mud_edit_write(const struct mud_reader *r, char **ret_bytes, size_t *ret_len);

/* note.c */
int mud_note_init(struct mud_reader *r);
void mud_note(struct mud_reader *r, enum note_level level, const struct mud_at *at,
	const char *fmt, ...) CARDEA_PRINTF(4, 5);
void mud_note_line(struct mud_reader *r, enum note_level level, uint32_t line,
	uint32_t column, const char *fmt, ...) CARDEA_PRINTF(5, 6);
/* Wrong for the RFC: an error when strict; in import mode a repair whose text ends with
 * what was done. */
void mud_note_mend(struct mud_reader *r, const struct mud_at *at, const char *wrong,
	const char *mended);
/* Wrong and beyond repair: an error when strict; in import mode the ACE at hand is kept
 * as a rule that is not enforced, and anything else is ignored. */
void mud_note_bad(struct mud_reader *r, const struct mud_at *at, const char *fmt, ...)
	CARDEA_PRINTF(3, 4);
/* By line and column, as a reader of the file meets them. */
void mud_note_sort(struct mud_reader *r);
/* A value as text for a message: printable ASCII, short. */
#define MUD_SHOW_MAX 64
char *mud_show(const json_t *value, char buf[MUD_SHOW_MAX]);
char *mud_show_text(const char *text, char buf[MUD_SHOW_MAX]);

/* member.c - typed members. All of them note what is wrong. */
/* Sorts the members of an object into slots[i] for names[i] (NULL ends the names).
 * False when the value is no object. *ret_unknown: a member that is in no slot. */
bool mud_members(struct mud_reader *r, const struct mud_at *at,
	const char *const *names, struct mud_at *slots, bool *ret_unknown);
bool mud_uint(struct mud_reader *r, const struct mud_at *at, uint32_t min, uint32_t max,
	uint32_t *ret_value);
bool mud_bool(struct mud_reader *r, const struct mud_at *at, bool *ret_value);
/* A leaf of type empty (RFC 7951 6.9): true when it is there. */
bool mud_empty(struct mud_reader *r, const struct mud_at *at);
bool mud_string(struct mud_reader *r, const struct mud_at *at, const char **ret_text);
bool mud_array(struct mud_reader *r, const struct mud_at *at);
/* No item twice, or no two with the same key. */
void mud_unique(struct mud_reader *r, const struct mud_at *array, const char *key);
/* inet:uri: has a scheme (RFC 3986 3.1) and printable ASCII. */
bool mud_uri(struct mud_reader *r, const struct mud_at *at, const char **ret_text);
/* yang:date-and-time; *ret_wall stays when no clock can show it. */
bool mud_time(struct mud_reader *r, const struct mud_at *at, nstime *ret_wall);
/* Whole characters, controls shown as '?'; true when all of it fitted. */
bool mud_copy(char *dst, size_t size, const char *utf8);
/* The key of a list entry (RFC 8519 4.1: 1 to 64 characters), or NULL when missing:
 * an error, or with spare a repair. */
const char *mud_key(struct mud_reader *r, const struct mud_at *at, const char *spare);

/* The key without the module or prefix of RFC 8520 and RFC 8519, or NULL when it has
 * that of another. */
const char *mud_local_name(const char *key);

/* node.c - a node of another module, as a table */
enum mud_node_type {
	MUD_NODE_CONTAINER,
	MUD_NODE_LIST, /* its key is the first child */
	MUD_NODE_STRING,
	MUD_NODE_URI,
	MUD_NODE_BOOL,
	MUD_NODE_WORD,  /* one of words */
	MUD_NODE_TAKEN, /* checked by who takes it */
};

struct mud_node {
	const char *name;
	enum mud_node_type type;
	bool many;         /* a leaf-list */
	uint32_t max;      /* characters; 0: no limit */
	const char *words; /* space around each; for URIs: allowed schemes */
	const char *link;  /* shown to people as a link of this kind */
	const struct mud_node *children;
};
/* What is wrong with the node by its module is noted. */
void mud_node_check(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n);

/* extension.c */
/* True when m is the node of an extension that is known and stands where it belongs:
 * checked, and taken into the profile. */
bool mud_extension(struct mud_reader *r, const struct mud_at *m);
/* Whether the key names one of the modules that are known. */
bool mud_extension_has_module(const char *key);
/* One that is not: noted, and named where the file must name it. */
void mud_extension_unknown(struct mud_reader *r, const struct mud_at *m);
#define MUD_EXTENSION_MAX_CHARS 40 /* RFC 8520 3.9 */

/* link.c - what a file points to for people; never fetched. */
/* One more link of the profile, unless it is there already or may not be shown. */
void mud_link_add(struct mud_reader *r, const struct mud_at *at, const char *kind,
	bool uri, const char *utf8);

/* tls.c - RFC 9761 */
/* The client-profiles of one entry as one profile of the file: 1 + its index, or 0 when
 * there is nothing to obey; what is wrong with it ends up in m. */
struct mud_match;
void mud_tls_read(struct mud_reader *r, struct mud_match *m);

/* tls_weak.c - warns of what should not be in a list */
enum mud_tls_kind {
	MUD_TLS_CIPHERS,
	MUD_TLS_GROUPS,
	MUD_TLS_SIGNATURES,
	MUD_TLS_OTHERS, /* reserved values alone */
};
void mud_tls_weak(struct mud_reader *r, const struct mud_at *at, enum mud_tls_kind kind,
	const struct u16_list *l);

/* limit.c - draft-lear-opsawg-mud-bw-profile-01 */
void mud_limit_read(
	struct mud_reader *r, const struct mud_at *at, enum direction direction);
/* After the rules: every list that a limit names must be in use. */
void mud_limit_check(struct mud_reader *r);

/* quarantine.c - draft-richardson-shg-mud-quarantined-access-02 */
void mud_quarantine_read(struct mud_reader *r, const struct mud_at *at);
/* Whether the entry stays in force in quarantine. */
bool mud_quarantine_has(struct mud_reader *r, const char *ace);
/* After the rules: names that no entry in use has. */
void mud_quarantine_check(struct mud_reader *r);

/* host.c - inet:host */
enum mud_host { MUD_HOST_NAME, MUD_HOST_ADDR, MUD_HOST_BAD };
/* name: lower case without trailing dot. */
enum mud_host mud_host_parse(
	const char *text, char name[LIMIT_NAME], struct addr *ret_addr);

/* ace.c */
/* What an ACL type of RFC 8519 4.1 lets its entries match. */
#define MUD_ACL_ETH 1u
#define MUD_ACL_IPV4 2u
#define MUD_ACL_IPV6 4u
#define MUD_ACL_ALL 7u

struct mud_acl {
	const char *name;
	unsigned int kinds; /* MUD_ACL_… */
	bool used;
	struct mud_at item;     /* in the acl list */
	struct mud_at slots[3]; /* name, type, aces */
	struct mud_at aces;     /* the array; its value is NULL when there is none */
};
void mud_ace_read(struct mud_reader *r, const struct mud_at *ace,
	const struct mud_acl *acl, enum direction direction);

/* match.c - what one ACE matches, before it becomes rules */
#define MUD_RANGES_MAX 2 /* neq leaves two */

struct mud_match {
	enum direction direction;
	unsigned int kinds;
	uint8_t family;
	int proto, icmp_type, icmp_code;
	bool icmp;
	enum initiator initiator;
	struct range16 src[MUD_RANGES_MAX], dst[MUD_RANGES_MAX];
	int src_count, dst_count;
	struct peer peer;
	bool ip;           /* has a container for IPv4 or IPv6 */
	int32_t ethertype; /* RULE_ETHERTYPE_IP, or that of frames */
	uint8_t tls;       /* as in struct rule */
	enum rule_status status;
	bool partial, nothing; /* enum mud_mark */
	char detail[LIMIT_TEXT];
	struct mud_at actions; /* misplaced inside the matches */
};
void mud_match_init(struct mud_match *m, enum direction direction, unsigned int kinds);
void mud_match_read(
	struct mud_reader *r, const struct mud_at *matches, struct mud_match *m);
/* The entry asks for more than the rule says. The first reason stays. */
void mud_match_cannot(struct mud_match *m, enum rule_status status, const char *fmt,
	...) CARDEA_PRINTF(3, 4);
/* The rule says all of it, and must not be installed all the same. */
void mud_match_hold(struct mud_match *m, enum rule_status status, const char *fmt, ...)
	CARDEA_PRINTF(3, 4);
/* The rule is as near as can be; fmt says how. A reason against it is stronger. */
void mud_match_near(struct mud_match *m, const char *fmt, ...) CARDEA_PRINTF(2, 3);
/* frame.c - the eth container (RFC 8519 4.1), after the IP ones and the classes */
void mud_frame_eth(struct mud_reader *r, const struct mud_at *at, struct mud_match *m);
/* When all is read: frames that are not IP have no part of IP. */
void mud_frame_check(struct mud_match *m, enum rule_action action);
/* l4.c */
void mud_l4_tcp(struct mud_reader *r, const struct mud_at *at, struct mud_match *m);
void mud_l4_udp(struct mud_reader *r, const struct mud_at *at, struct mud_match *m);
void mud_l4_icmp(struct mud_reader *r, const struct mud_at *at, struct mud_match *m);
/* peer.c */
/* One more peer of the entry, all of which must hold. */
void mud_peer_add(
	const struct mud_reader *r, struct mud_match *m, const struct peer *p);
void mud_peer_mud(struct mud_reader *r, const struct mud_at *at, struct mud_match *m);
void mud_peer_host(struct mud_reader *r, const struct mud_at *at, uint8_t family,
	bool peer_side, struct mud_match *m);
void mud_peer_network(struct mud_reader *r, const struct mud_at *at, uint8_t family,
	bool peer_side, struct mud_match *m);

/* caution.c - what a reader of the file should look at before trusting it */
/* Holds back what no maker can know: addresses of the house (RFC 8520 2). */
void mud_caution_hold(enum rule_action action, struct mud_match *m);
void mud_caution_note(struct mud_reader *r, const struct mud_at *ace,
	enum rule_action action, const struct mud_match *m);
/* A name with letters beyond ASCII (RFC 5891) may look like another one. */
void mud_caution_name(struct mud_reader *r, const struct mud_at *at, const char *name);

/* idn.c */
/* The scripts of a label that begins with xn-- (RFC 5890 2.3.2.1), such as "Cyrillic
 * and Latin letters"; false when it is no Punycode (RFC 3492). */
#define MUD_IDN_MAX 96
bool mud_idn_scripts(const char *label, size_t len, char ret_text[MUD_IDN_MAX]);

/* Leaves that are understood, checked, and beyond a struct rule. */
struct mud_leaf {
	const char *name;
	enum { MUD_LEAF_UINT, MUD_LEAF_TEXT } type;
	uint32_t min, max;
};
void mud_match_leaf(struct mud_reader *r, const struct mud_at *at,
	const struct mud_leaf *leaf, struct mud_match *m);

#endif
