// SPDX-License-Identifier: GPL-2.0-or-later
/* extension - the nodes of other modules that MUD files are known to carry: RFC 9472
 * (transparency), RFC 9761 (TLS profiles), ownership and licences, the reporter, who
 * vouches for a device (BRSKI), bandwidth, quarantine. What each of them has is a table
 * for node.c to check; a manager takes from them what it can read. */
#include <string.h>
#include "profiles/mud/mud_priv.h"

static const struct mud_node sboms[] = {
	{.name = "version-info", .type = MUD_NODE_STRING},
	{.name = "sbom-url",
		.type = MUD_NODE_URI,
		.words = " coap coaps http https ",
		.link = "sbom-url"},
	{0},
};

static const struct mud_node transparency[] = {
	{.name = "sboms", .type = MUD_NODE_LIST, .children = sboms},
	{.name = "sbom-local-well-known",
		.type = MUD_NODE_WORD,
		.words = " coap coaps http https ",
		.link = "sbom-local-well-known"},
	{.name = "sbom-contact-uri",
		.type = MUD_NODE_URI,
		.words = " mailto http https tel ",
		.link = "sbom-contact-uri"},
	{.name = "sbom-archive-list",
		.type = MUD_NODE_URI,
		.link = "sbom-archive-list"},
	{.name = "vuln-url", .type = MUD_NODE_URI, .many = true, .link = "vuln-url"},
	{.name = "vuln-contact-uri",
		.type = MUD_NODE_URI,
		.words = " mailto http https tel ",
		.link = "vuln-contact-uri"},
	{0},
};

static const struct mud_node license[] = {
	{.name = "owner-name",
		.type = MUD_NODE_STRING,
		.max = 128,
		.link = "owner-name"},
	{.name = "spdx-tags",
		.type = MUD_NODE_STRING,
		.many = true,
		.link = "spdx-tag"},
	{.name = "license-info",
		.type = MUD_NODE_URI,
		.many = true,
		.link = "license-info"},
	{0},
};

static const struct mud_node ol[] = {
	{.name = "license", .type = MUD_NODE_LIST, .children = license},
	{0},
};

static const struct mud_node reporter[] = {
	{.name = "report-uri", .type = MUD_NODE_URI, .link = "report-uri"},
	{0},
};

static const struct mud_node quarantine_aces[] = {
	{.name = "ace-name", .type = MUD_NODE_STRING, .max = 64},
	{0},
};

static const struct mud_node quarantine[] = {
	{.name = "enabled-ace-names",
		.type = MUD_NODE_LIST,
		.children = quarantine_aces},
	{0},
};

/* Where a node belongs: an extension elsewhere is a node that nobody knows. */
enum place { PLACE_MUD, PLACE_MATCHES, PLACE_POLICY };

static void take_links(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n);
static void take_tls(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n);
static void take_tls_support(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n);
static void take_limits(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n);
static void take_quarantine(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n);

#define WILD_MAX 4

/* The other spellings are what examples of the documents themselves use, and names
 * without their module. */
static const struct top {
	const char *wild[WILD_MAX];
	const char *extension; /* its name in "extensions"; NULL: none is registered */
	enum place place;
	void (*take)(struct mud_reader *r, const struct mud_at *at,
		const struct mud_node *n);
	struct mud_node node; /* without children: checked by who takes it */
} tops[] = {
	{{"mudtx:transparency", "transparency"}, "transparency", PLACE_MUD, take_links,
		{.name = "ietf-mud-transparency:transparency",
			.type = MUD_NODE_CONTAINER,
			.children = transparency}},
	{{"ol:ol", "ol"}, "ol", PLACE_MUD, take_links,
		{.name = "ietf-ol:ol", .type = MUD_NODE_CONTAINER, .children = ol}},
	/* the module was renamed on its way through the working group */
	{{NULL}, "ol", PLACE_MUD, take_links,
		{.name = "ietf-owner-license:ol",
			.type = MUD_NODE_CONTAINER,
			.children = ol}},
	{{"reporter:reporter", "mud-reporter-extension:reporter", "reporter"},
		"reporter", PLACE_MUD, take_links,
		{.name = "ietf-mud-reporter-extension:reporter",
			.type = MUD_NODE_CONTAINER,
			.children = reporter}},
	{{"masa:masa-server", "masa-server"}, "masa", PLACE_MUD, take_links,
		{.name = "ietf-mud-brski-masa:masa-server",
			.type = MUD_NODE_URI,
			.link = "masa-server"}},
	{{"ietf-mud-tls:is-tls-dtls-profile-support", "is-tls-dtls-profile-supported"},
		"ietf-mud-tls", PLACE_MUD, take_tls_support,
		{.name = "ietf-mud-tls:is-tls-dtls-profile-supported",
			.type = MUD_NODE_BOOL}},
	{{"ietf-acl-tls:client-profile", "acl-tls:client-profiles", "client-profiles",
		 "client-profile"},
		"ietf-mud-tls", PLACE_MATCHES, take_tls,
		{.name = "ietf-acl-tls:client-profiles", .type = MUD_NODE_TAKEN}},
	{{"ietf-mud-bw:bw-params", "mud-qos:bw-params", "qos:bw-params", "bw-params"},
		"qos", PLACE_POLICY, take_limits,
		{.name = "ietf-mud-bw-profile:bw-params", .type = MUD_NODE_TAKEN}},
	/* the draft's own spelling, and that of its one implementation */
	{{"ietf-mud-quarantine:quarantined-device-policy", "quaranteed-device-policy",
		 "quarantined-device-policy"},
		NULL, PLACE_MUD, take_quarantine,
		{.name = "ietf-mud-quarantine:quaranteed-device-policy",
			.type = MUD_NODE_CONTAINER,
			.children = quarantine}},
	{{NULL}, NULL, PLACE_MUD, take_quarantine,
		{.name = "nist-mud:quarantined-device-policy",
			.type = MUD_NODE_CONTAINER,
			.children = quarantine}},
};

bool mud_extension_has_module(const char *key)
{
	size_t len = strcspn(key, ":");

	for (size_t i = 0; key[len] && i < sizeof tops / sizeof *tops; i++)
		if (!strncmp(tops[i].node.name, key, len + 1))
			return true;
	return false;
}

/* An entry of "extensions" that stands for this node: its very name, or a word of the
 * node's, since the names of other extensions are not known here. */
static bool is_named(
	const struct mud_reader *r, const struct mud_at *m, const char *extension)
{
	const json_t *list = r->extensions.value;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text && *text &&
			(extension ? !strcmp(text, extension)
				   : strstr(m->key, text) != NULL))
			return true;
	}
	return false;
}

/* extension: its registered name, or NULL when it is not known. */
static void check_named(
	struct mud_reader *r, const struct mud_at *m, const char *extension)
{
	char name[MUD_EXTENSION_MAX_CHARS + 1];

	if (is_named(r, m, extension))
		return;
	mud_note_mend(r, m,
		"an extension must be named in \"extensions\" of ietf-mud:mud (RFC "
		"8520 section 14)",
		"named there");
	if (extension)
		str_copy(name, sizeof name, extension);
	else
		str_copy_bytes(name, sizeof name, m->key, strcspn(m->key, ":"));
	if (json_is_array(r->extensions.value))
		mud_edit_add_string(r, &r->extensions, NULL, name);
	else if (!r->extensions_made)
		mud_edit_add_list(r, &r->mud, "extensions", name);
	/* the others find it in the next round */
	r->extensions_made = true;
}

void mud_extension_unknown(struct mud_reader *r, const struct mud_at *m)
{
	mud_note(r, NOTE_INFO, m,
		"unknown node, ignored (RFC 8520 section 14): an extension, or a "
		"misspelt name");
	if (r->schema && m->key)
		check_named(r, m, NULL);
}

/* A value that may stand alone or in a list, as people write them. */
static void take_values(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	struct mud_at item;

	if (json_is_string(at->value))
		mud_link_add(r, at, n->link, n->type == MUD_NODE_URI,
			json_string_value(at->value));
	if (!json_is_array(at->value))
		return;
	for (struct mud_iter it = mud_iter_start(r, at);
		mud_iter_next(r, at, &it, &item);)
		if (json_is_string(item.value))
			mud_link_add(r, &item, n->link, n->type == MUD_NODE_URI,
				json_string_value(item.value));
}

static void take_members(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *children)
{
	struct mud_at m;

	if (!json_is_object(at->value))
		return;
	for (; children->name; children++)
		if (mud_member(r, at, children->name, &m))
			take_links(r, &m, children);
}

static void take_links(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	struct mud_at item;

	if (n->link) {
		take_values(r, at, n);
	} else if (n->type == MUD_NODE_CONTAINER) {
		take_members(r, at, n->children);
	} else if (n->type == MUD_NODE_LIST && json_is_array(at->value)) {
		for (struct mud_iter it = mud_iter_start(r, at);
			mud_iter_next(r, at, &it, &item);)
			take_members(r, &item, n->children);
	}
}

/* Read with the rest of the matches, of which it is one. */
static void take_tls(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	(void)n;
	r->tls = *at;
}

static void take_tls_support(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	const char *text = json_string_value(at->value);

	(void)n;
	r->profile->tls_supported =
		json_is_true(at->value) || (text && str_equal_nocase(text, "true"));
}

static void take_limits(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	const char *policy = mud_local_name(at->up->key);

	(void)n;
	mud_limit_read(r, at,
		strcmp(policy, "from-device-policy") ? DIRECTION_TO_DEVICE
						     : DIRECTION_FROM_DEVICE);
}

static void take_quarantine(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	(void)n;
	mud_quarantine_read(r, at);
}

static bool is_at(const struct mud_at *m, enum place place)
{
	const char *up = m->up && m->up->key ? mud_local_name(m->up->key) : NULL;

	if (!up)
		return false;
	switch (place) {
	case PLACE_MUD:
		return !strcmp(up, "mud") && m->up->up && !m->up->up->up;
	case PLACE_MATCHES:
		return !strcmp(up, "matches");
	case PLACE_POLICY:
		return !strcmp(up, "from-device-policy") ||
		       !strcmp(up, "to-device-policy");
	}
	return false;
}

static const struct top *find_top(const struct mud_at *m, bool *ret_wild)
{
	for (size_t i = 0; m->key && i < sizeof tops / sizeof *tops; i++) {
		const struct top *t = &tops[i];
		if (!is_at(m, t->place))
			continue;
		*ret_wild = strcmp(m->key, t->node.name) != 0;
		if (!*ret_wild)
			return t;
		for (size_t k = 0; k < WILD_MAX && t->wild[k]; k++)
			if (!strcmp(m->key, t->wild[k]))
				return t;
	}
	return NULL;
}

static void spell(struct mud_reader *r, const struct mud_at *m, const char *name)
{
	char wrong[LIMIT_TEXT];

	(void)str_print(wrong, sizeof wrong,
		"this node is spelt \"%s\" (RFC 7951 section 4)", name);
	mud_note_mend(r, m, wrong, "read as that");
	mud_edit_key(r, m, name);
}

/* Another member is this node, too: in the right spelling, or in a wild one before it.
 */
static bool is_double(
	const struct mud_reader *r, const struct mud_at *m, const struct top *t)
{
	struct mud_at other;
	bool before = true, wild;

	for (struct mud_iter it = mud_iter_start(r, m->up);
		mud_iter_next(r, m->up, &it, &other);) {
		if (!strcmp(other.key, m->key))
			before = false;
		else if (find_top(&other, &wild) == t && (before || !wild))
			return true;
	}
	return false;
}

bool mud_extension(struct mud_reader *r, const struct mud_at *m)
{
	bool wild;
	const struct top *t = find_top(m, &wild);

	if (!t)
		return false;
	/* what is beside the rules harms nobody but its author */
	bool checked = r->schema || t->place != PLACE_MUD;
	if (wild && is_double(r, m, t)) {
		if (checked)
			mud_note_bad(r, m,
				"this node is there twice, once spelt \"%s\": keep one "
				"(RFC 7951 section 4)",
				t->node.name);
		return true;
	}
	if (wild && checked)
		spell(r, m, t->node.name);
	if (r->schema) {
		check_named(r, m, t->extension);
		mud_node_check(r, m, &t->node);
	}
	t->take(r, m, &t->node);
	return true;
}
