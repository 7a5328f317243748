// SPDX-License-Identifier: GPL-2.0-or-later
/* web_login - the one body that is read here: passwords become keys in this process, where
 * their computation stops nobody else, and never reach the engine. Pure. */
#ifndef CARDEA_PROC_WEB_LOGIN_H
#define CARDEA_PROC_WEB_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include "model/people.h"
#include "proc/web_http.h"

/* Members of such a body. */
#define WEB_LOGIN_MEMBERS 16

/* "password" and "old_password", which become "key" and "old_key". */
enum web_secret { WEB_SECRET, WEB_SECRET_OLD, WEB_SECRETS };

struct web_password {
	bool there;
	size_t len;
	char text[PEOPLE_PASSWORD_MAX + 1];
	/* of the member, from the quotation mark of its name to the end of its value */
	size_t from, to;
};

struct web_login {
	char user[LIMIT_USER]; /* by "user" or "name"; empty: none is named */
	struct web_password passwords[WEB_SECRETS];
};

/* A JSON object without objects or arrays in it. chosen: "password" is set, not tried; its
 * length is looked at here, since the engine sees a key. NULL, or what is wrong with it. */
const struct web_problem *web_login_read(
	const char *body, size_t len, bool chosen, struct web_login *ret);
bool web_login_has_password(const struct web_login *l);
/* The same body with keys in the places of passwords; its length, 0: no room. */
size_t web_login_write(const char *body, size_t len, const struct web_login *l,
	const char *const keys[WEB_SECRETS], char *buf, size_t size);

#endif
