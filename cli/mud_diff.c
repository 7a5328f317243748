// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea mud diff - what a new MUD file allows that the old one did not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"
#include "policy/policy.h"

#define PEER_MAX_CHARS (LIMIT_NAME + 32)

struct found {
	const struct policy_access *list;
	size_t count;
};

static struct policy_says says(const struct file_mud *f)
{
	return (struct policy_says){.rules = f->lint.import.rules,
		.marks = f->lint.marks,
		.count = f->lint.import.rule_count};
}

/* The same three words in both rooms, which do not know each other. */
_Static_assert((int)MUD_RULE_WHOLE == (int)POLICY_RULE_WHOLE &&
		       (int)MUD_RULE_PARTIAL == (int)POLICY_RULE_PARTIAL &&
		       (int)MUD_RULE_NOTHING == (int)POLICY_RULE_NOTHING,
	"marks");

static bool is_frame(const struct rule *r)
{
	return r->ethertype != RULE_ETHERTYPE_IP;
}

/* How the witness calls the other end. */
static const char *peer_text(const struct policy_access *a, char buf[PEER_MAX_CHARS])
{
	const struct peer *p = &a->what.peer;
	char mac[MAC_TEXT_MAX];

	if (p->kind == PEER_MAC || is_frame(&a->what)) {
		(void)str_print(buf, PEER_MAX_CHARS, "%s",
			p->kind == PEER_MAC ? mac_format(&p->mac, mac) : "anybody");
		return buf;
	}
	if (p->kind == PEER_ANY || p->kind == PEER_PREFIX)
		return addr_format(&a->witness.peer, buf);
	if (p->name[0])
		(void)str_print(buf, PEER_MAX_CHARS, "%s%s%s",
			p->kind == PEER_NAME ? "" : peer_kind_name(p->kind),
			p->kind == PEER_NAME ? "" : " ", p->name);
	else
		(void)str_print(buf, PEER_MAX_CHARS, "%s", peer_kind_name(p->kind));
	return buf;
}

static const char *proto_text(uint8_t proto)
{
	char *out;

	if (flow_proto_name(proto))
		return flow_proto_name(proto);
	out = cli_take(8);
	(void)str_print(out, 8, "%u", proto);
	return out;
}

static bool has_ports(uint8_t proto)
{
	return proto == FLOW_PROTO_TCP || proto == FLOW_PROTO_UDP;
}

/* "tcp device:49152 -> cloud.example.com:443" */
static const char *witness_text(const struct policy_access *a)
{
	const struct flow *f = &a->witness;
	char peer[PEER_MAX_CHARS], *out = cli_take(2 * PEER_MAX_CHARS);
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	peer_text(a, peer);
	if (is_frame(&a->what))
		(void)str_print(out, 2 * PEER_MAX_CHARS, "frame 0x%04x device %s %s",
			(unsigned)a->what.ethertype, from ? "->" : "<-", peer);
	else if (has_ports(f->proto))
		(void)str_print(out, 2 * PEER_MAX_CHARS,
			from ? "%s device:%u -> %s port %u"
			     : "%s device:%u <- %s port %u",
			proto_text(f->proto), f->device_port, peer, f->peer_port);
	else
		(void)str_print(out, 2 * PEER_MAX_CHARS, "%s device %s %s",
			proto_text(f->proto), from ? "->" : "<-", peer);
	return out;
}

static const char *sentence(const struct policy_access *a)
{
	char rule[RULE_SENTENCE_MAX], lo[ADDR_TEXT_MAX], hi[ADDR_TEXT_MAX];
	char addresses[2 * ADDR_TEXT_MAX + 32] = "", protocols[48] = "";
	size_t size = sizeof(rule) + sizeof(addresses) + sizeof(protocols) + 32;
	char *out = cli_take(size);

	if (a->ranged)
		(void)str_print(addresses, sizeof(addresses), ", addresses %s to %s",
			addr_format(&a->peer_lo, lo), addr_format(&a->peer_hi, hi));
	if (a->proto_lo != a->proto_hi && !(a->proto_lo == 0 && a->proto_hi == 255))
		(void)str_print(protocols, sizeof(protocols), ", IP protocols %u to %u",
			a->proto_lo, a->proto_hi);
	(void)str_print(out, size, "%s%s%s%s", a->partial ? "perhaps " : "",
		rule_sentence(&a->what, rule), addresses, protocols);
	return out;
}

static json_t *access_json(const struct policy_access *a)
{
	const struct flow *f = &a->witness;
	char peer[PEER_MAX_CHARS], address[ADDR_TEXT_MAX];
	json_t *w = json_pack("{s:s, s:s, s:s, s:s}", "direction",
		direction_name(f->direction), "protocol",
		is_frame(&a->what) ? "ethernet" : proto_text(f->proto), "peer",
		text_clean(peer_text(a, peer)), "peer_address",
		is_frame(&a->what) ? "" : addr_format(&f->peer, address));

	if (is_frame(&a->what)) {
		json_object_set_new(w, "ethertype", json_integer(a->what.ethertype));
	} else if (has_ports(f->proto)) {
		json_object_set_new(w, "device_port", json_integer(f->device_port));
		json_object_set_new(w, "peer_port", json_integer(f->peer_port));
	} else if (f->proto == FLOW_PROTO_ICMP || f->proto == FLOW_PROTO_ICMP6) {
		json_object_set_new(w, "icmp_type", json_integer(f->icmp_type));
		json_object_set_new(w, "icmp_code", json_integer(f->icmp_code));
	}
	return json_pack("{s:s, s:o, s:s, s:s, s:i, s:b}", "sentence",
		text_clean(sentence(a)), "witness", w, "acl", text_clean(a->from->acl),
		"ace", text_clean(a->from->ace), "line", (int)a->from->line, "perhaps",
		a->partial);
}

static json_t *found_json(const struct found *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->count; i++)
		json_array_append_new(list, access_json(&f->list[i]));
	return list;
}

static void found_print(const struct found *f, const char *sign, const char *title)
{
	if (!f->count)
		return;
	printf("%s\n", title);
	for (size_t i = 0; i < f->count; i++) {
		const struct policy_access *a = &f->list[i];

		printf("%s %s\n", sign, text_clean(sentence(a)));
		printf("    as in: %s (%s/%s, line %u)\n", text_clean(witness_text(a)),
			text_clean(a->from->acl), text_clean(a->from->ace),
			a->from->line);
	}
}

static enum cli_exit print_diff(
	const struct cli *c, const struct found *added, const struct found *gone)
{
	json_t *o;
	enum cli_exit e = CLI_OK;

	if (c->json) {
		o = json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "schema",
			"cardea.mud.diff/1", "old", text_clean(c->args[0]), "new",
			text_clean(c->args[1]), "new_access", added->count > 0, "added",
			found_json(added), "removed", found_json(gone));
		e = answer_print(o);
		json_decref(o);
	} else {
		found_print(added, "+", "Newly allowed:");
		found_print(gone, "-", "No longer allowed:");
		if (!added->count)
			printf("No new access%s.\n",
				gone->count ? "" : ", and nothing is taken away");
	}
	return e != CLI_OK ? e : added->count ? CLI_NO : CLI_OK;
}

static int compare(struct pool *pool, const struct file_mud *before,
	const struct file_mud *after, struct found *ret)
{
	struct policy_says b = says(before), a = says(after);

	return policy_access_new(pool, &b, &a, &ret->list, &ret->count);
}

static enum cli_exit diff_files(const struct cli *c, const struct file_mud *before,
	const struct file_mud *after)
{
	struct pool *pool = pool_new("diff", 2 * POLICY_ACCESS_POOL_BYTES);
	struct found added = {0}, gone = {0};
	enum cli_exit e = CLI_FAILED;
	int error = pool ? compare(pool, before, after, &added) : -ENOMEM;

	if (!error)
		error = compare(pool, after, before, &gone);
	if (error)
		cli_complain("compare them by eye: `cardea mud view`",
			"mud diff: the files are too big to compare (%s)",
			error_text(error));
	else
		e = print_diff(c, &added, &gone);
	pool_free(pool);
	return e;
}

enum cli_exit mud_file_diff(struct cli *c)
{
	struct file_mud before = {0}, after = {0};
	enum cli_exit e;

	if (strcmp(c->args[0], "-") == 0 && strcmp(c->args[1], "-") == 0) {
		cli_complain(NULL, "mud diff: standard input can be one of the two");
		return CLI_USAGE;
	}
	e = file_mud_use(c, c->args[0], &before);
	if (e == CLI_OK)
		e = file_mud_use(c, c->args[1], &after);
	/* 6 would say "new access": that is not known */
	if (e == CLI_NO)
		e = CLI_FAILED;
	if (e == CLI_OK)
		e = diff_files(c, &before, &after);
	file_mud_free(&before);
	file_mud_free(&after);
	return e;
}
