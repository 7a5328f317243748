// SPDX-License-Identifier: GPL-2.0-or-later
/* A house as a file that people have edited: checked whole before anything is done. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/addr.h"
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/house.h"
#include "cli/text.h"
#include "model/device_class.h"
#include "model/limits.h"
#include "model/overlay.h"

#define PLACE_MAX 64
#define DEVICES_MAX LIMIT_DEVICES

struct reader {
	const char *path;
	char place[PLACE_MAX]; /* "devices[2]" */
};

enum kind { TEXT, MAC, CLASS, FLAG, PORT, OVERLAY, ANSWER, LIST };

struct member {
	const char *name;
	enum kind kind;
	bool must;
};

static bool wrong(const struct reader *r, const char *member, const char *next,
	const char *what)
{
	cli_complain(next, "%s: %s%s%s: %s", text_clean(r->path), r->place,
		r->place[0] && member[0] ? "." : "", text_clean(member), what);
	return false;
}

static bool is_word(const json_t *v, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(json_string_value(v), *words) == 0)
			return true;
	return false;
}

static const char *fault_of(enum kind kind, const json_t *v)
{
	static const char *const answers[] = {"accepted", "rejected", NULL};
	enum overlay_kind overlay;
	enum device_class class;
	struct mac mac;

	if (kind == FLAG)
		return json_is_boolean(v) ? NULL : "give true or false";
	if (kind == LIST)
		return json_is_array(v) ? NULL : "give a list";
	if (kind == PORT)
		return json_is_integer(v) && json_integer_value(v) >= 0 &&
				       json_integer_value(v) <= UINT16_MAX
			       ? NULL
			       : "give a port, 0 to 65535";
	if (!json_is_string(v) || !json_string_length(v))
		return "give a text";
	if (kind == MAC)
		return mac_parse(json_string_value(v), &mac) ? "write a MAC as "
							       "02:00:00:00:00:10"
							     : NULL;
	if (kind == CLASS)
		return device_class_parse(json_string_value(v), &class)
			       ? NULL
			       : "`cardea device set --help` lists the classes";
	if (kind == OVERLAY)
		return overlay_kind_parse(json_string_value(v), &overlay)
			       ? NULL
			       : "give refuse, allow, lan-only, no-internet or only";
	if (kind == ANSWER)
		return is_word(v, answers) ? NULL : "give accepted or rejected";
	return NULL;
}

static bool unknown(const struct reader *r, const char *key, const struct member *members)
{
	struct suggest s = {.word = key};

	for (; members->name; members++)
		suggest_offer(&s, members->name);
	(void)wrong(r, key, NULL, "is nothing that stands there");
	suggest_print(&s);
	return false;
}

/* Each member is known and right, and what must be there is. */
static bool check(const struct reader *r, const json_t *o, const struct member *members)
{
	const struct member *m;
	const char *key, *fault;
	json_t *v;

	if (!json_is_object(o))
		return wrong(r, "", "look at what `cardea export` writes", "is no object");
	json_object_foreach ((json_t *)o, key, v) {
		for (m = members; m->name && strcmp(m->name, key) != 0; m++)
			;
		if (!m->name)
			return unknown(r, key, members);
		fault = fault_of(m->kind, v);
		if (fault)
			return wrong(r, key, fault, "is not right");
	}
	for (m = members; m->name; m++)
		if (m->must && !json_object_get(o, m->name))
			return wrong(r, m->name, "look at what `cardea export` writes",
				"is missing");
	return true;
}

static bool check_list(struct reader *r, const json_t *list, const char *name, size_t most,
	const struct member *members)
{
	const json_t *one;
	size_t i;

	if (json_array_size(list) > most)
		return wrong(r, name, "split it", "are too many");
	json_array_foreach (list, i, one) {
		(void)str_print(r->place, sizeof(r->place), "%s[%zu]", name, i);
		if (!check(r, one, members))
			return false;
	}
	return true;
}

static const struct member whole[] = {{"schema", TEXT, true}, {"devices", LIST, false},
	{"controllers", LIST, false}, {"decisions", LIST, false}, {0}};
static const struct member device[] = {{"mac", MAC, true}, {"name", TEXT, false},
	{"class", CLASS, false}, {"mud_url", TEXT, false}, {"confirmed", FLAG, false},
	{"overlays", LIST, false}, {0}};
static const struct member overlay[] = {{"kind", OVERLAY, true}, {"peer", TEXT, false},
	{"proto", TEXT, false}, {"port_from", PORT, false}, {"port_to", PORT, false}, {0}};
static const struct member controller[] = {
	{"class", TEXT, true}, {"device", MAC, false}, {"target", TEXT, true}, {0}};
static const struct member decision[] = {{"kind", TEXT, true}, {"device", MAC, false},
	{"subject", TEXT, false}, {"text", TEXT, false}, {"answer", ANSWER, true},
	{"choice", TEXT, false}, {0}};

/* A range has two ends. */
static bool check_ports(struct reader *r, const json_t *overlays, const char *name)
{
	const json_t *o;
	size_t i;

	json_array_foreach (overlays, i, o) {
		const json_t *from = json_object_get(o, "port_from");
		const json_t *to = json_object_get(o, "port_to");

		(void)str_print(r->place, sizeof(r->place), "%s[%zu]", name, i);
		if (!from != !to ||
			(from && json_integer_value(from) > json_integer_value(to)))
			return wrong(r, "port_from", "give both, the lower one first",
				"is no range with port_to");
	}
	return true;
}

/* The same device twice would be two answers to one question. */
static bool check_devices(struct reader *r, const json_t *list)
{
	char name[PLACE_MAX], text[MAC_TEXT_MAX];
	json_t *one;
	struct mac mac;
	size_t i, j;

	if (!check_list(r, list, "devices", DEVICES_MAX, device))
		return false;
	json_array_foreach (list, i, one) {
		if (mac_parse(answer_raw(one, "mac"), &mac) == 0) /* as the gateway writes it */
			json_object_set_new(one, "mac", json_string(mac_format(&mac, text)));
		(void)str_print(name, sizeof(name), "devices[%zu].overlays", i);
		r->place[0] = 0;
		if (!check_list(r, json_object_get(one, "overlays"), name, LIMIT_OVERLAYS,
			    overlay) ||
			!check_ports(r, json_object_get(one, "overlays"), name))
			return false;
		for (j = 0; j < i; j++)
			if (strcmp(answer_raw(json_array_get(list, j), "mac"),
				    answer_raw(one, "mac")) == 0) {
				(void)str_print(r->place, sizeof(r->place), "devices[%zu]", i);
				return wrong(r, "mac", "keep one of them",
					"stands there twice");
			}
	}
	return true;
}

static bool check_house(struct reader *r, const json_t *house)
{
	if (!check(r, house, whole))
		return false;
	if (strcmp(answer_raw(house, "schema"), HOUSE_SCHEMA) != 0)
		return wrong(r, "schema", "`cardea export` writes " HOUSE_SCHEMA,
			"is none that this version knows");
	if (!check_devices(r, json_object_get(house, "devices")) ||
		!check_list(r, json_object_get(house, "controllers"), "controllers", 4096,
			controller) ||
		!check_list(r, json_object_get(house, "decisions"), "decisions", 65536, decision))
		return false;
	return true;
}

static enum cli_exit read_bytes(const char *path, char **ret, size_t *ret_len)
{
	char *bytes = malloc(HOUSE_BYTES_MAX + 1);
	int fd = file_open(path);
	size_t len = 0;
	ssize_t n = 0;

	while (bytes && fd >= 0 && len <= HOUSE_BYTES_MAX &&
		((n = read(fd, bytes + len, HOUSE_BYTES_MAX + 1 - len)) > 0 ||
			(n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	if (fd > STDIN_FILENO)
		close(fd);
	if (bytes && fd >= 0 && n >= 0 && len <= HOUSE_BYTES_MAX) {
		*ret = bytes;
		*ret_len = len;
		return CLI_OK;
	}
	if (fd >= 0)
		cli_complain("name a file that `cardea export` has written",
			"%s: cannot be read, or is too large", text_clean(path));
	free(bytes);
	return CLI_FAILED;
}

enum cli_exit house_read(const char *path, json_t **ret)
{
	struct reader r = {.path = path};
	char *bytes = NULL;
	json_error_t where;
	json_t *house;
	size_t len = 0;
	enum cli_exit e = read_bytes(path, &bytes, &len);

	if (e != CLI_OK)
		return e;
	house = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);
	free(bytes);
	if (!house) {
		cli_complain("correct it there", "%s:%d:%d: %s", text_clean(path), where.line,
			where.column, text_clean(where.text));
		return CLI_NO;
	}
	if (check_house(&r, house)) {
		*ret = house;
		return CLI_OK;
	}
	json_decref(house);
	return CLI_NO;
}
