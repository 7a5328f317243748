// SPDX-License-Identifier: GPL-2.0-or-later
/* A playbook from outside: JSON of bounded size, steps of few kinds, and what each may
 * want of us from a list. All else is refused with its name and the reason. What was read
 * is a plan: nothing here, and nothing that calls it, carries a step out. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include "base/str.h"
#include "lifecycle/cacao_priv.h"

#define NEST_MAX 24 /* arrays and objects in each other; the specification's have 8 */

struct reading {
	json_t *root, *workflow, *agents;
	struct cacao_plan *plan;
	/* The step's own id, and the first of the plan's steps that it became. */
	const char *ids[CACAO_STEPS_MAX];
	uint32_t at[CACAO_STEPS_MAX];
	json_t *objects[CACAO_STEPS_MAX];
	uint32_t id_count;
	uint32_t behind[CACAO_STEPS_MAX]; /* of a condition: what follows both its branches */
	bool closed[CACAO_STEPS_MAX];
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *t = json_string_value(json_object_get(object, key));

	return t ? t : "";
}

static void show(char *ret, size_t size, const char *untrusted)
{
	size_t len = strlen(untrusted);

	if (str_is_clean_utf8(untrusted, len) && len < size)
		str_copy(ret, size, untrusted);
	else
		str_escape(str_untrusted(untrusted), ret, size);
}

static void refuse(struct reading *r, const char *step, const char *why)
{
	struct cacao_plan *p = r->plan;

	if (p->refused < CACAO_REFUSALS_MAX) {
		show(p->refusals[p->refused].step, LIMIT_LABEL, step);
		str_copy(p->refusals[p->refused].why, LIMIT_TEXT, why);
	}
	p->refused++;
}

/* "type--" and a UUID of the RFC's versions. */
static bool is_id(const char *id, const char *type)
{
	static const char form[] = "xxxxxxxx-xxxx-vxxx-wxxx-xxxxxxxxxxxx";
	size_t len = strlen(type);

	if (strncmp(id, type, len) != 0 || strncmp(id + len, "--", 2) != 0 ||
		strlen(id + len + 2) != sizeof(form) - 1)
		return false;
	id += len + 2;
	for (size_t i = 0; form[i]; i++) {
		bool hex = isxdigit((unsigned char)id[i]);

		if (form[i] == '-' ? id[i] != '-' : !hex)
			return false;
		if ((form[i] == 'v' && !strchr("12345", id[i])) ||
			(form[i] == 'w' && !strchr("89abAB", id[i])))
			return false;
	}
	return true;
}

static struct cacao_step *step_new(struct reading *r, enum cacao_act act, const char *name)
{
	struct cacao_plan *p = r->plan;
	struct cacao_step *s;

	if (p->count == CACAO_STEPS_MAX)
		return NULL;
	s = &p->steps[p->count++];
	*s = (struct cacao_step){.act = act, .next = CACAO_END, .if_not = CACAO_END};
	show(s->name, sizeof(s->name), name);
	return s;
}

/* Its words are read to the owner: whole, or not at all. */
static bool take_text(struct reading *r, struct cacao_step *s, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= sizeof(s->text) || !str_is_clean_utf8(text, len)) {
		refuse(r, s->name, "what it wants is empty, too long, or no plain text");
		return false;
	}
	str_copy(s->text, sizeof(s->text), text);
	return true;
}

/* Only members that are read here: one that is not might mean anything. */
static bool has_only(const json_t *object, const char *const *members)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		size_t i = 0;

		while (members[i] && strcmp(members[i], key) != 0)
			i++;
		if (!members[i])
			return false;
	}
	return true;
}

static bool is_our_agent(const struct reading *r, const char *id)
{
	static const char *const members[] = {"type", "name", "description", "address", NULL};
	static const char *const dname[] = {"dname", NULL};
	const json_t *agent = json_object_get(r->agents, id);
	const json_t *address = json_object_get(agent, "address");
	const json_t *names = json_object_get(address, "dname");
	const char *host = json_string_value(json_array_get(names, 0));

	return is_id(id, "http-api") && strcmp(text_of(agent, "type"), "http-api") == 0 &&
	       strcmp(text_of(agent, "name"), CACAO_OUR_NAME) == 0 &&
	       has_only(agent, members) && json_object_size(address) == 1 &&
	       has_only(address, dname) && json_array_size(names) == 1 && host &&
	       strcmp(host, CACAO_OUR_HOST) == 0;
}

/* Our own verb: isolation, of the device of the case, with a reason. A release is the
 * owner's own word in two steps, and never comes from outside. */
static void read_verb(struct reading *r, const json_t *command, const json_t *step)
{
	static const char *const members[] = {"type", "command", "content", "description",
		"playbook_activity", NULL};
	struct cacao_step *s = &r->plan->steps[r->plan->count - 1];
	const char *content = text_of(command, "content");
	json_t *body = json_loads(content, JSON_REJECT_DUPLICATES, NULL);
	const json_t *reason = json_object_get(body, "quarantine");

	s->act = CACAO_ISOLATE;
	if (!is_our_agent(r, text_of(step, "agent")))
		refuse(r, s->name, "its agent is not this gateway's own interface");
	else if (!has_only(command, members))
		refuse(r, s->name, "it has more than a command and its content");
	else if (strcmp(text_of(command, "command"), CACAO_ISOLATE_LINE) != 0)
		refuse(r, s->name,
			"only \"" CACAO_ISOLATE_LINE "\" is let in: a playbook does not "
			"choose among your devices");
	else if (json_object_size(body) == 1 && json_is_null(reason))
		refuse(r, s->name, "a release takes the owner's own word, in two steps");
	else if (json_object_size(body) != 1 || !json_is_string(reason))
		refuse(r, s->name, "only isolation, {\"quarantine\":REASON}, is let in");
	else
		(void)take_text(r, s, json_string_value(reason));
	json_decref(body);
}

static void read_manual(struct reading *r, const json_t *command)
{
	struct cacao_step *s = &r->plan->steps[r->plan->count - 1];

	if (json_object_get(command, "command_b64"))
		refuse(r, s->name, "what it wants is written so that nobody can read it");
	else
		(void)take_text(r, s, text_of(command, "command"));
}

static void read_command(struct reading *r, const json_t *command, const json_t *step)
{
	struct cacao_step *s = &r->plan->steps[r->plan->count - 1];
	const char *type = text_of(command, "type");
	char why[LIMIT_TEXT], shown[LIMIT_LABEL];

	if (strcmp(type, "manual") == 0) {
		read_manual(r, command);
	} else if (strcmp(type, "http-api") == 0) {
		read_verb(r, command, step);
	} else {
		show(shown, sizeof(shown), type);
		if (str_print(why, sizeof(why), "a command of type \"%s\" is never run here",
			    shown))
			why[0] = 0;
		refuse(r, s->name, why);
	}
}

static const char *name_of(const json_t *step, const char *id)
{
	const char *name = text_of(step, "name");

	return name[0] ? name : id;
}

static bool has_timer(const json_t *step)
{
	return json_object_get(step, "delay") || json_object_get(step, "timeout");
}

static void read_action(struct reading *r, const char *id, const json_t *step)
{
	const json_t *commands = json_object_get(step, "commands");
	const char *name = name_of(step, id);
	json_t *command;
	size_t i;

	if (!json_array_size(commands) || json_array_size(commands) > CACAO_COMMANDS_MAX) {
		refuse(r, name, "it has no commands, or too many");
		return;
	}
	if (json_object_get(step, "targets")) {
		refuse(r, name, "it names targets; a playbook is about the case's device alone");
		return;
	}
	json_array_foreach(commands, i, command) {
		if (!step_new(r, CACAO_MANUAL, name)) {
			refuse(r, name, "there are more steps than anybody would answer");
			return;
		}
		if (i > 0) /* the commands of a step are one after another */
			r->plan->steps[r->plan->count - 2].next = r->plan->count - 1;
		read_command(r, command, step);
	}
}

static void read_if(struct reading *r, const char *id, const json_t *step)
{
	struct cacao_step *s = step_new(r, CACAO_IF, name_of(step, id));

	if (!s)
		refuse(r, name_of(step, id), "there are more steps than anybody would answer");
	else
		(void)take_text(r, s, text_of(step, "condition"));
}

static void read_step(struct reading *r, const char *id, json_t *step)
{
	const char *type = text_of(step, "type");
	char why[LIMIT_TEXT], shown[LIMIT_LABEL];
	bool known = true;

	if (r->id_count == CACAO_STEPS_MAX) {
		refuse(r, id, "there are more steps than anybody would answer");
		return;
	}
	r->ids[r->id_count] = id;
	r->objects[r->id_count] = step;
	r->at[r->id_count++] = r->plan->count;
	show(shown, sizeof(shown), type);
	if (json_object_get(step, "step_extensions"))
		refuse(r, name_of(step, id), "it has an extension, which may mean anything");
	else if (has_timer(step))
		refuse(r, name_of(step, id), "it waits or gives up by the clock; people answer");
	else if (!is_id(id, type))
		refuse(r, name_of(step, id), "its identifier is not one of its type");
	else if (strcmp(type, "action") == 0)
		read_action(r, id, step);
	else if (strcmp(type, "if-condition") == 0)
		read_if(r, id, step);
	else if (strcmp(type, "start") == 0 || strcmp(type, "end") == 0)
		known = step_new(r, CACAO_PASS, name_of(step, id)) != NULL;
	else if (str_print(why, sizeof(why), "a step of type \"%s\" is not let in", shown) == 0)
		refuse(r, name_of(step, id), why);
	if (!known)
		refuse(r, id, "there are more steps than anybody would answer");
}

static uint32_t where(struct reading *r, const json_t *step, const char *key)
{
	const char *id = text_of(step, key);

	if (!json_object_get(step, key))
		return CACAO_END;
	for (uint32_t i = 0; i < r->id_count; i++)
		if (strcmp(r->ids[i], id) == 0)
			return r->at[i];
	refuse(r, name_of(step, key), "it leads to a step that is not there");
	return CACAO_END;
}

static uint32_t after(struct reading *r, const json_t *step)
{
	return where(r, step,
		json_object_get(step, "on_completion") ? "on_completion" : "on_success");
}

/* From the last command of each step to where it leads. */
static void link(struct reading *r, uint32_t i)
{
	const json_t *step = r->objects[i];
	uint32_t end = i + 1 < r->id_count ? r->at[i + 1] : r->plan->count;
	struct cacao_step *last = end > r->at[i] ? &r->plan->steps[end - 1] : NULL;

	if (json_object_get(step, "on_failure"))
		refuse(r, name_of(step, r->ids[i]), "who fails tells you himself: no on_failure");
	if (!last)
		return;
	last->next = after(r, step);
	if (last->act != CACAO_IF)
		return;
	r->behind[end - 1] = last->next;
	last->if_not = json_object_get(step, "on_false") ? where(r, step, "on_false")
							   : last->next;
	last->next = where(r, step, "on_true");
	if (last->next == CACAO_END)
		refuse(r, last->name, "it does not say what follows when it is so");
}

/* A branch that comes to its end goes on behind its condition (CACAO 2.0 4.9). */
static void close_branch(struct reading *r, uint32_t at, uint32_t behind)
{
	struct cacao_step *s;
	uint32_t own;

	if (at == CACAO_END || r->closed[at])
		return;
	r->closed[at] = true;
	s = &r->plan->steps[at];
	if (s->act == CACAO_PASS && s->next == CACAO_END) {
		s->next = behind;
	} else if (s->act != CACAO_IF) {
		close_branch(r, s->next, behind);
	} else {
		own = r->behind[at] == CACAO_END ? behind : r->behind[at];
		close_branch(r, r->behind[at], behind);
		close_branch(r, s->next, own);
		close_branch(r, s->if_not, own);
	}
}

/* 0 not seen, 1 on the way, 2 done: a way that meets itself goes in circles. */
static bool circles(const struct cacao_plan *p, uint32_t at, uint8_t *seen)
{
	bool round;

	if (at == CACAO_END || seen[at] == 2)
		return false;
	if (seen[at] == 1)
		return true;
	seen[at] = 1;
	round = circles(p, p->steps[at].next, seen) || circles(p, p->steps[at].if_not, seen);
	seen[at] = 2;
	return round;
}

static const char *frame_fault(const struct reading *r)
{
	const json_t *root = r->root;

	if (!json_is_object(root))
		return "it is no JSON object";
	if (strcmp(text_of(root, "type"), "playbook") != 0)
		return "its type is not \"playbook\"";
	if (strcmp(text_of(root, "spec_version"), "cacao-2.0") != 0)
		return "its spec_version is not \"cacao-2.0\"";
	if (!is_id(text_of(root, "id"), "playbook") ||
		!is_id(text_of(root, "created_by"), "identity"))
		return "its id or created_by is none";
	if (!text_of(root, "name")[0] || !text_of(root, "created")[0] ||
		!text_of(root, "modified")[0])
		return "it has no name, created or modified";
	if (!json_object_size(r->workflow))
		return "it has no workflow";
	return NULL;
}

static const char *use_fault(const struct reading *r)
{
	if (json_is_true(json_object_get(r->root, "revoked")))
		return "its maker revoked it";
	if (json_object_get(r->root, "workflow_exception"))
		return "it has a workflow_exception, which nobody would ask for";
	if (json_object_get(r->root, "playbook_extensions"))
		return "it has an extension, which may mean anything";
	return NULL;
}

static void read_start(struct reading *r)
{
	uint8_t seen[CACAO_STEPS_MAX] = {0};
	const char *start = text_of(r->root, "workflow_start");

	r->plan->first = where(r, r->root, "workflow_start");
	close_branch(r, r->plan->first, CACAO_END);
	if (!is_id(start, "start") || r->plan->first == CACAO_END)
		refuse(r, "workflow_start", "it is not a start step of the workflow");
	else if (circles(r->plan, r->plan->first, seen))
		refuse(r, "workflow", "its steps go in circles");
}

static int read_root(struct reading *r)
{
	const char *fault = frame_fault(r);
	const char *id;
	json_t *step;

	if (fault) {
		refuse(r, "playbook", fault);
		return CARDEA_EMALFORMED;
	}
	show(r->plan->name, sizeof(r->plan->name), text_of(r->root, "name"));
	show(r->plan->by, sizeof(r->plan->by), text_of(r->root, "created_by"));
	fault = use_fault(r);
	if (fault)
		refuse(r, "playbook", fault);
	json_object_foreach(r->workflow, id, step)
		read_step(r, id, step);
	for (uint32_t i = 0; i < r->id_count; i++)
		link(r, i);
	if (!r->plan->refused)
		read_start(r);
	return r->plan->refused ? CARDEA_EREFUSED : 0;
}

/* jansson nests by calling itself: count before it does. */
static bool is_flat(const char *text, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!quoted && (text[i] == '}' || text[i] == ']') && depth)
			depth--;
		if (depth > NEST_MAX)
			return false;
	}
	return true;
}

int cacao_read(const char *text, size_t len, struct cacao_plan *ret)
{
	struct reading r = {.plan = ret};
	int error;

	memset(ret, 0, sizeof(*ret));
	ret->first = CACAO_END;
	if (len > CACAO_BYTES_MAX || !is_flat(text, len)) {
		refuse(&r, "playbook", "it is too big, or nested too deeply");
		return CARDEA_EMALFORMED;
	}
	r.root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	r.workflow = json_object_get(r.root, "workflow");
	r.agents = json_object_get(r.root, "agent_definitions");
	error = read_root(&r);
	json_decref(r.root);
	return error;
}

uint32_t cacao_asks(const struct cacao_plan *p, uint32_t at)
{
	for (uint32_t n = 0; n <= p->count; n++) {
		if (at >= p->count)
			return CACAO_END;
		if (p->steps[at].act != CACAO_PASS)
			return at;
		at = p->steps[at].next;
	}
	return CACAO_END;
}
