// SPDX-License-Identifier: GPL-2.0-or-later
/* What views ask of a request: its query, its body, the device that it is about. */
#include <errno.h>
#include <string.h>
#include "engine/api/api_priv.h"

json_t *api_body(struct api_request *r)
{
	return json_incref(r->sent);
}

bool api_query(struct api_request *r, const char *key, char *buf, size_t size)
{
	int error = http_query_value(r->head->query, key, buf, size);

	if (error == -ENOENT) {
		buf[0] = 0;
		return true;
	}
	if (error)
		api_fail(r, 400, "percent-encode it and keep it short",
			"the value of %s is not readable", key);
	return !error;
}

bool api_query_number(struct api_request *r, const char *key, int64_t min, int64_t max,
	int64_t *value)
{
	char text[32];

	if (!api_query(r, key, text, sizeof(text)))
		return false;
	if (text[0] && str_to_i64(text, min, max, value)) {
		api_fail(r, 400, "give a whole number", "%s is a number from %lld to %lld",
			key, (long long)min, (long long)max);
		return false;
	}
	return true;
}

struct device *api_device_as_is(struct api_request *r, const char *text)
{
	struct device *d = inventory_find(r->pipeline->inventory, text);
	char shown[LIMIT_NAME];

	if (!d)
		api_fail(r, 404, "`cardea device list` shows all",
			"no device has the name, MAC, address or id \"%s\"",
			str_escape(str_untrusted(text), shown, sizeof(shown)));
	return d;
}

bool api_query_device(struct api_request *r, struct device **ret)
{
	char text[LIMIT_NAME];

	if (!api_query(r, "device", text, sizeof(text)))
		return false;
	*ret = text[0] ? api_device_as_is(r, text) : NULL;
	return *ret || !text[0];
}

struct device *api_device(struct api_request *r, const char *text)
{
	struct device *d = api_device_as_is(r, text);

	if (d && http_str_equal(r->head->method, "POST"))
		(void)prober_stop(r->pipeline, d, PROBE_WHY_OWNER);
	return d;
}
