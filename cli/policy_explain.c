// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea policy explain - what layers of profile files say about one conversation, each
 * alone and all together; no daemon is asked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"
#include "policy/policy.h"

#define CLIENT_PORT 49152 /* RFC 6335 6: what a client would use */
#define WORDS_MAX (LIMIT_NAME + 64)
#define FILES_MAX (POLICY_LAYERS_MAX - POLICY_OVERLAY_LAYERS)

struct question {
	struct file_mud files[FILES_MAX];
	size_t file_count;
	struct overlay words[LIMIT_OVERLAYS];
	size_t word_count;
	struct policy_layer layers[POLICY_LAYERS_MAX];
	size_t count;
	struct policy_env env;
	struct pool *pool;
	struct flow flow;
	char name[LIMIT_NAME]; /* of the peer, or empty */
};

/* The name that is asked about has the address of the flow, and no other has one. */
static bool names_has(void *ctx, const char *name, const struct addr *a)
{
	const struct question *q = ctx;

	return q->name[0] && rule_name_matches(name, q->name) &&
	       addr_equal(a, &q->flow.peer);
}

static size_t names_addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	const struct question *q = ctx;

	if (!max || !names_has(ctx, name, &q->flow.peer))
		return 0;
	out[0] = q->flow.peer;
	return 1;
}

static struct policy_names names_of(struct question *q)
{
	return (struct policy_names){.has = names_has, .addrs = names_addrs, .ctx = q};
}

/* ---- reading ---- */

static bool read_layer_name(const char *text, size_t len, enum layer *ret)
{
	static const enum layer all[] = {
		LAYER_MANUFACTURER, LAYER_LEARNED, LAYER_CROWD, LAYER_OWNER};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strlen(layer_name(all[i])) == len &&
			strncmp(layer_name(all[i]), text, len) == 0) {
			*ret = all[i];
			return true;
		}
	return false;
}

static enum cli_exit read_layer(struct cli *c, struct question *q, const char *text)
{
	const char *file = strchr(text, '=');
	enum layer layer = LAYER_MANUFACTURER;
	enum cli_exit e;

	if (!file || !file[1] ||
		!read_layer_name(text, (size_t)(file - text), &layer)) {
		cli_complain("give manufacturer=FILE, learned=FILE, crowd=FILE or "
			     "owner=FILE",
			"\"%s\" is no layer", text_clean(text));
		return CLI_USAGE;
	}
	if (q->file_count == FILES_MAX) {
		cli_complain(NULL, "more than %d layers", FILES_MAX);
		return CLI_USAGE;
	}
	struct file_mud *f = &q->files[q->file_count++];
	e = file_mud_use(c, file + 1, f);
	if (e != CLI_OK)
		return e == CLI_NO ? CLI_FAILED : e; /* 6 would answer the question */
	const struct profile *p = mud_lint_profile(&f->lint);
	q->layers[q->count++] =
		(struct policy_layer){POLICY_GRANT, layer, p->rules, p->rule_count};
	return CLI_OK;
}

static bool read_proto(const char *text, int16_t *ret)
{
	int64_t n;

	for (int p = 0; p < 256; p++) {
		const char *name = flow_proto_name((uint8_t)p);
		if (name && strcasecmp(name, text) == 0) {
			*ret = (int16_t)p;
			return true;
		}
	}
	if (str_to_i64(text, 0, 255, &n))
		return false;
	*ret = (int16_t)n;
	return true;
}

static bool read_ports(char *word, struct range16 *ret)
{
	char *hi = strchr(word, '-');
	int64_t from, to;

	if (hi)
		*hi++ = 0;
	if (str_to_i64(word, 0, UINT16_MAX, &from) ||
		str_to_i64(hi ? hi : word, 0, UINT16_MAX, &to) || from > to)
		return false;
	*ret = (struct range16){(uint16_t)from, (uint16_t)to};
	return true;
}

/* As the daemon tells them: "refuse ads.example.com tcp port 443". */
static bool read_words(const char *text, struct overlay *o)
{
	char copy[WORDS_MAX], *rest = copy, *word;
	bool peer = false, ports = false, good = true;

	*o = (struct overlay){.proto = RULE_PROTO_ANY, .port = {0, UINT16_MAX}};
	if (!str_copy(copy, sizeof(copy), text))
		return false;
	word = strsep(&rest, " ");
	if (!overlay_kind_parse(word, &o->kind))
		return false;
	while (good && (word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (!peer && overlay_has_peer(o->kind))
			good = peer = overlay_peer_parse(word, &o->peer);
		else if (!strcmp(word, "port") || !strcmp(word, "ports"))
			ports = true;
		else
			good = ports ? read_ports(word, &o->port)
				     : read_proto(word, &o->proto);
	}
	return good && overlay_is_sound(o);
}

static enum cli_exit read_owner(struct cli *c, struct question *q)
{
	const char *text;

	for (unsigned i = 0; (text = args_flag_at(c, "owner", i)); i++) {
		if (q->word_count < LIMIT_OVERLAYS &&
			read_words(text, &q->words[q->word_count])) {
			q->words[q->word_count].id = (uint32_t)q->word_count + 1;
			q->word_count++;
			continue;
		}
		cli_complain("say \"refuse PEER [tcp] [port N]\", \"allow PEER ...\", "
			     "\"lan-only\", \"no-internet\" or \"only PEER\"",
			"\"%s\" is nothing that an owner can say", text_clean(text));
		return CLI_USAGE;
	}
	return CLI_OK;
}

static enum cli_exit read_house(const struct cli *c, struct policy_env *env)
{
	struct prefix p;
	struct addr a;
	const char *text;

	for (unsigned i = 0; (text = args_flag_at(c, "lan", i)); i++)
		if (prefix_parse(text, &p) || !policy_env_add_lan(env, &p)) {
			cli_complain("give one such as 192.168.1.0/24",
				"\"%s\" is no prefix, or one too many", text_clean(text));
			return CLI_USAGE;
		}
	for (unsigned i = 0; (text = args_flag_at(c, "gateway", i)); i++)
		if (addr_parse(text, &a) || !policy_env_add_gateway(env, &a)) {
			cli_complain("give one such as 192.168.1.1",
				"\"%s\" is no address, or one too many",
				text_clean(text));
			return CLI_USAGE;
		}
	return CLI_OK;
}

/* Addresses of documentation stand for what a file cannot know (RFC 5737, RFC 3849). */
static enum cli_exit read_flow(struct cli *c, struct question *q)
{
	const char *port = args_flag(c, "port"), *proto = args_flag(c, "proto");
	int16_t number = FLOW_PROTO_TCP;
	struct flow *f = &q->flow;
	struct peer peer;
	int64_t n = 443;

	if (!overlay_peer_parse(c->args[0], &peer) ||
		(peer.kind == PEER_PREFIX &&
			peer.prefix.len != addr_bits(&peer.prefix.addr)) ||
		(peer.kind == PEER_NAME && rule_name_is_suffix(peer.name))) {
		cli_complain("give example.com, or an address",
			"\"%s\" is neither a name nor an address",
			text_clean(c->args[0]));
		return CLI_USAGE;
	}
	if ((port && str_to_i64(port, 0, UINT16_MAX, &n)) ||
		(proto && !read_proto(proto, &number))) {
		cli_complain("give --port 443 --proto tcp",
			"the port or the protocol is none");
		return CLI_USAGE;
	}
	f->direction = args_flag(c, "inbound") ? DIRECTION_TO_DEVICE
					       : DIRECTION_FROM_DEVICE;
	f->proto = (uint8_t)number;
	if (peer.kind == PEER_NAME) {
		str_copy(q->name, sizeof(q->name), peer.name);
		(void)!addr_parse("198.51.100.1", &f->peer);
	} else {
		f->peer = peer.prefix.addr;
	}
	(void)!addr_parse(f->peer.family == 4 ? "192.0.2.10" : "2001:db8::10", &f->device);
	if (number != FLOW_PROTO_TCP && number != FLOW_PROTO_UDP)
		return CLI_OK;
	f->peer_port = args_flag(c, "inbound") ? CLIENT_PORT : (uint16_t)n;
	f->device_port = args_flag(c, "inbound") ? (uint16_t)n : CLIENT_PORT;
	return CLI_OK;
}

/* ---- answering ---- */

struct said {
	const char *layer;
	const char *part;
	const char *says; /* "allows", "forbids", "refuses", "limits", "nothing" */
	char sentence[RULE_SENTENCE_MAX + LIMIT_TEXT];
};

static const char *const part_names[POLICY_PART_MAX] = {
	[POLICY_REFUSE] = "refusal", [POLICY_LIMIT] = "limit", [POLICY_GRANT] = "grant"};

/* A layer alone, as one that grants: what passes a limit is not dropped by it. */
static int ask_alone(struct question *q, const struct policy_layer *l, struct said *ret)
{
	struct policy_names names = names_of(q);
	const struct rule *r;
	struct policy_input in;
	struct policy p;
	char text[RULE_SENTENCE_MAX];
	int error = policy_combine(q->pool, l, 1, &in);

	if (!error)
		error = policy_prepare(q->pool, &in, &p);
	if (error)
		return error;
	*ret = (struct said){layer_name(l->layer), part_names[l->part], "nothing", ""};
	r = policy_first_match(&p, &q->env, &names, &q->flow);
	if (!r || r->id > l->count)
		return 0;
	ret->says = r->action == RULE_ACCEPT   ? "allows"
		    : r->action == RULE_PASS     ? "passes"
		    : l->part == POLICY_REFUSE ? "refuses"
		    : l->part == POLICY_LIMIT  ? "stops"
						 : "forbids";
	(void)str_print(ret->sentence, sizeof(ret->sentence), "%s%s%s%s",
		r->detail[0] ? r->detail : rule_sentence(r, text), r->ace[0] ? " (" : "",
		r->ace, r->ace[0] ? ")" : "");
	return 0;
}

static int judge(struct question *q, struct verdict *ret, char buf[POLICY_EXPLAIN_MAX])
{
	struct policy_names names = names_of(q);
	struct policy_input in;
	struct policy p;
	int error = policy_combine(q->pool, q->layers, q->count, &in);

	if (!error)
		error = policy_prepare(q->pool, &in, &p);
	if (error)
		return error;
	policy_evaluate(&p, &q->env, &names, &q->flow, ret);
	policy_explain(&p, &q->env, &names, &q->flow, ret, "the device",
		q->name[0] ? q->name : NULL, buf);
	return 0;
}

static enum cli_exit print(
	const struct cli *c, const struct said *all, size_t count, const struct verdict *v,
	const char *text)
{
	bool allowed = v->kind == VERDICT_ALLOW || v->kind == VERDICT_PASS;
	json_t *list = json_array(), *o;
	enum cli_exit e = CLI_OK;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:s}", "layer", all[i].layer, "part",
				all[i].part, "says", all[i].says, "rule",
				text_clean(all[i].sentence)));
	o = json_pack("{s:s, s:b, s:s, s:s, s:s, s:o}", "schema",
		"cardea.policy.explain/1", "allowed", allowed, "verdict",
		verdict_kind_name(v->kind), "layer",
		v->rule || v->kind >= VERDICT_QUARANTINE ? layer_name(v->layer) : "",
		"text", text_clean(text), "layers", list);
	if (c->json)
		e = answer_print(o);
	for (size_t i = 0; i < count && !c->json; i++)
		printf("  %-12s %-8s %s%s%s\n", all[i].layer, all[i].part, all[i].says,
			all[i].sentence[0] ? ": it " : "", text_clean(all[i].sentence));
	if (!c->json)
		printf("%s%s%s\n", text_on(allowed ? STYLE_GOOD : STYLE_BAD),
			text_clean(text), text_off(allowed ? STYLE_GOOD : STYLE_BAD));
	json_decref(o);
	return e != CLI_OK || allowed ? e : CLI_NO;
}

static enum cli_exit answer(const struct cli *c, struct question *q)
{
	struct said said[POLICY_LAYERS_MAX];
	char text[POLICY_EXPLAIN_MAX];
	size_t words = 0;
	struct verdict v;
	int error;

	q->pool = pool_new("explain", (POLICY_LAYERS_MAX + 2) * 3 * POLICY_POOL_BYTES);
	error = q->pool ? policy_overlay_layers(q->pool, q->words, q->word_count,
				  q->layers + q->count, &words)
			: -ENOMEM;
	if (!error)
		q->count += words;
	for (size_t i = 0; i < q->count && !error; i++)
		error = ask_alone(q, &q->layers[i], &said[i]);
	if (!error)
		error = judge(q, &v, text);
	if (!error)
		return print(c, said, q->count, &v, text);
	cli_complain("try fewer of them", "the layers could not be combined: %s",
		error_text(error));
	return CLI_FAILED;
}

enum cli_exit policy_explain_files(struct cli *c)
{
	struct question *q = cli_take(sizeof(*q));
	const char *text;
	enum cli_exit e;

	memset(q, 0, sizeof(*q));
	e = read_flow(c, q);
	if (e == CLI_OK)
		e = read_house(c, &q->env);
	if (e == CLI_OK)
		e = read_owner(c, q);
	for (unsigned i = 0; e == CLI_OK && (text = args_flag_at(c, "layer", i)); i++)
		e = read_layer(c, q, text);
	if (e == CLI_OK && !q->count && !q->word_count) {
		cli_complain("give --layer manufacturer=FILE", "no layer is given");
		e = CLI_USAGE;
	}
	if (e == CLI_OK)
		e = answer(c, q);
	pool_free(q->pool);
	for (size_t i = 0; i < q->file_count; i++)
		file_mud_free(&q->files[i]);
	return e;
}
