// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "cli/file.h"
#include "cli/text.h"

/* 32 MiB and a tenth of a second on a router: a guess costs that, too. */
#define LOG2_N 15
#define SCRYPT_MEMORY (160UL << 20)
#define NAME_ROOM 32 /* of "/proc/self/fd/..." */

/* ---- the passphrase ---- */

static enum cli_exit from_file(const char *path, char ret[PASSWORD_ROOM])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum cli_exit e = CLI_OK;

	if (fd < 0) {
		cli_complain("name a file whose first line is the passphrase", "%s: %s",
			text_clean(path), strerror(errno));
		return CLI_FAILED;
	}
	if (!password_line(fd, ret) || !ret[0]) {
		cli_complain("its first line is to be the passphrase",
			"%s: has no passphrase, or one that is too long", text_clean(path));
		e = CLI_USAGE;
	}
	close(fd);
	return e;
}

enum cli_exit sealed_passphrase(struct cli *c, bool fresh, char ret[PASSWORD_ROOM])
{
	const char *path = args_flag(c, "passphrase-file");
	enum cli_exit e = path ? from_file(path, ret)
			  : fresh
				  ? password_new("Passphrase of this backup", ret)
				  : password_old("Passphrase of the backup", ret);

	if (e != CLI_OK || !path || !fresh)
		return e;
	return password_fits(ret);
}

/* RFC 7914: the key, and behind it what tells a wrong passphrase. */
static enum cli_exit make_key(
	struct sealed *s, const char *passphrase, uint8_t check[SEALED_CHECK])
{
	uint8_t out[SEALED_KEY + SEALED_CHECK];
	bool good = EVP_PBE_scrypt(passphrase, strlen(passphrase), s->head.salt,
			    sizeof(s->head.salt), 1ULL << s->head.log2_n, s->head.r,
			    s->head.p, SCRYPT_MEMORY, out, sizeof(out)) == 1;

	memcpy(s->key, out, SEALED_KEY);
	memcpy(check, out + SEALED_KEY, SEALED_CHECK);
	explicit_bzero(out, sizeof(out));
	if (good)
		return CLI_OK;
	cli_complain("free some memory: it takes up to 64 MiB",
		"no key could be made of the passphrase");
	return CLI_FAILED;
}

/* ---- writing ---- */

static enum cli_exit write_failed(const struct sealed *s, int error)
{
	cli_complain("choose another place for it", "%s: cannot be written: %s",
		text_clean(s->path), strerror(error));
	return CLI_FAILED;
}

/* Without a name until it is whole: whatever ends us leaves nothing. Where the file system
 * has no such files, it has one that goes at the end, and at ^C. */
static int open_nameless(struct sealed *s)
{
	size_t size = strlen(s->path) + sizeof ".XXXXXX";
	char *copy = cli_take(size);

	(void)str_copy(copy, size, s->path);
	s->fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (s->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return s->fd < 0 ? errno : 0;
	s->fresh = cli_take(size);
	(void)str_print(s->fresh, size, "%s.XXXXXX", s->path);
	s->fd = mkostemp(s->fresh, O_CLOEXEC);
	if (s->fd < 0) {
		s->fresh = NULL;
		return errno;
	}
	cli_half_file(s->fresh);
	return 0;
}

enum cli_exit sealed_create(struct sealed *s, const char *path, const char *passphrase)
{
	enum cli_exit e;
	int error;

	*s = (struct sealed){.path = path, .fd = -1};
	s->head = (struct sealed_head){.log2_n = LOG2_N, .r = SEALED_R_MAX, .p = 1};
	if (getrandom(s->head.salt, SEALED_SALT, 0) != SEALED_SALT ||
		getrandom(s->head.prefix, SEALED_PREFIX, 0) != SEALED_PREFIX)
		return write_failed(s, EIO);
	e = make_key(s, passphrase, s->head.check);
	if (e != CLI_OK)
		return e;
	sealed_head_write(&s->head, s->raw);
	error = open_nameless(s);
	if (!error)
		error = -fd_write_all(s->fd, s->raw, sizeof(s->raw));
	return error ? write_failed(s, error) : CLI_OK;
}

static bool seal(struct sealed *s, const void *bytes, size_t len, bool last, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[SEALED_NONCE];
	int n = 0, rest = 0;
	bool good;

	sealed_nonce(&s->head, s->place, last, nonce);
	good = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
	       EVP_EncryptUpdate(ctx, NULL, &n, s->raw, sizeof(s->raw)) == 1 &&
	       EVP_EncryptUpdate(ctx, out, &n, bytes, (int)len) == 1 &&
	       EVP_EncryptFinal_ex(ctx, out + n, &rest) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, SEALED_TAG, out + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return good;
}

enum cli_exit sealed_put(struct sealed *s, const void *bytes, size_t len, bool last)
{
	struct sealed_part part = {.len = (uint32_t)len, .last = last};
	uint8_t *out = malloc(SEALED_PART_HEAD + len + SEALED_TAG);
	int error = out ? 0 : ENOMEM;

	if (!error) {
		sealed_part_write(&part, out);
		error = seal(s, bytes, len, last, out + SEALED_PART_HEAD) ? 0 : EIO;
	}
	if (!error)
		error = -fd_write_all(s->fd, out, SEALED_PART_HEAD + len + SEALED_TAG);
	free(out);
	s->place++;
	return error ? write_failed(s, error) : CLI_OK;
}

static int sync_folder(const char *path)
{
	char *copy = cli_take(strlen(path) + 1);
	int fd, error = 0;

	(void)str_copy(copy, strlen(path) + 1, path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fsync(fd))
		error = errno;
	close(fd);
	return error;
}

/* A name of its own first: file_name_new() replaces nothing. */
static int name_it(struct sealed *s)
{
	size_t size = strlen(s->path) + sizeof ".0000000000";
	char self[NAME_ROOM];

	if (s->fresh)
		return 0;
	s->fresh = cli_take(size);
	(void)str_print(s->fresh, size, "%s.%ld", s->path, (long)getpid());
	(void)str_print(self, sizeof(self), "/proc/self/fd/%d", s->fd);
	cli_half_file(s->fresh);
	if (linkat(AT_FDCWD, self, AT_FDCWD, s->fresh, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	s->fresh = NULL;
	return errno;
}

enum cli_exit sealed_finish(struct sealed *s, bool replace)
{
	int error = fsync(s->fd) ? errno : name_it(s);

	if (!error && !replace)
		error = -file_name_new(s->fresh, s->path);
	else if (!error && rename(s->fresh, s->path))
		error = errno;
	if (!error) {
		s->fresh = NULL;
		cli_half_file(NULL);
		error = sync_folder(s->path);
	}
	if (error != EEXIST)
		return error ? write_failed(s, error) : CLI_OK;
	cli_complain("--force replaces it", "%s: exists already", text_clean(s->path));
	return CLI_CONFLICT;
}

/* ---- reading ---- */

static enum cli_exit wrong(const struct sealed *s, int error)
{
	const char *path = text_clean(s->path);

	if (error == CARDEA_EUNSUPPORTED)
		cli_complain("read it with a Cardea that is as new as the one that made it",
			"%s: a backup in a form that this version does not know", path);
	else if (error == CARDEA_ETRUNCATED)
		cli_complain("take another copy of it: something is missing at its end",
			"%s: is cut off", path);
	else if (error == CARDEA_ELIMIT || error == CARDEA_ESIGNATURE)
		cli_complain("take another copy of it", "%s: was damaged or altered", path);
	else
		cli_complain("`cardea backup FILE` makes one", "%s: is no backup of Cardea",
			path);
	return CLI_NO;
}

static enum cli_exit read_failed(const struct sealed *s)
{
	cli_complain("name the file that `cardea backup` has written", "%s: %s",
		text_clean(s->path), strerror(errno));
	return CLI_FAILED;
}

static enum cli_exit read_head(struct sealed *s)
{
	ssize_t n = fd_read_all(s->fd, s->raw, sizeof(s->raw));
	struct cursor c;
	int error;

	if (n < 0)
		return read_failed(s);
	c = cursor_of(s->raw, (size_t)n);
	error = sealed_head_read(&c, &s->head);
	/* a file of a few octets is no backup that was cut off */
	if (error == CARDEA_ETRUNCATED && n < 16)
		error = CARDEA_EMALFORMED;
	return error ? wrong(s, error) : CLI_OK;
}

enum cli_exit sealed_open(struct sealed *s, const char *path, const char *passphrase)
{
	uint8_t check[SEALED_CHECK], differs = 0;
	struct stat st;
	enum cli_exit e;

	*s = (struct sealed){.path = path};
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st))
		return read_failed(s);
	if (!S_ISREG(st.st_mode)) {
		cli_complain("copy it into a file first: it is read twice",
			"%s: is no file", text_clean(path));
		return CLI_USAGE;
	}
	e = read_head(s);
	if (e == CLI_OK)
		e = make_key(s, passphrase, check);
	for (size_t i = 0; e == CLI_OK && i < SEALED_CHECK; i++)
		differs |= check[i] ^ s->head.check[i];
	if (e != CLI_OK || !differs)
		return e;
	cli_complain("each backup has the passphrase that it was made with",
		"%s: this is not its passphrase", text_clean(path));
	return CLI_FORBIDDEN;
}

static bool unseal(const struct sealed *s, const struct sealed_part *part,
	const uint8_t *in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[SEALED_NONCE], tag[SEALED_TAG];
	int n = 0, rest = 0;
	bool good;

	memcpy(tag, in + part->len, SEALED_TAG);
	sealed_nonce(&s->head, s->place, part->last, nonce);
	good = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
	       EVP_DecryptUpdate(ctx, NULL, &n, s->raw, sizeof(s->raw)) == 1 &&
	       EVP_DecryptUpdate(ctx, out, &n, in, (int)part->len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, SEALED_TAG, tag) == 1 &&
	       EVP_DecryptFinal_ex(ctx, out + n, &rest) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return good;
}

/* What is sealed, of that length; behind the last part there is nothing. */
static enum cli_exit get_sealed(
	struct sealed *s, const struct sealed_part *part, uint8_t *in, uint8_t *out)
{
	ssize_t n = fd_read_all(s->fd, in, part->len + SEALED_TAG);
	uint8_t more;

	if (n < 0)
		return read_failed(s);
	if ((size_t)n < part->len + SEALED_TAG)
		return wrong(s, CARDEA_ETRUNCATED);
	if (!unseal(s, part, in, out) || (part->last && fd_read_all(s->fd, &more, 1) != 0))
		return wrong(s, CARDEA_ESIGNATURE);
	return CLI_OK;
}

enum cli_exit sealed_get(struct sealed *s, uint8_t *buf, size_t *ret_len, bool *ret_last)
{
	uint8_t head[SEALED_PART_HEAD], *in;
	ssize_t n = fd_read_all(s->fd, head, sizeof(head));
	struct cursor c = cursor_of(head, n < 0 ? 0 : (size_t)n);
	struct sealed_part part;
	enum cli_exit e;
	int error;

	if (n < 0)
		return read_failed(s);
	error = sealed_part_read(&c, &part);
	if (error)
		return wrong(s, error);
	in = malloc(part.len + SEALED_TAG);
	if (!in) {
		cli_complain(NULL, "no memory left");
		return CLI_FAILED;
	}
	e = get_sealed(s, &part, in, buf);
	free(in);
	if (e != CLI_OK)
		return e;
	s->place++;
	s->ended = part.last;
	*ret_len = part.len;
	*ret_last = part.last;
	return CLI_OK;
}

enum cli_exit sealed_again(struct sealed *s)
{
	if (lseek(s->fd, SEALED_HEAD, SEEK_SET) != SEALED_HEAD)
		return read_failed(s);
	s->place = 0;
	s->ended = false;
	return CLI_OK;
}

void sealed_close(struct sealed *s)
{
	if (s->fresh) {
		(void)unlink(s->fresh);
		cli_half_file(NULL);
	}
	if (s->fd >= 0)
		close(s->fd);
	explicit_bzero(s->key, sizeof(s->key));
	s->fresh = NULL;
	s->fd = -1;
}
