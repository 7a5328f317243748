// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of a backup on this machine: what is the house's comes, what is the machine's
 * (interfaces, folders, files, what root runs) stays. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "engine/backup.h"
#include "engine/pipeline.h"

struct three {
	struct config here, there, goal;
};

/* Its interfaces, its kernel, its groups, its files and folders. */
static bool is_machines(const struct config_item *item)
{
	static const size_t its[] = {offsetof(struct config, lan_interfaces),
		offsetof(struct config, backend), offsetof(struct config, nflog_group),
		offsetof(struct config, hook_group)};

	for (size_t i = 0; i < sizeof(its) / sizeof(its[0]); i++)
		if (item->offset == its[i])
			return true;
	return item->applies & (CONFIG_BY_HAND | CONFIG_FILES);
}

static int write_item(FILE *out, const struct config_item *item, const struct config *c)
{
	char *value = malloc(CONFIG_VALUE_MAX);

	if (!value)
		return -ENOMEM;
	config_value_print(item, c, value);
	fprintf(out, "[%s]\n%s = %s\n", item->section, item->key, value);
	free(value);
	return 0;
}

static int compose(struct three *t, FILE *out, backup_setting *each, void *ctx)
{
	const struct config_item *item;
	int error = 0;

	t->goal = t->here;
	for (size_t i = 0; !error && (item = config_schema_item(i)); i++) {
		bool kept = is_machines(item);

		if (config_value_same(item, &t->here, &t->there))
			continue;
		if (each)
			each(ctx, item, &t->here, &t->there, kept);
		if (kept)
			continue;
		config_value_copy(item, &t->goal, &t->there);
		error = write_item(out, item, &t->there);
	}
	return error;
}

int backup_settings(struct pipeline *p, const char *text, size_t len, backup_setting *each,
	void *ctx, char **ret_text, size_t *ret_len, char error[CONFIG_ERROR_MAX])
{
	struct three *t = malloc(sizeof(*t));
	const char *setting = "";
	char *made = NULL;
	size_t made_len = 0;
	FILE *out = t ? open_memstream(&made, &made_len) : NULL;
	int result = out ? settings_read(&p->settings, STATE_FILE, &t->here) : -ENOMEM;

	if (!result) {
		config_defaults(&t->there);
		result = len ? config_parse(&t->there, "settings of the backup", text, len,
				       error)
			     : 0;
	}
	if (!result)
		result = compose(t, out, each, ctx);
	if (out && fclose(out) && !result)
		result = -ENOMEM;
	if (!result && config_agree(&t->goal, &setting, error))
		result = CARDEA_EMALFORMED;
	free(t);
	if (!result && ret_text) {
		*ret_text = made;
		*ret_len = made_len;
		return 0;
	}
	free(made);
	return result;
}
