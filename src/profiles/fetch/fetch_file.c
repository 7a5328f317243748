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

int fetch_signature_url(const struct fetch_config *c, const struct fetch_file *file,
	char ret_url[LIMIT_URL], bool *ret_signed, char ret_text[LIMIT_TEXT])
{
	char reference[LIMIT_URL];
	char why[LIMIT_TEXT];
	int e = leaf_read(file, reference, ret_text);

	if (e)
		return e;
	if (!reference[0] && c->require_signature) {
		fetch_say(ret_text,
			"%.80s names no signature, so nobody vouches for it; ask the "
			"maker for a signed file, or allow unsigned files",
			file->final);
		return CARDEA_ESIGNATURE;
	}
	*ret_signed = reference[0] != 0;
	if (!reference[0] || (!c->require_signature && !c->trust)) {
		ret_url[0] = 0;
		return 0;
	}
	e = mud_url_signature(file->final, reference, 0, ret_url, why);
	if (e)
		fetch_say(ret_text, SHOWN_URL ": its mud-signature is unusable: %.120s",
			file->final, why);
	return e;
}

static int signature_check(const struct fetch_config *c, const struct fetch_file *file,
	nstime wall, struct profile *p, char ret_text[LIMIT_TEXT])
{
	char signer[LIMIT_TEXT];
	char why[LIMIT_TEXT];

	if (!c->trust) {
		fetch_say(ret_text,
			"%.80s is signed, but no anchor says whose signature counts; "
			"add the maker's certificate to the MUD anchors",
			file->final);
		return CARDEA_EUNTRUSTED;
	}
	int e = mud_cms_verify(c->trust, file->mud, file->mud_len, file->signature,
		file->signature_len, wall, signer, why);
	if (e) {
		fetch_say(ret_text, "signature of " SHOWN_URL ": %.150s", file->final,
			why);
		return e;
	}
	p->signature = SIGNATURE_VALID;
	(void)str_copy(p->signer, sizeof p->signer, signer);
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

static int file_parse(const struct fetch_file *file, struct pool *pool,
	struct profile *p, char ret_text[LIMIT_TEXT])
{
	enum mud_mode mode = file->signature ? MUD_STRICT : MUD_IMPORT;
	int e = mud_parse(file->mud, file->mud_len, mode, pool, p);
	const struct note *n = e ? first_error(p) : NULL;

	if (n)
		fetch_say(ret_text, SHOWN_URL ", line %u: %.120s", file->final, n->line,
			n->text);
	else if (e)
		fetch_say(ret_text, SHOWN_URL ": %s", file->final, error_text(e));
	return e;
}

/* The path of a checked https URL, without query and fragment. */
static struct untrusted_str url_path(const char *url)
{
	const char *path = strchr(url + strlen("https://"), '/');

	if (!path)
		return (struct untrusted_str){.bytes = "/", .len = 1};
	return (struct untrusted_str){.bytes = path, .len = strcspn(path, "?#")};
}

static bool same_file(const char *a, const char *b)
{
	char authority_a[LIMIT_NAME], authority_b[LIMIT_NAME];
	char why[LIMIT_TEXT];

	if (mud_url_check(b, 0, why) || mud_url_authority(a, authority_a) ||
		mud_url_authority(b, authority_b) || strcmp(authority_a, authority_b))
		return false;
	struct untrusted_str x = url_path(a), y = url_path(b);
	return x.len == y.len && !memcmp(x.bytes, y.bytes, x.len);
}

/* Else a maker could answer for the device of another one (RFC 8520 3.5, mud-url). */
static int url_check(const struct fetch_file *file, const struct profile *p,
	char ret_text[LIMIT_TEXT])
{
	if (!strcmp(p->url, file->asked) || same_file(file->asked, p->url))
		return 0;
	fetch_say(ret_text,
		"the device named " SHOWN_URL ", but the file there is for " SHOWN_URL
		"; tell the maker",
		file->asked, p->url);
	return CARDEA_EREFUSED;
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
	m = (struct message){.type = MESSAGE_PROFILE_END};
	m.profile_end.id = s->id;
	send_message(s, &m);
	return s->error;
}

/* Which state the profile has without a checked signature. */
static void profile_unsigned(const struct fetch_file *file, struct profile *p)
{
	p->layer = LAYER_CROWD;
	p->signature = file->signed_unchecked ? SIGNATURE_UNCHECKED : SIGNATURE_NONE;
	for (uint32_t i = 0; i < p->rule_count; i++)
		p->rules[i].layer = LAYER_CROWD;
}

static int profile_make(const struct fetch_config *c, const struct fetch_file *file,
	nstime wall, struct pool *pool, struct profile *p, char ret_text[LIMIT_TEXT])
{
	struct profile checked = {0};
	uint8_t digest[32];
	int e = mud_sha256(file->mud, file->mud_len, digest);

	if (e)
		fetch_say(ret_text, SHOWN_URL ": %s", file->final, error_text(e));
	if (!e && file->signature)
		e = signature_check(c, file, wall, &checked, ret_text);
	if (!e)
		e = file_parse(file, pool, p, ret_text);
	if (!e)
		e = url_check(file, p, ret_text);
	if (e)
		return e;
	memcpy(p->sha256, digest, sizeof p->sha256);
	if (!file->signature) {
		profile_unsigned(file, p);
		return 0;
	}
	p->layer = LAYER_MANUFACTURER;
	p->signature = checked.signature;
	memcpy(p->signer, checked.signer, sizeof p->signer);
	return 0;
}

int fetch_deliver(const struct fetch_config *c, const struct fetch_file *file,
	uint64_t id, nstime wall, int (*send)(void *ctx, const struct message *m),
	void *ctx, char ret_text[LIMIT_TEXT])
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
	}
	free(p);
	pool_free(pool);
	return e;
}
