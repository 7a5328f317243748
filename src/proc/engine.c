// SPDX-License-Identifier: GPL-2.0-or-later
/* engine - knows the house and decides. No network at all: a state folder, SQLite, and
 * checked messages. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "engine/api/api.h"
#include "engine/pipeline.h"
#include "proc/child.h"

/* Clients of the control API, by root's socket and through web, of which a pipe's other end
 * may wait to be sent; the store, channels, the loop. */
#define FILES_MAX (API_CLIENTS_MAX + 2 * LIMIT_WEB_PIPES + 48)

struct engine {
	struct child child;
	struct pipeline pipeline;
	struct store *store;
	struct api *api;
	bool started;
};

static int take_setting(struct child *c, const char *key, const char *value)
{
	struct engine *e = c->ctx;

	return pipeline_setting(&e->pipeline, key, value);
}

static void take_peer(struct child *c, enum role role, int fd)
{
	struct engine *e = c->ctx;

	if (role == ROLE_PARENT || role == ROLE_ENGINE || !e->api)
		close(fd); /* nobody we talk to, or we are not open yet */
	else if (pipeline_connect(&e->pipeline, role, fd))
		child_stop(c, -EIO);
}

static void take_socket(struct child *c, enum socket_kind kind, uint32_t ifindex, int fd)
{
	struct engine *e = c->ctx;

	int error = 0;

	(void)ifindex;
	if (kind == SOCKET_CONTROL && e->api)
		error = api_listen(e->api, fd);
	else if (kind == SOCKET_IDENTITY && e->api)
		error = api_listen_identities(e->api, fd);
	else
		close(fd);
	if (error)
		child_stop(c, -EIO);
}

static int take_message(struct child *c, const struct message *m)
{
	struct engine *e = c->ctx;

	if (m->type == MESSAGE_MEMORY)
		return pipeline_memory(&e->pipeline, &m->memory);
	if (m->type == MESSAGE_CONFIG_NOTE) {
		journal_note(&e->pipeline.journal, pipeline_wall(&e->pipeline), 0,
			EVENT_GATEWAY, "%s", m->config_note.text);
		return 0;
	}
	if (m->type != MESSAGE_PROCESS)
		return settings_said(&e->pipeline.settings, m);
	pipeline_process(&e->pipeline, &m->process);
	return 0;
}

static void stop_wanted(void *ctx, bool open_network)
{
	struct engine *e = ctx;
	struct message m = {.type = MESSAGE_STOP_WANTED};

	m.stop_wanted.open_network = open_network;
	if (child_send_parent(&e->child, &m))
		child_stop(&e->child, CARDEA_EPEER);
}

/* PEER without a descriptor: the channel to that process is broken. Ourselves we can end. */
static void restart_wanted(void *ctx, enum role role)
{
	struct engine *e = ctx;
	struct message m = {.type = MESSAGE_PEER};

	if (role == ROLE_ENGINE) {
		child_stop(&e->child, 0);
		return;
	}
	m.peer.role = (uint8_t)role;
	if (child_send_parent(&e->child, &m))
		child_stop(&e->child, CARDEA_EPEER);
}

static void memory_wanted(void *ctx)
{
	struct engine *e = ctx;
	struct message m = {.type = MESSAGE_MEMORY_WANTED};

	if (child_send_parent(&e->child, &m))
		child_stop(&e->child, CARDEA_EPEER);
}

static int propose(void *ctx, const struct message *m)
{
	struct engine *e = ctx;

	return child_send_parent(&e->child, m);
}

static void event_added(void *ctx, const struct event *event)
{
	struct engine *e = ctx;

	api_event(e->api, event);
	webhook_event(&e->pipeline, event);
}

static int open_state(struct engine *e)
{
	bool damaged = false;
	int error = store_open("/", &e->store, &damaged);

	if (error == CARDEA_ESTALE)
		log_error("engine", "the state was written by a newer Cardea; install "
				    "that one, or move cardea.db away");
	if (error)
		return error;
	e->pipeline.restart = restart_wanted;
	e->pipeline.restart_ctx = e;
	e->pipeline.measure = memory_wanted;
	e->pipeline.settings.send = propose;
	e->pipeline.settings.send_ctx = e;
	error = pipeline_open(&e->pipeline, e->child.loop, e->store, event_added, e);
	if (!error && damaged)
		journal_note(&e->pipeline.journal, pipeline_wall(&e->pipeline), 0,
			EVENT_GATEWAY,
			"The stored state was damaged; it is kept as cardea.db.damaged "
			"and a new one was begun.");
	return error;
}

static int start(struct engine *e)
{
	int error = child_start(&e->child);

	if (error)
		return error;
	/* Its folder is the root now: the store opens and grows files in it. */
	e->child.sandbox.allow = SANDBOX_FILES;
	e->child.sandbox.landlock_rw = "/";
	e->child.sandbox.files_max = FILES_MAX;
	error = child_hello(&e->child);
	if (!error)
		error = open_state(e);
	if (!error)
		error = api_new(&e->pipeline, stop_wanted, e, &e->api);
	if (error)
		return error;
	pipeline_start(&e->pipeline);
	return child_run(&e->child);
}

int main(void)
{
	struct engine *e = calloc(1, sizeof(*e));
	int error;

	log_init("engine", STDERR_FILENO, LOG_LEVEL_INFO);
	if (!e || pipeline_init(&e->pipeline))
		return 1;
	e->child.role = ROLE_ENGINE;
	e->child.ctx = e;
	e->child.config = take_setting;
	e->child.peer = take_peer;
	e->child.socket = take_socket;
	e->child.message = take_message;
	umask(0077);
	tzset(); /* the rules of the time zone, while their file can be read */
	error = start(e);
	if (error)
		log_error("engine", "stopped: %s", error_text(error));
	api_free(e->api);
	settings_end(&e->pipeline.settings);
	pipeline_end(&e->pipeline);
	store_close(e->store);
	child_end(&e->child);
	free(e);
	return error ? 1 : 0;
}
