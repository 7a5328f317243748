// SPDX-License-Identifier: GPL-2.0-or-later
/* mud - fuzz target: any bytes as a MUD file, in both modes. What a reading promises is
 * checked: whole strings, ordered ranges, reasons, and that what is right strictly is
 * right by import too. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/mud/mud.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): a release build must not lose the checks. */
#define MUST(x)                                                                        \
	do {                                                                           \
		if (!(x)) {                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);        \
			abort();                                                       \
		}                                                                      \
	} while (0)

static void check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	MUST(len < size);
	MUST(str_is_clean_utf8(text, len));
}

static void check_rule(const struct rule *r, uint32_t id)
{
	char sentence[RULE_SENTENCE_MAX];

	MUST(r->id == id);
	MUST(r->direction < DIRECTION_MAX);
	MUST(r->family == 0 || r->family == 4 || r->family == 6);
	MUST(r->proto >= RULE_PROTO_ANY && r->proto <= 255);
	MUST(r->icmp_type >= RULE_ICMP_ANY && r->icmp_type <= 255);
	MUST(r->icmp_code >= RULE_ICMP_ANY && r->icmp_code <= 255);
	MUST(r->device_port.lo <= r->device_port.hi);
	MUST(r->peer_port.lo <= r->peer_port.hi);
	MUST(r->peer.kind < PEER_MAX);
	check_text(r->peer.name, sizeof r->peer.name);
	check_text(r->acl, sizeof r->acl);
	check_text(r->ace, sizeof r->ace);
	check_text(r->detail, sizeof r->detail);
	MUST(r->ethertype == RULE_ETHERTYPE_IP ||
		(r->ethertype >= 0x600 && r->ethertype <= UINT16_MAX &&
			(r->peer.kind == PEER_ANY || r->peer.kind == PEER_MAC)));
	/* what always passes says so; all else has no reason to give */
	MUST(r->ethertype != RULE_ETHERTYPE_IP ||
		(r->status == RULE_ENFORCED) == !r->detail[0]);
	MUST(r->status == RULE_ENFORCED || r->detail[0]);
	if (r->peer.kind == PEER_NAME)
		MUST(r->peer.name[0]);
	if (r->peer.kind == PEER_PREFIX) {
		MUST(r->peer.prefix.addr.family == r->family ||
			!rule_in_force(r));
		MUST(r->peer.prefix.len <= addr_bits(&r->peer.prefix.addr));
	}
	MUST(r->peer.kind != PEER_MAC || !rule_in_force(r) ||
		!mac_is_zero(&r->peer.mac));
	MUST(r->line > 0);
	MUST(strlen(rule_sentence(r, sentence)) < RULE_SENTENCE_MAX);
}

static uint32_t check_notes(const struct profile *p)
{
	uint32_t errors = 0;

	MUST(p->note_count <= LIMIT_NOTES);
	MUST(!p->note_dropped || p->note_count == LIMIT_NOTES);
	for (uint32_t i = 0; i < p->note_count; i++) {
		check_text(p->notes[i].text, sizeof p->notes[i].text);
		check_text(p->notes[i].path, sizeof p->notes[i].path);
		MUST(p->notes[i].text[0]);
		errors += p->notes[i].level == NOTE_ERROR;
	}
	return errors;
}

static void check_list(const struct u16_list *l)
{
	MUST(l->count <= LIMIT_U16_LIST);
	for (unsigned i = 0; i < l->count; i++)
		for (unsigned k = 0; k < i; k++)
			MUST(l->items[i] != l->items[k]);
}

static void check_extensions(const struct profile *p)
{
	MUST(p->tls_count <= LIMIT_TLS_PROFILES);
	for (unsigned i = 0; i < p->tls_count; i++) {
		check_text(p->tls[i].name, sizeof p->tls[i].name);
		check_text(p->tls[i].alpn, sizeof p->tls[i].alpn);
		check_list(&p->tls[i].versions);
		check_list(&p->tls[i].ciphers);
		check_list(&p->tls[i].signatures);
	}
	MUST(p->limit_count <= LIMIT_PROFILE_LIMITS);
	for (unsigned i = 0; i < p->limit_count; i++) {
		MUST(p->limits[i].packets || p->limits[i].bytes);
		check_text(p->limits[i].service, sizeof p->limits[i].service);
		check_text(p->limits[i].acl, sizeof p->limits[i].acl);
	}
	MUST(p->link_count <= LIMIT_LINKS);
	for (unsigned i = 0; i < p->link_count; i++) {
		check_text(p->links[i].kind, sizeof p->links[i].kind);
		check_text(p->links[i].text, sizeof p->links[i].text);
		MUST(p->links[i].kind[0] && p->links[i].text[0]);
	}
}

static void check_profile(int error, const struct profile *p)
{
	char why[LIMIT_TEXT];

	MUST(!error == !check_notes(p));
	check_text(p->url, sizeof p->url);
	check_text(p->systeminfo, sizeof p->systeminfo);
	check_text(p->mfg_name, sizeof p->mfg_name);
	check_text(p->model_name, sizeof p->model_name);
	check_text(p->documentation, sizeof p->documentation);
	check_text(p->signature_url, sizeof p->signature_url);
	if (error) {
		MUST(error == CARDEA_EMALFORMED || error == CARDEA_ELIMIT);
		MUST(!p->rules && !p->rule_count);
		MUST(!p->tls && !p->tls_count && !p->limits && !p->limit_count);
		MUST(!p->links && !p->link_count && !p->has_quarantine);
		return;
	}
	MUST(!mud_url_check(p->url, MUD_URL_LITERALS, why));
	MUST(p->cache_validity_h >= 1 && p->cache_validity_h <= 168);
	MUST(p->last_update >= 0);
	MUST((p->signature == SIGNATURE_NONE) == !p->signature_url[0]);
	MUST(p->rule_count <= LIMIT_RULES);
	for (uint32_t i = 0; i < p->rule_count; i++) {
		check_rule(&p->rules[i], i + 1);
		MUST(p->rules[i].tls <= p->tls_count);
		MUST(p->has_quarantine || !p->rules[i].quarantine);
	}
	check_extensions(p);
}

/* What can be imported can be repaired, what is repaired conforms (mud_repair has seen
 * to that), and what conforms stays as it is. Linting asks for more than reading. */
static void check_repair(const uint8_t *data, size_t size, struct pool *pool,
	int strict_error, int import_error)
{
	struct mud_repair m;
	struct mud_lint l;

	MUST(!mud_lint(data, size, pool, &l));
	MUST(!mud_lint_valid(&l, MUD_STRICT) || !strict_error);
	MUST(mud_lint_valid(&l, MUD_IMPORT) == !import_error);
	int error = mud_repair(data, size, pool, &m);
	MUST(!error == !import_error && !error == !!m.bytes);
	if (l.answer == MUD_CONFORMS)
		MUST(m.len == size && !memcmp(m.bytes, data, size));
	free(m.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool *pool = pool_new("fuzz", 6 * MUD_POOL_BYTES);
	struct profile strict, import;

	if (!pool)
		return 0;
	int strict_error = mud_parse(data, size, MUD_STRICT, pool, &strict);
	int import_error = mud_parse(data, size, MUD_IMPORT, pool, &import);
	check_profile(strict_error, &strict);
	check_profile(import_error, &import);
	if (!strict_error) {
		MUST(!import_error);
		MUST(strict.rule_count == import.rule_count);
	}
	check_repair(data, size, pool, strict_error, import_error);
	pool_free(pool);
	return 0;
}
