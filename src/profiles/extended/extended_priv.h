// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of this driver share: notes, the schema's tables, reading values. */
#ifndef CARDEA_PROFILES_EXTENDED_PRIV_H
#define CARDEA_PROFILES_EXTENDED_PRIV_H

#include "profiles/extended/extended.h"
#include "profiles/extended/tree.h"

#define NOTE_NAME 80 /* of a name from the file, in a sentence about it */

/* note.c */
int note_init(struct extended_notes *n, struct pool *pool);
void note_at(struct extended_notes *n, enum note_level level, const char *file,
	uint32_t line, uint32_t column, const char *fmt, ...) CARDEA_PRINTF(6, 7);
/* At a value, or at its key. */
void note_tree(struct extended_notes *n, enum note_level level, const struct tree *t,
	const char *fmt, ...) CARDEA_PRINTF(4, 5);
void note_key(struct extended_notes *n, enum note_level level, const struct tree *t,
	const char *fmt, ...) CARDEA_PRINTF(4, 5);
/* The word of a list (NULL at its end) that is nearest to this one, or NULL. */
const char *note_nearest(const char *word, const char *const *list);
/* "KEY is not part of WHAT[; did you mean X?]" */
void note_unknown(struct extended_notes *n, enum note_level level, const struct tree *t,
	const char *what, const char *const *list);

/* schema.c */
enum key_type {
	TYPE_NUMBER, /* a number, a range, or a word of the table */
	TYPE_BOOL,
	TYPE_TEXT, /* may end in * */
	TYPE_NAME,
	TYPE_IPV4, TYPE_IPV6, /* role, group, prefix, name */
	TYPE_MAC,
	TYPE_WORD, /* a text that is always lower or always upper case */
};
struct schema_word {
	const char *word;
	uint32_t value;
};
struct schema_key {
	enum extended_proto proto;
	const char *name;
	enum key_type type;
	uint32_t max;
	const struct schema_word *words; /* NULL word ends it; the first name is printed */
};
extern const struct schema_key schema_keys[KEY_MAX];
extern const char *const schema_protos[EXTENDED_PROTO_MAX + 1];
extern const char *const schema_units[UNIT_MAX + 1];
extern const char *const schema_sources[SOURCE_MAX + 1];
extern const char *const schema_roles[EXTENDED_ROLE_MAX + 1];
extern const char *const schema_contexts[];
/* -1 when there is none. */
int schema_word_index(const char *word, const char *const *list);
int schema_key_find(enum extended_proto proto, const char *name);
/* All keys of a protocol, for a hint. Buffer of KEY_MAX + 1. */
void schema_key_names(enum extended_proto proto, const char *ret_names[KEY_MAX + 1]);
const char *schema_group_name(enum extended_group g);
/* -1 when there is none that such a key can have. */
int schema_group_find(enum key_type type, const char *name);
/* Whether a group's addresses are of a family: constant groups only. */
bool schema_group_net(enum extended_group g, uint8_t family, unsigned index,
	struct prefix *ret);

/* value.c: each returns false after a note */
struct reader {
	struct pool *pool;
	struct extended_notes *notes;
	struct extended_profile *profile;
	uint32_t policies; /* so far */
	uint32_t nodes_left;
	bool short_of_memory;
	bool lenient; /* the published spelling */
};
void *reader_take(struct reader *r, size_t size);
bool value_text(struct reader *r, const struct tree *t, const char **ret);
/* A name of a role, policy or step: letters, digits, - _ . and at most 63 of them. */
bool value_label(struct reader *r, const struct tree *t, const char **ret);
bool value_is_label(const char *text);
bool value_bool(struct reader *r, const struct tree *t, bool *ret);
bool value_number(struct reader *r, const struct tree *t, uint64_t max, uint64_t *ret);
/* "5 s", "1.5 ms", "2 h"; without a unit seconds. */
bool value_time(struct reader *r, const struct tree *t, nstime *ret);
bool value_time_text(const char *text, nstime *ret);
bool value_field(struct reader *r, const struct tree *t, enum extended_key key,
	struct extended_field *ret);
bool value_rate(struct reader *r, const struct tree *t, struct extended_stats *s);
bool value_bitrate(struct reader *r, const struct tree *t, struct extended_stats *s);
bool value_size(struct reader *r, const struct tree *t, struct extended_stats *s);
bool value_octets(const char *text, uint64_t *ret);
bool value_window_start(struct reader *r, const struct tree *t,
	struct extended_window *w);
int role_find(const struct extended_profile *p, const char *name);

/* parse_policy.c */
bool parse_match(struct reader *r, const struct tree *t, struct extended_match *m);
bool parse_policy(struct reader *r, const struct tree *t, const char *const *more_keys,
	struct extended_policy *p);
bool parse_stats(struct reader *r, const struct tree *t, struct extended_stats *s);
/* Says no to all keys that are not in the list; ends in NULL. */
bool parse_only(struct reader *r, const struct tree *map, const char *what,
	const char *const *keys);
bool parse_is_map(struct reader *r, const struct tree *t, const char *what);
/* Numbers every policy; too many is an error. */
bool reader_policy(struct reader *r, const struct tree *t, struct extended_policy *p);

/* bind.c */
void bind_known_default(struct extended_binding *b);

/* print.c, for the round trip and for show */
void print_time(FILE *out, nstime t);
void print_match_line(const struct extended_profile *p, const struct extended_match *m,
	FILE *out);
char *print_value(const struct extended_profile *p, enum extended_key key,
	const struct extended_value *v, char *buf, size_t size);

#define EACH_STEP_DEPTH 16
/* Calls visit for each policy of the profile, also steps, triggers and effects. */
typedef void (*policy_visit)(void *ctx, struct extended_policy *p,
	const struct extended_interaction *i, const struct extended_permit *permit);
void each_policy(const struct extended_profile *p, policy_visit visit, void *ctx);
void each_step(const struct extended_node *n, const struct extended_interaction *i,
	policy_visit visit, void *ctx);

#endif
