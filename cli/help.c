// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea help - made from the table of commands; an example comes first. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/text.h"

#define FLAG_WIDTH 20
#define COMMAND_WIDTH 16

static const struct {
	int code;
	const char *text;
} exits[] = {
	{CLI_OK, "done, or the answer is yes"},
	{CLI_FAILED, "it failed"},
	{CLI_USAGE, "the question was not understood"},
	{CLI_UNREACHABLE, "Cardea is not running"},
	{CLI_NOT_FOUND, "there is no such thing"},
	{CLI_CONFLICT, "it collides with what is there"},
	{CLI_NO, "the answer is no: blocked, or something was found"},
	{CLI_FORBIDDEN, "not allowed: not to you (be root), or not at all"},
	{CLI_TIMEOUT, "it took too long, or was rolled back"},
	{CLI_INTERRUPTED, "you interrupted it (^C)"},
};

static void print_flags(const struct cli_flag *flags, FILE *out)
{
	char text[64];

	for (; flags->name; flags++) {
		(void)str_print(text, sizeof(text), "--%s%s%s", flags->name,
			flags->value ? " " : "", flags->value ? flags->value : "");
		fprintf(out, "  %-*s  %s\n", FLAG_WIDTH, text, flags->help);
	}
}

static const char *full_name(const struct command *c)
{
	size_t size = strlen(c->noun) + (c->verb ? strlen(c->verb) : 0) + 2;
	char *out = cli_take(size);

	(void)str_print(out, size, "%s%s%s", c->noun, c->verb ? " " : "",
		c->verb ? c->verb : "");
	return out;
}

void help_command(const struct command *c, FILE *out)
{
	fprintf(out, "%s\n\n", c->example);
	fprintf(out, "cardea %s%s%s%s\n  %s\n", full_name(c), c->operands[0] ? " " : "",
		c->operands, c->flags[0].name ? " [FLAGS]" : "", c->summary);
	if (c->flags[0].name) {
		fputc('\n', out);
		print_flags(c->flags, out);
	}
	fputs("\n`cardea help` shows the flags that every command has.\n", out);
}

void help_noun(const char *noun, FILE *out)
{
	const struct command *c;

	for (size_t i = 0; (c = commands_at(i)); i++)
		if (strcmp(c->noun, noun) == 0)
			fprintf(out, "  cardea %-*s  %s\n", COMMAND_WIDTH, full_name(c),
				c->summary);
}

void help_all(FILE *out)
{
	const struct command *c;

	fputs("cardea status\n\ncardea NOUN [VERB] [OBJECT] [--FLAGS]\n"
	      "  A device is called by its name, MAC, address or id.\n\n",
		out);
	for (size_t i = 0; (c = commands_at(i)); i++)
		if (!c->hidden)
			fprintf(out, "  %-*s  %s\n", COMMAND_WIDTH, full_name(c),
				c->summary);
	fputs("\nFlags of every command:\n", out);
	print_flags(commands_global, out);
	fputs("\nExit codes:\n", out);
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
		fprintf(out, "  %d  %s\n", exits[i].code, exits[i].text);
}

static json_t *flags_json(const struct cli_flag *flags)
{
	json_t *list = json_array();

	for (; flags->name; flags++)
		json_array_append_new(
			list, json_pack("{s:s, s:s?, s:s}", "name", flags->name,
				      "value", flags->value, "help", flags->help));
	return list;
}

static json_t *exits_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
		json_array_append_new(list, json_pack("{s:i, s:s}", "code", exits[i].code,
						    "text", exits[i].text));
	return list;
}

/* How many operands it takes at most; null: any number. */
static json_t *most_json(const struct command *c)
{
	return c->args_max == CLI_ARGS_ANY ? json_null() : json_integer(c->args_max);
}

static enum cli_exit help_json(void)
{
	static const char *const does[] = {[DOES_READ] = "read", [DOES_CHANGE] = "change",
		[DOES_DANGER] = "danger", [DOES_MAKE] = "make"};
	json_t *list = json_array(), *o;
	const struct command *c;
	enum cli_exit e;

	for (size_t i = 0; (c = commands_at(i)); i++)
		json_array_append_new(list,
			json_pack("{s:s, s:s?, s:s, s:i, s:o, s:s, s:s, s:b, s:s, s:s?, s:o}",
				"noun", c->noun, "verb", c->verb, "operands", c->operands,
				"least", (int)c->args_min, "most", most_json(c), "summary",
				c->summary, "example", c->example, "hidden", c->hidden,
				"does", does[c->does], "gives", c->gives, "flags",
				flags_json(c->flags)));
	o = json_pack("{s:s, s:o, s:o, s:o}", "schema", "cardea.help/1", "flags",
		flags_json(commands_global), "exits", exits_json(), "commands", list);
	e = answer_print(o);
	json_decref(o);
	return e;
}

enum cli_exit help_run(struct cli *c)
{
	const struct command *found;

	if (c->json)
		return help_json();
	if (c->arg_count == 0) {
		help_all(stdout);
		return CLI_OK;
	}
	found = commands_find(c->args[0], c->arg_count > 1 ? c->args[1] : NULL);
	if (found)
		help_command(found, stdout);
	else if (c->arg_count == 1 && commands_has_noun(c->args[0]))
		help_noun(c->args[0], stdout);
	else
		cli_complain("`cardea help` shows all commands",
			"there is no command \"%s%s%s\"", text_clean(c->args[0]),
			c->arg_count > 1 ? " " : "",
			c->arg_count > 1 ? text_clean(c->args[1]) : "");
	return found || (c->arg_count == 1 && commands_has_noun(c->args[0]))
		       ? CLI_OK
		       : CLI_USAGE;
}
