// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of commands: one row in a commands_*.c is dispatched, explained, completed. */
#include "cli/commands_priv.h"

#include <string.h>

const struct cli_flag commands_global[] = {
	{"socket", "PATH", "the control socket (or $CARDEA_SOCKET)", COMPLETE_FILE},
	{"json", NULL, "one JSON object on stdout", 0},
	{"quiet", NULL, "no talk on stderr but errors; also -q", 0},
	{"verbose", NULL, "on stderr what is asked of the daemon, and how long it took; also -v",
		0},
	{"no-color", NULL, "no colour; also when NO_COLOR is set", 0},
	{"help", NULL, "how to use it; also -h", 0},
	{"version", NULL, "the version; also -V", 0},
	{NULL, NULL, NULL, 0},
};

static const struct command *const parts[] = {
	commands_house, commands_policy, commands_profile, commands_gateway};

const struct command *commands_at(size_t index)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const struct command *c = parts[i]; c->noun; c++)
			if (index-- == 0)
				return c;
	return NULL;
}

const struct command *commands_find(const char *noun, const char *verb)
{
	const struct command *c;

	for (size_t i = 0; (c = commands_at(i)); i++)
		if (strcmp(c->noun, noun) == 0 &&
			(verb ? c->verb && strcmp(c->verb, verb) == 0 : !c->verb))
			return c;
	return NULL;
}

bool commands_has_noun(const char *noun)
{
	for (size_t i = 0; commands_at(i); i++)
		if (strcmp(commands_at(i)->noun, noun) == 0)
			return true;
	return false;
}

bool commands_has_verbs(const char *noun)
{
	return commands_has_noun(noun) && !commands_find(noun, NULL);
}

const struct cli_flag *commands_flag(const struct command *c, const char *name)
{
	for (const struct cli_flag *f = commands_global; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	for (const struct cli_flag *f = c->flags; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
