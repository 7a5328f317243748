// SPDX-License-Identifier: GPL-2.0-or-later
/* What was changed is listed and can be undone for a day: every kind there and back, what
 * came in between, and the bounds. */
#include "test_engine_util.h"
#include <errno.h>
#include <jansson.h>
#include "engine/api/api_priv.h"

#define LAMP "02:00:00:00:00:10"
#define CAM "02:00:00:00:00:11"
#define HOUR (3600LL * NS_PER_SEC)
#define MUD(port)                                                                      \
	"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":"                              \
	"\"https://learned.example/lamp.json\","                                           \
	"\"last-update\":\"2026-01-01T00:00:00Z\",\"cache-validity\":48,"                  \
	"\"is-supported\":true,\"systeminfo\":\"lamp\","                                   \
	"\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"f\"}]}}," \
	"\"to-device-policy\":{\"access-lists\":{\"access-list\":[]}}},"                   \
	"\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"f\",\"type\":"          \
	"\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"a\",\"matches\":{\"ipv4\":"    \
	"{\"ietf-acldns:dst-dnsname\":\"cloud.example\",\"protocol\":6},\"tcp\":"        \
	"{\"ietf-mud:direction-initiated\":\"from-device\",\"destination-port\":"         \
	"{\"operator\":\"eq\",\"port\":" #port                                            \
	"}}},\"actions\":{\"forwarding\":\"accept\"}}]}}]}}"

static struct house *h;
static struct device *lamp, *cam;
static unsigned status, roles = API_OWNER;
static uint32_t noted; /* the change that the last request was */

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, "192.168.7.20", ADDR_SOURCE_DHCP4, 86400);
	see_addr(h, CAM, "192.168.7.21", ADDR_SOURCE_DHCP4, 86400);
	see_dhcp(h, LAMP, "lamp", "");
	see_dhcp(h, CAM, "cam", "");
	lamp = device_of(h, LAMP);
	cam = device_of(h, CAM);
	roles = API_OWNER;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static json_t *ask(const char *method, const char *path, const char *body)
{
	struct api_request r = {.pipeline = &h->p, .roles = roles, .user = "anna"};
	struct http_head head;
	char text[HTTP_HEAD_MAX];
	struct cursor at;
	json_t *root;

	assert_int_equal(str_print(text, sizeof(text),
				 "%s %s HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", method,
				 path, strlen(body)),
		0);
	at = cursor_of(text, strlen(text));
	assert_int_equal(http_parse_request(&at, &head), 0);
	r.head = &head;
	r.body = body;
	r.body_len = strlen(body);
	api_dispatch(&r);
	status = r.status;
	noted = r.change;
	root = json_loads(jsonw_text(&r.json), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	if (noted)
		assert_non_null(strstr(r.headers, "Cardea-Change: "));
	api_done(&r);
	return root;
}

static void post(const char *path, const char *body, unsigned expected)
{
	json_t *root = ask("POST", path, body);

	if (status != expected)
		print_error("%s %s: %u %s\n", path, body, status,
			json_string_value(json_object_get(root, "error")));
	assert_int_equal(status, expected);
	json_decref(root);
}

/* A change; its number. */
static uint32_t change(const char *path, const char *body)
{
	post(path, body, 200);
	assert_true(noted);
	return noted;
}

/* Undoes it; the number of the change that this is, or 0 and the words against it. */
static char against[LIMIT_TEXT];
static uint32_t undo(uint32_t id)
{
	char path[64];
	json_t *root;

	assert_int_equal(str_print(path, sizeof(path), "/v1/changes/%u", id), 0);
	root = ask("POST", path, "{\"undo\":true}");
	against[0] = 0;
	if (status != 200) {
		str_copy(against, sizeof(against),
			json_string_value(json_object_get(root, "error")));
		assert_int_equal(status, 409);
		assert_int_equal(noted, 0);
	} else {
		assert_string_equal(json_string_value(json_object_get(root, "schema")),
			"cardea.change/1");
		assert_true(json_is_true(json_object_get(root, "undone")));
	}
	json_decref(root);
	return noted;
}

/* What the list says of a change; the caller frees it. */
static json_t *listed(uint32_t id)
{
	json_t *root = ask("GET", "/v1/changes?limit=500", ""), *found = NULL, *c;
	size_t i;

	assert_int_equal(status, 200);
	json_array_foreach (json_object_get(root, "changes"), i, c)
		if (json_integer_value(json_object_get(c, "id")) == id)
			found = json_incref(c);
	json_decref(root);
	assert_non_null(found);
	return found;
}

static void assert_says(uint32_t id, const char *member, const char *text)
{
	json_t *c = listed(id);

	assert_non_null(json_object_get(c, member));
	assert_string_equal(json_string_value(json_object_get(c, member)), text);
	json_decref(c);
}

static bool can_undo(uint32_t id)
{
	json_t *c = listed(id);
	bool can = json_is_true(json_object_get(c, "can_undo"));

	assert_int_equal(can, json_is_null(json_object_get(c, "why_not")));
	json_decref(c);
	return can;
}

static void a_name_comes_back_and_goes_again(void **state)
{
	uint32_t first, back, again;

	(void)state;
	first = change("/v1/devices/" LAMP, "{\"name\":\"Anna's lamp\"}");
	assert_says(first, "sentence", "lamp is now called Anna's lamp.");
	assert_says(first, "who", "anna");
	assert_says(first, "command", "cardea device rename lamp 'Anna'\\''s lamp'");
	assert_true(can_undo(first));
	back = undo(first);
	assert_true(back);
	assert_string_equal(lamp->name, "lamp");
	assert_false(can_undo(first));
	assert_int_equal(undo(first), 0);
	assert_non_null(strstr(against, "has undone it"));
	again = undo(back); /* an undo is undone */
	assert_true(again);
	assert_string_equal(lamp->name, "Anna's lamp");
	assert_true(can_undo(first));
	assert_false(can_undo(again));
	assert_true(undo(first));
	assert_string_equal(lamp->name, "lamp");
}

/* "device add" of one that is known gives it a name, and is a change like "rename". */
static void who_is_introduced_twice(void **state)
{
	uint32_t id;

	(void)state;
	id = change("/v1/identities",
		"{\"mac\":\"" LAMP "\",\"source\":\"owner\",\"name\":\"desk\"}");
	assert_string_equal(lamp->name, "desk");
	assert_says(id, "sentence", "lamp is now called desk.");
	assert_true(undo(id));
	assert_string_equal(lamp->name, "lamp");
	id = change("/v1/identities", "{\"mac\":\"" LAMP "\",\"source\":\"owner\","
				      "\"mud_url\":\"https://a.example/a.json\"}");
	assert_false(can_undo(id));
	id = change("/v1/identities", "{\"mac\":\"" LAMP "\",\"source\":\"owner\","
				      "\"mud_url\":\"https://a.example/b.json\"}");
	assert_true(undo(id));
	assert_string_equal(lamp->mud_url, "https://a.example/a.json");
	post("/v1/identities", "{\"mac\":\"" LAMP "\",\"source\":\"owner\"}", 200);
	assert_int_equal(noted, 0); /* nothing is new */
}

static void what_came_later_is_undone_first(void **state)
{
	uint32_t first, second, other;

	(void)state;
	first = change("/v1/devices/" LAMP, "{\"name\":\"one\"}");
	other = change("/v1/devices/" CAM, "{\"name\":\"eye\"}");
	second = change("/v1/devices/" LAMP, "{\"name\":\"two\"}");
	assert_int_equal(undo(first), 0);
	assert_non_null(strstr(against, "undo that first"));
	assert_string_equal(lamp->name, "two");
	assert_true(undo(other));
	assert_true(undo(second));
	assert_string_equal(lamp->name, "one");
	assert_true(undo(first));
	assert_string_equal(lamp->name, "lamp");
	assert_string_equal(cam->name, "cam");
}

static void a_world_that_moved_on_refuses(void **state)
{
	uint32_t named, said;

	(void)state;
	named = change("/v1/devices/" LAMP, "{\"name\":\"one\"}");
	change("/v1/devices/" CAM, "{\"name\":\"lamp\"}"); /* takes the name */
	assert_int_equal(undo(named), 0);
	assert_non_null(strstr(against, "another device has that name"));
	assert_string_equal(lamp->name, "one");
	assert_true(can_undo(named)); /* once the name is free */
	said = change("/v1/overlays",
		"{\"device\":\"" LAMP "\",\"kind\":\"refuse\",\"peer\":\"ads.example\"}");
	change("/v1/overlays/1", "{\"remove\":true}");
	assert_int_equal(undo(said), 0);
	assert_non_null(strstr(against, "you have said nothing of that number"));
}

static void a_day_is_over(void **state)
{
	uint32_t id;

	(void)state;
	id = change("/v1/devices/" LAMP, "{\"name\":\"one\"}");
	h->clock.now += 24 * HOUR - NS_PER_SEC;
	assert_true(can_undo(id));
	h->clock.now += NS_PER_SEC;
	assert_false(can_undo(id));
	assert_int_equal(undo(id), 0);
	assert_non_null(strstr(against, "24 hours"));
	assert_string_equal(lamp->name, "one");
	change("/v1/devices/" LAMP, "{\"name\":\"two\"}");
	assert_false(can_undo(id));
}

static unsigned overlays(const struct device *d)
{
	return (unsigned)household_device(&h->p.household, d->id)->overlay_count;
}

#define FOR_AN_HOUR                                                                    \
	"{\"device\":\"lamp\",\"kind\":\"allow\",\"peer\":\"ads.example\",\"for\":3600"

static void what_was_said_for_a_while(void **state)
{
	static const char *const wrong[] = {
		FOR_AN_HOUR ",\"until\":\"2100-01-01T00:00:00Z\"}",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\",\"for\":0}",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\",\"for\":2592001}",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\",\"for\":\"1h\"}",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\",\"until\":\"2001-01-01T00:00:00Z\"}",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\",\"until\":\"2999-01-01T00:00:00Z\"}",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\",\"until\":\"2026-13-41T00:00:00Z\"}",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\",\"until\":\"tomorrow\"}",
	};
	const struct household_device *hd = household_device(&h->p.household, lamp->id);
	uint32_t id, back;
	nstime end;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		post("/v1/overlays", wrong[i], 400);
	assert_int_equal(overlays(lamp), 0);
	id = change("/v1/overlays", FOR_AN_HOUR "}");
	assert_says(id, "command", "cardea policy allow lamp ads.example --for 1h");
	end = hd->overlays[0].until;
	assert_int_equal(end, h->clock.now + HOUR);
	/* taken back and said again, it ends when it was to end */
	advance(h, 600);
	back = undo(id);
	assert_true(back);
	advance(h, 600);
	assert_true(undo(back));
	assert_int_equal(hd->overlays[0].until, end / NS_PER_SEC * NS_PER_SEC);
	advance(h, 2401);
	assert_int_equal(overlays(lamp), 0);
	assert_false(can_undo(id));
	/* nor does an undo bring back what is over */
	id = change("/v1/overlays", FOR_AN_HOUR "}");
	back = undo(id);
	advance(h, 3601);
	assert_int_equal(undo(back), 0);
	assert_non_null(strstr(against, "is over"));
	assert_int_equal(overlays(lamp), 0);
}

/* What held for a while and then for longer holds for the while again, and not at all. */
static void a_longer_time_is_undone_to_the_shorter(void **state)
{
	static const char *const longer[] = {"\"for\":7200", "\"dry_run\":false"};
	const struct household_device *hd = household_device(&h->p.household, lamp->id);
	char body[256];
	uint32_t id, more, back;
	nstime end;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		id = change("/v1/overlays", FOR_AN_HOUR "}");
		end = hd->overlays[0].until / NS_PER_SEC * NS_PER_SEC;
		assert_int_equal(str_print(body, sizeof(body),
			"{\"device\":\"lamp\",\"kind\":\"allow\",\"peer\":\"ads.example\",%s}",
			longer[i]), 0);
		advance(h, 60);
		more = change("/v1/overlays", body);
		assert_int_equal(undo(id), 0); /* what came later first */
		back = undo(more);
		assert_true(back);
		assert_int_equal(overlays(lamp), 1);
		assert_int_equal(hd->overlays[0].until, end);
		assert_true(undo(back));
		assert_int_equal(overlays(lamp), 1);
		assert_int_equal(hd->overlays[0].until != 0, i == 0);
		assert_true(hd->overlays[0].until == 0 || hd->overlays[0].until > end);
		engine_restart(h);
		lamp = device_of(h, LAMP);
		hd = household_device(&h->p.household, lamp->id);
		assert_true(undo(more));
		assert_int_equal(hd->overlays[0].until, end);
		assert_true(undo(id));
		assert_int_equal(overlays(lamp), 0);
	}
	/* what is gone is not said anew by it */
	id = change("/v1/overlays", FOR_AN_HOUR "}");
	more = change("/v1/overlays", FOR_AN_HOUR "00}");
	assert_int_equal(str_print(body, sizeof(body), "/v1/overlays/%u", hd->overlays[0].id), 0);
	change(body, "{\"remove\":true}");
	assert_int_equal(undo(more), 0);
	assert_int_equal(overlays(lamp), 0);
}

/* Where it was for longer than its end, none of both is open. */
static void a_time_that_was_prolonged_and_is_over(void **state)
{
	uint32_t id, more;

	(void)state;
	id = change("/v1/overlays", FOR_AN_HOUR "}");
	more = change("/v1/overlays",
		"{\"device\":\"lamp\",\"kind\":\"allow\",\"peer\":\"ads.example\",\"for\":5400}");
	advance(h, 3601);
	assert_int_equal(overlays(lamp), 1);
	assert_int_equal(undo(more), 0); /* that hour is over */
	assert_int_equal(overlays(lamp), 1);
	advance(h, 1800);
	assert_int_equal(overlays(lamp), 0);
	assert_false(can_undo(more));
	assert_false(can_undo(id));
}

static void words_about_a_device(void **state)
{
	static const char *const all[] = {
		"\"kind\":\"refuse\",\"peer\":\"ads.example\"",
		("\"kind\":\"allow\",\"peer\":\"192.0.2.0/24\",\"proto\":\"tcp\","
		 "\"port_from\":443,\"port_to\":444"),
		"\"kind\":\"lan-only\"",
		"\"kind\":\"only\",\"peer\":\"2001:db8::1\",\"proto\":\"6\"",
	};
	char body[256], before[PIPELINE_OVERLAY_TEXT], after[PIPELINE_OVERLAY_TEXT];
	uint32_t id, back;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct household_device *hd =
			household_device(&h->p.household, lamp->id);

		assert_int_equal(str_print(body, sizeof(body), "{\"device\":\"lamp\",%s}",
					 all[i]),
			0);
		id = change("/v1/overlays", body);
		pipeline_overlay_text(&hd->overlays[0], before);
		back = undo(id);
		assert_true(back);
		assert_int_equal(overlays(lamp), 0);
		assert_true(undo(back));
		assert_int_equal(overlays(lamp), 1);
		pipeline_overlay_text(&hd->overlays[0], after);
		assert_string_equal(before, after);
		assert_true(undo(id)); /* it has another number now */
		assert_int_equal(overlays(lamp), 0);
	}
	post("/v1/overlays", "{\"device\":\"lamp\",\"kind\":\"lan-only\",\"dry_run\":true}", 200);
	assert_int_equal(noted, 0);
	id = change("/v1/overlays", "{\"device\":\"lamp\",\"kind\":\"lan-only\"}");
	post("/v1/overlays", "{\"device\":\"lamp\",\"kind\":\"lan-only\"}", 200);
	assert_int_equal(noted, 0); /* it had been said */
	assert_says(id, "command", "cardea policy limit lamp lan-only");
}

static void class_and_word_of_a_device(void **state)
{
	uint32_t first, second;

	(void)state;
	first = change("/v1/devices/lamp", "{\"class\":\"light\"}");
	second = change("/v1/devices/lamp", "{\"class\":\"lock\"}");
	post("/v1/devices/lamp", "{\"class\":\"lock\"}", 200);
	assert_int_equal(noted, 0);
	assert_says(second, "command", "cardea device set lamp --class lock");
	assert_true(undo(second));
	assert_int_equal(lamp->class, DEVICE_CLASS_LIGHT);
	assert_true(undo(first));
	assert_int_equal(lamp->class, DEVICE_CLASS_UNKNOWN);
	first = change("/v1/devices/lamp", "{\"confirmed\":true}");
	assert_true(undo(first));
	assert_false(lamp->confirmed);
	first = change("/v1/devices/lamp", "{\"mud_url\":\"" URL_A "\"}");
	assert_false(can_undo(first)); /* it had said none before */
	second = change("/v1/devices/lamp", "{\"mud_url\":\"" URL_B "\"}");
	assert_true(undo(second));
	assert_string_equal(lamp->mud_url, URL_A);
}

static void controllers(void **state)
{
	uint32_t first, second, third, gone;
	const struct classes *c = &h->p.classes;

	(void)state;
	first = change("/v1/controllers",
		"{\"class\":\"my-controller\",\"device\":\"lamp\",\"target\":\"cam\"}");
	assert_says(first, "command",
		"cardea controller set my-controller cam --device lamp");
	second = change("/v1/controllers", "{\"class\":\"my-controller\",\"device\":\"lamp\","
					   "\"target\":\"192.168.7.9\"}");
	assert_int_equal(undo(first), 0);
	assert_true(undo(second));
	assert_int_equal(c->said_count, 1);
	assert_int_equal(c->said[0].target, cam->id);
	third = change("/v1/controllers", "{\"class\":\"my-controller\",\"device\":\"lamp\","
					  "\"target\":\"192.168.7.9\",\"add\":true}");
	assert_int_equal(c->said_count, 2);
	gone = change("/v1/controllers",
		"{\"class\":\"my-controller\",\"device\":\"lamp\",\"target\":null}");
	assert_int_equal(c->said_count, 0);
	assert_false(can_undo(gone)); /* one request names one of them */
	(void)third;
	gone = change("/v1/controllers", "{\"class\":\"urn:x:hub\",\"target\":\"cam\"}");
	assert_true(undo(gone));
	assert_int_equal(c->said_count, 0);
}

static bool holds_port(const char *port)
{
	const struct adopted *a = pipeline_adopted(&h->p, lamp);

	assert_non_null(a);
	return memmem(a->text, a->text_len, port, strlen(port));
}

static void a_profile_comes_back_with_its_text(void **state)
{
	static char body[4096];
	uint32_t first, second, gone;
	json_t *b = json_pack("{s:s, s:s}", "device", "lamp", "text", MUD(443));
	char *text = json_dumps(b, JSON_COMPACT);

	(void)state;
	first = change("/v1/profiles", text);
	free(text);
	json_object_set_new(b, "text", json_string(MUD(8443)));
	text = json_dumps(b, JSON_COMPACT);
	str_copy(body, sizeof(body), text);
	free(text);
	json_decref(b);
	second = change("/v1/profiles", body);
	assert_true(holds_port("8443"));
	gone = change("/v1/profiles/lamp", "{\"remove\":true}");
	assert_null(pipeline_adopted(&h->p, lamp));
	assert_true(undo(gone));
	assert_true(holds_port("8443"));
	assert_true(undo(second));
	assert_false(holds_port("8443"));
	assert_true(undo(first));
	assert_null(pipeline_adopted(&h->p, lamp));
	pipeline_adopted_forget(&h->p);
}

static void quarantine(void **state)
{
	uint32_t held, allowed;

	(void)state;
	held = change("/v1/quarantine/lamp", "{\"add\":\"it scans\"}");
	assert_false(can_undo(held));
	assert_int_equal(undo(held), 0);
	assert_non_null(strstr(against, "two steps: `cardea quarantine release 'lamp'`"));
	assert_true(lamp->hold);
	allowed = change("/v1/quarantine/lamp", "{\"allow\":\"fw.example.com:443\"}");
	post("/v1/quarantine/lamp", "{\"allow\":\"fw.example.com:443\"}", 200);
	assert_int_equal(noted, 0);
	assert_true(undo(allowed));
	assert_int_equal(household_device(&h->p.household, lamp->id)->update_count, 0);
}

static void what_is_learned_and_probed(void **state)
{
	uint32_t id, second;

	(void)state;
	id = change("/v1/learning/lamp", "{\"learn\":false}");
	assert_false(learner_is_on(&h->p.learner, lamp));
	assert_true(undo(id));
	assert_true(learner_is_on(&h->p.learner, lamp));
	id = change("/v1/learning/lamp", "{\"again\":true}");
	assert_false(can_undo(id));
	id = change("/v1/probes/lamp", "{\"allow\":true,\"class\":\"light\"}");
	second = change("/v1/probes/lamp",
		"{\"allow\":true,\"class\":\"plug\",\"window\":\"01:00-03:00\"}");
	assert_true(undo(second));
	second = change("/v1/probes/lamp", "{\"forbid\":true}");
	assert_true(undo(second));
	assert_true(undo(id));
}

static void keys_networks_and_labels(void **state)
{
	uint32_t id, back;
	char path[128];

	(void)state;
	id = change("/v1/shared", "{\"prefix\":\"198.51.100.0/24\",\"name\":\"cdn\"}");
	assert_says(id, "command", "cardea advisory shared add 198.51.100.0/24 --name cdn");
	back = undo(id);
	assert_int_equal(h->p.advisories.shared_count, 0);
	assert_true(undo(back));
	assert_string_equal(h->p.advisories.shared[0].name, "cdn");
	id = change("/v1/firmware", "{\"device\":\"lamp\",\"label\":\"2.10\"}");
	back = change("/v1/firmware", "{\"device\":\"lamp\",\"label\":\"2.11\"}");
	assert_true(undo(back));
	assert_false(can_undo(id)); /* nobody had said anything before */
	id = change("/v1/vaults/lamp", "{\"name\":\"export\",\"bytes\":\"00ff\"}");
	assert_true(undo(id));
	id = change("/v1/vaults/lamp", "{\"name\":\"export\",\"bytes\":\"00ff\"}");
	back = change("/v1/vaults/lamp", "{\"remove\":1}");
	assert_false(can_undo(back));
	assert_int_equal(undo(id), 0); /* it is gone already */
	assert_int_equal(str_print(path, sizeof(path), "%s/vault.key", h->dir), 0);
	assert_int_equal(unlink(path), 0);
}

static void questions(void **state)
{
	struct decision d = {.kind = DECISION_MY_CONTROLLER};
	char path[64];
	uint32_t no, yes;

	(void)state;
	d.device = lamp->id;
	str_copy(d.subject, sizeof(d.subject), "my-controller");
	str_copy(d.text, sizeof(d.text), "Who is lamp's controller?");
	pipeline_save_device(&h->p, lamp);
	assert_int_equal(store_decision_save(h->store, &d), 0);
	assert_int_equal(str_print(path, sizeof(path), "/v1/decisions/%u", d.id), 0);
	no = change(path, "{\"answer\":\"reject\"}");
	assert_true(undo(no));
	assert_int_equal(store_decision_find(h->store, d.id, &d), 0);
	assert_int_equal(d.answer, DECISION_OPEN);
	no = change(path, "{\"answer\":\"reject\"}");
	yes = change(path, "{\"answer\":\"accept\",\"choice\":\"cam\"}");
	assert_int_equal(h->p.classes.said_count, 1);
	assert_true(undo(yes));
	assert_int_equal(h->p.classes.said_count, 0);
	assert_int_equal(store_decision_find(h->store, d.id, &d), 0);
	assert_int_equal(d.answer, DECISION_REJECTED);
}

/* A no that is taken back is no yes: the question is open again, and nothing is in force. */
static void a_no_is_undone_to_a_question(void **state)
{
	static const enum decision_kind kinds[] = {DECISION_SIGNER, DECISION_UNSIGNED,
		DECISION_IDENTITY, DECISION_PORT, DECISION_PREVIEW, DECISION_ADVISORY};
	struct decision d;
	char path[64];
	uint32_t no, back;

	(void)state;
	pipeline_save_device(&h->p, lamp);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		d = (struct decision){.kind = kinds[i], .device = lamp->id};
		str_copy(d.subject, sizeof(d.subject), "https://a.example/lamp.json");
		str_copy(d.text, sizeof(d.text), "May it?");
		assert_int_equal(store_decision_save(h->store, &d), 0);
		assert_int_equal(str_print(path, sizeof(path), "/v1/decisions/%u", d.id), 0);
		post(path, "{\"answer\":\"open\"}", 200); /* it is */
		assert_int_equal(noted, 0);
		no = change(path, "{\"answer\":\"reject\"}");
		back = undo(no);
		assert_true(back);
		assert_int_equal(store_decision_find(h->store, d.id, &d), 0);
		assert_int_equal(d.answer, DECISION_OPEN);
		assert_int_equal(d.answered, 0);
		assert_true(undo(back)); /* the no holds again */
		engine_restart(h);
		lamp = device_of(h, LAMP);
		assert_int_equal(store_decision_find(h->store, d.id, &d), 0);
		assert_int_equal(d.answer, DECISION_REJECTED);
		assert_true(undo(no));
		assert_int_equal(store_decision_find(h->store, d.id, &d), 0);
		assert_int_equal(d.answer, DECISION_OPEN);
		post(path, "{\"answer\":\"accept\"}", 200);
		post(path, "{\"answer\":\"open\"}", 409);
	}
	post("/v1/decisions/4711", "{\"answer\":\"open\"}", 404);
}

/* Root takes the last owner away: without a secret nobody could become one by the page. */
static void who_has_no_owner_has_a_secret(void **state)
{
	char before[PEOPLE_SETUP_TEXT], now[PEOPLE_SETUP_TEXT];
	const nstime wall = pipeline_people_now(&h->p);
	nstime until;
	uint32_t id;

	(void)state;
	assert_int_equal(people_setup(&h->p.people, wall, before, &until), 0);
	assert_int_equal(people_setup_use(&h->p.people, wall, before, "zoe",
				 (const uint8_t[PEOPLE_KEY]){1}),
		0);
	assert_int_equal(people_setup(&h->p.people, wall, now, &until), -ENOENT);
	post("/v1/users/zoe", "{\"role\":\"viewer\",\"dry_run\":true}", 200);
	assert_int_equal(people_setup(&h->p.people, wall, now, &until), -ENOENT);
	id = change("/v1/users/zoe", "{\"role\":\"viewer\"}");
	assert_int_equal(people_setup(&h->p.people, wall, now, &until), 0);
	assert_string_not_equal(before, now);
	assert_true(undo(id));
	assert_int_equal(people_setup(&h->p.people, wall, now, &until), -ENOENT);
	post("/v1/users/zoe", "{\"remove\":true}", 200);
	assert_int_equal(people_setup(&h->p.people, wall, now, &until), 0);
	assert_int_equal(until, 0);
}

static void bad_requests_change_nothing(void **state)
{
	static const char *const bodies[] = {"", "[]", "{}", "{\"undo\":false}",
		"{\"undo\":\"yes\"}", "{\"undo\":true,\"more\":1}", "{\"undo\":true"};
	static const char *const paths[] = {"/v1/changes/0", "/v1/changes/99",
		"/v1/changes/4294967296", "/v1/changes/x", "/v1/changes/-1"};
	uint32_t id;
	char path[64];

	(void)state;
	id = change("/v1/devices/" LAMP, "{\"name\":\"one\"}");
	assert_int_equal(str_print(path, sizeof(path), "/v1/changes/%u", id), 0);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (strcmp(bodies[i], "{\"undo\":true,\"more\":1}") != 0)
			post(path, bodies[i], 400);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		post(paths[i], "{\"undo\":true}", 404);
	post(path, "{\"undo\":true,\"dry_run\":true}", 200);
	assert_int_equal(noted, 0);
	json_decref(ask("GET", "/v1/changes?limit=0", ""));
	assert_int_equal(status, 400);
	roles = API_VIEWER;
	post(path, "{\"undo\":true}", 403);
	json_decref(ask("GET", "/v1/changes", ""));
	assert_int_equal(status, 200);
	roles = API_ISP;
	json_decref(ask("GET", "/v1/changes", ""));
	assert_int_equal(status, 403);
	roles = API_OWNER;
	assert_string_equal(lamp->name, "one");
	assert_true(can_undo(id));
}

static void they_are_bounded_and_survive_a_restart(void **state)
{
	char body[64];
	json_t *root;
	uint32_t last = 0;

	(void)state;
	for (unsigned i = 0; i < STORE_CHANGES_MAX + 20; i++) {
		assert_int_equal(str_print(body, sizeof(body), "{\"name\":\"n%u\"}", i), 0);
		last = change("/v1/devices/" LAMP, body);
	}
	root = ask("GET", "/v1/changes?limit=500", "");
	assert_int_equal(json_array_size(json_object_get(root, "changes")),
		STORE_CHANGES_MAX);
	assert_true(json_is_null(json_object_get(root, "next")));
	json_decref(root);
	root = ask("GET", "/v1/changes?limit=10&cursor=100", "");
	assert_int_equal(json_array_size(json_object_get(root, "changes")), 10);
	assert_int_equal(json_integer_value(json_object_get(root, "next")), 90);
	json_decref(root);
	engine_restart(h);
	lamp = device_of(h, LAMP);
	assert_true(undo(last));
	assert_string_equal(lamp->name, "n518");
	h->clock.now += 31 * 24 * HOUR;
	last = change("/v1/devices/" LAMP, "{\"name\":\"late\"}");
	root = ask("GET", "/v1/changes", "");
	assert_int_equal(json_array_size(json_object_get(root, "changes")), 1);
	json_decref(root);
}

static int add_len(void *ctx, const struct change *c)
{
	*(size_t *)ctx += c->body_len;
	return 0;
}

/* The requests of all together: the oldest lose theirs. */
static void long_ones_make_room(void **state)
{
	size_t total = 0, len = STORE_CHANGE_BYTES;
	char *body = calloc(1, len + 1);
	struct change c = {.sentence = "s", .method = "POST", .path = "/v1/profiles"};

	(void)state;
	assert_non_null(body);
	memset(body, ' ', len);
	for (unsigned i = 0; i < 6; i++) {
		c.id = 0;
		c.at = pipeline_wall(&h->p);
		c.body = body;
		c.body_len = len;
		assert_int_equal(store_change_add(h->store, &c), 0);
	}
	for (uint32_t i = 1; i <= 6; i++)
		assert_int_equal(store_change(h->store, i, add_len, &total), 0);
	assert_int_equal(total, STORE_CHANGES_BYTES / len * len);
	assert_true(can_undo(6));
	assert_false(can_undo(1));
	c.id = 0;
	c.body_len = len + 1;
	assert_int_equal(store_change_add(h->store, &c), CARDEA_EMALFORMED);
	free(body);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_name_comes_back_and_goes_again),
		T(who_is_introduced_twice), T(what_came_later_is_undone_first),
		T(a_world_that_moved_on_refuses),
		T(a_day_is_over),
		T(what_was_said_for_a_while), T(a_longer_time_is_undone_to_the_shorter),
		T(a_time_that_was_prolonged_and_is_over),
		T(words_about_a_device),
		T(class_and_word_of_a_device),
		T(controllers),
		T(a_profile_comes_back_with_its_text),
		T(quarantine),
		T(what_is_learned_and_probed),
		T(keys_networks_and_labels),
		T(questions), T(a_no_is_undone_to_a_question),
		T(who_has_no_owner_has_a_secret),
		T(bad_requests_change_nothing),
		T(they_are_bounded_and_survive_a_restart),
		T(long_ones_make_room),
	};

	return cmocka_run_group_tests_name("api_changes", tests, NULL, NULL);
}
