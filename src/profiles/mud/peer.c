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

/* Whose members are devices of this network, so that local-networks adds nothing. */
static bool is_at_home(const struct peer *p)
{
	switch (p->kind) {
	case PEER_LOCAL_NETWORKS:
	case PEER_GATEWAY:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAC:
		return true;
	case PEER_PREFIX:
		return prefix_is_local(&p->prefix);
	case PEER_ANY:
	case PEER_NAME:
	case PEER_CONTROLLER_DNS:
	case PEER_CONTROLLER_NTP:
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
	case PEER_MAX:
		break;
	}
	return false;
}

/* RFC 8520 4.1, 4.2: the maker of a model is the authority of its URL. */
static bool maker_of(const struct mud_reader *r, const struct peer *p,
	char ret_authority[LIMIT_NAME])
{
	const char *url = p->kind == PEER_MODEL ? p->name : r->profile->url;

	if (p->kind != PEER_MANUFACTURER)
		return !mud_url_authority(url, ret_authority);
	return str_copy(ret_authority, LIMIT_NAME, p->name);
}

static bool is_make(const struct peer *p)
{
	return p->kind == PEER_SAME_MANUFACTURER || p->kind == PEER_MANUFACTURER ||
	       p->kind == PEER_MODEL;
}

/* Devices by what they are: one class holds the other, or no device is in both. */
static void meet_makes(
	const struct mud_reader *r, struct mud_match *m, const struct peer *p)
{
	char a[LIMIT_NAME], b[LIMIT_NAME];
	struct peer *have = &m->peer;

	if (!maker_of(r, have, a) || !maker_of(r, p, b) || strcmp(a, b) != 0)
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"no device is of %s and of %s that this entry names",
			peer_kind_name(have->kind), peer_kind_name(p->kind));
	/* a model is narrower; a device's own maker must be proven besides */
	else if (have->kind != PEER_MODEL &&
		 (p->kind == PEER_MODEL || have->kind == PEER_MANUFACTURER))
		*have = *p;
}

static bool is_same(const struct peer *a, const struct peer *b)
{
	return a->kind == b->kind && !strcmp(a->name, b->name) &&
	       mac_equal(&a->mac, &b->mac);
}

void mud_peer_add(const struct mud_reader *r, struct mud_match *m, const struct peer *p)
{
	struct peer *have = &m->peer;

	if (have->kind == PEER_ANY) {
		*have = *p;
	} else if (have->kind == PEER_PREFIX && p->kind == PEER_PREFIX) {
		if (!prefix_meet(&have->prefix, &p->prefix, &have->prefix))
			mud_match_cannot(m, RULE_UNENFORCEABLE,
				"the prefixes of this entry have no address in common");
	} else if (have->kind == PEER_LOCAL_NETWORKS && is_at_home(p)) {
		*have = *p;
	} else if (is_make(have) && is_make(p)) {
		meet_makes(r, m, p);
	} else if (!(p->kind == PEER_LOCAL_NETWORKS && is_at_home(have)) &&
		   !is_same(have, p)) {
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for %s and %s at once: which addresses are both is known "
			"in the house alone, and this version does not ask there",
			peer_kind_name(have->kind), peer_kind_name(p->kind));
	}
}

/* A class that is a name; who belongs to it is known where the device is. */
static void peer_class(const struct mud_reader *r, struct mud_match *m,
	enum peer_kind kind, const char *name)
{
	struct peer p = {.kind = kind};

	if (!mud_copy(p.name, sizeof p.name, name))
		mud_match_cannot(m, RULE_NOT_YET,
			"the name of the peer is longer than %d characters",
			LIMIT_NAME - 1);
	mud_peer_add(r, m, &p);
}

static void controller(
	struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	const char *uri;

	if (!mud_uri(r, at, &uri))
		return;
	if (!strcmp(uri, URN_DNS)) {
		mud_peer_add(r, m, &(struct peer){.kind = PEER_CONTROLLER_DNS});
	} else if (!strcmp(uri, URN_NTP)) {
		mud_peer_add(r, m, &(struct peer){.kind = PEER_CONTROLLER_NTP});
	} else if (!strcmp(uri, URN_GATEWAY) && r->mode == MUD_IMPORT) {
		mud_note(r, NOTE_REPAIR, at,
			"the class \"gateway\" is not registered (RFC 8520 section "
			"17.6): read as this gateway");
		mud_peer_add(r, m, &(struct peer){.kind = PEER_GATEWAY});
	} else {
		peer_class(r, m, PEER_CONTROLLER, uri);
	}
}

static void manufacturer(
	struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	char name[LIMIT_NAME], shown[MUD_SHOW_MAX], address[ADDR_TEXT_MAX];
	const char *text;
	struct addr literal;

	if (!mud_string(r, at, &text))
		return;
	enum mud_host kind = mud_host_parse(text, name, &literal);
	if (kind == MUD_HOST_BAD) {
		mud_note_bad(r, at, "\"%s\" is no host name (RFC 8520 section 4.1)",
			mud_show_text(text, shown));
		return;
	}
	/* as mud_url_authority writes them, to be compared with it */
	if (kind == MUD_HOST_ADDR)
		(void)str_print(name, sizeof name, literal.family == 6 ? "[%s]" : "%s",
			addr_format(&literal, address));
	else
		mud_caution_name(r, at, name);
	peer_class(r, m, PEER_MANUFACTURER, name);
}

static void model(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	char why[LIMIT_TEXT];
	const char *uri;

	if (!mud_uri(r, at, &uri))
		return;
	if (mud_url_check(uri, MUD_URL_LITERALS, why))
		mud_note(r, NOTE_WARNING, at,
			"no device can have this MUD URL, so that nobody is meant: %s",
			why);
	peer_class(r, m, PEER_MODEL, uri);
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
		peer_class(r, m, PEER_SAME_MANUFACTURER, "");
	model(r, &slots[MODEL], m);
	if (mud_empty(r, &slots[LOCAL]))
		mud_peer_add(r, m, &(struct peer){.kind = PEER_LOCAL_NETWORKS});
	controller(r, &slots[CONTROLLER], m);
	if (mud_empty(r, &slots[MINE]))
		peer_class(r, m, PEER_MY_CONTROLLER, "");
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
	if (kind == MUD_HOST_NAME)
		mud_caution_name(r, at, p.name);
	else
		p = (struct peer){.kind = PEER_PREFIX,
			.prefix = prefix_of(&literal, addr_bits(&literal))};
	if (peer_side)
		mud_peer_add(r, m, &p);
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
	bool sound = prefix_of_text(text, &p.prefix, &bare);
	if (sound && p.prefix.addr.family != family)
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"no IPv%d packet has the address %s", family, shown);
	if (!sound || p.prefix.addr.family != family) {
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
		mud_peer_add(r, m, &p);
	else
		own_side(m);
}
