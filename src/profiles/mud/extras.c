// SPDX-License-Identifier: GPL-2.0-or-later
/* extras - what a MUD file says beside its rules, for people and for programs: links,
 * TLS profiles, bandwidth, and what stays on in quarantine. */
#include <string.h>
#include "base/jsonw.h"
#include "profiles/mud/mud_priv.h"

#define SHOWN_MAX (LIMIT_URL * 4) /* every byte as \xNN */
#define IDS_SHOWN 20              /* more numbers in one sentence say nothing */

static char *shown(const char *text, char buf[SHOWN_MAX])
{
	return str_escape(str_untrusted(text), buf, SHOWN_MAX);
}

/* The words around a link. */
static const struct {
	const char *kind, *before, *behind;
} words[] = {
	{"sbom-url", "Its bill of materials is at ", ""},
	{"sbom-local-well-known", "The device itself shows its bill of materials, by ",
		""},
	{"sbom-contact-uri", "Who wants its bill of materials asks ", ""},
	{"sbom-archive-list", "Its older bills of materials are listed at ", ""},
	{"vuln-url", "Its known vulnerabilities are at ", ""},
	{"vuln-contact-uri", "Vulnerabilities are reported to ", ""},
	{"owner-name", "The file belongs to ", ""},
	{"spdx-tag", "The licence of the file is ", ""},
	{"license-info", "The licence of the file is at ", ""},
	{"report-uri", "Its maker would like reports at ", ""},
	{"masa-server", "When it joins a network, ", " vouches for it"},
};

static void say_link(const struct profile_link *l, mud_say say, void *ctx)
{
	char text[SHOWN_MAX], out[MUD_EXTRA_MAX];

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i].kind, l->kind) != 0)
			continue;
		(void)str_print(out, sizeof out, "%s%s%s.", words[i].before,
			shown(l->text, text), words[i].behind);
		say(ctx, out);
	}
}

const char *mud_tls_version_name(uint16_t wire)
{
	switch (wire) {
	case 0x0303:
		return "TLS 1.2";
	case 0x0304:
		return "TLS 1.3";
	case 0xfefd:
		return "DTLS 1.2";
	case 0xfefc:
		return "DTLS 1.3";
	default:
		return "unknown";
	}
}

static void add_count(char out[MUD_EXTRA_MAX], unsigned n, const char *what)
{
	size_t len = strlen(out);

	if (n)
		(void)str_print(out + len, MUD_EXTRA_MAX - len, "; %u %s%s", n, what,
			n == 1 ? "" : "s");
}

static void say_tls(const struct tls_profile *t, mud_say say, void *ctx)
{
	char name[SHOWN_MAX], out[MUD_EXTRA_MAX];

	(void)str_print(
		out, sizeof out, "Its TLS profile \"%s\" has ", shown(t->name, name));
	for (unsigned i = 0; i < t->versions.count && i < IDS_SHOWN; i++)
		(void)str_print(out + strlen(out), sizeof out - strlen(out), "%s%s",
			i ? " and " : "", mud_tls_version_name(t->versions.items[i]));
	if (!t->versions.count)
		(void)str_print(
			out + strlen(out), sizeof out - strlen(out), "any version");
	add_count(out, t->ciphers.count, "cipher suite");
	add_count(out, t->extensions.count, "extension");
	add_count(out, t->groups.count, "group");
	add_count(out, t->signatures.count, "signature algorithm");
	if (t->alpn[0])
		(void)str_print(out + strlen(out), sizeof out - strlen(out),
			"; protocols %s", shown(t->alpn, name));
	if (t->has_authorities)
		(void)str_print(out + strlen(out), sizeof out - strlen(out),
			"; its certificate authorities are not checked");
	(void)str_print(out + strlen(out), sizeof out - strlen(out), ".");
	say(ctx, out);
}

static void say_limit(const struct profile_limit *l, mud_say say, void *ctx)
{
	char name[SHOWN_MAX], out[MUD_EXTRA_MAX];
	bool both = l->bytes && l->packets;

	(void)str_print(out, sizeof out, "For \"%s\" it %s at most ",
		shown(l->service, name),
		l->direction == DIRECTION_FROM_DEVICE ? "sends" : "receives");
	if (l->bytes)
		(void)str_print(out + strlen(out), sizeof out - strlen(out),
			"%llu bytes%s", (unsigned long long)l->bytes,
			both ? " and " : "");
	if (l->packets)
		(void)str_print(out + strlen(out), sizeof out - strlen(out),
			"%llu packets", (unsigned long long)l->packets);
	(void)str_print(out + strlen(out), sizeof out - strlen(out), " a second");
	if (l->timeframe_s)
		(void)str_print(out + strlen(out), sizeof out - strlen(out),
			", for %u seconds at a time", l->timeframe_s);
	if (l->acl[0])
		(void)str_print(out + strlen(out), sizeof out - strlen(out),
			" (list %s)", shown(l->acl, name));
	(void)str_print(out + strlen(out), sizeof out - strlen(out), ".");
	say(ctx, out);
}

static void say_quarantine(const struct profile *p, mud_say say, void *ctx)
{
	char out[MUD_EXTRA_MAX] = "In quarantine these of its rules stay on:";
	unsigned n = 0;

	for (uint32_t i = 0; i < p->rule_count; i++)
		if (p->rules[i].quarantine && n++ < IDS_SHOWN)
			(void)str_print(out + strlen(out), sizeof out - strlen(out),
				"%s %u", n > 1 ? "," : "", p->rules[i].id);
	if (n > IDS_SHOWN)
		(void)str_print(out + strlen(out), sizeof out - strlen(out),
			" and %u more", n - IDS_SHOWN);
	if (!n)
		str_copy(out, sizeof out, "In quarantine none of its rules stays on");
	(void)str_print(out + strlen(out), sizeof out - strlen(out), ".");
	say(ctx, out);
}

void mud_extras(const struct profile *p, mud_say say, void *ctx)
{
	for (unsigned i = 0; i < p->link_count; i++)
		say_link(&p->links[i], say, ctx);
	for (unsigned i = 0; i < p->tls_count; i++)
		say_tls(&p->tls[i], say, ctx);
	if (p->tls_supported && !p->tls_count)
		say(ctx, "The file says that it has a TLS profile, and shows none.");
	for (unsigned i = 0; i < p->limit_count; i++)
		say_limit(&p->limits[i], say, ctx);
	if (p->has_quarantine)
		say_quarantine(p, say, ctx);
}

static void write_numbers(struct jsonw *out, const char *key, const struct u16_list *l)
{
	jsonw_key(out, key);
	jsonw_array(out);
	for (unsigned i = 0; i < l->count; i++)
		jsonw_u64(out, l->items[i]);
	jsonw_array_end(out);
}

static void write_tls(struct jsonw *out, const struct tls_profile *t)
{
	jsonw_object(out);
	jsonw_kv_untrusted(out, "name", t->name);
	jsonw_key(out, "versions");
	jsonw_array(out);
	for (unsigned i = 0; i < t->versions.count; i++)
		jsonw_string(out, mud_tls_version_name(t->versions.items[i]));
	jsonw_array_end(out);
	write_numbers(out, "ciphers", &t->ciphers);
	write_numbers(out, "extensions", &t->extensions);
	write_numbers(out, "groups", &t->groups);
	write_numbers(out, "signatures", &t->signatures);
	write_numbers(out, "signatures_cert", &t->signatures_cert);
	write_numbers(out, "psk_modes", &t->modes);
	write_numbers(out, "cert_compressions", &t->compressions);
	jsonw_kv_untrusted(out, "protocols", t->alpn);
	jsonw_kv_bool(out, "authorities", t->has_authorities);
	jsonw_object_end(out);
}

static void write_limit(struct jsonw *out, const struct profile_limit *l)
{
	jsonw_object(out);
	jsonw_kv_untrusted(out, "service", l->service);
	jsonw_kv_string(out, "direction", direction_name(l->direction));
	jsonw_kv_untrusted(out, "acl", l->acl);
	jsonw_kv_u64(out, "timeframe_s", l->timeframe_s);
	jsonw_kv_u64(out, "packets_per_s", l->packets);
	jsonw_kv_u64(out, "bytes_per_s", l->bytes);
	jsonw_object_end(out);
}

static void write_link(struct jsonw *out, const struct profile_link *l)
{
	jsonw_object(out);
	jsonw_kv_untrusted(out, "kind", l->kind);
	jsonw_kv_untrusted(out, "text", l->text);
	jsonw_object_end(out);
}

static void write_quarantine(const struct profile *p, struct jsonw *out)
{
	jsonw_key(out, "quarantine");
	if (!p->has_quarantine) {
		jsonw_null(out);
		return;
	}
	jsonw_array(out);
	for (uint32_t i = 0; i < p->rule_count; i++)
		if (p->rules[i].quarantine)
			jsonw_u64(out, p->rules[i].id);
	jsonw_array_end(out);
}

void mud_extras_json(const struct profile *p, struct jsonw *out)
{
	jsonw_key(out, "links");
	jsonw_array(out);
	for (unsigned i = 0; i < p->link_count; i++)
		write_link(out, &p->links[i]);
	jsonw_array_end(out);
	jsonw_kv_bool(out, "tls_supported", p->tls_supported);
	jsonw_key(out, "tls_profiles");
	jsonw_array(out);
	for (unsigned i = 0; i < p->tls_count; i++)
		write_tls(out, &p->tls[i]);
	jsonw_array_end(out);
	jsonw_key(out, "limits");
	jsonw_array(out);
	for (unsigned i = 0; i < p->limit_count; i++)
		write_limit(out, &p->limits[i]);
	jsonw_array_end(out);
	write_quarantine(p, out);
}
