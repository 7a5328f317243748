// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea mud sign, cardea mud verify - by the program that has OpenSSL; no shell is
 * between. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"

#define PROGRAM "cardea-mud-crypto"
#define ANSWER_MAX ((size_t)LIMIT_SIGNATURE_BYTES + 1)
#define SECONDS_MAX 24

extern char **environ;

struct answer {
	char *bytes; /* ends with a NUL */
	size_t len;
	int code;
};

/* Beside this program as it was built or installed, wherever that tree stands now. */
static bool find_program(char path[PATH_MAX])
{
	static const char *const places[] = {
		PROGRAM, "../src/" PROGRAM, "../libexec/cardea/" PROGRAM};
	char self[PATH_MAX], *dir, *last;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	dir = dirname(self);
	last = strrchr(dir, '/');
	for (size_t i = 0; n > 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		/* src/ is beside us in a build directory alone */
		if (i == 1 && !(last && strcmp(last, "/cli") == 0))
			continue;
		if (str_print(path, PATH_MAX, "%s/%s", dir, places[i]) == 0 &&
			access(path, X_OK) == 0)
			return true;
	}
	str_copy(path, PATH_MAX, CARDEA_LIBEXEC "/" PROGRAM);
	if (access(path, X_OK) == 0)
		return true;
	cli_complain("install all of Cardea: `make install`",
		"%s was not found; not at %s", PROGRAM, path);
	return false;
}

static int read_answer(int fd, struct answer *a)
{
	ssize_t n;

	while (a->len < ANSWER_MAX) {
		n = read(fd, a->bytes + a->len, ANSWER_MAX - a->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		a->len += (size_t)n;
	}
	return CARDEA_ELIMIT;
}

static int spawn(const char *program, char *const argv[], struct answer *a)
{
	posix_spawn_file_actions_t actions;
	int fds[2], status, error;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	error = -posix_spawn(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (!error) {
		error = read_answer(fds[0], a);
		close(fds[0]); /* whoever writes more than that ends by it */
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		a->code = WIFEXITED(status) ? WEXITSTATUS(status) : CLI_FAILED;
		if (!WIFEXITED(status) && !error)
			error = CARDEA_EPEER;
	} else {
		close(fds[0]);
	}
	return error;
}

/* paths: four, "" for none. CLI_FAILED was said. */
static enum cli_exit ask(
	const char *verb, nstime wall, const char *const paths[4], struct answer *a)
{
	char seconds[SECONDS_MAX], program[PATH_MAX], name[] = PROGRAM, word[16];
	char *argv[8] = {name, word, seconds};
	int error;

	*a = (struct answer){.bytes = cli_take(ANSWER_MAX + 1)};
	if (!find_program(program))
		return CLI_FAILED;
	str_copy(word, sizeof(word), verb);
	(void)str_print(
		seconds, sizeof(seconds), "%lld", (long long)(wall / NS_PER_SEC));
	for (int i = 0; i < 4; i++) {
		size_t size = strlen(paths[i]) + 1;
		argv[3 + i] = cli_take(size);
		memcpy(argv[3 + i], paths[i], size);
	}
	error = spawn(program, argv, a);
	a->bytes[a->len] = 0;
	if (error || (a->code != CLI_OK && a->code != CLI_NO)) {
		cli_complain(NULL, "mud %s: %s", verb,
			error         ? error_text(error)
			: a->bytes[0] ? text_clean(a->bytes)
				      : PROGRAM " failed");
		return CLI_FAILED;
	}
	return CLI_OK;
}

/* A flag that must be there. */
static bool want(const struct cli *c, const char *name, const char **ret)
{
	const char *value = args_flag(c, name);

	if (value && *value) {
		*ret = value;
		return true;
	}
	cli_complain(
		c->command->example, "mud %s: --%s is missing", c->command->verb, name);
	return false;
}

static const char *maybe(const struct cli *c, const char *name)
{
	const char *value = args_flag(c, name);

	return value ? value : "";
}

/* The file, as JSON or as a line; reason is NULL when all is well. */
static enum cli_exit print_answer(const struct cli *c, const char *schema,
	const char *key, const char *value, const char *reason)
{
	json_t *o;
	enum cli_exit e;

	if (!c->json) {
		printf("%s: %s%s\n", text_clean(c->args[0]),
			reason                       ? ""
			: strcmp(key, "signer") == 0 ? "good signature by "
						     : "signed: ",
			text_clean(reason ? reason : value));
		return reason ? CLI_NO : CLI_OK;
	}
	o = json_pack("{s:s, s:s, s:b, s:s?, s:s?}", "schema", schema, "file",
		text_clean(c->args[0]), "valid", !reason, key, reason ? NULL : value,
		"reason", reason);
	e = answer_print(o);
	json_decref(o);
	return e != CLI_OK ? e : reason ? CLI_NO : CLI_OK;
}

enum cli_exit mud_file_verify(struct cli *c)
{
	const char *paths[4] = {c->args[0], NULL, NULL, maybe(c, "device-cert")};
	nstime wall = clock_wall(clock_system());
	const char *at = args_flag(c, "at");
	struct answer a;
	enum cli_exit e;

	if (!want(c, "signature", &paths[1]) || !want(c, "anchor", &paths[2]))
		return CLI_USAGE;
	if (at && (!text_time(at, &wall) || wall < 0)) {
		cli_complain("write it like 2026-01-31T12:00:00Z",
			"--at: \"%s\" is no time", text_clean(at));
		return CLI_USAGE;
	}
	e = ask("verify", wall, paths, &a);
	if (e != CLI_OK)
		return e;
	return print_answer(c, "cardea.mud.verify/1", "signer", text_clean(a.bytes),
		a.code == CLI_NO ? text_clean(a.bytes) : NULL);
}

/* Signed is signed; but the maker should know what becomes of it. */
static enum cli_exit warn_of_contents(struct cli *c)
{
	struct file_mud f;
	enum cli_exit e = file_mud_read(c->args[0], &f);

	if (e == CLI_OK && f.lint.answer != MUD_CONFORMS)
		cli_say(c,
			"warning: %s does not conform to RFC 8520, and a signed file "
			"must (`cardea mud lint` says where)",
			text_clean(c->args[0]));
	file_mud_free(&f);
	return e;
}

enum cli_exit mud_file_sign(struct cli *c)
{
	const char *paths[4] = {c->args[0], NULL, NULL, maybe(c, "chain")};
	const char *out;
	struct answer a;
	enum cli_exit e;

	if (!want(c, "key", &paths[1]) || !want(c, "cert", &paths[2]))
		return CLI_USAGE;
	e = file_out(c, &out);
	if (e == CLI_OK && strcmp(c->args[0], "-") == 0) {
		cli_complain(NULL, "mud sign: the exact bytes of a file are signed; "
				   "name one");
		e = CLI_USAGE;
	}
	if (e == CLI_OK)
		e = warn_of_contents(c);
	if (e == CLI_OK)
		e = ask("sign", clock_wall(clock_system()), paths, &a);
	if (e != CLI_OK)
		return e;
	if (a.code == CLI_NO)
		return print_answer(
			c, "cardea.mud.sign/1", "out", out, text_clean(a.bytes));
	e = file_write(out, a.bytes, a.len);
	if (e != CLI_OK || strcmp(out, "-") == 0)
		return e;
	return print_answer(c, "cardea.mud.sign/1", "out", out, NULL);
}
