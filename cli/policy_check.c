// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea policy check - is what a profile says, or what all of them say, enforced as it is
 * written? Of a file without a gateway: it is compiled as for a device of some house, by the
 * one compiler that both back ends take their elements from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/rules.h"
#include "cli/text.h"
#include "policy/policy.h"

struct outcome {
	json_t *devices, *backends;
	size_t problems;
};

static bool is_exact(const char *status)
{
	return strcmp(status, "enforced") == 0 || strcmp(status, "reply") == 0;
}

/* Takes the list of problems. */
static void add_device(struct outcome *o, const char *name, size_t rules, json_t *problems)
{
	o->problems += json_array_size(problems);
	json_array_append_new(o->devices,
		json_pack("{s:s, s:I, s:o}", "device", name, "rules", (json_int_t)rules,
			"problems", problems));
}

static void add_problem(
	json_t *list, const char *what, const char *status, const char *detail, const char *source)
{
	json_array_append_new(list,
		json_pack("{s:s, s:s, s:s, s:s}", "what", what, "status", status, "detail",
			detail, "source", source));
}

static void print_text(const struct cli *c, const struct outcome *o)
{
	const json_t *d, *p;
	size_t i, j;

	json_array_foreach (o->devices, i, d) {
		const json_t *problems = json_object_get(d, "problems");

		if (json_object_get(d, "unbound")) {
			printf("%s%s%s: no profile is in force%s%s\n", text_on(STYLE_BOLD),
				answer_text(d, "device"), text_off(STYLE_BOLD),
				answer_raw(d, "unbound")[0] ? ": " : "",
				answer_text(d, "unbound"));
			continue;
		}
		printf("%s%s%s: %lld rules, %zu not as they are written\n", text_on(STYLE_BOLD),
			answer_text(d, "device"), text_off(STYLE_BOLD),
			answer_number(d, "rules"), json_array_size(problems));
		json_array_foreach (problems, j, p)
			printf("  %s! %s%s: %s%s%s (%s)\n", text_on(STYLE_WARN),
				answer_text(p, "status"), text_off(STYLE_WARN),
				answer_text(p, "what"), answer_text(p, "detail")[0] ? ": " : "",
				answer_text(p, "detail"), answer_text(p, "source"));
	}
	json_array_foreach (o->backends, i, d)
		printf("%s%s%s: %s\n", text_on(STYLE_BOLD), answer_text(d, "name"),
			text_off(STYLE_BOLD), answer_text(d, "text"));
	cli_say(c, o->problems ? "Not all of it is enforced as it is written."
			       : "All of it is enforced as it is written.");
}

/* Takes what is in o. */
static enum cli_exit finish(const struct cli *c, enum cli_exit e, struct outcome *o)
{
	json_t *answer = json_pack("{s:s, s:b, s:o, s:o}", "schema", "cardea.policy.check/1",
		"exact", o->problems == 0, "devices", o->devices, "backends", o->backends);

	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		print_text(c, o);
	json_decref(answer);
	return e == CLI_OK && o->problems ? CLI_NO : e;
}

/* ---- a file ---- */

/* Addresses of documentation stand for what a file cannot know (RFC 5737, RFC 3849). */
struct house {
	struct policy_env env;
	struct addr device[2], peer[2];
	struct policy_device who;
};

static void house_init(struct house *h)
{
	struct prefix lan;
	struct addr gateway;

	memset(h, 0, sizeof(*h));
	for (unsigned i = 0; i < 2; i++) {
		if (prefix_parse(i ? "2001:db8::/64" : "192.0.2.0/24", &lan) == 0)
			(void)policy_env_add_lan(&h->env, &lan);
		if (addr_parse(i ? "2001:db8::1" : "192.0.2.1", &gateway) == 0)
			(void)policy_env_add_gateway(&h->env, &gateway);
		(void)!addr_parse(i ? "2001:db8::10" : "192.0.2.10", &h->device[i]);
		(void)!addr_parse(i ? "2001:db8:1::1" : "198.51.100.1", &h->peer[i]);
	}
	h->who = (struct policy_device){
		.mac = {{2, 0, 0, 0, 0, 0x10}}, .addrs = h->device, .addr_count = 2};
}

struct counts {
	size_t elements, kernel, names;
	bool whole; /* no name needs the gateway */
};

static int count_element(void *ctx, const struct element *e, rule_id rule)
{
	(void)e;
	(void)rule;
	((struct counts *)ctx)->elements++;
	return 0;
}

static int count_opening(void *ctx, const struct policy_opening *o)
{
	(void)o;
	((struct counts *)ctx)->kernel++;
	return 0;
}

/* Each name as if the device had been told addresses of it. */
static int compile_names(const struct policy *p, const struct house *h, struct counts *n)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < p->count; i++) {
		const struct rule *r = &p->rules[i];

		if (r->peer.kind != PEER_NAME || !rule_in_force(r) ||
			rule_name_is_suffix(r->peer.name))
			continue;
		n->names++;
		for (unsigned j = 0; !error && j < 2; j++)
			error = policy_compile_binding(p, &h->env, NULL, &h->who, r->peer.name,
				&h->peer[j], 3600, count_element, n);
	}
	return error;
}

static int compile(const struct policy *p, struct counts *n)
{
	struct house h;
	int error;

	house_init(&h);
	error = policy_compile(p, &h.env, NULL, &h.who, count_element, n);
	if (!error)
		error = compile_names(p, &h, n);
	if (!error)
		error = policy_inline(p, count_opening, n, &n->whole);
	return error;
}

static void add_backends(struct outcome *o, const struct counts *n)
{
	char text[LIMIT_TEXT];

	(void)str_print(text, sizeof(text), "it compiles, to %zu elements; answers with names "
					    "are held until the kernel has them",
		n->elements);
	json_array_append_new(o->backends,
		json_pack("{s:s, s:b, s:s}", "name", "nft", "compiles", 1, "text", text));
	(void)str_print(text, sizeof(text), "it compiles, to %zu elements; the kernel learns "
					    "the addresses of %zu names by itself%s",
		n->elements, n->kernel, n->whole ? "" : ", answers with the others are held");
	json_array_append_new(o->backends,
		json_pack("{s:s, s:b, s:s}", "name", "bpf", "compiles", 1, "text", text));
}

static void add_failure(struct outcome *o, int error)
{
	static const char *const names[] = {"nft", "bpf"};

	for (unsigned i = 0; i < 2; i++)
		json_array_append_new(o->backends,
			json_pack("{s:s, s:b, s:s}", "name", names[i], "compiles", 0, "text",
				error == CARDEA_ELIMIT
					? "it comes to more ranges than one device may have"
					: error_text(error)));
	o->problems++;
}

static json_t *problems_of(const struct policy *p)
{
	json_t *list = json_array();
	char sentence[RULE_SENTENCE_MAX], source[2 * LIMIT_LABEL + 32];

	for (uint32_t i = 0; i < p->base_first && i < p->count; i++) {
		const struct rule *r = &p->rules[i];
		const char *status = rule_status_name(r->status);

		if (is_exact(status))
			continue;
		(void)str_print(source, sizeof(source), "%s%s%s, line %u", r->acl,
			r->acl[0] && r->ace[0] ? "/" : "", r->ace, r->line);
		add_problem(list, text_clean(rule_sentence(r, sentence)), status,
			text_clean(r->detail), text_clean(source));
	}
	return list;
}

static enum cli_exit judge_file(
	const char *path, const struct profile *profile, struct pool *pool, struct outcome *o)
{
	struct policy_layer layer = {
		POLICY_GRANT, LAYER_MANUFACTURER, profile->rules, profile->rule_count};
	struct policy_input in;
	struct counts n = {0};
	struct policy p;
	int error = policy_combine(pool, &layer, 1, &in);

	if (!error)
		error = policy_prepare(pool, &in, &p);
	if (error) {
		cli_complain("split it", "%s: cannot be a policy: %s", text_clean(path),
			error_text(error));
		return CLI_NO;
	}
	add_device(o, text_clean(path), profile->rule_count, problems_of(&p));
	error = compile(&p, &n);
	if (error)
		add_failure(o, error);
	else
		add_backends(o, &n);
	return CLI_OK;
}

static enum cli_exit check_file(struct cli *c, struct outcome *o)
{
	struct file_mud f;
	enum cli_exit e = file_mud_use(c, c->args[0], &f);
	struct pool *pool = NULL;

	if (e == CLI_OK) {
		pool = pool_new("check", 3 * POLICY_POOL_BYTES);
		e = pool ? judge_file(c->args[0], mud_lint_profile(&f.lint), pool, o)
			 : CLI_FAILED;
	}
	pool_free(pool);
	file_mud_free(&f);
	return e;
}

/* ---- the gateway ---- */

/* Whom no profile binds: nothing is in force that could be enforced otherwise. */
static bool is_bound(const json_t *device)
{
	return json_array_size(json_object_get(device, "rules")) ||
	       answer_raw(device, "profile")[0];
}

static void add_rules(json_t *list, const json_t *device)
{
	const json_t *r;
	size_t i;

	json_array_foreach (json_object_get(device, "rules"), i, r)
		if (!is_exact(answer_raw(r, "status")))
			add_problem(list, answer_text(r, "sentence"), answer_text(r, "status"),
				answer_text(r, "detail"), rules_source(r));
	json_array_foreach (json_object_get(device, "limits"), i, r)
		if (!is_exact(answer_raw(r, "status")))
			add_problem(list, answer_text(r, "service"), answer_text(r, "status"),
				answer_text(r, "detail"), "its limits");
	if (is_bound(device) && answer_raw(device, "problem")[0])
		add_problem(list, "its profile", "not in force", answer_text(device, "problem"),
			"the gateway");
}

static void add_running(struct outcome *o, const json_t *status)
{
	const json_t *port;
	char text[2 * LIMIT_TEXT];
	size_t i, open = 0;

	json_array_foreach (json_object_get(status, "ports"), i, port)
		open += !answer_true(port, "covered");
	(void)str_print(text, sizeof(text), "in force%s%s%s",
		answer_raw(status, "backend_lacks")[0] ? "; " : "",
		answer_text(status, "backend_lacks"),
		open ? "; not every port of the LAN is covered" : "");
	o->problems += open != 0;
	json_array_append_new(o->backends,
		json_pack("{s:s, s:b, s:s}", "name", answer_text(status, "backend"), "compiles", 1,
			"text", text));
}

static enum cli_exit check_gateway(struct cli *c, struct outcome *o)
{
	json_t *policy = NULL, *status = NULL, *d;
	enum cli_exit e = answer_get(c, "/v1/policy", &policy);
	size_t i;

	if (e == CLI_OK)
		e = answer_get(c, "/v1/status", &status);
	json_array_foreach (json_object_get(policy, "devices"), i, d) {
		json_t *problems = json_array();

		add_rules(problems, d);
		add_device(o, answer_text(d, "device"),
			json_array_size(json_object_get(d, "rules")), problems);
		if (!is_bound(d))
			json_object_set(json_array_get(o->devices, i), "unbound",
				json_object_get(d, "problem"));
	}
	if (e == CLI_OK)
		add_running(o, status);
	json_decref(policy);
	json_decref(status);
	return e;
}

enum cli_exit policy_check(struct cli *c)
{
	struct outcome o = {.devices = json_array(), .backends = json_array()};
	enum cli_exit e = c->arg_count ? check_file(c, &o) : check_gateway(c, &o);

	return finish(c, e, &o);
}
