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
	CLI_TIMEOUT = 8, /* or rolled back */
	CLI_INTERRUPTED = 130, /* by ^C, as shells count */
};

/* What a shell offers at this place. */
enum cli_complete { COMPLETE_NOTHING, COMPLETE_DEVICE, COMPLETE_FILE, COMPLETE_PROTO, COMPLETE_WATCH };

struct cli_flag {
	const char *name;  /* without the dashes; NULL: no more flags */
	/* What stands behind it; NULL: it is a switch. "FILES..." takes all words up to the
	 * next flag. */
	const char *value;
	const char *help;
	enum cli_complete complete;
};

struct cli;

/* What a command does with the gateway. */
enum cli_does {
	DOES_READ,   /* looks, here or there; has --json */
	DOES_CHANGE, /* has --dry-run, and says how to undo it */
	DOES_DANGER, /* a change that has no way back, or leaves devices without
		      * protection: it asks, or wants --yes */
	DOES_MAKE,   /* writes files, or text that is for no terminal */
};

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
	enum cli_does does;
	const char *gives; /* the schema of --json; NULL: none */
};

/* One call of the program. */
struct cli {
	const char *noun;              /* when help is asked for, NULL: for all */
	const struct command *command; /* NULL when help is asked for all of a noun */
	const char *socket;
	bool socket_given; /* by flag or environment */
	bool json, quiet, verbose, help, version, no_color;
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
/* What cannot be taken back is asked on a terminal, else --yes has to be there. Not CLI_OK:
 * nothing may be changed. A dry run is not asked about. */
enum cli_exit cli_confirm(const struct cli *c, const char *fmt, ...) CARDEA_PRINTF(2, 3);
/* A bar stands on the terminal's last line, or no longer: ^C takes it away. */
void cli_line_drawn(bool drawn);
/* This file is not whole yet: ^C takes it away. NULL: there is none. Lives on. */
void cli_half_file(const char *path);
/* The daemon noted a change: what undoes it is told at the end, where no verb has. */
void cli_noted(long long change, bool can_undo);

/* help.c */
enum cli_exit help_run(struct cli *c);
void help_command(const struct command *c, FILE *out);
void help_noun(const char *noun, FILE *out);
void help_all(FILE *out);

/* The commands, a file each. */
enum cli_exit status_run(struct cli *c);
enum cli_exit undo_run(struct cli *c);
enum cli_exit bundle_run(struct cli *c);
enum cli_exit backup_run(struct cli *c);
enum cli_exit restore_run(struct cli *c);
enum cli_exit export_run(struct cli *c);
enum cli_exit import_run(struct cli *c);
enum cli_exit policy_check(struct cli *c);
enum cli_exit bundle_sinks(struct cli *c);
enum cli_exit device_label(struct cli *c);
enum cli_exit effect_replay(struct cli *c);
enum cli_exit watching_run(struct cli *c);
enum cli_exit effect_review(struct cli *c);
enum cli_exit effect_diff(struct cli *c);
enum cli_exit watch_run(struct cli *c);
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
enum cli_exit evidence_accept(struct cli *c);
enum cli_exit evidence_challenge(struct cli *c);
enum cli_exit evidence_forget(struct cli *c);
enum cli_exit evidence_key(struct cli *c);
enum cli_exit evidence_show(struct cli *c);
enum cli_exit evidence_take(struct cli *c);
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
enum cli_exit device_view(struct cli *c);
enum cli_exit device_vault(struct cli *c);
enum cli_exit device_replace(struct cli *c);
enum cli_exit device_retire(struct cli *c);
enum cli_exit device_readmit(struct cli *c);
enum cli_exit advisory_import(struct cli *c);
enum cli_exit advisory_list(struct cli *c);
enum cli_exit advisory_show(struct cli *c);
enum cli_exit advisory_appeal(struct cli *c);
enum cli_exit advisory_withdraw(struct cli *c);
enum cli_exit advisory_issuer(struct cli *c);
enum cli_exit advisory_shared(struct cli *c);
enum cli_exit advisory_firmware(struct cli *c);
enum cli_exit advisory_log(struct cli *c);
enum cli_exit quarantine_list(struct cli *c);
enum cli_exit quarantine_add(struct cli *c);
enum cli_exit quarantine_release(struct cli *c);
enum cli_exit quarantine_history(struct cli *c);
enum cli_exit quarantine_allow(struct cli *c);
enum cli_exit quarantine_disallow(struct cli *c);
enum cli_exit device_set(struct cli *c);
enum cli_exit case_list(struct cli *c);
enum cli_exit case_show(struct cli *c);
enum cli_exit case_fields(struct cli *c);
enum cli_exit case_evidence(struct cli *c);
enum cli_exit case_export(struct cli *c);
enum cli_exit case_import(struct cli *c);
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
enum cli_exit user_list(struct cli *c);
enum cli_exit user_add(struct cli *c);
enum cli_exit user_remove(struct cli *c);
enum cli_exit user_password(struct cli *c);
enum cli_exit token_list(struct cli *c);
enum cli_exit token_add(struct cli *c);
enum cli_exit token_remove(struct cli *c);
enum cli_exit web_run(struct cli *c);
enum cli_exit daemon_start(struct cli *c);
enum cli_exit daemon_stop(struct cli *c);
enum cli_exit settings_check(struct cli *c);
enum cli_exit settings_schema(struct cli *c);
enum cli_exit settings_get(struct cli *c);
enum cli_exit settings_set(struct cli *c);
enum cli_exit settings_diff(struct cli *c);
enum cli_exit settings_apply(struct cli *c);
enum cli_exit settings_confirm(struct cli *c);
enum cli_exit settings_rollback(struct cli *c);
enum cli_exit completion_bash(struct cli *c);
enum cli_exit completion_zsh(struct cli *c);
enum cli_exit completion_fish(struct cli *c);
enum cli_exit completion_devices(struct cli *c);

#endif
