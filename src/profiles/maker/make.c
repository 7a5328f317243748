// SPDX-License-Identifier: GPL-2.0-or-later
/* make - a MUD file from a few words: both directions and both families of each
 * conversation, as RFC 8520 9 writes them. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/maker/maker_priv.h"
#include "profiles/mud/mud.h"

#define CACHE_HOURS 48
#define NAME_CHARS 60 /* RFC 8520 3.7 */
#define PORT_DIGITS 5

/* Four lists: from and to the device, IPv4 and IPv6. */
enum { FROM4, FROM6, TO4, TO6, LISTS };
static const char *const list_names[LISTS] = {
	"from-ipv4", "from-ipv6", "to-ipv4", "to-ipv6"};

struct maker {
	json_t *lists[LISTS];
	char *text;
};

struct service {
	int64_t port;
	bool udp;
};

static int refuse(struct maker *m, const char *what, const char *why)
{
	char shown[LIMIT_TEXT / 2];

	(void)str_print(m->text, LIMIT_TEXT, "\"%s\": %s",
		str_escape(str_untrusted(what), shown, sizeof shown), why);
	return CARDEA_EMALFORMED;
}

/* "443", "443/tcp", "123/udp" */
static bool service_read(const char *text, struct service *ret)
{
	char digits[PORT_DIGITS + 1];
	size_t n = strcspn(text, "/");

	ret->udp = !strcmp(text + n, "/udp");
	return (!text[n] || ret->udp || !strcmp(text + n, "/tcp")) &&
	       str_copy_bytes(digits, sizeof digits, text, n) &&
	       !str_to_i64(digits, 1, UINT16_MAX, &ret->port);
}

/* port_key: the member that holds the port, or NULL for no transport. */
static json_t *entry(const char *name, const struct service *s, const char *port_key,
	bool from_device)
{
	json_t *matches = json_object(), *transport;

	if (port_key) {
		transport = json_pack("{s:{s:s, s:I}}", port_key, "operator", "eq",
			"port", (json_int_t)s->port);
		if (!s->udp)
			json_object_set_new(transport, "ietf-mud:direction-initiated",
				json_string(from_device ? "from-device" : "to-device"));
		json_object_set_new(matches, s->udp ? "udp" : "tcp", transport);
	}
	return json_pack("{s:s, s:o, s:{s:s}}", "name", name, "matches", matches,
		"actions", "forwarding", "accept");
}

/* ip: members beside the protocol; consumed. */
static void put(
	struct maker *m, int list, json_t *e, const struct service *s, json_t *ip)
{
	json_t *matches = json_object_get(e, "matches");

	if (s)
		json_object_set_new(ip, "protocol", json_integer(s->udp ? 17 : 6));
	if (json_object_size(ip))
		json_object_set_new(
			matches, list == FROM4 || list == TO4 ? "ipv4" : "ipv6", ip);
	else
		json_decref(ip);
	json_array_append_new(m->lists[list], e);
}

static int cloud(struct maker *m, const char *wish, size_t index)
{
	struct service s = {.port = 443};
	char host[LIMIT_NAME], url[LIMIT_URL], why[LIMIT_TEXT], name[LIMIT_LABEL];
	size_t n = strcspn(wish, ":");

	if (!str_copy_bytes(host, sizeof host, wish, n) || !*host ||
		strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			     "0123456789-_.") != n ||
		!strpbrk(
			host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ||
		str_print(url, sizeof url, "https://%s/", host) ||
		mud_url_check(url, 0, why))
		return refuse(m, wish,
			"write a server as NAME, NAME:PORT or "
			"NAME:PORT/udp; addresses move, names stay");
	if (wish[n] && !service_read(wish + n + 1, &s))
		return refuse(m, wish, "the port is 1 to 65535, with /tcp or /udp");
	(void)str_print(name, sizeof name, "cloud%zu", index);
	for (int list = 0; list < LISTS; list++) {
		bool from = list < TO4;
		put(m, list,
			entry(name, &s, from ? "destination-port" : "source-port",
				true),
			&s,
			json_pack("{s:s}",
				from ? "ietf-acldns:dst-dnsname"
				     : "ietf-acldns:src-dnsname",
				host));
	}
	return 0;
}

static void put_class(struct maker *m, int list, json_t *e, const struct service *s,
	const char *class, json_t *value)
{
	json_t *class_of = json_object(), *matches = json_object_get(e, "matches");

	json_object_set(class_of, class, value);
	json_object_set_new(matches, "ietf-mud:mud", class_of);
	put(m, list, e, s, json_object());
}

static int local(struct maker *m, const char *wish, size_t index)
{
	struct service s;
	char name[LIMIT_LABEL];

	if (!service_read(wish, &s))
		return refuse(m, wish,
			"write a port of the device as PORT, PORT/tcp or PORT/udp");
	(void)str_print(name, sizeof name, "local%zu", index);
	json_t *empty = json_pack("[n]");
	for (int list = 0; list < LISTS; list++)
		put_class(m, list,
			entry(name, &s, list < TO4 ? "source-port" : "destination-port",
				false),
			&s, "local-networks", empty);
	json_decref(empty);
	return 0;
}

static int controller(struct maker *m, const char *wish, size_t index)
{
	bool mine = !strcmp(wish, "my");
	char name[LIMIT_LABEL];

	for (const char *c = wish; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c))
			return refuse(m, wish, "a URI has no such character");
	if (!mine && strncmp(wish, "urn:", 4) && strncmp(wish, "https://", 8))
		return refuse(m, wish,
			"a class of controllers is a URI, urn: or "
			"https://; \"my\" is the one that the owner appoints");
	if (strlen(wish) >= LIMIT_NAME)
		return refuse(m, wish, "the URI is too long");
	(void)str_print(name, sizeof name, "controller%zu", index);
	json_t *value = mine ? json_pack("[n]") : json_string(wish);
	for (int list = 0; list < LISTS; list++)
		put_class(m, list, entry(name, NULL, NULL, false), NULL,
			mine ? "my-controller" : "controller", value);
	json_decref(value);
	return 0;
}

static int fill(struct maker *m, const struct maker_wish *w)
{
	int error = 0;

	for (size_t i = 0; i < w->clouds && !error; i++)
		error = cloud(m, w->cloud[i], i);
	for (size_t i = 0; i < w->locals && !error; i++)
		error = local(m, w->local[i], i);
	for (size_t i = 0; i < w->controllers && !error; i++)
		error = controller(m, w->controller[i], i);
	return error;
}

static json_t *policy_of(int first)
{
	return json_pack("{s:{s:[{s:s}, {s:s}]}}", "access-lists", "access-list",
		"name", list_names[first], "name", list_names[first + 1]);
}

static char *write_file(const struct maker *m, const struct maker_wish *w)
{
	char when[CLOCK_TEXT_MAX];
	json_t *acls = json_array(), *mud, *file;

	mud = json_pack("{s:i, s:s, s:s, s:i, s:b, s:s?, s:o, s:o}", "mud-version", 1,
		"mud-url", w->url, "last-update", clock_format(w->now, when),
		"cache-validity", CACHE_HOURS, "is-supported", 1, "systeminfo", w->name,
		"from-device-policy", policy_of(FROM4), "to-device-policy",
		policy_of(TO4));
	if (mud && !w->name)
		json_object_del(mud, "systeminfo");
	for (int i = 0; i < LISTS; i++)
		json_array_append_new(acls,
			json_pack("{s:s, s:s, s:{s:O}}", "name", list_names[i], "type",
				i == FROM4 || i == TO4 ? "ipv4-acl-type"
						       : "ipv6-acl-type",
				"aces", "ace", m->lists[i]));
	file = json_pack("{s:o, s:{s:o}}", "ietf-mud:mud", mud,
		"ietf-access-control-list:acls", "acl", acls);
	char *text = file ? json_dumps(file, JSON_INDENT(2)) : NULL;
	json_decref(file);
	return text;
}

static int check_head(struct maker *m, const struct maker_wish *w)
{
	char why[LIMIT_TEXT];
	size_t chars = 0;

	if (mud_url_check(w->url, 0, why))
		return refuse(m, w->url, why);
	for (const char *c = w->name; c && *c; c++)
		chars += ((unsigned char)*c & 0xc0) != 0x80;
	if (w->name && (!chars || chars > NAME_CHARS ||
			       !str_is_clean_utf8(w->name, strlen(w->name))))
		return refuse(m, w->name,
			"the name has 1 to 60 printable characters (RFC 8520 section "
			"3.7)");
	return 0;
}

int maker_make(const struct maker_wish *w, char **ret_json, char ret_text[LIMIT_TEXT])
{
	struct maker m = {.text = ret_text};
	int error = check_head(&m, w);

	for (int i = 0; i < LISTS; i++)
		m.lists[i] = json_array();
	if (!error)
		error = fill(&m, w);
	if (!error) {
		*ret_json = write_file(&m, w);
		error = *ret_json ? 0 : -ENOMEM;
		if (error)
			str_copy(ret_text, LIMIT_TEXT, "out of memory");
	}
	for (int i = 0; i < LISTS; i++)
		json_decref(m.lists[i]);
	return error;
}
