// SPDX-License-Identifier: GPL-2.0-or-later
/* learn - captures in, what was learned out. The observer forgets between captures:
 * they may be of different homes, and an address of one is nobody in another. */
#include "engine/learn_priv.h"
#include "engine/learn_extended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "wire/link.h"

#define PROGRESS_EVERY 4096 /* packets; a few times a second */

struct learn {
	struct learn_options options;
	struct learn_suffixes *suffixes;
	struct learned *learned;
	struct learn_names names;
	struct learn_link link;
	struct learn_bares bares;
	struct learn_parties parties;
	uint64_t crowded; /* see struct learn_capture */
	int error; /* of the learner, which sticks: memory */
	/* Those that the learner was not told of yet. */
	struct record waiting[LEARNED_BATCH];
	size_t waiting_count;
};

/* Whatever else the learner is told of comes after the records of before. */
static void tell_waiting(struct learn *l)
{
	int errors[LEARNED_BATCH];

	learned_records(l->learned, l->waiting, l->waiting_count, errors);
	for (size_t i = 0; i < l->waiting_count; i++) {
		if (errors[i] == CARDEA_ELIMIT)
			l->crowded++;
		else if (errors[i] && !l->error)
			l->error = errors[i];
	}
	l->waiting_count = 0;
}

static void on_record(void *ctx, const struct record *r)
{
	struct learn *l = ctx;

	learn_bares_see(&l->bares, r);
	if (l->options.extended)
		learn_parties_see(&l->parties, r);
	record_copy(&l->waiting[l->waiting_count++], r);
	if (l->waiting_count == LEARNED_BATCH || l->options.record)
		tell_waiting(l);
	if (l->options.record)
		l->options.record(l->options.record_ctx, l->learned, r);
}

static void on_event(
	void *ctx, const struct mac *device, enum observe_event e, nstime when)
{
	struct learn *l = ctx;

	tell_waiting(l);
	switch (e) {
	case OBSERVE_NEW:
		learned_seen(l->learned, device, when);
		return;
	case OBSERVE_BOOT:
		learned_booted(l->learned, device, when);
		return;
	case OBSERVE_LEASE:
		return;
	}
}

int learn_new(const struct learn_options *o, struct learn **ret)
{
	struct learn *l = calloc(1, sizeof *l);
	struct learned_config config = {
		.public_labels = learn_suffixes_labels,
		.per_capture = o->per_capture,
		.no_interactions = !o->extended};
	int e;

	if (!l)
		return -ENOMEM;
	l->options = *o;
	e = learn_names_init(&l->names);
	if (!e)
		e = learn_bares_init(&l->bares);
	if (!e)
		e = learn_parties_init(&l->parties);
	if (!e)
		e = learn_suffixes_new(&l->suffixes);
	config.ctx = l->suffixes;
	if (!e)
		e = learned_new(&config, &l->learned);
	if (e) {
		learn_free(l);
		return e;
	}
	*ret = l;
	return 0;
}

void learn_free(struct learn *l)
{
	if (!l)
		return;
	learned_free(l->learned);
	learn_suffixes_free(l->suffixes);
	learn_names_free(&l->names);
	learn_bares_free(&l->bares);
	learn_parties_free(&l->parties);
	free(l->link.frame);
	free(l);
}

static void see(struct learn *l, struct observe *o, const struct pcap_record *r)
{
	struct cursor frame;

	if (learn_names_may(r->linktype, r->data, r->caplen))
		learn_names_see(
			&l->names, r->linktype, cursor_of(r->data, r->caplen));
	if (r->linktype != LINK_ETHERNET && learn_link_lacks(r->linktype)) {
		frame = learn_link_frame(&l->link, &l->names, r->linktype,
			cursor_of(r->data, r->caplen));
		if (cursor_left(&frame)) {
			observe_frame(o, LINK_ETHERNET, frame.pos, cursor_left(&frame),
				r->len + (uint32_t)(cursor_left(&frame) - r->caplen),
				r->time);
			return;
		}
	}
	observe_frame(o, r->linktype, r->data, r->caplen, r->len, r->time);
}

static void progress(const struct learn *l, const struct pcap *in, uint64_t packets)
{
	if (l->options.progress)
		l->options.progress(l->options.ctx, packets, pcap_offset(in));
}

static int read_all(struct learn *l, struct pcap *in, struct observe *o,
	struct learn_capture *ret)
{
	struct pcap_record r;
	int e;

	while ((e = pcap_next(in, &r)) == 1 && !l->error) {
		see(l, o, &r);
		if (++ret->packets % PROGRESS_EVERY == 0)
			progress(l, in, ret->packets);
	}
	progress(l, in, ret->packets);
	if (e < 0)
		(void)str_copy(ret->problem, sizeof ret->problem, pcap_error(in));
	return e < 0 ? e : l->error;
}

int learn_read(struct learn *l, int fd, struct learn_capture *ret)
{
	struct observe_config config = {.device = l->options.device,
		.record = on_record,
		.event = on_event,
		.ctx = l};
	struct observe *o = NULL;
	struct pcap *in = NULL;
	int e;

	*ret = (struct learn_capture){0};
	memset(l->link.gateway, 0, sizeof l->link.gateway);
	l->crowded = 0;
	learned_capture(l->learned);
	e = observe_new(&config, &o);
	if (!e)
		e = pcap_open(fd, &in);
	if (!e) {
		e = read_all(l, in, o, ret);
		observe_end(o);
		tell_waiting(l);
		observe_counts(o, &ret->counts);
		ret->crowded = l->crowded;
	}
	if (!e)
		e = l->error;
	if (e && !ret->problem[0])
		(void)str_copy(ret->problem, sizeof ret->problem, error_text(e));
	pcap_close(in);
	observe_free(o);
	return e;
}

void learn_end(struct learn *l)
{
	learned_end(l->learned, INT64_MAX);
}

const struct learned *learn_learned(const struct learn *l)
{
	return l->learned;
}

struct learn_home learn_home(const struct learn *l)
{
	return (struct learn_home){.learned = l->learned, .parties = &l->parties};
}

const struct learn_name *learn_name(const struct learn *l, const struct mac *m)
{
	return &learn_names_find(&l->names, m)->name;
}

struct learn_source learn_source(const struct learn *l, const struct mac *m)
{
	struct learn_source s = {.learned = l->learned,
		.bares = &l->bares,
		.name = *learn_name(l, m)};

	s.made = learn_mac_is_made(l, m, &s.addr);
	return s;
}

bool learn_mac_is_made(const struct learn *l, const struct mac *m, struct addr *ret)
{
	*ret = learn_names_find(&l->names, m)->made_of;
	return ret->family != 0;
}

/* ---- learn_profile.c, of captures ---- */

int learn_profile_make(const struct learn *l, const struct mac *device, nstime now,
	struct learn_profile *ret)
{
	struct learn_source s = learn_source(l, device);

	return learn_profile_of(&s, device, now, ret);
}

int learn_profile_brief(const struct learn *l, const struct mac *device, nstime now,
	struct learn_profile *ret)
{
	struct learn_source s = learn_source(l, device);

	return learn_profile_brief_of(&s, device, now, ret);
}

int learn_test(const struct learn *l, const struct learn *other,
	struct learn_profile *p, struct learn_test *ret)
{
	return learn_test_of(l->learned, other->learned, p, ret);
}
