// SPDX-License-Identifier: GPL-2.0-or-later
/* memory - what a process that is idle most of the time gives back. */
#ifndef CARDEA_PROC_MEMORY_H
#define CARDEA_PROC_MEMORY_H

/* Free heap, and pages of code and constants, which come again from their files. */
void memory_return(void);

#endif
