// SPDX-License-Identifier: GPL-2.0-or-later
/* The fields: what of a case can leave the house, and nothing else can. */
#include <string.h>
#include "base/str.h"
#include "lifecycle/bundle_priv.h"

static const struct case_moment *moment(const struct bundle_at *at)
{
	return &at->view->moments[at->index];
}

static const struct case_head *head(const struct bundle_at *at)
{
	return &at->view->bundle->heads[at->index];
}

static void number(struct bundle_value *v, uint64_t n)
{
	v->there = true;
	v->number = n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static void when(struct bundle_value *v, nstime t)
{
	v->there = t != 0;
	v->number = t;
}

static void text(struct bundle_value *v, const char *t)
{
	v->there = t && t[0];
	v->text = t;
}

static void case_token(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, at->token);
}

static void case_state(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, life_state_name((enum life_state)at->view->file.state));
}

static void case_opened(const struct bundle_at *at, struct bundle_value *v)
{
	when(v, at->view->file.opened);
}

static void case_closed(const struct bundle_at *at, struct bundle_value *v)
{
	when(v, at->view->file.closed);
}

static void case_left_out(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, at->view->bundle->left_out);
}

static void case_moments_left_out(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, at->view->file.moments_left_out);
}

static void device_party(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, at->view->file.device);
}

static void device_mac(const struct bundle_at *at, struct bundle_value *v)
{
	v->there = at->view->device != NULL;
	v->mac = v->there ? &at->view->device->mac : NULL;
}

static void device_mud_url(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, at->view->device ? at->view->device->mud_url : NULL);
}

static void device_class(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, at->view->device ? device_class_name(at->view->device->class) : NULL);
}

static void detector_kind(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, case_detector_name((enum suspicion_kind)at->index));
}

static void detector_points(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, at->view->bundle->points[at->index]);
}

static void detector_times(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, at->view->bundle->times[at->index]);
}

static void moment_at(const struct bundle_at *at, struct bundle_value *v)
{
	when(v, moment(at)->at);
}

static void moment_from(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, life_state_name((enum life_state)moment(at)->from));
}

static void moment_to(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, life_state_name((enum life_state)moment(at)->to));
}

static void moment_kind(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, case_is_known_kind(moment(at)->kind) ? moment(at)->kind : "other");
}

static void moment_protocol(const struct bundle_at *at, struct bundle_value *v)
{
	const char *p = moment(at)->protocol;

	text(v, case_is_known_protocol(p) ? p : NULL);
}

static void moment_sentence(const struct bundle_at *at, struct bundle_value *v)
{
	const char *s = moment(at)->sentence;

	text(v, case_is_template(s) ? s : NULL);
}

static void flow_first(const struct bundle_at *at, struct bundle_value *v)
{
	when(v, head(at)->first);
}

static void flow_last(const struct bundle_at *at, struct bundle_value *v)
{
	when(v, head(at)->last);
}

static void flow_fate(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, head(at)->fate == CASE_REFUSED ? "refused" : "passed");
}

static void flow_began(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, head(at)->began == DIRECTION_FROM_DEVICE ? "device" : "peer");
}

static void flow_proto(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, head(at)->proto);
}

static void flow_port(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, head(at)->port);
}

static void flow_place(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, record_place_name((enum record_place)head(at)->place));
}

static void flow_peer_device(const struct bundle_at *at, struct bundle_value *v)
{
	v->there = head(at)->peer_device != 0;
	v->number = head(at)->peer_device;
}

static void flow_peer(const struct bundle_at *at, struct bundle_value *v)
{
	v->there = head(at)->peer.family != 0;
	v->addr = &head(at)->peer;
	v->outside = head(at)->place == RECORD_INTERNET && !head(at)->peer_device;
}

/* Whoever is asked in the house is a number, whatever it is called. */
static void flow_name(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, head(at)->place == RECORD_INTERNET ? head(at)->name : NULL);
}

static void flow_app(const struct bundle_at *at, struct bundle_value *v)
{
	text(v, record_app_name((enum record_app)head(at)->app));
}

/* Names that are asked for, and what is said in the house, name the house. */
static void flow_detail(const struct bundle_at *at, struct bundle_value *v)
{
	enum record_app app = (enum record_app)head(at)->app;
	bool asks = app == RECORD_APP_HTTP || app == RECORD_APP_TLS ||
		    app == RECORD_APP_QUIC || app == RECORD_APP_MQTT ||
		    app == RECORD_APP_COAP;

	text(v, asks && head(at)->place == RECORD_INTERNET ? head(at)->detail : NULL);
}

static void flow_packets_sent(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, head(at)->packets[DIRECTION_FROM_DEVICE]);
}

static void flow_packets_received(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, head(at)->packets[DIRECTION_TO_DEVICE]);
}

static void flow_bytes_sent(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, head(at)->bytes[DIRECTION_FROM_DEVICE]);
}

static void flow_bytes_received(const struct bundle_at *at, struct bundle_value *v)
{
	number(v, head(at)->bytes[DIRECTION_TO_DEVICE]);
}

static const struct bundle_field fields[] = {
	{BUNDLE_CASE, "token", BUNDLE_SHAPE, BUNDLE_WORD,
		"so that an answer can name the case; says nothing of the house", case_token},
	{BUNDLE_CASE, "state", BUNDLE_SHAPE, BUNDLE_WORD,
		"whether the trouble goes on", case_state},
	{BUNDLE_CASE, "opened", BUNDLE_NAMES, BUNDLE_DATE,
		"to compare with other homes: an outbreak has a day", case_opened},
	{BUNDLE_CASE, "closed_ms", BUNDLE_SHAPE, BUNDLE_TIME, "how long it took",
		case_closed},
	{BUNDLE_CASE, "flows_left_out", BUNDLE_SHAPE, BUNDLE_NUMBER,
		"that there was more than is here", case_left_out},
	{BUNDLE_CASE, "moments_left_out", BUNDLE_SHAPE, BUNDLE_NUMBER,
		"that there was more than is here", case_moments_left_out},
	{BUNDLE_DEVICE, "party", BUNDLE_SHAPE, BUNDLE_PARTY,
		"which of the parties below it is", device_party},
	{BUNDLE_DEVICE, "class", BUNDLE_SHAPE, BUNDLE_WORD,
		"what its owner says it is for", device_class},
	{BUNDLE_DEVICE, "mac", BUNDLE_NAMES, BUNDLE_MAC,
		"its first half says the maker; the other is a pseudonym", device_mac},
	{BUNDLE_DEVICE, "mud_url", BUNDLE_NAMES, BUNDLE_TEXT,
		"which model it says it is: its maker can mend it", device_mud_url},
	{BUNDLE_DETECTORS, "kind", BUNDLE_SHAPE, BUNDLE_WORD, "what was noticed",
		detector_kind},
	{BUNDLE_DETECTORS, "points", BUNDLE_SHAPE, BUNDLE_NUMBER, "how much it weighed",
		detector_points},
	{BUNDLE_DETECTORS, "times", BUNDLE_SHAPE, BUNDLE_NUMBER, "how often it was noticed",
		detector_times},
	{BUNDLE_MOMENTS, "at_ms", BUNDLE_SHAPE, BUNDLE_TIME, "the order of things",
		moment_at},
	{BUNDLE_MOMENTS, "from", BUNDLE_SHAPE, BUNDLE_WORD, "where it stood", moment_from},
	{BUNDLE_MOMENTS, "to", BUNDLE_SHAPE, BUNDLE_WORD, "where it stood then", moment_to},
	{BUNDLE_MOMENTS, "kind", BUNDLE_SHAPE, BUNDLE_WORD, "the kind of evidence",
		moment_kind},
	{BUNDLE_MOMENTS, "protocol", BUNDLE_SHAPE, BUNDLE_SENTENCE,
		"over which the evidence came", moment_protocol},
	{BUNDLE_MOMENTS, "sentence", BUNDLE_SHAPE, BUNDLE_SENTENCE,
		"the same for people; our own words, $ is the device", moment_sentence},
	{BUNDLE_FLOWS, "first_ms", BUNDLE_SHAPE, BUNDLE_TIME,
		"timing: scans and beacons have a rhythm", flow_first},
	{BUNDLE_FLOWS, "last_ms", BUNDLE_SHAPE, BUNDLE_TIME, "timing", flow_last},
	{BUNDLE_FLOWS, "fate", BUNDLE_SHAPE, BUNDLE_WORD,
		"whether the gateway let it through", flow_fate},
	{BUNDLE_FLOWS, "began", BUNDLE_SHAPE, BUNDLE_WORD, "who spoke first", flow_began},
	{BUNDLE_FLOWS, "proto", BUNDLE_SHAPE, BUNDLE_NUMBER, "IP protocol", flow_proto},
	{BUNDLE_FLOWS, "port", BUNDLE_SHAPE, BUNDLE_NUMBER,
		"of the service (ICMP: the type)", flow_port},
	{BUNDLE_FLOWS, "place", BUNDLE_SHAPE, BUNDLE_WORD,
		"whether the other end is in the house", flow_place},
	{BUNDLE_FLOWS, "peer_party", BUNDLE_SHAPE, BUNDLE_PARTY,
		"which device of the house it was", flow_peer_device},
	{BUNDLE_FLOWS, "peer", BUNDLE_SHAPE, BUNDLE_ADDR,
		"a pseudonym that keeps prefixes, so that a scan looks like one; outside "
		"the house the address itself from level peers on",
		flow_peer},
	{BUNDLE_FLOWS, "name", BUNDLE_NAMES, BUNDLE_TEXT,
		"which server it wanted: C2 and update servers have names", flow_name},
	{BUNDLE_FLOWS, "app", BUNDLE_SHAPE, BUNDLE_WORD, "what was spoken", flow_app},
	{BUNDLE_FLOWS, "detail", BUNDLE_CONTENT, BUNDLE_TEXT,
		"what was asked of a server outside, where it could be read", flow_detail},
	{BUNDLE_FLOWS, "packets_sent", BUNDLE_SHAPE, BUNDLE_NUMBER, "size",
		flow_packets_sent},
	{BUNDLE_FLOWS, "packets_received", BUNDLE_SHAPE, BUNDLE_NUMBER, "size",
		flow_packets_received},
	{BUNDLE_FLOWS, "bytes_sent", BUNDLE_SHAPE, BUNDLE_NUMBER, "size", flow_bytes_sent},
	{BUNDLE_FLOWS, "bytes_received", BUNDLE_SHAPE, BUNDLE_NUMBER, "size",
		flow_bytes_received},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= BUNDLE_FIELDS_MAX,
	"each field has a bit of what is cut");

const struct bundle_field *bundle_field_at(size_t index)
{
	return index < sizeof(fields) / sizeof(fields[0]) ? &fields[index] : NULL;
}

size_t bundle_part_count(const struct case_view *v, enum bundle_part p)
{
	switch (p) {
	case BUNDLE_DETECTORS:
		return SUSPICION_KIND_MAX;
	case BUNDLE_MOMENTS:
		return v->moment_count;
	case BUNDLE_FLOWS:
		return v->bundle->count;
	case BUNDLE_CASE:
	case BUNDLE_DEVICE:
	case BUNDLE_PART_MAX:
		break;
	}
	return 1;
}

const char *bundle_part_name(enum bundle_part p)
{
	static const char *const names[BUNDLE_PART_MAX] = {
		"case", "device", "detectors", "moments", "flows"};

	return p < BUNDLE_PART_MAX ? names[p] : "?";
}

static const char *const levels[BUNDLE_LEVEL_MAX] = {"shape", "names", "peers", "content"};

const char *bundle_level_name(enum bundle_level l)
{
	return l < BUNDLE_LEVEL_MAX ? levels[l] : "?";
}

bool bundle_level_parse(const char *text, enum bundle_level *ret)
{
	for (unsigned i = 0; i < BUNDLE_LEVEL_MAX; i++)
		if (strcmp(text, levels[i]) == 0) {
			*ret = (enum bundle_level)i;
			return true;
		}
	return false;
}

char *bundle_field_text(const struct bundle_field *f, char ret[BUNDLE_FIELD_TEXT])
{
	if (str_print(ret, BUNDLE_FIELD_TEXT, "%s.%s", bundle_part_name(f->part), f->name))
		ret[0] = 0;
	return ret;
}

bool bundle_cut(struct bundle_wish *w, const char *field)
{
	char full[BUNDLE_FIELD_TEXT];
	uint64_t cut = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(field, bundle_field_text(&fields[i], full)) == 0 ||
			strcmp(field, bundle_part_name(fields[i].part)) == 0)
			cut |= 1ULL << i;
	w->cut |= cut;
	return cut != 0;
}

bool bundle_leaves(const struct bundle_wish *w, size_t field)
{
	const struct bundle_field *f = bundle_field_at(field);

	return f && f->level <= w->level && !(w->cut & 1ULL << field);
}
