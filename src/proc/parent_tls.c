// SPDX-License-Identifier: GPL-2.0-or-later
/* parent_tls - where the certificate of DNS over TLS comes from, and when it changed.
 * The parent looks at its date alone: the resolver reads it, before its sandbox. */
#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "proc/parent_priv.h"
#include "proc/resolver_cert.h"

void parent_tls_dir(const struct config *c, char path[PARENT_PATH_MAX])
{
	(void)str_print(path, PARENT_PATH_MAX, "%s/dns-tls", c->state_dir);
}

int parent_tls_watch(const struct config *c)
{
	char path[PARENT_PATH_MAX];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	parent_tls_dir(c, path);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MOVED_TO | IN_ONLYDIR) >= 0)
		return fd < 0 ? -errno : fd;
	close(fd);
	return -errno;
}

bool parent_tls_restored(int watch)
{
	alignas(struct inotify_event) char buf[4096];
	bool found = false;
	ssize_t n;

	while ((n = read(watch, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(buf + at);

			found |= e->len && !strcmp(e->name, RESOLVER_CERT_RESTORED);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	return found;
}

static int64_t changed_at(const char *path)
{
	struct stat st;

	return path[0] && !stat(path, &st)
		       ? (int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec
		       : 0;
}

bool parent_tls_is_new(const struct config *c, int64_t *seen)
{
	int64_t cert = changed_at(c->dns_tls_cert), key = changed_at(c->dns_tls_key);
	int64_t newest = cert > key ? cert : key, before = *seen;

	/* while one of them is being replaced there is nothing to read */
	if (!cert || !key) {
		*seen = before ? before : 1; /* so that the first to come is new */
		return false;
	}
	*seen = newest;
	return before && newest != before;
}
