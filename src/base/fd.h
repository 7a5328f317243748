// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* fd - what every descriptor needs. */
#ifndef CARDEA_BASE_FD_H
#define CARDEA_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>
#include "base/error.h"

/* All of it, over signals and short writes. 0 or a negative errno; part may be written then. */
int fd_write_all(int fd, const void *bytes, size_t len) CARDEA_MUSTCHECK;
/* As much as there is, up to len octets, over signals and short reads; less is the end. How
 * many, or a negative errno, which errno is then, too. */
ssize_t fd_read_all(int fd, void *buf, size_t len) CARDEA_MUSTCHECK;

#endif
