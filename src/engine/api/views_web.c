// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the page is, how to know that it is ours, and how the first owner is made. */
#include <errno.h>
#include <string.h>
#include "engine/api/api_priv.h"

#define PORT_MAX 8 /* ":65535", or none */

/* ":8443" of "https://192.168.1.1:8443/", "" of one without. */
static void port_of(const char *url, char ret[PORT_MAX])
{
	const char *from = strstr(url, "://"), *end;

	ret[0] = 0;
	from = from ? from + 3 : url;
	if (*from == '[' && strchr(from, ']'))
		from = strchr(from, ']');
	from = strchr(from, ':');
	end = from ? strchr(from, '/') : NULL;
	if (end)
		(void)str_copy_bytes(ret, PORT_MAX, from, (size_t)(end - from));
}

/* "br-lan 192.168.1.1/24": a page is there too, if browsers can say the address. */
static bool url_of(const char *lan_addr, const char *port, char *buf, size_t size)
{
	const char *space = strchr(lan_addr, ' ');
	char text[LIMIT_LABEL], *slash;
	struct addr a;

	if (!space || !str_copy(text, sizeof(text), space + 1))
		return false;
	slash = strchr(text, '/');
	if (slash)
		*slash = 0;
	if (addr_parse(text, &a) || addr_is_link_local(&a))
		return false;
	return str_print(buf, size, a.family == 6 ? "https://[%s]%s/" : "https://%s%s/", text,
		       port) == 0;
}

static void write_urls(struct jsonw *j, const struct pipeline *p)
{
	const char *page = p->portal.page;
	char port[PORT_MAX], url[LIMIT_URL];

	jsonw_key(j, "urls");
	jsonw_array(j);
	if (page[0]) {
		port_of(page, port);
		jsonw_string(j, page);
		for (size_t i = 0; i < p->house.lan_addr_count; i++)
			if (url_of(p->house.lan_addrs[i], port, url, sizeof(url)) &&
				strcmp(url, page) != 0)
				jsonw_string(j, url);
	}
	jsonw_array_end(j);
}

/* The certificate is that of DNS over TLS: who tells of it is the resolver. */
static void write_fingerprint(struct jsonw *j, const struct pipeline *p)
{
	char hex[2 * PEOPLE_DIGEST + 1];

	str_to_hex(p->dns_tls.fingerprint, PEOPLE_DIGEST, hex);
	jsonw_kv_string(j, "fingerprint", p->dns_tls.on ? hex : NULL);
}

/* The secret itself while there is no owner, or where it was just made: else whoever reads
 * along over a shoulder has the way to another password. */
static void write_setup(struct api_request *r, bool show)
{
	char text[PEOPLE_SETUP_TEXT] = "";
	struct people *o = &r->pipeline->people;
	struct jsonw *j = &r->json;
	nstime until = 0;
	int error = r->by_pipe ? -ENOENT
			       : people_setup(o, pipeline_people_now(r->pipeline), text, &until);

	jsonw_key(j, "setup");
	if (error) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_string(j, "secret", show || !until ? text : "(hidden)");
	jsonw_kv_time(j, "until", until);
	jsonw_object_end(j);
	explicit_bzero(text, sizeof(text));
}

static void answer(struct api_request *r, bool show, bool dry)
{
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.web/1");
	jsonw_kv_bool(j, "enabled", r->pipeline->portal.page[0] != 0);
	write_urls(j, r->pipeline);
	write_fingerprint(j, r->pipeline);
	jsonw_kv_bool(j, "owner", people_has_owner(&r->pipeline->people));
	write_setup(r, show);
	jsonw_kv_bool(j, "dry_run", dry);
	jsonw_object_end(j);
	api_header(r, "Cache-Control: no-store");
}

void api_view_web(struct api_request *r)
{
	answer(r, false, false);
}

void api_change_web(struct api_request *r)
{
	json_t *root = api_body(r);
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	char text[PEOPLE_SETUP_TEXT] = "";
	nstime until;
	int error = 0;

	json_decref(root);
	if (r->by_pipe) {
		api_fail(r, 403, "run `cardea web --new-secret` on the gateway, as root",
			"the setup secret is root's alone");
		return;
	}
	if (!dry)
		error = people_setup_new(&r->pipeline->people,
			pipeline_people_now(r->pipeline), text, &until);
	explicit_bzero(text, sizeof(text));
	if (error) {
		api_fail(r, 500, "look at the log; is the disk full?", "no secret: %s",
			error_text(error));
		return;
	}
	if (!dry)
		journal_note(&r->pipeline->journal, pipeline_wall(r->pipeline), 0,
			EVENT_ACCESS,
			"root made a setup secret, by which an owner gets a new password.");
	answer(r, !dry, dry);
}
