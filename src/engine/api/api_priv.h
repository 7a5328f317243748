// SPDX-License-Identifier: GPL-2.0-or-later
/* api internals: a request, its route, and the views that answer it. */
#ifndef CARDEA_ENGINE_API_PRIV_H
#define CARDEA_ENGINE_API_PRIV_H

#include <jansson.h>
#include "engine/api/api.h"
#include "wire/http.h"

struct api_client;

struct api_request {
	struct pipeline *pipeline;
	struct api_client *client;
	const struct http_head *head;
	char object[LIMIT_NAME]; /* the path's last part, decoded; or empty */
	const char *body;
	size_t body_len;
	struct jsonw json;  /* the reply */
	unsigned status;   /* HTTP */
	bool follow;	   /* stays open, a line an event */
	device_id follow_device; /* of this one only; 0: of all */
	bool stop, stop_open;
	bool limited; /* came by the socket that takes identities alone */
};

struct api_route {
	const char *method;
	const char *path;  /* "/v1/devices" */
	bool has_object;   /* "/v1/devices/OBJECT" */
	void (*answer)(struct api_request *r);
	const char *help;
	bool large; /* takes API_BODY_LARGE_MAX */
};

const struct api_route *api_route_find(const struct http_head *h, char *object,
	size_t size);
/* {"schema":"cardea.error/1","error":what,"next":what to do} */
void api_fail(struct api_request *r, unsigned status, const char *next, const char *fmt,
	...) CARDEA_PRINTF(4, 5);
/* A query value, or the default when it is not there; false when it is malformed (an
 * error reply is then made). */
bool api_query(struct api_request *r, const char *key, char *buf, size_t size);
bool api_query_number(struct api_request *r, const char *key, int64_t min, int64_t max,
	int64_t *value);
/* The body as a JSON object; NULL after an error reply. */
json_t *api_body(struct api_request *r);
/* The device of the path or query; NULL after an error reply. */
struct device *api_device(struct api_request *r, const char *text);
/* The same, but a probe of it goes on: who changes something else about a device needs it
 * as it is. */
struct device *api_device_as_is(struct api_request *r, const char *text);

void api_view_status(struct api_request *r);
void api_view_devices(struct api_request *r);
void api_view_device(struct api_request *r);
void api_change_device(struct api_request *r);
void api_add_identity(struct api_request *r);
void api_view_events(struct api_request *r);
void api_view_why(struct api_request *r);
void api_view_policy(struct api_request *r);
void api_view_controllers(struct api_request *r);
void api_change_controllers(struct api_request *r);
void api_view_quarantine(struct api_request *r);
void api_view_overlays(struct api_request *r);
void api_add_overlay(struct api_request *r);
void api_remove_overlay(struct api_request *r);
void api_view_adopted(struct api_request *r);
void api_adopt(struct api_request *r);
void api_change_adopted(struct api_request *r);
void api_view_probes(struct api_request *r);
void api_view_probe(struct api_request *r);
void api_change_probe(struct api_request *r);
void api_stop_probes(struct api_request *r);
void api_view_learnings(struct api_request *r);
void api_view_learning(struct api_request *r);
void api_change_learning(struct api_request *r);
void api_view_reports(struct api_request *r);
void api_view_weeks(struct api_request *r);
void api_send_report(struct api_request *r);
void api_view_decisions(struct api_request *r);
void api_change_decision(struct api_request *r);
void api_change_stop(struct api_request *r);
/* The member "limits": bandwidths of the device's file; hd may be NULL. */
void api_write_limits(struct jsonw *j, const struct household_device *hd);
/* The member "dns_service": our own, and how to know it when it is encrypted. */
void api_write_dns(struct jsonw *j, const struct pipeline *p);
/* The members of a device, within its object. */
void api_write_device(struct jsonw *j, const struct device *d);
/* The device gets this profile, or would; the reply says what it says. */
void api_adopt_text(
	struct api_request *r, struct device *d, const struct adopted *a, bool dry);
/* One event as an object; used by the list, by why and by followers. */
void api_write_event(struct jsonw *j, struct pipeline *p, const struct event *e);

#endif
