// SPDX-License-Identifier: GPL-2.0-or-later
/* probe - the devices that may be probed, as the owner has said, and what is known. */
#include "profiles/probe/probe_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static nstime within(nstime value, nstime otherwise, nstime lo, nstime hi)
{
	if (!value)
		return otherwise;
	return value < lo ? lo : value > hi ? hi : value;
}

int probe_new(const struct probe_config *c, nstime mono, struct probe **ret)
{
	struct probe *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	p->config = *c;
	p->config.longest =
		within(c->longest, PROBE_LONGEST, PROBE_LONGEST_MIN, PROBE_LONGEST_MAX);
	p->config.calm = c->calm ? c->calm : PROBE_CALM;
	p->config.episodes_least =
		c->episodes_least ? c->episodes_least : PROBE_EPISODES_LEAST;
	p->born_mono = mono;
	p->begun_mono = PROBE_NEVER;
	*ret = p;
	return 0;
}

void probe_subject_free(struct subject *s)
{
	if (s)
		free(s->targets);
	free(s);
}

void probe_free(struct probe *p)
{
	for (size_t i = 0; p && i < p->count; i++)
		probe_subject_free(p->subjects[i]);
	free(p);
}

struct subject *probe_find(const struct probe *p, const struct mac *device)
{
	for (size_t i = 0; i < p->count; i++)
		if (mac_equal(&p->subjects[i]->mac, device))
			return p->subjects[i];
	return NULL;
}

struct subject *probe_add(struct probe *p, const struct mac *device)
{
	struct subject *s;

	if (p->count == PROBE_DEVICES_MAX)
		return NULL;
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->mac = *device;
	s->window = PROBE_WINDOW_DEFAULT;
	s->active_mono = p->born_mono; /* nobody knows what was before */
	p->subjects[p->count++] = s;
	return s;
}

void probe_changed(const struct probe *p, const struct subject *s)
{
	p->config.changed(p->config.ctx, &s->mac);
}

void probe_tell(const struct probe *p, const struct subject *s, struct probe_note n)
{
	if (p->config.told)
		p->config.told(p->config.ctx, &s->mac, &n);
}

int probe_allow(struct probe *p, const struct mac *device, enum device_class class,
	const struct probe_window *w, const struct probe_time *now)
{
	struct subject *s = probe_find(p, device);

	if ((unsigned)class >= DEVICE_CLASS_MAX || probe_class_is_forbidden(class))
		return CARDEA_EREFUSED;
	if (!probe_window_is_sound(w))
		return CARDEA_EMALFORMED;
	if (!s)
		s = probe_add(p, device);
	if (!s)
		return CARDEA_ELIMIT;
	/* a probe in another window than the one that is allowed now is none */
	(void)probe_stop(p, device, PROBE_WHY_OWNER, now);
	s->allowed = true;
	s->unrecovered = s->nothing = false;
	s->class = class;
	s->window = *w;
	s->since = now->wall;
	probe_changed(p, s);
	return 0;
}

int probe_forbid(
	struct probe *p, const struct mac *device, const struct probe_time *now)
{
	struct subject *s = probe_find(p, device);

	if (!s)
		return -ENOENT;
	(void)probe_stop(p, device, PROBE_WHY_OWNER, now);
	s->allowed = false;
	s->since = now->wall;
	probe_changed(p, s);
	return 0;
}

void probe_forget(struct probe *p, const struct mac *device)
{
	for (size_t i = 0; i < p->count; i++) {
		if (!mac_equal(&p->subjects[i]->mac, device))
			continue;
		if (probe_is_refusing(p->subjects[i]))
			(void)!p->config.restore(p->config.ctx, device);
		probe_subject_free(p->subjects[i]);
		p->subjects[i] = p->subjects[--p->count];
		return;
	}
}

bool probe_running(const struct probe *p, struct mac *ret)
{
	for (size_t i = 0; i < p->count; i++)
		if (probe_is_refusing(p->subjects[i])) {
			*ret = p->subjects[i]->mac;
			return true;
		}
	return false;
}

/* ---- views ---- */

size_t probe_count(const struct probe *p)
{
	return p->count;
}

static void view(const struct probe *p, const struct subject *s,
	const struct probe_time *now, struct probe_device *ret)
{
	*ret = (struct probe_device){.mac = s->mac,
		.allowed = s->allowed,
		.class = s->class,
		.window = s->window,
		.since = s->since,
		.state = s->state,
		.why = s->why,
		.unrecovered = s->unrecovered,
		.last = s->last,
		.targets = s->target_count};
	if (s->last && s->run.target < s->target_count)
		ret->target = s->targets[s->run.target].kind;
	if (s->state == PROBE_IDLE) {
		ret->why = probe_wait(p, s, now);
		if (!ret->why && s->nothing)
			ret->why = PROBE_WHY_DONE;
	}
	if (s->state == PROBE_REFUSING)
		ret->until = s->run.begun_wall + p->config.longest;
}

void probe_device_at(const struct probe *p, size_t i, const struct probe_time *now,
	struct probe_device *ret)
{
	view(p, p->subjects[i], now, ret);
}

int probe_device_of(const struct probe *p, const struct mac *device,
	const struct probe_time *now, struct probe_device *ret)
{
	const struct subject *s = probe_find(p, device);

	if (!s)
		return -ENOENT;
	view(p, s, now, ret);
	return 0;
}

const struct probe_target *probe_target_at(
	const struct probe *p, const struct mac *device, size_t i)
{
	const struct subject *s = probe_find(p, device);

	return s && i < s->target_count ? &s->targets[i] : NULL;
}
