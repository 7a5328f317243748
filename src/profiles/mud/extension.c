// SPDX-License-Identifier: GPL-2.0-or-later
/* extension - the nodes of other modules that MUD files are known to carry: RFC 9472
 * (transparency), RFC 9761 (TLS profiles), ownership and licences, the reporter. They
 * are checked against their modules as tables; what they mean is for others. */
#include <string.h>
#include "profiles/mud/mud_priv.h"

enum node_type {
	NODE_CONTAINER,
	NODE_LIST, /* its key is the first child */
	NODE_STRING,
	NODE_URI,
	NODE_UINT, /* up to max */
	NODE_BOOL,
	NODE_WORD, /* one of words */
};

struct node {
	const char *name;
	enum node_type type;
	bool many;         /* a leaf-list */
	uint32_t max;      /* of the number, or characters of the text; 0: no limit */
	const char *words; /* space around each; for URIs: allowed schemes */
	const struct node *children;
};

#define CHILDREN_MAX 16 /* the widest container below has 13 */

static const struct node sboms[] = {
	{.name = "version-info", .type = NODE_STRING},
	{.name = "sbom-url", .type = NODE_URI, .words = " coap coaps http https "},
	{0},
};

static const struct node transparency[] = {
	{.name = "sboms", .type = NODE_LIST, .children = sboms},
	{.name = "sbom-local-well-known",
		.type = NODE_WORD,
		.words = " coap coaps http https "},
	{.name = "sbom-contact-uri",
		.type = NODE_URI,
		.words = " mailto http https tel "},
	{.name = "sbom-archive-list", .type = NODE_URI},
	{.name = "vuln-url", .type = NODE_URI, .many = true},
	{.name = "vuln-contact-uri",
		.type = NODE_URI,
		.words = " mailto http https tel "},
	{0},
};

static const struct node license[] = {
	{.name = "owner-name", .type = NODE_STRING, .max = 128},
	{.name = "spdx-tags", .type = NODE_STRING, .many = true},
	{.name = "license-info", .type = NODE_URI, .many = true},
	{0},
};

static const struct node ol[] = {
	{.name = "license", .type = NODE_LIST, .children = license},
	{0},
};

static const struct node reporter[] = {
	{.name = "report-uri", .type = NODE_URI},
	{0},
};

#define MANY_U16(x)                                                                    \
	{                                                                              \
		.name = x, .type = NODE_UINT, .many = true, .max = 65535               \
	}

static const struct node tls_profile[] = {
	{.name = "name", .type = NODE_STRING, .max = 64},
	{.name = "supported-tls-version",
		.type = NODE_WORD,
		.many = true,
		.words = " tls12 tls13 "},
	{.name = "supported-dtls-version",
		.type = NODE_WORD,
		.many = true,
		.words = " dtls12 dtls13 "},
	MANY_U16("cipher-suite"),
	MANY_U16("extension-type"),
	{.name = "accept-list-ta-cert", .type = NODE_STRING, .many = true},
	{.name = "psk-key-exchange-mode", .type = NODE_UINT, .many = true, .max = 255},
	MANY_U16("supported-group"),
	MANY_U16("signature-algorithm-cert"),
	MANY_U16("signature-algorithm"),
	{.name = "application-protocol", .type = NODE_STRING, .many = true},
	MANY_U16("cert-compression-algorithm"),
	{.name = "certificate-authorities", .type = NODE_STRING, .many = true},
	{0},
};

static const struct node tls[] = {
	{.name = "tls-dtls-profile", .type = NODE_LIST, .children = tls_profile},
	{0},
};

/* The other spelling of each is what examples of the documents themselves use. */
static const struct {
	const char *wild;
	const char *extension; /* its name in "extensions" */
	struct node node;
} tops[] = {
	{"mudtx:transparency", "transparency",
		{.name = "ietf-mud-transparency:transparency",
			.type = NODE_CONTAINER,
			.children = transparency}},
	{"ol:ol", "ol", {.name = "ietf-ol:ol", .type = NODE_CONTAINER, .children = ol}},
	{"reporter:reporter", "reporter",
		{.name = "ietf-mud-reporter-extension:reporter",
			.type = NODE_CONTAINER,
			.children = reporter}},
	{"ietf-mud-tls:is-tls-dtls-profile-support", "ietf-mud-tls",
		{.name = "ietf-mud-tls:is-tls-dtls-profile-supported",
			.type = NODE_BOOL}},
	{"ietf-acl-tls:client-profile", "ietf-mud-tls",
		{.name = "ietf-acl-tls:client-profiles",
			.type = NODE_CONTAINER,
			.children = tls}},
};

static void check_node(
	struct mud_reader *r, const struct mud_at *at, const struct node *n);

static void check_children(
	struct mud_reader *r, const struct mud_at *at, const struct node *children)
{
	const char *names[CHILDREN_MAX + 1] = {NULL};
	struct mud_at slots[CHILDREN_MAX];
	bool unknown;
	int count = 0;

	for (; children[count].name; count++)
		names[count] = children[count].name;
	if (!mud_members(r, at, names, slots, &unknown))
		return;
	for (int i = 0; i < count; i++)
		if (slots[i].value)
			check_node(r, &slots[i], &children[i]);
}

/* Entries without their key are no entries. */
static void check_list(
	struct mud_reader *r, const struct mud_at *at, const struct node *n)
{
	struct mud_at item;

	if (!mud_array(r, at))
		return;
	mud_unique(r, at, n->children[0].name);
	for (struct mud_iter it = mud_iter_start(r, at);
		mud_iter_next(r, at, &it, &item);) {
		if (json_object_get(item.value, n->children[0].name))
			check_children(r, &item, n->children);
		else
			mud_note_bad(r, &item,
				"an entry of this list needs %s, its key (RFC 7950 "
				"section 7.8.2)",
				n->children[0].name);
	}
}

/* " a b c " has the word of len bytes. */
static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *at = words; (at = strchr(at, ' ')) && at[1]; at++)
		if (!strncmp(at + 1, word, len) && at[1 + len] == ' ')
			return len > 0;
	return false;
}

static void check_text(
	struct mud_reader *r, const struct mud_at *at, const struct node *n)
{
	const char *text, *word;

	if (n->type == NODE_URI ? !mud_uri(r, at, &text) : !mud_string(r, at, &text))
		return;
	word = n->type == NODE_WORD && strchr(text, ':') ? strchr(text, ':') + 1 : text;
	if (n->max && (!*text || strlen(text) > n->max))
		mud_note_bad(r, at,
			"must have 1 to %u characters (RFC 7950 section 9.4.4)",
			n->max);
	else if (n->words && !has_word(n->words, word, strcspn(word, ":")))
		mud_note_bad(r, at, "must be%s one of%s(RFC 7950 section 9)",
			n->type == NODE_URI ? " a URI of" : "", n->words);
}

static void check_leaf(
	struct mud_reader *r, const struct mud_at *at, const struct node *n)
{
	uint32_t number;
	bool yes;

	if (n->type == NODE_UINT)
		mud_uint(r, at, 0, n->max, &number);
	else if (n->type == NODE_BOOL)
		mud_bool(r, at, &yes);
	else
		check_text(r, at, n);
}

static void check_node(
	struct mud_reader *r, const struct mud_at *at, const struct node *n)
{
	struct mud_at item;

	if (n->type == NODE_CONTAINER) {
		check_children(r, at, n->children);
	} else if (n->type == NODE_LIST) {
		check_list(r, at, n);
	} else if (!n->many) {
		check_leaf(r, at, n);
	} else if (mud_array(r, at)) {
		mud_unique(r, at, NULL);
		for (struct mud_iter it = mud_iter_start(r, at);
			mud_iter_next(r, at, &it, &item);)
			check_leaf(r, &item, n);
	}
}

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

bool mud_extension(struct mud_reader *r, const struct mud_at *m)
{
	char wrong[LIMIT_TEXT];

	for (size_t i = 0; m->key && i < sizeof tops / sizeof *tops; i++) {
		const struct node *n = &tops[i].node;
		bool wild = !strcmp(m->key, tops[i].wild);
		if (!wild && strcmp(m->key, n->name) != 0)
			continue;
		mud_note(r, NOTE_INFO, m,
			"an extension that this version reads and does not use (RFC "
			"8520 section 14)");
		/* what an extension gets wrong harms nobody but its author */
		if (!r->schema)
			return true;
		if (wild) {
			(void)str_print(wrong, sizeof wrong,
				"this node is spelt \"%s\" (RFC 7951 section 4)",
				n->name);
			mud_note_mend(r, m, wrong, "read as that");
			mud_edit_key(r, m, n->name);
		}
		check_named(r, m, tops[i].extension);
		check_node(r, m, n);
		return true;
	}
	return false;
}
