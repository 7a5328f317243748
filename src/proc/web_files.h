// SPDX-License-Identifier: GPL-2.0-or-later
/* web_files - the files of the pages, within the program: tools/embed-web writes them into
 * the source of a table when Cardea is built. Pure. */
#ifndef CARDEA_PROC_WEB_FILES_H
#define CARDEA_PROC_WEB_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

/* Numbers instead of pointers: a table without relocations is shared memory. */
struct web_file {
	uint32_t path;	/* in texts: "/app-3f2a….js" */
	uint32_t media; /* in texts */
	uint32_t tag;	/* in texts: of the content, with its quotation marks */
	uint32_t at, length; /* in octets */
	bool gzip;
	bool immutable; /* its name says its content */
};

struct web_files {
	const struct web_file *files; /* sorted by path */
	uint32_t count;
	const char *texts;
	const uint8_t *octets;
};

extern const struct web_files web_files_embedded;

/* The file of that path; or index.html, whose script knows what each path without a dot in
 * its last segment shows; or NULL. */
const struct web_file *web_files_find(const struct web_files *f, struct untrusted_str path);
const char *web_files_text(const struct web_files *f, uint32_t at);

#endif
