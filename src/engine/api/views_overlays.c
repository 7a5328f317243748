// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner says about devices beside their profiles: said, shown, taken back. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define NEXT_BODY                                                                      \
	"send {\"device\":D,\"kind\":\"refuse|allow|lan-only|no-internet|only\","      \
	"\"peer\":NAME or ADDRESS,\"proto\":\"tcp\",\"port_from\":N,\"port_to\":N,"          \
	"\"for\":SECONDS}"

/* NULL: of no peer in particular. */
static const char *peer_text(const struct overlay *o, char text[PREFIX_TEXT_MAX + LIMIT_NAME])
{
	const struct peer *p = &o->peer;

	if (!overlay_has_peer(o->kind))
		return NULL;
	if (p->kind == PEER_NAME)
		return p->name;
	return p->prefix.len == addr_bits(&p->prefix.addr)
		       ? addr_format(&p->prefix.addr, text)
		       : prefix_format(&p->prefix, text);
}

static void write_peer(struct jsonw *j, const struct peer *p)
{
	char text[PREFIX_TEXT_MAX];

	if (p->kind == PEER_NAME)
		jsonw_kv_untrusted(j, "peer", p->name);
	else
		jsonw_kv_string(j, "peer", p->prefix.len == addr_bits(&p->prefix.addr)
						   ? addr_format(&p->prefix.addr, text)
						   : prefix_format(&p->prefix, text));
}

static void write_members(struct jsonw *j, const struct device *d,
	const struct household_device *hd, const struct overlay *o, bool stored)
{
	char text[PIPELINE_OVERLAY_TEXT], proto[FLOW_PROTO_TEXT_MAX];
	bool in_force = hd->pool && device_is_enforced(d);
	enum policy_overlay_state s = POLICY_OVERLAY_ACTS;

	if (in_force)
		s = policy_overlay_state(
			&hd->policy, o, hd->overlays, hd->overlay_count);
	jsonw_kv_u64(j, "id", o->id);
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_string(j, "kind", overlay_kind_name(o->kind));
	jsonw_kv_untrusted(j, "text", pipeline_overlay_text(o, text));
	if (overlay_has_peer(o->kind))
		write_peer(j, &o->peer);
	if (o->proto != RULE_PROTO_ANY)
		jsonw_kv_string(j, "proto", flow_proto_text((uint8_t)o->proto, proto));
	jsonw_kv_u64(j, "port_from", o->port.lo);
	jsonw_kv_u64(j, "port_to", o->port.hi);
	jsonw_kv_time(j, "said", o->said);
	jsonw_kv_time(j, "until", o->until);
	jsonw_kv_bool(j, "stored", stored);
	jsonw_kv_bool(j, "enforced", in_force && stored);
	jsonw_kv_bool(j, "moot", s != POLICY_OVERLAY_ACTS);
	jsonw_kv_string(j, "note",
		in_force ? policy_overlay_words(s)
			 : "nothing is enforced for this device yet: this holds as soon as "
			   "a profile is in force for it");
}

static void write_one(struct api_request *r, const struct device *d,
	const struct household_device *hd, const struct overlay *o, bool stored)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.overlay/1");
	write_members(&r->json, d, hd, o, stored);
	jsonw_object_end(&r->json);
}

static void write_device(struct api_request *r, const struct device *d)
{
	const struct household_device *hd =
		household_device(&r->pipeline->household, d->id);

	for (size_t i = 0; hd && i < hd->overlay_count; i++) {
		jsonw_object(&r->json);
		write_members(&r->json, d, hd, &hd->overlays[i], true);
		jsonw_object_end(&r->json);
	}
}

void api_view_overlays(struct api_request *r)
{
	struct device *only = NULL, *d;

	if (!api_query_device(r, &only))
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.overlay.list/1");
	jsonw_key(&r->json, "overlays");
	jsonw_array(&r->json);
	for (size_t i = 0; (d = inventory_at(r->pipeline->inventory, i)); i++)
		if (!only || only == d)
			write_device(r, d);
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

/* ---- what is sent ---- */

static bool read_proto(const json_t *v, int16_t *ret)
{
	const char *text = json_string_value(v);
	int64_t number;

	*ret = RULE_PROTO_ANY;
	if (!v || json_is_null(v))
		return true;
	for (int p = 0; text && p < 256; p++) {
		const char *name = flow_proto_name((uint8_t)p);
		if (name && strcasecmp(name, text) == 0) {
			*ret = (int16_t)p;
			return true;
		}
	}
	if (!text || str_to_i64(text, 0, 255, &number))
		return false;
	*ret = (int16_t)number;
	return true;
}

static bool read_port(const json_t *v, uint16_t otherwise, uint16_t *ret)
{
	json_int_t n = json_integer_value(v);

	*ret = otherwise;
	if (!v || json_is_null(v))
		return true;
	*ret = (uint16_t)n;
	return json_is_integer(v) && n >= 0 && n <= UINT16_MAX;
}

/* What is wrong with it, or NULL. */
const char *api_read_overlay(const json_t *root, struct overlay *o)
{
	const json_t *from = json_object_get(root, "port_from");
	const json_t *to = json_object_get(root, "port_to");
	const char *peer = json_string_value(json_object_get(root, "peer"));

	memset(o, 0, sizeof(*o));
	if (!overlay_kind_parse(json_string_value(json_object_get(root, "kind")), &o->kind))
		return "this is nothing that can be said of a device";
	if (overlay_has_peer(o->kind) != (peer != NULL))
		return peer ? "this limit is about no peer in particular"
			    : "the peer is missing";
	if (peer && !overlay_peer_parse(peer, &o->peer))
		return "the peer is neither a name nor an address";
	if (!read_proto(json_object_get(root, "proto"), &o->proto))
		return "the protocol is not known";
	if (!read_port(from, 0, &o->port.lo) || !read_port(to, UINT16_MAX, &o->port.hi) ||
		o->port.lo > o->port.hi)
		return "ports are numbers from 0 to 65535, the lower first";
	return overlay_is_sound(o) ? NULL
				   : "only TCP and UDP have ports, and a limit on all "
				     "peers has none";
}

static void refuse(struct api_request *r, const struct device *d, int error)
{
	if (error == CARDEA_ELIMIT)
		api_fail(r, 409, "withdraw one that is not needed",
			"there is no room for more: %d words about one device, and %d "
			"rules",
			LIMIT_OVERLAYS, LIMIT_RULES);
	else
		api_fail(r, 500, "look at the log", "nothing has changed for %.60s: %s",
			d->name, error_text(error));
}

/* "1h", "90s", as the command line takes it; or empty. */
static const char *span_of(const struct overlay *o, char span[24])
{
	int64_t s = (o->until - o->said + NS_PER_SEC / 2) / NS_PER_SEC;
	int64_t unit = s % 3600 == 0 ? 3600 : s % 60 == 0 ? 60 : 1;

	span[0] = 0;
	if (o->until)
		(void)!str_print(span, 24, "%lld%c", (long long)(s / unit),
			unit == 3600 ? 'h' : unit == 60 ? 'm' : 's');
	return span;
}

/* "refuse lamp ads.example.com", as the command line says it. */
static const char *command_of(struct api_command *cmd, const struct device *d,
	const struct overlay *o, const char *peer)
{
	char ports[16] = "", buf[FLOW_PROTO_TEXT_MAX], span[24];
	const char *proto = "";
	const char *kind = overlay_kind_name(o->kind);

	if (o->kind == OVERLAY_REFUSE || o->kind == OVERLAY_ALLOW)
		api_command(cmd, "policy", kind, d->name, peer, NULL);
	else
		api_command(cmd, "policy", "limit", d->name, kind, peer, NULL);
	if (o->proto != RULE_PROTO_ANY)
		proto = flow_proto_text((uint8_t)o->proto, buf);
	if (o->port.lo == o->port.hi)
		(void)!str_print(ports, sizeof(ports), "%u", o->port.lo);
	else if (o->port.lo || o->port.hi != UINT16_MAX)
		(void)!str_print(ports, sizeof(ports), "%u-%u", o->port.lo, o->port.hi);
	api_command_flag(cmd, "port", ports);
	api_command_flag(cmd, "proto", proto);
	api_command_flag(cmd, "for", span_of(o, span));
	return cmd->text;
}

/* As requests say times: to the second. */
static const char *until_text(nstime until, char buf[CLOCK_TEXT_MAX])
{
	time_t seconds = (time_t)(until / NS_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
		!strftime(buf, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf[0] = 0;
	return buf;
}

/* before: what held already, for another time; NULL: nothing did. */
static void said(struct api_request *r, const struct device *d, const struct overlay *o,
	const struct overlay *before)
{
	char id[16], text[PREFIX_TEXT_MAX + LIMIT_NAME], words[PIPELINE_OVERLAY_TEXT];
	char about[CHANGE_ABOUT_MAX], until[CLOCK_TEXT_MAX];
	struct api_command cmd;
	struct api_path path;

	(void)!str_print(id, sizeof(id), "%u", o->id);
	(void)!str_print(about, sizeof(about), "overlay %s", id);
	api_changed_by(r, &(struct api_change){
		.command = command_of(&cmd, d, o, peer_text(o, text)),
		.about = about,
		.path = api_path(&path, "overlays", id),
		.undo = before ? json_pack("{s:s?}", "until",
					 before->until ? until_text(before->until, until) : NULL)
			       : json_pack("{s:b}", "remove", true)},
		"You said of %s: %.150s", d->name, pipeline_overlay_text(o, words));
}

static void unsaid(struct api_request *r, const struct device *d, const struct overlay *o)
{
	char id[16], mac[MAC_TEXT_MAX], text[PREFIX_TEXT_MAX + LIMIT_NAME];
	char words[PIPELINE_OVERLAY_TEXT], proto[8], until[CLOCK_TEXT_MAX];
	struct api_command cmd;
	json_t *undo = json_pack("{s:s, s:s, s:s?, s:i, s:i}", "device",
		mac_format(&d->mac, mac), "kind", overlay_kind_name(o->kind), "peer",
		peer_text(o, text), "port_from", (int)o->port.lo, "port_to",
		(int)o->port.hi);

	(void)!str_print(proto, sizeof(proto), "%d", o->proto);
	if (o->proto != RULE_PROTO_ANY)
		json_object_set_new(undo, "proto", json_string(proto));
	if (o->until)
		json_object_set_new(undo, "until", json_string(until_text(o->until, until)));
	(void)!str_print(id, sizeof(id), "%u", o->id);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "policy", "withdraw", id, NULL),
		.about = "",
		.path = "/v1/overlays",
		.undo = undo},
		"You took back what you had said of %s: %.120s", d->name,
		pipeline_overlay_text(o, words));
}

/* "for" or "until"; what is wrong with them, or NULL. */
static const char *read_until(const json_t *root, nstime wall, struct overlay *o)
{
	const json_t *seconds = json_object_get(root, "for");
	const char *text = json_string_value(json_object_get(root, "until"));
	struct tm tm = {0};
	int64_t left = json_integer_value(seconds), now = wall / NS_PER_SEC;

	if (json_is_integer(seconds) && text)
		return "\"for\" and \"until\" both say when it ends";
	if (!json_is_integer(seconds) && !text)
		return NULL;
	if (text && !strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return "there is no such time";
	if (text)
		left = timegm(&tm) - now;
	if (left <= 0)
		return "the time that it was to hold for is over";
	if (left > LIMIT_OVERLAY_S)
		return "that is longer than 30 days: say it for good, and take it back";
	o->said = wall;
	o->until = text ? (now + left) * NS_PER_SEC : wall + left * NS_PER_SEC;
	return NULL;
}

static void add(struct api_request *r, const json_t *root)
{
	const char *name = json_string_value(json_object_get(root, "device"));
	struct device *d = name ? api_device(r, name) : NULL;
	const struct overlay *held;
	struct household_device *hd;
	struct overlay o, before;
	const char *wrong;
	int error = 0;

	if (!name)
		api_fail(r, 400, NEXT_BODY, "no device is named");
	if (!d)
		return;
	wrong = api_read_overlay(root, &o);
	if (!wrong)
		wrong = read_until(root, pipeline_wall(r->pipeline), &o);
	if (wrong) {
		api_fail(r, 400, NEXT_BODY, "%s", wrong);
		return;
	}
	hd = household_device(&r->pipeline->household, d->id);
	held = pipeline_overlay_find(r->pipeline, d, &o);
	if (held)
		before = *held;
	if (!json_is_true(json_object_get(root, "dry_run")))
		error = pipeline_overlay_add(r->pipeline, d, &o);
	if (o.id && !error)
		said(r, d, &o, held ? &before : NULL);
	if (hd && (!error || error == -EEXIST))
		write_one(r, d, hd, &o, o.id != 0);
	else
		refuse(r, d, error ? error : CARDEA_ELIMIT);
}

void api_add_overlay(struct api_request *r)
{
	json_t *root = api_body(r);

	if (root)
		add(r, root);
	json_decref(root);
}

static struct device *holder_of(
	const struct pipeline *p, uint32_t id, struct overlay *ret)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct household_device *hd =
			household_device((struct household *)&p->household, d->id);
		for (size_t k = 0; hd && k < hd->overlay_count; k++)
			if (hd->overlays[k].id == id) {
				*ret = hd->overlays[k];
				return d;
			}
	}
	return NULL;
}

static void take_back(struct api_request *r, struct device *d, const struct overlay *o, bool dry)
{
	int error = dry ? 0 : pipeline_overlay_remove(r->pipeline, d, o->id);

	if (error)
		refuse(r, d, error);
	else if (!dry)
		unsaid(r, d, o);
	if (!error)
		write_one(r, d, household_device(&r->pipeline->household, d->id), o, dry);
}

/* What undoes that it was said for longer. */
static void give_time(struct api_request *r, struct device *d, const struct overlay *before,
	const json_t *root, bool dry)
{
	struct overlay o = *before;
	const char *wrong;
	int error;

	o.said = pipeline_wall(r->pipeline);
	o.until = 0;
	wrong = read_until(root, o.said, &o);
	if (wrong) {
		api_fail_field(r, 400, "until", "send {\"until\":TIME or null}", "%s",
			wrong);
		return;
	}
	error = dry || o.until == before->until
			? 0
			: pipeline_overlay_until(r->pipeline, d, o.id, o.until);
	if (error) {
		refuse(r, d, error);
		return;
	}
	if (!dry && o.until != before->until)
		said(r, d, &o, before);
	write_one(r, d, household_device(&r->pipeline->household, d->id), &o, true);
}

/* It is taken back, or holds until another time. */
void api_change_overlay(struct api_request *r)
{
	json_t *root = api_body(r);
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	bool remove = json_is_true(json_object_get(root, "remove"));
	struct device *d = NULL;
	struct overlay o;
	int64_t id = 0;

	if (str_to_i64(r->object, 1, UINT32_MAX, &id) == 0)
		d = holder_of(r->pipeline, (uint32_t)id, &o);
	if (!remove && !json_object_get(root, "until"))
		api_fail(r, 400, "send {\"remove\":true}, or {\"until\":TIME or null}",
			"the body asks for nothing");
	else if (!d)
		api_fail(r, 404, "`cardea policy overlays` lists them",
			"you have said nothing of that number");
	else if (remove)
		take_back(r, d, &o, dry);
	else
		give_time(r, d, &o, root, dry);
	json_decref(root);
}
