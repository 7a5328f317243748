// SPDX-License-Identifier: GPL-2.0-or-later
/* What the parent has in the file system: directories, and a lock with its number. */
#include "proc/parent_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "model/ids.h"

static int make_dir(const char *path, mode_t mode, uid_t uid)
{
	if (mkdir(path, mode) && errno != EEXIST)
		return -errno;
	return chmod(path, mode) || chown(path, uid, (gid_t)uid) ? -errno : 0;
}

/* Written by root before the sandbox and by the group from within; root may have no
 * power over other users' files then. */
static int make_shared_dir(const char *path, gid_t gid)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	return chown(path, 0, gid) || chmod(path, S_ISGID | 0770) ? -errno : 0;
}

int parent_files_make(const struct config *c, char empty[PARENT_PATH_MAX],
	char resolver_dir[PARENT_PATH_MAX])
{
	int error = make_dir(c->run_dir, 0755, 0);
	char tls[PARENT_PATH_MAX];

	(void)str_print(empty, PARENT_PATH_MAX, "%s/empty", c->run_dir);
	if (!error)
		error = make_dir(empty, 0555, 0);
	if (!error)
		error = make_dir(c->state_dir, 0700,
			(uid_t)(c->uid_base + ROLE_ENGINE));
	parent_tls_dir(c, tls);
	if (!error)
		error = make_dir(tls, 0700, 0);
	/* not in the state directory: that is the engine's, who could put a link there */
	(void)str_print(resolver_dir, PARENT_PATH_MAX, "%s-resolver", c->state_dir);
	if (!error)
		error = make_shared_dir(resolver_dir, (gid_t)(c->uid_base + ROLE_RESOLVER));
	if (error)
		log_error("parent", "%s, %s, %s: %s", c->run_dir, c->state_dir,
			resolver_dir, strerror(-error));
	return error;
}

int parent_files_lock(const struct config *c)
{
	char path[PARENT_PATH_MAX], pid[24];
	int fd;

	(void)str_print(path, sizeof(path), "%s/cardead.pid", c->run_dir);
	(void)str_print(pid, sizeof(pid), "%d\n", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		log_error("parent", "another cardead runs with %s; stop it with "
				    "`cardea stop`",
			c->run_dir);
		close(fd);
		return -EBUSY;
	}
	if (ftruncate(fd, 0) || write(fd, pid, strlen(pid)) < 0)
		log_warn("parent", "%s was not written", path);
	return 0; /* never closed: the lock ends with us */
}

void parent_files_remove(const struct config *c)
{
	char path[PARENT_PATH_MAX];

	(void)str_print(path, sizeof(path), "%s/control.sock", c->run_dir);
	unlink(path);
	(void)str_print(path, sizeof(path), "%s/identity.sock", c->run_dir);
	unlink(path);
	(void)str_print(path, sizeof(path), "%s/cardead.pid", c->run_dir);
	unlink(path);
}
