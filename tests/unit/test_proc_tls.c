// SPDX-License-Identifier: GPL-2.0-or-later
/* When the resolver has to read the owner's certificate anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "proc/parent_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct files {
	struct config config;
	char folder[64];
};

static void touch(const char *path, int64_t second)
{
	const struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static void files_begin(struct files *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->folder, sizeof(f->folder), "/tmp/cardea-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->config.dns_tls_cert, CONFIG_STRING_MAX, "%s/cert", f->folder);
	snprintf(f->config.dns_tls_key, CONFIG_STRING_MAX, "%s/key", f->folder);
}

static void files_end(const struct files *f)
{
	unlink(f->config.dns_tls_cert);
	unlink(f->config.dns_tls_key);
	assert_int_equal(rmdir(f->folder), 0);
}

static void a_renewed_certificate_is_new(void **state)
{
	struct files f;
	int64_t seen = 0;

	(void)state;
	files_begin(&f);
	touch(f.config.dns_tls_cert, 1000);
	touch(f.config.dns_tls_key, 900);
	assert_false(parent_tls_is_new(&f.config, &seen)); /* read at the start */
	assert_false(parent_tls_is_new(&f.config, &seen));
	touch(f.config.dns_tls_cert, 2000);
	assert_true(parent_tls_is_new(&f.config, &seen));
	assert_false(parent_tls_is_new(&f.config, &seen));
	touch(f.config.dns_tls_key, 2001);
	assert_true(parent_tls_is_new(&f.config, &seen));
	/* from a backup: an older one is another one, too */
	touch(f.config.dns_tls_cert, 10);
	touch(f.config.dns_tls_key, 10);
	assert_true(parent_tls_is_new(&f.config, &seen));
	files_end(&f);
}

static void half_a_pair_is_none(void **state)
{
	struct files f;
	int64_t seen = 0;

	(void)state;
	files_begin(&f);
	assert_false(parent_tls_is_new(&f.config, &seen));
	touch(f.config.dns_tls_cert, 1000);
	assert_false(parent_tls_is_new(&f.config, &seen));
	touch(f.config.dns_tls_key, 1000);
	assert_true(parent_tls_is_new(&f.config, &seen)); /* the first that is there */
	unlink(f.config.dns_tls_key);
	assert_false(parent_tls_is_new(&f.config, &seen));
	touch(f.config.dns_tls_key, 1001);
	assert_true(parent_tls_is_new(&f.config, &seen));
	files_end(&f);
}

static void without_files_there_is_nothing(void **state)
{
	static const struct config none;
	int64_t seen = 0;

	(void)state;
	assert_false(parent_tls_is_new(&none, &seen));
	assert_false(parent_tls_is_new(&none, &seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewed_certificate_is_new),
		cmocka_unit_test(half_a_pair_is_none),
		cmocka_unit_test(without_files_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
