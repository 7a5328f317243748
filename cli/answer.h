// SPDX-License-Identifier: GPL-2.0-or-later
/* answer - a reply of the control API as a JSON object, or as an exit code and words.
 */
#ifndef CARDEA_CLI_ANSWER_H
#define CARDEA_CLI_ANSWER_H

#include "cli/cli.h"
#include "cli/client.h"

/* GET, or POST with a body. On failure what, where and what next were said. */
enum cli_exit answer_ask(const struct cli *c, const struct client_target *t,
	const char *body, json_t **ret);
/* POST; takes the body, which is NULL when a word in it is no UTF-8. */
enum cli_exit answer_post(const struct cli *c, const struct client_target *t,
	json_t *body, json_t **ret);
/* GET of a path without query. */
enum cli_exit answer_get(const struct cli *c, const char *path, json_t **ret);
/* GET /v1/devices/DEVICE; when there is none, the ones that may have been meant. */
enum cli_exit answer_device(const struct cli *c, const char *device, json_t **ret);
/* The end of most commands: as JSON, or as print tells it; the answer is gone. */
enum cli_exit answer_finish(const struct cli *c, enum cli_exit e, json_t *answer,
	void (*print)(const struct cli *c, const json_t *answer));
/* After a 404 about a device. */
void answer_candidates(const struct cli *c, const char *device);
/* The words and the exit code for an error of the client. */
enum cli_exit answer_client_error(const struct cli *c, int error);
/* The words and the exit code for a reply that is not 200. */
enum cli_exit answer_refusal(unsigned status, const json_t *body);

/* What a dry run would do, a sentence: as text, or with --json as an object with it. */
enum cli_exit answer_would(const struct cli *c, const char *fmt, ...) CARDEA_PRINTF(2, 3);
/* One object on stdout, all but ASCII escaped: a terminal may read along. */
enum cli_exit answer_print(const json_t *object);
/* What a jsonw buffer holds, the same way; frees it. */
enum cli_exit answer_print_jsonw(struct jsonw *j);

/* Members of an object, forgiving: "", 0 and false for what is not there. Text is
 * clean. */
const char *answer_text(const json_t *object, const char *key);
const char *answer_raw(const json_t *object, const char *key);
long long answer_number(const json_t *object, const char *key);
bool answer_true(const json_t *object, const char *key);

#endif
