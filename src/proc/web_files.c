// SPDX-License-Identifier: GPL-2.0-or-later
/* web_files - finds a file of the pages. */
#include "proc/web_files.h"

#include <string.h>

const char *web_files_text(const struct web_files *f, uint32_t at)
{
	return f->texts + at;
}

static int compare(struct untrusted_str path, const char *name)
{
	size_t len = strlen(name);
	int r = memcmp(path.bytes, name, path.len < len ? path.len : len);

	return r ? r : (path.len > len) - (path.len < len);
}

static const struct web_file *find(const struct web_files *f, struct untrusted_str path)
{
	size_t from = 0, to = f->count;

	while (from < to) {
		size_t at = from + (to - from) / 2;
		int r = compare(path, f->texts + f->files[at].path);

		if (!r)
			return &f->files[at];
		if (r < 0)
			to = at;
		else
			from = at + 1;
	}
	return NULL;
}

const struct web_file *web_files_find(const struct web_files *f, struct untrusted_str path)
{
	const struct web_file *file = find(f, path);

	if (file)
		return file;
	for (size_t i = path.len; i && path.bytes[i - 1] != '/'; i--)
		if (path.bytes[i - 1] == '.')
			return NULL;
	return find(f, str_untrusted("/index.html"));
}
