// SPDX-License-Identifier: GPL-2.0-or-later
/* view - a profile as a person reads it: who made it, and one sentence for each thing
 * that the device may do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/jsonw.h"
#include "profiles/mud/mud_priv.h"

#define SHA256_TEXT_MAX 65

static void print_line(FILE *out, const char *label, const char *text)
{
	char shown[LIMIT_URL * 4];

	if (*text)
		fprintf(out, "%-14s %s\n", label,
			str_escape(str_untrusted(text), shown, sizeof shown));
}

static void print_header(const struct profile *p, FILE *out)
{
	char when[CLOCK_TEXT_MAX];

	print_line(out, "MUD file", p->url);
	print_line(out, "Device", p->systeminfo);
	print_line(out, "Maker", p->mfg_name);
	print_line(out, "Model", p->model_name);
	print_line(out, "Manual", p->documentation);
	print_line(out, "Last update",
		p->last_update ? clock_format(p->last_update, when) : "unknown");
	fprintf(out, "%-14s after %u hours\n", "Asked again", p->cache_validity_h);
	print_line(out, "Updates",
		p->is_supported ? "still supported by its maker"
				: "no longer supported by its maker");
	print_line(out, "Signature", signature_state_name(p->signature));
	print_line(out, "Signature URL", p->signature_url);
	print_line(out, "Signed by", p->signer);
}

static void print_extra(void *ctx, const char *sentence)
{
	fprintf(ctx, "%s\n", sentence);
}

static void print_tls(const struct profile *p, const struct rule *r, FILE *out)
{
	char name[LIMIT_LABEL * 4];

	if (r->tls && r->tls <= p->tls_count)
		fprintf(out, "      its TLS is held against the profile \"%s\"\n",
			str_escape(str_untrusted(p->tls[r->tls - 1].name), name,
				sizeof name));
}

static void print_rule(const struct rule *r, FILE *out)
{
	char sentence[RULE_SENTENCE_MAX], acl[LIMIT_LABEL * 4], ace[LIMIT_LABEL * 4];
	char detail[LIMIT_TEXT * 4];

	/* the match of a rule that is not enforced is wider than what was asked */
	bool whole = rule_in_force(r) || r->status == RULE_REPLY_HALF;

	fprintf(out, "%4u. %s%s\n", r->id,
		whole ? "" : "at most: ", rule_sentence(r, sentence));
	fprintf(out, "      %s", rule_status_name(r->status));
	if (r->detail[0])
		fprintf(out, ": %s",
			str_escape(str_untrusted(r->detail), detail, sizeof detail));
	if (r->line)
		fprintf(out, " (%s/%s, line %u)",
			str_escape(str_untrusted(r->acl), acl, sizeof acl),
			str_escape(str_untrusted(r->ace), ace, sizeof ace), r->line);
	fputc('\n', out);
}

int mud_view_text(const struct profile *p, FILE *out)
{
	uint32_t enforced = 0;

	print_header(p, out);
	fputc('\n', out);
	mud_extras(p, print_extra, out);
	fprintf(out, "%sThe device\n",
		p->link_count || p->tls_count || p->tls_supported || p->limit_count ||
				p->has_quarantine
			? "\n"
			: "");
	for (uint32_t i = 0; i < p->rule_count; i++) {
		print_rule(&p->rules[i], out);
		print_tls(p, &p->rules[i], out);
		enforced += rule_in_force(&p->rules[i]) ||
			    p->rules[i].status == RULE_REPLY_HALF;
	}
	fprintf(out,
		"%u rules, %u of them enforced. All else is refused, except the "
		"gateway's own DNS and time.\n",
		p->rule_count, enforced);
	return ferror(out) ? -EIO : 0;
}

static const char *initiator_name(enum initiator i)
{
	switch (i) {
	case INITIATOR_EITHER:
		return "either";
	case INITIATOR_DEVICE:
		return "device";
	case INITIATOR_PEER:
		return "peer";
	}
	return "unknown";
}

static void write_ports(struct jsonw *out, const char *key, const struct range16 *r)
{
	jsonw_key(out, key);
	jsonw_array(out);
	jsonw_u64(out, r->lo);
	jsonw_u64(out, r->hi);
	jsonw_array_end(out);
}

/* RULE_ANY values are null: any. */
static void write_any(struct jsonw *out, const char *key, int value)
{
	jsonw_key(out, key);
	if (value < 0)
		jsonw_null(out);
	else
		jsonw_i64(out, value);
}

static void write_peer(struct jsonw *out, const struct peer *p)
{
	char text[PREFIX_TEXT_MAX], mac[MAC_TEXT_MAX];

	jsonw_key(out, "peer");
	jsonw_object(out);
	jsonw_kv_string(out, "kind", peer_kind_name(p->kind));
	if (p->kind == PEER_PREFIX)
		jsonw_kv_string(out, "prefix", prefix_format(&p->prefix, text));
	if (p->kind == PEER_MAC)
		jsonw_kv_string(out, "mac", mac_format(&p->mac, mac));
	if (p->name[0])
		jsonw_kv_untrusted(out, "name", p->name);
	jsonw_object_end(out);
}

static void write_rule(struct jsonw *out, const struct profile *p, const struct rule *r)
{
	char sentence[RULE_SENTENCE_MAX];

	jsonw_object(out);
	jsonw_kv_u64(out, "id", r->id);
	jsonw_kv_string(out, "sentence", rule_sentence(r, sentence));
	jsonw_kv_string(out, "status", rule_status_name(r->status));
	jsonw_kv_untrusted(out, "detail", r->detail);
	jsonw_kv_string(out, "direction", direction_name(r->direction));
	jsonw_kv_string(out, "initiator", initiator_name(r->initiator));
	jsonw_kv_string(out, "action", r->action == RULE_DROP ? "drop" : "accept");
	write_any(out, "family", r->family ? r->family : -1);
	write_any(out, "protocol", r->proto);
	write_any(out, "icmp_type", r->icmp_type);
	write_any(out, "icmp_code", r->icmp_code);
	write_ports(out, "device_ports", &r->device_port);
	write_ports(out, "peer_ports", &r->peer_port);
	write_peer(out, &r->peer);
	write_any(out, "ethertype", r->ethertype);
	jsonw_key(out, "tls_profile");
	if (r->tls && r->tls <= p->tls_count)
		jsonw_untrusted(out, str_untrusted(p->tls[r->tls - 1].name));
	else
		jsonw_null(out);
	jsonw_kv_bool(out, "quarantine", r->quarantine);
	jsonw_kv_untrusted(out, "acl", r->acl);
	jsonw_kv_untrusted(out, "ace", r->ace);
	jsonw_kv_u64(out, "line", r->line);
	jsonw_object_end(out);
}

static void write_digest(struct jsonw *out, const uint8_t digest[32])
{
	static const char digits[] = "0123456789abcdef";
	char text[SHA256_TEXT_MAX];
	uint8_t any = 0;

	for (size_t i = 0; i < 32; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
		any |= digest[i];
	}
	text[SHA256_TEXT_MAX - 1] = 0;
	jsonw_kv_string(out, "sha256", any ? text : NULL);
}

int mud_view_json(const struct profile *p, struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_string(out, "schema", "cardea.mud.view/1");
	jsonw_kv_untrusted(out, "url", p->url);
	jsonw_kv_time(out, "last_update", p->last_update);
	jsonw_kv_u64(out, "cache_validity_hours", p->cache_validity_h);
	jsonw_kv_bool(out, "is_supported", p->is_supported);
	jsonw_kv_untrusted(out, "systeminfo", p->systeminfo);
	jsonw_kv_untrusted(out, "manufacturer", p->mfg_name);
	jsonw_kv_untrusted(out, "model", p->model_name);
	jsonw_kv_untrusted(out, "documentation", p->documentation);
	jsonw_kv_string(out, "signature", signature_state_name(p->signature));
	jsonw_kv_untrusted(out, "signature_url", p->signature_url);
	jsonw_kv_untrusted(out, "signer", p->signer);
	write_digest(out, p->sha256);
	mud_extras_json(p, out);
	jsonw_key(out, "rules");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->rule_count; i++)
		write_rule(out, p, &p->rules[i]);
	jsonw_array_end(out);
	jsonw_object_end(out);
	return out->error;
}
