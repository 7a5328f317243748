// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea import - what such a file says and the house does not, shown first, then done by the
 * same requests as by hand: each can be undone, and a second time there is nothing to do. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/house.h"
#include "cli/text.h"

/* One change, as a sentence and as a request. */
struct step {
	char *text;
	struct client_target target;
	json_t *body;
};

struct plan {
	struct cli *cli;
	const json_t *want, *have;
	struct step *steps;
	size_t count, room;
	size_t missing; /* devices, questions that are not here */
	bool exact;
};

/* Takes the body. */
static void add(struct plan *p, const char *noun, const char *object, json_t *body,
	const char *sign, const char *who, const char *what)
{
	size_t size = strlen(who) + strlen(what) + 8;
	struct step *s;

	if (p->count == p->room) {
		p->room = p->room ? 2 * p->room : 64;
		s = realloc(p->steps, p->room * sizeof(*s));
		if (!s) {
			fputs("cardea: no memory left\n", stderr);
			exit(CLI_FAILED);
		}
		p->steps = s;
	}
	s = &p->steps[p->count++];
	s->text = cli_take(size);
	(void)str_print(s->text, size, "%s %s: %s", sign, who, what);
	client_target_init(&s->target, noun);
	if (object)
		client_target_segment(&s->target, object);
	s->body = body;
}

/* "name | -> ": a where the bar is, b at the end. */
static const char *words(const char *fmt, const char *a, const char *b)
{
	size_t size = strlen(fmt) + strlen(a) + strlen(b) + 1;
	char *text = cli_take(size);
	const char *at = strchr(fmt, '|');

	(void)str_print(text, size, "%.*s%s%s%s", (int)(at - fmt), fmt, a, at + 1, b);
	return text;
}

/* ---- devices ---- */

static void change_text(struct plan *p, const json_t *want, const json_t *have,
	const char *key, const char *shown)
{
	const char *to = answer_raw(want, key), *from = answer_raw(have, key);
	const char *mac = answer_raw(want, "mac");

	if (!to[0] || strcmp(to, from) == 0)
		return;
	add(p, "/v1/devices", mac, json_pack("{s:s}", key, to), "~", answer_text(have, "name"),
		words(shown, from[0] ? text_clean(from) : "-", text_clean(to)));
}

static void change_confirmed(struct plan *p, const json_t *want, const json_t *have)
{
	bool to = answer_true(want, "confirmed");

	if (!json_object_get(want, "confirmed") || to == answer_true(have, "confirmed"))
		return;
	add(p, "/v1/devices", answer_raw(want, "mac"), json_pack("{s:b}", "confirmed", to), "~",
		answer_text(have, "name"),
		to ? "you vouch for it" : "you vouch for it no more");
}

static bool is_in(const json_t *list, const json_t *one,
	bool (*same)(const json_t *, const json_t *))
{
	const json_t *o;
	size_t i;

	json_array_foreach (list, i, o)
		if (same(o, one))
			return true;
	return false;
}

static const char *overlay_words(const json_t *o)
{
	const char *kind = answer_text(o, "kind"), *peer = answer_text(o, "peer");
	const char *proto = answer_text(o, "proto");
	size_t size = strlen(kind) + strlen(peer) + strlen(proto) + 48;
	char *text = cli_take(size), ports[40] = "";

	if (json_object_get(o, "port_to"))
		(void)str_print(ports, sizeof(ports), " port %lld-%lld",
			answer_number(o, "port_from"), answer_number(o, "port_to"));
	(void)str_print(text, size, "%s%s%s%s%s%s", kind, peer[0] ? " " : "", peer,
		proto[0] ? " " : "", proto, ports);
	return text;
}

static json_t *overlay_body(const json_t *o, const char *mac)
{
	json_t *body = json_deep_copy(o);

	json_object_set_new(body, "device", json_string(mac));
	return body;
}

static void change_overlays(struct plan *p, const json_t *want, const json_t *have)
{
	const json_t *wanted = json_object_get(want, "overlays");
	const json_t *there = json_object_get(have, "overlays"), *o;
	const char *mac = answer_raw(want, "mac"), *name = answer_text(have, "name");
	char id[24];
	size_t i;

	json_array_foreach (wanted, i, o)
		if (!is_in(there, o, house_same_overlay))
			add(p, "/v1/overlays", NULL, overlay_body(o, mac), "+", name,
				overlay_words(o));
	if (!p->exact || !wanted)
		return;
	json_array_foreach (there, i, o) {
		if (is_in(wanted, o, house_same_overlay))
			continue;
		(void)str_print(id, sizeof(id), "%lld", answer_number(o, "id"));
		add(p, "/v1/overlays", id, json_pack("{s:b}", "remove", 1), "-", name,
			overlay_words(o));
	}
}

static void change_device(struct plan *p, const json_t *want)
{
	const char *mac = answer_raw(want, "mac");
	const json_t *have = house_device(p->have, mac);

	if (!have) {
		cli_say(p->cli, "%s %s is not here: import again once it has joined",
			mac, answer_text(want, "name"));
		p->missing++;
		return;
	}
	change_text(p, want, have, "name", "name | -> ");
	change_text(p, want, have, "class", "class | -> ");
	change_text(p, want, have, "mud_url", "MUD URL | -> ");
	change_confirmed(p, want, have);
	change_overlays(p, want, have);
}

/* ---- the house ---- */

static void change_controllers(struct plan *p)
{
	const json_t *there = json_object_get(p->have, "controllers"), *o;
	size_t i;

	json_array_foreach (json_object_get(p->want, "controllers"), i, o) {
		const char *of = answer_raw(o, "device"), *target = answer_raw(o, "target");
		const json_t *holder = of[0] ? house_device(p->have, of) : NULL;

		if (is_in(there, o, house_same_controller))
			continue;
		if (of[0] && !holder) {
			p->missing++;
			continue;
		}
		add(p, "/v1/controllers", NULL,
			json_pack("{s:s, s:s?, s:s, s:b}", "class", answer_raw(o, "class"),
				"device", of[0] ? of : NULL, "target", target, "add", 1),
			"+", holder ? answer_text(holder, "name") : "all devices",
			words("its | is ", answer_text(o, "class"), text_clean(target)));
	}
}

static const json_t *question_like(const json_t *list, const json_t *one)
{
	const json_t *o, *found = NULL;
	size_t i;

	json_array_foreach (list, i, o) /* the last one counts */
		if (house_same_question(o, one))
			found = o;
	return found;
}

static void change_decisions(struct plan *p)
{
	const json_t *there = json_object_get(p->have, "decisions"), *o;
	char id[24];
	size_t i;

	json_array_foreach (json_object_get(p->want, "decisions"), i, o) {
		const json_t *asked = question_like(there, o);
		bool yes = strcmp(answer_raw(o, "answer"), "accepted") == 0;
		const char *choice = answer_raw(o, "choice");

		if (!asked) {
			p->missing++;
			continue;
		}
		if (strcmp(answer_raw(asked, "answer"), answer_raw(o, "answer")) == 0)
			continue;
		(void)str_print(id, sizeof(id), "%lld", answer_number(asked, "id"));
		add(p, "/v1/decisions", id,
			json_pack("{s:s, s:s?}", "answer", yes ? "accept" : "reject", "choice",
				choice[0] ? choice : NULL),
			"~", yes ? "yes" : "no", answer_text(asked, "text"));
	}
}

static void make_plan(struct plan *p)
{
	const json_t *o;
	size_t i;

	json_array_foreach (json_object_get(p->want, "devices"), i, o)
		change_device(p, o);
	change_controllers(p);
	change_decisions(p);
}

/* ---- told, and done ---- */

static enum cli_exit tell(const struct plan *p, size_t done)
{
	json_t *list = json_array(), *o;
	enum cli_exit e;

	for (size_t i = 0; i < p->count; i++)
		json_array_append_new(list, json_string(p->steps[i].text));
	o = json_pack("{s:s, s:o, s:I, s:I}", "schema", "cardea.import/1", "changes", list,
		"done", (json_int_t)done, "not_here", (json_int_t)p->missing);
	e = answer_print(o);
	json_decref(o);
	return e;
}

static enum cli_exit carry_out(struct plan *p, size_t *ret_done)
{
	struct cli *c = p->cli;
	enum cli_exit e = CLI_OK;
	size_t i = 0;

	for (; e == CLI_OK && i < p->count; i++) {
		json_t *answer = NULL;

		e = answer_post(c, &p->steps[i].target, p->steps[i].body, &answer);
		p->steps[i].body = NULL;
		json_decref(answer);
		if (e == CLI_OK)
			++*ret_done;
		else
			cli_complain("correct it, and import again: what is done is left alone",
				"%zu of %zu changes are made; this one is not: %s", *ret_done,
				p->count, p->steps[i].text);
	}
	if (*ret_done > 1)
		cli_say(c, "undo with: cardea undo ID, for each of the %zu in `cardea undo "
			   "--list`",
			*ret_done);
	return e;
}

static enum cli_exit show_and_do(struct plan *p)
{
	struct cli *c = p->cli;
	bool dry = args_flag(c, "dry-run") != NULL;
	size_t done = 0;
	enum cli_exit e = CLI_OK, told = CLI_OK;

	for (size_t i = 0; !c->json && i < p->count; i++)
		printf("%s\n", p->steps[i].text);
	if (p->count && !dry)
		e = cli_confirm(c, "%zu changes would be made.", p->count);
	if (e == CLI_OK && !dry)
		e = carry_out(p, &done);
	if (c->json)
		told = tell(p, done);
	if (!p->count)
		cli_say(c, "Nothing changes: it is so already.");
	else if (dry)
		cli_say(c, "Nothing was changed.");
	return e != CLI_OK ? e : told;
}

enum cli_exit import_run(struct cli *c)
{
	json_t *want = NULL, *have = NULL;
	struct plan p = {.cli = c, .exact = args_flag(c, "exact") != NULL};
	enum cli_exit e = house_read(c->args[0], &want);

	if (e == CLI_OK)
		e = house_gather(c, true, &have);
	if (e == CLI_OK) {
		p.want = want;
		p.have = have;
		make_plan(&p);
		e = show_and_do(&p);
	}
	for (size_t i = 0; i < p.count; i++)
		json_decref(p.steps[i].body);
	free(p.steps);
	json_decref(want);
	json_decref(have);
	return e;
}
