// SPDX-License-Identifier: GPL-2.0-or-later
/* Who a device is, told by somebody other than the LAN: the owner, a code on its case,
 * a RADIUS server, a DHCP server. */
#include <errno.h>
#include <string.h>
#include "engine/api/api_priv.h"
#include "profiles/mud/mud.h"

static enum url_source source_of(const char *word)
{
	for (unsigned i = URL_SOURCE_NONE + 1; i < URL_SOURCE_MAX; i++)
		if (strcmp(word, url_source_name((enum url_source)i)) == 0)
			return (enum url_source)i;
	return URL_SOURCE_NONE;
}

/* A member that is text and fits, or is not there: "". False after an error reply. */
static bool text_member(struct api_request *r, const json_t *root, const char *key,
	char *buf, size_t size)
{
	const json_t *member = json_object_get(root, key);
	const char *text = json_string_value(member);

	buf[0] = 0;
	if (!member || json_is_null(member))
		return true;
	if (text && strlen(text) == json_string_length(member) &&
		str_is_clean_utf8(text, strlen(text)) && str_copy(buf, size, text))
		return true;
	api_fail(r, 400, "send printable text", "\"%s\" is no text of 1 to %zu bytes",
		key, size - 1);
	return false;
}

/* What a program outside may vouch for; the rest is the owner's to say. */
static bool may_say(struct api_request *r, const struct identity *i)
{
	if (!r->limited)
		return true;
	if ((i->source == URL_SOURCE_CERTIFICATE || i->source == URL_SOURCE_DHCP) &&
		i->mud_url[0] && !i->name[0])
		return true;
	api_fail(r, 403, "as root use the control socket",
		"by this socket come MUD URLs from certificates and DHCP alone");
	return false;
}

static bool check_identity(struct api_request *r, struct identity *i, const char *mac,
	const char *source)
{
	char text[LIMIT_TEXT];

	if (mac_parse(mac, &i->mac)) {
		api_fail(r, 400, "send \"mac\" as 02:00:00:00:00:10",
			"there is no MAC");
		return false;
	}
	i->source = source_of(source);
	if (i->source == URL_SOURCE_NONE) {
		api_fail(r, 400, "one of dhcp, lldp, qr, certificate, owner",
			"\"source\" says nothing that is known");
		return false;
	}
	if (!may_say(r, i))
		return false;
	if (i->mud_url[0] && mud_url_check(i->mud_url, 0, text)) {
		api_fail(r, 400, "send the URL as the maker wrote it", "%s", text);
		return false;
	}
	if (i->mud_signer[0] && i->source != URL_SOURCE_CERTIFICATE) {
		api_fail(r, 400, "leave it out",
			"\"mud_signer\" comes from certificates alone");
		return false;
	}
	return true;
}

static bool read_identity(struct api_request *r, const json_t *root, struct identity *i)
{
	char mac[MAC_TEXT_MAX], source[LIMIT_LABEL];

	return text_member(r, root, "mac", mac, sizeof(mac)) &&
	       text_member(r, root, "source", source, sizeof(source)) &&
	       text_member(r, root, "mud_url", i->mud_url, sizeof(i->mud_url)) &&
	       text_member(r, root, "mud_signer", i->mud_signer,
		       sizeof(i->mud_signer)) &&
	       text_member(r, root, "name", i->name, sizeof(i->name)) &&
	       check_identity(r, i, mac, source);
}

static void refuse(struct api_request *r, int error)
{
	if (error == CARDEA_EMALFORMED)
		api_fail(r, 400, "use the device's own MAC, and a name of 1 to 63 "
				 "characters",
			"no device has that MAC, or the name is none");
	else if (error == -EEXIST)
		api_fail(r, 409, "choose another name", "another device has that name");
	else if (error == CARDEA_EREFUSED)
		api_fail(r, 409, "the owner decides: cardea device url DEVICE URL",
			"who knows better says another MUD URL of this device");
	else if (error == CARDEA_ELIMIT)
		api_fail(r, 409, "wait until an idle device makes room",
			"there is no place for another device");
	else
		api_fail(r, 500, "look at the log", "%s", error_text(error));
}

/* Who may only tell is told no more than that it was heard. */
static void confirm(struct api_request *r, const struct device *d)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema",
		r->limited ? "cardea.identity/1" : "cardea.device/1");
	if (r->limited)
		jsonw_kv_mac(&r->json, "mac", &d->mac);
	else
		api_write_device(&r->json, r->pipeline, d);
	jsonw_object_end(&r->json);
}

static void introduced(struct api_request *r, const struct device *d)
{
	char mac[MAC_TEXT_MAX];
	struct api_command cmd;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "device", "add", "--mac",
			mac_format(&d->mac, mac), d->mud_url[0] ? "--url" : NULL, d->mud_url,
			NULL),
		.why_not = "it is known now; `cardea device retire` takes it out of service"},
		"You introduced %s.", d->name);
}

/* before: NULL of one that was not known. Certificates and the like are nobody's change. */
static void noted(struct api_request *r, const struct identity *i, const struct device *d,
	const struct device *before)
{
	if (!before)
		introduced(r, d);
	else if (i->source == URL_SOURCE_OWNER && strcmp(before->mud_url, d->mud_url) != 0)
		api_said_url(r, d, before);
	else if (strcmp(before->name, d->name) != 0)
		api_renamed(r, d, before->name);
}

void api_add_identity(struct api_request *r)
{
	json_t *root = api_body(r);
	struct identity identity = {0};
	struct device *d = NULL, before;
	const struct device *known;
	int error;

	if (root && read_identity(r, root, &identity)) {
		known = inventory_by_mac(r->pipeline->inventory, &identity.mac);
		if (known)
			before = *known;
		error = pipeline_identity(r->pipeline, &identity, &d);
		(void)!store_commit(r->pipeline->store);
		if (!error && !r->limited)
			noted(r, &identity, d, known ? &before : NULL);
		if (error)
			refuse(r, error);
		else
			confirm(r, d);
	}
	json_decref(root);
}
