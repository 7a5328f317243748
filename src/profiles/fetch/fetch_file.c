// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_file - from bytes to a profile: the signature first (RFC 8520 13.2), then the
 * rest of the file. */
#include "profiles/fetch/fetch_priv.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/pool.h"
#include "base/str.h"
#include "profiles/mud/cms.h"
#include "profiles/mud/mud.h"

/* A URL within a sentence of LIMIT_TEXT that may have two. */
#define SHOWN_URL "%.80s"

void fetch_say(char ret_text[LIMIT_TEXT], const char *fmt, ...)
{
	char raw[2 * LIMIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	str_escape(str_untrusted(raw), ret_text, LIMIT_TEXT);
}

/* ---- signature ---- */

/* The one leaf that is needed before the file can be trusted: nothing else of it is
 * looked at. An empty string when the file has none. */
static int leaf_read(const struct fetch_file *file, char ret_reference[LIMIT_URL],
	char ret_text[LIMIT_TEXT])
{
	json_error_t where;
	json_t *root = json_loadb(
		(const char *)file->mud, file->mud_len, JSON_REJECT_DUPLICATES, &where);
	json_t *leaf;
	int e = 0;

	if (!root) {
		fetch_say(ret_text,
			"%.80s, line %d: %.80s; this is no MUD file, tell the maker",
			file->final, where.line, where.text);
		return CARDEA_EMALFORMED;
	}
	leaf = json_object_get(json_object_get(root, "ietf-mud:mud"), "mud-signature");
	const char *reference = json_is_string(leaf) ? json_string_value(leaf) : "";
	if (!str_copy(ret_reference, LIMIT_URL, reference)) {
		fetch_say(ret_text, SHOWN_URL ": its mud-signature is too long",
			file->final);
		e = CARDEA_ELIMIT;
	}
	json_decref(root);
	return e;
}

int fetch_signature_url(const struct fetch_file *file, char ret_url[LIMIT_URL],
	char ret_text[LIMIT_TEXT])
{
	char reference[LIMIT_URL];
	char why[LIMIT_TEXT];
	int e = leaf_read(file, reference, ret_text);

	if (e)
		return e;
	if (!reference[0]) {
		ret_url[0] = 0;
		return 0;
	}
	e = mud_url_signature(file->final, reference, 0, ret_url, why);
	if (e)
		fetch_say(ret_text, SHOWN_URL ": its mud-signature is unusable: %.120s",
			file->final, why);
	return e;
}

/* What the file's signature is worth; all of it is said, nothing decided. */
static int signature_judge(const struct fetch_config *c, const struct fetch_file *file,
	nstime wall, struct mud_signature *ret)
{
	*ret = (struct mud_signature){.state = SIGNATURE_NONE};
	if (file->signature)
		return mud_cms_judge(c->trust, file->mud, file->mud_len,
			file->signature, file->signature_len, wall, ret);
	(void)str_copy(ret->text, sizeof ret->text,
		"it names no signature, so nobody vouches for it");
	return 0;
}

/* ---- reading ---- */

static const struct note *first_error(const struct profile *p)
{
	for (uint32_t i = 0; i < p->note_count; i++)
		if (p->notes[i].level == NOTE_ERROR)
			return &p->notes[i];
	return NULL;
}

/* A maker who signs can be asked to write what RFC 8520 says; others are read as well
 * as possible, a note for each repair. */
static int file_parse(const struct fetch_file *file, bool is_vouched, struct pool *pool,
	struct profile *p, char ret_text[LIMIT_TEXT])
{
	enum mud_mode mode = is_vouched ? MUD_STRICT : MUD_IMPORT;
	int e = mud_parse(file->mud, file->mud_len, mode, pool, p);
	const struct note *n = e ? first_error(p) : NULL;

	if (n)
		fetch_say(ret_text, SHOWN_URL ", line %u: %.120s", file->final, n->line,
			n->text);
	else if (e)
		fetch_say(ret_text, SHOWN_URL ": %s", file->final, error_text(e));
	return e;
}

/* ---- sending ---- */

struct sender {
	int (*send)(void *ctx, const struct message *m);
	void *ctx;
	uint64_t id;
	int error;
};

static void send_message(struct sender *s, const struct message *m)
{
	if (!s->error)
		s->error = s->send(s->ctx, m);
}

static void clean_copy(char dst[LIMIT_TEXT], const char *text)
{
	if (str_is_clean_utf8(text, strlen(text)))
		(void)str_copy(dst, LIMIT_TEXT, text);
	else
		str_escape(str_untrusted(text), dst, LIMIT_TEXT);
}

static void send_note(struct sender *s, const struct note *n)
{
	struct message m = {.type = MESSAGE_PROFILE_NOTE};

	m.profile_note.id = s->id;
	m.profile_note.level = (uint8_t)n->level;
	m.profile_note.line = n->line;
	m.profile_note.column = n->column;
	clean_copy(m.profile_note.path, n->path);
	clean_copy(m.profile_note.text, n->text);
	send_message(s, &m);
}

static int profile_send(struct sender *s, const struct profile *p)
{
	struct message m;

	message_from_profile(&m, s->id, p);
	send_message(s, &m);
	for (uint32_t i = 0; i < p->rule_count; i++) {
		message_from_rule(&m, s->id, &p->rules[i]);
		send_message(s, &m);
	}
	for (uint32_t i = 0; i < p->note_count; i++)
		send_note(s, &p->notes[i]);
	for (unsigned i = 0; i < p->tls_count; i++) {
		message_from_tls(&m, s->id, &p->tls[i]);
		send_message(s, &m);
	}
	for (unsigned i = 0; i < p->limit_count; i++) {
		message_from_limit(&m, s->id, &p->limits[i]);
		send_message(s, &m);
	}
	for (unsigned i = 0; i < p->link_count; i++) {
		message_from_link(&m, s->id, &p->links[i]);
		send_message(s, &m);
	}
	m = (struct message){.type = MESSAGE_PROFILE_END};
	m.profile_end.id = s->id;
	send_message(s, &m);
	return s->error;
}

static int profile_make(const struct fetch_config *c, const struct fetch_file *file,
	nstime wall, struct pool *pool, struct profile *p, char ret_text[LIMIT_TEXT])
{
	struct mud_signature s;
	uint8_t digest[32];
	int e = mud_sha256(file->mud, file->mud_len, digest);

	if (!e)
		e = signature_judge(c, file, wall, &s);
	if (e) {
		fetch_say(ret_text, SHOWN_URL ": %s", file->final, error_text(e));
		return e;
	}
	e = file_parse(file, s.state == SIGNATURE_VALID, pool, p, ret_text);
	if (e)
		return e;
	memcpy(p->sha256, digest, sizeof p->sha256);
	p->signature = s.state;
	memcpy(p->signer, s.signer, sizeof p->signer);
	memcpy(p->signer_key, s.key, sizeof p->signer_key);
	memcpy(p->signature_text, s.text, sizeof p->signature_text);
	(void)str_copy(p->etag, sizeof p->etag, file->etag);
	return 0;
}

int fetch_deliver(const struct fetch_config *c, const struct fetch_file *file,
	uint64_t id, nstime wall, int (*send)(void *ctx, const struct message *m),
	void *ctx, enum signature_state *ret_state, char ret_text[LIMIT_TEXT])
{
	struct sender s = {.send = send, .ctx = ctx, .id = id};
	struct pool *pool = pool_new("mud", MUD_POOL_BYTES);
	struct profile *p = calloc(1, sizeof *p);
	int e = pool && p ? 0 : -ENOMEM;

	if (e)
		fetch_say(ret_text, SHOWN_URL ": no memory to read it", file->final);
	else
		e = profile_make(c, file, wall, pool, p, ret_text);
	if (!e) {
		e = profile_send(&s, p);
		if (e)
			fetch_say(ret_text,
				SHOWN_URL ": its rules cannot be passed on: %s",
				file->final, error_text(e));
		else
			*ret_state = p->signature;
	}
	free(p);
	pool_free(pool);
	return e;
}
