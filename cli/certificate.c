// SPDX-License-Identifier: GPL-2.0-or-later
/* certificate - files of STATE/dns-tls, which is root's: key.pem, cert.pem; restored.pem, of
 * which the processes that have the certificate make those two; kept-TIME.pem, with a house
 * that a restore has replaced. */
#include "cli/certificate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "cli/answer.h"
#include "cli/settings.h"
#include "model/limits.h"

#define PEM_MAX (64 * 1024)
#define NAME_ROOM 64
#define RESTORED "restored.pem"
#define KEPT "kept-"

/* ---- the folder ---- */

/* The setting of the gateway that answers. */
static bool state_folder(const struct cli *c, char *ret, size_t size)
{
	struct client_target t;
	struct client_reply r;
	json_t *o, *item;
	bool found = false;
	size_t i;

	client_target_init(&t, "/v1/settings");
	if (client_ask(c->socket, &t, NULL, &r))
		return false;
	o = json_loadb(r.body, r.body_len, 0, NULL);
	json_array_foreach(json_object_get(o, "items"), i, item)
		if (strcmp(settings_name(item), "paths.state") == 0)
			found = str_print(ret, size, "%s/dns-tls",
					answer_raw(item, "value")) == 0;
	json_decref(o);
	client_reply_free(&r);
	return found;
}

/* Root's, and nobody else's to write; held while it is open. -1: there is none. */
static int folder_open(const struct cli *c)
{
	char path[LIMIT_URL + NAME_ROOM];
	struct stat st;
	int fd;

	if (!state_folder(c, path, sizeof(path)))
		return -1;
	fd = open(path, O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH)) {
		close(fd);
		return -1;
	}
	while (flock(fd, LOCK_EX) && errno == EINTR)
		;
	return fd;
}

/* A text that is no longer than PEM can be; free_text() gives it back. */
static char *file_read(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text = fd < 0 ? NULL : malloc(PEM_MAX + 1);
	ssize_t len = text ? fd_read_all(fd, text, PEM_MAX) : -1;

	if (fd >= 0)
		close(fd);
	if (len < 0 || len == PEM_MAX) {
		free(text);
		return NULL;
	}
	text[len] = 0;
	return text;
}

static void free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Whole or not at all, for root alone. */
static int file_write(int dir, const char *name, const char *key, const char *cert)
{
	char fresh[NAME_ROOM];
	int fd, e = str_print(fresh, sizeof(fresh), "%s.new", name);

	if (e)
		return e;
	(void)unlinkat(dir, fresh, 0);
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	e = fd_write_all(fd, key, strlen(key));
	if (!e)
		e = fd_write_all(fd, cert, strlen(cert));
	if (!e && fsync(fd))
		e = -errno;
	close(fd);
	if (!e && renameat(dir, fresh, dir, name))
		e = -errno;
	if (!e && fsync(dir))
		e = -errno;
	return e;
}

/* ---- what is here ---- */

static json_t *read_pair(int dir)
{
	char *key = file_read(dir, "key.pem"), *cert = file_read(dir, "cert.pem");
	json_t *o = key && cert ? json_pack("{s:s, s:s}", "key", key, "cert", cert) : NULL;

	free_text(key);
	free_text(cert);
	return o;
}

json_t *certificate_read(const struct cli *c)
{
	int dir = folder_open(c);
	json_t *o = dir < 0 ? NULL : read_pair(dir);

	if (dir >= 0)
		close(dir);
	return o;
}

void certificate_free(json_t *certificate)
{
	const char *key = answer_raw(certificate, "key");

	/* ours alone by now */
	if (key[0])
		explicit_bzero((void *)(uintptr_t)key, strlen(key));
	json_decref(certificate);
}

/* ---- what was kept ---- */

static bool kept_file(const char *name, char ret[NAME_ROOM])
{
	return name[0] && !strchr(name, '/') &&
	       str_print(ret, NAME_ROOM, KEPT "%s.pem", name) == 0;
}

json_t *certificate_kept(const struct cli *c, const char *name)
{
	char file[NAME_ROOM], *text = NULL;
	int dir = kept_file(name, file) ? folder_open(c) : -1;
	json_t *o = NULL;

	if (dir >= 0) {
		text = file_read(dir, file);
		close(dir);
	}
	if (text) /* one behind the other, as they are wanted again */
		o = json_pack("{s:s, s:s}", "key", text, "cert", "");
	free_text(text);
	return o;
}

static bool is_kept(const json_t *list, const char *file)
{
	const json_t *one;
	char name[NAME_ROOM];
	size_t i;

	json_array_foreach (list, i, one)
		if (str_print(name, sizeof(name), KEPT "%.19sZ.pem",
			    answer_raw(one, "made")) == 0 &&
			strcmp(name, file) == 0)
			return true;
	return false;
}

/* A certificate goes with its house. */
static void prune(const struct cli *c, int dir)
{
	struct client_target t;
	struct client_reply r;
	struct dirent *d;
	json_t *o;
	DIR *list;

	client_target_init(&t, "/v1/restore");
	if (client_ask(c->socket, &t, NULL, &r))
		return;
	o = json_loadb(r.body, r.body_len, 0, NULL);
	list = json_is_array(json_object_get(o, "kept")) ? fdopendir(dup(dir)) : NULL;
	while (list && (d = readdir(list)))
		if (strncmp(d->d_name, KEPT, strlen(KEPT)) == 0 &&
			!is_kept(json_object_get(o, "kept"), d->d_name))
			(void)unlinkat(dir, d->d_name, 0);
	if (list)
		closedir(list);
	json_decref(o);
	client_reply_free(&r);
}

/* ---- another one ---- */

static int write_json(int dir, const char *name, const json_t *certificate)
{
	return file_write(dir, name, answer_raw(certificate, "key"),
		answer_raw(certificate, "cert"));
}

static int bring(const struct cli *c, int dir, const json_t *certificate, const char *keep)
{
	json_t *here = read_pair(dir);
	char file[NAME_ROOM];
	int e = 0;

	if (here && kept_file(keep, file))
		e = write_json(dir, file, here);
	if (!e && certificate && !json_equal(certificate, here))
		e = write_json(dir, RESTORED, certificate);
	certificate_free(here);
	prune(c, dir);
	return e;
}

void certificate_bring(const struct cli *c, const json_t *certificate, const char *keep)
{
	int dir = folder_open(c), e = dir < 0 ? -ENOENT : 0;

	if (!e) {
		e = bring(c, dir, certificate, keep);
		close(dir);
	}
	if (!certificate)
		return;
	if (e)
		cli_complain("restore again as root, on the gateway itself",
			"the gateway's certificate is not that of the backup: %s",
			error_text(e));
	else
		cli_say(c, "The gateway has the certificate of then: browsers and devices know "
			   "it by its fingerprint.");
}
