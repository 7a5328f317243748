// SPDX-License-Identifier: GPL-2.0-or-later
/* Other settings: who wants them is believed nothing. Each is parsed and checked again
 * here, and what says which programs root runs, as whom and where, is for root's editor
 * alone: an engine that was taken over must not become root by it. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/config/schema.h"
#include "proc/memory.h"
#include "proc/parent_priv.h"

/* What comes of a proposal. */
struct outcome {
	uint16_t status;
	char setting[LIMIT_LABEL];
	char text[CONFIG_ERROR_MAX];
	const char *next;
};

static bool waits(const struct parent *p)
{
	return p->change.until != 0;
}

static const struct config *of_file(const struct parent *p)
{
	return p->change.next ? p->change.next : &p->config;
}

/* ---- what the engine is told ---- */

static void send_parts(struct parent_process *c, const char *text, size_t len)
{
	struct message *m = &c->parent->message;

	while (len) {
		size_t n = len < LIMIT_WEB_CHUNK ? len : LIMIT_WEB_CHUNK;

		memset(m, 0, sizeof(*m));
		m->type = MESSAGE_CONFIG_PART;
		m->config_part.octets.len = (uint16_t)n;
		memcpy(m->config_part.octets.bytes, text, n);
		if (parent_send(c, m, -1))
			return;
		text += n;
		len -= n;
	}
}

static void send_text(struct parent *p, enum state_what what, const char *text, size_t len)
{
	struct parent_process *engine = &p->processes[ROLE_ENGINE];

	if (!engine->ready)
		return;
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_CONFIG_STATE;
	p->message.config_state.what = (uint8_t)what;
	p->message.config_state.until = what == STATE_BEFORE ? p->change.until : 0;
	p->message.config_state.length = (uint32_t)len;
	if (!parent_send(engine, &p->message, -1))
		send_parts(engine, text, len);
}

static void send_state(struct parent *p, enum state_what what, const struct config *c)
{
	char *text = NULL;
	size_t len = 0;

	if (c && config_print(c, &text, &len)) {
		log_error("parent", "no memory to tell the engine the settings");
		return;
	}
	send_text(p, what, text, len);
	free(text);
}

static void send_before(struct parent *p)
{
	struct config *before = waits(p) ? malloc(sizeof(*before)) : NULL;
	char path[CONFIG_BESIDE_MAX], error[CONFIG_ERROR_MAX];

	config_file_before(p->change.path, path);
	if (before) {
		config_defaults(before);
		if (config_load(before, path, error))
			log_error("parent", "%s", error);
	}
	send_state(p, STATE_BEFORE, before);
	free(before);
}

static void send_note(struct parent *p)
{
	struct parent_process *engine = &p->processes[ROLE_ENGINE];

	if (!engine->ready || !p->change.note[0])
		return;
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_CONFIG_NOTE;
	p->message.config_note.rolled_back = p->change.note_back;
	(void)str_escape(str_untrusted(p->change.note), p->message.config_note.text,
		sizeof(p->message.config_note.text));
	if (!parent_send(engine, &p->message, -1))
		p->change.note[0] = 0;
}

void parent_change_tell(struct parent *p)
{
	send_state(p, STATE_FILE, of_file(p));
	/* an empty text: nothing waits for the next start, or for a word */
	if (p->change.next)
		send_state(p, STATE_RUNNING, &p->config);
	else
		send_text(p, STATE_RUNNING, NULL, 0);
	send_before(p);
	send_note(p);
	memory_return();
}

static void note(struct parent *p, bool back, const char *text)
{
	log_info("parent", "%s", text);
	(void)str_copy(p->change.note, sizeof(p->change.note), text);
	p->change.note_back = back;
}

/* ---- what may be ---- */

static void refuse(struct outcome *o, uint16_t status, const char *setting,
	const char *next, const char *text)
{
	o->status = status;
	o->next = next;
	(void)str_copy(o->setting, sizeof(o->setting), setting);
	(void)str_copy(o->text, sizeof(o->text), text);
}

/* Files that are to be read, at the latest when a process has started. */
static bool is_there(const struct config_item *item, const struct config *c,
	struct outcome *o)
{
	const struct config_list *l = config_value_list(item, c);
	unsigned count = item->type == CONFIG_LIST ? l->count : 1;
	char name[CONFIG_NAME_MAX], text[CONFIG_ERROR_MAX];

	for (unsigned i = 0; i < count; i++) {
		const char *path = item->type == CONFIG_LIST ? l->items[i]
							     : config_value_text(item, c);

		if (!path[0] || access(path, R_OK) == 0)
			continue;
		(void)config_item_name(item, name);
		(void)str_print(text, sizeof(text), "%s \"%s\": %s", name, path,
			strerror(errno));
		refuse(o, 400, name, "put the file there first, or correct its name", text);
		return false;
	}
	return true;
}

static bool is_a_lan(const struct config *c, struct outcome *o)
{
	char text[CONFIG_ERROR_MAX];

	if (c->lan_interfaces.count == 0) {
		refuse(o, 400, "lan.interfaces", "`ip link` lists them",
			"lan.interfaces: name one at least");
		return false;
	}
	for (unsigned i = 0; i < c->lan_interfaces.count; i++)
		if (!if_nametoindex(c->lan_interfaces.items[i])) {
			(void)str_print(text, sizeof(text),
				"lan.interfaces: there is no interface \"%s\"",
				c->lan_interfaces.items[i]);
			refuse(o, 400, "lan.interfaces", "`ip link` lists them", text);
			return false;
		}
	return true;
}

static bool is_beside(const char *settings, const char *file)
{
	const char *name = strrchr(settings, '/');
	char folder[PATH_MAX];
	size_t len = name ? (size_t)(name - settings) : 1;
	char real[PATH_MAX];

	if (!str_copy_bytes(folder, sizeof(folder), name ? settings : ".", len))
		return false;
	if (!realpath(len ? folder : "/", real))
		return false;
	len = strlen(real);
	return strncmp(file, real, len) == 0 && file[len] == '/' && !strchr(file + len + 1, '/');
}

/* The first line of this file goes to the broker, in clear. Whoever may propose settings is
 * not root: of all that root can read he names what lies beside the settings, and no more. */
static bool may_be_told(const struct parent *p, const struct config *c, struct outcome *o)
{
	char real[PATH_MAX];

	if (!realpath(c->mqtt_password, real)) /* none, or not there: that is said next */
		return true;
	if (is_beside(p->change.path, real))
		return true;
	refuse(o, 403, "mqtt.password", "put the file beside the settings, as root",
		"mqtt.password: only a file in the folder of the settings may be named so");
	return false;
}

static bool is_allowed(const struct parent *p, const struct config_item *item,
	const struct config *c, bool by_hand, struct outcome *o)
{
	char name[CONFIG_NAME_MAX], text[CONFIG_ERROR_MAX];

	if (item->applies & CONFIG_BY_HAND && !by_hand) {
		(void)config_item_name(item, name);
		(void)str_print(text, sizeof(text), "%s is changed by hand alone: it chooses "
						    "what root runs, as whom and where",
			name);
		refuse(o, 403, name,
			"edit the file as root, then `cardea stop` and `cardea start`", text);
		return false;
	}
	if (item->offset == offsetof(struct config, mqtt_password) && !by_hand &&
		!may_be_told(p, c, o))
		return false;
	if (item->applies & CONFIG_FILES && !is_there(item, c, o))
		return false;
	if (item->offset == offsetof(struct config, hook_group) && c->hook_group[0] &&
		!getgrnam(c->hook_group)) {
		refuse(o, 400, "hook.group", "make the group first, or correct its name",
			"hook.group: there is no such group");
		return false;
	}
	if (item->offset == offsetof(struct config, lan_interfaces))
		return is_a_lan(c, o);
	return true;
}

/* by_hand: the file was written by root's editor, not by a proposal. */
static bool may_be(struct parent *p, const struct config *c, bool by_hand,
	struct outcome *o)
{
	const struct config_item *item;
	const char *setting = "";

	for (size_t i = 0; (item = config_schema_item(i)); i++)
		if (!config_value_same(item, c, of_file(p)) &&
			!is_allowed(p, item, c, by_hand, o))
			return false;
	if (config_agree(c, &setting, o->text)) {
		char text[CONFIG_ERROR_MAX];

		(void)str_copy(text, sizeof(text), o->text);
		refuse(o, 400, setting, "change them together", text);
		return false;
	}
	return true;
}

/* ---- the way there, and back ---- */

/* The file says this from now on. */
static void put_in_force(struct parent *p, const struct config *c)
{
	struct config *next = NULL;

	parent_apply(p, c);
	if (!config_same(c, &p->config)) {
		next = malloc(sizeof(*next));
		if (next)
			*next = *c;
		else
			log_error("parent", "no memory for what waits for the next start");
	}
	free(p->change.next);
	p->change.next = next;
	if (config_file_look(p->change.path, &p->change.seen))
		memset(&p->change.seen, 0, sizeof(p->change.seen));
}

static void no_longer_waits(struct parent *p, bool rolled_back)
{
	p->change.until = 0;
	p->change.rolled_back = rolled_back;
	loop_disarm(&p->change.confirm);
}

/* What cannot be read any more takes no place: what waits can still be confirmed then. */
static int roll_back(struct parent *p)
{
	struct config *before = malloc(sizeof(*before));
	char path[CONFIG_BESIDE_MAX], error[CONFIG_ERROR_MAX];
	int result = before ? 0 : -ENOMEM;

	if (!result) {
		config_file_before(p->change.path, path);
		config_defaults(before);
		result = config_load(before, path, error);
		if (result)
			log_error("parent", "%s", error);
	}
	if (!result)
		result = config_file_rollback(p->change.path);
	if (!result) {
		no_longer_waits(p, true);
		put_in_force(p, before);
	}
	free(before);
	memory_return();
	return result;
}

static void not_confirmed(struct loop_timer *t)
{
	struct parent *p = t->ctx;
	char text[LIMIT_TEXT];
	int error = roll_back(p);

	if (error) { /* the next start tries again, and so do we */
		log_error("parent", "the settings before cannot be brought back: %s",
			error_text(error));
		loop_arm(p->loop, t, CHANGE_CONFIRM_MIN_S * NS_PER_SEC);
		return;
	}
	(void)str_print(text, sizeof(text), "Nobody confirmed the new settings in time: they "
					    "are as before. The others are kept in "
					    "%.100s.rolled-back.",
		p->change.path);
	note(p, true, text);
	parent_change_tell(p);
}

static void begin_to_wait(struct parent *p, uint32_t seconds)
{
	p->change.until = clock_wall(loop_clock(p->loop)) + seconds * NS_PER_SEC;
	loop_arm(p->loop, &p->change.confirm, seconds * NS_PER_SEC);
}

/* ---- proposals ---- */

static bool is_as_seen(const struct parent *p)
{
	struct config_file_seen now;

	return !config_file_look(p->change.path, &now) &&
	       memcmp(&now, &p->change.seen, sizeof(now)) == 0;
}

/* The text that the file would have; the caller's, also after an error. */
static bool compose(struct parent *p, char **text, size_t *len, struct outcome *o)
{
	struct parent_change *ch = &p->change;
	char *file = NULL, why[CONFIG_ERROR_MAX];
	int error;

	if (ch->asked.what == PROPOSE_FILE) {
		*text = ch->text;
		*len = ch->len;
		ch->text = NULL;
		return true;
	}
	error = config_read(ch->path, &file, len, why);
	if (!error && ch->asked.what == PROPOSE_RELOAD) {
		*text = file;
		return true;
	}
	if (!error)
		error = config_merge(file, *len, ch->text ? ch->text : "", ch->len, text,
			len, why);
	free(file);
	if (error)
		refuse(o, error == CARDEA_EMALFORMED ? 400 : 500, "", "correct it", why);
	return !error;
}

static void write_and_apply(struct parent *p, const char *text, size_t len,
	const struct config *c, struct outcome *o)
{
	const struct message_config_propose *m = &p->change.asked;
	bool same = config_same(c, of_file(p)), waiting = m->confirm_s && !same;
	char why[CONFIG_ERROR_MAX];
	int error;

	if (same && m->what == PROPOSE_SET)
		return;
	error = m->what == PROPOSE_RELOAD
			? 0
			: config_file_replace(p->change.path, text, len, waiting);
	if (error) {
		(void)str_print(why, sizeof(why), "%s was not written: %s", p->change.path,
			error_text(error));
		refuse(o, 500, "", "see that its folder can be written by root", why);
		return;
	}
	if (waiting && m->what != PROPOSE_RELOAD)
		begin_to_wait(p, m->confirm_s);
	p->change.rolled_back = false;
	put_in_force(p, c);
	log_info("parent", "other settings are in force%s",
		waiting ? ", and wait for confirmation" : "");
}

static void consider(struct parent *p, struct config *c, struct outcome *o)
{
	const struct message_config_propose *m = &p->change.asked;
	bool reload = m->what == PROPOSE_RELOAD;
	char *text = NULL, error[CONFIG_ERROR_MAX];
	size_t len = 0;

	if (!compose(p, &text, &len, o))
		goto out;
	config_defaults(c);
	if (config_parse(c, reload ? p->change.path : "settings", text, len, error)) {
		refuse(o, 400, "", "correct it", error);
		goto out;
	}
	if (!may_be(p, c, reload, o))
		goto out;
	send_state(p, STATE_NEW, c);
	if (!m->dry_run)
		write_and_apply(p, text, len, c, o);
out:
	free(text);
}

static void propose(struct parent *p, struct outcome *o)
{
	const struct message_config_propose *m = &p->change.asked;
	struct config *c;

	if (waits(p)) {
		refuse(o, 409, "", "`cardea config confirm` keeps them, `cardea config "
				   "rollback` takes them back",
			"other settings wait for confirmation");
		return;
	}
	if (m->what != PROPOSE_RELOAD && !is_as_seen(p)) {
		refuse(o, 409, "", "`cardea config apply` without a file takes it as it "
				   "stands; then try again",
			"the file was changed by hand, and that is not in force");
		return;
	}
	c = malloc(sizeof(*c));
	if (c)
		consider(p, c, o);
	else
		refuse(o, 500, "", "try again", "no memory");
	free(c);
	memory_return();
}

static void end_wait(struct parent *p, struct outcome *o)
{
	bool keep = p->change.asked.what == PROPOSE_CONFIRM;
	int error;

	if (!waits(p)) {
		if (keep && p->change.rolled_back)
			refuse(o, 410, "", "set them again",
				"too late: they were taken back");
		else
			refuse(o, 409, "", "`cardea config get` shows what is in force",
				"nothing waits for confirmation");
		return;
	}
	if (p->change.asked.dry_run)
		return;
	error = keep ? config_file_confirm(p->change.path) : roll_back(p);
	if (error)
		refuse(o, 500, "", "see that its folder can be written by root",
			error_text(error));
	else if (keep)
		no_longer_waits(p, false);
}

static void answer(struct parent *p)
{
	struct outcome o = {.status = 200, .next = ""};
	struct message *m = &p->message;

	if (p->change.asked.what == PROPOSE_CONFIRM ||
		p->change.asked.what == PROPOSE_ROLLBACK)
		end_wait(p, &o);
	else
		propose(p, &o);
	free(p->change.text);
	p->change.text = NULL;
	if (o.status == 200 && !p->change.asked.dry_run)
		parent_change_tell(p);
	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_CONFIG_RESULT;
	m->config_result.id = p->change.asked.id;
	m->config_result.status = o.status;
	(void)str_copy(m->config_result.setting, sizeof(m->config_result.setting), o.setting);
	(void)str_escape(str_untrusted(o.text), m->config_result.text,
		sizeof(m->config_result.text));
	(void)str_copy(m->config_result.next, sizeof(m->config_result.next), o.next);
	(void)parent_send(&p->processes[ROLE_ENGINE], m, -1);
}

static int take_proposal(struct parent *p, const struct message_config_propose *m)
{
	struct parent_change *ch = &p->change;

	if (ch->text || m->what >= PROPOSE_MAX || m->length > CONFIG_FILE_MAX ||
		(m->confirm_s && (m->confirm_s < CHANGE_CONFIRM_MIN_S ||
					 m->confirm_s > CHANGE_CONFIRM_MAX_S)))
		return CARDEA_EMALFORMED;
	ch->asked = *m;
	ch->len = 0;
	if (!m->length) {
		answer(p);
		return 0;
	}
	ch->text = malloc(m->length);
	return ch->text ? 0 : -ENOMEM;
}

static int take_part(struct parent *p, const struct message_chunk *octets)
{
	struct parent_change *ch = &p->change;

	if (!ch->text || !octets->len || octets->len > ch->asked.length - ch->len)
		return CARDEA_EMALFORMED;
	memcpy(ch->text + ch->len, octets->bytes, octets->len);
	ch->len += octets->len;
	if (ch->len == ch->asked.length)
		answer(p);
	return 0;
}

int parent_change_said(struct parent *p, const struct message *m)
{
	return m->type == MESSAGE_CONFIG_PROPOSE ? take_proposal(p, &m->config_propose)
						 : take_part(p, &m->config_part.octets);
}

void parent_change_forget(struct parent *p)
{
	free(p->change.text);
	p->change.text = NULL;
}

void parent_change_reload(struct parent *p)
{
	struct message_config_propose mine = {.what = PROPOSE_RELOAD};
	struct outcome o = {.status = 200};

	if (p->change.text) { /* of the engine, on its way */
		log_warn("parent", "settings are being changed right now: send SIGHUP again");
		return;
	}
	p->change.asked = mine;
	propose(p, &o);
	if (o.status != 200) {
		log_error("parent", "the settings stay as they are: %s; %s", o.text, o.next);
		return;
	}
	note(p, false, "The settings were read anew from the file.");
	parent_change_tell(p);
}

/* ---- start ---- */

int parent_change_open(struct parent *p, const char *path)
{
	char real[PATH_MAX];

	/* a daemon has another working directory; and what is replaced is the file, not a
	 * link to it */
	if (!str_copy(p->change.path, sizeof(p->change.path), realpath(path, real) ? real : path))
		return -ENAMETOOLONG;
	return 0;
}

int parent_change_load(struct parent *p, char error[CONFIG_ERROR_MAX])
{
	char before[CONFIG_BESIDE_MAX];
	bool back = config_file_waits(p->change.path);

	config_file_before(p->change.path, before);
	config_defaults(&p->config);
	return config_load(&p->config, back ? before : p->change.path, error);
}

int parent_change_settle(struct parent *p)
{
	char text[LIMIT_TEXT];
	int error;

	if (config_file_waits(p->change.path)) {
		error = config_file_rollback(p->change.path);
		if (error) {
			log_error("parent", "%s.before cannot be brought back: %s",
				p->change.path, error_text(error));
			return error;
		}
		(void)str_print(text, sizeof(text),
			"The gateway ended before its new settings were confirmed: they are "
			"as before. The others are kept in %.100s.rolled-back.",
			p->change.path);
		note(p, true, text);
		p->change.rolled_back = true;
	}
	return config_file_look(p->change.path, &p->change.seen);
}

void parent_change_start(struct parent *p)
{
	p->change.confirm.fire = not_confirmed;
	p->change.confirm.ctx = p;
}
