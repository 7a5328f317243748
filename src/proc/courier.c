// SPDX-License-Identifier: GPL-2.0-or-later
/* courier - the only process that speaks to the net for us: it gets MUD files and their
 * signatures, and sends reports to makers where the owner wants it; from and to
 * addresses that the resolver found and that do not lie in the house. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "proc/child.h"
#include "proc/memory.h"
#include "profiles/fetch/fetch.h"
#include "profiles/fetch/fetch_curl.h"
#include "profiles/fetch/poster.h"
#include "profiles/mud/cms.h"
#include "model/mqtt_broker.h"
#include "report/report.h"

#define HTTPS_CA_DEFAULT "/etc/ssl/certs/ca-certificates.crt"
/* All roots, or all anchors, together: Debian's store has 220 KiB. */
#define PEM_MAX (2U << 20)
#define READ_STEP (64U << 10)
/* LIMIT_FETCHES and LIMIT_REPORTS connections, the channels, the loop. */
#define FILES_MAX 64
/* LIMIT_FETCHES and LIMIT_REPORTS TLS sessions, each with all roots parsed, and one
 * MUD_POOL_BYTES. */
#define MEMORY_MAX (96UL << 20)

/* PEM files one after the other. */
struct pem {
	char *text;
	size_t len;
	bool named; /* a setting named at least one */
};

struct process {
	struct child child;
	struct fetch_config config;
	struct fetcher *fetcher;
	struct poster *poster;
	struct fetch_curl *curl;
	struct mud_trust *trust;
	struct pem roots, anchors;
	struct broker_config broker_config;
	struct broker *broker; /* NULL: the owner has none */
};

/* ---- files, read before the sandbox ---- */

static int pem_grow(struct pem *p)
{
	if (p->len + READ_STEP > PEM_MAX)
		return CARDEA_ELIMIT;
	char *text = realloc(p->text, p->len + READ_STEP);
	if (!text)
		return -ENOMEM;
	p->text = text;
	return 0;
}

static int pem_read(struct pem *p, int fd)
{
	for (;;) {
		int e = pem_grow(p);
		if (e)
			return e;
		/* one byte stays free for the line end that a file may lack */
		ssize_t n = read(fd, p->text + p->len, READ_STEP - 1);
		if (n < 0)
			return -errno;
		if (!n)
			break;
		p->len += (size_t)n;
	}
	p->text[p->len++] = '\n';
	return 0;
}

static int pem_add(struct pem *p, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int e = fd < 0 ? -errno : pem_read(p, fd);

	if (fd >= 0)
		close(fd);
	if (e)
		log_error("config", "%s: %s", path, error_text(e));
	return e;
}

/* ---- settings ---- */

static int set_yes_no(const char *key, const char *value, bool *ret)
{
	bool yes = !strcmp(value, "yes");

	if (!yes && strcmp(value, "no") != 0) {
		log_error("config", "%s is neither yes nor no", key);
		return CARDEA_EMALFORMED;
	}
	*ret = yes;
	return 0;
}

static int set_lan(struct fetch_config *c, const char *value)
{
	int e = CARDEA_ELIMIT;

	if (c->lan_count < LIMIT_LAN_PREFIXES)
		e = prefix_parse(value, &c->lan[c->lan_count]);
	if (e) {
		log_error("config", "lan_prefix %s: %s", value, error_text(e));
		return e;
	}
	c->lan_count++;
	return 0;
}

static int set_pem(struct pem *p, const char *path)
{
	p->named = true;
	return pem_add(p, path);
}

/* The octets of a file, but for a line end behind them. Without it nothing is sent: a
 * receiver that checks would believe in a forgery. */
static int set_webhook_key(struct process *p, const char *path)
{
	struct fetch_config *c = &p->config;
	struct pem file = {0};
	int e = *path ? pem_add(&file, path) : 0;

	while (!e && file.len && strchr("\r\n", file.text[file.len - 1]))
		file.len--;
	if (*path && (e || !file.len || file.len > sizeof c->webhook_key)) {
		log_error("config", "%s: this is to have 1 to %d octets; nothing is sent", path,
			FETCH_KEY_MAX);
		c->webhook[0] = 0;
		e = 0;
	} else if (*path) {
		memcpy(c->webhook_key, file.text, file.len);
		c->webhook_key_len = (unsigned)file.len;
	}
	free(file.text);
	return e;
}

/* The first line of a file. Without it the broker says what it thinks of that. */
static int set_password(struct process *p, const char *path)
{
	struct pem file = {0};
	int e = *path ? pem_add(&file, path) : 0;
	size_t len = 0;

	while (len < file.len && !strchr("\r\n", file.text[len]))
		len++;
	if (!e && file.text && !str_copy_bytes(p->broker_config.password,
				       sizeof p->broker_config.password, file.text, len))
		log_error("config", "%s: a password has at most %zu octets", path,
			sizeof p->broker_config.password - 1);
	free(file.text);
	return 0;
}

static int set_broker(struct process *p, const char *key, const char *value)
{
	struct broker_config *b = &p->broker_config;

	if (!strcmp(key, "mqtt_broker"))
		return *value ? mqtt_broker_read(value, &b->addr, &b->port) : 0;
	if (!strcmp(key, "mqtt_user"))
		return str_copy(b->user, sizeof b->user, value) ? 0 : CARDEA_ELIMIT;
	if (!strcmp(key, "mqtt_password"))
		return set_password(p, value);
	if (strcmp(key, "mqtt_node") != 0)
		return 0;
	(void)str_copy(b->will, sizeof b->will, "offline");
	(void)str_copy(b->birth, sizeof b->birth, "online");
	return str_print(b->client_id, sizeof b->client_id, "cardea%s", value) ||
			       str_print(b->will_topic, sizeof b->will_topic,
				       "cardea/%s/status", value)
		       ? CARDEA_ELIMIT
		       : 0;
}

static int on_config(struct child *c, const char *key, const char *value)
{
	struct process *p = c->ctx;

	if (!strcmp(key, "https_ca"))
		return set_pem(&p->roots, value);
	if (!strcmp(key, "mud_anchor"))
		return set_pem(&p->anchors, value);
	if (!strcmp(key, "lan_prefix"))
		return set_lan(&p->config, value);
	if (!strcmp(key, "allow_private"))
		return set_yes_no(key, value, &p->config.allow_private);
	if (!strcmp(key, "webhook"))
		return str_copy(p->config.webhook, sizeof p->config.webhook, value)
			       ? 0
			       : CARDEA_ELIMIT;
	if (!strncmp(key, "mqtt_", 5))
		return set_broker(p, key, value);
	if (!strcmp(key, "webhook_key"))
		return set_webhook_key(p, value);
	return 0;
}

/* ---- the fetcher's side ---- */

static int on_start(void *ctx, struct fetch_transfer *t)
{
	struct process *p = ctx;

	return fetch_curl_start(p->curl, t);
}

static void on_cancel(void *ctx, struct fetch_transfer *t)
{
	struct process *p = ctx;

	fetch_curl_cancel(p->curl, t);
}

static int on_send(void *ctx, const struct message *m)
{
	struct process *p = ctx;

	return child_send_engine(&p->child, m);
}

/* Most of the time there is nothing to fetch. libcurl alone brings thirty libraries, and
 * a fetch parses all roots. */
static void on_idle(void *ctx)
{
	(void)ctx;
	memory_return();
}

static const struct fetch_ops ops = {
	.start = on_start,
	.cancel = on_cancel,
	.send = on_send,
	.idle = on_idle,
};

/* ---- the engine ---- */

static void on_broker(void *ctx, bool connected, const char *text)
{
	struct process *p = ctx;
	struct message m = {.type = MESSAGE_MQTT_STATE};

	m.mqtt_state.connected = connected;
	(void)str_copy(m.mqtt_state.text, sizeof m.mqtt_state.text, text ? text : "");
	(void)!child_send_engine(&p->child, &m);
}

/* What is not taken is said again once the connection is back. */
static void publish(struct process *p, const struct message_mqtt_publish *m)
{
	if (p->broker)
		(void)!broker_publish(p->broker, m->topic, m->payload);
}

static int on_engine(struct child *c, const struct message *m)
{
	struct process *p = c->ctx;

	if (m->type == MESSAGE_FETCH)
		fetcher_fetch(p->fetcher, &m->fetch);
	else if (m->type == MESSAGE_REPORT)
		return poster_begin(p->poster, &m->report);
	else if (m->type == MESSAGE_REPORT_PART)
		return poster_part(p->poster, &m->report_part);
	else if (m->type == MESSAGE_MQTT_PUBLISH)
		publish(p, &m->mqtt_publish);
	else if (m->type != MESSAGE_HOST_ADDRS)
		return CARDEA_EPEER;
	else if (!poster_host(p->poster, &m->host_addrs))
		fetcher_host(p->fetcher, &m->host_addrs);
	return 0;
}

/* The next engine asks again. */
static void on_engine_left(struct child *c)
{
	struct process *p = c->ctx;

	poster_reset(p->poster);
	fetcher_reset(p->fetcher);
	broker_free(p->broker); /* nobody knows how things are: "offline" */
	p->broker = NULL;
}

/* One that is new is to hear that the connection is there: it is made for it. */
static void on_engine_came(struct child *c)
{
	struct process *p = c->ctx;

	broker_free(p->broker);
	p->broker = NULL;
	if (p->broker_config.addr.family &&
		broker_new(c->loop, &p->broker_config, on_broker, p, &p->broker))
		log_error("courier", "no memory for the broker");
}

/* ---- start ---- */

static int process_load(struct process *p)
{
	char text[LIMIT_TEXT];
	int e = 0;

	/* a system without roots still starts: each fetch then says what is missing */
	if (!p->roots.named && pem_add(&p->roots, HTTPS_CA_DEFAULT))
		log_warn("config", "no roots for HTTPS: every fetch will fail");
	if (!e && p->anchors.named) {
		e = mud_trust_new(p->anchors.text, p->anchors.len, &p->trust, text);
		if (e)
			log_error("config", "mud_anchor: %s", text);
	}
	free(p->anchors.text);
	p->anchors.text = NULL;
	p->config.trust = p->trust;
	if (!e)
		e = fetch_curl_new(
			p->child.loop, p->roots.text, p->roots.len, &p->curl);
	return e;
}

static int process_start(struct process *p)
{
	struct child *c = &p->child;
	int e = child_start(c);

	if (!e)
		e = process_load(p);
	if (e)
		return e;
	c->sandbox.allow = SANDBOX_INET;
	c->sandbox.files_max = FILES_MAX;
	c->sandbox.memory_max = MEMORY_MAX;
	e = child_hello(c);
	if (e)
		return e;
	p->fetcher = fetcher_new(c->loop, &p->config, &ops, p);
	p->poster = poster_new(c->loop, &p->config, &ops, p);
	if (!p->fetcher || !p->poster)
		return -ENOMEM;
	on_idle(p);
	return 0;
}

static void process_end(struct process *p)
{
	broker_free(p->broker);
	poster_free(p->poster);
	fetcher_free(p->fetcher);
	fetch_curl_free(p->curl);
	mud_trust_free(p->trust);
	child_end(&p->child);
	free(p->roots.text);
	free(p->anchors.text);
}

int main(void)
{
	static struct process p = {
		.child = {.role = ROLE_COURIER,
			.config = on_config,
			.engine_said = on_engine,
			.engine_came = on_engine_came,
			.engine_left = on_engine_left},
	};

	p.child.ctx = &p;
	int e = process_start(&p);
	if (!e)
		e = child_run(&p.child);
	if (e)
		log_error("courier", "ended: %s", error_text(e));
	process_end(&p);
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
