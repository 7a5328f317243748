// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea - the owner's command line. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/pool.h"
#include "cli/cli.h"
#include "cli/text.h"

static struct pool *memory;
static struct {
	long long change; /* 0: none */
	bool can_undo, told;
} noted;

void *cli_take(size_t size)
{
	void *p = memory ? pool_take(memory, size) : NULL;

	if (p)
		return p;
	fputs("cardea: no memory left\n", stderr);
	exit(CLI_FAILED);
}

void cli_forget(void)
{
	pool_free(memory);
	memory = pool_new("cli", CLI_MEMORY_MAX);
}

void cli_complain(const char *next, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("cardea: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (next && next[0])
		fprintf(stderr, "  next: %s\n", next);
}

void cli_say(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (strncmp(fmt, "undo with: ", 11) == 0)
		noted.told = true;
	if (c->quiet)
		return;
	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void cli_noted(long long change, bool can_undo)
{
	noted.change = change;
	noted.can_undo = can_undo;
}

/* The verbs know the command that takes a thing back; where one does not, its number. */
static void say_undo(const struct cli *c)
{
	if (!noted.change || noted.told)
		return;
	if (noted.can_undo)
		cli_say(c, "undo with: cardea undo %lld", noted.change);
	else
		cli_say(c, "there is no way back; `cardea undo --list` says why");
}

enum cli_exit cli_confirm(const struct cli *c, const char *fmt, ...)
{
	char line[64] = "";
	va_list ap;

	if (args_flag(c, "yes") || args_flag(c, "dry-run"))
		return CLI_OK;
	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		fputs("\n  next: add --yes, or --dry-run to see what it would do\n", stderr);
		return CLI_USAGE;
	}
	fputs("\nDo it? [y/N] ", stderr);
	if (fgets(line, sizeof(line), stdin) && strchr("yY", line[0]) && line[0])
		return CLI_OK;
	fputs("Nothing has changed.\n", stderr);
	return CLI_NO;
}

/* ---- ^C ---- */

static volatile sig_atomic_t line_drawn;
static const char *volatile half_file;

void cli_line_drawn(bool drawn)
{
	line_drawn = drawn;
}

void cli_half_file(const char *path)
{
	half_file = path;
}

static void interrupted(int sig)
{
	static const char clear[] = "\r\033[K";

	(void)sig;
	if (line_drawn)
		(void)!write(STDERR_FILENO, clear, sizeof(clear) - 1);
	if (half_file)
		(void)unlink(half_file);
	_exit(CLI_INTERRUPTED);
}

/* Who ignores it, as nohup and a shell's background do, goes on ignoring it. */
static void catch_interrupt(void)
{
	struct sigaction now, then = {.sa_handler = interrupted};

	if (sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
		(void)!sigaction(SIGINT, &then, NULL);
}

static enum cli_exit run(struct cli *c)
{
	if (c->version)
		puts("cardea " CARDEA_VERSION);
	else if (c->help && c->command)
		help_command(c->command, stdout);
	else if (c->help && c->noun)
		help_noun(c->noun, stdout);
	else if (c->help)
		help_all(stdout);
	else
		return c->command->run(c);
	return CLI_OK;
}

/* A full disk or a closed pipe must not pass for an answer. */
static enum cli_exit finish(enum cli_exit e)
{
	int error = fflush(stdout) ? errno : 0;

	if (!error && !ferror(stdout))
		return e;
	if (error == EPIPE) /* whoever reads has seen enough */
		return CLI_FAILED;
	/* of what went wrong earlier, only that is known */
	cli_complain(NULL, "the answer could not be written%s%s", error ? ": " : "",
		error ? strerror(error) : "");
	return CLI_FAILED;
}

int main(int argc, char **argv)
{
	const char *socket = getenv("CARDEA_SOCKET"), *plain = getenv("NO_COLOR");
	struct cli c = {.socket = socket && *socket ? socket : CLI_SOCKET_DEFAULT,
		.socket_given = socket && *socket};
	enum cli_exit e;

	cli_forget();
	text_init(false);
	e = args_read(&c, argc, argv);
	if (e == CLI_OK) {
		text_init(isatty(STDOUT_FILENO) && !c.no_color && !(plain && *plain));
		catch_interrupt();
		e = run(&c);
		if (e == CLI_OK)
			say_undo(&c);
		e = finish(e);
	}
	args_free(&c);
	pool_free(memory);
	return e;
}
