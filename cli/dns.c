// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea dns dnr - what a DHCP server has to say so that devices find the encrypted DNS
 * service of this gateway (RFC 9463). */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/text.h"
#include "wire/dnr.h"

/* Addresses of the gateway in one LAN, and LANs. */
#define ADDRS_MAX 32
#define LANS_MAX 8
#define OPTION_MAX 1024
/* Routers advertise it anew long before (RFC 4861 6.2.1: at most half an hour). */
#define RA_LIFETIME_S 3600

struct lan {
	const char *name;
	struct addr addrs[ADDRS_MAX];
	size_t count;
};

struct service {
	const char *name;
	struct lan lans[LANS_MAX];
	size_t count;
};

static struct lan *lan_take(struct service *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->lans[i].name, name) == 0)
			return &s->lans[i];
	if (s->count == LANS_MAX)
		return NULL;
	s->lans[s->count].name = name;
	return &s->lans[s->count++];
}

static void service_read(const json_t *dns, struct service *s)
{
	json_t *item;
	size_t i;

	s->name = answer_raw(dns, "name");
	json_array_foreach (json_object_get(dns, "addresses"), i, item) {
		struct lan *lan = lan_take(s, answer_raw(item, "lan"));
		struct addr a;

		/* a link-local one is another one on each of the client's links */
		if (lan && lan->count < ADDRS_MAX &&
			addr_parse(answer_raw(item, "address"), &a) == 0 &&
			!addr_is_link_local(&a))
			lan->addrs[lan->count++] = a;
	}
}

/* ---- options as text ---- */

enum option { OPTION_DHCP4, OPTION_DHCP6, OPTION_RA };

/* "00:21:..." or NULL when the LAN has no address of that family. */
static const char *option_text(
	const struct service *s, const struct lan *lan, enum option which)
{
	struct dnr d = {.priority = 1, .addrs = lan->addrs, .addr_count = lan->count};
	uint8_t bytes[OPTION_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	int e = dns_name_from_text(s->name, &d.name);

	if (!e)
		e = which == OPTION_DHCP4   ? dnr_build_dhcp4(&w, &d)
		    : which == OPTION_DHCP6 ? dnr_build_dhcp6(&w, &d)
					    : dnr_build_ra(&w, &d, RA_LIFETIME_S);
	if (e)
		return NULL;
	char *text = cli_take(w.len * 3 + 1);
	for (size_t i = 0; i < w.len; i++)
		(void)str_print(text + 3 * i, 4, "%02x:", bytes[i]);
	text[w.len * 3 - 1] = 0;
	return text;
}

/* ---- the answers ---- */

static void print_dnsmasq(const struct service *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const char *four = option_text(s, &s->lans[i], OPTION_DHCP4);
		const char *six = option_text(s, &s->lans[i], OPTION_DHCP6);

		if (four)
			printf("dhcp-option=tag:%s,%d,%s\n", text_clean(s->lans[i].name),
				DNR_DHCP4_OPTION, four);
		if (six)
			printf("dhcp-option=tag:%s,option6:%d,%s\n",
				text_clean(s->lans[i].name), DNR_DHCP6_OPTION, six);
	}
}

/* A list item of its section for that interface in /etc/config/dhcp. */
static void print_odhcpd(const struct service *s)
{
	char addr[ADDR_TEXT_MAX];

	for (size_t i = 0; i < s->count; i++) {
		if (!s->lans[i].count)
			continue;
		printf("# interface %s\n\tlist dnr '1 %s ", text_clean(s->lans[i].name),
			text_clean(s->name));
		for (size_t k = 0; k < s->lans[i].count; k++)
			printf("%s%s", k ? "," : "",
				addr_format(&s->lans[i].addrs[k], addr));
		printf(" alpn=dot'\n");
	}
}

static void print_people(const struct service *s)
{
	static const char *const names[] = {"DHCPv4 option 162", "DHCPv6 option 144",
		"router advertisement, whole option 144"};

	printf("%s%s%s\n", text_on(STYLE_BOLD), text_clean(s->name),
		text_off(STYLE_BOLD));
	for (size_t i = 0; i < s->count; i++) {
		printf("\n%s\n", text_clean(s->lans[i].name));
		for (unsigned k = 0; k < 3; k++) {
			const char *text =
				option_text(s, &s->lans[i], (enum option)k);
			printf("  %s\n    %s\n", names[k],
				text ? text : "none: no address of that family");
		}
	}
}

static enum cli_exit print_json(const struct service *s)
{
	static const char *const keys[] = {"dhcp4_162", "dhcp6_144", "ra_144"};
	json_t *out = json_object(), *lans = json_array();

	json_object_set_new(out, "schema", json_string("cardea.dnr/1"));
	json_object_set_new(out, "name", json_string(s->name));
	for (size_t i = 0; i < s->count; i++) {
		json_t *lan = json_object();

		json_object_set_new(lan, "lan", json_string(s->lans[i].name));
		for (unsigned k = 0; k < 3; k++) {
			const char *text =
				option_text(s, &s->lans[i], (enum option)k);
			json_object_set_new(
				lan, keys[k], text ? json_string(text) : json_null());
		}
		json_array_append_new(lans, lan);
	}
	json_object_set_new(out, "lans", lans);
	enum cli_exit e = answer_print(out);
	json_decref(out);
	return e;
}

enum cli_exit dns_dnr(struct cli *c)
{
	struct service s = {0};
	json_t *status = NULL;
	enum cli_exit e = answer_get(c, "/v1/status", &status);
	const json_t *dns = json_object_get(status, "dns_service");

	if (e == CLI_OK && !answer_true(dns, "tls")) {
		const char *why = answer_text(dns, "why_not");

		cli_complain("set tls = true under [dns], or see the log",
			"there is no encrypted DNS to announce%s%s", why[0] ? ": " : "",
			why);
		e = CLI_FAILED;
	}
	if (e == CLI_OK) {
		service_read(dns, &s);
		if (c->json)
			e = print_json(&s);
		else if (args_flag(c, "dnsmasq"))
			print_dnsmasq(&s);
		else if (args_flag(c, "odhcpd"))
			print_odhcpd(&s);
		else
			print_people(&s);
	}
	json_decref(status);
	return e;
}
