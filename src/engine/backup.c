// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/backup.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

#define IDLE_S 60	/* nobody goes on with it: it is forgotten */
#define END_MS 200	/* the reply goes out first */
#define ROOM_TIMES 3	/* what comes, what is made of it, and what SQLite needs beside */

static const char cardea_version[] = CARDEA_VERSION;

/* ---- one at a time ---- */

static void forgotten(struct loop_timer *t)
{
	backup_drop(t->ctx);
}

static void goes_on(struct pipeline *p)
{
	struct backup *b = &p->backup;

	b->idle.fire = forgotten;
	b->idle.ctx = p;
	loop_arm(p->loop, &b->idle, IDLE_S * NS_PER_SEC);
}

void backup_drop(struct pipeline *p)
{
	struct backup *b = &p->backup;

	if (b->state == BACKUP_IDLE || b->state == BACKUP_ENDS)
		return;
	if (b->state == BACKUP_GIVES || b->state == BACKUP_TAKES)
		close(b->fd);
	EVP_MD_CTX_free(b->sha);
	loop_disarm(&b->idle);
	store_restore_drop(p->store);
	b->sha = NULL;
	b->state = BACKUP_IDLE;
	b->bytes = b->done = 0;
}

void backup_end(struct pipeline *p)
{
	backup_drop(p);
	if (p->backup.idle.loop)
		loop_disarm(&p->backup.idle);
	free(p->backup.pending);
	p->backup.pending = NULL;
}

/* ---- out ---- */

static int digest_file(int fd, uint64_t *ret_bytes, char ret[BACKUP_DIGEST])
{
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	uint8_t *buf = malloc(BACKUP_PART), sum[32];
	uint64_t at = 0;
	ssize_t n = 0;
	bool good = sha && buf && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1;

	while (good && (n = pread(fd, buf, BACKUP_PART, (off_t)at)) > 0) {
		good = EVP_DigestUpdate(sha, buf, (size_t)n) == 1;
		at += (uint64_t)n;
	}
	good = good && n == 0 && EVP_DigestFinal_ex(sha, sum, NULL) == 1;
	EVP_MD_CTX_free(sha);
	free(buf);
	if (!good)
		return -EIO;
	str_to_hex(sum, sizeof(sum), ret);
	*ret_bytes = at;
	return 0;
}

int backup_give(struct pipeline *p, bool history)
{
	const struct settings_text *t = &p->settings.texts[STATE_FILE];
	struct backup *b = &p->backup;
	int fd = -1, error;

	backup_drop(p); /* who was at it went away; if not, the digest tells him */
	if (b->state == BACKUP_ENDS)
		return -EBUSY;
	if (!p->settings.known)
		return -EAGAIN;
	memset(&b->about, 0, sizeof(b->about));
	(void)str_copy(b->about.version, sizeof(b->about.version), cardea_version);
	b->about.made = pipeline_wall(p);
	error = pipeline_save(p);
	if (!error)
		error = store_backup_make(
			p->store, &b->about, t->text, t->len, history, &fd);
	if (!error)
		error = digest_file(fd, &b->bytes, b->digest);
	if (!error && b->bytes > BACKUP_BYTES_MAX)
		error = CARDEA_ELIMIT;
	if (error) {
		if (fd >= 0)
			close(fd);
		return error;
	}
	b->fd = fd;
	b->state = BACKUP_GIVES;
	goes_on(p);
	return 0;
}

int backup_read(struct pipeline *p, uint64_t from, uint8_t buf[BACKUP_PART], size_t *ret)
{
	ssize_t n;

	if (p->backup.state != BACKUP_GIVES)
		return -ENOENT;
	n = pread(p->backup.fd, buf, BACKUP_PART, (off_t)from);
	if (n < 0)
		return -errno;
	goes_on(p);
	*ret = (size_t)n;
	return 0;
}

/* ---- in ---- */

/* Found out now rather than in the middle. */
static bool has_room(int fd, uint64_t bytes)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) || fs.f_blocks == 0 ||
	       (uint64_t)fs.f_bavail * fs.f_frsize / ROOM_TIMES >= bytes;
}

int backup_take(struct pipeline *p, uint64_t bytes)
{
	struct backup *b = &p->backup;
	EVP_MD_CTX *sha;
	int fd, error;

	backup_drop(p);
	if (b->state == BACKUP_ENDS)
		return -EBUSY;
	sha = EVP_MD_CTX_new();
	error = sha && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1
			? store_restore_open(p->store, &fd)
			: -ENOMEM;
	if (error) {
		EVP_MD_CTX_free(sha);
		return error;
	}
	b->fd = fd;
	b->sha = sha;
	b->bytes = bytes;
	b->done = 0;
	b->state = BACKUP_TAKES;
	goes_on(p);
	if (has_room(fd, bytes))
		return 0;
	backup_drop(p);
	return -ENOSPC;
}

int backup_part(struct pipeline *p, uint64_t from, const uint8_t *bytes, size_t len)
{
	struct backup *b = &p->backup;
	int error;

	if (b->state != BACKUP_TAKES)
		return -ENOENT;
	if (from != b->done)
		return CARDEA_ESTALE;
	if (len > b->bytes - b->done)
		return CARDEA_ELIMIT;
	error = fd_write_all(b->fd, bytes, len);
	if (!error && EVP_DigestUpdate(b->sha, bytes, len) != 1)
		error = -EIO;
	if (error) {
		backup_drop(p);
		return error;
	}
	b->done += len;
	goes_on(p);
	return 0;
}

static int check(struct pipeline *p, const char *digest)
{
	struct backup *b = &p->backup;
	uint8_t sum[32];

	if (b->done != b->bytes)
		return CARDEA_ETRUNCATED;
	if (EVP_DigestFinal_ex(b->sha, sum, NULL) != 1)
		return -EIO;
	str_to_hex(sum, sizeof(sum), b->digest);
	if (strcmp(digest, b->digest) != 0)
		return CARDEA_ESIGNATURE;
	return store_restore_check(p->store, digest, pipeline_wall(p), &b->about);
}

int backup_check(struct pipeline *p, const char *digest)
{
	struct backup *b = &p->backup;
	int error;

	if (b->state != BACKUP_TAKES)
		return -ENOENT;
	error = check(p, digest);
	if (error) {
		backup_drop(p);
		return error;
	}
	close(b->fd);
	EVP_MD_CTX_free(b->sha);
	b->sha = NULL;
	b->state = BACKUP_CHECKED;
	goes_on(p);
	return 0;
}

static int copy_file(int from, int to)
{
	uint8_t *buf = malloc(BACKUP_PART);
	off_t at = 0;
	ssize_t n = 0;
	int error = buf ? 0 : -ENOMEM;

	while (!error && (n = pread(from, buf, BACKUP_PART, at)) > 0) {
		error = fd_write_all(to, buf, (size_t)n);
		at += n;
	}
	if (!error && n < 0)
		error = -errno;
	if (buf)
		explicit_bzero(buf, BACKUP_PART);
	free(buf);
	return error;
}

static int take_kept(struct pipeline *p, int from)
{
	struct backup *b = &p->backup;
	int to = -1, error = digest_file(from, &b->bytes, b->digest);

	if (!error && !has_room(from, b->bytes))
		error = -ENOSPC;
	if (!error)
		error = store_restore_open(p->store, &to);
	if (error)
		return error;
	error = copy_file(from, to);
	close(to);
	return error ? error
		     : store_restore_check(
			       p->store, b->digest, pipeline_wall(p), &b->about);
}

int backup_bring_kept(struct pipeline *p, nstime made)
{
	struct backup *b = &p->backup;
	int from, error;

	backup_drop(p);
	if (b->state == BACKUP_ENDS)
		return -EBUSY;
	error = store_kept_open(p->store, made, &from);
	if (error)
		return error;
	error = take_kept(p, from);
	close(from);
	if (error) {
		store_restore_drop(p->store);
		b->bytes = 0;
		return error;
	}
	b->state = BACKUP_CHECKED;
	goes_on(p);
	return 0;
}

/* What cannot be kept for want of room is not replaced; what is damaged is. */
static int keep(struct pipeline *p)
{
	const struct settings_text *t = &p->settings.texts[STATE_FILE];
	struct backup_about about = {.made = pipeline_wall(p)};
	int error = p->settings.known ? pipeline_save(p) : -EAGAIN;

	(void)str_copy(about.version, sizeof(about.version), cardea_version);
	about.made -= about.made % NS_PER_SEC; /* its name, to the second */
	if (!error)
		error = store_keep(p->store, &about, t->text, t->len);
	if (error == -ENOSPC || error == -EAGAIN)
		return error;
	if (error)
		log_error("backup", "the house of now is not kept: %s", error_text(error));
	p->backup.kept = error ? 0 : about.made;
	return 0;
}

static void end(struct loop_timer *t)
{
	struct pipeline *p = t->ctx;

	if (p->restart)
		p->restart(p->restart_ctx, ROLE_ENGINE);
}

int backup_commit(struct pipeline *p, const char *digest)
{
	struct backup *b = &p->backup;
	int error;

	if (b->state != BACKUP_CHECKED || strcmp(digest, b->digest) != 0)
		return -ENOENT;
	if (p->settings.until)
		return -EBUSY;
	error = keep(p);
	if (!error)
		error = store_restore_commit(p->store);
	if (error)
		return error;
	log_info("backup", "a backup is put in place: starting anew with it");
	b->state = BACKUP_ENDS;
	b->idle.fire = end;
	loop_arm(p->loop, &b->idle, END_MS * NS_PER_MS);
	return 0;
}

/* ---- what was restored before this start ---- */

static void announce(struct pipeline *p)
{
	char *text = NULL, when[CLOCK_TEXT_MAX];
	int64_t made = 0;
	size_t len = 0;

	if (store_restored(p->store, "announce", &text, &len))
		return;
	free(text);
	text = NULL;
	if (store_restored(p->store, "made", &text, &len) == 0)
		(void)!str_to_i64(text, 0, INT64_MAX, &made); /* store/restore.c has checked it */
	(void)clock_format(made, when);
	free(text);
	journal_note(&p->journal, pipeline_wall(p), 0, EVENT_GATEWAY,
		"This house was restored from a backup of %s.", when);
	if (store_restored_forget(p->store, "announce"))
		log_warn("backup", "this restore will be told once more");
}

int backup_open(struct pipeline *p)
{
	int error;

	announce(p);
	error = store_restored(
		p->store, "settings", &p->backup.pending, &p->backup.pending_len);
	return error == -ENOENT ? 0 : error;
}

static void settled(struct pipeline *p, const char *trouble)
{
	if (trouble)
		journal_note(&p->journal, pipeline_wall(p), 0, EVENT_GATEWAY,
			"The settings of the backup are not in force: %.180s", trouble);
	if (store_restored_forget(p->store, "settings"))
		log_warn("backup", "restored settings will be tried once more");
	free(p->backup.pending);
	p->backup.pending = NULL;
}

/* Asked until they are so: the parent may have been cut short as we were. */
void backup_tick(struct pipeline *p)
{
	struct settings_asked asked = {.what = PROPOSE_SET, .user = "restore"};
	struct backup *b = &p->backup;
	char why[CONFIG_ERROR_MAX] = "no memory", *text = NULL;
	size_t len = 0;
	int error;

	if (!b->pending || !p->settings.known || p->settings.asked.id)
		return;
	error = backup_settings(p, b->pending, b->pending_len, NULL, NULL, &text, &len, why);
	if (error || len == 0)
		settled(p, error ? why : NULL);
	else if (b->proposed)
		settled(p, "`cardea config diff` shows what differs");
	else if (settings_propose(&p->settings, &asked, text, len) == 0)
		b->proposed = true;
	free(text);
}
