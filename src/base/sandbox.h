// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* sandbox - give up what a process does not need, and say honestly what held. Order:
 * rlimits, chroot, setgid/setuid, no_new_privs, Landlock, seccomp. */
#ifndef CARDEA_BASE_SANDBOX_H
#define CARDEA_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"

/* What a process may still do, beyond read/write/epoll/sendmsg on descriptors it holds,
 * memory and time. */
enum sandbox_allow {
	SANDBOX_FILES = 1 << 0,	     /* open, stat, rename below chroot */
	SANDBOX_INET = 1 << 1,	     /* socket(AF_INET*), connect, bind */
	SANDBOX_THREADS = 1 << 2,    /* clone for threads, futex beyond private */
	SANDBOX_NETLINK = 1 << 3,    /* socket(AF_NETLINK) */
	SANDBOX_PROCESSES = 1 << 4,  /* fork, exec, wait, kill: the parent */
	SANDBOX_BPF = 1 << 5,	     /* bpf(2): entries of maps, running a program */
};

struct sandbox {
	const char *chroot_dir; /* NULL: stay */
	uid_t uid;		/* 0: stay */
	gid_t gid;
	unsigned allow;		/* enum sandbox_allow */
	uint64_t keep_caps;	/* bit per capability number, kept over setuid */
	/* Directory below chroot that stays writable where the kernel has Landlock; NULL:
	 * files can only be read. Not used with SANDBOX_PROCESSES, whose children would
	 * inherit it. */
	const char *landlock_rw;
	size_t memory_max;	/* RLIMIT_DATA bytes, 0: no limit */
	unsigned files_max;	/* RLIMIT_NOFILE, 0: 64 */
};

enum sandbox_layer {
	SANDBOX_LAYER_RLIMIT = 1 << 0,
	SANDBOX_LAYER_CHROOT = 1 << 1,
	SANDBOX_LAYER_UID = 1 << 2,
	SANDBOX_LAYER_NO_NEW_PRIVS = 1 << 3,
	SANDBOX_LAYER_LANDLOCK = 1 << 4,
	SANDBOX_LAYER_SECCOMP = 1 << 5,
};

/* Enters the sandbox. 0 and the layers in force, or the error of a layer that always
 * must hold (all but Landlock and seccomp). */
int sandbox_enter(const struct sandbox *s, unsigned *ret_layers) CARDEA_MUSTCHECK;
/* "rlimit chroot uid no_new_privs seccomp" into buf; returns buf. */
#define SANDBOX_TEXT_MAX 80
char *sandbox_format(unsigned layers, char buf[SANDBOX_TEXT_MAX]);

#endif
