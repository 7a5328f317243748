// SPDX-License-Identifier: GPL-2.0-or-later
/* /v1/backup and /v1/restore: a whole house goes out and comes in, by root's socket alone: it
 * has every secret of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/pipeline.h"

static bool is_root(struct api_request *r)
{
	if (!api_is_owner(r))
		return false;
	if (!r->by_pipe)
		return true;
	api_fail(r, 403, "run `cardea backup` or `cardea restore` on the gateway, as root",
		"a whole house with its secrets is given to root alone");
	return false;
}

static void fail(struct api_request *r, int error)
{
	static const char next_new[] = "install a Cardea that is as new as the one that made it";
	static const char next_file[] = "take another backup: this one was damaged or altered";

	if (error == -EBUSY)
		api_fail(r, 409, "try again in a minute; settings that wait: `cardea config "
				 "confirm` or `rollback`",
			"another backup or restore is under way, or settings wait to be confirmed");
	else if (error == -EAGAIN)
		api_fail(r, 503, "try again in a second", "the settings are not known yet");
	else if (error == -ENOSPC)
		api_fail(r, 500, "make room in the state folder: it takes three times its size",
			"there is no room for it; nothing has changed");
	else if (error == -ENOENT)
		api_fail(r, 409, "begin again", "there is nothing under way that this belongs to");
	else if (error == CARDEA_ESTALE)
		api_fail(r, 409, next_new, "it was made by a newer Cardea; nothing has changed");
	else if (error == CARDEA_ELIMIT)
		api_fail(r, 413, "remove what is not needed, and try again",
			"it is larger than a house can be; nothing has changed");
	else if (error == CARDEA_EMALFORMED || error == CARDEA_ESIGNATURE ||
		 error == CARDEA_ETRUNCATED)
		api_fail(r, 422, next_file, "this is no whole backup of a house; nothing has "
					    "changed");
	else
		api_fail(r, 500, "look at the log", "nothing has changed: %s",
			error_text(error));
}

/* ---- what is told ---- */

static void write_counts(struct jsonw *j, const char *key, const struct backup_counts *n)
{
	jsonw_key(j, key);
	jsonw_object(j);
	jsonw_kv_u64(j, "devices", n->devices);
	jsonw_kv_u64(j, "overlays", n->overlays);
	jsonw_kv_u64(j, "decisions", n->decisions);
	jsonw_kv_u64(j, "profiles", n->profiles);
	jsonw_kv_u64(j, "users", n->users);
	jsonw_kv_u64(j, "cases", n->cases);
	jsonw_kv_u64(j, "vault", n->vault);
	jsonw_object_end(j);
}

static void write_nothing(struct jsonw *j, const char *key)
{
	jsonw_key(j, key);
	jsonw_null(j);
}

static void write_about(struct jsonw *j, const struct backup_about *a)
{
	jsonw_key(j, "about");
	jsonw_object(j);
	jsonw_kv_untrusted(j, "version", a->version);
	jsonw_kv_u64(j, "database", a->schema);
	jsonw_kv_time(j, "made", a->made);
	write_counts(j, "counts", &a->counts);
	jsonw_object_end(j);
}

static void write_digest(struct jsonw *j, const struct backup *b, bool known)
{
	if (known)
		jsonw_kv_string(j, "sha256", b->digest);
	else
		write_nothing(j, "sha256");
}

/* ---- out ---- */

static void write_backup(struct api_request *r, bool made, bool history)
{
	const struct backup *b = &r->pipeline->backup;
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.backup/1");
	jsonw_kv_u64(j, "bytes", made ? b->bytes : 0);
	write_digest(j, b, made);
	jsonw_kv_bool(j, "history", history);
	if (made)
		write_about(j, &b->about);
	else
		write_nothing(j, "about");
	jsonw_object_end(j);
}

void api_make_backup(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	json_t *body = is_root(r) ? api_body(r) : NULL;
	bool history = json_is_true(json_object_get(body, "history"));
	int error = 0;

	if (!body)
		return;
	if (json_object_get(body, "end")) {
		if (p->backup.state == BACKUP_GIVES)
			backup_drop(p);
		write_backup(r, false, false);
	} else if ((error = backup_give(p, history))) {
		fail(r, error);
	} else {
		write_backup(r, true, history);
		if (json_is_true(json_object_get(body, "dry_run")))
			backup_drop(p);
	}
	json_decref(body);
}

static void write_part(struct api_request *r, uint64_t from, const uint8_t *bytes,
	size_t len, char *hex)
{
	struct jsonw *j = &r->json;
	bool more = from + len < r->pipeline->backup.bytes;

	str_to_hex(bytes, len, hex);
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.backup.part/1");
	jsonw_kv_u64(j, "from", from);
	jsonw_kv_string(j, "part", hex);
	if (more)
		jsonw_kv_u64(j, "next", from + len);
	else
		write_nothing(j, "next");
	jsonw_object_end(j);
}

void api_view_backup(struct api_request *r)
{
	uint8_t *buf;
	char *hex;
	int64_t from = 0;
	size_t len = 0;
	int error;

	if (!is_root(r) || !api_query_number(r, "from", 0, BACKUP_BYTES_MAX, &from))
		return;
	buf = malloc(BACKUP_PART);
	hex = malloc(2 * BACKUP_PART + 1);
	error = buf && hex ? backup_read(r->pipeline, (uint64_t)from, buf, &len) : -ENOMEM;
	if (error)
		fail(r, error);
	else
		write_part(r, (uint64_t)from, buf, len, hex);
	if (buf)
		explicit_bzero(buf, len);
	if (hex)
		explicit_bzero(hex, 2 * len);
	free(buf);
	free(hex);
}

/* ---- in ---- */

struct lists {
	struct jsonw *j;
	enum backup_change open; /* the list that is being written */
};

static void open_list(struct lists *l, enum backup_change what)
{
	static const char *const names[] = {[BACKUP_COMES] = "comes",
		[BACKUP_GOES] = "goes",
		[BACKUP_RENAMED] = "renamed"};

	for (; l->open < what; l->open++) {
		jsonw_array_end(l->j);
		jsonw_key(l->j, names[l->open + 1]);
		jsonw_array(l->j);
	}
}

static int write_device(void *ctx, enum backup_change what, const char *a, const char *b)
{
	struct lists *l = ctx;

	open_list(l, what);
	if (what != BACKUP_RENAMED) {
		jsonw_untrusted(l->j, str_untrusted(a));
		return 0;
	}
	jsonw_object(l->j);
	jsonw_kv_untrusted(l->j, "from", a);
	jsonw_kv_untrusted(l->j, "to", b);
	jsonw_object_end(l->j);
	return 0;
}

static int write_devices(struct api_request *r)
{
	struct lists l = {&r->json, BACKUP_COMES};
	int error;

	jsonw_key(l.j, "devices");
	jsonw_object(l.j);
	jsonw_key(l.j, "comes");
	jsonw_array(l.j);
	error = store_restore_compare(r->pipeline->store, write_device, &l);
	open_list(&l, BACKUP_RENAMED);
	jsonw_array_end(l.j);
	jsonw_object_end(l.j);
	return error;
}

struct told {
	struct jsonw *j;
	bool kept;
};

/* A password is nothing to read over a shoulder. */
static bool is_secret(const struct config_item *item)
{
	return item->offset == offsetof(struct config, mqtt_password) ||
	       item->offset == offsetof(struct config, webhook_key);
}

static void write_shown(struct jsonw *j, const char *key, const struct config_item *item,
	const struct config *c)
{
	char *text = malloc(CONFIG_VALUE_MAX);

	if (text)
		config_value_print(item, c, text);
	jsonw_kv_untrusted(j, key, is_secret(item) ? "(hidden)" : text ? text : "");
	free(text);
}

static void write_setting(void *ctx, const struct config_item *item,
	const struct config *here, const struct config *there, bool kept)
{
	struct told *t = ctx;
	char name[CONFIG_NAME_MAX];

	if (kept != t->kept)
		return;
	jsonw_object(t->j);
	jsonw_kv_string(t->j, "key", config_item_name(item, name));
	write_shown(t->j, "from", item, here);
	write_shown(t->j, "to", item, there);
	jsonw_object_end(t->j);
}

static int write_settings(
	struct api_request *r, const char *text, size_t len, char why[CONFIG_ERROR_MAX])
{
	struct told t = {.j = &r->json};
	int error = 0;

	jsonw_key(t.j, "settings");
	jsonw_object(t.j);
	for (unsigned i = 0; i < 2 && !error; i++) {
		t.kept = i == 1;
		jsonw_key(t.j, t.kept ? "kept" : "changes");
		jsonw_array(t.j);
		error = backup_settings(
			r->pipeline, text, len, write_setting, &t, NULL, NULL, why);
		jsonw_array_end(t.j);
	}
	jsonw_object_end(t.j);
	return error;
}

static void write_time_of(struct api_request *r, const char *name)
{
	char *text = NULL;
	size_t len = 0;
	int64_t at = 0;

	if (store_restored(r->pipeline->store, name, &text, &len) == 0 &&
		str_to_i64(text, 0, INT64_MAX, &at) == 0)
		jsonw_kv_time(&r->json, name, at);
	else
		write_nothing(&r->json, name);
	free(text);
}

static void write_last(struct api_request *r)
{
	char *digest = NULL;
	size_t len = 0;

	if (store_restored(r->pipeline->store, "digest", &digest, &len)) {
		write_nothing(&r->json, "last");
		return;
	}
	jsonw_key(&r->json, "last");
	jsonw_object(&r->json);
	jsonw_kv_untrusted(&r->json, "sha256", digest);
	write_time_of(r, "made");
	write_time_of(r, "at");
	jsonw_object_end(&r->json);
	free(digest);
}

static void write_kept(struct api_request *r)
{
	struct backup_about kept[STORE_KEPT_MAX];
	size_t count = store_kept(r->pipeline->store, kept);
	struct jsonw *j = &r->json;

	jsonw_key(j, "kept");
	jsonw_array(j);
	for (size_t i = 0; i < count; i++) {
		jsonw_object(j);
		jsonw_kv_time(j, "made", kept[i].made);
		jsonw_kv_untrusted(j, "version", kept[i].version);
		write_counts(j, "counts", &kept[i].counts);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	if (r->pipeline->backup.kept)
		jsonw_kv_time(j, "keeps", r->pipeline->backup.kept);
	else
		write_nothing(j, "keeps");
}

/* What would change: of what is checked. */
static int write_effect(struct api_request *r, char why[CONFIG_ERROR_MAX])
{
	struct backup_counts here = {0};
	char *text = NULL;
	size_t len = 0;
	int error = store_backup_counts(r->pipeline->store, &here);

	write_counts(&r->json, "here", &here);
	if (!error)
		error = write_devices(r);
	if (!error)
		error = store_restore_settings(r->pipeline->store, &text, &len);
	if (!error)
		error = write_settings(r, text, len, why);
	if (text)
		explicit_bzero(text, len);
	free(text);
	return error;
}

static int write_restore(struct api_request *r, char why[CONFIG_ERROR_MAX])
{
	static const char *const states[] = {[BACKUP_IDLE] = "idle",
		[BACKUP_GIVES] = "gives",
		[BACKUP_TAKES] = "takes",
		[BACKUP_CHECKED] = "checked",
		[BACKUP_ENDS] = "ends"};
	const struct backup *b = &r->pipeline->backup;
	bool checked = b->state == BACKUP_CHECKED || b->state == BACKUP_ENDS;
	struct jsonw *j = &r->json;
	int error = 0;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.restore/1");
	jsonw_kv_string(j, "state",
		b->pending && b->state == BACKUP_IDLE ? "settings" : states[b->state]);
	jsonw_kv_u64(j, "bytes", b->state == BACKUP_TAKES ? b->done : b->bytes);
	write_digest(j, b, checked);
	if (checked)
		write_about(j, &b->about);
	else
		write_nothing(j, "about");
	if (b->state == BACKUP_CHECKED) {
		error = write_effect(r, why);
	} else {
		write_nothing(j, "here");
		write_nothing(j, "devices");
		write_nothing(j, "settings");
	}
	write_last(r);
	write_kept(r);
	jsonw_object_end(j);
	return error;
}

/* What cannot be told cannot be done either: settings that do not go together, a disk. */
static void tell(struct api_request *r)
{
	char why[CONFIG_ERROR_MAX] = "", text[LIMIT_TEXT];
	int error = write_restore(r, why);

	if (!error)
		return;
	backup_drop(r->pipeline);
	jsonw_free(&r->json);
	jsonw_init_buffer(&r->json, API_REPLY_MAX);
	if (why[0])
		api_fail(r, 422, "change the settings here first, or take another backup",
			"the settings of the backup cannot be in force here: %s",
			str_escape(str_untrusted(why), text, sizeof(text)));
	else
		fail(r, error);
}

void api_view_restore(struct api_request *r)
{
	if (is_root(r))
		tell(r);
}

/* Checked by the schema: an even number of digits. */
static int take_part(struct pipeline *p, uint64_t from, const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *bytes = malloc(len);
	int error = 0;

	if (!bytes)
		return -ENOMEM;
	if (!str_from_hex(hex, 2 * len, bytes, len))
		error = CARDEA_EMALFORMED;
	if (!error)
		error = backup_part(p, from, bytes, len);
	explicit_bzero(bytes, len);
	free(bytes);
	return error;
}

/* Its form was checked by the schema; what is no day is no house's either. */
static nstime time_of(const json_t *value)
{
	struct tm tm = {0};

	return strptime(json_string_value(value), "%Y-%m-%dT%H:%M:%SZ", &tm)
		       ? (nstime)timegm(&tm) * NS_PER_SEC
		       : -1;
}

static int carry_out(struct pipeline *p, const json_t *body)
{
	const char *part = json_string_value(json_object_get(body, "part"));
	const char *check = json_string_value(json_object_get(body, "check"));
	const char *commit = json_string_value(json_object_get(body, "commit"));
	const json_t *begin = json_object_get(body, "begin");
	const json_t *kept = json_object_get(body, "kept");

	if (begin)
		return backup_take(p, (uint64_t)json_integer_value(begin));
	if (part)
		return take_part(p,
			(uint64_t)json_integer_value(json_object_get(body, "from")), part);
	if (kept)
		return backup_bring_kept(p, time_of(kept));
	if (check)
		return backup_check(p, check);
	if (commit)
		return backup_commit(p, commit);
	if (p->backup.state == BACKUP_TAKES || p->backup.state == BACKUP_CHECKED)
		backup_drop(p);
	return 0;
}

void api_restore(struct api_request *r)
{
	json_t *body = is_root(r) ? api_body(r) : NULL;
	int error;

	if (!body)
		return;
	error = carry_out(r->pipeline, body);
	if (error)
		fail(r, error);
	else
		tell(r);
	json_decref(body);
}
