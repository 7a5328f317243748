// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* log - one escaped line for each event, one write(2) for each line. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"

/* Below PIPE_BUF, so that lines of several processes never mix in one pipe. */
#define LINE_MAX_BYTES 1024
#define PROCESS_MAX 32

static struct {
	char process[PROCESS_MAX];
	int fd;
	enum log_level level;
} state = {.process = "cardea", .fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};

static const char *const level_text[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void log_init(const char *process, int fd, enum log_level level)
{
	str_copy(state.process, sizeof state.process, process);
	state.fd = fd;
	state.level = level;
}

/* A line that cannot be written is lost: there is nowhere to say so. */
static void line_write(const char *line, size_t len)
{
	while (write(state.fd, line, len) < 0 && errno == EINTR)
		;
}

CARDEA_PRINTF(3, 0)
static void line_log(enum log_level level, const char *tag, const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES];
	char line[LINE_MAX_BYTES];

	if (level > state.level)
		return;
	int saved = errno;
	if (vsnprintf(text, sizeof text, fmt, ap) < 0)
		str_copy(text, sizeof text, "(unprintable)");
	int head = snprintf(line, sizeof line / 4, "%s: %s: %s: ", state.process,
		level_text[level], tag);
	size_t at = head < 0 ? 0 : strlen(line);
	/* escaped even when the caller forgot: no text from outside may forge a line */
	str_escape(str_untrusted(text), line + at, sizeof line - at - 1);
	at += strlen(line + at);
	line[at++] = '\n';
	line_write(line, at);
	errno = saved;
}

#define LOG_AT(level)                                                                  \
	do {                                                                           \
		va_list ap;                                                            \
		va_start(ap, fmt);                                                     \
		line_log(level, tag, fmt, ap);                                         \
		va_end(ap);                                                            \
	} while (0)

void log_error(const char *tag, const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_ERROR);
}

void log_warn(const char *tag, const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_WARN);
}

void log_info(const char *tag, const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_INFO);
}

void log_debug(const char *tag, const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_DEBUG);
}
