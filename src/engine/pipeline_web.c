// SPDX-License-Identifier: GPL-2.0-or-later
/* pipeline - the process web: devices that ask the portal, people who ask the control API. */
#include <errno.h>
#include <unistd.h>
#include "base/log.h"
#include "engine/pipeline.h"

static void say(struct pipeline *p, const struct message *m, int fd)
{
	uint8_t buf[128];
	int n = message_encode(m, buf, sizeof(buf));

	if (n < 0 || ipc_send(&p->channels[ROLE_WEB], buf, (size_t)n, fd))
		log_warn("pipeline", "%s was not sent to web", message_name_of((int)m->type));
}

void pipeline_web_up(struct pipeline *p)
{
	struct message m = {.type = MESSAGE_WEB_SALT};

	memcpy(m.web_salt.salt, p->people.salt, sizeof(m.web_salt.salt));
	m.web_salt.log2_n = PEOPLE_LOG2_N;
	m.web_salt.r = PEOPLE_R;
	m.web_salt.p = PEOPLE_P;
	say(p, &m, -1);
}

void pipeline_web_answer(struct pipeline *p, uint64_t id, enum web_refusal refused, int fd)
{
	struct message m = {.type = MESSAGE_WEB_PIPE};

	m.web_pipe.id = id;
	m.web_pipe.refused = (uint8_t)refused;
	say(p, &m, fd);
	if (fd >= 0)
		close(fd);
}

static int take_open(struct pipeline *p, const struct message_web_open *m)
{
	if (!addr_bits(&m->client))
		return CARDEA_EMALFORMED;
	if (p->web_open)
		p->web_open(p->web_ctx, m);
	else
		pipeline_web_answer(p, m->id, WEB_REFUSED_FULL, -1);
	return 0;
}

int pipeline_web(struct pipeline *p, const struct message *m)
{
	if (m->type == MESSAGE_WEB_OPEN)
		return take_open(p, &m->web_open);
	return portal_message(p, m);
}

nstime pipeline_people_now(const struct pipeline *p)
{
	nstime wall = pipeline_wall(p);

	return wall > p->clock_floor ? wall : p->clock_floor;
}

int pipeline_people_open(struct pipeline *p)
{
	char text[PEOPLE_SETUP_TEXT];
	nstime now = pipeline_people_now(p), until;
	int error = people_open(&p->people, p->store);

	if (error)
		return error;
	error = people_has_owner(&p->people) ? 0
					     : people_setup(&p->people, now, text, &until);
	if (error == -ENOENT)
		error = people_setup_new(&p->people, now, text, &until);
	explicit_bzero(text, sizeof(text));
	return error;
}
