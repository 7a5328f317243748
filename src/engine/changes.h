// SPDX-License-Identifier: GPL-2.0-or-later
/* changes - what was changed by the control API, and the way back for 24 hours: the inverse
 * is a request of the same API, stored when the change is made, and sent through the same
 * route when somebody wants it.
 *
 * A view that has changed something (no dry run, no failure, and something is different now)
 * says so with api_changed, once. */
#ifndef CARDEA_ENGINE_CHANGES_H
#define CARDEA_ENGINE_CHANGES_H

#include <jansson.h>
#include <stdbool.h>
#include "base/error.h"
#include "base/str.h"
#include "model/change.h"

struct api_request;
struct pipeline;

/* The short form: what was changed is the first member of the undo's body, of the thing in
 * its path ("/v1/devices/7", {"name":"lamp"}: the name of device 7). undo_path NULL: there
 * is no way back, and undo_body says why, in a sentence. */
void api_changed(struct api_request *r, const char *sentence, const char *undo_method,
	const char *undo_path, const char *undo_body);

struct api_change {
	const char *command; /* what does the same, see api_command; or NULL */
	/* What it is about, where it is not one member of the thing in the path; a later
	 * change of the same is to be undone first. "": of nothing else. */
	const char *about;
	const char *path;    /* POST there */
	json_t *undo;	     /* takes it back; taken, also on failure */
	const char *why_not; /* in place of path and undo */
};
void api_changed_by(struct api_request *r, const struct api_change *c, const char *fmt, ...)
	CARDEA_PRINTF(3, 4);

/* "cardea", then the words up to NULL, each quoted for a shell where it has to be. */
struct api_command {
	char text[CHANGE_COMMAND_MAX];
};
const char *api_command(struct api_command *c, ...) __attribute__((sentinel));
/* One flag more, unless value is empty. */
void api_command_flag(struct api_command *c, const char *flag, const char *value);

/* "/v1/NOUN/OBJECT", of a device by its MAC, which it keeps; NULL: too long. */
struct api_path {
	char text[CHANGE_PATH_MAX];
};
struct device;
const char *api_path(struct api_path *p, const char *noun, const char *object);
const char *api_path_of(struct api_path *p, const char *noun, const struct device *d);

/* Why this cannot be undone now, in *ret_why; true: it can. */
bool changes_can_undo(
	struct pipeline *p, const struct change *c, char ret_why[LIMIT_TEXT]);
/* What was changed for a while is over by itself: nobody can take it back any more, and the
 * list says so. path: what would have taken it back. */
int changes_over(
	struct pipeline *p, const char *path, const char *sentence) CARDEA_MUSTCHECK;
/* c is stored: what was undone by it, or holds again. */
int changes_link(struct pipeline *p, const struct change *c) CARDEA_MUSTCHECK;

#endif
