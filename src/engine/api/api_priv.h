// SPDX-License-Identifier: GPL-2.0-or-later
/* api internals: a request, its route, and the views that answer it. */
#ifndef CARDEA_ENGINE_API_PRIV_H
#define CARDEA_ENGINE_API_PRIV_H

#include <jansson.h>
#include "engine/api/api.h"
#include "engine/changes.h"
#include "wire/http.h"

struct api_client;

/* Who asks, as bits: of a route those who may, of a request those that the client is. isp
 * sees aggregates alone and is no part of the others. */
#define API_VIEWER 1U
#define API_OWNER 2U
#define API_ISP 4U
#define API_ANYBODY 8U /* before a login too */
#define API_PATH_MAX 48
#define API_HEADERS_MAX 1024 /* what a view adds: Set-Cookie, ETag, Allow, ... */

enum api_method {
	API_GET,
	API_POST,
	API_METHOD_MAX,
};

struct api_request {
	struct pipeline *pipeline;
	struct api_client *client;
	const struct http_head *head;
	char object[LIMIT_NAME]; /* the path's last part, decoded; or empty */
	const char *body;
	size_t body_len;
	json_t *sent;	     /* the body, checked; NULL: none */
	struct jsonw json;  /* the reply */
	const char *type;   /* its content type; NULL: JSON */
	char headers[API_HEADERS_MAX]; /* "Name: value\r\n", or empty; api_header() */
	unsigned status;   /* HTTP */
	unsigned roles;	   /* who asks: API_OWNER by root's socket; 0: nobody yet */
	char user[LIMIT_LABEL]; /* its name; "root" by root's socket */
	bool follow;	   /* stays open, a line an event */
	bool stream;	   /* ... as server-sent events: those behind after, then new ones */
	event_id after;
	device_id follow_device; /* of this one only; 0: of all */
	bool later; /* api_park() */
	/* The transaction that it made, and its change of classes (engine/classes.h), which
	 * others follow; 0: none. api_client_hold() */
	uint64_t until, round;
	bool stop, stop_open;
	bool limited; /* came by the socket that takes identities alone */
	/* Whose address asks; 0: by a socket of this machine, or no device of this house. */
	device_id asker;
	struct api_answers *answers; /* kept for who asks again; NULL: none are */
	uint64_t key, key_body;	     /* of its Idempotency-Key, and the body; 0: none */
	/* The change that was noted (engine/changes.h), the one that this request takes
	 * back, and the one that holds again by that; 0: none. */
	uint32_t change, undoing, redoing;
	/* access.c finds these, and roles and user with them. */
	bool by_pipe; /* through web */
	struct addr from;
	struct people_who who;	/* all zero for root, and nobody */
	char csrf[PEOPLE_HEX];	/* of the session */
};

/* A row of routes.def. */
struct api_route {
	enum api_method method;
	const char *path;  /* "/v1/devices" */
	bool has_object;   /* "/v1/devices/OBJECT" */
	bool large;	   /* takes API_BODY_LARGE_MAX */
	unsigned roles;	   /* who may */
	void (*answer)(struct api_request *r);
	const char *query, *takes; /* what is sent, in the language of schema.h */
	const char *gives;	   /* "cardea.device/1 | cardea.identity/1" */
	const char *help;
};

/* False behind the last one. */
bool api_route_at(size_t index, struct api_route *ret);
const char *api_method_name(enum api_method m);
/* -ENOENT: no such path. -ENOTSUP: another method; ret_methods has 1 << each that is. */
int api_route_find(const struct http_head *h, char *object, size_t size,
	struct api_route *ret, unsigned *ret_methods) CARDEA_MUSTCHECK;
/* Answers r, of which pipeline, client, head, body, roles, user, limited and asker are set,
 * the rest is zero: finds the route, checks who asks and what is sent, and has it answered.
 * The reply is in r->status, r->type, r->headers and r->json; api_done() frees it. */
void api_dispatch(struct api_request *r);
void api_done(struct api_request *r);
/* The same behind the route. */
void api_answer(struct api_request *r, const struct api_route *route);
/* False after a reply: it is not what If-Match says any more. */
bool api_etag_holds(struct api_request *r);
/* The reply gets its tag, or becomes a 304. */
void api_etag_add(struct api_request *r);
/* True: this was answered before, or has no key that can be; the reply is made. */
bool api_answers_had(struct api_request *r);
void api_answers_keep(struct api_request *r);
/* The same of the reply that comes later; r is the one of then. */
void api_answers_came(struct api_request *r, struct api_answers *a, uint64_t ticket);
/* Adds a field to the reply's head. */
void api_header(struct api_request *r, const char *fmt, ...) CARDEA_PRINTF(2, 3);
/* "Not Found" */
const char *api_reason(unsigned status);
/* The same as api_fail, of one member of the query or the body; or of NULL. */
void api_fail_field(struct api_request *r, unsigned status, const char *field,
	const char *next, const char *fmt, ...) CARDEA_PRINTF(5, 6);
/* A problem (RFC 9457): {"schema":"cardea.error/1","error":what,"next":what to do, ...} */
void api_fail(struct api_request *r, unsigned status, const char *next, const char *fmt,
	...) CARDEA_PRINTF(4, 5);
/* A query value, or the default when it is not there; false when it is malformed (an
 * error reply is then made). */
bool api_query(struct api_request *r, const char *key, char *buf, size_t size);
bool api_query_number(struct api_request *r, const char *key, int64_t min, int64_t max,
	int64_t *value);
/* The body, which is an object that says what the route takes. The caller has a reference
 * of it. Never NULL within a view. */
json_t *api_body(struct api_request *r);
/* Who asks: sets roles, user, asker and the rest. False after an error reply: nothing is
 * answered him. */
bool api_access(struct api_request *r);
/* A session with a new id, and its cookie; the one of this request ends. At every login and
 * with a new password: an id that somebody planted or knows opens nothing afterwards. False
 * after an error reply. */
bool api_session_begin(struct api_request *r, const char *user);
/* False after an error reply: after wrong passwords he has to wait. Root is never asked to. */
bool api_may_try(struct api_request *r, const struct lockout_try *t);
/* "tablet (192.168.1.20)", for the journal. */
#define API_ASKER_TEXT 160
const char *api_asker_text(const struct api_request *r, char buf[API_ASKER_TEXT]);
/* False after an error reply: who asks is not the owner, and has no say in this. */
bool api_is_owner(struct api_request *r);
/* The device of the path or query; NULL after an error reply. */
struct device *api_device(struct api_request *r, const char *text);
/* The same, but a probe of it goes on: who changes something else about a device needs it
 * as it is. */
struct device *api_device_as_is(struct api_request *r, const char *text);
/* The one of ?device=, NULL where none is asked for; false after an error reply. */
bool api_query_device(struct api_request *r, struct device **ret);

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
void api_change_quarantine(struct api_request *r);
void api_view_history(struct api_request *r);
void api_view_overlays(struct api_request *r);
void api_add_overlay(struct api_request *r);
void api_change_overlay(struct api_request *r);
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
void api_view_advisories(struct api_request *r);
void api_view_advisory(struct api_request *r);
void api_add_advisories(struct api_request *r);
void api_change_advisory(struct api_request *r);
void api_view_advisory_log(struct api_request *r);
void api_view_issuers(struct api_request *r);
void api_add_issuer(struct api_request *r);
void api_change_issuer(struct api_request *r);
void api_view_shared(struct api_request *r);
void api_change_shared(struct api_request *r);
void api_set_firmware(struct api_request *r);
void api_view_vault(struct api_request *r);
void api_change_vault(struct api_request *r);
void api_view_view(struct api_request *r);
void api_replace(struct api_request *r);
void api_retire(struct api_request *r);
void api_view_reports(struct api_request *r);
void api_view_weeks(struct api_request *r);
/* How much of what a device will do was not seen. What nobody can estimate is null: 0 would
 * say that all was. */
void api_write_unseen(struct jsonw *j, const struct learned_unseen *u);
/* Members: a process, and how it is. */
void api_write_process(struct jsonw *j, const struct pipeline *p, enum role role);
/* web runs for devices that ask, and for the page: without either there is none. */
static inline bool api_shows_process(const struct pipeline *p, enum role role)
{
	return role != ROLE_WEB || p->portal.enabled || p->portal.page[0];
}
/* Members: which network ports the rules cover. */
void api_write_ports(struct jsonw *j, struct pipeline *p);
void api_write_watching(struct jsonw *j, const struct pipeline *p);
void api_view_system(struct api_request *r);
void api_view_bundle(struct api_request *r);
void api_view_sinks(struct api_request *r);
void api_test_sink(struct api_request *r);
/* What a provider sees, as an object. */
int api_write_aggregate(struct jsonw *j, struct pipeline *p) CARDEA_MUSTCHECK;
void api_view_metrics(struct api_request *r);
void api_send_report(struct api_request *r);
void api_view_attest_keys(struct api_request *r);
void api_add_attest_key(struct api_request *r);
void api_remove_attest_key(struct api_request *r);
void api_view_attest(struct api_request *r);
void api_change_attest(struct api_request *r);
void api_view_decisions(struct api_request *r);
void api_change_decision(struct api_request *r);
void api_view_home(struct api_request *r);
void api_view_watching(struct api_request *r);
void api_view_roster(struct api_request *r);
void api_view_talks(struct api_request *r);
void api_view_timeline(struct api_request *r);
void api_ask_effect(struct api_request *r);
void api_view_review(struct api_request *r);
void api_view_anomalies(struct api_request *r);
void api_view_aggregate(struct api_request *r);
void api_view_cases(struct api_request *r);
void api_view_case(struct api_request *r);
void api_change_case(struct api_request *r);
void api_change_stop(struct api_request *r);
void api_view_changes(struct api_request *r);
void api_undo(struct api_request *r);
void api_view_session(struct api_request *r);
void api_change_session(struct api_request *r);
void api_set_up(struct api_request *r);
void api_view_stream(struct api_request *r);
void api_view_users(struct api_request *r);
void api_add_user(struct api_request *r);
void api_change_user(struct api_request *r);
void api_view_tokens(struct api_request *r);
void api_add_token(struct api_request *r);
void api_change_token(struct api_request *r);
void api_view_settings(struct api_request *r);
void api_change_settings(struct api_request *r);
void api_view_backup(struct api_request *r);
void api_make_backup(struct api_request *r);
void api_view_restore(struct api_request *r);
void api_restore(struct api_request *r);
void api_view_web(struct api_request *r);
void api_change_web(struct api_request *r);
/* The member "limits": bandwidths of the device's file; hd may be NULL. */
void api_write_limits(struct jsonw *j, const struct household_device *hd);
/* The member "dns_service": our own, and how to know it when it is encrypted. */
void api_write_dns(struct jsonw *j, const struct pipeline *p);
/* The members of a device, within its object. */
void api_write_device(struct jsonw *j, const struct pipeline *p, const struct device *d);
/* It has another name, or MUD URL, by the word of who asks: noted, with the way back. */
void api_renamed(struct api_request *r, const struct device *d, const char *before);
void api_said_url(struct api_request *r, const struct device *d, const struct device *before);
/* Members: where it stands; how it came there; what it may do while it is held. */
void api_write_life(struct jsonw *j, const struct pipeline *p, const struct device *d);
void api_write_evidence(struct api_request *r, struct device *d);
void api_write_kept(struct api_request *r, struct device *d);
/* The device gets this profile, or would; the reply says what it says. */
void api_adopt_text(
	struct api_request *r, struct device *d, const struct adopted *a, bool dry);
/* By the owner's word; false after an error reply. */
bool api_put_in_quarantine(struct api_request *r, struct device *d, const char *reason);
/* One word of the owner about a device, as a body says it: what is wrong with it, or NULL. */
const char *api_read_overlay(const json_t *root, struct overlay *o);
/* One question of the owner as an object. */
void api_write_decision(struct jsonw *j, struct pipeline *p, const struct decision *d);
/* One event as an object; used by the list, by why and by followers. */
void api_write_event(struct jsonw *j, struct pipeline *p, const struct event *e);

/* No reply now: another process has to speak first. The client waits, as long as it likes
 * and its time allows; the number is what it is known by. */
uint64_t api_park(struct api_request *r);
/* The answer is kept when it comes, for who asks again with the same key. */
void api_park_key(const struct api_request *r);
void api_unpark(struct api_request *r); /* there is one now, after all */
/* A change was taken back after all: the reply of /v1/changes. r->undoing says which. */
void api_undone(struct api_request *r);
/* The parked client's reply, by view; nothing when it has gone. */
void api_later(struct api *a, uint64_t ticket,
	void (*view)(struct api_request *r, void *ctx), void *ctx);
/* What the parent says of a proposal; ctx: the api. */
void api_settings_answered(void *ctx, struct settings *s,
	const struct message_config_result *m);

#endif
