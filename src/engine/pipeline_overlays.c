// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner says about a device beside its profile. It lies in the store on its own
 * and is laid over whatever file is in force: a file that comes, goes or changes takes
 * nothing of it away. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/changes.h"
#include "engine/pipeline.h"

#define SPAN_TEXT 32

/* " for 2 hours": the largest unit without a rest, or whole minutes. */
static void span_text(const struct overlay *o, char buf[SPAN_TEXT])
{
	static const struct {
		const char *word;
		int64_t seconds;
	} units[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
	int64_t seconds = (o->until - o->said + NS_PER_SEC / 2) / NS_PER_SEC;
	size_t i = 0;

	buf[0] = 0;
	if (!o->until)
		return;
	if (seconds > 600 && seconds % 60)
		seconds += 60 - seconds % 60;
	while (i < 3 && (seconds < units[i].seconds || seconds % units[i].seconds))
		i++;
	seconds /= units[i].seconds;
	(void)str_print(buf, SPAN_TEXT, " for %lld %s%s", (long long)seconds, units[i].word,
		seconds == 1 ? "" : "s");
}

char *pipeline_overlay_text(const struct overlay *o, char buf[PIPELINE_OVERLAY_TEXT])
{
	char peer[LIMIT_NAME + 16] = "", service[48] = "", proto[FLOW_PROTO_TEXT_MAX];
	char span[SPAN_TEXT];
	char *end = service;
	size_t left = sizeof(service);

	if (o->peer.kind == PEER_NAME)
		str_escape(str_untrusted(o->peer.name), peer, sizeof(peer));
	else if (o->peer.kind == PEER_PREFIX &&
		 o->peer.prefix.len == addr_bits(&o->peer.prefix.addr))
		addr_format(&o->peer.prefix.addr, peer);
	else if (o->peer.kind == PEER_PREFIX)
		prefix_format(&o->peer.prefix, peer);
	if (o->proto != RULE_PROTO_ANY) {
		(void)str_print(service, sizeof(service), " %s",
			flow_proto_text((uint8_t)o->proto, proto));
		end += strlen(service);
		left -= strlen(service);
	}
	if (o->port.lo == o->port.hi)
		(void)str_print(end, left, " port %u", o->port.lo);
	else if (o->port.lo || o->port.hi != UINT16_MAX)
		(void)str_print(end, left, " ports %u-%u", o->port.lo, o->port.hi);
	span_text(o, span);
	(void)str_print(buf, PIPELINE_OVERLAY_TEXT, "%s%s%s%s%s", overlay_kind_name(o->kind),
		peer[0] ? " " : "", peer, service, span);
	return buf;
}

static void name_to_prefix(struct peer *peer)
{
	struct addr a;
	struct prefix p;

	if (peer->kind != PEER_NAME)
		return;
	if (addr_parse(peer->name, &a) == 0)
		p = prefix_of(&a, addr_bits(&a));
	else if (prefix_parse(peer->name, &p) != 0)
		return;
	*peer = (struct peer){.kind = PEER_PREFIX, .prefix = p};
}

/* All that is said of the device, with one more or one less. */
struct words {
	struct overlay list[LIMIT_OVERLAYS + 1];
	size_t count;
};

static void copy_words(const struct household_device *hd, struct words *ret)
{
	ret->count = hd->overlay_count < LIMIT_OVERLAYS ? hd->overlay_count : LIMIT_OVERLAYS;
	if (ret->count)
		memcpy(ret->list, hd->overlays, ret->count * sizeof(ret->list[0]));
}

static int put(struct pipeline *p, struct device *d, const struct words *w)
{
	int error = household_overlay(
		&p->household, d, w->list, w->count, pipeline_wall(p));

	if (!error)
		pipeline_dns_follow(p, d);
	return error;
}

static int save(struct pipeline *p, const struct device *d)
{
	int error = store_commit(p->store);

	if (error)
		log_error("pipeline", "what you said of %s was not stored: %s", d->name,
			error_text(error));
	return error;
}

/* Until o->until from now on. */
static int set_time(
	struct pipeline *p, const struct device *d, struct overlay *held, const struct overlay *o)
{
	char text[PIPELINE_OVERLAY_TEXT];
	int error = store_overlay_time(p->store, o);

	if (error)
		return error;
	*held = *o;
	(void)!save(p, d);
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_OVERLAY,
		"You said of %s: %s.", d->name, pipeline_overlay_text(o, text));
	return 0;
}

/* It is said already. What holds for good is not cut short by a while; of two times the one
 * that was said last counts. */
static int say_again(
	struct pipeline *p, const struct device *d, struct overlay *held, struct overlay *o)
{
	if (!held->until || held->until == o->until) {
		*o = *held;
		return -EEXIST;
	}
	o->id = held->id;
	return set_time(p, d, held, o);
}

const struct overlay *pipeline_overlay_find(
	struct pipeline *p, const struct device *d, struct overlay *o)
{
	const struct household_device *hd = household_device(&p->household, d->id);

	o->device = d->id;
	name_to_prefix(&o->peer);
	for (size_t i = 0; hd && i < hd->overlay_count; i++)
		if (overlay_equal(&hd->overlays[i], o))
			return &hd->overlays[i];
	return NULL;
}

int pipeline_overlay_until(struct pipeline *p, struct device *d, uint32_t id, nstime until)
{
	struct household_device *hd = household_device(&p->household, d->id);
	struct overlay o;

	for (size_t i = 0; hd && i < hd->overlay_count; i++) {
		if (hd->overlays[i].id != id)
			continue;
		o = hd->overlays[i];
		o.said = pipeline_wall(p);
		o.until = until;
		return set_time(p, d, &hd->overlays[i], &o);
	}
	return -ENOENT;
}

int pipeline_overlay_add(struct pipeline *p, struct device *d, struct overlay *o)
{
	struct household_device *hd = household_device(&p->household, d->id);
	const struct overlay *held;
	char text[PIPELINE_OVERLAY_TEXT];
	struct words w;
	int error;

	if (!hd)
		return CARDEA_ELIMIT;
	o->id = 0;
	o->said = pipeline_wall(p);
	held = pipeline_overlay_find(p, d, o);
	if (!overlay_is_sound(o))
		return CARDEA_EMALFORMED;
	if (held)
		return say_again(p, d, &hd->overlays[held - hd->overlays], o);
	pipeline_save_device(p, d); /* it refers to the device */
	error = store_overlay_save(p->store, o);
	if (error)
		return error;
	copy_words(hd, &w);
	w.list[w.count++] = *o;
	error = put(p, d, &w);
	if (error) {
		(void)!store_overlay_remove(p->store, o->id);
		return error;
	}
	(void)!save(p, d);
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_OVERLAY,
		"You said of %s: %s.", d->name, pipeline_overlay_text(o, text));
	return 0;
}

/* No longer in force, and not in the store either. */
static int take_away(
	struct pipeline *p, struct device *d, uint32_t id, struct overlay *ret_gone)
{
	struct household_device *hd = household_device(&p->household, d->id);
	struct words w;
	size_t i = 0;
	int error;

	while (hd && i < hd->overlay_count && hd->overlays[i].id != id)
		i++;
	if (!hd || i == hd->overlay_count)
		return -ENOENT;
	copy_words(hd, &w);
	*ret_gone = w.list[i];
	memmove(&w.list[i], &w.list[i + 1], (--w.count - i) * sizeof(w.list[0]));
	error = put(p, d, &w);
	if (!error)
		error = store_overlay_remove(p->store, id);
	if (error)
		return error;
	(void)!save(p, d);
	return 0;
}

int pipeline_overlay_remove(struct pipeline *p, struct device *d, uint32_t id)
{
	char text[PIPELINE_OVERLAY_TEXT];
	struct overlay gone;
	int error = take_away(p, d, id, &gone);

	if (error)
		return error;
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_OVERLAY,
		"You no longer say of %s: %s.", d->name,
		pipeline_overlay_text(&gone, text));
	return 0;
}

/* ---- what was said for a while ---- */

/* A clock that is behind the word itself has not been set yet, and cannot tell: it then holds
 * for as long as was said from the start of the gateway, and no longer. */
static bool is_over(const struct pipeline *p, const struct overlay *o, nstime wall)
{
	if (!o->until || wall >= o->until)
		return o->until != 0;
	return wall < o->said && loop_now(p->loop) - p->started_mono >= o->until - o->said;
}

static void end_one(struct pipeline *p, struct device *d, uint32_t id)
{
	char text[PIPELINE_OVERLAY_TEXT], sentence[LIMIT_TEXT], number[16];
	struct overlay gone;
	struct api_path path;
	int error = take_away(p, d, id, &gone);

	if (error) {
		log_error("pipeline", "what you said of %s outlives its time: %s", d->name,
			error_text(error));
		return;
	}
	(void)str_print(sentence, sizeof(sentence),
		"What you said of %s is over, as you wished: %.180s.", d->name,
		pipeline_overlay_text(&gone, text));
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_OVERLAY, "%s", sentence);
	(void)!str_print(number, sizeof(number), "%u", id);
	error = changes_over(p, api_path(&path, "overlays", number), sentence);
	if (error)
		log_error("pipeline", "the end of it was not noted: %s", error_text(error));
}

void pipeline_overlays_tick(struct pipeline *p)
{
	nstime wall = pipeline_wall(p);
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct household_device *hd = household_device(&p->household, d->id);

		for (size_t k = hd ? hd->overlay_count : 0; k-- > 0;)
			if (k < hd->overlay_count && is_over(p, &hd->overlays[k], wall))
				end_one(p, d, hd->overlays[k].id);
	}
}

/* Only what was said by the clock that was set: what was said before it went astray is
 * younger than that clock, and ends when it was to end. */
void pipeline_overlays_shift(struct pipeline *p, nstime before, nstime jump)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		struct household_device *hd = household_device(&p->household, d->id);

		for (size_t k = 0; hd && k < hd->overlay_count; k++) {
			struct overlay *o = &hd->overlays[k];

			if (!o->until || o->said > before)
				continue;
			o->said += jump;
			o->until += jump;
			if (store_overlay_time(p->store, o))
				log_error("pipeline", "%s: when it ends was not stored",
					d->name);
		}
	}
}

static int load(void *ctx, const struct overlay *o)
{
	struct pipeline *p = ctx;
	struct device *d = inventory_by_id(p->inventory, o->device);
	struct household_device *hd = d ? household_device(&p->household, d->id) : NULL;
	struct words w;

	if (!hd)
		return 0;
	copy_words(hd, &w);
	if (w.count == LIMIT_OVERLAYS)
		return 0;
	w.list[w.count++] = *o;
	return household_overlay(
		&p->household, d, w.list, w.count, pipeline_wall(p));
}

/* Before any file is in force: nothing is opened that was refused, or whose time went by while
 * nobody was there. */
int pipeline_overlays_open(struct pipeline *p)
{
	int error = store_overlays(p->store, load, p);

	if (!error)
		pipeline_overlays_tick(p);
	return error;
}

void pipeline_overlays_weigh(struct pipeline *p, const struct device *d)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	char text[PIPELINE_OVERLAY_TEXT];

	for (size_t i = 0; hd && hd->pool && i < hd->overlay_count; i++) {
		const struct overlay *o = &hd->overlays[i];
		enum policy_overlay_state s = policy_overlay_state(
			&hd->policy, o, hd->overlays, hd->overlay_count);

		if (s == POLICY_OVERLAY_UNMET || s == POLICY_OVERLAY_GRANTED)
			journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_OVERLAY,
				"What you said of %s is kept: %s; %s.", d->name,
				pipeline_overlay_text(o, text), policy_overlay_words(s));
	}
}
