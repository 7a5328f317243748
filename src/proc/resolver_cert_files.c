// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_cert_files - the certificate and its key on disk. */
#include "proc/resolver_cert.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

/* A chain of RSA certificates has 10 KiB. */
#define FILE_BYTES_MAX (64 * 1024)
/* Certificates behind the owner's first. */
#define CHAIN_MAX 8

#define KEY_NAME "key.pem"
#define CERT_NAME "cert.pem"

/* The whole file as an OpenSSL stream, NULL with errno. secret: it must be root's, and
 * nobody else's to read. */
static BIO *file_read(int dir, const char *path, bool secret)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	uint8_t *bytes = malloc(FILE_BYTES_MAX);
	struct stat st;
	size_t len = 0;
	ssize_t n = -1;
	BIO *b = NULL;

	errno = fd < 0 ? errno : ENOMEM;
	if (fd < 0 || !bytes || fstat(fd, &st))
		goto out;
	errno = EPERM;
	if (!S_ISREG(st.st_mode) || (secret && (st.st_uid != geteuid() ||
					     st.st_mode & (S_IRWXG | S_IRWXO))))
		goto out;
	while ((n = read(fd, bytes + len, FILE_BYTES_MAX - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		goto out;
	b = BIO_new(BIO_s_mem());
	if (b && BIO_write(b, bytes, (int)len) != (int)len) {
		BIO_free(b);
		b = NULL;
	}
out:
	if (bytes)
		explicit_bzero(bytes, FILE_BYTES_MAX);
	free(bytes);
	if (fd >= 0) {
		int kept = errno;
		close(fd);
		errno = kept;
	}
	return b;
}

/* A key under a pass phrase is none that a process can use by itself. */
static int no_phrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf, (void)size, (void)writing, (void)ctx;
	return -1;
}

static int key_read(int dir, const char *path, EVP_PKEY **ret)
{
	BIO *b = file_read(dir, path, true);
	int e = b ? 0 : -errno;
	EVP_PKEY *key = b ? PEM_read_bio_PrivateKey(b, NULL, no_phrase, NULL) : NULL;

	BIO_free(b);
	if (!e && !key)
		e = CARDEA_EMALFORMED;
	if (!e)
		*ret = key;
	return e;
}

static int chain_read(BIO *b, struct resolver_cert *c)
{
	X509 *x;

	while ((x = PEM_read_bio_X509(b, NULL, no_phrase, NULL))) {
		if (!c->chain)
			c->chain = sk_X509_new_null();
		if (!c->chain || sk_X509_num(c->chain) == CHAIN_MAX ||
			!sk_X509_push(c->chain, x)) {
			X509_free(x);
			return CARDEA_ELIMIT;
		}
	}
	return 0;
}

static int cert_read(int dir, const char *path, struct resolver_cert *c)
{
	BIO *b = file_read(dir, path, false);
	int e = b ? 0 : -errno;

	if (!e) {
		c->cert = PEM_read_bio_X509(b, NULL, no_phrase, NULL);
		e = c->cert ? chain_read(b, c) : CARDEA_EMALFORMED;
	}
	BIO_free(b);
	ERR_clear_error();
	if (!e && X509_check_private_key(c->cert, c->key) != 1)
		e = CARDEA_EMALFORMED;
	return e;
}

/* ---- the owner's ---- */

static int owners_open(const struct resolver_cert_wish *wish, struct resolver_cert *c,
	char why[LIMIT_TEXT])
{
	int e = key_read(AT_FDCWD, wish->key_file, &c->key);

	c->owners = true;
	if (e) {
		(void)str_print(why, LIMIT_TEXT, "the key %.100s: %s", wish->key_file,
			e == -EPERM ? "others can read it; `chown root` and `chmod 600` it"
				    : error_text(e));
		return e;
	}
	e = cert_read(AT_FDCWD, wish->cert_file, c);
	if (e)
		(void)str_print(why, LIMIT_TEXT, "the certificate %.100s: %s",
			wish->cert_file,
			e == CARDEA_EMALFORMED
				? "it is no PEM certificate, or not that of the key"
				: error_text(e));
	return e;
}

/* ---- ours ---- */

/* Only root may have a say in what is there. */
static int dir_open(const char *path)
{
	int fd = open(path, O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_uid != geteuid() ||
		st.st_mode & (S_IWGRP | S_IWOTH)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

/* Whole or not at all, over a crash too. */
static int file_write(int dir, const char *name, BIO *content)
{
	char fresh[32];
	char *bytes;
	long len = BIO_get_mem_data(content, &bytes);

	(void)str_print(fresh, sizeof fresh, "%s.new", name);
	(void)unlinkat(dir, fresh, 0);
	int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	bool ok = write(fd, bytes, (size_t)len) == len && !fsync(fd);
	int e = ok ? 0 : errno ? -errno : -EIO;
	close(fd);
	if (!e && renameat(dir, fresh, dir, name))
		e = -errno;
	if (!e && fsync(dir))
		e = -errno;
	return e;
}

static int ours_write(int dir, const struct resolver_cert *c, bool with_key)
{
	BIO *key = BIO_new(BIO_s_secmem()), *cert = BIO_new(BIO_s_mem());
	int e = key && cert && PEM_write_bio_X509(cert, c->cert) &&
				PEM_write_bio_PKCS8PrivateKey(
					key, c->key, NULL, NULL, 0, NULL, NULL)
			? 0
			: -ENOMEM;

	if (!e && with_key)
		e = file_write(dir, KEY_NAME, key);
	if (!e)
		e = file_write(dir, CERT_NAME, cert);
	BIO_free(key);
	BIO_free(cert);
	return e;
}

/* What a restore brings, in place of what is there. It goes when both are written: whatever
 * ends us before, the next one does it again. */
static void restored_take(int dir, const struct resolver_cert_wish *wish)
{
	struct resolver_cert c = {0};
	int e = key_read(dir, RESOLVER_CERT_RESTORED, &c.key);

	if (e == -ENOENT)
		return;
	if (!e)
		e = cert_read(dir, RESOLVER_CERT_RESTORED, &c);
	if (!e)
		e = ours_write(dir, &c, true);
	resolver_cert_free(&c);
	if (e)
		log_warn("tls", "%s/" RESOLVER_CERT_RESTORED " is not used: %s", wish->dir,
			error_text(e));
	else
		log_info("tls", "the certificate of the backup is in place");
	/* what is no certificate now will be none the next time */
	if (!e || e == CARDEA_EMALFORMED || e == CARDEA_ELIMIT || e == -EPERM)
		(void)unlinkat(dir, RESOLVER_CERT_RESTORED, 0);
}

/* What is there and good; else a new one, of the same key where that is good. */
static int ours_make(int dir, const struct resolver_cert_wish *wish, nstime wall,
	struct resolver_cert *c)
{
	int e = dir < 0 ? -ENOENT : key_read(dir, KEY_NAME, &c->key);
	bool new_key = e != 0;

	if (e && e != -ENOENT)
		log_warn("tls", "%s/" KEY_NAME " is replaced: %s", wish->dir,
			error_text(e));
	if (new_key)
		c->key = EVP_EC_gen("P-256");
	if (!c->key)
		return -ENOMEM;
	if (!new_key && !cert_read(dir, CERT_NAME, c) &&
		resolver_cert_fits(c, wish, wall))
		return 0;
	sk_X509_pop_free(c->chain, X509_free); /* of a file that is not as we wrote it */
	c->chain = NULL;
	e = resolver_cert_renew(c, wish, wall);
	if (e || dir < 0)
		return e;
	e = ours_write(dir, c, new_key);
	if (e)
		log_warn("tls", "%s is not written, and made anew at the next start: %s",
			wish->dir, error_text(e));
	return 0;
}

static int ours_open(const struct resolver_cert_wish *wish, nstime wall,
	struct resolver_cert *c, char why[LIMIT_TEXT])
{
	int dir = wish->dir[0] ? dir_open(wish->dir) : -1;

	if (wish->dir[0] && dir < 0)
		log_warn("tls", "%s is not used, the certificate lasts until the end: %s",
			wish->dir, error_text(dir));
	/* two services have this certificate and start together: one makes it */
	while (dir >= 0 && flock(dir, LOCK_EX) && errno == EINTR)
		;
	if (dir >= 0)
		restored_take(dir, wish);
	int e = ours_make(dir, wish, wall, c);
	if (dir >= 0)
		close(dir); /* and lets the other one in */
	if (e)
		(void)str_print(
			why, LIMIT_TEXT, "no certificate was made: %s", error_text(e));
	return e;
}

int resolver_cert_open(const struct resolver_cert_wish *wish, nstime wall,
	struct resolver_cert *ret, char why[LIMIT_TEXT])
{
	struct resolver_cert c = {0};
	int e;

	if (!wish->cert_file[0] != !wish->key_file[0]) {
		(void)str_copy(why, LIMIT_TEXT,
			"tls_cert and tls_key of [dns] go together: one is missing");
		return CARDEA_EMALFORMED;
	}
	e = wish->cert_file[0] ? owners_open(wish, &c, why)
			       : ours_open(wish, wall, &c, why);
	ERR_clear_error();
	if (e)
		resolver_cert_free(&c);
	else
		*ret = c;
	return e;
}
