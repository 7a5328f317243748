// SPDX-License-Identifier: GPL-2.0-or-later
/* peer - who is at the other end: the classes of RFC 8520 4, the names of RFC 8520 8
 * and the prefixes of RFC 8519. A rule has one peer; an ACE may ask for several at
 * once, all of which must hold. */
#include <stdio.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define URN_DNS "urn:ietf:params:mud:dns" /* RFC 8520 17.6 */
#define URN_NTP "urn:ietf:params:mud:ntp"
#define URN_GATEWAY "urn:ietf:params:mud:gateway" /* never registered, much used */

/* Prefixes that the local-networks class covers in every house: no router forwards
 * them by its default route (RFC 8520 4.5). */
static bool prefix_is_local(const struct prefix *p)
{
	struct addr lo, hi;

	prefix_range(p, &lo, &hi);
	if (addr_is_multicast(&lo) && addr_is_multicast(&hi))
		return true;
	if (addr_is_link_local(&lo) && addr_is_link_local(&hi))
		return true;
	return p->len == addr_bits(&p->addr) && addr_is_limited_broadcast(&p->addr);
}

/* The narrower one when one holds the other. */
static bool prefix_meet(
	const struct prefix *a, const struct prefix *b, struct prefix *ret)
{
	const struct prefix *wide = a->len <= b->len ? a : b;
	const struct prefix *narrow = wide == a ? b : a;

	if (!prefix_contains(wide, &narrow->addr))
		return false;
	*ret = *narrow;
	return true;
}

static void peer_add(struct mud_match *m, const struct peer *p)
{
	struct peer *have = &m->peer;

	if (have->kind == PEER_ANY) {
		*have = *p;
	} else if (have->kind == PEER_PREFIX && p->kind == PEER_PREFIX) {
		if (!prefix_meet(&have->prefix, &p->prefix, &have->prefix))
			mud_match_cannot(m, RULE_UNENFORCEABLE,
				"the prefixes of this entry have no address in common");
	} else if (have->kind == PEER_LOCAL_NETWORKS && p->kind == PEER_PREFIX &&
		   prefix_is_local(&p->prefix)) {
		*have = *p;
	} else if (!(have->kind == PEER_PREFIX && p->kind == PEER_LOCAL_NETWORKS &&
			   prefix_is_local(&have->prefix))) {
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for %s and %s at once, which this version cannot combine",
			peer_kind_name(have->kind), peer_kind_name(p->kind));
	}
}

/* A class that this version reads but cannot yet tie to devices. */
static void peer_later(
	struct mud_match *m, enum peer_kind kind, const char *name, const char *why)
{
	struct peer p = {.kind = kind};

	if (!mud_copy(p.name, sizeof p.name, name ? name : ""))
		mud_match_cannot(m, RULE_NOT_YET, "the name of the peer is too long");
	peer_add(m, &p);
	/* the rule says all of it, only nobody can act on it */
	bool partial = m->partial;
	mud_match_cannot(m, RULE_NOT_YET, "%s", why);
	m->partial = partial;
}

static void controller(
	struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	const char *uri;

	if (!mud_uri(r, at, &uri))
		return;
	if (!strcmp(uri, URN_DNS)) {
		peer_add(m, &(struct peer){.kind = PEER_CONTROLLER_DNS});
	} else if (!strcmp(uri, URN_NTP)) {
		peer_add(m, &(struct peer){.kind = PEER_CONTROLLER_NTP});
	} else if (!strcmp(uri, URN_GATEWAY) && r->mode == MUD_IMPORT) {
		mud_note(r, NOTE_REPAIR, at,
			"the class \"gateway\" is not registered (RFC 8520 section "
			"17.6): read as this gateway");
		peer_add(m, &(struct peer){.kind = PEER_GATEWAY});
	} else {
		peer_later(m, PEER_CONTROLLER, uri,
			"needs a choice of the devices that are controllers of this "
			"class, which this version cannot take");
	}
}

static void manufacturer(
	struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	char name[LIMIT_NAME], shown[MUD_SHOW_MAX];
	const char *text;
	struct addr literal;

	if (!mud_string(r, at, &text))
		return;
	if (mud_host_parse(text, name, &literal) == MUD_HOST_BAD) {
		mud_note_bad(r, at, "\"%s\" is no host name (RFC 8520 section 4.1)",
			mud_show_text(text, shown));
		return;
	}
	peer_later(m, PEER_MANUFACTURER, text,
		"peers by manufacturer are not enforced by this version");
}

static void model(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	const char *uri;

	if (mud_uri(r, at, &uri))
		peer_later(m, PEER_MODEL, uri,
			"peers by model are not enforced by this version");
}

void mud_peer_mud(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	enum { MANUFACTURER, SAME, MODEL, LOCAL, CONTROLLER, MINE, COUNT };
	static const char *const names[] = {"manufacturer", "same-manufacturer",
		"model", "local-networks", "controller", "my-controller", NULL};
	struct mud_at slots[COUNT];
	bool unknown;

	if (!at->value || !mud_members(r, at, names, slots, &unknown))
		return;
	if (unknown)
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for a class of peers that this version does not know");
	manufacturer(r, &slots[MANUFACTURER], m);
	if (mud_empty(r, &slots[SAME]))
		peer_later(m, PEER_SAME_MANUFACTURER, NULL,
			"peers of the same manufacturer are not enforced by this "
			"version");
	model(r, &slots[MODEL], m);
	if (mud_empty(r, &slots[LOCAL]))
		peer_add(m, &(struct peer){.kind = PEER_LOCAL_NETWORKS});
	controller(r, &slots[CONTROLLER], m);
	if (mud_empty(r, &slots[MINE]))
		peer_later(m, PEER_MY_CONTROLLER, NULL,
			"needs a choice of the device's controller, which this version "
			"cannot take");
}

static void own_side(struct mud_match *m)
{
	mud_match_cannot(m, RULE_NOT_YET,
		"names an address of the device itself; this version matches peers "
		"alone");
}

void mud_peer_host(struct mud_reader *r, const struct mud_at *at, uint8_t family,
	bool peer_side, struct mud_match *m)
{
	struct peer p = {.kind = PEER_NAME};
	char shown[MUD_SHOW_MAX];
	const char *text;
	struct addr literal;

	if (!mud_string(r, at, &text))
		return;
	mud_show_text(text, shown);
	enum mud_host kind = mud_host_parse(text, p.name, &literal);
	if (kind == MUD_HOST_BAD) {
		mud_note_bad(r, at,
			"\"%s\" is neither a domain name nor an address (RFC 8520 "
			"section 8)",
			shown);
		return;
	}
	if (kind == MUD_HOST_ADDR && literal.family != family) {
		mud_note_bad(r, at,
			"the address %s stands under ipv%d (RFC 8520 section 8)", shown,
			family);
		return;
	}
	if (kind == MUD_HOST_ADDR)
		p = (struct peer){.kind = PEER_PREFIX,
			.prefix = prefix_of(&literal, addr_bits(&literal))};
	if (peer_side)
		peer_add(m, &p);
	else
		own_side(m);
}

/* inet:ipv4-prefix or ipv6-prefix: host bits may be set, they mean nothing. */
static bool prefix_of_text(const char *text, struct prefix *ret, bool *ret_bare)
{
	char host[ADDR_TEXT_MAX];
	struct addr a;
	int64_t len;

	size_t n = strcspn(text, "/");
	*ret_bare = !text[n];
	if (!str_copy_bytes(host, sizeof host, text, n) || addr_parse(host, &a))
		return false;
	len = addr_bits(&a);
	if (!*ret_bare && str_to_i64(text + n + 1, 0, len, &len))
		return false;
	*ret = prefix_of(&a, (uint8_t)len);
	return true;
}

void mud_peer_network(struct mud_reader *r, const struct mud_at *at, uint8_t family,
	bool peer_side, struct mud_match *m)
{
	struct peer p = {.kind = PEER_PREFIX};
	char shown[MUD_SHOW_MAX], wrong[LIMIT_TEXT];
	const char *text;
	bool bare;

	if (!mud_string(r, at, &text))
		return;
	mud_show_text(text, shown);
	if (!prefix_of_text(text, &p.prefix, &bare) || p.prefix.addr.family != family) {
		mud_note_bad(r, at,
			"\"%s\" is no IPv%d prefix like %s (RFC 6991 ipv%d-prefix)",
			shown, family, family == 4 ? "192.0.2.0/24" : "2001:db8::/32",
			family);
		return;
	}
	if (bare) {
		(void)str_print(wrong, sizeof wrong,
			"\"%s\" has no prefix length (RFC 6991 ipv%d-prefix)", shown,
			family);
		mud_note_mend(r, at, wrong, "read as one address");
		(void)str_print(wrong, sizeof wrong, "%s/%d", text, p.prefix.len);
		mud_edit_string(r, at, wrong);
	}
	if (!p.prefix.len)
		return; /* every address of the family, which the rule already says */
	if (peer_side)
		peer_add(m, &p);
	else
		own_side(m);
}
