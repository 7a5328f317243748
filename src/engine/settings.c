// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

static void drop(struct settings_text *t)
{
	free(t->text);
	*t = (struct settings_text){0};
}

static int text_copy(struct settings_text *to, const struct settings_text *from)
{
	char *text = from->len ? malloc(from->len) : NULL;

	if (from->len && !text)
		return -ENOMEM;
	if (text)
		memcpy(text, from->text, from->len);
	*to = (struct settings_text){text, from->len};
	return 0;
}

/* ---- what the parent tells ---- */

static void came(struct settings *s)
{
	struct settings_text *t = &s->texts[s->coming.what];

	drop(t);
	*t = s->coming.text;
	s->coming.text = (struct settings_text){0};
	s->coming.on = false;
	if (s->coming.what == STATE_BEFORE)
		s->until = s->coming.until;
	s->known |= s->coming.what == STATE_FILE;
	if (s->coming.what == STATE_BEFORE && s->told) /* the last of them */
		s->told(s->ctx);
}

static int state_begins(struct settings *s, const struct message_config_state *m)
{
	if (s->coming.on || m->what >= STATE_MAX || m->length > CONFIG_FILE_MAX)
		return CARDEA_EMALFORMED;
	s->coming.what = m->what;
	s->coming.until = m->until;
	s->coming.length = m->length;
	s->coming.on = true;
	if (!m->length) {
		came(s);
		return 0;
	}
	s->coming.text.text = malloc(m->length);
	return s->coming.text.text ? 0 : -ENOMEM;
}

static int state_goes_on(struct settings *s, const struct message_chunk *octets)
{
	struct settings_text *t = &s->coming.text;

	if (!s->coming.on || !octets->len || octets->len > s->coming.length - t->len)
		return CARDEA_EMALFORMED;
	memcpy(t->text + t->len, octets->bytes, octets->len);
	t->len += octets->len;
	if (t->len == s->coming.length)
		came(s);
	return 0;
}

static int result_came(struct settings *s, const struct message_config_result *m)
{
	if (!s->asked.id || m->id != s->asked.id)
		return CARDEA_EMALFORMED;
	if (s->answered)
		s->answered(s->ctx, s, m);
	drop(&s->asked.was);
	drop(&s->texts[STATE_NEW]);
	s->asked = (struct settings_asked){0};
	return 0;
}

int settings_said(struct settings *s, const struct message *m)
{
	if (m->type == MESSAGE_CONFIG_STATE)
		return state_begins(s, &m->config_state);
	if (m->type == MESSAGE_CONFIG_PART)
		return state_goes_on(s, &m->config_part.octets);
	if (m->type == MESSAGE_CONFIG_RESULT)
		return result_came(s, &m->config_result);
	return CARDEA_EMALFORMED;
}

/* ---- what others ask ---- */

bool settings_has(const struct settings *s, enum state_what what)
{
	return s->texts[what].len > 0;
}

int settings_parse(const struct settings_text *t, struct config *ret)
{
	char error[CONFIG_ERROR_MAX];

	config_defaults(ret);
	return t->len ? config_parse(ret, "settings", t->text, t->len, error) : 0;
}

int settings_read(const struct settings *s, enum state_what what, struct config *ret)
{
	return s->known ? settings_parse(&s->texts[what], ret) : -ENOENT;
}

static int send_parts(struct settings *s, const char *text, size_t len)
{
	struct message m = {.type = MESSAGE_CONFIG_PART};
	int error = 0;

	while (len && !error) {
		size_t n = len < LIMIT_WEB_CHUNK ? len : LIMIT_WEB_CHUNK;

		m.config_part.octets.len = (uint16_t)n;
		memcpy(m.config_part.octets.bytes, text, n);
		error = s->send(s->send_ctx, &m);
		text += n;
		len -= n;
	}
	return error;
}

int settings_propose(struct settings *s, const struct settings_asked *asked,
	const char *text, size_t len)
{
	struct message m = {.type = MESSAGE_CONFIG_PROPOSE};
	int error;

	if (s->asked.id)
		return -EBUSY;
	if (!s->send)
		return -ENOTCONN;
	s->asked = *asked;
	error = text_copy(&s->asked.was,
		&s->texts[asked->what == PROPOSE_CONFIRM ? STATE_BEFORE : STATE_FILE]);
	if (error)
		goto fail;
	s->asked.id = ++s->last_id;
	m.config_propose.id = s->asked.id;
	m.config_propose.what = (uint8_t)asked->what;
	m.config_propose.dry_run = asked->dry_run;
	m.config_propose.confirm_s = asked->confirm_s;
	m.config_propose.length = (uint32_t)len;
	error = s->send(s->send_ctx, &m);
	if (!error)
		error = send_parts(s, text, len);
	if (!error)
		return 0;
fail:
	drop(&s->asked.was);
	s->asked = (struct settings_asked){0};
	return error;
}

void settings_end(struct settings *s)
{
	for (size_t i = 0; i < STATE_MAX; i++)
		drop(&s->texts[i]);
	drop(&s->coming.text);
	drop(&s->asked.was);
}
