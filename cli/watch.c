// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea watch - stays, and shows what is refused, what happens, or who talks. */
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/str.h"
#include "cli/events.h"
#include "cli/text.h"

#define FLOWS_EVERY_S 2
#define FLOWS_MAX 1024 /* peers of one device that are remembered; the API lists fewer */
#define KEY_MAX 400

struct wanted {
	const char *mac; /* "": all */
	bool verdicts;
};

static bool is_verdict(const char *kind)
{
	static const char *const kinds[] = {
		"violation", "refused", "name-refused", "address-conflict", "names-hidden"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static bool is_wanted(const void *ctx, const json_t *e)
{
	const struct wanted *w = ctx;

	return (!w->verdicts || is_verdict(answer_raw(e, "kind"))) &&
	       (!w->mac[0] || strcmp(answer_raw(e, "mac"), w->mac) == 0);
}

static enum cli_exit watch_events(struct cli *c, bool verdicts)
{
	struct client_stream *s = NULL;
	json_t *device = NULL;
	enum cli_exit e = CLI_OK;

	if (args_flag(c, "device"))
		e = answer_device(c, args_flag(c, "device"), &device);
	if (e == CLI_OK)
		e = events_open(c, &s);
	if (e == CLI_OK)
		cli_say(c, "Waiting for %s; ^C ends it.",
			verdicts ? "what is refused" : "what happens");
	if (e == CLI_OK)
		e = events_follow(c, s, is_wanted,
			&(struct wanted){answer_raw(device, "mac"), verdicts});
	client_stream_free(s);
	json_decref(device);
	return e;
}

/* ---- flows: what changed in whom a device talks with ---- */

static void key_of(const json_t *peer, char key[KEY_MAX])
{
	(void)!str_print(key, KEY_MAX, "%.200s|%.64s|%.16s|%lld|%d",
		answer_raw(peer, "name"), answer_raw(peer, "address"),
		answer_raw(peer, "proto"), answer_number(peer, "port"),
		answer_true(peer, "inbound"));
}

/* Grows with every packet or try. */
static long long volume(const json_t *peer)
{
	return answer_number(peer, "up") + answer_number(peer, "down") +
	       answer_number(peer, "count") + answer_number(peer, "refused");
}

static void print_flow(const json_t *peer)
{
	const char *verdict = answer_text(peer, "verdict"), *name = answer_text(peer, "name");
	enum text_style style = strcmp(verdict, "blocked") == 0 ? STYLE_BAD
				: strcmp(verdict, "waits") == 0 ? STYLE_WARN
								: STYLE_PLAIN;
	char now[32];
	time_t t = time(NULL);
	struct tm tm;

	(void)strftime(now, sizeof(now), "%H:%M:%S", localtime_r(&t, &tm));
	printf("%s  %s%s%s  %s %s %s:%lld  up %lld, down %lld\n", now, text_on(style), verdict,
		text_off(style), answer_true(peer, "inbound") ? "from" : "to",
		answer_text(peer, "proto"), name[0] ? name : answer_text(peer, "address"),
		answer_number(peer, "port"), answer_number(peer, "up"),
		answer_number(peer, "down"));
}

/* What is there at the start is only remembered. */
static void take_flows(const struct cli *c, json_t *seen, const json_t *answer, bool first)
{
	char key[KEY_MAX];
	json_t *peer;
	size_t i;

	json_array_foreach (json_object_get(answer, "peers"), i, peer) {
		long long now = volume(peer);

		key_of(peer, key);
		if (i == FLOWS_MAX || answer_number(seen, key) == now)
			continue;
		json_object_set_new(seen, key, json_integer(now));
		if (first)
			continue;
		if (c->json || args_flag(c, "jsonl"))
			(void)answer_print(peer);
		else
			print_flow(peer);
	}
}

static enum cli_exit watch_flows(struct cli *c)
{
	const struct timespec pause = {.tv_sec = FLOWS_EVERY_S};
	const char *device = args_flag(c, "device");
	json_t *seen = json_object(), *answer = NULL;
	struct client_target t;
	enum cli_exit e = CLI_OK;

	if (!device) {
		cli_complain("cardea watch flows --device kitchen-cam", "whose flows?");
		json_decref(seen);
		return CLI_USAGE;
	}
	client_target_init(&t, "/v1/talks");
	client_target_segment(&t, device);
	client_target_query(&t, "hours", "1");
	for (bool first = true; e == CLI_OK; first = false) {
		e = answer_ask(c, &t, NULL, &answer);
		if (e == CLI_OK) {
			take_flows(c, seen, answer, first);
			json_decref(answer);
			cli_forget();
			if (fflush(stdout))
				e = CLI_FAILED;
			else
				nanosleep(&pause, NULL);
		}
	}
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, device);
	json_decref(seen);
	return e;
}

enum cli_exit watch_run(struct cli *c)
{
	const char *what = c->arg_count ? c->args[0] : "verdicts";

	if (strcmp(what, "flows") == 0)
		return watch_flows(c);
	if (strcmp(what, "verdicts") == 0 || strcmp(what, "events") == 0)
		return watch_events(c, what[0] == 'v');
	cli_complain("one of flows, verdicts, events", "\"%s\" is nothing to watch",
		text_clean(what));
	return CLI_USAGE;
}
