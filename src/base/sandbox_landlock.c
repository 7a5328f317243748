// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* sandbox_landlock - files and TCP ports beyond what a process was started for. Raw
 * system calls and own constants: libc has no wrapper, and older kernel headers lack
 * the newer rights. See Documentation/userspace-api/landlock.rst. */
#include "base/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset /* the same on every architecture */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define CREATE_VERSION 1 /* LANDLOCK_CREATE_RULESET_VERSION */
#define RULE_PATH_BENEATH 1

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_ABI1 ((1ULL << 13) - 1) /* up to and including MAKE_SYM */
#define FS_REFER (1ULL << 13)      /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)   /* ABI 3 */
#define NET_TCP 3ULL               /* bind and connect, ABI 4 */
#define SCOPE_ALL 3ULL             /* abstract sockets and signals, ABI 6 */

/* What a directory that stays writable allows: data, never programs, devices or
 * sockets. */
#define FS_DATA                                                                        \
	(FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_DIR | FS_REMOVE_FILE | \
		FS_MAKE_DIR | FS_MAKE_REG | FS_REFER | FS_TRUNCATE)
#define FS_READ (FS_READ_FILE | FS_READ_DIR)

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* The rights this kernel can withhold, of those this process shall not have. */
static struct ruleset ruleset_of(const struct sandbox *s, long abi)
{
	struct ruleset r = {.fs = FS_ABI1};

	if (abi >= 2)
		r.fs |= FS_REFER;
	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4 && !(s->allow & SANDBOX_INET))
		r.net = NET_TCP;
	if (abi >= 6)
		r.scoped = SCOPE_ALL;
	return r;
}

/* How much of the struct a kernel knows; more is refused with E2BIG. */
static size_t ruleset_size(long abi)
{
	if (abi >= 6)
		return sizeof(struct ruleset);
	return abi >= 4 ? offsetof(struct ruleset, scoped)
			: offsetof(struct ruleset, net);
}

static int path_allow(int ruleset, const char *dir, uint64_t rights)
{
	struct path_rule rule = {.allowed = rights};
	int e = 0;

	rule.parent = open(dir, O_PATH | O_CLOEXEC);
	if (rule.parent < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
		e = -errno;
	close(rule.parent);
	return e;
}

static int rules_enter(const struct sandbox *s, const struct ruleset *r, int ruleset)
{
	int e = 0;

	if (s->allow & SANDBOX_FILES)
		e = path_allow(ruleset, "/", FS_READ);
	if (!e && s->landlock_rw)
		e = path_allow(ruleset, s->landlock_rw, FS_DATA & r->fs);
	if (!e && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		e = -errno;
	return e;
}

int sandbox_landlock(const struct sandbox *s)
{
	/* Inherited by every child: those of a process manager choose their own. */
	if (s->allow & SANDBOX_PROCESSES)
		return -EOPNOTSUPP;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	if (abi < 0)
		return -errno;
	struct ruleset r = ruleset_of(s, abi);
	int ruleset =
		(int)syscall(SYS_landlock_create_ruleset, &r, ruleset_size(abi), 0);
	if (ruleset < 0)
		return -errno;
	int e = rules_enter(s, &r, ruleset);
	close(ruleset);
	return e;
}
