// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* sandbox - the order in which a process gives up what it does not need. */
#include "base/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/sandbox_priv.h"
#include "base/str.h"

#define FILES_DEFAULT 64 /* channels, sockets and a database with room to spare */
#define CAP_COUNT_MAX 64 /* capabilities that a capset(2) of version 3 can name */

static int limit_set(int resource, rlim_t value)
{
	struct rlimit now;

	if (getrlimit(resource, &now) < 0)
		return -errno;
	/* a hard limit inherited from outside may be lower already: keep the lower */
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
		value = now.rlim_max;
	struct rlimit r = {.rlim_cur = value, .rlim_max = value};
	/* libc's enum type for the resource differs between libraries */
	return setrlimit((__typeof__(RLIMIT_CORE))resource, &r) < 0 ? -errno : 0;
}

static int limits_enter(const struct sandbox *s)
{
	unsigned files = s->files_max ? s->files_max : FILES_DEFAULT;
	/* a core file would hold keys and a household's traffic */
	int e = limit_set(RLIMIT_CORE, 0);

	if (!e)
		e = limit_set(RLIMIT_NOFILE, files);
	if (!e && s->memory_max)
		e = limit_set(RLIMIT_DATA, s->memory_max);
	return e;
}

static int chroot_enter(const char *dir)
{
	/* chdir first: a working directory outside would be the way out */
	if (chdir(dir) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

static int capabilities_set(uint64_t keep)
{
	uint32_t low = (uint32_t)keep, high = (uint32_t)(keep >> 32);
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = low, .permitted = low},
		{.effective = high, .permitted = high},
	};

	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

/* What is not in the bounding set can never come back through an exec. */
static int bounding_drop(uint64_t keep)
{
	for (unsigned long cap = 0; cap < CAP_COUNT_MAX; cap++) {
		if (keep & 1ULL << cap)
			continue;
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0)
			return 0; /* past the last one this kernel knows */
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	}
	return 0;
}

static int user_verify(const struct sandbox *s)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		if (u[i] != s->uid || g[i] != s->gid)
			return -EPERM;
	return getgroups(0, NULL) == 0 ? 0 : -EPERM;
}

static int user_enter(const struct sandbox *s)
{
	int e = bounding_drop(s->keep_caps);

	if (e)
		return e;
	if (s->keep_caps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if (setgroups(0, NULL) < 0 || setresgid(s->gid, s->gid, s->gid) < 0 ||
		setresuid(s->uid, s->uid, s->uid) < 0)
		return -errno;
	/* also without keep_caps: "none" must be a fact, not a side effect */
	e = capabilities_set(s->keep_caps);
	return e ? e : user_verify(s);
}

static int privileges_enter(const struct sandbox *s, unsigned *layers)
{
	int e;

	if ((s->chroot_dir || s->uid) && geteuid() != 0)
		return -EPERM;
	if (s->chroot_dir) {
		e = chroot_enter(s->chroot_dir);
		if (e)
			return e;
		*layers |= SANDBOX_LAYER_CHROOT;
	}
	if (s->uid) {
		e = user_enter(s);
		if (e)
			return e;
		*layers |= SANDBOX_LAYER_UID;
	}
	return 0;
}

int sandbox_enter(const struct sandbox *s, unsigned *ret_layers)
{
	unsigned layers = SANDBOX_LAYER_RLIMIT | SANDBOX_LAYER_NO_NEW_PRIVS;
	int e = limits_enter(s);

	if (!e)
		e = privileges_enter(s, &layers);
	if (e)
		return e;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (!sandbox_landlock(s))
		layers |= SANDBOX_LAYER_LANDLOCK;
	if (!sandbox_filter(s))
		layers |= SANDBOX_LAYER_SECCOMP;
	*ret_layers = layers;
	return 0;
}

char *sandbox_format(unsigned layers, char buf[SANDBOX_TEXT_MAX])
{
	static const char *const names[] = {
		"rlimit", "chroot", "uid", "no_new_privs", "landlock", "seccomp"};
	size_t at = 0;

	str_copy(buf, SANDBOX_TEXT_MAX, "none");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!(layers & 1U << i))
			continue;
		str_print(buf + at, SANDBOX_TEXT_MAX - at, "%s%s", at ? " " : "",
			names[i]);
		at += strlen(buf + at);
	}
	return buf;
}
