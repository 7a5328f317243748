// SPDX-License-Identifier: GPL-2.0-or-later
/* restore.c - fuzz target: a database that came as a backup. Whatever is in it, the store
 * beside it stays as it is; what is taken has this version's tables, and opens as a store. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATH_ROOM 80

static char dir[PATH_ROOM];
static struct store *store;

static int count(void *ctx, const struct device *d)
{
	(void)d;
	++*(unsigned *)ctx;
	return 0;
}

static void remove_all(void)
{
	static const char *const names[] = {"cardea.db", "cardea.db-wal", "cardea.db-shm",
		"vault.key", "restore.db", "restore.db-journal", "restore.new"};
	char path[PATH_ROOM + 32];

	store_close(store);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_print(path, sizeof(path), "%s/%s", dir, names[i]) == 0)
			(void)unlink(path);
	(void)rmdir(dir);
}

static void open_once(void)
{
	bool damaged = false;

	if (store)
		return;
	log_init("fuzz", -1, LOG_LEVEL_ERROR);
	(void)str_copy(dir, sizeof(dir), "/tmp/fuzz-restore-XXXXXX");
	if (!mkdtemp(dir) || store_open(dir, &store, &damaged) || damaged)
		abort();
	(void)atexit(remove_all);
}

/* It takes the store's place, and is one. */
static void put_in_place(const struct backup_about *about)
{
	bool damaged = false;
	unsigned devices = 0;
	int version = store_schema_version(store);

	if (store_restore_commit(store))
		abort();
	store_close(store);
	store = NULL;
	if (store_open(dir, &store, &damaged) || damaged ||
		store_schema_version(store) != version ||
		store_devices(store, count, &devices) || devices > about->counts.devices)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct backup_about about;
	char *text = NULL;
	size_t len = 0;
	int fd;

	open_once();
	if (store_restore_open(store, &fd) || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	if (store_restore_check(store, "00", 1, &about))
		return 0;
	if (store_restore_settings(store, &text, &len) || len > 65536)
		abort();
	free(text);
	put_in_place(&about);
	return 0;
}
