// SPDX-License-Identifier: GPL-2.0-or-later
/* header - what a MUD file says about itself: the leaves of the mud container (RFC 8520
 * 3). */
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define CACHE_MAX_H 168 /* RFC 8520 3.5 */

enum {
	MUD_VERSION,
	MUD_URL,
	LAST_UPDATE,
	SIGNATURE,
	CACHE,
	SUPPORTED,
	SYSTEMINFO,
	MFG,
	MODEL,
	FIRMWARE,
	SOFTWARE,
	DOCUMENTATION,
	EXTENSIONS,
	FROM,
	TO,
	MUD_SLOTS
};

static const char *const mud_names[] = {"mud-version", "mud-url", "last-update",
	"mud-signature", "cache-validity", "is-supported", "systeminfo", "mfg-name",
	"model-name", "firmware-rev", "software-rev", "documentation", "extensions",
	"from-device-policy", "to-device-policy", NULL};

static void missing(struct mud_reader *r, const struct mud_at *at, const char *clause)
{
	mud_note(r, NOTE_ERROR, at,
		"%s is missing, and mandatory (RFC 8520 section %s)", at->key, clause);
}

static void read_version(struct mud_reader *r, const struct mud_at *at)
{
	uint32_t v;

	if (!at->value) {
		missing(r, at, "3.1");
		return;
	}
	if (!mud_uint(r, at, 0, 255, &v) || v != 1)
		mud_note(r, NOTE_ERROR, at,
			"mud-version must be 1: this reader knows no other (RFC 8520 "
			"section 3.1)");
}

static void read_url(struct mud_reader *r, const struct mud_at *at)
{
	char why[LIMIT_TEXT], host[LIMIT_NAME];
	const char *text;

	if (!at->value) {
		missing(r, at, "3.2");
		return;
	}
	if (!json_is_string(at->value)) {
		mud_note(r, NOTE_ERROR, at, "must be a string (RFC 8520 section 3.2)");
		return;
	}
	text = json_string_value(at->value);
	if (mud_url_check(text, MUD_URL_LITERALS, why)) {
		mud_note(r, NOTE_ERROR, at, "%s", why);
		return;
	}
	str_copy(r->profile->url, sizeof r->profile->url, text);
	if (!mud_url_authority(text, host)) {
		host[strcspn(host, ":")] = 0;
		mud_caution_name(r, at, host);
	}
}

/* A file of unknown age is older than any other. */
#define TIME_UNKNOWN "\"1970-01-01T00:00:00Z\""

static void read_update(struct mud_reader *r, const struct mud_at *at)
{
	if (at->value && mud_time(r, at, &r->profile->last_update))
		return;
	if (!at->value)
		mud_note_mend(r, at,
			"last-update is missing, and mandatory (RFC 8520 section 3.4)",
			"read as unknown");
	mud_edit_add(r, at->up, at->key, TIME_UNKNOWN);
}

static void read_signature(struct mud_reader *r, const struct mud_at *at)
{
	char why[LIMIT_TEXT], url[LIMIT_URL];
	struct profile *p = r->profile;

	if (!at->value)
		return;
	p->signature = SIGNATURE_UNCHECKED;
	const char *text = json_string_value(at->value);
	if (!text)
		mud_note(r, NOTE_ERROR, at, "must be a string (RFC 8520 section 2.1)");
	else if (!p->url[0])
		return; /* the missing URL is already an error */
	else if (mud_url_signature(p->url, text, MUD_URL_LITERALS, url, why))
		mud_note(r, NOTE_ERROR, at, "%s", why);
	else
		str_copy(p->signature_url, sizeof p->signature_url, url);
}

static void read_cache(struct mud_reader *r, const struct mud_at *at)
{
	uint32_t v = MUD_CACHE_DEFAULT_H;

	if (mud_uint(r, at, 0, UINT32_MAX, &v) && (v < 1 || v > CACHE_MAX_H)) {
		mud_note_mend(r, at,
			"cache-validity must be 1 to 168 hours (RFC 8520 section 3.5)",
			v ? "read as 168" : "read as 1");
		mud_edit_value(r, at, v ? "168" : "1");
		v = v ? CACHE_MAX_H : 1;
	}
	r->profile->cache_validity_h = (uint16_t)v;
}

static void read_supported(struct mud_reader *r, const struct mud_at *at)
{
	r->profile->is_supported = true;
	if (at->value && mud_bool(r, at, &r->profile->is_supported))
		return;
	if (!at->value)
		mud_note_mend(r, at,
			"is-supported is missing, and mandatory (RFC 8520 section 3.6)",
			"read as true");
	mud_edit_add(r, at->up, at->key, "true");
}

/* Text for people; cut where it does not fit. */
static void read_text(
	struct mud_reader *r, const struct mud_at *at, char *dst, size_t size)
{
	const char *text;

	if (mud_string(r, at, &text) && !mud_copy(dst, size, text))
		mud_note(r, NOTE_WARNING, at,
			"longer than %zu bytes, shown cut (RFC 8520 section 3.7)",
			size - 1);
}

static void read_documentation(struct mud_reader *r, const struct mud_at *at)
{
	struct profile *p = r->profile;
	const char *uri;

	if (mud_uri(r, at, &uri) &&
		!str_copy(p->documentation, sizeof p->documentation, uri)) {
		p->documentation[0] = 0; /* half a link leads somewhere else */
		mud_note(r, NOTE_WARNING, at, "longer than %d bytes, not shown",
			LIMIT_URL - 1);
	}
}

static void read_extensions(struct mud_reader *r, const struct mud_at *at)
{
	struct mud_at item;
	const char *text;

	if (!mud_array(r, at))
		return;
	mud_unique(r, at, NULL);
	for (struct mud_iter it = mud_iter_start(r, at);
		mud_iter_next(r, at, &it, &item);)
		if (mud_string(r, &item, &text) &&
			(!*text || strlen(text) > MUD_EXTENSION_MAX_CHARS)) {
			mud_note_mend(r, &item,
				"the name of an extension has 1 to 40 characters (RFC "
				"8520 "
				"section 3.9)",
				"ignored");
			mud_edit_remove(r, &item);
		}
}

static void read_header(struct mud_reader *r, const struct mud_at *slots)
{
	struct profile *p = r->profile;
	const char *text;

	read_version(r, &slots[MUD_VERSION]);
	read_url(r, &slots[MUD_URL]);
	read_update(r, &slots[LAST_UPDATE]);
	read_signature(r, &slots[SIGNATURE]);
	read_cache(r, &slots[CACHE]);
	read_supported(r, &slots[SUPPORTED]);
	read_text(r, &slots[SYSTEMINFO], p->systeminfo, sizeof p->systeminfo);
	read_text(r, &slots[MFG], p->mfg_name, sizeof p->mfg_name);
	read_text(r, &slots[MODEL], p->model_name, sizeof p->model_name);
	mud_string(r, &slots[FIRMWARE], &text);
	mud_string(r, &slots[SOFTWARE], &text);
	read_documentation(r, &slots[DOCUMENTATION]);
	read_extensions(r, &slots[EXTENSIONS]);
}

/* What the file says about itself, and its policies, which may be absent; false when
 * there is no container to read. */
bool mud_header_read(struct mud_reader *r, const struct mud_at *at,
	struct mud_at ret_policies[DIRECTION_MAX])
{
	struct mud_at slots[MUD_SLOTS];
	bool unknown;

	if (!at->value) {
		missing(r, at, "3");
		return false;
	}
	if (!mud_members(r, at, mud_names, slots, &unknown))
		return false;
	read_header(r, slots);
	ret_policies[DIRECTION_FROM_DEVICE] = slots[FROM];
	ret_policies[DIRECTION_TO_DEVICE] = slots[TO];
	return true;
}
