// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* fd - what every descriptor needs. */
#ifndef CARDEA_BASE_FD_H
#define CARDEA_BASE_FD_H

#include <stddef.h>
#include "base/error.h"

/* All of it, over signals and short writes. 0 or a negative errno; part may be written then. */
int fd_write_all(int fd, const void *bytes, size_t len) CARDEA_MUSTCHECK;

#endif
