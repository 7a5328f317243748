// SPDX-License-Identifier: GPL-2.0-or-later
/* learned - a MUD file from the rules that were learned: both directions and, where the
 * peer is called by what it is, both families, as RFC 8520 9 writes them. What MUD cannot
 * say is said as near as it can be, and the caller hears of it. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/maker/maker_priv.h"

#define CACHE_HOURS 48
#define NAME_BYTES 60 /* RFC 8520 3.7 */

enum { FROM4, FROM6, TO4, TO6, LISTS };
static const char *const list_names[LISTS] = {
	"from-ipv4", "from-ipv6", "to-ipv4", "to-ipv6"};

struct writer_of {
	json_t *lists[LISTS];
	size_t entries;
};

const char *maker_said_name(enum maker_said s)
{
	static const char *const names[MAKER_SAID_MAX] = {
		[MAKER_SAID] = "said",
		[MAKER_SPELT] = "spelt out",
		[MAKER_WIDENED] = "widened",
		[MAKER_UNSAID] = "not said",
	};

	return (unsigned)s < MAKER_SAID_MAX ? names[s] : "unknown";
}

static json_t *matches_of(const struct rule *r, int list)
{
	return maker_matches_of(
		r, list == TO4 || list == TO6, list == FROM4 || list == TO4);
}

/* ---- names of entries ---- */

static const char *peer_word(const struct peer *p, char buf[PREFIX_TEXT_MAX])
{
	switch (p->kind) {
	case PEER_NAME:
	case PEER_MANUFACTURER:
		return p->name;
	case PEER_PREFIX:
		return p->prefix.len == addr_bits(&p->prefix.addr)
			       ? addr_format(&p->prefix.addr, buf)
			       : prefix_format(&p->prefix, buf);
	case PEER_CONTROLLER_DNS:
		return "dns";
	case PEER_CONTROLLER_NTP:
		return "ntp";
	case PEER_MAC:
	case PEER_GATEWAY:
		return "local-networks";
	case PEER_ANY:
	case PEER_LOCAL_NETWORKS:
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
	case PEER_SAME_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAX:
		break;
	}
	return peer_kind_name(p->kind);
}

static void service_word(const struct rule *r, char buf[MAKER_SERVICE_MAX])
{
	struct range16 p = r->direction == DIRECTION_FROM_DEVICE ? r->peer_port
								 : r->device_port;
	char proto[FLOW_PROTO_TEXT_MAX];

	if (r->proto == RULE_PROTO_ANY)
		(void)str_copy(buf, MAKER_SERVICE_MAX, "ip");
	else
		(void)str_copy(buf, MAKER_SERVICE_MAX,
			flow_proto_text((uint8_t)r->proto, proto));
	size_t n = strlen(buf);
	if (maker_is_icmp(r->proto) && r->icmp_type != RULE_ICMP_ANY)
		(void)str_print(
			buf + n, MAKER_SERVICE_MAX - n, "-%d", r->icmp_type);
	else if (maker_has_ports(r->proto) && p.lo == p.hi)
		(void)str_print(buf + n, MAKER_SERVICE_MAX - n, "-%u", p.lo);
	else if (maker_has_ports(r->proto) && !maker_is_any(p))
		(void)str_print(
			buf + n, MAKER_SERVICE_MAX - n, "-%u-%u", p.lo, p.hi);
}

static bool is_taken(const struct writer_of *w, const char *name)
{
	json_t *e;
	size_t i;

	for (int list = 0; list < LISTS; list++)
		json_array_foreach (w->lists[list], i, e)
			if (!strcmp(json_string_value(json_object_get(e, "name")), name))
				return true;
	return false;
}

/* "to-cloud.example.com-tcp-443": a long peer loses its front, for the end of a name
 * says more; a number tells two of a name apart. */
static void entry_name(
	const struct writer_of *w, const struct rule *r, char ret[LIMIT_LABEL])
{
	char addr[PREFIX_TEXT_MAX], service[MAKER_SERVICE_MAX], more[12] = "";
	const char *peer = peer_word(&r->peer, addr);
	const char *way = r->direction == DIRECTION_FROM_DEVICE ? "to" : "from";

	service_word(r, service);
	for (unsigned n = 2;; n++) {
		size_t fixed = strlen(way) + strlen(service) + strlen(more) + 3;
		size_t len = strlen(peer), room = LIMIT_LABEL - fixed;
		(void)str_print(ret, LIMIT_LABEL, "%s-%s-%s%s", way,
			len > room ? peer + len - room : peer, service, more);
		if (!is_taken(w, ret))
			return;
		(void)str_print(more, sizeof more, ".%u", n);
	}
}

/* ---- from rules to lists ---- */

static bool has_match(const json_t *list, const json_t *matches)
{
	json_t *e;
	size_t i;

	json_array_foreach (list, i, e)
		if (json_equal(json_object_get(e, "matches"), matches))
			return true;
	return false;
}

/* Takes matches. */
static void put(struct writer_of *w, int list, const char *name, const char *forwarding,
	json_t *matches)
{
	if (has_match(w->lists[list], matches)) {
		json_decref(matches);
		return;
	}
	json_array_append_new(w->lists[list],
		json_pack("{s:s, s:o, s:{s:s}}", "name", name, "matches", matches,
			"actions", "forwarding", forwarding));
	w->entries++;
}

static uint8_t family_of(const struct rule *r)
{
	if (r->proto == FLOW_PROTO_ICMP || r->proto == FLOW_PROTO_ICMP6)
		return r->proto == FLOW_PROTO_ICMP ? 4 : 6;
	if (r->peer.kind == PEER_PREFIX)
		return r->peer.prefix.addr.family;
	/* by name or class it is the same peer in both families */
	return r->peer.kind == PEER_ANY ? r->family : 0;
}

/* Only what asks and answers by ports has halves; nobody answers from a group. */
static bool has_mirror(const struct rule *r)
{
	return maker_has_ports(r->proto) &&
	       !(r->peer.kind == PEER_PREFIX &&
		       (addr_is_multicast(&r->peer.prefix.addr) ||
			       addr_is_limited_broadcast(&r->peer.prefix.addr)));
}

/* One, and many: a service and its clients. */
static bool is_service(struct range16 port, struct range16 other)
{
	return port.lo == port.hi && other.lo < other.hi && other.hi == UINT16_MAX;
}

/* UDP from the port of a service to any port: the answer to who had asked all, which no
 * connection tracking knows. */
static bool is_answering(const struct rule *r)
{
	bool from = r->direction == DIRECTION_FROM_DEVICE;

	return r->proto == FLOW_PROTO_UDP && r->action == RULE_ACCEPT &&
	       (from ? is_service(r->device_port, r->peer_port)
		     : is_service(r->peer_port, r->device_port));
}

static void put_entry(
	struct writer_of *w, const struct rule *r, bool alone, struct maker_saying *say)
{
	bool from = r->direction == DIRECTION_FROM_DEVICE;
	const char *forwarding = r->action == RULE_ACCEPT ? "accept" : "drop";
	uint8_t family = family_of(r);
	char name[LIMIT_LABEL];
	size_t before = w->entries;

	entry_name(w, r, name);
	for (int list = 0; list < LISTS; list++) {
		bool opener = (list == FROM4 || list == FROM6) == from;
		bool four = list == FROM4 || list == TO4;
		if (family && (family == 4) != four)
			continue;
		if (opener || (!alone && has_mirror(r) && r->action == RULE_ACCEPT))
			put(w, list, name, forwarding, matches_of(r, list));
	}
	if (w->entries == before)
		return;
	say->entries++;
	if (!say->ace[0])
		(void)str_copy(say->ace, sizeof say->ace, name);
}

/* With any port of the asker but 0, it cannot be taken for the half that answers what
 * another entry lets in. */
static void put_rule(
	struct writer_of *w, const struct rule *r, struct maker_saying *say)
{
	struct rule one = *r;

	if (!is_answering(r)) {
		put_entry(w, r, false, say);
		return;
	}
	if (r->direction == DIRECTION_FROM_DEVICE)
		one.peer_port.lo += !one.peer_port.lo;
	else
		one.device_port.lo += !one.device_port.lo;
	put_entry(w, &one, true, say);
}

static bool is_label(const char *s, size_t len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return len && len <= 63 && strspn(s, letters) >= len && s[0] != '-' &&
	       s[len - 1] != '-' && s[len - 1] != '_';
}

/* inet:domain-name (RFC 6991 4): what a device asked for, or said in a hello, may be
 * anything. */
static bool is_domain_name(const char *name)
{
	const char *label = name;

	if (!name[0] || strlen(name) > 253)
		return false;
	for (;; label++) {
		size_t n = strcspn(label, ".");
		if (!is_label(label, n))
			return false;
		label += n;
		if (!*label)
			break;
	}
	const char *last = strrchr(name, '.');
	last = last ? last + 1 : name;
	return last[strspn(last, "0123456789")] != 0;
}

static void say(struct maker_saying *s, enum maker_said said, const char *text)
{
	s->said = said;
	(void)str_copy(s->text, sizeof s->text, text);
}

/* RFC 8520 8 has names, not what is below one. */
static void put_spelt(struct writer_of *w, const struct maker_learned *l,
	const struct rule *r, struct maker_saying *s)
{
	for (size_t i = 0; i < l->kind_count; i++) {
		struct rule one = *r;
		if (!is_domain_name(l->kinds[i].name) ||
			!maker_rule_covers(r, &l->kinds[i]))
			continue;
		(void)str_copy(
			one.peer.name, sizeof one.peer.name, l->kinds[i].name);
		put_rule(w, &one, s);
	}
	if (s->ace[0])
		say(s, MAKER_SPELT,
			"a MUD file has names, not all that is below one: the names "
			"that were seen are listed");
	else
		say(s, MAKER_UNSAID,
			"a MUD file has names, not all that is below one, and none "
			"that it could have was seen");
}

/* The half that answers is written with the one that asks. */
static bool is_answer(const struct rule *r)
{
	enum initiator other = r->direction == DIRECTION_FROM_DEVICE ? INITIATOR_PEER
								     : INITIATOR_DEVICE;

	return r->initiator == other || r->status == RULE_REPLY_HALF;
}

/* Broadcasts to a prefix (RFC 919 7); managers distrust private addresses in a file,
 * whose author cannot know them. */
static bool is_house_group(const struct maker_learned *l, const struct rule *r)
{
	if (r->peer.kind != PEER_PREFIX || !addr_is_private(&r->peer.prefix.addr))
		return false;
	for (size_t i = 0; i < l->kind_count; i++)
		if (l->kinds[i].place == RECORD_GROUP &&
			addr_equal(&l->kinds[i].peer, &r->peer.prefix.addr))
			return true;
	return false;
}

static void write_rule(struct writer_of *w, const struct maker_learned *l,
	const struct rule *r, struct maker_saying *s)
{
	struct rule one = *r;

	*s = (struct maker_saying){.said = MAKER_SAID};
	if (r->ethertype != RULE_ETHERTYPE_IP) {
		say(s, MAKER_UNSAID, "frames that are not IP are not learned");
	} else if (is_answer(r)) {
		say(s, MAKER_SAID, "answers to what another entry opens");
	} else if (r->peer.kind == PEER_NAME && rule_name_is_suffix(r->peer.name)) {
		put_spelt(w, l, r, s);
	} else if (r->peer.kind == PEER_NAME && !is_domain_name(r->peer.name)) {
		say(s, MAKER_UNSAID, "the peer's name is no domain name (RFC 6991)");
	} else if (is_house_group(l, r)) {
		one.peer = (struct peer){.kind = PEER_LOCAL_NETWORKS};
		put_rule(w, &one, s);
		say(s, MAKER_WIDENED,
			"the broadcast address of one home is another's in another: the "
			"local network stands for it");
	} else {
		put_rule(w, r, s);
		if (r->peer.kind == PEER_MAC)
			say(s, MAKER_WIDENED,
				"one device of one home has no name in another: the "
				"local network stands for it");
		if (r->peer.kind == PEER_GATEWAY)
			say(s, MAKER_WIDENED,
				"MUD has no class for the gateway itself: the local "
				"network, of which it is, stands for it");
	}
}

/* ---- the file ---- */

static json_t *policy_of(int first)
{
	return json_pack("{s:{s:[{s:s}, {s:s}]}}", "access-lists", "access-list",
		"name", list_names[first], "name", list_names[first + 1]);
}

/* At most so many bytes as people are shown, and none that moves the cursor. */
static void add_systeminfo(json_t *mud, const char *name)
{
	char text[NAME_BYTES + 1];

	if (!name || !name[0])
		return;
	json_object_set_new(mud, "systeminfo",
		json_string(str_escape(str_untrusted(name), text, sizeof text)));
}

static json_t *file_of(const struct writer_of *w, const struct maker_learned *l)
{
	char when[CLOCK_TEXT_MAX];
	json_t *acls = json_array();
	json_t *mud = json_pack("{s:i, s:s, s:s, s:i, s:b, s:o, s:o}", "mud-version", 1,
		"mud-url", l->url, "last-update", clock_format(l->now, when),
		"cache-validity", CACHE_HOURS, "is-supported", 1, "from-device-policy",
		policy_of(FROM4), "to-device-policy", policy_of(TO4));

	if (mud)
		add_systeminfo(mud, l->name);
	for (int i = 0; i < LISTS; i++)
		json_array_append_new(acls,
			json_pack("{s:s, s:s, s:{s:O}}", "name", list_names[i], "type",
				i == FROM4 || i == TO4 ? "ipv4-acl-type"
						       : "ipv6-acl-type",
				"aces", "ace", w->lists[i]));
	return json_pack("{s:o, s:{s:o}}", "ietf-mud:mud", mud,
		"ietf-access-control-list:acls", "acl", acls);
}

/* With a line for each member when that fits, for people read it, too. */
static int dump(const json_t *file, char **ret)
{
	static const size_t flags[] = {JSON_INDENT(2), JSON_INDENT(1), JSON_COMPACT};
	char *text = NULL;

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		free(text);
		text = json_dumps(file, flags[i]);
		if (!text)
			return -ENOMEM;
		if (strlen(text) < LIMIT_MUD_BYTES) {
			*ret = text;
			return 0;
		}
	}
	free(text);
	return CARDEA_ELIMIT;
}

int maker_learned_make(
	const struct maker_learned *l, struct maker_saying *ret_says, char **ret_json)
{
	struct writer_of w = {0};
	int error = 0;

	for (int i = 0; i < LISTS; i++)
		w.lists[i] = json_array();
	for (size_t i = 0; i < l->count && w.entries <= LIMIT_MUD_ACES; i++)
		write_rule(&w, l, &l->rules[i], &ret_says[i]);
	if (w.entries > LIMIT_MUD_ACES)
		error = CARDEA_ELIMIT;
	if (!error) {
		json_t *file = file_of(&w, l);
		error = file ? dump(file, ret_json) : -ENOMEM;
		json_decref(file);
	}
	for (int i = 0; i < LISTS; i++)
		json_decref(w.lists[i]);
	return error;
}
