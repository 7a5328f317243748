// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile - what an extended profile says, and whether it says it right. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/profile.h"
#include "cli/text.h"

static enum cli_exit profile_no(const char *path, int error)
{
	cli_complain(NULL, "%s: %s", text_clean(path), error_text(error));
	return CLI_FAILED;
}

static enum cli_exit read_bytes(struct profile_file *f)
{
	size_t size = EXTENDED_BYTES + 1;
	int fd = file_open(f->path);
	ssize_t n = 1;

	if (fd < 0)
		return CLI_FAILED;
	f->pool = pool_new("profile", EXTENDED_POOL_BYTES);
	f->bytes = malloc(size);
	if (!f->bytes || !f->pool) {
		close(fd);
		return profile_no(f->path, -ENOMEM);
	}
	while (f->len < size && n != 0) {
		n = read(fd, (char *)f->bytes + f->len, size - f->len);
		if (n < 0 && errno != EINTR)
			break;
		f->len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	return n < 0 ? profile_no(f->path, -errno) : CLI_OK;
}

/* The place of a file below the directory that includes may come from. */
static enum cli_exit below_root(const char *path, const char *root, char **ret)
{
	char *full = realpath(path, NULL), *dir = realpath(root, NULL);
	size_t len = dir ? strlen(dir) : 0;
	enum cli_exit e = CLI_OK;

	if (len == 1)
		len = 0; /* "/" */
	if (!full || !dir) {
		cli_complain(NULL, "%s: %s", text_clean(dir ? path : root), strerror(errno));
		e = CLI_FAILED;
	} else if (strncmp(full, dir, len) != 0 || full[len] != '/') {
		cli_complain("--root DIR is a directory above FILE", "%s is not below %s",
			text_clean(path), text_clean(root));
		e = CLI_USAGE;
	} else {
		size_t size = strlen(full + len + 1) + 1;

		*ret = cli_take(size);
		memcpy(*ret, full + len + 1, size);
	}
	free(full);
	free(dir);
	return e;
}

static enum cli_exit read_published(struct profile_file *f, const char *root)
{
	char *path = NULL;
	int fd = -1;
	enum cli_exit e = root ? below_root(f->path, root, &path) : CLI_OK;

	if (e != CLI_OK)
		return e;
	if (root)
		fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root && fd < 0)
		return profile_no(root, -errno);
	f->error = extended_import(f->bytes, f->len, fd, path ? path : f->path, f->pool,
		&f->profile, &f->binding, &f->notes);
	if (fd >= 0)
		close(fd);
	return CLI_OK;
}

enum cli_exit profile_bytes(const char *path, struct profile_file *ret)
{
	*ret = (struct profile_file){.path = path};
	return read_bytes(ret);
}

enum cli_exit profile_read(const char *path, const char *root, struct profile_file *f)
{
	enum cli_exit e = profile_bytes(path, f);

	if (e != CLI_OK)
		return e;
	f->document = extended_document(f->bytes, f->len);
	if (f->document == DOCUMENT_PUBLISHED)
		return read_published(f, root);
	if (f->document == DOCUMENT_BINDING)
		f->error = extended_parse_binding(f->bytes, f->len, f->pool, &f->binding,
			&f->notes);
	else
		f->error = extended_parse(f->bytes, f->len, f->pool, &f->profile, &f->notes);
	return f->error == -ENOMEM ? profile_no(path, f->error) : CLI_OK;
}

static enum cli_exit profile_wrong(const struct profile_file *f)
{
	return extended_notes_text(&f->notes, f->path, stderr) ? CLI_FAILED : CLI_NO;
}

enum cli_exit profile_want(const char *path, enum extended_document document,
	struct profile_file *f)
{
	enum cli_exit e = profile_read(path, NULL, f);

	if (e != CLI_OK)
		return e;
	if (f->error)
		return profile_wrong(f);
	if (f->document == document)
		return CLI_OK;
	cli_complain(f->document == DOCUMENT_PUBLISHED ? "cardea profile import FILE" : NULL,
		"%s is a %s, not a %s", text_clean(path), extended_document_name(f->document),
		extended_document_name(document));
	return CLI_NO;
}

enum cli_exit profile_use(const char *path, const char *root, struct profile_file *f)
{
	enum cli_exit e = profile_read(path, root, f);

	if (e != CLI_OK)
		return e;
	if (f->document == DOCUMENT_BINDING) {
		cli_complain(NULL, "%s is a binding, not a profile", text_clean(path));
		return CLI_NO;
	}
	return f->error ? profile_wrong(f) : CLI_OK;
}

void profile_free(struct profile_file *f)
{
	pool_free(f->pool);
	free(f->bytes);
	*f = (struct profile_file){0};
}

static enum cli_exit print_lint(const struct cli *c, const struct profile_file *f)
{
	struct jsonw j;

	if (!c->json)
		return extended_notes_text(&f->notes, f->path, stdout) ? CLI_FAILED : CLI_OK;
	jsonw_init_buffer(&j, PROFILE_JSON_MAX);
	jsonw_object(&j);
	jsonw_kv_string(&j, "schema", "cardea.profile.lint/1");
	jsonw_kv_untrusted(&j, "file", f->path);
	jsonw_kv_string(&j, "document", extended_document_name(f->document));
	jsonw_kv_bool(&j, "valid", !f->error && !f->notes.errors);
	jsonw_kv_u64(&j, "policies", f->profile.policy_count);
	jsonw_kv_u64(&j, "interactions", f->profile.interaction_count);
	jsonw_kv_u64(&j, "permits", f->profile.permit_count);
	extended_notes_json(&f->notes, f->path, &j);
	jsonw_object_end(&j);
	return answer_print_jsonw(&j);
}

enum cli_exit profile_file_lint(struct cli *c)
{
	struct profile_file f;
	enum cli_exit e = profile_read(c->args[0], args_flag(c, "root"), &f);

	if (e == CLI_OK && !f.error && f.document != DOCUMENT_BINDING)
		extended_lint(&f.profile, f.pool, &f.notes);
	if (e == CLI_OK)
		e = print_lint(c, &f);
	if (e == CLI_OK && (f.error || f.notes.errors))
		e = CLI_NO;
	profile_free(&f);
	return e;
}

static enum cli_exit print_show(const struct cli *c, const struct extended_profile *p)
{
	struct jsonw j;

	if (!c->json)
		return extended_show_text(p, stdout) ? CLI_FAILED : CLI_OK;
	jsonw_init_buffer(&j, PROFILE_JSON_MAX);
	extended_show_json(p, &j);
	return answer_print_jsonw(&j);
}

enum cli_exit profile_file_show(struct cli *c)
{
	struct profile_file f;
	enum cli_exit e = profile_use(c->args[0], args_flag(c, "root"), &f);

	if (e == CLI_OK)
		e = print_show(c, &f.profile);
	profile_free(&f);
	return e;
}
