// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea - the owner's command line. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/pool.h"
#include "cli/cli.h"
#include "cli/text.h"

static struct pool *memory;

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

	if (c->quiet)
		return;
	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
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
	if (fflush(stdout) == 0 && !ferror(stdout))
		return e;
	cli_complain(NULL, "the answer could not be written: %s", strerror(errno));
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
		e = finish(run(&c));
	}
	args_free(&c);
	pool_free(memory);
	return e;
}
