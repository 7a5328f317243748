// SPDX-License-Identifier: GPL-2.0-or-later
/* cli - the command line face: one table of commands, and what all of them share.
 * stdout is data, stderr is talk. */
#ifndef CARDEA_CLI_CLI_H
#define CARDEA_CLI_CLI_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/error.h"
#include "base/jsonw.h"

#define CLI_SOCKET_DEFAULT "/run/cardea/control.sock"
#define CLI_ARGS_MAX 3   /* operands of one command that differ in what they are */
#define CLI_ARGS_ANY UINT_MAX /* as many as there are, all of the first kind */
#define CLI_FLAGS_MAX 8  /* flags that one command has */
/* What one call of the program may take: the biggest reply, and its text escaped. */
#define CLI_MEMORY_MAX (128UL << 20)

/* The same numbers for every command; documented in cardea(1). */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3,
	CLI_NOT_FOUND = 4,
	CLI_CONFLICT = 5,
	CLI_NO = 6, /* the question was answered, and the answer is no */
	CLI_FORBIDDEN = 7,
	CLI_TIMEOUT = 8,
};

/* What a shell offers at this place. */
enum cli_complete { COMPLETE_NOTHING, COMPLETE_DEVICE, COMPLETE_FILE, COMPLETE_PROTO };

struct cli_flag {
	const char *name;  /* without the dashes; NULL: no more flags */
	/* What stands behind it; NULL: it is a switch. "FILES..." takes all words up to the
	 * next flag. */
	const char *value;
	const char *help;
	enum cli_complete complete;
};

struct cli;

struct command {
	const char *noun;
	const char *verb;     /* NULL: the noun is the whole command */
	const char *operands; /* as usage shows them */
	unsigned args_min, args_max;
	enum cli_complete complete[CLI_ARGS_MAX];
	struct cli_flag flags[CLI_FLAGS_MAX + 1];
	const char *summary;
	const char *example;
	enum cli_exit (*run)(struct cli *c);
	bool hidden; /* for shells, not for people */
};

/* One call of the program. */
struct cli {
	const char *noun;              /* when help is asked for, NULL: for all */
	const struct command *command; /* NULL when help is asked for all of a noun */
	const char *socket;
	bool socket_given; /* by flag or environment */
	bool json, quiet, help, version, no_color;
	const char **words; /* all that is no flag, and CLI_ARGS_MAX times NULL */
	const char **args;  /* those behind noun and verb */
	unsigned arg_count;
	struct cli_given {
		const struct cli_flag *flag;
		const char *value;
	} *given;
	unsigned given_count;
};

/* commands.c */
extern const struct cli_flag commands_global[];
const struct command *commands_at(size_t index); /* NULL behind the last */
const struct command *commands_find(const char *noun, const char *verb);
bool commands_has_noun(const char *noun);
/* A noun with verbs has no command of its own. */
bool commands_has_verbs(const char *noun);
const struct cli_flag *commands_flag(const struct command *c, const char *name);

/* args.c */
/* Reads the command line; says what is wrong with it. */
enum cli_exit args_read(struct cli *c, int argc, char **argv);
void args_free(struct cli *c);
/* The last value of a flag, or NULL; "" for a switch that is on. */
const char *args_flag(const struct cli *c, const char *name);
/* The index-th value of a flag that may be repeated, or NULL. */
const char *args_flag_at(const struct cli *c, const char *name, unsigned index);

/* suggest.c */
#define SUGGEST_MAX 4
/* Words of a list that may have been meant by a misspelt one, nearest first. */
struct suggest {
	const char *word;
	const char *best[SUGGEST_MAX];
	unsigned distance[SUGGEST_MAX];
	unsigned count;
};
void suggest_offer(struct suggest *s, const char *candidate);
/* "; did you mean a or b?" on stderr, or nothing. */
void suggest_print(const struct suggest *s);

/* main.c */
/* Memory until the program ends; ends the program when there is none. */
void *cli_take(size_t size);
/* Gives back all that was taken. */
void cli_forget(void);
/* "cardea: what", and "  next: ..." when next is not NULL; on stderr. */
void cli_complain(const char *next, const char *fmt, ...) CARDEA_PRINTF(2, 3);
/* On stderr, unless --quiet. */
void cli_say(const struct cli *c, const char *fmt, ...) CARDEA_PRINTF(2, 3);

/* help.c */
enum cli_exit help_run(struct cli *c);
void help_command(const struct command *c, FILE *out);
void help_noun(const char *noun, FILE *out);
void help_all(FILE *out);

/* The commands, a file each. */
enum cli_exit status_run(struct cli *c);
enum cli_exit device_list(struct cli *c);
enum cli_exit device_show(struct cli *c);
enum cli_exit device_rename(struct cli *c);
enum cli_exit device_add(struct cli *c);
enum cli_exit device_url(struct cli *c);
enum cli_exit device_confirm(struct cli *c);
enum cli_exit decide_list(struct cli *c);
enum cli_exit decide_show(struct cli *c);
enum cli_exit decide_accept(struct cli *c);
enum cli_exit decide_reject(struct cli *c);
enum cli_exit events_run(struct cli *c);
enum cli_exit why_run(struct cli *c);
enum cli_exit policy_show(struct cli *c);
enum cli_exit policy_explain_files(struct cli *c);
enum cli_exit overlay_refuse(struct cli *c);
enum cli_exit overlay_allow(struct cli *c);
enum cli_exit overlay_limit(struct cli *c);
enum cli_exit overlay_list(struct cli *c);
enum cli_exit overlay_withdraw(struct cli *c);
enum cli_exit controller_list(struct cli *c);
enum cli_exit controller_set(struct cli *c);
enum cli_exit controller_remove(struct cli *c);
enum cli_exit probe_list(struct cli *c);
enum cli_exit probe_show(struct cli *c);
enum cli_exit probe_allow_device(struct cli *c);
enum cli_exit probe_forbid_device(struct cli *c);
enum cli_exit probe_stop_now(struct cli *c);
enum cli_exit quarantine_list(struct cli *c);
enum cli_exit quarantine_add(struct cli *c);
enum cli_exit quarantine_release(struct cli *c);
enum cli_exit report_preview(struct cli *c);
enum cli_exit report_send(struct cli *c);
enum cli_exit report_week(struct cli *c);
enum cli_exit dns_dnr(struct cli *c);
enum cli_exit mud_file_lint(struct cli *c);
enum cli_exit mud_file_view(struct cli *c);
enum cli_exit mud_file_diff(struct cli *c);
enum cli_exit mud_file_label(struct cli *c);
enum cli_exit mud_file_make(struct cli *c);
enum cli_exit mud_file_repair(struct cli *c);
enum cli_exit mud_file_sign(struct cli *c);
enum cli_exit mud_file_verify(struct cli *c);
enum cli_exit profile_file_lint(struct cli *c);
enum cli_exit profile_file_show(struct cli *c);
enum cli_exit profile_file_import(struct cli *c);
enum cli_exit profile_file_bind(struct cli *c);
enum cli_exit profile_file_replay(struct cli *c);
enum cli_exit profile_narrow(struct cli *c);
enum cli_exit profile_show(struct cli *c);
enum cli_exit profile_learn(struct cli *c);
enum cli_exit profile_approve(struct cli *c);
enum cli_exit profile_export(struct cli *c);
enum cli_exit profile_file_life(struct cli *c);
enum cli_exit profile_enforce(struct cli *c);
enum cli_exit profile_abandon(struct cli *c);
enum cli_exit replay_file_run(struct cli *c);
enum cli_exit learn_run(struct cli *c);
enum cli_exit suit_inspect(struct cli *c);
enum cli_exit eat_verify(struct cli *c);
enum cli_exit daemon_start(struct cli *c);
enum cli_exit daemon_stop(struct cli *c);
enum cli_exit settings_check(struct cli *c);
enum cli_exit settings_schema(struct cli *c);
enum cli_exit completion_bash(struct cli *c);
enum cli_exit completion_zsh(struct cli *c);
enum cli_exit completion_fish(struct cli *c);
enum cli_exit completion_devices(struct cli *c);

#endif
