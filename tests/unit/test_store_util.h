// SPDX-License-Identifier: GPL-2.0-or-later
/* A store in a directory of its own, and what visits of it found. */
#ifndef TEST_STORE_UTIL_H
#define TEST_STORE_UTIL_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "store/store_priv.h"

#define T0 (1700000000LL * NS_PER_SEC)

struct fixture {
	char dir[64];
	struct store *s;
	bool damaged;
	/* what a visit found */
	unsigned count;
	struct device devices[4];
	struct event events[16];
	struct store_binding binding;
	int verdict;
};

static inline const char *path(struct fixture *f, const char *name)
{
	static char text[128];

	assert_int_equal(str_print(text, sizeof(text), "%s/%s", f->dir, name), 0);
	return text;
}

static inline void reopen(struct fixture *f)
{
	store_close(f->s);
	f->s = NULL;
	f->count = 0;
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	str_copy(f->dir, sizeof(f->dir), "/tmp/test-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_false(f->damaged);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	struct dirent *e;
	DIR *d;

	store_close(f->s);
	d = opendir(f->dir);
	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			assert_int_equal(unlink(path(f, e->d_name)), 0);
	closedir(d);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static inline struct addr ip(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline struct device sample(device_id id)
{
	struct device d = {.id = id, .mac = {{2, 0, 0, 0, 0, (uint8_t)id}},
		.state = DEVICE_PROTECTED, .named_by_owner = true, .first_seen = T0,
		.last_seen = T0 + 1, .addr_count = 2};

	str_copy(d.name, sizeof(d.name), "kitchen \xc3\xa9");
	str_copy(d.hostname, sizeof(d.hostname), "lamp");
	str_copy(d.vendor_class, sizeof(d.vendor_class), "acme");
	str_copy(d.mud_url, sizeof(d.mud_url), "https://a.example/'; DROP TABLE device");
	str_copy(d.problem, sizeof(d.problem), "none");
	d.addrs[0] = (struct device_addr){ip("10.0.0.2"), ADDR_SOURCE_DHCP4, T0 + 5};
	d.addrs[1] = (struct device_addr){ip("fe80::2"), ADDR_SOURCE_ND, T0 + 6};
	return d;
}

static inline void sql(struct fixture *f, const char *text)
{
	assert_int_equal(sqlite3_exec(f->s->db, text, NULL, NULL, NULL), SQLITE_OK);
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#endif
