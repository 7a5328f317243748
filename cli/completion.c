// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea completion - what shells offer, made from the table of commands. Names of
 * devices are asked for at that moment; no shell evaluates them. */
#include <string.h>
#include "cli/answer.h"
#include "cli/text.h"

/* Once for every flag that takes a value, over all commands. */
typedef void (*each_flag)(const struct cli_flag *f, bool first);

static bool seen_before(const char *name, size_t command)
{
	for (size_t i = 0; i < command; i++)
		for (const struct cli_flag *f = commands_at(i)->flags; f->name; f++)
			if (strcmp(f->name, name) == 0)
				return true;
	return false;
}

static void each_value_flag(each_flag each)
{
	bool first = true;

	for (const struct cli_flag *f = commands_global; f->name; f++)
		if (f->value) {
			each(f, first);
			first = false;
		}
	for (size_t i = 0; commands_at(i); i++)
		for (const struct cli_flag *f = commands_at(i)->flags; f->name; f++)
			if (f->value && !seen_before(f->name, i))
				each(f, false);
}

static void print_value_flag(const struct cli_flag *f, bool first)
{
	printf("%s--%s", first ? "" : "|", f->name);
}

static bool begins_noun(size_t i)
{
	return i == 0 || strcmp(commands_at(i - 1)->noun, commands_at(i)->noun) != 0;
}

static void print_nouns(void)
{
	for (size_t i = 0; commands_at(i); i++)
		if (!commands_at(i)->hidden && begins_noun(i))
			printf("%s%s", i ? " " : "", commands_at(i)->noun);
}

static void print_verbs(const char *noun)
{
	const char *gap = "";

	for (size_t i = 0; commands_at(i); i++)
		if (strcmp(commands_at(i)->noun, noun) == 0) {
			printf("%s%s", gap, commands_at(i)->verb);
			gap = " ";
		}
}

static void print_flag_names(const struct cli_flag *flags, const char *gap)
{
	for (; flags->name; flags++) {
		printf("%s--%s", gap, flags->name);
		gap = " ";
	}
}

/* Which shell function offers what belongs at a place; the same names in bash and zsh.
 */
static const char *offer(enum cli_complete what)
{
	switch (what) {
	case COMPLETE_DEVICE:
		return "_cardea_devices";
	case COMPLETE_FILE:
		return "_cardea_files";
	case COMPLETE_PROTO:
		return "_cardea_words tcp udp icmp";
	case COMPLETE_WATCH:
		return "_cardea_words flows verdicts events";
	case COMPLETE_NOTHING:
		break;
	}
	return ":";
}

static void print_value_case(const struct cli_flag *f, bool first)
{
	(void)first;
	printf("\t--%s) %s; return ;;\n", f->name, offer(f->complete));
}

static void print_operand_cases(const struct command *c)
{
	const char *verb = c->verb ? c->verb : "";

	if (c->args_max == CLI_ARGS_ANY) {
		printf("\t'%s %s '*) %s ;;\n", c->noun, verb, offer(c->complete[0]));
		return;
	}
	for (unsigned a = 0; a < CLI_ARGS_MAX; a++)
		if (c->complete[a] != COMPLETE_NOTHING)
			printf("\t'%s %s %u') %s ;;\n", c->noun, verb, a,
				offer(c->complete[a]));
}

/* The branches that bash and zsh share: both know case. */
static void print_cases(const char *flags)
{
	const struct command *c;

	printf("\tcase $prev in\n");
	each_value_flag(print_value_case);
	printf("\tesac\n\tcase \"$noun $verb\" in\n\t' ') flags= ;;\n");
	for (size_t i = 0; (c = commands_at(i)); i++) {
		if (c->hidden)
			continue;
		printf("\t'%s %s') flags='", c->noun, c->verb ? c->verb : "");
		print_flag_names(c->flags, "");
		printf("' ;;\n");
	}
	printf("\tesac\n\tif [[ $cur == -* ]]; then\n\t\t_cardea_words %s ", flags);
	print_flag_names(commands_global, "");
	printf("\n\t\treturn\n\tfi\n\tcase \"$noun $verb $count\" in\n"
	       "\t'  0') _cardea_words ");
	print_nouns();
	printf(" ;;\n");
	for (size_t i = 0; (c = commands_at(i)); i++) {
		if (c->hidden)
			continue;
		if (c->verb && begins_noun(i)) {
			printf("\t'%s  0') _cardea_words ", c->noun);
			print_verbs(c->noun);
			printf(" ;;\n");
		}
		print_operand_cases(c);
	}
	printf("\tesac\n");
}

/* noun, verb and the count of operands before the cursor. */
static void print_scan(const char *line)
{
	const struct command *c;
	const char *gap = "";

	printf("\tfor word in %s; do\n\t\tif [[ -n $skip ]]; then\n\t\t\tskip=\n"
	       "\t\t\tcontinue\n\t\tfi\n\t\tcase $word in\n\t\t",
		line);
	each_value_flag(print_value_flag);
	printf(") skip=1 ;;\n\t\t-*) ;;\n\t\t*)\n"
	       "\t\t\tif [[ -z $noun ]]; then\n\t\t\t\tnoun=$word\n"
	       "\t\t\telif [[ -z $verb && ' ");
	for (size_t i = 0; (c = commands_at(i)); i++)
		if (!c->hidden && c->verb && begins_noun(i)) {
			printf("%s%s", gap, c->noun);
			gap = " ";
		}
	printf(" ' == *\" $noun \"* ]]; then\n\t\t\t\tverb=$word\n"
	       "\t\t\telse\n\t\t\t\tcount=$((count + 1))\n\t\t\tfi\n\t\t\t;;\n"
	       "\t\tesac\n\tdone\n");
}

static void print_bash_words(void)
{
	fputs("# Completion of cardea for bash; made by `cardea completion bash`.\n\n"
	      "_cardea_words()\n{\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$*\" -- \"$cur\")\n}\n\n"
	      "_cardea_files()\n{\n"
	      "\tcompopt -o filenames 2>/dev/null\n"
	      "\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n}\n\n"
	      "_cardea_devices()\n{\n"
	      "\tlocal name\n"
	      "\twhile IFS= read -r name; do\n"
	      "\t\tif [[ $name == \"$cur\"* ]]; then\n"
	      "\t\t\tCOMPREPLY+=(\"$(printf %q \"$name\")\")\n"
	      "\t\tfi\n"
	      "\tdone < <(cardea completion devices 2>/dev/null)\n}\n\n",
		stdout);
}

enum cli_exit completion_bash(struct cli *c)
{
	(void)c;
	print_bash_words();
	fputs("_cardea()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal word skip= noun= verb= count=0 flags=\n"
	      "\tCOMPREPLY=()\n",
		stdout);
	print_scan("\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"");
	print_cases("$flags");
	fputs("}\ncomplete -F _cardea cardea\n", stdout);
	return CLI_OK;
}

enum cli_exit completion_zsh(struct cli *c)
{
	(void)c;
	fputs("#compdef cardea\n"
	      "# Completion of cardea for zsh; made by `cardea completion zsh`.\n\n"
	      "_cardea_words()\n{\n\tcompadd -- \"$@\"\n}\n\n"
	      "_cardea_files()\n{\n\t_files\n}\n\n"
	      "_cardea_devices()\n{\n"
	      "\tlocal -a names\n"
	      "\tnames=(\"${(@f)$(cardea completion devices 2>/dev/null)}\")\n"
	      "\tcompadd -- \"${(@)names:#}\"\n}\n\n"
	      "_cardea()\n{\n"
	      "\tlocal cur=${words[CURRENT]} prev=${words[CURRENT-1]}\n"
	      "\tlocal word skip= noun= verb= count=0 flags=\n",
		stdout);
	print_scan("\"${(@)words[2,CURRENT-1]}\"");
	print_cases("${=flags}");
	fputs("}\n\n_cardea \"$@\"\n", stdout);
	return CLI_OK;
}

static const char *fish_offer(enum cli_complete what)
{
	switch (what) {
	case COMPLETE_DEVICE:
		return " -f -a '(cardea completion devices 2>/dev/null)'";
	case COMPLETE_FILE:
		return " -F";
	case COMPLETE_PROTO:
		return " -f -a 'tcp udp icmp'";
	case COMPLETE_WATCH:
		return " -f -a 'flows verdicts events'";
	case COMPLETE_NOTHING:
		break;
	}
	return " -f";
}

/* Single quotes of fish: two characters need a backslash. */
static void fish_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

static void fish_flag(const struct command *c, const struct cli_flag *f)
{
	fputs("complete -c cardea", stdout);
	if (c)
		printf(" -n '__cardea_in %s%s%s'", c->noun, c->verb ? " " : "",
			c->verb ? c->verb : "");
	printf(" -l %s%s%s -d ", f->name, f->value ? " -r" : "",
		f->value ? fish_offer(f->complete) : "");
	fish_quoted(f->help);
	putchar('\n');
}

static void fish_operands(const struct command *c)
{
	const char *gap = c->verb ? " " : "", *verb = c->verb ? c->verb : "";

	if (c->args_max == CLI_ARGS_ANY) {
		printf("complete -c cardea -n '__cardea_in %s%s%s'%s\n", c->noun, gap,
			verb, fish_offer(c->complete[0]));
		return;
	}
	for (unsigned a = 0; a < CLI_ARGS_MAX; a++)
		if (c->complete[a] != COMPLETE_NOTHING)
			printf("complete -c cardea -n '__cardea_at %u %s%s%s'%s\n",
				a + (c->verb ? 2 : 1), c->noun, gap, verb,
				fish_offer(c->complete[a]));
}

static void fish_command(const struct command *c, bool first)
{
	if (!c->verb || first) {
		printf("complete -c cardea -n '__cardea_at 0' -a %s", c->noun);
		if (!c->verb) {
			fputs(" -d ", stdout);
			fish_quoted(c->summary);
		}
		putchar('\n');
	}
	if (c->verb) {
		printf("complete -c cardea -n '__cardea_at 1 %s' -a %s -d ", c->noun,
			c->verb);
		fish_quoted(c->summary);
		putchar('\n');
	}
	fish_operands(c);
	for (const struct cli_flag *f = c->flags; f->name; f++)
		fish_flag(c, f);
}

enum cli_exit completion_fish(struct cli *c)
{
	const struct command *cmd;

	(void)c;
	fputs("# Completion of cardea for fish; made by `cardea completion fish`.\n\n"
	      "function __cardea_words\n"
	      "    set -l skip\n"
	      "    for word in (commandline -opc)[2..-1]\n"
	      "        if test -n \"$skip\"\n"
	      "            set skip\n"
	      "            continue\n"
	      "        end\n"
	      "        if string match -qr -- '^(",
		stdout);
	each_value_flag(print_value_flag);
	fputs(")$' $word\n"
	      "            set skip 1\n"
	      "        else if not string match -q -- '-*' $word\n"
	      "            echo $word\n"
	      "        end\n"
	      "    end\n"
	      "end\n\n"
	      "# The command is this one.\n"
	      "function __cardea_in\n"
	      "    set -l words (__cardea_words)\n"
	      "    test \"$words[1..\"(count $argv)\"]\" = \"$argv\"\n"
	      "end\n\n"
	      "# The command is this one, and so many words are before the cursor.\n"
	      "function __cardea_at\n"
	      "    set -l words (__cardea_words)\n"
	      "    test (count $words) -eq $argv[1]; or return 1\n"
	      "    test (count $argv) -eq 1; or __cardea_in $argv[2..-1]\n"
	      "end\n\n"
	      "complete -c cardea -f\n",
		stdout);
	for (const struct cli_flag *f = commands_global; f->name; f++)
		fish_flag(NULL, f);
	for (size_t i = 0; (cmd = commands_at(i)); i++)
		if (!cmd->hidden)
			fish_command(cmd, begins_noun(i));
	return CLI_OK;
}

enum cli_exit completion_devices(struct cli *c)
{
	json_t *answer = NULL, *d;
	enum cli_exit e = answer_get(c, "/v1/devices", &answer);
	size_t i;

	json_array_foreach (json_object_get(answer, "devices"), i, d)
		if (text_is_clean(answer_raw(d, "name")))
			puts(answer_raw(d, "name"));
	json_decref(answer);
	return e;
}
