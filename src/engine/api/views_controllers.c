// SPDX-License-Identifier: GPL-2.0-or-later
/* Controllers: what the owner said, what is open, and who might be meant. Nothing here
 * is ever chosen for the owner. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/classes.h"

#define SUGGESTIONS_MAX 3    /* more is no help */
#define EVIDENCE_EVENTS 1000 /* the last ones that are looked at */
#define EVIDENCE_MAX 256     /* pairs of devices that were kept apart */
#define OPEN_PER_DEVICE 32   /* classes of one file; the published ones have two */

/* Two devices that wanted to talk and were not let. */
struct pair {
	device_id from, to;
	uint64_t packets;
};

/* A class that nobody is; holder 0: the same for all who use it. */
struct open_class {
	struct peer peer;
	device_id holder;
};

struct controllers {
	struct pipeline *pipeline;
	struct pair pairs[EVIDENCE_MAX];
	size_t pair_count;
	struct open_class open[LIMIT_CONTROLLERS];
	size_t open_count;
};

static int take_event(void *ctx, const struct event *e)
{
	struct controllers *c = ctx;
	const struct device *other;
	size_t i = 0;

	if (e->kind != EVENT_VIOLATION || e->reason != REASON_DEFAULT_DENY)
		return 0;
	other = inventory_by_addr(c->pipeline->inventory, &e->flow.peer);
	if (!other || other->id == e->device)
		return 0;
	while (i < c->pair_count &&
		(c->pairs[i].from != e->device || c->pairs[i].to != other->id))
		i++;
	if (i == EVIDENCE_MAX)
		return 0;
	if (i == c->pair_count)
		c->pairs[c->pair_count++] =
			(struct pair){.from = e->device, .to = other->id};
	c->pairs[i].packets += e->packets;
	return 0;
}

static bool uses(const struct household_device *hd, const struct peer *peer)
{
	for (uint32_t i = 0; hd && hd->pool && i < hd->policy.base_first; i++)
		if (hd->policy.rules[i].peer.kind == peer->kind &&
			strcmp(classes_name(&hd->policy.rules[i].peer),
				classes_name(peer)) == 0)
			return true;
	return false;
}

/* The devices whose rules speak of the class, or the one it is about. */
static bool is_concerned(const struct controllers *c, const struct device *d,
	const struct peer *peer, device_id holder)
{
	return (!holder || d->id == holder) &&
	       uses(household_device(&c->pipeline->household, d->id), peer);
}

static void note_open(
	struct controllers *c, const struct device *d, const struct peer *peer)
{
	device_id holder = peer->kind == PEER_MY_CONTROLLER ? d->id : 0;

	for (size_t i = 0; i < c->open_count; i++)
		if (c->open[i].holder == holder && classes_same(&c->open[i].peer, peer))
			return;
	if (c->open_count < LIMIT_CONTROLLERS)
		c->open[c->open_count++] =
			(struct open_class){.peer = *peer, .holder = holder};
}

static void find_open(struct controllers *c)
{
	struct peer peers[OPEN_PER_DEVICE];
	struct device *d;

	for (size_t i = 0; (d = inventory_at(c->pipeline->inventory, i)); i++) {
		const struct household_device *hd =
			household_device(&c->pipeline->household, d->id);
		size_t count =
			hd ? classes_unmapped(c->pipeline, hd, peers, OPEN_PER_DEVICE)
			   : 0;

		for (size_t k = 0; k < count; k++)
			note_open(c, d, &peers[k]);
	}
}

/* Packets between the candidate and those whose controller is looked for. */
static uint64_t refused(const struct controllers *c, const struct open_class *o,
	const struct device *candidate)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < c->pair_count; i++) {
		const struct pair *p = &c->pairs[i];
		device_id other = p->from == candidate->id ? p->to
				  : p->to == candidate->id ? p->from
							   : 0;
		const struct device *d = inventory_by_id(c->pipeline->inventory, other);

		if (d && is_concerned(c, d, &o->peer, o->holder))
			packets += p->packets;
	}
	return packets;
}

static bool contains(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (; *text; text++)
		if (strncasecmp(text, word, len) == 0)
			return true;
	return false;
}

/* What hubs, and the phones that play one, call themselves. */
static const char *hint(const struct device *d)
{
	static const char *const words[] = {"hub", "bridge", "controller",
		"homeassistant", "home-assistant", "openhab", "smartthings", "homepod",
		"apple-tv", "appletv", "echo", "phone", "ipad", "android", "galaxy",
		"pixel"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (contains(d->hostname, words[i]) ||
			contains(d->vendor_class, words[i]))
			return words[i];
	return NULL;
}

struct suggestion {
	const struct device *device;
	uint64_t refused;
	const char *hint;
};

static bool is_better(const struct suggestion *a, const struct suggestion *b)
{
	if (!b->device)
		return true;
	return a->refused != b->refused ? a->refused > b->refused : a->hint && !b->hint;
}

static void rank(struct suggestion best[SUGGESTIONS_MAX], struct suggestion s)
{
	for (size_t i = 0; i < SUGGESTIONS_MAX; i++)
		if (is_better(&s, &best[i])) {
			struct suggestion out = best[i];

			best[i] = s;
			s = out;
			if (!s.device)
				return;
		}
}

static void write_suggestion(struct jsonw *j, const struct suggestion *s)
{
	char why[LIMIT_TEXT];

	if (s->refused)
		(void)str_print(why, sizeof(why),
			"they were refused to talk lately (%llu packets)",
			(unsigned long long)s->refused);
	else
		(void)str_print(why, sizeof(why),
			"what it says of itself has \"%s\" in it", s->hint);
	jsonw_object(j);
	jsonw_kv_untrusted(j, "device", s->device->name);
	jsonw_kv_mac(j, "mac", &s->device->mac);
	jsonw_kv_string(j, "why", why);
	jsonw_object_end(j);
}

static void write_suggestions(
	struct jsonw *j, const struct controllers *c, const struct open_class *o)
{
	struct suggestion best[SUGGESTIONS_MAX] = {0};
	struct device *d;

	for (size_t i = 0; (d = inventory_at(c->pipeline->inventory, i)); i++) {
		struct suggestion s = {d, 0, hint(d)};

		if (is_concerned(c, d, &o->peer, o->holder))
			continue;
		s.refused = refused(c, o, d);
		if (s.refused || s.hint)
			rank(best, s);
	}
	jsonw_key(j, "suggestions");
	jsonw_array(j);
	for (size_t i = 0; i < SUGGESTIONS_MAX && best[i].device; i++)
		write_suggestion(j, &best[i]);
	jsonw_array_end(j);
}

static void write_device_name(
	struct jsonw *j, const struct controllers *c, const char *key, device_id id)
{
	const struct device *d = inventory_by_id(c->pipeline->inventory, id);

	jsonw_kv_untrusted(j, key, d ? d->name : NULL);
}

static void write_used_by(struct jsonw *j, const struct controllers *c,
	const struct peer *peer, device_id holder)
{
	struct device *d;

	jsonw_key(j, "used_by");
	jsonw_array(j);
	for (size_t i = 0; (d = inventory_at(c->pipeline->inventory, i)); i++)
		if (is_concerned(c, d, peer, holder))
			jsonw_untrusted(j, str_untrusted(d->name));
	jsonw_array_end(j);
}

static struct peer peer_of(const char *class)
{
	struct peer peer = {.kind = PEER_CONTROLLER};

	if (strcmp(class, CLASSES_MY_CONTROLLER) == 0)
		peer.kind = PEER_MY_CONTROLLER;
	else
		str_copy(peer.name, sizeof(peer.name), class);
	return peer;
}

static void write_said(
	struct jsonw *j, const struct controllers *c, const struct store_controller *m)
{
	struct device *target = inventory_by_id(c->pipeline->inventory, m->target);
	struct peer peer = peer_of(m->class);

	jsonw_object(j);
	jsonw_kv_untrusted(j, "class", m->class);
	write_device_name(j, c, "device", m->device);
	if (m->target)
		write_device_name(j, c, "target", m->target);
	else
		jsonw_kv_addr(j, "target", &m->addr);
	if (target)
		jsonw_kv_mac(j, "target_mac", &target->mac);
	write_used_by(j, c, &peer, m->device);
	jsonw_object_end(j);
}

static void write_open(
	struct jsonw *j, const struct controllers *c, const struct open_class *o)
{
	jsonw_object(j);
	jsonw_kv_untrusted(j, "class", classes_name(&o->peer));
	write_device_name(j, c, "device", o->holder);
	write_used_by(j, c, &o->peer, o->holder);
	write_suggestions(j, c, o);
	jsonw_object_end(j);
}

static void write_all(struct jsonw *j, const struct controllers *c)
{
	const struct classes *classes = &c->pipeline->classes;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.controller.list/1");
	jsonw_key(j, "controllers");
	jsonw_array(j);
	for (size_t i = 0; i < classes->said_count; i++)
		write_said(j, c, &classes->said[i]);
	jsonw_array_end(j);
	jsonw_key(j, "unmapped");
	jsonw_array(j);
	for (size_t i = 0; i < c->open_count; i++)
		write_open(j, c, &c->open[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

void api_view_controllers(struct api_request *r)
{
	struct store_event_query q = {.limit = EVIDENCE_EVENTS};
	struct controllers *c = calloc(1, sizeof(*c));

	if (!c) {
		api_fail(r, 500, "close something", "there is no memory for the list");
		return;
	}
	c->pipeline = r->pipeline;
	journal_flush(&r->pipeline->journal);
	(void)!store_events(r->pipeline->store, &q, take_event, c);
	find_open(c);
	write_all(&r->json, c);
	free(c);
}

static void refuse(struct api_request *r, int error, bool removing)
{
	if (error == CARDEA_EMALFORMED)
		api_fail(r, 400, "give a URI such as urn:example:hub, or my-controller",
			"this is no class of controllers");
	else if (error == -ENOENT && removing)
		api_fail(r, 404, "`cardea controller list` shows all",
			"nobody was named for this class");
	else if (error == -ENOENT)
		api_fail(r, 404, "`cardea device list` shows all devices",
			"the controller is neither a known device nor an address");
	else if (error == CARDEA_EREFUSED)
		api_fail(r, 400, "name another device, or the address of one host",
			"a device is not its own controller, nor is an address that "
			"is nobody's or everybody's");
	else
		api_fail(r, 409, "remove one that is not needed",
			"there are %d controllers, which is the limit",
			LIMIT_CONTROLLERS);
}

/* ---- the way back ---- */

/* What a class means for one device, or for all: how many it names, and one of them. */
struct meaning {
	size_t count;
	char target[ADDR_TEXT_MAX + MAC_TEXT_MAX]; /* as it may be said again */
	uint64_t sum; /* another one where others are named */
};

static struct meaning meaning_of(
	const struct pipeline *p, const struct device *holder, const char *class)
{
	const struct classes *c = &p->classes;
	struct meaning m = {0};

	for (size_t i = 0; i < c->said_count; i++) {
		const struct store_controller *s = &c->said[i];
		const struct device *d = inventory_by_id(p->inventory, s->target);

		if (s->device != (holder ? holder->id : 0) || strcmp(s->class, class) != 0)
			continue;
		if (d)
			mac_format(&d->mac, m.target);
		else
			addr_format(&s->addr, m.target);
		m.sum += hash_bytes(&p->key, m.target, strlen(m.target));
		m.count++;
	}
	return m;
}

static const char *command_of(struct api_command *cmd, const struct device *holder,
	const char *class, const char *target, bool also)
{
	const char *of = holder ? "--device" : also ? "--add" : NULL;
	const char *name = holder ? holder->name : NULL;
	const char *add = holder && also ? "--add" : NULL;

	if (target)
		return api_command(
			cmd, "controller", "set", class, target, of, name, add, NULL);
	return api_command(cmd, "controller", "remove", class, of, name, NULL);
}

static void changed(struct api_request *r, const struct device *holder, const char *class,
	const json_t *root, const struct meaning *before)
{
	const char *target = json_string_value(json_object_get(root, "target"));
	struct meaning now = meaning_of(r->pipeline, holder, class);
	char mac[MAC_TEXT_MAX], about[CHANGE_ABOUT_MAX];
	struct api_command cmd;
	bool back = before->count < 2;

	if (now.count == before->count && now.sum == before->sum)
		return;
	(void)!str_print(about, sizeof(about), "class %s of %u", class,
		holder ? holder->id : 0);
	api_changed_by(r, &(struct api_change){
		.command = command_of(&cmd, holder, class, target,
			json_is_true(json_object_get(root, "add"))),
		.about = about,
		.path = back ? "/v1/controllers" : NULL,
		.undo = back ? json_pack("{s:s, s:s?, s:s?}", "class", class, "device",
				       holder ? mac_format(&holder->mac, mac) : NULL,
				       "target", before->count ? before->target : NULL)
			     : NULL,
		.why_not = "it named several before: say each again with `cardea controller "
			   "set --add`"},
		target ? "You said who %.80s is%s%s: %.80s" : "%.80s is nobody now%s%s.%.0s",
		class, holder ? ", for " : "", holder ? holder->name : "",
		target ? target : "");
}

static int change(struct api_request *r, const struct device *holder, const char *class,
	const char *target, bool also)
{
	device_id id = holder ? holder->id : 0;

	if (target && also)
		return classes_map_also(r->pipeline, id, class, target);
	return classes_map(r->pipeline, id, class, target);
}

static void change_with(struct api_request *r, const json_t *root)
{
	const json_t *device = json_object_get(root, "device");
	const json_t *target = json_object_get(root, "target");
	const char *class = json_string_value(json_object_get(root, "class"));
	const struct device *holder = NULL;
	struct meaning before;
	int error;

	if (!class || (!json_is_string(target) && !json_is_null(target)) ||
		(device && !json_is_string(device) && !json_is_null(device))) {
		api_fail(r, 400,
			"send {\"class\":URI,\"device\":D or null,\"target\":DEVICE or "
			"ADDRESS or null}",
			"the body does not say which controller");
		return;
	}
	if (json_is_string(device) &&
		!(holder = api_device(r, json_string_value(device))))
		return;
	before = meaning_of(r->pipeline, holder, class);
	error = change(r, holder, class, json_string_value(target),
		json_is_true(json_object_get(root, "add")));
	if (error) {
		refuse(r, error, !json_is_string(target));
		return;
	}
	changed(r, holder, class, root, &before);
	api_view_controllers(r);
}

void api_change_controllers(struct api_request *r)
{
	json_t *root = api_body(r);

	if (root)
		change_with(r, root);
	json_decref(root);
}
