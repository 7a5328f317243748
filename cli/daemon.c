// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea start, cardea stop - and waiting for either to be done. */
#include "cli/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/str.h"
#include "cli/answer.h"
#include "engine/config/config.h"

#define POLL_MS 100
#define CONFIG_DEFAULT "/etc/cardea/cardea.toml"
#define LOG_SHOWN_BYTES 4096 /* of the log, when a start fails */

struct start {
	const char *config;
	char program[PATH_MAX];
	char socket[CONFIG_STRING_MAX + 16];
	char log[CONFIG_STRING_MAX + 16]; /* what cardead and its processes say */
};

enum text_style daemon_state_style(const char *state)
{
	if (strcmp(state, "protected") == 0)
		return STYLE_GOOD;
	if (strcmp(state, "quarantined") == 0 || strcmp(state, "limited") == 0 ||
		strcmp(state, "unfixable") == 0)
		return STYLE_BAD;
	return strcmp(state, "new") == 0 || strcmp(state, "away") == 0 ||
			       strcmp(state, "retired") == 0
		       ? STYLE_PLAIN
		       : STYLE_WARN;
}

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * NS_PER_MS};

	nanosleep(&t, NULL);
}

/* 1 ready, 0 not yet, or an error of the client that waiting will not mend. */
static int ask_ready(const struct cli *c)
{
	struct client_target t;
	struct client_reply r;
	json_t *status;
	int ready, error;

	client_target_init(&t, "/v1/status");
	error = client_ask(c->socket, &t, NULL, &r);
	if (error == -EACCES || error == -EPERM || error == -ENAMETOOLONG)
		return error;
	if (error)
		return 0;
	status = json_loadb(r.body, r.body_len, 0, NULL);
	ready = r.status == 200 && answer_true(status, "ready");
	if (r.status == 403)
		ready = -EACCES;
	json_decref(status);
	client_reply_free(&r);
	return ready;
}

/* True when it was our child and there is none left: cardead went to the background
 * and ended there. */
static bool all_ended(pid_t watch)
{
	pid_t pid;

	if (watch < 0)
		return false;
	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid < 0 && errno == ECHILD;
}

enum cli_exit daemon_wait_ready(const struct cli *c, pid_t watch)
{
	nstime end = clock_mono(clock_system()) + DAEMON_READY_S * NS_PER_SEC;

	do {
		bool ended = all_ended(watch);
		int ready = ask_ready(c);

		if (ready == 1)
			return CLI_OK;
		if (ready < 0)
			return answer_client_error(c, ready);
		if (ended)
			return CLI_FAILED;
		pause_ms(POLL_MS);
	} while (clock_mono(clock_system()) < end);
	cli_complain("`cardea status` tells what is missing, and its log why",
		"Cardea was not ready within %d seconds", DAEMON_READY_S);
	return CLI_TIMEOUT;
}

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

/* Beside this program as it was built or installed, wherever that tree stands now. */
static bool find_beside(struct start *s)
{
	static const char *const places[] = {
		"cardead", "../src/cardead", "../libexec/cardea/cardead"};
	char self[PATH_MAX], *dir, *last;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return false;
	self[n] = 0;
	dir = dirname(self);
	last = strrchr(dir, '/');
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		/* src/ is beside us in a build directory alone */
		if (i == 1 && !(last && strcmp(last, "/cli") == 0))
			continue;
		if (str_print(s->program, sizeof(s->program), "%s/%s", dir,
			    places[i]) == 0 &&
			is_program(s->program))
			return true;
	}
	return false;
}

static bool find_program(struct start *s)
{
	const char *told = getenv("CARDEAD");

	if (told && *told) {
		str_copy(s->program, sizeof(s->program), told);
		if (is_program(s->program))
			return true;
		cli_complain("correct $CARDEAD, or unset it",
			"$CARDEAD names no program: %s", text_clean(told));
		return false;
	}
	if (find_beside(s))
		return true;
	str_copy(s->program, sizeof(s->program), CARDEA_LIBEXEC "/cardead");
	if (is_program(s->program))
		return true;
	cli_complain("set CARDEAD=/path/to/cardead", "cardead was not found; not at %s",
		s->program);
	return false;
}

/* The settings say where the socket will be, and are told wrong before anything runs.
 */
static enum cli_exit read_settings(struct cli *c, struct start *s)
{
	static struct config config;
	char error[CONFIG_ERROR_MAX];

	s->config = args_flag(c, "config") ? args_flag(c, "config") : CONFIG_DEFAULT;
	config_defaults(&config);
	if (config_load(&config, s->config, error)) {
		cli_complain("`cardea config schema` shows every setting", "%s",
			text_clean(error));
		return CLI_USAGE;
	}
	(void)str_print(
		s->socket, sizeof(s->socket), "%s/control.sock", config.run_dir);
	(void)str_print(s->log, sizeof(s->log), "%s.log", config.run_dir);
	if (!c->socket_given)
		c->socket = s->socket;
	return CLI_OK;
}

static void exec_daemon(const struct start *s)
{
	int in = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = open(s->log,
		O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);

	/* A pipe of the caller must not be held open for the daemon's life. */
	if (in < 0 || log < 0 || dup2(in, STDIN_FILENO) < 0 ||
		dup2(in, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	execl(s->program, "cardead", "--config", s->config, "--background",
		(char *)NULL);
	_exit(127);
}

static void show_log(const struct start *s)
{
	static char text[LOG_SHOWN_BYTES + 1];
	FILE *f = fopen(s->log, "re");
	char *line, *next = text;
	size_t n;

	if (!f)
		return;
	if (fseek(f, -LOG_SHOWN_BYTES, SEEK_END))
		rewind(f);
	n = fread(text, 1, LOG_SHOWN_BYTES, f);
	text[n] = 0;
	fclose(f);
	while ((line = strsep(&next, "\n")))
		if (line[0])
			fprintf(stderr, "  %s\n", text_clean(line));
}

static enum cli_exit daemon_failed(const struct start *s, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	cli_complain(NULL,
		code == 126   ? "its log cannot be written: %s"
		: code == 127 ? "%s cannot be run"
			      : "%s did not start; it said:",
		code == 126 ? s->log : s->program);
	if (code != 126 && code != 127)
		show_log(s);
	return code == 2 ? CLI_USAGE : code == 7 ? CLI_FORBIDDEN : CLI_FAILED;
}

static enum cli_exit launch(const struct cli *c, const struct start *s)
{
	enum cli_exit e;
	pid_t pid;
	int status;

	/* cardead's background half becomes ours to wait for: its end is seen at once.
	 */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid == 0)
		exec_daemon(s);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		cli_complain(NULL, "no new process: %s", strerror(errno));
		return CLI_FAILED;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return daemon_failed(s, status);
	e = daemon_wait_ready(c, pid);
	if (e == CLI_FAILED)
		return daemon_failed(s, 0);
	return e;
}

static enum cli_exit start_report(struct cli *c, const char *what)
{
	json_t *status;
	enum cli_exit e;

	if (!c->json) {
		puts(what);
		cli_say(c, "undo with: cardea stop --open");
		return CLI_OK;
	}
	e = answer_get(c, "/v1/status", &status);
	if (e != CLI_OK)
		return e;
	e = answer_print(status);
	json_decref(status);
	return e;
}

enum cli_exit daemon_start(struct cli *c)
{
	static struct start s;
	enum cli_exit e = read_settings(c, &s);

	if (e != CLI_OK)
		return e;
	if (ask_ready(c) == 1)
		return start_report(c, "Cardea is already running.");
	if (!find_program(&s))
		return CLI_FAILED;
	if (args_flag(c, "dry-run"))
		return answer_would(c, "would run: %s --config %s --background", s.program,
			text_clean(s.config));
	e = launch(c, &s);
	return e == CLI_OK ? start_report(c, "Cardea is running.") : e;
}

/* Gone is: nobody answers any more. */
static enum cli_exit wait_gone(const struct cli *c)
{
	nstime end = clock_mono(clock_system()) + DAEMON_STOP_S * NS_PER_SEC;
	struct client_target t;
	struct client_reply r;

	client_target_init(&t, "/v1/status");
	do {
		int error = client_ask(c->socket, &t, NULL, &r);

		if (error == -ENOENT || error == -ECONNREFUSED)
			return CLI_OK;
		if (!error)
			client_reply_free(&r);
		pause_ms(POLL_MS);
	} while (clock_mono(clock_system()) < end);
	cli_complain("look at its log", "Cardea did not stop within %d seconds",
		DAEMON_STOP_S);
	return CLI_TIMEOUT;
}

static const char *stop_words(bool open, bool dry)
{
	if (open)
		return dry ? "Cardea would stop and take its rules away: nothing would "
			     "be "
			     "protected."
			   : "Cardea has stopped and taken its rules away: nothing is "
			     "protected now.";
	return dry ? "Cardea would stop. Its rules would stay in the kernel: protected "
		     "devices would stay protected."
		   : "Cardea has stopped. Its rules stay in the kernel: protected "
		     "devices "
		     "stay protected.";
}

enum cli_exit daemon_stop(struct cli *c)
{
	bool open = args_flag(c, "open") != NULL;
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	if (open) {
		e = cli_confirm(c, "Nothing is protected then: every device may do all.");
		if (e != CLI_OK)
			return e;
	}
	client_target_init(&t, dry ? "/v1/status" : "/v1/stop");
	e = answer_ask(c, &t,
		dry    ? NULL
		: open ? "{\"open\":true}"
		       : "{\"open\":false}",
		&answer);
	if (e == CLI_OK && !dry)
		e = wait_gone(c);
	if (e == CLI_OK && c->json && !dry)
		e = answer_print(answer);
	else if (e == CLI_OK && dry)
		e = answer_would(c, "%s", stop_words(open, dry));
	else if (e == CLI_OK)
		puts(stop_words(open, dry));
	json_decref(answer);
	if (e != CLI_OK || dry)
		return e;
	if (!open)
		cli_say(c,
			"Nobody answers their DNS now, and addresses that were opened "
			"for a name close when their time is over.");
	cli_say(c, "undo with: cardea start");
	return CLI_OK;
}
