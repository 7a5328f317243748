// SPDX-License-Identifier: GPL-2.0-or-later
/* merge - several settings into the owner's file, and whether settings go together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/config/schema.h"

struct merge {
	bool named[256]; /* by the item's place in the schema */
};

static size_t place_of(const struct config_item *item)
{
	size_t i = 0;

	while (config_schema_item(i) != item)
		i++;
	return i;
}

static void note(void *ctx, const struct config_seen *s)
{
	struct merge *m = ctx;

	if (s->item && place_of(s->item) < sizeof(m->named))
		m->named[place_of(s->item)] = true;
}

/* Takes text, and gives another one. */
static int edit_one(const struct config_item *item, const struct config *c, char **text,
	size_t *len)
{
	char value[CONFIG_VALUE_MAX], *edited;
	int error;

	config_value_print(item, c, value);
	error = config_edit(*text, *len, item->section, item->key, value, &edited, len);
	if (error)
		return error;
	free(*text);
	*text = edited;
	return 0;
}

int config_merge(const char *text, size_t len, const char *settings, size_t settings_len,
	char **ret_text, size_t *ret_len, char error[CONFIG_ERROR_MAX])
{
	struct merge m = {0};
	struct config *c = malloc(sizeof(*c));
	const struct config_item *item;
	char *edited = malloc(len ? len : 1);
	size_t edited_len = len;
	int result = -ENOMEM;

	(void)str_copy(error, CONFIG_ERROR_MAX, "no memory");
	if (!c || !edited)
		goto out;
	memcpy(edited, text, len);
	config_defaults(c);
	result = config_walk(c, "settings", settings, settings_len, note, &m, error);
	for (size_t i = 0; !result && (item = config_schema_item(i)); i++)
		if (m.named[i]) {
			result = edit_one(item, c, &edited, &edited_len);
			if (result)
				(void)str_print(error, CONFIG_ERROR_MAX,
					"the file cannot take it: %s", error_text(result));
		}
	if (result)
		goto out;
	*ret_text = edited;
	*ret_len = edited_len;
	edited = NULL;
out:
	free(edited);
	free(c);
	return result;
}

static int disagree(const char *setting, const char *why, const char **ret_setting,
	char error[CONFIG_ERROR_MAX])
{
	(void)str_print(error, CONFIG_ERROR_MAX, "%s: %s", setting, why);
	*ret_setting = setting;
	return CARDEA_EMALFORMED;
}

static bool is_taken(int64_t port, int64_t by)
{
	return port && port == by;
}

int config_agree(const struct config *c, const char **ret_setting,
	char error[CONFIG_ERROR_MAX])
{
	unsigned encrypted = 0;

	for (unsigned i = 0; i < c->dns_upstream.count; i++)
		encrypted += strchr(c->dns_upstream.items[i], '#') != NULL;
	if (encrypted && encrypted < c->dns_upstream.count)
		return disagree("dns.upstream",
			"either all have a #name, for TLS, or none has: one in clear would "
			"tell all that the others keep",
			ret_setting, error);
	if (!c->dns_tls_cert[0] != !c->dns_tls_key[0])
		return disagree(c->dns_tls_cert[0] ? "dns.tls_key" : "dns.tls_cert",
			"a certificate and its key go together: give both, or neither",
			ret_setting, error);
	if (is_taken(c->web_http_port, c->web_https_port))
		return disagree("web.http_port", "https_port has that port, for TLS",
			ret_setting, error);
	if (is_taken(c->web_page_port, c->web_https_port) ||
		is_taken(c->web_page_port, c->web_http_port))
		return disagree("web.page_port", "that port is where devices ask",
			ret_setting, error);
	return 0;
}
