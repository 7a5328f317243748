// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* people - roles by name, names of users, and secrets as text. */
#include "model/people.h"

#include <string.h>

const char *people_role_name(enum people_role r)
{
	switch (r) {
	case PEOPLE_VIEWER:
		return "viewer";
	case PEOPLE_OWNER:
		return "owner";
	case PEOPLE_ISP:
		return "isp";
	case PEOPLE_NOBODY:
	case PEOPLE_ROLE_MAX:
		break;
	}
	return "nobody";
}

bool people_role_parse(const char *text, enum people_role *ret)
{
	for (unsigned r = PEOPLE_NOBODY + 1; r < PEOPLE_ROLE_MAX; r++) {
		if (strcmp(text, people_role_name((enum people_role)r)) != 0)
			continue;
		*ret = (enum people_role)r;
		return true;
	}
	return false;
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool people_name_is_sound(const char *name)
{
	size_t len = strnlen(name, LIMIT_USER);

	/* what changed something says who asked: root is who has the control socket */
	if (!len || len == LIMIT_USER || !is_letter(name[0]) || !strcmp(name, "root"))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_letter(name[i]) && !is_digit(name[i]) &&
			(i + 1 == len || !strchr("-_.", name[i])))
			return false;
	return true;
}

/* Without I, L, O and U, as Crockford's base 32 has it: three of them are taken for digits,
 * and the fourth makes words. */
static const char setup_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static char setup_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c | 0x20);
	if (c == 'o')
		return '0';
	if (c == 'i' || c == 'l')
		return '1';
	return c && strchr(setup_digits, c) ? c : 0;
}

bool people_setup_read(const char *typed, char ret[PEOPLE_SETUP_TEXT])
{
	size_t n = 0, len = 0;

	for (; *typed; typed++) {
		char c = setup_digit(*typed);

		if (*typed == ' ' || *typed == '-')
			continue;
		if (!c || n == PEOPLE_SETUP_DIGITS)
			return false;
		if (n && n % 4 == 0)
			ret[len++] = '-';
		ret[len++] = c;
		n++;
	}
	ret[len] = 0;
	return n == PEOPLE_SETUP_DIGITS;
}

void people_setup_make(const uint8_t random[PEOPLE_SETUP_DIGITS], char ret[PEOPLE_SETUP_TEXT])
{
	char digits[PEOPLE_SETUP_DIGITS + 1];

	for (size_t i = 0; i < PEOPLE_SETUP_DIGITS; i++)
		digits[i] = setup_digits[random[i] & 31];
	digits[PEOPLE_SETUP_DIGITS] = 0;
	(void)people_setup_read(digits, ret);
}
