// SPDX-License-Identifier: GPL-2.0-or-later
/* password - read without an echo, and made a key before it leaves this program. */
#ifndef CARDEA_CLI_PASSWORD_H
#define CARDEA_CLI_PASSWORD_H

#include "cli/cli.h"
#include "model/people.h"

#define PASSWORD_ROOM (PEOPLE_PASSWORD_MAX + 2)

/* The first line; false: there is none, or it is too long. */
bool password_line(int fd, char ret[PASSWORD_ROOM]);
/* Says so when it is too short or too long. */
enum cli_exit password_fits(const char *password);
/* Asks for a new one, twice on a terminal; else it is the first line of stdin. What is wrong
 * with it was said. */
enum cli_exit password_new(const char *prompt, char ret[PASSWORD_ROOM]);
/* One that exists. */
enum cli_exit password_old(const char *prompt, char ret[PASSWORD_ROOM]);
/* Asks for a new one for that user, twice on a terminal; else it is the first line of stdin.
 * ret: 64 hex digits. What is wrong with it was said. */
enum cli_exit password_key(struct cli *c, const char *user, char ret[PEOPLE_HEX]);

#endif
