// SPDX-License-Identifier: GPL-2.0-or-later
/* What was done in a case, as a playbook: a step for each thing that happened, by the
 * gateway or by people, in its order. Identifiers come from the case's key: the same case
 * is the same playbook, and two cases of one home have nothing in common. */
#include <openssl/crypto.h>
#include <string.h>
#include "base/str.h"
#include "lifecycle/cacao_priv.h"

struct playbook {
	const struct case_view *view;
	struct jsonw *j;
	uint8_t key[PSEUDONYM_KEY];
	int error;
};

/* Not of the moments: where their numbers end. */
enum { ID_PLAYBOOK = CASE_MOMENTS_MAX, ID_CREATOR, ID_GATEWAY, ID_OWNER, ID_START, ID_END };

static char *id_of(struct playbook *p, const char *type, unsigned number, char ret[CACAO_ID_MAX])
{
	uint8_t b[PSEUDONYM_KEY] = {0};
	struct str_text t = {.buf = ret, .size = CACAO_ID_MAX};
	int error = pseudonym_key(p->key, "cacao", number, b);

	if (error)
		p->error = error;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x50); /* RFC 9562 5.5: made from a name */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	ret[0] = 0;
	str_add(&t, "%s--", type);
	for (size_t i = 0; i < 16; i++)
		str_add(&t, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
	return ret;
}

static void kv_id(struct playbook *p, const char *key, const char *type, unsigned number)
{
	char id[CACAO_ID_MAX];

	jsonw_kv_string(p->j, key, id_of(p, type, number, id));
}

static void kv_hour(struct playbook *p, const char *key, nstime wall)
{
	char text[CLOCK_TEXT_MAX];

	jsonw_kv_string(p->j, key, clock_format(wall - wall % LIFE_HOUR, text));
}

/* Of all that happened what can be said without a word of anybody in the house. */
static bool is_told(const struct case_moment *m)
{
	return case_is_template(m->sentence);
}

static bool isolates(const struct case_moment *m)
{
	return m->from != m->to && (m->to == LIFE_QUARANTINED || m->to == LIFE_LIMITED) &&
	       !life_is_isolated((enum life_state)m->from);
}

static bool by_owner(const struct case_moment *m)
{
	return strcmp(m->kind, "owner") == 0;
}

static const char *activity(const struct case_moment *m)
{
	if (isolates(m))
		return "restrict-access";
	if (m->to == LIFE_PROBATION || m->to == LIFE_PROTECTED)
		return "restore-capabilities";
	return "analyze-collected-data";
}

static void write_isolate(struct playbook *p, const char *sentence)
{
	struct jsonw content;

	jsonw_init_buffer(&content, 2 * LIMIT_TEXT);
	jsonw_object(&content);
	jsonw_kv_string(&content, "quarantine", sentence);
	jsonw_object_end(&content);
	jsonw_kv_string(p->j, "type", "http-api");
	jsonw_kv_string(p->j, "command", CACAO_ISOLATE_LINE);
	jsonw_kv_string(p->j, "content", jsonw_text(&content));
	jsonw_free(&content);
}

static void write_command(struct playbook *p, const struct case_moment *m, const char *sentence)
{
	jsonw_key(p->j, "commands");
	jsonw_array(p->j);
	jsonw_object(p->j);
	if (isolates(m)) {
		write_isolate(p, sentence);
	} else {
		jsonw_kv_string(p->j, "type", "manual");
		jsonw_kv_string(p->j, "command", sentence);
	}
	jsonw_kv_string(p->j, "playbook_activity", activity(m));
	jsonw_object_end(p->j);
	jsonw_array_end(p->j);
}

/* The step that comes behind this moment. */
static void write_next(struct playbook *p, uint32_t i)
{
	const struct case_view *v = p->view;

	while (++i < v->moment_count && !is_told(&v->moments[i]))
		continue;
	if (i < v->moment_count)
		kv_id(p, "on_completion", "action", i);
	else
		kv_id(p, "on_completion", "end", ID_END);
}

static void key_id(struct playbook *p, const char *type, unsigned number)
{
	char id[CACAO_ID_MAX];

	jsonw_key(p->j, id_of(p, type, number, id));
}

static void write_step(struct playbook *p, uint32_t i)
{
	const struct case_moment *m = &p->view->moments[i];
	char sentence[LIMIT_TEXT];

	case_say(m, "device-1", sentence);
	key_id(p, "action", i);
	jsonw_object(p->j);
	jsonw_kv_string(p->j, "type", "action");
	jsonw_kv_string(p->j, "name", life_state_name((enum life_state)m->to));
	jsonw_kv_string(p->j, "description", sentence);
	write_command(p, m, sentence);
	if (by_owner(m) && !isolates(m))
		kv_id(p, "agent", "individual", ID_OWNER);
	else
		kv_id(p, "agent", "http-api", ID_GATEWAY);
	write_next(p, i);
	jsonw_object_end(p->j);
}

static void write_workflow(struct playbook *p)
{
	jsonw_key(p->j, "workflow");
	jsonw_object(p->j);
	key_id(p, "start", ID_START);
	jsonw_object(p->j);
	jsonw_kv_string(p->j, "type", "start");
	write_next(p, UINT32_MAX);
	jsonw_object_end(p->j);
	for (uint32_t i = 0; i < p->view->moment_count; i++)
		if (is_told(&p->view->moments[i]))
			write_step(p, i);
	key_id(p, "end", ID_END);
	jsonw_object(p->j);
	jsonw_kv_string(p->j, "type", "end");
	jsonw_object_end(p->j);
	jsonw_object_end(p->j);
}

static void write_agents(struct playbook *p)
{
	jsonw_key(p->j, "agent_definitions");
	jsonw_object(p->j);
	key_id(p, "http-api", ID_GATEWAY);
	jsonw_object(p->j);
	jsonw_kv_string(p->j, "type", "http-api");
	jsonw_kv_string(p->j, "name", CACAO_OUR_NAME);
	jsonw_kv_string(p->j, "description", "the gateway's own control interface");
	jsonw_key(p->j, "address");
	jsonw_object(p->j);
	jsonw_key(p->j, "dname");
	jsonw_array(p->j);
	jsonw_string(p->j, CACAO_OUR_HOST);
	jsonw_array_end(p->j);
	jsonw_object_end(p->j);
	jsonw_object_end(p->j);
	key_id(p, "individual", ID_OWNER);
	jsonw_object(p->j);
	jsonw_kv_string(p->j, "type", "individual");
	jsonw_kv_string(p->j, "name", "owner");
	jsonw_object_end(p->j);
	jsonw_object_end(p->j);
}

static void write_variables(struct playbook *p)
{
	jsonw_key(p->j, "playbook_variables");
	jsonw_object(p->j);
	jsonw_key(p->j, CACAO_DEVICE_VARIABLE);
	jsonw_object(p->j);
	jsonw_kv_string(p->j, "type", "string");
	jsonw_kv_string(p->j, "description", "the device that it is about");
	jsonw_kv_string(p->j, "value", "device-1");
	jsonw_kv_bool(p->j, "external", true);
	jsonw_object_end(p->j);
	jsonw_object_end(p->j);
}

static void write_list(struct playbook *p, const char *key, const char *const *list)
{
	jsonw_key(p->j, key);
	jsonw_array(p->j);
	for (; *list; list++)
		jsonw_string(p->j, *list);
	jsonw_array_end(p->j);
}

static void write_activities(struct playbook *p)
{
	static const char *const all[] = {"restrict-access", "restore-capabilities",
		"analyze-collected-data"};
	const char *used[4] = {NULL};
	size_t n = 0;

	for (size_t k = 0; k < 3; k++)
		for (uint32_t i = 0; i < p->view->moment_count; i++)
			if (is_told(&p->view->moments[i]) &&
				strcmp(activity(&p->view->moments[i]), all[k]) == 0) {
				used[n++] = all[k];
				break;
			}
	if (n)
		write_list(p, "playbook_activities", used);
}

static void write_playbook(struct playbook *p)
{
	static const char *const types[] = {"mitigation", "remediation", NULL};
	const struct case_view *v = p->view;
	nstime last = v->moment_count ? v->moments[v->moment_count - 1].at : v->file.opened;

	jsonw_object(p->j);
	jsonw_kv_string(p->j, "type", "playbook");
	jsonw_kv_string(p->j, "spec_version", "cacao-2.0");
	kv_id(p, "id", "playbook", ID_PLAYBOOK);
	jsonw_kv_string(p->j, "name", "what was done about a device of a home");
	jsonw_kv_string(p->j, "description",
		"What a gateway saw and did about one device, in its order; device-1 is "
		"that device.");
	write_list(p, "playbook_types", types);
	write_activities(p);
	kv_id(p, "created_by", "identity", ID_CREATOR);
	kv_hour(p, "created", v->file.opened);
	kv_hour(p, "modified", last > v->file.opened ? last : v->file.opened);
	write_variables(p);
	kv_id(p, "workflow_start", "start", ID_START);
	write_workflow(p);
	write_agents(p);
	jsonw_object_end(p->j);
}

int cacao_write(const struct case_view *v, const struct bundle_home *h, struct jsonw *j)
{
	struct playbook p = {.view = v, .j = j};
	int error = bundle_key(h->key, v->file.id, p.key);

	if (error)
		return error;
	write_playbook(&p);
	OPENSSL_cleanse(p.key, sizeof(p.key));
	return p.error ? p.error : j->error;
}
