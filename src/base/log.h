// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* log - tagged lines for the edges of the house; wire, model and rooms do not log. */
#ifndef CARDEA_BASE_LOG_H
#define CARDEA_BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* process: shown in each line. Lines go to fd, one write(2) each. */
void log_init(const char *process, int fd, enum log_level level);
void log_error(const char *tag, const char *fmt, ...) CARDEA_PRINTF(2, 3);
void log_warn(const char *tag, const char *fmt, ...) CARDEA_PRINTF(2, 3);
void log_info(const char *tag, const char *fmt, ...) CARDEA_PRINTF(2, 3);
void log_debug(const char *tag, const char *fmt, ...) CARDEA_PRINTF(2, 3);

#endif
