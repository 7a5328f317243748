// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon - whether it runs and is ready, and words about what it says. */
#ifndef CARDEA_CLI_DAEMON_H
#define CARDEA_CLI_DAEMON_H

#include <sys/types.h>
#include "cli/cli.h"
#include "cli/text.h"

#define DAEMON_READY_S 30 /* a router with a slow flash needs a third of it */
#define DAEMON_STOP_S 10  /* twice the patience of cardead with its processes */

/* Until the daemon says that it is ready. watch: ends early when all children of this
 * program have ended; -1: nothing to watch. */
enum cli_exit daemon_wait_ready(const struct cli *c, pid_t watch);
/* Like red and green, with the words that are always there. */
enum text_style daemon_state_style(const char *state);

#endif
