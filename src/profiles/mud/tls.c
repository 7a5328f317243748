// SPDX-License-Identifier: GPL-2.0-or-later
/* tls - what the ClientHellos of a conversation may offer (RFC 9761). The entry's other
 * matches say which conversation that is, and are enforced by themselves; the profile
 * is held against what the device sends. */
#include <errno.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

enum {
	NAME,
	TLS_VERSION,
	DTLS_VERSION,
	CIPHER,
	EXTENSION,
	ANCHORS,
	PSK_MODE,
	GROUP,
	SIGNATURE_CERT,
	SIGNATURE,
	ALPN,
	COMPRESSION,
	AUTHORITIES,
	SLOTS
};

static const char *const names[] = {"name", "supported-tls-version",
	"supported-dtls-version", "cipher-suite", "extension-type",
	"accept-list-ta-cert", "psk-key-exchange-mode", "supported-group",
	"signature-algorithm-cert", "signature-algorithm", "application-protocol",
	"cert-compression-algorithm", "certificate-authorities", NULL};

/* The versions as ClientHellos say them: RFC 5246, RFC 8446, RFC 6347, RFC 9147. */
static bool version_of(const char *word, bool dtls, uint16_t *ret)
{
	static const struct {
		const char *word;
		uint16_t wire;
		bool dtls;
	} versions[] = {
		{"tls12", 0x0303, false},
		{"tls13", 0x0304, false},
		{"dtls12", 0xfefd, true},
		{"dtls13", 0xfefc, true},
	};

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (versions[i].dtls == dtls && !strcmp(versions[i].word, word)) {
			*ret = versions[i].wire;
			return true;
		}
	return false;
}

/* False: too many. */
static bool add(struct u16_list *l, uint16_t v)
{
	for (unsigned i = 0; i < l->count; i++)
		if (l->items[i] == v)
			return true;
	if (l->count == LIMIT_U16_LIST)
		return false;
	l->items[l->count++] = v;
	return true;
}

/* A list with a part missing would end conversations that the maker meant. */
static void give_up(struct mud_reader *r, const struct mud_at *at)
{
	mud_note(r, NOTE_WARNING, at,
		"not all of this list can be read, so that %s is not checked", at->key);
}

static bool is_list(struct mud_reader *r, const struct mud_at *at)
{
	/* the size first: to look for doubles takes its square */
	if (!mud_array(r, at) || json_array_size(at->value) > LIMIT_U16_LIST)
		return false;
	mud_unique(r, at, NULL);
	return true;
}

static void numbers(struct mud_reader *r, const struct mud_at *at, uint32_t max,
	enum mud_tls_kind kind, struct u16_list *l)
{
	struct mud_at item;
	uint32_t v;

	if (!at->value)
		return;
	bool whole = is_list(r, at);
	for (struct mud_iter it = mud_iter_start(r, at);
		whole && mud_iter_next(r, at, &it, &item);)
		whole = mud_uint(r, &item, 0, max, &v) && add(l, (uint16_t)v);
	if (whole) {
		mud_tls_weak(r, at, kind, l);
		return;
	}
	give_up(r, at);
	l->count = 0;
}

static bool version(
	struct mud_reader *r, const struct mud_at *item, bool dtls, struct u16_list *l)
{
	char shown[MUD_SHOW_MAX];
	const char *text;
	uint16_t v;

	if (!mud_string(r, item, &text))
		return false;
	if (version_of(text, dtls, &v))
		return add(l, v);
	mud_note_bad(r, item, "\"%s\" is no version: %s (RFC 9761 section 5)",
		mud_show_text(text, shown),
		dtls ? "dtls12 or dtls13" : "tls12 or tls13");
	return false;
}

/* Versions of TLS and of DTLS are one list; false when a part of it cannot be read. */
static bool versions(
	struct mud_reader *r, const struct mud_at *at, bool dtls, struct u16_list *l)
{
	struct mud_at item;

	if (!at->value)
		return true;
	bool whole = is_list(r, at);
	for (struct mud_iter it = mud_iter_start(r, at);
		whole && mud_iter_next(r, at, &it, &item);)
		whole = version(r, &item, dtls, l);
	if (!whole)
		give_up(r, at);
	return whole;
}

/* As the sensor writes struct message_seen_hello, which it is compared with. */
static bool add_alpn(char alpn[LIMIT_TEXT], const char *name)
{
	size_t len = strlen(alpn);

	if (len)
		alpn[len++] = ',';
	for (const char *c = name; *c; c++) {
		struct untrusted_str one = {.bytes = c, .len = 1};

		if (len + sizeof "\\x00" > LIMIT_TEXT)
			return false;
		if (*c == ',')
			str_copy(alpn + len, LIMIT_TEXT - len, "\\x2c");
		else
			str_escape(one, alpn + len, LIMIT_TEXT - len);
		len += strlen(alpn + len);
	}
	alpn[len] = 0;
	return true;
}

static void protocols(
	struct mud_reader *r, const struct mud_at *at, char alpn[LIMIT_TEXT])
{
	struct mud_at item;
	const char *text;

	if (!at->value)
		return;
	bool whole = is_list(r, at);
	for (struct mud_iter it = mud_iter_start(r, at);
		whole && mud_iter_next(r, at, &it, &item);)
		whole = mud_string(r, &item, &text) && *text && add_alpn(alpn, text);
	if (whole)
		return;
	give_up(r, at);
	alpn[0] = 0;
}

/* What only the server's certificates show; the leaf-lists are checked all the same. */
static void authorities(
	struct mud_reader *r, const struct mud_at *at, struct tls_profile *t)
{
	struct mud_at item;
	const char *text;

	if (!at->value || !is_list(r, at))
		return;
	for (struct mud_iter it = mud_iter_start(r, at);
		mud_iter_next(r, at, &it, &item);)
		t->has_authorities |= mud_string(r, &item, &text);
	mud_note(r, NOTE_INFO, at,
		"%s is not checked: the server's side alone shows it (RFC 9761 section "
		"5)",
		at->key);
}

static void name(struct mud_reader *r, const struct mud_at *item,
	const struct mud_at *at, struct tls_profile *t)
{
	char made[LIMIT_LABEL];
	const char *text = mud_key(r, at, "");

	if (!at->value) {
		(void)str_print(made, sizeof made, "profile-%zu", item->index + 1);
		mud_edit_add_string(r, item, "name", made);
		text = made;
	}
	mud_copy(t->name, sizeof t->name, text);
}

static void read_one(
	struct mud_reader *r, const struct mud_at *item, struct tls_profile *t)
{
	struct mud_at slots[SLOTS];
	bool unknown; /* ignored, and noted there */

	if (!mud_members(r, item, names, slots, &unknown))
		return;
	name(r, item, &slots[NAME], t);
	if (!versions(r, &slots[TLS_VERSION], false, &t->versions) ||
		!versions(r, &slots[DTLS_VERSION], true, &t->versions))
		t->versions.count = 0;
	numbers(r, &slots[CIPHER], UINT16_MAX, MUD_TLS_CIPHERS, &t->ciphers);
	numbers(r, &slots[EXTENSION], UINT16_MAX, MUD_TLS_OTHERS, &t->extensions);
	numbers(r, &slots[PSK_MODE], UINT8_MAX, MUD_TLS_OTHERS, &t->modes);
	numbers(r, &slots[GROUP], UINT16_MAX, MUD_TLS_GROUPS, &t->groups);
	numbers(r, &slots[SIGNATURE], UINT16_MAX, MUD_TLS_SIGNATURES, &t->signatures);
	numbers(r, &slots[SIGNATURE_CERT], UINT16_MAX, MUD_TLS_SIGNATURES,
		&t->signatures_cert);
	numbers(r, &slots[COMPRESSION], UINT16_MAX, MUD_TLS_OTHERS, &t->compressions);
	protocols(r, &slots[ALPN], t->alpn);
	authorities(r, &slots[ANCHORS], t);
	authorities(r, &slots[AUTHORITIES], t);
}

/* A ClientHello may be of any profile of its entry: what one of them leaves open, all
 * of them do. */
static void unite(struct u16_list *a, const struct u16_list *b)
{
	bool whole = a->count && b->count;

	for (unsigned i = 0; whole && i < b->count; i++)
		whole = add(a, b->items[i]);
	if (!whole)
		*a = (struct u16_list){0};
}

static void unite_profiles(struct tls_profile *a, const struct tls_profile *b)
{
	char both[LIMIT_TEXT];

	unite(&a->versions, &b->versions);
	unite(&a->ciphers, &b->ciphers);
	unite(&a->extensions, &b->extensions);
	unite(&a->groups, &b->groups);
	unite(&a->signatures, &b->signatures);
	unite(&a->signatures_cert, &b->signatures_cert);
	unite(&a->modes, &b->modes);
	unite(&a->compressions, &b->compressions);
	a->has_authorities |= b->has_authorities;
	if (!a->alpn[0] || !b->alpn[0] ||
		str_print(both, sizeof both, "%s,%s", a->alpn, b->alpn))
		both[0] = 0;
	str_copy(a->alpn, sizeof a->alpn, both);
}

/* 1 + the index of an equal profile, old or new; 0 when there is no room. */
static uint8_t keep(struct mud_reader *r, const struct tls_profile *t)
{
	struct profile *p = r->profile;

	if (!p->tls)
		p->tls = pool_take(r->pool, LIMIT_TLS_PROFILES * sizeof *p->tls);
	if (!p->tls)
		r->error = -ENOMEM;
	for (uint8_t i = 0; p->tls && i < p->tls_count; i++)
		if (!memcmp(&p->tls[i], t, sizeof *t))
			return (uint8_t)(i + 1);
	if (!p->tls || p->tls_count == LIMIT_TLS_PROFILES)
		return 0;
	p->tls[p->tls_count++] = *t;
	return p->tls_count;
}

/* False when there is none. The memory of a profile is compared, so that every byte of
 * it must be said. */
static bool read_all(
	struct mud_reader *r, const struct mud_at *list, struct tls_profile *ret)
{
	struct tls_profile one;
	struct mud_at item;

	memset(ret, 0, sizeof *ret);
	if (!mud_array(r, list))
		return false;
	mud_unique(r, list, "name");
	for (struct mud_iter it = mud_iter_start(r, list);
		mud_iter_next(r, list, &it, &item);) {
		memset(&one, 0, sizeof one);
		read_one(r, &item, &one);
		if (!item.index)
			memcpy(ret, &one, sizeof one);
		else
			unite_profiles(ret, &one);
	}
	if (json_array_size(list->value) > 1)
		mud_note(r, NOTE_INFO, list,
			"the profiles of this entry are held against ClientHellos as "
			"one: what any of them has is right");
	return json_array_size(list->value) > 0;
}

static void read_container(struct mud_reader *r, struct mud_match *m)
{
	static const char *const member[] = {"tls-dtls-profile", NULL};
	struct tls_profile t;
	struct mud_at list;
	bool unknown;

	if (!mud_members(r, &r->tls, member, &list, &unknown) ||
		!read_all(r, &list, &t) || r->discard)
		return;
	if (!r->profile->tls_supported)
		mud_note(r, NOTE_WARNING, &r->tls,
			"the file has a TLS profile and does not say that the device "
			"has one: set is-tls-dtls-profile-supported (RFC 9761 section "
			"5)");
	m->tls = keep(r, &t);
	if (!m->tls && !r->error)
		mud_match_cannot(m, RULE_NOT_YET,
			"has a TLS profile, and the file has more than %d of them",
			LIMIT_TLS_PROFILES);
}

void mud_tls_read(struct mud_reader *r, struct mud_match *m)
{
	bool in_ace = r->in_ace;

	if (!r->tls.value)
		return;
	/* what is wrong with it takes nothing from the entry's other matches */
	r->in_ace = false;
	read_container(r, m);
	r->in_ace = in_ace;
	if (m->proto != RULE_PROTO_ANY && m->proto != FLOW_PROTO_TCP &&
		m->proto != FLOW_PROTO_UDP)
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"protocol %d and a TLS profile at once: no packet has both",
			m->proto);
}
