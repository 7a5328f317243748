// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea learn --out, and the extended profile of each device: a template beside the
 * binding of this home. */
#include "engine/learn_extended.h"
#include <string.h>
#include "cli/learn.h"
#include "cli/text.h"

static enum cli_exit write_yaml(const struct cli *c, const char *path, const char *text)
{
	if (args_flag(c, "force"))
		return file_write(path, text, strlen(text));
	return file_write_fresh(path, text, strlen(text));
}

static void tell_limits(const struct cli *c, const struct learn_paths *p,
	const struct learn_extended *e)
{
	if (!c->quiet && e->widened)
		cli_complain(NULL,
			"%s: %u of its policies speak of the local network, for an "
			"extended profile has %d roles",
			text_clean(p->template), e->widened, EXTENDED_ROLES);
	if (!c->quiet && e->left_out)
		cli_complain(NULL, "%s: %u of its kinds have no words there",
			text_clean(p->template), e->left_out);
}

enum cli_exit learn_extended_write(const struct cli *c, const struct learn *l,
	const struct learn_paths *p, struct learn_item *item)
{
	const struct learn_home home = learn_home(l);
	struct learn_extended made;
	int error = learn_extended_make(&home, &item->profile, &made);
	enum cli_exit e = CLI_OK;

	if (error) {
		cli_complain(NULL, "%s: %s", text_clean(p->template),
			made.problem[0] ? made.problem : error_text(error));
		e = CLI_FAILED;
	} else if (!made.template) {
		cli_complain(NULL, "%s: not written: %s", text_clean(p->template),
			made.problem);
	} else {
		tell_limits(c, p, &made);
		e = write_yaml(c, p->template, made.template);
		if (e == CLI_OK)
			e = write_yaml(c, p->binding, made.binding);
		item->template_path = e == CLI_OK ? p->template : NULL;
		item->binding_path = e == CLI_OK ? p->binding : NULL;
	}
	learn_extended_free(&made);
	return e;
}
