// SPDX-License-Identifier: GPL-2.0-or-later
/* answer - from replies to values, words and exit codes. */
#include "cli/answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/str.h"
#include "cli/text.h"

enum cli_exit answer_client_error(const struct cli *c, int error)
{
	const char *socket = text_clean(c->socket);

	switch (-error) {
	case ENOENT:
	case ECONNREFUSED:
	case ENOTSOCK:
	case ECONNRESET:
		cli_complain("`cardea start` starts it; --socket PATH looks elsewhere",
			"Cardea is not running: nobody answers at %s", socket);
		return CLI_UNREACHABLE;
	case EACCES:
	case EPERM:
		cli_complain("run it as root, or with sudo", "%s may not be opened: %s",
			socket, error_text(error));
		return CLI_FORBIDDEN;
	case ETIMEDOUT:
		cli_complain("look at its log", "no answer from %s within %d seconds",
			socket, CLIENT_TIMEOUT_S);
		return CLI_TIMEOUT;
	case ENAMETOOLONG:
		cli_complain("a socket's path has at most 107 bytes",
			"the path of the socket is too long");
		return CLI_USAGE;
	default:
		break;
	}
	if (error == CARDEA_ELIMIT)
		cli_complain("ask for less", "the question or its answer is too large");
	else
		cli_complain("is this the control socket of a Cardea of this version?",
			"%s: %s", socket,
			error == CARDEA_EPEER ? "what answers does not speak the "
						"control API"
					      : error_text(error));
	return CLI_FAILED;
}

static enum cli_exit exit_of(unsigned status)
{
	switch (status) {
	case 400:
	case 413:
		return CLI_USAGE;
	case 401:
	case 403:
		return CLI_FORBIDDEN;
	case 404:
		return CLI_NOT_FOUND;
	case 409:
	case 412: /* somebody else changed it meanwhile */
		return CLI_CONFLICT;
	case 408:
	case 410: /* it was there, until the time was over */
	case 504:
		return CLI_TIMEOUT;
	default:
		return CLI_FAILED;
	}
}

enum cli_exit answer_refusal(unsigned status, const json_t *body)
{
	const char *what = answer_text(body, "error");

	if (what[0])
		cli_complain(answer_text(body, "next"), "%s", what);
	else
		cli_complain(NULL, "the daemon answered %u and no more", status);
	return exit_of(status);
}

static const char *answer_status(unsigned status)
{
	char *text = cli_take(12);

	(void)str_print(text, 12, "%u", status);
	return text;
}

enum cli_exit answer_ask(const struct cli *c, const struct client_target *t,
	const char *body, json_t **ret)
{
	struct client_reply r;
	enum cli_exit e = CLI_OK;
	json_t *object;
	nstime start = clock_mono(clock_system());
	int error = client_ask(c->socket, t, body, &r);

	if (c->verbose)
		cli_say(c, "%s %s: %s, %lld ms", body ? "POST" : "GET", t->text,
			error ? error_text(error) : answer_status(r.status),
			(long long)((clock_mono(clock_system()) - start) / NS_PER_MS));
	if (error)
		return answer_client_error(c, error);
	if (r.change)
		cli_noted(r.change, r.can_undo);
	object = json_loadb(r.body, r.body_len, JSON_REJECT_DUPLICATES, NULL);
	if (r.status != 200)
		e = answer_refusal(r.status, object);
	else if (!json_is_object(object))
		e = answer_client_error(c, CARDEA_EPEER);
	client_reply_free(&r);
	if (e != CLI_OK)
		json_decref(object);
	else
		*ret = object;
	return e;
}

enum cli_exit answer_post(const struct cli *c, const struct client_target *t,
	json_t *body, json_t **ret)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	enum cli_exit e = CLI_USAGE;

	if (text)
		e = answer_ask(c, t, text, ret);
	else
		cli_complain("write it in UTF-8", "a word of this command is no text");
	free(text);
	json_decref(body);
	return e;
}

enum cli_exit answer_get(const struct cli *c, const char *path, json_t **ret)
{
	struct client_target t;

	client_target_init(&t, path);
	return answer_ask(c, &t, NULL, ret);
}

enum cli_exit answer_device(const struct cli *c, const char *device, json_t **ret)
{
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/devices");
	client_target_segment(&t, device);
	e = answer_ask(c, &t, NULL, ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, device);
	return e;
}

static void offer_device(struct suggest *s, const char *name)
{
	if (strcasestr(name, s->word) && s->count < SUGGEST_MAX) {
		s->distance[s->count] = 0;
		s->best[s->count++] = name;
		return;
	}
	suggest_offer(s, name);
}

enum cli_exit answer_finish(const struct cli *c, enum cli_exit e, json_t *answer,
	void (*print)(const struct cli *c, const json_t *answer))
{
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		print(c, answer);
	json_decref(answer);
	return e;
}

static bool is_called(const json_t *d, const char *word)
{
	return strcasecmp(answer_raw(d, "name"), word) == 0 ||
	       strcasecmp(answer_raw(d, "mac"), word) == 0;
}

void answer_candidates(const struct cli *c, const char *device)
{
	struct client_target t;
	struct client_reply r;
	struct suggest s = {.word = device};
	bool known = false;
	json_t *list, *d;
	size_t i;

	client_target_init(&t, "/v1/devices");
	if (client_ask(c->socket, &t, NULL, &r))
		return;
	list = json_loadb(r.body, r.body_len, 0, NULL);
	client_reply_free(&r);
	json_array_foreach (json_object_get(list, "devices"), i, d) {
		known = known || is_called(d, device);
		offer_device(&s, answer_raw(d, "name"));
	}
	if (s.count && !known) { /* else something about it was not there */
		fputs("  devices with such names", stderr);
		for (i = 0; i < s.count; i++)
			fprintf(stderr, "%s %s", i ? "," : ":", text_clean(s.best[i]));
		fputc('\n', stderr);
	}
	json_decref(list);
}

enum cli_exit answer_print(const json_t *object)
{
	if (json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII |
					JSON_REAL_PRECISION(12)))
		return CLI_FAILED;
	fputc('\n', stdout);
	return CLI_OK;
}

enum cli_exit answer_would(const struct cli *c, const char *fmt, ...)
{
	char *text = NULL;
	enum cli_exit e = CLI_OK;
	json_t *o;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!text)
		return CLI_FAILED;
	o = c->json ? json_pack("{s:s, s:b, s:s}", "schema", "cardea.would/1", "dry_run", 1,
			      "text", text)
		    : NULL;
	if (c->json)
		e = answer_print(o);
	else
		puts(text);
	json_decref(o);
	free(text);
	return e;
}

enum cli_exit answer_print_jsonw(struct jsonw *j)
{
	const char *text = jsonw_text(j);
	json_t *object = text ? json_loads(text, 0, NULL) : NULL;
	enum cli_exit e = CLI_FAILED;

	if (object)
		e = answer_print(object);
	else
		cli_complain(NULL, "the answer is too large");
	json_decref(object);
	jsonw_free(j);
	return e;
}

const char *answer_raw(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

const char *answer_text(const json_t *object, const char *key)
{
	return text_clean(answer_raw(object, key));
}

long long answer_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool answer_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
