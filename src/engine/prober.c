// SPDX-License-Identifier: GPL-2.0-or-later
/* Gentle probing: from what the core decides to what the house does. */
#include "engine/prober.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* Beyond what the core allows: should it fail, the refusal ends by itself. */
#define LEEWAY (120 * NS_PER_SEC)
#define CALM_MAX (24 * 3600)
#define EPISODES_MAX 1000

int prober_setting(struct prober *b, const char *key, const char *value)
{
	int64_t n;

	if (strncmp(key, "probe_", 6) != 0)
		return 0;
	if (str_to_i64(value, 1, CALM_MAX, &n))
		return CARDEA_EMALFORMED;
	if (strcmp(key, "probe_longest") == 0)
		b->config.longest = n * NS_PER_SEC;
	else if (strcmp(key, "probe_calm") == 0)
		b->config.calm = n * NS_PER_SEC;
	else if (strcmp(key, "probe_episodes") == 0 && n <= EPISODES_MAX)
		b->config.episodes_least = (uint32_t)n;
	return 0;
}

/* localtime_r(3) knows the rules of the time zone since tzset(3). */
static int32_t offset_of(nstime wall)
{
	time_t seconds = (time_t)(wall / NS_PER_SEC);
	struct tm local;

	return localtime_r(&seconds, &local) ? (int32_t)local.tm_gmtoff : 0;
}

struct probe_time prober_time(const struct pipeline *p)
{
	nstime wall = pipeline_wall(p);

	return (struct probe_time){.wall = wall,
		.mono = loop_now(p->loop),
		.offset = offset_of(wall),
		.sure = p->clock_trusted};
}

static struct device *device_of(struct pipeline *p, const struct mac *mac)
{
	return inventory_by_mac(p->inventory, mac);
}

/* ---- what the core asks for ---- */

static struct overlay overlay_of(const struct device *d, const struct probe_target *t)
{
	struct overlay o = {.device = d->id,
		.kind = OVERLAY_REFUSE,
		.proto = t->whole ? RULE_PROTO_ANY : t->kind.proto,
		.port = {0, UINT16_MAX}};

	if (!t->whole)
		o.port = (struct range16){t->kind.port, t->kind.port};
	if (t->kind.name[0]) {
		o.peer.kind = PEER_NAME;
		str_copy(o.peer.name, sizeof o.peer.name, t->kind.name);
	} else {
		o.peer.kind = PEER_PREFIX;
		o.peer.prefix = prefix_of(&t->kind.peer, addr_bits(&t->kind.peer));
	}
	return o;
}

static int refuse(
	void *ctx, const struct mac *mac, const struct probe_target *t, nstime longest)
{
	struct pipeline *p = ctx;
	struct device *d = device_of(p, mac);
	nstime wall = pipeline_wall(p);
	struct household_probe what = {.until = wall + longest + LEEWAY};
	int error;

	if (!d)
		return -ENOENT;
	what.refused = overlay_of(d, t);
	if (!overlay_is_sound(&what.refused))
		return CARDEA_EMALFORMED;
	error = household_refuse(&p->household, d, &what, wall);
	if (!error)
		pipeline_dns_follow(p, d);
	return error;
}

static int restore(void *ctx, const struct mac *mac)
{
	struct pipeline *p = ctx;
	struct device *d = device_of(p, mac);
	int error = 0;

	if (!d)
		return 0; /* and nothing is refused to it */
	error = household_refuse(&p->household, d, NULL, pipeline_wall(p));
	if (error)
		log_error("prober", "what is refused to %s stays so: %s", d->name,
			error_text(error));
	else
		pipeline_dns_follow(p, d);
	return error;
}

static void usual(void *ctx, const struct mac *mac, probe_visit *visit, void *to)
{
	const struct pipeline *p = ctx;

	if (p->prober.learned)
		prober_usual(p->prober.learned, mac, visit, to);
}

static bool known(
	void *ctx, const struct mac *mac, const struct probe_kind *k, nstime before)
{
	const struct pipeline *p = ctx;

	/* without knowledge nothing is news */
	return !p->prober.learned || prober_known(p->prober.learned, mac, k, before);
}

/* ---- what speaks against it ---- */

static enum probe_why look_learned(struct pipeline *p, const struct mac *mac)
{
	const struct learned *l = p->prober.learned;
	nstime wary = pipeline_wall(p) - PROBER_WARY;
	struct learned_device ld;
	uint32_t episodes = 0;

	if (!l || learned_device_of(l, mac, &ld))
		return PROBE_WHY_FEW;
	for (unsigned c = 0; c < LEARNED_CONTEXT_MAX; c++)
		episodes += ld.episodes[c];
	if (episodes < p->prober.config.episodes_least)
		return PROBE_WHY_FEW;
	for (uint32_t i = 0; i < ld.finding_count; i++)
		if (ld.findings[i].when >= wary)
			return PROBE_WHY_ALERT;
	return prober_updated_since(l, mac, wary) ? PROBE_WHY_UPDATE : PROBE_WHY_NONE;
}

/* The same, for a minute. */
static enum probe_why look(struct pipeline *p, const struct mac *mac)
{
	size_t i = mac->b[5] % PROBER_LOOKS;
	nstime mono = loop_now(p->loop);

	if (!mac_equal(&p->prober.looks[i].mac, mac) ||
		p->prober.looks[i].until <= mono) {
		p->prober.looks[i].mac = *mac;
		p->prober.looks[i].until = mono + PROBER_LOOK_EVERY;
		p->prober.looks[i].why = look_learned(p, mac);
	}
	return p->prober.looks[i].why;
}

static enum probe_why bar(void *ctx, const struct mac *mac)
{
	struct pipeline *p = ctx;
	struct device *d = device_of(p, mac);
	const struct household_device *hd;
	char words[LIMIT_TEXT];

	if (!d || !d->addr_count)
		return PROBE_WHY_GONE;
	if (d->hold)
		return PROBE_WHY_QUARANTINE;
	hd = household_device(&p->household, d->id);
	if (!hd || !hd->pool || !device_is_enforced(d) || household_tells(hd))
		return PROBE_WHY_NO_PROFILE;
	if ((d->class != DEVICE_CLASS_UNKNOWN && probe_class_is_forbidden(d->class)) ||
		prober_class_by_words(p, d, words) != DEVICE_CLASS_UNKNOWN)
		return PROBE_WHY_CLASS; /* whatever it was when probing was allowed */
	return look(p, mac);
}

enum device_class prober_class_by_words(
	struct pipeline *p, const struct device *d, char ret_text[LIMIT_TEXT])
{
	const struct household_device *hd = household_device(&p->household, d->id);
	const struct profile *file = hd && hd->source ? &hd->source->profile : NULL;
	const char *const words[] = {d->name, d->hostname, d->vendor_class,
		file ? file->systeminfo : "", file ? file->model_name : ""};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		enum device_class c = device_class_of_text(words[i]);

		if (c == DEVICE_CLASS_UNKNOWN)
			continue;
		str_escape(str_untrusted(words[i]), ret_text, LIMIT_TEXT);
		return c;
	}
	return DEVICE_CLASS_UNKNOWN;
}

/* ---- what is kept ---- */

static int save(struct pipeline *p, const struct device *d)
{
	size_t size = probe_save_size(p->prober.core, &d->mac);
	struct writer w = writer_of(malloc(size ? size : 1), size);
	int error = w.start ? probe_save(p->prober.core, &d->mac, &w) : -ENOMEM;

	if (!error) {
		pipeline_save_device(p, d); /* it refers to the device */
		error = store_probe_save(p->store, d->id, w.start, w.len);
	}
	/* at once: who dies with a probe under way must know of it */
	if (!error)
		error = store_commit(p->store);
	free(w.start);
	return error;
}

static void changed(void *ctx, const struct mac *mac)
{
	struct pipeline *p = ctx;
	const struct device *d = device_of(p, mac);
	int error = d ? save(p, d) : 0;

	if (error)
		log_error("prober", "what is known of probes of %s was not stored: %s",
			d->name, error_text(error));
}

static void told(void *ctx, const struct mac *mac, const struct probe_note *n)
{
	struct pipeline *p = ctx;
	const struct device *d = device_of(p, mac);
	char text[LIMIT_TEXT];

	if (!d)
		return;
	prober_sentence(d, n, p->prober.config.longest, text);
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_PROBE, "%s", text);
}

/* Found in the store; a device that has another MAC by now has not been probed. */
static int load(void *ctx, device_id id, const void *state, size_t len)
{
	struct pipeline *p = ctx;
	const struct device *d = inventory_by_id(p->inventory, id);
	int error = d ? probe_load(p->prober.core, cursor_of(state, len)) : 0;

	if (error == -ENOMEM)
		return error;
	if (error)
		log_error("prober",
			"what was known of probes of %s is not readable: %s", d->name,
			error_text(error));
	return 0;
}

int prober_open(struct pipeline *p)
{
	struct probe_config *c = &p->prober.config;
	int error;

	if (!c->longest)
		c->longest = PROBE_LONGEST;
	if (!c->episodes_least)
		c->episodes_least = PROBE_EPISODES_LEAST;
	c->refuse = refuse;
	c->restore = restore;
	c->usual = usual;
	c->known = known;
	c->bar = bar;
	c->changed = changed;
	c->told = told;
	c->ctx = p;
	error = probe_new(c, loop_now(p->loop), &p->prober.core);
	return error ? error : store_probes(p->store, load, p);
}

void prober_end(struct pipeline *p)
{
	probe_free(p->prober.core);
	p->prober.core = NULL;
}

void prober_tick(struct pipeline *p)
{
	struct probe_time now = prober_time(p);

	probe_tick(p->prober.core, &now);
}

/* ---- the owner ---- */

static void watch(struct pipeline *p, const struct mac *mac, bool on)
{
	uint8_t buf[32];
	int len;

	memset(&p->out, 0, sizeof(p->out));
	p->out.type = MESSAGE_WATCH;
	p->out.watch.mac = *mac;
	p->out.watch.on = on;
	len = message_encode(&p->out, buf, sizeof(buf));
	if (len > 0)
		(void)ipc_send(&p->channels[ROLE_SENSOR], buf, (size_t)len, -1);
}

void prober_sensor_up(struct pipeline *p)
{
	struct probe_time now = prober_time(p);
	struct probe_device d;

	for (size_t i = 0; i < probe_count(p->prober.core); i++) {
		probe_device_at(p->prober.core, i, &now, &d);
		if (d.allowed)
			watch(p, &d.mac, true);
	}
}

int prober_allow(struct pipeline *p, const struct device *d, enum device_class class,
	const struct probe_window *w)
{
	struct probe_time now = prober_time(p);
	char text[PROBE_WINDOW_TEXT];
	int error = probe_allow(p->prober.core, &d->mac, class, w, &now);

	if (error)
		return error;
	watch(p, &d->mac, true);
	journal_note(&p->journal, now.wall, d->id, EVENT_PROBE,
		"You let %s be probed between %s, once a night at most.", d->name,
		probe_window_text(w, text));
	return 0;
}

int prober_forbid(struct pipeline *p, const struct device *d)
{
	struct probe_time now = prober_time(p);
	int error = probe_forbid(p->prober.core, &d->mac, &now);

	if (error)
		return error;
	watch(p, &d->mac, false);
	journal_note(&p->journal, now.wall, d->id, EVENT_PROBE,
		"%s is not probed any more: you said so.", d->name);
	return 0;
}

bool prober_stop(struct pipeline *p, const struct device *d, enum probe_why why)
{
	struct probe_time now = prober_time(p);

	return d ? probe_stop(p->prober.core, &d->mac, why, &now)
		 : probe_stop_all(p->prober.core, why, &now);
}

void prober_gone(struct pipeline *p, const struct device *d)
{
	probe_forget(p->prober.core, &d->mac);
	watch(p, &d->mac, false);
}

/* ---- what is seen ---- */

static void saw(struct pipeline *p, const struct mac *mac, const struct probe_kind *k,
	enum probe_fate fate, nstime when)
{
	struct probe_time now = prober_time(p);

	probe_saw(p->prober.core, mac, k, fate, when, &now);
}

void prober_question(
	struct pipeline *p, const struct device *d, const char *name, bool refused)
{
	struct probe_kind k = {.place = RECORD_INTERNET};

	str_copy(k.name, sizeof k.name, name);
	saw(p, &d->mac, &k, refused ? PROBE_REFUSED : PROBE_TRIED, pipeline_wall(p));
}

static bool is_a_try(const struct pipeline *p, const struct event *e)
{
	return e->flow.direction == DIRECTION_FROM_DEVICE &&
	       (e->reason == REASON_DEFAULT_DENY || e->kind == EVENT_REFUSED) &&
	       (e->flow.proto == FLOW_PROTO_TCP || e->flow.proto == FLOW_PROTO_UDP) &&
	       !addr_is_multicast(&e->flow.peer) &&
	       !policy_env_is_local(&p->household.env, &e->flow.peer);
}

void prober_refused(struct pipeline *p, const struct device *d, const struct event *e)
{
	struct probe_kind k = {.proto = e->flow.proto,
		.port = e->flow.peer_port,
		.place = RECORD_INTERNET};

	if (!is_a_try(p, e)) {
		if (e->kind != EVENT_REFUSED)
			(void)prober_stop(p, d, PROBE_WHY_ALERT);
		return;
	}
	str_copy(k.name, sizeof k.name, e->name);
	if (!k.name[0])
		k.peer = e->flow.peer;
	saw(p, &d->mac, &k, PROBE_REFUSED, pipeline_wall(p));
}

void prober_record(struct pipeline *p, const struct record *r)
{
	enum probe_fate fate;
	struct probe_kind k;

	if (r->place == RECORD_DEVICE && r->direction == DIRECTION_TO_DEVICE) {
		const struct device *d = device_of(p, &r->device);

		if (d)
			(void)prober_stop(p, d, PROBE_WHY_USER);
	}
	if (prober_kind_of_record(r, &k, &fate))
		saw(p, &r->device, &k, fate, r->first);
}

void prober_touched(struct pipeline *p, const struct message_touched *m)
{
	const struct device *d = device_of(p, &m->mac);

	if (d)
		(void)prober_stop(p, d, PROBE_WHY_USER);
}
