// SPDX-License-Identifier: GPL-2.0-or-later
/* args - the command line, read against the table. Flags may stand anywhere. */
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "cli/text.h"

struct args {
	struct cli *cli;
	int argc;
	char **argv;
	unsigned word_count;
};

static const struct cli_flag *find_in(
	const struct cli_flag *flags, const char *name, size_t len)
{
	for (; flags->name; flags++)
		if (strlen(flags->name) == len && strncmp(flags->name, name, len) == 0)
			return flags;
	return NULL;
}

/* A name means the same in every command that has it, so that it can be read before the
 * command is known. */
static const struct cli_flag *find_anywhere(const char *name, size_t len)
{
	const struct cli_flag *f = find_in(commands_global, name, len);

	for (size_t i = 0; !f && commands_at(i); i++)
		f = find_in(commands_at(i)->flags, name, len);
	return f;
}

/* Where the noun is known already, its own flags were meant. */
static enum cli_exit unknown_flag(const struct args *a, const char *flag)
{
	const char *noun = a->word_count ? a->cli->words[0] : NULL;
	bool known = noun && commands_has_noun(noun);

	size_t dashes = strspn(flag, "-");
	struct suggest s = {.word = flag + dashes};

	fprintf(stderr, "cardea: there is no flag \"%s\"", text_clean(flag));
	for (const struct cli_flag *f = commands_global; f->name; f++)
		suggest_offer(&s, f->name);
	for (size_t i = 0; commands_at(i); i++)
		if (!known || strcmp(commands_at(i)->noun, noun) == 0)
			for (const struct cli_flag *f = commands_at(i)->flags; f->name; f++)
				suggest_offer(&s, f->name);
	suggest_print(&s);
	return CLI_USAGE;
}

static enum cli_exit take_flag(
	struct args *a, const struct cli_flag *f, const char *value)
{
	struct cli *c = a->cli;

	c->given[c->given_count].flag = f;
	c->given[c->given_count++].value = value ? value : "";
	return CLI_OK;
}

static bool takes_many(const struct cli_flag *f)
{
	size_t len = f->value ? strlen(f->value) : 0;

	return len > 3 && strcmp(f->value + len - 3, "...") == 0;
}

/* The words behind --FLAG; of all but FILES... there is one. */
static enum cli_exit take_values(struct args *a, const struct cli_flag *f, int *i)
{
	enum cli_exit e = take_flag(a, f, a->argv[++*i]);

	while (takes_many(f) && *i + 1 < a->argc && a->argv[*i + 1][0] != '-')
		e = take_flag(a, f, a->argv[++*i]);
	return e;
}

static enum cli_exit read_long(struct args *a, int *i)
{
	const char *name = a->argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct cli_flag *f = find_anywhere(name, len);

	if (!f)
		return unknown_flag(a, a->argv[*i]);
	if (!f->value && equals) {
		cli_complain(NULL, "--%s takes no value", f->name);
		return CLI_USAGE;
	}
	if (!f->value || equals)
		return take_flag(a, f, equals ? equals + 1 : NULL);
	if (*i + 1 == a->argc) {
		cli_complain(NULL, "--%s wants a value: --%s %s", f->name, f->name,
			f->value);
		return CLI_USAGE;
	}
	return take_values(a, f, i);
}

static enum cli_exit read_short(struct args *a, const char *text)
{
	static const struct {
		const char *text, *name;
	} shorts[] = {{"-q", "quiet"}, {"-h", "help"}, {"-V", "version"},
		{"-v", "verbose"}};

	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++)
		if (strcmp(text, shorts[i].text) == 0)
			return take_flag(a,
				find_anywhere(shorts[i].name, strlen(shorts[i].name)),
				NULL);
	return unknown_flag(a, text);
}

static enum cli_exit read_words(struct args *a)
{
	bool only_words = false;
	enum cli_exit e = CLI_OK;

	for (int i = 1; i < a->argc && e == CLI_OK; i++) {
		const char *text = a->argv[i];

		if (!only_words && strcmp(text, "--") == 0)
			only_words = true;
		else if (!only_words && strncmp(text, "--", 2) == 0)
			e = read_long(a, &i);
		else if (!only_words && text[0] == '-' && text[1])
			e = read_short(a, text);
		else
			a->cli->words[a->word_count++] = text;
	}
	return e;
}

static void apply_global(struct cli *c)
{
	if (args_flag(c, "socket")) {
		c->socket = args_flag(c, "socket");
		c->socket_given = true;
	}
	c->json = args_flag(c, "json") != NULL;
	c->quiet = args_flag(c, "quiet") != NULL;
	c->verbose = args_flag(c, "verbose") != NULL;
	c->no_color = args_flag(c, "no-color") != NULL;
	c->help = args_flag(c, "help") != NULL;
	c->version = args_flag(c, "version") != NULL;
}

static enum cli_exit unknown_noun(const char *noun)
{
	struct suggest s = {.word = noun};

	fprintf(stderr, "cardea: there is no command \"%s\"", text_clean(noun));
	for (size_t i = 0; commands_at(i); i++)
		if (!commands_at(i)->hidden)
			suggest_offer(&s, commands_at(i)->noun);
	suggest_print(&s);
	fputs("  next: `cardea help` shows all commands\n", stderr);
	return CLI_USAGE;
}

static enum cli_exit unknown_verb(const char *noun, const char *verb)
{
	struct suggest s = {.word = verb};

	if (!verb) {
		fprintf(stderr, "cardea: %s what?\n\n", noun);
		help_noun(noun, stderr);
		return CLI_USAGE;
	}
	fprintf(stderr, "cardea: there is no command \"%s %s\"", noun,
		text_clean(verb));
	for (size_t i = 0; commands_at(i); i++)
		if (strcmp(commands_at(i)->noun, noun) == 0 && commands_at(i)->verb)
			suggest_offer(&s, commands_at(i)->verb);
	suggest_print(&s);
	fprintf(stderr, "  next: `cardea help %s` shows what there is\n", noun);
	return CLI_USAGE;
}

/* The words in front say which command; no word at all is status. */
static enum cli_exit find_command(struct args *a, unsigned *ret_used)
{
	const char *noun = a->word_count ? a->cli->words[0] : "status";
	const char *verb = a->word_count > 1 ? a->cli->words[1] : NULL;

	if (!commands_has_noun(noun))
		return unknown_noun(noun);
	a->cli->noun = noun;
	*ret_used = a->word_count > 0;
	if (!commands_has_verbs(noun)) {
		a->cli->command = commands_find(noun, NULL);
		return CLI_OK;
	}
	if (a->cli->help && !verb)
		return CLI_OK;
	a->cli->command = verb ? commands_find(noun, verb) : NULL;
	*ret_used = 2;
	return a->cli->command ? CLI_OK : unknown_verb(noun, verb);
}

static enum cli_exit wrong_usage(const struct command *cmd, const char *what)
{
	cli_complain(NULL, "%s%s%s: %s", cmd->noun, cmd->verb ? " " : "",
		cmd->verb ? cmd->verb : "", what);
	fputc('\n', stderr);
	help_command(cmd, stderr);
	return CLI_USAGE;
}

static enum cli_exit check_flags(const struct cli *c)
{
	for (unsigned i = 0; i < c->given_count; i++) {
		const char *name = c->given[i].flag->name;

		if (!commands_flag(c->command, name)) {
			fprintf(stderr, "cardea: --%s: ", name);
			return wrong_usage(c->command, "it has no such flag");
		}
	}
	return CLI_OK;
}

static enum cli_exit take_operands(struct args *a, unsigned used)
{
	struct cli *c = a->cli;
	unsigned count = a->word_count - used;

	if (count < c->command->args_min)
		return wrong_usage(c->command, "something is missing");
	if (count > c->command->args_max)
		return wrong_usage(c->command, "that is too much");
	c->args = c->words + used;
	for (unsigned i = 0; i < count; i++)
		if (!c->args[i][0])
			return wrong_usage(c->command, "an empty word names nothing");
	c->arg_count = count;
	return CLI_OK;
}

enum cli_exit args_read(struct cli *c, int argc, char **argv)
{
	size_t room = (size_t)argc + CLI_ARGS_MAX;
	struct args a = {.cli = c, .argc = argc, .argv = argv};
	unsigned used = 0;
	enum cli_exit e;

	c->words = calloc(room, sizeof(*c->words));
	c->given = calloc(room, sizeof(*c->given));
	if (!c->words || !c->given) {
		cli_complain(NULL, "no memory left");
		return CLI_FAILED;
	}
	e = read_words(&a);

	apply_global(c);
	if (e != CLI_OK || c->version || (c->help && a.word_count == 0))
		return e;
	e = find_command(&a, &used);
	if (e != CLI_OK || c->help)
		return e;
	e = check_flags(c);
	return e == CLI_OK ? take_operands(&a, used) : e;
}

void args_free(struct cli *c)
{
	free(c->words);
	free(c->given);
}

const char *args_flag_at(const struct cli *c, const char *name, unsigned index)
{
	for (unsigned i = 0; i < c->given_count; i++)
		if (strcmp(c->given[i].flag->name, name) == 0 && index-- == 0)
			return c->given[i].value;
	return NULL;
}

const char *args_flag(const struct cli *c, const char *name)
{
	const char *value = NULL, *next;

	for (unsigned i = 0; (next = args_flag_at(c, name, i)); i++)
		value = next;
	return value;
}
