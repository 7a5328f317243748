// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* worm - TCP ports by which only the infected call others: no profile needs them towards
 * the internet, whoever says so. */
#ifndef CARDEA_MODEL_WORM_H
#define CARDEA_MODEL_WORM_H

#include <stddef.h>
#include <stdint.h>

struct worm_port {
	uint16_t port;
	const char *why; /* "telnet, as Mirai spreads" */
};
#define WORM_PORTS 11
extern const struct worm_port worm_ports[WORM_PORTS];
/* NULL when it is none. */
const struct worm_port *worm_port_find(uint16_t port);

#endif
