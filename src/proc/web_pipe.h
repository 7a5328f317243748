// SPDX-License-Identifier: GPL-2.0-or-later
/* web_pipe - one request to the engine's control API and its answer. Nothing is kept on the
 * way but a buffer: who reads slowly stops the engine's side in the kernel, and the engine
 * stops who sends too fast. */
#ifndef CARDEA_PROC_WEB_PIPE_H
#define CARDEA_PROC_WEB_PIPE_H

#include "proc/web_conn.h"

/* Takes the engine's end. False: the problem is answered. */
bool web_pipe_open(struct web_conn *c, int fd);
/* The request is whole, or its begin is: it goes out. */
void web_pipe_begin(struct web_conn *c);
/* One step of the phases from WEB_UPLOADS to WEB_STREAMS. */
bool web_pipe_step(struct web_conn *c);
void web_pipe_close(struct web_conn *c);

#endif
