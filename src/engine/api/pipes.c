// SPDX-License-Identifier: GPL-2.0-or-later
/* pipes - people in the LAN, through the process web: each request has a stream of its own,
 * with one end here and one there. */
#include <sys/socket.h>
#include <unistd.h>
#include "base/log.h"
#include "engine/api/server.h"

/* Of all pipes, for one device: a browser takes six, and a stream. */
#define PIPES_OF_ONE 16

static bool is_same(const struct pipeline *p, const struct api_client *c,
	const struct addr *from, const struct device *d)
{
	if (!d)
		return addr_equal(&c->from, from);
	return inventory_by_addr(p->inventory, &c->from) == d;
}

static enum web_refusal may(struct api *a, const struct addr *from)
{
	struct device *d = inventory_by_addr(a->pipeline->inventory, from);
	unsigned of_one = 0;

	if (d && d->hold != HOLD_NONE)
		return WEB_REFUSED_HELD;
	for (size_t i = API_CLIENTS_MAX; i < API_SLOTS; i++) {
		const struct api_client *c = a->slots[i];

		of_one += c && c->api && is_same(a->pipeline, c, from, d);
	}
	return of_one < PIPES_OF_ONE ? WEB_REFUSED_NOT : WEB_REFUSED_FULL;
}

void api_pipe_open(void *ctx, const struct message_web_open *m)
{
	struct api *a = ctx;
	enum web_refusal refused = may(a, &m->client);
	struct api_client *c = NULL;
	int ends[2];

	if (refused == WEB_REFUSED_NOT) {
		refused = WEB_REFUSED_FULL;
		if (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			    ends)) {
			c = api_client_admit(a, ends[0], false, true);
			if (!c)
				close(ends[1]);
		}
	}
	if (c) {
		c->from = m->client;
		refused = WEB_REFUSED_NOT;
	}
	pipeline_web_answer(a->pipeline, m->id, refused, c ? ends[1] : -1);
}
