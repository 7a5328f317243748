// SPDX-License-Identifier: GPL-2.0-or-later
/* homeassistant - announcements and states, and what of them is new. */
#include "engine/homeassistant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "engine/pipeline.h"
#include "lifecycle/lifecycle.h"

#define TOPIC_MAX LIMIT_NAME
#define PAYLOAD_MAX 2048
/* States in which the owner may have to do something. */
#define PROBLEM                                                                            \
	"{{ 'ON' if value in ['suspicious','quarantined','unfixable'] else 'OFF' }}"

/* ---- settings ---- */

/* Who comes new knows nothing, or what is old. */
static void forget(struct homeassistant *h)
{
	free(h->devices);
	h->devices = NULL;
	h->count = h->room = 0;
	h->gateway = 0;
}

static int keep(char *dst, size_t size, const char *value)
{
	return str_copy(dst, size, value) ? 0 : CARDEA_ELIMIT;
}

int homeassistant_setting(struct homeassistant *h, const char *key, const char *value)
{
	forget(h); /* what is announced elsewhere is announced anew */
	if (strcmp(key, "mqtt_prefix") == 0)
		return keep(h->prefix, sizeof(h->prefix), value);
	if (strcmp(key, "mqtt_node") == 0)
		return keep(h->node, sizeof(h->node), value);
	if (strcmp(key, "mqtt_broker") == 0)
		return keep(h->broker, sizeof(h->broker), value);
	return 0;
}

/* ---- saying ---- */

/* False: the courier does not take it, or it is too long to be said. */
static bool say(struct pipeline *p, const char *topic, const char *payload)
{
	struct message *m = &p->out;
	uint8_t buf[MESSAGE_MAX];
	int len;

	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_MQTT_PUBLISH;
	if (!str_copy(m->mqtt_publish.topic, sizeof(m->mqtt_publish.topic), topic) ||
		!str_copy(m->mqtt_publish.payload, sizeof(m->mqtt_publish.payload), payload))
		return false;
	len = message_encode(m, buf, sizeof(buf));
	if (len < 0 || ipc_send(&p->channels[ROLE_COURIER], buf, (size_t)len, -1))
		return false;
	p->homeassistant.published++;
	return true;
}

static bool say_json(struct pipeline *p, const char *topic, struct jsonw *j)
{
	const char *text = jsonw_text(j);
	bool said = text && say(p, topic, text);

	jsonw_free(j);
	return said;
}

/* ---- announcements ---- */

/* One entity: what it is called, where its state is, and whose it is. */
struct entity {
	const char *kind;   /* sensor, binary_sensor */
	const char *object; /* of its id: "state" */
	const char *name, *icon, *class, *template;
	bool options; /* its states are those of the life cycle */
};

static const struct entity device_entities[] = {
	{"sensor", "state", "Protection", "mdi:shield-home", "enum", NULL, true},
	{"binary_sensor", "problem", "Security", NULL, "problem", PROBLEM, false},
};

static const struct entity gateway_entities[] = {
	{"sensor", "decisions", "Questions to you", "mdi:account-question", NULL, NULL, false},
	{"sensor", "devices", "Devices", "mdi:devices", NULL, NULL, false},
	{"sensor", "held", "Devices that are held", "mdi:shield-alert", NULL, NULL, false},
};

/* Whose: "cardea_NODE", or "cardea_NODE_ID" of a device. */
static void write_owner(struct jsonw *j, const struct homeassistant *h,
	const struct device *d)
{
	char id[48];

	jsonw_key(j, "device");
	jsonw_object(j);
	jsonw_key(j, "identifiers");
	jsonw_array(j);
	if (d)
		(void)str_print(id, sizeof(id), "cardea_%s_%u", h->node, (unsigned)d->id);
	else
		(void)str_print(id, sizeof(id), "cardea_%s", h->node);
	jsonw_string(j, id);
	jsonw_array_end(j);
	jsonw_kv_untrusted(j, "name", d ? d->name : "Cardea");
	if (d) {
		(void)str_print(id, sizeof(id), "cardea_%s", h->node);
		jsonw_kv_string(j, "via_device", id);
	} else {
		jsonw_kv_string(j, "manufacturer", "Cardea");
		jsonw_kv_string(j, "sw_version", CARDEA_VERSION);
	}
	jsonw_object_end(j);
}

static void write_options(struct jsonw *j)
{
	jsonw_key(j, "options");
	jsonw_array(j);
	for (unsigned i = 0; i < LIFE_STATE_MAX; i++)
		jsonw_string(j, life_state_name((enum life_state)i));
	jsonw_array_end(j);
}

/* "cardea/NODE/7/state", "cardea/NODE/decisions" */
static void state_topic(const struct homeassistant *h, device_id id, const char *object,
	char topic[TOPIC_MAX])
{
	if (id)
		(void)str_print(topic, TOPIC_MAX, "cardea/%s/%u/state", h->node, (unsigned)id);
	else
		(void)str_print(topic, TOPIC_MAX, "cardea/%s/%s", h->node, object);
}

static void config_topic(const struct homeassistant *h, device_id id,
	const struct entity *e, char topic[TOPIC_MAX])
{
	if (id)
		(void)str_print(topic, TOPIC_MAX, "%s/%s/cardea_%s_%u/%s/config", h->prefix,
			e->kind, h->node, (unsigned)id, e->object);
	else
		(void)str_print(topic, TOPIC_MAX, "%s/%s/cardea_%s/%s/config", h->prefix,
			e->kind, h->node, e->object);
}

static bool announce(struct pipeline *p, const struct device *d, const struct entity *e)
{
	const struct homeassistant *h = &p->homeassistant;
	char topic[TOPIC_MAX], text[TOPIC_MAX];
	device_id id = d ? d->id : 0;
	struct jsonw j;

	jsonw_init_buffer(&j, PAYLOAD_MAX);
	jsonw_object(&j);
	jsonw_kv_string(&j, "name", e->name);
	(void)str_print(text, sizeof(text), "cardea_%s_%u_%s", h->node, (unsigned)id,
		e->object);
	jsonw_kv_string(&j, "unique_id", text);
	state_topic(h, id, e->object, topic);
	jsonw_kv_string(&j, "state_topic", topic);
	(void)str_print(text, sizeof(text), "cardea/%s/status", h->node);
	jsonw_kv_string(&j, "availability_topic", text);
	if (e->icon)
		jsonw_kv_string(&j, "icon", e->icon);
	if (e->class)
		jsonw_kv_string(&j, "device_class", e->class);
	if (e->template)
		jsonw_kv_string(&j, "value_template", e->template);
	if (e->options)
		write_options(&j);
	write_owner(&j, h, d);
	jsonw_object_end(&j);
	config_topic(h, id, e, topic);
	return say_json(p, topic, &j);
}

/* ---- devices ---- */

static uint64_t digest(const struct pipeline *p, const struct device *d)
{
	struct {
		enum life_state state;
		char name[LIMIT_LABEL];
	} what;

	memset(&what, 0, sizeof(what));
	what.state = pipeline_life_of(p, d)->state;
	str_copy(what.name, sizeof(what.name), d->name);
	return hash_bytes(&p->key, &what, sizeof(what)) | 1;
}

static bool say_device(struct pipeline *p, const struct device *d)
{
	char topic[TOPIC_MAX];

	for (size_t i = 0; i < sizeof(device_entities) / sizeof(*device_entities); i++)
		if (!announce(p, d, &device_entities[i]))
			return false;
	state_topic(&p->homeassistant, d->id, "", topic);
	return say(p, topic, life_state_name(pipeline_life_of(p, d)->state));
}

/* An empty announcement takes it back. */
static bool forget_device(struct pipeline *p, device_id id)
{
	char topic[TOPIC_MAX];

	for (size_t i = 0; i < sizeof(device_entities) / sizeof(*device_entities); i++) {
		config_topic(&p->homeassistant, id, &device_entities[i], topic);
		if (!say(p, topic, ""))
			return false;
	}
	state_topic(&p->homeassistant, id, "", topic);
	return say(p, topic, "");
}

static struct homeassistant_device *said_of(struct homeassistant *h, device_id id)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->devices[i].id == id)
			return &h->devices[i];
	if (h->count == h->room) {
		size_t room = h->room ? 2 * h->room : 32;
		struct homeassistant_device *more =
			realloc(h->devices, room * sizeof(*more));

		if (!more)
			return NULL;
		h->devices = more;
		h->room = room;
	}
	h->devices[h->count] = (struct homeassistant_device){.id = id};
	return &h->devices[h->count++];
}

static void tick_devices(struct pipeline *p)
{
	struct homeassistant *h = &p->homeassistant;
	unsigned left = HOMEASSISTANT_BURST;
	struct device *d;

	for (size_t i = 0; left && (d = inventory_at(p->inventory, i)); i++) {
		struct homeassistant_device *s = said_of(h, d->id);
		uint64_t now = digest(p, d);

		if (!s || s->said == now)
			continue;
		if (!say_device(p, d))
			return;
		s->said = now;
		left--;
	}
	for (size_t i = h->count; left && i-- > 0;) {
		if (inventory_by_id(p->inventory, h->devices[i].id))
			continue;
		if (!forget_device(p, h->devices[i].id))
			return;
		h->devices[i] = h->devices[--h->count];
		left--;
	}
}

/* ---- the gateway ---- */

static void tick_gateway(struct pipeline *p)
{
	struct homeassistant *h = &p->homeassistant;
	unsigned values[3] = {0};
	char topic[TOPIC_MAX], text[16];
	struct device *d;
	uint64_t now;

	values[0] = pipeline_open_decisions(p);
	values[1] = (unsigned)inventory_count(p->inventory);
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		values[2] += d->hold == HOLD_QUARANTINED || d->hold == HOLD_LIMITED;
	now = hash_bytes(&p->key, values, sizeof(values)) | 1;
	if (h->gateway == now)
		return;
	for (size_t i = 0; i < 3; i++) {
		state_topic(h, 0, gateway_entities[i].object, topic);
		(void)str_print(text, sizeof(text), "%u", values[i]);
		if ((!h->gateway && !announce(p, NULL, &gateway_entities[i])) ||
			!say(p, topic, text))
			return;
	}
	h->gateway = now;
}

void homeassistant_tick(struct pipeline *p)
{
	struct homeassistant *h = &p->homeassistant;

	if (!h->broker[0] || !h->connected || !h->node[0])
		return;
	tick_gateway(p);
	tick_devices(p);
}

/* ---- the connection ---- */

void homeassistant_state(struct pipeline *p, const struct message_mqtt_state *m)
{
	struct homeassistant *h = &p->homeassistant;

	h->connected = m->connected;
	h->since = pipeline_wall(p);
	str_copy(h->text, sizeof(h->text), m->connected ? "" : m->text);
	forget(h);
}

void homeassistant_courier_lost(struct pipeline *p)
{
	const struct message_mqtt_state lost = {.text = "the courier ended"};

	if (p->homeassistant.connected)
		homeassistant_state(p, &lost);
}

void homeassistant_end(struct homeassistant *h)
{
	forget(h);
}

void homeassistant_sample(struct pipeline *p, char *buf, size_t size)
{
	struct device *d = inventory_at(p->inventory, 0);
	char topic[TOPIC_MAX];

	buf[0] = 0;
	if (!d || !p->homeassistant.node[0])
		return;
	state_topic(&p->homeassistant, d->id, "", topic);
	(void)str_print(buf, size, "%s = %s", topic,
		life_state_name(pipeline_life_of(p, d)->state));
}
