// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* sandbox_priv - the two layers that a kernel may lack, each in its own file. */
#ifndef CARDEA_BASE_SANDBOX_PRIV_H
#define CARDEA_BASE_SANDBOX_PRIV_H

#include "base/sandbox.h"

/* 0 when in force; -ENOSYS or -EOPNOTSUPP when the kernel has no Landlock. */
int sandbox_landlock(const struct sandbox *s) CARDEA_MUSTCHECK;
/* 0 when in force. */
int sandbox_filter(const struct sandbox *s) CARDEA_MUSTCHECK;

#endif
