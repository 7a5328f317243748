// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea report - what makers are told, and telling them now. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/answer.h"
#include "cli/text.h"

/* The gateway gives a server less than this. */
#define WAIT_MS 70000
#define WAIT_STEP_MS 200

static enum cli_exit get(const struct cli *c, const char *device, json_t **ret)
{
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/reports");
	client_target_query(&t, "device", device);
	e = answer_ask(c, &t, NULL, ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, device);
	return e;
}

/* The bytes alone on stdout, so that they can be looked at with other tools. What they
 * hold was escaped by whoever made them JSON. */
static enum cli_exit print_body(const struct cli *c, const json_t *report)
{
	const char *body = answer_raw(report, "body");

	if (!body[0]) {
		cli_complain("`cardea device show` says what is missing",
			"there is nothing to report about %s: %s",
			answer_text(report, "device"), answer_text(report, "why"));
		return CLI_CONFLICT;
	}
	puts(body);
	if (answer_true(report, "sent"))
		cli_say(c, "This is sent once a day to %s.", answer_text(report, "uri"));
	else
		cli_say(c, "This is not sent: %s.", answer_text(report, "why"));
	return CLI_OK;
}

enum cli_exit report_preview(struct cli *c)
{
	json_t *report = NULL;
	enum cli_exit e = get(c, c->args[0], &report);

	if (e == CLI_OK)
		e = c->json ? answer_print(report) : print_body(c, report);
	json_decref(report);
	return e;
}

static enum cli_exit begin(const struct cli *c, const char *device, json_t **ret)
{
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/reports");
	e = answer_post(c, &t, json_pack("{s:s}", "device", device), ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, device);
	return e;
}

/* Until the gateway knows what became of it. */
static enum cli_exit wait_end(const struct cli *c, json_t **report)
{
	struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000L};
	enum cli_exit e = CLI_OK;

	for (int ms = 0; ms < WAIT_MS && answer_true(*report, "running");
		ms += WAIT_STEP_MS) {
		char *mac = strdup(answer_raw(*report, "mac"));

		nanosleep(&step, NULL);
		json_decref(*report);
		*report = NULL;
		e = mac ? get(c, mac, report) : CLI_FAILED;
		free(mac);
		if (e != CLI_OK)
			return e;
	}
	return answer_true(*report, "running") ? CLI_TIMEOUT : CLI_OK;
}

static enum cli_exit say_end(const struct cli *c, const json_t *report)
{
	if (strcmp(answer_raw(report, "outcome"), "delivered") != 0) {
		cli_complain("`cardea report preview` shows what was to be sent",
			"the report about %s was not taken: %s",
			answer_text(report, "device"), answer_text(report, "text"));
		return CLI_FAILED;
	}
	if (c->json)
		return answer_print(report);
	printf("the report about %s was taken by %s\n", answer_text(report, "device"),
		answer_text(report, "uri"));
	return CLI_OK;
}

static enum cli_exit say_dry(const struct cli *c, const json_t *report)
{
	if (c->json)
		return answer_print(report);
	if (answer_true(report, "sent"))
		printf("would be sent to %s: %zu bytes\n", answer_text(report, "uri"),
			strlen(answer_raw(report, "body")));
	else
		printf("would not be sent: %s\n", answer_text(report, "why"));
	return answer_true(report, "sent") ? CLI_OK : CLI_CONFLICT;
}

enum cli_exit report_send(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *report = NULL;
	enum cli_exit e = dry ? get(c, c->args[0], &report)
			      : begin(c, c->args[0], &report);

	if (e == CLI_OK && dry)
		e = say_dry(c, report);
	else if (e == CLI_OK)
		e = wait_end(c, &report);
	if (e == CLI_TIMEOUT)
		cli_complain("`cardea events` will say it", "no outcome yet");
	else if (e == CLI_OK && !dry)
		e = say_end(c, report);
	json_decref(report);
	return e;
}
