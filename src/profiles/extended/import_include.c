// SPDX-License-Identifier: GPL-2.0-or-later
/* import_include - "!include [FILE#]MEMBER[.MEMBER]* [PATH:VALUE]*": what other files
 * say, in place of its name. FILE is as hostile as what names it: it stays below one
 * directory, no link is followed, and what is read is bounded in number, size and
 * depth. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "profiles/extended/import_priv.h"

bool import_path(const char *base, const char *reference, char ret[IMPORT_PATH])
{
	const char *slash = strrchr(base, '/');
	size_t len = slash ? (size_t)(slash - base) : 0;

	if (reference[0] == '/' || !str_copy_bytes(ret, IMPORT_PATH, base, len))
		return false;
	while (*reference) {
		size_t part = strcspn(reference, "/");

		if (part == 2 && memcmp(reference, "..", 2) == 0) {
			char *up = strrchr(ret, '/');

			if (!ret[0])
				return false;
			*(up ? up : ret) = '\0';
		} else if (part && !(part == 1 && reference[0] == '.')) {
			size_t at = strlen(ret);

			if (at + part + 2 > IMPORT_PATH)
				return false;
			if (at)
				ret[at++] = '/';
			memcpy(ret + at, reference, part);
			ret[at + part] = '\0';
		}
		reference += part;
		reference += strspn(reference, "/");
	}
	return ret[0] != '\0';
}

/* One directory after the other, so that no part of the path is a link. */
static int import_open(int root_fd, const char *path)
{
	int fd = dup(root_fd);
	char part[IMPORT_PATH];

	while (fd >= 0) {
		size_t len = strcspn(path, "/");
		bool last = !path[len];
		int flags = last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY;

		(void)str_copy_bytes(part, sizeof part, path, len);
		int next = openat(fd, part, flags | O_NOFOLLOW | O_CLOEXEC);
		int error = errno;

		close(fd);
		errno = error;
		fd = next;
		if (last)
			break;
		path += len + 1;
	}
	return fd < 0 ? -errno : fd;
}

static int import_read(struct importer *im, int fd, const void **ret_bytes, size_t *ret_len)
{
	struct stat st;
	size_t len = 0;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return CARDEA_EREFUSED;
	if (st.st_size > EXTENDED_BYTES)
		return CARDEA_ELIMIT;
	char *bytes = pool_take(im->r.pool, (size_t)st.st_size + 1);

	if (!bytes)
		return -ENOMEM;
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + len, (size_t)st.st_size - len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	*ret_bytes = bytes;
	*ret_len = len;
	return 0;
}

static struct import_file *import_load(struct importer *im, const struct tree *at,
	const char *path)
{
	char shown[NOTE_NAME];
	const void *bytes = NULL;
	size_t len = 0;
	struct import_file *file = NULL;

	str_escape(str_untrusted(path), shown, sizeof shown);
	for (uint32_t i = 0; i < im->file_count; i++)
		if (strcmp(im->files[i].path, path) == 0)
			return im->files[i].root ? &im->files[i] : NULL;
	if (im->file_count == IMPORT_FILES) {
		note_tree(im->r.notes, NOTE_ERROR, at, "more than %u files are included",
			(unsigned)IMPORT_FILES);
		return NULL;
	}
	int fd = im->root_fd < 0 ? -EACCES : import_open(im->root_fd, path);
	int error = fd < 0 ? fd : import_read(im, fd, &bytes, &len);

	if (fd >= 0)
		close(fd);
	if (error) {
		note_tree(im->r.notes, NOTE_ERROR, at, "%s cannot be included: %s", shown,
			im->root_fd < 0 ? "no directory of profiles was named"
					: error_text(error));
		return NULL;
	}
	return import_file(im, bytes, len, path, &file) ? file : NULL;
}

/* The lines that stand for what was left out of an example. */
static char *import_elisions(struct importer *im, const char *bytes, size_t len,
	const char *path)
{
	char *copy = pool_copy(im->r.pool, bytes, len ? len : 1);
	uint32_t line = 1;

	for (size_t i = 0; copy && i < len; line++) {
		const char *end = memchr(bytes + i, '\n', len - i);
		size_t next = end ? (size_t)(end - bytes) + 1 : len;

		if (next - i >= 5 && memcmp(bytes + i, "[...]", 5) == 0) {
			memset(copy + i, ' ', 5);
			note_at(im->r.notes, NOTE_REPAIR, path, line, 1, "\"[...]\" is no "
				"part of a profile: something was left out here");
		}
		i = next;
	}
	return copy;
}

static void import_device_party(struct importer *im, const struct tree *info,
	struct import_file *file)
{
	const struct tree *name = tree_find(info, "name");
	const char *label = name && value_is_label(name->text) ? name->text : "device";
	struct extended_party *party;

	if (im->file_count == 1)
		label = "self";
	file->label = label;
	party = import_role(im, label, EXTENDED_ROLE_DEVICE, label);
	if (!party)
		return;
	for (const struct tree *c = info ? info->child : NULL; c; c = c->next) {
		struct addr a;

		if (strcmp(c->key, "mac") == 0 && mac_parse(c->text, &party->mac) == 0)
			party->has_mac = true;
		if ((strcmp(c->key, "ipv4") == 0 || strcmp(c->key, "ipv6") == 0) &&
			party->addr_count < EXTENDED_PARTY_ADDRS &&
			addr_parse(c->text, &a) == 0)
			party->addrs[party->addr_count++] = a;
	}
}

bool import_file(struct importer *im, const void *bytes, size_t len, const char *path,
	struct import_file **ret)
{
	struct import_file *file = &im->files[im->file_count++];
	const char *of = im->file_count == 1 ? NULL : path;
	char *text = len <= EXTENDED_BYTES ? import_elisions(im, bytes, len, of) : NULL;

	file->path = pool_string(im->r.pool, path, strlen(path));
	if (!file->path || (!text && len <= EXTENDED_BYTES))
		im->r.short_of_memory = true;
	if (im->r.short_of_memory)
		return false;
	int error = tree_read(text ? text : "", len, of ? file->path : NULL,
		TREE_ALIASES | TREE_TAGS | TREE_LENIENT, im->r.pool, &im->r.nodes_left,
		im->r.notes, &file->root);

	if (error == -ENOMEM)
		im->r.short_of_memory = true;
	if (error)
		file->root = NULL;
	if (!file->root)
		return false;
	import_device_party(im, tree_find(file->root, "device-info"), file);
	*ret = file;
	return true;
}

/* Keys may have dots in them: the path is tried against each. */
static struct tree *import_member(struct tree *t, const char *path)
{
	if (!*path)
		return t;
	if (t->kind != TREE_MAP)
		return NULL;
	for (struct tree *c = t->child; c; c = c->next) {
		size_t len = strlen(c->key);

		if (strncmp(path, c->key, len) != 0 || (path[len] && path[len] != '.'))
			continue;
		struct tree *found = import_member(c, path + len + (path[len] == '.'));

		if (found)
			return found;
	}
	return NULL;
}

/* What another device's file calls self is that device here. */
static void import_self(struct tree *t, const char *label)
{
	if (t->kind == TREE_SCALAR_TEXT && strcmp(t->text, "self") == 0)
		t->text = label;
	for (struct tree *c = t->child; c; c = c->next)
		import_self(c, label);
}

static bool import_override(struct importer *im, const struct tree *at, struct tree *copy,
	const char *text, size_t len)
{
	char path[IMPORT_PATH];
	char *colon;
	struct tree *leaf;

	if (!str_copy_bytes(path, sizeof path, text, len))
		return false;
	colon = strchr(path, ':');
	if (colon)
		*colon = '\0';
	leaf = colon ? import_member(copy, path) : NULL;
	if (!leaf || leaf->child) {
		note_tree(im->r.notes, NOTE_ERROR, at, "\"%.60s\" of !include sets nothing "
			"that is there", path);
		return false;
	}
	leaf->kind = TREE_SCALAR_TEXT;
	leaf->text = pool_string(im->r.pool, colon + 1, strlen(colon + 1));
	leaf->line = at->line;
	leaf->column = at->column;
	leaf->file = at->file;
	return leaf->text != NULL;
}

/* Of a device's addresses the role is enough: both ends of the reference change when it
 * is bound in another home. */
static bool import_is_address(const char *member)
{
	return strcmp(member, "device-info.mac") == 0 ||
	       strcmp(member, "device-info.ipv4") == 0 ||
	       strcmp(member, "device-info.ipv6") == 0;
}

struct include {
	struct import_file *file;
	char member[IMPORT_PATH];
	const char *overrides;
};

static bool import_reference(struct importer *im, struct import_file *file,
	const struct tree *t, struct include *ret)
{
	size_t len = strcspn(t->text, " ");
	const char *hash = memchr(t->text, '#', len);
	char reference[IMPORT_PATH], path[IMPORT_PATH];

	ret->file = file;
	ret->overrides = t->text + len + strspn(t->text + len, " ");
	const char *member = hash ? hash + 1 : t->text;

	if (!str_copy_bytes(ret->member, sizeof ret->member, member,
		    len - (size_t)(member - t->text)))
		return false;
	if (!hash || (hash - t->text == 4 && memcmp(t->text, "self", 4) == 0))
		return true;
	if (!str_copy_bytes(reference, sizeof reference, t->text,
		    (size_t)(hash - t->text)) || !import_path(file->path, reference, path)) {
		note_tree(im->r.notes, NOTE_ERROR, t, "!include leaves the directory of the "
						      "profiles: it is not followed");
		return false;
	}
	ret->file = import_load(im, t, path);
	return ret->file != NULL;
}

static void import_replace(struct tree *t, const struct tree *by)
{
	struct tree kept = *t;

	*t = *by;
	t->key = kept.key;
	t->key_line = kept.key_line;
	t->key_column = kept.key_column;
	t->next = kept.next;
}

/* Leaves a null where something could not be included. */
static bool import_include(struct importer *im, struct import_file *file, struct tree *t,
	unsigned depth)
{
	struct include inc;
	struct tree *member, *copy;

	if (t->kind != TREE_SCALAR_TEXT || !import_reference(im, file, t, &inc))
		return false;
	member = import_member(inc.file->root, inc.member);
	if (!member || (import_is_address(inc.member) && !member->text[0])) {
		note_tree(im->r.notes, NOTE_ERROR, t, "!include names \"%.80s\", which %s "
			"does not have", inc.member, inc.file->path);
		return false;
	}
	if (import_is_address(inc.member)) {
		t->text = inc.file->label;
		t->tag = NULL;
		return true;
	}
	copy = tree_copy(member, im->r.pool, &im->r.nodes_left);
	if (!copy) {
		note_tree(im->r.notes, NOTE_ERROR, t, "more is included than is allowed");
		return false;
	}
	for (const char *o = inc.overrides; *o; o += strcspn(o, " "), o += strspn(o, " "))
		if (!import_override(im, t, copy, o, strcspn(o, " ")))
			return false;
	import_includes(im, inc.file, copy, depth + 1);
	if (inc.file != file)
		import_self(copy, inc.file->label);
	import_replace(t, copy);
	return true;
}

void import_includes(struct importer *im, struct import_file *file, struct tree *t,
	unsigned depth)
{
	if (t->tag) {
		bool good = false;

		if (strcmp(t->tag, "!include") != 0)
			note_tree(im->r.notes, NOTE_ERROR, t, "a tag other than !include");
		else if (depth >= IMPORT_DEPTH)
			note_tree(im->r.notes, NOTE_ERROR, t, "!include goes round in a "
				"circle, or deeper than %u", (unsigned)IMPORT_DEPTH);
		else
			good = import_include(im, file, t, depth);
		t->tag = NULL;
		if (!good) {
			t->kind = TREE_NULL;
			t->text = "";
			t->child = t->last = NULL;
			t->quoted = true; /* said already: no second note */
		}
		return;
	}
	for (struct tree *c = t->child; c; c = c->next)
		import_includes(im, file, c, depth);
}
